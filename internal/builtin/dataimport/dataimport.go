// Package dataimport owns Data Import: files of rows become documents, and documents
// become files to fill in. Start with Register and Run.
package dataimport

import (
	"bytes"
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/sheet"
)

// blocked are DocTypes that no file may fill.
// Source: frappe/core/doctype/data_import/data_import.py BLOCKED_DOCTYPES.
var blocked = map[string]bool{"DefaultValue": true, "DocType": true, "DocField": true, "DocPerm": true, "DocType Action": true, "DocType Link": true, "Has Role": true,
	"Page": true, "Module Def": true, "Print Format": true, "Report": true, "Customize Form": true, "Customize Form Field": true, "Property Setter": true,
	"Custom Field": true, "Client Script": true}

// Register hooks the controller and adds the methods.
func Register(h *engine.Hooks, r *method.Registry) {
	h.On("Data Import", engine.Validate, validate)
	h.On("Data Import", engine.OnTrash, dropLogs)
	h.Method("Data Import", "get_preview_from_template", func(ctx context.Context, c *engine.Call, d *document.Document, args *document.Object) (any, error) {
		return preview(ctx, c, d, args.Get("import_file"), args.Get("google_sheets_url"))
	})
	const module = "frappe.core.doctype.data_import.data_import."
	r.Add(
		method.Method{Name: module + "form_start_import", Params: []method.Param{arg.Req("data_import", method.Str)}, Fn: start},
		method.Method{Name: module + "get_preview_from_template", Params: []method.Param{arg.Req("data_import", method.Any), arg.Opt("import_file", method.Any, nil),
			arg.Opt("google_sheets_url", method.Any, nil)}, Fn: previewMethod},
		method.Method{Name: module + "download_template", Params: []method.Param{arg.Req("doctype", method.Any), arg.Opt("export_fields", method.Any, nil),
			arg.Opt("export_records", method.Any, nil), arg.Opt("export_filters", method.Any, nil), arg.Opt("file_type", method.Any, "CSV")}, Fn: downloadTemplate},
		method.Method{Name: module + "download_errored_template", Params: arg.Any("data_import_name"), Fn: downloadErrors},
		method.Method{Name: module + "download_import_log", Params: arg.Any("data_import_name"), Fn: downloadLog},
		method.Method{Name: module + "get_import_status", Params: arg.Any("data_import_name"), Fn: status},
		method.Method{Name: module + "get_import_logs", Params: []method.Param{arg.Req("data_import", method.Str)}, Fn: logs},
	)
}

// validate reads the file, so that one that cannot be read is refused at once.
// Source: data_import.py validate.
func validate(ctx context.Context, c *engine.Call, d *document.Document) error {
	if blocked[d.Text("reference_doctype")] {
		return exc.Validation.Throw("Importing " + d.Text("reference_doctype") + " is not allowed.")
	}
	if d.Text("google_sheets_url") != "" {
		return exc.Validation.Throw("Google Sheets cannot be imported: the server asks nothing of other hosts. Upload the sheet as a file.")
	}
	changed := false
	if !d.New {
		old, err := c.Value(ctx, "Data Import", d.Name(), "import_file")
		if err != nil {
			return err
		}
		changed = document.ToText(old) != d.Text("import_file")
	}
	if d.Text("import_file") == "" || changed {
		d.Set("template_options", document.Text(""))
		d.Set("template_warnings", document.Text(""))
	}
	if d.Text("import_file") == "" {
		return nil
	}
	t, err := open(ctx, c, d)
	if err != nil {
		return err
	}
	list, err := t.payloads(ctx)
	d.Set("payload_count", document.IntOf(int64(len(list))))
	return err
}

func dropLogs(ctx context.Context, c *engine.Call, d *document.Document) error {
	return c.DeleteRows(ctx, "Data Import Log", document.NewObject("data_import", d.Name()))
}

// allowed loads a Data Import that the caller has a right on. Upstream's methods ask
// for none, except in newer releases.
func allowed(ctx context.Context, c *engine.Call, name string, right doctype.Right) (*document.Document, error) {
	d, err := c.Get(ctx, "Data Import", name)
	if err != nil {
		return nil, err
	}
	return d, c.CheckPermission(ctx, d, right)
}

// start imports now, as upstream does where it runs jobs at once, and answers true.
func start(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := allowed(ctx, c, a.Text("data_import"), doctype.Write)
	if err != nil {
		return nil, err
	}
	return true, Run(ctx, c, d.Name())
}

func previewMethod(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := allowed(ctx, c, a.Text("data_import"), doctype.Read)
	if err != nil {
		return nil, err
	}
	return preview(ctx, c, d, a.Get("import_file"), a.Get("google_sheets_url"))
}

// maxPreview is how many rows a preview shows.
const maxPreview = 10

// preview shows the first rows of a file and how its columns are understood.
// Source: importer.py get_data_for_import_preview.
func preview(ctx context.Context, c *engine.Call, d *document.Document, importFile, google document.Value) (any, error) {
	if importFile.Truthy() {
		d.Set("import_file", importFile)
	}
	if google.Truthy() || d.Text("import_file") == "" {
		return nil, nil
	}
	t, err := open(ctx, c, d)
	if err != nil {
		return nil, err
	}
	if _, err := t.payloads(ctx); err != nil {
		return nil, err
	}
	columns := []document.Value{document.MapOf(document.NewObject("header_title", "Sr. No", "skip_import", true))}
	for _, o := range t.columns {
		columns = append(columns, document.MapOf(o.object()))
	}
	var rows []document.Value
	for _, r := range t.rows[:min(len(t.rows), maxPreview)] {
		cells := []document.Value{document.IntOf(int64(r.number))}
		for _, s := range r.cells {
			cells = append(cells, orNull(s))
		}
		rows = append(rows, document.ListOf(cells...))
	}
	out := document.NewObject("data", document.ListOf(rows...), "columns", document.ListOf(columns...), "warnings", document.ListOf(objects(t.warnings())...))
	if len(t.rows) > maxPreview {
		out.Set("max_rows_exceeded", document.BoolOf(true))
		out.Set("max_rows_in_preview", document.IntOf(maxPreview))
		out.Set("total_number_of_rows", document.IntOf(int64(len(t.rows))))
	}
	log, err := c.Rows(ctx, "Data Import Log", []string{"row_indexes", "success"}, document.NewObject("data_import", d.Name()), "log_index asc")
	if err != nil {
		return nil, err
	}
	out.Set("import_log", mapsOf(log[:min(len(log), maxPreview)]))
	return out, nil
}

func mapsOf(rows []*document.Object) document.Value {
	out := make([]document.Value, len(rows))
	for i, r := range rows {
		out[i] = document.MapOf(r)
	}
	return document.ListOf(out...)
}

func (o *column) object() *document.Object {
	out := document.NewObject("index", o.index, "column_number", o.index+1, "doctype", "", "header_title", orNull(o.header), "map_to_field", orNull(o.mapTo),
		"date_format", orNull(o.format), "df", nil, "skip_import", o.skip, "warnings", document.ListOf(objects(o.remarks)...))
	if f := o.field; f != nil {
		out.Set("doctype", document.Text(f.parent))
		out.Set("df", document.MapOf(document.NewObject("fieldtype", orNull(f.kind), "fieldname", f.name, "label", f.label, "options", orNull(f.options),
			"parent", f.parent, "reqd", flag(f.reqd), "default", orNull(f.def), "read_only", flag(f.readOnly))))
		if f.table != nil {
			out.Set("is_child_table_field", document.BoolOf(true))
		}
	}
	return out
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// status counts what was imported. Source: data_import.py get_import_status.
func status(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := allowed(ctx, c, a.Text("data_import_name"), doctype.Read)
	if err != nil {
		return nil, err
	}
	rows, err := logRows(ctx, c, d.Name(), "success")
	if err != nil {
		return nil, err
	}
	count := map[bool]int64{}
	for _, r := range rows {
		count[document.Cint(r.Get("success")) != 0]++
	}
	out := document.NewObject("status", d.Get("status"))
	if count[false] > 0 {
		out.Set("failed", document.IntOf(count[false]))
	}
	if count[true] > 0 {
		out.Set("success", document.IntOf(count[true]))
	}
	out.Set("total_records", d.Get("payload_count"))
	return out, nil
}

func logRows(ctx context.Context, c *engine.Call, name string, fields ...string) ([]*document.Object, error) {
	return c.Rows(ctx, "Data Import Log", fields, document.NewObject("data_import", name), "log_index asc")
}

// maxLogs is how many logs one call answers.
const maxLogs = 5000

func logs(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := allowed(ctx, c, a.Text("data_import"), doctype.Read)
	if err != nil {
		return nil, err
	}
	rows, err := logRows(ctx, c, d.Name(), "success", "docname", "messages", "exception", "row_indexes")
	if err != nil {
		return nil, err
	}
	return mapsOf(rows[:min(len(rows), maxLogs)]), nil
}

// downloadErrors answers the rows that failed, to be corrected.
// Source: importer.py export_errored_rows.
func downloadErrors(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := allowed(ctx, c, a.Text("data_import_name"), doctype.Read)
	if err != nil {
		return nil, err
	}
	t, err := open(ctx, c, d)
	if err != nil {
		return nil, err
	}
	entries, err := logRows(ctx, c, d.Name(), "row_indexes", "success")
	if err != nil {
		return nil, err
	}
	failed := map[int64]bool{}
	for _, r := range entries {
		v, err := document.ParseJSON(r.PropText("row_indexes"))
		if err != nil || document.Cint(r.Get("success")) != 0 {
			continue
		}
		for _, n := range v.List() {
			failed[document.Cint(n)] = true
		}
	}
	head := make([]any, len(t.columns))
	for i, o := range t.columns {
		head[i] = o.header
	}
	rows := [][]any{head}
	for _, r := range t.rows {
		if failed[int64(r.number)] {
			cells := make([]any, len(r.cells))
			for i, s := range r.cells {
				cells[i] = s
			}
			rows = append(rows, cells)
		}
	}
	return nil, answerCSV(c, t.dt.Name, rows)
}

// downloadLog answers what became of each row. Source: importer.py export_import_log.
func downloadLog(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := allowed(ctx, c, a.Text("data_import_name"), doctype.Read)
	if err != nil {
		return nil, err
	}
	entries, err := logRows(ctx, c, d.Name(), "row_indexes", "success", "messages", "exception", "docname")
	if err != nil {
		return nil, err
	}
	rows := [][]any{{"Row Numbers", "Status", "Message", "Exception"}}
	for _, r := range entries {
		first := document.Value{}
		if v, err := document.ParseJSON(r.PropText("row_indexes")); err == nil && len(v.List()) > 0 {
			first = v.List()[0]
		}
		state, text := "Failure", r.PropText("messages")
		if document.Cint(r.Get("success")) != 0 {
			state, text = "Success", "Successfully Imported "+r.PropText("docname")
		}
		rows = append(rows, []any{document.Cint(first), state, text, r.PropText("exception")})
	}
	return nil, answerCSV(c, d.Text("reference_doctype"), rows)
}

// answerCSV answers rows as upstream's build_csv_response does.
func answerCSV(c *engine.Call, name string, rows [][]any) error {
	var b bytes.Buffer
	w := sheet.NewCSV(&b, ",", sheet.QuoteNonNumeric)
	for _, row := range rows {
		if err := w.Row(row); err != nil {
			return err
		}
	}
	c.Response.Kind, c.Response.Filename = "csv", name+".csv"
	err := w.Close()
	c.Response.Content = b.Bytes()
	return err
}
