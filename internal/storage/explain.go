package storage

import (
	"context"
	"strings"

	"freddo/document"
	"freddo/internal/query"
)

// explainer is a Dialect whose plans start with something else than EXPLAIN.
type explainer interface {
	ExplainPrefix() string
}

// Explain returns the database's plan of a list, a line per step with its columns
// separated by tabs. It is for tests that watch the use of indexes.
func (tx *Tx) Explain(ctx context.Context, q *query.Select) (string, error) {
	list, err := renderList(tx.Dialect(), q)
	if err != nil {
		return "", err
	}
	b := NewBuilder(tx.Dialect())
	b.sql = append(append(b.sql, explainPrefix(tx.Dialect())...), list.sql...)
	b.vals = list.vals
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return "", err
	}
	return planText(rows)
}

func explainPrefix(d Dialect) string {
	if e, ok := d.(explainer); ok {
		return e.ExplainPrefix()
	}
	return "EXPLAIN "
}

func planText(rows Rows) (string, error) {
	defer rows.Close()
	var out strings.Builder
	for rows.Next() {
		for i := range rows.Len() {
			if i > 0 {
				out.WriteByte('\t')
			}
			out.WriteString(document.ToText(rows.Raw(i).Natural()))
		}
		out.WriteByte('\n')
	}
	return out.String(), rows.Err()
}

// Explained returns a DB over the same driver that tells fn of every SELECT and its plan,
// before it runs. It is for tests of what requests really ask.
func (db *DB) Explained(fn func(sql, plan string)) *DB { return NewDB(explaining{db.driver, fn}) }

type explaining struct {
	Driver
	fn func(sql, plan string)
}

// ExplainPrefix is the driver's.
func (e explaining) ExplainPrefix() string { return explainPrefix(e.Driver) }

// Acquire implements Driver.
func (e explaining) Acquire(ctx context.Context, write bool) (Conn, error) {
	c, err := e.Driver.Acquire(ctx, write)
	return explainingConn{c, e}, err
}

type explainingConn struct {
	Conn
	e explaining
}

// Query implements Conn.
func (c explainingConn) Query(ctx context.Context, sql string, args []document.Value) (Rows, error) {
	if strings.HasPrefix(sql, "SELECT ") {
		rows, err := c.Conn.Query(ctx, c.e.ExplainPrefix()+sql, args)
		if err != nil {
			return nil, err
		}
		plan, err := planText(rows)
		if err != nil {
			return nil, err
		}
		c.e.fn(sql, plan)
	}
	return c.Conn.Query(ctx, sql, args)
}
