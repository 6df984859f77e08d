package oauth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// client is one OAuth Client.
type client struct {
	*document.Document
	id string
}

// findClient returns a client, nil when there is none of that id.
func findClient(ctx context.Context, c *engine.Call, id string) (*client, error) {
	if id == "" || len(id) > 140 {
		return nil, nil //nolint:nilnil // an unknown client is not an error here
	}
	d, err := c.Get(ctx, dtClient, id)
	if exc.Is(err, exc.DoesNotExist) {
		return nil, nil //nolint:nilnil // see above
	}
	if err != nil || d.Name() != id { // the column compares without case
		return nil, err
	}
	return &client{d, id}, nil
}

// needClient is findClient with upstream's error for an unknown one: 404, or 403 where
// v16 hides what the caller may not read.
func needClient(ctx context.Context, c *engine.Call, id string) (*client, error) {
	cl, err := findClient(ctx, c, id)
	if err == nil && cl == nil {
		if id == "" {
			id = "None"
		}
		err = missing(dtClient, id)
	}
	return cl, err
}

func (cl *client) scopes() []string { return strings.Fields(cl.Text("scopes")) }

// redirectURIs are the registered addresses. Upstream splits them by single blanks, so
// that those of a dynamic registration, which are lines, match nothing.
func (cl *client) redirectURIs(strict bool) []string {
	text := strings.TrimSpace(cl.Text("redirect_uris"))
	if strict {
		return strings.Fields(text)
	}
	return strings.Split(text, " ")
}

// public reports whether the client was registered as one that holds no secret. Only
// v16 knows; before, any client may do without when it uses PKCE.
func (cl *client) public() bool { return cl.Text("token_endpoint_auth_method") == "None" }

func (cl *client) confidential() bool {
	m := cl.Text("token_endpoint_auth_method")
	return m != "" && m != "None"
}

// admits reports whether the call's user has one of the client's roles.
// Source: oauth_client.py user_has_allowed_role.
func (cl *client) admits(ctx context.Context, c *engine.Call) (bool, error) {
	me, err := c.Me(ctx)
	if err != nil {
		return false, err
	}
	for _, row := range cl.Rows("allowed_roles") {
		if slices.Contains(me.Roles, row.Text("role")) {
			return true, nil
		}
	}
	return false, nil
}

// caller is the client behind a request to the token endpoints.
type caller struct {
	*client
	// proved says that the client showed its secret.
	proved bool
}

// authenticate finds the client of a request and checks, in strict mode, its secret.
// Errors: invalid_client; DoesNotExistError for an unknown client in compat mode.
func (p *Provider) authenticate(ctx context.Context, c *engine.Call, in params) (*caller, error) {
	if !p.strict() {
		return p.authenticateCompat(ctx, c, in)
	}
	id, secret, given := in.get("client_id"), in.get("client_secret"), in.get("client_secret") != ""
	if u, s, ok := basicCredentials(c); ok {
		if given || id != "" && id != u {
			return nil, invalidRequest("Multiple client credentials given.")
		}
		id, secret, given = u, s, true
	}
	cl, err := findClient(ctx, c, id)
	if err != nil {
		return nil, err
	}
	want := ""
	if cl != nil {
		want = cl.Text("client_secret")
	}
	right := subtle.ConstantTimeCompare([]byte(want), []byte(secret)) == 1 && want != ""
	if given {
		if err := p.auth.Guess(c, "OAuth client", id, right); err != nil {
			return nil, err
		}
	}
	switch {
	case cl == nil, given && !right, !given && cl.confidential():
		return nil, refuse("invalid_client", "Client authentication failed.")
	}
	return &caller{cl, given}, nil
}

// authenticateCompat is upstream's: the secret is never looked at, but a request with
// cookies must come from the user that they name.
// Source: frappe/oauth.py authenticate_client.
func (p *Provider) authenticateCompat(ctx context.Context, c *engine.Call, in params) (*caller, error) {
	id := in.get("client_id")
	if id == "" {
		field, token := "", ""
		if v := document.ToText(c.Form.Get("refresh_token")); v != "" {
			field, token = "refresh_token", v
		} else if v := document.ToText(c.Form.Get("token")); v != "" {
			field, token = "name", v
		} else if _, v, ok := strings.Cut(c.Request.Header.Get("Authorization"), " "); ok {
			field, token = "name", v
		} else {
			return nil, refuse("invalid_client", "")
		}
		rows, err := c.Rows(ctx, dtToken, []string{"client"}, document.NewObject(field, token), "")
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			id = rows[0].PropText("client")
		}
	}
	cl, err := needClient(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if p.auth.CookieUser(c) != c.User {
		return nil, refuse("invalid_client", "")
	}
	return &caller{cl, false}, nil
}

// basicCredentials reads client credentials from an Authorization header of scheme
// Basic (RFC 6749 2.3.1: both parts are form-encoded).
func basicCredentials(c *engine.Call) (id, secret string, ok bool) {
	scheme, rest, _ := strings.Cut(c.Request.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "basic") {
		return "", "", false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	if err != nil {
		return "", "", true
	}
	id, secret, _ = strings.Cut(string(raw), ":")
	return unquote(id), unquote(secret), true
}

// clientRequest reports whether a request's Basic header holds a client's credentials
// and not an API key: at the token endpoints in strict mode. In compat mode it is an
// API key everywhere, as upstream has it.
func (p *Provider) clientRequest(c *engine.Call) bool {
	name := document.ToText(c.Form.Get("cmd"))
	if name == "" {
		name = c.Request.Path[strings.LastIndexByte(c.Request.Path, '/')+1:]
	}
	switch name {
	case module + "get_token", module + "revoke_token", module + "introspect_token":
		return p.strict()
	}
	return false
}
