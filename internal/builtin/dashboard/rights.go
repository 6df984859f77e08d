package dashboard

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/query"
)

// workspaceManager is the role that keeps the public workspaces.
const workspaceManager = "Workspace Manager"

// registerRights hooks who may see dashboards, charts, cards and workspaces.
func registerRights(h *engine.Hooks) {
	h.QueryCondition("Dashboard", core.Where("Dashboard", openDashboards, core.SystemManager))
	h.HasPermission("Dashboard Chart", core.May(mayChart, core.SystemManager))
	h.QueryCondition("Dashboard Chart", core.Where("Dashboard Chart", charts, core.SystemManager))
	h.HasPermission("Number Card", core.May(mayCard, core.SystemManager))
	h.QueryCondition("Number Card", core.Where("Number Card", cards, core.SystemManager))
	h.HasPermission("Workspace", core.Strict(core.May(mayWorkspace, workspaceManager)))
	h.QueryCondition("Workspace", core.StrictWhere(core.Where("Workspace", func(_ context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
		return query.Or(query.Ne(f("public"), document.IntOf(0)), query.Eq(f("for_user"), document.Text(c.User))), nil
	}, workspaceManager)))
	h.On("Workspace", engine.Validate, validateWorkspace)
	h.On("Workspace", engine.OnTrash, keepPublic)
}

// openDashboards are those of modules that the user sees, and of none.
// Source: frappe/desk/doctype/dashboard/dashboard.py get_permission_query_conditions.
func openDashboards(ctx context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
	modules, err := core.AllowedModules(ctx, c)
	return query.Or(query.In(f("module"), modules...), query.IsEmpty(f("module"))), err
}

// sources are what the user may take numbers from.
type sources struct{ doctypes, reports, modules []document.Value }

func sourcesOf(ctx context.Context, c *engine.Call) (s sources, err error) {
	if s.doctypes, err = core.ReadableDocTypes(ctx, c); err != nil {
		return s, err
	}
	if s.reports, err = core.AllowedReports(ctx, c); err != nil {
		return s, err
	}
	s.modules, err = core.AllowedModules(ctx, c)
	return s, err
}

// shows reports whether the user may see the report or else the DocType.
func shows(ctx context.Context, c *engine.Call, isReport bool, report, dt string) (bool, error) {
	if isReport {
		reports, err := core.AllowedReports(ctx, c)
		return core.Holds(reports, report), err
	}
	readable, err := core.ReadableDocTypes(ctx, c)
	return core.Holds(readable, dt), err
}

// mayChart follows dashboard_chart.py has_permission: a chart's roles decide, or else
// what it shows.
func mayChart(ctx context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
	rows := d.Rows("roles")
	if len(rows) == 0 {
		return shows(ctx, c, d.Text("chart_type") == "Report", d.Text("report_name"), d.Text("document_type"))
	}
	me, err := c.Me(ctx)
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		if me.Has(r.Text("role")) {
			return true, nil
		}
	}
	return false, nil
}

// charts follows dashboard_chart.py get_permission_query_conditions.
func charts(ctx context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
	s, err := sourcesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	kinds := []document.Value{document.Text("Count"), document.Text("Sum"), document.Text("Average")}
	if quirk.Of(c.Profile).ChartsByGroup {
		kinds = append(kinds, document.Text("Group By"))
	}
	return query.And(
		query.Or(query.And(query.In(f("chart_type"), kinds...), query.In(f("document_type"), s.doctypes...)),
			query.And(query.Eq(f("chart_type"), document.Text("Report")), query.In(f("report_name"), s.reports...))),
		query.Or(query.In(f("module"), s.modules...), query.IsNull(f("module")))), nil
}

// mayCard follows number_card.py has_permission.
func mayCard(ctx context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
	return shows(ctx, c, d.Text("type") == "Report", d.Text("report_name"), d.Text("document_type"))
}

// cards follows number_card.py get_permission_query_conditions. Upstream's lists show all
// cards without a module, since its AND binds closer than its OR.
func cards(ctx context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
	s, err := sourcesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	readable := query.In(f("document_type"), s.doctypes...)
	if quirk.Of(c.Profile).CardsByType || !core.Upstream(c) {
		report := query.Eq(f("type"), document.Text("Report"))
		readable = query.Or(query.And(report, query.In(f("report_name"), s.reports...)),
			query.And(query.Or(query.IsNull(f("type")), query.Ne(f("type"), document.Text("Report"))), readable))
	}
	module := query.In(f("module"), s.modules...)
	none := query.IsNull(f("module"))
	if quirk.Of(c.Profile).CardsByType {
		none = query.IsEmpty(f("module"))
	}
	if core.Upstream(c) {
		return query.Or(query.And(readable, module), none), nil
	}
	return query.And(readable, query.Or(module, none)), nil
}

// mayWorkspace keeps private workspaces to their user, and public ones from changes by
// others than Workspace Managers.
func mayWorkspace(_ context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
	return d.Int("public") != 0 || d.Text("for_user") == c.User || d.New && d.Text("for_user") == "", nil
}

// validateWorkspace follows frappe/desk/doctype/workspace/workspace.py validate. What is
// stored counts like what is new: else a public workspace would be made private first.
func validateWorkspace(ctx context.Context, c *engine.Call, d *document.Document) error {
	public := d.Int("public") != 0 || !core.Upstream(c) && d.Before != nil && d.Before.Int("public") != 0
	if public {
		manager, err := core.Manages(ctx, c, workspaceManager)
		if err != nil {
			return err
		}
		if !manager {
			return exc.Validation.Throw("You need to be Workspace Manager to edit this document")
		}
	}
	v, err := document.ParseJSON(d.Text("content"))
	if err != nil || v.Kind() != document.List {
		return exc.Validation.Throw("Content data shoud be a list") // Frappe: so spelled
	}
	return nil
}

// keepPublic follows workspace.py on_trash.
func keepPublic(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("public") == 0 {
		return nil
	}
	manager, err := core.Manages(ctx, c, workspaceManager)
	if err == nil && !manager {
		return exc.Validation.Throw("You need to be Workspace Manager to delete a public workspace.")
	}
	return err
}
