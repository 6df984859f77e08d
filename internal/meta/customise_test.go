package meta

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/compat"
)

// customField is a Custom Field of Gadget.
func customField(idx int, name, after string, more ...any) *document.Object {
	o := document.NewObject(append([]any{"name", "Gadget-" + name, "dt", "Gadget", "idx", idx, "fieldname", name, "fieldtype", "Data"}, more...)...)
	if after != "" {
		o.Set("insert_after", document.Text(after))
	}
	return o
}

// setter is a Property Setter of Gadget on a field, or on the DocType for no field.
func setter(field, property, kind string, value any) *document.Object {
	on := "DocField"
	if field == "" {
		on = "DocType"
	}
	return document.NewObject("doc_type", "Gadget", "doctype_or_field", on, "field_name", field, "property", property, "property_type", kind, "value", value)
}

func order(dt *doctype.DocType) string {
	var names []string
	for i, f := range dt.Fields {
		names = append(names, f.Fieldname)
		if f.Idx != i+1 {
			names = append(names, fmt.Sprintf("(idx %d)", f.Idx))
		}
	}
	return strings.Join(names, " ")
}

func TestOrderOfFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour string
		custom    []*document.Object
		fieldOrd  string
		want      string
	}{
		{"without customisation the fields stand as described", nil, "", "title color size"},
		{"a custom field stands after the one it names", []*document.Object{customField(4, "x", "title")}, "", "title x color size"},
		{"a custom field that names none stands first", []*document.Object{customField(4, "x", "")}, "", "x title color size"},
		{"a custom field that names an unknown one stands last", []*document.Object{customField(4, "x", "gone")}, "", "title color size x"},
		{"two after the same stand in the order of idx", []*document.Object{customField(5, "b", "title"), customField(4, "a", "title")}, "", "title a b color size"},
		{"a chain of custom fields holds together, whatever their idx", []*document.Object{customField(4, "c", "b"), customField(5, "b", "a"), customField(6, "a", "title")}, "", "title a b c color size"},
		{"custom fields that name each other stand last", []*document.Object{customField(4, "a", "b"), customField(5, "b", "a")}, "", "title color size a b"},
		{"a custom field that names itself stands last", []*document.Object{customField(4, "a", "a")}, "", "title color size a"},
		{"field_order that names all is the order", nil, `["size", "title", "color"]`, "size title color"},
		{"field_order places custom fields, too", []*document.Object{customField(4, "x", "title")}, `["size", "x", "title", "color"]`, "size x title color"},
		{"a custom field that field_order lacks follows its insert_after", []*document.Object{customField(4, "x", "size")}, `["size", "title", "color"]`, "size x title color"},
		{"a standard field that field_order lacks follows its neighbour", nil, `["size", "title"]`, "size title color"},
		{"first fields that field_order lacks stay first", nil, `["size", "color"]`, "title size color"},
		{"field_order that names no standard field counts for nothing", []*document.Object{customField(4, "x", "title")}, `["x"]`, "title x color size"},
		{"unknown names in field_order count for nothing", nil, `["gone", "size", "title", "color"]`, "size title color"},
		{"an empty field_order counts for nothing", nil, `[]`, "title color size"},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, compat.V15())
			s.gadget()
			for _, o := range c.custom {
				s.add("Custom Field", o)
			}
			if c.fieldOrd != "" {
				s.add("Property Setter", setter("", "field_order", "Data", c.fieldOrd))
			}
			if got := order(s.mustGet("Gadget")); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestPropertySetters(t *testing.T) {
	t.Parallel()
	s := newSite(t, compat.V15())
	s.gadget()
	s.add("Custom Field", customField(4, "x", "size"))
	for _, o := range []*document.Object{
		setter("title", "reqd", "Check", "1"),
		setter("title", "label", "Data", "Name of it"),
		setter("title", "no_such_property", "Data", "kept"),
		setter("color", "options", "Text", "Green\nBlack"),
		setter("color", "default", "Text", nil),
		setter("size", "hidden", "Check", "0"),
		setter("size", "permlevel", "Int", "2"),
		setter("size", "columns", "Int", "junk"),
		setter("x", "read_only", "Check", "True"),
		setter("gone", "reqd", "Check", "1"),
		setter("", "title_field", "Data", "color"),
		setter("", "is_submittable", "Check", "1"),
		setter("", "name", "Data", "User"),
		setter("", "fields", "Data", "[]"),
		setter("", "permissions", "Data", "[]"),
		document.NewObject("doc_type", "Other", "doctype_or_field", "DocField", "field_name", "title", "property", "hidden", "property_type", "Check", "value", "1"),
		document.NewObject("doc_type", "Gadget", "doctype_or_field", "DocType Link", "row_name", "l2", "property", "hidden", "property_type", "Check", "value", "1"),
		document.NewObject("doc_type", "Gadget", "doctype_or_field", "Nonsense", "field_name", "color", "property", "hidden", "property_type", "Check", "value", "1"),
		setter("", "links_order", "Small Text", `["l2", "l1"]`),
	} {
		s.add("Property Setter", o)
	}
	dt := s.mustGet("Gadget")
	title, color, size, x := dt.Field("title"), dt.Field("color"), dt.Field("size"), dt.Field("x")
	for behaviour, ok := range map[string]bool{
		"a field becomes mandatory":                       title.Reqd && !color.Reqd,
		"a label is changed":                              title.Label == "Name of it",
		"options are changed and split anew":              len(color.Choices) == 2 && color.Choices[0] == "Green",
		"a hidden field is shown":                         !size.Hidden,
		"a field moves to another permlevel":              size.Permlevel == 2 && title.Permlevel == 0,
		"a custom field can be set, True is 1":            x.ReadOnly && x.IsCustomField && !title.IsCustomField,
		"another DocType's setter changes nothing":        !title.Hidden,
		"a setter on nothing that is known does nothing":  !color.Hidden,
		"the DocType's own properties change":             dt.TitleField == "color" && dt.IsSubmittable,
		"the name of a DocType is no property":            dt.Name == "Gadget",
		"the rows of a DocType are no property":           len(dt.Fields) == 4 && len(dt.Permissions) == 2,
		"what is stored of the custom field has a column": dt.Column("x") != nil && dt.Column("x").Stored,
	} {
		if !ok {
			t.Error(behaviour)
		}
	}
	checkMetaObject(t, s)
}

// checkMetaObject looks at what only the answer of meta shows.
func checkMetaObject(t *testing.T, s *site) {
	t.Helper()
	ctx := context.Background()
	tx := s.db.Begin(ctx)
	defer tx.Rollback()
	o, err := s.store.Object(ctx, tx, "Gadget")
	if err != nil {
		t.Fatal(err)
	}
	fields, links := o.Get("fields").List(), o.Get("links").List()
	for behaviour, ok := range map[string]bool{
		"an unknown property is kept on its field": fields[0].Map().Str("no_such_property") == "kept" && !fields[1].Map().Has("no_such_property"),
		"a text property without a value is empty": !fields[1].Map().Get("default").IsNull(),
		"junk is 0 for a number":                   fields[2].Map().Get("columns").Kind() == document.Int && fields[2].Map().PropInt("columns") == 0,
		"a custom field says what it is":           fields[3].Map().PropInt("is_custom_field") == 1 && fields[3].Map().Str("doctype") == "DocField",
		"links stand in their order":               len(links) == 2 && links[0].Map().Str("name") == "l2" && links[1].Map().Str("name") == "l1",
		"a link can be hidden":                     links[0].Map().PropInt("hidden") == 1 && links[1].Map().PropInt("hidden") == 0,
	} {
		if !ok {
			t.Errorf("%s: %s", behaviour, document.ToText(document.MapOf(o)))
		}
	}
}

// rules prints a DocType's permissions: role, level, rights.
func rules(dt *doctype.DocType) string {
	var out []string
	for _, p := range dt.Permissions {
		text := fmt.Sprintf("%s:%d", p.Role, p.Permlevel)
		for _, r := range doctype.Rights() {
			if p.Rights.Has(r) {
				text += ":" + r.String()
			}
		}
		if p.IfOwner {
			text += ":own"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func customPerm(parent, role string, more ...any) *document.Object {
	return document.NewObject(append([]any{"parent", parent, "role", role, "read", 0, "export", 0}, more...)...)
}

func TestCustomDocPermReplacesAllRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour string
		custom    []*document.Object
		want      string
	}{
		{"without Custom DocPerm the DocType's rows hold", nil, "Clerk:0:read Manager:0:read:write"},
		{"another DocType's Custom DocPerm changes nothing", []*document.Object{customPerm("Other", "Clerk", "write", 1)}, "Clerk:0:read Manager:0:read:write"},
		{"one row replaces all, other roles' too", []*document.Object{customPerm("Gadget", "Clerk", "read", 1)}, "Clerk:0:read"},
		{"a row without rights takes all rights away", []*document.Object{customPerm("Gadget", "Clerk")}, "Clerk:0"},
		{"rows keep their level and their owner", []*document.Object{customPerm("Gadget", "Clerk", "read", 1, "if_owner", 1), customPerm("Gadget", "Clerk", "permlevel", 1, "write", 1)}, "Clerk:0:read:own Clerk:1:write"},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, compat.V15())
			s.gadget()
			for _, o := range c.custom {
				s.add("Custom DocPerm", o)
			}
			if got := rules(s.mustGet("Gadget")); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestWhichDocTypesCanBeCustomised(t *testing.T) {
	t.Parallel()
	for _, p := range releases() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, p)
			s.add("DocType", s.parse(`{"name": "Gadget Part", "istable": 1}`))
			module, err := CoreObject(p, "Module Def")
			if err != nil {
				t.Fatal(err)
			}
			s.add("DocType", module)
			for _, c := range []struct {
				behaviour, name string
				changed         bool
			}{
				{"DocType keeps its rows", "DocType", false},
				{"Custom DocPerm keeps its rows", "Custom DocPerm", false},
				{"Module Def keeps its rows", "Module Def", false},
				{"a child table has no rows", "Gadget Part", false},
				{"Custom Field can be given other rows", "Custom Field", true},
				{"Property Setter can be given other rows", "Property Setter", true},
			} {
				before := rules(s.mustGet(c.name))
				s.add("Custom DocPerm", customPerm(c.name, "Clerk", "read", 1))
				s.store.Invalidate(c.name)
				want := before
				if c.changed {
					want = "Clerk:0:read"
				}
				if got := rules(s.mustGet(c.name)); got != want {
					t.Errorf("%s: got %s, want %s", c.behaviour, got, want)
				}
				if base, err := s.store.Base(c.name); err == nil && rules(base) != before {
					t.Errorf("%s: what reads the site's own tables has changed", c.behaviour)
				}
			}
		})
	}
}
