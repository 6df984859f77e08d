// Package dashboard owns what upstream's desk shows on its pages: number cards and the
// list of workspaces. Start with Register.
package dashboard

import (
	"context"
	"slices"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// Register adds the methods.
func Register(r *method.Registry) {
	const cards = "frappe.desk.doctype.number_card.number_card."
	r.Add(
		method.Method{Name: cards + "get_result", Params: append(arg.Any("doc", "filters"), arg.Opt("to_date", method.Any, nil)), Fn: cardResult},
		method.Method{Name: cards + "get_percentage_difference", Params: arg.Any("doc", "filters", "result"), Fn: cardChange},
		method.Method{Name: "frappe.desk.desktop.get_workspace_sidebar_items", Fn: workspaces},
	)
}

// rules are those of aggregates in text, whatever the release.
var rules = query.RulesV15()

// functions are the names of SQL functions by those of cards.
var functions = map[string]string{"Count": "count", "Sum": "sum", "Average": "avg", "Minimum": "min", "Maximum": "max"}

// cardResult computes a number card from its description.
// Source: frappe/desk/doctype/number_card/number_card.py get_result.
func cardResult(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	card, err := arg.Object(a.Get("doc"))
	if err != nil {
		return nil, err
	}
	n, err := compute(ctx, c, card, a.Get("filters"), a.Text("to_date"))
	if err != nil {
		return nil, err
	}
	return n, nil
}

func compute(ctx context.Context, c *engine.Call, card *document.Object, filters document.Value, until string) (float64, error) {
	fn, ok := functions[card.PropText("function")]
	if !ok {
		return 0, exc.KeyErr.New("'" + card.PropText("function") + "'")
	}
	dt, err := c.DocType(ctx, card.PropText("document_type"))
	if err != nil {
		return 0, err
	}
	field := "count(*) as result"
	if fn != "count" {
		name := card.PropText("aggregate_function_based_on")
		if dt.Column(name) == nil {
			return 0, exc.Data.Throwf("Invalid field: %s", name)
		}
		field = fn + "(`" + name + "`) as result"
	}
	v, err := arg.Loads(filters)
	if err != nil {
		return 0, err
	}
	if until != "" {
		list := append([]document.Value{}, v.List()...)
		if o := v.Map(); o != nil {
			for i := range o.Len() {
				k, x := o.At(i)
				list = append(list, document.ListOf(document.Text(dt.Name), document.Text(k), document.Text("="), x))
			}
		}
		v = document.ListOf(append(list, document.ListOf(document.Text(dt.Name), document.Text("creation"), document.Text("<"), document.Text(until)))...)
	}
	r := query.Request{DocType: dt, Fields: document.Texts([]string{field}), Parent: card.PropText("parent_document_type"), AsList: true, Limit: -1}
	if v.Truthy() {
		r.Filters = v
	}
	res, err := c.ListBy(ctx, rules, r)
	if err != nil {
		return 0, err
	}
	rows, err := document.ParseJSON(string(res.JSON))
	if err != nil || len(rows.List()) == 0 {
		return 0, err
	}
	return document.Flt(rows.List()[0].List()[0]), nil
}

// cardChange compares a card's result with that of a day, week, month or year ago.
// Source: number_card.py get_percentage_difference.
func cardChange(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	given, err := arg.Object(a.Get("doc"))
	if err != nil {
		return nil, err
	}
	d, err := c.Get(ctx, "Number Card", given.PropText("name"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	if d.Int("show_percentage_stats") == 0 {
		return nil, nil
	}
	now := c.SiteNow()
	before := now.AddDate(-1, 0, 0)
	switch d.Text("stats_time_interval") {
	case "Daily":
		before = now.AddDate(0, 0, -1)
	case "Weekly":
		before = now.AddDate(0, 0, -7)
	case "Monthly":
		before = now.AddDate(0, -1, 0)
	}
	old, err := compute(ctx, c, d.ToObject(document.JSONOptions{}), a.Get("filters"), before.Format("2006-01-02 15:04:05.000000"))
	result := document.Flt(method.ParseJSON(a.Get("result")))
	switch {
	case err != nil || old == 0:
		return nil, err
	case result == old:
		return 0, nil
	}
	return (result/old - 1) * 100, nil
}

var pageFields = []string{"name", "title", "for_user", "parent_page", "content", "public", "module", "icon", "indicator_color", "is_hidden"}

// workspaces are the pages of the desk that the caller's roles may see, and the
// caller's own. Source: frappe/desk/desktop.py get_workspace_sidebar_items.
func workspaces(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	me, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	manager := me.Has("Workspace Manager")
	dt, err := c.DocType(ctx, "Workspace")
	if err != nil {
		return nil, err
	}
	fields := slices.DeleteFunc(slices.Clone(pageFields), func(f string) bool { return dt.Column(f) == nil })
	rows, err := c.Rows(ctx, "Workspace", fields, nil, "sequence_id asc")
	if err != nil {
		return nil, err
	}
	roles, err := pageRoles(ctx, c)
	if err != nil {
		return nil, err
	}
	public, private := []document.Value{}, []document.Value{}
	for _, p := range rows {
		if !manager && !mayOpen(me.Has, roles[p.PropText("name")]) {
			continue
		}
		hidden := document.Cint(p.Get("is_hidden")) != 0
		switch {
		case document.Cint(p.Get("public")) != 0 && (manager || !hidden) && p.PropText("title") != "Welcome Workspace":
			p.Set("label", p.Get("name"))
			public = append(public, document.MapOf(p))
		case strings.EqualFold(p.PropText("for_user"), c.User):
			p.Set("label", p.Get("name"))
			private = append(private, document.MapOf(p))
		}
	}
	create, err := c.HasPermission(ctx, "Workspace", doctype.Create, nil)
	if err != nil {
		return nil, err
	}
	return document.NewObject("pages", document.ListOf(append(public, private...)...), "has_access", manager, "has_create_access", create), nil
}

// pageRoles are the roles that workspaces are limited to, by name.
func pageRoles(ctx context.Context, c *engine.Call) (map[string][]string, error) {
	rows, err := c.Rows(ctx, "Has Role", []string{"parent", "role"}, document.NewObject("parenttype", "Workspace"), "")
	out := map[string][]string{}
	for _, r := range rows {
		out[r.PropText("parent")] = append(out[r.PropText("parent")], r.PropText("role"))
	}
	return out, err
}

func mayOpen(has func(role string) bool, roles []string) bool {
	for _, r := range roles {
		if has(r) {
			return true
		}
	}
	return len(roles) == 0
}
