package storage

import (
	"context"
	"errors"

	"freddo/doctype"
	"freddo/document"
)

// batcher is a Dialect of a server far enough away for several rows to go into one
// statement. A statement that fails must leave the transaction as it was.
type batcher interface {
	// BatchRows is how many rows of so many columns one INSERT may have.
	BatchRows(columns int) int
}

// batchBytes bounds the text of one INSERT of several rows, well below what servers
// take by default.
const batchBytes = 1 << 20

// InsertRows is Insert of rows of one DocType. at is the row that was refused.
func (tx *Tx) InsertRows(ctx context.Context, rows []*document.Document, o WriteOptions) (at int, err error) {
	b, ok := tx.Dialect().(batcher)
	if !ok || len(rows) < 2 {
		return tx.insertEach(ctx, rows, o)
	}
	for at < len(rows) {
		dt := rows[at].Type
		p := tx.db.plan(dt)
		n, args, err := batch(p, rows[at:], b.BatchRows(len(p.slots)), o)
		if err != nil {
			return at + n, err
		}
		err = tx.insertBatch(ctx, dt, p, args)
		if refused(err) {
			if i, single := tx.insertEach(ctx, rows[at:at+n], o); single != nil {
				return at + i, single
			}
			err = nil
		}
		if err != nil {
			return at, err
		}
		at += n
	}
	return 0, nil
}

// refused reports whether a value of one row is to blame.
func refused(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Kind == UniqueViolation || e.Kind == TooLong || e.Kind == BadValue || e.Kind == OutOfRange
}

func (tx *Tx) insertEach(ctx context.Context, rows []*document.Document, o WriteOptions) (at int, err error) {
	for i, r := range rows {
		if err := tx.Insert(ctx, r, o); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// batch returns the values of the first rows, and how many rows they are: one at least.
// With an error n is the row to blame.
func batch(p *plan, rows []*document.Document, limit int, o WriteOptions) (n int, args []document.Value, err error) {
	args = make([]document.Value, 0, min(limit, len(rows))*len(p.slots))
	size := 0
	for n < len(rows) && n < max(1, limit) && size < batchBytes && rows[n].Type == rows[0].Type {
		r, start := rows[n], len(args)
		for _, slot := range p.slots {
			v, err := bindable(r.Type, &r.Type.Columns[slot], r.At(slot), o)
			if err != nil {
				return n, nil, err
			}
			if v.Kind() == document.String {
				size += len(v.Str())
			}
			args = append(args, v)
		}
		if n > 0 && size > batchBytes {
			return n, args[:start], nil
		}
		n++
	}
	return n, args, nil
}

func (tx *Tx) insertBatch(ctx context.Context, dt *doctype.DocType, p *plan, args []document.Value) error {
	if err := tx.StartWrite(ctx); err != nil {
		return err
	}
	b := NewBuilder(tx.Dialect()).SQL("INSERT INTO ").Table(dt.Name).SQL(" (")
	for i, slot := range p.slots {
		if i > 0 {
			b.SQL(", ")
		}
		b.Ident(dt.Columns[slot].Name)
	}
	b.SQL(") VALUES ")
	for i, v := range args {
		switch {
		case i == 0:
			b.SQL("(")
		case i%len(p.slots) == 0:
			b.SQL("), (")
		default:
			b.SQL(", ")
		}
		b.Arg(v)
	}
	_, err := tx.exec(ctx, b.SQL(")").String(), b.Values(), Change{DocType: dt.Name, Type: dt})
	return err
}
