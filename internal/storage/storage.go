// Package storage owns SQL: transactions, the builder that keeps values bound and
// identifiers quoted, loading and writing documents, and the shape of tables. Below
// it each database is a Driver with its Dialect (sqlite, mariadb, postgres); above
// it nobody writes SQL text from data. Start with DB, Tx and Builder.
package storage

import (
	"context"
	"errors"
	"sync"

	"freddo/doctype"
	"freddo/document"
)

// ErrNotFound says that a document is not stored.
var ErrNotFound = errors.New("storage: not found")

// Driver is one database. Its Dialect renders SQL; Acquire gives connections.
type Driver interface {
	Dialect
	// Acquire returns a connection: one of many for reading, or the right to write.
	// A writer waits its turn. The connection is inside a transaction already.
	Acquire(ctx context.Context, write bool) (Conn, error)
	Close() error
}

// Conn is a connection inside a transaction. Commit, Rollback: exactly one ends it
// and gives the connection back.
type Conn interface {
	Query(ctx context.Context, sql string, args []document.Value) (Rows, error)
	Exec(ctx context.Context, sql string, args []document.Value) (affected int64, err error)
	// Commit returns once the writes are durable.
	Commit(ctx context.Context) error
	Rollback()
}

// Dialect is the words in which databases differ.
type Dialect interface {
	Name() string
	// AppendIdent appends a quoted identifier.
	AppendIdent(dst []byte, name string) []byte
	// AppendText appends a text literal, for defaults in CREATE and ALTER TABLE.
	AppendText(dst []byte, text string) []byte
	// AppendPlaceholder appends the placeholder of the n-th value, from 1.
	AppendPlaceholder(dst []byte, n int) []byte
	// ColumnType is the type of a column, with its collation if it has one.
	ColumnType(s ColumnSpec) string
	// TableSuffix ends CREATE TABLE.
	TableSuffix() string
	// ForUpdate ends a SELECT that locks its rows.
	ForUpdate() string
	// Upsert is the clause that makes an INSERT update columns on a conflict of key.
	Upsert(key []string, columns []string) string
	// InspectColumns is a query for a table's columns: name, type, not null (0, 1).
	InspectColumns(b *Builder, table string)
	// InspectIndexes is a query for a table's indexes: name, column (null when there are
	// several), unique (0, 1), and the statement that creates it (null unless
	// RebuildsForTypes, and for indexes that come with the table), made by TextIndex (0, 1).
	InspectIndexes(b *Builder, table string)
	// TextIndex is how an index on text of any length is made that serves equality: what
	// stands before the column list, and after the column in it. Rows are never refused
	// for the length of the text.
	TextIndex() (method, part string)
	// DropIndex is the statement that drops an index.
	DropIndex(b *Builder, table, name string)
	// RebuildsForTypes says that a column's type can only change by rebuilding the
	// table.
	RebuildsForTypes() bool
	// AlterType is the statement that changes a column's type from old, as the catalogue
	// spells it.
	AlterType(b *Builder, table string, s ColumnSpec, old string)
	// ReplaceColumn is the statement that changes the type of a column and makes every
	// value null, or the default where the column knows no null.
	ReplaceColumn(b *Builder, table string, s ColumnSpec)
	// FillNulls writes the statement that a column needs before AlterType makes it NOT
	// NULL, or reports that none is needed.
	FillNulls(b *Builder, table string, s ColumnSpec) bool
	// ExactNames says that columns which differ in case only are two columns.
	ExactNames() bool
	// Reserves reports whether the database keeps a column's name for itself.
	Reserves(column string) bool
	// NullOrder ends a key of ORDER BY, so that null comes before all values.
	NullOrder(desc bool) string
	// ReturnsUpdated says that UPDATE can return what it has written (RETURNING).
	ReturnsUpdated() bool
	// OrdersDistinct says that SELECT DISTINCT may be ordered by what it does not select.
	OrdersDistinct() bool
	// Operand tells how a value is compared with a column of a class: the type that the
	// value is cast to ("" for none), or that the column is to be compared as text.
	Operand(c *doctype.Column, class doctype.Class, v document.Value) (cast string, text bool)
	// Function returns the database's own name of a function of the query language.
	Function(name string) string
	// WriteFunction writes a call of a function that is more than another name, or
	// reports false. Besides the names of package query there are TEXT (a value as text)
	// and NUMBER (a text column as the number that it starts with, else 0), and where
	// RebuildsForTypes, STORED_DATE, STORED_DATETIME, STORED_TIME and STORED_JSON: text as
	// such a column keeps it (see StoredAs), null when it is none.
	WriteFunction(b *Builder, name string, args []func()) bool
	// WriteLike writes whether a text, which left writes, matches a pattern of MariaDB's
	// LIKE, without regard to case and accents; not turns it round. A pattern does not
	// end in a backslash that escapes nothing.
	WriteLike(b *Builder, left func(), pattern document.Value, not bool)
	// Offset renders a page: limit < 0 means no limit.
	Offset(b *Builder, limit, offset int64)
}

// Rows is a result being read. Close it always.
type Rows interface {
	Next() bool
	// Raw returns column i; its bytes are valid until the next call of Next.
	Raw(i int) Raw
	// Len is the number of columns.
	Len() int
	Err() error
	Close() error
}

// DB is one site's database. It is safe for concurrent use.
type DB struct {
	driver Driver
	mu     sync.Mutex
	plans  map[*doctype.DocType]*plan
	// reports counts the reports under way.
	reports chan struct{}
}

// NewDB returns a DB over a driver.
func NewDB(d Driver) *DB {
	return &DB{driver: d, plans: map[*doctype.DocType]*plan{}, reports: make(chan struct{}, maxReports)}
}

// Dialect returns the database's dialect.
func (db *DB) Dialect() Dialect { return db.driver }

// Close closes the database.
func (db *DB) Close() error { return db.driver.Close() }

// Begin returns a transaction that does no I/O until it is used.
func (db *DB) Begin(context.Context) *Tx { return &Tx{db: db} }
