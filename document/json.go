package document

import (
	"sort"
	"strconv"
	"strings"

	"freddo/doctype"
)

// JSONOptions steer how a document is printed.
type JSONOptions struct {
	Format Format
	// NoNulls leaves out keys whose value is null.
	NoNulls bool
	// IndentJSON prints objects given to JSON fields indented and sorted (v14).
	IndentJSON bool
	// LinkText prints integers of Link fields as text (v16's v2 read).
	LinkText bool
	// Hide, when not nil, says which fields the reader may not see.
	Hide func(f *doctype.DocField) bool
}

// AppendJSON appends d as upstream's as_dict prints it: standard columns, fields in
// form order, parent columns, doctype, tables, then private keys.
// Source: frappe/model/base_document.py as_dict.
func (d *Document) AppendJSON(dst []byte, o JSONOptions) []byte {
	dst = append(dst, '{')
	first := true
	key := func(name string) {
		if !first {
			dst = o.Format.comma(dst)
		}
		first = false
		dst = o.Format.AppendKey(dst, name)
	}
	end := d.Type.OptionalSlot()
	if d.Type.ShowsOptional {
		end = len(d.Type.Columns)
	}
	for i := 0; i < end; i++ {
		c := &d.Type.Columns[i]
		v := d.shown(c, i, o)
		if v.IsNull() && o.NoNulls {
			continue
		}
		key(c.Name)
		dst = o.Format.Append(dst, v)
	}
	key("doctype")
	dst = o.Format.AppendString(dst, d.Type.Name)
	for i, f := range d.Type.Tables {
		key(f.Fieldname)
		dst = append(dst, '[')
		for j, row := range d.rows[i] {
			if j > 0 {
				dst = o.Format.comma(dst)
			}
			dst = row.AppendJSON(dst, o)
		}
		dst = append(dst, ']')
	}
	d.privateKeys(func(name string, v Value) {
		if slot, ok := d.Type.Slot(name); ok && slot < end {
			return
		}
		key(name)
		dst = o.Format.Append(dst, v)
	})
	return append(dst, '}')
}

func (d *Document) shown(c *doctype.Column, slot int, o JSONOptions) Value {
	v := d.vals[slot]
	if d.masks[slot] {
		return v
	}
	if o.Hide != nil && c.Field != nil && o.Hide(c.Field) {
		v = Value{}
	}
	v = Normal(c, v, o.IndentJSON)
	if o.LinkText && v.kind == Int && c.Field != nil && c.Field.Fieldtype == "Link" {
		return Text(ToText(v))
	}
	return v
}

// privateKeys yields the keys that are echoed when truthy.
func (d *Document) privateKeys(yield func(string, Value)) {
	for _, k := range []string{"_user_tags", "__islocal", "__onload", "_liked_by", "__run_link_triggers", "__unsaved"} {
		v := d.Get(k)
		switch k {
		case "__islocal":
			if d.New {
				v = IntOf(1)
			}
		case "__unsaved":
			if d.Unsaved {
				v = IntOf(1)
			}
		}
		if v.Truthy() {
			yield(k, v)
		}
	}
}

// ToObject returns d as an ordered object, for code that works on keys.
func (d *Document) ToObject(o JSONOptions) *Object {
	out := &Object{}
	for i := 0; i < d.Type.OptionalSlot(); i++ {
		c := &d.Type.Columns[i]
		if v := d.shown(c, i, o); !v.IsNull() {
			out.Set(c.Name, v)
		} else if !o.NoNulls {
			out.Set(c.Name, NullValue)
		}
	}
	out.Set("doctype", Text(d.Type.Name))
	for i, f := range d.Type.Tables {
		rows := make([]Value, len(d.rows[i]))
		for j, r := range d.rows[i] {
			rows[j] = MapOf(r.ToObject(o))
		}
		out.Set(f.Fieldname, ListOf(rows...))
	}
	d.privateKeys(out.Set)
	return out
}

// IndentSorted prints v as Python's json.dumps(sort_keys=True, indent=n,
// separators=(',', ': ')) does.
func IndentSorted(v Value, n int) string {
	var b strings.Builder
	writeIndented(&b, v, n, 0)
	return b.String()
}

func writeIndented(b *strings.Builder, v Value, n, level int) {
	nl := "\n" + strings.Repeat(" ", n*(level+1))
	end := "\n" + strings.Repeat(" ", n*level)
	switch {
	case v.kind == List && len(v.List()) > 0:
		for i, item := range v.List() {
			b.WriteString(map[bool]string{true: "[", false: ","}[i == 0] + nl)
			writeIndented(b, item, n, level+1)
		}
		b.WriteString(end + "]")
	case v.kind == Map && v.Map().Len() > 0:
		keys := append([]string(nil), v.Map().Keys()...)
		sort.Strings(keys)
		for i, k := range keys {
			b.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + nl)
			b.WriteString(string(Python.AppendString(nil, k)) + ": ")
			writeIndented(b, v.Map().Get(k), n, level+1)
		}
		b.WriteString(end + "}")
	default:
		b.WriteString(Python.Marshal(v))
	}
}

// Resolver returns a DocType by name.
type Resolver func(name string) (*doctype.DocType, error)

// maxCells bounds the values of a table's rows: a row of no bytes has as many as its
// DocType has columns.
const maxCells = 2_000_000

// TooManyRowsError says that a table has more rows than can be held.
type TooManyRowsError struct{ Field string }

// Error names the table.
func (e *TooManyRowsError) Error() string { return "too many rows in " + e.Field }

// SetRowsFrom replaces the rows of the i-th table by documents built from a list of
// objects. Errors: a *RowsError when v is not such a list, a *TooManyRowsError, or the
// resolver's.
func (d *Document) SetRowsFrom(i int, v Value, resolve Resolver) error {
	f := d.Type.Tables[i]
	if v.IsNull() {
		d.SetRowsAt(i, []*Document{})
		return nil
	}
	if v.kind != List {
		if v.kind == String && v.s == "" {
			d.SetRowsAt(i, []*Document{})
			return nil
		}
		return &RowsError{Field: f.Fieldname, Iterable: v.kind == String || v.kind == Map}
	}
	child, err := resolve(f.Options)
	if err != nil {
		return err
	}
	if len(v.List())*len(child.Columns) > maxCells {
		return &TooManyRowsError{Field: f.Fieldname}
	}
	rows := make([]*Document, 0, len(v.List()))
	for j, item := range v.List() {
		m := item.Map()
		if m == nil {
			return &RowsError{Field: f.Fieldname, Iterable: true}
		}
		row := New(child)
		if err := row.Update(m, resolve); err != nil {
			return err
		}
		row.childOf(d, f, j)
		rows = append(rows, row)
	}
	d.SetRowsAt(i, rows)
	return nil
}

// childOf sets what upstream's append sets on a row: parentage and idx, and that
// it is new when it has no name.
func (d *Document) childOf(parent *Document, f *doctype.DocField, at int) {
	p := d.Type.ParentSlot()
	if p >= 0 {
		d.vals[p] = parent.NameValue()
		d.vals[p+1] = Text(f.Fieldname)
		d.vals[p+2] = Text(parent.Type.Name)
	}
	if !d.vals[doctype.SlotIdx].Truthy() {
		d.vals[doctype.SlotIdx] = IntOf(int64(at + 1))
	}
	if d.vals[doctype.SlotName].IsNull() || d.Name() == "" {
		d.New = true
	}
}

// AppendRow adds an empty row to a table field and returns it.
func (d *Document) AppendRow(fieldname string, resolve Resolver) (*Document, error) {
	i := d.TableIndex(fieldname)
	if i < 0 {
		return nil, &RowsError{Field: fieldname}
	}
	child, err := resolve(d.Type.Tables[i].Options)
	if err != nil {
		return nil, err
	}
	row := New(child)
	row.childOf(d, d.Type.Tables[i], len(d.rows[i]))
	d.rows[i] = append(d.rows[i], row)
	row.Parent = d
	return row, nil
}

// RowsError says that a table field was given something else than a list of
// objects; Iterable tells which of Python's errors that is.
type RowsError struct {
	Field    string
	Iterable bool
}

func (e *RowsError) Error() string {
	return "document: rows of " + strconv.Quote(e.Field) + " are not a list of objects"
}

// reserved keys of a body that never set anything.
// Source: frappe/model/base_document.py _reserved_keywords.
var reserved = map[string]bool{"doctype": true, "flags": true, "_doc_before_save": true, "_parent_doc": true, "dont_update_if_missing": true}

// Update sets the keys of o on d: columns, tables, and the rest in the tail.
func (d *Document) Update(o *Object, resolve Resolver) error {
	for i, k := range o.Keys() {
		v := o.vals[i]
		if reserved[k] {
			continue
		}
		if k == "__islocal" {
			d.New = v.Truthy()
			continue
		}
		if t := d.TableIndex(k); t >= 0 {
			if err := d.SetRowsFrom(t, v, resolve); err != nil {
				return err
			}
			continue
		}
		d.Set(k, v)
	}
	return nil
}
