package e2e

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"freddo/document"
	"freddo/internal/sitetest"
)

func (s *site) call(method, args string) (int, string) {
	s.Helper()
	return s.do(http.MethodPost, "/api/method/"+method, args)
}

// message is the result of a method that has to succeed.
func (s *site) message(method, args string) document.Value {
	s.Helper()
	return s.must(http.MethodPost, "/api/method/"+method, args).Get("message")
}

// report makes a Query Report on Parcel.
func (s *site) report(name, sql, more string) {
	s.Helper()
	s.must(http.MethodPost, "/api/resource/Report", `{"report_name":"`+name+`","ref_doctype":"Parcel","report_type":"Query Report","query":"`+
		strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(sql)+`"`+more+`}`)
}

const runReport = "frappe.desk.query_report.run"

func compact(v document.Value) string {
	f := document.Python
	f.Spaced = false
	return f.Marshal(v)
}

// TestQueryReports: a report's SELECT runs with bound filters on a connection that can
// only read, and its rows answer to the caller's rights.
func TestQueryReports(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.Helper()
		s.shop(5)
		s.report("Weights", "select `name` as `Parcel:Link/Parcel:120`, `weight` as `Weight:Float`, area as `Area:Link/Area` from `tabParcel` where ifnull(weight, 0) >= %(least)s and title <> '50%%' order by name", `,"add_total_row":1`)
		got := s.message(runReport, `{"report_name":"Weights","filters":{"least":3}}`).Map()
		columns := compact(got.Get("columns"))
		if !strings.Contains(columns, `{"fieldtype":"Link","options":"Parcel","width":"120","label":"Parcel","fieldname":"parcel"}`) {
			s.Errorf("columns = %s", columns)
		}
		rows := got.Get("result").List()
		if len(rows) < 2 || rows[0].Map().Str("parcel") == "" || rows[len(rows)-1].List()[0].Str() != "Total" {
			s.Errorf("result = %s", compact(got.Get("result")))
		}
		if !got.Get("add_total_row").Bool() || !got.Get("message").IsNull() {
			s.Errorf("answer = %s", compact(document.MapOf(got)))
		}
		s.report("By list", "select name from `tabParcel` where name in %(names)s order by name", "")
		if r := s.message(runReport, `{"report_name":"By list","filters":{"names":["P01","P02","' or 1=1 --"]}}`).Map(); compact(r.Get("result")) != `[{"name":"P01"},{"name":"P02"}]` {
			s.Errorf("list filter = %s", compact(r.Get("result")))
		}
		if r := s.message(runReport, `{"report_name":"By list","filters":{"names":["none"]}}`).Map(); compact(r.Get("result")) != `[]` || compact(r.Get("columns")) != `[{"label":"name","fieldname":"name"}]` {
			s.Errorf("empty = %s", compact(document.MapOf(r)))
		}
	})
}

// TestReportsCannotWrite: whatever a report's author writes, nothing is written and
// nothing outside the tables is read.
func TestReportsCannotWrite(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.Helper()
		s.shop(2)
		before := names(s.list("Parcel"))
		for i, sql := range []string{
			"delete from `tabParcel`", "select 1; delete from `tabParcel`", "select 1 into outfile '/tmp/freddo-report'", "select load_file('/etc/passwd')",
			"select * from __Auth", "select * from `__auth`", "with x as (select 1) delete from `tabParcel`", "update `tabParcel` set title = 'x'",
			"select pg_read_file('/etc/passwd')", "pragma writable_schema = on", "attach 'x' as y", "explain delete from `tabParcel`; delete from `tabParcel`",
			"select load_extension('x')", "select 1 from `tabParcel` where title = %(x)", "select '%(x)s'", "select %s", "select nothing from nowhere", "select (", "",
		} {
			name := "Hostile " + string(rune('A'+i))
			s.report(name, sql, "")
			code, text := s.call(runReport, `{"report_name":"`+name+`","filters":{"x":"'; delete from tabParcel; --"}}`)
			if code < 400 || strings.Contains(text, "SELECT") && strings.Contains(text, "near") || strings.Contains(text, "root:") {
				s.Errorf("%s: %d %s", sql, code, text)
			}
		}
		if after := names(s.list("Parcel")); after != before {
			s.Errorf("parcels before %q, after %q", before, after)
		}
	})
}

// TestReportsTellNoSecrets: no report reads what gives access to the site, however its
// author names it, and harmless ones go on.
func TestReportsTellNoSecrets(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", testSecretReports)
	for _, release := range []string{"v14", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			testSecretReports(newSite(t, "sqlite", release))
		})
	}
}

func testSecretReports(s *site) {
	s.Helper()
	s.shop(2)
	s.user("boss", "System Manager")
	s.must("POST", "/api/method/frappe.core.doctype.user.user.generate_keys", `{"user":"boss@example.com"}`)
	s.send("POST", "/api/method/login", `{"usr":"Administrator","pwd":"`+sitetest.AdminPassword+`"}`)
	client := s.must("POST", "/api/resource/OAuth%20Client", `{"app_name":"Shop","scopes":"all","redirect_uris":"https://shop.example/cb",
		"default_redirect_uri":"https://shop.example/cb","grant_type":"Authorization Code","response_type":"Code"}`).Get("data").Map()
	secrets := []string{"$pbkdf2", "gAAAA", client.Str("client_secret"), `"sid"`, "root:"}
	for i, sql := range []string{
		"select sid from `tabSessions` where user = 'Administrator'", "select s.* from `tabUser` u left join `tabSessions` s on s.user = u.name",
		"select (select max(sid) from `tabSessions`) as x", "select count(*) from `tabsessions`", "select * from (with q as (select * from `tabSessions`) select * from q) z",
		"select * from `__Auth`", "select password from `__Auth` where doctype = 'User' and name = 'Administrator' and fieldname = 'password'",
		"select 1 from `tabUser` where exists (select 1 from `__Auth` a where a.password like '$p%%')",
		"select access_token from `tabOAuth Bearer Token`", "select * from `tabOAuth Client`", "select * from `tabOAuth Authorization Code`", "select * from `__Idempotency`",
		"explain select * from `__Auth`", "select 1 union all select sid from /* x */ `tabSessions`",
		// What PostgreSQL reaches by functions and catalogues.
		"select query_to_xml('select * from \"__'||'Auth\"', true, true, '')", "select query_to_xml ('x', true, true, '')", "select query_to_xml/**/('x', true, true, '')",
		"select pg_catalog.query_to_xml('x', true, true, '')", "select QUERY_TO_XML('x', true, true, '')", `select "query_to_xml"('x', true, true, '')`,
		"select schema_to_xml('public', true, true, '')", "select table_to_xml('x', true, true, '')", "select database_to_xml(true, true, '')", "select * from ts_stat('select 1')",
		"select most_common_vals from pg_stats", "select rolpassword from pg_authid", "select query from pg_stat_activity", "select pg_read_file('/etc/passwd')",
		"select pg_terminate_backend(1)", "select pg_reload_conf()", "select lo_creat(1)", "select lo_import('/etc/passwd')", "select pg_switch_wal()",
		"select set_config('x.y', 'z', false)", "select current_setting('data_directory')", "select dblink('a', 'b')", "select nextval('x')",
		"select * from U&\"__Auth\"", "select 'a' as b, $x$ '$x$, query_to_xml('x', true, true, $$'$$)", "select E'\\'', query_to_xml('x', true, true, ''), E'\\''",
		"select /* /* */ query_to_xml( */ query_to_xml('x', true, true, '')",
		// And the others.
		"select * from mysql.user", "select * from mysql.column_stats", "select * from information_schema.processlist", "select load_file('/etc/passwd')",
		"select * from sqlite_stat4", "select * from sqlite_dbpage", "select * from pragma_table_info('__Auth')",
	} {
		name := "Secret " + strconv.Itoa(i)
		s.report(name, sql, "")
		code, text := s.call(runReport, `{"report_name":"`+name+`"}`)
		if code < 400 {
			s.Errorf("%s: %d %s", sql, code, text)
		}
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				s.Errorf("%s tells %q: %s", sql, secret, text)
			}
		}
	}
	for i, sql := range []string{
		"select name, count(*) as n, sum(weight) from `tabParcel` where name in ('P00', 'P01') group by name having count(*) > 0",
		"select u.name, coalesce(u.full_name, '-') from `tabUser` u join `tabHas Role` r on r.parent = u.name order by 1",
		"select lower(title), case when (weight > 1) then (1) else (2) end from `tabParcel` where exists (select 1) and (title like 'a%%' or title not in ('query_to_xml(', ''))",
		"select t.n from (select (1) as n union select (2)) as t where not (t.n = 3)", "select row_number() over (order by name) as r, cast(weight as decimal(10, 2)) as w from `tabParcel`",
		"select * from `tabUser` where name = 'Administrator'", "select (select max(name) from `tabParcel`) as x -- a comment",
	} {
		name := "Harmless " + strconv.Itoa(i)
		s.report(name, sql, "")
		if code, text := s.call(runReport, `{"report_name":"`+name+`"}`); code != 200 {
			s.Errorf("%s: %d %s", sql, code, text)
		}
	}
}

// TestReportsOfOthers: who may see a report, and which of its rows.
func TestReportsOfOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v16")
	s.shop(5)
	s.report("Parcels", "select name as `Parcel:Link/Parcel`, area as `Area:Link/Area` from `tabParcel` order by name", `,"filters":[{"fieldname":"area","label":"Area","fieldtype":"Link","options":"Area"}]`)
	s.report("Closed", "select 1", `,"roles":[{"role":"Newsletter Manager"}]`)
	s.report("Off", "select 1", `,"disabled":1`)
	clerk := s.user("reader", "Clerk")
	for name, want := range map[string]int{"Parcels": 200, "Closed": 403, "Nothing": 404} {
		if code, text := clerk.call(runReport, `{"report_name":"`+name+`"}`); code != want {
			s.Errorf("%s: %d %s, want %d", name, code, text, want)
		}
	}
	if code, text := s.call(runReport, `{"report_name":"Off"}`); code != http.StatusExpectationFailed || !strings.Contains(text, "Report Off is disabled") {
		s.Errorf("disabled: %d %s", code, text)
	}
	if code, _ := s.user("porter2", "Porter").call(runReport, `{"report_name":"Parcels"}`); code != http.StatusForbidden {
		s.Errorf("rows that link to what may not be read: %d", code)
	}
	all := len(clerk.message(runReport, `{"report_name":"Parcels"}`).Map().Get("result").List())
	s.must(http.MethodPost, "/api/resource/User%20Permission", `{"user":"reader@example.com","allow":"Area","for_value":"North"}`)
	few := clerk.message(runReport, `{"report_name":"Parcels","user":"Administrator"}`).Map().Get("result").List()
	if len(few) == 0 || len(few) >= all {
		s.Errorf("%d of %d rows under a User Permission", len(few), all)
	}
	for _, row := range few {
		if row.Map().Str("area") != "North" {
			s.Errorf("row %s shows", compact(row))
		}
	}
	if code, text := clerk.call(runReport, `{"report_name":"Parcels","filters":{"area":"South"}}`); code != http.StatusExpectationFailed || !strings.Contains(text, "You do not have permission to access Area: South.") {
		s.Errorf("a filter on what may not be read: %d %s", code, text)
	}
	if code, text := clerk.call("frappe.client.insert", `{"doc":{"doctype":"Report","report_name":"Mine","ref_doctype":"Parcel","report_type":"Query Report","query":"select 1"}}`); code != http.StatusForbidden {
		s.Errorf("a Query Report by a clerk: %d %s", code, text)
	}
}

func TestReportExports(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v15")
	s.shop(3)
	s.report("Parcels", "select name as Parcel, weight as `Weight:Float` from `tabParcel` order by name", "")
	q := url.Values{"report_name": {"Parcels"}, "file_format_type": {"CSV"}, "visible_idx": {"[0]"}, "filters": {"{}"}}
	code, text := s.do(http.MethodGet, "/api/method/frappe.desk.query_report.export_query?"+q.Encode(), "")
	if lines := strings.Split(text, "\r\n"); code != 200 || len(lines) != 3 || lines[0] != `"Parcel","Weight"` || !strings.HasPrefix(lines[1], `"P00",`) {
		s.Errorf("CSV: %d %q", code, text)
	}
	q.Set("file_format_type", "Excel")
	if code, text := s.do(http.MethodGet, "/api/method/frappe.desk.query_report.export_query?"+q.Encode(), ""); code != 200 || !strings.HasPrefix(text, "PK") {
		s.Errorf("spreadsheet: %d %.40q", code, text)
	}
	q.Set("file_format_type", "PDF")
	if code, _ := s.do(http.MethodGet, "/api/method/frappe.desk.query_report.export_query?"+q.Encode(), ""); code != http.StatusExpectationFailed {
		s.Errorf("unknown format: %d", code)
	}
	got := s.message("frappe.desk.query_report.get_script", `{"report_name":"Parcels"}`).Map()
	if got.Str("script") != "frappe.query_reports['Parcels']={}" {
		s.Errorf("script = %q", got.Str("script"))
	}
	saved := s.message("frappe.desk.query_report.save_report", `{"reference_report":"Parcels","report_name":"My parcels","columns":"[{\"fieldname\":\"parcel\",\"label\":\"P\"}]","filters":"{}"}`)
	mine := s.message(runReport, `{"report_name":"`+saved.Str()+`"}`).Map()
	if compact(mine.Get("columns")) != `[{"fieldname":"parcel","label":"P"}]` || len(mine.Get("result").List()) != 3 {
		s.Errorf("custom report = %s", compact(document.MapOf(mine)))
	}
}
