package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// secrets are the values of the masked fields; no answer to who may not see them holds one.
var secrets = []string{"+49123456", "ann@secret.example", "2001-02-03", "04:05", "555.25", "hidden words", "row secret"}

// patients makes a DocType with masked fields, in rows too, one document, and roles with
// and without the right.
func (s *site) patients() {
	s.Helper()
	for _, role := range []string{"Nurse", "Doctor"} {
		s.must(http.MethodPost, "/api/resource/Role", fmt.Sprintf(`{"role_name":%q}`, role))
	}
	const masked = `"mask":1`
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Visit","module":"Custom","custom":1,"istable":1,"fields":[
		{"fieldname":"note","fieldtype":"Data","label":"Note",`+masked+`},{"fieldname":"ward","fieldtype":"Data","label":"Ward"}]}`)
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Patient","module":"Custom","custom":1,"autoname":"prompt","is_submittable":1,"title_field":"words","search_fields":"words","fields":[
		{"fieldname":"town","fieldtype":"Data","label":"Town"},
		{"fieldname":"phone","fieldtype":"Data","options":"Phone","label":"Phone",`+masked+`},
		{"fieldname":"mail","fieldtype":"Data","options":"Email","label":"Mail",`+masked+`},
		{"fieldname":"born","fieldtype":"Date","label":"Born",`+masked+`},{"fieldname":"at","fieldtype":"Time","label":"At",`+masked+`},
		{"fieldname":"debt","fieldtype":"Currency","label":"Debt",`+masked+`},{"fieldname":"words","fieldtype":"Data","label":"Words",`+masked+`},
		{"fieldname":"empty","fieldtype":"Data","label":"Empty",`+masked+`},
		{"fieldname":"visits","fieldtype":"Table","options":"Visit","label":"Visits"},
		{"fieldname":"amended_from","fieldtype":"Link","options":"Patient","label":"Amended From","no_copy":1}],"permissions":[
		{"role":"System Manager","read":1,"write":1,"create":1,"delete":1,"submit":1,"cancel":1},
		{"role":"Doctor","read":1,"write":1,"create":1,"mask":1},{"role":"Nurse","read":1,"write":1,"create":1,"submit":1,"cancel":1,"amend":1,"report":1,"export":1}]}`)
	s.must(http.MethodPost, "/api/resource/Patient", `{"name":"P1","town":"Ulm","phone":"+49123456","mail":"ann@secret.example","born":"2001-02-03","at":"04:05:06",
		"debt":555.25,"words":"hidden words","visits":[{"note":"row secret","ward":"A"}]}`)
}

// TestMaskedValuesAreHidden: v16 hides the values of masked fields wherever a document
// or a list leaves the site.
func TestMaskedValuesAreHidden(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		s.patients()
		nurse, doctor := s.user("nurse", "Nurse"), s.user("doctor", "Doctor")
		const all = `["name","phone","mail","born","at","debt","words","empty"]`
		for where, r := range map[string][3]string{
			"read":           {"GET", "/api/resource/Patient/P1"},
			"read, v2":       {"GET", "/api/v2/document/Patient/P1"},
			"copy, v2":       {"GET", "/api/v2/document/Patient/P1/copy"},
			"client.get":     {"GET", "/api/method/frappe.client.get?doctype=Patient&name=P1"},
			"form":           {"GET", "/api/method/frappe.desk.form.load.getdoc?doctype=Patient&name=P1"},
			"list":           {"GET", listURL("Patient", "fields", all)},
			"list of all":    {"GET", listURL("Patient", "fields", `["*"]`)},
			"list, v2":       {"GET", "/api/v2/document/Patient?fields=" + url.QueryEscape(all)},
			"rows, v2":       {"GET", "/api/v2/document/Patient?fields=" + url.QueryEscape(`["name",{"visits":["note","ward"]}]`)},
			"rows by a list": {"GET", listURL("Visit", "parent", "Patient", "fields", `["note","ward"]`)},
			"arrays":         {"POST", "/api/method/frappe.client.get_list", `{"doctype":"Patient","fields":` + all + `,"as_dict":0}`},
			"get_value":      {"GET", "/api/method/frappe.client.get_value?doctype=Patient&filters=P1&fieldname=" + url.QueryEscape(all)},
			"report":         {"POST", "/api/method/frappe.desk.reportview.get", `{"doctype":"Patient","fields":` + all + `}`},
			"search":         {"POST", "/api/method/frappe.desk.search.search_link", `{"doctype":"Patient","txt":"P1"}`},
		} {
			code, body := nurse.do(r[0], r[1], r[2])
			if code != http.StatusOK || !strings.Contains(body, "XX") {
				s.Errorf("%s: %d %s", where, code, body)
			}
			for _, secret := range secrets {
				if strings.Contains(body, secret) {
					s.Errorf("%s shows %s: %s", where, secret, body)
				}
			}
			if _, body := doctor.do(r[0], r[1], r[2]); strings.Contains(body, "XX") {
				s.Errorf("%s hides from who has the right: %s", where, body)
			}
		}
		for _, base := range []string{"/api/resource/Patient?fields=", "/api/v2/document/Patient?fields="} {
			_, body := nurse.do(http.MethodGet, base+url.QueryEscape(`[{"MAX":"debt","as":"m"},{"MAX":"words","as":"w"}]`), "")
			if strings.Contains(body, "555") || strings.Contains(body, "hidden words") {
				s.Errorf("a function shows what is masked: %s", body)
			}
		}
		d := nurse.must(http.MethodGet, "/api/resource/Patient/P1", "").Get("data").Map()
		for field, want := range map[string]string{"phone": "+49XXXXXX", "mail": "XXXXXX@secret.example", "born": "XX-XX-XXXX", "at": "XX:XX", "debt": "XXXXXXXX",
			"words": "XXXXXXXX", "empty": "", "town": "Ulm"} {
			if got := d.Str(field); got != want {
				s.Errorf("%s: %q, want %q", field, got, want)
			}
		}
		for _, args := range [][]string{{"filters", `[["phone","like","+49%"]]`}, {"order_by", "debt desc"}, {"filters", `[["Visit","note","=","row secret"]]`}} {
			if code, body := nurse.do(http.MethodGet, listURL("Patient", args...), ""); code != http.StatusForbidden {
				s.Errorf("%v: %d %s", args, code, body)
			}
		}
		if _, body := nurse.do(http.MethodPost, "/api/method/frappe.desk.search.search_link", `{"doctype":"Patient","txt":"hidden"}`); strings.Contains(body, "P1") {
			s.Errorf("a search finds what is masked: %s", body)
		}
	})
}

// TestMaskedValuesSurviveASave: who sees masks writes neither them nor anything else over
// the values.
func TestMaskedValuesSurviveASave(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		s.patients()
		nurse := s.user("nurse", "Nurse")
		unharmed := func(what, name string) {
			s.Helper()
			_, body := s.do(http.MethodGet, "/api/resource/Patient/"+name, "")
			for _, secret := range secrets {
				if !strings.Contains(body, strings.TrimPrefix(secret, "0")) {
					s.Errorf("%s: %s is gone: %s", what, secret, body)
				}
			}
		}
		d := nurse.must(http.MethodGet, "/api/resource/Patient/P1", "").Get("data").Map()
		row := d.Get("visits").List()[0].Map()
		answer := nurse.must(http.MethodPut, "/api/resource/Patient/P1", fmt.Sprintf(`{"town":"Bonn","phone":%q,"born":"XX-XX-XXXX","debt":1,
			"visits":[{"name":%q,"note":"XXXXXXXX","ward":"B"},{"note":"new","ward":"C"}]}`, d.Str("phone"), row.Str("name"))).Get("data").Map()
		if answer.Str("town") != "Bonn" || answer.Str("phone") != "+49XXXXXX" || answer.Get("visits").List()[0].Map().Str("ward") != "B" {
			s.Errorf("the answer: %v", answer)
		}
		unharmed("PUT", "P1")
		for what, r := range map[string][2]string{
			"set_value":  {"/api/method/frappe.client.set_value", `{"doctype":"Patient","name":"P1","fieldname":{"words":"XXXXXXXX","mail":"x@y.example"}}`},
			"submission": {"/api/method/frappe.client.submit", `{"doc":{"doctype":"Patient","name":"P1","phone":"+49XXXXXX","docstatus":0}}`},
		} {
			if code, body := nurse.do(http.MethodPost, r[0], r[1]); code == http.StatusOK && strings.Contains(body, "@y.example") {
				s.Errorf("%s: %s", what, body)
			}
			unharmed(what, "P1")
		}
		made := nurse.must(http.MethodPost, "/api/resource/Patient", `{"name":"P2","words":"mine","town":"Köln"}`).Get("data").Map()
		if made.Str("words") != "" || made.Str("town") != "Köln" {
			s.Errorf("a new document: %v", made)
		}
	})
}

// TestAmendmentsKeepMaskedValues: an amendment by who sees masks takes the values over.
func TestAmendmentsKeepMaskedValues(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		s.patients()
		nurse := s.user("nurse", "Nurse")
		s.must(http.MethodPut, "/api/resource/Patient/P1", `{"docstatus":1}`)
		s.must(http.MethodPut, "/api/resource/Patient/P1", `{"docstatus":2}`)
		d := nurse.must(http.MethodPost, "/api/resource/Patient", `{"amended_from":"P1","phone":"+49XXXXXX","debt":0,"visits":[{"note":"XXXXXXXX"}]}`).Get("data").Map()
		_, body := s.do(http.MethodGet, "/api/resource/Patient/"+d.Str("name"), "")
		for _, secret := range []string{"+49123456", "555.25", "row secret"} {
			if !strings.Contains(body, secret) {
				s.Errorf("%s is gone: %s", secret, body)
			}
		}
	})
}

// TestOlderReleasesKnowNoMasks: what a v15 site stores under the property does nothing.
func TestOlderReleasesKnowNoMasks(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v15")
	s.patients()
	if _, body := s.user("nurse", "Nurse").do(http.MethodGet, "/api/resource/Patient/P1", ""); strings.Contains(body, "XX") || !strings.Contains(body, "hidden words") {
		t.Errorf("%s", body)
	}
}
