package sqlite

import (
	"context"
	"errors"
	"time"

	"freddo/document"
	"freddo/internal/storage"
)

// reader is a connection inside a snapshot, which its first statement takes.
type reader struct {
	d *Driver
	c *conn
	// began says that a transaction is open.
	began bool
	// since is the time before the snapshot began.
	since int64
	// watched says that tables are noted as they are read.
	watched bool
	tables  []string
	// extra says that the connection is beyond the pool: it is closed after use.
	extra bool
}

// Beyond the pool. Requests that hold a reader may ask for another (a transaction
// inside a transaction); were the pool the limit, enough of them at once would wait
// for each other for ever. So whoever has waited for patience gets a connection of
// its own, as long as there are not maxExtra of them.
const (
	patience = 100 * time.Millisecond
	maxExtra = 128
)

// acquireReader takes a reader from the pool.
func (d *Driver) acquireReader(ctx context.Context) (*reader, error) {
	c, extra, err := d.place(ctx)
	if err != nil {
		return nil, err
	}
	r := &reader{d: d, c: c, extra: extra, since: d.w.changes.time()}
	if c == nil {
		if r.c, err = openConn(d.path, d.opts); err != nil {
			r.leave()
			return nil, err
		}
	}
	return r, nil
}

// place waits for a place in the pool; its connection is nil when it was never used.
func (d *Driver) place(ctx context.Context) (c *conn, extra bool, err error) {
	if ctx.Err() != nil {
		return nil, false, interrupted(ctx)
	}
	select {
	case c = <-d.readers:
		return c, false, nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	more := d.extra
	for {
		select {
		case c = <-d.readers:
			return c, false, nil
		case <-timer.C:
			select {
			case more <- struct{}{}:
				return nil, true, nil
			default:
				timer.Reset(patience)
			}
		case <-ctx.Done():
			return nil, false, interrupted(ctx)
		}
	}
}

func (r *reader) begin() error {
	if r.began {
		return nil
	}
	err := r.c.run("BEGIN")
	r.began = err == nil
	return err
}

func (r *reader) Query(ctx context.Context, sql string, args []document.Value) (storage.Rows, error) {
	if err := r.begin(); err != nil {
		return nil, err
	}
	return r.QueryOnly(ctx, sql, args)
}

// QueryOnly runs a SELECT in what is open, or alone.
func (r *reader) QueryOnly(ctx context.Context, sql string, args []document.Value) (storage.Rows, error) {
	rows, err := r.c.query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	if r.watched {
		r.tables = append(r.tables, rows.stmt.tables.read...)
	}
	return rows, nil
}

func (r *reader) Exec(ctx context.Context, sql string, args []document.Value) (int64, error) {
	if err := r.begin(); err != nil {
		return 0, err
	}
	return r.c.exec(ctx, sql, args)
}

func (r *reader) Commit(context.Context) error { r.Rollback(); return nil }

// Rollback gives the connection back, once the rows that are still being read from
// it are closed: a transaction may read on while it has begun to write.
func (r *reader) Rollback() {
	if len(r.c.open) > 0 {
		r.c.whenIdle = r.finish
		return
	}
	r.finish()
}

func (r *reader) finish() {
	if r.began {
		if err := r.c.run("ROLLBACK"); err != nil && !r.c.db.GetAutocommit() {
			_ = r.c.close()
			r.c = nil // the place is free for a new connection
		}
	}
	r.leave()
}

// leave frees the place.
func (r *reader) leave() {
	if !r.extra {
		r.d.readers <- r.c
		return
	}
	if r.c != nil {
		_ = r.c.close()
	}
	<-r.d.extra
}

// closeReaders waits for all readers and closes them.
func (d *Driver) closeReaders() error {
	var err error
	for range cap(d.readers) {
		if c := <-d.readers; c != nil {
			err = errors.Join(err, c.close())
		}
	}
	return err
}
