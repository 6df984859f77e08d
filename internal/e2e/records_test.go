package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestRecordsAreNamedAndChecked inserts documents of the smaller modules.
func TestRecordsAreNamedAndChecked(t *testing.T) {
	t.Parallel()
	allReleases(t, func(s *site, release string) {
		s.namesOfRecords(release)
		s.checksOfRecords(release)
		s.effectsOfRecords()
	})
}

const loginKey = `"provider_name":"My Login","authorize_url":"/a","access_token_url":"/t","redirect_url":"/r"`

func (s *site) namesOfRecords(release string) {
	s.Helper()
	card := `{"label":"Open Notes","type":"Document Type","document_type":"Note","function":"Count"}`
	for _, want := range []string{"Open Notes", "Open Notes-1", "Open Notes-2"} {
		s.has(s.inserted("Number Card", card), "name", want)
	}
	s.has(s.inserted("Role Profile", `{"role_profile":"Editors","roles":[{"role":"System Manager"}]}`), "name", "Editors")
	s.has(s.inserted("Social Login Key", `{`+loginKey+`}`), "name", "my_login")
	s.has(s.inserted("Social Login Key", `{"provider_name":"GitHub","authorize_url":"/a","access_token_url":"/t","redirect_url":"/r"}`), "icon", "/assets/frappe/icons/social/github.svg")
	s.has(s.inserted("Email Account", `{"email_id":"ann.lee-2@example.com","awaiting_password":1}`), "name", "Ann Lee 2")
	s.has(s.inserted("Notification", `{"subject":"New note","document_type":"Note","event":"New","message":"x"}`), "name", "New note")
	s.has(s.inserted("Web Page", `{"title":"About us: the_team!","published":1}`), "name", "about-us-the-team", "route", "about-us-the-team")
	s.has(s.inserted("Web Page", `{"title":"Draft","published":0}`), "name", "draft", "route", "")
	s.has(s.inserted("Web Form", `{"title":"Write to us","doc_type":"Note","published":1,"web_form_fields":[{"fieldname":"title","fieldtype":"Data","label":"T"}]}`),
		"name", "write-to-us", "route", "write-to-us", "module", "Desk")
}

func (s *site) checksOfRecords(release string) {
	s.Helper()
	for _, r := range [][3]string{
		{"Event", `{"subject":"x","starts_on":"2030-01-02 10:00:00","ends_on":"2030-01-01 10:00:00"}`, "must be after"},
		{"Event", `{"subject":"x","starts_on":"2030-01-02 10:00:00","ends_on":"2030-01-03 10:00:00","repeat_this_event":1,"repeat_on":"Daily"}`, "Same Day"},
		{"Number Card", `{"label":"a","type":"Document Type"}`, "required to create a number card"},
		{"Number Card", `{"label":"a","type":"Document Type","document_type":"Note","function":"Sum"}`, "Aggregate Field"},
		{"Number Card", `{"label":"a","type":"Custom"}`, "Method is required"},
		{"Dashboard Chart", `{"chart_name":"a","chart_type":"Count","filters_json":"[]"}`, "Document type is required"},
		{"Dashboard Chart", `{"chart_name":"a","chart_type":"Count","document_type":"Note","filters_json":"[]"}`, "Time series based on"},
		{"Dashboard Chart", `{"chart_name":"a","chart_type":"Count","document_type":"System Settings","based_on":"creation","filters_json":"[]"}`, "single DocTypes"},
		{"Dashboard Chart", `{"chart_name":"a","chart_type":"Custom","is_standard":1,"filters_json":"[]"}`, "Cannot edit Standard charts"},
		{"Letter Head", `{"letter_head_name":"L","disabled":1,"is_default":1}`, "both disabled and default"},
		{"Email Account", `{"email_id":"b@example.com","enable_incoming":1,"use_imap":1,"awaiting_password":1}`, "one IMAP folder"},
		{"Email Account", `{"email_id":"b@example.com","enable_incoming":1}`, "Password is required"},
		{"Notification", `{"subject":"b","document_type":"Note","event":"Value Change","message":"x"}`, "which value field"},
		{"Social Login Key", `{"provider_name":"b"}`, "Please enter Authorize URL"},
		{"Social Login Key", `{` + strings.Replace(loginKey, "My Login", "c", 1) + `,"enable_social_login":1,"client_id":"x"}`, "Client Secret"},
		{"Web Page", `{"title":"b","start_date":"2030-01-02 00:00:00","end_date":"2030-01-01 00:00:00"}`, "End Date cannot be before Start Date"},
		{"Web Form", `{"title":"b","doc_type":"Note","web_form_fields":[{"fieldname":"none","fieldtype":"Data","label":"T"}]}`, "fields are missing"},
	} {
		s.declined(r[0], r[1], r[2])
	}
	if release != "v14" {
		s.declined("Reminder", `{"description":"x","remind_at":"2001-01-01 00:00:00"}`, "in past")
		s.has(s.inserted("Reminder", `{"description":"x","remind_at":"2099-01-01 00:00:00"}`), "user", "Administrator")
	}
}

func (s *site) effectsOfRecords() {
	s.Helper()
	event := s.inserted("Event", `{"subject":"x"}`)
	if event.PropText("starts_on") == "" {
		s.Error("an Event without a start")
	}
	s.has(s.inserted("Event", `{"subject":"x","starts_on":"2030-01-02 10:00:00","ends_on":"2030-01-02 09:00:00"}`), "ends_on", "2030-01-02 09:00:00")
	s.has(s.inserted("Event", `{"subject":"x","starts_on":"2030-01-02 10:00:00","ends_on":"2030-01-02 10:00:00"}`), "ends_on", "")
	note := s.inserted("Note", `{"title":"Seen","public":1,"notify_on_login":1}`)
	if note.PropText("expire_notification_on") == "" {
		s.Error("a Note that notifies for ever")
	}
	read := func(doctype, name string) string {
		return "/api/resource/" + url.PathEscape(doctype) + "/" + url.PathEscape(name)
	}
	s.has(s.inserted("Letter Head", `{"letter_head_name":"Plain","content":"Us"}`), "is_default", "1", "source", "Image")
	html := s.inserted("Letter Head", `{"letter_head_name":"Fine","is_default":1,"image":"/files/us.png","image_width":200,"align":"Right"}`).PropText("content")
	for _, part := range []string{"text-align: right", `src="/files/us.png"`, `alt="Fine"`, `width="200.0"`, "width: 200.0px"} {
		if !strings.Contains(html, part) {
			s.Errorf("no %s in %s", part, html)
		}
	}
	s.has(s.must(http.MethodGet, read("Letter Head", "Plain"), "").Get("data").Map(), "is_default", "0", "content", "Us")
	for _, id := range []string{"first", "second"} {
		s.inserted("Email Account", `{"email_id":"`+id+`@example.com","enable_outgoing":1,"default_outgoing":1,"awaiting_password":1,"smtp_server":"localhost"}`)
	}
	s.has(s.must(http.MethodGet, read("Email Account", "First"), "").Get("data").Map(), "default_outgoing", "0")
	s.has(s.inserted("Email Account", `{"email_id":"third@example.com","default_incoming":1}`), "default_incoming", "0")

	one := s.inserted("Communication", `{"subject":"one","content":"x"}`).Str("name")
	two := s.inserted("Communication", `{"subject":"two","content":"x","reference_doctype":"Communication","reference_name":"`+one+`"}`).Str("name")
	if code, text := s.do(http.MethodPut, read("Communication", one), `{"reference_doctype":"Communication","reference_name":"`+two+`"}`); code != 417 || !strings.Contains(text, "CircularLinkingError") {
		s.Errorf("a circle: %d %s", code, text)
	}
}
