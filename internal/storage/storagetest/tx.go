package storagetest

import (
	"context"
	"errors"
	"testing"

	"freddo/document"
	"freddo/internal/storage"
)

func txTests() []test {
	return []test{
		{"rollback", testRollback}, {"commit", testCommit}, {"ended", testEnded}, {"isolation", testIsolation},
		{"snapshot", testSnapshot}, {"a query that is alone", testOnly}, {"reads its own writes", testOwnWrites}, {"commit and continue", testContinue},
		{"savepoint", testSavepoint}, {"savepoints nest", testNested}, {"commit inside a savepoint", testCommitInSavepoint},
		{"failed statement", testFailedStatement}, {"load for update", testForUpdate}, {"cancelled", testCancelled},
	}
}

var errOops = errors.New("oops")

func testRollback(t *testing.T, s *site) {
	err := s.try(func(ctx context.Context, tx *storage.Tx) error {
		noErr(t, tx.Insert(ctx, s.newTask("T1"), storage.WriteOptions{}))
		return errOops
	})
	if !errors.Is(err, errOops) {
		t.Errorf("error = %v", err)
	}
	sameNames(t, s.names(t))
}

func testCommit(t *testing.T, s *site) {
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	noErr(t, tx.Insert(ctx, s.newTask("T1"), storage.WriteOptions{}))
	if !tx.Writing() {
		t.Error("not writing after an insert")
	}
	noErr(t, tx.Commit(ctx))
	tx.Rollback()
	tx.Rollback()
	sameNames(t, s.names(t), "T1")
	noErr(t, s.db.Begin(ctx).Commit(ctx)) // one that did nothing
}

// testEnded: what ended stays ended; above all a commit after a rollback must not
// look like a success.
func testEnded(t *testing.T, s *site) {
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	noErr(t, tx.Insert(ctx, s.newTask("T1"), storage.WriteOptions{}))
	tx.Rollback()
	if err := tx.Commit(ctx); err == nil {
		t.Error("commit after a rollback succeeded")
	}
	if err := tx.Insert(ctx, s.newTask("T1"), storage.WriteOptions{}); err == nil {
		t.Error("insert after the end succeeded")
	}
	if _, err := tx.Load(ctx, s.task, document.Text("T1"), storage.LoadOptions{}); err == nil || errors.Is(err, storage.ErrNotFound) {
		t.Errorf("load after the end: %v", err)
	}
}

func testIsolation(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		noErr(t, tx.Insert(ctx, s.newTask("T2"), storage.WriteOptions{}))
		sameNames(t, s.names(t), "T1") // another transaction
		return nil
	})
	sameNames(t, s.names(t), "T1", "T2")
}

func testSnapshot(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		sameNames(t, names(ctx, t, tx, s.task), "T1")
		s.insert(t, "T2")
		sameNames(t, names(ctx, t, tx, s.task), "T1")
		noErr(t, tx.StartWrite(ctx)) // whoever may write sees the present
		sameNames(t, names(ctx, t, tx, s.task), "T1", "T2")
	})
}

// testOnly: a query that is alone may stand before or after others of its transaction:
// what has a snapshot already keeps it, and what comes later begins one.
func testOnly(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.insert(t, "T2")
	only := func(ctx context.Context, tx *storage.Tx) storage.Rows {
		rows, err := tx.QueryOnly(ctx, storage.NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(s.task.Name).SQL(" ORDER BY ").Ident("name"))
		noErr(t, err)
		return rows
	}
	read := func(rows storage.Rows) (out []string) {
		for rows.Next() {
			out = append(out, string(rows.Raw(0).Bytes))
		}
		noErr(t, rows.Err())
		noErr(t, rows.Close())
		return out
	}
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		rows := only(ctx, tx)
		rows.Next()
		sameNames(t, names(ctx, t, tx, s.task), "T1", "T2") // while the first is being read
		sameNames(t, read(rows), "T2")
		s.insert(t, "T3")
		sameNames(t, names(ctx, t, tx, s.task), "T1", "T2")
		sameNames(t, read(only(ctx, tx)), "T1", "T2")
		noErr(t, tx.Insert(ctx, s.newTask("T4"), storage.WriteOptions{}))
		sameNames(t, read(only(ctx, tx)), "T1", "T2", "T3", "T4")
	})
	sameNames(t, s.names(t), "T1", "T2", "T3")
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	rows := only(ctx, tx)
	rows.Next()
	tx.Rollback() // what is being read stays readable
	sameNames(t, read(rows), "T2", "T3")
}

func testOwnWrites(t *testing.T, s *site) {
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		sameNames(t, names(ctx, t, tx, s.task))
		noErr(t, tx.Insert(ctx, s.newTask("T1"), storage.WriteOptions{}))
		sameNames(t, names(ctx, t, tx, s.task), "T1")
		return nil
	})
}

func testContinue(t *testing.T, s *site) {
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	noErr(t, tx.CommitAndContinue(ctx))
	noErr(t, tx.Insert(ctx, s.newTask("T1"), storage.WriteOptions{}))
	noErr(t, tx.CommitAndContinue(ctx))
	if tx.Writing() {
		t.Error("still writing")
	}
	sameNames(t, s.names(t), "T1")
	sameNames(t, names(ctx, t, tx, s.task), "T1")
	noErr(t, tx.Insert(ctx, s.newTask("T2"), storage.WriteOptions{}))
	tx.Rollback()
	sameNames(t, s.names(t), "T1")
}

func testSavepoint(t *testing.T, s *site) {
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		noErr(t, tx.Insert(ctx, s.newTask("T1"), storage.WriteOptions{}))
		err := tx.Savepoint(ctx, func() error {
			noErr(t, tx.Insert(ctx, s.newTask("T2"), storage.WriteOptions{}))
			return errOops
		})
		if !errors.Is(err, errOops) {
			t.Errorf("error = %v", err)
		}
		noErr(t, tx.Savepoint(ctx, func() error { return tx.Insert(ctx, s.newTask("T3"), storage.WriteOptions{}) }))
		return nil
	})
	sameNames(t, s.names(t), "T1", "T3")
}

func testNested(t *testing.T, s *site) {
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		put := func(name string) { noErr(t, tx.Insert(ctx, s.newTask(name), storage.WriteOptions{})) }
		noErr(t, tx.Savepoint(ctx, func() error {
			put("T1")
			err := tx.Savepoint(ctx, func() error {
				put("T2")
				noErr(t, tx.Savepoint(ctx, func() error { put("T3"); return nil }))
				return errOops
			})
			if !errors.Is(err, errOops) {
				t.Errorf("error = %v", err)
			}
			put("T4")
			return nil
		}))
		return nil
	})
	sameNames(t, s.names(t), "T1", "T4")
}

// testCommitInSavepoint: upstream's frappe.db.commit() ends all savepoints.
func testCommitInSavepoint(t *testing.T, s *site) {
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		put := func(name string) { noErr(t, tx.Insert(ctx, s.newTask(name), storage.WriteOptions{})) }
		noErr(t, tx.Savepoint(ctx, func() error {
			put("T1")
			return tx.CommitAndContinue(ctx)
		}))
		err := tx.Savepoint(ctx, func() error {
			put("T2")
			noErr(t, tx.CommitAndContinue(ctx))
			put("T3")
			return errOops
		})
		if !errors.Is(err, errOops) {
			t.Errorf("error = %v", err)
		}
		return nil
	})
	got := s.names(t)
	if len(got) < 2 || got[0] != "T1" || got[1] != "T2" {
		t.Errorf("names = %v, want T1 and T2 committed", got)
	}
}

func testFailedStatement(t *testing.T, s *site) {
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		noErr(t, tx.Insert(ctx, s.newTask("T1"), storage.WriteOptions{}))
		err := tx.Savepoint(ctx, func() error { return tx.Insert(ctx, s.newTask("T1"), storage.WriteOptions{}) })
		wantKind(t, err, storage.UniqueViolation, "name")
		return tx.Insert(ctx, s.newTask("T2"), storage.WriteOptions{})
	})
	sameNames(t, s.names(t), "T1", "T2")
}

func testForUpdate(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Load(ctx, s.task, document.Text("T1"), storage.LoadOptions{ForUpdate: true})
		if !tx.Writing() {
			t.Error("not writing after a load for update")
		}
		return err
	})
}

func testCancelled(t *testing.T, s *site) {
	s.insert(t, "T1")
	ctx, cancel := context.WithCancel(context.Background())
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	noErr(t, tx.Insert(ctx, s.newTask("T2"), storage.WriteOptions{}))
	cancel()
	if err := tx.Insert(ctx, s.newTask("T3"), storage.WriteOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("insert: %v, want context.Canceled", err)
	}
	if _, err := tx.Load(ctx, s.task, document.Text("T2"), storage.LoadOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("load: %v, want context.Canceled", err)
	}
	tx.Rollback()
	reader := s.db.Begin(ctx)
	defer reader.Rollback()
	if _, err := reader.Load(ctx, s.task, document.Text("T1"), storage.LoadOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v, want context.Canceled", err)
	}
	reader.Rollback()
	s.insert(t, "T4") // nobody is left holding anything
	sameNames(t, s.names(t), "T1", "T4")
}
