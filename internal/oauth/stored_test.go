package oauth_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"freddo/internal/sitetest"
)

// rows are the stored codes and tokens, as an Administrator reads them.
func (f *fixture) rows() string {
	out := ""
	for _, q := range []string{`OAuth%20Bearer%20Token?fields=["*"]`, `OAuth%20Authorization%20Code?fields=["*"]`} {
		out += f.Get(f.Admin, "/api/resource/"+strings.ReplaceAll(q, `"`, "%22")).ResponseRecorder.Body.String()
	}
	return out
}

// TestStrictStoresNoTokens: what is stored opens nothing, and all that is done with tokens
// goes on.
func TestStrictStoresNoTokens(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, release)
			c := f.client(nil)
			code := f.code(c, nil)
			got := f.redeem(c, code, nil)
			next := f.refresh(c, got.Refresh)
			rows := f.rows()
			for what, secret := range map[string]string{"code": code, "access token": got.Access, "refresh token": got.Refresh, "second refresh token": next.Refresh} {
				if secret == "" || strings.Contains(rows, secret) {
					t.Errorf("the %s %q is stored: %s", what, secret, rows)
				}
			}
			if !strings.Contains(rows, stored(next.Access)) || f.who(next.Access) != 200 {
				t.Errorf("the token: %d, %s", f.who(next.Access), rows)
			}
			if f.who(stored(next.Access)) != 401 {
				t.Error("what is stored opens the API")
			}
			if a := f.refresh(c, next.Refresh[:16]+"-"+stored(next.Refresh)); a.Access != "" {
				t.Error("what is stored of a refresh token is one")
			}
		})
	}
}

// TestTokensOfBeforeGoOnAndAreHashed: a site that stored tokens as upstream does turns to
// strict mode, or back.
func TestTokensOfBeforeGoOnAndAreHashed(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			f := &fixture{Site: sitetest.New(t, release, map[string]any{"oauth_mode": "compat"}), t: t}
			f.User("olga@example.com", map[string]any{"first_name": "Olga"}, "Report Manager")
			f.user = f.Login("olga@example.com", sitetest.Password)
			c := f.client(nil)
			got, pending := f.redeem(c, f.code(c, nil), nil), f.code(c, nil)
			if rows := f.rows(); !strings.Contains(rows, got.Access) || !strings.Contains(rows, pending) {
				t.Fatalf("compat mode does not store tokens as upstream does: %s", rows)
			}
			f.Configure(map[string]any{"oauth_mode": "strict"})
			if f.who(got.Access) != 200 {
				t.Error("a token of before is not good")
			}
			if err := f.App.CleanUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			if rows := f.rows(); strings.Contains(rows, got.Access) || strings.Contains(rows, got.Refresh) || strings.Contains(rows, pending) {
				t.Errorf("they are not hashed: %s", rows)
			}
			if f.who(got.Access) != 200 {
				t.Error("a token that was hashed is not good")
			}
			if a := f.redeem(c, pending, nil); a.Access == "" {
				t.Errorf("a code that was hashed: %+v", a)
			}
			f.Configure(map[string]any{"oauth_mode": "compat"})
			if f.who(got.Access) != 200 {
				t.Error("a hashed token is not good in compat mode")
			}
			if a := f.refresh(c, got.Refresh); a.Access == "" {
				t.Errorf("its refresh token: %+v", a)
			}
			r := httptest.NewRequest("GET", method("openid_profile"), nil)
			r.Header.Set("Authorization", "Bearer "+got.Access)
			if a := f.Do(nil, r); a.Code != 200 {
				t.Errorf("userinfo: %d", a.Code)
			}
		})
	}
}
