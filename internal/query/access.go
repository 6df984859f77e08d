package query

import (
	"context"
	"strings"

	"freddo/doctype"
)

// access tells which columns of one DocType the user may see in lists.
type access struct {
	// all: no restriction by field.
	all bool
	// names limits a user with nothing but select to search fields.
	names map[string]bool
	// selectOnly is set with names.
	selectOnly bool
	levels     map[int]bool
}

// coreDocTypes are listed without regard to permlevels.
// Source: frappe/model/__init__.py core_doctypes_list.
var coreDocTypes = map[string]bool{"DefaultValue": true, "DocType": true, "DocField": true, "DocPerm": true,
	"DocType Action": true, "DocType Link": true, "User": true, "Role": true, "Has Role": true, "Page": true,
	"Module Def": true, "Print Format": true, "Report": true, "Customize Form": true,
	"Customize Form Field": true, "Property Setter": true, "Custom Field": true, "Client Script": true}

// accessTo returns what the user may see of dt, which may be the queried DocType, a
// child table or a linked DocType.
// Source: frappe/model/__init__.py get_permitted_fields.
func (p *parser) accessTo(ctx context.Context, dt *doctype.DocType) (*access, error) {
	if a := p.access[dt.Name]; a != nil {
		return a, nil
	}
	a := &access{}
	if p.access == nil {
		p.access = map[string]*access{}
	}
	p.access[dt.Name] = a
	if p.req.IgnorePermissions || coreDocTypes[dt.Name] {
		a.all = true
		return a, nil
	}
	if !dt.IsTable {
		only, err := p.env.SelectOnly(ctx, dt)
		if err != nil {
			return nil, err
		}
		if a.selectOnly = only; only {
			a.names = map[string]bool{"name": true}
			for _, f := range strings.Split(dt.SearchFields, ",") {
				a.names[strings.TrimSpace(f)] = true
			}
			return a, nil
		}
	}
	perms, parent, err := p.permissionsOf(ctx, dt)
	if err != nil {
		return nil, err
	}
	if len(perms) == 0 {
		a.all = true // Frappe: without DocPerm rows fields have no levels
		return a, nil
	}
	levels, err := p.levels(ctx, dt, parent, perms)
	if err != nil {
		return nil, err
	}
	a.levels = make(map[int]bool, len(levels)+1)
	for l, ok := range levels {
		a.levels[l] = ok
	}
	if !p.rules.EmptyIfUnreadable {
		a.levels[0] = true // who may list without a role's level does so by a share
	}
	return a, nil
}

// levels returns the permlevels that the user may read. Frappe: a level that no DocPerm
// row mentions is invisible in lists, to the Administrator too.
func (p *parser) levels(ctx context.Context, dt *doctype.DocType, parent string, perms []*doctype.DocPerm) (map[int]bool, error) {
	levels, all, err := p.env.ReadableLevels(ctx, dt, parent)
	if err != nil || !all {
		return levels, err
	}
	levels = map[int]bool{}
	for _, row := range perms {
		if row.Rights.Has(doctype.Read) {
			levels[row.Permlevel] = true
		}
	}
	return levels, nil
}

// permissionsOf returns the DocPerm rows that rule dt, and for a child table the
// DocType that they belong to.
func (p *parser) permissionsOf(ctx context.Context, dt *doctype.DocType) (rows []*doctype.DocPerm, parent string, err error) {
	if !dt.IsTable {
		return dt.Permissions, "", nil
	}
	if dt != p.dt {
		return p.dt.Permissions, p.dt.Name, nil
	}
	if p.req.Parent == "" {
		return nil, "", nil
	}
	pdt, err := p.env.DocType(ctx, p.req.Parent)
	if err != nil {
		return nil, "", err
	}
	return pdt.Permissions, pdt.Name, nil
}

// reads reports whether a column may be seen. Virtual columns may not: they have no
// column in SQL.
func (a *access) reads(c *doctype.Column, r *Rules) bool {
	switch {
	case !c.Stored:
		return false
	case a.all:
		return true
	case a.names != nil:
		return a.names[c.Name] || !r.SelectOnlyBare && (c.Field == nil && !c.Legacy)
	case c.Optional:
		return true
	case c.Field != nil:
		return a.levels[c.Field.Permlevel]
	case c.Legacy:
		return false
	}
	return !r.EmptyIfUnreadable || len(a.levels) > 0
}

// tests reports whether a column may be used in conditions, orders and groups.
func (a *access) tests(c *doctype.Column, r *Rules) bool {
	if a.names != nil && r.SelectTests && c.Stored && !c.Legacy {
		return c.Field == nil || c.Field.Permlevel == 0
	}
	return a.reads(c, r)
}

// star returns the columns that * stands for.
func (p *parser) star(ctx context.Context, dt *doctype.DocType) ([]*doctype.Column, error) {
	a, err := p.accessTo(ctx, dt)
	if err != nil {
		return nil, err
	}
	var out []*doctype.Column
	for _, i := range starOrder(dt) {
		c := &dt.Columns[i]
		if c.Optional || c.Legacy || a.selectOnly && !a.names[c.Name] {
			continue
		}
		if a.reads(c, p.rules) {
			out = append(out, c)
		}
	}
	return out, nil
}

// tableStar returns every column of the table (v14).
func tableStar(dt *doctype.DocType) []*doctype.Column {
	out := make([]*doctype.Column, 0, len(dt.Columns))
	for _, name := range []string{"name", "creation", "modified", "modified_by", "owner"} {
		out = append(out, dt.Column(name))
	}
	for i := doctype.SlotDocstatus; i < len(dt.Columns); i++ {
		if dt.Columns[i].Stored {
			out = append(out, &dt.Columns[i])
		}
	}
	return out
}

// starOrder is the slots with the parent columns after the standard ones.
func starOrder(dt *doctype.DocType) []int {
	out := make([]int, 0, len(dt.Columns))
	for i := range dt.Columns {
		if i == doctype.FirstField && dt.ParentSlot() >= 0 {
			at := dt.ParentSlot()
			out = append(out, at, at+1, at+2)
		}
		if at := dt.ParentSlot(); at >= 0 && i >= at && i < at+3 {
			continue
		}
		out = append(out, i)
	}
	return out
}
