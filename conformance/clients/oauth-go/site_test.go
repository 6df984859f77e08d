package oauthgo

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	callback = "https://client.example/callback" // never visited: its address is read from the redirect
	password = "Kestrel-42-harbour"
)

// site is a running demo server, named by the environment as conformance/clients/run sets it.
type site struct {
	url, release string
	admin, user  *http.Client
	email        string
}

// openSite logs in as Administrator and as a user that it makes.
func openSite(t *testing.T) *site {
	t.Helper()
	s := &site{url: os.Getenv("FREDDO_URL"), release: os.Getenv("FREDDO_RELEASE")}
	if s.url == "" {
		t.Fatal("FREDDO_URL is not set: conformance/clients/run starts the servers that these tests need")
	}
	s.admin = s.login(t, "Administrator", os.Getenv("FREDDO_PASSWORD"))
	s.email = fmt.Sprintf("go-%d@example.com", time.Now().UnixNano())
	s.post(t, "User", map[string]any{"email": s.email, "first_name": "Olga", "last_name": "Pace", "send_welcome_email": 0,
		"new_password": password, "roles": []map[string]any{{"role": "Desk User"}}})
	s.user = s.login(t, s.email, password)
	return s
}

// login returns a browser of a kind: it keeps cookies and follows no redirects.
func (s *site) login(t *testing.T, usr, pwd string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := c.PostForm(s.url+"/api/method/login", url.Values{"usr": {usr}, "pwd": {pwd}})
	if err != nil {
		t.Fatal(err)
	}
	if body := read(t, r); r.StatusCode != http.StatusOK {
		t.Fatalf("login of %s: %d %s", usr, r.StatusCode, body)
	}
	return c
}

func read(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// post creates a document as Administrator and returns it.
func (s *site) post(t *testing.T, doctype string, doc map[string]any) map[string]any {
	t.Helper()
	body, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.admin.Post(s.url+"/api/resource/"+url.PathEscape(doctype), "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, r)
	var out struct{ Data map[string]any }
	if err := json.Unmarshal([]byte(text), &out); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("creating a %s: %d %s", doctype, r.StatusCode, text)
	}
	return out.Data
}

// newClient registers an OAuth Client, as an administrator does in the desk.
func (s *site) newClient(t *testing.T) (id, secret string) {
	t.Helper()
	d := s.post(t, "OAuth Client", map[string]any{"app_name": "Go client", "scopes": "all openid", "redirect_uris": callback,
		"default_redirect_uri": callback, "grant_type": "Authorization Code", "response_type": "Code"})
	return d["client_id"].(string), d["client_secret"].(string)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// consent opens an authorization address as the user, sends the consent page's form and
// returns the parameters that the client is sent back with.
func (s *site) consent(t *testing.T, address string) url.Values {
	t.Helper()
	r, err := s.user.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, r)
	action := regexp.MustCompile(`<form method="post" action="([^"]*)">`).FindStringSubmatch(page)
	if r.StatusCode != http.StatusOK || action == nil {
		t.Fatalf("consent page: %d %s", r.StatusCode, page)
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		form.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	r, err = s.user.PostForm(s.url+action[1], form)
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, r)
	to, err := r.Location()
	if err != nil || !strings.HasPrefix(to.String(), callback+"?") {
		t.Fatalf("approve: %d %v %s", r.StatusCode, to, text)
	}
	return to.Query()
}

// whoami returns the status of a call with an access token, and the user.
func (s *site) whoami(t *testing.T, token string) (int, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/method/frappe.auth.get_logged_user", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ Message string }
	_ = json.Unmarshal([]byte(read(t, r)), &out)
	return r.StatusCode, out.Message
}

func (s *site) wantUser(t *testing.T, token string) {
	t.Helper()
	if status, user := s.whoami(t, token); status != http.StatusOK || user != s.email {
		t.Errorf("the access token stands for %q (%d), want %q", user, status, s.email)
	}
}

func (s *site) wantDead(t *testing.T, what, token string) {
	t.Helper()
	if status, user := s.whoami(t, token); status != http.StatusUnauthorized {
		t.Errorf("%s: %d %q, want 401", what, status, user)
	}
}

// discovery is where the release describes its provider: only v16 does so at the
// address of OpenID Connect Discovery; v15 redirects from there; v14 has the method only.
func (s *site) discovery() string {
	if s.release == "v14" {
		return s.url + "/api/method/frappe.integrations.oauth2.openid_configuration"
	}
	return s.url + "/.well-known/openid-configuration"
}
