package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// attempts are texts that do harm where they reach a statement.
var attempts = []string{
	"name; drop table tabUser", "name -- x", "name/**/", "name#", "(select password from __Auth limit 1)", "name union select 1",
	"`name` or 1=1", "`tabParcel`.`name` from `tabUser` --", "sleep(3)", "pg_sleep(3)", "randomblob(1000000000)", "benchmark(100000000,md5(1))",
	"load_file('/etc/passwd')", "pg_read_file('x')", "load_extension('x')", "extractvalue(1,concat(0x7e,version()))", "updatexml(1,concat(0x7e,user()),1)",
	"version()", "@@version", "if(1=1,sleep(3),0)", "case when 1=1 then pg_sleep(3) end", "count(name), sleep(3)", "count((select 1))", "sum(sleep(3))",
	"name as x, sleep(3)", "name as `x`; drop", "name into outfile 'x'", "name procedure analyse()", "nam\u0435", "name\u2019", "n\uff07ame", "name\x00",
	"information_schema.tables", "`tabUser`.`api_key`", "tabUser.api_key", "name::text", "name || title", "exists(select 1)", "name limit 1", "rand()",
	"') or 1=1 --", "\\' or 1=1 --", "\" or \"\"=\"", "1) or sleep(3) #", "name` desc, sleep(3) -- ", "1 desc, (select 1)", "field(name, sleep(3))",
}

// tells are words of the databases' own errors, and of statements.
var tells = []string{"syntax error", "SQL syntax", "SQLSTATE", "sqlite", "near \"", "You have an error", "pq:", "ERROR:", "SELECT ", "FROM \"tab", "no such column", "Unknown column 'sleep"}

// TestInjection sends the attempts in every argument of the endpoints that build
// queries. None may be slow, show a secret, or answer with the database's own words.
func TestInjection(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, release, func(s *site) {
				s.Helper()
				s.shop(3)
				s.must(http.MethodGet, "/api/resource/Parcel", "")
				for _, a := range attempts {
					for where, target := range injected(a) {
						s.checkAttempt(where, a, target)
					}
				}
				if got := s.list("Parcel", "fields", `["name"]`); len(got.Get("data").List()) != 3 {
					s.Error("rows are gone")
				}
			})
		})
	}
}

func (s *site) checkAttempt(where, attempt, target string) {
	s.Helper()
	start := time.Now()
	code, body := s.do(http.MethodGet, target, "")
	if d := time.Since(start); d > 2*time.Second {
		s.Errorf("%s %q took %v", where, attempt, d)
	}
	if code == http.StatusInternalServerError && !strings.Contains(body, `"exception"`) && !strings.Contains(body, "exc_type") && !strings.Contains(body, "errors") {
		s.Errorf("%s %q: an error of ours: %s", where, attempt, body)
	}
	plain := strings.ReplaceAll(body, attempt, "")
	if escaped, err := json.Marshal(attempt); err == nil {
		plain = strings.ReplaceAll(plain, strings.Trim(string(escaped), `"`), "")
	}
	for _, tell := range append(tells, "pbkdf2", "root:x") {
		if strings.Contains(plain, tell) && !strings.Contains(attempt, tell) {
			s.Errorf("%s %q: %d tells %q: %.400s", where, attempt, code, tell, body)
		}
	}
	if code == http.StatusOK && strings.Contains(body, `"5.`) {
		s.Errorf("%s %q: shows a version: %s", where, attempt, body)
	}
}

// injected puts an attempt into each argument.
func injected(a string) map[string]string {
	j := func(v any) string { b, _ := json.Marshal(v); return string(b) }
	get := func(path string, args ...string) string {
		q := url.Values{}
		for i := 0; i+1 < len(args); i += 2 {
			q.Set(args[i], args[i+1])
		}
		return path + "?" + q.Encode()
	}
	const rest, call, v2 = "/api/resource/Parcel", "/api/method/frappe.client.", "/api/v2/document/Parcel"
	const report = "/api/method/frappe.desk.reportview."
	return map[string]string{
		"fields":              get(rest, "fields", j([]string{a})),
		"fields text":         get(call+"get_list", "doctype", "Parcel", "fields", a),
		"function":            get(rest, "fields", j([]any{map[string]string{"COUNT": a, "as": "n"}})),
		"alias":               get(rest, "fields", j([]any{map[string]string{"COUNT": "name", "as": a}})),
		"child field":         get(rest, "fields", j([]string{"pieces." + a})),
		"filter key":          get(rest, "filters", j(map[string]any{a: 1})),
		"filter field":        get(rest, "filters", j([]any{[]any{a, "=", 1}})),
		"filter operator":     get(rest, "filters", j([]any{[]any{"title", "= " + a, 1}})),
		"filter value":        get(rest, "filters", j([]any{[]any{"title", "=", a}})),
		"filter in":           get(rest, "filters", j([]any{[]any{"title", "in", []string{a}}})),
		"filter like":         get(rest, "filters", j([]any{[]any{"title", "like", "%" + a}})),
		"filter number":       get(rest, "filters", j([]any{[]any{"weight", ">", a}})),
		"filter date":         get(rest, "filters", j([]any{[]any{"due", "between", []string{a, a}}})),
		"filter tree":         get(rest, "filters", j([]any{[]any{"area", "descendants of", a}})),
		"filter DocType":      get(rest, "filters", j([]any{[]any{a, "name", "=", 1}})),
		"or_filters":          get(rest, "or_filters", j([]any{[]any{a, "=", 1}})),
		"order_by":            get(rest, "order_by", a),
		"group_by":            get(rest, "group_by", a),
		"start":               get(rest, "limit_start", a),
		"limit":               get(rest, "limit_page_length", a),
		"parent":              get("/api/resource/Piece", "parent", a),
		"after":               get(rest, "after", a),
		"include":             get(rest, "include", a),
		"expand":              get(rest, "expand", a),
		"v2 fields":           get(v2, "fields", j([]string{a})),
		"v2 filters":          get(v2, "filters", j(map[string]any{a: 1})),
		"v2 order_by":         get(v2, "order_by", a),
		"v2 group_by":         get(v2, "group_by", a),
		"get_value fieldname": get(call+"get_value", "doctype", "Parcel", "fieldname", a, "filters", "P00"),
		"get_value filters":   get(call+"get_value", "doctype", "Parcel", "fieldname", "name", "filters", j(map[string]any{a: 1})),
		"get_single_value":    get(call+"get_single_value", "doctype", "System Settings", "field", a),
		"get_count":           get(call+"get_count", "doctype", "Parcel", "filters", j([]any{[]any{a, "=", 1}})),
		"DocType":             get(call+"get_list", "doctype", a),
		"reportview fields":   get(report+"get", "doctype", "Parcel", "fields", j([]string{a})),
		"reportview order":    get(report+"get", "doctype", "Parcel", "fields", j([]string{"name"}), "order_by", a),
		"reportview group":    get(report+"get", "doctype", "Parcel", "fields", j([]string{"name"}), "group_by", a),
		"reportview count":    get(report+"get_count", "doctype", "Parcel", "fields", j([]string{a}), "distinct", "true"),
		"search field":        get("/api/method/frappe.desk.search.search_widget", "doctype", "Parcel", "txt", "P", "searchfield", a),
		"search text":         get("/api/method/frappe.desk.search.search_link", "doctype", "Parcel", "txt", a),
		"search filters":      get("/api/method/frappe.desk.search.search_link", "doctype", "Parcel", "txt", "P", "filters", j(map[string]any{a: 1})),
	}
}

// TestLevelsHoldInQueries: a field above the caller's level cannot be read, filtered,
// sorted or grouped by, directly or through a link or a child. Where a release answers,
// the answer must not depend on the hidden values.
func TestLevelsHoldInQueries(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, release, func(s *site) {
				s.Helper()
				s.shop(6)
				clerk := s.user("clerk", "Clerk")
				for where, args := range map[string][2][]string{
					"fields":       {{"fields", `["name","margin"]`}, nil},
					"sum":          {{"fields", `[{"SUM":"margin","as":"m"}]`}, nil},
					"sum text":     {{"fields", `["sum(margin) as m"]`}, nil},
					"child field":  {{"fields", `["name","pieces.cost"]`}, nil},
					"link field":   {{"fields", `["name","area.budget"]`}, nil},
					"filter":       {{"filters", `[["margin",">",3]]`}, {"filters", `[["margin",">",100]]`}},
					"or filter":    {{"or_filters", `[["margin",">",3]]`}, {"or_filters", `[["margin",">",100]]`}},
					"child filter": {{"filters", `[["Piece","cost",">",3]]`}, {"filters", `[["Piece","cost",">",100]]`}},
					"link filter":  {{"filters", `[["area.budget",">",3]]`}, {"filters", `[["area.budget",">",100]]`}},
					"order":        {{"order_by", "margin desc"}, {"order_by", "margin asc"}},
					"group":        {{"fields", `["count(name) as n"]`, "group_by", "margin"}, nil},
				} {
					code, body := clerk.do(http.MethodGet, listURL("Parcel", args[0]...), "")
					if code != http.StatusOK {
						continue // refused
					}
					for _, leak := range []string{`"margin"`, `"m"`, `"cost"`, `"budget"`} {
						if strings.Contains(body, leak) {
							s.Errorf("%s shows %s: %s", where, leak, body)
						}
					}
					if args[1] == nil {
						continue
					}
					if _, other := clerk.do(http.MethodGet, listURL("Parcel", args[1]...), ""); other != body {
						s.Errorf("%s: the answer depends on hidden values:\n%s\n%s", where, body, other)
					}
				}
			})
		})
	}
}
