package desk

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

func tooMany() error {
	return exc.Validation.Throw("Bulk operations only support up to 500 documents.").WithTitle("Too Many Documents")
}

// treeChildren are the nodes below one, or the roots.
// Source: frappe/desk/treeview.py get_children.
func treeChildren(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	parent := dt.NsmParentField
	if parent == "" {
		parent = "parent_" + doctype.Scrub(dt.Name)
	}
	title := "name"
	if dt.TitleField != "" {
		title = dt.TitleField
	}
	filters := document.ListOf(condition(dt.Name, parent, "=", a.Get("parent")), condition(dt.Name, "docstatus", "<", document.IntOf(2)))
	res, err := c.List(ctx, query.Request{DocType: dt, Fields: document.Texts(distinct([]string{"name", title, "is_group"})), Filters: filters,
		OrderBy: document.Text("name asc"), Limit: -1, AsList: true})
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	if err != nil {
		return nil, err
	}
	at := positions([]string{"name", title, "is_group"})
	out := make([]document.Value, len(v.List()))
	for i, item := range v.List() {
		row := item.List()
		out[i] = document.MapOf(document.NewObject("value", row[at[0]], "title", row[at[1]], "expandable", row[at[2]]))
	}
	return document.ListOf(out...), nil
}
