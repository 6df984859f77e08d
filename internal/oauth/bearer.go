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
	g, ok = t.by[token]
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
	t.by[strings.Clone(token)] = g
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
	delete(t.by, token)
}

// forget makes a change of tokens count from the commit on.
func (p *Provider) forget(c *engine.Call, token string) {
	c.Announce(engine.TopicLogins)
	c.AfterCommit(func(context.Context) { p.tokens.forget(token) })
}

// Resolve returns the user of a Bearer token; ok is false when the token is unknown,
// revoked or expired, when its client lost a scope of it, or, in strict mode, when its
// user is disabled. Source: frappe/auth.py validate_oauth; frappe/oauth.py
// validate_bearer_token.
func (p *Provider) Resolve(ctx context.Context, c *engine.Call, token string) (user string, ok bool, err error) {
	if token == "" || len(token) > maxParam {
		return "", false, nil
	}
	now := p.engine.Now()
	g, known, gen := p.tokens.get(token)
	if !known || p.auth.CacheTTL > 0 && now.Sub(g.loaded) > p.auth.CacheTTL {
		if err := c.CommitNow(ctx); err != nil { // a snapshot not older than gen
			return "", false, err
		}
		if g, known, err = p.read(ctx, c, token); err != nil || !known {
			return "", false, err
		}
		g.loaded = now
		p.tokens.put(gen, token, g)
	}
	if !now.Before(g.expires) {
		return "", false, nil
	}
	return g.user, true, nil
}

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
	if p.strict() || p.engine.Profile.DisabledTokensFail {
		if on, err := p.enabled(ctx, c, g.user); err != nil || !on {
			return grant{}, false, err
		}
	}
	return g, true, nil
}

func (p *Provider) enabled(ctx context.Context, c *engine.Call, user string) (bool, error) {
	u, err := c.UserInfo(ctx, user)
	if err != nil {
		return false, err
	}
	return u.Enabled, nil
}
