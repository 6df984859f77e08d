package oauth

import (
	"context"
	"time"

	"freddo/internal/engine"
	"freddo/internal/storage"
)

// How long what is spent is kept. A refresh token has no end of its own, so a token that
// nobody has renewed for a month is taken for forgotten, as upstream's log clearing does.
const (
	keepCodes  = 24 * time.Hour
	keepTokens = 30 * 24 * time.Hour
)

// Sweep deletes codes that were used or, in strict mode, have expired, tokens that were
// revoked, and tokens that expired long ago, and hashes what strict mode did not store; n counts them. The reuse of a code or of a
// refresh token is noticed without the row, by the family's name.
// Source: frappe/integrations/doctype/oauth_bearer_token, frappe/hooks.py (delete_oauth2_data).
func (p *Provider) Sweep(ctx context.Context, c *engine.Call) (n int64, err error) {
	for _, dt := range []string{dtCode, dtToken} {
		if _, err := c.DocType(ctx, dt); err != nil {
			return 0, nil //nolint:nilerr // a site without the provider
		}
	}
	before := func(span time.Duration) string { return c.SiteNow().Add(-span).Format(stampLayout) }
	del := func(dt string) *storage.Builder {
		return storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table(dt).SQL(" WHERE ")
	}
	sweeps := []*storage.Builder{
		del(dtCode).Ident("validity").SQL(" = ").Str("Invalid"),
		del(dtToken).Ident("status").SQL(" = ").Str("Revoked"),
		del(dtToken).Ident("expiration_time").SQL(" < ").Str(before(keepTokens)),
	}
	if p.strict() {
		sweeps = append(sweeps, del(dtCode).Ident("creation").SQL(" < ").Str(before(keepCodes)))
	}
	for _, b := range sweeps {
		k, err := c.Tx.Exec(ctx, b)
		if err != nil {
			return n, err
		}
		n += k
	}
	if p.strict() {
		k, err := p.hashOld(ctx, c)
		if err != nil {
			return n, err
		}
		n += k
	}
	if n > 0 {
		p.forget(c, "")
	}
	return n, nil
}
