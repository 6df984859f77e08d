package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"freddo/document"
	"freddo/internal/storage"
	"freddo/internal/storage/netdb"
)

// link is one connection with its prepared statements; one goroutine uses it at a time.
// Values go as text of a type that the server chooses, and come as text.
type link struct {
	pg    *pgconn.PgConn
	stmts map[string]*pgconn.StatementDescription
	next  int // numbers statements
	// shape is the driver's count of changes of shape that the statements know of.
	shape  int64
	open   *netdb.Rows // the rows that occupy the connection
	all    []*netdb.Rows
	begin  string // what begins a transaction
	began  bool
	broken bool
	vals   [][]byte
}

// maxStatements bounds a connection's prepared statements.
const maxStatements = 512

// Alive serves netdb.Pool.
func (l *link) Alive(ctx context.Context) bool { return l.pg.Ping(ctx) == nil }

// Broken serves netdb.Pool.
func (l *link) Broken() bool { return l.broken || l.pg.IsClosed() }

// Close serves netdb.Pool.
func (l *link) Close() { _ = l.pg.Close(context.Background()) }

func (l *link) bind(vals []document.Value) [][]byte {
	l.vals = l.vals[:0]
	for _, v := range vals {
		l.vals = append(l.vals, native(v))
	}
	return l.vals
}

// findable replaces NUL, which no stored text holds, in what is looked for.
func findable(vals []document.Value) []document.Value {
	for i, v := range vals {
		if v.Kind() == document.String && strings.IndexByte(v.Str(), 0) >= 0 {
			vals = slices.Clone(vals)
			vals[i] = document.Text(strings.ReplaceAll(v.Str(), "\x00", "\uFFFD"))
		}
	}
	return vals
}

func native(v document.Value) []byte {
	switch v.Kind() {
	case document.Int, document.Bool:
		return strconv.AppendInt(nil, v.Int(), 10)
	case document.Float:
		return strconv.AppendFloat(nil, v.Float(), 'g', -1, 64)
	case document.String, document.Number:
		return []byte(v.Str())
	case document.List, document.Map:
		return []byte(document.ToText(v))
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
	return nil
}

// run executes one of the driver's own statements.
func (l *link) run(ctx context.Context, sql string) error {
	if _, err := l.pg.Exec(ctx, sql).ReadAll(); err != nil {
		return l.translate(ctx, sql, err)
	}
	return nil
}

// prepare returns a prepared statement; nil for one that is not worth it.
func (l *link) prepare(ctx context.Context, sql string) (*pgconn.StatementDescription, error) {
	if s := l.stmts[sql]; s != nil {
		return s, nil
	}
	if shapes(sql) || len(l.stmts) >= maxStatements {
		return nil, nil
	}
	l.next++
	s, err := l.pg.Prepare(ctx, "s"+strconv.Itoa(l.next), sql, nil)
	if err != nil {
		return nil, l.translate(ctx, sql, err)
	}
	if l.stmts == nil {
		l.stmts = map[string]*pgconn.StatementDescription{}
	}
	l.stmts[sql] = s
	return s, nil
}

// forget drops the prepared statements when tables have changed since they were made:
// their columns may have other types now.
func (l *link) forget(ctx context.Context, shape int64) error {
	if l.shape == shape && len(l.stmts) < maxStatements {
		return nil
	}
	l.shape = shape
	if len(l.stmts) == 0 {
		return nil
	}
	l.stmts = nil
	return l.run(ctx, "DEALLOCATE ALL")
}

// shapes reports whether a statement changes a table's shape, or is one of the
// transaction's own.
func shapes(sql string) bool {
	for _, verb := range [...]string{"CREATE ", "ALTER ", "DROP ", "SAVEPOINT ", "RELEASE ", "ROLLBACK "} {
		if strings.HasPrefix(sql, verb) {
			return true
		}
	}
	return false
}

// start sends a statement, and before the first of a transaction what begins it; one
// alone begins none.
func (l *link) start(ctx context.Context, sql string, vals []document.Value, alone bool) (answer, error) {
	if err := l.ready(ctx); err != nil {
		return answer{}, err
	}
	s, err := l.prepare(ctx, sql)
	if err != nil {
		return answer{}, err
	}
	begin := !l.began && !alone
	if s != nil && begin {
		return l.beginWith(ctx, sql, s, vals)
	}
	if begin {
		if err := l.run(ctx, l.begin); err != nil {
			return answer{}, err
		}
		l.began = true
	}
	if s == nil {
		return answer{ResultReader: l.pg.ExecParams(ctx, sql, l.bind(vals), nil, nil, nil)}, nil
	}
	return answer{ResultReader: l.pg.ExecStatement(ctx, s, l.bind(vals), nil, nil)}, nil
}

// answer is a statement's result. What came before it in the same journey is read.
type answer struct {
	*pgconn.ResultReader
	pipeline *pgconn.Pipeline // nil for a statement that went alone
}

// Close reads what is left and frees the connection.
func (a answer) Close() (pgconn.CommandTag, error) {
	tag, err := a.ResultReader.Close()
	if a.pipeline != nil {
		if perr := a.pipeline.Close(); err == nil {
			err = perr
		}
	}
	return tag, err
}

// beginWith begins the transaction and runs its first statement in one journey to the
// server.
func (l *link) beginWith(ctx context.Context, sql string, s *pgconn.StatementDescription, vals []document.Value) (answer, error) {
	p := l.pg.StartPipeline(ctx)
	p.SendQueryParams(l.begin, nil, nil, nil, nil)
	p.SendQueryStatement(s, l.bind(vals), nil, nil)
	err := p.Sync()
	if err == nil {
		_, err = result(p)
	}
	if err == nil {
		l.began = true
		var rr *pgconn.ResultReader
		if rr, err = result(p); err == nil {
			return answer{rr, p}, nil
		}
	}
	_ = p.Close() // err is the first
	return answer{}, l.translate(ctx, sql, err)
}

// result is the next statement's result in a pipeline.
func result(p *pgconn.Pipeline) (*pgconn.ResultReader, error) {
	r, err := p.GetResults()
	if err != nil {
		return nil, err
	}
	rr, ok := r.(*pgconn.ResultReader)
	if !ok {
		return nil, fmt.Errorf("postgres: a pipeline answers %T", r)
	}
	return rr, nil
}

func (l *link) query(ctx context.Context, sql string, vals []document.Value, alone bool) (*netdb.Rows, error) {
	rr, err := l.start(ctx, sql, findable(vals), alone)
	if err != nil {
		return nil, err
	}
	src, err := newSource(ctx, l, sql, rr)
	if err != nil {
		return nil, err
	}
	r := netdb.NewRows(src, func() { l.open = nil })
	l.open = r
	l.all = append(l.all, r)
	return r, nil
}

func (l *link) exec(ctx context.Context, sql string, vals []document.Value) (int64, error) {
	rr, err := l.start(ctx, sql, vals, false)
	if err != nil {
		return 0, err
	}
	tag, err := rr.Close()
	if err != nil {
		return 0, l.translate(ctx, sql, err)
	}
	return tag.RowsAffected(), nil
}

// finish runs COMMIT or ROLLBACK, whatever became of the request.
func (l *link) finish(sql string) error {
	if l.open != nil {
		l.open.PutAside()
	}
	l.all = l.all[:0]
	if !l.began {
		return nil
	}
	l.began = false
	tags, err := l.pg.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		l.broken = true
		return l.translate(context.Background(), sql, err)
	}
	if sql == "COMMIT" && len(tags) == 1 && tags[0].CommandTag.String() == "ROLLBACK" {
		return storage.NewError(storage.Other, "", "", errAborted)
	}
	return nil
}

// endRows makes the transaction's rows stop.
func (l *link) endRows() {
	for _, r := range l.all {
		r.End()
	}
	l.all = l.all[:0]
}
