package query

import (
	"context"
	"strconv"

	"freddo/doctype"
	"freddo/exc"
)

// joinChild makes a child table part of the query and returns its alias. parentfield
// limits it to one table field; a table is joined once, with the first limit.
// Source: frappe/model/db_query.py append_table, build_and_run.
func (p *parser) joinChild(ctx context.Context, child *doctype.DocType, parentfield string) (string, error) {
	alias := "tab" + child.Name
	for i := range p.q.Joins {
		if p.q.Joins[i].Alias == alias {
			return alias, nil
		}
	}
	if !child.IsTable {
		if err := p.checkLinked(ctx, child); err != nil {
			return "", err
		}
		return "", refused("%s is not a child table of %s", bold(child.Name), bold(p.dt.Name))
	}
	if !p.rules.Engine && !p.req.IgnorePermissions && !holds(p.dt, child.Name) {
		return "", exc.Permission.New(child.Name).WithHint("No permission for " + child.Name)
	}
	return alias, p.join(Join{Kind: ChildJoin, DocType: child, Alias: alias, Parentfield: parentfield})
}

// joinLink makes the document of a Link field part of the query. The string builder
// gives every link field a join of its own; the engine joins a DocType once, so that a
// second link to it shows the first one's values.
// Source: frappe/model/db_query.py append_link_table, query.py LinkTableField.
func (p *parser) joinLink(ctx context.Context, f *doctype.DocField) (string, *doctype.DocType, error) {
	target, err := p.env.DocType(ctx, f.Options)
	if err != nil {
		return "", nil, err
	}
	n, alias := 1, "tab"+target.Name
	for i := range p.q.Joins {
		j := &p.q.Joins[i]
		if j.DocType.Name != target.Name || j.Kind != LinkJoin {
			continue
		}
		if j.Link.Column.Name == f.Fieldname || p.rules.Engine {
			return j.Alias, target, nil
		}
		n++
	}
	if !p.rules.Engine {
		alias += "_" + strconv.Itoa(n)
		if err := p.checkLinked(ctx, target); err != nil {
			return "", nil, err
		}
	} else if target.Name == p.dt.Name {
		alias += "_1" // Frappe: joins the table to itself under one name, which fails
	}
	if target.IsSingle || target.IsVirtual {
		return "", nil, refused("%s has no table to list", bold(target.Name))
	}
	link := fieldOf(p.dt, p.dt.Column(f.Fieldname))
	return alias, target, p.join(Join{Kind: LinkJoin, DocType: target, Alias: alias, Link: link})
}

func (p *parser) join(j Join) error {
	if len(p.q.Joins) >= maxJoins {
		return refused("At most %d tables can be joined", maxJoins)
	}
	p.q.Joins = append(p.q.Joins, j)
	return nil
}

// checkLinked refuses a DocType that the user may not list.
func (p *parser) checkLinked(ctx context.Context, dt *doctype.DocType) error {
	if p.req.IgnorePermissions {
		return nil
	}
	return p.env.CheckList(ctx, dt)
}

// joined is a column of a joined table. A join keeps rows without a partner, where the
// column is null whatever its type.
func joined(alias string, dt *doctype.DocType, c *doctype.Column) Field {
	f := fieldOf(dt, c)
	f.Table, f.NotNull = alias, false
	return f
}

// typeOf returns the DocType behind a field's table.
func (p *parser) typeOf(f Field) *doctype.DocType {
	for i := range p.q.Joins {
		if p.q.Joins[i].Alias == f.Table {
			return p.q.Joins[i].DocType
		}
	}
	return p.dt
}

func column(f Field) *Expr { return &Expr{Kind: ColumnExpr, Field: f} }
