package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"freddo/document"
	"freddo/internal/storage/dbtest"
)

// eachSite runs a test on every release with SQLite, and on every database with v15.
func eachSite(t *testing.T, test func(s *site)) {
	t.Helper()
	for _, release := range []string{"v14", "v15", "v16"} {
		for _, kind := range dbtest.Kinds() {
			if kind != "sqlite" && release != "v15" {
				continue
			}
			t.Run(release+" "+kind, func(t *testing.T) {
				t.Parallel()
				test(newSite(t, kind, release))
			})
		}
	}
}

// web makes a Website User without roles.
func (s *site) web(email string) *site {
	s.Helper()
	s.must(http.MethodPost, "/api/resource/User", fmt.Sprintf(`{"email":%q,"first_name":"Web","send_welcome_email":0,"user_type":"Website User"}`, email))
	return s.as(email)
}

// field is what Administrator sees of a field.
func (s *site) field(doctype, name, field string) string {
	s.Helper()
	return document.ToText(s.must(http.MethodGet, "/api/resource/"+url.PathEscape(doctype)+"/"+url.PathEscape(name), "").Get("data").Map().Get(field))
}

// vault is a DocType whose documents nobody but System Managers sees, notes one that all
// may write, with a field at level 1.
func (s *site) vaults() {
	s.Helper()
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Vault","module":"Core","custom":1,"autoname":"prompt","fields":[
		{"fieldname":"code","fieldtype":"Data","label":"Code"},{"fieldname":"level","fieldtype":"Int","label":"Level"},
		{"fieldname":"scan","fieldtype":"Attach","label":"Scan"}],"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`)
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Slip","module":"Core","custom":1,"autoname":"prompt","fields":[
		{"fieldname":"code","fieldtype":"Data","label":"Code"},{"fieldname":"scan","fieldtype":"Attach","label":"Scan"},
		{"fieldname":"sealed","fieldtype":"Attach","label":"Sealed","permlevel":1}],
		"permissions":[{"role":"System Manager","read":1,"write":1,"create":1},{"role":"System Manager","read":1,"write":1,"permlevel":1},
		{"role":"All","read":1,"write":1,"create":1}]}`)
	s.must(http.MethodPost, "/api/resource/Vault", `{"name":"V1","code":"LV1SECRET","level":7}`)
	s.must(http.MethodPost, "/api/resource/Slip", `{"name":"S1","code":"mine"}`)
}

// TestAFileWritesIntoNoDocument aims Files at fields of every kind and switches their
// privacy, as a user without roles. Nothing may change, however the File came to name
// the field.
func TestAFileWritesIntoNoDocument(t *testing.T) {
	t.Parallel()
	eachSite(t, func(s *site) {
		s.vaults()
		web := s.web("web@example.com")
		s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Plain","desk_access":1}`)
		s.must(http.MethodPost, "/api/resource/User", `{"email":"victim@example.com","first_name":"V","send_welcome_email":0,"api_key":"victimkey"}`)
		roles := s.must(http.MethodGet, `/api/resource/DocType/User`, "").Get("data").Map()
		row := ""
		for _, f := range roles.Get("fields").List() {
			if f.Map().Str("fieldname") == "roles" {
				row = f.Map().Str("name")
			}
		}
		targets := [][3]string{
			{"System Settings", "System Settings", "allow_consecutive_login_attempts"}, {"System Settings", "System Settings", "app_name"},
			{"User", "victim@example.com", "enabled"}, {"User", "victim@example.com", "bio"}, {"User", "Administrator", "user_image"},
			{"User", "web@example.com", "role_profile_name"}, {"User", "web@example.com", "api_key"}, {"User", "web@example.com", "bio"},
			{"Role", "Plain", "desk_access"}, {"DocField", row, "permlevel"}, {"DocField", row, "options"},
			{"Vault", "V1", "code"}, {"Vault", "V1", "level"}, {"Vault", "V1", "scan"}, {"Vault", "V1", "owner"}, {"Vault", "V1", "name"},
			{"Slip", "S1", "code"}, {"Slip", "S1", "scan"}, {"Slip", "S1", "sealed"}, {"Slip", "S1", "_assign"}, {"Slip", "S1", "docstatus"},
		}
		value := func(at [3]string) string {
			if at[0] == "DocField" {
				for _, f := range s.must(http.MethodGet, `/api/resource/DocType/User`, "").Get("data").Map().Get("fields").List() {
					if f.Map().Str("name") == at[1] {
						return document.ToText(f.Map().Get(at[2]))
					}
				}
			}
			return s.field(at[0], at[1], at[2])
		}
		for i, at := range targets {
			before := value(at)
			for way, name := range web.aim(i, at) {
				if name == "" {
					continue // refused
				}
				for _, private := range []int{1, 0, 1} {
					web.do(http.MethodPut, "/api/resource/File/"+name, fmt.Sprintf(`{"is_private":%d}`, private))
				}
				if after := value(at); after != before {
					t := s.T
					t.Errorf("%s: %s.%s of %s is %q, was %q", way, at[0], at[2], at[1], after, before)
				}
			}
		}
	})
}

// aim makes Files that name a field, in every way, and returns their names.
func (s *site) aim(n int, at [3]string) map[string]string {
	s.Helper()
	body := fmt.Sprintf(`"attached_to_doctype":%q,"attached_to_name":%q,"attached_to_field":%q`, at[0], at[1], at[2])
	name := func(answer string) string {
		v, err := document.ParseJSON(answer)
		if err != nil {
			return ""
		}
		for _, key := range []string{"data", "message"} {
			if o := v.Map().Get(key).Map(); o != nil {
				return o.Str("name")
			}
		}
		return ""
	}
	out := map[string]string{}
	_, a := s.do(http.MethodPost, "/api/resource/File", fmt.Sprintf(`{"file_name":"rest%d.txt","content":"rest%d",%s}`, n, n, body))
	out["POST"] = name(a)
	_, a = s.do(http.MethodPost, "/api/method/frappe.client.insert", fmt.Sprintf(`{"doc":{"doctype":"File","file_name":"ins%d.txt","content":"ins%d",%s}}`, n, n, body))
	out["client.insert"] = name(a)
	_, a = s.do(http.MethodPost, "/api/resource/File", fmt.Sprintf(`{"file_name":"free%d.txt","content":"free%d"}`, n, n))
	out["PUT"] = name(a)
	s.do(http.MethodPut, "/api/resource/File/"+out["PUT"], "{"+body+"}")
	_, a = s.do(http.MethodPost, "/api/resource/File", fmt.Sprintf(`{"file_name":"both%d.txt","content":"both%d"}`, n, n))
	out["PUT with is_private"] = name(a)
	s.do(http.MethodPut, "/api/resource/File/"+out["PUT with is_private"], `{"is_private":1,`+body+"}")
	return out
}

// TestAFileLiftsNoUserPermission is the way that needed no restart: a User Permission
// whose applicable_for was written over held no longer.
func TestAFileLiftsNoUserPermission(t *testing.T) {
	t.Parallel()
	eachSite(t, func(s *site) {
		s.vaults()
		web := s.web("web@example.com")
		s.must(http.MethodPost, "/api/resource/Slip", `{"name":"S2","code":"other"}`)
		up := s.must(http.MethodPost, "/api/resource/User%20Permission", `{"user":"web@example.com","allow":"Slip","for_value":"S1","apply_to_all_doctypes":1}`).Get("data").Map().Str("name")
		for _, field := range []string{"applicable_for", "for_value", "user", "allow"} {
			for _, name := range web.aim(50, [3]string{"User Permission", up, field}) {
				web.do(http.MethodPut, "/api/resource/File/"+name, `{"is_private":1}`)
			}
		}
		web.do(http.MethodPut, "/api/resource/User/web@example.com", `{"first_name":"Again"}`)
		if got := s.field("User Permission", up, "applicable_for"); got != "" {
			s.Errorf("applicable_for is %q", got)
		}
		if code, body := web.do(http.MethodGet, "/api/resource/Slip/S2", ""); code != http.StatusForbidden {
			s.Errorf("the document that the User Permission hides: %d %s", code, body)
		}
	})
}

// TestAFieldFollowsItsFile: a field that holds a File's URL, of a document that the user
// may write, still follows.
func TestAFieldFollowsItsFile(t *testing.T) {
	t.Parallel()
	eachSite(t, func(s *site) {
		s.vaults()
		web := s.web("web@example.com")
		for named, field := range map[string]string{"named": `,"attached_to_field":"scan"`, "found": ""} {
			f := web.must(http.MethodPost, "/api/resource/File", fmt.Sprintf(`{"file_name":"%s.txt","content":%q,"attached_to_doctype":"Slip","attached_to_name":"S1"%s}`,
				named, named, field)).Get("data").Map()
			u := f.Str("file_url")
			web.must(http.MethodPut, "/api/resource/Slip/S1", fmt.Sprintf(`{"scan":%q}`, u))
			web.must(http.MethodPut, "/api/resource/File/"+f.Str("name"), `{"is_private":1}`)
			if got := s.field("Slip", "S1", "scan"); got != "/private"+u {
				s.Errorf("%s: the field holds %q, want %q", named, got, "/private"+u)
			}
		}
		// The picture of one's own profile.
		f := web.must(http.MethodPost, "/api/resource/File", `{"file_name":"me.txt","content":"me","attached_to_doctype":"User","attached_to_name":"web@example.com","attached_to_field":"user_image"}`).Get("data").Map()
		web.must(http.MethodPut, "/api/resource/User/web@example.com", fmt.Sprintf(`{"user_image":%q}`, f.Str("file_url")))
		web.must(http.MethodPut, "/api/resource/File/"+f.Str("name"), `{"is_private":1}`)
		if got := s.field("User", "web@example.com", "user_image"); got != "/private"+f.Str("file_url") {
			s.Errorf("user_image is %q", got)
		}
		// A field above the user's level does not follow, whoever put the URL there.
		f = web.must(http.MethodPost, "/api/resource/File", `{"file_name":"seal.txt","content":"seal","attached_to_doctype":"Slip","attached_to_name":"S1","attached_to_field":"sealed"}`).Get("data").Map()
		s.must(http.MethodPut, "/api/resource/Slip/S1", fmt.Sprintf(`{"sealed":%q}`, f.Str("file_url")))
		web.do(http.MethodPut, "/api/resource/File/"+f.Str("name"), `{"is_private":1}`)
		if got := s.field("Slip", "S1", "sealed"); got != f.Str("file_url") {
			s.Errorf("the field at level 1 holds %q", got)
		}
	})
}
