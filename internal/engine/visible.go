package engine

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/perm"
	"freddo/internal/query"
)

// Visible returns the stored spelling of a document's name, when there is such a document
// and the call's user may know of it: a list of theirs would show it. In compat mode it is
// Exists, as upstream asks nobody. It logs nothing.
func (c *Call) Visible(ctx context.Context, dtName, name string) (string, bool, error) {
	if c.UpstreamReads() && c.Limits == nil {
		return c.Exists(ctx, dtName, name)
	}
	return c.visible(ctx, dtName, name, false)
}

// VisibleByLink is Visible for the value of a link: where some Link field lets its
// DocType be chosen past User Permissions, these do not count.
func (c *Call) VisibleByLink(ctx context.Context, dtName, name string) (string, bool, error) {
	stored, ok, err := c.Visible(ctx, dtName, name)
	if err != nil || ok || c.UpstreamReads() {
		return stored, ok, err
	}
	free, err := c.LinkIgnoresUserPermissions(ctx, "", "", dtName)
	if err != nil || !free {
		return "", false, err
	}
	return c.visible(ctx, dtName, name, true)
}

func (c *Call) visible(ctx context.Context, dtName, name string, anyLink bool) (string, bool, error) {
	dt, err := c.DocType(ctx, dtName)
	if err != nil {
		return "", false, err
	}
	if dt.IsSingle || dt.IsVirtual || dt.IsTable {
		return c.visibleByRead(ctx, dt, name)
	}
	ok, err := c.CanList(ctx, dt)
	if err != nil || !ok {
		return "", false, err
	}
	cond, err := c.listCondition(ctx, dt, listScope{anyLink: anyLink})
	if err != nil {
		return "", false, err
	}
	stored, there, err := c.Tx.Exists(ctx, dt, document.Text(name))
	if err != nil || !there || cond == nil {
		return document.ToText(stored), there, err
	}
	f := query.F(dt, "name")
	q := &query.Select{DocType: dt, Limit: 1, Where: query.And(query.Eq(f, stored), cond), Count: query.CountRows}
	n, err := c.Tx.Count(ctx, q)
	if err != nil || n == 0 {
		return "", false, err
	}
	return document.ToText(stored), true, nil
}

// visibleByRead is visible for documents that no list holds.
func (c *Call) visibleByRead(ctx context.Context, dt *doctype.DocType, name string) (string, bool, error) {
	d, err := c.Get(ctx, dt.Name, name)
	if exc.Is(err, exc.DoesNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	messages := len(c.Messages)
	ok, err := c.HasPermission(ctx, dt.Name, doctype.Read, d)
	c.Messages = c.Messages[:messages]
	return d.Name(), ok, err
}

// SeesAll reports that no document of a DocType is hidden from the call's user, so that
// "not found" tells them nothing that they may not know.
func (c *Call) SeesAll(ctx context.Context, dtName string) (bool, error) {
	dt, err := c.DocType(ctx, dtName)
	if err != nil {
		return false, err
	}
	if c.User == perm.Administrator || c.UpstreamReads() {
		return true, nil
	}
	if ok, err := c.CanList(ctx, dt); err != nil || !ok {
		return false, err
	}
	cond, err := c.listCondition(ctx, dt, listScope{})
	return err == nil && cond == nil, err
}

// GetVisible is Get for who may know of the document. Errors: PermissionError alike for
// what is hidden and what does not exist, DoesNotExistError for users who see all.
func (c *Call) GetVisible(ctx context.Context, dtName, name string) (*document.Document, error) {
	stored, ok, err := c.Visible(ctx, dtName, name)
	if err != nil {
		return nil, err
	}
	if ok {
		return c.Get(ctx, dtName, stored)
	}
	if all, err := c.SeesAll(ctx, dtName); err != nil {
		return nil, err
	} else if all {
		return c.Get(ctx, dtName, name)
	}
	return nil, exc.Permission.New("").WithHint("No permission for " + dtName)
}

// ReadsField reports whether the call's user may read a field of a DocType by its level.
func (c *Call) ReadsField(ctx context.Context, dt *doctype.DocType, name string) (bool, error) {
	reads, err := c.ReadsFields(ctx, dt)
	return err == nil && reads(dt.Field(name)), err
}

// ReadsFields returns what tells whether the call's user may read a field of documents of
// dt, or of the rows in their tables, by its level. What is no field has no level.
func (c *Call) ReadsFields(ctx context.Context, dt *doctype.DocType) (func(*doctype.DocField) bool, error) {
	if c.UpstreamReads() {
		return func(*doctype.DocField) bool { return true }, nil
	}
	me, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	levels, all := perm.Levels(dt, me, doctype.Read)
	return func(f *doctype.DocField) bool { return f == nil || f.Permlevel == 0 || all || levels[f.Permlevel] }, nil
}

// LinkIgnoresUserPermissions reports whether a Link field to target lets documents be
// chosen past User Permissions: the named field of a DocType, any field of it when field
// is "", any field of the site when dtName is "" too.
func (c *Call) LinkIgnoresUserPermissions(ctx context.Context, dtName, field, target string) (bool, error) {
	if dtName != "" {
		dt, err := c.DocType(ctx, dtName)
		if exc.Is(err, exc.DoesNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		for _, f := range dt.LinkFields {
			if f.IgnoreUserPermissions && (field == "" || f.Fieldname == field) && (f.Options == target || f.Fieldtype == "Dynamic Link") {
				return true, nil
			}
		}
		return false, nil
	}
	for _, holder := range [2]string{"DocField", "Custom Field"} {
		rows, err := c.Rows(ctx, holder, []string{"name"}, document.NewObject("fieldtype", "Link", "options", target, "ignore_user_permissions", 1), "")
		if err != nil || len(rows) > 0 {
			return len(rows) > 0, err
		}
	}
	return false, nil
}
