package postgres

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
		l, err := connect(ctx, a, map[string]string{"default_transaction_read_only": "on", "lock_timeout": "1000", "standard_conforming_strings": "on",
			"statement_timeout": strconv.FormatInt(max(1, limit.Milliseconds()), 10)})
		if err == nil {
			l.begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
		}
		return l, err
	}
}

// Report runs a query in a read-only transaction on a connection of its own, when
// checkReport lets it.
func (d *Driver) Report(ctx context.Context, sql string, args []document.Value, rules storage.ReportRules) (storage.NamedRows, error) {
	if err := checkReport(sql, rules.Functions); err != nil {
		return nil, err
	}
	l, err := d.report(ctx, rules.Limit)
	if err != nil {
		return nil, err
	}
	rr, err := l.start(ctx, sql, findable(args), false)
	if err != nil {
		l.Close()
		return nil, err
	}
	src, err := newSource(ctx, l, sql, rr)
	if err != nil {
		l.Close()
		return nil, err
	}
	fields := rr.FieldDescriptions()
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return &reportRows{Rows: netdb.NewRows(src, nil), l: l, names: names}, nil
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
