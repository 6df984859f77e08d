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

var errBatch = errors.New("sqlite: the shared transaction was lost")

// begin waits for the turn and opens a savepoint. The wait is not cut short by ctx:
// a batch may count on those who wait to commit it.
func (w *writer) begin(ctx context.Context) (*turn, error) {
	w.waiting.Add(1)
	<-w.turn
	w.waiting.Add(-1)
	if w.open == nil {
		if _, err := w.conn.exec("BEGIN IMMEDIATE", nil); err != nil {
			w.turn <- struct{}{}
			return nil, err
		}
		w.open = &batch{done: make(chan struct{}), start: time.Now()}
	}
	t := &turn{w: w}
	if err := ctx.Err(); err != nil {
		t.leave()
		return nil, err
	}
	if _, err := w.conn.exec("SAVEPOINT request", nil); err != nil {
		t.leave()
		return nil, err
	}
	return t, nil
}

// turn is one request's use of the writer.
type turn struct{ w *writer }

func (t *turn) Query(_ context.Context, sql string, args []document.Value) (storage.Rows, error) {
	return t.w.conn.query(sql, args)
}

func (t *turn) Exec(_ context.Context, sql string, args []document.Value) (int64, error) {
	return t.w.conn.exec(sql, args)
}

// Commit releases the savepoint and waits for the batch to be durable.
func (t *turn) Commit(context.Context) error {
	w := t.w
	if _, err := w.conn.exec("RELEASE request", nil); err != nil {
		w.fail(err)
		w.turn <- struct{}{}
		return err
	}
	b := w.open
	b.n++
	t.leave()
	<-b.done
	return b.err
}

// Rollback undoes the request's writes.
func (t *turn) Rollback() {
	w := t.w
	_, err := w.conn.exec("ROLLBACK TO request", nil)
	if err == nil {
		_, err = w.conn.exec("RELEASE request", nil)
	}
	if err != nil {
		w.fail(err)
		w.turn <- struct{}{}
		return
	}
	t.leave()
}

// leave gives the turn on: with the transaction open when others wait for it and the
// batch has room, after a commit otherwise.
func (t *turn) leave() {
	w := t.w
	if w.conn.db.GetAutocommit() {
		w.fail(errBatch)
	}
	if b := w.open; b != nil && (w.waiting.Load() == 0 || b.n >= maxBatch || time.Since(b.start) > batchTime) {
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
	if _, err := w.conn.exec(end, nil); err != nil {
		w.fail(err)
		return
	}
	w.open = nil
	close(b.done)
}

// fail tells all members of the batch that nothing of it was kept.
func (w *writer) fail(err error) {
	if !w.conn.db.GetAutocommit() {
		_, _ = w.conn.exec("ROLLBACK", nil)
	}
	if b := w.open; b != nil {
		b.err = err
		w.open = nil
		close(b.done)
	}
}
