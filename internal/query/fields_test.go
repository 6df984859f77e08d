package query_test

import (
	"context"
	"testing"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/query"
)

func fields(t *testing.T, env *fakeEnv, release, text string) (*query.Select, error) {
	t.Helper()
	r := env.list(query.Request{Fields: parse(t, text), FromRequest: fromRequest[release], Limit: 20})
	q, err := query.Parse(context.Background(), env, releases[release](), r)
	if err == nil {
		q.OrderBy = nil
	}
	return q, err
}

func TestFields(t *testing.T) {
	t.Parallel()
	const (
		no    = "417 Field not permitted in query: "
		sub   = "417 Use of sub-query or function is restricted"
		names = "name"
	)
	invalid := func(s string) string {
		return "403 Invalid field format for SELECT: " + s + ". Field names must be simple, backticked, table-qualified, aliased, or '*'."
	}
	functions := func(s string) string {
		return "417 SQL functions are not allowed as strings in SELECT: " + s + ". Use dict syntax like {'COUNT': '*'} instead."
	}
	for _, c := range []struct{ release, fields, want string }{
		{"15", ``, names}, {"15", `[]`, names}, {"raw", ``, names},
		{"14", `["title as s", "n AS m"]`, "title as s, n as m"},
		{"15", "[\"`tabOrder`.`title`\", \"`title`\"]", "title, title"},
		{"15", `["items.sku", "items.qty as q"]`, "tabLine.sku as sku, tabLine.qty as q join tabLine"},
		{"15", "[\"`tabLine`.`sku`\"]", "tabLine.sku as sku join tabLine"},
		{"15", `["customer.rating", "bill_to.rating as r"]`, "tabCustomer_1.rating as rating, tabCustomer_2.rating as r join tabCustomer_1 by customer join tabCustomer_2 by bill_to"},
		{"raw", `["customer.rating", "bill_to.rating as r"]`, "tabCustomer.rating as rating, tabCustomer.rating as r join tabCustomer by customer"},
		{"raw", `["items.sku", "extras.sku as x"]`, "tabLine.sku as sku, tabLine.sku as x join tabLine in items"},
		{"14", `["count(name) as n"]`, "COUNT(name) as n"},
		{"14", `["COUNT(name)"]`, no + "COUNT(name)"},
		{"15", `["COUNT(name)"]`, "COUNT(name)"},
		{"15", `["count(distinct status) as n"]`, "COUNT(distinct status) as n"},
		{"14", `["count(distinct status) as n"]`, no + "distinct status"},
		{"15", `["count(*) as n"]`, no + "*"}, {"14", `["count(*) as n"]`, no + "*"},
		{"15", `["sum(amount) as total", "max(due) as latest"]`, "SUM(amount) as total, MAX(due) as latest"},
		{"15", `["extract(year from creation) as y", "locate('a', title) as l"]`, `YEAR(creation) as y, LOCATE("a",title) as l`},
		{"15", `["ifnull(title, '') as t"]`, "417 Use of function ifnull in field is restricted"},
		{"15", `["sum(if(n, 1, 0))"]`, "417 Use of function if in field is restricted"},
		{"15", `["load_file(title)"]`, "417 Use of function load_file in field is restricted"},
		{"15", `["name, title"]`, sub}, {"14", `["name, title"]`, no + "name, title"}, {"16", `["name, title"]`, "name, title"},
		{"15", `["secret"]`, names}, {"15", `["name", "secret"]`, names}, {"raw", `["secret"]`, names},
		{"15", `["customer.secret", "n"]`, "n"}, {"raw", `["customer.secret", "n"]`, "n"},
		{"15", `["foo"]`, no + "foo"}, {"15", `["items.foo"]`, no + "items.foo"}, {"15", `["foo.bar"]`, no + "foo.bar"},
		{"15", `["status.x"]`, "404 DocType \nOpen\nClosed not found"},
		{"raw", `["foo", "title"]`, "title"}, {"raw", `["foo.bar"]`, "417 Could not parse field: foo.bar"},
		{"15", `["customer.region.is_group", "n"]`, "n"}, {"14", `["customer.region.is_group", "n"]`, "417 Unknown column is_group"},
		{"15", `["name", "items"]`, names}, {"14", `["name", "items"]`, "417 Unknown column items"},
		{"15", `["name", "computed"]`, names}, {"14", `["name", "computed"]`, "417 Unknown column computed"},
		{"15", `["name", "_seen", "_assign"]`, "name, _assign"},
		{"raw", `["name", "_assign"]`, "name, _assign"},
		{"15", `["name", "doctype"]`, names}, {"14", `["name", "doctype"]`, "417 Unknown column doctype"},
		{"15", `["1"]`, no + "1"},
		{"15", `["title as my title"]`, no + "title as my title"},
		{"15", `["select name from tabUser"]`, sub}, {"15", `["name from x"]`, sub},
		{"15", `["(select api_key from tabUser limit 1)"]`, no + "api_key"},
		{"15", `["(select name from tabUser limit 1)"]`, sub},
		{"15", "[\"`tabUser`.`api_key`\"]", "417 <strong>User</strong> is not a child table of <strong>Order</strong>"},
		{"15", `["count(name), sleep(1)"]`, no + "count(name), sleep(1)"},
		{"15", "[\"name\\n\"]", "417 Unknown column name\n"}, {"raw", "[\"name\\n\"]", names},
		{"15", `[{"COUNT": "name"}]`, "417 Fields must be texts"},
		{"15", `"name"`, "500 Expecting value: line 1 column 1 (char 0)"},
		{"15", `["distinct status"]`, "status"},

		{"raw", `["count(name) as n"]`, functions("count(name) as n")},
		{"16", `["count(name) as n"]`, functions("count(name) as n")},
		{"16", `["name, (select 1)"]`, invalid("(select 1)")}, {"16", `["customer.region.is_group", "n"]`, invalid("customer.region.is_group")},
		{"raw", `["name; drop"]`, invalid("name; drop")}, {"raw", `["name AS x"]`, "name as x"},
		{"raw", `["name AS 'my: x'"]`, "name as my: x"},
		{"raw", `[1]`, "417 Invalid field type: <class 'int'>"}, {"raw", `[null, "n"]`, "n"},
		{"raw", `{"a": 1}`, "417 Fields must be a string, list, tuple, pypika Field, or pypika Function"},
		{"raw", `"name, count(a,b)"`, functions("count(a,b)")},

		{"raw", `[{"COUNT": "name", "as": "n"}]`, "COUNT(name) as n"}, {"16", `[{"COUNT": "name", "as": "n"}]`, "COUNT(name) as n"},
		{"raw", `[{"COUNT": "nosuch"}]`, "403 You do not have permission to access field: <strong>Order.nosuch</strong>"},
		{"raw", `[{"SLEEP": 1}]`, "417 Unsupported function or operator: SLEEP"}, {"16", `[{"UPPER": "title"}]`, "417 Unsupported function or operator: UPPER"},
		{"raw", `[{"COUNT": "name", "SUM": "n"}]`, "417 Unsupported function or operator: COUNT"},
		{"raw", `[{"COUNT": "name", "as": "select"}]`, "COUNT(name) as select"},
		{"raw", `[{"CONCAT": ["name", "'a;b'"], "as": "y"}]`, `CONCAT(name,"a;b") as y`},
		{"raw", `[{"CONCAT": ["name", "\"it's\""], "as": "y"}]`, `CONCAT(name,"it's") as y`},
		{"raw", `[{"COUNT": "*", "as": "c"}]`, "COUNT(*) as c"},
		{"raw", `[{"COUNT": "*"}]`, "COUNT(*)"},
		{"raw", `[{"COUNT": null}]`, "417 Function COUNT requires arguments but none were provided"},
		{"raw", `[{"SUM": "*"}]`, "417 '*' is only allowed in COUNT SQL function(s)"},
		{"raw", `[{"SUM": {"MUL": ["n", "amount"]}, "as": "v"}]`, "417 Invalid function argument type: dict. Only strings, numbers, lists, and None are allowed."},
		{"raw", `[{"SUM": [{"MUL": ["n", "amount"]}], "as": "v"}]`, "SUM(MUL(n,amount)) as v"},
		{"raw", `[{"DIV": [1, {"NULLIF": ["n", 0]}]}]`, "DIV(1,NULLIF(n,0)) as 1/NULLIF(`n`,0)"},
		{"raw", `[{"SUB": [{"ADD": ["n", 1]}, {"SUB": ["n", 2]}]}]`, "SUB(ADD(n,1),SUB(n,2)) as `n`+1-(`n`-2)"},
		{"raw", `[{"MUL": [{"ADD": ["n", 1]}, {"MUL": ["n", 2]}]}]`, "MUL(ADD(n,1),MUL(n,2)) as (`n`+1)*`n`*2"},
		{"raw", `[{"ADD": ["n"]}]`, "417 Operator ADD requires exactly 2 arguments (left and right operands)"},
		{"raw", `[{"ADD": ["n", {"title": 1}]}]`, "417 Invalid nested expression: dictionary must represent a function or operator"},
		{"raw", `[{"MAX": []}]`, "417 Function MAX has wrong arguments"},
		{"raw", `[{"MAX": ""}]`, "417 Empty string arguments are not allowed"},
		{"raw", `[{"MAX": "n)"}]`, "417 Invalid argument format: n). Only quoted string literals or simple field names are allowed."},
		{"raw", `[{"MAX": "items.qty"}]`, "417 Invalid argument format: items.qty. Only quoted string literals or simple field names are allowed."},
		{"raw", "[{\"MAX\": \"`n`\"}]", "417 Invalid argument format: `n`. Only quoted string literals or simple field names are allowed."},
		{"raw", "[{\"MAX\": \"`tabOrder`.`n`\"}]", "MAX(n) as MAX(`n`)"},
		{"raw", `[{"MAX": "n", "as": "a b"}]`, "417 Invalid alias format: a b. Alias must be a simple identifier."},
		{"raw", `[{"MAX": "n", "as": " "}]`, "417 Empty alias is not allowed"},
		{"raw", `[{"MAX": "n", "AS": 5}]`, "417 Alias must be a string"},
		{"raw", `[{"MAX": "secret"}]`, "403 You do not have permission to access field: <strong>Order.secret</strong>"},
		{"raw", `[{"MAX": [["n"]]}]`, "417 Invalid argument type: list. Only strings, numbers, dicts, and None are allowed."},
		{"raw", `[{"MAX": [{"MAX": "n"}]}]`, "417 Function MAX has wrong arguments"},
		{"raw", `[{"EXTRACT": ["year", "creation"]}]`, "403 You do not have permission to access field: <strong>Order.year</strong>"},
		{"raw", `[{"items": "sku"}]`, "417 Child query fields for 'items' must be a list or tuple."},
		{"raw", `["name", {"items": ["*"]}]`, names},
	} {
		got := outcome(fields(t, newEnv(t), c.release, c.fields))
		if got != c.want {
			t.Errorf("%s in %s:\ngot  %s\nwant %s", c.fields, c.release, got, c.want)
		}
	}
}

func TestStar(t *testing.T) {
	t.Parallel()
	const own = "name, owner, creation, modified, modified_by, docstatus, idx, title, n, amount, took, active, due, at, tod, status, notes, customer, bill_to, region"
	const v14 = "name, creation, modified, modified_by, owner, docstatus, idx, title, n, amount, took, active, due, at, tod, status, notes, customer, bill_to, region, _user_tags, _comments, _assign, _liked_by"
	for _, c := range []struct {
		release string
		env     func(*fakeEnv)
		want    string
	}{
		{"14", nil, v14},
		{"14", func(e *fakeEnv) { e.permlevel = true }, own},
		{"15", nil, own}, {"16", nil, own}, {"raw", nil, own},
		{"15", func(e *fakeEnv) { e.levels[1] = true }, own + ", secret"},
		{"15", func(e *fakeEnv) { e.selectOnly = true }, "name, title"},
		{"15", func(e *fakeEnv) { e.levels = nil }, own}, // through a share
	} {
		env := newEnv(t)
		if c.env != nil {
			c.env(env)
		}
		if got := outcome(fields(t, env, c.release, `["*"]`)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.release, got, c.want)
		}
	}
}

func TestSelectOnly(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]string{"14": "name, title, region, owner", "15": "name, title, owner", "16": "name, title", "raw": "name, title"} {
		env := newEnv(t)
		env.selectOnly = true
		if got := outcome(fields(t, env, release, `["name", "title", "region", "owner"]`)); got != want {
			t.Errorf("%s: got %s, want %s", release, got, want)
		}
	}
}

func TestAsList(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	r := env.list(query.Request{Fields: document.Texts([]string{"name", "computed", "n"}), FromRequest: true, AsList: true, Limit: 20})
	q, err := query.Parse(context.Background(), env, query.RulesV15(), r)
	if err == nil {
		q.OrderBy = nil
	}
	if got, want := outcome(q, err), "name, null as computed, n"; got != want {
		t.Errorf("got %s, want %s: in an array the value of a removed field is null", got, want)
	}
	if q, _ := fields(t, env, "15", `["doctype"]`); q == nil || !q.Empty {
		t.Error("a list of which no field remains has no rows")
	}
}

// TestSelectOnlyTests: a user who may only select sees the search fields, and tests and sorts
// v1's lists by all of level 0.
func TestSelectOnlyTests(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	env.selectOnly = true
	const denied = "403 You do not have permission to access field: <strong>Order."
	for _, c := range []struct {
		release string
		r       query.Request
		want    string
	}{
		{"16", query.Request{Filters: parse(t, `{"n": 1}`), OrderBy: document.Text("idx desc")}, "name where n = 1 order idx desc"},
		{"16", query.Request{Filters: parse(t, `{"secret": 1}`)}, denied + "secret</strong>"},
		{"16", query.Request{OrderBy: document.Text("secret")}, denied + "secret</strong>"},
		{"16", query.Request{Fields: parse(t, `["name", "n", "title"]`), OrderBy: document.Text("name")}, "name, title order name"},
		{"16", query.Request{Fields: parse(t, `[{"MAX": "n"}]`)}, denied + "n</strong>"},
		{"16", query.Request{Fields: parse(t, "[{\"MAX\": \"`tabOrder`.`n`\"}]")}, denied + "n</strong>"},
		{"16", query.Request{Filters: parse(t, `{"items.sku": 1}`)}, "403 You do not have permission to access child table field: <strong>Line.sku</strong>"},
		{"raw", query.Request{Filters: parse(t, `{"n": 1}`)}, denied + "n</strong>"},
		{"raw", query.Request{Filters: parse(t, `{"title": "x"}`), OrderBy: document.Text("title asc")}, `name where title = "x" order title`},
	} {
		c.r.FromRequest = fromRequest[c.release]
		if got := outcome(query.Parse(context.Background(), env, releases[c.release](), env.list(c.r))); got != c.want {
			t.Errorf("%s: got %s, want %s", c.release, got, c.want)
		}
	}
}

func TestChildren(t *testing.T) {
	t.Parallel()
	q, err := fields(t, newEnv(t), "raw", `["title", {"items": ["sku", "cost", "nosuch"]}]`)
	if err != nil {
		t.Fatal(err)
	}
	if len(q.Children) != 1 || len(q.Children[0].Columns) != 1 || q.Children[0].Columns[0].Label != "sku" {
		t.Errorf("got children %+v, want items with sku", q.Children)
	}
	if c := q.Columns[len(q.Columns)-1]; c.Label != "name" || !c.Hidden {
		t.Errorf("the name that child rows need is missing: %+v", q.Columns)
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, release, dt string
		r                 query.Request
		deny, want        string
	}{
		{"denied", "15", "Order", query.Request{}, "Order", "403 "},
		{"denied raw", "raw", "Order", query.Request{}, "Order", "403 Insufficient Permission for <strong>Order</strong>"},
		{"ignored", "15", "Order", query.Request{IgnorePermissions: true}, "Order", "name"},
		{"bad field first", "15", "Order", query.Request{Fields: document.Texts([]string{"foo"})}, "Order", "417 Field not permitted in query: foo"},
		{"link denied", "15", "Order", query.Request{Fields: document.Texts([]string{"customer.rating"})}, "Customer", "403 "},
		{"link denied raw", "raw", "Order", query.Request{Fields: document.Texts([]string{"name", "customer.rating"})}, "Customer", "name"},
		{"child without parent", "15", "Line", query.Request{}, "", "403 "},
		{"child", "15", "Line", query.Request{Parent: "Order"}, "", "name"},
		{"child of another", "15", "Line", query.Request{Parent: "Customer"}, "", "403 "},
		{"child of nothing", "15", "Line", query.Request{Parent: "Nothing"}, "", "403 "},
		{"child of denied", "15", "Line", query.Request{Parent: "Order"}, "Order", "403 "},
		{"child 16", "16", "Line", query.Request{Parent: "Order"}, "", "name join tabOrder"},
		{"child 16 without parent", "16", "Line", query.Request{}, "", "403 Insufficient Permission for <strong>Line</strong>"},
		{"single", "15", "Config", query.Request{}, "", "417 <strong>Config</strong> has no table to list"},
		{"negative", "15", "Order", query.Request{Limit: -2}, "", "500 Limit must be a non-negative integer"},
	} {
		env := newEnv(t)
		env.denied[c.deny] = true
		c.r.FromRequest = fromRequest[c.release]
		q, err := query.Parse(context.Background(), env, releases[c.release](), env.of(c.dt, c.r))
		if err == nil {
			q.OrderBy = nil
		}
		if got := outcome(q, err); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSwapped(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	q, err := query.Parse(context.Background(), env, query.RulesV15(), env.list(query.Request{Fields: parse(t, `{"n": [">", 8]}`), FromRequest: true, Limit: 2}))
	if err != nil || node(q.Where) != "n > 8" {
		t.Errorf("filters given as fields: got %s", outcome(q, err))
	}
}

func TestAggregate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a    query.Aggregate
		want string
	}{
		{query.Aggregate{Function: "SUM", DocType: "Order", Field: "amount"}, "status, SUM(amount) as _aggregate_column group status order status"},
		{query.Aggregate{Function: "max", DocType: "Order", Field: "amount"}, "417 Invalid aggregate function"},
		{query.Aggregate{Function: "sum", DocType: "Order", Field: "amount) from tabUser -- "}, "417 Field not permitted in query: amount) from tabUser -- "},
		{query.Aggregate{Function: "sum", DocType: "Nothing", Field: "amount"}, "404 DocType Nothing not found"},
	} {
		env := newEnv(t)
		r := env.list(query.Request{Fields: document.Texts([]string{"status"}), GroupBy: "`tabOrder`.`status`", Aggregate: &c.a, FromRequest: true, Limit: 20})
		if got := outcome(query.Parse(context.Background(), env, query.RulesV15(), r)); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.a, got, c.want)
		}
	}
}

// TestCodeFields: what code may pass and a client may not.
func TestCodeFields(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"name, sum(n) as total"`: "name, SUM(n) as total",
		`"count(*) as n"`:         "COUNT(*) as n",
		`["secret"]`:              "secret",
		`["items"]`:               "417 Unknown column items",
	} {
		env := newEnv(t)
		q, err := query.Parse(context.Background(), env, query.RulesV15(), env.list(query.Request{Fields: parse(t, text), IgnorePermissions: true, Limit: -1}))
		if err == nil {
			q.OrderBy = nil
		}
		if got := outcome(q, err); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestPluckAndLabels(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	q, err := query.Parse(context.Background(), env, query.RulesV15(), env.list(query.Request{Pluck: "title", Limit: -1}))
	if err != nil || q.Columns[0].Label != "title" || !q.Pluck {
		t.Errorf("got %s", outcome(q, err))
	}
	q, err = fields(t, env, "15", `["title", "n as title", "name"]`)
	if err != nil || len(q.Labels()) != 2 || exc.Of(err) != nil {
		t.Errorf("labels: got %v", q.Labels())
	}
}
