package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"freddo"
	"freddo/internal/storage/dbtest"
)

// hearing is how long one process may take to hear of what another has done: it looks
// every 100 ms.
const hearing = 130 * time.Millisecond

// TestProcessesShareIdentities opens one site twice, as two processes do, and checks
// that what ends in one has ended in the other within the bound.
func TestProcessesShareIdentities(t *testing.T) {
	t.Parallel()
	for _, kind := range dbtest.Kinds() {
		if kind == "sqlite" {
			continue // its file belongs to one process
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			one := newSite(t, kind, "v15")
			app, err := freddo.New(freddo.Config{Site: one.dir, Unsafe: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = app.Close() })
			two := &site{T: t, app: app, auth: one.auth, dir: one.dir}
			one.must(http.MethodPost, "/api/resource/User", `{"email":"olga@example.com","first_name":"Olga","send_welcome_email":0,"new_password":"Kestrel-42-harbour","roles":[{"role":"Report Manager"}]}`)
			one.shareSessions(two)
			one.shareKeys(two)
			one.shareNamedKeys(two)
			one.shareRights(two)
		})
	}
}

// ride sends a GET as a session.
func (s *site) ride(sid, path string) int {
	s.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.AddCookie(&http.Cookie{Name: "sid", Value: sid})
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	s.app.Handler().ServeHTTP(w, r)
	return w.Code
}

// login logs in with a password and returns the session's id.
func (s *site) login(user, password string) string {
	s.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/method/login", strings.NewReader(url.Values{"usr": {user}, "pwd": {password}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.app.Handler().ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "sid" && w.Code == http.StatusOK {
			return c.Value
		}
	}
	s.Fatalf("login of %s: %d %s", user, w.Code, w.Body)
	return ""
}

const whoami = "/api/method/frappe.auth.get_logged_user"

func (s *site) shareSessions(other *site) {
	s.Helper()
	open := func() string {
		sid := s.login("olga@example.com", "Kestrel-42-harbour")
		if code := other.ride(sid, whoami); code != http.StatusOK { // which also caches it there
			s.Errorf("a session of one process is %d in the other", code)
		}
		return sid
	}
	ended := func(what, sid string, code int) {
		s.Helper()
		time.Sleep(hearing)
		if got := other.ride(sid, whoami); got != code {
			s.Errorf("after %s in one process the session is %d in the other", what, got)
		}
	}
	sid := open()
	s.ride(sid, "/api/method/logout")
	ended("a logout", sid, http.StatusForbidden)
	sid = open()
	s.must(http.MethodPost, "/api/method/freddo.sessions.end_all", `{"user":"olga@example.com"}`)
	ended("ending all sessions", sid, http.StatusForbidden)
	sid = open()
	s.must(http.MethodPut, "/api/resource/User/olga@example.com", `{"enabled":0}`)
	ended("disabling the user", sid, http.StatusForbidden)
	s.must(http.MethodPut, "/api/resource/User/olga@example.com", `{"enabled":1}`)
}

func (s *site) shareKeys(other *site) {
	s.Helper()
	key := func() (*site, *site) {
		auth := s.keys("olga@example.com")
		time.Sleep(hearing)
		return &site{T: s.T, app: s.app, auth: auth}, &site{T: s.T, app: other.app, auth: auth}
	}
	_, there := key()
	if code, body := there.do(http.MethodGet, whoami, ""); code != http.StatusOK {
		s.Errorf("a key made in one process is %d in the other: %s", code, body)
	}
	_, newer := key()
	if code, _ := there.do(http.MethodGet, whoami, ""); code != http.StatusUnauthorized {
		s.Errorf("a key replaced in one process is %d in the other", code)
	}
	if code, _ := newer.do(http.MethodGet, whoami, ""); code != http.StatusOK {
		s.Errorf("the new key is %d in the other process", code)
	}
	s.must(http.MethodPost, "/api/resource/OAuth%20Client", `{"app_name":"App","scopes":"all","redirect_uris":"https://app.example/cb","default_redirect_uri":"https://app.example/cb"}`)
	client := names(s.list("OAuth Client", "fields", `["name"]`))
	s.must(http.MethodPost, "/api/resource/OAuth%20Bearer%20Token", `{"access_token":"token-of-olga","refresh_token":"refresh-of-olga","client":"`+client+`","user":"olga@example.com","scopes":"all","expires_in":3600,"status":"Active"}`)
	bearer := &site{T: s.T, app: other.app, auth: "Bearer token-of-olga"}
	if code, body := bearer.do(http.MethodGet, whoami, ""); code != http.StatusOK {
		s.Errorf("a token made in one process is %d in the other: %s", code, body)
	}
	stored := names(s.list("OAuth Bearer Token", "fields", `["name"]`)) // a hash, in strict mode
	s.must(http.MethodPut, "/api/resource/OAuth%20Bearer%20Token/"+url.PathEscape(stored), `{"status":"Revoked"}`)
	time.Sleep(hearing)
	if code, _ := bearer.do(http.MethodGet, whoami, ""); code != http.StatusUnauthorized {
		s.Errorf("a token revoked in one process is %d in the other", code)
	}
}

// shareNamedKeys does with an API Key what shareKeys does with the user's own.
func (s *site) shareNamedKeys(other *site) {
	s.Helper()
	answer := s.must(http.MethodPost, "/api/resource/API%20Key", `{"title":"Robot","user":"olga@example.com"}`)
	d := answer.Get("data").Map()
	there := &site{T: s.T, app: other.app, auth: "token " + d.Str("api_key") + ":" + answer.Str("api_secret")}
	time.Sleep(hearing)
	if code, body := there.do(http.MethodGet, whoami, ""); code != http.StatusOK {
		s.Fatalf("an API Key made in one process is %d in the other: %s", code, body)
	}
	s.must(http.MethodPut, "/api/resource/API%20Key/"+d.Str("name"), `{"enabled":0}`)
	time.Sleep(hearing)
	if code, _ := there.do(http.MethodGet, whoami, ""); code != http.StatusUnauthorized {
		s.Errorf("an API Key switched off in one process is %d in the other", code)
	}
}

func (s *site) shareRights(other *site) {
	s.Helper()
	there := &site{T: s.T, app: other.app, auth: s.keys("olga@example.com")}
	time.Sleep(hearing)
	check := func(what, path string, want int) {
		s.Helper()
		time.Sleep(hearing)
		if code, body := there.do(http.MethodGet, path, ""); code != want {
			s.Errorf("%s in one process: %d in the other, want %d: %s", what, code, want, body)
		}
	}
	s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Scribe","desk_access":1}`)
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Slip","module":"Core","custom":1,"autoname":"prompt","fields":[{"fieldname":"what","fieldtype":"Link","options":"Role"}],"permissions":[{"role":"Scribe","read":1}]}`)
	for _, n := range []string{"Scribe", "Report Manager"} {
		s.must(http.MethodPost, "/api/resource/Slip", `{"name":"`+n+`","what":"`+n+`"}`)
	}
	check("no role", "/api/resource/Slip/Scribe", http.StatusForbidden)
	s.must(http.MethodPut, "/api/resource/User/olga@example.com", `{"roles":[{"role":"Scribe"}]}`)
	check("a role given", "/api/resource/Slip/Scribe", http.StatusOK)
	s.must(http.MethodPost, "/api/resource/User%20Permission", `{"user":"olga@example.com","allow":"Role","for_value":"Report Manager","apply_to_all_doctypes":1}`)
	check("a User Permission given", "/api/resource/Slip/Scribe", http.StatusForbidden)
	check("a User Permission given", "/api/resource/Slip/Report%20Manager", http.StatusOK)
	s.must(http.MethodPut, "/api/resource/User/olga@example.com", `{"roles":[{"role":"Report Manager"}]}`)
	check("a role taken", "/api/resource/Slip/Report%20Manager", http.StatusForbidden)
}
