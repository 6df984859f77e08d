package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"freddo/document"
)

// TestCommunications: a message about a document is stored, shown beside it, and sent to
// nobody.
func TestCommunications(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.Helper()
		s.shop(1)
		const send = "frappe.core.doctype.communication.email.make"
		made := s.message(send, `{"doctype":"Parcel","name":"P00","content":"<p>Where is it?</p>","recipients":["a@example.com","b@example.com"],"communication_medium":"Email"}`).Map()
		d := s.must(http.MethodGet, "/api/resource/Communication/"+made.Str("name"), "").Get("data").Map()
		if d.Str("status") != "Linked" || d.Str("subject") != "Where is it?" || d.Str("recipients") != "a@example.com, b@example.com" || d.Str("reference_owner") != "Administrator" {
			s.Errorf("communication = %s", compact(document.MapOf(d)))
		}
		got := s.must(http.MethodPost, "/api/method/frappe.desk.form.load.getdoc", `{"doctype":"Parcel","name":"P00"}`)
		list := got.Get("docinfo").Map().Get("communications").List()
		if len(list) != 1 || list[0].Map().Str("name") != made.Str("name") || list[0].Map().Str("attachments") != "[]" {
			s.Errorf("docinfo = %s", compact(document.ListOf(list...)))
		}
		if n := len(s.message("frappe.desk.form.load.get_communications", `{"doctype":"Parcel","name":"P00","start":1}`).List()); n != 0 {
			s.Errorf("%d communications beyond the first", n)
		}
		if code, text := s.call(send, `{"doctype":"Parcel","name":"P00","send_email":1}`); code != http.StatusNotImplemented || !strings.Contains(text, "missing email account") {
			s.Errorf("send_email: %d %s", code, text)
		}
		if code, text := s.call(send, `{"doctype":"Parcel","name":"P00","recipients":"nobody at all"}`); code != http.StatusExpectationFailed {
			s.Errorf("a bad address: %d %s", code, text)
		}
		stranger := s.user("stranger", "Newsletter Manager")
		for _, m := range []string{send, "frappe.desk.form.load.get_communications"} {
			if code, _ := stranger.call(m, `{"doctype":"Parcel","name":"P00"}`); code != http.StatusForbidden {
				s.Errorf("%s by a stranger: %d", m, code)
			}
		}
	})
}

// TestFormsLoadInEveryRelease: a form opens, with and without messages beside it.
func TestFormsLoadInEveryRelease(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		s := newSite(t, "sqlite", release)
		s.must(http.MethodPost, "/api/resource/Note", `{"title":"Note one"}`)
		name := s.list("Note").Get("data").List()[0].Map().Str("name")
		const load = "/api/method/frappe.desk.form.load.getdoc"
		for want := range 2 {
			got := s.must(http.MethodPost, load, `{"doctype":"Note","name":"`+name+`"}`).Get("docinfo").Map().Get("communications").List()
			if len(got) != want {
				t.Errorf("%s: %d messages, want %d", release, len(got), want)
			}
			s.message("frappe.core.doctype.communication.email.make", `{"doctype":"Note","name":"`+name+`","content":"Hello","communication_medium":"Other"}`)
		}
	}
}

func TestBulkActions(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v15")
	s.shop(25)
	const bulk = "frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs"
	if got := compact(s.message(bulk, `{"doctype":"Parcel","docnames":["P00","P01"],"action":"update","data":"{\"title\":\"New\"}"}`)); got != "[]" {
		t.Errorf("failed = %s", got)
	}
	if got := compact(s.message(bulk, `{"doctype":"Parcel","docnames":["P00"],"action":"cancel"}`)); got != `["P00"]` {
		t.Errorf("cancel of a draft = %s", got)
	}
	if got := compact(s.message(bulk, `{"doctype":"Parcel","docnames":["P00"],"action":"update","data":{"area":"Nowhere"}}`)); got != `["P00"]` {
		t.Errorf("a broken link = %s", got)
	}
	if code, _ := s.call(bulk, `{"doctype":"Parcel","docnames":["P02","gone"],"action":"update","data":{"title":"New"}}`); code != http.StatusNotFound {
		t.Errorf("a missing document: %d", code)
	}
	var many []string
	for i := range 25 {
		many = append(many, fmt.Sprintf(`"P%02d"`, i))
	}
	got := s.must(http.MethodPost, "/api/method/"+bulk, `{"doctype":"Parcel","docnames":[`+strings.Join(many, ",")+`],"action":"update","data":{"title":"All"}}`)
	if got.Has("message") || !strings.Contains(got.Str("_server_messages"), "enqueued") {
		t.Errorf("25 documents: %s", compact(document.MapOf(got)))
	}
	if n := len(s.list("Parcel", "filters", `{"title":"All"}`, "limit_page_length", "0").Get("data").List()); n != 25 {
		t.Errorf("%d of 25 changed", n)
	}
	if code, text := s.call(bulk, `{"doctype":"Parcel","docnames":[`+strings.Repeat(`"x",`, 500)+`"x"]}`); code != http.StatusExpectationFailed || !strings.Contains(text, "500 documents") {
		t.Errorf("501 documents: %d %s", code, text)
	}
}

// TestSmallDeskMethods: neighbours, tags, mentions, viewers.
func TestSmallDeskMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v16")
	s.shop(4)
	s.user("maria", "Clerk")
	next := func(args string) string {
		return s.message("frappe.desk.form.utils.get_next", `{"doctype":"Parcel","value":"P01","sort_field":"name",`+args+`}`).Str()
	}
	if a, b := next(`"prev":0,"sort_order":"asc"`), next(`"prev":1,"sort_order":"asc"`); a != "P02" || b != "P00" {
		t.Errorf("neighbours = %q %q", a, b)
	}
	if got := next(`"prev":0,"sort_order":"asc","filters":[["Parcel","weight",">",2]]`); got != "P03" {
		t.Errorf("filtered = %q", got)
	}
	if code, _ := s.call("frappe.desk.form.utils.get_next", `{"doctype":"Parcel","value":"P01","prev":0,"sort_field":"(select 1)"}`); code != http.StatusExpectationFailed {
		t.Errorf("a subquery as sort_field: %d", code)
	}
	s.message("frappe.desk.doctype.tag.tag.add_tag", `{"tag":"urgent","dt":"Parcel","dn":"P01"}`)
	if got := s.message("frappe.desk.doctype.tag.tag.get_documents_for_tag", `{"tag":"#urgent"}`).List(); len(got) != 1 || got[0].Map().Str("name") != "P01" {
		t.Errorf("tagged = %s", compact(document.ListOf(got...)))
	}
	if got := compact(s.message("frappe.desk.doctype.tag.tag.get_tags_list_for_awesomebar", `{}`)); got != `["urgent"]` {
		t.Errorf("tags = %s", got)
	}
	if got := s.message("frappe.desk.search.get_names_for_mentions", `{"search_term":"MAR"}`).List(); len(got) != 1 || got[0].Map().Str("id") != "maria@example.com" {
		t.Errorf("mentions = %s", compact(document.ListOf(got...)))
	}
	const users = "frappe.core.doctype.user.user.user_query"
	if got := compact(s.message(users, `{"doctype":"User","txt":"mar","searchfield":"name","start":0,"page_len":10,"filters":{}}`)); got != `[["maria@example.com","maria"]]` {
		t.Errorf("users = %s", got)
	}
	if code, _ := s.call(users, `{"doctype":"User","txt":"","searchfield":"(select 1)","start":0,"page_len":10,"filters":{}}`); code != http.StatusExpectationFailed {
		t.Errorf("a subquery as searchfield: %d", code)
	}
	if got := s.message("frappe.desk.form.load.get_user_info_for_viewers", `{"users":"[\"maria@example.com\",\"nobody\"]"}`).Map(); got.Len() != 1 || !got.Has("maria@example.com") {
		t.Errorf("viewers = %s", compact(document.MapOf(got)))
	}
}
