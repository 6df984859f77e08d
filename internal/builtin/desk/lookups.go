package desk

import (
	"context"
	"net/url"
	"sort"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// registerLookups adds small methods of forms, tags and mentions.
func registerLookups(r *method.Registry) {
	r.Add(
		method.Method{Name: "frappe.desk.form.utils.get_next", Params: append(arg.Any("doctype", "value", "prev"), arg.Opt("filters", method.Any, nil),
			arg.Opt("sort_order", method.Any, "desc"), arg.Opt("sort_field", method.Any, "modified")), Fn: getNext},
		method.Method{Name: "frappe.desk.form.utils.update_comment_publicity", In: func(p *compat.Profile) bool { return p.HasDiscard },
			Params: []method.Param{arg.Req("name", method.Str), arg.Req("publish", method.Bool)}, Fn: publishComment},
		method.Method{Name: "frappe.desk.doctype.tag.tag.get_documents_for_tag", Params: arg.Any("tag"), Fn: documentsForTag},
		method.Method{Name: "frappe.desk.doctype.tag.tag.get_tags_list_for_awesomebar", Fn: tagList},
		method.Method{Name: "frappe.desk.search.get_names_for_mentions", Params: arg.Any("search_term"), Fn: mentions},
	)
}

// getNext answers the document before or after another one in a list's order.
// Source: frappe/desk/form/utils.py get_next.
func getNext(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	field := a.Text("sort_field")
	if dt.Column(field) == nil {
		return nil, exc.Data.Throwf("Invalid field: %s", field)
	}
	v, err := arg.Loads(a.Get("filters"))
	if err != nil {
		return nil, err
	}
	filters, err := filterList(v)
	if err != nil {
		return nil, err
	}
	asc := strings.EqualFold(a.Text("sort_order"), "asc")
	if a.Int("prev") != 0 {
		asc = !asc
	}
	order, operator := "desc", "<"
	if asc {
		order, operator = "asc", ">"
	}
	current, ok, err := c.Visible(ctx, dt.Name, a.Text("value"))
	if err != nil {
		return nil, err
	}
	from := document.NullValue // what is hidden has no neighbours
	if ok {
		if from, err = c.Value(ctx, dt.Name, current, field); err != nil {
			return nil, err
		}
	}
	filters = append(filters, document.ListOf(document.Text(dt.Name), document.Text(field), document.Text(operator), from))
	res, err := c.List(ctx, query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Filters: document.ListOf(filters...),
		OrderBy: document.Text(field + " " + order), Limit: 1, AsList: true})
	if err != nil {
		return nil, err
	}
	rows, err := document.ParseJSON(string(res.JSON))
	if err != nil {
		return nil, err
	}
	if len(rows.List()) == 0 {
		c.Msgprint(exc.Message{Text: "No further records"})
		return nil, nil
	}
	return rows.List()[0].List()[0], nil
}

// publishComment shows a comment to customers, or hides it (v16).
// Source: form/utils.py update_comment_publicity.
func publishComment(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	m, err := c.GetForUpdate(ctx, "Comment", a.Text("name"))
	if err != nil {
		return nil, err
	}
	if m.Owner() != c.User {
		if err := c.OnlyFor(ctx, "System Manager"); err != nil {
			return nil, exc.Validation.Throw("Comment publicity can only be updated by the original author or a System Manager.")
		}
	}
	m.Set("published", document.IntOf(a.Int("publish")))
	m.Flags.IgnorePermissions = true
	return nil, c.Save(ctx, m)
}

// documentsForTag lists the Tag Links of #tag that the caller may see.
// Source: frappe/desk/doctype/tag/tag.py get_documents_for_tag.
func documentsForTag(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	tag := []rune(a.Text("tag"))
	rows, err := permitted(ctx, c, "Tag Link", []string{"document_type", "document_name", "title"},
		document.NewObject("tag", string(tag[min(1, len(tag)):])))
	if err != nil {
		return nil, err
	}
	out := make([]document.Value, len(rows))
	for i, r := range rows {
		cells := r.List()
		out[i] = document.MapOf(document.NewObject("doctype", cells[0], "name", cells[1], "content", cells[2]))
	}
	return document.ListOf(out...), nil
}

func tagList(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	rows, err := permitted(ctx, c, "Tag", []string{"name"}, nil)
	if err != nil {
		return nil, err
	}
	out := make([]document.Value, len(rows))
	for i, r := range rows {
		out[i] = r.List()[0]
	}
	return document.ListOf(out...), nil
}

// permitted are the rows that the caller may list, as lists of cells.
func permitted(ctx context.Context, c *engine.Call, name string, fields []string, filters *document.Object) ([]document.Value, error) {
	dt, err := c.DocType(ctx, name)
	if err != nil {
		return nil, err
	}
	r := query.Request{DocType: dt, Fields: document.Texts(fields), Limit: -1, AsList: true}
	if filters != nil {
		r.Filters = document.MapOf(filters)
	}
	res, err := c.List(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	return v.List(), err
}

// mentions are the users and user groups whose names hold a text.
// Source: frappe/desk/search.py get_names_for_mentions.
func mentions(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	users, err := c.Rows(ctx, "User", []string{"name", "full_name"}, document.NewObject("name", document.ListOf(document.Text("not in"),
		document.Texts([]string{"Administrator", "Guest"})), "allowed_in_mentions", 1, "user_type", "System User", "enabled", 1), "")
	if err != nil {
		return nil, err
	}
	groups, err := c.Rows(ctx, "User Group", []string{"name"}, nil, "")
	if err != nil {
		return nil, err
	}
	term := strings.ToLower(a.Text("search_term"))
	var found []*document.Object
	add := func(kind string, r *document.Object, label string) {
		text := r.PropText(label)
		if !strings.Contains(strings.ToLower(text), term) {
			return
		}
		o := document.NewObject("id", r.Get("name"), "value", text)
		if kind == "User Group" {
			o.Set("is_group", document.BoolOf(true))
		}
		o.Set("link", document.Text(c.BaseURL()+c.Profile.Desk+"/"+doctype.Slug(kind)+"/"+url.PathEscape(r.PropText("name"))))
		found = append(found, o)
	}
	for _, u := range users {
		add("User Profile", u, "full_name")
	}
	for _, g := range groups {
		add("User Group", g, "name")
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].PropText("value") < found[j].PropText("value") })
	return core.Maps(found), nil
}
