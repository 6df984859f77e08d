package e2e

import (
	"net/http"
	"testing"
)

// TestLinksTakeTheDefaultsOfTheUserAndTheSystem inserts documents whose links are empty,
// before and after the defaults change.
func TestLinksTakeTheDefaultsOfTheUserAndTheSystem(t *testing.T) {
	t.Parallel()
	allReleases(t, func(s *site, _ string) {
		s.inserted("DocType", `{"name":"Trip","module":"Core","custom":1,"autoname":"hash","fields":[{"fieldname":"country","fieldtype":"Link","options":"Country","reqd":1},
			{"fieldname":"language","fieldtype":"Link","options":"Language"},{"fieldname":"note","fieldtype":"Link","options":"Note"},
			{"fieldname":"gender","fieldtype":"Link","options":"Gender","default":"Other"},{"fieldname":"time_zone","fieldtype":"Data"}],
			"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`)
		who := s.user("carl", "System Manager")
		trip := func(s *site, body string, want ...string) {
			s.Helper()
			s.has(s.inserted("Trip", body), want...)
		}
		settings := func(country string) {
			s.must(http.MethodPut, "/api/resource/System%20Settings/System%20Settings", `{"country":"`+country+`","time_zone":"UTC","language":"en"}`)
		}
		defaults := func(rows string) {
			s.must(http.MethodPut, "/api/resource/User/carl@example.com", `{"defaults":[`+rows+`]}`)
		}
		settings("Norway")
		trip(who, `{}`, "country", "Norway", "language", "en", "note", "", "gender", "Other", "time_zone", "")
		trip(who, `{"country":"Chad"}`, "country", "Chad")
		settings("Japan")
		trip(who, `{}`, "country", "Japan")

		defaults(`{"defkey":"country","defvalue":"Peru"},{"defkey":"note","defvalue":"No such note"},{"defkey":"gender","defvalue":"Female"}`)
		trip(who, `{}`, "country", "Peru", "note", "", "gender", "Female")
		trip(s, `{}`, "country", "Japan", "gender", "Other")

		defaults(`{"defkey":"gender","defvalue":"Female"},{"defkey":"gender","defvalue":"Male"},{"defkey":"gender","defvalue":"Male"},{"defkey":"gender","defvalue":"Female"}`)
		trip(who, `{}`, "country", "Japan", "gender", "Other")

		// what User Permissions forbid is no default, and what they make one goes first
		for _, c := range []string{"Chad", "Cuba"} {
			s.inserted("User Permission", `{"user":"carl@example.com","allow":"Country","for_value":"`+c+`","apply_to_all_doctypes":1}`)
		}
		if code, text := who.do(http.MethodPost, "/api/resource/Trip", `{}`); code == 200 {
			s.Errorf("a forbidden default: %s", text)
		}
		defaults(`{"defkey":"country","defvalue":"Cuba"}`)
		trip(who, `{}`, "country", "Cuba")
		s.inserted("User Permission", `{"user":"carl@example.com","allow":"Country","for_value":"Mali","apply_to_all_doctypes":1,"is_default":1}`)
		trip(who, `{}`, "country", "Mali")
	})
}

// TestANewSiteHasSystemDefaults: those of its System Settings.
func TestANewSiteHasSystemDefaults(t *testing.T) {
	t.Parallel()
	allReleases(t, func(s *site, _ string) {
		settings := s.must(http.MethodGet, "/api/resource/System%20Settings/System%20Settings", "").Get("data").Map()
		s.has(s.inserted("Address", `{"address_title":"Home","address_type":"Billing","address_line1":"1 Road","city":"Oslo"}`), "country", settings.Str("country"))
		if settings.Str("country") == "" {
			s.Error("a new site has no country")
		}
	})
}
