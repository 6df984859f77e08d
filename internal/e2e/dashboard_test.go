package e2e

import (
	"net/http"
	"testing"

	"freddo/document"
)

// TestNumberCards: cards count what their reader may read, and name fields that exist.
func TestNumberCards(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		s.Helper()
		s.shop(5)
		const get = "frappe.desk.doctype.number_card.number_card.get_result"
		for body, want := range map[string]float64{
			`{"doc":{"document_type":"Parcel","function":"Count"},"filters":"[]"}`:                                                          5,
			`{"doc":"{\"document_type\":\"Parcel\",\"function\":\"Sum\",\"aggregate_function_based_on\":\"weight\"}","filters":[]}`:         10,
			`{"doc":{"document_type":"Parcel","function":"Maximum","aggregate_function_based_on":"weight"},"filters":{"area":"North"}}`:     4,
			`{"doc":{"document_type":"Parcel","function":"Count"},"filters":[["Parcel","weight",">",2]]}`:                                   2,
			`{"doc":{"document_type":"Parcel","function":"Count"},"filters":[["Parcel","weight",">",2]],"to_date":"2001-01-01"}`:            0,
			`{"doc":{"document_type":"Parcel","function":"Count"},"filters":{"weight":3},"to_date":"2101-01-01"}`:                           1,
			`{"doc":{"document_type":"Parcel","function":"Average","aggregate_function_based_on":"weight"},"filters":{"name":["=","P04"]}}`: 4,
		} {
			if got := document.Flt(s.message(get, body)); got != want {
				s.Errorf("%s = %v, want %v", body, got, want)
			}
		}
		for body, want := range map[string]int{
			`{"doc":{"document_type":"Parcel","function":"Sum","aggregate_function_based_on":"weight) from tabUser --"},"filters":[]}`: 417,
			`{"doc":{"document_type":"Parcel","function":"Drop"},"filters":[]}`:                                                        500,
			`{"doc":{"document_type":"Nothing","function":"Count"},"filters":[]}`:                                                      404,
			`{"doc":"no JSON","filters":[]}`: 500,
			`{"filters":[]}`:                 500,
		} {
			if code, text := s.call(get, body); code != want {
				s.Errorf("%s: %d %s, want %d", body, code, text, want)
			}
		}
		if code, _ := s.user("other", "Newsletter Manager").call(get, `{"doc":{"document_type":"Parcel","function":"Count"},"filters":[]}`); code != http.StatusForbidden {
			s.Errorf("a card on what may not be read: %d", code)
		}
	})
}

func TestWorkspaces(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v15")
	for _, w := range []string{`"title":"Open","label":"Open","public":1`, `"title":"Closed","label":"Closed","public":1,"roles":[{"role":"Newsletter Manager"}]`,
		`"title":"Hidden","label":"Hidden","public":1,"is_hidden":1`, `"title":"Mine","label":"Mine-other@example.com","for_user":"other@example.com"`} {
		s.must(http.MethodPost, "/api/resource/Workspace", `{`+w+`,"content":"[]"}`)
	}
	count := func(s *site) int {
		return len(s.message("frappe.desk.desktop.get_workspace_sidebar_items", "{}").Map().Get("pages").List())
	}
	all, other, letters := count(s), count(s.user("other", "Report Manager")), count(s.user("letters", "Newsletter Manager"))
	if all != 3 || other != 2 || letters != 2 {
		t.Errorf("Administrator sees %d, the owner of a page %d, a role %d", all, other, letters)
	}
}
