package workflow

import (
	"context"
	"slices"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/query"
	"freddo/internal/storage"
)

// processActions completes the Workflow Action that led to d's state and opens one for
// the roles that may act next.
// Source: frappe/workflow/doctype/workflow_action/workflow_action.py process_workflow_actions.
func processActions(ctx context.Context, c *engine.Call, d *document.Document) error {
	f, err := flowOf(ctx, c, d.Type.Name)
	if err != nil || f.name == "" {
		return err
	}
	at := d.Text(f.field)
	existing, err := c.Rows(ctx, "Workflow Action", []string{"name", "workflow_state", "status"},
		document.NewObject("reference_doctype", d.Type.Name, "reference_name", d.Name()), "")
	if err != nil {
		return err
	}
	for _, r := range existing {
		if r.PropText("workflow_state") == at {
			return nil
		}
	}
	if err := complete(ctx, c, f, at, existing); err != nil {
		return err
	}
	roles, err := nextRoles(ctx, c, f, at, d)
	if err != nil || len(roles) == 0 {
		return err
	}
	rows := make([]document.Value, len(roles))
	for i, r := range roles {
		rows[i] = document.MapOf(document.NewObject("role", r))
	}
	a, err := c.FromObject(ctx, document.NewObject("doctype", "Workflow Action", "reference_doctype", d.Type.Name, "reference_name", d.Name(),
		"workflow_state", at, "status", "Open", "permitted_roles", rows))
	if err != nil {
		return err
	}
	a.Flags.IgnorePermissions = true
	return c.Insert(ctx, a)
}

// nextRoles are the roles that may take d on from a state that is not optional.
func nextRoles(ctx context.Context, c *engine.Call, f *flow, at string, d *document.Document) ([]string, error) {
	var roles []string
	for i := range f.transitions {
		t := &f.transitions[i]
		next := f.state(t.next)
		if t.state != at || next == nil || next.optional || slices.Contains(roles, t.allowed) {
			continue
		}
		ok, err := t.holds(ctx, c, d)
		if err != nil {
			return nil, err
		}
		if ok {
			roles = append(roles, t.allowed)
		}
	}
	return roles, nil
}

// complete closes the open action of a role with which the user may have come here.
func complete(ctx context.Context, c *engine.Call, f *flow, at string, existing []*document.Object) error {
	me, err := c.Me(ctx)
	if err != nil {
		return err
	}
	var roles []string
	for _, t := range f.transitions {
		if t.next == at && me.Has(t.allowed) {
			roles = append(roles, t.allowed)
		}
	}
	if len(roles) == 0 {
		return nil
	}
	slices.Sort(roles)
	for _, r := range existing {
		if r.PropText("status") != "Open" {
			continue
		}
		a, err := c.Get(ctx, "Workflow Action", r.PropText("name"))
		if err != nil {
			return err
		}
		for _, row := range a.Rows("permitted_roles") {
			if !slices.Contains(roles, row.Text("role")) {
				continue
			}
			return c.Tx.SetColumns(ctx, a.Type, a.NameValue(), []string{"status", "completed_by", "completed_by_role"},
				[]document.Value{document.Text("Completed"), document.Text(c.User), row.Get("role")})
		}
	}
	return nil
}

// clearActions removes the actions of a document that is deleted.
func clearActions(ctx context.Context, c *engine.Call, d *document.Document) error {
	f, err := flowOf(ctx, c, d.Type.Name)
	if err != nil || f.name == "" {
		return err
	}
	rows, err := c.Rows(ctx, "Workflow Action", []string{"name"}, document.NewObject("reference_doctype", d.Type.Name, "reference_name", d.Name()), "")
	if err != nil || len(rows) == 0 {
		return err
	}
	dt, err := c.DocType(ctx, "Workflow Action")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := c.Tx.Delete(ctx, dt, r.Get("name")); err != nil {
			return err
		}
	}
	return nil
}

// seesAction: who holds one of the permitted roles. Source: workflow_action.py has_permission.
func seesAction(ctx context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
	if c.User == perm.Administrator {
		return true, nil
	}
	me, err := c.Me(ctx)
	if err != nil {
		return false, err
	}
	for _, row := range d.Rows("permitted_roles") {
		if me.Has(row.Text("role")) {
			return true, nil
		}
	}
	return false, nil
}

// ownActions narrows lists to open actions for the caller.
// Source: workflow_action.py get_permission_query_conditions.
func ownActions(ctx context.Context, c *engine.Call) (*query.Node, error) {
	if c.User == perm.Administrator {
		return nil, nil
	}
	dt, err := c.DocType(ctx, "Workflow Action")
	if err != nil {
		return nil, err
	}
	roles, err := c.Roles(ctx)
	if err != nil {
		return nil, err
	}
	names, err := permitted(ctx, c, roles)
	if err != nil {
		return nil, err
	}
	mine := query.Eq(query.F(dt, "user"), document.Text(c.User))
	if len(names) > 0 {
		mine = query.Or(mine, query.In(query.F(dt, "name"), names...))
	}
	return query.And(mine, query.Eq(query.F(dt, "status"), document.Text("Open"))), nil
}

func permitted(ctx context.Context, c *engine.Call, roles []string) ([]document.Value, error) {
	if len(roles) == 0 {
		return nil, nil
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT DISTINCT ").Ident("parent").SQL(" FROM ").Table("Workflow Action Permitted Role").
		SQL(" WHERE ").Ident("parenttype").SQL(" = ").Str("Workflow Action").SQL(" AND ").Ident("role").SQL(" IN (")
	for i, r := range roles {
		if i > 0 {
			b.SQL(", ")
		}
		b.Str(r)
	}
	rows, err := c.Tx.Query(ctx, b.SQL(")"))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []document.Value
	for rows.Next() {
		out = append(out, rows.Raw(0).Natural())
	}
	return out, rows.Err()
}
