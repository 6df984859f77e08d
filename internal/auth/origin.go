package auth

import (
	"net/http"
	"net/url"
	"slices"

	"freddo/exc"
	"freddo/internal/engine"
)

// Foreign reports whether a browser sent a request that should begin a session, and not
// a page of this site had it do so: nobody shall be logged in under a foreign name without
// knowing. Browsers say where a request comes from (Sec-Fetch-Site; Origin with a POST); a
// navigation without either still carries Upgrade-Insecure-Requests. A page that the
// user opens counts as this site's only for a POST: its address may come from a mail.
// Programs send none of these headers and may do as upstream lets them.
func (s *Store) Foreign(c *engine.Call) bool {
	h, get := c.Request.Header, c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
	origin := h.Get("Origin")
	if origin != "" && s.allowsOrigin(h, origin) {
		return false
	}
	switch h.Get("Sec-Fetch-Site") {
	case "same-origin":
		return false
	case "none":
		return get
	case "":
	default:
		return true
	}
	if origin != "" {
		u, err := url.Parse(origin)
		return err != nil || u.Host == "" || u.Host != c.Request.Host && origin != s.SiteURL(c)
	}
	return get && h.Get("Upgrade-Insecure-Requests") != ""
}

// allowsOrigin reports whether the site's configuration lets pages of an origin log in:
// those of allow_cors and allowed_referrers. Where allow_cors is everybody, scripts may,
// whose answers set no cookies across sites, but no page that a browser is led to.
func (s *Store) allowsOrigin(h http.Header, origin string) bool {
	conf := s.Engine.Site.Config()
	cors := conf.Strings("allow_cors")
	if len(cors) == 1 && cors[0] == "*" {
		return h.Get("Sec-Fetch-Mode") == "cors"
	}
	return slices.Contains(cors, origin) || slices.Contains(conf.Strings("allowed_referrers"), origin)
}

// mayBegin is the door to every new session. Errors: PermissionError for what a page of
// another site has a browser do, ValidationError within a batch.
func (s *Store) mayBegin(c *engine.Call) error {
	switch {
	case c.Request.Part:
		return errPart
	case s.Foreign(c):
		return exc.Permission.Throw("A page of another site cannot log you in here")
	}
	return nil
}

// errPart refuses sessions that begin or end within a batch: the batch has one user.
var errPart = exc.Validation.Throw("Logging in and out cannot be part of a batch")
