package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

var noStore = []string{"no-store,no-cache,must-revalidate,max-age=0"}

// headers sets what every answer carries. Source: frappe/app.py process_response.
func (x *exchange) headers(h http.Header, status int) {
	for _, kv := range x.c.Response.Header {
		h.Add(kv[0], oneLine(kv[1]))
	}
	if x.p.NoStore && h["Cache-Control"] == nil {
		h["Cache-Control"] = noStore
	}
	if x.cookies && !(x.p.NoStore && strings.Contains(h.Get("Cache-Control"), "public")) {
		h["Set-Cookie"] = append(h["Set-Cookie"], x.s.Auth.Cookies(x.c)...)
	}
	if x.spent != nil {
		x.spent.headers(h, x.p)
	}
	if x.r.Header["Origin"] != nil {
		x.cors(h)
	}
	if x.p.WWWAuthenticate && (status == http.StatusUnauthorized || status == http.StatusForbidden) && x.s.Auth.Current().ResourceMetadata {
		h["Www-Authenticate"] = []string{`Bearer resource_metadata="` + x.c.Request.Scheme + "://" + oneLine(x.c.Request.Host) +
			`/.well-known/oauth-protected-resource"`}
	}
	if id := x.r.Header.Get("X-Frappe-Request-Id"); id != "" && x.p.V2 && x.s.Engine.Site.Config().Bool("monitor") {
		h["X-Frappe-Request-Id"] = []string{id}
	}
}

// cors allows origins that the site's configuration lists.
// Source: frappe/app.py set_cors_headers.
func (x *exchange) cors(h http.Header) {
	origin := x.r.Header.Get("Origin")
	conf := x.s.Engine.Site.Config()
	allowed := conf.Strings("allow_cors")
	if len(allowed) != 1 || allowed[0] != "*" {
		if public, ok := x.publicOrigins(); ok {
			allowed = public
		}
	}
	if origin == "" || len(allowed) == 0 || !(allowed[0] == "*" && len(allowed) == 1 || slices.Contains(allowed, origin)) {
		return
	}
	h["Access-Control-Allow-Credentials"] = []string{"true"}
	h["Access-Control-Allow-Origin"] = []string{oneLine(origin)}
	h.Add("Vary", "Origin")
	if x.r.Method != http.MethodOptions {
		return
	}
	if m := x.r.Header.Get("Access-Control-Request-Method"); m != "" {
		h["Access-Control-Allow-Methods"] = []string{oneLine(m)}
	}
	if a := x.r.Header.Get("Access-Control-Request-Headers"); a != "" {
		h["Access-Control-Allow-Headers"] = []string{oneLine(a)}
	}
	if !conf.Bool("developer_mode") {
		h["Access-Control-Max-Age"] = []string{"86400"}
	}
}

// publicOrigins are the origins that may reach the OAuth provider from a browser (v16):
// all for its metadata, those of OAuth Settings for its endpoints. ok is false where the
// site's own list counts.
// Source: frappe/integrations/oauth2.py set_cors_for_privileged_requests.
func (x *exchange) publicOrigins() (origins []string, ok bool) {
	if !x.p.OAuthMetadata {
		return nil, false
	}
	verb := x.r.Method
	if strings.HasPrefix(x.path, "/.well-known/") && (verb == http.MethodGet || verb == http.MethodOptions) {
		return []string{"*"}, true
	}
	if verb != http.MethodPost && verb != http.MethodOptions {
		return nil, false
	}
	name, ok := strings.CutPrefix(x.path, "/api/method/frappe.integrations.oauth2.")
	if !ok {
		return nil, false
	}
	set := x.s.Auth.Current()
	for _, endpoint := range []string{"get_token", "revoke_token", "introspect_token", "openid_profile", "register_client"} {
		if !strings.HasPrefix(name, endpoint) || endpoint == "register_client" && !set.DynamicRegistration {
			continue
		}
		if slices.Contains(set.PublicOrigins, "*") {
			return []string{"*"}, true
		}
		return set.PublicOrigins, len(set.PublicOrigins) > 0
	}
	return nil, false
}

// preflight answers OPTIONS on any path: nothing but headers.
func (x *exchange) preflight() { x.send(http.StatusOK, contentPlain, nil) }
