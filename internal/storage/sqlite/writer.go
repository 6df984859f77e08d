package sqlite

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"freddo/document"
	"freddo/internal/storage"
)

// The writer. There is one connection that writes, handed from request to request.
// Each request works inside a savepoint of a transaction that is open on it. When a
// request commits while others wait for their turn, its savepoint is released but the
// transaction stays open for them; the last of them, or the one that fills the batch,
// commits for all. A request is answered only after that commit, so nothing that was
// acknowledged can be lost, and the cost of making it durable is shared.
type writer struct {
	turn    chan struct{} // holds one token: the right to use conn
	conn    *conn
	waiting atomic.Int32
	open    *batch
	// hold bounds how long a batch is kept open for those who wait.
	hold    time.Duration
	timeout time.Duration
}

func newWriter(c *conn, timeout time.Duration) *writer {
	w := &writer{turn: make(chan struct{}, 1), conn: c, hold: batchTime, timeout: timeout}
	w.turn <- struct{}{}
	return w
}

// batch are the requests that one commit makes durable.
type batch struct {
	done  chan struct{}
	err   error
	n     int
	start time.Time
}

const (
	maxBatch  = 64
	batchTime = 5 * time.Millisecond
)

var (
	errBatch = errors.New("sqlite: the shared transaction was lost")
	errTurn  = errors.New("sqlite: another request keeps writing")
)

// begin waits for the turn and opens a savepoint. Errors: of kind LockTimeout when
// the wait is too long, which is also what a request gets that waits for itself.
func (w *writer) begin(ctx context.Context) (*turn, error) {
	if err := w.wait(ctx); err != nil {
		return nil, err
	}
	t := &turn{w: w}
	if w.open == nil {
		if err := w.start(); err != nil {
			w.turn <- struct{}{}
			return nil, err
		}
	}
	if err := w.conn.run("SAVEPOINT request"); err != nil {
		t.leave()
		return nil, err
	}
	return t, nil
}

// wait takes the token.
func (w *writer) wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	select {
	case <-w.turn:
		return nil
	default:
	}
	w.waiting.Add(1)
	defer w.waiting.Add(-1)
	timer := time.NewTimer(w.timeout)
	defer timer.Stop()
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		return interrupted(ctx)
	case <-timer.C:
		return storage.NewError(storage.LockTimeout, "", "", errTurn)
	}
}

// start opens the transaction of a batch.
func (w *writer) start() error {
	if err := w.conn.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	w.open = &batch{done: make(chan struct{}), start: time.Now()}
	return nil
}

// turn is one request's use of the writer.
type turn struct {
	w     *writer
	wrote bool
}

func (t *turn) Query(ctx context.Context, sql string, args []document.Value) (storage.Rows, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	r, err := t.w.conn.query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	t.wrote = t.wrote || !r.stmt.readOnly
	return r, nil
}

func (t *turn) Exec(ctx context.Context, sql string, args []document.Value) (int64, error) {
	if err := t.ready(); err != nil {
		return 0, err
	}
	t.wrote = true
	return t.w.conn.exec(ctx, sql, args)
}

// ready makes sure that the transaction is still there: SQLite rolls it back by
// itself when the disk is full or fails, and what ran after that would be committed
// statement by statement. It also lets those go who wait in the batch for a turn
// that has taken long and not written yet.
func (t *turn) ready() error {
	w := t.w
	if w.conn.db.GetAutocommit() {
		return storage.NewError(storage.Other, "", "", errBatch)
	}
	b := w.open
	if t.wrote || b.n == 0 || len(w.conn.open) > 0 || time.Since(b.start) < w.hold {
		return nil
	}
	if err := w.conn.run("RELEASE request"); err != nil {
		return err
	}
	w.finish(b)
	if err := w.start(); err != nil {
		return err
	}
	return w.conn.run("SAVEPOINT request")
}

// Commit releases the savepoint and waits for the batch to be durable.
func (t *turn) Commit(context.Context) error {
	w := t.w
	w.conn.closeRows()
	if err := w.conn.run("RELEASE request"); err != nil {
		w.fail(err)
		w.turn <- struct{}{}
		return err
	}
	b := w.open
	b.n++
	t.leave()
	return w.durable(b)
}

// durable waits until the batch is committed. Whoever was to commit it may have given
// up waiting for its turn; then a member does.
func (w *writer) durable(b *batch) error {
	select {
	case <-b.done:
		return b.err
	default:
	}
	timer := time.NewTimer(w.hold)
	defer timer.Stop()
	select {
	case <-b.done:
		return b.err
	case <-timer.C:
	}
	select {
	case <-b.done:
	case <-w.turn:
		if w.open == b {
			w.finish(b)
		}
		w.turn <- struct{}{}
	}
	<-b.done
	return b.err
}

// Rollback undoes the request's writes.
func (t *turn) Rollback() {
	w := t.w
	w.conn.closeRows()
	err := w.conn.run("ROLLBACK TO request")
	if err == nil {
		err = w.conn.run("RELEASE request")
	}
	if err != nil {
		w.fail(err)
		w.turn <- struct{}{}
		return
	}
	t.leave()
}

// leave gives the turn on: with the transaction open when there is something to commit,
// others wait for the turn and the batch has room; after its end otherwise.
func (t *turn) leave() {
	w := t.w
	if w.conn.db.GetAutocommit() {
		w.fail(errBatch)
	}
	if b := w.open; b != nil && (b.n == 0 || w.waiting.Load() == 0 || b.n >= maxBatch || time.Since(b.start) > w.hold) {
		w.finish(b)
	}
	w.turn <- struct{}{}
}

// finish commits the batch, or rolls an empty one back.
func (w *writer) finish(b *batch) {
	end := "COMMIT"
	if b.n == 0 {
		end = "ROLLBACK"
	}
	if err := w.conn.run(end); err != nil {
		w.fail(err)
		return
	}
	w.open = nil
	close(b.done)
}

// fail tells all members of the batch that nothing of it was kept.
func (w *writer) fail(err error) {
	if !w.conn.db.GetAutocommit() {
		_ = w.conn.run("ROLLBACK")
	}
	if b := w.open; b != nil {
		b.err = err
		w.open = nil
		close(b.done)
	}
}
