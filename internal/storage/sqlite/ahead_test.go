package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"freddo/document"
	"freddo/internal/storage"
)

// TestReadAhead: what is read ahead is stale when its table was written before the turn
// came, by whomever and however, and only then.
func TestReadAhead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "site.db")
	d, err := open(path, Options{})
	check(t, err)
	defer func() { check(t, d.Close()) }()
	b := &bench{Driver: d, t: t}
	x := b.begin()
	b.exec(x, "CREATE TABLE x (n INTEGER PRIMARY KEY, s TEXT)")
	b.exec(x, "CREATE TABLE y (n INTEGER PRIMARY KEY, s TEXT)")
	b.exec(x, "INSERT INTO x VALUES (1, 'a')")
	check(t, x.Commit(context.Background()))
	write := func(sql string) func() {
		return func() {
			x := b.begin()
			b.exec(x, sql)
			check(t, x.Commit(context.Background()))
		}
	}
	other := func() {
		o, err := open(path, Options{Shared: true})
		check(t, err)
		ob := &bench{Driver: o, t: t}
		x := ob.begin()
		ob.exec(x, "INSERT INTO y (n, s) VALUES (100, 'other process')")
		check(t, x.Commit(context.Background()))
		check(t, o.Close())
	}
	for _, c := range []struct {
		name  string
		write func()
		stale bool
	}{
		{"nothing is written", func() {}, false},
		{"another table is written", write("INSERT INTO y (n, s) VALUES (2, 'b')"), false},
		{"a row is inserted", write("INSERT INTO x VALUES (2, 'b')"), true},
		{"a row is changed", write("UPDATE x SET s = 'c'"), true},
		{"a row is deleted", write("DELETE FROM x WHERE n = 2"), true},
		{"the rest is deleted", write("DELETE FROM x"), true},
		{"rows come from another table", write("INSERT INTO x SELECT n + 10, s FROM y"), true},
		{"another table's shape changes", write("ALTER TABLE y ADD COLUMN z TEXT"), true},
		{"a table is made", write("CREATE TABLE z (n INTEGER)"), true},
		{"another process writes", other, true},
		{"nothing is written after it", func() {}, false},
	} {
		tx := storage.NewDB(d).Begin(context.Background())
		stale, err := tx.ReadAhead(context.Background(), func() error {
			readX(t, tx)
			c.write()
			return nil
		})
		check(t, err)
		if stale != c.stale {
			t.Errorf("%s: stale = %v", c.name, stale)
		}
		if !tx.Writing() {
			t.Errorf("%s: not writing", c.name)
		}
		tx.Rollback()
	}
}

func readX(t *testing.T, tx *storage.Tx) {
	t.Helper()
	rows, err := tx.Query(context.Background(), storage.NewBuilder(tx.Dialect()).SQL("SELECT COUNT(*) FROM (SELECT s FROM x)"))
	check(t, err)
	rows.Next()
	check(t, rows.Close())
}

// TestReadAheadInBatch: what another request of the open batch has written counts,
// though it is not committed yet.
func TestReadAheadInBatch(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	first := b.begin()
	b.exec(first, insertX, document.IntOf(1), document.NullValue)
	stale := make(chan bool)
	go func() {
		tx := storage.NewDB(b.Driver).Begin(context.Background())
		s, err := tx.ReadAhead(context.Background(), func() error { readX(t, tx); return nil })
		if err != nil {
			t.Error(err)
		}
		tx.Rollback()
		stale <- s
	}()
	b.waiting(1)
	done := make(chan error)
	go func() { done <- first.Commit(context.Background()) }()
	if !<-stale {
		t.Error("not stale")
	}
	check(t, <-done)
}

// TestVersion: a table's version stays until it is written, and nobody tells one of what
// is not committed, or was committed after the snapshot.
func TestVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	reader := func() storage.Conn {
		r, err := b.Acquire(context.Background(), false)
		check(t, err)
		t.Cleanup(r.Rollback)
		return r
	}
	old := reader()
	first := b.Version(old, "x")
	if again := b.Version(reader(), "x"); first == 0 || again != first {
		t.Errorf("versions %d and %d of a table that is not written", first, again)
	}
	b.insert(1)
	if v := b.Version(old, "x"); v != 0 {
		t.Errorf("version %d of a table that was written after the snapshot", v)
	}
	if v := b.Version(old, "y"); v != first {
		t.Errorf("version %d of another table, want %d", v, first)
	}
	second := b.Version(reader(), "x")
	x := b.begin()
	if v := b.Version(x, "x"); second == 0 || second == first || v != second {
		t.Errorf("versions %d, then %d and %d", first, second, v)
	}
	b.exec(x, insertX, document.IntOf(2), document.NullValue)
	if v := b.Version(x, "x"); v != 0 {
		t.Errorf("version %d of a table that is being written", v)
	}
	x.Rollback()
	x = b.begin()
	if v := b.Version(x, "x"); v != second {
		t.Errorf("version %d after a rollback, want %d", v, second)
	}
	x.Rollback()
}

// TestReadAheadThatWrites: a function that writes has its turn from there on.
func TestReadAheadThatWrites(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	tx := storage.NewDB(b.Driver).Begin(context.Background())
	defer tx.Rollback()
	stale, err := tx.ReadAhead(context.Background(), func() error {
		readX(t, tx)
		_, err := tx.Exec(context.Background(), storage.NewBuilder(tx.Dialect()).SQL("INSERT INTO x VALUES (1, NULL)"))
		return err
	})
	check(t, err)
	if stale {
		t.Error("stale")
	}
}
