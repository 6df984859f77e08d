package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"freddo/document"
	"freddo/internal/storage"
)

// bench is a driver with one table, driven below Tx so that turns can be held.
type bench struct {
	*Driver
	t *testing.T
}

func newBench(t *testing.T, o Options) *bench {
	t.Helper()
	d, err := open(filepath.Join(t.TempDir(), "site.db"), o)
	check(t, err)
	t.Cleanup(func() { check(t, d.Close()) })
	b := &bench{Driver: d, t: t}
	x := b.begin()
	b.exec(x, "CREATE TABLE x (n INTEGER PRIMARY KEY, s TEXT)")
	check(t, x.Commit(context.Background()))
	return b
}

func (b *bench) begin() *turn {
	b.t.Helper()
	t, err := b.w.begin(context.Background())
	check(b.t, err)
	return t
}

func (b *bench) exec(t *turn, sql string, args ...document.Value) {
	b.t.Helper()
	_, err := t.Exec(context.Background(), sql, args)
	check(b.t, err)
}

const insertX = "INSERT INTO x VALUES (?, ?)"

// count reads the number of rows through a reader.
func (b *bench) count() int64 {
	b.t.Helper()
	r, err := b.Acquire(context.Background(), false)
	check(b.t, err)
	defer r.Rollback()
	rows, err := r.Query(context.Background(), "SELECT COUNT(*) FROM x", nil)
	check(b.t, err)
	defer rows.Close()
	rows.Next()
	return rows.Raw(0).Int
}

// waiting blocks until n requests wait for the turn.
func (b *bench) waiting(n int32) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); b.w.waiting.Load() != n; runtime.Gosched() {
		if time.Now().After(end) {
			b.t.Fatalf("%d requests wait, want %d", b.w.waiting.Load(), n)
		}
	}
}

// batch makes n requests insert a row each while the turn is held, so that they
// commit together, and returns what each was answered.
func (b *bench) batch(n int) []error {
	b.t.Helper()
	first := b.begin()
	out := make(chan error, n)
	for i := range n {
		go func() {
			t, err := b.w.begin(context.Background())
			if err != nil {
				out <- err
				return
			}
			if _, err := t.Exec(context.Background(), insertX, []document.Value{document.IntOf(int64(i)), document.NullValue}); err != nil {
				t.Rollback()
				out <- err
				return
			}
			out <- t.Commit(context.Background())
		}()
	}
	b.waiting(int32(n))
	first.Rollback()
	errs := make([]error, n)
	for i := range errs {
		errs[i] = <-out
	}
	return errs
}

// TestBatch: requests that wait for each other share commits.
func TestBatch(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	b.w.hold = time.Minute
	var commits atomic.Int32
	b.w.conn.db.CommitHook(func() bool { commits.Add(1); return true })
	const n = 48
	for _, err := range b.batch(n) {
		check(t, err)
	}
	if got := b.count(); got != n {
		t.Errorf("rows = %d, want %d", got, n)
	}
	if c := commits.Load(); c > n/2 {
		t.Errorf("%d commits for %d requests", c, n)
	}
}

// TestCommitFails: all members of a batch are told, none of their rows is there, and
// the next batch is not touched.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	var ok atomic.Bool
	b.w.conn.db.CommitHook(ok.Load)
	for i, err := range b.batch(20) {
		if err == nil {
			t.Errorf("request %d was told that it is committed", i)
		}
	}
	if got := b.count(); got != 0 {
		t.Errorf("rows = %d, want 0", got)
	}
	ok.Store(true)
	for _, err := range b.batch(20) {
		check(t, err)
	}
	if got := b.count(); got != 20 {
		t.Errorf("rows = %d, want 20", got)
	}
}

// TestLostTransaction: a full disk makes SQLite roll back by itself. Whoever has
// committed in the batch is told, and the request that met the error cannot go on
// outside any transaction.
func TestLostTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	b.w.hold = time.Minute
	ctx := context.Background()
	check(t, b.w.conn.run("PRAGMA max_page_count = 20"))
	first := b.begin()
	b.exec(first, insertX, document.IntOf(1), document.NullValue)
	second := make(chan *turn)
	go func() { t, _ := b.w.begin(ctx); second <- t }()
	b.waiting(1)
	answer := make(chan error)
	go func() { answer <- first.Commit(ctx) }()
	s := <-second
	big := document.Text(strings.Repeat("x", 1<<20))
	if _, err := s.Exec(ctx, insertX, []document.Value{document.IntOf(2), big}); err == nil {
		t.Fatal("the disk is not full")
	}
	if _, err := s.Exec(ctx, insertX, []document.Value{document.IntOf(3), document.NullValue}); err == nil {
		t.Error("wrote outside the transaction")
	}
	if err := s.Commit(ctx); err == nil {
		t.Error("committed what is lost")
	}
	if err := <-answer; err == nil {
		t.Error("the other member was told that it is committed")
	}
	if got := b.count(); got != 0 {
		t.Errorf("rows = %d, want 0", got)
	}
	check(t, b.w.conn.run("PRAGMA max_page_count = 100000"))
	for _, err := range b.batch(3) {
		check(t, err)
	}
}

// TestSlowHolder: who has committed does not wait for the whole of a slow request
// that has the turn next and has not written.
func TestSlowHolder(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	ctx := context.Background()
	first := b.begin()
	b.exec(first, insertX, document.IntOf(1), document.NullValue)
	second := make(chan *turn)
	go func() { t, _ := b.w.begin(ctx); second <- t }()
	b.waiting(1)
	answer := make(chan error, 1)
	go func() { answer <- first.Commit(ctx) }()
	s := <-second
	for end := time.Now().Add(20 * time.Second); ; {
		rows, err := s.Query(ctx, "SELECT n FROM x", nil)
		check(t, err)
		check(t, rows.Close())
		if len(answer) > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the first request still waits")
		}
	}
	check(t, <-answer)
	b.exec(s, insertX, document.IntOf(2), document.NullValue)
	s.Rollback()
	if got := b.count(); got != 1 {
		t.Errorf("rows = %d, want 1", got)
	}
}

// TestNobodyCommits: a member commits the batch itself when whoever was to do it has
// given up waiting.
func TestNobodyCommits(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	b.w.waiting.Add(1) // one that will never come
	x := b.begin()
	b.exec(x, insertX, document.IntOf(1), document.NullValue)
	check(t, x.Commit(context.Background()))
	b.w.waiting.Add(-1)
	if got := b.count(); got != 1 {
		t.Errorf("rows = %d, want 1", got)
	}
}

func TestWaitEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{LockTimeout: 20 * time.Millisecond})
	x := b.begin()
	if _, err := b.w.begin(context.Background()); !kindIs(err, storage.LockTimeout) {
		t.Errorf("second begin: %v, want a lock timeout", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.w.begin(ctx); !kindIs(err, storage.Interrupted) {
		t.Errorf("cancelled begin: %v, want interrupted", err)
	}
	b.exec(x, insertX, document.IntOf(1), document.NullValue)
	check(t, x.Commit(context.Background()))
	if got := b.count(); got != 1 {
		t.Errorf("rows = %d, want 1", got)
	}
}

// TestInterrupt: a long read ends with its request, and the connection is good after.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	const endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT SUM(n) FROM c"
	for _, write := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		c, err := b.Acquire(ctx, write)
		check(t, err)
		if write {
			_, err = c.Exec(ctx, insertX, []document.Value{document.IntOf(9), document.NullValue})
			check(t, err)
		}
		rows, err := c.Query(ctx, endless, nil)
		check(t, err)
		if rows.Next() || !kindIs(rows.Err(), storage.Interrupted) {
			t.Errorf("write=%v: %v, want interrupted", write, rows.Err())
		}
		cancel()
		check(t, c.Commit(ctx))
		if got := b.count(); (got == 1) != write {
			t.Errorf("write=%v: rows = %d", write, got)
		}
	}
}

// TestStatementCache: more texts than the cache holds, with rows open meanwhile.
func TestStatementCache(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	r, err := b.Acquire(context.Background(), false)
	check(t, err)
	defer r.Rollback()
	kept, err := r.Query(context.Background(), "VALUES (1), (2)", nil)
	check(t, err)
	for i := range maxStatements + 50 {
		rows, err := r.Query(context.Background(), fmt.Sprintf("SELECT %d", i), nil)
		check(t, err)
		if !rows.Next() || rows.Raw(0).Int != int64(i) {
			t.Fatalf("statement %d gave %d", i, rows.Raw(0).Int)
		}
		check(t, rows.Close())
	}
	var sum int64
	for kept.Next() {
		sum += kept.Raw(0).Int
	}
	if sum != 3 {
		t.Errorf("rows that were open add up to %d, want 3", sum)
	}
	if n := len(r.(*reader).c.stmts); n > maxStatements {
		t.Errorf("%d statements are kept", n)
	}
	if _, err := r.Query(context.Background(), "SELECT 1; SELECT 2", nil); !kindIs(err, storage.Syntax) {
		t.Errorf("two statements: %v, want a syntax error", err)
	}
}

func TestConstraintColumn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"sqlite3: constraint failed: UNIQUE constraint failed: tabA.f":         {"tabA", "f"},
		"sqlite3: constraint failed: UNIQUE constraint failed: tabA.f, tabA.g": {"tabA", "f"},
		"UNIQUE constraint failed: tabA, or B. x.f":                            {"tabA, or B. x", "f"},
		"UNIQUE constraint failed: tabA, B.f, tabA, B.g, tabA, B.h":            {"tabA, B", "f"},
		"sqlite3: constraint failed: UNIQUE constraint failed: index 'odd'":    {"", ""},
		"sqlite3: constraint failed: NOT NULL constraint failed: tabA.f":       {"tabA", "f"},
		"sqlite3: SQL logic error: no such table: tabA":                        {"", ""},
	} {
		if table, column := constraintColumn(text); table != want[0] || column != want[1] {
			t.Errorf("%q = %q, %q, want %q", text, table, column, want)
		}
	}
}
