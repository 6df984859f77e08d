package report

import (
	"bytes"
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/perm"
	"freddo/internal/sheet"
)

// export downloads a report as CSV or as a spreadsheet, for who may export its DocType.
// Source: frappe/desk/query_report.py export_query.
func export(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	name := a.Text("report_name")
	d, err := c.Get(ctx, "Report", name)
	if err != nil {
		return nil, err
	}
	if err := MayExport(ctx, c, d.Text("ref_doctype")); err != nil {
		return nil, err
	}
	visible, err := arg.Loads(a.Get("visible_idx"))
	if err != nil {
		return nil, err
	}
	form := document.NewObject("report_name", name, "filters", a.Get("filters"), "custom_columns", a.Get("custom_columns"), "are_default_filters", false,
		"ignore_prepared_report", a.Get("ignore_prepared_report"))
	data, err := result(ctx, c, method.Args{Object: form})
	if err != nil {
		return nil, err
	}
	r := &c.Response
	if len(data.Get("columns").List()) == 0 {
		r.Kind, r.Title, r.Content = "page", "No data to export", []byte("You can try changing the filters of your report.")
		return nil, nil
	}
	rows := cells(data, visible.List(), a.Int("include_indentation") != 0)
	if a.Int("include_filters") != 0 {
		rows = append(filterRows(method.ParseJSON(a.Get("applied_filters")).Map()), rows...)
	}
	var b bytes.Buffer
	w, ext := sheet.Writer(nil), ""
	switch kind := a.Text("file_format_type"); kind {
	case "CSV":
		q := sheet.QuoteNonNumeric
		if !a.Get("csv_quoting").IsNull() {
			q = sheet.Quoting(a.Int("csv_quoting"))
		}
		w, ext = sheet.NewCSV(&b, a.Text("csv_delimiter"), q), "csv"
	case "Excel":
		ext = "xlsx"
		if w, err = sheet.NewXLSX(&b, "Query Report"); err != nil {
			return nil, err
		}
	default:
		return nil, exc.Validation.Throwf("Unknown file format %s", kind)
	}
	for _, row := range rows {
		if err := w.Row(row); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	r.Kind, r.Filename, r.Content = "binary", name+"."+ext, b.Bytes()
	return nil, nil
}

// MayExport refuses those who may not export a DocType.
// Source: frappe/permissions.py can_export.
func MayExport(ctx context.Context, c *engine.Call, name string) error {
	dt, err := c.DocType(ctx, name)
	if err != nil {
		return err
	}
	me, err := c.Me(ctx)
	if err != nil {
		return err
	}
	rights := perm.RoleRights(dt, me)
	if c.User == perm.Administrator || me.Has("System Manager") || rights.Doctype().Has(doctype.Export) || rights.Owned.Has(doctype.Export) {
		return nil
	}
	return exc.Permission.New("You are not allowed to export " + name + " doctype")
}

func filterRows(filters *document.Object) [][]any {
	var rows [][]any
	if filters == nil {
		return nil
	}
	for i := range filters.Len() {
		k, v := filters.At(i)
		if !v.Truthy() {
			continue
		}
		text := document.ToText(v)
		if list := v.List(); list != nil {
			parts := make([]string, len(list))
			for i, item := range list {
				parts[i] = document.ToText(item)
			}
			text = strings.Join(parts, ", ")
		}
		rows = append(rows, []any{k, text})
	}
	return append(rows, []any{})
}

// cells are a report's labels and visible rows. Source: query_report.py build_xlsx_data.
func cells(data *document.Object, visible []document.Value, indent bool) [][]any {
	columns, result := data.Get("columns").List(), data.Get("result").List()
	show := map[int64]bool{}
	for _, v := range visible {
		show[document.Cint(v)] = true
	}
	all := len(show) == 0 || len(show) == len(result)
	head := []any{}
	var shown []*document.Object
	var at []int
	for i, v := range columns {
		if col := v.Map(); !col.Get("hidden").Truthy() {
			shown, at = append(shown, col), append(at, i)
			head = append(head, document.ToText(col.Get("label")))
		}
	}
	rows := [][]any{head}
	for n, v := range result {
		if !all && !show[int64(n)] {
			continue
		}
		row := make([]any, 0, len(shown))
		for i, col := range shown {
			var cell document.Value
			if m := v.Map(); m != nil {
				cell = m.Get(col.PropText("fieldname"))
			} else if list := v.List(); at[i] < len(list) {
				cell = list[at[i]]
			}
			if col.PropText("fieldtype") == "Duration" && cell.Truthy() {
				cell = document.Text(arg.Duration(document.Flt(cell)))
			}
			if m := v.Map(); indent && i == 0 && m != nil && m.Has("indent") {
				cell = document.Text(strings.Repeat("    ", int(min(document.Cint(m.Get("indent")), 100))) + document.ToText(cell))
			}
			row = append(row, Cell(cell))
		}
		rows = append(rows, row)
	}
	return rows
}

// Cell is a value as a cell of a sheet.
func Cell(v document.Value) any {
	switch v.Kind() {
	case document.Missing, document.Null:
		return nil
	case document.Bool:
		return v.Bool()
	case document.Int:
		return v.Int()
	case document.Float:
		return v.Float()
	}
	return document.ToText(v)
}
