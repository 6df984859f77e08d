package mariadb

import (
	"context"
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"

	"freddo/internal/storage"
	"freddo/internal/storage/netdb"
)

// kinds are the server's error numbers.
var kinds = map[uint16]storage.ErrorKind{
	1062: storage.UniqueViolation, // ER_DUP_ENTRY
	1213: storage.Deadlock,        // ER_LOCK_DEADLOCK
	1412: storage.Deadlock,        // ER_TABLE_DEF_CHANGED: the snapshot is older than the table
	1020: storage.Deadlock,        // ER_CHECKREAD: the row has changed since the snapshot
	1205: storage.LockTimeout,     // ER_LOCK_WAIT_TIMEOUT
	1969: storage.Interrupted,     // ER_STATEMENT_TIMEOUT
	1406: storage.TooLong,         // ER_DATA_TOO_LONG
	1118: storage.TooLong,         // ER_TOO_BIG_ROWSIZE
	1153: storage.TooLong,         // ER_NET_PACKET_TOO_LARGE
	1264: storage.BadValue,        // ER_WARN_DATA_OUT_OF_RANGE
	1265: storage.BadValue,        // WARN_DATA_TRUNCATED
	1292: storage.BadValue,        // ER_TRUNCATED_WRONG_VALUE
	1366: storage.BadValue,        // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
	4025: storage.BadValue,        // ER_CONSTRAINT_FAILED: JSON
	1146: storage.NoTable,         // ER_NO_SUCH_TABLE
	1051: storage.NoTable,         // ER_BAD_TABLE_ERROR
	1054: storage.NoColumn,        // ER_BAD_FIELD_ERROR
	1064: storage.Syntax,          // ER_PARSE_ERROR
}

// translate maps the server's error numbers. A connection that failed is not used
// again.
func (l *link) translate(ctx context.Context, sql string, err error) error {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		switch {
		case ctx.Err() != nil:
			l.broken = true
			return netdb.Interrupted(ctx)
		case errors.Is(err, mysql.ErrPktTooLarge):
			return storage.NewError(storage.TooLong, "", "", err)
		}
		l.broken = true
		return storage.NewError(storage.Other, "", "", err)
	}
	kind := kinds[e.Number]
	switch kind {
	case storage.UniqueViolation:
		table := tableOf(sql)
		return storage.NewError(kind, table, l.keyColumn(sql, table, e.Message), err)
	case storage.TooLong, storage.BadValue:
		return storage.NewError(kind, tableOf(sql), columnOf(e.Message), err)
	}
	return storage.NewError(kind, "", "", err)
}

// tableOf reads the table of a statement of ours: the first quoted name.
func tableOf(sql string) string {
	_, rest, ok := strings.Cut(sql, "`")
	if !ok {
		return ""
	}
	if strings.HasPrefix(sql, "CREATE") { // CREATE UNIQUE INDEX `name` ON `table`
		if _, after, ok := strings.Cut(sql, " ON `"); ok {
			rest = after
		}
	}
	name, _, _ := strings.Cut(rest, "`")
	return name
}

// columnOf reads the column from "… for column 'c' at row 1", with or without database
// and table before it.
func columnOf(text string) string {
	if _, name, ok := strings.Cut(text, "CONSTRAINT `"); ok { // of JSON: named as the column, or table.column
		name, _, _ = strings.Cut(name, "`")
		return name[strings.LastIndexByte(name, '.')+1:]
	}
	_, rest, ok := strings.Cut(text, "for column ")
	if !ok || rest == "" {
		return ""
	}
	if i := strings.LastIndex(rest, " at row"); i >= 0 {
		rest = rest[:i]
	}
	rest = strings.Trim(rest, "'`")
	return rest[strings.LastIndexAny(rest, "`'")+1:]
}

// keyColumn is the column of the key in "Duplicate entry 'x' for key 'k'", asked of the
// catalogue: the statement that failed has left the transaction as it was.
func (l *link) keyColumn(sql, table, text string) string {
	_, key, ok := strings.Cut(text, "for key '")
	if at := strings.LastIndex(text, "for key '"); ok && at >= 0 {
		key = text[at+len("for key '"):]
	}
	key = strings.TrimSuffix(key, "'")
	if key == "PRIMARY" && table != "" && !strings.HasPrefix(table, "__") && table != "tabSessions" {
		return "name"
	}
	if strings.HasPrefix(sql, "CREATE UNIQUE INDEX ") { // it is not in the catalogue
		return sql[strings.LastIndex(sql, "(`")+2 : strings.LastIndex(sql, "`)")]
	}
	rows, err := l.QueryContext(context.Background(), "SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? "+
		"AND INDEX_NAME = ? ORDER BY SEQ_IN_INDEX LIMIT 1", named(table, key))
	if err != nil {
		return ""
	}
	defer func() { _ = rows.Close() }()
	s := newSource(context.Background(), l, "", rows)
	if ok, _ := s.Next(); !ok {
		return ""
	}
	return string(s.Raw(0).Bytes)
}
