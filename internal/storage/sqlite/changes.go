package sqlite

import (
	"context"
	"slices"
	"sync"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"freddo/internal/storage"
)

// schemaTable is written by whatever changes a table's shape.
const schemaTable = "sqlite_master"

// changes knows when tables were last written. Times are counts of commits.
type changes struct {
	mu     sync.Mutex
	now    int64
	tables map[string]int64
}

// time is the number of commits so far. A snapshot that begins later sees them all.
func (c *changes) time() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// commit counts a commit that has written tables.
func (c *changes) commit(tables map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now++
	for t := range tables {
		c.tables[t] = c.now
	}
}

// since reports whether one of the tables, or any table's shape, was written after a
// time.
func (c *changes) since(time int64, tables []string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tables[schemaTable] > time || slices.ContainsFunc(tables, func(t string) bool { return c.tables[t] > time })
}

// version is the time at which a table, or any table's shape, was written last.
func (c *changes) version(table string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(c.tables[table], c.tables[schemaTable])
}

// tables are those that a statement reads and writes.
type tables struct{ read, written []string }

// authorize is SQLite's authorizer: it is told what a statement does when that is
// prepared, and lets everything pass.
func (t *tables) authorize(action sqlite3.AuthorizerActionCode, name, _, _, _ string) sqlite3.AuthorizerReturnCode {
	list := &t.read
	switch action {
	case sqlite3.AUTH_READ:
	case sqlite3.AUTH_INSERT, sqlite3.AUTH_UPDATE, sqlite3.AUTH_DELETE:
		list = &t.written
	default:
		return sqlite3.AUTH_OK
	}
	if !slices.Contains(*list, name) {
		*list = append(*list, name)
	}
	return sqlite3.AUTH_OK
}

// Watch has a reader note which tables it reads from now on. It serves storage.Tx.
func (d *Driver) Watch(r storage.Conn) {
	if r, ok := r.(*reader); ok {
		r.watched = true
	}
}

// Changed reports, in the turn of w, whether a table that r has noted may have been
// written since r's snapshot. It serves storage.Tx.
func (d *Driver) Changed(r, w storage.Conn) bool {
	from, ok1 := r.(*reader)
	t, ok2 := w.(*turn)
	if !ok1 || !ok2 {
		return true
	}
	written := t.w.conn.written
	if written[schemaTable] || slices.ContainsFunc(from.tables, func(name string) bool { return written[name] }) {
		return true
	}
	return t.w.changes.since(from.since, from.tables)
}

// Version serves storage.Tx. A reader knows the version of what was not written since
// its snapshot, a turn that of what its batch has not written.
func (d *Driver) Version(c storage.Conn, table string) int64 {
	switch c := c.(type) {
	case *reader:
		if c.watched {
			c.tables = append(c.tables, table)
		}
		if v := d.w.changes.version(table); v <= c.since {
			return v + 1
		}
	case *turn:
		if w := c.w.conn.written; !w[table] && !w[schemaTable] {
			return c.w.changes.version(table) + 1
		}
	}
	return 0
}

// noteOthers counts the commits of other processes as one that has written everything.
func (w *writer) noteOthers(ctx context.Context) error {
	rows, err := w.conn.query(ctx, "PRAGMA data_version", nil)
	if err != nil {
		return err
	}
	rows.Next()
	version := rows.Raw(0).Int
	if err := rows.Close(); err != nil {
		return err
	}
	if version != w.version {
		w.version = version
		w.changes.commit(map[string]bool{schemaTable: true})
	}
	return nil
}
