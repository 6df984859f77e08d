// Package oauth owns the OAuth 2.0 and OpenID Connect provider: the authorization and
// consent pages, codes and tokens, Bearer authentication, introspection, revocation,
// discovery and dynamic registration. It speaks upstream's protocol (oauthlib behind
// frappe.integrations.oauth2) on the DocTypes OAuth Client, OAuth Authorization Code and
// OAuth Bearer Token.
//
// The site's configuration chooses between two modes by oauth_mode. "strict", the
// default, closes what upstream leaves open: codes live ten minutes and are bound to
// client and redirect URI, refresh tokens rotate and their reuse ends the whole family,
// client secrets are checked, clients without one must use PKCE S256, consent is a POST
// with a CSRF token. "compat" is upstream's exact behaviour.
//
// Start with Provider.Register, then authorize.go and token.go.
package oauth

import (
	"context"
	"crypto/rand"
	"time"

	"freddo/document"
	"freddo/internal/auth"
	"freddo/internal/engine"
	"freddo/internal/method"
)

const (
	dtClient = "OAuth Client"
	dtCode   = "OAuth Authorization Code"
	dtToken  = "OAuth Bearer Token"

	module = "frappe.integrations.oauth2."

	tokenLength   = 30
	tokenLifetime = 3600 // seconds; oauthlib's default
	codeLifetime  = 10 * time.Minute
	stampLayout   = "2006-01-02 15:04:05.000000"
	maxParam      = 4096
)

// Provider is the provider of one site. It is safe for concurrent use.
type Provider struct {
	engine *engine.Engine
	auth   *auth.Store
	tokens tokenCache
}

// New returns a provider. Call Register once.
func New(e *engine.Engine, s *auth.Store) *Provider {
	p := &Provider{engine: e, auth: s}
	p.tokens.init()
	return p
}

// Register hooks the controllers, adds the methods, and makes the auth store know
// Bearer tokens.
func (p *Provider) Register(h *engine.Hooks, r *method.Registry) {
	p.engine.Watch.On(engine.TopicLogins, func() { p.tokens.forget("") })
	p.auth.Bearer = p.Resolve
	p.auth.ClientRequest = p.clientRequest
	p.registerHooks(h)
	rest := func(name string, guest bool, fn method.Func) method.Method {
		return method.Method{Name: module + name, Guest: guest, XSSSafe: true, Rest: true, Fn: fn}
	}
	r.Add(
		rest("authorize", true, p.authorize),
		rest("approve", false, p.approve),
		rest("get_token", true, p.getToken),
		rest("revoke_token", true, p.revokeToken),
		rest("openid_profile", false, p.openidProfile),
		method.Method{Name: module + "introspect_token", Guest: true, Fn: p.introspect, Params: []method.Param{
			{Name: "token", Type: introspectType(p.engine.Profile.OAuthMetadata)}, {Name: "token_type_hint"}}},
	)
	if p.engine.Profile.OAuthMetadata {
		r.Add(method.Method{Name: module + "register_client", Guest: true, XSSSafe: true, Rest: true, Verbs: []string{"POST"},
			Limit: &method.Limit{Count: 100, Window: time.Hour}, Fn: p.registerClient})
	} else {
		r.Add(method.Method{Name: module + "openid_configuration", Guest: true, Fn: p.openidConfiguration})
	}
}

func introspectType(typed bool) method.Type {
	if typed {
		return method.Str
	}
	return method.Any
}

// strict reports whether the provider closes what upstream leaves open.
func (p *Provider) strict() bool { return p.engine.Site.Config().Str("oauth_mode") != "compat" }

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// randomToken returns letters and digits from the system's random source.
// Source: oauthlib/common.py generate_token.
func randomToken() string {
	out := make([]byte, 0, tokenLength)
	var buf [2 * tokenLength]byte
	for {
		_, _ = rand.Read(buf[:]) // never fails since Go 1.24
		for _, b := range buf {
			if int(b) >= 256-256%len(alphabet) {
				continue // keep the letters equally likely
			}
			if out = append(out, alphabet[int(b)%len(alphabet)]); len(out) == tokenLength {
				return string(out)
			}
		}
	}
}

// siteTime reads a stored time, which is in the site's zone; zero when there is none.
func siteTime(c *engine.Call, text string) time.Time {
	for _, layout := range []string{stampLayout, time.DateTime} {
		if t, err := time.ParseInLocation(layout, text, c.Zone); err == nil {
			return t
		}
	}
	return time.Time{}
}

// create stores a new document past permissions, as upstream's ignore_permissions does.
func create(ctx context.Context, c *engine.Call, o *document.Object) (*document.Document, error) {
	d, err := c.FromObject(ctx, o)
	if err != nil {
		return nil, err
	}
	d.Flags.IgnorePermissions = true
	return d, c.Insert(ctx, d)
}
