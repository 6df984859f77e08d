package document

import (
	"maps"
	"math"
	"strconv"

	"freddo/doctype"
)

// Document is one document in memory: values in slots over a shared DocType, child
// rows by table, and keys that the DocType does not know in an ordered tail. It is
// not safe for concurrent use.
type Document struct {
	Type *doctype.DocType
	// Parent is the document that a child row belongs to.
	Parent *Document
	// New says that the document is not stored yet (upstream: __islocal).
	New bool
	// Unsaved prints __unsaved: 1, as upstream does for rows filled with defaults.
	Unsaved bool
	// Flags steer one save. A client can never set them.
	Flags Flags
	// Before is the stored state that a save started from.
	Before *Document

	vals  []Value
	rows  [][]*Document
	extra Object
	// masks are the slots whose values are masks of what is stored (Mask).
	masks map[int]bool
}

// Flags are the switches that upstream keeps in doc.flags.
type Flags struct {
	IgnorePermissions, IgnoreLinks, IgnoreMandatory, IgnoreValidate      bool
	IgnoreXSS, IgnoreVersion, NameSet, InInsert, IgnoreUpdateAfterSubmit bool
	// Action is what the save under way does, as upstream's _action says it: save,
	// submit, update_after_submit or cancel; empty before a save has decided.
	Action string
}

// New returns an empty document of dt.
func New(dt *doctype.DocType) *Document {
	return &Document{Type: dt, vals: make([]Value, len(dt.Columns)), rows: make([][]*Document, len(dt.Tables))}
}

// At returns the value in a slot.
func (d *Document) At(slot int) Value { return d.vals[slot] }

// SetAt stores a value in a slot.
func (d *Document) SetAt(slot int, v Value) { d.vals[slot] = v }

// Get returns the value of a column, of "doctype", or of an unknown key that was
// sent; Missing when there is none. Tables are read with Rows.
func (d *Document) Get(name string) Value {
	if i, ok := d.Type.Slot(name); ok {
		return d.vals[i]
	}
	if name == "doctype" {
		return Text(d.Type.Name)
	}
	return d.extra.Get(name)
}

// Set stores a value under a column's name, or in the tail when the DocType does
// not know the name. A table's name is ignored.
func (d *Document) Set(name string, v Value) {
	if i, ok := d.Type.Slot(name); ok {
		d.vals[i] = v
		return
	}
	if name == "doctype" || d.TableIndex(name) >= 0 {
		return
	}
	d.extra.Set(name, v)
}

// Extra returns the keys that the DocType does not know; shared.
func (d *Document) Extra() *Object { return &d.extra }

// Text returns a value as text: "" for null, digits for numbers.
func (d *Document) Text(name string) string { return ToText(d.Get(name)) }

// Int returns a value as Python's cint would.
func (d *Document) Int(name string) int64 { return Cint(d.Get(name)) }

// Name returns the name as text ("" before naming). NameValue keeps its type.
func (d *Document) Name() string { return ToText(d.vals[doctype.SlotName]) }

// NameValue returns the name as stored: an integer for autoincrement DocTypes.
func (d *Document) NameValue() Value { return d.vals[doctype.SlotName] }

// SetName sets the name as text.
func (d *Document) SetName(name string) { d.vals[doctype.SlotName] = Text(name) }

// Docstatus returns the docstatus: 0 draft, 1 submitted, 2 cancelled.
func (d *Document) Docstatus() int64 { return Cint(d.vals[doctype.SlotDocstatus]) }

// Owner returns the owner.
func (d *Document) Owner() string { return ToText(d.vals[doctype.SlotOwner]) }

// TableIndex returns the place of a table field, or -1.
func (d *Document) TableIndex(name string) int {
	if f := d.Type.Field(name); f != nil {
		return f.Table
	}
	return -1
}

// Rows returns the rows of a table field; nil when it is unknown or not loaded.
func (d *Document) Rows(name string) []*Document {
	if i := d.TableIndex(name); i >= 0 {
		return d.rows[i]
	}
	return nil
}

// RowsAt returns the rows of the i-th table.
func (d *Document) RowsAt(i int) []*Document { return d.rows[i] }

// SetRowsAt replaces the rows of the i-th table and makes d their parent. A nil
// slice means "not set"; pass an empty slice for an empty table.
func (d *Document) SetRowsAt(i int, rows []*Document) {
	for _, r := range rows {
		r.Parent = d
	}
	d.rows[i] = rows
}

// EachRow calls fn for every child row in form order until it returns an error.
func (d *Document) EachRow(fn func(f *doctype.DocField, row *Document) error) error {
	for i, f := range d.Type.Tables {
		for _, row := range d.rows[i] {
			if err := fn(f, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// Clone returns a deep copy; values are shared (they are immutable).
func (d *Document) Clone() *Document {
	c := *d
	c.vals = append([]Value(nil), d.vals...)
	c.masks = maps.Clone(d.masks)
	c.extra = *d.extra.Clone()
	c.rows = make([][]*Document, len(d.rows))
	for i, rows := range d.rows {
		if rows == nil {
			continue
		}
		c.rows[i] = make([]*Document, len(rows))
		for j, r := range rows {
			c.rows[i][j] = r.Clone()
			c.rows[i][j].Parent = &c
		}
	}
	return &c
}

// Restore makes d what it was when clone was made of it. The clone is used up.
func (d *Document) Restore(clone *Document) {
	*d = *clone
	for _, rows := range d.rows {
		for _, r := range rows {
			r.Parent = d
		}
	}
}

// PropText, PropInt and PropRows make a stored DocType readable for
// doctype.FromProps.
func (d *Document) PropText(key string) string { return ToText(d.Get(key)) }

// PropInt returns a property as an integer.
func (d *Document) PropInt(key string) int { return int(Cint(d.Get(key))) }

// PropRows returns the rows of a table property.
func (d *Document) PropRows(key string) []doctype.Props {
	rows := d.Rows(key)
	out := make([]doctype.Props, len(rows))
	for i, r := range rows {
		out[i] = r
	}
	return out
}

// PropText, PropInt and PropRows make a parsed JSON object readable for
// doctype.FromProps.
func (o *Object) PropText(key string) string { return ToText(o.Get(key)) }

// PropInt returns a property as an integer.
func (o *Object) PropInt(key string) int { return int(Cint(o.Get(key))) }

// PropRows returns a list of objects.
func (o *Object) PropRows(key string) []doctype.Props {
	var out []doctype.Props
	for _, v := range o.Get(key).List() {
		if m := v.Map(); m != nil {
			out = append(out, m)
		}
	}
	return out
}

// floatText is Python's str of a float, which names what is no number otherwise than
// JSON does.
func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return string(Python.AppendFloat(nil, f))
}

// ToText returns a value as Python's str would for text and numbers; "" for null.
func ToText(v Value) string {
	switch v.kind {
	case String, Number:
		return v.s
	case Int:
		return strconv.FormatInt(int64(v.n), 10)
	case Float:
		return floatText(v.Float())
	case Bool:
		if v.n != 0 {
			return "True"
		}
		return "False"
	case List, Map:
		return PythonSpaced.Marshal(v)
	}
	return ""
}
