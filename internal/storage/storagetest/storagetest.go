// Package storagetest is the suite that every database behind storage must pass. It
// uses the exported API only, so that it holds a driver to what its callers rely on,
// not to how it works. Start with Run.
package storagetest

import (
	"context"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

// Run runs the suite. open returns an empty database for one test; the suite closes
// it.
func Run(t *testing.T, open func(t *testing.T) *storage.DB) {
	t.Helper()
	groups := []struct {
		name  string
		tests []test
	}{
		{"document", documentTests()}, {"rows", rowTests()}, {"tx", txTests()}, {"query", queryTests()},
		{"functions", functionTests()}, {"concurrency", concurrencyTests()}, {"schema", schemaTests()}, {"tables", tableTests()},
		{"plans", planTests()}, {"reports", reportTests()},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.tests {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					db := open(t)
					t.Cleanup(func() { noErr(t, db.Close()) })
					c.run(t, newSite(t, db))
				})
			}
		})
	}
}

type test struct {
	name string
	run  func(t *testing.T, s *site)
}

// site is a database with the suite's DocTypes.
type site struct {
	db                        *storage.DB
	task, step, settings, log *doctype.DocType
}

func newSite(t *testing.T, db *storage.DB) *site {
	t.Helper()
	s := &site{db: db, task: parse(t, taskJSON), step: parse(t, stepJSON), settings: parse(t, settingsJSON), log: parse(t, logJSON)}
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.CreateBase(ctx); err != nil {
			return err
		}
		for _, dt := range []*doctype.DocType{s.task, s.step, s.log} {
			if _, err := tx.SyncTable(ctx, dt, storage.SchemaOptions{IndexModified: true}); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

const taskJSON = `{"name": "Suite Task", "fields": [
	{"fieldname": "title", "fieldtype": "Data"},
	{"fieldname": "code", "fieldtype": "Data", "unique": 1},
	{"fieldname": "notes", "fieldtype": "Text"},
	{"fieldname": "done", "fieldtype": "Check"},
	{"fieldname": "points", "fieldtype": "Int", "search_index": 1},
	{"fieldname": "price", "fieldtype": "Currency"},
	{"fieldname": "took", "fieldtype": "Duration"},
	{"fieldname": "due", "fieldtype": "Date"},
	{"fieldname": "starts", "fieldtype": "Datetime"},
	{"fieldname": "at", "fieldtype": "Time"},
	{"fieldname": "extra", "fieldtype": "JSON"},
	{"fieldname": "steps", "fieldtype": "Table", "options": "Suite Step"},
	{"fieldname": "others", "fieldtype": "Table", "options": "Suite Step"}]}`

const stepJSON = `{"name": "Suite Step", "istable": 1, "fields": [
	{"fieldname": "what", "fieldtype": "Data"}, {"fieldname": "hours", "fieldtype": "Float"}]}`

const settingsJSON = `{"name": "Suite Settings", "issingle": 1, "fields": [
	{"fieldname": "title", "fieldtype": "Data"}, {"fieldname": "on", "fieldtype": "Check"},
	{"fieldname": "limit", "fieldtype": "Int"}, {"fieldname": "rate", "fieldtype": "Float"},
	{"fieldname": "since", "fieldtype": "Date"}]}`

const logJSON = `{"name": "Suite Log", "autoname": "autoincrement", "fields": [{"fieldname": "text", "fieldtype": "Data"}]}`

// parse compiles a DocType from its JSON.
func parse(t *testing.T, text string) *doctype.DocType {
	t.Helper()
	v, err := document.ParseJSON(text)
	noErr(t, err)
	return doctype.FromProps(v.Map())
}

func (s *site) resolve(name string) (*doctype.DocType, error) {
	if name == s.step.Name {
		return s.step, nil
	}
	return s.task, nil
}

// write runs fn in a transaction and commits.
func (s *site) write(t *testing.T, fn func(ctx context.Context, tx *storage.Tx) error) {
	t.Helper()
	noErr(t, s.try(fn))
}

// try is write for transactions that may fail: they are rolled back.
func (s *site) try(fn func(ctx context.Context, tx *storage.Tx) error) error {
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// read runs fn in a transaction of its own.
func (s *site) read(t *testing.T, fn func(ctx context.Context, tx *storage.Tx)) {
	t.Helper()
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	fn(ctx, tx)
}

// newTask returns an unsaved task; pairs are fieldnames and values.
func (s *site) newTask(name string, pairs ...any) *document.Document {
	d := document.New(s.task)
	d.SetName(name)
	d.Set("owner", document.Text("Administrator"))
	d.Set("creation", document.Text("2026-01-02 03:04:05.678900"))
	d.Set("modified", document.Text("2026-01-02 03:04:05.678900"))
	set(d, pairs...)
	return d
}

func set(d *document.Document, pairs ...any) {
	for i := 0; i+1 < len(pairs); i += 2 {
		d.Set(pairs[i].(string), document.From(pairs[i+1]))
	}
}

// insert stores a task.
func (s *site) insert(t *testing.T, name string, pairs ...any) {
	t.Helper()
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		return tx.Insert(ctx, s.newTask(name, pairs...), storage.WriteOptions{})
	})
}

// load returns a stored task, or nil.
func (s *site) load(t *testing.T, name string) *document.Document {
	t.Helper()
	var d *document.Document
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		var err error
		d, err = tx.Load(ctx, s.task, document.Text(name), storage.LoadOptions{Resolve: s.resolve})
		if err == storage.ErrNotFound {
			return
		}
		noErr(t, err)
	})
	return d
}

// names lists the names of a DocType through tx, in the database's order.
func names(ctx context.Context, t *testing.T, tx *storage.Tx, dt *doctype.DocType) []string {
	t.Helper()
	b := storage.NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(dt.Name).SQL(" ORDER BY ").Ident("name")
	rows, err := tx.Query(ctx, b)
	noErr(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		out = append(out, document.ToText(rows.Raw(0).Natural()))
	}
	noErr(t, rows.Err())
	return out
}

func (s *site) names(t *testing.T) (out []string) {
	t.Helper()
	s.read(t, func(ctx context.Context, tx *storage.Tx) { out = names(ctx, t, tx, s.task) })
	return out
}

func noErr(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantKind fails unless err is a storage error of that kind and column.
func wantKind(t *testing.T, err error, kind storage.ErrorKind, column string) {
	t.Helper()
	e := kindOf(err)
	if e == nil || e.Kind != kind || e.Column != column {
		t.Fatalf("error = %v, want kind %d on column %q", err, kind, column)
	}
}

// same fails unless got equals want as JSON values of one kind.
func same(t *testing.T, what string, got, want document.Value) {
	t.Helper()
	if got.Kind() != want.Kind() && !(got.IsNull() && want.IsNull()) || !got.Equal(want) {
		t.Errorf("%s = %s, want %s", what, document.Python.Marshal(got), document.Python.Marshal(want))
	}
}

func sameNames(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) == 0 && len(want) == 0 {
		return
	}
	same(t, "names", document.Texts(got), document.Texts(want))
}
