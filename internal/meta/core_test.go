package meta

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/compat"
)

func releases() []*compat.Profile {
	return []*compat.Profile{compat.V14(), compat.V15(), compat.V16()}
}

// shipped are the DocTypes of each release, read once.
var shipped = map[string]func() ([]*document.Object, error){}

func init() {
	for _, p := range releases() {
		shipped[p.Name] = sync.OnceValues(func() ([]*document.Object, error) { return CoreDocTypes(p) })
	}
}

// core returns the compiled DocTypes of a release by name.
func core(t *testing.T, p *compat.Profile) map[string]*doctype.DocType {
	t.Helper()
	objects, err := shipped[p.Name]()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]*doctype.DocType, len(objects))
	for _, o := range objects {
		dt := doctype.FromProps(o)
		if dt.Name == "" || all[dt.Name] != nil {
			t.Errorf("two files describe %q", dt.Name)
		}
		all[dt.Name] = dt
	}
	return all
}

func TestShippedDocTypesFitTogether(t *testing.T) {
	t.Parallel()
	for _, p := range releases() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			all := core(t, p)
			if len(all) < 100 {
				t.Fatalf("%d DocTypes only", len(all))
			}
			for name, dt := range all {
				checkFields(t, all, dt)
				checkPermissions(t, dt)
				o, err := CoreObject(p, name)
				if err != nil || o.Str("name") != name {
					t.Errorf("%s: the file under its name describes %q, %v", name, o.Str("name"), err)
				}
			}
			for _, name := range bootstrap {
				if all[name] == nil {
					t.Errorf("%s is missing", name)
				}
			}
		})
	}
}

// checkFields checks that a DocType's fields have names and types of their own, and that
// what they and the DocType point at is there.
func checkFields(t *testing.T, all map[string]*doctype.DocType, dt *doctype.DocType) {
	seen := map[string]bool{}
	for _, f := range dt.Fields {
		at := dt.Name + "." + f.Fieldname
		if f.Fieldname == "" || seen[f.Fieldname] {
			t.Errorf("%s: no name, or one that is taken", at)
		}
		seen[f.Fieldname] = true
		if _, known := doctype.LookupFieldtype(f.Fieldtype); !known {
			t.Errorf("%s: unknown type %s", at, f.Fieldtype)
		}
		target := all[f.Options]
		switch f.Fieldtype {
		case "Link":
			if target == nil || target.IsTable {
				t.Errorf("%s links to %q, which is no DocType with documents of its own", at, f.Options)
			}
		case "Table", "Table MultiSelect":
			if target == nil || !target.IsTable {
				t.Errorf("%s holds rows of %q, which is no child table", at, f.Options)
			}
		case "Dynamic Link":
			if dt.Field(f.Options) == nil {
				t.Errorf("%s reads its DocType from %q, which is no field", at, f.Options)
			}
		case "Select":
			if f.Default != "" && !slices.Contains(f.Choices, f.Default) {
				t.Errorf("%s: the default %q is none of the choices", at, f.Default)
			}
		}
		if from, _, fetched := strings.Cut(f.FetchFrom, "."); fetched && from != "" && dt.Field(from) == nil {
			t.Errorf("%s is fetched through %q, which is no field", at, from)
		}
	}
	for property, value := range map[string]string{"title_field": dt.TitleField, "image_field": dt.ImageField, "nsm_parent_field": dt.NsmParentField} {
		if value != "" && value != "name" && dt.Field(value) == nil {
			t.Errorf("%s: %s is %q, which is no field", dt.Name, property, value)
		}
	}
	for _, name := range strings.Split(dt.SearchFields, ",") {
		if name = strings.TrimSpace(name); name != "" && dt.Column(name) == nil {
			t.Errorf("%s: %q in search_fields is no column", dt.Name, name)
		}
	}
}

// checkPermissions checks what upstream asks of rows when a DocType is saved, and that
// Guest is given nothing. Source: doctype.py validate_permissions.
func checkPermissions(t *testing.T, dt *doctype.DocType) {
	type key struct {
		role  string
		level int
		owner bool
	}
	seen := map[key]bool{}
	for _, p := range dt.Permissions {
		k := key{p.Role, p.Permlevel, p.IfOwner}
		has := p.Rights.Has
		switch {
		case p.Role == "Guest":
			t.Errorf("%s: Guest has %b", dt.Name, p.Rights)
		case p.Role == "" || p.Rights == 0:
			t.Errorf("%s: a row of %q gives %b", dt.Name, p.Role, p.Rights)
		case seen[k]:
			t.Errorf("%s: two rows for %+v", dt.Name, k)
		case has(doctype.Submit) && !dt.IsSubmittable:
			t.Errorf("%s: %s may submit what nobody can", dt.Name, p.Role)
		case has(doctype.Cancel) && !has(doctype.Submit):
			t.Errorf("%s: %s may cancel and not submit", dt.Name, p.Role)
		case p.Permlevel > 0 && has(doctype.Create):
			t.Errorf("%s: %s may create at level %d", dt.Name, p.Role, p.Permlevel)
		case dt.IsTable:
			t.Errorf("%s: rows have their parents' permissions", dt.Name)
		}
		seen[k] = true
	}
}

func TestShippedDocTypesOfAReleaseAreItsOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour, name, release string
		there                    bool
	}{
		{"Reminder came with v15", "Reminder", "v14", false},
		{"Reminder came with v15", "Reminder", "v15", true},
		{"Reminder stayed", "Reminder", "v16", true},
		{"API Request Log came with v16", "API Request Log", "v15", false},
		{"API Request Log came with v16", "API Request Log", "v16", true},
		{"ToDo was always there", "ToDo", "v14", true},
		{"an unknown name is unknown", "No Such DocType", "v15", false},
	} {
		p, _ := compat.Lookup(c.release)
		_, err := CoreObject(p, c.name)
		if c.there != (err == nil) || err != nil && !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %s in %s: %v", c.behaviour, c.name, c.release, err)
		}
		if got := core(t, p)[c.name] != nil; got != c.there {
			t.Errorf("%s: %s among all of %s: %v", c.behaviour, c.name, c.release, got)
		}
	}
}

func TestShippedRecordsFitTheirDocTypes(t *testing.T) {
	t.Parallel()
	for _, p := range releases() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			all := core(t, p)
			records, err := CoreRecords(p)
			if err != nil {
				t.Fatal(err)
			}
			roles := map[string]bool{}
			for _, o := range records {
				name := o.Str("doctype")
				dt := all[name]
				if dt == nil {
					continue // the release lacks the DocType, and so its records
				}
				if name == "Role" {
					roles[o.Str("role_name")] = true
				}
				for _, k := range o.Keys() {
					if k != "doctype" && dt.Column(k) == nil && dt.Field(k) == nil {
						t.Errorf("a record of %s has %q, which is no field", name, k)
					}
				}
			}
			for _, dt := range all {
				for _, perm := range dt.Permissions {
					if !roles[perm.Role] {
						t.Errorf("%s gives rights to %q, which is no shipped role", dt.Name, perm.Role)
					}
				}
			}
		})
	}
}

func TestARecordIsShippedInTheReleasesThatItNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour string
		releases  []string
		want      bool
	}{
		{"none named means all", nil, true},
		{"a named release has it", []string{"v14", "v15"}, true},
		{"another has not", []string{"v14", "v16"}, false},
	} {
		o := &document.Object{}
		if c.releases != nil {
			o.Set("releases", document.Texts(c.releases))
		}
		if got := shippedIn(o, compat.V15()); got != c.want {
			t.Errorf("%s: got %v", c.behaviour, got)
		}
	}
}
