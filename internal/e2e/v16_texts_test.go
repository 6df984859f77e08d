package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestIBANsAreChecked: an option of Data fields that v16 knows.
func TestIBANsAreChecked(t *testing.T) {
	t.Parallel()
	for release, checked := range map[string]bool{"v15": false, "v16": true} {
		s := newSite(t, "sqlite", release)
		s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Account No","module":"Custom","custom":1,"autoname":"prompt","fields":[{"fieldname":"no","fieldtype":"Data","options":"IBAN","label":"No"}],
			"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`)
		for no, good := range map[string]bool{"DE89 3704 0044 0532 0130 00": true, "gb82west12345698765432": true, "": true, "DE88370400440532013000": false, "DE": false, "DE89-3704": false} {
			code, body := s.do(http.MethodPost, "/api/resource/"+url.PathEscape("Account No"), `{"name":"n`+no+`","no":"`+no+`"}`)
			if ok := code == 200; ok != (good || !checked) || !ok && !strings.Contains(body, "is not a valid IBAN") {
				t.Errorf("%s %q: %d %s", release, no, code, body)
			}
		}
	}
}

// TestWhatIsNoAddressIsNamed: v16 names the part that it took for the address.
func TestWhatIsNoAddressIsNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v16")
	for sent, named := range map[string]string{"not an address": "not is not", "joe & co": "joe is not", "@x.de": "@x.de is not", "a b@c.de": "a b@c.de is not"} {
		if code, body := s.do(http.MethodPost, "/api/resource/User", `{"email":"`+sent+`","first_name":"x"}`); code != 417 || !strings.Contains(body, named) {
			t.Errorf("%q: %d %s", sent, code, body)
		}
	}
}

// TestSearchesLeaveUserPermissionsAsideWhereAFieldSaysSo: ignore_user_permissions counts
// for a field that allows it, and for the DocType that it links.
func TestSearchesLeaveUserPermissionsAsideWhereAFieldSaysSo(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Clerk"}`)
		s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Zone","module":"Custom","custom":1,"autoname":"prompt","fields":[{"fieldname":"disabled","fieldtype":"Check","label":"D"}],
			"permissions":[{"role":"System Manager","read":1,"write":1,"create":1},{"role":"Clerk","read":1}]}`)
		s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Trip","module":"Custom","custom":1,"autoname":"prompt","fields":[
			{"fieldname":"open","fieldtype":"Link","options":"Zone","label":"Open","ignore_user_permissions":1},{"fieldname":"shut","fieldtype":"Link","options":"Zone","label":"Shut"},
			{"fieldname":"other","fieldtype":"Link","options":"User","label":"Other","ignore_user_permissions":1}],"permissions":[{"role":"System Manager","read":1}]}`)
		s.must(http.MethodPost, "/api/resource/Zone", `{"name":"Z1"}`)
		s.must(http.MethodPost, "/api/resource/Zone", `{"name":"Z2"}`)
		s.must(http.MethodPost, "/api/resource/Zone", `{"name":"Z3","disabled":1}`)
		clerk := s.user("clerk", "Clerk")
		s.must(http.MethodPost, "/api/resource/User%20Permission", `{"user":"clerk@example.com","allow":"Zone","for_value":"Z1","apply_to_all_doctypes":1}`)
		for args, want := range map[string]string{
			``:                             "Z1",
			`,"ignore_user_permissions":1`: "Z1",
			`,"ignore_user_permissions":1,"reference_doctype":"Trip","link_fieldname":"open"`:  "Z1 Z2",
			`,"ignore_user_permissions":1,"reference_doctype":"Trip","link_fieldname":"shut"`:  "does not allow ignoring user permissions",
			`,"ignore_user_permissions":1,"reference_doctype":"Trip","link_fieldname":"other"`: "links to",
			`,"ignore_user_permissions":1,"reference_doctype":"Trip","link_fieldname":"none"`:  "not found",
			`,"filters":{"include_disabled":1}`:                                                "Z1",
		} {
			code, body := clerk.do(http.MethodPost, "/api/method/frappe.desk.search.search_link", `{"doctype":"Zone","txt":"Z"`+args+`}`)
			if code != http.StatusOK {
				if !strings.Contains(body, want) {
					s.Errorf("%s: %d %s", args, code, body)
				}
				continue
			}
			for _, name := range []string{"Z1", "Z2", "Z3"} {
				if strings.Contains(body, `"label":"`+name+`"`) != strings.Contains(want, name) {
					s.Errorf("%s: %s, want %s", args, body, want)
				}
			}
		}
		if _, body := s.do(http.MethodPost, "/api/method/frappe.desk.search.search_link", `{"doctype":"Zone","txt":"Z","filters":{"include_disabled":1}}`); !strings.Contains(body, "Z3") {
			s.Errorf("include_disabled: %s", body)
		}
	})
}

// TestStandardFieldsStayClosed: set_value changes none, however it names them.
func TestStandardFieldsStayClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v16")
	s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"R"}`)
	for _, field := range []string{`"owner","value":"x"`, `{"owner":"x","disabled":1}`, `"{\"docstatus\":1}"`, `{"name":"S"}`} {
		code, body := s.do(http.MethodPost, "/api/method/frappe.client.set_value", `{"doctype":"Role","name":"R","fieldname":`+field+`}`)
		if code != 417 || !strings.Contains(body, "Cannot edit standard fields") {
			t.Errorf("%s: %d %s", field, code, body)
		}
	}
	s.must(http.MethodPost, "/api/method/frappe.client.set_value", `{"doctype":"Role","name":"R","fieldname":{"disabled":1}}`)
	_, whole := s.do(http.MethodPost, "/api/method/frappe.client.get", `{"doctype":"Role","name":"R"}`)
	whole = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(whole), `{"message":`), "}")
	if code, body := s.do(http.MethodPost, "/api/method/frappe.client.set_value", `{"doctype":"Role","name":"R","fieldname":`+whole+`}`); code != 200 {
		t.Errorf("the whole document sent back: %d %s", code, body)
	}
}

// TestValidateLinkIsGone: v16 has validate_link_and_fetch instead.
func TestValidateLinkIsGone(t *testing.T) {
	t.Parallel()
	for release, want := range map[string][2]int{"v15": {200, 417}, "v16": {417, 200}} {
		s := newSite(t, "sqlite", release)
		for i, method := range []string{"validate_link", "validate_link_and_fetch"} {
			if code, body := s.do(http.MethodPost, "/api/method/frappe.client."+method, `{"doctype":"User","docname":"Guest"}`); code != want[i] {
				t.Errorf("%s %s: %d %s", release, method, code, body)
			}
		}
	}
}

// TestDebugMessagesAreForThoseWhoSeeTracebacks in v16.
func TestDebugMessagesAreForThoseWhoSeeTracebacks(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v16")
	s.must(http.MethodPost, "/api/resource/User", `{"email":"web@example.com","first_name":"w","user_type":"Website User","send_welcome_email":0}`)
	for auth, want := range map[string]bool{s.auth: true, s.keys("web@example.com"): false} {
		w := s.answer(auth, http.MethodGet, "/api/resource/ToDo?debug=1", "")
		if got := strings.Contains(w.Body.String(), "_debug_messages"); w.Code == 200 && got != want || want && w.Code != 200 {
			t.Errorf("%d %s, want messages: %v", w.Code, w.Body, want)
		}
	}
}
