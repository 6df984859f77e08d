package httpapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"freddo/internal/auth"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/meta"
	"freddo/internal/method"
	"freddo/internal/perm"
	"freddo/internal/query"
	"freddo/internal/site"
	"freddo/internal/storage/sqlite"
)

// testSite is a site of one release with a server over it.
type testSite struct {
	*Server
	t testing.TB
}

// newTestSite makes a site in a folder of its own with Administrator (password
// admin), Guest and nothing else.
func newTestSite(t testing.TB, release string) *testSite {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	s, err := site.Create(dir, map[string]any{"compat": release, "password_rounds": 29_000})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := compat.Lookup(release)
	db, err := sqlite.Open(s.Path("site.db"), sqlite.Options{Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	store, err := meta.NewStore(p)
	if err != nil {
		t.Fatal(err)
	}
	e := &engine.Engine{DB: db, Meta: store, Perm: perm.NewStore(), Profile: p, Site: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Hooks: engine.NewHooks(), Now: time.Now, Zone: time.UTC, Rules: query.RulesV15()}
	v := auth.NewVault(s)
	a := auth.New(e, v)
	e.Hooks.Secrets = v
	a.Register(e.Hooks)
	r := method.NewRegistry()
	Register(r, p, a)
	ctx := context.Background()
	if err := e.Install(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.InstallUsers(ctx, "admin"); err != nil {
		t.Fatal(err)
	}
	srv := &Server{Engine: e, Methods: r, Auth: a}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &testSite{Server: srv, t: t}
}

// request is one request of a test.
type request struct {
	method, target, body string
	header               map[string]string
}

func (s *testSite) do(r request) *httptest.ResponseRecorder {
	s.t.Helper()
	if r.method == "" {
		r.method = http.MethodGet
	}
	req := httptest.NewRequest(r.method, r.target, strings.NewReader(r.body))
	req.Header.Set("Accept", "application/json")
	req.RemoteAddr = "127.0.0.1:40000"
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range r.header {
		if v == "" {
			req.Header.Del(k)
		} else {
			req.Header.Set(k, v)
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	return w
}

func TestPing(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, "v15")
	w := s.do(request{target: "/api/method/ping"})
	if w.Code != 200 || w.Body.String() != `{"message":"pong"}` {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	w = s.do(request{method: "POST", target: "/api/method/login", body: `{"usr":"administrator","pwd":"admin"}`})
	t.Log(w.Code, w.Body, w.Header())
	w = s.do(request{method: "POST", target: "/api/method/login", body: `{"usr":"administrator","pwd":"wrong"}`})
	t.Log(w.Code, w.Body, w.Header())
}
