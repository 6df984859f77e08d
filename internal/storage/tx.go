package storage

import (
	"context"
	"errors"
	"strconv"
	"unsafe"

	"freddo/doctype"
	"freddo/document"
)

// Tx is one transaction. It reads from a snapshot of its own until StartWrite or the
// first Exec; from then on it holds the right to write and reads what it wrote. It is
// not safe for concurrent use.
type Tx struct {
	db     *DB
	reader Conn
	writer Conn
	// turn is the request's, taken with the reader.
	turn  *Turn
	depth int
	done  bool
	// changes: see Changes.
	changes int64
	// denied is what every write is answered with; nil lets them through.
	denied error
	// wrote is told of every write; nil is not.
	wrote func(Change)
}

var errDone = errors.New("storage: transaction has ended")

// Dialect returns the database's dialect.
func (tx *Tx) Dialect() Dialect { return tx.db.driver }

// Writing reports whether the transaction holds the right to write.
func (tx *Tx) Writing() bool { return tx.writer != nil }

// Idle reports whether the transaction holds nothing of the database: neither a snapshot
// nor the right to write.
func (tx *Tx) Idle() bool { return tx.reader == nil && tx.writer == nil }

// DenyWrites makes the transaction refuse to write, with err.
func (tx *Tx) DenyWrites(err error) { tx.denied = err }

// StartWrite takes the right to write, waiting for its turn.
func (tx *Tx) StartWrite(ctx context.Context) error {
	if tx.writer != nil {
		return nil
	}
	if tx.done {
		return errDone
	}
	if tx.denied != nil {
		return tx.denied
	}
	tx.dropReader()
	w, err := tx.db.driver.Acquire(ctx, true)
	if err != nil {
		return err
	}
	tx.writer = w
	return nil
}

// turnTaker is a Driver whose writers take turns.
type turnTaker interface {
	// Watch has a Conn for reading note from now on what it reads.
	Watch(r Conn)
	// Changed reports, in the turn of w, whether what r has noted may have changed
	// since r's snapshot.
	Changed(r, w Conn) bool
	// Version is Tx.Version of a Conn's transaction.
	Version(c Conn, table string) int64
}

// Version is a number that stays the same as long as a DocType's table holds what this
// transaction sees of it, and comes never again after. 0 says that the database cannot
// tell.
func (tx *Tx) Version(ctx context.Context, dt *doctype.DocType) (int64, error) {
	d, ok := tx.db.driver.(turnTaker)
	if !ok {
		return 0, nil
	}
	c, err := tx.conn(ctx)
	if err != nil {
		return 0, err
	}
	return d.Version(c, "tab"+dt.Name), nil
}

// ReadAhead runs fn, which reads, and takes the right to write. Where writers take turns,
// fn runs before, beside the others' turns; stale then says that something it has read
// may have changed before the turn came, and is to be read again. Elsewhere, and when
// fn writes, it is never stale.
func (tx *Tx) ReadAhead(ctx context.Context, fn func() error) (stale bool, err error) {
	d, ok := tx.db.driver.(turnTaker)
	if !ok || tx.writer != nil || tx.denied != nil {
		if err := tx.StartWrite(ctx); err != nil {
			return false, err
		}
		return false, fn()
	}
	r, err := tx.conn(ctx)
	if err != nil {
		return false, err
	}
	d.Watch(r)
	if err := fn(); err != nil || tx.writer != nil {
		return false, err
	}
	if err := tx.StartWrite(ctx); err != nil {
		return false, err
	}
	return d.Changed(r, tx.writer), nil
}

func (tx *Tx) dropReader() {
	if tx.reader != nil {
		tx.reader.Rollback()
		tx.reader = nil
		tx.turn.leave()
		tx.turn = nil
	}
}

func (tx *Tx) conn(ctx context.Context) (Conn, error) {
	if tx.writer != nil {
		return tx.writer, nil
	}
	if tx.done {
		return nil, errDone
	}
	if tx.reader == nil {
		turn, err := takeTurn(ctx)
		if err != nil {
			return nil, err
		}
		r, err := tx.db.driver.Acquire(ctx, false)
		if err != nil {
			turn.leave()
			return nil, err
		}
		tx.reader, tx.turn = r, turn
	}
	return tx.reader, nil
}

// Query runs a SELECT.
func (tx *Tx) Query(ctx context.Context, b *Builder) (Rows, error) {
	c, err := tx.conn(ctx)
	if err != nil {
		return nil, err
	}
	return c.Query(ctx, b.String(), b.Values())
}

// onlyQuerier is a Conn for reading that can run a SELECT without a transaction around
// it, when nothing ran before.
type onlyQuerier interface {
	QueryOnly(ctx context.Context, sql string, args []document.Value) (Rows, error)
}

// QueryOnly is Query for a SELECT that is all the transaction reads: it needs no
// snapshot but its own. A query after it may see what was committed in between.
func (tx *Tx) QueryOnly(ctx context.Context, b *Builder) (Rows, error) {
	c, err := tx.conn(ctx)
	if err != nil {
		return nil, err
	}
	if o, ok := c.(onlyQuerier); ok {
		return o.QueryOnly(ctx, b.String(), b.Values())
	}
	return c.Query(ctx, b.String(), b.Values())
}

// QueryRow reads the first row into dest; found is false when there is none.
func (tx *Tx) QueryRow(ctx context.Context, b *Builder, dest ...*document.Value) (found bool, err error) {
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return false, err
	}
	return firstRow(rows, dest)
}

func firstRow(rows Rows, dest []*document.Value) (found bool, err error) {
	defer rows.Close()
	if !rows.Next() {
		return false, rows.Err()
	}
	for i, d := range dest {
		*d = rows.Raw(i).Natural()
	}
	return true, rows.Err()
}

// Exec runs a statement that writes, taking the right to write first.
func (tx *Tx) Exec(ctx context.Context, b *Builder) (affected int64, err error) {
	return tx.execAs(ctx, b, Change{})
}

// execAs is Exec of a statement of which more is known than its text says.
func (tx *Tx) execAs(ctx context.Context, b *Builder, ch Change) (affected int64, err error) {
	if err := tx.StartWrite(ctx); err != nil {
		return 0, err
	}
	return tx.exec(ctx, b.String(), b.Values(), ch)
}

// exec runs a statement of a transaction that holds the right to write. Every change of
// rows goes through it.
func (tx *Tx) exec(ctx context.Context, sql string, args []document.Value, ch Change) (affected int64, err error) {
	tx.changes++
	affected, err = tx.writer.Exec(ctx, sql, args)
	if tx.wrote != nil && (affected > 0 || err != nil) {
		if ch.DocType == "" {
			ch.DocType = target(sql)
		}
		tx.wrote(ch)
	}
	return affected, err
}

// Changes counts what the transaction has done that may change what it reads: as long
// as it stays the same, what is read with a lock stays the same.
func (tx *Tx) Changes() int64 { return tx.changes }

// Savepoint runs fn and undoes its writes when it fails. Savepoints nest. A commit
// inside fn ends the savepoint, as upstream's frappe.db.commit does: what was
// committed stays, and what follows it is the transaction's.
func (tx *Tx) Savepoint(ctx context.Context, fn func() error) error {
	if err := tx.StartWrite(ctx); err != nil {
		return err
	}
	tx.depth++
	defer func() { tx.depth-- }()
	w, name := tx.writer, "f"+strconv.Itoa(tx.depth)
	if _, err := w.Exec(ctx, "SAVEPOINT "+name, nil); err != nil {
		return err
	}
	err := fn()
	if tx.writer != w {
		return err
	}
	// The savepoint must end whatever became of the request's context.
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		tx.changes++
		if tx.wrote != nil {
			tx.wrote(Change{Undone: true})
		}
		if _, rerr := w.Exec(ctx, "ROLLBACK TO SAVEPOINT "+name, nil); rerr != nil {
			return errors.Join(err, rerr)
		}
	}
	_, rerr := w.Exec(ctx, "RELEASE SAVEPOINT "+name, nil)
	return errors.Join(err, rerr)
}

// Commit makes the writes durable and ends the transaction. Errors: one that says so
// when the transaction has ended already, above all by a rollback.
func (tx *Tx) Commit(ctx context.Context) error {
	if tx.done {
		return errDone
	}
	err := tx.CommitAndContinue(ctx)
	tx.done = true
	return err
}

// CommitAndContinue makes the writes so far durable; the transaction goes on.
func (tx *Tx) CommitAndContinue(ctx context.Context) error {
	tx.changes++
	tx.dropReader()
	if tx.writer == nil {
		return nil
	}
	w := tx.writer
	tx.writer = nil
	return w.Commit(ctx)
}

// Rollback drops the writes and ends the transaction; after Commit it does nothing.
func (tx *Tx) Rollback() {
	tx.dropReader()
	if tx.writer != nil {
		tx.writer.Rollback()
		tx.writer = nil
	}
	tx.done = true
}

// Restart drops the writes so far; the transaction goes on with a new snapshot.
func (tx *Tx) Restart() {
	tx.changes++
	if tx.wrote != nil {
		tx.wrote(Change{Undone: true})
	}
	tx.dropReader()
	if tx.writer != nil {
		tx.writer.Rollback()
		tx.writer = nil
	}
}

// RawClass is how a value came from the database.
type RawClass uint8

// The classes of raw values.
const (
	RawNull RawClass = iota
	RawInt
	RawFloat
	RawText
)

// Raw is one value as it came from the database; Bytes live until the next row.
type Raw struct {
	Class RawClass
	Int   int64
	Float float64
	Bytes []byte
}

// view is the bytes as a string that must not outlive the row.
func (r Raw) view() string { return unsafe.String(unsafe.SliceData(r.Bytes), len(r.Bytes)) }

// Natural returns the value as its own class has it.
func (r Raw) Natural() document.Value {
	switch r.Class {
	case RawInt:
		return document.IntOf(r.Int)
	case RawFloat:
		return document.FloatOf(r.Float)
	case RawText:
		return document.Text(string(r.Bytes))
	}
	return document.NullValue
}

// Value returns the value as a column of class c has it in a document: datetimes
// without a zero fraction, times as upstream prints them.
func (r Raw) Value(c doctype.Class) document.Value {
	v := r.Natural()
	if v.IsNull() {
		return v
	}
	switch c {
	case doctype.IntClass, doctype.CheckClass:
		if v.Kind() != document.Int {
			return document.IntOf(document.Cint(v))
		}
	case doctype.FloatClass:
		if v.Kind() != document.Float {
			return document.FloatOf(document.Flt(v))
		}
	case doctype.DatetimeClass:
		return document.Text(document.ShowDatetime(v.Str()))
	case doctype.TimeClass:
		return document.Text(document.ShowTime(v.Str()))
	}
	return v
}

// AppendRaw appends the value as JSON, straight from the database's bytes.
func AppendRaw(dst []byte, f document.Format, c doctype.Class, r Raw) []byte {
	switch r.Class {
	case RawNull:
		return append(dst, "null"...)
	case RawInt:
		if c == doctype.FloatClass {
			return f.AppendFloat(dst, float64(r.Int))
		}
		return strconv.AppendInt(dst, r.Int, 10)
	case RawFloat:
		if c == doctype.IntClass || c == doctype.CheckClass {
			return strconv.AppendInt(dst, int64(r.Float), 10)
		}
		return f.AppendFloat(dst, r.Float)
	}
	switch c {
	case doctype.TextClass, doctype.DateClass:
		return f.AppendBytes(dst, r.Bytes)
	case doctype.DatetimeClass:
		b := r.Bytes
		if n := len(b) - len(".000000"); n > 0 && string(b[n:]) == ".000000" {
			b = b[:n]
		}
		return f.AppendBytes(dst, b)
	case doctype.FloatClass:
		if x, err := strconv.ParseFloat(r.view(), 64); err == nil {
			return f.AppendFloat(dst, x)
		}
	case doctype.IntClass, doctype.CheckClass:
		if n, err := strconv.ParseInt(r.view(), 10, 64); err == nil {
			return strconv.AppendInt(dst, n, 10)
		}
	}
	return f.Append(dst, r.Value(c))
}
