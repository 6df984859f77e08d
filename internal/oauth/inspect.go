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
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// revokeToken ends a token. In strict mode only its own client can. Frappe: the body is
// empty whatever happens. Source: frappe/integrations/oauth2.py revoke_token;
// oauthlib/oauth2/rfc6749/endpoints/revocation.py.
func (p *Provider) revokeToken(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	in := body(c)
	token := in.get("token")
	if c.Request.Method != http.MethodPost || c.Request.Query != "" || token == "" {
		c.Response.Status = http.StatusBadRequest
		return nil, nil
	}
	if err := c.Tx.StartWrite(ctx); err != nil {
		return nil, err
	}
	who, err := p.authenticate(ctx, c, in)
	if err != nil {
		if e, ok := err.(*Error); ok { //nolint:errorlint // made by authenticate, never wrapped
			c.Response.Status = e.Status
			return nil, nil
		}
		return nil, err
	}
	byRefresh := in.get("token_type_hint") == "refresh_token"
	fields := []string{"name"}
	if byRefresh {
		fields[0] = "refresh_token"
	} else if p.strict() {
		fields = append(fields, "refresh_token") // RFC 7009: a hint is only a hint
	}
	if byRefresh && p.strict() {
		fields = append(fields, "name")
	}
	for _, field := range fields {
		texts := p.asStored(field, token)
		if len(texts) == 0 {
			break
		}
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table(dtToken).SQL(" SET ").Ident("status").SQL(" = ").Str("Revoked").
			SQL(" WHERE ").Ident(field).SQL(" IN (").Str(texts[0]).SQL(", ").Str(texts[1]).SQL(")")
		if p.strict() {
			b.SQL(" AND ").Ident("client").SQL(" = ").Str(who.id)
		}
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return nil, err
		}
	}
	p.forget(c, "")
	return nil, nil
}

// introspect tells what a token is worth. Upstream asks nobody who they are and calls
// expired tokens active; strict mode wants a client or a user, and tells the truth.
// Source: frappe/integrations/oauth2.py introspect_token.
func (p *Provider) introspect(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	var who *caller
	if p.strict() && c.User == perm.Guest {
		var err error
		if who, err = p.authenticate(ctx, c, body(c)); err != nil {
			return nil, answer(c, err)
		}
		if !who.proved {
			return nil, answer(c, refuse("invalid_client", "Client authentication failed."))
		}
	}
	field := "access_token"
	if a.Text("token_type_hint") == "refresh_token" {
		field = "refresh_token"
	}
	if err := p.tellToken(ctx, c, who, field, a.Text("token")); err != nil {
		e := exc.Of(err)
		if e == nil {
			return nil, err
		}
		if e.Thrown && !p.strict() { // Frappe: the caught error leaves its message behind
			c.Msgprint(exc.Message{Text: e.Text, Title: e.Title, Indicator: "red", Raise: true})
		}
		c.Response.Keys = document.Object{}
		c.Response.Keys.Set("active", document.BoolOf(false))
	}
	return nil, nil
}

func (p *Provider) tellToken(ctx context.Context, c *engine.Call, who *caller, field, token string) error {
	d, err := p.tokenBy(ctx, c, field, token)
	if err != nil {
		return err
	}
	cl, err := needClient(ctx, c, d.Text("client"))
	if err != nil {
		return err
	}
	expires := siteTime(c, d.Text("expiration_time"))
	active := d.Text("status") == "Active"
	if p.strict() {
		active = active && (field == "refresh_token" || p.engine.Now().Before(expires))
		if who != nil && who.id != cl.id || who == nil && c.User != d.Text("user") {
			active = false
		}
		if !active { // RFC 7662 2.2: nothing else is said of such a token
			return missing(dtToken, "")
		}
	}
	o := &c.Response.Keys
	o.Set("client_id", document.Text(cl.id))
	o.Set("trusted_client", document.IntOf(cl.Int("skip_authorization")))
	o.Set("active", document.BoolOf(active))
	o.Set("exp", document.IntOf(expires.Unix()))
	o.Set("scope", document.Text(d.Text("scopes")))
	if !strings.Contains(d.Text("scopes"), "openid") {
		return nil
	}
	sub, err := subject(ctx, c, d.Text("user"))
	if err != nil || document.ToText(sub) == "" {
		return err
	}
	info, err := p.userinfo(ctx, c, d.Text("user"))
	if err != nil {
		return err
	}
	for i := range info.Len() {
		o.Set(info.At(i))
	}
	return nil
}

// tokenBy returns a token by one of its two texts. Errors: upstream's, for an unknown one.
func (p *Provider) tokenBy(ctx context.Context, c *engine.Call, field, token string) (*document.Document, error) {
	for _, text := range p.asStored(field, token) {
		rows, err := c.Rows(ctx, dtToken, []string{"name", field}, document.NewObject(field, text), "creation desc")
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.PropText(field) == text { // the column compares without case
				return c.Get(ctx, dtToken, r.PropText("name"))
			}
		}
	}
	return nil, missing(dtToken, "{'"+field+"': '"+token+"'}")
}

// openidProfile is the userinfo endpoint: a session is not enough, it needs a Bearer
// token whose client has the scope openid.
// Source: frappe/integrations/oauth2.py openid_profile; oauthlib userinfo.py.
func (p *Provider) openidProfile(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	scheme, token, _ := strings.Cut(c.Request.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		if token = document.ToText(c.Form.Get("access_token")); token == "" {
			return nil, missing(dtToken, "None")
		}
	}
	d, err := p.stored(ctx, c, dtToken, token)
	if err != nil {
		return nil, err
	}
	cl, err := findClient(ctx, c, d.Text("client"))
	if err != nil {
		return nil, err
	}
	user, _, good, err := p.Resolve(ctx, c, token)
	if err != nil {
		return nil, err
	}
	if !good || cl == nil || !slices.Contains(cl.scopes(), "openid") {
		return nil, answer(c, refuse("invalid_token", "The access token provided is expired, revoked, malformed, or invalid for other reasons."))
	}
	if p.strict() && !slices.Contains(strings.Fields(d.Text("scopes")), "openid") {
		e := refuse("insufficient_scope", "The request requires higher privileges than provided by the access token.")
		e.Status = http.StatusForbidden
		return nil, answer(c, e)
	}
	if !p.strict() {
		user = c.User // Frappe: whoever asks
	}
	info, err := p.userinfo(ctx, c, user)
	if err != nil {
		return nil, err
	}
	for i := range info.Len() {
		c.Response.Keys.Set(info.At(i))
	}
	return nil, nil
}
