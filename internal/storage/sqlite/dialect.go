// Package sqlite is SQLite as a storage.Driver: WAL, one writer whose commits are
// grouped, a pool of readers, and text that compares as on upstream's MariaDB. Start
// with Open; writer.go explains the grouping.
package sqlite

import (
	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
	"strings"
)

// Dialect is SQLite's words.
type Dialect struct{}

// Name is sqlite.
func (Dialect) Name() string { return "sqlite" }

// AppendIdent quotes with double quotes.
func (Dialect) AppendIdent(dst []byte, name string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(name); i++ {
		if name[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, name[i])
	}
	return append(dst, '"')
}

// AppendText doubles single quotes.
func (Dialect) AppendText(dst []byte, text string) []byte {
	dst = append(dst, '\'')
	for i := 0; i < len(text); i++ {
		if text[i] == '\'' {
			dst = append(dst, text[i])
		}
		dst = append(dst, text[i])
	}
	return append(dst, '\'')
}

// AppendPlaceholder is a question mark.
func (Dialect) AppendPlaceholder(dst []byte, _ int) []byte { return append(dst, '?') }

// ColumnType keeps dates as TEXT, so that they print as stored, and numbers as what
// they are.
func (Dialect) ColumnType(s storage.ColumnSpec) string {
	if s.PrimaryKey && s.Integer {
		return "INTEGER"
	}
	switch s.Size {
	case doctype.SizeInt, doctype.SizeBigInt, doctype.SizeCheck:
		return "INTEGER"
	case doctype.SizeDecimal, doctype.SizeRating:
		return "REAL"
	case doctype.SizeDate, doctype.SizeDatetime, doctype.SizeTime:
		return "TEXT"
	}
	return "TEXT COLLATE " + collation
}

// TableSuffix is empty.
func (Dialect) TableSuffix() string { return "" }

// TextIndex is an ordinary index: it takes texts of any length.
func (Dialect) TextIndex() (method, part string) { return "", "" }

// ForUpdate is empty: the writer is alone.
func (Dialect) ForUpdate() string { return "" }

// Upsert is ON CONFLICT.
func (d Dialect) Upsert(key, columns []string) string {
	out := []byte(" ON CONFLICT (")
	for i, k := range key {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = d.AppendIdent(out, k)
	}
	out = append(out, ") DO UPDATE SET "...)
	for i, c := range columns {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = append(d.AppendIdent(out, c), " = excluded."...)
		out = d.AppendIdent(out, c)
	}
	return string(out)
}

// InspectColumns reads pragma_table_info.
func (Dialect) InspectColumns(b *storage.Builder, table string) {
	b.SQL(`SELECT name, type, "notnull" FROM pragma_table_info(`).Str(table).SQL(")")
}

// InspectIndexes reads pragma_index_list; the statements come from the schema.
func (Dialect) InspectIndexes(b *storage.Builder, table string) {
	b.SQL(`SELECT l.name, CASE WHEN COUNT(*) = 1 THEN MIN(i.name) END, l."unique", s.sql, 0 FROM pragma_index_list(`).Str(table).
		SQL(`) l, pragma_index_info(l.name) i, sqlite_schema s WHERE s.type = 'index' AND s.name = l.name GROUP BY l.name`)
}

// DropIndex needs no table: index names are one name space.
func (Dialect) DropIndex(b *storage.Builder, _, name string) { b.SQL("DROP INDEX ").Ident(name) }

// RebuildsForTypes is true.
func (Dialect) RebuildsForTypes() bool { return true }

// AlterType does not exist in SQLite.
func (Dialect) AlterType(*storage.Builder, string, storage.ColumnSpec, string) {}

// ReplaceColumn does not either: tables are rebuilt.
func (Dialect) ReplaceColumn(*storage.Builder, string, storage.ColumnSpec) {}

// FillNulls is not needed: tables are rebuilt.
func (Dialect) FillNulls(*storage.Builder, string, storage.ColumnSpec) bool { return false }

// ExactNames is false.
func (Dialect) ExactNames() bool { return false }

// Reserves names the columns that SQLite knows the key of every row by.
func (Dialect) Reserves(column string) bool {
	switch strings.ToLower(column) {
	case "rowid", "oid", "_rowid_":
		return true
	}
	return false
}

// NullOrder is empty: null is first by itself.
func (Dialect) NullOrder(bool) string { return "" }

// OrdersDistinct is true.
func (Dialect) OrdersDistinct() bool { return true }

// Operand is never special: values of all types compare.
func (Dialect) Operand(*doctype.Column, doctype.Class, document.Value) (cast string, text bool) {
	return "", false
}

// WriteFunction writes the conversions, and what null makes null.
func (Dialect) WriteFunction(b *storage.Builder, name string, args []func()) bool {
	switch name {
	case "TEXT":
		b.SQL("CAST(")
		args[0]()
		b.SQL(" AS TEXT)")
	case "NUMBER":
		b.SQL("(")
		args[0]()
		b.SQL(" + 0.0)")
	case "STORED_DATE", "STORED_DATETIME", "STORED_TIME", "STORED_JSON":
		b.SQL(storedAs + "('" + name + "', ")
		args[0]()
		b.SQL(")")
	case "CONCAT":
		b.SQL("(")
		for i, arg := range args {
			if i > 0 {
				b.SQL(" || ")
			}
			arg()
		}
		b.SQL(")")
	default:
		return false
	}
	return true
}

// Function returns SQLite's names.
func (Dialect) Function(name string) string {
	switch name {
	case "LOCATE":
		return "INSTR"
	case "LENGTH":
		return "OCTET_LENGTH"
	case "CHAR_LENGTH":
		return "LENGTH"
	}
	return name
}

// WriteLike is LIKE: the driver registers one that compares as MariaDB's.
func (Dialect) WriteLike(b *storage.Builder, left func(), pattern document.Value, not bool) {
	left()
	if not {
		b.SQL(" NOT")
	}
	b.SQL(" LIKE ").Arg(pattern)
}

// Offset needs a LIMIT before OFFSET.
func (Dialect) Offset(b *storage.Builder, limit, offset int64) {
	if limit < 0 && offset == 0 {
		return
	}
	b.SQL(" LIMIT ").Int(limit)
	if offset > 0 {
		b.SQL(" OFFSET ").Int(offset)
	}
}

// ExplainPrefix starts the question for a plan.
func (Dialect) ExplainPrefix() string { return "EXPLAIN QUERY PLAN " }

// ReturnsUpdated says that UPDATE has RETURNING.
func (Dialect) ReturnsUpdated() bool { return true }
