package storage

import (
	"context"
	"errors"
	"time"

	"freddo/document"
)

// NamedRows are rows whose columns have names.
type NamedRows interface {
	Rows
	// Columns are the names that the query gave its columns.
	Columns() []string
}

// Reporter is a Driver that runs a SELECT that somebody else wrote: on a connection of
// its own that cannot write, for at most a time, and closed with the rows.
type Reporter interface {
	Report(ctx context.Context, sql string, args []document.Value, limit time.Duration) (NamedRows, error)
}

// maxReports is how many reports run at once; others wait.
const maxReports = 4

// ErrNoReports says that the database cannot run queries read-only.
var ErrNoReports = errors.New("storage: this database runs no reports")

// Report runs a SELECT that somebody else wrote and hands over each row, which is good
// until read returns; at last nil, so that columns are known without rows. It sees what is committed, not what a transaction under way has
// written. Errors: Interrupted when it takes longer than limit; those of read.
func (db *DB) Report(ctx context.Context, b *Builder, limit time.Duration, read func(columns []string, row Rows) error) error {
	r, ok := db.driver.(Reporter)
	if !ok {
		return ErrNoReports
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case db.reports <- struct{}{}:
		defer func() { <-db.reports }()
	case <-ctx.Done():
		return NewError(Interrupted, "", "", ctx.Err())
	}
	rows, err := r.Report(ctx, b.String(), b.Values(), limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns := rows.Columns()
	for rows.Next() {
		if err := read(columns, rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return read(columns, nil)
}
