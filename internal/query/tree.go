package query

import (
	"context"

	"freddo/doctype"
	"freddo/document"
)

// treeOperator is one of the operators on trees.
type treeOperator struct{ ancestors, not, inclusive bool }

var treeOperators = map[string]treeOperator{
	"descendants of":             {},
	"descendants of (inclusive)": {inclusive: true},
	"not descendants of":         {not: true},
	"ancestors of":               {ancestors: true},
	"not ancestors of":           {ancestors: true, not: true},
}

// treeNames returns the names that a tree operator stands for. The tree is the target
// of the field, or the DocType itself. Source: frappe/model/db_query.py
// prepare_filter_condition, frappe/database/query.py get_nested_set_hierarchy_result.
func (p *parser) treeNames(ctx context.Context, dt *doctype.DocType, f Field, op treeOperator, node document.Value) ([]document.Value, error) {
	if k := node.Kind(); k == document.List || k == document.Map {
		return nil, refused("A tree operator needs one name")
	}
	if df := f.Column.Field; df != nil {
		var err error
		if dt, err = p.env.DocType(ctx, df.Options); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"lft", "rgt"} {
		if c := dt.Column(name); c == nil || !c.Stored || dt.IsSingle || dt.IsVirtual {
			return nil, refused("%s is not a tree", bold(dt.Name))
		}
	}
	lft, rgt, ok, err := p.env.TreeBounds(ctx, dt, node)
	if err != nil {
		return nil, err
	}
	var names []string
	if ok {
		if names, err = p.env.TreeNames(ctx, dt, op.ancestors, lft, rgt); err != nil {
			return nil, err
		}
	}
	if err := p.countMembers(len(names)); err != nil {
		return nil, err
	}
	values := make([]document.Value, 0, len(names)+1)
	for _, n := range names {
		values = append(values, document.Text(n))
	}
	if op.inclusive {
		values = append(values, node) // Frappe: the node itself even where it does not exist
	}
	if len(values) == 0 {
		values = append(values, document.Text(""))
	}
	return values, nil
}

// legacyTree counts null as empty text: rows without a value are the descendants of a
// leaf.
func (p *parser) legacyTree(ctx context.Context, dt *doctype.DocType, f Field, c filter) (*Node, error) {
	op := treeOperators[c.op]
	values, err := p.treeNames(ctx, dt, f, op, c.value)
	if err != nil {
		return nil, err
	}
	if op.not {
		return withNulls(members(f, OpNotIn, values), f), nil
	}
	return withNulls(members(f, OpIn, values), f), nil
}
