// Package mariadb is MariaDB's words: quoting, column types, upserts, the catalogue.
// The tables it describes are those that upstream creates, so that an existing
// site's database can be opened. Start with Dialect.
package mariadb

import (
	"strconv"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

// Dialect is MariaDB's words.
type Dialect struct{}

// Name is mariadb.
func (Dialect) Name() string { return "mariadb" }

// AppendIdent quotes with backticks.
func (Dialect) AppendIdent(dst []byte, name string) []byte {
	dst = append(dst, '`')
	for i := 0; i < len(name); i++ {
		if name[i] == '`' {
			dst = append(dst, '`')
		}
		dst = append(dst, name[i])
	}
	return append(dst, '`')
}

// AppendText doubles single quotes and backslashes, which escape.
func (Dialect) AppendText(dst []byte, text string) []byte {
	dst = append(dst, '\'')
	for i := 0; i < len(text); i++ {
		if text[i] == '\'' || text[i] == '\\' {
			dst = append(dst, text[i])
		}
		dst = append(dst, text[i])
	}
	return append(dst, '\'')
}

// AppendPlaceholder is a question mark.
func (Dialect) AppendPlaceholder(dst []byte, _ int) []byte { return append(dst, '?') }

// ColumnType returns the types of v14 and v15; v16 narrows Check and the standard
// numbers, and opens these. Source: frappe/database/mariadb/database.py
// setup_type_map, schema.py create.
func (Dialect) ColumnType(s storage.ColumnSpec) string {
	switch s.Size {
	case doctype.SizeText:
		return "text"
	case doctype.SizeLong:
		return "longtext"
	case doctype.SizeJSON:
		return "json"
	case doctype.SizeInt:
		return integer(s)
	case doctype.SizeBigInt:
		return "bigint(20)"
	case doctype.SizeCheck:
		return "int(1)"
	case doctype.SizeDecimal:
		return "decimal(21,9)"
	case doctype.SizeRating:
		return "decimal(3,2)"
	case doctype.SizeDate:
		return "date"
	case doctype.SizeDatetime:
		return "datetime(6)"
	case doctype.SizeTime:
		return "time(6)"
	}
	if s.PrimaryKey && s.Integer {
		return "bigint(20)"
	}
	if s.Length > 0 {
		return "varchar(" + strconv.Itoa(s.Length) + ")"
	}
	return "varchar(140)"
}

func integer(s storage.ColumnSpec) string {
	switch {
	case s.Name == "idx":
		return "int(8)"
	case s.Length > 0 && s.Length < 11:
		return "int(" + strconv.Itoa(s.Length) + ")"
	}
	return "int(11)"
}

// TableSuffix is the engine and the collation that upstream creates tables with.
func (Dialect) TableSuffix() string {
	return " ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
}

// ForUpdate locks the selected rows.
func (Dialect) ForUpdate() string { return " FOR UPDATE" }

// Upsert is ON DUPLICATE KEY UPDATE, which takes any unique key.
func (d Dialect) Upsert(_, columns []string) string {
	out := []byte(" ON DUPLICATE KEY UPDATE ")
	for i, c := range columns {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = append(d.AppendIdent(out, c), " = VALUES("...)
		out = append(d.AppendIdent(out, c), ')')
	}
	return string(out)
}

// InspectColumns reads information_schema. A json column is a longtext that compares
// by its bytes, which is what tells the two apart.
func (Dialect) InspectColumns(b *storage.Builder, table string) {
	b.SQL("SELECT COLUMN_NAME, CASE WHEN COLUMN_TYPE = 'longtext' AND COLLATION_NAME = 'utf8mb4_bin' THEN 'json' ELSE COLUMN_TYPE END, " +
		"IS_NULLABLE = 'NO' FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ").Str(table).
		SQL(" ORDER BY ORDINAL_POSITION")
}

// InspectIndexes reads information_schema.
func (Dialect) InspectIndexes(b *storage.Builder, table string) {
	b.SQL("SELECT INDEX_NAME, CASE WHEN COUNT(*) = 1 THEN MIN(COLUMN_NAME) END, MAX(NON_UNIQUE) = 0, NULL, MAX(SUB_PART IS NOT NULL) FROM information_schema.STATISTICS " +
		"WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ").Str(table).SQL(" GROUP BY INDEX_NAME")
}

// TextIndex is an index of the beginning, as long as v16 makes that of file_url; rows are
// compared in full. Source: file.py on_doctype_update.
func (Dialect) TextIndex() (method, part string) { return "", "(100)" }

// DropIndex names the table: index names are each table's own.
func (Dialect) DropIndex(b *storage.Builder, table, name string) {
	b.SQL("DROP INDEX ").Ident(name).SQL(" ON ").Ident(table)
}

// RebuildsForTypes is false: MODIFY does it.
func (Dialect) RebuildsForTypes() bool { return false }

// AlterType is MODIFY, which restates the whole column.
func (d Dialect) AlterType(b *storage.Builder, table string, s storage.ColumnSpec, _ string) {
	b.SQL("ALTER TABLE ").Ident(table).SQL(" MODIFY ")
	d.column(b, s)
}

// ReplaceColumn makes a new column of the name.
func (d Dialect) ReplaceColumn(b *storage.Builder, table string, s storage.ColumnSpec) {
	b.SQL("ALTER TABLE ").Ident(table).SQL(" DROP COLUMN ").Ident(s.Name).SQL(", ADD COLUMN ")
	d.column(b, s)
}

func (d Dialect) column(b *storage.Builder, s storage.ColumnSpec) {
	b.Ident(s.Name).SQL(" ").SQL(d.ColumnType(s))
	if s.NotNull {
		b.SQL(" NOT NULL")
	}
	if s.Default != "" {
		b.SQL(" DEFAULT ").SQL(s.Default)
	}
}

// FillNulls is the statement that a column needs before it can become NOT NULL.
func (Dialect) FillNulls(b *storage.Builder, table string, s storage.ColumnSpec) bool {
	b.SQL("UPDATE ").Ident(table).SQL(" SET ").Ident(s.Name).SQL(" = ").SQL(s.Default).SQL(" WHERE ").Ident(s.Name).SQL(" IS NULL")
	return true
}

// ExactNames is false.
func (Dialect) ExactNames() bool { return false }

// Reserves is false.
func (Dialect) Reserves(string) bool { return false }

// NullOrder is empty: null is first by itself.
func (Dialect) NullOrder(bool) string { return "" }

// OrdersDistinct is true.
func (Dialect) OrdersDistinct() bool { return true }

// Operand is never special: values of all types compare.
func (Dialect) Operand(*doctype.Column, doctype.Class, document.Value) (cast string, text bool) {
	return "", false
}

// Function returns the name as it is: the query language's functions are MariaDB's.
func (Dialect) Function(name string) string { return name }

// WriteFunction writes the conversions.
func (Dialect) WriteFunction(b *storage.Builder, name string, args []func()) bool {
	switch name {
	case "TEXT":
		b.SQL("CONCAT(")
		args[0]()
		b.SQL(", '')")
	case "NUMBER":
		b.SQL("(")
		args[0]()
		b.SQL(" + 0.0)")
	default:
		return false
	}
	return true
}

// WriteLike is LIKE: the collation ignores case and converts numbers.
func (Dialect) WriteLike(b *storage.Builder, left func(), pattern document.Value, not bool) {
	left()
	if not {
		b.SQL(" NOT")
	}
	b.SQL(" LIKE ").Arg(pattern)
}

// noLimit is what MariaDB's manual gives for "all rows from an offset".
const noLimit = "18446744073709551615"

// Offset needs a LIMIT before OFFSET.
func (Dialect) Offset(b *storage.Builder, limit, offset int64) {
	switch {
	case limit >= 0:
		b.SQL(" LIMIT ").Int(limit)
	case offset > 0:
		b.SQL(" LIMIT " + noLimit)
	}
	if offset > 0 {
		b.SQL(" OFFSET ").Int(offset)
	}
}

// BatchRows is how many rows of so many columns go into one INSERT.
func (Dialect) BatchRows(columns int) int { return 10000 / (columns + 1) }

// ReturnsUpdated says that UPDATE has no RETURNING.
func (Dialect) ReturnsUpdated() bool { return false }
