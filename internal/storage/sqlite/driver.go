package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"freddo/internal/storage"
)

// Options steer Open.
type Options struct {
	// Unsafe gives up durability (synchronous=OFF): for tests that measure nothing.
	Unsafe bool
	// Readers is the size of the reader pool; 0 means one per processor, four at
	// least.
	Readers int
}

// Driver is an open SQLite database.
type Driver struct {
	Dialect
	path    string
	opts    Options
	readers chan *conn // nil stands for a place without a connection yet
	w       *writer
	lock    *os.File
}

// ErrLocked says that another process serves the database.
var ErrLocked = errors.New("another process is using this site's database")

// Open opens or creates a database file for this process alone.
// Errors: ErrLocked when another process has it.
func Open(path string, o Options) (*storage.DB, error) {
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c, err := openConn(path, o)
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	n := o.Readers
	if n == 0 {
		n = max(4, runtime.GOMAXPROCS(0))
	}
	d := &Driver{path: path, opts: o, readers: make(chan *conn, n), w: &writer{turn: make(chan struct{}, 1), conn: c}, lock: lock}
	for range n {
		d.readers <- nil
	}
	d.w.turn <- struct{}{}
	return storage.NewDB(d), nil
}

// Acquire gives a reader inside a fresh snapshot, or the writer's turn.
func (d *Driver) Acquire(ctx context.Context, write bool) (storage.Conn, error) {
	if write {
		return d.w.begin(ctx)
	}
	var c *conn
	select {
	case c = <-d.readers:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c == nil {
		var err error
		if c, err = openConn(d.path, d.opts); err != nil {
			d.readers <- nil
			return nil, err
		}
	}
	c.db.SetInterrupt(ctx)
	if _, err := c.exec("BEGIN", nil); err != nil {
		c.db.SetInterrupt(context.Background())
		d.readers <- c
		return nil, err
	}
	return &reader{d: d, c: c}, nil
}

// Close waits for readers and writer and closes all connections.
func (d *Driver) Close() error {
	<-d.w.turn
	err := d.w.conn.close()
	for range cap(d.readers) {
		if c := <-d.readers; c != nil {
			err = errors.Join(err, c.close())
		}
	}
	return errors.Join(err, d.lock.Close())
}
