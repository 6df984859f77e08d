package desk_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"testing"

	"freddo/internal/apptest"
)

func TestMain(m *testing.M) { os.Exit(apptest.Main(m)) }

// bills adds a DocType that is submitted, with three documents that link to each other.
func bills(s *apptest.Server) {
	s.T.Helper()
	s.Must("Administrator", "POST", "/api/resource/DocType", `{"name":"Bill","module":"Core","custom":1,"is_submittable":1,"autoname":"prompt","fields":[
		{"fieldname":"status","fieldtype":"Select","label":"State","options":"Open\nPaid"},{"fieldname":"amount","fieldtype":"Currency","label":"Amount"},
		{"fieldname":"took","fieldtype":"Duration","label":"Took"},{"fieldname":"before","fieldtype":"Link","label":"Before","options":"Bill","in_list_view":1}],
		"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"submit":1,"cancel":1,"delete":1,"export":1},{"role":"All","read":1,"export":0}]}`)
	for i, b := range []string{`"status":"Open","amount":10.5,"took":3661`, `"status":"Open","amount":2`, `"status":"Paid","amount":1`} {
		link := ""
		if i > 0 {
			link = fmt.Sprintf(`,"before":"B%d"`, i-1)
		}
		s.Must("Administrator", "POST", "/api/resource/Bill", fmt.Sprintf(`{"__newname":"B%d",%s%s}`, i, b, link))
	}
}

func each(t *testing.T, fn func(t *testing.T, s *apptest.Server)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		bills(s)
		fn(t, s)
	})
}

func newServer(t *testing.T, release string) *apptest.Server {
	t.Helper()
	s := apptest.New(t, release)
	bills(s)
	return s
}

func TestDocumentsAreCountedByTheValuesOfAColumn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *apptest.Server) {
		s.Must("Administrator", "POST", "/api/method/frappe.desk.doctype.tag.tag.add_tag", `{"tag":"red","dt":"Bill","dn":"B0"}`)
		s.Must("Administrator", "POST", "/api/method/frappe.desk.doctype.tag.tag.add_tag", `{"tag":"blue","dt":"Bill","dn":"B0"}`)
		got := s.Call("Administrator", "frappe.desk.reportview.get_stats", `{"stats":"[\"status\",\"_user_tags\",\"nothing\"]","doctype":"Bill"}`)
		for _, want := range []string{`["Open",2]`, `["Paid",1]`, `["red",1]`, `["blue",1]`, `["No Tags",2]`} {
			if !strings.Contains(got, want) {
				t.Errorf("no %s in %s", want, got)
			}
		}
		if strings.Contains(got, "nothing") {
			t.Errorf("an unknown column: %s", got)
		}
		if got := s.Call("Administrator", "frappe.desk.reportview.get_sidebar_stats", `{"stats":"[\"status\"]","doctype":"Bill","filters":"[[\"Bill\",\"status\",\"=\",\"Paid\"]]"}`); got != `{"stats":{"status":[["Paid",1]]}}` {
			t.Errorf("filtered: %s", got)
		}
		if got := s.Call("Administrator", "frappe.desk.listview.get_group_by_count", `{"doctype":"Bill","current_filters":"[]","field":"status"}`); got != `[{"count":2,"name":"Open"},{"count":1,"name":"Paid"}]` {
			t.Errorf("groups: %s", got)
		}
		s.Must("Administrator", "POST", "/api/resource/ToDo", `{"description":"x","allocated_to":"Administrator","reference_type":"Bill","reference_name":"B1"}`)
		if got := s.Call("Administrator", "frappe.desk.listview.get_group_by_count", `{"doctype":"Bill","current_filters":"{\"status\":\"Open\"}","field":"assigned_to"}`); got != `[{"name":"Administrator","count":1}]` {
			t.Errorf("assigned: %s", got)
		}
		other := s.User("other@example.com")
		for _, call := range []string{`get_stats?stats=["email"]&doctype=Server Script`, `get_sidebar_stats?stats=["name"]&doctype=Server Script`} {
			name, q, _ := strings.Cut(call, "?")
			v, _ := url.ParseQuery(q)
			if w := s.Do(other, "GET", "/api/method/frappe.desk.reportview."+name+"?"+v.Encode(), ""); w.Code != 403 {
				t.Errorf("%s without the right: %d %s", name, w.Code, w.Body)
			}
		}
	})
}

func TestColumnsThatAreNoneAreNotCounted(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	for _, field := range []string{"1) from tabUser -- ", "`tabUser`.`name`", "count(*)", "(select 1)"} {
		w := s.Do("Administrator", "POST", "/api/method/frappe.desk.listview.get_group_by_count", fmt.Sprintf(`{"doctype":"Bill","current_filters":"[]","field":%q}`, field))
		if w.Code < 400 {
			t.Errorf("%s: %d %s", field, w.Code, w.Body)
		}
		if got := s.Call("Administrator", "frappe.desk.reportview.get_stats", fmt.Sprintf(`{"stats":[%q],"doctype":"Bill"}`, field)); got != "{}" {
			t.Errorf("%s: %s", field, got)
		}
	}
}

func TestListsAreExportedAsCSVAndAsSpreadsheets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *apptest.Server) {
		args := url.Values{"doctype": {"Bill"}, "fields": {`["name","amount","took","status"]`}, "file_format_type": {"CSV"}, "order_by": {"name asc"}, "title": {"My bills"}}
		target := "/api/method/frappe.desk.reportview.export_query?"
		w := s.Do("Administrator", "GET", target+args.Encode(), "")
		lines := strings.Split(w.Body.String(), "\r\n")
		if w.Code != 200 || len(lines) != 5 || lines[0] != `"Sr","ID","Amount","Took","State","Created By"` || lines[1] != `1,"B0",10.5,"1h 1m 1s","Open","Administrator"` {
			t.Fatalf("%d %q", w.Code, w.Body)
		}
		if d := w.Header().Get("Content-Disposition"); !strings.Contains(d, "My bills.csv") {
			t.Errorf("disposition %q", d)
		}
		args.Set("selected_items", `["B1"]`)
		args.Set("csv_quoting", "0")
		args.Set("csv_delimiter", ";")
		args.Set("add_totals_row", "1")
		if got := s.Do("Administrator", "GET", target+args.Encode(), "").Body.String(); !strings.HasSuffix(got, "1;B1;2.0;;Open;Administrator\r\n;Total;2.0;;;\r\n") {
			t.Errorf("selected: %q", got)
		}
		args.Set("file_format_type", "Excel")
		w = s.Do("Administrator", "GET", target+args.Encode(), "")
		z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
		if err != nil {
			t.Fatalf("%v: %q", err, w.Body)
		}
		f, err := z.Open("xl/worksheets/sheet1.xml")
		if err != nil {
			t.Fatal(err)
		}
		sheet, _ := io.ReadAll(f)
		if !bytes.Contains(sheet, []byte(`>B1</t>`)) || !bytes.Contains(sheet, []byte(`<c><v>2</v></c>`)) {
			t.Errorf("%s", sheet)
		}
		other := s.User("other@example.com")
		if w := s.Do(other, "GET", target+args.Encode(), ""); w.Code != 403 {
			t.Errorf("without the right: %d", w.Code)
		}
	})
}

func TestReportsOfTheListViewAreTheirOwnersAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *apptest.Server) {
		owner, other := s.User("owner@example.com"), s.User("other@example.com")
		save := `{"name":"Mine","doctype":"Bill","report_settings":"{\"fields\":[]}"}`
		if got := s.Call(owner, "frappe.desk.reportview.save_report", save); got != `"Mine"` {
			t.Errorf("saved %s", got)
		}
		for _, name := range []string{"save_report", "delete_report"} {
			if w := s.Do(other, "POST", "/api/method/frappe.desk.reportview."+name, save); w.Code != 403 {
				t.Errorf("%s by another: %d %s", name, w.Code, w.Body)
			}
		}
		if w := s.Do(owner, "POST", "/api/method/frappe.desk.reportview.save_report", `{"name":"X","doctype":"Server Script","report_settings":"{}"}`); w.Code != 403 {
			t.Errorf("on what may not be read: %d", w.Code)
		}
		s.Must(owner, "POST", "/api/method/frappe.desk.reportview.delete_report", save)
		if w := s.Do("Administrator", "GET", "/api/resource/Report/Mine", ""); w.Code != 404 {
			t.Errorf("still there: %d", w.Code)
		}
	})
}

func TestListSettingsAreKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *apptest.Server) {
		args := `{"doctype":"Bill","values":{"disable_count":1,"owner":"x"}}`
		if got := s.Do("Administrator", "POST", "/api/method/frappe.desk.listview.get_list_settings", args).Body.String(); strings.Contains(got, "_server_messages") || strings.Contains(got, "List View Settings") {
			t.Errorf("before: %s", got)
		}
		s.Must("Administrator", "POST", "/api/method/frappe.desk.listview.set_list_settings", args)
		s.Must("Administrator", "POST", "/api/method/frappe.desk.listview.set_list_settings", args)
		if got := s.Call("Administrator", "frappe.desk.listview.get_list_settings", args); !strings.Contains(got, `"disable_count":1`) || !strings.Contains(got, `"name":"Bill"`) {
			t.Errorf("after: %s", got)
		}
	})
}

func TestLinksToADocumentAreFoundAndCancelledTogether(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *apptest.Server) {
		if got := s.Call("Administrator", "frappe.desk.form.linked_with.get_linked_doctypes", `{"doctype":"Bill"}`); !strings.Contains(got, `"Bill":{"fieldname":["before"`) {
			t.Errorf("doctypes: %s", got)
		}
		if got := s.Call("Administrator", "frappe.desk.form.linked_with.get", `{"doctype":"Bill","docname":"B0"}`); !strings.Contains(got, `"name":"B1"`) || strings.Contains(got, `"name":"B2"`) {
			t.Errorf("documents: %s", got)
		}
		for _, n := range []string{"B0", "B1", "B2"} {
			s.Must("Administrator", "PUT", "/api/resource/Bill/"+n, `{"docstatus":1}`)
		}
		got := s.Call("Administrator", "frappe.desk.form.linked_with.get_submitted_linked_docs", `{"doctype":"Bill","name":"B0"}`)
		if got != `{"docs":[{"doctype":"Bill","name":"B1","docstatus":1},{"doctype":"Bill","name":"B2","docstatus":1}],"count":2}` {
			t.Errorf("submitted: %s", got)
		}
		other := s.User("other@example.com")
		docs := `{"docs":"[{\"doctype\":\"Bill\",\"name\":\"B2\",\"docstatus\":1},{\"doctype\":\"Bill\",\"name\":\"B1\",\"docstatus\":1}]"}`
		if w := s.Do(other, "POST", "/api/method/frappe.desk.form.linked_with.cancel_all_linked_docs", docs); w.Code != 403 {
			t.Errorf("without the right: %d", w.Code)
		}
		s.Must("Administrator", "POST", "/api/method/frappe.desk.form.linked_with.cancel_all_linked_docs", docs)
		if got := s.Call("Administrator", "frappe.desk.form.linked_with.get_submitted_linked_docs", `{"doctype":"Bill","name":"B0"}`); got != `{"docs":[],"count":0}` {
			t.Errorf("after: %s", got)
		}
	})
}

func TestWhatWantsAttentionIsCounted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *apptest.Server) {
		s.Must("Administrator", "POST", "/api/resource/ToDo", `{"description":"x","allocated_to":"Administrator"}`)
		if got := s.Call("Administrator", "frappe.desk.notifications.get_notifications", `{}`); !strings.Contains(got, `"ToDo":1`) || !strings.Contains(got, `"targets":{}`) {
			t.Errorf("notifications: %s", got)
		}
		got := s.Call("Administrator", "frappe.desk.notifications.get_open_count", `{"doctype":"Role","name":"System Manager","items":"[]"}`)
		if got != `{"count":{"external_links_found":[],"internal_links_found":[]}}` {
			t.Errorf("open count: %s", got)
		}
		if got := s.Call("Administrator", "frappe.apps.get_apps", `{}`); got != "[]" {
			t.Errorf("apps: %s", got)
		}
		if got := s.Call("Administrator", "frappe.core.doctype.user.user.get_timezones", `{}`); !strings.Contains(got, `"Europe/Berlin"`) {
			t.Errorf("zones: %.80s", got)
		}
		other := s.User("other@example.com")
		if w := s.Do(other, "POST", "/api/method/frappe.core.doctype.system_settings.system_settings.load", `{}`); w.Code != 403 {
			t.Errorf("settings without the role: %d", w.Code)
		}
		s.Must("Administrator", "PUT", "/api/resource/System%20Settings/System%20Settings", `{"date_format":"dd-mm-yyyy"}`)
		if got := s.Call("Administrator", "frappe.core.doctype.system_settings.system_settings.load", `{}`); !strings.Contains(got, `"defaults":{`) || !strings.Contains(got, `"date_format":"dd-mm-yyyy"`) {
			t.Errorf("settings: %.300s", got)
		}
	})
}

func TestALinkIsValidatedWithItsFiltersWhereTheReleaseKnowsThat(t *testing.T) {
	t.Parallel()
	const name = "/api/method/frappe.client.validate_link_and_fetch"
	old := newServer(t, "v15")
	if w := old.Do("Administrator", "POST", name, `{"doctype":"Bill","docname":"B0"}`); w.Code != 417 || !strings.Contains(w.Body.String(), "has no attribute") {
		t.Errorf("v15: %d %s", w.Code, w.Body)
	}
	s := newServer(t, "v16")
	for args, want := range map[string]string{
		`{"doctype":"Bill","docname":"b0","fields_to_fetch":["status"]}`:      `{"name":"B0","status":"Open"}`,
		`{"doctype":"Bill","docname":"B0","filters":{"status":"Paid"}}`:       `{}`,
		`{"doctype":"Bill","docname":"B2","filters":[["status","=","Paid"]]}`: `{"name":"B2"}`,
		`{"doctype":"Bill","docname":"nothing"}`:                              `{}`,
	} {
		if got := s.Call("Administrator", "frappe.client.validate_link_and_fetch", args); got != want {
			t.Errorf("%s: %s, want %s", args, got, want)
		}
	}
}
