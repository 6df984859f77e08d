package oauth

import (
	"context"
	"slices"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/perm"
)

// authRequest is an authorization request that was found valid.
type authRequest struct {
	*client
	redirectURI, responseType, state, nonce, challenge, challengeMethod, mode string
	scopes                                                                    []string
}

// The response types that oauthlib knows; others are treated as a code and must then
// contain the word. Source: oauthlib/openid/connect/core/endpoints/pre_configured.py.
var implicitTypes = map[string]bool{"token": true, "id_token": true, "id_token token": true}

func (a *authRequest) wantsCode() bool { return !implicitTypes[a.responseType] }
func (a *authRequest) wantsToken() bool {
	return a.responseType == "token" || a.responseType == "id_token token"
}
func (a *authRequest) wantsIDToken() bool {
	return slices.Contains(a.scopes, "openid") && (a.responseType == "id_token" || a.responseType == "id_token token" || a.responseType == "code id_token")
}

// authorize answers a client that sent its user here: with the login page, the page
// that asks for consent, or the way to approve when nobody has to be asked.
// Source: frappe/integrations/oauth2.py authorize.
func (p *Provider) authorize(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	if p.engine.Profile.OAuthNeedsRedirectURI && !c.Form.Has("redirect_uri") {
		return nil, exc.KeyErr.New("'redirect_uri'") // Frappe: before anything else is looked at
	}
	if c.User == perm.Guest {
		c.Response.Kind, c.Response.Location = "redirect", "/login?redirect-to="+quote(requestURL(c))
		return nil, nil
	}
	in := urlAndBody(c)
	a, err := p.validate(ctx, c, in)
	if err != nil {
		return nil, answer(c, err)
	}
	skip, err := p.unasked(ctx, c, a)
	if err != nil {
		return nil, err
	}
	if skip {
		c.Response.Kind, c.Response.Location = "redirect", "/api/method/"+module+"approve?"+formQuery(c)
		return nil, nil
	}
	return nil, p.askConsent(ctx, c, a)
}

// requestURL is the address that was asked for, as upstream's web library prints it.
func requestURL(c *engine.Call) string {
	u := c.Request.Scheme + "://" + c.Request.Host + c.Request.Path
	if c.Request.Query != "" {
		u += "?" + readable(c.Request.Query)
	}
	return u
}

// formQuery writes the arguments of the call as a query, blanks as %20.
// Source: frappe/integrations/oauth2.py encode_params, sanitize_kwargs.
func formQuery(c *engine.Call) string {
	var b strings.Builder
	for i := range c.Form.Len() {
		k, v := c.Form.At(i)
		if k == "cmd" || k == "data" || k == "csrf_token" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(quote(k) + "=" + quote(document.ToText(v)))
	}
	return b.String()
}

// unasked reports whether the user need not consent: the client is trusted, or the
// settings say Auto and there is an active token. Whose token differs: anybody's up to
// v15, this user's in v16; in strict mode one of this user and client with these scopes.
func (p *Provider) unasked(ctx context.Context, c *engine.Call, a *authRequest) (bool, error) {
	if a.Int("skip_authorization") != 0 {
		return true, nil
	}
	auto, err := p.autoSkip(ctx, c)
	if err != nil || !auto {
		return false, err
	}
	filters := document.NewObject("status", "Active")
	if p.engine.Profile.OAuthMetadata || p.strict() {
		filters.Set("user", document.Text(c.User))
	}
	if p.strict() {
		filters.Set("client", document.Text(a.id))
	}
	rows, err := c.Rows(ctx, dtToken, []string{"scopes"}, filters, "")
	if err != nil || !p.strict() {
		return len(rows) > 0, err
	}
	return slices.ContainsFunc(rows, func(r *document.Object) bool {
		have := strings.Fields(r.PropText("scopes"))
		return !slices.ContainsFunc(a.scopes, func(s string) bool { return !slices.Contains(have, s) })
	}), nil
}

// autoSkip reads whether consent may be skipped.
// Source: frappe/integrations/utils.py get_oauth_settings.
func (p *Provider) autoSkip(ctx context.Context, c *engine.Call) (bool, error) {
	if p.engine.Profile.OAuthMetadata {
		v, err := c.Setting(ctx, "OAuth Settings", "skip_authorization")
		if err != nil || document.Cint(v) != 0 {
			return err == nil, err
		}
	}
	v, err := c.Setting(ctx, "OAuth Provider Settings", "skip_authorization")
	return document.ToText(v) == "Auto", err
}

// validate checks an authorization request in oauthlib's order.
// Source: oauthlib/oauth2/rfc6749/grant_types/authorization_code.py, implicit.py.
func (p *Provider) validate(ctx context.Context, c *engine.Call, in params) (*authRequest, error) {
	for _, name := range []string{"client_id", "response_type", "redirect_uri", "scope", "state"} {
		if in.twice[name] {
			return nil, invalidRequest("Duplicate " + name + " parameter.")
		}
	}
	id := in.get("client_id")
	if id == "" {
		return nil, invalidRequest("Missing client_id parameter.")
	}
	cl, err := findClient(ctx, c, id)
	if err != nil {
		return nil, err
	}
	admitted := false
	if cl != nil {
		if admitted, err = cl.admits(ctx, c); err != nil {
			return nil, err
		}
	}
	if !admitted {
		return nil, invalidRequest("Invalid client_id parameter value.")
	}
	a := &authRequest{client: cl, responseType: in.get("response_type"), state: in.get("state"), nonce: in.get("nonce"), mode: in.get("response_mode")}
	for _, step := range []func(*authRequest, params) error{p.checkRedirect, p.checkResponseType, p.checkChallenge, checkScopes} {
		if err := step(a, in); err != nil {
			return nil, err
		}
	}
	return a, p.checkOpenID(ctx, c, a, in)
}

func (p *Provider) checkRedirect(a *authRequest, in params) error {
	uri, given := in.lookup("redirect_uri")
	a.redirectURI = uri
	if !given {
		if a.redirectURI = a.Text("default_redirect_uri"); a.redirectURI == "" {
			return invalidRequest("Missing redirect URI.")
		}
	}
	switch {
	case !isAbsolute(a.redirectURI):
		return invalidRequest("Invalid redirect URI.")
	case given && !slices.Contains(a.redirectURIs(p.strict()), uri):
		return invalidRequest("Mismatching redirect URI.")
	}
	return nil
}

// strictTypes are the response types by the one a client was registered for. A client
// that is registered for codes gets no tokens in an address (RFC 9700 2.1.2).
var strictTypes = map[string][]string{"code": {"code", "code id_token"}, "token": {"token", "id_token", "id_token token"}}

func (p *Provider) checkResponseType(a *authRequest, in params) error {
	t, given := in.lookup("response_type")
	switch {
	case !given:
		return invalidRequest("Missing response_type parameter.")
	case !implicitTypes[t] && !strings.Contains(t, "code") && t != "none":
		return refuse("unsupported_response_type", "")
	}
	registered := strings.ToLower(a.Text("response_type"))
	if p.strict() {
		if slices.Contains(strictTypes[registered], t) {
			return nil
		}
		return refuse("unauthorized_client", "")
	}
	switch t {
	case registered, "id_token", "id_token token", "code id_token", "code token id_token":
		return nil
	}
	return refuse("unauthorized_client", "")
}

func (p *Provider) checkChallenge(a *authRequest, in params) error {
	if !a.wantsCode() {
		return nil
	}
	challenge, given := in.lookup("code_challenge")
	if !given {
		if p.strict() && a.public() {
			return invalidRequest("Code challenge required.")
		}
		return nil
	}
	a.challenge, a.challengeMethod = challenge, in.get("code_challenge_method")
	if _, ok := in.lookup("code_challenge_method"); !ok {
		a.challengeMethod = "plain"
	}
	if a.challengeMethod != "S256" && (a.challengeMethod != "plain" || p.strict()) {
		return invalidRequest("Transform algorithm not supported.")
	}
	return nil
}

func checkScopes(a *authRequest, in params) error {
	a.scopes = strings.Fields(in.get("scope"))
	allowed := a.client.scopes()
	if len(a.scopes) == 0 {
		a.scopes = allowed
	}
	if slices.ContainsFunc(a.scopes, func(s string) bool { return !slices.Contains(allowed, s) }) {
		return refuse("invalid_scope", "")
	}
	return nil
}

// checkOpenID checks what OpenID Connect adds.
// Source: oauthlib/openid/connect/core/grant_types/base.py openid_authorization_validator.
func (p *Provider) checkOpenID(ctx context.Context, c *engine.Call, a *authRequest, in params) error {
	if !slices.Contains(a.scopes, "openid") || a.responseType == "token" {
		return nil
	}
	prompt := strings.Fields(in.get("prompt"))
	if slices.Contains(prompt, "none") && len(prompt) > 1 {
		return invalidRequest("Prompt none is mutually exclusive with other values.")
	}
	if hint := in.get("id_token_hint"); hint != "" {
		ok, err := p.hintMatches(ctx, c, hint)
		if err != nil {
			return err
		}
		if !ok {
			return refuse("login_required", "Session user does not match client supplied user.")
		}
	}
	if a.wantsIDToken() && a.nonce == "" {
		return invalidRequest("Request is missing mandatory nonce parameter.")
	}
	return nil
}

// approve gives the client what it asked for. Upstream does so on a GET; strict mode
// answers a GET only where nobody has to be asked, and otherwise wants the POST of the
// consent page with the session's CSRF token.
// Source: frappe/integrations/oauth2.py approve.
func (p *Provider) approve(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	given := document.ToText(c.Form.Get("csrf_token"))
	a, err := p.validate(ctx, c, urlAndBody(c))
	if err != nil {
		return nil, answer(c, err)
	}
	if p.strict() {
		ok, err := p.consented(ctx, c, a, given)
		if err != nil {
			return nil, err
		}
		if !ok {
			c.Response.Kind, c.Response.Location = "redirect", "/api/method/"+module+"authorize?"+formQuery(c)
			return nil, nil
		}
	}
	pairs, err := p.respond(ctx, c, a)
	if err != nil {
		return nil, err
	}
	fragment := a.responseType != "code" && a.responseType != "none" && a.responseType != "code token id_token"
	if a.mode == "fragment" || a.mode == "query" && !fragment {
		fragment = a.mode == "fragment"
	}
	c.Persist = true // whatever the verb
	c.Response.Kind, c.Response.Location = "redirect", withParams(a.redirectURI, pairs, fragment)
	return nil, nil
}

// respond makes the code or the tokens of an approved request.
func (p *Provider) respond(ctx context.Context, c *engine.Call, a *authRequest) ([]pair, error) {
	var pairs []pair
	var code, access string
	var err error
	if a.wantsCode() && a.responseType != "none" {
		if code, err = p.newCode(ctx, c, a); err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{"code", code})
	}
	if a.wantsToken() {
		t, err := p.newToken(ctx, c, tokenRequest{client: a.client, user: c.User, scopes: a.scopes})
		if err != nil {
			return nil, err
		}
		access = t.access
		pairs = append(pairs, pair{"access_token", access}, pair{"expires_in", "3600"}, pair{"token_type", "Bearer"}, pair{"scope", strings.Join(a.scopes, " ")})
	}
	if a.state != "" {
		pairs = append(pairs, pair{"state", a.state})
	}
	if a.wantsIDToken() {
		jwt, err := p.idToken(ctx, c, claimsOf{client: a.client, user: c.User, nonce: a.nonce, access: access, code: code})
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{"id_token", jwt})
	}
	return pairs, nil
}
