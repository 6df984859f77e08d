package oauth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"freddo/internal/sitetest"
)

func s256(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func pkce() url.Values {
	return url.Values{"code_challenge": {s256(verifier)}, "code_challenge_method": {"S256"}}
}

var none = []string{}

func TestStrictCode(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v16")
	c, d := f.client(nil), f.client(nil)
	for _, tt := range []struct {
		name string
		ask  url.Values
		wait time.Duration
		with url.Values
		as   *client
		want string // the error; "" means tokens
	}{
		{name: "is good with the client's secret"},
		{name: "is bound to its redirect URI", with: url.Values{"redirect_uri": {other}}, want: "invalid_grant"},
		{name: "is bound to its client", as: &d, want: "invalid_grant"},
		{name: "lives ten minutes", wait: 11 * time.Minute, want: "invalid_grant"},
		{name: "needs the right secret", with: url.Values{"client_secret": {"wrong"}}, want: "invalid_client"},
		{name: "needs a secret of a confidential client", ask: pkce(), with: url.Values{"client_secret": none, "code_verifier": {verifier}}, want: "invalid_client"},
		{name: "needs the verifier of its challenge", ask: pkce(), want: "invalid_grant"},
		{name: "refuses another verifier", ask: pkce(), with: url.Values{"code_verifier": {"x" + verifier}}, want: "invalid_grant"},
		{name: "takes the verifier", ask: pkce(), with: url.Values{"code_verifier": {verifier}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code := f.code(c, tt.ask)
			f.Wait(tt.wait)
			as := c
			if tt.as != nil {
				as = *tt.as
			}
			got := f.redeem(as, code, tt.with)
			if got.Error != tt.want || (got.Access == "") != (tt.want != "") {
				t.Errorf("got %+v, want error %q", got, tt.want)
			}
		})
	}
}

func TestStrictCodeThatComesTwiceEndsItsTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v15")
	c := f.client(nil)
	code := f.code(c, nil)
	first := f.redeem(c, code, nil)
	second := f.refresh(c, first.Refresh)
	if f.who(second.Access) != 200 {
		t.Fatal("the token is not good before the code comes again")
	}
	unrelated := f.redeem(c, f.code(c, nil), nil)
	if again := f.redeem(c, code, nil); again.Error != "invalid_grant" || again.Access != "" {
		t.Errorf("second use: %+v", again)
	}
	if f.who(second.Access) != 401 || f.refresh(c, second.Refresh).Error != "invalid_grant" {
		t.Error("tokens of a code that came twice live on")
	}
	if f.who(unrelated.Access) != 200 {
		t.Error("tokens of another code were ended, too")
	}
}

func TestStrictRefresh(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v14")
	c, d := f.client(nil), f.client(nil)
	first := f.redeem(c, f.code(c, nil), nil)
	if got := f.refresh(d, first.Refresh); got.Error != "invalid_grant" {
		t.Errorf("another client's refresh token: %+v", got)
	}
	second := f.refresh(c, first.Refresh)
	if second.Access == "" || second.Refresh == first.Refresh {
		t.Fatalf("refresh: %+v", second)
	}
	if f.who(first.Access) != 401 {
		t.Error("the pair that was traded in lives on")
	}
	third := f.refresh(c, second.Refresh)
	if f.who(third.Access) != 200 {
		t.Fatal("the newest token is not good")
	}
	if got := f.refresh(c, first.Refresh); got.Error != "invalid_grant" {
		t.Errorf("reuse: %+v", got)
	}
	if f.who(third.Access) != 401 || f.refresh(c, third.Refresh).Error != "invalid_grant" {
		t.Error("reuse of a refresh token did not end its family")
	}
}

func TestStrictPublicClientsUsePKCE(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v16")
	c := f.client(map[string]any{"token_endpoint_auth_method": "None"})
	if w := f.approve(c, nil); w.Code != 400 || !strings.Contains(w.ResponseRecorder.Body.String(), "Code challenge required.") {
		t.Errorf("without a challenge: %d %s", w.Code, w.Body)
	}
	plain := url.Values{"code_challenge": {verifier}, "code_challenge_method": {"plain"}}
	if w := f.approve(c, plain); w.Code != 400 || !strings.Contains(w.ResponseRecorder.Body.String(), "Transform algorithm not supported.") {
		t.Errorf("plain: %d %s", w.Code, w.Body)
	}
	got := f.redeem(c, f.code(c, pkce()), url.Values{"client_secret": none, "code_verifier": {verifier}})
	if got.Access == "" {
		t.Fatalf("with a challenge: %+v", got)
	}
	next := f.post("get_token", nil, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}, "client_id": {c.id}})
	if next.Access == "" {
		t.Errorf("refresh of a public client: %+v", next)
	}
}

func TestStrictOlderReleasesWantASecretOrPKCE(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v15")
	c := f.client(nil)
	if got := f.redeem(c, f.code(c, nil), url.Values{"client_secret": none}); got.Error != "invalid_grant" {
		t.Errorf("neither: %+v", got)
	}
	if got := f.redeem(c, f.code(c, pkce()), url.Values{"client_secret": none, "code_verifier": {verifier}}); got.Access == "" {
		t.Errorf("PKCE: %+v", got)
	}
}

func TestStrictClientCredentialsInTheHeader(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v15")
	c := f.client(nil)
	form := func() url.Values {
		return url.Values{"grant_type": {"authorization_code"}, "code": {f.code(c, nil)}, "redirect_uri": {callback}}
	}
	if got := f.post("get_token", &c, form()); got.Access == "" {
		t.Errorf("right secret: %+v", got)
	}
	if got := f.post("get_token", &client{c.id, "wrong"}, form()); got.Error != "invalid_client" {
		t.Errorf("wrong secret: %+v", got)
	}
	if got := f.post("get_token", &client{"nobody", c.secret}, form()); got.Error != "invalid_client" {
		t.Errorf("unknown client: %+v", got)
	}
}

func TestStrictConsent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v15")
	c := f.client(map[string]any{"skip_authorization": 0, "app_name": "<b>Shop</b>"})
	codes := func() int {
		r := httptest.NewRequest("GET", "/api/method/frappe.client.get_count?doctype=OAuth+Authorization+Code", nil)
		var out struct{ Message int }
		if err := json.Unmarshal(f.Do(f.Admin, r).ResponseRecorder.Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		return out.Message
	}
	if w := f.approve(c, nil); w.Code != 302 || !strings.HasPrefix(w.Header().Get("Location"), method("authorize")) || codes() != 0 {
		t.Errorf("a GET of approve: %d %s, %d codes", w.Code, w.Header().Get("Location"), codes())
	}
	page := f.Do(f.user, httptest.NewRequest("GET", method("authorize")+"?"+authParams(c, nil).Encode(), nil))
	body := page.ResponseRecorder.Body.String()
	if page.Code != 200 || strings.Contains(body, "<b>Shop") || strings.Contains(body, "<script") || page.Header().Get("X-Frame-Options") != "DENY" {
		t.Fatalf("consent page: %d %s", page.Code, body)
	}
	form := url.Values{}
	for _, m := range regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		form.Set(m[1], strings.NewReplacer("&amp;", "&", "&#34;", `"`).Replace(m[2]))
	}
	token := form.Get("csrf_token")
	post := func(csrf string) sitetest.Answer {
		form.Set("csrf_token", csrf)
		return f.Post(f.user, method("approve"), form)
	}
	if w := post("wrong"); w.Code != 400 || codes() != 0 {
		t.Errorf("a wrong CSRF token: %d, %d codes", w.Code, codes())
	}
	if w := post(token); w.Code != 302 || !strings.HasPrefix(w.Header().Get("Location"), callback+"?code=") || codes() != 1 {
		t.Errorf("the form: %d %s, %d codes", w.Code, w.Header().Get("Location"), codes())
	}
}

func TestStrictPostWithoutACSRFTokenIsNoConsent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v15")
	c := f.client(map[string]any{"skip_authorization": 0})
	if w := f.Post(f.user, method("approve"), authParams(c, nil)); strings.HasPrefix(w.Header().Get("Location"), callback) {
		t.Errorf("a session that never saw the page consented: %s", w.Header().Get("Location"))
	}
}

func TestStrictRefusesThePasswordGrant(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v15")
	c := f.client(nil)
	got := f.post("get_token", nil, url.Values{"grant_type": {"password"}, "username": {"olga@example.com"}, "password": {sitetest.Password}, "client_id": {c.id}, "client_secret": {c.secret}})
	if got.Error != "unsupported_grant_type" {
		t.Errorf("got %+v", got)
	}
}

func TestStrictIntrospectionAndRevocation(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v15")
	c, d := f.client(nil), f.client(nil)
	got := f.redeem(c, f.code(c, nil), nil)
	ask := func(by *client) answer { return f.post("introspect_token", by, url.Values{"token": {got.Access}}) }
	if a := ask(nil); a.status != 401 || a.Active {
		t.Errorf("nobody asks: %+v", a)
	}
	if a := ask(&d); a.Active || a.Client != "" {
		t.Errorf("another client asks: %+v", a)
	}
	if a := ask(&c); !a.Active || a.Client != c.id {
		t.Errorf("the client asks: %+v", a)
	}
	f.post("revoke_token", &d, url.Values{"token": {got.Access}})
	if f.who(got.Access) != 200 {
		t.Error("another client revoked the token")
	}
	f.Wait(2 * time.Hour)
	if a := ask(&c); a.Active {
		t.Errorf("expired: %+v", a)
	}
	next := f.refresh(c, got.Refresh)
	f.post("revoke_token", &c, url.Values{"token": {next.Refresh}})
	if f.who(next.Access) != 401 {
		t.Error("revoking the refresh token left the access token alive")
	}
}

// Cached identities end with what they rest on, at once.
func TestBearerEndsAtOnce(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, release)
			c := f.client(nil)
			fresh := func() string {
				tok := f.redeem(c, f.code(c, nil), nil).Access
				for range 2 { // the second comes from the cache
					if f.who(tok) != 200 {
						t.Fatal("a fresh token is not good")
					}
				}
				return tok
			}
			end := func(what, tok string) {
				if got := f.who(tok); got != 401 {
					t.Errorf("%s: %d, want 401", what, got)
				}
			}
			tok := fresh()
			f.JSON(f.Admin, "PUT", "/api/resource/OAuth Bearer Token/"+stored(tok), map[string]any{"status": "Revoked"})
			end("status Revoked", tok)
			tok = fresh()
			r := httptest.NewRequest("DELETE", "/api/resource/OAuth%20Bearer%20Token/"+stored(tok), nil)
			f.Do(f.Admin, r)
			end("deleted", tok)
			tok = fresh()
			f.Wait(61 * time.Minute)
			end("expired", tok)
			tok = fresh()
			f.JSON(f.Admin, "PUT", "/api/resource/OAuth Client/"+c.id, map[string]any{"scopes": "all"})
			end("the client lost a scope", tok)
			f.JSON(f.Admin, "PUT", "/api/resource/OAuth Client/"+c.id, map[string]any{"scopes": "all openid"})
			tok = fresh()
			f.JSON(f.Admin, "PUT", "/api/resource/User/olga@example.com", map[string]any{"enabled": 0})
			end("the user was disabled", tok)
		})
	}
}

func TestStrictSecretsAreLongEnoughForHS256(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v16"} {
		if c := newFixture(t, release).client(nil); len(c.secret) != 64 || strings.Trim(c.secret, "0123456789abcdef") != "" {
			t.Errorf("%s: secret %q, want 64 hexadecimal digits", release, c.secret)
		}
	}
}

func TestIDTokenIsSignedWithTheClientsSecret(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "v15")
	c := f.client(nil)
	got := f.redeem(c, f.code(c, url.Values{"nonce": {"n1"}}), nil)
	parts := strings.Split(got.ID, ".")
	if len(parts) != 3 {
		t.Fatalf("id_token %q", got.ID)
	}
	h := hmac.New(sha256.New, []byte(c.secret))
	h.Write([]byte(parts[0] + "." + parts[1]))
	if base64.RawURLEncoding.EncodeToString(h.Sum(nil)) != parts[2] {
		t.Error("the signature is wrong")
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(got.Access))
	for k, want := range map[string]any{"aud": c.id, "nonce": "n1", "email": "olga@example.com", "name": "Olga Pace", "at_hash": base64.RawURLEncoding.EncodeToString(sum[:16])} {
		if claims[k] != want {
			t.Errorf("%s = %v, want %v", k, claims[k], want)
		}
	}
	if claims["exp"].(float64)-claims["iat"].(float64) != 3600 {
		t.Errorf("exp %v, iat %v", claims["exp"], claims["iat"])
	}
}
