package oauth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"freddo/internal/sitetest"
)

// TestWhatIsSpentIsCleanedUp: expired sessions, used and expired codes, revoked and long
// expired tokens go; what is of use stays.
func TestWhatIsSpentIsCleanedUp(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	s.User("olga@example.com", nil, "Report Manager")
	client, _ := s.JSON(s.Admin, "POST", "/api/resource/OAuth Client", map[string]any{"app_name": "App", "scopes": "all", "redirect_uris": "https://app.example/cb",
		"default_redirect_uri": "https://app.example/cb"})["name"].(string)
	token := func(name, status string) {
		s.JSON(s.Admin, "POST", "/api/resource/OAuth Bearer Token", map[string]any{"access_token": name, "refresh_token": "r" + name, "client": client,
			"user": "olga@example.com", "scopes": "all", "expires_in": 3600, "status": status})
	}
	code := func(name, validity string) {
		s.JSON(s.Admin, "POST", "/api/resource/OAuth Authorization Code", map[string]any{"authorization_code": name, "client": client, "user": "olga@example.com",
			"scopes": "all", "validity": validity})
	}
	clean := func() {
		t.Helper()
		if err := s.App.CleanUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	check := func(when string, want map[string]int) {
		t.Helper()
		for path, code := range want {
			if a := s.Get(s.Admin, "/api/resource/"+strings.ReplaceAll(path, " ", "%20")); a.Code != code {
				t.Errorf("%s: %s is %d, want %d", when, path, a.Code, code)
			}
		}
	}
	token("live", "Active")
	token("revoked", "Revoked")
	code("fresh", "Valid")
	code("used", "Invalid")
	clean()
	check("at once", map[string]int{"OAuth Bearer Token/" + stored("live"): 200, "OAuth Bearer Token/" + stored("revoked"): 404, "OAuth Authorization Code/" + stored("fresh"): 200, "OAuth Authorization Code/" + stored("used"): 404})
	session := s.Login("olga@example.com", sitetest.Password)
	s.Wait(25 * time.Hour)
	s.Get(s.Admin, "/api/method/ping")
	clean()
	check("after a day", map[string]int{"OAuth Bearer Token/" + stored("live"): 200, "OAuth Authorization Code/" + stored("fresh"): 404})
	if a := s.Get(session, "/api/method/frappe.auth.get_logged_user"); a.Code != http.StatusOK {
		t.Errorf("a session that has not expired: %d", a.Code)
	}
	s.Wait(31 * 24 * time.Hour)
	s.Admin = s.Login("Administrator", sitetest.AdminPassword)
	clean()
	check("after a month", map[string]int{"OAuth Bearer Token/" + stored("live"): 404})
	if a := s.Get(session, "/api/method/frappe.auth.get_logged_user"); a.Code != http.StatusForbidden || a.Body["session_expired"] == nil {
		t.Errorf("an expired session: %d %v", a.Code, a.Body)
	}
	list := s.Get(s.Admin, "/api/method/freddo.sessions.list?user=olga@example.com")
	if all, _ := list.Body["message"].([]any); len(all) != 0 {
		t.Errorf("expired sessions are listed: %v", all)
	}
}

// TestSessionsLiveAsLongAsTheReleaseSays: 60 hours in v14, 170 later, from the last use.
func TestSessionsLiveAsLongAsTheReleaseSays(t *testing.T) {
	t.Parallel()
	for release, hours := range map[string]time.Duration{"v14": 60, "v15": 170, "v16": 170} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t, release, nil)
			alive := func() bool { return s.Get(s.Admin, "/api/method/frappe.auth.get_logged_user").Code == http.StatusOK }
			for range 2 {
				s.Wait(hours*time.Hour - time.Minute)
				if !alive() {
					t.Fatal("the session ends early")
				}
			}
			s.Wait(hours*time.Hour + 11*time.Minute)
			if alive() {
				t.Error("the session does not end")
			}
		})
	}
}
