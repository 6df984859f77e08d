package account_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"freddo/internal/sitetest"
)

// TestOnlyThisSiteLogsABrowserIn tries every address that logs in with what browsers say
// of where a request comes from.
func TestOnlyThisSiteLogsABrowserIn(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, s *sitetest.Site, _ string) {
		form := url.Values{"usr": {"Administrator"}, "pwd": {sitetest.AdminPassword}}.Encode()
		cross := []string{"Sec-Fetch-Site", "cross-site"}
		for _, tt := range []struct {
			verb, target string
			header       []string
			ok           bool
		}{
			// Programs.
			{"GET", "/api/method/login?" + form, nil, true},
			{"POST", "/api/method/login", nil, true},
			{"POST", "/login?cmd=login", nil, true},
			{"GET", "/?cmd=login&" + form, nil, true},
			// This site's pages.
			{"POST", "/api/method/login", []string{"Origin", "http://example.com"}, true},
			{"POST", "/api/method/login", []string{"Origin", "http://example.com", "Sec-Fetch-Site", "same-origin"}, true},
			{"POST", "/login", []string{"Sec-Fetch-Site", "none"}, true},
			{"GET", "/api/method/login?" + form, []string{"Sec-Fetch-Site", "same-origin"}, true},
			// Others'.
			{"GET", "/api/method/login?" + form, []string{"Origin", "https://evil.example"}, false},
			{"GET", "/api/method/login?" + form, cross, false},
			{"GET", "/api/method/login?" + form, []string{"Sec-Fetch-Site", "none"}, false}, // a link in a mail
			{"GET", "/api/method/login?" + form, []string{"Upgrade-Insecure-Requests", "1"}, false},
			{"GET", "/?cmd=login&" + form, cross, false},
			{"GET", "/api/resource/User?cmd=login&" + form, cross, false},
			{"POST", "/api/method/login", []string{"Origin", "https://evil.example"}, false},
			{"POST", "/api/method/login", []string{"Origin", "null"}, false},
			{"POST", "/api/method/login", []string{"Sec-Fetch-Site", "same-site"}, false},
			{"POST", "/login?cmd=login", []string{"Origin", "https://evil.example"}, false},
			{"POST", "/login", cross, false},
		} {
			body := ""
			if tt.verb == "POST" {
				body = form
			}
			r := httptest.NewRequest(tt.verb, tt.target, strings.NewReader(body))
			if body != "" {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			for i := 0; i+1 < len(tt.header); i += 2 {
				r.Header.Set(tt.header[i], tt.header[i+1])
			}
			a := s.Do(nil, r)
			sid := ""
			for _, c := range a.Result().Cookies() {
				if c.Name == "sid" && c.Value != "Guest" {
					sid = c.Value
				}
			}
			if (sid != "") != tt.ok || !tt.ok && a.Code != http.StatusForbidden {
				t.Errorf("%s %s %v: %d, session %q", tt.verb, tt.target, tt.header, a.Code, sid)
			}
		}
	})
}

func TestListedOriginsLogIn(t *testing.T) {
	t.Parallel()
	each(t, func(*testing.T) map[string]any { return map[string]any{"allow_cors": "https://spa.example"} }, func(t *testing.T, s *sitetest.Site, _ string) {
		form := url.Values{"usr": {"Administrator"}, "pwd": {sitetest.AdminPassword}}
		if a := s.Post(nil, "/api/method/login", form, "Origin", "https://spa.example", "Sec-Fetch-Site", "cross-site"); a.Code != 200 {
			t.Errorf("a listed origin: %d", a.Code)
		}
		if a := s.Post(nil, "/api/method/login", form, "Origin", "https://spa.example.evil.example", "Sec-Fetch-Site", "cross-site"); a.Code != 403 {
			t.Errorf("another: %d", a.Code)
		}
	})
}

func TestASessionInTheAddressIsNotKept(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, s *sitetest.Site, _ string) {
		sid := s.Admin[0].Value
		a := s.Get(nil, "/?sid="+sid)
		if len(a.Result().Cookies()) != 0 {
			t.Errorf("the page sets %v", a.Result().Cookies())
		}
		a = s.Get(nil, whoami+"?sid="+sid)
		if a.Text("message") != "Administrator" || len(a.Result().Cookies()) != 0 {
			t.Errorf("%d %v, cookies %v", a.Code, a.Body, a.Result().Cookies())
		}
		if a = s.Get(s.Admin, whoami+"?sid="+sid); len(a.Cookies()) == 0 {
			t.Error("the client's own session is not prolonged")
		}
	})
}

func TestALoginLinkFromElsewhereAsks(t *testing.T) {
	t.Parallel()
	var box *postbox
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			box = newPostbox(t)
			s := sitetest.New(t, release, box.config())
			s.User("olga@example.com", nil, "Report Manager")
			set(s, "System Settings", map[string]any{"login_with_email_link": 1})
			s.Post(nil, "/api/method/frappe.www.login.send_login_link", url.Values{"email": {"olga@example.com"}})
			link := "/api/method/frappe.www.login.login_via_key?key=" + keyOf(t, box.next())
			click := func(site string) sitetest.Answer {
				r := httptest.NewRequest(http.MethodGet, link, nil)
				r.Header.Set("Sec-Fetch-Site", site)
				return s.Do(nil, r)
			}
			for _, site := range []string{"cross-site", "none"} {
				if a := click(site); a.Code != 200 || !strings.Contains(a.ResponseRecorder.Body.String(), "Log in as olga@example.com") || len(a.Cookies()) > 0 && a.Cookies()[0].Value != "Guest" {
					t.Errorf("%s: %d %v %s", site, a.Code, a.Cookies(), a.ResponseRecorder.Body)
				}
			}
			if a := click("same-origin"); a.Code >= 400 || a.Cookies()[0].Value == "Guest" {
				t.Errorf("same-origin: %d %v", a.Code, a.Cookies())
			}
		})
	}
}

// TestABatchNeitherBeginsNorEndsSessions tries the names under which a batch reaches them.
func TestABatchNeitherBeginsNorEndsSessions(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, s *sitetest.Site, release string) {
		for _, path := range []string{"/api/method/logout", "/api/method/logout/", "/api/method/logout/x", "/api/v1/method/logout", "/api/v1/method/logout/x",
			"/api/v2/method/logout", "/api/v2/method/logout/", "/api/method/frappe.handler.logout/x", "/api/v1/method/web_logout", "/api/v2/method/frappe.handler.logout",
			"/api/v2/method/frappe.handler.web_logout", "/api/method/ping?cmd=logout", "/api/batch//", "/api/v2/batch/", "/api/method/login/x"} {
			for _, atomic := range []string{"0", "1"} {
				target := "/api/v2/batch"
				if release == "v14" {
					target = "/api/batch"
				}
				a := s.Post(s.Admin, target, url.Values{"atomic": {atomic}, "requests": {`[{"method":"POST","path":"` + path + `","body":{"requests":[{"path":"/api/method/ping"}]}}]`}})
				if got := a.ResponseRecorder.Body.String(); strings.Contains(got, "pong") && !strings.Contains(path, "ping") {
					t.Errorf("%s: a batch within a batch: %s", path, got)
				}
				if got := s.Get(s.Admin, whoami); got.Text("message") != "Administrator" {
					t.Fatalf("%s ended the session", path)
				}
			}
		}
	})
}
