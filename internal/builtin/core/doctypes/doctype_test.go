package doctypes_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/core/doctypes"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/meta"
	"freddo/internal/perm"
	"freddo/internal/site"
	"freddo/internal/storage/sqlite"
)

// newEngine returns an engine over an installed site, with this package's hooks only.
func newEngine(t *testing.T, p *compat.Profile) *engine.Engine {
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
	hooks := engine.NewHooks()
	doctypes.Register(hooks)
	e := &engine.Engine{DB: db, Meta: m, Perm: perm.NewStore(), Profile: p, Site: s, Hooks: hooks,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now, Zone: time.UTC, Rules: p.Rules, RawRules: p.RawRules}
	if err := e.Install(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return e
}

// insert saves a new custom DocType: base, with the properties of the JSON text on
// top.
func insert(t *testing.T, e *engine.Engine, props string) (*document.Document, error) {
	t.Helper()
	o := parse(t, `{"doctype":"DocType","name":"Dt Probe","module":"Custom","custom":1,
		"fields":[{"fieldname":"title","fieldtype":"Data","label":"Title"}],
		"permissions":[{"role":"System Manager","read":1,"write":1}]}`)
	extra := parse(t, props)
	for _, k := range extra.Keys() {
		o.Set(k, extra.Get(k))
	}
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

func parse(t *testing.T, s string) *document.Object {
	t.Helper()
	v, err := document.ParseJSON(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return v.Map()
}

func field(props string) string { return `{"fields":[{` + props + `}]}` }

func permission(props string) string {
	return `{"permissions":[{"role":"System Manager",` + props + `}]}`
}

// refusals are DocTypes that all releases refuse.
var refusals = []struct {
	name, props string
	class       *exc.Class
	text        string
}{
	{"standard", `{"custom":0}`, exc.CannotCreateStandardDoctype, "Not in Developer Mode!"},
	{"custom and virtual", `{"is_virtual":1}`, exc.CannotCreateStandardDoctype, "custom Virtual DocType"},
	{"long name", `{"name":"` + strings.Repeat("x", 62) + `"}`, exc.Name, "limited to 61 characters"},
	{"digit first", `{"name":"1st"}`, exc.Name, "should start with a letter"},
	{"punctuation", `{"name":"A.B"}`, exc.Name, "should start with a letter"},

	{"restricted fieldname", field(`"fieldname":"creation","fieldtype":"Datetime"`), exc.InvalidFieldName, "Fieldname creation is restricted"},
	{"neither fieldname nor label", field(`"fieldtype":"Data"`), exc.Validation, "Row #1: Fieldname is required"},
	{"reserved fieldname", field(`"fieldname":"permitted_fieldnames","fieldtype":"Data"`), exc.Validation, "reserved keyword <strong>permitted_fieldnames</strong>"},
	{"special characters", field(`"fieldname":"a-b","fieldtype":"Data"`), exc.InvalidColumnName, `special characters like "-"`},
	{"long fieldname", field(`"fieldname":"` + strings.Repeat("f", 65) + `","fieldtype":"Data"`), exc.Validation, "limited to 64 characters"},
	{"same fieldname twice", `{"fields":[{"fieldname":"a","fieldtype":"Data"},{"fieldname":"A","fieldtype":"Int"}]}`, exc.UniqueFieldname, "Fieldname a appears multiple times in rows 1, 2"},
	{"hidden and mandatory", field(`"fieldname":"a","label":"A","fieldtype":"Data","hidden":1,"reqd":1`), exc.HiddenAndMandatoryWithoutDefault, "Field A in row 1"},
	{"unique Text", field(`"fieldname":"a","label":"A","fieldtype":"Text","unique":1`), exc.NonUnique, "Fieldtype Text for A cannot be unique"},
	{"indexed Text", field(`"fieldname":"a","label":"A","fieldtype":"Text","search_index":1`), exc.CannotIndexed, "Dt Probe:Fieldtype Text for A cannot be indexed"},
	{"Link to nothing", field(`"fieldname":"a","label":"A","fieldtype":"Link"`), exc.DoctypeLink, "Options required for Link or Table type field A in row 1"},
	{"Dynamic Link to nothing", field(`"fieldname":"a","fieldtype":"Dynamic Link","options":"b"`), exc.Validation, "must point to another Link Field"},
	{"break in a list", field(`"fieldname":"a","fieldtype":"Section Break","in_list_view":1`), exc.Validation, "'In List View' not allowed for type Section Break in row 1"},
	{"Check's default", field(`"fieldname":"a","fieldtype":"Check","default":"2"`), exc.Validation, "must be either '0' or '1'"},
	{"Select's default", field(`"fieldname":"a","fieldtype":"Select","options":"x\ny","default":"z"`), exc.Validation, "must be in the list of options."},
	{"Select's default without options", field(`"fieldname":"a","fieldtype":"Select","default":"z"`), exc.Validation, "must be set before setting the default value."},
	{"mandatory break", field(`"fieldname":"a","label":"A","fieldtype":"Section Break","reqd":1`), exc.IllegalMandatory, "Field A of type Section Break cannot be mandatory"},
	{"table of no child table", field(`"fieldname":"a","fieldtype":"Table","options":"ToDo"`), exc.Validation, "Option <strong>ToDo</strong> for field <strong>a</strong> is not a child table"},
	{"assignment as a condition", field(`"fieldname":"a","fieldtype":"Data","depends_on":"b = 1"`), exc.Validation, "Invalid Depends On condition"},
	{"Rating's options", field(`"fieldname":"a","fieldtype":"Rating","options":"11"`), exc.Validation, "range from 3 to 10"},
	{"fetch from itself", field(`"fieldname":"a","label":"A","fieldtype":"Data","fetch_from":"a.b"`), exc.Validation, "can't be self-referential"},

	{"autoname without its field", `{"autoname":"field:nope"}`, exc.Validation, "Invalid fieldname 'nope' in autoname"},
	{"naming_series without its field", `{"autoname":"naming_series:"}`, exc.Validation, "must exist to enable autonaming"},

	{"empty permission", `{"permissions":[{"role":"System Manager","read":0,"write":0,"create":0}]}`, exc.Validation, "For System Manager at level 0 in Dt Probe in row 1: No basic permissions set"},
	{"same permission twice", `{"permissions":[{"role":"System Manager","read":1},{"role":"System Manager","read":1}]}`, exc.Validation, "Only one rule allowed"},
	{"cancel alone", permission(`"read":1,"write":1,"cancel":1`), exc.Validation, "Cannot set Cancel without Submit"},
	{"submit without write", permission(`"read":1,"write":0,"submit":1`), exc.Validation, "Cannot set Submit, Cancel, Amend without Write"},
	{"submit of a plain DocType", permission(`"read":1,"write":1,"submit":1`), exc.Validation, "Cannot set Assign Submit if not Submittable"},
	{"level 1 alone", permission(`"read":1,"permlevel":1`), exc.Validation, "Permission at level 0 must be set"},
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, p := range []*compat.Profile{compat.V14(), compat.V15(), compat.V16()} {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, p)
			for _, tc := range refusals {
				t.Run(tc.name, func(t *testing.T) {
					_, err := insert(t, e, tc.props)
					var x *exc.Error
					if !errors.As(err, &x) || !exc.Is(err, tc.class) {
						t.Fatalf("got %v, want a %s", err, tc.class.Name)
					}
					if !strings.Contains(x.Error(), tc.text) {
						t.Errorf("got %q, want %q in it", x.Error(), tc.text)
					}
				})
			}
		})
	}
}

// changes are what a save makes of a DocType's rows: row 0 of a table, and a property.
var changes = []struct {
	name, props, table, key, want string
}{
	{"fieldname from the label", field(`"label":"Unit Price?","fieldtype":"Float"`), "fields", "fieldname", "unit_price"},
	{"restricted fieldname from the label", field(`"label":"Owner","fieldtype":"Data"`), "fields", "fieldname", "owner1"},
	{"break's fieldname from the label", field(`"label":"More","fieldtype":"Section Break"`), "fields", "fieldname", "more_section"},
	{"illegal characters", field(`"fieldname":"A.(b)","fieldtype":"Data"`), "fields", "fieldname", "ab"},
	{"unique needs no index", field(`"fieldname":"a","fieldtype":"Data","unique":1,"search_index":1`), "fields", "search_index", "0"},
	{"Select's lines", field(`"fieldname":"a","fieldtype":"Select","options":" x \n\n y"`), "fields", "options", "x\ny"},
	{"Check's default", field(`"fieldname":"a","fieldtype":"Check"`), "fields", "default", "0"},
	{"mandatory fields in lists", field(`"fieldname":"a","fieldtype":"Data","reqd":1`), "fields", "in_list_view", "1"},
	{"numbers are not translated", field(`"fieldname":"a","fieldtype":"Int","translatable":1`), "fields", "translatable", "0"},
	{"bulk edit is for tables", field(`"fieldname":"a","fieldtype":"Data","allow_bulk_edit":1`), "fields", "allow_bulk_edit", "0"},
	{"Single's report", `{"issingle":1,"permissions":[{"role":"System Manager","read":1,"report":1}]}`, "permissions", "report", "0"},
}

func TestChanges(t *testing.T) {
	t.Parallel()
	for _, p := range []*compat.Profile{compat.V14(), compat.V15(), compat.V16()} {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, p)
			for i, tc := range changes {
				t.Run(tc.name, func(t *testing.T) {
					d, err := insert(t, e, `{"name":"Dt Change `+string(rune('A'+i))+`",`+tc.props[1:])
					if err != nil {
						t.Fatal(err)
					}
					if got := d.Rows(tc.table)[0].Text(tc.key); got != tc.want {
						t.Errorf("%s: got %q, want %q", tc.key, got, tc.want)
					}
				})
			}
		})
	}
}

// A submittable DocType gets the field that names the document it amends, and a tree
// the fields of a nested set.
func TestAddedFields(t *testing.T) {
	t.Parallel()
	e := newEngine(t, compat.V15())
	for _, tc := range []struct{ props, want string }{
		{`{"name":"Dt Submit","is_submittable":1}`, "title amended_from"},
		{`{"name":"Dt Tree","is_tree":1}`, "title lft rgt is_group old_parent parent_dt_tree"},
	} {
		d, err := insert(t, e, tc.props)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range d.Rows("fields") {
			got = append(got, f.Text("fieldname"))
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("fields of %s: got %v, want %s", d.Name(), got, tc.want)
		}
	}
}
