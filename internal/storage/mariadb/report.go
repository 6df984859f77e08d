package mariadb

import (
	"context"
	"strconv"
	"time"

	"freddo/document"
	"freddo/internal/storage"
	"freddo/internal/storage/netdb"
)

// reports opens connections that cannot write and whose statements end by themselves.
func reports(a netdb.Address) func(ctx context.Context, limit time.Duration) (*link, error) {
	return func(ctx context.Context, limit time.Duration) (*link, error) {
		c, err := config(a, map[string]string{"tx_isolation": "'REPEATABLE-READ'", "autocommit": "0", "tx_read_only": "1",
			"innodb_lock_wait_timeout": "1", "max_statement_time": strconv.FormatFloat(limit.Seconds(), 'f', 3, 64)}, false)
		if err != nil {
			return nil, err
		}
		return connect(ctx, c)
	}
}

// Report runs a query in a read-only transaction on a connection of its own. Values go
// beside the statement, never into it.
func (d *Driver) Report(ctx context.Context, sql string, args []document.Value, limit time.Duration) (storage.NamedRows, error) {
	l, err := d.report(ctx, limit)
	if err != nil {
		return nil, err
	}
	rows, err := l.query(ctx, sql, args)
	if err != nil {
		l.Close()
		return nil, err
	}
	return &reportRows{Rows: rows, l: l, names: l.columns}, nil
}

// reportRows close their connection.
type reportRows struct {
	*netdb.Rows
	l     *link
	names []string
}

func (r *reportRows) Columns() []string { return r.names }

func (r *reportRows) Close() error {
	err := r.Rows.Close()
	r.l.Close()
	return err
}
