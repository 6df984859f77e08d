package desk

import (
	"freddo/doctype"
	"freddo/document"
	"freddo/internal/method"
)

// versions are the newest ten Versions of the document, without the values of fields
// above the user's level. Frappe: shows them all.
func (b *infoBuilder) versions() document.Value {
	rows := firstTen(b.rows("Version", []string{"name", "owner", "creation", "data"}, "ref_doctype", "docname", "creation desc"))
	if b.err != nil || b.c.UpstreamReads() {
		return rows
	}
	f := versionFilter{b: b}
	if f.reads, b.err = b.c.ReadsFields(b.ctx, b.d.Type); b.err != nil {
		return rows
	}
	for _, v := range rows.List() {
		data := method.ParseJSON(v.Map().Get("data")).Map()
		if data == nil || f.reduce(data) == 0 {
			continue
		}
		v.Map().Set("data", document.Text(document.PythonSpaced.Marshal(document.MapOf(data))))
	}
	return rows
}

// versionFilter takes out of Versions what one user may not read. It lives within one
// call of versions.
type versionFilter struct {
	b     *infoBuilder
	reads func(*doctype.DocField) bool
}

// reduce shortens the lists of a Version's data and returns how much it took out.
// Source of the format: frappe/core/doctype/version/version.py get_diff.
func (f *versionFilter) reduce(data *document.Object) int {
	taken := 0
	for key, keep := range map[string]func([]document.Value) (document.Value, int){
		"changed": f.change(f.b.d.Type), "added": f.row, "removed": f.row, "row_changed": f.rowChange,
	} {
		list := data.Get(key).List()
		kept := make([]document.Value, 0, len(list))
		for _, item := range list {
			v, n := keep(item.List())
			if taken += n; !v.IsNull() {
				kept = append(kept, v)
			}
		}
		if data.Has(key) {
			data.Set(key, document.ListOf(kept...))
		}
	}
	return taken
}

// change keeps [fieldname, old, new] of a readable field; null stands for nothing.
func (f *versionFilter) change(dt *doctype.DocType) func([]document.Value) (document.Value, int) {
	return func(item []document.Value) (document.Value, int) {
		if len(item) == 0 || !f.reads(dt.Field(item[0].Str())) {
			return document.NullValue, 1
		}
		return document.ListOf(item...), 0
	}
}

// row keeps [table, row] with the readable fields of the row.
func (f *versionFilter) row(item []document.Value) (document.Value, int) {
	child := f.table(item)
	if child == nil || len(item) < 2 || item[1].Map() == nil {
		return document.NullValue, 1
	}
	row, taken := item[1].Map().Clone(), 0
	for _, df := range child.Fields {
		if !f.reads(df) && row.Has(df.Fieldname) {
			row.Delete(df.Fieldname)
			taken++
		}
	}
	return document.ListOf(item[0], document.MapOf(row)), taken
}

// rowChange keeps [table, index, name, changes] with the readable changes.
func (f *versionFilter) rowChange(item []document.Value) (document.Value, int) {
	child := f.table(item)
	if child == nil || len(item) < 4 {
		return document.NullValue, 1
	}
	keep, taken := f.change(child), 0
	var kept []document.Value
	for _, ch := range item[3].List() {
		v, n := keep(ch.List())
		if taken += n; !v.IsNull() {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return document.NullValue, taken + 1
	}
	return document.ListOf(item[0], item[1], item[2], document.ListOf(kept...)), taken
}

// table is the DocType of the rows of a readable table field, else nil.
func (f *versionFilter) table(item []document.Value) *doctype.DocType {
	if len(item) == 0 {
		return nil
	}
	df := f.b.d.Type.Field(item[0].Str())
	if df == nil || !f.reads(df) {
		return nil
	}
	child, err := f.b.c.DocType(f.b.ctx, df.Options)
	if err != nil {
		return nil
	}
	return child
}
