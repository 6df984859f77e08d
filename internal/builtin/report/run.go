package report

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// loaded is a Report that the caller may run. A Custom Report is another report with
// columns and filters of its own.
type loaded struct {
	doc *document.Document
	// columns and filters are a Custom Report's; custom is its name.
	columns, filters document.Value
	custom           string
	prepared         bool
}

// load reads a report and refuses whom it is not for. Errors: DoesNotExistError,
// PermissionError, ValidationError for a disabled one.
// Source: frappe/desk/query_report.py get_report_doc.
func load(ctx context.Context, c *engine.Call, name string) (*loaded, error) {
	d, err := c.Get(ctx, "Report", name)
	if err != nil {
		return nil, err
	}
	r := &loaded{doc: d, prepared: d.Int("prepared_report") != 0}
	if d.Text("report_type") == "Custom Report" {
		if r.doc, err = reference(ctx, c, d); err != nil {
			return nil, err
		}
		r.custom = name
		if v, err := document.ParseJSON(d.Text("json")); err == nil && v.Map() != nil {
			r.columns, r.filters = v.Map().Get("columns"), v.Map().Get("filters")
		}
	}
	d = r.doc
	ok, err := permitted(ctx, c, d.Name())
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, exc.Permission.Throw("You don't have access to Report: " + d.Name())
	}
	if ok, err = c.HasPermission(ctx, d.Text("ref_doctype"), doctype.Report, nil); err != nil {
		return nil, err
	}
	if !ok {
		return nil, exc.Permission.Throw("You don't have permission to get a report on: " + d.Text("ref_doctype"))
	}
	if d.Int("disabled") != 0 {
		return nil, exc.Validation.Throw("Report " + name + " is disabled")
	}
	return r, nil
}

// maxReferences bounds a chain of Custom Reports.
const maxReferences = 10

func reference(ctx context.Context, c *engine.Call, d *document.Document) (*document.Document, error) {
	for range maxReferences {
		if d.Text("report_type") != "Custom Report" {
			return d, nil
		}
		var err error
		if d, err = c.Get(ctx, "Report", d.Text("reference_report")); err != nil {
			return nil, err
		}
	}
	return nil, exc.Validation.Throw("Too many reports refer to each other")
}

// run is frappe.desk.query_report.run. Rows are judged by the caller's User
// Permissions; upstream lets the argument user name somebody else.
func run(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	out, err := result(ctx, c, a)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func result(ctx context.Context, c *engine.Call, a method.Args) (*document.Object, error) {
	filters, err := arg.Loads(a.Get("filters"))
	if err != nil {
		return nil, err
	}
	if quirk.Of(c.Profile).ReportFilterRights {
		if err := mayFilter(ctx, c, a.Text("report_name"), filters); err != nil {
			return nil, err
		}
	}
	r, err := load(ctx, c, a.Text("report_name"))
	if err != nil {
		return nil, err
	}
	own := a.Bool("are_default_filters") && r.filters.Truthy()
	if own {
		filters = r.filters
	}
	columns, err := arg.Loads(a.Get("custom_columns"))
	if err != nil {
		return nil, err
	}
	var out *document.Object
	if r.prepared && !a.Bool("ignore_prepared_report") && !columns.Truthy() {
		out = document.NewObject("prepared_report", true, "doc", nil) // nothing has been prepared yet
	} else if out, err = generate(ctx, c, r, filters, columns.List(), a); err != nil {
		return nil, err
	}
	total := document.IntOf(0)
	if r.doc.Int("add_total_row") != 0 {
		total = document.BoolOf(true)
	}
	out.Set("add_total_row", total)
	if own {
		out.Set("custom_filters", r.filters)
	}
	return out, nil
}

// generate runs a report now. Source: query_report.py generate_report_result.
func generate(ctx context.Context, c *engine.Call, r *loaded, filters document.Value, custom []document.Value, a method.Args) (*document.Object, error) {
	names, cells, err := execute(ctx, c, r.doc, filters)
	if err != nil {
		return nil, err
	}
	columns := make([]*document.Object, len(names))
	for i, n := range names {
		columns[i] = column(n)
	}
	rows := byFieldname(columns, cells)
	if columns, err = withCustom(ctx, c, columns, r.columns, custom, rows); err != nil {
		return nil, err
	}
	value := document.NullValue
	if cells != nil {
		value = document.ListOf()
	}
	if len(rows) > 0 {
		ref, err := c.DocType(ctx, r.doc.Text("ref_doctype"))
		if err != nil {
			return nil, err
		}
		if rows, err = visible(ctx, c, ref, columns, rows); err != nil {
			return nil, err
		}
		if err := mask(ctx, c, ref, rows); err != nil {
			return nil, err
		}
		list := maps(rows)
		if r.doc.Int("add_total_row") != 0 && len(rows) > 0 {
			list = append(list, totals(columns, rows, a.Bool("is_tree"), a.Text("parent_field")))
		}
		value = document.ListOf(list...)
	}
	return document.NewObject("result", value, "columns", document.ListOf(maps(columns)...), "message", nil, "chart", nil, "report_summary", nil,
		"skip_total_row", 0, "status", nil, "execution_time", 0), nil
}

// mask hides the values that stand under the names of fields of the report's DocType
// that are masked. Source: query_report.py get_filtered_data.
func mask(ctx context.Context, c *engine.Call, ref *doctype.DocType, rows []*document.Object) error {
	names, err := c.MaskedFields(ctx, ref)
	if err != nil {
		return err
	}
	for _, name := range names {
		for _, row := range rows {
			if row.Has(name) {
				row.Set(name, document.Masked(ref.Field(name), row.Get(name)))
			}
		}
	}
	return nil
}

// execute returns a report's columns and rows; of Report Builder reports upstream runs
// nothing, since their rows come from reportview. Source: query_report.py
// get_report_result.
func execute(ctx context.Context, c *engine.Call, d *document.Document, filters document.Value) (columns []document.Value, rows [][]document.Value, err error) {
	switch d.Text("report_type") {
	case "Query Report":
		names, cells, err := query(ctx, c, d.Text("query"), filters)
		if err != nil {
			return nil, nil, err
		}
		if cells == nil {
			cells = [][]document.Value{}
		}
		columns = ownColumns(d)
		if len(columns) == 0 {
			for _, n := range names {
				columns = append(columns, document.Text(n))
			}
		}
		return columns, cells, nil
	case "Script Report":
		if d.Text("is_standard") == "Yes" {
			return nil, nil, exc.ImportErr.New("Module import failed for Report " + d.Name() + ": its code is not part of this server")
		}
		return nil, nil, exc.ServerScriptNotEnabled.Throw("Server Scripts are disabled. Please enable server scripts from bench configuration.")
	}
	return nil, nil, nil
}

// ownColumns are the columns that a report describes itself.
func ownColumns(d *document.Document) []document.Value {
	var out []document.Value
	for _, row := range d.Rows("columns") {
		o := &document.Object{}
		for _, f := range []string{"fieldname", "label", "fieldtype", "options", "width"} {
			o.Set(f, row.Get(f))
		}
		out = append(out, document.MapOf(o))
	}
	return out
}

// withCustom puts a Custom Report's columns in, and those of the request, and fills the
// ones that the report itself does not have. Source: query_report.py
// add_custom_column_data.
func withCustom(ctx context.Context, c *engine.Call, columns []*document.Object, saved document.Value, custom []document.Value, rows []*document.Object) ([]*document.Object, error) {
	known := map[string]bool{}
	for _, col := range columns {
		known[col.PropText("fieldname")] = true
	}
	if list := saved.List(); len(list) > 0 {
		columns = nil
		for _, v := range list {
			columns = append(columns, column(v))
		}
	}
	for _, v := range custom {
		col := v.Map()
		if col == nil {
			return nil, exc.TypeErr.New("string indices must be integers, not 'str'")
		}
		at := min(max(int(document.Cint(col.Get("insert_after_index")))+1, 0), len(columns))
		columns = append(columns[:at], append([]*document.Object{column(v)}, columns[at:]...)...)
	}
	for _, col := range columns {
		if known[col.PropText("fieldname")] || !col.Get("link_field").Truthy() {
			continue
		}
		if err := fill(ctx, c, col, rows); err != nil {
			return nil, err
		}
	}
	return columns, nil
}

// fill adds a field of the documents that a column links to.
func fill(ctx context.Context, c *engine.Call, col *document.Object, rows []*document.Object) error {
	link := col.PropText("link_field")
	if m := col.Get("link_field").Map(); m != nil {
		link = m.PropText("fieldname")
	}
	seen := map[string]bool{}
	var names []document.Value
	for _, row := range rows {
		if name := row.PropText(link); name != "" && !seen[name] {
			seen[name] = true
			names = append(names, row.Get(link))
		}
	}
	values, err := fieldOf(ctx, c, col.PropText("doctype"), col.PropText("fieldname"), document.ListOf(names...))
	if err != nil {
		return err
	}
	for _, row := range rows {
		if v := values.Get(row.PropText(link)); v.Kind() != document.Missing {
			row.Set(col.PropText("fieldname"), v)
		}
	}
	return nil
}

// mayFilter refuses filters that link to what the caller may not read.
// Source: query_report.py validate_filters_permissions (v15 on).
func mayFilter(ctx context.Context, c *engine.Call, name string, filters document.Value) error {
	o := filters.Map()
	if o == nil || o.Len() == 0 {
		return nil
	}
	d, err := c.Get(ctx, "Report", name)
	if err != nil {
		return err
	}
	for _, f := range d.Rows("filters") {
		v := o.Get(f.Text("fieldname"))
		if f.Text("fieldtype") != "Link" || v.Kind() == document.Missing {
			continue
		}
		ok, err := mayLink(ctx, c, f.Text("options"), document.ToText(v))
		if err != nil {
			return err
		}
		if !ok {
			return exc.Validation.Throwf("You do not have permission to access %s: %s.", f.Text("options"), document.ToText(v))
		}
	}
	return nil
}

func mayLink(ctx context.Context, c *engine.Call, dt, name string) (bool, error) {
	var d *document.Document
	if name != "" {
		var err error
		if d, err = c.Get(ctx, dt, name); err != nil {
			return false, err
		}
	}
	ok, err := c.HasPermission(ctx, dt, doctype.Read, d)
	if err != nil || ok {
		return ok, err
	}
	return c.HasPermission(ctx, dt, doctype.Select, d)
}
