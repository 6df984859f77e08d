package mariadb_test

import (
	"context"
	"errors"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
	"freddo/internal/storage/dbtest"
	"freddo/internal/storage/mariadb"
)

var errOops = errors.New("oops")

func parse(t *testing.T, text string) *doctype.DocType {
	t.Helper()
	v, err := document.ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return doctype.FromProps(v.Map())
}

// shapes is a database with one table, Thing, that has the field a.
type shapes struct {
	t     *testing.T
	db    *storage.DB
	thing *doctype.DocType
}

func newShapes(t *testing.T) *shapes {
	t.Helper()
	db, err := mariadb.Open(context.Background(), dbtest.Empty(t, "mariadb"), mariadb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := &shapes{t: t, db: db, thing: parse(t, `{"name": "Thing", "fields": [{"fieldname": "a", "fieldtype": "Data"}]}`)}
	if err := s.do(func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.CreateBase(ctx); err != nil {
			return err
		}
		return sync(ctx, tx, s.thing)
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func sync(ctx context.Context, tx *storage.Tx, dt *doctype.DocType) error {
	_, err := tx.SyncTable(ctx, dt, storage.SchemaOptions{})
	return err
}

// do runs fn in a transaction and commits when it succeeds.
func (s *shapes) do(fn func(ctx context.Context, tx *storage.Tx) error) error {
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// state tells of the series that marks what was written, and of a table and a column.
func (s *shapes) state() (marked, table, column bool) {
	s.t.Helper()
	if err := s.do(func(ctx context.Context, tx *storage.Tx) (err error) {
		if _, marked, err = tx.SeriesCurrent(ctx, "MARK"); err != nil {
			return err
		}
		if table, err = tx.TableExists(ctx, "tabOther"); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, storage.NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("b").SQL(" FROM ").Table("Thing"))
		if err == nil {
			column = true
			return rows.Close()
		}
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
	return marked, table, column
}

// TestShapesFollowTheTransaction: MariaDB commits with every change of a table, and yet
// nothing stays of a transaction that is rolled back, as long as it has not touched the
// table itself.
func TestShapesFollowTheTransaction(t *testing.T) {
	t.Parallel()
	wide := parse(t, `{"name": "Thing", "fields": [{"fieldname": "a", "fieldtype": "Data"}, {"fieldname": "b", "fieldtype": "Int"}]}`)
	other := parse(t, `{"name": "Other", "fields": [{"fieldname": "a", "fieldtype": "Data", "unique": 1}]}`)
	change := func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.SetSeries(ctx, "MARK", 1); err != nil {
			return err
		}
		if err := sync(ctx, tx, other); err != nil {
			return err
		}
		return sync(ctx, tx, wide)
	}
	for _, c := range []struct {
		name string
		fn   func(ctx context.Context, tx *storage.Tx) error
		want [3]bool
	}{
		{"what is committed stays", change, [3]bool{true, true, true}},
		{"what is rolled back is gone", func(ctx context.Context, tx *storage.Tx) error {
			return errors.Join(change(ctx, tx), errOops)
		}, [3]bool{false, false, false}},
		{"a savepoint takes its own changes back", func(ctx context.Context, tx *storage.Tx) error {
			if err := tx.SetSeries(ctx, "MARK", 1); err != nil {
				return err
			}
			if err := sync(ctx, tx, other); err != nil {
				return err
			}
			err := tx.Savepoint(ctx, func() error { return errors.Join(sync(ctx, tx, wide), errOops) })
			if !errors.Is(err, errOops) {
				return err
			}
			return nil
		}, [3]bool{true, true, false}},
		{"a look beforehand does not end the transaction", func(ctx context.Context, tx *storage.Tx) error {
			if err := tx.SetSeries(ctx, "MARK", 1); err != nil {
				return err
			}
			var n document.Value
			if _, err := tx.PeekRow(ctx, storage.NewBuilder(tx.Dialect()).SQL("SELECT COUNT(*) FROM ").Table("Thing"), &n); err != nil {
				return err
			}
			return errors.Join(sync(ctx, tx, wide), errOops)
		}, [3]bool{false, false, false}},
		{"a table that the transaction has written keeps both", func(ctx context.Context, tx *storage.Tx) error {
			if err := tx.SetSeries(ctx, "MARK", 1); err != nil {
				return err
			}
			if _, err := tx.Delete(ctx, wide, document.Text("X")); err != nil {
				return err
			}
			return sync(ctx, tx, wide)
		}, [3]bool{true, false, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShapes(t)
			if err := s.do(c.fn); err != nil && !errors.Is(err, errOops) {
				t.Fatal(err)
			}
			marked, table, column := s.state()
			if got := [3]bool{marked, table, column}; got != c.want {
				t.Errorf("written, table, column: got %v, want %v", got, c.want)
			}
		})
	}
}
