package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"freddo/internal/storage"
)

// Options steer Open. The zero Options are for serving a site.
type Options struct {
	// Unsafe gives up durability (synchronous=OFF): for tests that measure nothing.
	Unsafe bool
	// Shared opens the database beside a process that serves it. Writers of several
	// processes wait for each other by polling.
	Shared bool
	// Readers is the size of the reader pool; 0 means one per processor, four at
	// least.
	Readers int
	// LockTimeout bounds how long a request waits for its turn to write; 0 means 50
	// seconds, as MariaDB's innodb_lock_wait_timeout.
	LockTimeout time.Duration
}

const lockTimeout = 50 * time.Second

// Driver is an open SQLite database.
type Driver struct {
	Dialect
	path    string
	opts    Options
	readers chan *conn    // nil stands for a place without a connection yet
	extra   chan struct{} // counts the readers beyond the pool
	w       *writer
	lock    *os.File // nil when Shared
	closed  atomic.Bool
}

// ErrLocked says that another process serves the database.
var ErrLocked = errors.New("another process is using this site's database; stop it first, or talk to it over HTTP")

// Open opens or creates a database file for this process alone, unless o says that
// it is Shared. Errors: ErrLocked when another process has it.
func Open(path string, o Options) (*storage.DB, error) {
	d, err := open(path, o)
	if err != nil {
		return nil, err
	}
	return storage.NewDB(d), nil
}

func open(path string, o Options) (*Driver, error) {
	if o.Readers == 0 {
		o.Readers = max(4, runtime.GOMAXPROCS(0))
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = lockTimeout
	}
	d := &Driver{path: path, opts: o, readers: make(chan *conn, o.Readers), extra: make(chan struct{}, maxExtra)}
	var err error
	if !o.Shared {
		if d.lock, err = lockFile(path + ".lock"); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if err = keepPrivate(path); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), d.unlock())
	}
	if d.w, err = openWriter(path, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), d.unlock())
	}
	for range o.Readers {
		d.readers <- nil
	}
	if err := keepPrivate(path); err != nil { // the log, which the writer has opened
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), d.Close())
	}
	return d, nil
}

// Acquire gives a reader inside a fresh snapshot, or the writer's turn.
func (d *Driver) Acquire(ctx context.Context, write bool) (storage.Conn, error) {
	if write {
		t, err := d.w.begin(ctx)
		if err != nil {
			return nil, err
		}
		return t, nil
	}
	r, err := d.acquireReader(ctx)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Places is the size of the reader pool.
func (d *Driver) Places() int { return cap(d.readers) }

// Close waits for readers and writer and closes all connections.
func (d *Driver) Close() error {
	if d.closed.Swap(true) {
		return nil
	}
	err := d.w.close()
	return errors.Join(err, d.closeReaders(), d.unlock())
}

func (d *Driver) unlock() error {
	if d.lock == nil {
		return nil
	}
	return unlockFile(d.lock)
}

// keepPrivate makes the database's file before SQLite does, so that other users of the
// machine cannot read it, nor the log that SQLite makes beside it in the file's mode. Of
// files that are there already it takes away what others may.
func keepPrivate(path string) error {
	if strings.HasPrefix(path, ":") || strings.HasPrefix(path, "file:") {
		return nil // not a file's name
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, privateMode)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm()&^privateMode == 0 {
			continue
		}
		if err := os.Chmod(name, info.Mode().Perm()&privateMode); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

const privateMode = 0o640
