package mariadb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"freddo/document"
	"freddo/internal/storage"
	"freddo/internal/storage/netdb"
)

// Options steer Open. The zero Options are for serving a site.
type Options struct {
	// Readers and Writers bound the two pools of connections; 0 means 64 and 24.
	Readers, Writers int
	// LockTimeout is how long a statement waits for a row or table that another
	// transaction holds; 0 means 50 seconds, as the server's default.
	LockTimeout time.Duration
}

// Driver is a MariaDB database. Reading calls are in a snapshot (REPEATABLE READ);
// writing ones see what is committed (READ COMMITTED), which locks no gaps.
type Driver struct {
	Dialect
	readers, writers *netdb.Pool[*link]
	// shapers change tables' shapes beside the writers' transactions.
	shapers *netdb.Pool[*link]
	// report opens a connection for a report.
	report func(ctx context.Context, limit time.Duration) (*link, error)
}

const (
	dialTimeout  = 10 * time.Second
	writeTimeout = 60 * time.Second
	lockTimeout  = 50 * time.Second
	maxPacket    = 64 << 20
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
	open := func(isolation string) func(ctx context.Context) (*link, error) {
		c, err := connector(a, map[string]string{"tx_isolation": "'" + isolation + "'", "autocommit": "0",
			"innodb_lock_wait_timeout": strconv.Itoa(max(1, int(o.LockTimeout.Seconds())))})
		return func(ctx context.Context) (*link, error) {
			if err != nil {
				return nil, err
			}
			return connect(ctx, c)
		}
	}
	d := &Driver{readers: netdb.NewPool(netdb.Options{Max: o.Readers}, open("REPEATABLE-READ")),
		writers: netdb.NewPool(netdb.Options{Max: o.Writers}, open("READ-COMMITTED")),
		shapers: netdb.NewPool(netdb.Options{Max: 4, Idle: 1}, open("READ-COMMITTED")), report: reports(a)}
	l, err := d.readers.Get(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to MariaDB at %s: %w", net.JoinHostPort(a.Host, strconv.Itoa(a.Port)), err)
	}
	d.readers.Put(l)
	return storage.NewDB(d), nil
}

// connector describes connections; params are session variables.
func connector(a netdb.Address, params map[string]string) (driver.Connector, error) {
	return config(a, params, true)
}

// config is connector; interpolate lets the client put values into statements, which
// saves a round trip each.
func config(a netdb.Address, params map[string]string, interpolate bool) (driver.Connector, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName, c.Net = a.User, a.Password, a.Name, "tcp"
	c.Addr = net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
	c.Collation, c.Timeout, c.WriteTimeout = "utf8mb4_unicode_ci", dialTimeout, writeTimeout
	c.InterpolateParams, c.ClientFoundRows, c.MaxAllowedPacket, c.Params = interpolate, true, maxPacket, params
	c.Logger = quiet{}
	return mysql.NewConnector(c)
}

// quiet drops the driver's own log: what it writes there is returned as an error too.
type quiet struct{}

func (quiet) Print(...any) {}

func connect(ctx context.Context, c driver.Connector) (*link, error) {
	dc, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	sc, ok := dc.(sqlConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("mariadb: a connection of type %T", dc), dc.Close())
	}
	return &link{sqlConn: sc}, nil
}

// Acquire gives a connection in a snapshot, or one that may write.
func (d *Driver) Acquire(ctx context.Context, write bool) (storage.Conn, error) {
	if write {
		l, err := d.writers.Get(ctx)
		if err != nil {
			return nil, err
		}
		return &writer{d: d, l: l}, nil
	}
	l, err := d.readers.Get(ctx)
	if err != nil {
		return nil, err
	}
	return &reader{d: d, l: l}, nil
}

// Close closes all connections.
func (d *Driver) Close() error {
	d.readers.Close()
	d.writers.Close()
	d.shapers.Close()
	return nil
}

// reader is a connection in a snapshot.
type reader struct {
	d *Driver
	l *link
}

func (r *reader) Query(ctx context.Context, sql string, args []document.Value) (storage.Rows, error) {
	rows, err := r.l.query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func (r *reader) Exec(ctx context.Context, sql string, args []document.Value) (int64, error) {
	return r.l.exec(ctx, sql, args)
}

func (r *reader) Commit(context.Context) error { r.Rollback(); return nil }

// Rollback gives the connection back. Rows that are still being read stay readable: a
// transaction may read on while it has begun to write. Nobody waits for the server to
// answer: nothing can come of it.
func (r *reader) Rollback() {
	if r.l.open != nil {
		r.l.open.PutAside()
	}
	go func() {
		_ = r.l.finish("ROLLBACK")
		r.d.readers.Put(r.l)
	}()
}

func named(texts ...string) []driver.NamedValue {
	out := make([]driver.NamedValue, len(texts))
	for i, s := range texts {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: s}
	}
	return out
}
