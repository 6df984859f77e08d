package core

import (
	"context"
	"slices"

	"freddo/document"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/storage"
)

func clearUserPermissions(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("User Permission").SQL(" WHERE ").Ident("user").SQL(" = ").Str(a.Text("user")).
		SQL(" AND ").Ident("allow").SQL(" = ").Str(a.Text("for_doctype"))
	return c.Tx.Exec(ctx, b)
}

// addUserPermissions says for which DocTypes a user is held to a document: all, or those
// of a list. What was said before of the same document is replaced. It answers 1, or 0
// when there was nothing to do.
// Source: frappe/core/doctype/user_permission/user_permission.py add_user_permissions.
func addUserPermissions(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	data, err := arg.Object(a.Get("data"))
	if err != nil {
		return nil, err
	}
	p := permitted{user: document.ToText(data.Get("user")), allow: document.ToText(data.Get("doctype")), value: document.ToText(data.Get("docname"))}
	rows, err := c.Rows(ctx, "User Permission", []string{"name", "applicable_for", "apply_to_all_doctypes"},
		document.NewObject("user", p.user, "allow", p.allow, "for_value", p.value), "")
	if err != nil {
		return nil, err
	}
	wanted := arg.Strings(data.Get("applicable_doctypes"))
	if document.Cint(data.Get("apply_to_all_doctypes")) != 0 {
		wanted = []string{""} // stands for all
	}
	var stale []string
	have := map[string]bool{}
	for _, r := range rows {
		applies := r.PropText("applicable_for")
		if r.PropInt("apply_to_all_doctypes") != 0 {
			applies = ""
		}
		have[applies] = true
		if !slices.Contains(wanted, applies) {
			stale = append(stale, r.PropText("name"))
		}
	}
	if len(wanted) == 0 || have[""] && wanted[0] == "" {
		return 0, nil
	}
	if err := p.remove(ctx, c, stale); err != nil {
		return nil, err
	}
	for _, dt := range wanted {
		if have[dt] {
			continue
		}
		have[dt] = true
		if err := p.insert(ctx, c, dt, data); err != nil {
			return nil, err
		}
	}
	return 1, nil
}

// permitted is a document that a user is held to.
type permitted struct{ user, allow, value string }

func (p permitted) remove(ctx context.Context, c *engine.Call, names []string) error {
	if len(names) == 0 {
		return nil
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("User Permission").SQL(" WHERE ").Ident("name").SQL(" IN (")
	for i, n := range names {
		if i > 0 {
			b.SQL(", ")
		}
		b.Str(n)
	}
	_, err := c.Tx.Exec(ctx, b.SQL(")"))
	return err
}

// insert adds a row for one DocType, or for all when it is empty.
func (p permitted) insert(ctx context.Context, c *engine.Call, dt string, data *document.Object) error {
	o := document.NewObject("doctype", "User Permission", "user", p.user, "allow", p.allow, "for_value", p.value,
		"is_default", data.Get("is_default"), "hide_descendants", data.Get("hide_descendants"), "apply_to_all_doctypes", flag(dt == ""))
	if dt != "" {
		o.Set("applicable_for", document.Text(dt))
	}
	d, err := c.FromObject(ctx, o)
	if err != nil {
		return err
	}
	return c.Insert(ctx, d)
}
