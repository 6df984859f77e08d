package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"freddo"
	"freddo/document"
	"freddo/internal/sitetest"
	"freddo/internal/storage/dbtest"
)

func TestMain(m *testing.M) { sitetest.Main(m) }

// site is an application on a fresh site. Its requests are Administrator's unless as
// says otherwise.
type site struct {
	*testing.T
	app  *freddo.App
	dir  string
	auth string
}

// eachDatabase runs a test on a fresh site of every database.
func eachDatabase(t *testing.T, release string, test func(s *site)) {
	t.Helper()
	eachDatabaseWith(t, release, nil, test)
}

// eachDatabaseWith is eachDatabase with keys of site_config.json.
func eachDatabaseWith(t *testing.T, release string, config map[string]any, test func(s *site)) {
	t.Helper()
	for _, kind := range dbtest.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(newSiteWith(t, kind, release, config))
		})
	}
}

func newSite(t *testing.T, kind, release string) *site {
	t.Helper()
	return newSiteWith(t, kind, release, nil)
}

// newSiteWith is newSite with keys of site_config.json.
func newSiteWith(t *testing.T, kind, release string, config map[string]any) *site {
	t.Helper()
	dir := sitetest.Folder(t, kind, release, config)
	app, err := freddo.New(freddo.Config{Site: dir, Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	s := &site{T: t, app: app, dir: dir}
	s.auth = s.keys("Administrator")
	return s
}

func (s *site) keys(user string) string {
	s.Helper()
	key, secret, err := s.app.GenerateKeys(context.Background(), user)
	if err != nil {
		s.Fatal(err)
	}
	return "token " + key + ":" + secret
}

// as is the site as another user sees it.
func (s *site) as(user string) *site {
	s.Helper()
	return &site{T: s.T, app: s.app, dir: s.dir, auth: s.keys(user)}
}

// user makes a System User with roles that exist.
func (s *site) user(name string, roles ...string) *site {
	s.Helper()
	rows := make([]string, len(roles))
	for i, r := range roles {
		rows[i] = `{"role":"` + r + `"}`
	}
	s.must(http.MethodPost, "/api/resource/User", `{"email":"`+name+`@example.com","first_name":"`+name+`","send_welcome_email":0,"roles":[`+strings.Join(rows, ",")+`]}`)
	return s.as(name + "@example.com")
}

func (s *site) do(method, target, body string) (int, string) {
	s.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", s.auth)
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.app.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// must is do for what has to succeed.
func (s *site) must(method, target, body string) *document.Object {
	s.Helper()
	code, text := s.do(method, target, body)
	if code >= 300 {
		s.Fatalf("%s %s: %d %s", method, target, code, text)
	}
	v, err := document.ParseJSON(text)
	if err != nil {
		s.Fatal(err)
	}
	return v.Map()
}

// list asks for a list with arguments in pairs.
func (s *site) list(doctype string, args ...string) *document.Object {
	s.Helper()
	return s.must(http.MethodGet, listURL(doctype, args...), "")
}

func listURL(doctype string, args ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(args); i += 2 {
		q.Set(args[i], args[i+1])
	}
	return "/api/resource/" + url.PathEscape(doctype) + "?" + q.Encode()
}

// names are the names in a list's answer.
func names(answer *document.Object) string {
	var out []string
	for _, row := range answer.Get("data").List() {
		out = append(out, document.ToText(row.Map().Get("name")))
	}
	return strings.Join(out, " ")
}
