package storage

import (
	"context"

	"freddo/document"
	"freddo/internal/query"
)

// childRows are the printed rows of one table field, by parent.
type childRows map[string][]byte

// appendWithChildren prints the rows with their children: one further query per table
// field and childBatch rows. Source: frappe/database/query.py ChildQuery.
func (tx *Tx) appendWithChildren(ctx context.Context, dst []byte, q *query.Select, rows Rows, o ListOptions) (out []byte, read int, err error) {
	l := &parents{q: q, p: newPrinter(o.Format, q), rows: rows, all: q.Lookahead && q.Limit < 0}
	dst = append(dst, '[')
	for err == nil && l.next() {
		if dst, err = tx.appendParents(ctx, dst, l); err == nil && o.Sink != nil && len(dst) > PartSize {
			dst, err = o.Sink(dst)
		}
	}
	if rerr := rows.Err(); err == nil {
		err = rerr
	}
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	return append(dst, ']'), l.read, err
}

// parents reads the rows of a list that have children, some at a time.
type parents struct {
	q     *query.Select
	p     *printer
	rows  Rows
	heads [][]byte
	names []string
	read  int
	ended bool
	// all reads the rest at once, since its last row does not belong to the list.
	all bool
	// printed says that a row was printed before.
	printed bool
}

// next reads the next rows, without their closing brackets.
func (l *parents) next() bool {
	l.heads, l.names = l.heads[:0], l.names[:0]
	name := nameColumn(l.q)
	for !l.ended && (l.all || len(l.heads) < childBatch) {
		if !l.rows.Next() {
			l.ended = true
			break
		}
		if l.q.Lookahead && l.q.Limit >= 0 && int64(l.read) == l.q.Limit-1 {
			l.read++
			l.ended = true
			break
		}
		keepLast(l.q, l.rows, l.read)
		l.heads = append(l.heads, l.p.head(nil, l.rows))
		l.names = append(l.names, document.ToText(l.rows.Raw(name).Natural()))
		l.read++
	}
	if n := len(l.heads); l.all && n > 0 {
		l.heads, l.names = l.heads[:n-1], l.names[:n-1]
	}
	return len(l.heads) > 0
}

// appendParents prints rows that have been read, with their children.
func (tx *Tx) appendParents(ctx context.Context, dst []byte, l *parents) (out []byte, err error) {
	children := make([]childRows, len(l.q.Children))
	for i := range l.q.Children {
		if children[i], err = tx.childRows(ctx, l.p.f, l.q, &l.q.Children[i], l.names); err != nil {
			return dst, err
		}
	}
	for i, head := range l.heads {
		if l.printed {
			dst = append(dst, l.p.comma...)
		}
		l.printed = true
		dst = append(dst, head...)
		for k := range l.q.Children {
			if len(head) > len(l.p.open) || k > 0 {
				dst = append(dst, l.p.comma...)
			}
			if l.p.open == "{" {
				dst = l.p.f.AppendKey(dst, l.q.Children[k].Field.Fieldname)
			}
			dst = append(dst, '[')
			dst = append(append(dst, children[k][l.names[i]]...), ']')
		}
		dst = append(dst, l.p.shut...)
	}
	return dst, nil
}

// nameColumn is the place of the own name, which package query puts among the columns.
func nameColumn(q *query.Select) int {
	for i, c := range q.Columns {
		if e := c.Expr; e.Kind == query.ColumnExpr && e.Field.Table == "" && e.Field.Column.Name == "name" {
			return i
		}
	}
	return 0
}

// childBatch is how many parents one query asks for.
const childBatch = 500

func (tx *Tx) childRows(ctx context.Context, f document.Format, q *query.Select, c *query.Child, names []string) (childRows, error) {
	out := childRows{}
	sub := &query.Select{DocType: c.DocType, Columns: c.Columns}
	p := newPrinter(f, sub)
	for len(names) > 0 {
		n := min(childBatch, len(names))
		b := renderChildren(tx.Dialect(), q, c, names[:n])
		names = names[n:]
		rows, err := tx.Query(ctx, b)
		if err != nil {
			return nil, err
		}
		at := len(c.Columns)
		for rows.Next() {
			parent := string(rows.Raw(at).Bytes)
			list := out[parent]
			if len(list) > 0 {
				list = append(list, p.comma...)
			}
			out[parent] = p.row(list, rows)
		}
		err = rows.Err()
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// renderChildren writes the query for the rows of some parents; the parent is the last
// column.
func renderChildren(d Dialect, q *query.Select, c *query.Child, names []string) *Builder {
	b := NewBuilder(d).SQL("SELECT ")
	for _, col := range c.Columns {
		b.Ident(col.Expr.Field.Column.Name).SQL(", ")
	}
	b.Ident("parent").SQL(" FROM ").Table(c.DocType.Name).SQL(" WHERE ").Ident("parent").SQL(" IN (")
	for i, n := range names {
		if i > 0 {
			b.SQL(", ")
		}
		b.Str(n)
	}
	return b.SQL(") AND ").Ident("parenttype").SQL(" = ").Str(q.DocType.Name).
		SQL(" AND ").Ident("parentfield").SQL(" = ").Str(c.Field.Fieldname).
		SQL(" ORDER BY ").Ident("parent").SQL(", ").Ident("idx")
}
