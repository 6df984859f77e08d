package storage

import (
	"context"
	"errors"

	"freddo/doctype"
	"freddo/document"
)

const singles = "tabSingles"

// LoadSingle returns a Single's stored fields, cast where numeric; found is false
// when it was never saved. Source: frappe/model/document.py load_from_db,
// frappe/database/database.py get_singles_dict.
func (tx *Tx) LoadSingle(ctx context.Context, dt *doctype.DocType) (*document.Document, bool, error) {
	b := NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("field").SQL(", ").Ident("value").SQL(" FROM ").Ident(singles).
		SQL(" WHERE ").Ident("doctype").SQL(" = ").Str(dt.Name)
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	d := document.New(dt)
	found := false
	for rows.Next() {
		found = true
		slot, ok := dt.Slot(document.ToText(rows.Raw(0).Natural()))
		if !ok {
			continue
		}
		v := rows.Raw(1).Natural()
		if c := dt.Columns[slot]; c.Type.Numeric && c.Name != "idx" {
			v = document.Normal(&dt.Columns[slot], v, false)
		}
		d.SetAt(slot, v)
	}
	d.SetName(dt.Name)
	return d, found, rows.Err()
}

// LockSingle makes other transactions that write a Single wait for the end of this one.
// What it reads is only dropped: the next statement sees what they have committed. A
// Single that was never saved has nothing to lock.
func (tx *Tx) LockSingle(ctx context.Context, dt *doctype.DocType) error {
	if err := tx.StartWrite(ctx); err != nil || tx.Dialect().ForUpdate() == "" {
		return err
	}
	for {
		locked, err := tx.singleRows(ctx, dt, tx.Dialect().ForUpdate())
		if err != nil || locked > 0 {
			return err
		}
		// Rows that are there now were written while this waited for those before them.
		if there, err := tx.singleRows(ctx, dt, ""); err != nil || there == 0 {
			return err
		}
	}
}

// singleRows counts a Single's rows by reading them; lock ends the SELECT.
func (tx *Tx) singleRows(ctx context.Context, dt *doctype.DocType, lock string) (n int, err error) {
	rows, err := tx.Query(ctx, NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("field").SQL(" FROM ").Ident(singles).SQL(" WHERE ").Ident("doctype").
		SQL(" = ").Str(dt.Name).SQL(lock))
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		n++
	}
	err = rows.Err()
	return n, errors.Join(err, rows.Close())
}

// SaveSingle rewrites a Single: every field is a row, nulls included.
// Source: frappe/model/document.py update_single.
func (tx *Tx) SaveSingle(ctx context.Context, d *document.Document) error {
	if err := tx.LockSingle(ctx, d.Type); err != nil {
		return err
	}
	b := NewBuilder(tx.Dialect()).SQL("DELETE FROM ").Ident(singles).SQL(" WHERE ").Ident("doctype").SQL(" = ").Str(d.Type.Name)
	if _, err := tx.Exec(ctx, b); err != nil {
		return err
	}
	for i := range d.Type.Columns {
		c := &d.Type.Columns[i]
		if !c.Stored || c.Optional {
			continue
		}
		v, err := bindable(d.Type, c, d.At(i), WriteOptions{})
		if err != nil {
			return err
		}
		if err := tx.insertSingle(ctx, d.Type.Name, c.Name, singleText(c, v)); err != nil {
			return err
		}
	}
	return nil
}

// singleText is a value as tabSingles keeps it: text.
func singleText(c *doctype.Column, v document.Value) document.Value {
	if v.IsNull() {
		return v
	}
	if c.Type.Class == doctype.DatetimeClass {
		return document.Text(document.ShowDatetime(v.Str()))
	}
	return document.Text(document.ToText(v))
}

func (tx *Tx) insertSingle(ctx context.Context, dt, field string, v document.Value) error {
	b := NewBuilder(tx.Dialect()).SQL("INSERT INTO ").Ident(singles).SQL(" (").Ident("doctype").SQL(", ").Ident("field").SQL(", ").Ident("value").
		SQL(") VALUES (").Str(dt).SQL(", ").Str(field).SQL(", ").Arg(v).SQL(")")
	_, err := tx.Exec(ctx, b)
	return err
}

func (tx *Tx) setSingle(ctx context.Context, dt *doctype.DocType, cols []string, vals []document.Value) error {
	if err := tx.LockSingle(ctx, dt); err != nil {
		return err
	}
	fit := make([]document.Value, len(cols))
	for i, col := range cols {
		c := dt.Column(col)
		if c == nil || !c.Stored {
			return NewError(NoColumn, singles, col, nil)
		}
		v, err := Fit(dt, c, vals[i])
		if err != nil {
			return err
		}
		fit[i] = singleText(c, v)
	}
	for i, col := range cols {
		b := NewBuilder(tx.Dialect()).SQL("DELETE FROM ").Ident(singles).SQL(" WHERE ").Ident("doctype").SQL(" = ").Str(dt.Name).
			SQL(" AND ").Ident("field").SQL(" = ").Str(col)
		if _, err := tx.Exec(ctx, b); err != nil {
			return err
		}
		if err := tx.insertSingle(ctx, dt.Name, col, fit[i]); err != nil {
			return err
		}
	}
	return nil
}
