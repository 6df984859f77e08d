package oauth

import (
	"context"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

func (p *Provider) registerHooks(h *engine.Hooks) {
	h.On(dtClient, engine.Validate, p.validateClient)
	h.On(dtToken, engine.Validate, validateToken)
	h.On(dtToken, engine.BeforeInsert, p.hashNew("access_token", "refresh_token"))
	h.On(dtCode, engine.BeforeInsert, p.hashNew("authorization_code"))
	for _, e := range []engine.Event{engine.OnUpdate, engine.OnTrash, engine.AfterRename} {
		h.On(dtToken, e, func(_ context.Context, c *engine.Call, d *document.Document) error {
			if e == engine.OnUpdate && d.Before == nil {
				return nil // a new token was never cached
			}
			name := d.Name()
			if e == engine.AfterRename {
				name = ""
			}
			p.forget(c, name)
			return nil
		})
		for _, dt := range []string{dtClient, "User"} {
			h.On(dt, e, func(_ context.Context, c *engine.Call, d *document.Document) error {
				if e != engine.OnUpdate || d.Before != nil {
					p.forget(c, "")
				}
				return nil
			})
		}
	}
}

// secretLength is the length of a client's secret in hexadecimal digits. Upstream's 10
// is 40 bits; strict mode makes one long enough to sign id_tokens with HS256, for which
// RFC 7518 3.2 demands 256 bits of key and libraries refuse less.
func (p *Provider) secretLength() int {
	if p.strict() {
		return 64
	}
	return 10
}

// validateClient follows oauth_client.py validate.
func (p *Provider) validateClient(ctx context.Context, c *engine.Call, d *document.Document) error {
	d.Set("client_id", document.Text(d.Name()))
	if d.Text("client_secret") == "" {
		d.Set("client_secret", document.Text(engine.RandomHex(p.secretLength())))
	}
	grant, response := d.Text("grant_type"), d.Text("response_type")
	if grant == "Authorization Code" && response != "Code" || grant == "Implicit" && response != "Token" {
		return exc.Validation.Throwf("Combination of Grant Type (<code>%s</code>) and Response Type (<code>%s</code>) not allowed", grant, response)
	}
	if len(d.Rows("allowed_roles")) > 0 {
		return nil
	}
	row, err := d.AppendRow("allowed_roles", func(name string) (*doctype.DocType, error) { return c.DocType(ctx, name) })
	if err != nil {
		return err
	}
	row.SetName(engine.RandomName())
	for _, slot := range []int{doctype.SlotOwner, doctype.SlotCreation, doctype.SlotModified, doctype.SlotModifiedBy, doctype.SlotDocstatus} {
		row.SetAt(slot, d.At(slot))
	}
	row.SetAt(doctype.SlotIdx, document.IntOf(1))
	row.Set("role", document.Text(c.Profile.OAuthDefaultRole))
	return nil
}

// validateToken follows oauth_bearer_token.py validate.
func validateToken(_ context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("expiration_time") != "" {
		return nil
	}
	created := siteTime(c, document.ToText(d.At(doctype.SlotCreation)))
	if created.IsZero() {
		created = c.SiteNow()
	}
	d.Set("expiration_time", document.Text(created.Add(time.Duration(d.Int("expires_in"))*time.Second).Format(stampLayout)))
	return nil
}
