package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"freddo/document"
)

// keyed makes an API Key and returns the site as its holder sees it, and its name.
func (s *site) keyed(fields string) (*site, string) {
	s.Helper()
	answer := s.must(http.MethodPost, "/api/resource/API%20Key", `{"title":"k",`+fields+`}`)
	d := answer.Get("data").Map()
	secret := document.ToText(answer.Get("api_secret"))
	if len(secret) != 40 || strings.Contains(string(document.Python.Append(nil, answer.Get("data"))), secret) {
		s.Fatalf("secret %q must stand beside the document, not in it", secret)
	}
	return &site{T: s.T, app: s.app, auth: "token " + d.Str("api_key") + ":" + secret}, d.Str("name")
}

func (s *site) wants(status int, method, target, body string) string {
	s.Helper()
	code, text := s.do(method, target, body)
	if code != status {
		s.Errorf("%s %s %s: %d, want %d: %s", method, target, body, code, status, text)
	}
	return text
}

const toDo = "/api/resource/ToDo"

func TestNamedAPIKeys(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.shop(2)
		todo := s.must(http.MethodPost, toDo, `{"description":"a"}`).Get("data").Map().Str("name")
		t.Run("without limits is the user", func(*testing.T) {
			k, name := s.keyed(`"user":"Administrator"`)
			k.wants(200, "POST", "/api/resource/Role", `{"role_name":"R1"}`)
			if d := s.must("GET", "/api/resource/API%20Key/"+name, "").Get("data").Map(); d.Str("last_used") == "" || d.Has("api_secret") {
				t.Errorf("last_used missing, or a secret shown: %v", d.Keys())
			}
			other, _ := s.keyed(`"user":"Administrator"`)
			other.wants(200, "GET", "/api/method/frappe.auth.get_logged_user", "")
		})
		t.Run("read only refuses every write", func(*testing.T) {
			k, _ := s.keyed(`"user":"Administrator","read_only":1`)
			k.wants(200, "GET", toDo+"/"+todo, "")
			k.wants(200, "GET", "/api/resource/Parcel?include=children", "")
			k.wants(403, "POST", toDo, `{"description":"b"}`)
			k.wants(403, "PUT", toDo+"/"+todo, `{"description":"b"}`)
			k.wants(403, "DELETE", toDo+"/"+todo, "")
			k.wants(403, "POST", "/api/method/frappe.client.set_value", `{"doctype":"ToDo","name":"`+todo+`","fieldname":"description","value":"b"}`)
			k.wants(403, "POST", "/api/method/frappe.desk.form.utils.add_comment", `{"reference_doctype":"ToDo","reference_name":"`+todo+`","content":"x","comment_email":"a@b.c","comment_by":"a"}`)
			k.wants(403, "POST", "/api/method/frappe.core.doctype.user.user.generate_keys", `{"user":"Administrator"}`)
			if text := k.wants(200, "GET", toDo+"/"+todo, ""); !strings.Contains(text, `"description":"a"`) {
				t.Error("something was written:", text)
			}
		})
		t.Run("scoped to DocTypes and actions", func(*testing.T) {
			k, _ := s.keyed(`"user":"Administrator","permissions":[{"document_type":"ToDo","read":1,"create":1},{"document_type":"API Key","read":1,"write":1,"create":1}]`)
			k.wants(200, "GET", toDo, "")
			k.wants(200, "POST", toDo, `{"description":"c"}`)
			k.wants(403, "PUT", toDo+"/"+todo, `{"description":"b"}`)
			k.wants(403, "DELETE", toDo+"/"+todo, "")
			k.wants(403, "DELETE", "/api/v2/document/ToDo/"+todo, "")
			k.wants(200, "GET", "/api/method/frappe.client.get_list?doctype=ToDo", "")
			for _, refused := range []string{"/api/resource/User", "/api/resource/User/Administrator", "/api/v2/document/Parcel", "/api/v2/document/Parcel/P00",
				"/api/method/frappe.client.get_list?doctype=User", "/api/method/frappe.client.get_value?doctype=User&fieldname=api_key",
				"/api/method/frappe.client.get_list?doctype=Piece&parent=Parcel", "/api/resource/Piece", "/api/v2/document/Piece",
				"/api/v2/doctype/User/meta", "/api/v2/doctype/User/count", "/api/method/frappe.desk.form.load.getdoctype?doctype=User",
				"/api/method/frappe.client.get_count?doctype=User", "/api/method/frappe.core.doctype.user.user.get_all_roles",
				"/private/files/x.txt", "/api/v2/document/User/Administrator/copy"} {
				if code, text := k.do("GET", refused, ""); code != 403 && code != 404 {
					t.Errorf("GET %s: %d %s", refused, code, text)
				}
			}
			k.wants(403, "POST", "/api/resource/API%20Key", `{"title":"wider"}`)
			k.wants(403, "POST", "/api/method/frappe.share.add", `{"doctype":"ToDo","name":"`+todo+`","user":"Administrator"}`)
			k.wants(403, "POST", "/api/method/run_doc_method", `{"dt":"ToDo","dn":"`+todo+`","method":"add_comment","args":{"text":"x"}}`)
		})
		t.Run("scoped to methods", func(*testing.T) {
			k, _ := s.keyed(`"user":"Administrator","methods":"frappe.core.doctype.user.user.get_*\nToDo.add_comment"`)
			k.wants(200, "GET", "/api/method/frappe.core.doctype.user.user.get_all_roles", "")
			k.wants(403, "GET", toDo, "")
			k.wants(403, "POST", "/api/method/frappe.core.doctype.user.user.generate_keys", `{"user":"Administrator"}`)
		})
		t.Run("expires", func(*testing.T) {
			k, _ := s.keyed(`"user":"Administrator","expires_on":"` + time.Now().UTC().Add(time.Hour).Format(time.DateTime) + `"`)
			k.wants(200, "GET", toDo, "")
			k.wants(403, "POST", "/api/method/frappe.core.doctype.user.user.generate_keys", `{"user":"Administrator"}`)
			k, _ = s.keyed(`"user":"Administrator","expires_on":"` + time.Now().UTC().Add(-time.Second).Format(time.DateTime) + `"`)
			k.wants(401, "GET", toDo, "")
		})
		t.Run("bound to addresses", func(*testing.T) {
			s.wants(417, "POST", "/api/resource/API%20Key", `{"title":"k","allowed_ips":"10.0.0.0/99"}`)
			k, _ := s.keyed(`"user":"Administrator","allowed_ips":"192.0.2.0/24, 2001:db8::1"`)
			for _, tt := range []struct {
				peer, forwarded string
				want            int
			}{
				{"192.0.2.9:1", "", 200}, {"192.0.3.9:1", "", 401}, {"[2001:db8::1]:1", "", 200}, {"[2001:db8::2]:1", "", 401},
				{"127.0.0.1:1", "192.0.2.1", 200}, {"127.0.0.1:1", "192.0.2.1, 198.51.100.1", 401}, {"192.0.3.9:1", "192.0.2.1", 401},
				{"127.0.0.1:1", "", 401}, {"[::ffff:192.0.2.7]:1", "", 200},
			} {
				r := httptest.NewRequest(http.MethodGet, toDo, nil)
				r.RemoteAddr = tt.peer
				r.Header.Set("Authorization", k.auth)
				if tt.forwarded != "" {
					r.Header.Set("X-Forwarded-For", tt.forwarded)
				}
				w := httptest.NewRecorder()
				s.app.Handler().ServeHTTP(w, r)
				if w.Code != tt.want {
					t.Errorf("from %s by %s: %d, want %d", tt.peer, tt.forwarded, w.Code, tt.want)
				}
			}
		})
		t.Run("is revoked at once", func(*testing.T) {
			k, name := s.keyed(`"user":"Administrator"`)
			k.wants(200, "GET", toDo, "")
			s.must("PUT", "/api/resource/API%20Key/"+name, `{"enabled":0}`)
			k.wants(401, "GET", toDo, "")
			s.must("PUT", "/api/resource/API%20Key/"+name, `{"enabled":1,"api_key":"mine"}`)
			k.wants(200, "GET", toDo, "")
			fresh := s.must("POST", "/api/v2/document/API%20Key/"+name+"/method/rotate_secret", "{}").Get("data").Map()
			k.wants(401, "GET", toDo, "")
			k.auth = "token " + fresh.Str("api_key") + ":" + fresh.Str("api_secret")
			k.wants(200, "GET", toDo, "")
			s.must("DELETE", "/api/resource/API%20Key/"+name, "")
			k.wants(401, "GET", toDo, "")
		})
		t.Run("belongs to its user", func(*testing.T) {
			clerk, porter := s.user("clerk", "Clerk"), s.user("porter", "Porter")
			k, name := clerk.keyed(`"permissions":[{"document_type":"Parcel","read":1,"write":1},{"document_type":"Role","read":1,"create":1}]`)
			k.wants(200, "GET", "/api/resource/Parcel/P00", "")
			k.wants(403, "POST", "/api/resource/Role", `{"role_name":"R2"}`) // the role does not
			k.wants(403, "GET", "/api/resource/Area", "")                    // the role would
			porter.wants(403, "GET", "/api/resource/API%20Key/"+name, "")
			porter.wants(403, "POST", "/api/v2/document/API%20Key/"+name+"/method/rotate_secret", "{}")
			porter.wants(403, "POST", "/api/v2/method/run_doc_method",
				`{"method":"rotate_secret","document":{"doctype":"API Key","name":"`+name+`","owner":"porter@example.com","user":"porter@example.com","__islocal":1}}`)
			clerk.wants(403, "POST", "/api/resource/API%20Key", `{"title":"k","user":"porter@example.com"}`)
			boss := s.user("boss", "System Manager")
			for _, admin := range []string{"Administrator", "administrator", "ADMINISTRATOR "} {
				if code, text := boss.do("POST", "/api/resource/API%20Key", `{"title":"k","user":"`+admin+`"}`); code < 400 {
					t.Errorf("a key for %q: %d %s", admin, code, text)
				}
			}
			boss.must("POST", "/api/resource/API%20Key", `{"title":"k","user":"porter@example.com"}`)
			k.wants(200, "GET", "/api/resource/Parcel/P00", "")
			s.must("PUT", "/api/resource/User/clerk@example.com", `{"enabled":0}`)
			k.wants(401, "GET", "/api/resource/Parcel/P00", "")
			s.must("DELETE", "/api/resource/User/clerk@example.com", "")
			s.wants(404, "GET", "/api/resource/API%20Key/"+name, "")
		})
	})
}
