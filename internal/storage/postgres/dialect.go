// Package postgres is PostgreSQL's words: quoting, column types, upserts, the
// catalogue. The tables it describes are those that upstream creates. Start with
// Dialect.
package postgres

import (
	"strconv"
	"strings"

	"freddo/doctype"
	"freddo/internal/storage"
)

// Dialect is PostgreSQL's words.
type Dialect struct {
	// Exact says that the database was made without our collation, by upstream or an
	// older version: its text compares exactly, and so will that of new columns.
	Exact bool
}

// Name is postgres.
func (Dialect) Name() string { return "postgres" }

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

// AppendPlaceholder is $n.
func (Dialect) AppendPlaceholder(dst []byte, n int) []byte {
	return strconv.AppendInt(append(dst, '$'), int64(n), 10)
}

// ColumnType returns the types of v14 and v15; text has our collation.
func (d Dialect) ColumnType(s storage.ColumnSpec) string {
	typ := columnType(s)
	if !d.Exact && (typ == "text" || strings.HasPrefix(typ, "varchar")) {
		return typ + " COLLATE " + collation
	}
	return typ
}

// columnType is a type without its collation.
// Source: frappe/database/postgres/database.py setup_type_map, schema.py create.
func columnType(s storage.ColumnSpec) string {
	switch s.Size {
	case doctype.SizeText, doctype.SizeLong:
		return "text"
	case doctype.SizeJSON:
		return "json"
	case doctype.SizeInt, doctype.SizeBigInt:
		return "bigint"
	case doctype.SizeCheck:
		return "smallint"
	case doctype.SizeDecimal:
		return "decimal(21,9)"
	case doctype.SizeRating:
		return "decimal(3,2)"
	case doctype.SizeDate:
		return "date"
	case doctype.SizeDatetime:
		if s.Name == "creation" || s.Name == "modified" {
			return "timestamp(6)"
		}
		return "timestamp"
	case doctype.SizeTime:
		return "time(6)"
	}
	if s.PrimaryKey && s.Integer {
		return "bigint"
	}
	if s.Length > 0 {
		return "varchar(" + strconv.Itoa(s.Length) + ")"
	}
	return "varchar(140)"
}

// TableSuffix is empty.
func (Dialect) TableSuffix() string { return "" }

// ForUpdate locks the selected rows.
func (Dialect) ForUpdate() string { return " FOR UPDATE" }

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

// InspectColumns reads pg_attribute, with the types spelled as ColumnType spells them.
func (Dialect) InspectColumns(b *storage.Builder, table string) {
	b.SQL("SELECT a.attname, REPLACE(REPLACE(REPLACE(FORMAT_TYPE(a.atttypid, a.atttypmod), 'character varying', 'varchar'), " +
		"' without time zone', ''), 'numeric', 'decimal'), a.attnotnull::int FROM pg_attribute a " +
		"JOIN pg_class t ON t.oid = a.attrelid JOIN pg_namespace n ON n.oid = t.relnamespace " +
		"WHERE n.nspname = CURRENT_SCHEMA() AND t.relname = ").Str(table).
		SQL(" AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum")
}

// InspectIndexes reads pg_index.
func (Dialect) InspectIndexes(b *storage.Builder, table string) {
	b.SQL("SELECT i.relname, CASE WHEN x.indnatts = 1 THEN a.attname END, x.indisunique::int, NULL, (m.amname = 'hash')::int FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid " +
		"JOIN pg_am m ON m.oid = i.relam " +
		"JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace " +
		"JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] " +
		"WHERE n.nspname = CURRENT_SCHEMA() AND t.relname = ").Str(table)
}

// TextIndex is a hash index: a B-tree would refuse rows whose text is longer than a third
// of a page. It hashes by the column's collation.
func (Dialect) TextIndex() (method, part string) { return " USING hash", "" }

// DropIndex needs no table: index names are one name space.
func (Dialect) DropIndex(b *storage.Builder, _, name string) { b.SQL("DROP INDEX ").Ident(name) }

// RebuildsForTypes is false.
func (Dialect) RebuildsForTypes() bool { return false }

// AlterType casts explicitly, since PostgreSQL converts few types by itself: numbers to
// numbers as such, all else by their text. It drops the old default first, which may not
// fit the new type.
func (d Dialect) AlterType(b *storage.Builder, table string, s storage.ColumnSpec, old string) {
	typ := columnType(s)
	d.alter(b, table, s, func() {
		if storage.Numeric(old) && storage.Numeric(typ) {
			b.SQL("CAST(").Ident(s.Name).SQL(" AS " + typ + ")")
			return
		}
		b.SQL("CAST(CAST(").Ident(s.Name).SQL(" AS text) AS " + typ + ")")
	})
}

// ReplaceColumn makes all values null.
func (d Dialect) ReplaceColumn(b *storage.Builder, table string, s storage.ColumnSpec) {
	d.alter(b, table, s, func() { b.SQL("CAST(NULL AS " + columnType(s) + ")") })
}

func (d Dialect) alter(b *storage.Builder, table string, s storage.ColumnSpec, value func()) {
	alter := func(more string) { b.SQL(", ALTER COLUMN ").Ident(s.Name).SQL(more) }
	b.SQL("ALTER TABLE ").Ident(table).SQL(" ALTER COLUMN ").Ident(s.Name).SQL(" DROP DEFAULT")
	if !s.NotNull && !s.PrimaryKey {
		alter(" DROP NOT NULL")
	}
	alter(" TYPE " + d.ColumnType(s) + " USING ")
	if s.NotNull {
		b.SQL("COALESCE(")
	}
	value()
	if s.NotNull {
		b.SQL(", " + s.Default + ")")
		alter(" SET NOT NULL")
	}
	if s.Default != "" {
		alter(" SET DEFAULT " + s.Default)
	}
}

// ExactNames is true: quoted names keep their case.
func (Dialect) ExactNames() bool { return true }

// Reserves names the columns that every table of PostgreSQL has.
func (Dialect) Reserves(column string) bool {
	switch strings.ToLower(column) {
	case "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid":
		return true
	}
	return false
}

// NullOrder puts null before all values, as MariaDB does.
func (Dialect) NullOrder(desc bool) string {
	if desc {
		return " NULLS LAST"
	}
	return " NULLS FIRST"
}

// Offset may stand without a LIMIT.
func (Dialect) Offset(b *storage.Builder, limit, offset int64) {
	if limit >= 0 {
		b.SQL(" LIMIT ").Int(limit)
	}
	if offset > 0 {
		b.SQL(" OFFSET ").Int(offset)
	}
}

// ReturnsUpdated says that UPDATE has RETURNING.
func (Dialect) ReturnsUpdated() bool { return true }
