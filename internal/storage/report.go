package storage

import (
	"context"
	"errors"
	"strings"
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
// its own that cannot write nor read SecretTables, for at most a time, and closed with
// the rows. Errors: *Refusal.
type Reporter interface {
	Report(ctx context.Context, sql string, args []document.Value, rules ReportRules) (NamedRows, error)
}

// maxReports is how many reports run at once; others wait.
const maxReports = 4

// ErrNoReports says that the database cannot run queries read-only.
var ErrNoReports = errors.New("storage: this database runs no reports")

// Report runs a SELECT that somebody else wrote and hands over each row, which is good
// until read returns; at last nil, so that columns are known without rows. It sees what is committed, not what a transaction under way has
// written. Errors: Interrupted when it takes too long; *Refusal; those of read.
func (db *DB) Report(ctx context.Context, b *Builder, rules ReportRules, read func(columns []string, row Rows) error) error {
	r, ok := db.driver.(Reporter)
	if !ok {
		return ErrNoReports
	}
	ctx, cancel := context.WithTimeout(ctx, rules.Limit)
	defer cancel()
	select {
	case db.reports <- struct{}{}:
		defer func() { <-db.reports }()
	case <-ctx.Done():
		return NewError(Interrupted, "", "", ctx.Err())
	}
	rows, err := r.Report(ctx, b.String(), b.Values(), rules)
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

// SecretTables hold what gives access to the site, so that no report reads them: hashes
// and keys, sessions, tokens and codes, answers with secrets in them.
func SecretTables() []string {
	return []string{authTable, "tabSessions", KeptTable, "tabOAuth Bearer Token", "tabOAuth Authorization Code", "tabOAuth Client"}
}

// MentionedSecret returns the secret table whose name stands anywhere in a statement, as
// a string or in a comment, too; "" for none. Where names can neither be computed nor
// written with escapes, a statement that reads a table holds its name.
func MentionedSecret(sql string) string {
	// The long s is a small s to some collations and to no ToLower.
	folded := strings.ReplaceAll(strings.ToLower(sql), "ſ", "s")
	for _, name := range SecretTables() {
		if strings.Contains(folded, strings.ToLower(name)) {
			return name
		}
	}
	return ""
}

// Refusal says that a report's statement uses what no report may.
type Refusal struct{ What string }

// Error implements error.
func (r *Refusal) Error() string { return "storage: a report may not use " + r.What }

// ReportRules are the bounds of one report.
type ReportRules struct {
	// Limit is how long it may take.
	Limit time.Duration
	// Functions are functions of the database that reports may call beyond those that are
	// known to be harmless, where the database has others.
	Functions []string
}
