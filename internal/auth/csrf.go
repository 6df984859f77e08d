package auth

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"

	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

// CheckCSRF refuses an unsafe verb of a session that holds a CSRF token unless the
// request carries it. Sessions that never opened the desk hold none, and Guests
// never do. Errors: CSRFTokenError. Source: frappe/auth.py validate_csrf_token.
func (s *Store) CheckCSRF(c *engine.Call) error {
	switch c.Request.Method {
	case http.MethodPost, http.MethodPut, http.MethodDelete:
	case http.MethodPatch:
		if !s.Engine.Profile.CSRFPatch {
			return nil // Frappe: v14 forgets PATCH
		}
	default:
		return nil
	}
	want := c.Session.CSRFToken
	if want == "" || c.Session.SID == perm.Guest || c.Session.Fresh || s.Engine.Site.Config().Bool("ignore_csrf") {
		return nil
	}
	got := c.Request.Header.Get("X-Frappe-Csrf-Token")
	if v := c.Form.Get("csrf_token"); got == "" && !v.IsNull() {
		got = v.Str()
		c.Form.Delete("csrf_token")
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 || s.allowedReferrer(c.Request) {
		return nil
	}
	e := exc.CSRFToken.Throw("Invalid Request")
	e.NoTraceback = true
	return e
}

// allowedReferrer reports whether the site's configuration trusts where the request
// comes from. Hosts are compared whole, so that a listed host's name is not a
// prefix that others can register.
func (s *Store) allowedReferrer(r *engine.Request) bool {
	if !s.Engine.Profile.CSRFReferrers {
		return false
	}
	allowed := s.Engine.Site.Config().Strings("allowed_referrers")
	if len(allowed) == 0 {
		return false
	}
	if o := r.Header.Get("Origin"); o != "" && slices.Contains(allowed, o) {
		return true
	}
	from, err := url.Parse(r.Header.Get("Referer"))
	if err != nil || from.Host == "" {
		return false
	}
	return slices.ContainsFunc(allowed, func(a string) bool {
		if u, err := url.Parse(a); err == nil && u.Host != "" {
			return u.Host == from.Host
		}
		return a == from.Host
	})
}
