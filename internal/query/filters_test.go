package query_test

import (
	"context"
	"strings"
	"testing"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/query"
)

// TestConditions: one condition, by release. "legacy" stands for 14, 15 and 16.
func TestConditions(t *testing.T) {
	t.Parallel()
	const bad = "417 "
	const hidden = "403 You do not have permission to access field: <strong>Order.secret</strong>"
	for _, c := range []struct {
		filter string
		want   map[string]string
	}{
		{`{"title": "x"}`, map[string]string{"legacy": `title = "x"`, "raw": `title = "x"`, "16.4": `title = "x"`}},
		{`{"title": ""}`, map[string]string{"legacy": `title = "" or null`, "raw": `title = ""`, "16.4": `title = "" or null`}},
		{`{"title": null}`, map[string]string{"14": `title = "''"`, "15": `title = "''"`, "16": `title = "" or null`, "raw": "title null", "16.4": "title null"}},
		{`{"status": null}`, map[string]string{"15": `number status = 0.0 or null`, "16": `status = "" or null`}},
		{`{"n": null}`, map[string]string{"legacy": "n = 0", "raw": "false"}},
		{`{"due": null}`, map[string]string{"legacy": `due = "2024-05-15"`, "raw": "due null"}},
		{`{"at": ""}`, map[string]string{"legacy": `at = "0001-01-01 00:00:00.000000" or null`}},
		{`{"name": null}`, map[string]string{"15": `name = "''"`, "16": `name = ""`}},
		{`{"title": ["!=", "x"]}`, map[string]string{"legacy": `title != "x" or null`, "raw": `title != "x"`, "16.4": `title != "x" or null`}},
		{`{"title": ["!=", ""]}`, map[string]string{"legacy": `title != ""`}},
		{`{"title": ["!=", null]}`, map[string]string{"15": `number title != 0.0`, "16": `title != ""`, "raw": "title null", "16.4": `title != ""`}},
		{`{"title": [">", "a"]}`, map[string]string{"legacy": `title > "a"`}},
		{`{"title": ["<", "a"]}`, map[string]string{"legacy": `title < "a" or null`, "raw": `title < "a"`, "16.4": `title < "a" or null`}},
		{`{"title": 5}`, map[string]string{"legacy": `title = "5"`}},
		{`{"n": "10abc"}`, map[string]string{"legacy": "n = 0", "raw": "n = 10"}},
		{`{"n": 9.6}`, map[string]string{"legacy": "false", "raw": "false"}},
		{`{"n": ["<", 9.6]}`, map[string]string{"legacy": "n <= 9"}},
		{`{"n": ["!=", 9.6]}`, map[string]string{"legacy": "true"}},
		{`{"amount": "1,000"}`, map[string]string{"legacy": "amount = 1000.0", "raw": "amount = 1.0"}},
		{`{"active": "true"}`, map[string]string{"legacy": "active = 0"}},
		{`{"active": true}`, map[string]string{"legacy": "active = 1"}},
		{`{"docstatus": "draft"}`, map[string]string{"legacy": "docstatus = 0"}},
		{`{"due": "01-02-2024"}`, map[string]string{"legacy": `due = "2024-01-02"`, "raw": "false"}},
		{`{"due": "2024-02-30"}`, map[string]string{"legacy": bad + "<strong>2024-02-30</strong> is not a valid date string."}},
		{`{"due": ["<", "2024-01-31"]}`, map[string]string{"legacy": `due < "2024-01-31" or null`, "raw": `due < "2024-01-31"`}},
		{`{"due": [">=", "2024-02-29 10:00:00"]}`, map[string]string{"legacy": `due >= "2024-02-29"`, "raw": `due > "2024-02-29"`}},
		{`{"due": ["like", "2024%"]}`, map[string]string{"legacy": bad + "<strong>2024%</strong> is not a valid date string.", "raw": `due like "2024%"`}},
		{`{"at": "2024-01-31T08:30:00Z"}`, map[string]string{"legacy": `at = "2024-01-31 08:30:00.000000"`}},
		{`{"tod": "8:30"}`, map[string]string{"legacy": `tod = "08:30:00.000000"`, "raw": `tod = "08:30:00.000000"`}},
		{`{"tod": "noon"}`, map[string]string{"legacy": bad + "<strong>noon</strong> is not a valid time."}},
		{`{"creation": [">", "never"]}`, map[string]string{"legacy": "creation not null", "raw": "creation not null"}},
		{`{"creation": ["<", "2024-01-01"]}`, map[string]string{"legacy": `creation < "2024-01-01 00:00:00.000000"`}},

		{`{"title": ["like", "a\\b%"]}`, map[string]string{"legacy": `title like "a\\\\b%"`, "raw": `title like "a\\b%"`}},
		{`{"title": ["not like", "%a%"]}`, map[string]string{"legacy": `title not like "%a%" or null`, "raw": `title not like "%a%"`, "16.4": `title not like "%a%" or null`}},
		{`{"title": ["not like", "%"]}`, map[string]string{"legacy": `title not like "%"`}},
		{`{"title": ["like", null]}`, map[string]string{"legacy": `title like "" or null`, "16.4": "title null"}},
		{`{"title": ["in", "a, b"]}`, map[string]string{"legacy": `title in "a" "b"`, "raw": `title in "a" " b"`}},
		{`{"title": ["in", ["a", null]]}`, map[string]string{"legacy": `title in "a" "" or null`, "raw": `title = "a"`, "16.4": `title = "a"`}},
		{`{"title": ["in", []]}`, map[string]string{"legacy": `title = "" or null`, "raw": `title = ""`, "16.4": `title = "" or null`}},
		{`{"title": ["not in", ["a", "b"]]}`, map[string]string{"legacy": `title not in "a" "b" or null`, "raw": `title not in "a" "b"`}},
		{`{"n": ["in", [2, "7", null]]}`, map[string]string{"legacy": "n in 2 7"}},
		{`{"n": ["in", 5]}`, map[string]string{"legacy": bad + "Operator in needs a list"}},
		{`{"title": ["=", ["a", "b' or 1=1 -- "]]}`, map[string]string{"legacy": bad + "Operator = needs one value, not a list", "raw": bad + "Operator = needs one value, not a list"}},

		{`{"title": ["is", "set"]}`, map[string]string{"legacy": `title != ""`, "count": "title not null"}},
		{`{"title": ["is", "not set"]}`, map[string]string{"legacy": `title = "" or null`, "count": "title null"}},
		{`{"n": ["is", "not set"]}`, map[string]string{"14": "false", "15": "false", "16": "n = 0"}},
		{`{"tod": ["is", "not set"]}`, map[string]string{"15": "tod null", "16": `tod = "00:00:00.000000" or null`}},
		{`{"title": ["is", "x"]}`, map[string]string{"legacy": bad + "Operator is needs set or not set", "raw": "500 `is` operator only supports `set` and `not set` as value"}},

		{`{"due": ["between", ["2024-02-29"]]}`, map[string]string{"legacy": `due between "2024-02-29" "2024-05-15"`}},
		{`{"at": ["between", ["2024-01-31", "2024-02-29 10:00:00"]]}`, map[string]string{
			"legacy": `at between "2024-01-31 00:00:00.000000" "2024-02-29 10:00:00.000000"`,
			"16.4":   `at between "2024-01-31 00:00:00.000000" "2024-02-29 10:00:00.000000"`,
			"raw":    `at between "2024-01-31 00:00:00.000000" "2024-02-29 10:00:00.000000"`}},
		{`{"at": ["between", ["2024-01-31", "2024-02-29"]]}`, map[string]string{
			"legacy": `at between "2024-01-31 00:00:00.000000" "2024-02-29 23:59:59.999999"`,
			"raw":    `at between "2024-01-31 00:00:00.000000" "2024-02-29 00:00:00.000000"`}},
		{`{"n": ["between", [1, 5]]}`, map[string]string{"legacy": bad + "Operator between needs a date field, not <strong>n</strong>", "raw": "n between 1 5"}},
		{`{"due": ["timespan", "this quarter"]}`, map[string]string{"legacy": `due between "2024-04-01" "2024-06-30"`, "raw": `due between "2024-04-01" "2024-06-30"`}},
		{`{"due": ["timespan", "someday"]}`, map[string]string{"legacy": `due between "2024-05-15" "2024-05-15"`, "16.4": "due null"}},
		{`{"due": ["previous", "1 month"]}`, map[string]string{"legacy": `due between "2024-04-01" "2024-04-30"`, "raw": bad + "Unknown operator previous", "16.4": `due between "2024-04-01" "2024-04-30"`}},
		{`{"due": ["next", "2 weeks"]}`, map[string]string{"legacy": bad + `Unknown period "2 weeks"`}},

		{`{"region": ["descendants of", "World"]}`, map[string]string{"legacy": `region in "North" "South"`, "raw": `region in "North" "South"`}},
		{`{"region": ["descendants of", "North"]}`, map[string]string{"15": `region = "" or null`, "16": `region = ""`, "raw": `region = ""`}},
		{`{"region": ["not descendants of", "World"]}`, map[string]string{"legacy": `region not in "North" "South" or null`, "raw": `region not in "North" "South"`}},
		{`{"region": ["ancestors of", "North"]}`, map[string]string{"legacy": `region = "World"`}},
		{`{"region": ["descendants of (inclusive)", "Atlantis"]}`, map[string]string{"15": `region = "Atlantis"`}},
		{`{"customer": ["descendants of", "x"]}`, map[string]string{"legacy": bad + "<strong>Customer</strong> is not a tree"}},
		{`{"title": ["regex", "^O"]}`, map[string]string{"raw": bad + "Unknown operator regex"}},
		{`{"nosuch": 1}`, map[string]string{"legacy": bad + "Field not permitted in query: nosuch", "16.4": bad + "Field not permitted in query: nosuch",
			"raw": "403 You do not have permission to access field: <strong>Order.nosuch</strong>", "count": "403 You do not have permission to access field: <strong>Order.nosuch</strong>"}},
		{`{"secret": "x"}`, map[string]string{"14": hidden, "15": hidden, "16": hidden, "16.4": hidden, "raw": "403 You do not have permission to access field: <strong>Order.secret</strong>"}},
		{`{"_assign": "x"}`, map[string]string{"legacy": `_assign = "x"`, "raw": "403 You do not have permission to access field: <strong>Order._assign</strong>", "16.4": `_assign = "x"`}},
		{`{"_seen": "x"}`, map[string]string{"legacy": ""}},
		{`{"doctype": "Order"}`, map[string]string{"legacy": bad + "Unknown column doctype"}},
		{`{"computed": "x"}`, map[string]string{"legacy": bad + "Unknown column computed"}},
		{`{"items": "x"}`, map[string]string{"legacy": bad + "Unknown column items"}},
	} {
		for release, want := range c.want {
			names := []string{release}
			if release == "legacy" {
				names = []string{"14", "15", "16"}
			}
			for _, name := range names {
				if got := where(t, name, c.filter); got != want {
					t.Errorf("%s in %s:\ngot  %s\nwant %s", c.filter, name, got, want)
				}
			}
		}
	}
}

// where is the condition alone.
func where(t *testing.T, release, filters string) string {
	t.Helper()
	env := newEnv(t)
	q, err := query.Parse(context.Background(), env, releases[release](), env.list(query.Request{Filters: parse(t, filters),
		FromRequest: fromRequest[release], Limit: 20}))
	if err != nil {
		return outcome(nil, err)
	}
	if q.Where == nil {
		return ""
	}
	return node(q.Where)
}

func TestShapes(t *testing.T) {
	t.Parallel()
	const perm = "403 You do not have permission to access field: <strong>Order.nosuch</strong>"
	for _, c := range []struct{ release, filters, want string }{
		{"15", `[["Order", "status", "=", "Open"], ["n", ">", 8]]`, `(status = "Open" and n > 8)`},
		{"15", `[["Order", "status", "=", "Open", false]]`, `status = "Open"`},
		{"15", `{"status": ["=", "Open", "x"]}`, `status = "Open"`},
		{"15", `[["status", "LIKE", "op%"]]`, `status like "op%"`},
		{"15", `[["n", "=", 7], ["n", "=", 8]]`, `(n = 7 and n = 8)`},
		{"16", `[["n", "=", 7], ["n", "=", 8]]`, `n in 7 8`},
		{"16", `[["n", ">", 7], ["n", "=", 8], ["n", "=", 9]]`, `(n in 8 9 and n > 7)`},
		{"15", `[["status", "Open"]]`, "404 DocType status not found"},
		{"15", `["status", "=", "Open"]`, "404 DocType s not found"},
		{"15", `["1=1"]`, "417 Field not permitted in query: 1"},
		{"15", `"xyz"`, "500 Expecting value: line 1 column 1 (char 0)"},
		{"15", `[["n", "=", 7], "or", ["n", "=", 8]]`, "404 DocType o not found"},
		{"15", `[["n", "=", 7], "and", ["n", "=", 8]]`, "417 Field not permitted in query: a"},
		{"15", `[["status", "", "Open"]]`, `status = "Open"`},
		{"16", `[["status", "", "Open"]]`, "417 Operator must be one of =, !=, >, <, >=, <=, like, not like, in, not in, is, between, timespan, previous, next, ancestors of, descendants of, not ancestors of, not descendants of, descendants of (inclusive)"},
		{"15", `[["Line", "sku", "=", "x"]]`, `tabLine.sku = "x"`},
		{"15", `[["Line", "qty", "!=", 1]]`, `tabLine.qty != 1`},
		{"15", `[["User", "api_key", "=", "x"]]`, "417 <strong>User</strong> is not a child table of <strong>Order</strong>"},
		{"15", `[["Other Line", "note", "=", "x"]]`, "403 Other Line"},
		{"15", `{"items.sku": "x"}`, "417 Unknown column items.sku"},
		{"15", `[]`, ""}, {"15", `{}`, ""}, {"15", `null`, ""}, {"raw", `[]`, ""}, {"raw", `""`, ""},

		{"raw", `{"items.sku": "x"}`, `tabLine.sku = "x"`},
		{"raw", `{"customer.rating": [">", 3]}`, `tabCustomer.rating > 3`},
		{"raw", `{"customer.secret": "x"}`, "403 You do not have permission to access field: <strong>Customer.secret</strong>"},
		{"raw", `{"status.x": 1}`, "417 Invalid filter field format: status.x. Use 'fieldname' or 'link_fieldname.target_fieldname'."},
		{"raw", "{\"name` or 1=1 -- \": 1}", "417 Filter fields cannot contain backticks (`)."},
		{"raw", `{"a b": 1}`, "417 Invalid characters in fieldname: a b. Only letters, numbers, and underscores are allowed."},
		{"raw", `["A", "B"]`, `name in "A" "B"`},
		{"raw", `"A"`, `name = "A"`}, {"raw", `7`, `name = "7"`},
		{"raw", `[["n", 7], ["n", 8]]`, `(n = 7 and n = 8)`},
		{"raw", `[{"n": 7}, {"title": "x"}]`, `(n = 7 and title = "x")`},
		{"raw", `[["n", "=", 7], "or", ["n", "=", 8], "AND", ["status", "=", "Open"]]`, `((n = 7 or n = 8) and status = "Open")`},
		{"raw", `[[["n", "=", 7], "and", ["active", 1]], "or", ["n", 8]]`, `((n = 7 and active = 1) or n = 8)`},
		{"raw", `[["n", "=", 7], "xor", ["n", "=", 8]]`, "417 Error parsing nested filters: Expected 'and' or 'or' operator, found: xor"},
		{"raw", `[["n", "=", 7], "or"]`, "417 Error parsing nested filters: Filter condition missing after operator: or"},
		{"raw", `["or", ["n", "=", 7]]`, "417 Error parsing nested filters: Invalid start for filter condition: or. Expected a list or tuple."},
		{"raw", `[["n", "=", 7], "or", "x"]`, "417 Error parsing nested filters: Invalid filter condition: x. Expected a list or tuple."},
		{"raw", `[["nosuch", "=", 7]]`, strings.Replace(perm, "403 ", "403 Error parsing nested filters: ", 1)},
		{"raw", `[["region", "descendants of", "World"]]`, "417 Error parsing nested filters: Unknown operator descendants of"},
		{"raw", `[["region", "descendants of", "World"], ["n", 1]]`, `(region in "North" "South" and n = 1)`},
		{"raw", `{"status": ["Open"]}`, "417 Filter status must have an operator and a value"},
		{"raw", `[["Other Line", "note", "=", "x"], ["n", 1]]`, "417 Other Line is not a child table of Order"},
		{"raw", `[["Line", "sku", "=", "x"], ["n", 1]]`, `(tabLine.sku = "x" and n = 1)`},
		{"raw16.4", `{"sku": "x"}`, `tabLine.sku = "x"`},
		{"raw16.4", "{\"`tabOrder`.`n`\": 1}", "n = 1"},
		{"raw16.4", "{\"`tabUser`.`api_key`\": 1}", "403 You do not have permission to access field: <strong>User.api_key</strong>"},

		{"count", `[["Order", "n", "=", 7, false]]`, ""},
		{"count", `{"items.sku": 1}`, "417 Invalid filter: items.sku"},
		{"count", `{"title": ["!=", null]}`, "title null"},
	} {
		if got := where(t, c.release, c.filters); got != c.want {
			t.Errorf("%s in %s:\ngot  %s\nwant %s", c.filters, c.release, got, c.want)
		}
	}
}

func TestOrFilters(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	r := env.list(query.Request{Filters: parse(t, `{"status": "Closed"}`), OrFilters: parse(t, `{"title": "b", "n": 7}`), FromRequest: true, Limit: 20})
	q, err := query.Parse(context.Background(), env, query.RulesV15(), r)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := node(q.Where), `(status = "Closed" and (title = "b" or n = 7))`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	q.And(query.Or(query.Eq(query.F(r.DocType, "owner"), document.Text("me")), query.IsNull(query.F(r.DocType, "customer"))))
	if got, want := node(q.Where), `(status = "Closed" and (title = "b" or n = 7) and (owner = "me" or customer null))`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	q.And(query.Eq(query.F(r.DocType, "nosuch"), document.Text("me")))
	if got := node(q.Where); got != "false" {
		t.Errorf("a condition on an unknown column must hide all rows, got %s", got)
	}
}

// TestNestedErrorKeepsCause: the wrapper logs the cause before itself.
func TestNestedErrorKeepsCause(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	_, err := query.Parse(context.Background(), env, query.RulesRaw16(), env.list(query.Request{Filters: parse(t, `[["n","=",1],"xor",["n",2]]`), Limit: 20}))
	e := exc.Of(err)
	if e == nil || !e.Thrown || len(e.Plain) != 1 || e.Plain[0].Text != "Expected 'and' or 'or' operator, found: xor" || !e.Plain[0].Raise {
		t.Fatalf("got %#v", e)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	many := make([]document.Value, 1001)
	for i := range many {
		many[i] = document.ListOf(document.Text("n"), document.Text("="), document.IntOf(1))
	}
	members := make([]document.Value, 30_001)
	for i := range members {
		members[i] = document.IntOf(int64(i))
	}
	deep := document.ListOf(document.Text("n"), document.Text("="), document.IntOf(1))
	for range 50 {
		deep = document.ListOf(deep, document.Text("and"), document.ListOf(document.Text("n"), document.IntOf(1)))
	}
	in := document.MapOf(document.NewObject("n", document.ListOf(document.Text("in"), document.ListOf(members...))))
	env := newEnv(t)
	for name, rules := range releases {
		for what, filters := range map[string]document.Value{"conditions": document.ListOf(many...), "members": in, "nesting": deep} {
			_, err := query.Parse(context.Background(), env, rules(), env.list(query.Request{Filters: filters, FromRequest: fromRequest[name], Limit: 20}))
			if e := exc.Of(err); e == nil || e.Class.Status < 400 {
				t.Errorf("%s in %s: got %v, want a refusal", what, name, err)
			}
		}
	}
}
