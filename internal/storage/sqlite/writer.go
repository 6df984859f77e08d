package sqlite

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"freddo/document"
	"freddo/internal/storage"
)

// The writer. There is one connection that writes, handed from request to request.
// The first request has a transaction of its own. When it commits while others wait for
// their turn, the transaction stays open for them, and each works inside a savepoint of
// it; the last of them, or the one that fills the batch, commits for all. While one batch
// is being made durable the next is filled. A request is answered only when its batch is
// durable, so nothing that was acknowledged can be lost, and the cost is shared.
type writer struct {
	turn    chan struct{} // holds one token: the right to use conn
	conn    *conn
	waiting atomic.Int32
	open    *batch
	// files has the write-ahead log; nil where commits are not durable.
	files *fileSystem
	// syncing counts the batches that are being made durable, and pending says that the
	// open batch is left open until they are. settling waits for their ends.
	syncing  atomic.Int32
	pending  atomic.Bool
	settling sync.WaitGroup
	// broken is why nothing can be written any more.
	broken  atomic.Pointer[error]
	closed  chan struct{}
	changes changes
	// version is SQLite's count of what other connections have committed.
	version int64
	// hold bounds how long a batch is kept open for those who wait.
	hold    time.Duration
	timeout time.Duration
}

func openWriter(path string, o Options) (*writer, error) {
	w := &writer{turn: make(chan struct{}, 1), changes: changes{tables: map[string]int64{}}, hold: batchTime, timeout: o.LockTimeout, closed: make(chan struct{})}
	var err error
	if o.Unsafe {
		w.conn, err = openConn(path, o) // what is never synced cannot be held back
	} else {
		w.conn, w.files, err = openLogged(path, o)
	}
	if err != nil {
		return nil, err
	}
	w.conn.written = map[string]bool{}
	if err := w.noteOthers(context.Background()); err != nil {
		return nil, errors.Join(err, w.conn.close())
	}
	w.turn <- struct{}{}
	return w, nil
}

// close waits for the turn, commits what is open and closes the connection.
func (w *writer) close() error {
	close(w.closed)
	<-w.turn
	if w.open != nil {
		w.finish(w.open)
	}
	w.settling.Wait()
	return w.conn.close()
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

// begin waits for the turn, and begins a transaction or a savepoint. Errors: of kind LockTimeout when
// the wait is too long, which is also what a request gets that waits for itself.
func (w *writer) begin(ctx context.Context) (*turn, error) {
	if err := w.wait(ctx); err != nil {
		return nil, err
	}
	if err := w.broken.Load(); err != nil {
		w.turn <- struct{}{}
		return nil, *err
	}
	t := &turn{w: w}
	if w.open == nil {
		if err := w.start(); err != nil {
			w.turn <- struct{}{}
			return nil, err
		}
	}
	if w.open.n > 0 {
		if err := w.conn.run("SAVEPOINT request"); err != nil {
			t.leave()
			return nil, err
		}
		t.saved = true
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
	if err := w.noteOthers(context.Background()); err != nil {
		return errors.Join(err, w.conn.run("ROLLBACK"))
	}
	w.open = &batch{done: make(chan struct{}), start: time.Now()}
	return nil
}

// turn is one request's use of the writer.
type turn struct {
	w     *writer
	wrote bool
	// saved says that a savepoint keeps what others of the batch wrote.
	saved bool
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
	t.saved = false
	return w.start()
}

// Commit releases the savepoint and waits for the batch to be durable.
func (t *turn) Commit(context.Context) error {
	w := t.w
	w.conn.closeRows()
	if err := t.release(); err != nil {
		w.fail(err)
		w.turn <- struct{}{}
		return err
	}
	b := w.open
	b.n++
	t.leave()
	return w.durable(b)
}

// release ends the savepoint and keeps what was written. Without one it makes sure that
// the transaction has not been lost.
func (t *turn) release() error {
	if t.saved {
		return t.w.conn.run("RELEASE request")
	}
	if t.w.conn.db.GetAutocommit() {
		return storage.NewError(storage.Other, "", "", errBatch)
	}
	return nil
}

// durable waits until the batch is durable. Whoever was to commit it may have given up
// waiting for its turn; then a member does.
func (w *writer) durable(b *batch) error {
	select {
	case <-b.done:
		return b.err
	default:
	}
	timer := time.NewTimer(w.hold)
	defer timer.Stop()
	for {
		select {
		case <-b.done:
			return b.err
		case <-timer.C:
		}
		select {
		case <-b.done:
			return b.err
		case <-w.turn:
			if w.open == b && w.syncing.Load() == 0 {
				w.finish(b)
			}
			w.turn <- struct{}{}
		}
		timer.Reset(w.hold)
	}
}

// Rollback undoes the request's writes.
func (t *turn) Rollback() {
	w := t.w
	w.conn.closeRows()
	var err error
	switch {
	case !t.saved:
		err = w.conn.run("ROLLBACK")
		w.open = nil // nobody else is in it
		clear(w.conn.written)
	default:
		if err = w.conn.run("ROLLBACK TO request"); err == nil {
			err = w.conn.run("RELEASE request")
		}
	}
	if err != nil {
		w.fail(err)
		w.turn <- struct{}{}
		return
	}
	t.leave()
}

// leave gives the turn on, with the transaction open or after its end.
func (t *turn) leave() {
	w := t.w
	if w.open != nil && w.conn.db.GetAutocommit() {
		w.fail(errBatch)
	}
	if b := w.open; b != nil && w.due(b) {
		w.finish(b)
	}
	w.turn <- struct{}{}
}

// due reports whether the open batch is to be committed now. It stays open for others
// while it has room: as long as the disk is busy with another batch, since that must
// end before this one can; or for those who wait for their turn, for a short time.
func (w *writer) due(b *batch) bool {
	if b.n == 0 || b.n >= maxBatch {
		return true
	}
	w.pending.Store(true) // before the look: settle looks the other way round
	if w.syncing.Load() > 0 {
		return false
	}
	w.pending.Store(false)
	return w.waiting.Load() == 0 || time.Since(b.start) > w.hold
}

// finish commits the batch, or rolls an empty one back.
func (w *writer) finish(b *batch) {
	var owed *log
	var err error
	if b.n == 0 {
		err = w.conn.run("ROLLBACK")
	} else {
		owed, err = w.files.commit(func() error { return w.conn.run("COMMIT") })
	}
	if err != nil {
		w.fail(err)
		return
	}
	w.changes.commit(w.conn.written)
	clear(w.conn.written)
	w.open = nil
	if owed == nil {
		close(b.done)
		return
	}
	w.syncing.Add(1)
	w.settling.Add(1)
	go w.settle(b, owed)
}

// settle makes a committed batch durable, tells its members, and commits the batch that
// was left open meanwhile. When the disk fails nobody knows what it has kept: no more is
// written until the database is opened again.
func (w *writer) settle(b *batch, l *log) {
	if err := l.settle(); err != nil {
		b.err = storage.NewError(storage.Other, "", "", err)
		w.broken.Store(&b.err)
	}
	w.syncing.Add(-1)
	close(b.done)
	w.settling.Done()
	if !w.pending.Load() {
		return
	}
	select {
	case <-w.closed:
	case <-w.turn:
		if next := w.open; next != nil && w.due(next) {
			w.finish(next)
		}
		w.turn <- struct{}{}
	}
}

// fail tells all members of the batch that nothing of it was kept.
func (w *writer) fail(err error) {
	if !w.conn.db.GetAutocommit() {
		_ = w.conn.run("ROLLBACK")
	}
	clear(w.conn.written)
	if b := w.open; b != nil {
		b.err = err
		w.open = nil
		close(b.done)
	}
}
