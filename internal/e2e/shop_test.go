package e2e

import (
	"fmt"
	"net/http"
)

// shop adds DocTypes with rows: Area (linked), Parcel with a table of Piece. Fields at
// level 1 belong to the role Auditor.
func (s *site) shop(parcels int) {
	s.Helper()
	for _, role := range []string{"Clerk", "Porter", "Auditor"} {
		s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"`+role+`","desk_access":1}`)
	}
	for _, dt := range []string{
		`{"name":"Area","module":"Core","custom":1,"autoname":"prompt","fields":[
			{"fieldname":"title","fieldtype":"Data","label":"Title"},{"fieldname":"budget","fieldtype":"Int","label":"Budget","permlevel":1}],
			"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1},{"role":"Clerk","read":1},
				{"role":"Auditor","read":1},{"role":"Auditor","read":1,"permlevel":1}]}`,
		`{"name":"Piece","module":"Core","custom":1,"istable":1,"fields":[
			{"fieldname":"what","fieldtype":"Data","label":"What"},{"fieldname":"cost","fieldtype":"Int","label":"Cost","permlevel":1}]}`,
		`{"name":"Parcel","module":"Core","custom":1,"autoname":"prompt","fields":[
			{"fieldname":"title","fieldtype":"Data","label":"Title"},{"fieldname":"weight","fieldtype":"Int","label":"Weight"},
			{"fieldname":"area","fieldtype":"Link","options":"Area","label":"Area"},{"fieldname":"due","fieldtype":"Date","label":"Due"},
			{"fieldname":"margin","fieldtype":"Int","label":"Margin","permlevel":1},
			{"fieldname":"pieces","fieldtype":"Table","options":"Piece","label":"Pieces"}],
			"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1},{"role":"Clerk","read":1},
				{"role":"Porter","read":1},{"role":"Auditor","read":1},{"role":"Auditor","read":1,"permlevel":1}]}`,
	} {
		s.must(http.MethodPost, "/api/resource/DocType", dt)
	}
	for _, a := range []string{"North", "South"} {
		s.must(http.MethodPost, "/api/resource/Area", `{"__newname":"`+a+`","name":"`+a+`","title":"Area `+a+`","budget":70}`)
	}
	for i := range parcels {
		due := fmt.Sprintf(`"2026-01-%02d"`, 1+i%3)
		if i%4 == 0 {
			due = "null" // nulls belong into every order
		}
		s.must(http.MethodPost, "/api/resource/Parcel", fmt.Sprintf(`{"name":"P%02d","title":"Parcel %d","weight":%d,"area":"%s","due":%s,"margin":%d,
			"pieces":[{"what":"a%d","cost":3},{"what":"b%d","cost":4}]}`, i, i, i%5, []string{"North", "South"}[i%2], due, i, i, i))
	}
}
