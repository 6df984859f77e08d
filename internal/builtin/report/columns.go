package report

import (
	"slices"
	"strings"

	"freddo/doctype"
	"freddo/document"
)

// column describes a column that a report names as text, "Label:Type/Options:Width", or
// as an object. Source: frappe/desk/query_report.py get_column_as_dict.
func column(v document.Value) *document.Object {
	o := &document.Object{}
	if m := v.Map(); m != nil {
		o = m.Clone()
		if !o.Has("fieldname") {
			o.Set("fieldname", document.Text(doctype.Scrub(o.PropText("label"))))
		}
		return o
	}
	parts := strings.Split(document.ToText(v), ":")
	if len(parts) > 1 {
		kind, options, ok := strings.Cut(parts[1], "/")
		o.Set("fieldtype", document.Text(kind))
		if ok {
			o.Set("options", document.Text(options))
		}
		if len(parts) == 3 {
			o.Set("width", document.Text(parts[2]))
		}
	}
	o.Set("label", document.Text(parts[0]))
	o.Set("fieldname", document.Text(doctype.Scrub(parts[0])))
	return o
}

// byFieldname turns rows of cells into objects.
// Source: query_report.py normalize_result.
func byFieldname(columns []*document.Object, rows [][]document.Value) []*document.Object {
	names := make([]string, len(columns))
	for i, col := range columns {
		names[i] = col.PropText("fieldname")
	}
	out := make([]*document.Object, len(rows))
	for i, row := range rows {
		o := &document.Object{}
		for k, name := range names {
			if k < len(row) {
				o.Set(name, row[k])
			}
		}
		out[i] = o
	}
	return out
}

var (
	summed  = []string{"Currency", "Int", "Float", "Percent", "Duration"}
	noTitle = []string{"Currency", "Int", "Float", "Percent", "Date"}
)

// totals is the row of sums, a list below objects as upstream has it. Rows of a tree
// that have a parent do not count. Source: query_report.py add_total_row.
func totals(columns []*document.Object, rows []*document.Object, isTree bool, parentField string) document.Value {
	out := make([]document.Value, len(columns))
	for i, col := range columns {
		out[i] = document.Text("")
		kind, name := col.PropText("fieldtype"), col.PropText("fieldname")
		for _, row := range rows {
			cell := row.Get(name)
			if kind == "" {
				switch cell.Kind() {
				case document.Int, document.Bool:
					kind = "Int"
				case document.Float:
					kind = "Float"
				}
			}
			if slices.Contains(summed, kind) && document.Flt(cell) != 0 && !(isTree && row.Get(parentField).Truthy()) {
				out[i] = document.FloatOf(document.Flt(out[i]) + document.Flt(cell))
			}
		}
		switch {
		case kind == "Percent":
			out[i] = document.FloatOf(document.Flt(out[i]) / float64(len(rows)))
		case kind == "Link" && col.PropText("options") == "Currency":
			out[i] = rows[0].Get(name)
		}
	}
	if len(columns) > 0 && !slices.Contains(noTitle, columns[0].PropText("fieldtype")) {
		out[0] = document.Text("Total")
	}
	return document.ListOf(out...)
}

func maps(rows []*document.Object) []document.Value {
	out := make([]document.Value, len(rows))
	for i, r := range rows {
		out[i] = document.MapOf(r)
	}
	return out
}
