package storage

import (
	"context"

	"freddo/document"
	"freddo/internal/query"
)

// renderCount writes the query that counts what q asks for.
func renderCount(d Dialect, q *query.Select) *Builder {
	r := newRenderer(d, q)
	switch q.Count {
	case query.CountPage:
		r.b.SQL("SELECT COUNT(*) FROM (")
		r.selects(true)
		r.from()
		r.group()
		d.Offset(r.b, q.Limit, q.Offset)
		r.b.SQL(") ").Ident("p")
		return r.b
	case query.CountDocuments:
		r.b.SQL("SELECT COUNT(DISTINCT ")
		if len(q.Joins) == 0 {
			r.b.Ident("name").SQL(")")
		} else {
			r.b.Column(q.Main(), "name").SQL(")")
		}
	default:
		r.b.SQL("SELECT COUNT(*)")
	}
	r.from()
	if r.group(); len(q.GroupBy) > 0 {
		r.order() // the count of the first group
		d.Offset(r.b, 1, 0)
	}
	return r.b
}

// Count runs a query whose Count is not NoCount; without rows it is 0.
func (tx *Tx) Count(ctx context.Context, q *query.Select) (int64, error) {
	if q.Empty {
		return 0, nil
	}
	var n document.Value
	_, err := tx.QueryRow(ctx, renderCount(tx.Dialect(), q), &n)
	return document.Cint(n), err
}
