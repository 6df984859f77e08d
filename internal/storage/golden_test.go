package storage_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type goldenCase struct {
	name string
	// have is what the catalogue shows.
	columns []storage.ColumnSpec
	indexes [][]string
	answers map[string][]string
	run     func(t *testing.T, ctx context.Context, tx *storage.Tx) error
}

// TestGoldenSQL: one operation, three renderings, in testdata/<name>.sql.
func TestGoldenSQL(t *testing.T) {
	t.Parallel()
	cases := append(schemaCases(t), documentCases(t)...)
	cases = append(cases, queryCases()...)
	for _, c := range append(cases, tableCases(t)...) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			for _, d := range dialects() {
				r := &recorder{Dialect: d, columns: c.columns, indexes: c.indexes, answers: c.answers}
				tx := storage.NewDB(r).Begin(context.Background())
				if err := c.run(t, context.Background(), tx); err != nil {
					t.Fatalf("%s: %v", d.Name(), err)
				}
				got.WriteString("-- " + d.Name() + "\n" + r.log.String() + "\n")
			}
			golden(t, c.name, strings.TrimSuffix(got.String(), "\n"))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".sql")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s differs at line %d (run with -update after checking):\ngot  %s\nwant %s", file, i+1, at(g, i), at(w, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end)"
}

const everyType = `{"name": "Every Type", "track_seen": 1, "fields": [
	{"fieldname": "data", "fieldtype": "Data"}, {"fieldname": "short", "fieldtype": "Data", "length": 20},
	{"fieldname": "link", "fieldtype": "Link", "options": "User", "search_index": 1}, {"fieldname": "one", "fieldtype": "Data", "unique": 1},
	{"fieldname": "text", "fieldtype": "Text"}, {"fieldname": "long", "fieldtype": "Long Text"}, {"fieldname": "json", "fieldtype": "JSON"},
	{"fieldname": "section", "fieldtype": "Section Break"}, {"fieldname": "virtual", "fieldtype": "Data", "is_virtual": 1},
	{"fieldname": "int", "fieldtype": "Int", "default": "3"}, {"fieldname": "small", "fieldtype": "Int", "length": 3},
	{"fieldname": "big", "fieldtype": "Int", "length": 20}, {"fieldname": "check", "fieldtype": "Check", "default": "1"},
	{"fieldname": "float", "fieldtype": "Float", "default": "1.5"}, {"fieldname": "took", "fieldtype": "Duration"},
	{"fieldname": "rating", "fieldtype": "Rating"}, {"fieldname": "date", "fieldtype": "Date"}, {"fieldname": "datetime", "fieldtype": "Datetime"},
	{"fieldname": "time", "fieldtype": "Time"}, {"fieldname": "status", "fieldtype": "Select", "default": "It's \\\\ open"},
	{"fieldname": "day", "fieldtype": "Date", "default": "Today"}, {"fieldname": "start", "fieldtype": "Date", "default": "2026-1-2"},
	{"fieldname": "body", "fieldtype": "Text", "unique": 1}, {"fieldname": "rows", "fieldtype": "Table", "options": "Row"}]}`

func schemaCases(t *testing.T) []goldenCase {
	sync := func(text string, o storage.SchemaOptions) func(*testing.T, context.Context, *storage.Tx) error {
		dt := parse(t, text)
		return func(_ *testing.T, ctx context.Context, tx *storage.Tx) error {
			_, err := tx.SyncTable(ctx, dt, o)
			return err
		}
	}
	standard := []storage.ColumnSpec{{Name: "name", PrimaryKey: true, Size: doctype.SizeVarchar}, {Name: "creation", Size: doctype.SizeDatetime},
		{Name: "modified", Size: doctype.SizeDatetime}, {Name: "modified_by", Size: doctype.SizeVarchar}, {Name: "owner", Size: doctype.SizeVarchar},
		{Name: "docstatus", Size: doctype.SizeCheck}, {Name: "idx", Size: doctype.SizeInt}, {Name: "_user_tags", Size: doctype.SizeText},
		{Name: "_comments", Size: doctype.SizeText}, {Name: "_assign", Size: doctype.SizeText}, {Name: "_liked_by", Size: doctype.SizeText}}
	with := func(more ...storage.ColumnSpec) []storage.ColumnSpec {
		return append(append([]storage.ColumnSpec(nil), standard...), more...)
	}
	return []goldenCase{
		{name: "create table", run: sync(everyType, storage.SchemaOptions{IndexModified: true})},
		{name: "create child table", run: sync(`{"name": "Row", "istable": 1, "fields": [{"fieldname": "a", "fieldtype": "Data"}]}`, storage.SchemaOptions{IndexModified: true})},
		{name: "create numbered table", run: sync(`{"name": "Log", "autoname": "autoincrement", "fields": []}`, storage.SchemaOptions{IndexCreation: true})},
		{name: "unchanged table", columns: standard, run: sync(`{"name": "Note", "fields": []}`, storage.SchemaOptions{})},
		{name: "add columns", columns: standard, run: sync(`{"name": "Note", "fields": [{"fieldname": "a", "fieldtype": "Data", "unique": 1},
			{"fieldname": "b", "fieldtype": "Int", "search_index": 1}]}`, storage.SchemaOptions{})},
		{name: "change types", columns: with(storage.ColumnSpec{Name: "a", Size: doctype.SizeInt}, storage.ColumnSpec{Name: "b", Size: doctype.SizeVarchar},
			storage.ColumnSpec{Name: "gone", Size: doctype.SizeVarchar}, storage.ColumnSpec{Name: "old", Size: doctype.SizeBigInt}),
			indexes: [][]string{{"tabNote_a_index", "a", "0"}, {"a_b_index", "", "0", "CREATE INDEX a_b_index ON tabNote (a, b)"}},
			run:     sync(`{"name": "Note", "fields": [{"fieldname": "a", "fieldtype": "Data"}, {"fieldname": "b", "fieldtype": "Int"}]}`, storage.SchemaOptions{})},
		{name: "change uniqueness", columns: with(storage.ColumnSpec{Name: "a", Size: doctype.SizeVarchar}, storage.ColumnSpec{Name: "b", Size: doctype.SizeVarchar}),
			indexes: [][]string{{"tabNote_a_unique", "a", "1"}, {"tabNote_b_index", "b", "0"}},
			run: sync(`{"name": "Note", "fields": [{"fieldname": "a", "fieldtype": "Data", "search_index": 1}, {"fieldname": "b", "fieldtype": "Data", "unique": 1}]}`,
				storage.SchemaOptions{})},
		{name: "upstream indexes", columns: with(storage.ColumnSpec{Name: "a", Size: doctype.SizeVarchar}, storage.ColumnSpec{Name: "b", Size: doctype.SizeVarchar}),
			indexes: [][]string{{"PRIMARY", "name", "1"}, {"modified", "modified", "0"}, {"a", "a", "0"}, {"b", "b", "1"}, {"a_b_index", "", "0"}},
			run: sync(`{"name": "Note", "fields": [{"fieldname": "a", "fieldtype": "Data", "search_index": 1}, {"fieldname": "b", "fieldtype": "Data"}]}`,
				storage.SchemaOptions{IndexModified: true})},
		{name: "index of text", run: sync(`{"name": "Note", "fields": [{"fieldname": "a", "fieldtype": "Code"}]}`, storage.SchemaOptions{More: map[string][]string{"Note": {"a"}}})},
		{name: "index of text is there", columns: with(storage.ColumnSpec{Name: "a", Size: doctype.SizeLong}), indexes: [][]string{{"a_100_index", "a", "0", "", "1"}},
			run: sync(`{"name": "Note", "fields": [{"fieldname": "a", "fieldtype": "Code"}]}`, storage.SchemaOptions{More: map[string][]string{"Note": {"a"}}})},
		{name: "index of text is missing", columns: with(storage.ColumnSpec{Name: "a", Size: doctype.SizeLong}),
			run: sync(`{"name": "Note", "fields": [{"fieldname": "a", "fieldtype": "Code"}]}`, storage.SchemaOptions{More: map[string][]string{"Note": {"a"}}})},
		{name: "shorten column", columns: with(storage.ColumnSpec{Name: "a", Size: doctype.SizeVarchar}), answers: map[string][]string{"CHAR_LENGTH": {"100"}},
			run: func(t *testing.T, ctx context.Context, tx *storage.Tx) error {
				for _, length := range []string{"99", "100"} {
					dt := parse(t, `{"name": "Note", "fields": [{"fieldname": "a", "fieldtype": "Data", "length": `+length+`}]}`)
					res, err := tx.SyncTable(ctx, dt, storage.SchemaOptions{})
					if err != nil {
						return err
					}
					if want := tx.Dialect().Name() != "sqlite" && length == "99"; (len(res.Kept) == 1) != want {
						t.Errorf("%s, length %s: kept %v", tx.Dialect().Name(), length, res.Kept)
					}
				}
				return nil
			}},
		{name: "rename table", indexes: [][]string{{"tabNote_a_unique", "a", "1"}, {"other", "b", "0"}},
			run: func(_ *testing.T, ctx context.Context, tx *storage.Tx) error {
				return tx.RenameTable(ctx, "tabNote", "tabMemo")
			}},
		{name: "base tables", run: func(_ *testing.T, ctx context.Context, tx *storage.Tx) error { return tx.CreateBase(ctx) }},
	}
}

const noteJSON = `{"name": "Note", "fields": [{"fieldname": "title", "fieldtype": "Data"}, {"fieldname": "points", "fieldtype": "Int"},
	{"fieldname": "rate", "fieldtype": "Float"}, {"fieldname": "on", "fieldtype": "Datetime"}]}`

func documentCases(t *testing.T) []goldenCase {
	note, row, name := parse(t, noteJSON), parse(t, `{"name": "Note Row", "istable": 1, "fields": [{"fieldname": "a", "fieldtype": "Data"}]}`), document.Text(`N"1`)
	doc := func() *document.Document {
		d := document.New(note)
		d.Set("name", name)
		d.Set("title", document.IntOf(12))
		d.Set("rate", document.Text("1.5"))
		d.Set("on", document.Text("2026-1-2"))
		return d
	}
	type tx = storage.Tx
	return []goldenCase{
		{name: "insert", run: func(_ *testing.T, ctx context.Context, tx *tx) error {
			return tx.Insert(ctx, doc(), storage.WriteOptions{})
		}},
		{name: "update", run: func(_ *testing.T, ctx context.Context, tx *tx) error {
			_, err := tx.Update(ctx, doc(), storage.WriteOptions{})
			return err
		}},
		{name: "set columns", run: func(_ *testing.T, ctx context.Context, tx *tx) error {
			return tx.SetColumns(ctx, note, name, []string{"points", "_assign"}, []document.Value{document.Text("7"), document.NullValue})
		}},
		{name: "load", run: func(t *testing.T, ctx context.Context, tx *tx) error {
			for _, forUpdate := range []bool{false, true} {
				if _, err := tx.Load(ctx, note, name, storage.LoadOptions{ForUpdate: forUpdate}); err != storage.ErrNotFound {
					t.Errorf("error = %v, want ErrNotFound", err)
				}
			}
			if _, err := tx.LoadRows(ctx, row, "Note", "rows", name); err != nil {
				return err
			}
			_, _, err := tx.Exists(ctx, note, name)
			return err
		}},
		{name: "delete", run: func(_ *testing.T, ctx context.Context, tx *tx) error {
			if _, err := tx.Delete(ctx, note, name); err != nil {
				return err
			}
			if err := tx.DeleteChildren(ctx, row, "Note", "", name, nil); err != nil {
				return err
			}
			return tx.DeleteChildren(ctx, row, "Note", "rows", name, []string{"a", "b"})
		}},
	}
}

func queryCases() []goldenCase {
	type tx = storage.Tx
	return []goldenCase{
		{name: "page and match", run: func(_ *testing.T, ctx context.Context, tx *tx) error {
			for _, page := range [][2]int64{{20, 0}, {20, 40}, {-1, 40}, {-1, 0}} {
				b := storage.NewBuilder(tx.Dialect()).SQL("SELECT ").Column("tabNote", "name").SQL(" FROM ").Table("Note").SQL(" WHERE ")
				tx.Dialect().WriteLike(b, func() { b.Ident("title") }, document.Text(`%a\%`), page[1] > 0)
				tx.Dialect().Offset(b, page[0], page[1])
				r, err := tx.Query(ctx, b)
				if err != nil {
					return err
				}
				if err := r.Close(); err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "savepoints", run: func(_ *testing.T, ctx context.Context, tx *tx) error {
			return tx.Savepoint(ctx, func() error {
				_ = tx.Savepoint(ctx, func() error { return storage.ErrNotFound })
				return nil
			})
		}},
	}
}

func tableCases(t *testing.T) []goldenCase {
	settings := parse(t, `{"name": "Settings", "issingle": 1, "fields": [{"fieldname": "on", "fieldtype": "Check"}]}`)
	log := parse(t, `{"name": "Change-Log Entry", "autoname": "autoincrement", "fields": []}`)
	type tx = storage.Tx
	each := func(fns ...func(ctx context.Context, tx *tx) error) func(*testing.T, context.Context, *tx) error {
		return func(_ *testing.T, ctx context.Context, tx *tx) error {
			for _, fn := range fns {
				if err := fn(ctx, tx); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return []goldenCase{
		{name: "single", run: each(
			func(ctx context.Context, tx *tx) error { _, _, err := tx.LoadSingle(ctx, settings); return err },
			func(ctx context.Context, tx *tx) error {
				d := document.New(settings)
				d.SetName("Settings")
				d.Set("on", document.BoolOf(true))
				return tx.SaveSingle(ctx, d)
			},
			func(ctx context.Context, tx *tx) error {
				return tx.SetColumns(ctx, settings, document.Text("Settings"), []string{"on"}, []document.Value{document.IntOf(0)})
			})},
		{name: "series", answers: map[string][]string{"SELECT": {"5"}, "RETURNING": {"5"}}, run: each(
			func(ctx context.Context, tx *tx) error { _, err := tx.NextSeries(ctx, "INV-"); return err },
			func(ctx context.Context, tx *tx) error { _, _, err := tx.SeriesCurrent(ctx, "INV-"); return err },
			func(ctx context.Context, tx *tx) error { return tx.SetSeries(ctx, "INV-", 9) },
			func(ctx context.Context, tx *tx) error { _, err := tx.NextSequence(ctx, log); return err })},
		{name: "auth", run: each(
			func(ctx context.Context, tx *tx) error {
				_, _, _, err := tx.Auth(ctx, "User", "a", "password")
				return err
			},
			func(ctx context.Context, tx *tx) error { return tx.SetAuth(ctx, "User", "a", "password", "hash", true) },
			func(ctx context.Context, tx *tx) error { return tx.RenameAuth(ctx, "User", "a", "b") },
			func(ctx context.Context, tx *tx) error { return tx.DeleteAuth(ctx, "User", "b", "password") },
			func(ctx context.Context, tx *tx) error { return tx.DeleteAuth(ctx, "User", "b", "") })},
	}
}
