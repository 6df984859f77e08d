package replay

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"freddo"
	"freddo/internal/storage/dbtest"
)

// servers are the databases beside SQLite.
var servers = []string{"mariadb", "postgres"}

// newURL is the URL of a database that does not exist yet.
func newURL(t *testing.T, kind string) string {
	t.Helper()
	return dbtest.Name(t, dbtest.Server(t, kind)).URL()
}

func TestDifference14ExactText(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string][4]int{"": {409, 200, 1, 1}, "mariadb": {409, 200, 1, 1}, "postgres": {200, 404, 0, 1}} {
		t.Run("on "+kind, func(t *testing.T) {
			t.Parallel()
			url := ""
			if kind != "" {
				url = newURL(t, kind)
			}
			s := newServerOn(t, "v15", url)
			s.must(http.MethodPost, "/api/resource/Thing", `{"name":"Alpha","title":"Ärger"}`)
			rows := func(filters string) int {
				return len(s.must(http.MethodGet, "/api/resource/Thing?filters="+filters, "").Get("data").List())
			}
			equal, like := rows("[[%22title%22,%22=%22,%22%C3%A4rger%22]]"), rows("[[%22title%22,%22like%22,%22%25RGER%22]]")
			read, _ := s.do(http.MethodGet, "/api/resource/Thing/ALPHA", "")
			insert, _ := s.do(http.MethodPost, "/api/resource/Thing", `{"name":"alpha","title":"x"}`)
			if got := [4]int{insert, read, equal, like}; got != want {
				t.Errorf("insert, read, =, like: got %v, want %v", got, want)
			}
		})
	}
}

func TestDifference15TimeOfDay(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]int{"mariadb": 200, "postgres": 500} {
		t.Run("on "+kind, func(t *testing.T) {
			t.Parallel()
			s := newServerOn(t, "v15", newURL(t, kind))
			s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Shift","module":"Core","custom":1,"autoname":"prompt",
				"fields":[{"fieldname":"at","fieldtype":"Time","label":"At"}],"permissions":[{"role":"System Manager"}]}`)
			if code, body := s.do(http.MethodPost, "/api/resource/Shift", `{"name":"a","at":"25:00:00"}`); code != want {
				t.Errorf("25:00:00: got %d %s, want %d", code, body, want)
			}
			if code, body := s.do(http.MethodPost, "/api/resource/Shift", `{"name":"b","at":"23:59:59"}`); code != 200 || !strings.Contains(body, "23:59:59") {
				t.Errorf("23:59:59: got %d %s", code, body)
			}
		})
	}
}

func TestDifference16NUL(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]int{"mariadb": 200, "postgres": 500} {
		t.Run("on "+kind, func(t *testing.T) {
			t.Parallel()
			s := newServerOn(t, "v15", newURL(t, kind))
			code, body := s.do(http.MethodPost, "/api/resource/Thing", `{"name":"a","title":"x\u0000y"}`)
			if code != want || strings.Contains(body, "SQLSTATE") {
				t.Errorf("got %d %s, want %d", code, body, want)
			}
		})
	}
}

// TestSitesOnServers: a site survives its process, a database that holds tables is left
// alone, and what a failed creation made is removed.
func TestSitesOnServers(t *testing.T) {
	t.Parallel()
	for _, kind := range servers {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url := newURL(t, kind)
			s := newServerOn(t, "v16", url)
			s.must(http.MethodPost, "/api/resource/Thing", `{"name":"kept","title":"x"}`)
			if err := s.app.Close(); err != nil {
				t.Fatal(err)
			}
			err := freddo.NewSite(context.Background(), filepath.Join(t.TempDir(), "second"), freddo.NewSiteOptions{AdminPassword: "x", DB: url})
			if err == nil || !strings.Contains(err.Error(), "not empty") {
				t.Errorf("second site in the same database: got %v, want a refusal", err)
			}
			again, err := freddo.New(freddo.Config{Site: s.dir})
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			s.app = again
			if got := s.must(http.MethodGet, "/api/resource/Thing/kept", "").Get("data").Map().Str("title"); got != "x" {
				t.Errorf("after reopening: title %q, want x", got)
			}
			ctx, cancel := context.WithCancel(context.Background())
			cut := newURL(t, kind)
			o := freddo.NewSiteOptions{AdminPassword: "x", DB: cut, Progress: func(done, _ int, _ string) {
				if done == 20 {
					cancel()
				}
			}}
			if err := freddo.NewSite(ctx, filepath.Join(t.TempDir(), "cut"), o); err == nil {
				t.Fatal("a creation that was cut off succeeded")
			}
			o = freddo.NewSiteOptions{AdminPassword: "x", DB: cut}
			if err := freddo.NewSite(context.Background(), filepath.Join(t.TempDir(), "next"), o); err != nil {
				t.Errorf("after a creation that was cut off: %v", err)
			}
		})
	}
}
