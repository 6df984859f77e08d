package sqlite

import (
	"context"
	"errors"
	"strings"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"freddo/document"
	"freddo/internal/storage"
)

// conn is one SQLite connection with its cache of prepared statements. One goroutine
// uses it at a time.
type conn struct {
	db    *sqlite3.Conn
	stmts map[string]*statement
	// preparing is what the statement that is being prepared does.
	preparing tables
	// written are the tables written since the last commit; nil on readers.
	written map[string]bool
	// open are the rows that are being read.
	open []*rows
	// whenIdle, when not nil, runs once when the last of open is closed.
	whenIdle func()
	// closed, when not nil, runs after the connection is closed.
	closed func()
}

// statement is a prepared statement. One that is in use is never handed out again:
// a second query of the same text would change its arguments.
type statement struct {
	*sqlite3.Stmt
	tables
	cached, inUse, readOnly bool
}

// maxStatements bounds a connection's statement cache.
const maxStatements = 512

// openConn opens a database by its path or address.
func openConn(path string, o Options) (*conn, error) {
	db, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READWRITE|sqlite3.OPEN_CREATE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	c := &conn{db: db, stmts: map[string]*statement{}}
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
		"; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -4000; PRAGMA journal_size_limit = 67108864")
	if err != nil {
		return err
	}
	// Without it SQLite plans for the bound values it sees, and prepares a statement
	// anew whenever one of them (a LIMIT, say) is bound again.
	if _, err := c.db.Config(sqlite3.DBCONFIG_ENABLE_QPSG, true); err != nil {
		return err
	}
	if err := c.db.CreateCollation(collation, compare); err != nil {
		return err
	}
	if err := c.db.SetAuthorizer(c.preparing.authorize); err != nil {
		return err
	}
	return errors.Join(registerLike(c.db), registerStored(c.db))
}

// prepare returns a statement for the caller alone, to be given back with release.
func (c *conn) prepare(sql string) (*statement, error) {
	known := c.stmts[sql]
	if known != nil && !known.inUse {
		known.inUse = true
		return known, nil
	}
	c.db.SetInterrupt(context.Background()) // a cancelled request must not spoil the cache
	c.preparing = tables{}
	p, tail, err := c.db.Prepare(sql)
	if err != nil {
		return nil, translate(err)
	}
	if p == nil || strings.TrimSpace(tail) != "" {
		_ = p.Close()
		return nil, storage.NewError(storage.Syntax, "", "", errOneStatement)
	}
	s := &statement{Stmt: p, tables: c.preparing, inUse: true, readOnly: p.ReadOnly()}
	if known != nil {
		return s, nil // a nested query of the same text
	}
	c.evict()
	s.cached = true
	c.stmts[sql] = s
	return s, nil
}

var errOneStatement = errors.New("sqlite: a query is one statement")

// evict makes room in the statement cache.
func (c *conn) evict() {
	if len(c.stmts) < maxStatements {
		return
	}
	for sql, s := range c.stmts {
		if !s.inUse {
			delete(c.stmts, sql)
			_ = s.Close()
			return
		}
	}
}

// note remembers what a statement is about to write.
func (c *conn) note(s *statement) {
	if c.written == nil {
		return
	}
	for _, t := range s.tables.written {
		c.written[t] = true
	}
}

// release gives a statement back.
func (c *conn) release(s *statement) error {
	_ = s.Reset() // repeats the error of the last step, which was reported then
	s.inUse = false
	if !s.cached {
		return s.Close()
	}
	return s.ClearBindings()
}

// interrupted is the error of a request whose context has ended.
func interrupted(ctx context.Context) error {
	return storage.NewError(storage.Interrupted, "", "", ctx.Err())
}

// watched returns the context that may interrupt s. Only reading may be: SQLite
// answers an interrupted write by rolling back the whole transaction, with everything
// that other requests of the batch have written.
func watched(ctx context.Context, s *statement) context.Context {
	if s.readOnly {
		return ctx
	}
	return context.Background()
}

func bind(s *statement, args []document.Value) error {
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

func (c *conn) query(ctx context.Context, sql string, args []document.Value) (*rows, error) {
	if ctx.Err() != nil {
		return nil, interrupted(ctx)
	}
	s, err := c.prepare(sql)
	if err != nil {
		return nil, err
	}
	if err := bind(s, args); err != nil {
		_ = c.release(s)
		return nil, err
	}
	c.note(s)
	r := &rows{c: c, stmt: s, ctx: watched(ctx, s), n: s.ColumnCount()}
	c.open = append(c.open, r)
	return r, nil
}

func (c *conn) exec(ctx context.Context, sql string, args []document.Value) (int64, error) {
	if ctx.Err() != nil {
		return 0, interrupted(ctx)
	}
	s, err := c.prepare(sql)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.release(s) }()
	if err := bind(s, args); err != nil {
		return 0, err
	}
	c.note(s)
	c.db.SetInterrupt(watched(ctx, s))
	for s.Step() {
	}
	if err := s.Err(); err != nil {
		if ctx.Err() != nil && errors.Is(err, sqlite3.INTERRUPT) {
			return 0, interrupted(ctx)
		}
		return 0, translate(err)
	}
	return c.db.Changes(), nil
}

// run executes one of the driver's own statements, whatever became of the request.
func (c *conn) run(sql string) error {
	_, err := c.exec(context.Background(), sql, nil)
	return err
}

// closeRows ends the rows that a transaction left open.
func (c *conn) closeRows() {
	for len(c.open) > 0 {
		r := c.open[len(c.open)-1]
		_ = r.Close()
		r.err = errRowsEnded
	}
}

var errRowsEnded = errors.New("sqlite: the transaction of these rows has ended")

func (c *conn) close() error {
	for _, s := range c.stmts {
		_ = s.Close()
	}
	err := c.db.Close()
	if c.closed != nil {
		c.closed()
	}
	return err
}

// rows reads a statement's result. It keeps the query's context, since Next takes
// none.
type rows struct {
	c      *conn
	stmt   *statement
	ctx    context.Context //nolint:containedctx // see above
	n      int
	err    error
	closed bool
}

func (r *rows) Next() bool {
	if r.closed {
		return false
	}
	r.c.db.SetInterrupt(r.ctx)
	if r.stmt.Step() {
		return true
	}
	if err := r.stmt.Err(); err != nil {
		r.err = translate(err)
		if r.ctx.Err() != nil && errors.Is(err, sqlite3.INTERRUPT) {
			r.err = interrupted(r.ctx)
		}
	}
	_ = r.Close()
	return false
}

func (r *rows) Raw(i int) storage.Raw {
	if r.closed {
		return storage.Raw{}
	}
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

func (r *rows) Len() int   { return r.n }
func (r *rows) Err() error { return r.err }

func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	err := r.c.release(r.stmt)
	for i, o := range r.c.open {
		if o == r {
			r.c.open = append(r.c.open[:i], r.c.open[i+1:]...)
			break
		}
	}
	if f := r.c.whenIdle; f != nil && len(r.c.open) == 0 {
		r.c.whenIdle = nil
		f()
	}
	return err
}

// translate maps SQLite's codes. What the codes leave open is read from the text: the
// column of a broken constraint, and what a statement names that does not exist.
func translate(err error) error {
	var code sqlite3.ExtendedErrorCode
	if !errors.As(err, &code) {
		return err
	}
	kind, table, column := storage.Other, "", ""
	switch code {
	case sqlite3.CONSTRAINT_UNIQUE, sqlite3.CONSTRAINT_PRIMARYKEY, sqlite3.CONSTRAINT_ROWID:
		kind = storage.UniqueViolation
		table, column = constraintColumn(err.Error())
		return storage.NewError(kind, table, column, err)
	}
	switch code.Code() {
	case sqlite3.INTERRUPT:
		kind = storage.Interrupted
	case sqlite3.BUSY, sqlite3.LOCKED:
		kind = storage.LockTimeout
	case sqlite3.TOOBIG:
		kind = storage.TooLong
	case sqlite3.MISMATCH:
		kind = storage.BadValue
	case sqlite3.ERROR:
		switch {
		case strings.Contains(err.Error(), "no such table"):
			kind = storage.NoTable
		case strings.Contains(err.Error(), "no such column"), strings.Contains(err.Error(), "has no column named"):
			kind = storage.NoColumn
		default:
			kind = storage.Syntax
		}
	}
	return storage.NewError(kind, table, column, err)
}

// constraintColumn reads the table and the first column from "UNIQUE constraint
// failed: table.column, table.other". A table's name may hold commas and dots.
func constraintColumn(text string) (table, column string) {
	_, list, ok := strings.Cut(text, "constraint failed: ")
	if i := strings.Index(list, "constraint failed: "); i >= 0 {
		list = list[i+len("constraint failed: "):] // the code's own name came first
	}
	last := strings.LastIndexByte(list, '.')
	if !ok || last < 0 {
		return "", ""
	}
	table, column = list[:last], list[last+1:]
	for i := strings.Index(table, ", "); i >= 0; {
		if t := table[i+2:]; strings.HasPrefix(table, t+".") {
			first, _, _ := strings.Cut(table[len(t)+1:], ", ")
			return t, first
		}
		next := strings.Index(table[i+2:], ", ")
		if next < 0 {
			break
		}
		i += 2 + next
	}
	return table, column
}
