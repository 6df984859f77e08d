package meta

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/compat"
	"freddo/internal/storage"
	"freddo/internal/storage/sqlite"
)

// site is a database with the tables that describe DocTypes, and a store over it.
type site struct {
	t     *testing.T
	db    *storage.DB
	store *Store
	rows  int
}

func newSite(t *testing.T, p *compat.Profile) *site {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "site.db"), sqlite.Options{Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	store, err := NewStore(p)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, db: db, store: store}
	s.write(func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.CreateBase(ctx); err != nil {
			return err
		}
		for _, name := range bootstrap {
			if _, err := tx.SyncTable(ctx, store.base[name], storage.SchemaOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

func (s *site) write(fn func(context.Context, *storage.Tx) error) {
	s.t.Helper()
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	if err := fn(ctx, tx); err != nil {
		s.t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// add stores a document of a bootstrap DocType from its object; documents and rows get
// names in turn, and the same creation, later with every document.
func (s *site) add(dtName string, o *document.Object) {
	s.t.Helper()
	d := document.New(s.store.base[dtName])
	if err := d.Update(o, s.store.Base); err != nil {
		s.t.Fatal(err)
	}
	s.rows++
	name := func(d *document.Document) {
		if d.Name() == "" {
			d.SetName(fmt.Sprintf("row%04d", s.rows))
		}
		d.Set("creation", document.Text(fmt.Sprintf("2024-01-01 00:00:00.%06d", s.rows)))
	}
	name(d)
	all := []*document.Document{d}
	_ = d.EachRow(func(f *doctype.DocField, row *document.Document) error {
		s.rows++
		name(row)
		row.Set("parent", document.Text(d.Name()))
		row.Set("parenttype", document.Text(dtName))
		row.Set("parentfield", document.Text(f.Fieldname))
		all = append(all, row)
		return nil
	})
	s.write(func(ctx context.Context, tx *storage.Tx) error {
		for _, d := range all {
			if err := tx.Insert(ctx, d, storage.WriteOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *site) parse(text string) *document.Object {
	s.t.Helper()
	v, err := document.ParseJSON(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return v.Map()
}

// gadget stores the DocType that these tests customise.
func (s *site) gadget() {
	s.t.Helper()
	s.add("DocType", s.parse(`{"name": "Gadget", "module": "Core", "title_field": "title",
		"fields": [
			{"idx": 1, "fieldname": "title", "fieldtype": "Data", "label": "Title"},
			{"idx": 2, "fieldname": "color", "fieldtype": "Select", "options": "Red\nBlue"},
			{"idx": 3, "fieldname": "size", "fieldtype": "Int", "hidden": 1}],
		"permissions": [{"idx": 1, "role": "Clerk", "read": 1}, {"idx": 2, "role": "Manager", "read": 1, "write": 1}],
		"links": [
			{"idx": 1, "name": "l1", "link_doctype": "ToDo", "link_fieldname": "a"},
			{"idx": 2, "name": "l2", "link_doctype": "Note", "link_fieldname": "b"}]}`))
}

func (s *site) get(name string) (*doctype.DocType, error) {
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	return s.store.Get(ctx, tx, s.store.Generation(), name)
}

func (s *site) mustGet(name string) *doctype.DocType {
	s.t.Helper()
	dt, err := s.get(name)
	if err != nil {
		s.t.Fatal(err)
	}
	return dt
}

func TestDocTypesAreFoundByTheirExactName(t *testing.T) {
	t.Parallel()
	s := newSite(t, compat.V15())
	s.gadget()
	for _, c := range []struct {
		behaviour, name string
		found           bool
	}{
		{"a stored DocType", "Gadget", true},
		{"another case is another name", "gadget", false},
		{"what is not stored is unknown, even when it is shipped", "ToDo", false},
		{"no name", "", false},
		{"a bootstrap DocType needs no table", "DocType", true},
	} {
		dt, err := s.get(c.name)
		if c.found && (err != nil || dt.Name != c.name) || !c.found && !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", c.behaviour, err)
		}
	}
	if s.store.Cached("gadget") != nil || s.store.Cached("") != nil {
		t.Error("what is unknown was kept")
	}
	if _, err := s.store.Base("Gadget"); !errors.Is(err, ErrUnknown) {
		t.Errorf("Gadget is no bootstrap DocType: %v", err)
	}
}

func TestWhatTheCacheOfDocTypesKeeps(t *testing.T) {
	t.Parallel()
	s := newSite(t, compat.V15())
	s.gadget()
	s.add("DocType", document.NewObject("name", "Other"))
	for _, c := range []struct {
		behaviour     string
		forget        string
		gadget, other bool
	}{
		{"one changes, the other stays", "Gadget", false, true},
		{"all change", "", false, false},
		{"an unknown one changes", "Nothing", true, true},
	} {
		gadget, other := s.mustGet("Gadget"), s.mustGet("Other")
		before := s.store.Generation()
		s.store.Invalidate(c.forget)
		if s.store.Generation() == before {
			t.Errorf("%s: the generation stays", c.behaviour)
		}
		if kept := s.store.Cached("Gadget") == gadget; kept != c.gadget {
			t.Errorf("%s: Gadget kept: %v", c.behaviour, kept)
		}
		if kept := s.store.Cached("Other") == other; kept != c.other {
			t.Errorf("%s: Other kept: %v", c.behaviour, kept)
		}
		if s.store.Cached("DocType") == nil {
			t.Errorf("%s: a bootstrap DocType was forgotten", c.behaviour)
		}
	}
	if first := s.mustGet("Gadget"); s.mustGet("Gadget") != first {
		t.Error("a kept DocType is compiled again")
	}
}

func TestAnOldSnapshotNeverEntersTheCacheOfDocTypes(t *testing.T) {
	t.Parallel()
	s := newSite(t, compat.V15())
	s.gadget()
	for _, forget := range []string{"Gadget", "", "Other"} {
		ctx := context.Background()
		tx := s.db.Begin(ctx)
		gen := s.store.Generation()
		s.store.Invalidate(forget) // another call commits after this one has begun
		dt, err := s.store.Get(ctx, tx, gen, "Gadget")
		tx.Rollback()
		if err != nil || dt == nil {
			t.Fatal(err)
		}
		if s.store.Cached("Gadget") != nil {
			t.Errorf("an old snapshot was kept after %q was invalidated", forget)
		}
	}
}

// Readers load a DocType while a writer changes it and invalidates it. After each
// invalidation the store must answer as the database does.
func TestDocTypesAreLoadedAndInvalidatedAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, compat.V15())
	s.gadget()
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := s.get("Gadget"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 40 {
		want := fmt.Sprintf("Label %d", i)
		s.write(func(ctx context.Context, tx *storage.Tx) error {
			b := storage.NewBuilder(tx.Dialect()).SQL("UPDATE ").Table("DocField").SQL(" SET ").Ident("label").SQL(" = ").Str(want).
				SQL(" WHERE ").Ident("fieldname").SQL(" = ").Str("title")
			_, err := tx.Exec(ctx, b)
			return err
		})
		s.store.Invalidate("Gadget")
		if got := s.mustGet("Gadget").Field("title").Label; got != want {
			t.Errorf("after the commit and the invalidation: got %q, want %q", got, want)
		}
	}
	close(stop)
	readers.Wait()
}
