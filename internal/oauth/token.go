package oauth

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/storage"
)

// tokenRequest is what a new token is made of.
type tokenRequest struct {
	*client
	user   string
	scopes []string
	// refreshable adds a refresh token; family names its line in strict mode.
	refreshable bool
	family      string
}

type issued struct{ access, refresh string }

// newToken stores a Bearer token. Source: frappe/oauth.py save_bearer_token.
func (p *Provider) newToken(ctx context.Context, c *engine.Call, r tokenRequest) (issued, error) {
	t := issued{access: randomToken()}
	o := document.NewObject("doctype", dtToken, "client", r.id, "user", r.user, "scopes", strings.Join(r.scopes, " "),
		"access_token", t.access, "expires_in", tokenLifetime, "status", "Active")
	if r.refreshable {
		t.refresh = randomToken()
		if p.strict() {
			t.refresh = r.family + t.refresh
		}
		o.Set("refresh_token", document.Text(t.refresh))
	}
	_, err := create(ctx, c, o)
	return t, err
}

// getToken is the token endpoint. Source: frappe/integrations/oauth2.py get_token;
// oauthlib/oauth2/rfc6749/endpoints/token.py.
func (p *Provider) getToken(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	if c.Request.Method != http.MethodPost {
		return nil, answer(c, invalidRequest("Unsupported request method "+c.Request.Method))
	}
	if c.Request.Query != "" {
		return nil, answer(c, invalidRequest("URL query parameters are not allowed"))
	}
	in := body(c)
	grant := p.codeGrant
	switch in.get("grant_type") {
	case "refresh_token":
		grant = p.refreshGrant
	case "password":
		grant = p.passwordGrant
	case "client_credentials":
		grant = p.clientGrant
	}
	c.Response.Header = append(c.Response.Header, p.noStore()...)
	if in.get("grant_type") != "password" { // a password takes its time: no lock over that
		if err := c.Tx.StartWrite(ctx); err != nil {
			return nil, err
		}
	}
	if err := grant(ctx, c, in); err != nil {
		return nil, answerToken(c, err, in.get("state"))
	}
	return nil, nil
}

// noStore keeps tokens out of caches (RFC 6749 5.1); upstream's own header in v16 says
// so already, and compat mode adds nothing.
func (p *Provider) noStore() [][2]string {
	if !p.strict() || p.engine.Profile.NoStore {
		return nil
	}
	return [][2]string{{"Cache-Control", "no-store"}}
}

func once(in params, names ...string) error {
	for _, n := range names {
		if in.twice[n] {
			return invalidRequest("Duplicate " + n + " parameter.")
		}
	}
	return nil
}

func (p *Provider) codeGrant(ctx context.Context, c *engine.Call, in params) error {
	if t := in.get("grant_type"); t != "authorization_code" && t != "openid" {
		return refuse("unsupported_grant_type", "")
	}
	if _, ok := in.lookup("code"); !ok {
		return invalidRequest("Missing code parameter.")
	}
	if err := once(in, "client_id", "grant_type", "redirect_uri"); err != nil {
		return err
	}
	who, err := p.authenticate(ctx, c, in)
	if err != nil {
		return err
	}
	if in.get("grant_type") == "openid" {
		return refuse("unauthorized_client", "")
	}
	d, err := p.redeem(ctx, c, who, in)
	if err != nil {
		return err
	}
	user, scopes := d.Text("user"), strings.Fields(d.Text("scopes"))
	if err := p.stillThere(ctx, c, user); err != nil {
		return err
	}
	t, err := p.newToken(ctx, c, tokenRequest{client: who.client, user: user, scopes: scopes, refreshable: true, family: family(in.get("code"))})
	if err != nil {
		return err
	}
	p.tell(c, t, scopes)
	if !slices.Contains(who.scopes(), "openid") || !slices.Contains(scopes, "openid") {
		return nil
	}
	jwt, err := p.idToken(ctx, c, claimsOf{client: who.client, user: user, nonce: d.Text("nonce"), access: t.access})
	if err == nil {
		c.Response.Keys.Set("id_token", document.Text(jwt))
	}
	return err
}

// stillThere refuses, in strict mode, tokens for a user that was disabled since.
func (p *Provider) stillThere(ctx context.Context, c *engine.Call, user string) error {
	if !p.strict() {
		return nil
	}
	if on, err := p.enabled(ctx, c, user); err != nil || on {
		return err
	}
	return refuse("invalid_grant", "")
}

func (p *Provider) tell(c *engine.Call, t issued, scopes []string) {
	c.Response.Keys.Set("access_token", document.Text(t.access))
	c.Response.Keys.Set("expires_in", document.IntOf(tokenLifetime))
	c.Response.Keys.Set("token_type", document.Text("Bearer"))
	c.Response.Keys.Set("scope", document.Text(strings.Join(scopes, " ")))
	if t.refresh != "" {
		c.Response.Keys.Set("refresh_token", document.Text(t.refresh))
	}
}

// refreshGrant trades a refresh token for a new pair. Upstream leaves the old pair
// alone; strict mode ends it, and ends the whole family when it comes again.
func (p *Provider) refreshGrant(ctx context.Context, c *engine.Call, in params) error {
	token, given := in.lookup("refresh_token")
	if !given {
		return invalidRequest("Missing refresh token parameter.")
	}
	who, err := p.authenticate(ctx, c, in)
	if err != nil {
		return err
	}
	d, err := p.findRefresh(ctx, c, token)
	if err != nil {
		return err
	}
	if err := p.auth.Guess(c, "OAuth refresh token", "", d != nil); err != nil {
		return err
	}
	if d == nil || d.Text("status") != "Active" || p.strict() && d.Text("client") != who.id {
		return p.refuseRefresh(ctx, c, who, token, d)
	}
	original := strings.Fields(d.Text("scopes"))
	scopes := strings.Fields(in.get("scope"))
	if len(scopes) == 0 {
		scopes = original
	}
	if slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(original, s) }) {
		return refuse("invalid_scope", "")
	}
	user := d.Text("user")
	if err := p.stillThere(ctx, c, user); err != nil {
		return err
	}
	line := family(token)
	if p.strict() {
		if len(token) == familyLength+tokenLength {
			line = token[:familyLength]
		}
		if err := p.spend(ctx, c, d); err != nil {
			return err
		}
	}
	t, err := p.newToken(ctx, c, tokenRequest{client: who.client, user: user, scopes: scopes, refreshable: true, family: line})
	if err == nil {
		p.tell(c, t, scopes)
	}
	return err
}

// refuseRefresh answers a refresh token that is not good. Frappe: not an OAuth error.
func (p *Provider) refuseRefresh(ctx context.Context, c *engine.Call, who *caller, token string, d *document.Document) error {
	if !p.strict() {
		return missing(dtToken, "{'refresh_token': '"+token+"', 'status': 'Active'}")
	}
	if d == nil || d.Text("client") == who.id {
		names := []string{family(token)}
		if len(token) == familyLength+tokenLength {
			names = append(names, token[:familyLength])
		}
		for _, name := range names {
			if err := p.revokeFamily(ctx, c, who.id, name); err != nil {
				return err
			}
		}
	}
	return refuse("invalid_grant", "")
}

// findRefresh returns the newest document of a refresh token, nil for none.
func (p *Provider) findRefresh(ctx context.Context, c *engine.Call, token string) (*document.Document, error) {
	d, err := p.tokenBy(ctx, c, "refresh_token", token)
	if exc.Is(err, exc.DoesNotExist) {
		return nil, nil //nolint:nilnil // an unknown token is not an error here
	}
	return d, err
}

// spend revokes a pair that was traded in; only one request can.
func (p *Provider) spend(ctx context.Context, c *engine.Call, d *document.Document) error {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table(dtToken).SQL(" SET ").Ident("status").SQL(" = ").Str("Revoked").
		SQL(" WHERE ").Ident("name").SQL(" = ").Str(d.Name()).SQL(" AND ").Ident("status").SQL(" = ").Str("Active")
	n, err := c.Tx.Exec(ctx, b)
	if err != nil {
		return err
	}
	if n != 1 {
		return refuse("invalid_grant", "")
	}
	p.forget(c, d.Name())
	return nil
}

// passwordGrant lets a client log its user in. Strict mode does not (RFC 9700 2.4).
func (p *Provider) passwordGrant(ctx context.Context, c *engine.Call, in params) error {
	if p.strict() {
		return refuse("unsupported_grant_type", "")
	}
	who, err := p.authenticate(ctx, c, in)
	if err != nil {
		return err
	}
	for _, name := range []string{"grant_type", "username", "password"} {
		if in.get(name) == "" {
			return invalidRequest("Request is missing " + name + " parameter.")
		}
	}
	if err := once(in, "grant_type", "username", "password", "scope"); err != nil {
		return err
	}
	user, err := p.auth.CheckCredentials(ctx, c, in.get("username"), in.get("password"))
	if err != nil {
		return err
	}
	a := &authRequest{client: who.client}
	if err := checkScopes(a, in); err != nil {
		return err
	}
	t, err := p.newToken(ctx, c, tokenRequest{client: who.client, user: user, scopes: a.scopes, refreshable: true})
	if err == nil {
		p.tell(c, t, a.scopes)
	}
	return err
}

// clientGrant is refused: a client alone is nobody. Source: frappe/oauth.py
// validate_grant_type.
func (p *Provider) clientGrant(ctx context.Context, c *engine.Call, in params) error {
	if _, err := p.authenticate(ctx, c, in); err != nil {
		return err
	}
	return refuse("unauthorized_client", "")
}
