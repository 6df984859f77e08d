package oauth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"freddo"
)

// templates are empty sites, one a release, made once.
var templates struct {
	sync.Mutex
	dir map[string]string
}

func template(t testing.TB, release string) string {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	if dir := templates.dir[release]; dir != "" {
		return dir
	}
	root, err := os.MkdirTemp("", "freddo-oauth")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, release)
	if err := freddo.NewSite(context.Background(), dir, freddo.NewSiteOptions{AdminPassword: "admin", Compat: release}); err != nil {
		t.Fatal(err)
	}
	if templates.dir == nil {
		templates.dir = map[string]string{}
	}
	templates.dir[release] = dir
	return dir
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, dir := range templates.dir {
		_ = os.RemoveAll(filepath.Dir(dir))
	}
	os.Exit(code)
}

const password = "Kestrel-42-harbour"

// fixture is a site with a user, clients and a clock.
type fixture struct {
	t       testing.TB
	handler http.Handler
	mu      sync.Mutex
	ahead   time.Duration
	admin   []*http.Cookie
	user    []*http.Cookie
}

func newFixture(t testing.TB, release string) *fixture {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	if err := os.CopyFS(dir, os.DirFS(template(t, release))); err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t}
	app, err := freddo.New(freddo.Config{Site: dir, Unsafe: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: f.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	f.handler = app.Handler()
	f.admin = f.login("Administrator", "admin")
	f.json(f.admin, "POST", "/api/resource/User", map[string]any{"email": "olga@example.com", "first_name": "Olga", "last_name": "Pace",
		"send_welcome_email": 0, "new_password": password, "roles": []map[string]any{{"role": "Report Manager"}}})
	f.user = f.login("olga@example.com", password)
	return f
}

func (f *fixture) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Add(f.ahead)
}

func (f *fixture) wait(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ahead += d
}

func (f *fixture) do(cookies []*http.Cookie, r *http.Request) *httptest.ResponseRecorder {
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}

func (f *fixture) login(user, pwd string) []*http.Cookie {
	f.t.Helper()
	r := httptest.NewRequest("POST", "/api/method/login", strings.NewReader(url.Values{"usr": {user}, "pwd": {pwd}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := f.do(nil, r)
	if w.Code != 200 {
		f.t.Fatalf("login of %s: %d %s", user, w.Code, w.Body)
	}
	var keep []*http.Cookie
	for _, c := range w.Result().Cookies() {
		if c.Name == "sid" || c.Name == "user_id" {
			keep = append(keep, c)
		}
	}
	return keep
}

// json sends JSON that must be accepted and returns the member data.
func (f *fixture) json(cookies []*http.Cookie, verb, path string, body any) map[string]any {
	f.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	r := httptest.NewRequest(verb, (&url.URL{Path: path}).EscapedPath(), strings.NewReader(string(text)))
	r.Header.Set("Content-Type", "application/json")
	w := f.do(cookies, r)
	if w.Code != 200 {
		f.t.Fatalf("%s %s: %d %s", verb, path, w.Code, w.Body)
	}
	var out struct {
		Data map[string]any `json:"data"`
	}
	_ = json.Unmarshal(w.Body.Bytes(), &out)
	return out.Data
}

// client is an OAuth Client.
type client struct{ id, secret string }

const (
	callback = "https://shop.example/cb"
	other    = "https://shop.example/other"
)

func (f *fixture) client(extra map[string]any) client {
	f.t.Helper()
	o := map[string]any{"app_name": "Shop", "scopes": "all openid", "redirect_uris": callback + " " + other, "default_redirect_uri": callback,
		"grant_type": "Authorization Code", "response_type": "Code", "skip_authorization": 1}
	for k, v := range extra {
		o[k] = v
	}
	d := f.json(f.admin, "POST", "/api/resource/OAuth Client", o)
	return client{d["name"].(string), d["client_secret"].(string)}
}

const verifier = "the-verifier-of-this-test"

func method(name string) string { return "/api/method/frappe.integrations.oauth2." + name }

// code asks for an authorization code; more are parameters over the usual ones.
func (f *fixture) code(c client, more url.Values) string {
	f.t.Helper()
	w := f.approve(c, more)
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		f.t.Fatalf("approve: %d %s %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	return to.Query().Get("code")
}

func authParams(c client, more url.Values) url.Values {
	q := url.Values{"client_id": {c.id}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"all openid"}, "state": {"s1"}}
	for k, v := range more {
		q[k] = v
	}
	return q
}

func (f *fixture) approve(c client, more url.Values) *httptest.ResponseRecorder {
	return f.do(f.user, httptest.NewRequest("GET", method("approve")+"?"+authParams(c, more).Encode(), nil))
}

// answer is what the token endpoints say.
type answer struct {
	status                                    int
	Access, Refresh, ID, Error, Scope, Client string
	Active                                    bool
	body                                      string
}

// post sends a form to an endpoint; basic adds the client's credentials as a header.
func (f *fixture) post(name string, basic *client, form url.Values) answer {
	f.t.Helper()
	r := httptest.NewRequest("POST", method(name), strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic != nil {
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(basic.id+":"+basic.secret)))
	}
	w := f.do(nil, r)
	var j map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &j)
	text := func(k string) string { s, _ := j[k].(string); return s }
	active, _ := j["active"].(bool)
	return answer{w.Code, text("access_token"), text("refresh_token"), text("id_token"), text("error"), text("scope"), text("client_id"), active, w.Body.String()}
}

// redeem trades a code in, with the client's secret unless more says otherwise.
func (f *fixture) redeem(c client, code string, more url.Values) answer {
	f.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "client_id": {c.id}, "client_secret": {c.secret}}
	for k, v := range more {
		form[k] = v
		if len(v) == 0 {
			form.Del(k)
		}
	}
	return f.post("get_token", nil, form)
}

func (f *fixture) refresh(c client, token string) answer {
	f.t.Helper()
	return f.post("get_token", nil, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {c.id}, "client_secret": {c.secret}})
}

// who returns the status of a request with a Bearer token.
func (f *fixture) who(token string) int {
	r := httptest.NewRequest("GET", "/api/method/frappe.auth.get_logged_user", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return f.do(nil, r).Code
}
