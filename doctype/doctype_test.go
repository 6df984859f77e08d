package doctype_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"freddo/doctype"
	"freddo/document"
)

func compile(t testing.TB, text string) *doctype.DocType {
	t.Helper()
	v, err := document.ParseJSON(text)
	if err != nil || v.Map() == nil {
		t.Fatalf("%s: %v", text, err)
	}
	return doctype.FromProps(v.Map())
}

func names(dt *doctype.DocType) string {
	var b []string
	for _, c := range dt.Columns {
		b = append(b, c.Name)
	}
	return strings.Join(b, " ")
}

func fieldnames(fields []*doctype.DocField) string {
	var b []string
	for _, f := range fields {
		b = append(b, f.Fieldname)
	}
	return strings.Join(b, " ")
}

const standard = "name owner creation modified modified_by docstatus idx"

// fieldtypes is the table of upstream's setup_type_map, and which of its types read a
// null as 0.
var fieldtypes = []struct {
	class   doctype.Class
	size    doctype.Size
	numeric bool
	names   string
}{
	{doctype.TextClass, doctype.SizeVarchar, false, "Data,Link,Dynamic Link,Select,Read Only,Color,Icon,Phone,Autocomplete"},
	{doctype.TextClass, doctype.SizeText, false, "Small Text,Text,Password,Attach,Attach Image"},
	{doctype.TextClass, doctype.SizeLong, false, "Long Text,Code,Text Editor,Markdown Editor,HTML Editor,Signature,Barcode,Geolocation"},
	{doctype.TextClass, doctype.SizeJSON, false, "JSON"},
	{doctype.IntClass, doctype.SizeInt, true, "Int"},
	{doctype.IntClass, doctype.SizeBigInt, true, "Long Int"},
	{doctype.CheckClass, doctype.SizeCheck, true, "Check"},
	{doctype.FloatClass, doctype.SizeDecimal, true, "Float,Currency,Percent"},
	{doctype.FloatClass, doctype.SizeDecimal, false, "Duration"},
	{doctype.FloatClass, doctype.SizeRating, false, "Rating"},
	{doctype.DateClass, doctype.SizeDate, false, "Date"},
	{doctype.DatetimeClass, doctype.SizeDatetime, false, "Datetime"},
	{doctype.TimeClass, doctype.SizeTime, false, "Time"},
	{doctype.TableClass, doctype.SizeNone, false, "Table,Table MultiSelect"},
	{doctype.NoValue, doctype.SizeNone, false, "Section Break,Column Break,Tab Break,HTML,Button,Image,Fold,Heading"},
}

func TestEveryFieldtypeCompilesToItsColumn(t *testing.T) {
	t.Parallel()
	selectable := 0
	for _, row := range fieldtypes {
		for name := range strings.SplitSeq(row.names, ",") {
			t.Run(name, func(t *testing.T) {
				dt := compile(t, `{"name":"T","fields":[{"fieldname":"f","fieldtype":"`+name+`"}]}`)
				f := dt.Field("f")
				if f.Type.Name != name || f.Type.Class != row.class || f.Type.Size != row.size || f.Type.Numeric != row.numeric {
					t.Errorf("got %+v", *f.Type)
				}
				if f.Type.IsText() != (row.class == doctype.TextClass) {
					t.Errorf("IsText is %v", f.Type.IsText())
				}
				hasColumn := row.class != doctype.NoValue && row.class != doctype.TableClass
				c := dt.Column("f")
				if f.HasColumn() != hasColumn || (c != nil) != hasColumn {
					t.Fatalf("column %+v, HasColumn %v", c, f.HasColumn())
				}
				if hasColumn {
					if c.Field != f || c.Type != f.Type || !c.Stored || c.Optional || c.Legacy || f.Slot != doctype.FirstField {
						t.Errorf("column %+v in slot %d", c, f.Slot)
					}
				} else if f.Slot != -1 {
					t.Errorf("no column, but slot %d", f.Slot)
				}
				if isTable := row.class == doctype.TableClass; isTable != (f.Table == 0) || isTable != (len(dt.Tables) == 1) {
					t.Errorf("table %d of %d", f.Table, len(dt.Tables))
				}
			})
			if selectable++; name == "Long Int" {
				selectable--
			}
		}
	}
	if selectable != 43 {
		t.Errorf("%d selectable fieldtypes, DocField offers 43", selectable)
	}
}

func TestAnUnknownFieldtypeIsStoredAsData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, field, fieldtype string }{
		{"none", `{"fieldname":"f"}`, "Data"},
		{"empty", `{"fieldname":"f","fieldtype":""}`, "Data"},
		{"null", `{"fieldname":"f","fieldtype":null}`, "Data"},
		{"unknown keeps its name", `{"fieldname":"f","fieldtype":"Nonsense"}`, "Nonsense"},
		{"another case is unknown", `{"fieldname":"f","fieldtype":"table"}`, "table"},
		{"not text", `{"fieldname":"f","fieldtype":7}`, "7"},
	} {
		dt := compile(t, `{"fields":[`+c.field+`]}`)
		f := dt.Field("f")
		if f.Fieldtype != c.fieldtype || f.Type.Name != "Data" || f.Slot != doctype.FirstField {
			t.Errorf("%s: fieldtype %q, type %s, slot %d", c.name, f.Fieldtype, f.Type.Name, f.Slot)
		}
	}
	if _, ok := doctype.LookupFieldtype("Nonsense"); ok {
		t.Error("LookupFieldtype knows Nonsense")
	}
}

func TestColumnsFollowTheKindOfDocType(t *testing.T) {
	t.Parallel()
	const fields = `"fields":[{"fieldname":"a"},{"fieldname":"s","fieldtype":"Section Break"},{"fieldname":"t","fieldtype":"Table"},
		{"fieldname":"b","fieldtype":"Int"},{"fieldtype":"Column Break"}]`
	for _, c := range []struct {
		name, in, want   string
		parent, optional int
	}{
		{"a plain one has the optional columns", `{` + fields + `}`, standard + " a b _user_tags _comments _assign _liked_by", -1, 9},
		{"seen by", `{"track_seen":1,` + fields + `}`, standard + " a b _user_tags _comments _assign _liked_by _seen", -1, 9},
		{"a child table has its parent", `{"istable":1,"track_seen":1,` + fields + `}`, standard + " a b parent parentfield parenttype", 9, 12},
		{"a single has neither", `{"issingle":1,"track_seen":1,` + fields + `}`, standard + " a b", -1, 9},
		{"no fields", `{}`, standard + " _user_tags _comments _assign _liked_by", -1, 7},
		{"columns without a field come before the parent", `{"istable":"1","legacy_columns":[{"fieldname":"old","fieldtype":"Nonsense","default":"x"}],` + fields + `}`,
			standard + " a b old parent parentfield parenttype", 10, 13},
		{"what is called as a column of every table shares it", `{"fields":[{"fieldname":"idx"},{"fieldname":"name","fieldtype":"Int"}],"legacy_columns":[{"fieldname":"owner"}]}`,
			standard + " _user_tags _comments _assign _liked_by", -1, 7},
		{"what is called as a child table's parent shares its column", `{"istable":1,"fields":[{"fieldname":"parenttype"},{"fieldname":"parent","fieldtype":"Link"},{"fieldname":"z"}],
			"legacy_columns":[{"fieldname":"parentfield"}]}`, standard + " z parent parentfield parenttype", 8, 11},
		{"elsewhere parent is a name like others", `{"fields":[{"fieldname":"parent"}]}`, standard + " parent _user_tags _comments _assign _liked_by", -1, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			dt := compile(t, c.in)
			if got := names(dt); got != c.want {
				t.Errorf("columns\ngot  %s\nwant %s", got, c.want)
			}
			if dt.ParentSlot() != c.parent || dt.OptionalSlot() != c.optional {
				t.Errorf("parent at %d, optional columns at %d, want %d and %d", dt.ParentSlot(), dt.OptionalSlot(), c.parent, c.optional)
			}
			checkShape(t, dt)
		})
	}
}

// checkShape fails unless slots, columns, fields and tables agree.
func checkShape(t *testing.T, dt *doctype.DocType) {
	t.Helper()
	for i, c := range dt.Columns {
		if slot, ok := dt.Slot(c.Name); !ok || slot != i || dt.Column(c.Name) != &dt.Columns[i] {
			t.Errorf("column %q of place %d has slot %d (%v)", c.Name, i, slot, ok)
		}
		if c.Type == nil || c.Optional != (i >= dt.OptionalSlot()) {
			t.Errorf("column %+v", c)
		}
		if c.Field != nil && c.Stored == c.Field.IsVirtual {
			t.Errorf("column %q: stored %v, virtual %v", c.Name, c.Stored, c.Field.IsVirtual)
		}
	}
	for _, f := range dt.Fields {
		if f.Slot >= len(dt.Columns) || f.Slot >= 0 && dt.Columns[f.Slot].Name != f.Fieldname || f.Table >= 0 && dt.Tables[f.Table] != f {
			t.Errorf("field %q has slot %d, table %d", f.Fieldname, f.Slot, f.Table)
		}
		if first := dt.Field(f.Fieldname); first == f && f.Slot < 0 && f.Type.HasColumn() {
			t.Errorf("field %q has no slot", f.Fieldname)
		}
	}
	for _, f := range slices.Concat(dt.LinkFields, dt.AttachFields, dt.EditorFields, dt.VirtualFields()) {
		if f.Slot < 0 {
			t.Errorf("field %q is listed without a slot", f.Fieldname)
		}
	}
	if dt.IsTable {
		for i, name := range []string{"parent", "parentfield", "parenttype"} {
			if slot, ok := dt.Slot(name); !ok || slot != dt.ParentSlot()+i {
				t.Errorf("%s has slot %d, parent's is %d", name, slot, dt.ParentSlot())
			}
		}
	} else if dt.ParentSlot() != -1 {
		t.Errorf("parent's slot is %d", dt.ParentSlot())
	}
}

func TestPropertiesReachTheirFields(t *testing.T) {
	t.Parallel()
	dt := compile(t, `{"name":"Sales Order","module":"Selling","autoname":"field:title","naming_rule":"By fieldname","title_field":"title",
		"search_fields":"a, b","sort_field":"modified","sort_order":"DESC","nsm_parent_field":"up","image_field":"image","timeline_field":"customer",
		"modified":"2026-01-02","max_attachments":"3","custom":1,"istable":0,"issingle":"0","is_submittable":true,"is_tree":"1","is_virtual":null,
		"track_changes":2,"allow_rename":"yes","fields":{"fieldname":"no list"},"permissions":"no list"}`)
	if dt.Name != "Sales Order" || dt.Module != "Selling" || dt.Autoname != "field:title" || dt.NamingRule != "By fieldname" || dt.TitleField != "title" ||
		dt.SearchFields != "a, b" || dt.SortField != "modified" || dt.SortOrder != "DESC" || dt.NsmParentField != "up" || dt.ImageField != "image" ||
		dt.TimelineField != "customer" || dt.Modified != "2026-01-02" || dt.MaxAttachments != 3 {
		t.Errorf("texts and numbers: %+v", dt)
	}
	if !dt.Custom || dt.IsTable || dt.IsSingle || !dt.IsSubmittable || !dt.IsTree || dt.IsVirtual || !dt.TrackChanges || dt.AllowRename {
		t.Errorf("flags: %+v", dt)
	}
	if len(dt.Fields) != 0 || len(dt.Permissions) != 0 {
		t.Errorf("%d fields, %d permissions of no list", len(dt.Fields), len(dt.Permissions))
	}
}

// TestEveryFlagHasItsOwnProperty sets one property at a time.
func TestEveryFlagHasItsOwnProperty(t *testing.T) {
	t.Parallel()
	for key, get := range map[string]func(*doctype.DocType) bool{
		"custom": func(d *doctype.DocType) bool { return d.Custom }, "istable": func(d *doctype.DocType) bool { return d.IsTable },
		"issingle": func(d *doctype.DocType) bool { return d.IsSingle }, "is_virtual": func(d *doctype.DocType) bool { return d.IsVirtual },
		"is_submittable": func(d *doctype.DocType) bool { return d.IsSubmittable }, "is_tree": func(d *doctype.DocType) bool { return d.IsTree },
		"track_changes": func(d *doctype.DocType) bool { return d.TrackChanges }, "track_seen": func(d *doctype.DocType) bool { return d.TrackSeen },
		"track_views": func(d *doctype.DocType) bool { return d.TrackViews }, "allow_rename": func(d *doctype.DocType) bool { return d.AllowRename },
		"allow_import": func(d *doctype.DocType) bool { return d.AllowImport }, "allow_copy": func(d *doctype.DocType) bool { return d.AllowCopy },
		"read_only": func(d *doctype.DocType) bool { return d.ReadOnly }, "in_create": func(d *doctype.DocType) bool { return d.InCreate },
		"show_title_field_in_link": func(d *doctype.DocType) bool { return d.ShowTitleInLink }, "allow_guest_to_view": func(d *doctype.DocType) bool { return d.AllowGuestToView },
		"queue_in_background": func(d *doctype.DocType) bool { return d.QueueInBackground },
	} {
		if !get(compile(t, `{"`+key+`":1}`)) || get(compile(t, `{}`)) {
			t.Errorf("%s is not read", key)
		}
	}
	for key, get := range map[string]func(*doctype.DocField) bool{
		"reqd": func(f *doctype.DocField) bool { return f.Reqd }, "unique": func(f *doctype.DocField) bool { return f.Unique },
		"search_index": func(f *doctype.DocField) bool { return f.SearchIndex }, "read_only": func(f *doctype.DocField) bool { return f.ReadOnly },
		"hidden": func(f *doctype.DocField) bool { return f.Hidden }, "set_only_once": func(f *doctype.DocField) bool { return f.SetOnlyOnce },
		"allow_on_submit": func(f *doctype.DocField) bool { return f.AllowOnSubmit }, "no_copy": func(f *doctype.DocField) bool { return f.NoCopy },
		"fetch_if_empty": func(f *doctype.DocField) bool { return f.FetchIfEmpty }, "ignore_user_permissions": func(f *doctype.DocField) bool { return f.IgnoreUserPermissions },
		"ignore_xss_filter": func(f *doctype.DocField) bool { return f.IgnoreXSSFilter }, "non_negative": func(f *doctype.DocField) bool { return f.NonNegative },
		"is_virtual": func(f *doctype.DocField) bool { return f.IsVirtual }, "not_nullable": func(f *doctype.DocField) bool { return f.NotNullable },
		"mask": func(f *doctype.DocField) bool { return f.Mask }, "in_list_view": func(f *doctype.DocField) bool { return f.InListView },
		"translatable": func(f *doctype.DocField) bool { return f.Translatable }, "in_global_search": func(f *doctype.DocField) bool { return f.InGlobalSearch },
		"is_custom_field": func(f *doctype.DocField) bool { return f.IsCustomField },
	} {
		on, off := compile(t, `{"fields":[{"fieldname":"f","`+key+`":"1"}]}`), compile(t, `{"fields":[{"fieldname":"f"}]}`)
		if !get(on.Field("f")) || get(off.Field("f")) {
			t.Errorf("%s of a field is not read", key)
		}
	}
}

func TestFieldsAreListedByKindInFormOrder(t *testing.T) {
	t.Parallel()
	dt := compile(t, `{"fields":[
		{"fieldname":"l1","fieldtype":"Link","options":"User","length":"64","precision":2,"permlevel":1,"idx":4,"default":"d","label":"Lbl","fetch_from":"a.b","depends_on":"x","mandatory_depends_on":"y"},
		{"fieldname":"t1","fieldtype":"Table","options":"Row"},
		{"fieldname":"v","fieldtype":"Link","is_virtual":1},
		{"fieldname":"d","fieldtype":"Dynamic Link","options":"l1"},
		{"fieldname":"f1","fieldtype":"Attach"},{"fieldname":"f2","fieldtype":"Attach Image"},
		{"fieldname":"e","fieldtype":"Text Editor"},
		{"fieldname":"t2","fieldtype":"Table MultiSelect","is_virtual":1},
		{"fieldname":"s","fieldtype":"Select","options":"\nOpen\nClosed"},
		{"fieldname":"l1","fieldtype":"Table"},
		{"label":"nameless","fieldtype":"Link"}]}`)
	checkShape(t, dt)
	for got, want := range map[string]string{
		fieldnames(dt.LinkFields): "l1 v d", fieldnames(dt.AttachFields): "f1 f2", fieldnames(dt.EditorFields): "e",
		fieldnames(dt.Tables): "t1 t2", fieldnames(dt.VirtualFields()): "v",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f := dt.Field("l1")
	if f != dt.Fields[0] || f.Options != "User" || f.Length != 64 || f.Precision != 2 || f.Permlevel != 1 || f.Idx != 4 || f.Default != "d" ||
		f.FetchFrom != "a.b" || f.DependsOn != "x" || f.MandatoryDependsOn != "y" || f.LabelOrName() != "Lbl" {
		t.Errorf("the first of two fields of one name: %+v", f)
	}
	if dup := dt.Fields[9]; dup.Slot != -1 || dup.Table != -1 {
		t.Errorf("the second of two fields of one name has slot %d, table %d", dup.Slot, dup.Table)
	}
	if v := dt.Field("v"); v.HasColumn() || dt.Column("v").Stored || v.LabelOrName() != "v" {
		t.Error("a virtual field is stored")
	}
	if got := dt.Field("s").Choices; !slices.Equal(got, []string{"", "Open", "Closed"}) || dt.Field("d").Choices != nil {
		t.Errorf("choices %q", got)
	}
	if dt.Field("") != nil || dt.Field("nothing") != nil || dt.Column("t1") != nil {
		t.Error("what has no name, or no column, is found")
	}
}

func TestLegacyColumnsCarryTheirDefault(t *testing.T) {
	t.Parallel()
	dt := compile(t, `{"legacy_columns":[{"fieldname":"old","fieldtype":"Int","default":"7"},{"fieldname":"odd","fieldtype":"?"}]}`)
	c := dt.Column("old")
	if c == nil || !c.Legacy || !c.Stored || c.Field != nil || c.Type.Name != "Int" || c.Default != "7" || dt.Column("odd").Type.Name != "Data" {
		t.Errorf("got %+v", c)
	}
}

func TestTheTitleIsTheTitleFieldElseTitleElseName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"title_field":"subject","fields":[{"fieldname":"title"}]}`: "subject",
		`{"fields":[{"fieldname":"title"}]}`:                         "title",
		`{"fields":[{"fieldname":"Title"}]}`:                         "name",
	} {
		if got := compile(t, in).Title(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestNamesBecomeModulesAndAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, scrub, slug string }{
		{"ToDo", "todo", "todo"}, {"Sales Order-Item", "sales_order_item", "sales-order-item"}, {"a_b", "a_b", "a_b"}, {"", "", ""}, {"ÉTÉ 1", "été_1", "été-1"},
	} {
		if got := doctype.Scrub(c.in); got != c.scrub {
			t.Errorf("Scrub(%q) = %q, want %q", c.in, got, c.scrub)
		}
		if got := doctype.Slug(c.in); got != c.slug {
			t.Errorf("Slug(%q) = %q, want %q", c.in, got, c.slug)
		}
	}
	if doctype.StandardLabel("modified_by") != "Last Updated By" || doctype.StandardLabel("title") != "" {
		t.Error("labels of standard columns")
	}
}

type derivedKey struct{ n int }

func TestWhatIsDerivedIsComputedOnceAndFailuresAgain(t *testing.T) {
	t.Parallel()
	dt := compile(t, `{}`)
	made := 0
	get := func(key any) (any, error) { return dt.Derived(key, func() (any, error) { made++; return made, nil }) }
	bad := errors.New("bad")
	if _, err := dt.Derived(derivedKey{1}, func() (any, error) { return nil, bad }); err != bad {
		t.Errorf("got %v", err)
	}
	if _, ok := dt.Known(derivedKey{1}); ok {
		t.Error("a failure is kept")
	}
	for _, want := range []struct {
		key derivedKey
		n   int
	}{{derivedKey{1}, 1}, {derivedKey{1}, 1}, {derivedKey{2}, 2}, {derivedKey{1}, 1}} {
		if v, err := get(want.key); err != nil || v != want.n {
			t.Errorf("%v: got %v, %v, want %d", want.key, v, err, want.n)
		}
	}
	if v, ok := dt.Known(derivedKey{2}); !ok || v != 2 {
		t.Errorf("known: %v, %v", v, ok)
	}
	bare := &doctype.DocType{}
	if v, err := bare.Derived(1, func() (any, error) { return 5, nil }); v != 5 || err != nil {
		t.Errorf("one that was not compiled: %v, %v", v, err)
	}
	if _, ok := bare.Known(1); ok {
		t.Error("one that was not compiled keeps a value")
	}
}

// FuzzFromProps: any JSON object compiles, and its slots, columns and tables agree.
func FuzzFromProps(f *testing.F) {
	for _, row := range fieldtypes {
		for name := range strings.SplitSeq(row.names, ",") {
			f.Add(fmt.Sprintf(`{"name":"T","fields":[{"fieldname":"a","fieldtype":%q,"options":"x","is_virtual":1},{"fieldname":"a"}]}`, name))
		}
	}
	f.Add(`{"istable":1,"fields":[{"fieldname":"parenttype"},{"fieldname":"parent","fieldtype":"Table"}],"legacy_columns":[{"fieldname":"parentfield"},{}]}`)
	f.Add(`{"track_seen":1,"fields":[{"fieldname":"_seen"},{"fieldname":"name","fieldtype":"Text Editor"},[],null,"x"],"permissions":[{"role":{},"read":[1]},3]}`)
	f.Add(`{"name":{},"istable":[],"issingle":1e999,"max_attachments":99999999999999999999,"fields":{"a":1}}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := document.ParseJSON(text)
		if err != nil || v.Map() == nil {
			return
		}
		dt := doctype.FromProps(v.Map())
		checkShape(t, dt)
		if title := dt.Title(); title == "" {
			t.Error("no title")
		}
		for _, p := range dt.Permissions {
			if p.Rights&^doctype.AllRights != 0 {
				t.Errorf("rights %b", p.Rights)
			}
		}
	})
}
