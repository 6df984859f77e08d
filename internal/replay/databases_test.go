package replay

import (
	"context"
	"net/http"
	neturl "net/url"
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

// TestDifference14Text: text compares without regard to case and accents everywhere;
// only PostgreSQL regards trailing blanks, and takes ø for an o.
func TestDifference14Text(t *testing.T) {
	t.Parallel()
	type counts struct{ equal, like, notLike, in, grouped, blanks, slashed int }
	common := counts{1, 1, 2, 2, 3, 1, 0}
	onPostgres := common
	onPostgres.blanks, onPostgres.slashed = 0, 1
	for kind, want := range map[string]counts{"": common, "mariadb": common, "postgres": onPostgres} {
		t.Run("on "+kind, func(t *testing.T) {
			t.Parallel()
			url := ""
			if kind != "" {
				url = newURL(t, kind)
			}
			s := newServerOn(t, "v15", url)
			for _, body := range []string{`{"name":"Alpha","title":"Ärger"}`, `{"name":"b","title":"blank "}`, `{"name":"c","title":"Øre"}`} {
				s.must(http.MethodPost, "/api/resource/Thing", body)
			}
			rows := func(query string) int {
				return len(s.must(http.MethodGet, "/api/resource/Thing?"+query, "").Get("data").List())
			}
			filter := func(op, value string) int {
				return rows("filters=" + neturl.QueryEscape(`[["title","`+op+`",`+value+`]]`))
			}
			got := counts{filter("=", `"ARGER"`), filter("like", `"%rGÉr"`), filter("not like", `"%rGÉr"`), filter("in", `["arger","ØRE"]`),
				rows("group_by=title"), filter("=", `"blank"`), filter("=", `"ore"`)}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			read := s.must(http.MethodGet, "/api/resource/Thing/ALPHA", "")
			if name := read.Get("data").Map().Str("name"); name != "Alpha" {
				t.Errorf("ALPHA reads %q, want Alpha", name)
			}
			if code, _ := s.do(http.MethodPost, "/api/resource/Thing", `{"name":"álpha","title":"x"}`); code != http.StatusConflict {
				t.Errorf("a second Alpha: got %d, want 409", code)
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
