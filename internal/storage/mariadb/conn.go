package mariadb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strconv"

	"freddo/document"
	"freddo/internal/storage"
	"freddo/internal/storage/netdb"
)

// sqlConn is what the driver's connections can do. They are used as they are, without
// database/sql: it would copy every value once more.
type sqlConn interface {
	driver.Conn
	driver.QueryerContext
	driver.ExecerContext
	driver.SessionResetter
	driver.Validator
}

// link is one connection; one goroutine uses it at a time. autocommit is off: what
// runs first opens a transaction.
type link struct {
	sqlConn
	open   *netdb.Rows // the rows that occupy the connection
	all    []*netdb.Rows
	used   bool // something ran since the last COMMIT or ROLLBACK
	broken bool
	args   []driver.NamedValue
	// columns are those of the last query.
	columns []string
}

// Alive serves netdb.Pool.
func (l *link) Alive(ctx context.Context) bool { return l.ResetSession(ctx) == nil }

// Broken serves netdb.Pool.
func (l *link) Broken() bool { return l.broken || !l.IsValid() }

// Close serves netdb.Pool.
func (l *link) Close() { _ = l.sqlConn.Close() }

// bind turns values into the driver's.
func (l *link) bind(vals []document.Value) []driver.NamedValue {
	l.args = l.args[:0]
	for i, v := range vals {
		l.args = append(l.args, driver.NamedValue{Ordinal: i + 1, Value: native(v)})
	}
	return l.args
}

func native(v document.Value) driver.Value {
	switch v.Kind() {
	case document.Int, document.Bool:
		return v.Int()
	case document.Float:
		return v.Float()
	case document.String, document.Number:
		return v.Str()
	case document.List, document.Map:
		return document.ToText(v)
	}
	return nil
}

// ready frees the connection for another statement.
func (l *link) ready(ctx context.Context) error {
	if ctx.Err() != nil {
		return netdb.Interrupted(ctx)
	}
	if l.open != nil {
		l.open.PutAside()
	}
	l.used = true
	return nil
}

func (l *link) query(ctx context.Context, sql string, vals []document.Value) (*netdb.Rows, error) {
	if err := l.ready(ctx); err != nil {
		return nil, err
	}
	rows, err := l.QueryContext(ctx, sql, l.bind(vals))
	if errors.Is(err, driver.ErrSkip) {
		rows, err = l.prepared(ctx, sql, vals)
	}
	if err != nil {
		return nil, l.translate(ctx, sql, err)
	}
	l.columns = rows.Columns()
	src := newSource(ctx, l, sql, rows)
	r := netdb.NewRows(src, func() { l.open = nil })
	l.open = r
	l.all = append(l.all, r)
	return r, nil
}

// prepared runs a statement whose values the client may not put into it. The statement
// is closed with the connection.
func (l *link) prepared(ctx context.Context, sql string, vals []document.Value) (driver.Rows, error) {
	p, ok := l.sqlConn.(driver.ConnPrepareContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	s, err := p.PrepareContext(ctx, sql)
	if err != nil {
		return nil, err
	}
	q, ok := s.(driver.StmtQueryContext)
	if !ok {
		return nil, errors.Join(driver.ErrSkip, s.Close())
	}
	return q.QueryContext(ctx, l.bind(vals))
}

func (l *link) exec(ctx context.Context, sql string, vals []document.Value) (int64, error) {
	if err := l.ready(ctx); err != nil {
		return 0, err
	}
	res, err := l.ExecContext(ctx, sql, l.bind(vals))
	if err != nil {
		return 0, l.translate(ctx, sql, err)
	}
	n, err := res.RowsAffected()
	return n, err
}

// finish runs COMMIT or ROLLBACK, whatever became of the request.
func (l *link) finish(sql string) error {
	if !l.used {
		return nil
	}
	_, err := l.exec(context.Background(), sql, nil)
	if err != nil {
		l.broken = true // closing the connection rolls back
	}
	l.used = false
	l.all = l.all[:0]
	return err
}

// endRows makes the transaction's rows stop.
func (l *link) endRows() {
	for _, r := range l.all {
		r.End()
	}
	l.all = l.all[:0]
}

// source reads the driver's rows.
type source struct {
	l    *link
	ctx  context.Context //nolint:containedctx // Next takes none
	sql  string
	rows driver.Rows
	vals []driver.Value
	// float marks the columns of decimals, which arrive as text.
	float []bool
	done  bool
}

func newSource(ctx context.Context, l *link, sql string, rows driver.Rows) *source {
	n := len(rows.Columns())
	s := &source{l: l, ctx: ctx, sql: sql, rows: rows, vals: make([]driver.Value, n), float: make([]bool, n)}
	if t, ok := rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		for i := range n {
			s.float[i] = t.ColumnTypeDatabaseTypeName(i) == "DECIMAL"
		}
	}
	return s
}

func (s *source) Len() int { return len(s.vals) }

func (s *source) Next() (bool, error) {
	if s.done {
		return false, nil
	}
	err := s.rows.Next(s.vals)
	if err == nil {
		return true, nil
	}
	s.done = true
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return false, s.l.translate(s.ctx, s.sql, err)
}

func (s *source) Close() error { return s.rows.Close() }

func (s *source) Raw(i int) storage.Raw {
	switch v := s.vals[i].(type) {
	case nil:
		return storage.Raw{}
	case int64:
		return storage.Raw{Class: storage.RawInt, Int: v}
	case uint64:
		return storage.Raw{Class: storage.RawInt, Int: int64(v)}
	case float64:
		return storage.Raw{Class: storage.RawFloat, Float: v}
	case float32:
		return storage.Raw{Class: storage.RawFloat, Float: float64(v)}
	case []byte:
		if s.float[i] {
			if f, err := strconv.ParseFloat(string(v), 64); err == nil {
				return storage.Raw{Class: storage.RawFloat, Float: f}
			}
		}
		return storage.Raw{Class: storage.RawText, Bytes: v}
	case string:
		return storage.Raw{Class: storage.RawText, Bytes: []byte(v)}
	}
	return storage.Raw{}
}
