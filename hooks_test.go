package freddo_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"freddo"
	"freddo/document"
	"freddo/exc"
)

const (
	order = `{"doctype": "DocType", "name": "Order", "module": "Custom", "autoname": "ORD-.###", "is_submittable": 1, "allow_rename": 1,
		"track_changes": 1, "fields": [
			{"fieldname": "title", "fieldtype": "Data", "label": "Title", "reqd": 1},
			{"fieldname": "note", "fieldtype": "Data", "label": "Note", "allow_on_submit": 1},
			{"fieldname": "secret", "fieldtype": "Password", "label": "Secret"},
			{"fieldname": "items", "fieldtype": "Table", "label": "Items", "options": "Order Item"},
			{"fieldname": "amended_from", "fieldtype": "Link", "label": "Amended From", "options": "Order", "no_copy": 1}],
		"permissions": [{"role": "System Manager", "read": 1, "write": 1, "create": 1, "submit": 1, "cancel": 1, "delete": 1}]}`
	item = `{"doctype": "DocType", "name": "Order Item", "module": "Custom", "istable": 1, "fields": [
			{"fieldname": "item", "fieldtype": "Data", "label": "Item"},
			{"fieldname": "qty", "fieldtype": "Int", "label": "Qty", "default": "1"}], "permissions": []}`
)

// shop is a site with the DocType Order, in a release.
type shop struct {
	app *freddo.App
	dir string
	// events are what Order's documents have met; the hook of failAt refuses.
	mu     sync.Mutex
	events []freddo.Event
	failAt freddo.Event
}

// templates are empty sites, one for each release, made on first use.
var templates = map[string]func() (string, error){"v14": template("v14"), "v15": template("v15"), "v16": template("v16")}

func template(release string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "freddo-"+release)
		if err != nil {
			return "", err
		}
		site := filepath.Join(dir, "site")
		return site, freddo.NewSite(context.Background(), site, freddo.NewSiteOptions{AdminPassword: "admin", Compat: release})
	})
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, release := range []string{"v14", "v15", "v16"} {
		if site, err := templates[release](); err == nil {
			_ = os.RemoveAll(filepath.Dir(site))
		}
	}
	os.Exit(code)
}

func newShop(t testing.TB, release string) *shop {
	t.Helper()
	site, err := templates[release]()
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{dir: filepath.Join(t.TempDir(), "site")}
	if err := os.CopyFS(s.dir, os.DirFS(site)); err != nil {
		t.Fatal(err)
	}
	app, err := freddo.New(freddo.Config{Site: s.dir, Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	if err := app.DocTypes(fstest.MapFS{"order.json": {Data: []byte(order)}, "item.json": {Data: []byte(item)}}); err != nil {
		t.Fatal(err)
	}
	s.app = app
	return s
}

var allEvents = []freddo.Event{
	freddo.BeforeInsert, freddo.BeforeNaming, freddo.Autoname, freddo.BeforeValidate, freddo.Validate, freddo.BeforeSave, freddo.BeforeSubmit,
	freddo.BeforeCancel, freddo.BeforeUpdateAfterSubmit, freddo.BeforeDiscard, freddo.BeforeChange, freddo.AfterInsert, freddo.OnUpdate,
	freddo.OnSubmit, freddo.OnCancel, freddo.OnUpdateAfterSubmit, freddo.OnDiscard, freddo.OnChange, freddo.OnTrash, freddo.AfterDelete,
	freddo.BeforeRename, freddo.AfterRename,
}

// watch notes every event of Order, and refuses at one.
func (s *shop) watch() {
	for _, e := range allEvents {
		s.app.On("Order", e, func(context.Context, *freddo.Call, *document.Document) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.events = append(s.events, e)
			if e == s.failAt {
				return exc.Validation.Throw("stop")
			}
			return nil
		})
	}
}

// step is one moment in an order's life, with the events it meets.
type step struct {
	name   string
	do     func(ctx context.Context, c *freddo.Call) error
	events string
}

func change(name string, fn func(d *document.Document), act func(c *freddo.Call, ctx context.Context, d *document.Document) error) func(context.Context, *freddo.Call) error {
	return func(ctx context.Context, c *freddo.Call) error {
		d, err := c.Get(ctx, "Order", name, true)
		if err != nil {
			return err
		}
		fn(d)
		return act(c, ctx, d)
	}
}

func newOrder(ctx context.Context, c *freddo.Call) error {
	d, err := c.New(ctx, "Order")
	if err != nil {
		return err
	}
	d.Set("title", document.Text("One"))
	d.Set("secret", document.Text("hush"))
	for range 2 {
		row, err := c.AppendRow(ctx, d, "items")
		if err != nil {
			return err
		}
		row.New = true
		row.Set("item", document.Text("nail"))
	}
	return c.Insert(ctx, d)
}

func life() []step {
	nothing := func(*document.Document) {}
	set := func(field, value string) func(*document.Document) {
		return func(d *document.Document) { d.Set(field, document.Text(value)) }
	}
	return []step{
		{"insert", newOrder, "before_insert before_naming autoname before_validate validate before_save after_insert on_update on_change"},
		{"save", change("ORD-001", func(d *document.Document) {
			d.Set("title", document.Text("Two"))
			d.SetRowsAt(0, d.RowsAt(0)[:1])
		}, (*freddo.Call).Save), "before_validate validate before_save on_update on_change"},
		{"rename", func(ctx context.Context, c *freddo.Call) error {
			_, err := c.Rename(ctx, "Order", "ORD-001", "First", false)
			return err
		}, "before_rename after_rename"},
		{"submit", change("First", nothing, (*freddo.Call).Submit), "before_validate validate before_submit on_update on_submit on_change"},
		{"update after submit", change("First", set("note", "n"), (*freddo.Call).Save), "before_update_after_submit on_update_after_submit on_change"},
		{"cancel", change("First", nothing, (*freddo.Call).Cancel), "before_cancel on_cancel on_change"},
		{"amend", func(ctx context.Context, c *freddo.Call) error {
			d, err := c.New(ctx, "Order")
			if err != nil {
				return err
			}
			d.Set("title", document.Text("Amended"))
			d.Set("amended_from", document.Text("First"))
			return c.Insert(ctx, d)
		}, "before_insert before_naming before_validate validate before_save after_insert on_update on_change"},
		{"delete", func(ctx context.Context, c *freddo.Call) error { return c.Delete(ctx, "Order", "First-1") }, "on_trash on_change after_delete"},
	}
}

func TestEventsComeInUpstreamsOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t, "v15")
	s.watch()
	for _, st := range life() {
		s.events = nil
		if err := s.app.Do(context.Background(), "Administrator", st.do); err != nil {
			t.Fatalf("%s: %v", st.name, err)
		}
		got := make([]string, len(s.events))
		for i, e := range s.events {
			got[i] = string(e)
		}
		if joined := strings.Join(got, " "); joined != st.events {
			t.Errorf("%s: got %s, want %s", st.name, joined, st.events)
		}
	}
}

// Every hook of every step fails in turn; the database must stay as it was, and the
// step must succeed afterwards as if nothing had been tried.
func TestAFailureAtAnyStepLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, release)
			s.watch()
			for _, st := range life() {
				before := s.dump(t)
				for _, e := range strings.Fields(st.events) {
					s.failAt = freddo.Event(e)
					err := s.app.Do(context.Background(), "Administrator", st.do)
					if !exc.Is(err, exc.Validation) {
						t.Errorf("%s: the hook at %s was not heard: %v", st.name, e, err)
					}
					if release != "v15" {
						continue // these compare once a step, to be quicker
					}
					if diff := difference(before, s.dump(t)); diff != "" {
						t.Fatalf("%s that fails at %s left something behind: %s", st.name, e, diff)
					}
				}
				if diff := difference(before, s.dump(t)); diff != "" {
					t.Fatalf("%s that fails left something behind: %s", st.name, diff)
				}
				s.failAt = ""
				if err := s.app.Do(context.Background(), "Administrator", st.do); err != nil {
					t.Fatalf("%s: %v", st.name, err)
				}
				if difference(before, s.dump(t)) == "" {
					t.Fatalf("%s changed nothing", st.name)
				}
			}
		})
	}
}

// dump returns all rows of all tables as text.
func (s *shop) dump(t testing.TB) map[string][]string {
	t.Helper()
	db, err := sqlite3.OpenFlags(filepath.Join(s.dir, "site.db"), sqlite3.OPEN_READONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	out := map[string][]string{}
	for _, table := range query(t, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'") {
		out[table] = query(t, db, fmt.Sprintf("SELECT * FROM %q", table))
		slices.Sort(out[table])
	}
	return out
}

func query(t testing.TB, db *sqlite3.Conn, sql string) []string {
	t.Helper()
	stmt, _, err := db.Prepare(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer func() { _ = stmt.Close() }()
	var out []string
	for stmt.Step() {
		cells := make([]string, stmt.ColumnCount())
		for i := range cells {
			cells[i] = stmt.ColumnText(i)
		}
		out = append(out, strings.Join(cells, "|"))
	}
	if err := stmt.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func difference(a, b map[string][]string) string {
	for table, rows := range b {
		if !slices.Equal(a[table], rows) {
			for _, r := range rows {
				if !slices.Contains(a[table], r) {
					return table + " has " + r
				}
			}
			return table + " lost rows"
		}
	}
	return ""
}

func TestDiscardRunsItsEvents(t *testing.T) {
	t.Parallel()
	s := newShop(t, "v16")
	s.watch()
	ctx := context.Background()
	if err := s.app.Do(ctx, "Administrator", newOrder); err != nil {
		t.Fatal(err)
	}
	discard := change("ORD-001", func(*document.Document) {}, (*freddo.Call).Discard)
	for _, e := range []freddo.Event{freddo.BeforeDiscard, freddo.BeforeChange, freddo.OnChange, freddo.OnDiscard} {
		before := s.dump(t)
		s.failAt = e
		if err := s.app.Do(ctx, "Administrator", discard); !exc.Is(err, exc.Validation) {
			t.Errorf("the hook at %s was not heard: %v", e, err)
		}
		if diff := difference(before, s.dump(t)); diff != "" {
			t.Errorf("a discard that fails at %s left something behind: %s", e, diff)
		}
	}
	s.failAt, s.events = "", nil
	if err := s.app.Do(ctx, "Administrator", discard); err != nil {
		t.Fatal(err)
	}
	want := []freddo.Event{freddo.BeforeDiscard, freddo.BeforeChange, freddo.OnChange, freddo.OnDiscard}
	if !slices.Equal(s.events, want) {
		t.Errorf("got %v, want %v", s.events, want)
	}
}

// Fifty clients insert at once: every number is given once and none is left out, for
// series, formats, sequences and rules alike.
func TestCountersAreRightUnderParallelInserts(t *testing.T) {
	t.Parallel()
	const clients = 50
	for _, tc := range []struct{ name, autoname, rule, first, last string }{
		{"series", "PAR-.####", "", "PAR-0001", "PAR-0050"},
		{"format", "format:F-{####}", "", "F-0001", "F-0050"},
		{"autoincrement", "autoincrement", "", "1", "50"},
		{"rule", "hash", "R-", "R-0001", "R-0050"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, "v15")
			dt := `{"doctype": "DocType", "name": "Counted", "module": "Custom", "autoname": "` + tc.autoname + `", "fields": [
				{"fieldname": "n", "fieldtype": "Int", "label": "N"}], "permissions": []}`
			if err := s.app.DocTypes(fstest.MapFS{"c.json": {Data: []byte(dt)}}); err != nil {
				t.Fatal(err)
			}
			ctx := context.Background()
			if tc.rule != "" {
				if err := s.app.Do(ctx, "Administrator", func(ctx context.Context, c *freddo.Call) error { return addRule(ctx, c, tc.rule) }); err != nil {
					t.Fatal(err)
				}
			}
			names := s.insertParallel(t, clients)
			slices.SortFunc(names, func(a, b string) int { return len(a)*1000 - len(b)*1000 + strings.Compare(a, b) })
			if unique := slices.Compact(slices.Clone(names)); len(unique) != clients || names[0] != tc.first || names[clients-1] != tc.last {
				t.Errorf("got %d names from %s to %s, want %d from %s to %s", len(unique), names[0], names[clients-1], clients, tc.first, tc.last)
			}
		})
	}
}

func addRule(ctx context.Context, c *freddo.Call, prefix string) error {
	d, err := c.New(ctx, "Document Naming Rule")
	if err != nil {
		return err
	}
	d.Set("document_type", document.Text("Counted"))
	d.Set("prefix", document.Text(prefix))
	d.Set("prefix_digits", document.IntOf(4))
	return c.Insert(ctx, d)
}

func (s *shop) insertParallel(t *testing.T, clients int) []string {
	t.Helper()
	names := make([]string, clients)
	errs := make([]error, clients)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			errs[i] = s.app.Do(context.Background(), "Administrator", func(ctx context.Context, c *freddo.Call) error {
				d, err := c.New(ctx, "Counted")
				if err != nil {
					return err
				}
				d.Set("n", document.IntOf(int64(i)))
				err = c.Insert(ctx, d)
				names[i] = d.Name()
				return err
			})
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}
