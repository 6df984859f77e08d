package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"freddo/internal/storage"
	"freddo/internal/storage/netdb"
)

var errAborted = errors.New("postgres: a failed statement has ended the transaction")

// kinds are the server's SQLSTATEs.
var kinds = map[string]storage.ErrorKind{
	"23505": storage.UniqueViolation, // unique_violation
	"40P01": storage.Deadlock,        // deadlock_detected
	"40001": storage.Deadlock,        // serialization_failure
	"0A000": storage.Deadlock,        // feature_not_supported: a prepared statement's table has changed
	"55P03": storage.LockTimeout,     // lock_not_available
	"22001": storage.TooLong,         // string_data_right_truncation
	"54000": storage.TooLong,         // program_limit_exceeded: an index row
	"22003": storage.BadValue,        // numeric_value_out_of_range
	"22007": storage.BadValue,        // invalid_datetime_format
	"22008": storage.BadValue,        // datetime_field_overflow
	"22021": storage.BadValue,        // character_not_in_repertoire: NUL
	"22P02": storage.BadValue,        // invalid_text_representation
	"22P05": storage.BadValue,        // untranslatable_character
	"42P01": storage.NoTable,         // undefined_table
	"42703": storage.NoColumn,        // undefined_column
	"42601": storage.Syntax,          // syntax_error
	"57014": storage.Interrupted,     // query_canceled: statement_timeout
}

// translate maps the server's codes. A connection that failed is not used again.
func (l *link) translate(ctx context.Context, sql string, err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		l.broken = true
		if ctx.Err() != nil {
			return netdb.Interrupted(ctx)
		}
		return storage.NewError(storage.Other, "", "", err)
	}
	kind := kinds[e.Code]
	if e.Code == "0A000" && !strings.Contains(e.Message, "cached plan") {
		kind = storage.Other
	}
	table, column := e.TableName, e.ColumnName
	if kind == storage.UniqueViolation {
		column = keyColumn(e.Detail)
	}
	if table == "" && (kind == storage.BadValue || kind == storage.TooLong) {
		table = tableOf(sql)
	}
	return storage.NewError(kind, table, column, err)
}

// keyColumn is the first column in "Key (a, b)=(1, 2) already exists.", whatever the
// server's language.
func keyColumn(detail string) string {
	_, rest, ok := strings.Cut(detail, "(")
	if !ok {
		return ""
	}
	if name, ok := strings.CutPrefix(rest, `"`); ok {
		name, _, _ = strings.Cut(name, `"`)
		return name
	}
	return rest[:max(0, strings.IndexAny(rest, ",)"))]
}

// tableOf reads the table of a statement of ours: the first quoted name.
func tableOf(sql string) string {
	_, rest, _ := strings.Cut(sql, `"`)
	name, _, _ := strings.Cut(rest, `"`)
	return name
}
