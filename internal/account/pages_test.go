package account_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"freddo/internal/sitetest"
)

func loginForm(to string, more ...string) url.Values {
	f := url.Values{"usr": {"Administrator"}, "pwd": {sitetest.AdminPassword}}
	if to != "" {
		f.Set("redirect-to", to)
	}
	for i := 0; i+1 < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

func TestTheLoginPageWorksWithoutScripts(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	page := s.Get(nil, "/login?redirect-to=/app/todo%3Fa=1")
	text := page.ResponseRecorder.Body.String()
	if page.Code != 200 || strings.Contains(text, "<script") || !strings.Contains(text, `name="redirect-to" value="/app/todo?a=1"`) {
		t.Errorf("the page: %d %s", page.Code, text)
	}
	a := s.Post(nil, "/login", loginForm("/app/todo?a=1"))
	if a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/app/todo?a=1" || s.Get(a.Cookies(), whoami).Text("message") != "Administrator" {
		t.Errorf("a login: %d %v", a.Code, a.Header())
	}
	if a := s.Post(nil, "/login", loginForm("")); a.Code != http.StatusSeeOther || a.Header().Get("Location") != "/app" {
		t.Errorf("a login without an aim: %d %v", a.Code, a.Header())
	}
	wrong := s.Post(s.Admin, "/login", loginForm("/app", "pwd", "wrong"))
	if text := wrong.ResponseRecorder.Body.String(); wrong.Code != 401 || !strings.Contains(text, "Invalid login credentials") || !strings.Contains(text, `value="/app"`) {
		t.Errorf("a wrong password: %d %s", wrong.Code, text)
	}
	if len(wrong.Result().Cookies()) != 0 {
		t.Errorf("a wrong password sets cookies: %v", wrong.Result().Cookies())
	}
	refused := httptest.NewRequest(http.MethodGet, "/api/resource/User", nil)
	refused.Header.Set("Accept", "text/html")
	if a := s.Do(nil, refused); a.Code != 403 || !strings.Contains(a.ResponseRecorder.Body.String(), `href="/login?redirect-to=/api/resource/User"`) {
		t.Errorf("a refusal does not lead to the login: %d %s", a.Code, a.ResponseRecorder.Body)
	}
}

func TestALoginLeadsToThisSiteOnly(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	for _, evil := range []string{"//evil.example", "https://evil.example/x", "http:evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
		"https://example.com@evil.example", "https://example.com.evil.example/", "///evil.example", "/%0d%0aSet-Cookie:x=y/../..//evil.example", "/\r\nX: y", "data:text/html,x",
		"https:///evil.example", "/\t/evil.example", "ftp://example.com/x", "evil.example"} {
		a := s.Post(nil, "/login", loginForm(evil))
		to, err := url.Parse(a.Header().Get("Location"))
		if err != nil || a.Code != http.StatusSeeOther || to.Host != "" || to.Scheme != "" || !strings.HasPrefix(to.Path, "/") || strings.HasPrefix(a.Header().Get("Location"), "//") {
			t.Errorf("%q: %d %v", evil, a.Code, a.Header())
		}
		if len(a.Header()["X"]) > 0 {
			t.Errorf("%q: a header of the client's", evil)
		}
		if text := s.Get(nil, "/login?redirect-to="+url.QueryEscape(evil)).ResponseRecorder.Body.String(); strings.Contains(text, "evil.example\"") && !strings.Contains(text, `value="/%0d`) {
			t.Errorf("%q: the page keeps it: %s", evil, text)
		}
	}
	if a := s.Post(nil, "/login", loginForm("http://example.com/app/x")); a.Header().Get("Location") != "/app/x" {
		t.Errorf("an address of this site: %v", a.Header())
	}
}

func TestOtherSitesCannotLogAnybodyIn(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	for _, h := range [][2]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
		a := s.Post(nil, "/login", loginForm(""), h[0], h[1])
		if a.Code != 403 || s.Get(a.Cookies(), whoami).Code != 403 {
			t.Errorf("%v: %d", h, a.Code)
		}
	}
	if a := s.Post(nil, "/login", loginForm(""), "Origin", "http://example.com", "Sec-Fetch-Site", "same-origin"); a.Code != http.StatusSeeOther {
		t.Errorf("this site: %d", a.Code)
	}
}

func TestTheLinkOfAMailSetsAPasswordWithoutScripts(t *testing.T) {
	t.Parallel()
	box := newPostbox(t)
	s := sitetest.New(t, "v16", box.config())
	s.User("olga@example.com", nil, "Report Manager")
	s.Post(nil, users+"reset_password", url.Values{"user": {"olga@example.com"}})
	key := keyOf(t, box.next())
	page := s.Get(nil, "/update-password?key="+key)
	if text := page.ResponseRecorder.Body.String(); page.Code != 200 || strings.Contains(text, "<script") || !strings.Contains(text, `value="`+key+`"`) || page.Header().Get("Referrer-Policy") == "" {
		t.Errorf("the page: %d %s", page.Code, text)
	}
	send := func(pwd string) sitetest.Answer {
		return s.Post(nil, "/update-password", url.Values{"key": {key}, "new_password": {pwd}})
	}
	if a := send("password"); a.Code != 417 || !strings.Contains(a.ResponseRecorder.Body.String(), "<form") {
		t.Errorf("a weak password: %d %s", a.Code, a.ResponseRecorder.Body)
	}
	a := send("Orchid&77-tramway")
	if a.Code != http.StatusSeeOther || s.Get(a.Cookies(), whoami).Text("message") != "olga@example.com" {
		t.Errorf("a good one: %d %s", a.Code, a.ResponseRecorder.Body)
	}
	if a := send("Orchid&78-tramway"); a.Code != http.StatusGone {
		t.Errorf("the key again: %d %s", a.Code, a.ResponseRecorder.Body)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v16", nil)
	s.User("olga@example.com", nil, "Report Manager")
	s.User("otto@example.com", nil, "Report Manager")
	mine, second, third := s.Login("olga@example.com", sitetest.Password), s.Login("olga@example.com", sitetest.Password), s.Login("olga@example.com", sitetest.Password)
	list := func() []any {
		v, _ := s.Get(mine, "/api/method/freddo.sessions.list").Body["message"].([]any)
		return v
	}
	all := list()
	if len(all) != 3 {
		t.Fatalf("%d sessions", len(all))
	}
	text := s.Get(mine, "/api/method/freddo.sessions.list").ResponseRecorder.Body.String()
	for _, c := range [][]*http.Cookie{mine, second, third} {
		if strings.Contains(text, c[0].Value) {
			t.Error("the list holds a session's id")
		}
	}
	other := func(i int) string {
		for _, v := range list() {
			if m := v.(map[string]any); m["is_current"] == float64(0) {
				if i--; i < 0 {
					return m["id"].(string)
				}
			}
		}
		t.Fatal("no other session")
		return ""
	}
	otto := s.Login("otto@example.com", sitetest.Password)
	for name, a := range map[string]sitetest.Answer{
		"list": s.Get(otto, "/api/method/freddo.sessions.list?user=olga@example.com"),
		"end":  s.Post(otto, "/api/method/freddo.sessions.end_all", url.Values{"user": {"olga@example.com"}}),
		"one":  s.Post(otto, "/api/method/freddo.sessions.end", url.Values{"id": {other(0)}, "user": {"olga@example.com"}}),
		"GET":  s.Get(mine, "/api/method/freddo.sessions.end_all"),
	} {
		if a.Code != 403 {
			t.Errorf("%s: %d %s", name, a.Code, a.ResponseRecorder.Body)
		}
	}
	if a := s.Post(otto, "/api/method/freddo.sessions.end", url.Values{"id": {other(0)}}); a.Code != 404 || len(list()) != 3 {
		t.Errorf("another's session: %d", a.Code)
	}
	s.Post(mine, "/api/method/freddo.sessions.end", url.Values{"id": {other(0)}})
	if n := len(list()); n != 2 {
		t.Errorf("%d sessions after one was ended", n)
	}
	s.Post(mine, users+"clear_session", url.Values{"sid_hash": {other(0)}})
	alive := 0
	for _, c := range [][]*http.Cookie{mine, second, third} {
		if s.Get(c, whoami).Code == 200 {
			alive++
		}
	}
	if alive != 1 {
		t.Errorf("%d sessions are alive", alive)
	}
	s.Login("olga@example.com", sitetest.Password)
	s.Post(s.Admin, "/api/method/freddo.sessions.end_all", url.Values{"user": {"olga@example.com"}})
	if s.Get(mine, whoami).Code != 403 {
		t.Error("a System Manager cannot end another's sessions")
	}
}
