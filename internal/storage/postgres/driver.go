package postgres

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"freddo/document"
	"freddo/internal/storage"
	"freddo/internal/storage/netdb"
)

// Options steer Open. The zero Options are for serving a site.
type Options struct {
	// Readers and Writers bound the two pools of connections; 0 means 64 and 24.
	Readers, Writers int
	// LockTimeout is how long a statement waits for what another transaction holds; 0
	// means 50 seconds, as MariaDB's innodb_lock_wait_timeout.
	LockTimeout time.Duration
}

// Driver is a PostgreSQL database. Reading calls are in a snapshot (REPEATABLE READ);
// writing ones see what is committed (READ COMMITTED).
type Driver struct {
	Dialect
	readers, writers *netdb.Pool[*link]
	// shape counts the commits that changed a table's shape.
	shape atomic.Int64
	// report opens a connection for a report.
	report func(ctx context.Context, limit time.Duration) (*link, error)
}

const (
	dialTimeout = 10 * time.Second
	lockTimeout = 50 * time.Second
)

// Open opens a database that exists. Errors: that of the first connection.
func Open(ctx context.Context, a netdb.Address, o Options) (*storage.DB, error) {
	if o.Readers == 0 {
		o.Readers = 64
	}
	if o.Writers == 0 {
		o.Writers = 24
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = lockTimeout
	}
	params := map[string]string{"lock_timeout": strconv.FormatInt(o.LockTimeout.Milliseconds(), 10)}
	open := func(begin string) func(ctx context.Context) (*link, error) {
		return func(ctx context.Context) (*link, error) {
			l, err := connect(ctx, a, params)
			if err == nil {
				l.begin = begin
			}
			return l, err
		}
	}
	d := &Driver{readers: netdb.NewPool(netdb.Options{Max: o.Readers}, open("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")),
		writers: netdb.NewPool(netdb.Options{Max: o.Writers}, open("BEGIN ISOLATION LEVEL READ COMMITTED")), report: reports(a)}
	l, err := d.readers.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL at %s: %w", net.JoinHostPort(a.Host, strconv.Itoa(a.Port)), err)
	}
	d.Exact, err = exact(ctx, l)
	d.readers.Put(l)
	if err != nil {
		d.readers.Close()
		return nil, fmt.Errorf("read PostgreSQL's collations: %w", err)
	}
	return storage.NewDB(d), nil
}

func connect(ctx context.Context, a netdb.Address, params map[string]string) (*link, error) {
	c, err := pgconn.ParseConfig("")
	if err != nil {
		return nil, err
	}
	c.Host, c.Port, c.Database, c.User, c.Password = a.Host, uint16(a.Port), a.Name, a.User, a.Password
	c.ConnectTimeout, c.Fallbacks = dialTimeout, nil
	c.RuntimeParams = map[string]string{"DateStyle": "ISO, YMD", "application_name": "freddo", "client_encoding": "UTF8"}
	for k, v := range params {
		c.RuntimeParams[k] = v
	}
	pg, err := pgconn.ConnectConfig(ctx, c)
	if err != nil {
		return nil, err
	}
	return &link{pg: pg}, nil
}

// Acquire gives a connection in a snapshot, or one that may write.
func (d *Driver) Acquire(ctx context.Context, write bool) (storage.Conn, error) {
	pool := d.readers
	if write {
		pool = d.writers
	}
	l, err := pool.Get(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.forget(ctx, d.shape.Load()); err != nil {
		pool.Put(l)
		return nil, err
	}
	return &turn{d: d, l: l, pool: pool, write: write}, nil
}

// Close closes all connections.
func (d *Driver) Close() error {
	d.readers.Close()
	d.writers.Close()
	return nil
}

// turn is one transaction's use of a connection.
type turn struct {
	d      *Driver
	l      *link
	pool   *netdb.Pool[*link]
	write  bool
	shaped bool
}

func (t *turn) Query(ctx context.Context, sql string, args []document.Value) (storage.Rows, error) {
	return t.query(ctx, sql, args, false)
}

// QueryOnly runs a SELECT in the transaction that is open, or alone: a statement of its
// own is a transaction to the server, which need not be begun and ended.
func (t *turn) QueryOnly(ctx context.Context, sql string, args []document.Value) (storage.Rows, error) {
	return t.query(ctx, sql, args, !t.write)
}

func (t *turn) query(ctx context.Context, sql string, args []document.Value, alone bool) (storage.Rows, error) {
	rows, err := t.l.query(ctx, sql, args, alone)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func (t *turn) Exec(ctx context.Context, sql string, args []document.Value) (int64, error) {
	if len(args) == 0 && changesTable(sql) {
		t.shaped = true
		if t.l.open != nil {
			t.l.open.PutAside()
		}
		if err := t.l.forget(ctx, -1); err != nil {
			return 0, err
		}
	}
	return t.l.exec(ctx, sql, args)
}

func changesTable(sql string) bool { return shapes(sql) && sql[0] != 'S' && sql[0] != 'R' }

// Commit makes the writes durable.
func (t *turn) Commit(context.Context) error {
	t.l.endRows()
	err := t.l.finish("COMMIT")
	t.leave()
	return err
}

// Rollback gives the connection back. Rows that are still being read stay readable
// when nothing could be written: a transaction may read on while it begins to write.
// Nobody waits for the end of a transaction that has only read.
func (t *turn) Rollback() {
	if t.write {
		t.l.endRows()
		_ = t.l.finish("ROLLBACK")
		t.leave()
		return
	}
	if t.l.open != nil {
		t.l.open.PutAside()
	}
	if !t.l.began {
		t.leave()
		return
	}
	go func() {
		_ = t.l.finish("ROLLBACK")
		t.leave()
	}()
}

func (t *turn) leave() {
	if t.shaped {
		t.d.shape.Add(1)
	}
	t.pool.Put(t.l)
}
