package desk

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// grouped counts the documents of a DocType by a column: rows of value and count.
func grouped(ctx context.Context, c *engine.Call, dt *doctype.DocType, column string, filters []document.Value, orderBy document.Value) ([]document.Value, error) {
	rules, count := c.Rules.Fold("count", "", "count")
	res, err := c.ListBy(ctx, rules, query.Request{DocType: dt, Fields: document.ListOf(document.Text(column), count), Filters: document.ListOf(filters...),
		GroupBy: column, OrderBy: orderBy, AsList: true, Limit: -1})
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	return v.List(), err
}

// filterList reads filters that are a list of lists, or an object.
func filterList(v document.Value) ([]document.Value, error) {
	if v.IsNull() || v.Kind() == document.String && v.Str() == "" {
		return nil, nil
	}
	v, err := arg.Loads(v)
	if err != nil {
		return nil, err
	}
	if o := v.Map(); o != nil {
		var out []document.Value
		for i := range o.Len() {
			k, x := o.At(i)
			if pair := x.List(); len(pair) == 2 {
				out = append(out, document.ListOf(document.Text(k), pair[0], pair[1]))
				continue
			}
			out = append(out, cond(k, "=", x))
		}
		return out, nil
	}
	return append([]document.Value{}, v.List()...), nil
}

func cond(field, operator string, v document.Value) document.Value {
	return document.ListOf(document.Text(field), document.Text(operator), v)
}

// maxStats is how many columns one call may ask for.
const maxStats = 50

// statColumns reads the columns that a call asks for.
func statColumns(v document.Value) ([]document.Value, error) {
	v, err := arg.Loads(v)
	if err != nil {
		return nil, err
	}
	if len(v.List()) > maxStats {
		return nil, exc.Validation.Throw("Too many columns")
	}
	return v.List(), nil
}

// getStats counts documents by the values of columns, tags apart.
// Source: frappe/desk/reportview.py get_stats.
func getStats(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, columns, filters, err := statArgs(ctx, c, a)
	if err != nil {
		return nil, err
	}
	out := &document.Object{}
	for _, v := range columns {
		column := v.Str()
		col := dt.Column(column)
		if dt.IsVirtual || col == nil || !col.Stored {
			continue
		}
		rows, err := grouped(ctx, c, dt, column, append(filters[:len(filters):len(filters)], cond(column, "!=", document.Text(""))), document.Value{})
		if err != nil {
			return nil, err
		}
		if column == "_user_tags" {
			if rows, err = tagCounts(ctx, c, dt, filters, rows); err != nil {
				return nil, err
			}
		}
		out.Set(column, document.ListOf(rows...))
	}
	return out, nil
}

func statArgs(ctx context.Context, c *engine.Call, a method.Args) (*doctype.DocType, []document.Value, []document.Value, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, nil, nil, err
	}
	if err := c.CheckList(ctx, dt); err != nil {
		return nil, nil, nil, err
	}
	columns, err := statColumns(a.Get("stats"))
	if err != nil {
		return nil, nil, nil, err
	}
	filters, err := filterList(a.Get("filters"))
	return dt, columns, filters, err
}

// tagCounts adds up the tags that stand together, and what has none.
// Source: reportview.py scrub_user_tags.
func tagCounts(ctx context.Context, c *engine.Call, dt *doctype.DocType, filters, rows []document.Value) ([]document.Value, error) {
	sums := &document.Object{}
	for _, r := range rows {
		n := document.Cint(r.List()[1])
		for tag := range strings.SplitSeq(document.ToText(r.List()[0]), ",") {
			if tag != "" {
				sums.Set(tag, document.IntOf(document.Cint(sums.Get(tag))+n))
			}
		}
	}
	out := make([]document.Value, 0, sums.Len()+1)
	for i := range sums.Len() {
		k, v := sums.At(i)
		out = append(out, document.ListOf(document.Text(k), v))
	}
	none, err := grouped(ctx, c, dt, "_user_tags", append(filters[:len(filters):len(filters)],
		cond("_user_tags", "in", document.Texts([]string{"", ","}))), document.Text("_user_tags"))
	if err != nil {
		return nil, err
	}
	n := document.IntOf(0)
	if len(none) > 0 {
		n = none[0].List()[1]
	}
	return append(out, document.ListOf(document.Text("No Tags"), n)), nil
}

func sidebarStats(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	v, err := getStats(ctx, c, a)
	if err != nil {
		return nil, err
	}
	return document.NewObject("stats", v), nil
}

// plainStats are fieldtypes whose empty values are not counted apart.
var plainStats = map[string]bool{"Check": true, "Select": true, "Date": true, "Datetime": true, "Int": true, "Float": true, "Currency": true, "Percent": true}

// filterDashboard counts documents by the values of described columns.
// Source: reportview.py get_filter_dashboard_data.
func filterDashboard(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, columns, filters, err := statArgs(ctx, c, a)
	if err != nil {
		return nil, err
	}
	out := &document.Object{}
	for _, v := range columns {
		o := v.Map()
		name, kind := o.Str("name"), o.Str("type")
		col := dt.Column(name)
		if dt.IsVirtual || col == nil || !col.Stored {
			continue
		}
		rows := []document.Value{}
		if kind != "Date" && kind != "Datetime" {
			if rows, err = grouped(ctx, c, dt, name, append(filters[:len(filters):len(filters)], cond(name, "is", document.Text("set"))), document.Value{}); err != nil {
				return nil, err
			}
		}
		if !plainStats[kind] && name != "docstatus" && len(rows) > 0 {
			n, err := c.Count(ctx, c.Rules, query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Count: query.CountRows, OrderBy: document.NullValue, Limit: -1,
				Filters: document.ListOf(append(filters[:len(filters):len(filters)], cond(name, "is", document.Text("not set")))...)})
			if err != nil {
				return nil, err
			}
			if n != 0 {
				rows = append(rows, document.ListOf(document.Text("No Data"), document.IntOf(n)))
			}
		}
		out.Set(name, document.ListOf(rows...))
	}
	return out, nil
}

// groupByCount counts documents by a field, or by whom they are assigned to, the most
// frequent first. Source: frappe/desk/listview.py get_group_by_count.
func groupByCount(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckList(ctx, dt); err != nil {
		return nil, err
	}
	filters, err := filterList(a.Get("current_filters"))
	if err != nil {
		return nil, err
	}
	field := a.Text("field")
	if field == "assigned_to" {
		return assignedCount(ctx, c, dt, filters)
	}
	if col := dt.Column(field); col == nil || !col.Stored {
		return nil, exc.ValueErr.New("Field does not belong to doctype")
	}
	rows, err := grouped(ctx, c, dt, field, filters, document.Text("count desc"))
	if err != nil {
		return nil, err
	}
	out := []document.Value{}
	for _, r := range rows {
		o := document.MapOf(document.NewObject("count", r.List()[1], "name", r.List()[0]))
		if field == "owner" && document.ToText(r.List()[0]) == c.User { // the user's own come first
			out = append([]document.Value{o}, out...)
		} else {
			out = append(out, o)
		}
	}
	return document.ListOf(out[:min(len(out), maxGroups)]...), nil
}

// maxGroups is how many groups are answered.
const maxGroups = 50

// assignedCount counts the ToDos of System Users on the documents of a list.
func assignedCount(ctx context.Context, c *engine.Call, dt *doctype.DocType, filters []document.Value) (any, error) {
	todos, err := c.Rows(ctx, "ToDo", []string{"allocated_to", "reference_name"}, document.NewObject("reference_type", dt.Name,
		"status", document.ListOf(document.Text("!="), document.Text("Cancelled"))), "")
	if err != nil || len(todos) == 0 {
		return document.ListOf(), err
	}
	names := make([]document.Value, len(todos))
	for i, r := range todos {
		names[i] = r.Get("reference_name")
	}
	res, err := c.List(ctx, query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Filters: document.ListOf(append(filters, cond("name", "in", document.ListOf(names...)))...),
		OrderBy: document.NullValue, Limit: -1, AsList: true})
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, r := range v.List() {
		seen[document.ToText(r.List()[0])] = true
	}
	counts := map[string]int64{}
	for _, r := range todos {
		if seen[r.PropText("reference_name")] {
			counts[r.PropText("allocated_to")]++
		}
	}
	return rankUsers(ctx, c, counts)
}

func rankUsers(ctx context.Context, c *engine.Call, counts map[string]int64) (any, error) {
	var names []string
	for user := range counts {
		info, err := c.UserInfo(ctx, user)
		if err != nil {
			return nil, err
		}
		if info.IsSystem() {
			names = append(names, user)
		}
	}
	sortBy(names, func(a, b string) bool { return counts[a] > counts[b] || counts[a] == counts[b] && a < b })
	out := []document.Value{}
	for _, n := range names[:min(len(names), maxGroups)] {
		out = append(out, document.MapOf(document.NewObject("name", n, "count", counts[n])))
	}
	return document.ListOf(out...), nil
}
