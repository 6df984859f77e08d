package desk

import (
	"context"
	"sort"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
)

func sortBy(names []string, less func(a, b string) bool) {
	sort.Slice(names, func(i, j int) bool { return less(names[i], names[j]) })
}

// listSettings answers a DocType's List View Settings, or nothing.
// Source: frappe/desk/listview.py get_list_settings.
func listSettings(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, "List View Settings", a.Text("doctype"))
	if exc.Is(err, exc.DoesNotExist) {
		c.Messages = nil
		return nil, nil
	}
	return d, err
}

// setListSettings stores them. Source: frappe/desk/listview.py set_list_settings.
func setListSettings(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	values, err := arg.Object(a.Get("values"))
	if err != nil {
		return nil, err
	}
	d, err := c.Get(ctx, "List View Settings", a.Text("doctype"))
	if exc.Is(err, exc.DoesNotExist) {
		if d, err = c.NewDoc(ctx, "List View Settings"); err != nil {
			return nil, err
		}
		d.SetName(a.Text("doctype"))
		d.Flags.NameSet = true
	}
	if err != nil {
		return nil, err
	}
	values = values.Clone()
	for _, k := range []string{"name", "doctype", "owner", "docstatus", "flags"} {
		values.Delete(k)
	}
	if err := c.UpdateDoc(ctx, d, values); err != nil {
		return nil, err
	}
	return nil, c.Save(ctx, d)
}

// saveReport stores a report of the list view. Source: frappe/desk/reportview.py
// save_report.
func saveReport(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := builderReport(ctx, c, a.Text("name"), doctype.Write, "edited", "editing")
	if exc.Is(err, exc.DoesNotExist) {
		if d, err = c.NewDoc(ctx, "Report"); err == nil {
			d.Set("report_name", document.Text(a.Text("name")))
			d.Set("ref_doctype", document.Text(a.Text("doctype")))
			d.Set("is_standard", document.Text("No"))
			err = mayReport(ctx, c, a.Text("doctype"))
		}
	}
	if err != nil {
		return nil, err
	}
	settings := a.Get("report_settings")
	if settings.Kind() != document.String {
		settings = document.Text(document.PythonSpaced.Marshal(settings))
	}
	d.Set("report_type", document.Text("Report Builder"))
	d.Set("json", settings)
	d.Flags.IgnorePermissions = true
	if err := c.Save(ctx, d); err != nil {
		return nil, err
	}
	c.Msgprint(exc.Message{Text: "Report " + engine.Bold(d.Name()) + " saved", Indicator: "green", Alert: true})
	return d.Name(), nil
}

// mayReport refuses reports on what the user may not list. Upstream asks for nothing.
func mayReport(ctx context.Context, c *engine.Call, name string) error {
	dt, err := c.DocType(ctx, name)
	if err != nil {
		return err
	}
	return c.CheckList(ctx, dt)
}

// builderReport returns a report of the list view that the user may change.
func builderReport(ctx context.Context, c *engine.Call, name string, right doctype.Right, done, doing string) (*document.Document, error) {
	d, err := c.Get(ctx, "Report", name)
	if err != nil {
		return nil, err
	}
	if d.Text("is_standard") == "Yes" {
		return nil, exc.Validation.Throw("Standard Reports cannot be " + done)
	}
	if d.Text("report_type") != "Report Builder" {
		return nil, exc.Validation.Throw("Only reports of type Report Builder can be " + done)
	}
	if d.Owner() == c.User {
		return d, nil
	}
	ok, err := c.HasPermission(ctx, "Report", right, d)
	if err == nil && !ok {
		err = exc.Permission.Throw("Insufficient Permissions for " + doing + " Report")
	}
	return d, err
}

// deleteReport deletes a report of the list view. Source: reportview.py delete_report.
func deleteReport(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := builderReport(ctx, c, a.Text("name"), doctype.Delete, "deleted", "deleting")
	if err != nil {
		return nil, err
	}
	d.Flags.IgnorePermissions = true
	if err := c.DeleteDoc(ctx, d); err != nil {
		return nil, err
	}
	c.Msgprint(exc.Message{Text: "Report " + engine.Bold(d.Name()) + " deleted", Indicator: "green", Alert: true})
	return nil, nil
}
