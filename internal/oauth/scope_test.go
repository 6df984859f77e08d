package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"freddo/internal/sitetest"
)

// as sends a request with a Bearer token and returns the status.
func (f *fixture) as(token, verb, target, body string) int {
	r := httptest.NewRequest(verb, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return f.Do(nil, r).Code
}

// TestScopesSayWhatATokenMayDo: only "all" opens the API, and no token makes what
// outlives it.
func TestScopesSayWhatATokenMayDo(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, release)
			f.User("boss@example.com", nil, "System Manager")
			f.user = f.Login("boss@example.com", sitetest.Password)
			c := f.client(nil)
			token := func(scope string) string {
				return f.redeem(c, f.code(c, url.Values{"scope": {scope}}), nil).Access
			}
			keys := "/api/method/frappe.core.doctype.user.user.generate_keys"
			const openid, all = "openid", "all openid"
			for _, tt := range []struct {
				scope, verb, target, body string
				want                      int
			}{
				{openid, "GET", method("openid_profile"), "", 200},
				{openid, "GET", "/api/method/frappe.auth.get_logged_user", "", 200},
				{openid, "GET", "/api/resource/ToDo", "", 403},
				{openid, "GET", "/api/resource/OAuth%20Client", "", 403},
				{openid, "GET", "/api/resource/User/boss@example.com", "", 403},
				{openid, "POST", "/api/resource/Role", `{"role_name":"Made"}`, 403},
				{openid, "POST", "/api/method/frappe.client.insert", `{"doc":{"doctype":"Role","role_name":"Made"}}`, 403},
				{openid, "GET", "/api/method/frappe.core.doctype.user.user.get_all_roles", "", 403},
				{openid, "POST", keys, `{"user":"boss@example.com"}`, 403},
				{openid, "GET", "/private/files/x.txt", "", 403},
				{all, "GET", method("openid_profile"), "", 200},
				{all, "GET", "/api/resource/ToDo", "", 200},
				{all, "POST", "/api/resource/Role", `{"role_name":"Made"}`, 200},
				{all, "PUT", "/api/resource/User/boss@example.com", `{"last_name":"Pace"}`, 200},
				{all, "PUT", "/api/resource/User/boss@example.com", `{"new_password":"Zx9-lantern-Quay2"}`, 403},
				{all, "PUT", "/api/resource/User/boss@example.com", `{"api_key":"mine","api_secret":"mine"}`, 403},
				{all, "PUT", "/api/resource/User/boss@example.com", `{"reset_password_key":"x"}`, 403},
				{all, "PUT", "/api/resource/User/boss@example.com", `{"social_logins":[{"provider":"google","userid":"7"}]}`, 403},
				{all, "POST", "/api/resource/User", `{"email":"new@example.com","first_name":"N"}`, 403},
				{all, "POST", keys, `{"user":"boss@example.com"}`, 403},
				{all, "POST", "/api/resource/API%20Key", `{"title":"k"}`, 403},
				{all, "GET", "/api/resource/OAuth%20Client", "", 403},
				{all, "GET", "/api/resource/OAuth%20Bearer%20Token", "", 403},
				{all, "POST", "/api/resource/OAuth%20Bearer%20Token", `{"access_token":"x","user":"boss@example.com"}`, 403},
				{all, "POST", "/api/method/frappe.client.get_password", `{"doctype":"User","name":"boss@example.com","fieldname":"api_secret"}`, 403},
			} {
				if got := f.as(token(tt.scope), tt.verb, tt.target, tt.body); got != tt.want {
					t.Errorf("%s: %s %s %s: %d, want %d", tt.scope, tt.verb, tt.target, tt.body, got, tt.want)
				}
			}
		})
	}
}

func TestStrictClientsForCodesGetNoTokensInAddresses(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, release)
			codes, tokens := f.client(nil), f.client(map[string]any{"grant_type": "Implicit", "response_type": "Token"})
			for _, tt := range []struct {
				c    client
				kind string
				ok   bool
			}{
				{codes, "code", true}, {codes, "code id_token", true}, {codes, "token", false}, {codes, "id_token", false}, {codes, "id_token token", false},
				{codes, "code token id_token", false}, {tokens, "token", true}, {tokens, "id_token token", true}, {tokens, "code", false},
			} {
				w := f.approve(tt.c, url.Values{"response_type": {tt.kind}, "nonce": {"n"}})
				got := strings.Contains(w.Header().Get("Location"), "code=") || strings.Contains(w.Header().Get("Location"), "token=")
				if got != tt.ok || !tt.ok && w.Code != http.StatusBadRequest {
					t.Errorf("%s: %d %s", tt.kind, w.Code, w.Header().Get("Location"))
				}
			}
		})
	}
}
