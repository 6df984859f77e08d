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
	prefix := "EXPLAIN "
	if e, ok := tx.Dialect().(explainer); ok {
		prefix = e.ExplainPrefix()
	}
	b := NewBuilder(tx.Dialect())
	b.sql = append(append(b.sql, prefix...), list.sql...)
	b.vals = list.vals
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return "", err
	}
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
