package builtin

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/query"
)

// registerIntegrations keeps Google Contacts, which hold tokens of an account, to who
// made them; from v15 on the DocPerms do so.
func registerIntegrations(h *engine.Hooks) {
	h.HasPermission("Google Contacts", core.Strict(core.May(func(_ context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
		return d.Owner() == c.User, nil
	}, core.SystemManager)))
	h.QueryCondition("Google Contacts", core.StrictWhere(core.Where("Google Contacts", func(_ context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
		return query.Eq(f("owner"), document.Text(c.User)), nil
	}, core.SystemManager)))
}
