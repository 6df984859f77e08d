package engine

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/perm"
	"freddo/internal/query"
)

// UpstreamReads reports that reading is as open as upstream's (site_config.json
// "permlevel_mode": "compat"): what upstream shows unasked is shown.
func (e *Engine) UpstreamReads() bool { return e.Site.Config().Str("permlevel_mode") == "compat" }

// rowsCondition narrows a list of a child table to the rows of one parent DocType that
// the call's user may see: rows of documents that a list of theirs would show, in table
// fields at a readable level. Source: frappe/database/query.py
// add_permission_conditions (v16); older releases narrow nothing.
func (c *Call) rowsCondition(ctx context.Context, dt *doctype.DocType, parent string) (*query.Node, error) {
	pdt, err := c.DocType(ctx, parent)
	if err != nil {
		return nil, err
	}
	cond := query.Eq(query.F(dt, "parenttype"), document.Text(pdt.Name))
	levels, err := c.readableTables(ctx, pdt, dt.Name)
	if err != nil {
		return nil, err
	}
	cond = query.And(cond, levels)
	if pdt.IsVirtual {
		return query.False(), nil
	}
	if pdt.IsSingle {
		ok, err := c.mayReadSingle(ctx, pdt)
		if err != nil || !ok {
			return query.False(), err
		}
		return cond, nil
	}
	own, err := c.listCondition(ctx, pdt, listScope{})
	if err != nil || own == nil {
		return cond, err
	}
	return query.And(cond, query.Names(query.F(dt, "parent"), pdt, own)), nil
}

func (c *Call) mayReadSingle(ctx context.Context, dt *doctype.DocType) (bool, error) {
	d, err := c.single(ctx, dt)
	if err != nil {
		return false, err
	}
	return c.HasPermission(ctx, dt.Name, doctype.Read, d)
}

// readableTables is fulfilled by rows of a child table that stand in table fields whose
// level the user may read; nil when that is all of them.
func (c *Call) readableTables(ctx context.Context, parent *doctype.DocType, child string) (*query.Node, error) {
	reads, err := c.ReadsFields(ctx, parent)
	if err != nil {
		return nil, err
	}
	var names []string
	hidden := false
	for _, f := range parent.Tables {
		switch {
		case f.Options != child:
		case reads(f):
			names = append(names, f.Fieldname)
		default:
			hidden = true
		}
	}
	if !hidden {
		return nil, nil
	}
	dt, err := c.DocType(ctx, child)
	if err != nil {
		return nil, err
	}
	return query.In(query.F(dt, "parentfield"), texts(names)...), nil
}

// guardTables narrows what a list joins and prints beside its own rows: rows of table
// fields above the user's level, and linked documents that the user may not see, are as
// if they were not there.
func (c *Call) guardTables(ctx context.Context, q *query.Select) error {
	if c.User == perm.Administrator {
		return nil
	}
	for i := range q.Joins {
		j := &q.Joins[i]
		var err error
		switch j.Kind {
		case query.ChildJoin:
			j.Match, err = c.readableTables(ctx, q.DocType, j.DocType.Name)
		case query.LinkJoin:
			j.Match, err = c.linkedCondition(ctx, q.DocType, j)
		case query.ParentJoin: // the rows' own condition asks for the parent
		}
		if err != nil {
			return err
		}
	}
	kept := q.Children[:0:0]
	for _, child := range q.Children {
		ok, err := c.readsLevel(ctx, q.DocType, child.Field)
		if err != nil {
			return err
		}
		if ok {
			kept = append(kept, child)
		}
	}
	q.Children = kept
	return nil
}

// linkedCondition is fulfilled by the documents of a link that the user may see, when the
// link itself may be read.
func (c *Call) linkedCondition(ctx context.Context, dt *doctype.DocType, j *query.Join) (*query.Node, error) {
	ok, err := c.readsLevel(ctx, dt, j.Link.Column.Field)
	if err != nil || !ok {
		return query.False(), err
	}
	return c.listCondition(ctx, j.DocType, listScope{})
}

// readsLevel reports whether the user may read a field's level; a nil field has none.
func (c *Call) readsLevel(ctx context.Context, dt *doctype.DocType, f *doctype.DocField) (bool, error) {
	reads, err := c.ReadsFields(ctx, dt)
	return err == nil && reads(f), err
}
