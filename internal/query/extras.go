package query

import (
	"context"
	"encoding/base64"
	"slices"

	"freddo/document"
	"freddo/exc"
)

// Extras are what lists can do here beyond upstream (docs/lists.md). The zero Extras
// change nothing.
type Extras struct {
	// Children adds the rows of every table field.
	Children bool
	// Cursor pages by the last row's place in the order instead of counting rows: it
	// makes the order total and reads the values of its keys (Select.Cursor).
	Cursor bool
	// After is the cursor of the row after which the page begins, "" for the first page.
	After string
}

// extras adds the extras to a query that is otherwise complete.
func (p *parser) extras(ctx context.Context) error {
	x := p.req.Extras
	if x == (Extras{}) {
		return nil
	}
	if len(p.q.GroupBy) > 0 || p.q.Distinct || p.folds() || p.q.Compress || p.q.Pluck {
		return exc.Validation.Throw("include=children and after need a list of documents, not of groups")
	}
	if x.Children {
		if err := p.allChildren(ctx); err != nil {
			return err
		}
	}
	if x.Cursor {
		return p.cursor(ctx, x.After)
	}
	return nil
}

// allChildren asks for the readable columns of all readable tables.
func (p *parser) allChildren(ctx context.Context) error {
	if p.q.AsList {
		return exc.Validation.Throw("include=children needs rows that are objects")
	}
	own, err := p.accessTo(ctx, p.dt)
	if err != nil {
		return err
	}
	for _, f := range p.dt.Tables {
		asked := slices.ContainsFunc(p.q.Children, func(c Child) bool { return c.Field == f })
		if asked || own.selectOnly || !own.all && !own.levels[f.Permlevel] {
			continue
		}
		child, err := p.child(ctx, f)
		if err != nil {
			return err
		}
		var names []document.Value
		for _, i := range starOrder(child) {
			names = append(names, document.Text(child.Columns[i].Name))
		}
		if err := p.engineChildRows(ctx, f, names); err != nil {
			return err
		}
	}
	p.needName()
	return nil
}

// cursor makes the order total and lets the page begin after a row.
func (p *parser) cursor(ctx context.Context, after string) error {
	q := p.q
	if q.Offset > 0 {
		return exc.Validation.Throw("after= and a start cannot be combined")
	}
	named := false
	for _, o := range q.OrderBy {
		if o.Expr.Kind != ColumnExpr || o.Expr.Field.Table != "" {
			return exc.Validation.Throw("after= needs an order by fields of the DocType itself")
		}
		if ok, err := p.readable(ctx, o.Expr); err != nil || !ok {
			return orRefused(err)
		}
		named = named || o.Expr.Field.Column.Name == "name"
	}
	if !named {
		desc := len(q.OrderBy) > 0 && q.OrderBy[len(q.OrderBy)-1].Desc
		q.OrderBy = append(q.OrderBy, Order{Expr: mainColumn(p.dt, "name"), Desc: desc})
	}
	for _, o := range q.OrderBy {
		q.Cursor = append(q.Cursor, len(q.Columns))
		q.Columns = append(q.Columns, Column{Expr: o.Expr, Label: o.Expr.Field.Column.Name, Class: o.Expr.Class(), Hidden: true})
	}
	if after == "" {
		return nil
	}
	values, ok := decodeCursor(after)
	if !ok || len(values) != len(q.OrderBy) {
		return exc.Validation.Throw("after= is no cursor of this list")
	}
	q.And(following(q.OrderBy, values))
	return nil
}

func orRefused(err error) error {
	if err != nil {
		return err
	}
	return exc.Permission.Throw("The order of this list may not be read")
}

// following is fulfilled by the rows that come after the one with these values. Null comes
// before all values.
func following(order []Order, values []document.Value) *Node {
	if len(order) == 0 {
		return False()
	}
	f, v := order[0].Expr.Field, values[0]
	var same, past *Node
	switch {
	case v.IsNull() && order[0].Desc:
		same, past = IsNull(f), False()
	case v.IsNull():
		same, past = IsNull(f), NotNull(f)
	case order[0].Desc:
		same, past = Eq(f, v), OrNull(Lt(f, v), f)
	default:
		same, past = Eq(f, v), Gt(f, v)
	}
	return Or(past, And(same, following(order[1:], values[1:])))
}

// EncodeCursor prints the place of a row: base64url of the JSON list of its keys.
func EncodeCursor(values []document.Value) string {
	return base64.RawURLEncoding.EncodeToString([]byte(document.Python.Marshal(document.ListOf(values...))))
}

func decodeCursor(s string) ([]document.Value, bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, false
	}
	v, err := document.ParseJSON(string(b))
	if err != nil || v.Kind() != document.List {
		return nil, false
	}
	for _, item := range v.List() {
		if item.Kind() >= document.List {
			return nil, false
		}
	}
	return v.List(), true
}

// Expandable returns the place among the columns and the target of a Link field that is
// shown under its own name; ok is false for every other name.
// Source: frappe/utils/data.py attach_expanded_links.
func (q *Select) Expandable(name string) (at int, target string, ok bool) {
	f := q.DocType.Field(name)
	if !isLink(f) || q.AsList || q.Pluck || q.Compress {
		return 0, "", false
	}
	for i, c := range q.Columns {
		if c.Label == name && !c.Hidden && c.Expr.Kind == ColumnExpr && c.Expr.Field.Table == "" && c.Expr.Field.Column.Field == f {
			return i, f.Options, true
		}
	}
	return 0, "", false
}

// Expansion replaces the values of a column by JSON.
type Expansion struct {
	// At is the column's place.
	At int
	// JSON is the replacement by value; other values stay.
	JSON map[string][]byte
}
