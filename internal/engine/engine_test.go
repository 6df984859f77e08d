package engine_test

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/meta"
	"freddo/internal/perm"
	"freddo/internal/site"
	"freddo/internal/storage/sqlite"
)

// newEngine returns an engine over an installed site of a release.
func newEngine(t testing.TB, p *compat.Profile) *engine.Engine {
	t.Helper()
	dir := t.TempDir()
	s, err := site.Create(dir, map[string]any{"db_type": "sqlite"})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(dir, "site.db"), sqlite.Options{Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	m, err := meta.NewStore(p)
	if err != nil {
		t.Fatal(err)
	}
	e := &engine.Engine{DB: db, Meta: m, Perm: perm.NewStore(), Profile: p, Rules: p.Rules, Site: s, Hooks: engine.NewHooks(),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now, Zone: time.UTC}
	if err := e.Install(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return e
}

// gadget is a DocType with a child table, as an app's file has it.
func gadget(t testing.TB, e *engine.Engine) {
	t.Helper()
	parse := func(s string) *document.Object {
		v, err := document.ParseJSON(s)
		if err != nil {
			t.Fatal(err)
		}
		return v.Map()
	}
	r, err := e.ImportDocTypes(context.Background(), []*document.Object{
		parse(`{"name":"Gadget","module":"Core","autoname":"GDG-.####","fields":[
			{"fieldname":"title","fieldtype":"Data","label":"Title","reqd":1},
			{"fieldname":"price","fieldtype":"Currency","label":"Price"},
			{"fieldname":"code","fieldtype":"Data","label":"Code","unique":1},
			{"fieldname":"parts","fieldtype":"Table","options":"Gadget Part","label":"Parts"}],
			"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1}]}`),
		parse(`{"name":"Gadget Part","module":"Core","istable":1,"fields":[
			{"fieldname":"part","fieldtype":"Data","label":"Part","reqd":1},
			{"fieldname":"qty","fieldtype":"Int","label":"Qty","default":"1"},
			{"fieldname":"gadget","fieldtype":"Link","options":"Gadget","label":"Gadget"}],"permissions":[]}`),
	}, nil)
	if err != nil || len(r.Failed) > 0 || len(r.Missing) > 0 {
		t.Fatalf("import: %v %+v", err, r)
	}
}

func insert(t testing.TB, e *engine.Engine, o *document.Object) (*document.Document, error) {
	t.Helper()
	var d *document.Document
	err := e.Do(context.Background(), "Administrator", func(ctx context.Context, c *engine.Call) error {
		var err error
		if d, err = c.FromObject(ctx, o); err != nil {
			return err
		}
		return c.Insert(ctx, d)
	})
	return d, err
}

func TestLifeOfADocument(t *testing.T) {
	t.Parallel()
	for _, p := range []*compat.Profile{compat.V14(), compat.V15(), compat.V16()} {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, p)
			gadget(t, e)
			row := document.MapOf(document.NewObject("part", "screw"))
			d, err := insert(t, e, document.NewObject("doctype", "Gadget", "title", "One", "price", "1,250.5", "parts", []document.Value{row}))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := d.Name(), "GDG-0001"; got != want {
				t.Fatalf("name: got %s, want %s", got, want)
			}
			if got, want := document.Flt(d.Get("price")), 1250.5; got != want {
				t.Errorf("price: got %v, want %v", got, want)
			}
			if got, want := d.Rows("parts")[0].Int("qty"), int64(1); got != want {
				t.Errorf("default of a row: got %d, want %d", got, want)
			}
			err = e.Do(context.Background(), "Administrator", func(ctx context.Context, c *engine.Call) error {
				d, err := c.Get(ctx, "Gadget", "gdg-0001")
				if err != nil {
					return err
				}
				if d.Name() != "GDG-0001" || len(d.Rows("parts")) != 1 {
					t.Errorf("read: %s with %d rows", d.Name(), len(d.Rows("parts")))
				}
				d.Set("title", document.Text("Two"))
				return c.Save(ctx, d)
			})
			if err != nil {
				t.Fatal(err)
			}
			err = e.Do(context.Background(), "Administrator", func(ctx context.Context, c *engine.Call) error {
				return c.Delete(ctx, "Gadget", "GDG-0001")
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestRefusalsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	e := newEngine(t, compat.V15())
	gadget(t, e)
	if _, err := insert(t, e, document.NewObject("doctype", "Gadget", "title", "One", "code", "x")); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		o     *document.Object
		class *exc.Class
	}{
		{"mandatory", document.NewObject("doctype", "Gadget"), exc.Mandatory},
		{"unique without regard to case", document.NewObject("doctype", "Gadget", "title", "b", "code", "X"), exc.UniqueValidation},
		{"mandatory in a row", document.NewObject("doctype", "Gadget", "title", "b", "parts", []document.Value{document.MapOf(&document.Object{})}), exc.Mandatory},
		{"missing link in a row", document.NewObject("doctype", "Gadget", "title", "b", "parts",
			[]document.Value{document.MapOf(document.NewObject("part", "p", "gadget", "nowhere"))}), exc.LinkValidation},
		{"list in a field", document.NewObject("doctype", "Gadget", "title", []string{"a"}), exc.Validation},
		{"unknown DocType", document.NewObject("doctype", "Nothing"), exc.ImportErr},
	} {
		if _, err := insert(t, e, tc.o); !exc.Is(err, tc.class) {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.class.Name)
		}
	}
	d, err := insert(t, e, document.NewObject("doctype", "Gadget", "title", "next"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.Name(), "GDG-0002"; got != want {
		t.Errorf("a refused insert used a number: got %s, want %s", got, want)
	}
}
