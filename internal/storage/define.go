package storage

import (
	"context"

	"freddo/document"
)

// Definer is a Conn of a database that cannot undo a change of a table's shape with
// the transaction. It runs the change, and runs undo (empty: there is none) when the
// transaction is rolled back.
type Definer interface {
	Define(ctx context.Context, table, sql, undo string) error
}

// define changes the shape of a table. undo is the statement that takes the change
// back.
func (tx *Tx) define(ctx context.Context, table string, b, undo *Builder) error {
	if err := tx.StartWrite(ctx); err != nil {
		return err
	}
	if d, ok := tx.writer.(Definer); ok {
		return d.Define(ctx, table, b.String(), undo.String())
	}
	_, err := tx.writer.Exec(ctx, b.String(), b.Values())
	return err
}

// alterType changes a column's type; old is the type that it has.
func (tx *Tx) alterType(ctx context.Context, table string, s ColumnSpec, old string) error {
	if b := NewBuilder(tx.Dialect()); s.NotNull && tx.Dialect().FillNulls(b, table, s) {
		if err := tx.define(ctx, table, b, NewBuilder(tx.Dialect())); err != nil {
			return err
		}
	}
	b, undo := NewBuilder(tx.Dialect()), NewBuilder(tx.Dialect())
	tx.Dialect().AlterType(b, table, s)
	undo.SQL("ALTER TABLE ").Ident(table).SQL(" MODIFY ").Ident(s.Name).SQL(" ").SQL(old)
	return tx.define(ctx, table, b, undo)
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

// Beside is a Conn of a database in which a transaction that has read a table cannot
// change its shape without committing. It reads on another connection, what is committed,
// unless the transaction has touched the table already.
type Beside interface {
	Beside(ctx context.Context, table, sql string, args []document.Value, each func(Rows) error) error
}

// Inspect reads a table that the transaction is about to change the shape of. each is
// called with every row.
func (tx *Tx) Inspect(ctx context.Context, table string, b *Builder, each func(Rows) error) error {
	if w, ok := tx.writer.(Beside); ok {
		return w.Beside(ctx, table, b.String(), b.Values(), each)
	}
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return err
	}
	defer rows.Close()
	return eachRow(rows, each)
}

func eachRow(rows Rows, each func(Rows) error) error {
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// InspectValue is Inspect for the first value of the first row; found is false when there
// is none.
func (tx *Tx) InspectValue(ctx context.Context, table string, b *Builder) (v document.Value, found bool, err error) {
	err = tx.Inspect(ctx, table, b, func(rows Rows) error {
		if !found {
			v, found = rows.Raw(0).Natural(), true
		}
		return nil
	})
	return v, found, err
}
