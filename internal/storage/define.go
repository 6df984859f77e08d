package storage

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
)

// Definer is a Conn of a database that cannot undo a change of a table's shape with
// the transaction. It runs the change, and runs undo (empty: there is none) when the
// transaction is rolled back.
type Definer interface {
	Define(ctx context.Context, table, sql, undo string) error
}

// Peeker is a Conn that can look into a table without keeping hold of it, which would
// stand in the way of a change of its shape (see Definer).
type Peeker interface {
	Peek(ctx context.Context, sql string, args []document.Value) (Rows, error)
}

// Peek is Query for a look into a table whose shape is about to change.
func (tx *Tx) Peek(ctx context.Context, b *Builder) (Rows, error) {
	c, err := tx.conn(ctx)
	if err != nil {
		return nil, err
	}
	if p, ok := c.(Peeker); ok {
		return p.Peek(ctx, b.String(), b.Values())
	}
	return c.Query(ctx, b.String(), b.Values())
}

// PeekRow is QueryRow by Peek.
func (tx *Tx) PeekRow(ctx context.Context, b *Builder, dest ...*document.Value) (found bool, err error) {
	rows, err := tx.Peek(ctx, b)
	if err != nil {
		return false, err
	}
	return firstRow(rows, dest)
}

// define changes the shape of a table. undo is the statement that takes the change
// back.
func (tx *Tx) define(ctx context.Context, table string, b, undo *Builder) error {
	if err := tx.StartWrite(ctx); err != nil {
		return err
	}
	tx.changes++
	if d, ok := tx.writer.(Definer); ok {
		return d.Define(ctx, table, b.String(), undo.String())
	}
	_, err := tx.writer.Exec(ctx, b.String(), b.Values())
	return err
}

// alterType changes a column's type; old is what it was.
func (tx *Tx) alterType(ctx context.Context, table string, s ColumnSpec, old shape) error {
	d := tx.Dialect()
	b, undo := NewBuilder(d), NewBuilder(d)
	blank := s.blanks(old.typ)
	switch cut := s.Size == doctype.SizeDate && !strings.EqualFold(old.typ, "date"); {
	case blank:
		d.ReplaceColumn(b, table, s)
	default:
		if b := NewBuilder(d); s.NotNull && d.FillNulls(b, table, s) {
			if err := tx.define(ctx, table, b, NewBuilder(d)); err != nil {
				return err
			}
		}
		if cut {
			// Times of day go and do not come back. So the table is used first, which makes
			// the change part of what is committed, where that cannot be undone.
			if err := tx.touch(ctx, table); err != nil {
				return err
			}
		}
		d.AlterType(b, table, s, old.typ)
	}
	undo.SQL("ALTER TABLE ").Ident(table)
	if blank {
		undo.SQL(" DROP COLUMN ").Ident(s.Name).SQL(", ADD COLUMN ")
	} else {
		undo.SQL(" MODIFY ")
	}
	undo.Ident(s.Name).SQL(" ").SQL(old.typ)
	if old.notNull && Numeric(old.typ) {
		undo.SQL(" NOT NULL DEFAULT 0")
	}
	return tx.define(ctx, table, b, undo)
}

// touch makes a table one that the transaction has used.
func (tx *Tx) touch(ctx context.Context, table string) error {
	b := NewBuilder(tx.Dialect()).SQL("SELECT COUNT(*) FROM ").Ident(table).SQL(" WHERE 1 = 0")
	var n document.Value
	_, err := tx.QueryRow(ctx, b, &n)
	return err
}

// respell renames a column of which the DocType changes nothing but the case, where
// that makes another column.
func (tx *Tx) respell(ctx context.Context, table string, old shape, name string) error {
	if !tx.Dialect().ExactNames() || old.name == name {
		return nil
	}
	return tx.renameColumn(ctx, table, old.name, name)
}

// RenameColumn gives a column of a DocType's table another name, and its data with it.
func (tx *Tx) RenameColumn(ctx context.Context, dt, old, name string) error {
	return tx.renameColumn(ctx, "tab"+dt, old, name)
}

func (tx *Tx) renameColumn(ctx context.Context, table, old, name string) error {
	rename := func(from, to string) *Builder {
		return NewBuilder(tx.Dialect()).SQL("ALTER TABLE ").Ident(table).SQL(" RENAME COLUMN ").Ident(from).SQL(" TO ").Ident(to)
	}
	return tx.define(ctx, table, rename(old, name), rename(name, old))
}
