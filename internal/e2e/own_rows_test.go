package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// ownRow is a DocType that everybody has rights on: hidden is a document that amy may
// see and ben may not, shown one that both may. Both are made by the user by.
type ownRow struct {
	doctype, by, hidden, shown string
	// change is a write that would open the hidden document if it were judged by what
	// it becomes.
	change string
	// byName says that the hidden document shows when its name is known; lists hide it.
	byName bool
	// shownBy makes shown, where it is not by.
	shownBy string
	// releases that have it so; empty for all.
	releases string
}

var ownRows = []ownRow{
	{doctype: "Event", by: "amy", hidden: `"subject":"x","starts_on":"2026-01-01 10:00:00","event_type":"Private"`,
		shown: `"subject":"y","starts_on":"2026-01-01 10:00:00","event_type":"Public"`, change: `"event_type":"Public"`},
	{doctype: "Kanban Board", by: "amy", hidden: `"kanban_board_name":"mine","reference_doctype":"ToDo","field_name":"status","private":1`,
		shown: `"kanban_board_name":"ours","reference_doctype":"ToDo","field_name":"status","private":0`, change: `"private":0`},
	{doctype: "Note", by: "amy", hidden: `"title":"mine"`, shown: `"title":"ours","public":1`, shownBy: "Administrator", change: `"public":1`},
	{doctype: "Notification Settings", by: "Administrator", hidden: `"name":"amy@example.com","user":"amy@example.com"`,
		shown: `"name":"ben@example.com","user":"ben@example.com"`, change: `"enabled":0`},
	{doctype: "Notification Log", by: "Administrator", hidden: `"subject":"x","for_user":"amy@example.com"`,
		shown: `"subject":"x","for_user":"ben@example.com"`},
	{doctype: "Dashboard Settings", by: "Administrator", hidden: `"name":"amy@example.com","user":"amy@example.com"`,
		shown: `"name":"ben@example.com","user":"ben@example.com"`, change: `"chart_config":"{}"`},
	{doctype: "Dashboard Chart", by: "Administrator", hidden: `"chart_name":"roles","chart_type":"Count","based_on":"creation","document_type":"Secret","filters_json":"[]"`,
		shown: `"chart_name":"todos","chart_type":"Count","based_on":"creation","document_type":"ToDo","filters_json":"[]"`},
	{doctype: "Dashboard", by: "Administrator", hidden: `"dashboard_name":"blocked","module":"Blocked","charts":[{"chart":"roles"}]`,
		shown: `"dashboard_name":"open","module":"Core","charts":[{"chart":"todos"}]`, byName: true},
	{doctype: "Number Card", by: "Administrator", hidden: `"label":"roles","type":"Document Type","document_type":"Secret","function":"Count","filters_json":"[]"`,
		shown: `"label":"todos","type":"Document Type","document_type":"ToDo","function":"Count","filters_json":"[]"`},
	{doctype: "List Filter", by: "amy", hidden: `"filter_name":"f","reference_doctype":"ToDo","for_user":"amy@example.com","filters":"[]"`,
		shown: `"filter_name":"g","reference_doctype":"ToDo","filters":"[]"`, change: `"for_user":"ben@example.com"`},
	{doctype: "Document Follow", by: "Administrator", hidden: `"ref_doctype":"User","ref_docname":"amy@example.com","user":"amy@example.com"`,
		shown: `"ref_doctype":"User","ref_docname":"amy@example.com","user":"ben@example.com"`, change: `"user":"ben@example.com"`},
	{doctype: "Custom HTML Block", by: "amy", hidden: `"name":"mine","html":"x","private":1`, shown: `"name":"ours","html":"x","private":0`, change: `"private":0`},
	{doctype: "Tag Link", by: "Administrator", hidden: `"document_type":"Secret","document_name":"s"`, shown: `"document_type":"Language","document_name":"en"`},
	{doctype: "Workspace", by: "Administrator", hidden: `"title":"x","label":"x","content":"[]","public":0,"for_user":"amy@example.com"`,
		shown: `"title":"y","label":"y","content":"[]","public":1`, change: `"for_user":"ben@example.com"`, releases: "v15 v16"},
	{doctype: "Desktop Layout", by: "Administrator", hidden: `"user":"amy@example.com"`, shown: `"user":"ben@example.com"`, change: `"layout":"[]"`, releases: "v16"},
	{doctype: "Google Contacts", by: "amy", hidden: `"email_id":"amy@example.com","enable":1`, releases: "v14", change: `"enable":0`},
	{doctype: "Communication", by: "Administrator", hidden: `"subject":"x","content":"x","reference_doctype":"Secret","reference_name":"s","communication_medium":"Email"`,
		shown: `"subject":"y","content":"y","reference_doctype":"Language","reference_name":"en","communication_medium":"Phone"`},
	{doctype: "Prepared Report", by: "Administrator", hidden: `"report_name":"Hidden"`, shown: `"report_name":"Shown"`},
	{doctype: "Contact", by: "Administrator", hidden: `"first_name":"x","customer":"c"`, shown: `"first_name":"y"`},
	{doctype: "Address", by: "Administrator", hidden: `"address_title":"x","address_line1":"1","city":"c","country":"Germany","customer":"c"`,
		shown: `"address_title":"y","address_line1":"1","city":"c","country":"Germany"`},
}

// TestRowsOfOthers is the test of the permission hooks of shipped DocTypes: whatever way
// a document is asked for, it shows to whom it concerns, and to nobody else.
func TestRowsOfOthers(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			newSite(t, "sqlite", release).rowsOfOthers(release)
		})
	}
	t.Run("v15", func(t *testing.T) {
		t.Parallel()
		eachDatabase(t, "v15", func(s *site) { s.rowsOfOthers("v15") })
	})
}

func (s *site) rowsOfOthers(release string) {
	s.Helper()
	users := s.staff()
	for _, row := range ownRows {
		if row.releases != "" && !strings.Contains(row.releases, release) {
			continue
		}
		hidden := users[row.by].made(row.doctype, row.hidden)
		if row.shown != "" {
			by := row.by
			if row.shownBy != "" {
				by = row.shownBy // who may write at level 1
			}
			shown := users[by].made(row.doctype, row.shown)
			users["ben"].sees(row.doctype, shown)
		}
		for _, who := range []string{"amy", "Administrator"} {
			if who == "Administrator" && (row.doctype == "Event" || row.doctype == "Dashboard Settings") {
				continue // whose lists upstream narrows for Administrator as well
			}
			users[who].sees(row.doctype, hidden)
		}
		users["ben"].seesNot(row, hidden)
		s.must(http.MethodPost, "/api/method/frappe.share.add", fmt.Sprintf(`{"doctype":%q,"name":%q,"user":"ben@example.com","read":1}`, row.doctype, hidden))
		users["ben"].sees(row.doctype, hidden)
	}
}

// staff makes amy, who may see everything that is hidden, ben, and what the rows name.
func (s *site) staff() map[string]*site {
	s.Helper()
	for _, role := range []string{"Insider", "Clerk", "Super Email User"} {
		s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"`+role+`","desk_access":1}`)
	}
	for _, dt := range []string{"Secret", "Customer"} {
		s.must(http.MethodPost, "/api/resource/DocType", `{"name":"`+dt+`","module":"Core","custom":1,"autoname":"prompt","fields":[{"fieldname":"a","label":"A","fieldtype":"Data"}],"permissions":[{"role":"Insider","read":1,"write":1}]}`)
	}
	s.must(http.MethodPost, "/api/resource/Secret", `{"name":"s"}`)
	s.must(http.MethodPost, "/api/resource/Customer", `{"name":"c"}`)
	s.must(http.MethodPost, "/api/resource/Module%20Def", `{"module_name":"Blocked","app_name":"frappe","custom":1}`)
	for _, dt := range []string{"Contact", "Address"} {
		s.must(http.MethodPost, "/api/resource/Custom%20Field", `{"dt":"`+dt+`","fieldname":"customer","label":"Customer","fieldtype":"Link","options":"Customer"}`)
		s.must(http.MethodPost, "/api/method/frappe.core.page.permission_manager.permission_manager.add", `{"parent":"`+dt+`","role":"Clerk","permlevel":0}`)
	}
	for name, role := range map[string]string{"Hidden": "Insider", "Shown": "Clerk"} {
		s.must(http.MethodPost, "/api/resource/Report", `{"report_name":"`+name+`","ref_doctype":"ToDo","report_type":"Report Builder","is_standard":"No","roles":[{"role":"`+role+`"}]}`)
	}
	more := []string{"Clerk", "Inbox User", "Prepared Report User"}
	out := map[string]*site{"Administrator": s, "amy": s.user("amy", append(more, "Insider", "Super Email User")...), "ben": s.user("ben", more...)}
	s.must(http.MethodPut, "/api/resource/User/ben@example.com", `{"block_modules":[{"module":"Blocked"}]}`)
	return out
}

func (s *site) made(doctype, fields string) string {
	s.Helper()
	return s.must(http.MethodPost, "/api/resource/"+url.PathEscape(doctype), "{"+fields+"}").Get("data").Map().PropText("name")
}

func (s *site) sees(doctype, name string) {
	s.Helper()
	if code, body := s.do(http.MethodGet, "/api/resource/"+url.PathEscape(doctype)+"/"+url.PathEscape(name), ""); code != http.StatusOK {
		s.Errorf("%s %s: %d %.300s", doctype, name, code, body)
	}
	if got := s.list(doctype, "limit_page_length", "0", "filters", fmt.Sprintf(`{"name":%q}`, name)); names(got) != name {
		s.Errorf("%s %s is not listed", doctype, name)
	}
}

// seesNot asks for a hidden document in every way there is.
func (s *site) seesNot(row ownRow, name string) {
	s.Helper()
	path := "/api/resource/" + url.PathEscape(row.doctype) + "/" + url.PathEscape(name)
	filters := fmt.Sprintf(`{"name":%q}`, name)
	doc := fmt.Sprintf(`"doctype":%q,"name":%q`, row.doctype, name)
	for _, q := range []struct{ what, method, path, body string }{
		{"list", http.MethodGet, listURL(row.doctype, "filters", filters), ""},
		{"reportview", http.MethodPost, "/api/method/frappe.desk.reportview.get", fmt.Sprintf(`{"doctype":%q,"fields":["name"],"filters":%s}`, row.doctype, filters)},
		{"get_list", http.MethodPost, "/api/method/frappe.client.get_list", fmt.Sprintf(`{"doctype":%q,"filters":%s}`, row.doctype, filters)},
		{"v2 list", http.MethodGet, "/api/v2/document/" + url.PathEscape(row.doctype) + "?" + url.Values{"filters": {filters}}.Encode(), ""},
		{"export", http.MethodPost, "/api/method/frappe.desk.reportview.export_query", fmt.Sprintf(`{"doctype":%q,"fields":["name"],"filters":%s,"file_format_type":"CSV"}`, row.doctype, filters)},
		{"search", http.MethodPost, "/api/method/frappe.desk.search.search_link", fmt.Sprintf(`{"doctype":%q,"txt":%q}`, row.doctype, name)},
		{"get_value", http.MethodPost, "/api/method/frappe.client.get_value", fmt.Sprintf(`{"doctype":%q,"fieldname":"name","filters":%s}`, row.doctype, filters)},
	} {
		code, body := s.do(q.method, q.path, q.body)
		if code < 300 && strings.Contains(body, fmt.Sprintf(`%q`, name)) {
			s.Errorf("%s by %s: %d %s", row.doctype, q.what, code, body)
		}
	}
	if code, body := s.do(http.MethodPost, "/api/method/frappe.desk.reportview.get_count", fmt.Sprintf(`{"doctype":%q,"fields":[],"filters":%s}`, row.doctype, filters)); code < 300 && !strings.Contains(body, ":0") {
		s.Errorf("%s is counted: %s", row.doctype, body)
	}
	if row.byName {
		return
	}
	for _, q := range []struct{ what, method, path, body string }{
		{"read", http.MethodGet, path, ""},
		{"client.get", http.MethodPost, "/api/method/frappe.client.get", "{" + doc + "}"},
		{"getdoc", http.MethodGet, "/api/method/frappe.desk.form.load.getdoc?" + url.Values{"doctype": {row.doctype}, "name": {name}}.Encode(), ""},
		{"write", http.MethodPut, path, "{" + row.change + "}"},
		{"set_value", http.MethodPost, "/api/method/frappe.client.set_value", "{" + doc + `,"fieldname":{` + row.change + "}}"},
		{"v2 read", http.MethodGet, strings.Replace(path, "/api/resource", "/api/v2/document", 1), ""},
		{"v2 write", http.MethodPatch, strings.Replace(path, "/api/resource", "/api/v2/document", 1), "{" + row.change + "}"},
		{"rename", http.MethodPost, "/api/method/frappe.client.rename_doc", fmt.Sprintf(`{"doctype":%q,"old_name":%q,"new_name":"stolen"}`, row.doctype, name)},
		{"add_tag", http.MethodPost, "/api/method/frappe.desk.doctype.tag.tag.add_tag", fmt.Sprintf(`{"tag":"t","dt":%q,"dn":%q}`, row.doctype, name)},
		{"assign", http.MethodPost, "/api/method/frappe.desk.form.assign_to.add", "{" + doc + `,"assign_to":["ben@example.com"]}`},
		{"delete", http.MethodDelete, path, ""},
		{"share", http.MethodPost, "/api/method/frappe.share.add", "{" + doc + `,"user":"ben@example.com","read":1}`},
	} {
		if code, body := s.do(q.method, q.path, q.body); code < 300 {
			s.Errorf("%s by %s: %d %.300s", row.doctype, q.what, code, body)
		}
	}
}
