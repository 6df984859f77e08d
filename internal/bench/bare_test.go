package bench

import (
	"fmt"
	"strings"
	"testing"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"freddo/document"
)

// bare is a database through its driver alone. Identifiers are quoted with double
// quotes on all of them.
type bare interface {
	// reader returns a function that runs queries and appends their rows as JSON.
	reader(b *testing.B, queries []bareQuery) func(dst []byte) []byte
	// texts reads the first column of a query.
	texts(b *testing.B, query string) []string
	columns(b *testing.B, table string) []string
	placeholder() string
	// inserter returns a function that runs parent once and child so many times in one
	// durable transaction, each with a new name; n counts the names.
	inserter(b *testing.B, parent, child string) func(n *int, children int)
}

// bareQuery is a SELECT with ? for its values.
type bareQuery struct {
	sql  string
	args []string
}

// sqliteBare is SQLite.
type sqliteBare struct{ *sqlite3.Conn }

func openSQLite(b *testing.B, path string) bare {
	b.Helper()
	c, err := sqlite3.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	if err := c.Exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000"); err != nil {
		b.Fatal(err)
	}
	// The comparison of the column's collation is the database's work in both.
	err = c.CreateCollation("frappe", func(x, y []byte) int { return strings.Compare(string(x), string(y)) })
	if err != nil {
		b.Fatal(err)
	}
	return sqliteBare{c}
}

func (s sqliteBare) placeholder() string { return "?" }

func (s sqliteBare) prepare(b *testing.B, query string) *sqlite3.Stmt {
	b.Helper()
	stmt, _, err := s.Prepare(query)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = stmt.Close() })
	return stmt
}

func (s sqliteBare) reader(b *testing.B, queries []bareQuery) func(dst []byte) []byte {
	var stmts []*sqlite3.Stmt
	for _, q := range queries {
		stmts = append(stmts, s.prepare(b, q.sql))
	}
	return func(dst []byte) []byte {
		for i, stmt := range stmts {
			for k, v := range queries[i].args {
				_ = stmt.BindText(k+1, v)
			}
			n := stmt.ColumnCount()
			for stmt.Step() {
				dst = append(dst, '{')
				for i := range n {
					dst = document.Python.AppendKey(dst, "column")
					switch stmt.ColumnType(i) {
					case sqlite3.INTEGER:
						dst = fmt.Appendf(dst, "%d", stmt.ColumnInt64(i))
					case sqlite3.FLOAT:
						dst = document.Python.AppendFloat(dst, stmt.ColumnFloat(i))
					case sqlite3.NULL:
						dst = append(dst, "null"...)
					default:
						dst = document.Python.AppendBytes(dst, stmt.ColumnRawText(i))
					}
					dst = append(dst, ',')
				}
				dst = append(dst, '}')
			}
			_ = stmt.Reset()
		}
		return dst
	}
}

func (s sqliteBare) texts(b *testing.B, query string) (out []string) {
	stmt := s.prepare(b, query)
	for stmt.Step() {
		out = append(out, stmt.ColumnText(0))
	}
	_ = stmt.Reset()
	return out
}

func (s sqliteBare) columns(b *testing.B, table string) []string {
	return s.texts(b, `SELECT name FROM pragma_table_info('`+table+`')`)
}

func (s sqliteBare) inserter(b *testing.B, parent, child string) func(n *int, children int) {
	p, c := s.prepare(b, parent), s.prepare(b, child)
	run := func(n *int, stmt *sqlite3.Stmt) {
		*n++
		_ = stmt.BindText(1, fmt.Sprintf("bare-%d", *n))
		if err := stmt.Exec(); err != nil {
			b.Fatal(err)
		}
	}
	return func(n *int, children int) {
		if err := s.Exec("BEGIN IMMEDIATE"); err != nil {
			b.Fatal(err)
		}
		run(n, p)
		for range children {
			run(n, c)
		}
		if err := s.Exec("COMMIT"); err != nil {
			b.Fatal(err)
		}
	}
}
