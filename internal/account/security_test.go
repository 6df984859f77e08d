package account_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"freddo/internal/sitetest"
)

const whoami = "/api/method/frappe.auth.get_logged_user"

// from sends a form from an address of the net.
func from(s *sitetest.Site, ip, target string, form url.Values) sitetest.Answer {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = ip + ":1234"
	return s.Do(nil, r)
}

func set(s *sitetest.Site, single string, fields map[string]any) {
	s.JSON(s.Admin, "PUT", "/api/resource/"+single+"/"+single, fields)
}

func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			conf := newPostbox(t).config()
			conf["hide_unknown_users"], conf["mute_emails"] = true, true
			s := sitetest.New(t, release, conf)
			s.User("olga@example.com", nil)
			s.User("off@example.com", map[string]any{"enabled": 0})
			set(s, "Website Settings", map[string]any{"disable_signup": 0})
			set(s, "System Settings", map[string]any{"allow_consecutive_login_attempts": 0})
			for what, ask := range map[string]func(user string) sitetest.Answer{
				"login": func(user string) sitetest.Answer { return s.TryLogin(user, "wrong") },
				"reset": func(user string) sitetest.Answer {
					return from(s, ipOf(user), users+"reset_password", url.Values{"user": {user}})
				},
				"login link": func(user string) sitetest.Answer {
					return from(s, ipOf(user), "/api/method/frappe.www.login.send_login_link", url.Values{"email": {user}})
				},
				"sign up": func(user string) sitetest.Answer {
					return s.Post(nil, users+"sign_up", url.Values{"email": {user}, "full_name": {"X"}, "redirect_to": {""}})
				},
			} {
				known := ask("olga@example.com")
				for _, other := range []string{"nobody@example.com", "off@example.com"} {
					got := ask(other)
					if got.Code != known.Code || got.ResponseRecorder.Body.String() != known.ResponseRecorder.Body.String() {
						t.Errorf("%s: known %d %s, %s %d %s", what, known.Code, known.ResponseRecorder.Body, other, got.Code, got.ResponseRecorder.Body)
					}
				}
			}
		})
	}
}

// ipOf gives every user an address, so that limits per address do not matter.
func ipOf(user string) string { return fmt.Sprintf("203.0.113.%d", len(user)) }

// median is the middle time of a request over some tries.
func median(tries int, ask func(i int)) time.Duration {
	all := make([]time.Duration, tries)
	for i := range all {
		start := time.Now()
		ask(i)
		all[i] = time.Since(start)
	}
	slices.Sort(all)
	return all[tries/2]
}

func TestTheTimeOfAnAnswerTellsNobodyWhoHasAnAccount(t *testing.T) {
	conf := newPostbox(t).config()
	conf["hide_unknown_users"], conf["mute_emails"] = true, true
	s := sitetest.New(t, "v15", conf)
	s.User("olga@example.com", nil)
	set(s, "System Settings", map[string]any{"allow_consecutive_login_attempts": 0})
	ask := map[string]func(user string, i int){
		"login": func(user string, _ int) { s.TryLogin(user, "wrong") },
		"reset": func(user string, i int) {
			from(s, fmt.Sprintf("203.0.113.%d", i), users+"reset_password", url.Values{"user": {user}})
		},
	}
	for what, fn := range ask {
		fn("olga@example.com", 200)
		ok, text := false, ""
		for range 4 { // the machine may be busy
			known := median(15, func(i int) { fn("olga@example.com", i) })
			unknown := median(15, func(i int) { fn("nobody@example.com", 100+i) })
			text = fmt.Sprintf("%s: known %v, unknown %v", what, known, unknown)
			if diff := (known - unknown).Abs(); diff < max(known, unknown)/3 || diff < time.Millisecond {
				ok = true
				break
			}
			s.Wait(61 * time.Minute)
		}
		t.Log(text)
		if !ok {
			t.Error(text)
		}
	}
}

func TestLocksTellNobodyWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	s.User("olga@example.com", nil)
	set(s, "System Settings", map[string]any{"allow_consecutive_login_attempts": 2, "allow_login_after_fail": 60})
	tries := func(user string, net int) (out []int) {
		for i := range 5 { // each from elsewhere
			out = append(out, from(s, fmt.Sprintf("203.%d.113.%d", net, i), "/api/method/login", url.Values{"usr": {user}, "pwd": {"wrong"}}).Code)
		}
		return out
	}
	known, unknown := tries("olga@example.com", 1), tries("nobody@example.com", 2)
	if fmt.Sprint(known) != "[401 401 401 500 500]" || fmt.Sprint(unknown) != fmt.Sprint(known) {
		t.Errorf("known %v, unknown %v", known, unknown)
	}
	// One address that tries many is locked, too, and cannot pretend to be another.
	var got []int
	for i := range 5 {
		r := httptest.NewRequest(http.MethodPost, "/api/method/login", strings.NewReader(url.Values{"usr": {fmt.Sprintf("u%d@example.com", i)}, "pwd": {"x"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
		r.RemoteAddr = "203.9.113.1:1234"
		got = append(got, s.Do(nil, r).Code)
	}
	if fmt.Sprint(got) != "[401 401 401 500 500]" {
		t.Errorf("one address: %v", got)
	}
}

func TestALoginMakesANewSession(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	s.User("olga@example.com", nil, "Report Manager")
	planted := []*http.Cookie{{Name: "sid", Value: strings.Repeat("ab", 28)}}
	for name, target := range map[string]string{"cookie": "/api/method/login", "parameter": "/api/method/login?sid=" + planted[0].Value} {
		a := s.Post(planted, target, url.Values{"usr": {"olga@example.com"}, "pwd": {sitetest.Password}})
		if a.Code != http.StatusOK || a.Cookies()[0].Value == planted[0].Value || len(a.Cookies()[0].Value) != 56 {
			t.Errorf("%s: %d %v", name, a.Code, a.Cookies())
		}
		if got := s.Get(planted, whoami).Code; got != http.StatusForbidden {
			t.Errorf("%s: the planted id is a session: %d", name, got)
		}
		for _, c := range a.Result().Cookies() {
			if c.Name == "sid" && (!c.HttpOnly || c.SameSite != http.SameSiteLaxMode) {
				t.Errorf("%s: the cookie is %v", name, c)
			}
		}
	}
	// A login over a live session does not keep its id, and a logout ends it for good.
	old := s.Login("olga@example.com", sitetest.Password)
	a := s.Post(old, "/api/method/login", url.Values{"usr": {"Administrator"}, "pwd": {sitetest.AdminPassword}})
	if a.Cookies()[0].Value == old[0].Value {
		t.Error("a second login goes on with the first one's session")
	}
	s.Get(old, "/api/method/logout")
	if s.Get(old, whoami).Code != http.StatusForbidden {
		t.Error("a session lives on after its logout")
	}
}

func TestOddSessionIDsAreGuests(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	sid := s.Admin[0].Value
	for _, odd := range []string{"", "x", "' OR 1=1 --", strings.ToUpper(sid), sid[:55], sid + "0", strings.Repeat("a", 5000), "%00", "Administrator", "null"} {
		r := httptest.NewRequest(http.MethodPost, whoami, nil)
		r.Header.Set("Cookie", "sid="+odd)
		r.Header.Set("X-Frappe-CSRF-Token", "token")
		if a := s.Do(nil, r); a.Code != http.StatusForbidden {
			t.Errorf("%q: %d %s", odd, a.Code, a.ResponseRecorder.Body)
		}
	}
}

func TestWritesOfADeskSessionNeedItsToken(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t, release, nil)
			page := s.Get(s.Admin, map[string]string{"v14": "/app", "v15": "/app", "v16": "/desk"}[release]).ResponseRecorder.Body.String()
			_, rest, _ := strings.Cut(page, `frappe.csrf_token="`)
			token, _, ok := strings.Cut(rest, `"`)
			if !ok || len(token) != 56 {
				t.Fatalf("no token in %s", page)
			}
			send := func(verb, token string) int {
				r := httptest.NewRequest(verb, "/api/resource/ToDo/none", strings.NewReader(`{"description":"x"}`))
				r.Header.Set("Content-Type", "application/json")
				if token != "" {
					r.Header.Set("X-Frappe-CSRF-Token", token)
				}
				return s.Do(s.Admin, r).Code
			}
			for _, verb := range []string{"PUT", "DELETE", "POST"} {
				if got := send(verb, ""); got != 400 {
					t.Errorf("%s without a token: %d", verb, got)
				}
				if got := send(verb, strings.Repeat("0", 56)); got != 400 {
					t.Errorf("%s with a wrong token: %d", verb, got)
				}
				if got := send(verb, token); got == 400 {
					t.Errorf("%s with the token: %d", verb, got)
				}
			}
			if got := send("GET", ""); got != 404 {
				t.Errorf("GET: %d", got)
			}
		})
	}
}

func TestDisabledUsersAreOutAtOnce(t *testing.T) {
	t.Parallel()
	for release, keyStatus := range map[string]int{"v14": 200, "v15": 200, "v16": 401} { // as upstream's releases have it
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t, release, nil)
			s.User("olga@example.com", nil, "Report Manager")
			key, secret, err := s.App.GenerateKeys(t.Context(), "olga@example.com")
			if err != nil {
				t.Fatal(err)
			}
			byKey := func() int {
				r := httptest.NewRequest(http.MethodGet, whoami, nil)
				r.Header.Set("Authorization", "token "+key+":"+secret)
				return s.Do(nil, r).Code
			}
			session := s.Login("olga@example.com", sitetest.Password)
			if s.Get(session, whoami).Code != 200 || byKey() != 200 {
				t.Fatal("the user is not in")
			}
			s.JSON(s.Admin, "PUT", "/api/resource/User/olga@example.com", map[string]any{"enabled": 0})
			if got := s.Get(session, whoami).Code; got != http.StatusForbidden {
				t.Errorf("the session: %d", got)
			}
			if got := byKey(); got != keyStatus {
				t.Errorf("the key: %d", got)
			}
			if got := s.TryLogin("olga@example.com", sitetest.Password).Code; got != http.StatusUnauthorized {
				t.Errorf("a login: %d", got)
			}
			s.JSON(s.Admin, "PUT", "/api/resource/User/olga@example.com", map[string]any{"enabled": 1})
			if got := s.Get(session, whoami).Code; got != http.StatusForbidden {
				t.Errorf("the session comes back with the user: %d", got)
			}
		})
	}
}
