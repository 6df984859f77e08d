package storage

import (
	"freddo/document"
)

// Builder writes one statement. It has three verbs only: constant text (SQL), an
// identifier (Ident, Table, Column) and a value (Arg, Int, Str). An identifier from
// a client must be looked up in the DocType before it gets here; it is quoted all
// the same. A Builder is used for one statement by one goroutine.
type Builder struct {
	d    Dialect
	sql  []byte
	vals []document.Value
}

// NewBuilder returns an empty builder of d's words.
func NewBuilder(d Dialect) *Builder {
	return &Builder{d: d, sql: make([]byte, 0, 256)}
}

// Dialect returns the words that the builder uses.
func (b *Builder) Dialect() Dialect { return b.d }

// SQL appends constant text as it is. Never pass anything that a client sent.
func (b *Builder) SQL(text string) *Builder {
	b.sql = append(b.sql, text...)
	return b
}

// Ident appends a quoted identifier.
func (b *Builder) Ident(name string) *Builder {
	b.sql = b.d.AppendIdent(b.sql, name)
	return b
}

// Table appends the quoted table name of a DocType.
func (b *Builder) Table(doctype string) *Builder {
	b.sql = b.d.AppendIdent(b.sql, "tab"+doctype)
	return b
}

// Column appends table.column, both quoted. table is a table's name or alias, not a
// DocType's.
func (b *Builder) Column(table, column string) *Builder {
	b.sql = b.d.AppendIdent(b.sql, table)
	b.sql = append(b.sql, '.')
	b.sql = b.d.AppendIdent(b.sql, column)
	return b
}

// Arg appends a placeholder and keeps v as its value.
func (b *Builder) Arg(v document.Value) *Builder {
	if b.vals == nil {
		b.vals = make([]document.Value, 0, 8)
	}
	b.vals = append(b.vals, v)
	b.sql = b.d.AppendPlaceholder(b.sql, len(b.vals))
	return b
}

// Int is Arg of an integer.
func (b *Builder) Int(n int64) *Builder { return b.Arg(document.IntOf(n)) }

// Str is Arg of a text.
func (b *Builder) Str(s string) *Builder { return b.Arg(document.Text(s)) }

// String returns the statement so far.
func (b *Builder) String() string { return string(b.sql) }

// Values returns the values so far, shared.
func (b *Builder) Values() []document.Value { return b.vals }

// Len returns the number of bytes of the statement so far.
func (b *Builder) Len() int { return len(b.sql) }
