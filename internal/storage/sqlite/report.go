package sqlite

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"freddo/document"
	"freddo/internal/storage"
)

// maxReportValue bounds one value that a report makes, in bytes.
const maxReportValue = 64 << 20

// Report runs a query on a connection that is opened for reading only and that refuses
// everything but reading tables and calling functions. limit is the context's.
func (d *Driver) Report(ctx context.Context, sql string, args []document.Value, _ storage.ReportRules) (storage.NamedRows, error) {
	denied := &denial{}
	c, err := openReport(d.path, denied)
	if err != nil {
		return nil, err
	}
	r, err := c.query(ctx, sql, args)
	if err != nil {
		if denied.what != "" {
			err = &storage.Refusal{What: denied.what}
		}
		return nil, errors.Join(err, c.close())
	}
	names := make([]string, r.n)
	for i := range names {
		names[i] = r.stmt.ColumnName(i)
	}
	return &reportRows{rows: r, names: names}, nil
}

func openReport(path string, denied *denial) (*conn, error) {
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
		err = db.SetAuthorizer(denied.readingOnly)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return c, nil
}

// denial is SQLite's authorizer of reports. SQLite asks it about every table, column
// and function that a statement really uses, whatever it calls them. what was refused.
type denial struct{ what string }

func (n *denial) readingOnly(action sqlite3.AuthorizerActionCode, table, function, _, _ string) sqlite3.AuthorizerReturnCode {
	switch action {
	case sqlite3.AUTH_SELECT, sqlite3.AUTH_RECURSIVE:
		return sqlite3.AUTH_OK
	case sqlite3.AUTH_READ:
		if readable(table) {
			return sqlite3.AUTH_OK
		}
		n.what = table
	case sqlite3.AUTH_FUNCTION:
		if function != "load_extension" {
			return sqlite3.AUTH_OK
		}
		n.what = function
	}
	return sqlite3.AUTH_DENY
}

// readable reports whether reports may read a table. Of SQLite's own they see the schema,
// but not the statistics, which hold values.
func readable(table string) bool {
	name := strings.ToLower(table)
	if strings.HasPrefix(name, "sqlite_") {
		return name == "sqlite_master" || name == "sqlite_schema"
	}
	return !slices.ContainsFunc(storage.SecretTables(), func(secret string) bool { return strings.EqualFold(secret, table) })
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
