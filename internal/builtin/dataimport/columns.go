package dataimport

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// field is what a column fills: a field of the DocType, or of one of its tables.
type field struct {
	name, label, kind, options, def string
	reqd, readOnly                  bool
	// parent is the DocType that has the field; table is the parent's field when that is
	// a child table.
	parent string
	table  *doctype.DocField
}

// warning is a remark on a file. One that is not of type info forbids the import.
type warning struct {
	row, col int
	field    *field
	text     string
	info     bool
	kind     string
}

// column is one column of a file.
type column struct {
	index   int
	header  string
	field   *field
	mapTo   string
	skip    bool
	format  string // of dates, as Python writes it
	remarks []warning
}

func (o *column) note(text string, info bool) {
	o.remarks = append(o.remarks, warning{col: o.index + 1, text: text, info: info})
}

// headers maps every spelling of a header to its field.
// Source: frappe/core/doctype/data_import/importer.py
// build_fields_dict_for_column_matching.
func headers(ctx context.Context, c *engine.Call, dt *doctype.DocType) (map[string]*field, error) {
	out := map[string]*field{}
	addParent(out, dt)
	for _, table := range dt.Tables {
		child, err := c.DocType(ctx, table.Options)
		if err != nil {
			return nil, err
		}
		addTable(out, table, child)
	}
	if f := autonameField(dt); f != nil {
		own := fieldOf(f, dt.Name, nil)
		for _, h := range []string{"ID (" + f.LabelOrName() + ")", "ID", "name"} {
			out[h] = own
		}
	}
	return out, nil
}

func fieldOf(f *doctype.DocField, parent string, table *doctype.DocField) *field {
	return &field{name: f.Fieldname, label: f.LabelOrName(), kind: f.Fieldtype, options: f.Options, def: f.Default, reqd: f.Reqd, readOnly: f.ReadOnly,
		parent: parent, table: table}
}

func idField(parent string, table *doctype.DocField) *field {
	return &field{name: "name", label: "ID", kind: "Data", reqd: true, parent: parent, table: table}
}

func addParent(out map[string]*field, dt *doctype.DocType) {
	out["name"], out["ID"] = idField(dt.Name, nil), idField(dt.Name, nil)
	all := []*field{{name: "owner", label: "Owner", parent: dt.Name}, {name: "docstatus", label: "Document Status", kind: "Int", parent: dt.Name}}
	for _, f := range dt.Fields {
		if holdsValue(f) {
			all = append(all, fieldOf(f, dt.Name, nil))
		}
	}
	for _, f := range all {
		if out[f.label] == nil {
			out[f.label] = f
		}
		out[f.name], out[f.label+" ("+f.name+")"] = f, f
	}
}

func addTable(out map[string]*field, table *doctype.DocField, child *doctype.DocType) {
	label := table.LabelOrName()
	id := idField(child.Name, table)
	out[table.Fieldname+".name"], out["ID ("+label+")"] = id, id
	all := []*field{{name: "idx", label: "Row Index", kind: "Int", parent: child.Name, table: table}}
	for _, f := range child.Fields {
		if holdsValue(f) {
			all = append(all, fieldOf(f, child.Name, table))
		}
	}
	for _, f := range all {
		out[table.Fieldname+"."+f.name], out[f.label+" ("+label+")"] = f, f
	}
}

// holdsValue leaves out what only lays out a form, and tables.
func holdsValue(f *doctype.DocField) bool {
	return f.Type.HasColumn()
}

// autonameField is the field that names the documents, or nil.
func autonameField(dt *doctype.DocType) *doctype.DocField {
	if name, ok := strings.CutPrefix(dt.Autoname, "field:"); ok {
		return dt.Field(name)
	}
	return nil
}

// newColumn matches a header with a field. Source: importer.py Column.parse.
func newColumn(i int, header, mapTo string, known map[string]*field, seen map[string]bool) *column {
	o := &column{index: i, header: header, mapTo: mapTo}
	const never = "Don't Import"
	if mapTo != "" && mapTo != never {
		if o.field = known[mapTo]; o.field != nil {
			shown := header
			if shown == "" {
				shown = "<i>Untitled Column</i>"
			}
			o.remarks = append(o.remarks, warning{info: true, text: fmt.Sprintf("Mapping column %s to field %s", engine.Bold(shown), engine.Bold(o.field.label))})
		} else {
			o.remarks = append(o.remarks, warning{info: true, text: fmt.Sprintf("Could not map column %d to field %s", i+1, mapTo)})
		}
	} else {
		o.field = known[header]
	}
	o.skip = o.field == nil
	switch {
	case seen[header]:
		o.note("Skipping Duplicate Column "+engine.Bold(header), true)
		o.field, o.skip = nil, true
	case mapTo == never:
		o.note("Skipping column "+engine.Bold(header), true)
		o.skip = true
	case header != "" && o.field == nil:
		o.note(fmt.Sprintf("Cannot match column %s with any field", engine.Bold(header)), true)
	case header == "" && o.field == nil:
		o.note("Skipping Untitled Column", true)
	}
	return o
}

// check looks at a column's values as a whole. Source: importer.py validate_values.
func (o *column) check(ctx context.Context, c *engine.Call, values []string) error {
	if o.field == nil || o.skip {
		return nil
	}
	distinct, seen := []string{}, map[string]bool{}
	for _, v := range values {
		if v != "" && !seen[v] {
			seen[v] = true
			distinct = append(distinct, v)
		}
	}
	if len(distinct) == 0 {
		return nil
	}
	switch o.field.kind {
	case "Link":
		return o.checkLinks(ctx, c, distinct)
	case "Date", "Datetime", "Time":
		o.guessFormat(values)
	case "Select":
		o.checkSelect(distinct)
	}
	return nil
}

func (o *column) checkLinks(ctx context.Context, c *engine.Call, values []string) error {
	dt, err := c.DocType(ctx, o.field.options)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	const batch = 500
	for start := 0; start < len(values); start += batch {
		part := values[start:min(start+batch, len(values))]
		rows, err := c.Rows(ctx, dt.Name, []string{"name"}, document.NewObject("name", document.ListOf(document.Text("in"), document.Texts(part))), "")
		if err != nil {
			return err
		}
		for _, r := range rows {
			known[strings.ToLower(r.PropText("name"))] = true
		}
	}
	var gone []string
	for _, v := range values {
		if !known[strings.ToLower(v)] {
			gone = append(gone, v)
		}
	}
	if len(gone) > 0 {
		o.remarks = append(o.remarks, warning{col: o.index + 1, kind: "warning",
			text: fmt.Sprintf("The following values do not exist for %s: %s", dt.Name, strings.Join(gone, ", "))})
	}
	return nil
}

func options(f *field) []string {
	var out []string
	for _, s := range strings.Split(f.options, "\n") {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func bolds(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = engine.Bold(s)
	}
	return strings.Join(out, ", ")
}

func (o *column) checkSelect(values []string) {
	valid := map[string]bool{}
	for _, s := range options(o.field) {
		valid[s] = true
	}
	var wrong []string
	for _, v := range values {
		if !valid[v] {
			wrong = append(wrong, v)
		}
	}
	if len(valid) > 0 && len(wrong) > 0 {
		o.note(fmt.Sprintf("The following values are invalid: %s. Values must be one of %s", bolds(wrong), bolds(options(o.field))), false)
	}
}

// guessFormat takes the most frequent format of dates.
// Source: importer.py guess_date_format_for_column.
func (o *column) guessFormat(values []string) {
	count := map[string]int{}
	for _, v := range values {
		if f := guess(v); f != "" {
			count[f]++
			if count[f] > count[o.format] || o.format == "" {
				o.format = f
			}
		}
	}
	if len(count) > 1 {
		o.note(fmt.Sprintf("The column %s has %d different date formats. Automatically setting %s as the default format as it is the most common. Please change other values in this column to this format.",
			engine.Bold(o.header), len(count), engine.Bold(shownFormat(o.format))), true)
	}
	if o.format == "" {
		shown := "yyyy-mm-dd"
		o.format = "%Y-%m-%d"
		if o.field.kind == "Time" {
			o.format, shown = "%H:%M:%S", "HH:mm:ss"
		}
		o.note(fmt.Sprintf("%s format could not be determined from the values in this column. Defaulting to %s.", o.field.kind, shown), true)
	}
}

func (w warning) object() *document.Object {
	o := &document.Object{}
	if w.row > 0 {
		o.Set("row", document.IntOf(int64(w.row)))
	}
	if w.col > 0 {
		col := document.IntOf(int64(w.col))
		if w.row == 0 {
			col = document.Text(strconv.Itoa(w.col)) // Frappe: text on columns, a number on rows
		}
		o.Set("col", col)
	}
	if w.field != nil {
		o.Set("field", document.MapOf(document.NewObject("fieldname", w.field.name, "fieldtype", w.field.kind, "label", w.field.label,
			"options", orNull(w.field.options), "parent", w.field.parent, "default", orNull(w.field.def))))
	}
	o.Set("message", document.Text(w.text))
	switch {
	case w.info:
		o.Set("type", document.Text("info"))
	case w.kind != "":
		o.Set("type", document.Text(w.kind))
	}
	return o
}

func orNull(s string) document.Value {
	if s == "" {
		return document.NullValue
	}
	return document.Text(s)
}

func templateError(text string) error { return exc.Validation.Throw(text).WithTitle("Template Error") }
