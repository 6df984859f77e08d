package query_test

import (
	"context"
	"strings"
	"testing"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/query"
)

// TestConditions: one condition, by release. "legacy" stands for 14 and 15.
func TestConditions(t *testing.T) {
	t.Parallel()
	const bad = "417 "
	const hidden = "403 You do not have permission to access field: <strong>Order.secret</strong>"
	for _, c := range []struct {
		filter string
		want   map[string]string
	}{
		{`{"title": "x"}`, map[string]string{"legacy": `title = "x"`, "raw": `title = "x"`, "16": `title = "x"`}},
		{`{"title": ""}`, map[string]string{"legacy": `title = "" or null`, "raw": `title = ""`, "16": `title = "" or null`}},
		{`{"title": null}`, map[string]string{"14": `title = "''"`, "15": `title = "''"`, "raw": "title null", "16": "title null"}},
		{`{"status": null}`, map[string]string{"15": `number status = 0.0 or null`, "16": "status null"}},
		{`{"n": null}`, map[string]string{"legacy": "n = 0", "raw": "false", "16": "false"}},
		{`{"due": null}`, map[string]string{"legacy": `due = "2024-05-15"`, "raw": "due null", "16": "due null"}},
		{`{"at": ""}`, map[string]string{"legacy": `at = "0001-01-01 00:00:00.000000" or null`, "16": "false"}},
		{`{"name": null}`, map[string]string{"15": `name = "''"`, "16": "false"}},
		{`{"title": ["!=", "x"]}`, map[string]string{"legacy": `title != "x" or null`, "raw": `title != "x"`, "16": `title != "x" or null`}},
		{`{"title": ["!=", ""]}`, map[string]string{"legacy": `title != ""`, "16": `title != ""`}},
		{`{"title": ["!=", null]}`, map[string]string{"15": `number title != 0.0`, "raw": `title != ""`, "16": `title != ""`}},
		{`{"due": ["!=", null]}`, map[string]string{"raw": `due != "0001-01-01"`, "16": `due != "0001-01-01"`}},
		{`{"title": [">", "a"]}`, map[string]string{"legacy": `title > "a"`, "16": `title > "a"`}},
		{`{"title": ["<", "a"]}`, map[string]string{"legacy": `title < "a" or null`, "raw": `title < "a"`, "16": `title < "a" or null`}},
		{`{"title": 5}`, map[string]string{"legacy": `title = "5"`, "count": `title = "5"`, "raw": "number title = 5.0", "16": "number title = 5.0"}},
		{`{"title": true}`, map[string]string{"16": "number title = 1.0"}},
		{`{"title": 0}`, map[string]string{"raw": "number title = 0.0", "16": "number title = 0.0 or null"}},
		{`{"title": ["<", 5]}`, map[string]string{"raw": "number title < 5.0", "16": "number title < 5.0 or null"}},
		{`{"title": [">", -1]}`, map[string]string{"16": "number title > -1.0 or null"}},
		{`{"n": "10abc"}`, map[string]string{"legacy": "n = 0", "raw": "n = 10", "16": "n = 10"}},
		{`{"n": 9.6}`, map[string]string{"legacy": "false", "raw": "false"}},
		{`{"n": ["<", 9.6]}`, map[string]string{"legacy": "n <= 9"}},
		{`{"n": ["!=", 9.6]}`, map[string]string{"legacy": "true"}},
		{`{"amount": "1,000"}`, map[string]string{"legacy": "amount = 1000.0", "raw": "amount = 1.0", "16": "amount = 1.0"}},
		{`{"active": "true"}`, map[string]string{"legacy": "active = 0", "16": "active = 0"}},
		{`{"active": true}`, map[string]string{"legacy": "active = 1", "16": "active = 1"}},
		{`{"docstatus": "draft"}`, map[string]string{"legacy": "docstatus = 0", "16": "docstatus = 0"}},
		{`{"due": "01-02-2024"}`, map[string]string{"legacy": `due = "2024-01-02"`, "raw": "false", "16": "false"}},
		{`{"due": "2024-02-30"}`, map[string]string{"legacy": bad + "<strong>2024-02-30</strong> is not a valid date string.", "16": "false"}},
		{`{"due": [">", "2024-02-30"]}`, map[string]string{"raw": `due >= "2024-03-01"`, "16": `due >= "2024-03-01"`}},
		{`{"due": ["<", "2024-01-31"]}`, map[string]string{"legacy": `due < "2024-01-31" or null`, "raw": `due < "2024-01-31"`, "16": `due < "2024-01-31" or null`}},
		{`{"due": [">=", "2024-02-29 10:00:00"]}`, map[string]string{"legacy": `due >= "2024-02-29"`, "raw": `due > "2024-02-29"`, "16": `due > "2024-02-29"`}},
		{`{"due": ["<=", "2024-02-29 10:00:00"]}`, map[string]string{"raw": `due <= "2024-02-29"`, "16": `due < "2024-03-01" or null`}},
		{`{"due": ["!=", "2024-2-29"]}`, map[string]string{"raw": `due != "2024-02-29"`, "16": "true"}},
		{`{"due": ["like", "2024%"]}`, map[string]string{"legacy": bad + "<strong>2024%</strong> is not a valid date string.", "raw": `due like "2024%"`, "16": `due like "2024%"`}},
		{`{"due": ["not like", "2024%"]}`, map[string]string{"raw": `due not like "2024%"`, "16": `due not like "2024%" or null`}},
		{`{"due": ["not like", "0001%"]}`, map[string]string{"16": `due not like "0001%"`}},
		{`{"at": "2024-01-31T08:30:00Z"}`, map[string]string{"legacy": `at = "2024-01-31 08:30:00.000000"`}},
		{`{"at": ["<=", "2024-01-31 08:30:00"]}`, map[string]string{"raw": `at <= "2024-01-31 08:30:00.000000"`, "16": `at < "2024-01-31 08:30:00.000000" or null`}},
		{`{"tod": "8:30"}`, map[string]string{"legacy": `tod = "08:30:00.000000"`, "raw": `tod = "08:30:00.000000"`, "16": `tod = "08:30:00.000000"`}},
		{`{"tod": [">", "08:30:00"]}`, map[string]string{"legacy": `tod > "08:30:00.000000"`, "raw": `tod > "08:30:00.000000"`, "16": `tod >= "08:30:00.000000"`}},
		{`{"tod": [">", "8:30"]}`, map[string]string{"16": `tod >= "80:00:00.000000"`}},
		{`{"tod": "noon"}`, map[string]string{"legacy": bad + "<strong>noon</strong> is not a valid time.", "16": `tod = "00:00:00.000000"`}},
		{`{"creation": [">", "never"]}`, map[string]string{"legacy": "creation not null", "raw": "creation not null", "16": "creation not null"}},
		{`{"creation": ["<", "2024-01-01"]}`, map[string]string{"legacy": `creation < "2024-01-01 00:00:00.000000"`, "16": `creation < "2024-01-01 00:00:00.000000"`}},

		{`{"title": ["like", "a\\b%"]}`, map[string]string{"legacy": `title like "a\\\\b%"`, "raw": `title like "a\\b%"`, "16": `title like "a\\b%"`}},
		{`{"title": ["not like", "%a%"]}`, map[string]string{"legacy": `title not like "%a%" or null`, "raw": `title not like "%a%"`, "16": `title not like "%a%" or null`}},
		{`{"title": ["not like", "%"]}`, map[string]string{"legacy": `title not like "%"`, "16": `title not like "%"`}},
		{`{"title": ["like", null]}`, map[string]string{"legacy": `title like "" or null`, "16": "title null"}},
		{`{"title": ["in", "a, b"]}`, map[string]string{"legacy": `title in "a" "b"`, "raw": `title in "a" " b"`, "16": `title in "a" " b"`}},
		{`{"title": ["in", ["a", null]]}`, map[string]string{"legacy": `title in "a" "" or null`, "raw": `title = "a"`, "16": `title = "a"`}},
		{`{"title": ["in", ["a", ""]]}`, map[string]string{"raw": `title in "a" ""`, "16": `title in "a" "" or null`}},
		{`{"title": ["in", ["a", 7]]}`, map[string]string{"legacy": `title in "a" "7"`, "16": `(number title = 7.0 or title = "a")`}},
		{`{"title": ["in", []]}`, map[string]string{"legacy": `title = "" or null`, "raw": `title = ""`, "16": `title = "" or null`}},
		{`{"title": ["in", null]}`, map[string]string{"raw": "title null", "16": `title = "" or null`}},
		{`{"due": ["in", []]}`, map[string]string{"16": "false"}},
		{`{"title": ["not in", ["a", "b"]]}`, map[string]string{"legacy": `title not in "a" "b" or null`, "raw": `title not in "a" "b"`, "16": `title not in "a" "b" or null`}},
		{`{"title": ["not in", ["a", ""]]}`, map[string]string{"16": `title not in "a" ""`}},
		{`{"title": ["not in", ["a", null]]}`, map[string]string{"raw": "false", "16": "false"}},
		{`{"due": ["not in", ["2024-02-29", "2024-2-1"]]}`, map[string]string{"16": `due != "2024-02-29" or null`}},
		{`{"n": ["in", [2, "7", null]]}`, map[string]string{"legacy": "n in 2 7", "16": "n in 2 7"}},
		{`{"n": ["in", 5]}`, map[string]string{"legacy": bad + "Operator in needs a list"}},
		{`{"title": ["=", ["a", "b' or 1=1 -- "]]}`, map[string]string{"legacy": bad + "Operator = needs one value, not a list", "raw": bad + "Operator = needs one value, not a list"}},

		{`{"title": ["is", "set"]}`, map[string]string{"legacy": `title != ""`, "count": "title not null", "16": `title != ""`}},
		{`{"title": ["is", "not set"]}`, map[string]string{"legacy": `title = "" or null`, "count": "title null"}},
		{`{"title": ["is", null]}`, map[string]string{"16": "title null"}},
		{`{"n": ["is", "not set"]}`, map[string]string{"14": "false", "15": "false", "16": "n = 0"}},
		{`{"tod": ["is", "not set"]}`, map[string]string{"15": "tod null", "16": `tod = "00:00:00.000000" or null`}},
		{`{"title": ["is", "x"]}`, map[string]string{"legacy": bad + "Operator is needs set or not set", "raw": "500 `is` operator only supports `set` and `not set` as value"}},

		{`{"due": ["between", ["2024-02-29"]]}`, map[string]string{"legacy": `due between "2024-02-29" "2024-05-15"`, "16": "false"}},
		{`{"due": ["between", "2024-02-29"]}`, map[string]string{"16": `due between "2024-05-15" "2024-05-15"`}},
		{`{"due": ["between", ["2024-01-01", "2024-02-01", "x"]]}`, map[string]string{"16": `due between "2024-01-01" "2024-02-01"`}},
		{`{"at": ["between", ["2024-01-31", "2024-02-29 10:00:00"]]}`, map[string]string{
			"legacy": `at between "2024-01-31 00:00:00.000000" "2024-02-29 10:00:00.000000"`,
			"16":     `at between "2024-01-31 00:00:00.000000" "2024-02-29 10:00:00.000000"`,
			"raw":    `at between "2024-01-31 00:00:00.000000" "2024-02-29 10:00:00.000000"`}},
		{`{"at": ["between", ["2024-01-31", "2024-02-29"]]}`, map[string]string{
			"legacy": `at between "2024-01-31 00:00:00.000000" "2024-02-29 23:59:59.999999"`,
			"raw":    `at between "2024-01-31 00:00:00.000000" "2024-02-29 23:59:59.999999"`}},
		{`{"at": ["between", ["2024-01-31", "never"]]}`, map[string]string{"16": bad + "<strong>never</strong> is not a valid date string."}},
		{`{"n": ["between", [1, 5]]}`, map[string]string{"legacy": bad + "Operator between needs a date field, not <strong>n</strong>", "raw": "n between 1 5", "16": "n between 1 5"}},
		{`{"title": ["between", ["a", "c"]]}`, map[string]string{"raw": `(title >= "a" and title <= "c")`, "16": `(title >= "a" and title <= "c" or null)`}},
		{`{"tod": ["between", ["08:30:00", "09:00:00"]]}`, map[string]string{"16": `(tod >= "08:30:00.000000" and tod < "09:00:00.000000" or null)`}},
		{`{"due": ["timespan", "this quarter"]}`, map[string]string{"legacy": `due between "2024-04-01" "2024-06-30"`, "raw": `due between "2024-04-01" "2024-06-30"`}},
		{`{"due": ["timespan", "someday"]}`, map[string]string{"legacy": `due between "2024-05-15" "2024-05-15"`, "16": "due null", "raw": "due null"}},
		{`{"due": ["previous", "1 month"]}`, map[string]string{"legacy": `due between "2024-04-01" "2024-04-30"`, "raw": `due between "2024-04-01" "2024-04-30"`, "count": bad + "Unknown operator previous"}},
		{`{"due": ["next", "2 weeks"]}`, map[string]string{"legacy": bad + `Unknown period "2 weeks"`, "16": bad + "Unknown period 2 weeks"}},

		{`{"region": ["descendants of", "World"]}`, map[string]string{"legacy": `region in "North" "South"`, "raw": `region in "North" "South"`}},
		{`{"region": ["descendants of", "North"]}`, map[string]string{"15": `region = "" or null`, "16": `region = ""`, "raw": `region = ""`}},
		{`{"region": ["not descendants of", "World"]}`, map[string]string{"legacy": `region not in "North" "South" or null`, "raw": `region not in "North" "South"`, "16": `region not in "North" "South"`}},
		{`{"region": ["ancestors of", "North"]}`, map[string]string{"legacy": `region = "World"`}},
		{`{"region": ["descendants of (inclusive)", "Atlantis"]}`, map[string]string{"15": `region = "Atlantis"`}},
		{`{"customer": ["descendants of", "x"]}`, map[string]string{"legacy": bad + "<strong>Customer</strong> is not a tree"}},
		{`{"title": ["regex", "^O"]}`, map[string]string{"raw": bad + "Unknown operator regex"}},
		{`{"nosuch": 1}`, map[string]string{"legacy": bad + "Field not permitted in query: nosuch", "16": bad + "Field not permitted in query: nosuch",
			"raw": "403 You do not have permission to access field: <strong>Order.nosuch</strong>", "count": "403 You do not have permission to access field: <strong>Order.nosuch</strong>"}},
		{`{"secret": "x"}`, map[string]string{"14": hidden, "15": hidden, "16": hidden, "raw": hidden}},
		{`{"_assign": "x"}`, map[string]string{"legacy": `_assign = "x"`, "raw": `_assign = "x"`, "16": `_assign = "x"`}},
		{`{"_seen": "x"}`, map[string]string{"legacy": ""}},
		{`{"doctype": "Order"}`, map[string]string{"legacy": bad + "Unknown column doctype", "16": strings.Replace(hidden, "secret", "doctype", 1)}},
		{`{"computed": "x"}`, map[string]string{"legacy": bad + "Unknown column computed", "16": strings.Replace(hidden, "secret", "computed", 1)}},
		{`{"items": "x"}`, map[string]string{"legacy": bad + "Unknown column items"}},
	} {
		for release, want := range c.want {
			names := []string{release}
			if release == "legacy" {
				names = []string{"14", "15"}
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
		{"16", `[["n", "=", 7], ["n", "=", 8]]`, `(n = 7 and n = 8)`},
		{"15", `[["status", "Open"]]`, "404 DocType status not found"},
		{"15", `["status", "=", "Open"]`, "404 DocType s not found"},
		{"15", `["1=1"]`, "417 Field not permitted in query: 1"},
		{"15", `"xyz"`, "500 Expecting value: line 1 column 1 (char 0)"},
		{"15", `[["n", "=", 7], "or", ["n", "=", 8]]`, "404 DocType o not found"},
		{"15", `[["n", "=", 7], "and", ["n", "=", 8]]`, "417 Field not permitted in query: a"},
		{"15", `[["status", "", "Open"]]`, `status = "Open"`},
		{"16", `[["status", "", "Open"]]`, "417 Error parsing nested filters: [['status', '', 'Open']]. Invalid simple filter format: ['status', '', 'Open']"},
		{"16", `[["Order", "status", "=", "Open", false]]`, `status = "Open"`},
		{"16", `[["Order", "status", "=", "Open", false], ["n", "=", 1]]`, `(status = "Open" and n = 1)`},
		{"16", `[["Order", "status", "=", "Open", false, 1]]`, "417 Error parsing nested filters: [['Order', 'status', '=', 'Open', False, 1]]. Invalid simple filter format: ['Order', 'status', '=', 'Open', False, 1]"},
		{"16", `[["region", "ancestors of", "North"]]`, `region = "World"`},
		{"16", `[["due", "previous", "1 month"]]`, "417 Error parsing nested filters: [['due', 'previous', '1 month']]. Invalid simple filter format: ['due', 'previous', '1 month']"},
		{"16", `[["due", "previous", "1 month"], ["n", "=", 1]]`, `(due between "2024-04-01" "2024-04-30" and n = 1)`},
		{"16", `[["status", "is like", "x"]]`, "417 Error parsing nested filters: [['status', 'is like', 'x']]. Invalid simple filter format: ['status', 'is like', 'x']"},
		{"16", `{"status": ["is like", "x"]}`, "417 Unknown operator is like"},
		{"16", `{"status": ["=", "Open", "x"]}`, "417 Filter status must have an operator and a value"},
		{"16", `[["Other Line", "name", "=", "x"]]`, "417 Error parsing nested filters: [['Other Line', 'name', '=', 'x']]. Other Line is not a child table of Order"},
		{"16", `[["Nothing", "name", "=", "x"]]`, "417 Error parsing nested filters: [['Nothing', 'name', '=', 'x']]. Nothing is not a child table of Order"},
		{"16", `{"items.sku": "x"}`, `tabLine.sku = "x"`},
		{"16", `{"items.qty": ["!=", 1]}`, "tabLine.qty != 1 or null"},
		{"16", `[["Line", "qty", "!=", 1]]`, "tabLine.qty != 1"},
		{"16", `{"customer.rating": [">", 3]}`, "tabCustomer.rating > 3"},
		{"16", `{"customer.rating": ["<", 3]}`, "tabCustomer.rating < 3 or null"},
		{"16", `{"customer.name": ["!=", "x"]}`, `tabCustomer.name != "x"`},
		{"16", `{"customer.secret": "x"}`, "403 You do not have permission to access field: <strong>Customer.secret</strong>"},
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
		{"raw", "{\"name` or 1=1 -- \": 1}", "417 Filter fields have invalid backtick notation: name` or 1=1 -- "},
		{"raw", `{"a b": 1}`, "417 Invalid characters in fieldname: a b. Only letters, numbers, and underscores are allowed."},
		{"raw", `["A", "B"]`, `name in "A" "B"`},
		{"raw", `"A"`, `name = "A"`}, {"raw", `7`, `number name = 7.0`},
		{"raw", `[["n", 7], ["n", 8]]`, `(n = 7 and n = 8)`},
		{"raw", `[{"n": 7}, {"title": "x"}]`, `(n = 7 and title = "x")`},
		{"raw", `[["n", "=", 7], "or", ["n", "=", 8], "AND", ["status", "=", "Open"]]`, `((n = 7 or n = 8) and status = "Open")`},
		{"raw", `[[["n", "=", 7], "and", ["active", 1]], "or", ["n", 8]]`, `((n = 7 and active = 1) or n = 8)`},
		{"raw", `[["n", "=", 7], "xor", ["n", "=", 8]]`, "417 Error parsing nested filters: [['n', '=', 7], 'xor', ['n', '=', 8]]. Expected 'and' or 'or' operator, found: xor"},
		{"raw", `[["n", "=", 7], "or"]`, "417 Error parsing nested filters: [['n', '=', 7], 'or']. Filter condition missing after operator: or"},
		{"raw", `["or", ["n", "=", 7]]`, "417 Error parsing nested filters: ['or', ['n', '=', 7]]. Invalid start for filter condition: or. Expected a list or tuple."},
		{"raw", `[["n", "=", 7], "or", "x"]`, "417 Error parsing nested filters: [['n', '=', 7], 'or', 'x']. Invalid filter condition: x. Expected a list or tuple."},
		{"raw", `[["nosuch", "=", 7]]`, strings.Replace(perm, "403 ", "403 Error parsing nested filters: [['nosuch', '=', 7]]. ", 1)},
		{"raw", `[["region", "descendants of", "World"]]`, `region in "North" "South"`},
		{"raw", `[["region", "descendants of", "World"], ["n", 1]]`, `(region in "North" "South" and n = 1)`},
		{"raw", `{"status": ["Open"]}`, "417 Filter status must have an operator and a value"},
		{"raw", `[["Other Line", "note", "=", "x"], ["n", 1]]`, "417 Other Line is not a child table of Order"},
		{"raw", `[["Line", "sku", "=", "x"], ["n", 1]]`, `(tabLine.sku = "x" and n = 1)`},
		{"raw", `{"sku": "x"}`, `tabLine.sku = "x"`},
		{"raw", "{\"`tabOrder`.`n`\": 1}", "n = 1"},
		{"raw", "{\"`tabUser`.`api_key`\": 1}", "417 Unknown column `tabUser`.`api_key`"},
		{"raw", "{\"`tabUser`.`name`\": \"x\"}", `name = "x"`},
		{"raw", "{\"`tabUser`.`name`\": \"x\", \"items.sku\": 1}", "417 Unknown column `tabUser`.`name`"},
		{"raw", "{\"`tabUser`.`secret`\": 1}", "403 You do not have permission to access field: <strong>Order.secret</strong>"},
		{"raw", "{\"`tabCustomer`.`secret`\": 1}", "403 You do not have permission to access field: <strong>Customer.secret</strong>"},
		{"raw", "{\"`tabNothing`.`name`\": 1}", "404 DocType Nothing not found"},

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
