package e2e

import (
	"net/http"
	"testing"
)

// TestNobodySharesARightThatTheyLack tries every way of sharing with a user who may read
// and share a document, but not write it.
func TestNobodySharesARightThatTheyLack(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Sharer","desk_access":1}`)
			s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Slip","module":"Core","custom":1,"autoname":"prompt","is_submittable":1,"fields":[{"fieldname":"what","fieldtype":"Data"}],"permissions":[{"role":"Sharer","read":1,"share":1,"write":0,"create":0,"delete":0}]}`)
			s.must(http.MethodPost, "/api/resource/Slip", `{"name":"S1","what":"x"}`)
			s.must(http.MethodPost, "/api/resource/Slip", `{"name":"S2","what":"x"}`)
			s.must(http.MethodPost, "/api/resource/Custom%20DocPerm", `{"parent":"DocShare","role":"Sharer","read":1,"write":1,"create":1}`)
			sharer := s.user("sharer", "Sharer")
			reader := s.user("reader")
			if code, text := sharer.do(http.MethodPut, "/api/resource/Slip/S1", `{"what":"y"}`); code != http.StatusForbidden {
				t.Fatalf("the sharer can write: %d %s", code, text)
			}
			for what, body := range map[string]string{
				"write": `"write":1`, "submit": `"submit":1`, "write for all": `"write":1,"everyone":1`,
			} {
				for way, try := range map[string][2]string{
					"DocShare":  {"/api/resource/DocShare", `{"share_doctype":"Slip","share_name":"S1","user":"reader@example.com","read":1,` + body + `}`},
					"insert":    {"/api/method/frappe.client.insert", `{"doc":{"doctype":"DocShare","share_doctype":"Slip","share_name":"S1","user":"reader@example.com","read":1,` + body + `}}`},
					"share.add": {"/api/method/frappe.share.add", `{"doctype":"Slip","name":"S1","user":"reader@example.com","read":1,` + body + `}`},
				} {
					if code, text := sharer.do(http.MethodPost, try[0], try[1]); code != http.StatusForbidden {
						t.Errorf("%s by %s: %d %s", what, way, code, text)
					}
				}
			}
			if code, _ := sharer.do(http.MethodPost, "/api/method/frappe.share.set_permission", `{"doctype":"Slip","name":"S1","user":"reader@example.com","permission_to":"write","value":1}`); code != http.StatusForbidden {
				t.Errorf("set_permission: %d", code)
			}
			if code, text := sharer.do(http.MethodPost, "/api/resource/DocShare", `{"share_doctype":"Slip","share_name":"S1","user":"reader@example.com","read":1}`); code != http.StatusOK {
				t.Errorf("read, which the sharer has: %d %s", code, text)
			}
			share := names(s.list("DocShare", "filters", `[["share_doctype","=","Slip"]]`, "fields", `["name"]`))
			for _, body := range []string{`{"write":1}`, `{"submit":1}`, `{"share_name":"S2","write":1}`} {
				if code, text := sharer.do(http.MethodPut, "/api/resource/DocShare/"+share, body); code != http.StatusForbidden {
					t.Errorf("PUT %s: %d %s", body, code, text)
				}
			}
			if code, _ := reader.do(http.MethodGet, "/api/resource/Slip/S1", ""); code != http.StatusOK {
				t.Errorf("the share of reading does not count: %d", code)
			}
			if code, _ := reader.do(http.MethodPut, "/api/resource/Slip/S1", `{"what":"y"}`); code != http.StatusForbidden {
				t.Errorf("the reader writes: %d", code)
			}
			if code, _ := reader.do(http.MethodPost, "/api/method/frappe.share.add", `{"doctype":"Slip","name":"S1","user":"Guest","read":1}`); code != http.StatusForbidden {
				t.Errorf("the reader shares on: %d", code)
			}
		})
	}
}
