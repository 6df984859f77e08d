package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/ncruces/go-sqlite3"

	"freddo/document"
	"freddo/internal/storage"
)

// maxReportValue bounds one value that a report makes, in bytes.
const maxReportValue = 64 << 20

// secretTable is never read by reports: it holds passwords.
const secretTable = "__Auth"

// Report runs a query on a connection that is opened for reading only and that refuses
// everything but reading tables and calling functions. limit is the context's.
func (d *Driver) Report(ctx context.Context, sql string, args []document.Value, _ time.Duration) (storage.NamedRows, error) {
	c, err := openReport(d.path)
	if err != nil {
		return nil, err
	}
	r, err := c.query(ctx, sql, args)
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	names := make([]string, r.n)
	for i := range names {
		names[i] = r.stmt.ColumnName(i)
	}
	return &reportRows{rows: r, names: names}, nil
}

func openReport(path string) (*conn, error) {
	db, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READONLY)
	if err != nil {
		return nil, err
	}
	c := &conn{db: db, stmts: map[string]*statement{}}
	err = errors.Join(db.Exec("PRAGMA busy_timeout = 10000; PRAGMA query_only = ON; PRAGMA temp_store = MEMORY"),
		db.CreateCollation(collation, compare), registerLike(db))
	if err == nil {
		db.Limit(sqlite3.LIMIT_LENGTH, maxReportValue)
		db.Limit(sqlite3.LIMIT_ATTACHED, 0)
		err = db.SetAuthorizer(readingOnly)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return c, nil
}

func readingOnly(action sqlite3.AuthorizerActionCode, table, function, _, _ string) sqlite3.AuthorizerReturnCode {
	switch action {
	case sqlite3.AUTH_SELECT, sqlite3.AUTH_RECURSIVE:
		return sqlite3.AUTH_OK
	case sqlite3.AUTH_READ:
		if table != secretTable {
			return sqlite3.AUTH_OK
		}
	case sqlite3.AUTH_FUNCTION:
		if function != "load_extension" {
			return sqlite3.AUTH_OK
		}
	}
	return sqlite3.AUTH_DENY
}

// reportRows close their connection.
type reportRows struct {
	*rows
	names  []string
	closed bool
}

func (r *reportRows) Columns() []string { return r.names }

func (r *reportRows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	c := r.rows.c
	return errors.Join(r.rows.Close(), c.close())
}
