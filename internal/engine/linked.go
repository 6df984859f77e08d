package engine

import (
	"context"
	"strings"
	"sync"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

// linkedRows are rows by name, found exactly or without regard to case.
type linkedRows struct {
	exact, folded map[string]*document.Object
}

func (r *linkedRows) get(name string) *document.Object {
	if o := r.exact[name]; o != nil {
		return o
	}
	return r.folded[strings.ToLower(strings.TrimRight(name, " "))]
}

// linkedRows returns the rows that links of one DocType lead to, with some columns.
// Those that are not known yet cost one query. The rows are shared: nobody changes them.
func (c *Call) linkedRows(ctx context.Context, target *doctype.DocType, cols []string, links []*link) (*linkedRows, error) {
	version, err := c.Tx.Version(ctx, target)
	if err != nil {
		return nil, err
	}
	out := &linkedRows{exact: map[string]*document.Object{}, folded: map[string]*document.Object{}}
	key := linkedKey{target: target, cols: strings.Join(cols, ",")}
	seen := map[string]bool{}
	var ask []string
	for _, l := range links {
		if seen[l.value] {
			continue
		}
		seen[l.value] = true
		key.name = l.value
		if row := c.links.get(key, version); row != nil {
			out.exact[l.value] = row
		} else {
			ask = append(ask, l.value)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	if err := c.readLinked(ctx, out, target, cols, ask); err != nil {
		return nil, err
	}
	for _, name := range ask {
		if row := out.get(name); row != nil {
			key.name = name
			c.links.put(key, version, row)
		}
	}
	return out, nil
}

func (c *Call) readLinked(ctx context.Context, out *linkedRows, target *doctype.DocType, cols, names []string) error {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name")
	for _, col := range cols {
		b.SQL(", ").Ident(col)
	}
	b.SQL(" FROM ").Table(target.Name).SQL(" WHERE ").Ident("name").SQL(" IN (")
	for i, name := range names {
		if i > 0 {
			b.SQL(", ")
		}
		b.Str(name)
	}
	rows, err := c.Tx.Query(ctx, b.SQL(")"))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		o := &document.Object{}
		stored := rows.Raw(0).Natural()
		name := document.ToText(stored)
		o.Set("name", stored)
		for i, col := range cols {
			o.Set(col, rows.Raw(i+1).Value(target.Column(col).Type.Class))
		}
		out.exact[name] = o
		out.folded[strings.ToLower(name)] = o
	}
	return rows.Err()
}

// linkedCache keeps rows that links lead to, as long as nobody writes their table: the
// same customers and items are linked to again and again.
type linkedCache struct {
	mu   sync.RWMutex
	rows map[linkedKey]linkedRow
}

// linkedKey is a row with some columns, by the name that a link has.
type linkedKey struct {
	target     *doctype.DocType
	cols, name string
}

type linkedRow struct {
	version int64 // the table's (storage.Tx.Version)
	row     *document.Object
}

// maxLinked bounds the rows that are kept.
const maxLinked = 4096

func (l *linkedCache) get(k linkedKey, version int64) *document.Object {
	if version == 0 {
		return nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if r := l.rows[k]; r.version == version {
		return r.row
	}
	return nil
}

func (l *linkedCache) put(k linkedKey, version int64, row *document.Object) {
	if version == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rows == nil || len(l.rows) >= maxLinked {
		l.rows = map[linkedKey]linkedRow{}
	}
	l.rows[k] = linkedRow{version, row}
}
