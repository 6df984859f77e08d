package oauth

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// maxTokens bounds the cache; beyond it everything is forgotten.
const maxTokens = 50_000

// grant is what is known of a token that is good.
type grant struct {
	user    string
	limits  *engine.Limits // nil in compat mode
	expires time.Time
	loaded  time.Time
}

// tokenCache maps access tokens to who they stand for. What was read before an
// invalidation is not kept.
type tokenCache struct {
	mu  sync.RWMutex
	by  map[string]grant
	gen int64
}

func (t *tokenCache) init() { t.by = map[string]grant{} }

func (t *tokenCache) get(token string) (g grant, ok bool, gen int64) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	g, ok = t.by[cacheKey(token)]
	return g, ok, t.gen
}

func (t *tokenCache) put(gen int64, token string, g grant) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gen != gen {
		return
	}
	if len(t.by) >= maxTokens {
		clear(t.by)
	}
	t.by[cacheKey(token)] = g
}

// forget drops one token, or all for an empty name.
func (t *tokenCache) forget(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gen++
	if token == "" {
		clear(t.by)
		return
	}
	delete(t.by, cacheKey(token))
}

// cacheKey is what a token is cached under, whether it is told as a client shows it or
// as it is stored.
func cacheKey(token string) string {
	if hashed(token) {
		return token
	}
	return digest(token)
}

// forget makes a change of tokens count from the commit on.
func (p *Provider) forget(c *engine.Call, token string) {
	c.Announce(engine.TopicLogins)
	c.AfterCommit(func(context.Context) { p.tokens.forget(token) })
}

// Resolve returns the user of a Bearer token; ok is false when the token is unknown,
// revoked or expired, when its client lost a scope of it, or, in strict mode, when its
// user is disabled. limits are what its scopes allow. Source: frappe/auth.py validate_oauth; frappe/oauth.py
// validate_bearer_token.
func (p *Provider) Resolve(ctx context.Context, c *engine.Call, token string) (user string, limits *engine.Limits, ok bool, err error) {
	if token == "" || len(token) > maxParam || hashed(token) {
		return "", nil, false, nil
	}
	now := p.engine.Now()
	g, known, gen := p.tokens.get(token)
	if !known || p.auth.CacheTTL > 0 && now.Sub(g.loaded) > p.auth.CacheTTL {
		if err := c.CommitNow(ctx); err != nil { // a snapshot not older than gen
			return "", nil, false, err
		}
		for _, name := range p.asStored("name", token) {
			if g, known, err = p.read(ctx, c, name); err != nil || known {
				break
			}
		}
		if err != nil || !known {
			return "", nil, false, err
		}
		g.loaded = now
		p.tokens.put(gen, token, g)
	}
	if !now.Before(g.expires) {
		return "", nil, false, nil
	}
	return g.user, g.limits, true, nil
}

// read returns what a stored token stands for.
func (p *Provider) read(ctx context.Context, c *engine.Call, token string) (grant, bool, error) {
	var name, user, scopes, client, status, expires document.Value
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(", ").Ident("user").SQL(", ").Ident("scopes").SQL(", ").
		Ident("client").SQL(", ").Ident("status").SQL(", ").Ident("expiration_time").SQL(" FROM ").Table(dtToken).
		SQL(" WHERE ").Ident("name").SQL(" = ").Str(token)
	found, err := c.Tx.QueryRow(ctx, b, &name, &user, &scopes, &client, &status, &expires)
	if err != nil || !found || document.ToText(name) != token || document.ToText(status) == "Revoked" {
		return grant{}, false, err
	}
	cl, err := findClient(ctx, c, document.ToText(client))
	if err != nil || cl == nil {
		return grant{}, false, err
	}
	allowed := cl.scopes()
	for _, s := range strings.Fields(document.ToText(scopes)) {
		if !slices.Contains(allowed, s) {
			return grant{}, false, nil
		}
	}
	g := grant{user: document.ToText(user), expires: siteTime(c, document.ToText(expires))}
	if g.user == "" {
		return grant{}, false, nil
	}
	if p.strict() {
		g.limits = limitsOf(cl.id, strings.Fields(document.ToText(scopes)))
	}
	if p.strict() || p.engine.Profile.DisabledTokensFail {
		if on, err := p.enabled(ctx, c, g.user); err != nil || !on {
			return grant{}, false, err
		}
	}
	return g, true, nil
}

// scopeAll opens the API; the others open what they name at the provider's own endpoints.
// Source: frappe/integrations/doctype/oauth_client (scopes: "all openid"), which never
// looks at them again.
const scopeAll = "all"

// limitsOf are what a token of some scopes may do. None makes credentials, which would
// outlive it.
func limitsOf(client string, scopes []string) *engine.Limits {
	l := &engine.Limits{ID: dtToken + " of " + client + ": " + strings.Join(scopes, " "), Token: true}
	if !slices.Contains(scopes, scopeAll) {
		l.Scoped = true
		l.Methods = []string{module + "openid_profile", module + "introspect_token", module + "revoke_token"}
	}
	return l
}

func (p *Provider) enabled(ctx context.Context, c *engine.Call, user string) (bool, error) {
	u, err := c.UserInfo(ctx, user)
	if err != nil {
		return false, err
	}
	return u.Enabled, nil
}
