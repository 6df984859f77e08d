package desk

import (
	"context"
	"sort"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// dropped are request parameters that never reach the query.
// Source: frappe/desk/reportview.py clean_params.
var dropped = map[string]bool{"cmd": true, "data": true, "ignore_permissions": true, "view": true, "user": true, "csrf_token": true, "join": true}

// known are the arguments of the query; others are refused as Python does.
// Source: frappe/model/db_query.py DatabaseQuery.execute.
var known = map[string]bool{"doctype": true, "fields": true, "filters": true, "or_filters": true, "docstatus": true, "group_by": true, "order_by": true,
	"limit_start": true, "limit_page_length": true, "as_list": true, "with_childnames": true, "debug": true, "user_settings": true,
	"save_user_settings": true, "save_user_settings_fields": true, "update": true, "add_total_row": true, "start": true, "page_length": true,
	"limit": true, "ignore_ifnull": true, "distinct": true, "pluck": true, "ignore_ddl": true, "parent_doctype": true, "with_comment_count": true,
	"run": true, "strict": true, "reference_doctype": true, "group_by_args": true, "aggregate_function": true, "aggregate_on_field": true,
	"aggregate_on_doctype": true, "applied_filters": true, "ignore_user_permissions": true}

// gone are arguments that v16 no longer knows.
var gone = map[string]bool{"add_total_row": true, "docstatus": true}

// reportRequest reads a request's parameters as the query's arguments.
// Source: reportview.py get_form_params, validate_args.
func reportRequest(ctx context.Context, c *engine.Call, form *document.Object) (query.Request, *document.Object, error) {
	o := &document.Object{}
	for i := range form.Len() {
		k, v := form.At(i)
		if dropped[k] {
			continue
		}
		if !known[k] || gone[k] && c.Profile.HideMissing {
			return query.Request{}, nil, exc.TypeErr.Errorf("DatabaseQuery.execute() got an unexpected keyword argument '%s'", k)
		}
		o.Set(k, v)
	}
	name := o.PropText("doctype")
	if name == "" {
		name = "None"
	}
	dt, err := c.DocType(ctx, name)
	if err != nil {
		return query.Request{}, nil, err
	}
	r := query.Request{DocType: dt, Fields: o.Get("fields"), Filters: o.Get("filters"), OrFilters: o.Get("or_filters"), GroupBy: o.PropText("group_by"),
		OrderBy: o.Get("order_by"), Distinct: truth(o.Get("distinct")), Pluck: o.PropText("pluck"), Parent: o.PropText("parent_doctype"),
		AsList: truth(o.Get("as_list")), CommentCount: truth(o.Get("with_comment_count")), Limit: -1, FromRequest: true}
	if f := o.PropText("aggregate_function"); f != "" && r.GroupBy != "" {
		r.Aggregate = &query.Aggregate{Function: f, DocType: o.PropText("aggregate_on_doctype"), Field: o.PropText("aggregate_on_field")}
	}
	page(o, &r)
	return r, o, nil
}

// Known are the arguments of a request that a list knows.
func Known(form *document.Object) *document.Object {
	o := &document.Object{}
	for i := range form.Len() {
		if k, v := form.At(i); known[k] && !gone[k] {
			o.Set(k, v)
		}
	}
	return o
}

// truth is Python's truth of an argument that may be the text of a boolean.
func truth(v document.Value) bool {
	switch strings.ToLower(v.Str()) {
	case "false", "0":
		return false
	}
	return v.Truthy()
}

// page reads the aliases of start and length; the later of them wins.
func page(o *document.Object, r *query.Request) {
	length, start := document.Value{}, document.Value{}
	for _, k := range []string{"limit_page_length", "page_length", "limit"} {
		if v := o.Get(k); v.Truthy() {
			length = v
		}
	}
	for _, k := range []string{"limit_start", "start"} {
		if v := o.Get(k); v.Truthy() {
			start = v
		}
	}
	if n := document.Cint(length); n != 0 {
		r.Limit, r.Start = n, document.Cint(start)
		if n < 0 {
			r.Limit = -2 // refused: SQL has no negative page
		}
	}
}

// reportGet answers keys and rows apart. Source: reportview.py get, compress.
func reportGet(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	r, o, err := reportRequest(ctx, c, c.Form)
	if err != nil {
		return nil, err
	}
	r.AsList = false
	res, err := c.List(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	if err != nil {
		return nil, err
	}
	if len(v.List()) == 0 {
		return document.ListOf(), nil
	}
	keys := v.List()[0].Map().Keys()
	users := &document.Object{}
	rows := make([]document.Value, 0, len(v.List())+1)
	for _, item := range v.List() {
		m := item.Map()
		row := make([]document.Value, len(keys))
		for i, k := range keys {
			row[i] = m.Get(k)
		}
		rows = append(rows, document.ListOf(row...))
		for _, user := range arg.Strings(m.Get("_assign")) {
			if err := addUserInfo(ctx, c, user, users); err != nil {
				return nil, err
			}
		}
	}
	if truth(o.Get("add_total_row")) {
		rows = append(rows, totalRow(r.DocType, keys, rows))
	}
	return document.NewObject("keys", document.Texts(keys), "values", document.ListOf(rows...), "user_info", users), nil
}

// totalRow sums the numeric columns. Source: frappe/desk/query_report.py add_total_row.
func totalRow(dt *doctype.DocType, keys []string, rows []document.Value) document.Value {
	out := make([]document.Value, len(keys))
	for i, k := range keys {
		out[i] = document.Text("")
		col := dt.Column(k)
		if col == nil || col.Field == nil {
			continue
		}
		kind := col.Field.Fieldtype
		switch kind {
		case "Currency", "Int", "Float", "Percent", "Duration":
		default:
			continue
		}
		sum, n := 0.0, 0
		for _, row := range rows {
			if x := document.Flt(row.List()[i]); x != 0 {
				sum += x
				n++
			}
		}
		if n == 0 {
			continue
		}
		if kind == "Percent" {
			sum /= float64(len(rows))
		}
		out[i] = document.FloatOf(sum)
	}
	if len(out) > 0 && out[0].Kind() == document.String {
		out[0] = document.Text("Total")
	}
	return document.ListOf(out...)
}

func reportList(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	r, _, err := reportRequest(ctx, c, c.Form)
	if err != nil {
		return nil, err
	}
	res, err := c.List(ctx, r)
	if err != nil {
		return nil, err
	}
	return engine.JSON(res.JSON), nil
}

func reportCount(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	return Count(ctx, c, c.Form)
}

// Count counts the rows of a list that is asked for as reportview's are; with a limit,
// those of the page. Groups count as rows in v16; before, the first group's rows count.
// Source: reportview.py get_count.
func Count(ctx context.Context, c *engine.Call, form *document.Object) (any, error) {
	r, _, err := reportRequest(ctx, c, form)
	if err != nil {
		return nil, err
	}
	r.OrderBy, r.Start = document.NullValue, 0
	r.Count = query.CountRows
	switch {
	case r.Limit >= 0, r.GroupBy != "" && c.Profile.CountsGroups:
		r.Count = query.CountPage
	case r.Distinct:
		r.Count = query.CountDocuments
	}
	r.Fields = document.Texts([]string{"name"})
	r.AsList, r.CommentCount, r.Pluck = false, false, ""
	n, err := c.Count(ctx, c.Rules, r)
	if err != nil {
		return nil, err
	}
	if r.Limit > 0 && n == r.Limit && quirk.Of(c.Profile).CachedAnswers {
		c.Response.Header = append(c.Response.Header, [2]string{"Cache-Control", "private,max-age=600,stale-while-revalidate=10800"})
	}
	return n, nil
}

// deleteItems deletes several documents, each by itself. When some could be deleted,
// the others are tried again, since one may have held another back.
// Source: reportview.py delete_items, delete_bulk.
func deleteItems(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	items := arg.Strings(c.Form.Get("items"))
	sort.Sort(sort.Reverse(sort.StringSlice(items)))
	dt := c.Form.Str("doctype")
	for {
		var left []string
		for _, name := range items {
			err := core.Isolated(ctx, c, dt, func() error { return c.Delete(ctx, dt, name) })
			if err != nil {
				core.Catch(c, err)
				left = append(left, name)
			}
		}
		if len(left) == 0 || len(left) == len(items) {
			return nil, nil
		}
		c.Messages = nil
		items = left
	}
}

// postOnly refuses other verbs where the release does.
func postOnly(c *engine.Call) error {
	if quirk.Of(c.Profile).SaveByGet {
		return nil
	}
	return method.CheckVerb([]string{"POST", "PUT"}, c.Request.Method)
}
