package document

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"freddo/doctype"
)

var errNoSuch = errors.New("no such DocType")

// shop returns an order with lines, and a resolver of both.
func shop(t testing.TB) (*doctype.DocType, Resolver) {
	t.Helper()
	types := map[string]*doctype.DocType{
		"Order": compile(t, `{"name":"Order","fields":[{"fieldname":"title"},{"fieldname":"total","fieldtype":"Float"},
			{"fieldname":"customer","fieldtype":"Link","options":"Customer"},{"fieldname":"break","fieldtype":"Section Break"},
			{"fieldname":"due","fieldtype":"Date"},{"fieldname":"lines","fieldtype":"Table","options":"Line"},
			{"fieldname":"lost","fieldtype":"Table","options":"Lost"}]}`),
		"Line": compile(t, `{"name":"Line","istable":1,"fields":[{"fieldname":"sku"},{"fieldname":"qty","fieldtype":"Int"},
			{"fieldname":"parts","fieldtype":"Table","options":"Line"}]}`),
	}
	resolve := func(name string) (*doctype.DocType, error) {
		if dt := types[name]; dt != nil {
			return dt, nil
		}
		return nil, errNoSuch
	}
	return types["Order"], resolve
}

func filled(t testing.TB, text string) (*Document, Resolver) {
	t.Helper()
	dt, resolve := shop(t)
	d := New(dt)
	if err := d.Update(object(t, text), resolve); err != nil {
		t.Fatal(err)
	}
	return d, resolve
}

func object(t testing.TB, text string) *Object {
	t.Helper()
	v, err := ParseJSON(text)
	if err != nil || v.Map() == nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v.Map()
}

func printed(d *Document) string {
	return string(d.AppendJSON(nil, JSONOptions{Format: ORJSON, NoNulls: true}))
}

func TestANewDocumentHoldsNothing(t *testing.T) {
	t.Parallel()
	dt, _ := shop(t)
	d := New(dt)
	for _, key := range []string{"name", "title", "total", "lines", "unknown"} {
		if v := d.Get(key); v.Kind() != Missing {
			t.Errorf("%s is %s", key, Python.Marshal(v))
		}
	}
	if d.Get("doctype").Str() != "Order" || d.Name() != "" || d.Docstatus() != 0 || d.Rows("lines") != nil || d.Extra().Len() != 0 {
		t.Errorf("got %s", printed(d))
	}
	want := `{"idx":0,"total":0.0,"doctype":"Order","lines":[],"lost":[]}`
	want = strings.Replace(want, `{"idx"`, `{"docstatus":0,"idx"`, 1)
	if got := printed(d); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestValuesAreSetBySlotNameOrTail(t *testing.T) {
	t.Parallel()
	dt, _ := shop(t)
	d := New(dt)
	slot, _ := dt.Slot("title")
	d.SetAt(slot, Text("by slot"))
	if d.Get("title").Str() != "by slot" || d.At(slot).Str() != "by slot" {
		t.Errorf("title is %q", d.Text("title"))
	}
	d.Set("title", IntOf(7))
	d.Set("unknown", Text("12"))
	d.Set("doctype", Text("Other"))
	d.Set("lines", Text("no rows"))
	d.Set("break", Text("in the tail: a break has no column"))
	d.SetName("O-1")
	d.Set("owner", Text("a@b.c"))
	d.Set("docstatus", Text("1"))
	if d.At(slot).Int() != 7 || d.Text("title") != "7" || d.Int("unknown") != 12 || d.Int("title") != 7 {
		t.Errorf("title %q, unknown %d", d.Text("title"), d.Int("unknown"))
	}
	if !slices.Equal(d.Extra().Keys(), []string{"unknown", "break"}) {
		t.Errorf("the tail holds %v", d.Extra().Keys())
	}
	if d.Get("doctype").Str() != "Order" || d.Rows("lines") != nil {
		t.Errorf("got %s", printed(d))
	}
	if d.Name() != "O-1" || d.NameValue().Str() != "O-1" || d.Owner() != "a@b.c" || d.Docstatus() != 1 {
		t.Errorf("%s, %s, %d", d.Name(), d.Owner(), d.Docstatus())
	}
	d.Set("name", IntOf(5))
	if d.Name() != "5" || d.NameValue().Kind() != Int {
		t.Errorf("an integer name is %q of kind %d", d.Name(), d.NameValue().Kind())
	}
}

func TestUpdateSetsColumnsTablesAndTheTail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"columns and unknown keys", `{"zz":1,"title":"a","name":"O-1","aa":{"b":2}}`, `{"name":"O-1","docstatus":0,"idx":0,"title":"a","total":0.0,"doctype":"Order","lines":[],"lost":[]}`},
		{"reserved keys set nothing", `{"doctype":"Line","flags":{"ignore_permissions":1},"_doc_before_save":{},"_parent_doc":{},"dont_update_if_missing":[]}`,
			`{"docstatus":0,"idx":0,"total":0.0,"doctype":"Order","lines":[],"lost":[]}`},
		{"a new document", `{"__islocal":1,"__unsaved":1}`, `{"docstatus":0,"idx":0,"total":0.0,"doctype":"Order","lines":[],"lost":[],"__islocal":1,"__unsaved":1}`},
		{"rows get their parent and place", `{"name":"O-1","lines":[{"sku":"a","qty":"2"},{"sku":"b","idx":9,"name":"r","doctype":"Order"}]}`,
			`{"name":"O-1","docstatus":0,"idx":0,"total":0.0,"doctype":"Order","lines":[` +
				`{"docstatus":0,"idx":1,"sku":"a","qty":2,"parent":"O-1","parentfield":"lines","parenttype":"Order","doctype":"Line","parts":[],"__islocal":1},` +
				`{"name":"r","docstatus":0,"idx":9,"sku":"b","qty":0,"parent":"O-1","parentfield":"lines","parenttype":"Order","doctype":"Line","parts":[]}],"lost":[]}`},
		{"null rows", `{"lines":null,"lost":""}`, `{"docstatus":0,"idx":0,"total":0.0,"doctype":"Order","lines":[],"lost":[]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := filled(t, c.in)
			if got := printed(d); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if d.Flags != (Flags{}) {
				t.Errorf("a body set flags: %+v", d.Flags)
			}
		})
	}
	d, _ := filled(t, `{"zz":1,"title":"a","aa":{"b":2}}`)
	if got := ORJSON.Marshal(MapOf(d.Extra())); got != `{"zz":1,"aa":{"b":2}}` {
		t.Errorf("the tail is %s", got)
	}
}

func TestRowsMustBeAListOfObjects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		iterable bool
	}{
		{"text", `{"lines":"x"}`, true},
		{"object", `{"lines":{"sku":"x"}}`, true},
		{"number", `{"lines":5}`, false},
		{"true", `{"lines":true}`, false},
		{"list of text", `{"lines":["x"]}`, true},
		{"list of null", `{"lines":[{"sku":"a"},null]}`, true},
		{"rows of rows", `{"lines":[{"parts":[{"parts":7}]}]}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dt, resolve := shop(t)
			d := New(dt)
			err := d.Update(object(t, c.in), resolve)
			var re *RowsError
			if !errors.As(err, &re) || re.Iterable != c.iterable || !strings.Contains(err.Error(), re.Field) || d.Rows("lines") != nil {
				t.Errorf("got %+v (%v), %d rows", re, err, len(d.Rows("lines")))
			}
		})
	}
	dt, resolve := shop(t)
	if err := New(dt).Update(object(t, `{"lost":[{}]}`), resolve); !errors.Is(err, errNoSuch) {
		t.Errorf("rows of an unknown DocType: %v", err)
	}
	if err := New(dt).SetRowsFrom(1, ListOf(), resolve); !errors.Is(err, errNoSuch) {
		t.Errorf("no rows of an unknown DocType: %v", err)
	}
}

func TestRowsAreReplacedAndKnowTheirParent(t *testing.T) {
	t.Parallel()
	d, resolve := filled(t, `{"name":"O-1","lines":[{"sku":"a"},{"sku":"b"}]}`)
	row, err := d.AppendRow("lines", resolve)
	if err != nil || row.Parent != d || row.Int("idx") != 3 || row.Text("parent") != "O-1" || !row.New || d.Rows("lines")[2] != row {
		t.Errorf("appended %s (%v)", printed(row), err)
	}
	var re *RowsError
	if _, err := d.AppendRow("title", resolve); !errors.As(err, &re) || re.Field != "title" {
		t.Errorf("a row of what is no table: %v", err)
	}
	if _, err := d.AppendRow("lost", resolve); !errors.Is(err, errNoSuch) {
		t.Errorf("a row of an unknown DocType: %v", err)
	}
	if err := d.SetRowsFrom(0, ListOf(MapOf(NewObject("sku", "c"))), resolve); err != nil || len(d.Rows("lines")) != 1 || d.RowsAt(0)[0].Text("sku") != "c" {
		t.Errorf("replaced: %s (%v)", printed(d), err)
	}
	var seen []string
	stop := errors.New("stop")
	d.SetRowsAt(0, []*Document{row, row.Clone()})
	err = d.EachRow(func(f *doctype.DocField, r *Document) error {
		if seen = append(seen, f.Fieldname+fmt.Sprint(r.Parent == d)); len(seen) == 2 {
			return stop
		}
		return nil
	})
	if err != stop || !slices.Equal(seen, []string{"linestrue", "linestrue"}) {
		t.Errorf("walked %v (%v)", seen, err)
	}
	if d.TableIndex("lines") != 0 || d.TableIndex("title") != -1 || d.TableIndex("nothing") != -1 || d.Rows("title") != nil {
		t.Error("a table is taken for a field or the other way round")
	}
	if rows := d.PropRows("lines"); len(rows) != 2 || rows[0].PropInt("idx") != 3 || rows[0].PropText("parent") != "O-1" || d.PropText("name") != "O-1" {
		t.Errorf("%d rows as properties", len(rows))
	}
}

func TestACloneOfADocumentIsIndependent(t *testing.T) {
	t.Parallel()
	const text = `{"name":"O-1","title":"a","x":1,"lines":[{"sku":"a","parts":[{"sku":"p"}]}]}`
	d, resolve := filled(t, text)
	before := printed(d)
	c := d.Clone()
	if got := printed(c); got != before {
		t.Errorf("the clone is %s, want %s", got, before)
	}
	if c.Rows("lines")[0].Parent != c || c.Rows("lines")[0].Rows("parts")[0].Parent != c.Rows("lines")[0] {
		t.Error("the clone's rows have another parent")
	}
	if New(d.Type).Clone().Rows("lines") != nil || c.Rows("lost") != nil {
		t.Error("rows that were not loaded are empty in the clone")
	}
	change := func(d *Document) {
		t.Helper()
		d.Set("title", Text("changed"))
		d.Set("x", IntOf(2))
		d.Set("y", IntOf(3))
		d.Flags.IgnoreLinks, d.New = true, true
		d.Rows("lines")[0].Set("sku", Text("changed"))
		d.Rows("lines")[0].Rows("parts")[0].Set("sku", Text("changed"))
		if _, err := d.AppendRow("lines", resolve); err != nil {
			t.Fatal(err)
		}
	}
	change(c)
	if got := printed(d); got != before || d.Int("x") != 1 || d.Get("y").Kind() != Missing || d.Flags.IgnoreLinks {
		t.Errorf("changing the clone made the document %s", got)
	}
	c = d.Clone()
	change(d)
	if got := printed(c); got != before || c.Int("x") != 1 {
		t.Errorf("changing the document made the clone %s", got)
	}
	d.Restore(c)
	if got := printed(d); got != before || d.Int("x") != 1 || d.Get("y").Kind() != Missing || d.Flags.IgnoreLinks || d.New {
		t.Errorf("restored: %s, want %s", got, before)
	}
	if d.Rows("lines")[0].Parent != d {
		t.Error("restored rows have another parent")
	}
}
