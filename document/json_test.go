package document

import (
	"encoding/json"
	"errors"
	"testing"

	"freddo/doctype"
)

func TestADocumentPrintsInUpstreamsOrder(t *testing.T) {
	t.Parallel()
	const text = `{"name":"O-1","due":"","customer":5,"title":"é","extra":1,"__onload":{"a":1},"_liked_by":"","_user_tags":",x","lines":[{"name":"r"}]}`
	row := `{"name":"r","owner":null,"creation":null,"modified":null,"modified_by":null,"docstatus":0,"idx":1,"sku":null,"qty":0,` +
		`"parent":"O-1","parentfield":"lines","parenttype":"Order","doctype":"Line","parts":[]}`
	for _, c := range []struct {
		name string
		o    JSONOptions
		want string
	}{
		{"with nulls", JSONOptions{Format: ORJSON},
			`{"name":"O-1","owner":null,"creation":null,"modified":null,"modified_by":null,"docstatus":0,"idx":0,"title":"é","total":0.0,"customer":5,"due":null,` +
				`"doctype":"Order","lines":[` + row + `],"lost":[],"_user_tags":",x","__onload":{"a":1}}`},
		{"without nulls, links as text", JSONOptions{Format: Python, NoNulls: true, LinkText: true},
			`{"name":"O-1","docstatus":0,"idx":0,"title":"\u00e9","total":0.0,"customer":"5","doctype":"Order","lines":[` +
				`{"name":"r","docstatus":0,"idx":1,"qty":0,"parent":"O-1","parentfield":"lines","parenttype":"Order","doctype":"Line","parts":[]}],` +
				`"lost":[],"_user_tags":",x","__onload":{"a":1}}`},
		{"hidden fields, blanks after separators", JSONOptions{Format: PythonSpaced, NoNulls: true, Hide: func(f *doctype.DocField) bool { return f.Fieldname != "customer" }},
			`{"name": "O-1", "docstatus": 0, "idx": 0, "total": 0.0, "customer": 5, "doctype": "Order", "lines": [` +
				`{"name": "r", "docstatus": 0, "idx": 1, "qty": 0, "parent": "O-1", "parentfield": "lines", "parenttype": "Order", "doctype": "Line", "parts": []}], ` +
				`"lost": [], "_user_tags": ",x", "__onload": {"a": 1}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := filled(t, text)
			if got := string(d.AppendJSON(nil, c.o)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := c.o.Format.Marshal(MapOf(d.ToObject(c.o))); got != c.want {
				t.Errorf("as an object\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestADocTypeThatShowsItsOptionalColumnsPrintsThemOnce(t *testing.T) {
	t.Parallel()
	dt := compile(t, `{"name":"T"}`)
	dt.ShowsOptional = true
	d := New(dt)
	d.Set("_user_tags", Text(",x"))
	want := `{"name":null,"owner":null,"creation":null,"modified":null,"modified_by":null,"docstatus":0,"idx":0,` +
		`"_user_tags":",x","_comments":null,"_assign":null,"_liked_by":null,"doctype":"T"}`
	if got := string(d.AppendJSON(nil, JSONOptions{Format: ORJSON})); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// FuzzDocument: any DocType that parses can be compiled, any body can be set on it, and
// the document prints as JSON, the same whether it is cloned, restored or made an object.
func FuzzDocument(f *testing.F) {
	f.Add(`{"name":"T","istable":1,"fields":[{"fieldname":"parent"},{"fieldname":"t","fieldtype":"Table","options":"T"}]}`, `{"t":[{"parent":1,"t":[{}]}],"x":1}`)
	f.Add(`{"name":"T","fields":[{"fieldname":"name","fieldtype":"Table"},{"fieldname":"idx","fieldtype":"JSON"}]}`, `{"name":[{}],"idx":{"a":NaN}}`)
	f.Add(`{"fields":[{"fieldname":"a"},{"fieldname":"a","fieldtype":"Table"}],"legacy_columns":[{"fieldname":"a"},{}]}`, `{"a":[{"":1}],"__islocal":{}}`)
	f.Add(`{"istable":"1","issingle":true,"track_seen":1,"fields":[1,{"fieldtype":"?"},{"fieldname":"_seen","is_virtual":1}]}`, `{"_seen":"","doctype":1}`)
	f.Fuzz(func(t *testing.T, meta, body string) {
		m, err := ParseJSON(meta)
		b, err2 := ParseJSON(body)
		if err != nil || err2 != nil || m.Map() == nil || b.Map() == nil {
			return
		}
		dt := doctype.FromProps(m.Map())
		resolve := func(string) (*doctype.DocType, error) { return dt, nil }
		d := New(dt)
		if err := d.Update(b.Map(), resolve); err != nil {
			var re *RowsError
			if !errors.As(err, &re) {
				t.Fatalf("%s on %s: %v", body, meta, err)
			}
			return
		}
		for _, o := range []JSONOptions{{Format: Python, IndentJSON: true}, {Format: ORJSON, NoNulls: true, LinkText: true}} {
			out := string(d.AppendJSON(nil, o))
			if o.Format == ORJSON && !json.Valid([]byte(out)) {
				t.Fatalf("%s on %s is %s", body, meta, out)
			}
			if got := string(d.Clone().AppendJSON(nil, o)); got != out {
				t.Fatalf("%s on %s is %s, its clone %s", body, meta, out, got)
			}
			d.ToObject(o)
			d.Restore(d.Clone())
			if got := string(d.AppendJSON(nil, o)); got != out {
				t.Fatalf("%s on %s is %s, restored %s", body, meta, out, got)
			}
		}
		for _, table := range dt.Tables {
			if _, err := d.AppendRow(table.Fieldname, resolve); err != nil {
				t.Fatal(err)
			}
		}
	})
}
