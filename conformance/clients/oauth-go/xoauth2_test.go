package oauthgo

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

func TestXOAuth2(t *testing.T) {
	s := openSite(t)
	id, secret := s.newClient(t)
	const module = "/api/method/frappe.integrations.oauth2."
	for _, tt := range []struct {
		name   string
		secret string
		style  oauth2.AuthStyle
		public bool
	}{
		{"secret in the header", secret, oauth2.AuthStyleInHeader, false},
		{"secret in the body", secret, oauth2.AuthStyleInParams, false},
		{"style found out by trying", secret, oauth2.AuthStyleAutoDetect, false},
		{"PKCE instead of a secret", "", oauth2.AuthStyleInParams, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clientID := id
			if tt.public && s.release == "v16" {
				// v16 knows public clients; before, any client may do without its secret.
				clientID = s.post(t, "OAuth Client", map[string]any{"app_name": "Go public client", "scopes": "all openid", "redirect_uris": callback,
					"default_redirect_uri": callback, "grant_type": "Authorization Code", "response_type": "Code",
					"token_endpoint_auth_method": "None"})["client_id"].(string)
			}
			conf := &oauth2.Config{ClientID: clientID, ClientSecret: tt.secret, RedirectURL: callback, Scopes: []string{"all"},
				Endpoint: oauth2.Endpoint{AuthURL: s.url + module + "authorize", TokenURL: s.url + module + "get_token", AuthStyle: tt.style}}
			verifier := oauth2.GenerateVerifier()
			back := s.consent(t, conf.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)))
			first, err := conf.Exchange(t.Context(), back.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal("exchange:", err)
			}
			if left := time.Until(first.Expiry); left < 59*time.Minute || left > time.Hour+time.Minute {
				t.Errorf("expires in %v, want an hour", left)
			}
			r, err := conf.Client(t.Context(), first).Get(s.url + "/api/method/frappe.auth.get_logged_user")
			if err != nil {
				t.Fatal(err)
			}
			if body := read(t, r); !strings.Contains(body, s.email) {
				t.Errorf("a call through the library's client: %d %s", r.StatusCode, body)
			}
			expired := *first
			expired.Expiry = time.Now().Add(-time.Minute)
			second, err := conf.TokenSource(t.Context(), &expired).Token()
			if err != nil {
				t.Fatal("refresh:", err)
			}
			s.wantUser(t, second.AccessToken)
			s.revoke(t, clientID, tt.secret, second.RefreshToken)
			s.wantDead(t, "a revoked token", second.AccessToken)
			second.Expiry = expired.Expiry
			var refused *oauth2.RetrieveError
			if _, err := conf.TokenSource(t.Context(), second).Token(); !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" {
				t.Errorf("refresh after revocation: %v, want invalid_grant", err)
			}
		})
	}
}

// revoke revokes a token; x/oauth2 leaves that to its user.
func (s *site) revoke(t *testing.T, id, secret, token string) {
	t.Helper()
	form := url.Values{"token": {token}, "token_type_hint": {"refresh_token"}, "client_id": {id}}
	if secret != "" {
		form.Set("client_secret", secret)
	}
	r, err := http.PostForm(s.url+"/api/method/frappe.integrations.oauth2.revoke_token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusOK {
		t.Errorf("revocation: %d %s", r.StatusCode, body)
	}
}
