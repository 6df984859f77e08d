package replay

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"freddo"
	"freddo/document"
	"freddo/internal/sitetest"
)

// server is an application with Administrator's API key, for the numbered differences
// of conformance/known_differences.md.
type server struct {
	t    *testing.T
	app  *freddo.App
	dir  string
	auth string
}

func newServer(t *testing.T, release string) *server {
	t.Helper()
	return newServerOn(t, release, "")
}

// newServerOn is newServer with a database of its own, by its URL.
func newServerOn(t *testing.T, release, db string) *server {
	t.Helper()
	s := &server{t: t, dir: filepath.Join(t.TempDir(), "site")}
	ctx := context.Background()
	if err := freddo.NewSite(ctx, s.dir, freddo.NewSiteOptions{AdminPassword: "admin", Compat: release, DB: db}); err != nil {
		t.Fatal(err)
	}
	app, err := freddo.New(freddo.Config{Site: s.dir, Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	key, secret, err := app.GenerateKeys(ctx, "Administrator")
	if err != nil {
		t.Fatal(err)
	}
	s.app, s.auth = app, "token "+key+":"+secret
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Thing","module":"Core","custom":1,"autoname":"prompt","fields":[
		{"fieldname":"title","fieldtype":"Data","label":"Title","reqd":1},{"fieldname":"due","fieldtype":"Date","label":"Due"}],
		"permissions":[{"role":"System Manager"}]}`)
	return s
}

func (s *server) do(method, target, body string, header ...string) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", s.auth)
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.app.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (s *server) must(method, target, body string) *document.Object {
	s.t.Helper()
	code, text := s.do(method, target, body)
	if code >= 300 {
		s.t.Fatalf("%s %s: %d %s", method, target, code, text)
	}
	v, err := document.ParseJSON(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return v.Map()
}

// config replaces the site's configuration, once the server looks at the file again.
func (s *server) config(text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "site_config.json"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.app.ReloadConfig()
}

func TestDifference1Order(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]string{"v14": "b,c,a", "v15": "b,c,a", "v16": "c,b,a"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, release)
			for _, name := range []string{"a", "b", "c"} {
				s.must(http.MethodPost, "/api/resource/Thing", `{"name":"`+name+`","title":"x"}`)
			}
			s.must(http.MethodPut, "/api/resource/Thing/b", `{"title":"touched"}`)
			var got []string
			for _, row := range s.must(http.MethodGet, "/api/resource/Thing", "").Get("data").List() {
				got = append(got, row.Map().Str("name"))
			}
			if strings.Join(got, ",") != want {
				t.Errorf("order: got %v, want %s", got, want)
			}
		})
	}
}

func TestDifference2Copy(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	s.must(http.MethodPost, "/api/resource/Thing", `{"name":"a","title":"x"}`)
	got := s.must(http.MethodGet, "/api/v2/document/Thing/a/copy", "").Get("data").Map()
	if got.Str("title") != "x" || got.Has("name") {
		t.Errorf("copy: got keys %v, want the title and no name", got.Keys())
	}
}

func TestDifference3MethodOverride(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	s.must(http.MethodPost, "/api/resource/Thing", `{"name":"a","title":"x"}`)
	if code, _ := s.do(http.MethodPost, "/api/resource/Thing/a", `{"title":"y"}`, "X-HTTP-Method-Override", "PUT"); code != 500 {
		t.Errorf("without the key: got %d, want upstream's 500", code)
	}
	s.config(`{"db_type":"sqlite","compat":"v15","http_method_override":true}`)
	if code, body := s.do(http.MethodPost, "/api/resource/Thing/a", `{"title":"y"}`, "X-HTTP-Method-Override", "PUT"); code != 200 || !strings.Contains(body, `"title":"y"`) {
		t.Errorf("override to PUT: got %d %s", code, body)
	}
	if code, _ := s.do(http.MethodPost, "/api/resource/Thing/a", "", "X-HTTP-Method-Override", "DELETE"); code != 202 {
		t.Errorf("override to DELETE: got %d, want 202", code)
	}
	if code, _ := s.do(http.MethodGet, "/api/resource/Thing/a", "", "X-HTTP-Method-Override", "DELETE"); code != 404 {
		t.Errorf("a GET is no other verb: got %d, want 404 for the deleted document", code)
	}
}

func TestDifference4Traceback(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	_, body := s.do(http.MethodPost, "/api/resource/Thing", `{"name":"a"}`)
	if !strings.Contains(body, "MandatoryError") {
		t.Fatalf("no error: %s", body)
	}
	for _, hidden := range []string{".go", "goroutine", "SELECT", "INSERT", "tabThing", s.dir} {
		if strings.Contains(body, hidden) {
			t.Errorf("the answer tells of %q: %s", hidden, body)
		}
	}
}

func TestDifference5DriverText(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	code, body := s.do(http.MethodPost, "/api/resource/Thing", `{"name":"a","title":"x","due":"31-12-2024"}`)
	if code < 400 || !strings.Contains(body, `"exc_type"`) || strings.Contains(body, "31-12-2024") {
		t.Errorf("impossible date: got %d %s, want a refusal without the value", code, body)
	}
	if code, _ := s.do(http.MethodGet, "/api/resource/Thing/a", ""); code != 404 {
		t.Errorf("the refused document is there: got %d, want 404", code)
	}
}

func TestDifference6SecondProcess(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	app, err := freddo.New(freddo.Config{Site: s.dir})
	if err == nil {
		_ = app.Close()
		t.Fatal("the site was opened twice")
	}
	if !strings.Contains(err.Error(), "another process") {
		t.Errorf("got %q, want a text that tells of the other process", err)
	}
}

func TestDifference9RowsFollowTheirDocument(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	s.JSON(s.Admin, http.MethodPost, "/api/resource/DocType", map[string]any{"name": "Line", "module": "Core", "custom": 1, "istable": 1,
		"fields": []map[string]any{{"fieldname": "item", "fieldtype": "Data", "label": "Item"}}})
	s.JSON(s.Admin, http.MethodPost, "/api/resource/DocType", map[string]any{"name": "Basket", "module": "Core", "custom": 1, "autoname": "field:title",
		"fields":      []map[string]any{{"fieldname": "title", "fieldtype": "Data", "label": "Title"}, {"fieldname": "lines", "fieldtype": "Table", "options": "Line", "label": "Lines"}},
		"permissions": []map[string]any{{"role": "System Manager", "read": 1, "write": 1, "create": 1}, {"role": "Report Manager", "read": 1}}})
	row := map[string]string{}
	for _, name := range []string{"open", "closed"} {
		d := s.JSON(s.Admin, http.MethodPost, "/api/resource/Basket", map[string]any{"title": name, "lines": []map[string]any{{"item": name}}})
		row[name] = d["lines"].([]any)[0].(map[string]any)["name"].(string)
	}
	s.User("olga@example.com", nil, "Report Manager")
	s.JSON(s.Admin, http.MethodPost, "/api/resource/User Permission", map[string]any{"user": "olga@example.com", "allow": "Basket", "for_value": "open"})
	olga := s.Login("olga@example.com", sitetest.Password)
	for name, want := range map[string]int{"open": 200, "closed": 403} {
		if got := s.Get(olga, "/api/resource/Line/"+row[name]).Code; got != want {
			t.Errorf("the row of %s: %d, want %d", name, got, want)
		}
	}
}
