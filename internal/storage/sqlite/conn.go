package sqlite

import (
	"context"
	"errors"
	"strings"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"freddo/document"
	"freddo/internal/storage"
)

// conn is one SQLite connection with its cache of prepared statements.
type conn struct {
	db    *sqlite3.Conn
	stmts map[string]*sqlite3.Stmt
}

// maxStatements bounds a connection's statement cache.
const maxStatements = 512

func openConn(path string, o Options) (*conn, error) {
	db, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE)
	if err != nil {
		return nil, err
	}
	c := &conn{db: db, stmts: map[string]*sqlite3.Stmt{}}
	if err := c.setUp(o); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return c, nil
}

func (c *conn) setUp(o Options) error {
	sync := "FULL"
	if o.Unsafe {
		sync = "OFF"
	}
	err := c.db.Exec("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = " + sync +
		"; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4000; PRAGMA journal_size_limit = 67108864")
	if err != nil {
		return err
	}
	if err := c.db.CreateCollation(collation, compare); err != nil {
		return err
	}
	likeFn := func(ctx sqlite3.Context, args ...sqlite3.Value) {
		if args[0].Type() == sqlite3.NULL || args[1].Type() == sqlite3.NULL {
			ctx.ResultNull()
			return
		}
		ctx.ResultBool(like(args[0].RawText(), args[1].RawText()))
	}
	return c.db.CreateFunction("like", 2, sqlite3.DETERMINISTIC|sqlite3.INNOCUOUS, likeFn)
}

func (c *conn) prepare(sql string) (*sqlite3.Stmt, bool, error) {
	if s := c.stmts[sql]; s != nil && !s.Busy() {
		return s, true, nil
	}
	s, _, err := c.db.Prepare(sql)
	if err != nil {
		return nil, false, translate(err)
	}
	if c.stmts[sql] != nil {
		return s, false, nil // the cached one is being read: a nested query of the same text
	}
	if len(c.stmts) >= maxStatements {
		for k, old := range c.stmts {
			if !old.Busy() {
				delete(c.stmts, k)
				_ = old.Close()
				break
			}
		}
	}
	c.stmts[sql] = s
	return s, true, nil
}

func bind(s *sqlite3.Stmt, args []document.Value) error {
	for i, v := range args {
		var err error
		switch v.Kind() {
		case document.Int, document.Bool:
			err = s.BindInt64(i+1, v.Int())
		case document.Float:
			err = s.BindFloat(i+1, v.Float())
		case document.String, document.Number:
			err = s.BindText(i+1, v.Str())
		case document.List, document.Map:
			err = s.BindText(i+1, document.ToText(v))
		default:
			err = s.BindNull(i + 1)
		}
		if err != nil {
			return translate(err)
		}
	}
	return nil
}

func (c *conn) query(sql string, args []document.Value) (storage.Rows, error) {
	s, cached, err := c.prepare(sql)
	if err != nil {
		return nil, err
	}
	if err := bind(s, args); err != nil {
		return nil, err
	}
	return &rows{stmt: s, cached: cached}, nil
}

func (c *conn) exec(sql string, args []document.Value) (int64, error) {
	s, cached, err := c.prepare(sql)
	if err != nil {
		return 0, err
	}
	defer func() {
		_ = s.Reset()
		_ = s.ClearBindings()
		if !cached {
			_ = s.Close()
		}
	}()
	if err := bind(s, args); err != nil {
		return 0, err
	}
	for s.Step() {
	}
	if err := s.Err(); err != nil {
		return 0, translate(err)
	}
	return c.db.Changes(), nil
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		_ = s.Close()
	}
	return c.db.Close()
}

// rows reads a statement's result.
type rows struct {
	stmt   *sqlite3.Stmt
	cached bool
	err    error
	closed bool
}

func (r *rows) Next() bool {
	if r.closed || r.err != nil {
		return false
	}
	if r.stmt.Step() {
		return true
	}
	if err := r.stmt.Err(); err != nil {
		r.err = translate(err)
	}
	return false
}

func (r *rows) Raw(i int) storage.Raw {
	switch r.stmt.ColumnType(i) {
	case sqlite3.INTEGER:
		return storage.Raw{Class: storage.RawInt, Int: r.stmt.ColumnInt64(i)}
	case sqlite3.FLOAT:
		return storage.Raw{Class: storage.RawFloat, Float: r.stmt.ColumnFloat(i)}
	case sqlite3.NULL:
		return storage.Raw{}
	}
	return storage.Raw{Class: storage.RawText, Bytes: r.stmt.ColumnRawText(i)}
}

func (r *rows) Len() int   { return r.stmt.ColumnCount() }
func (r *rows) Err() error { return r.err }

func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	_ = r.stmt.Reset()
	_ = r.stmt.ClearBindings()
	if !r.cached {
		return r.stmt.Close()
	}
	return nil
}

// translate maps SQLite's codes; only the column of a broken constraint has to be
// read from its text.
func translate(err error) error {
	var e *sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	kind := storage.Other
	table, column := "", ""
	switch {
	case e.ExtendedCode() == sqlite3.CONSTRAINT_UNIQUE, e.ExtendedCode() == sqlite3.CONSTRAINT_PRIMARYKEY, e.ExtendedCode() == sqlite3.CONSTRAINT_ROWID:
		kind = storage.UniqueViolation
		table, column = constraintColumn(e.Error())
	case e.Code() == sqlite3.INTERRUPT:
		kind = storage.Interrupted
	case e.Code() == sqlite3.BUSY, e.Code() == sqlite3.LOCKED:
		kind = storage.LockTimeout
	case e.Code() == sqlite3.TOOBIG:
		kind = storage.TooLong
	case e.Code() == sqlite3.ERROR:
		switch {
		case strings.Contains(e.Error(), "no such table"):
			kind = storage.NoTable
		case strings.Contains(e.Error(), "no such column"):
			kind = storage.NoColumn
		default:
			kind = storage.Syntax
		}
	}
	return storage.NewError(kind, table, column, err)
}

func constraintColumn(text string) (table, column string) {
	_, list, ok := strings.Cut(text, "constraint failed: ")
	if !ok {
		return "", ""
	}
	one, _, _ := strings.Cut(list, ", ")
	i := strings.LastIndexByte(one, '.')
	if i < 0 {
		return "", ""
	}
	return one[:i], one[i+1:]
}

// reader is a pooled connection inside a snapshot.
type reader struct {
	d *Driver
	c *conn
}

func (r *reader) Query(_ context.Context, sql string, args []document.Value) (storage.Rows, error) {
	return r.c.query(sql, args)
}

func (r *reader) Exec(_ context.Context, sql string, args []document.Value) (int64, error) {
	return r.c.exec(sql, args)
}

func (r *reader) Commit(context.Context) error { r.Rollback(); return nil }

func (r *reader) Rollback() {
	_, err := r.c.exec("ROLLBACK", nil)
	r.c.db.SetInterrupt(context.Background())
	if err != nil && !r.c.db.GetAutocommit() {
		_ = r.c.close()
		r.d.readers <- nil // the place is free for a new connection
		return
	}
	r.d.readers <- r.c
}
