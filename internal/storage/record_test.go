package storage_test

import (
	"context"
	"strings"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
	"freddo/internal/storage/mariadb"
	"freddo/internal/storage/postgres"
	"freddo/internal/storage/sqlite"
)

func dialects() []storage.Dialect {
	return []storage.Dialect{sqlite.Dialect{}, mariadb.Dialect{}, postgres.Dialect{}}
}

// recorder stands in for a database: it writes down what it is asked, and answers
// from a catalogue that the test gives.
type recorder struct {
	storage.Dialect
	columns []storage.ColumnSpec
	indexes [][]string // name, column, unique
	answers map[string][]string
	log     strings.Builder
}

func (r *recorder) Acquire(_ context.Context, _ bool) (storage.Conn, error) { return r, nil }
func (r *recorder) Close() error                                            { return nil }
func (r *recorder) Commit(context.Context) error                            { return nil }
func (r *recorder) Rollback()                                               {}

func (r *recorder) Exec(_ context.Context, sql string, args []document.Value) (int64, error) {
	r.write(sql, args)
	return 1, nil
}

func (r *recorder) Query(_ context.Context, sql string, args []document.Value) (storage.Rows, error) {
	if table, ok := r.catalogue(sql, args, r.InspectColumns); ok {
		return r.columnRows(table), nil
	}
	if _, ok := r.catalogue(sql, args, r.InspectIndexes); ok {
		return &rows{list: r.indexes}, nil
	}
	r.write(sql, args)
	for part, row := range r.answers {
		if strings.Contains(sql, part) {
			return &rows{list: [][]string{row}}, nil
		}
	}
	return &rows{}, nil
}

// catalogue reports whether a query is one of the two that ask for a table's shape.
func (r *recorder) catalogue(sql string, args []document.Value, render func(*storage.Builder, string)) (string, bool) {
	if len(args) != 1 {
		return "", false
	}
	b := storage.NewBuilder(r.Dialect)
	render(b, args[0].Str())
	return args[0].Str(), b.String() == sql
}

func (r *recorder) columnRows(string) storage.Rows {
	out := &rows{}
	for _, c := range r.columns {
		out.list = append(out.list, []string{c.Name, r.ColumnType(c), "0"})
	}
	return out
}

func (r *recorder) write(sql string, args []document.Value) {
	if strings.HasPrefix(sql, "CREATE TABLE") {
		sql = strings.ReplaceAll(sql, ", ", ",\n  ")
	}
	r.log.WriteString(sql + ";")
	if len(args) > 0 {
		r.log.WriteString(" -- " + document.ORJSON.Marshal(document.ListOf(args...)))
	}
	r.log.WriteString("\n")
}

// rows are canned rows of text.
type rows struct {
	list [][]string
	at   int
}

func (r *rows) Next() bool { r.at++; return r.at <= len(r.list) }
func (r *rows) Len() int   { return 0 }
func (r *rows) Raw(i int) storage.Raw {
	if row := r.list[r.at-1]; i < len(row) {
		return storage.Raw{Class: storage.RawText, Bytes: []byte(row[i])}
	}
	return storage.Raw{}
}
func (r *rows) Err() error   { return nil }
func (r *rows) Close() error { return nil }

func parse(t *testing.T, text string) *doctype.DocType {
	t.Helper()
	v, err := document.ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return doctype.FromProps(v.Map())
}
