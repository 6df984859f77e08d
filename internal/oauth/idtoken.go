package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strings"

	"freddo/document"
	"freddo/internal/engine"
)

// claimsOf says what an id_token is about.
type claimsOf struct {
	*client
	user, nonce, access, code string
}

// idToken returns an OpenID Connect id_token: a JWT signed HS256 with the client's
// secret. Source: frappe/oauth.py finalize_id_token; oauthlib add_id_token.
func (p *Provider) idToken(ctx context.Context, c *engine.Call, k claimsOf) (string, error) {
	now := p.engine.Now().Unix()
	claims := document.NewObject("aud", k.id, "iat", now)
	if k.nonce != "" {
		claims.Set("nonce", document.Text(k.nonce))
	}
	if k.access != "" {
		claims.Set("at_hash", document.Text(halfHash(k.access)))
	}
	if k.code != "" {
		claims.Set("c_hash", document.Text(halfHash(k.code)))
	}
	claims.Set("exp", document.IntOf(now+tokenLifetime))
	info, err := p.userinfo(ctx, c, k.user)
	if err != nil {
		return "", err
	}
	claims.Set("iss", info.Get("iss"))
	for i := range info.Len() {
		name, v := info.At(i)
		claims.Set(name, v)
	}
	header := `{"typ":"jwt","alg":"HS256"}`
	if p.engine.Profile.JWTHeaderSorted {
		header = `{"alg":"HS256","typ":"jwt"}`
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(document.ORJSON.Marshal(document.MapOf(claims))))
	return text + "." + sign(text, k.Text("client_secret")), nil
}

func sign(text, secret string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// halfHash is at_hash and c_hash (OpenID Connect Core 3.1.3.6).
func halfHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// hintMatches reports whether an id_token that a client shows is one of ours and names
// the call's user. Its age does not matter.
// Source: frappe/oauth.py validate_user_match.
func (p *Provider) hintMatches(ctx context.Context, c *engine.Call, token string) (bool, error) {
	at := strings.LastIndexByte(token, '.')
	if at < 0 {
		return false, nil
	}
	header, payload, ok := strings.Cut(token[:at], ".")
	claims, valid := decodePart(payload)
	head, headValid := decodePart(header)
	if !ok || !valid || !headValid || head.Str("alg") != "HS256" {
		return false, nil
	}
	cl, err := findClient(ctx, c, claims.Str("aud"))
	if err != nil || cl == nil || cl.Text("client_secret") == "" || claims.Str("sub") == "" {
		return false, err
	}
	if subtle.ConstantTimeCompare([]byte(sign(token[:at], cl.Text("client_secret"))), []byte(token[at+1:])) != 1 {
		return false, nil
	}
	rows, err := c.Rows(ctx, "User Social Login", []string{"parent"}, document.NewObject("userid", claims.Str("sub"), "provider", "frappe"), "")
	return err == nil && len(rows) > 0 && rows[0].PropText("parent") == c.User, err
}

func decodePart(part string) (*document.Object, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil, false
	}
	v, err := document.ParseJSON(string(raw))
	if err != nil || v.Map() == nil {
		return nil, false
	}
	return v.Map(), true
}

// userinfo tells what OpenID Connect says of a user. Source: frappe/oauth.py get_userinfo.
func (p *Provider) userinfo(ctx context.Context, c *engine.Call, name string) (*document.Object, error) {
	u, err := c.Get(ctx, "User", name)
	if err != nil {
		return nil, err
	}
	server, err := p.serverURL(ctx, c)
	if err != nil {
		return nil, err
	}
	picture := document.NullValue
	if image := u.Text("user_image"); image != "" {
		picture = document.Text(absolute(server, image))
	}
	info, err := c.UserInfo(ctx, name)
	if err != nil {
		return nil, err
	}
	sub, err := subject(ctx, c, name)
	if err != nil {
		return nil, err
	}
	var full []string
	for _, key := range []string{"first_name", "last_name"} {
		if t := u.Text(key); t != "" {
			full = append(full, t)
		}
	}
	return document.NewObject("sub", sub, "name", strings.Join(full, " "), "given_name", orNull(u, "first_name"), "family_name", orNull(u, "last_name"),
		"email", orNull(u, "email"), "picture", picture, "roles", info.Roles, "iss", server), nil
}

func orNull(d *document.Document, key string) document.Value {
	if v := d.Get(key); !v.IsNull() {
		return v
	}
	return document.NullValue
}

func absolute(server, image string) string {
	u, err := url.Parse(image)
	if err == nil && u.Host != "" {
		switch u.Scheme {
		case "http", "https", "ftp", "ftps":
			return image
		}
	}
	base, err := url.Parse(server + "/")
	if err != nil || u == nil {
		return server
	}
	return base.ResolveReference(u).String()
}

// subject is the id that clients know a user by; null for users without.
func subject(ctx context.Context, c *engine.Call, user string) (document.Value, error) {
	rows, err := c.Rows(ctx, "User Social Login", []string{"userid"}, document.NewObject("parent", user, "provider", "frappe"), "")
	if err != nil || len(rows) == 0 {
		return document.NullValue, err
	}
	return rows[0].Get("userid"), nil
}

// serverURL is the issuer: base_url of the Social Login Key frappe, else where the
// request was sent; in strict mode the configured host before that, which no client can
// forge. Source: frappe/oauth.py get_server_url.
func (p *Provider) serverURL(ctx context.Context, c *engine.Call) (string, error) {
	v, err := c.Value(ctx, "Social Login Key", "frappe", "base_url")
	if err != nil {
		return "", err
	}
	if base := document.ToText(v); base != "" {
		return base, nil
	}
	return p.resourceURL(c), nil
}

func (p *Provider) resourceURL(c *engine.Call) string {
	if p.strict() {
		return p.auth.SiteURL(c)
	}
	return c.Request.Scheme + "://" + c.Request.Host
}
