// Package apptest owns what HTTP tests of whole applications share: a site per test,
// copied from one that is made once per release, users with API keys, and requests.
// Only tests import it. Start with New.
package apptest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"freddo"
	"freddo/document"
	"freddo/internal/sitetest"
)

// Server is an application on a site of its own.
type Server struct {
	T   *testing.T
	App *freddo.App
	// Dir is the site's folder.
	Dir   string
	token map[string]string
}

// New opens a new site of a release (v14, v15, v16) with a key for Administrator. It is
// gone with the test. Call Main from the package's TestMain.
func New(t *testing.T, release string) *Server {
	t.Helper()
	s := &Server{T: t, Dir: sitetest.Folder(t, "sqlite", release, nil), token: map[string]string{}}
	app, err := freddo.New(freddo.Config{Site: s.Dir, Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	s.App = app
	t.Cleanup(func() { _ = s.App.Close() })
	s.Keys("Administrator")
	return s
}

// Main runs a package's tests and removes the sites that they were copied from.
func Main(m *testing.M) int { return sitetest.Run(m) }

// Each runs fn on a new site of every release, at the same time.
func Each(t *testing.T, fn func(t *testing.T, s *Server)) {
	t.Helper()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			fn(t, New(t, release))
		})
	}
}

// Keys gives a user an API key, which requests in its name carry.
func (s *Server) Keys(user string) {
	s.T.Helper()
	key, secret, err := s.App.GenerateKeys(context.Background(), user)
	if err != nil {
		s.T.Fatal(err)
	}
	s.token[user] = "token " + key + ":" + secret
}

// Token is what a user's requests carry as Authorization.
func (s *Server) Token(user string) string { return s.token[user] }

// User makes a System User with roles beyond the automatic ones and returns its name.
func (s *Server) User(name string, roles ...string) string {
	s.T.Helper()
	list := make([]string, len(roles))
	for i, r := range roles {
		list[i] = fmt.Sprintf(`{"role":%q}`, r)
	}
	s.Must("Administrator", "POST", "/api/resource/User", fmt.Sprintf(`{"email":%q,"first_name":"X","send_welcome_email":0,"user_type":"System User","roles":[%s]}`,
		name, strings.Join(list, ",")))
	s.Keys(name)
	return name
}

// Send sends a request as a user; "" is Guest.
func (s *Server) Send(user string, r *http.Request) *httptest.ResponseRecorder {
	s.T.Helper()
	if t := s.token[user]; t != "" {
		r.Header.Set("Authorization", t)
	}
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	s.App.Handler().ServeHTTP(w, r)
	return w
}

// Do sends a request with a JSON body, or none.
func (s *Server) Do(user, method, target, body string) *httptest.ResponseRecorder {
	s.T.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return s.Send(user, r)
}

// Must is Do for requests that must succeed; it returns the object under message or
// data, else the whole answer.
func (s *Server) Must(user, method, target, body string) *document.Object {
	s.T.Helper()
	return s.Answer(s.Do(user, method, target, body))
}

// Answer is what Must returns of an answer.
func (s *Server) Answer(w *httptest.ResponseRecorder) *document.Object {
	s.T.Helper()
	if w.Code >= 300 {
		s.T.Fatalf("%d %s", w.Code, w.Body)
	}
	v, err := document.ParseJSON(w.Body.String())
	if err != nil {
		s.T.Fatal(err)
	}
	for _, key := range []string{"message", "data"} {
		if o := v.Map().Get(key).Map(); o != nil {
			return o
		}
	}
	return v.Map()
}

// Call runs a method and returns its message as JSON without blanks.
func (s *Server) Call(user, name, args string) string {
	s.T.Helper()
	w := s.Do(user, "POST", "/api/method/"+name, args)
	if w.Code >= 300 {
		s.T.Fatalf("%s: %d %s", name, w.Code, w.Body)
	}
	v, err := document.ParseJSON(w.Body.String())
	if err != nil {
		s.T.Fatal(err)
	}
	return document.ORJSON.Marshal(v.Map().Get("message"))
}
