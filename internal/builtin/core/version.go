package core

import (
	"context"
	"sort"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
)

// registerVersion writes a Version after each save that changed a tracked document.
func registerVersion(h *engine.Hooks) {
	h.On(engine.AnyDocType, engine.OnChange, saveVersion)
}

// saveVersion follows frappe/model/document.py save_version and
// frappe/core/doctype/version/version.py. An insert has no version, unless it amends:
// then it is compared with what it amends.
func saveVersion(ctx context.Context, c *engine.Call, d *document.Document) error {
	if !d.Type.TrackChanges || d.Flags.IgnoreVersion || d.Type.Name == "Version" {
		return nil
	}
	before := d.Before
	amending := d.Flags.InInsert && d.Text("amended_from") != ""
	if amending {
		old, err := c.Get(ctx, d.Type.Name, d.Text("amended_from"))
		if err != nil {
			return err
		}
		before = old
	}
	if before == nil {
		return nil
	}
	diff, err := newDiff(ctx, c)
	if err != nil {
		return err
	}
	out := diff.documents(before, d, amending)
	if out == nil {
		return nil
	}
	v, err := c.FromObject(ctx, document.NewObject("doctype", "Version", "ref_doctype", d.Type.Name, "docname", d.Name(), "data", sortedJSON(document.MapOf(out))))
	if err != nil {
		return err
	}
	v.Flags.IgnorePermissions, v.Flags.IgnoreLinks, v.Flags.IgnoreXSS = true, true, true
	return c.Insert(ctx, v)
}

// differ compares two states of a document in the words that Version keeps.
type differ struct {
	format    *formatter
	emptyLink bool
	indent    bool
}

func newDiff(ctx context.Context, c *engine.Call) (*differ, error) {
	f, err := newFormatter(ctx, c)
	return &differ{format: f, emptyLink: quirk.Of(c.Profile).EmptyLinkInVersion, indent: c.Profile.IndentJSON}, err
}

// documents returns the differences, or nil when there are none.
// Source: version.py get_diff.
func (x *differ) documents(before, d *document.Document, amending bool) *document.Object {
	var added, removed, rowChanged []document.Value
	changed := x.fields(before, d)
	for i, f := range d.Type.Tables {
		j := before.TableIndex(f.Fieldname)
		if d.RowsAt(i) == nil || j < 0 {
			continue
		}
		a, r, ch := x.rows(f, before.RowsAt(j), d.RowsAt(i), amending)
		added, removed, rowChanged = append(added, a...), append(removed, r...), append(rowChanged, ch...)
	}
	for _, slot := range []int{doctype.SlotName, doctype.SlotDocstatus} {
		if slot == doctype.SlotName && amending {
			continue
		}
		if old, now := before.At(slot), d.At(slot); !old.Equal(now) {
			changed = append(changed, document.ListOf(document.Text(d.Type.Columns[slot].Name), old, now))
		}
	}
	if len(changed)+len(added)+len(removed)+len(rowChanged) == 0 {
		return nil
	}
	return document.NewObject("added", list(added), "changed", list(changed), "data_import", nil, "removed", list(removed),
		"row_changed", list(rowChanged), "updater_reference", nil)
}

func list(v []document.Value) document.Value { return document.ListOf(v...) }

// rows compares the rows of one table by name; an amendment's by position.
func (x *differ) rows(f *doctype.DocField, before, now []*document.Document, amending bool) (added, removed, changed []document.Value) {
	old := map[string]*document.Document{}
	for _, r := range before {
		old[r.Name()] = r
	}
	found := map[string]bool{}
	table := document.Text(f.Fieldname)
	for i, r := range now {
		was := old[r.Name()]
		if amending && i < len(before) {
			was = before[i]
		}
		if was == nil {
			added = append(added, document.ListOf(table, x.row(r)))
			continue
		}
		found[was.Name()] = true
		if diff := x.fields(was, r); len(diff) > 0 {
			changed = append(changed, document.ListOf(table, document.IntOf(int64(i)), r.NameValue(), list(diff)))
		}
	}
	for _, r := range before {
		if !found[r.Name()] {
			removed = append(removed, document.ListOf(table, x.row(r)))
		}
	}
	return added, removed, changed
}

func (x *differ) row(r *document.Document) document.Value {
	return document.MapOf(r.ToObject(document.JSONOptions{IndentJSON: x.indent}))
}

// raw are fieldtypes whose values are not formatted.
var raw = map[string]bool{"Markdown Editor": true, "Text Editor": true, "Code": true, "HTML Editor": true}

// fields lists the changed fields of one row: fieldname, old, new.
func (x *differ) fields(before, d *document.Document) []document.Value {
	var out []document.Value
	for _, f := range d.Type.Fields {
		if f.Slot < 0 || f.IsVirtual {
			continue
		}
		slot, ok := before.Type.Slot(f.Fieldname)
		if !ok {
			continue
		}
		col := &d.Type.Columns[f.Slot]
		old, now := document.Normal(col, before.At(slot), x.indent), document.Normal(col, d.At(f.Slot), x.indent)
		if old.Equal(now) {
			continue
		}
		if !raw[f.Fieldtype] {
			old, now = x.shown(f, old), x.shown(f, now)
			if old.Equal(now) {
				continue
			}
		}
		out = append(out, document.ListOf(document.Text(f.Fieldname), orNull(old), orNull(now)))
	}
	return out
}

func orNull(v document.Value) document.Value {
	if v.IsNull() {
		return document.NullValue
	}
	return v
}

// shown formats a value that is not empty.
func (x *differ) shown(f *doctype.DocField, v document.Value) document.Value {
	if v.IsNull() && f.Fieldtype == "Link" && x.emptyLink {
		return document.Text("")
	}
	if !v.Truthy() {
		return v
	}
	return x.format.value(f, v)
}

// sortedJSON prints compact JSON with sorted keys, as frappe.as_json does there.
func sortedJSON(v document.Value) string { return document.Python.Marshal(sortKeys(v)) }

func sortKeys(v document.Value) document.Value {
	switch v.Kind() {
	case document.List:
		items := make([]document.Value, len(v.List()))
		for i, item := range v.List() {
			items[i] = sortKeys(item)
		}
		return document.ListOf(items...)
	case document.Map:
		keys := append([]string(nil), v.Map().Keys()...)
		sort.Strings(keys)
		o := &document.Object{}
		for _, k := range keys {
			o.Set(k, sortKeys(v.Map().Get(k)))
		}
		return document.MapOf(o)
	}
	return v
}

// Differs reports whether two states of a document differ in what versions record.
func Differs(ctx context.Context, c *engine.Call, before, d *document.Document) (bool, error) {
	x, err := newDiff(ctx, c)
	return err == nil && x.documents(before, d, false) != nil, err
}
