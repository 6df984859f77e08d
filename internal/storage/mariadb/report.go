package mariadb

import (
	"context"
	"regexp"
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

// beyond are the words by which a SELECT reaches beyond the site's tables: files, other
// sessions and their locks, the server's own schemas with their statistics of values.
var beyond = regexp.MustCompile(`(?i)\b(outfile|dumpfile|load_file|get_lock|release_lock|release_all_locks|master_pos_wait|master_gtid_wait|processlist|mysql|performance_schema|sys|column_stats|sys_eval|sys_exec)\b`)

// checkReport refuses a statement that names a secret table or one of those words,
// wherever they stand. That is enough here: MariaDB has no function that runs SQL, and its
// names can be quoted but not written otherwise. Errors: *storage.Refusal.
func checkReport(sql string) error {
	if name := storage.MentionedSecret(sql); name != "" {
		return &storage.Refusal{What: name}
	}
	if w := beyond.FindString(sql); w != "" {
		return &storage.Refusal{What: w}
	}
	return nil
}

// Report runs a query in a read-only transaction on a connection of its own. Values go
// beside the statement, never into it.
func (d *Driver) Report(ctx context.Context, sql string, args []document.Value, rules storage.ReportRules) (storage.NamedRows, error) {
	if err := checkReport(sql); err != nil {
		return nil, err
	}
	l, err := d.report(ctx, rules.Limit)
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
