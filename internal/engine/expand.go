package engine

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/query"
	"freddo/internal/storage"
)

// maxExpanded bounds the documents that one list may be expanded by.
const maxExpanded = 5000

// expandBatch is how many of them one query reads.
const expandBatch = 500

// expandLinks lets the values of Link fields be printed as the documents they name: those
// that the user may read, with the columns that the user may read. The others stay
// names, and so do values of fields that are not shown or are no links. Errors: in v16
// PermissionError where the user may read no document of the DocType.
// Source: frappe/utils/data.py attach_expanded_links.
func (c *Call) expandLinks(ctx context.Context, rules *query.Rules, q *query.Select, fields []string) error {
	total := 0
	for _, field := range fields {
		at, target, ok := q.Expandable(field)
		if !ok {
			continue
		}
		names, err := c.linked(ctx, q, at)
		if err != nil {
			return err
		}
		if total += len(names); total > maxExpanded {
			return exc.Validation.Throwf("expand can show at most %d documents; ask for a smaller page", maxExpanded)
		}
		docs, err := c.expanded(ctx, rules, target, names)
		if docs == nil && err == nil && rules.Engine && len(names) > 0 {
			err = exc.Permission.Throwf("Insufficient Permission for %s", Bold(target))
		}
		if err != nil {
			return err
		}
		if len(docs) > 0 {
			q.Expanded = append(q.Expanded, query.Expansion{At: at, JSON: docs})
		}
	}
	return nil
}

// linked returns the different values of one column of a list.
func (c *Call) linked(ctx context.Context, q *query.Select, at int) ([]document.Value, error) {
	one := *q
	one.Columns = []query.Column{q.Columns[at]}
	one.Children, one.Cursor, one.Pluck = nil, nil, true
	rows, err := c.Tx.List(ctx, &one)
	if err != nil {
		return nil, err
	}
	values, err := storage.ReadList(&one, rows)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{"": true}
	names := values[:0]
	for _, v := range values {
		if s := document.ToText(v); !v.IsNull() && !seen[s] {
			seen[s] = true
			names = append(names, v)
		}
	}
	return names, nil
}

// expanded returns the printed documents by name, nil where the user may read no document
// of the DocType.
func (c *Call) expanded(ctx context.Context, rules *query.Rules, target string, names []document.Value) (map[string][]byte, error) {
	dt, err := c.DocType(ctx, target)
	if err != nil || dt.IsSingle || dt.IsVirtual {
		return map[string][]byte{}, nil //nolint:nilerr // a link to nothing stays a name
	}
	if ok, err := c.CanList(ctx, dt); err != nil {
		return nil, err
	} else if !ok {
		return nil, nil
	}
	out := make(map[string][]byte, len(names))
	for len(names) > 0 {
		n := min(expandBatch, len(names))
		filter := document.ListOf(document.ListOf(document.Text("name"), document.Text("in"), document.ListOf(names[:n]...)))
		names = names[n:]
		q, err := c.Select(ctx, rules, query.Request{DocType: dt, Fields: document.Texts([]string{"*"}), Filters: filter, OrderBy: document.NullValue, Limit: -1})
		if err != nil {
			return nil, err
		}
		rows, err := c.Tx.List(ctx, q)
		if err != nil {
			return nil, err
		}
		docs, err := storage.ReadList(q, rows)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			out[document.ToText(d.Map().Get("name"))] = c.Profile.Body.Append(nil, d)
		}
	}
	return out, nil
}
