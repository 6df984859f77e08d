// Package sitetest makes whole sites for tests, cheaply: each release's empty site is
// created once per test binary and copied. It is imported by tests only. Start with New.
package sitetest

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"freddo"
	"freddo/internal/site"
)

// AdminPassword is Administrator's password, Password that of users made by User.
const (
	AdminPassword = "admin"
	Password      = "Kestrel-42-harbour"
)

// Site is an open site with a clock that can be put forward.
type Site struct {
	App     *freddo.App
	Handler http.Handler
	// Admin are the cookies of Administrator's session.
	Admin []*http.Cookie

	t     testing.TB
	dir   string
	mu    sync.Mutex
	ahead time.Duration
}

// Configure changes the site's site_config.json, which counts at once.
func (s *Site) Configure(values map[string]any) {
	s.t.Helper()
	folder, err := site.Open(s.dir)
	if err == nil {
		err = folder.Set(values)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.App.ReloadConfig()
}

// New opens a fresh site of a release; config goes into its site_config.json.
func New(t testing.TB, release string, config map[string]any) *Site {
	t.Helper()
	dir := Folder(t, "sqlite", release, config)
	s := &Site{t: t, dir: dir}
	app, err := freddo.New(freddo.Config{Site: dir, Unsafe: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: s.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	s.App, s.Handler = app, app.Handler()
	s.Admin = s.Login("Administrator", AdminPassword)
	return s
}

// Now is the site's clock.
func (s *Site) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// Wait puts the clock forward.
func (s *Site) Wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// Answer is what the server said; Body is its JSON, nil when it is none.
type Answer struct {
	*httptest.ResponseRecorder
	Body map[string]any
}

// Text returns a member of the body that is text.
func (a Answer) Text(key string) string { v, _ := a.Body[key].(string); return v }

// Cookies returns the cookies that make a session.
func (a Answer) Cookies() []*http.Cookie {
	var out []*http.Cookie
	for _, c := range a.Result().Cookies() {
		if (c.Name == "sid" || c.Name == "user_id") && c.Value != "" {
			out = append(out, c)
		}
	}
	return out
}

// Do sends a request with cookies.
func (s *Site) Do(cookies []*http.Cookie, r *http.Request) Answer {
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	a := Answer{ResponseRecorder: w}
	_ = json.Unmarshal(w.Body.Bytes(), &a.Body)
	return a
}

// Get sends a GET.
func (s *Site) Get(cookies []*http.Cookie, target string) Answer {
	return s.Do(cookies, httptest.NewRequest(http.MethodGet, target, nil))
}

// Post sends a form; header are pairs.
func (s *Site) Post(cookies []*http.Cookie, target string, form url.Values, header ...string) Answer {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.Do(cookies, r)
}

// JSON sends JSON that must be accepted and returns the member data.
func (s *Site) JSON(cookies []*http.Cookie, verb, path string, body any) map[string]any {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequest(verb, (&url.URL{Path: path}).EscapedPath(), bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	a := s.Do(cookies, r)
	if a.Code != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", verb, path, a.Code, a.ResponseRecorder.Body)
	}
	data, _ := a.Body["data"].(map[string]any)
	return data
}

// TryLogin logs in.
func (s *Site) TryLogin(user, password string) Answer {
	return s.Post(nil, "/api/method/login", url.Values{"usr": {user}, "pwd": {password}})
}

// Login logs in and returns the session's cookies.
func (s *Site) Login(user, password string) []*http.Cookie {
	s.t.Helper()
	a := s.TryLogin(user, password)
	if a.Code != http.StatusOK {
		s.t.Fatalf("login of %s: %d %s", user, a.Code, a.ResponseRecorder.Body)
	}
	return a.Cookies()
}

// User makes a user with Password and roles; more are further fields.
func (s *Site) User(email string, more map[string]any, roles ...string) {
	s.t.Helper()
	rows := make([]map[string]any, len(roles))
	for i, r := range roles {
		rows[i] = map[string]any{"role": r}
	}
	first, _, _ := strings.Cut(email, "@")
	o := map[string]any{"email": email, "first_name": first, "send_welcome_email": 0, "new_password": Password, "roles": rows}
	for k, v := range more {
		o[k] = v
	}
	s.JSON(s.Admin, http.MethodPost, "/api/resource/User", o)
}
