package postgres_test

import (
	"context"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/query"
	"freddo/internal/storage"
	"freddo/internal/storage/dbtest"
	"freddo/internal/storage/netdb"
	"freddo/internal/storage/postgres"
	"freddo/internal/storage/storagetest"
)

func TestStorage(t *testing.T) {
	t.Parallel()
	dbtest.Server(t, "postgres")
	storagetest.Run(t, func(t *testing.T) *storage.DB {
		t.Helper()
		return open(t, dbtest.Empty(t, "postgres"))
	})
}

// old is a database without our collation, as upstream's are, with a table in which two
// names differ in case only.
func old(t *testing.T) (*storage.DB, *doctype.DocType) {
	t.Helper()
	dbtest.Server(t, "postgres")
	at := dbtest.Empty(t, "postgres")
	drop := func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Exec(ctx, storage.NewBuilder(tx.Dialect()).SQL("DROP COLLATION frappe"))
		return err
	}
	first := open(t, at)
	write(t, first, drop)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	v, err := document.ParseJSON(`{"name": "Old", "fields": [{"fieldname": "title", "fieldtype": "Data"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	db, dt := open(t, at), doctype.FromProps(v.Map())
	t.Cleanup(func() { _ = db.Close() })
	write(t, db, func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.CreateBase(ctx); err != nil {
			return err
		}
		if _, err := tx.SyncTable(ctx, dt, storage.SchemaOptions{}); err != nil {
			return err
		}
		for _, name := range []string{"Alpha", "alpha"} {
			d := document.New(dt)
			d.SetName(name)
			d.Set("title", document.Text("Ärger"))
			if err := tx.Insert(ctx, d, storage.WriteOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	return db, dt
}

func open(t *testing.T, at netdb.Address) *storage.DB {
	t.Helper()
	db, err := postgres.Open(context.Background(), at, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func write(t *testing.T, db *storage.DB, fn func(ctx context.Context, tx *storage.Tx) error) {
	t.Helper()
	ctx := context.Background()
	tx := db.Begin(ctx)
	defer tx.Rollback()
	if err := fn(ctx, tx); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestADatabaseWithoutTheCollationComparesExactly: nothing is written that needs it.
func TestADatabaseWithoutTheCollationComparesExactly(t *testing.T) {
	t.Parallel()
	db, dt := old(t)
	f := query.F(dt, "title")
	replaced := &query.Expr{Kind: query.FuncExpr, Func: "REPLACE", Args: []*query.Expr{{Field: f},
		{Kind: query.ConstExpr, Value: document.Text("r")}, {Kind: query.ConstExpr, Value: document.Text("l")}}}
	for what, c := range map[string]struct {
		where *query.Node
		rows  int
	}{"=": {query.Eq(f, document.Text("arger")), 0}, "like": {query.Like(f, "ARG%"), 2}} {
		q := &query.Select{DocType: dt, Where: c.where, Columns: []query.Column{{Expr: replaced, Label: "title"}}, Limit: -1}
		write(t, db, func(ctx context.Context, tx *storage.Tx) error {
			rows, err := tx.List(ctx, q)
			if err != nil {
				return err
			}
			got, err := storage.ReadList(q, rows)
			if len(got) != c.rows {
				t.Errorf("%s: %d rows, want %d", what, len(got), c.rows)
			}
			return err
		})
	}
}
