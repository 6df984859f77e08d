package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// newCode stores an authorization code for the call's user.
// Source: frappe/oauth.py save_authorization_code, which believes a cookie instead.
func (p *Provider) newCode(ctx context.Context, c *engine.Call, a *authRequest) (string, error) {
	code := randomToken()
	o := document.NewObject("doctype", dtCode, "authorization_code", code, "client", a.id, "user", c.User, "scopes", strings.Join(a.scopes, " "),
		"redirect_uri_bound_to_authorization_code", a.redirectURI, "validity", "Valid")
	if a.nonce != "" {
		o.Set("nonce", document.Text(a.nonce))
	}
	if a.challenge != "" {
		o.Set("code_challenge", document.Text(a.challenge))
		o.Set("code_challenge_method", document.Text(strings.ToLower(a.challengeMethod)))
	}
	if p.strict() {
		o.Set("expiration_time", document.Text(c.SiteNow().Add(codeLifetime).Format(stampLayout)))
	}
	_, err := create(ctx, c, o)
	return code, err
}

// redeem exchanges a code for what it stands for and makes it unusable. Errors:
// invalid_grant, invalid_request. Source: oauthlib authorization_code.py
// validate_token_request; frappe/oauth.py validate_code, confirm_redirect_uri.
func (p *Provider) redeem(ctx context.Context, c *engine.Call, who *caller, in params) (*document.Document, error) {
	code := in.get("code")
	d, err := p.findCode(ctx, c, code)
	if err != nil {
		return nil, err
	}
	if err := p.auth.Guess(c, "OAuth code", "", d != nil); err != nil {
		return nil, err
	}
	if d == nil || d.Text("client") != who.id || d.Text("validity") != "Valid" {
		if p.strict() && (d == nil || d.Text("client") == who.id) {
			// A code that comes again was stolen: what it gave out ends.
			if err := p.revokeFamily(ctx, c, who.id, family(code)); err != nil {
				return nil, err
			}
		}
		return nil, refuse("invalid_grant", "")
	}
	if p.strict() && c.SiteNow().After(codeEnd(c, d)) {
		return nil, refuse("invalid_grant", "")
	}
	if err := p.verifyChallenge(ctx, c, who, d, in); err != nil {
		return nil, err
	}
	if err := p.confirmRedirect(who, d, in); err != nil {
		return nil, err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table(dtCode).SQL(" SET ").Ident("validity").SQL(" = ").Str("Invalid").
		SQL(" WHERE ").Ident("name").SQL(" = ").Str(d.Name()).SQL(" AND ").Ident("validity").SQL(" = ").Str("Valid")
	n, err := c.Tx.Exec(ctx, b)
	if err == nil && n != 1 { // another request was faster
		err = refuse("invalid_grant", "")
	}
	return d, err
}

func (p *Provider) findCode(ctx context.Context, c *engine.Call, code string) (*document.Document, error) {
	d, err := p.stored(ctx, c, dtCode, code)
	if exc.Is(err, exc.DoesNotExist) {
		return nil, nil //nolint:nilnil // an unknown code is not an error here
	}
	return d, err
}

func codeEnd(c *engine.Call, d *document.Document) time.Time {
	if t := siteTime(c, d.Text("expiration_time")); !t.IsZero() {
		return t
	}
	return siteTime(c, document.ToText(d.At(doctype.SlotCreation))).Add(codeLifetime)
}

// verifyChallenge checks the PKCE verifier. A missing one destroys the code. In strict
// mode a client that did not show its secret must have used PKCE.
func (p *Provider) verifyChallenge(ctx context.Context, c *engine.Call, who *caller, d *document.Document, in params) error {
	challenge, verifier := d.Text("code_challenge"), in.get("code_verifier")
	if challenge == "" {
		if p.strict() && !who.proved {
			return refuse("invalid_grant", "Code challenge required.")
		}
		return nil
	}
	if verifier == "" {
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table(dtCode).SQL(" WHERE ").Ident("name").SQL(" = ").Str(d.Name())
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return err
		}
		return refuse("invalid_grant", "")
	}
	got := verifier
	if d.Text("code_challenge_method") == "s256" {
		sum := sha256.Sum256([]byte(verifier))
		got = base64.RawURLEncoding.EncodeToString(sum[:])
	} else if p.strict() {
		return refuse("invalid_grant", "")
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(challenge)) != 1 {
		return refuse("invalid_grant", "")
	}
	return nil
}

// confirmRedirect compares the redirect URI: in strict mode with the code's own, in
// compat mode with the client's list.
func (p *Provider) confirmRedirect(who *caller, d *document.Document, in params) error {
	uri, given := in.lookup("redirect_uri")
	if !given {
		uri = who.Text("default_redirect_uri")
	}
	if p.strict() {
		if uri != d.Text("redirect_uri_bound_to_authorization_code") {
			return refuse("invalid_grant", "Mismatching redirect URI.")
		}
		return nil
	}
	if uri == "" {
		return invalidRequest("Missing redirect URI.")
	}
	ok := uri == who.Text("default_redirect_uri")
	if who.Text("redirect_uris") != "" {
		ok = slices.Contains(strings.Split(who.Text("redirect_uris"), " "), uri)
	}
	if !ok {
		return invalidRequest("Mismatching redirect URI.")
	}
	return nil
}

// familyLength is the length of a family's name, which starts its refresh tokens.
const familyLength = 16

// family names the tokens that come from one code or one older refresh token.
func family(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])[:familyLength]
}

// revokeFamily revokes the active tokens of a client whose refresh tokens start with a
// family's name. Names that are not ours match nothing.
func (p *Provider) revokeFamily(ctx context.Context, c *engine.Call, client, name string) error {
	if len(name) != familyLength || strings.Trim(name, "0123456789abcdef") != "" {
		return nil
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table(dtToken).SQL(" SET ").Ident("status").SQL(" = ").Str("Revoked").
		SQL(" WHERE ").Ident("client").SQL(" = ").Str(client).SQL(" AND ").Ident("status").SQL(" = ").Str("Active").
		SQL(" AND ")
	c.Tx.Dialect().WriteLike(b, func() { b.Ident("refresh_token") }, document.Text(name+"%"), false)
	n, err := c.Tx.Exec(ctx, b)
	if err == nil && n > 0 {
		p.forget(c, "")
	}
	return err
}
