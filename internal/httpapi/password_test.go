package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"freddo/internal/engine"
	"freddo/internal/perm"
)

// TestPasswordsOfUpstreamAreHashedAnew: a hash of passlib's 29,000 rounds lets in and is
// replaced by one of as many as new ones have; wrong passwords change nothing.
func TestPasswordsOfUpstreamAreHashedAnew(t *testing.T) {
	t.Parallel()
	const passlib = "$pbkdf2-sha256$29000$MDEyMzQ1Njc4OWFiY2RlZg$v/C2ULxn0IAGS4RNSyyGrYwULd.K3YHD3.96WBaU.fc"
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newTestSite(t, release)
			if err := s.Engine.Site.Set(map[string]any{"password_rounds": 0}); err != nil { // the default
				t.Fatal(err)
			}
			stored := func(write string) (hash string) {
				err := s.Engine.Do(t.Context(), perm.Administrator, func(ctx context.Context, c *engine.Call) (err error) {
					if write != "" {
						return c.Tx.SetAuth(ctx, "User", perm.Administrator, "password", write, false)
					}
					hash, _, _, err = c.Tx.Auth(ctx, "User", perm.Administrator, "password")
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				return hash
			}
			login := func(password string, want int) {
				t.Helper()
				r := httptest.NewRequest(http.MethodPost, "/api/method/login", strings.NewReader("usr=Administrator&pwd="+password))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != want {
					t.Errorf("login with %s: %d, want %d", password, w.Code, want)
				}
			}
			stored(passlib)
			login("wrong", 401)
			if got := stored(""); got != passlib {
				t.Errorf("after a wrong password: %s", got)
			}
			login("admin", 200)
			better := stored("")
			if !strings.HasPrefix(better, "$pbkdf2-sha256$600000$") {
				t.Errorf("after a login: %s", better)
			}
			login("admin", 200)
			if got := stored(""); got != better {
				t.Error("a good hash was replaced")
			}
		})
	}
}
