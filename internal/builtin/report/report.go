// Package report owns Reports: their controller, and frappe.desk.query_report, which
// runs Query Reports on a connection that cannot write. Start with Register and run.
package report

import (
	"context"
	"slices"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/perm"
	querylang "freddo/internal/query"
)

// Register hooks the controller and adds the methods.
func Register(h *engine.Hooks, r *method.Registry) {
	h.On("Report", engine.BeforeInsert, setRoles)
	h.On("Report", engine.Validate, validate)
	h.On("Report", engine.OnTrash, keepStandard)
	h.Method("Report", "set_doctype_roles", func(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
		return nil, setRoles(ctx, c, d)
	})
	h.Method("Report", "toggle_disable", toggle)
	const module = "frappe.desk.query_report."
	runParams := []method.Param{arg.Req("report_name", method.Any), arg.Opt("filters", method.Any, nil), arg.Opt("user", method.Any, nil),
		arg.Opt("ignore_prepared_report", method.Any, false), arg.Opt("custom_columns", method.Any, nil), arg.Opt("is_tree", method.Any, false),
		arg.Opt("parent_field", method.Any, nil), arg.Opt("are_default_filters", method.Any, true)}
	r.Add(
		method.Method{Name: module + "run", Params: runParams, Fn: run},
		method.Method{Name: module + "get_script", Params: arg.Any("report_name"), Fn: getScript},
		method.Method{Name: module + "export_query", Rest: true, Fn: export},
		method.Method{Name: module + "get_data_for_custom_field", Params: append(arg.Any("doctype", "field"), arg.Opt("names", method.Any, nil)), Fn: customField},
		method.Method{Name: module + "save_report", Params: arg.Any("reference_report", "report_name", "columns", "filters"), Fn: saveCustom},
	)
}

// setRoles lets those see a report whom its DocType names, when it names nobody.
// Source: frappe/core/doctype/report/report.py set_doctype_roles.
func setRoles(ctx context.Context, c *engine.Call, d *document.Document) error {
	if len(d.Rows("roles")) > 0 || d.Text("is_standard") == "Yes" {
		return nil
	}
	dt, err := c.DocType(ctx, d.Text("ref_doctype"))
	if err != nil {
		return err
	}
	if dt.IsTable {
		return nil
	}
	for _, p := range dt.Permissions {
		if p.Permlevel != 0 {
			continue
		}
		row, err := d.AppendRow("roles", func(name string) (*doctype.DocType, error) { return c.DocType(ctx, name) })
		if err != nil {
			return err
		}
		row.Set("role", document.Text(p.Role))
	}
	return nil
}

// validate says who may write which report. Source: report.py validate.
func validate(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("module") == "" {
		m, err := c.Value(ctx, "DocType", d.Text("ref_doctype"), "module")
		if err != nil {
			return err
		}
		d.Set("module", m)
	}
	if d.Text("is_standard") == "" {
		kind := "No"
		if c.User == perm.Administrator && c.Site.Config().Bool("developer_mode") {
			kind = "Yes"
		}
		d.Set("is_standard", document.Text(kind))
	}
	if d.Text("is_standard") == "No" {
		if d.Text("report_type") != "Report Builder" {
			if err := c.OnlyFor(ctx, "Script Manager"); err != nil {
				return exc.Permission.Throw("This action is only allowed for " + engine.Bold("Script Manager")).WithTitle("Not Permitted")
			}
		}
		old, err := c.Value(ctx, "Report", d.Name(), "is_standard")
		if err != nil {
			return err
		}
		if document.ToText(old) == "Yes" {
			return exc.Validation.Throw("Cannot edit a standard report. Please duplicate and create a new report")
		}
	}
	if d.Text("is_standard") == "Yes" && c.User != perm.Administrator {
		return exc.Validation.Throw("Only Administrator can save a standard report. Please rename and save.")
	}
	if d.Text("report_type") == "Report Builder" && d.Text("json") == "" {
		d.Set("json", document.Text("{}"))
	}
	return nil
}

func keepStandard(_ context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("is_standard") == "Yes" && !c.Site.Config().Bool("developer_mode") {
		return exc.Validation.Throw("You are not allowed to delete Standard Report")
	}
	return nil
}

func toggle(ctx context.Context, c *engine.Call, sent *document.Document, args *document.Object) (any, error) {
	d, err := c.GetForUpdate(ctx, "Report", sent.Name())
	if err != nil {
		return nil, err
	}
	ok, err := c.HasPermission(ctx, "Report", doctype.Write, d)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, exc.Validation.Throw("You are not allowed to edit the report.")
	}
	return nil, c.SetValue(ctx, "Report", d.Name(), "disabled", document.IntOf(document.Cint(args.Get("disable"))))
}

// permitted reports whether a report is for one of the caller's roles; Custom Roles
// count instead of the report's own. Source: report.py is_permitted.
func permitted(ctx context.Context, c *engine.Call, name string) (bool, error) {
	rows, err := c.Rows(ctx, "Has Role", []string{"role"}, document.NewObject("parent", name), "")
	if err != nil {
		return false, err
	}
	custom, err := core.First(ctx, c, "Custom Role", []string{"name"}, document.NewObject("report", name))
	if err != nil {
		return false, err
	}
	if custom != nil {
		own, err := c.Rows(ctx, "Has Role", []string{"role"}, document.NewObject("parent", custom.PropText("name"), "parenttype", "Custom Role"), "")
		if err != nil {
			return false, err
		}
		if len(own) > 0 {
			rows = own
		}
	}
	if len(rows) == 0 || c.User == perm.Administrator {
		return true, nil
	}
	roles, err := c.Roles(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(rows, func(r *document.Object) bool { return slices.Contains(roles, r.PropText("role")) }), nil
}

// getScript answers what the desk's page of a report runs.
// Source: frappe/desk/query_report.py get_script.
func getScript(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	r, err := load(ctx, c, a.Text("report_name"))
	if err != nil {
		return nil, err
	}
	script := "frappe.query_reports['" + strings.ReplaceAll(a.Text("report_name"), "'", `\'`) + "']={}"
	if own := r.doc.Text("javascript"); own != "" {
		script = own + "\n\n//# sourceURL=" + doctype.Scrub(r.doc.Name()) + "__custom"
	}
	filters := []document.Value{}
	for _, row := range r.doc.Rows("filters") {
		filters = append(filters, document.MapOf(row.ToObject(document.JSONOptions{NoNulls: true})))
	}
	out := document.NewObject("script", script, "html_format", nil, "execution_time", 0, "filters", document.ListOf(filters...), "custom_report_name", nil)
	if r.custom != "" {
		out.Set("custom_report_name", document.Text(r.doc.Name()))
	}
	return out, nil
}

// customField answers a field of documents by their names.
// Source: query_report.py get_data_for_custom_field.
func customField(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	names, err := arg.Loads(a.Get("names"))
	if err != nil {
		return nil, err
	}
	o, err := fieldOf(ctx, c, a.Text("doctype"), a.Text("field"), names)
	if err != nil {
		return nil, err
	}
	return o, nil
}

func fieldOf(ctx context.Context, c *engine.Call, name, field string, names document.Value) (*document.Object, error) {
	ok, err := c.HasPermission(ctx, name, doctype.Read, nil)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, exc.Permission.Throw("Not Permitted to read " + name)
	}
	dt, err := c.DocType(ctx, name)
	if err != nil {
		return nil, err
	}
	r := querylang.Request{DocType: dt, Fields: document.Texts([]string{"name", field}), Limit: -1, AsList: true}
	if names.Truthy() {
		r.Filters = document.MapOf(document.NewObject("name", document.ListOf(document.Text("in"), names)))
	}
	res, err := c.List(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	if err != nil {
		return nil, err
	}
	out := &document.Object{}
	for _, row := range v.List() {
		if cells := row.List(); len(cells) == 2 {
			out.Set(document.ToText(cells[0]), cells[1])
		}
	}
	return out, nil
}

// saveCustom saves columns and filters of a report as a Custom Report.
// Source: query_report.py save_report.
func saveCustom(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	r, err := load(ctx, c, a.Text("reference_report"))
	if err != nil {
		return nil, err
	}
	columns, err := arg.Loads(a.Get("columns"))
	if err != nil {
		return nil, err
	}
	filters, err := arg.Loads(a.Get("filters"))
	if err != nil {
		return nil, err
	}
	settings := document.MapOf(document.NewObject("columns", columns, "filters", filters))
	old, err := core.First(ctx, c, "Report", []string{"name"}, document.NewObject("report_name", a.Text("report_name"), "is_standard", "No", "report_type", "Custom Report"))
	if err != nil {
		return nil, err
	}
	if old != nil {
		d, err := c.GetForUpdate(ctx, "Report", old.PropText("name"))
		if err != nil {
			return nil, err
		}
		d.Set("json", document.Text(document.Python.Marshal(settings)))
		if err := c.Save(ctx, d); err != nil {
			return nil, err
		}
		c.Msgprint(exc.Message{Text: "Report updated successfully"})
		return d.Name(), nil
	}
	d, err := c.FromObject(ctx, document.NewObject("doctype", "Report", "report_name", a.Text("report_name"), "json", document.Python.Marshal(settings),
		"ref_doctype", r.doc.Text("ref_doctype"), "is_standard", "No", "report_type", "Custom Report", "reference_report", a.Text("reference_report")))
	if err != nil {
		return nil, err
	}
	d.Flags.IgnorePermissions = true
	if err := c.Insert(ctx, d); err != nil {
		return nil, err
	}
	c.Msgprint(exc.Message{Text: d.Name() + " saved successfully"})
	return d.Name(), nil
}
