package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"freddo/document"
)

// allReleases runs a test on every release and database.
func allReleases(t *testing.T, test func(s *site, release string)) {
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, release, func(s *site) { test(s, release) })
		})
	}
}

// inserted inserts a document and returns what was stored.
func (s *site) inserted(doctype, body string) *document.Object {
	s.Helper()
	return s.must(http.MethodPost, "/api/resource/"+url.PathEscape(doctype), body).Get("data").Map()
}

// declined wants a document to be refused in some words.
func (s *site) declined(doctype, body, words string) {
	s.Helper()
	code, text := s.do(http.MethodPost, "/api/resource/"+url.PathEscape(doctype), body)
	if code != http.StatusExpectationFailed || !strings.Contains(text, words) {
		s.Errorf("%s %s: want a refusal with %q, got %d %s", doctype, body, words, code, text)
	}
}

// has compares fields of a document; want are pairs.
func (s *site) has(o *document.Object, want ...string) {
	s.Helper()
	for i := 0; i+1 < len(want); i += 2 {
		if got := o.PropText(want[i]); got != want[i+1] {
			s.Errorf("%s of %s: got %q, want %q", want[i], o.Str("name"), got, want[i+1])
		}
	}
}

func TestContactsAreNamedAndFilledFromTheirRows(t *testing.T) {
	t.Parallel()
	allReleases(t, func(s *site, release string) {
		full := func(long, short string) string {
			if release == "v14" {
				return short
			}
			return long
		}
		ann := s.inserted("Contact", `{"first_name":" Ann","middle_name":"B","last_name":"Lee","email_ids":[{"email_id":"ann@example.com"}],
			"phone_nos":[{"phone":"+1 555 0100","is_primary_phone":1},{"phone":"+1 555 0200","is_primary_mobile_no":1}]}`)
		s.has(ann, "name", full("Ann B Lee", "Ann Lee"), "email_id", "ann@example.com", "phone", "+1 555 0100", "mobile_no", "+1 555 0200",
			"full_name", full("Ann B Lee", ""))
		if row := ann.Get("email_ids").List()[0].Map(); row.PropInt("is_primary") != 1 {
			s.Error("the only address is not the primary one")
		}
		for _, want := range []string{"-1", "-2"} {
			s.has(s.inserted("Contact", `{"first_name":"Ann","middle_name":"B","last_name":"Lee"}`), "name", ann.Str("name")+want, "email_id", "", "phone", "")
		}
		if release != "v14" {
			s.has(s.inserted("Contact", `{"company_name":"Acme 100%_\\\\"}`), "name", `Acme 100%_\\`, "full_name", `Acme 100%_\\`)
			s.has(s.inserted("Contact", `{"company_name":"Acme 100%_\\\\"}`), "name", `Acme 100%_\\-1`)
		}
		s.declined("Contact", `{"first_name":"Two","email_ids":[{"email_id":"a@example.com","is_primary":1},{"email_id":"b@example.com","is_primary":1}]}`, "Only one")
		s.declined("Contact", `{"first_name":"Two","phone_nos":[{"phone":"1","is_primary_mobile_no":1},{"phone":"2","is_primary_mobile_no":1}]}`, "Mobile No")
		two := s.inserted("Contact", `{"first_name":"None","email_ids":[{"email_id":"a@example.com"},{"email_id":"b@example.com"}]}`)
		s.has(two, "email_id", "")

		s.user("carl")
		carl := s.inserted("Contact", `{"first_name":"Carl","email_ids":[{"email_id":"carl@example.com"}],
			"links":[{"link_doctype":"User","link_name":"carl@example.com"},{"link_doctype":"User","link_name":"carl@example.com"}]}`)
		s.has(carl, "name", "Carl-carl@example.com", "user", "carl@example.com")
		links := carl.Get("links").List()
		if len(links) != 1 {
			s.Errorf("%d links", len(links))
		}
		for method, args := range map[string]string{
			"get_contact_details": `{"contact":"Carl-carl@example.com"}`,
			"contact_query":       `{"doctype":"Contact","txt":"carl","searchfield":"name","start":0,"page_len":5,"filters":{"link_doctype":"User","link_name":"carl@example.com"}}`,
		} {
			if code, text := s.do(http.MethodPost, "/api/method/frappe.contacts.doctype.contact.contact."+method, args); code != 200 || !strings.Contains(text, "Carl-carl@example.com") {
				s.Errorf("%s: %d %s", method, code, text)
			}
		}
		if code, text := s.do(http.MethodPost, "/api/method/frappe.contacts.doctype.contact.contact.contact_query",
			`{"doctype":"Contact","txt":"carl","searchfield":"name","start":0,"page_len":5,"filters":{"link_doctype":"User","link_name":"Administrator"}}`); code != 200 || strings.Contains(text, "Carl") {
			s.Errorf("another document's contact: %d %s", code, text)
		}
	})
}

func TestAddressesAreNamedAfterTitleAndType(t *testing.T) {
	t.Parallel()
	allReleases(t, func(s *site, release string) {
		s.inserted("Note", `{"title":"Plot"}`)
		note := s.list("Note").Get("data").List()[0].Map().Str("name")
		const rest = `"address_line1":"1 Road","city":"Oslo","country":"Norway"`
		s.has(s.inserted("Address", `{"address_title":" St. A&B ","address_type":"Billing",`+rest+`}`), "name", "St. A&B-Billing")
		s.has(s.inserted("Address", `{"address_title":" St. A&B ","address_type":"Billing",`+rest+`}`), "name", "St A&B-Billing-1")
		s.declined("Address", `{"address_type":"Billing",`+rest+`}`, "Address Title is mandatory")
		link := `"links":[{"link_doctype":"Note","link_name":"` + note + `"}]`
		first := s.inserted("Address", `{"address_type":"Shipping","is_primary_address":1,`+link+`,`+rest+`}`)
		s.has(first, "name", note+"-Shipping", "address_title", note)
		s.has(first.Get("links").List()[0].Map(), "link_title", "Plot")
		second := s.inserted("Address", `{"address_type":"Office","is_primary_address":1,`+link+`,`+rest+`}`)
		s.has(s.must(http.MethodGet, "/api/resource/Address/"+url.PathEscape(first.Str("name")), "").Get("data").Map(), "is_primary_address", "0")
		s.has(second, "is_primary_address", "1")
		const module = "/api/method/frappe.contacts.doctype.address.address."
		for args, want := range map[string]string{
			`{"doctype":"Note","name":"` + note + `"}`:                         second.Str("name"),
			`{"doctype":"Note","name":"none"}`:                                 "",
			`{"doctype":"Note","name":"` + note + `","sort_key":"name; drop"}`: "",
		} {
			s.has(s.must(http.MethodPost, module+"get_default_address", args), "message", want)
		}
		query := `{"doctype":"Address","txt":"","searchfield":"name","start":0,"page_len":20,"filters":{"link_doctype":"Note","link_name":"` + note + `"}}`
		_, text := s.do(http.MethodPost, module+"address_query", query)
		if !strings.Contains(text, note+"-Office") || !strings.Contains(text, note+"-Shipping") || strings.Contains(text, "A&B") {
			s.Errorf("address_query: %s", text)
		}
		nobody := s.user("nobody")
		for method, args := range map[string]string{module + "address_query": query, module + "get_default_address": `{"doctype":"Note","name":"` + note + `"}`,
			"/api/method/frappe.contacts.doctype.contact.contact.address_query": `{"links":"[{\"link_doctype\":\"Note\",\"link_name\":\"` + note + `\"}]"}`} {
			if code, text := s.do(http.MethodPost, method, args); code != 200 || !strings.Contains(text, "Office") {
				s.Errorf("%s: %d %s", method, code, text)
			}
			if _, text := nobody.do(http.MethodPost, method, args); strings.Contains(text, "Office") {
				s.Errorf("%s without rights: %s", method, text)
			}
		}
		if release != "v14" { // there a Note is named after its title
			boss := s.user("boss", "System Manager") // who may not read the private Note of another
			hidden := boss.inserted("Address", `{"address_title":"Spy","address_type":"Other",`+link+`,`+rest+`}`)
			s.has(hidden.Get("links").List()[0].Map(), "link_title", note)
		}
		s.has(s.inserted("Address Template", `{"country":"Norway","template":"x"}`), "is_default", "1")
		s.inserted("Address Template", `{"country":"Sweden","template":"x","is_default":1}`)
		s.has(s.must(http.MethodGet, "/api/resource/Address%20Template/Norway", "").Get("data").Map(), "is_default", "0")
		if code, text := s.do(http.MethodDelete, "/api/resource/Address%20Template/Sweden", ""); code != 417 {
			s.Errorf("the default template was deleted: %d %s", code, text)
		}
	})
}

func TestAUserWhomAContactNamesCanBeDeleted(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.user("carl")
		carl := s.inserted("Contact", `{"first_name":"Carl","email_ids":[{"email_id":"carl@example.com"}]}`)
		s.has(carl, "user", "carl@example.com")
		s.must(http.MethodDelete, "/api/resource/User/carl@example.com", "")
		s.has(s.must(http.MethodGet, "/api/resource/Contact/Carl", "").Get("data").Map(), "user", "")
	})
}
