package oauth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"freddo/internal/sitetest"
)

func TestMain(m *testing.M) { sitetest.Main(m) }

// fixture is a site with a user who is logged in.
type fixture struct {
	*sitetest.Site
	t    testing.TB
	user []*http.Cookie
}

func newFixture(t testing.TB, release string) *fixture {
	t.Helper()
	f := &fixture{Site: sitetest.New(t, release, nil), t: t}
	f.User("olga@example.com", map[string]any{"first_name": "Olga", "last_name": "Pace"}, "Report Manager")
	f.user = f.Login("olga@example.com", sitetest.Password)
	return f
}

// client is an OAuth Client.
type client struct{ id, secret string }

const (
	callback = "https://shop.example/cb"
	other    = "https://shop.example/other"
	verifier = "the-verifier-of-this-test"
)

func (f *fixture) client(extra map[string]any) client {
	f.t.Helper()
	o := map[string]any{"app_name": "Shop", "scopes": "all openid", "redirect_uris": callback + " " + other, "default_redirect_uri": callback,
		"grant_type": "Authorization Code", "response_type": "Code", "skip_authorization": 1}
	for k, v := range extra {
		o[k] = v
	}
	d := f.JSON(f.Admin, "POST", "/api/resource/OAuth Client", o)
	return client{d["name"].(string), d["client_secret"].(string)}
}

// stored is the name under which strict mode stores a code or token.
func stored(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "sha256-" + hex.EncodeToString(sum[:])
}

func method(name string) string { return "/api/method/frappe.integrations.oauth2." + name }

// code asks for an authorization code; more are parameters over the usual ones.
func (f *fixture) code(c client, more url.Values) string {
	f.t.Helper()
	w := f.approve(c, more)
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		f.t.Fatalf("approve: %d %s %v", w.Code, w.Header().Get("Location"), w.Body)
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

func (f *fixture) approve(c client, more url.Values) sitetest.Answer {
	return f.Get(f.user, method("approve")+"?"+authParams(c, more).Encode())
}

// answer is what the token endpoints say.
type answer struct {
	status                             int
	Access, Refresh, ID, Error, Client string
	Active                             bool
}

// post sends a form to an endpoint; basic adds the client's credentials as a header.
func (f *fixture) post(name string, basic *client, form url.Values) answer {
	f.t.Helper()
	var header []string
	if basic != nil {
		header = []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(basic.id+":"+basic.secret))}
	}
	a := f.Post(nil, method(name), form, header...)
	active, _ := a.Body["active"].(bool)
	return answer{a.Code, a.Text("access_token"), a.Text("refresh_token"), a.Text("id_token"), a.Text("error"), a.Text("client_id"), active}
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
	return f.Do(nil, r).Code
}
