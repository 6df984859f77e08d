package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"freddo/document"
)

// identity are the fields of a User that say what the user may do and how the user is
// known. Nobody may set them for themselves.
var identity = map[string]string{
	"user_type": `"System User"`, "role_profile_name": `"Bosses"`, "roles": `[{"role":"System Manager"}]`, "role_profiles": `[{"role_profile":"Bosses"}]`,
	"api_key": `"chosen"`, "api_secret": `"chosen-secret"`, "restrict_ip": `"10."`, "simultaneous_sessions": `99`,
	"login_after": `1`, "login_before": `2`, "bypass_restrict_ip_check_if_2fa_enabled": `1`, "reset_password_key": `"chosen"`,
	"last_reset_password_key_generated_on": `"2001-01-01 00:00:00"`, "social_logins": `[{"provider":"frappe","userid":"chosen"}]`,
	"name": `"Administrator"`, "owner": `"Administrator"`, "creation": `"2001-01-01 00:00:00"`, "docstatus": `1`, "last_login": `"2001-01-01 00:00:00"`,
	"last_ip": `"1.1.1.1"`, "last_password_reset_date": `"2001-01-01"`, "block_modules": `[{"module":"Core"}]`, "module_profile": `"X"`,
}

// ways are how a client can change a document: {user}'s {field} becomes {value}; {quoted}
// is the object of the two within a JSON text.
var ways = map[string][3]string{
	"PUT":              {"PUT", "/api/resource/User/{user}", `{"{field}":{value}}`},
	"v2 PATCH":         {"PATCH", "/api/v2/document/User/{user}", `{"{field}":{value}}`},
	"set_value":        {"POST", "/api/method/frappe.client.set_value", `{"doctype":"User","name":"{user}","fieldname":"{field}","value":{value}}`},
	"set_value dict":   {"POST", "/api/method/frappe.client.set_value", `{"doctype":"User","name":"{user}","fieldname":{"{field}":{value}}}`},
	"set_value text":   {"POST", "/api/method/frappe.client.set_value", `{"doctype":"User","name":"{user}","fieldname":{quoted}}`},
	"save":             {"POST", "/api/method/frappe.client.save", `{"doc":{"doctype":"User","name":"{user}","email":"{user}","first_name":"none","{field}":{value}}}`},
	"bulk_update":      {"POST", "/api/method/frappe.client.bulk_update", `{"docs":[{"doctype":"User","docname":"{user}","{field}":{value}}]}`},
	"savedocs":         {"POST", "/api/method/frappe.desk.form.save.savedocs", `{"action":"Save","doc":{"doctype":"User","name":"{user}","email":"{user}","first_name":"none","{field}":{value}}}`},
	"run_doc_method":   {"POST", "/api/method/run_doc_method", `{"method":"save","docs":{"doctype":"User","name":"{user}","email":"{user}","first_name":"none","{field}":{value}}}`},
	"run_method":       {"POST", "/api/resource/User/{user}", `{"run_method":"save","{field}":{value}}`},
	"add_roles":        {"POST", "/api/method/run_doc_method", `{"method":"add_roles","dt":"User","dn":"{user}","args":{"roles":"System Manager"}}`},
	"add_roles REST":   {"POST", "/api/resource/User/{user}", `{"run_method":"add_roles","roles":"System Manager"}`},
	"db_set":           {"POST", "/api/method/run_doc_method", `{"method":"db_set","dt":"User","dn":"{user}","args":{"fieldname":"{field}","value":{value}}}`},
	"insert again":     {"POST", "/api/resource/User", `{"email":"{user}","first_name":"none","{field}":{value}}`},
	"client insert":    {"POST", "/api/method/frappe.client.insert", `{"doc":{"doctype":"User","email":"second@example.com","first_name":"x","{field}":{value}}}`},
	"bulk edit":        {"POST", "/api/method/frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs", `{"doctype":"User","docnames":["{user}"],"action":"update","data":{"{field}":{value}}}`},
	"set_list_values":  {"POST", "/api/method/frappe.desk.reportview.update", `{"doctype":"User","name":"{user}","{field}":{value}}`},
	"row of roles":     {"POST", "/api/resource/Has%20Role", `{"parent":"{user}","parenttype":"User","parentfield":"roles","role":"System Manager"}`},
	"row by client":    {"POST", "/api/method/frappe.client.insert", `{"doc":{"doctype":"Has Role","parent":"{user}","parenttype":"User","parentfield":"roles","role":"System Manager"}}`},
	"row of logins":    {"POST", "/api/resource/User%20Social%20Login", `{"parent":"{user}","parenttype":"User","parentfield":"social_logins","provider":"frappe","userid":"chosen"}`},
	"row elsewhere":    {"POST", "/api/resource/Has%20Role", `{"parent":"{user}","parenttype":"User","parentfield":"user_emails","role":"System Manager"}`},
	"row of defaults":  {"POST", "/api/resource/DefaultValue", `{"parent":"{user}","parenttype":"__2fa","parentfield":"system_defaults","defkey":"x_otplogin","defvalue":"1"}`},
	"share with write": {"POST", "/api/resource/DocShare", `{"share_doctype":"User","share_name":"Administrator","user":"{user}","read":1,"write":1}`},
	"rename":           {"POST", "/api/method/frappe.client.rename_doc", `{"doctype":"User","old_name":"{user}","new_name":"Administrator","merge":1}`},
	"generate_keys":    {"POST", "/api/method/frappe.core.doctype.user.user.generate_keys", `{"user":"Administrator"}`},
}

// TestUsersDoNotMakeThemselvesMore tries every way of writing on every field of a user's
// own document that says what the user may do, as a System User and as a Website User
// without roles, and compares the document and its secrets before and after.
func TestUsersDoNotMakeThemselvesMore(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.must(http.MethodPost, "/api/resource/Role%20Profile", `{"role_profile":"Bosses","roles":[{"role":"System Manager"}]}`)
			s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Plain","desk_access":1}`)
			desk := s.user("desk", "Plain")
			s.must(http.MethodPost, "/api/resource/User", `{"email":"web@example.com","first_name":"Web","send_welcome_email":0}`)
			for user, who := range map[string]*site{"desk@example.com": desk, "web@example.com": s.as("web@example.com")} {
				before := s.identityOf(user)
				for way, w := range ways {
					for field, value := range identity {
						if !strings.Contains(w[2], "{field}") && !strings.Contains(w[2], "{quoted}") && field != "roles" {
							continue // once is enough
						}
						put := strings.NewReplacer("{user}", user, "{field}", field, "{value}", value, "{quoted}", strconv.Quote(`{"`+field+`":`+value+`}`))
						who.do(w[0], put.Replace(w[1]), put.Replace(w[2]))
					}
					if after := s.identityOf(user); after != before {
						t.Errorf("%s by %s changed%s", way, user, changed(before, after))
						before = after
					}
				}
				if code, body := who.do(http.MethodGet, "/api/method/frappe.auth.get_logged_user", ""); code != http.StatusOK {
					t.Errorf("%s can no longer ask: %d %s", user, code, body)
				}
			}
			if code, _ := s.do(http.MethodGet, "/api/resource/User/second@example.com", ""); code != http.StatusNotFound {
				t.Errorf("a plain user has made a user: %d", code)
			}
		})
	}
}

// changed lists the lines of two texts that differ.
func changed(before, after string) string {
	var b strings.Builder
	for _, l := range strings.Split(before, "\n") {
		if !strings.Contains(after, l+"\n") {
			b.WriteString("\n- " + l)
		}
	}
	for _, l := range strings.Split(after, "\n") {
		if !strings.Contains(before, l+"\n") {
			b.WriteString("\n+ " + l)
		}
	}
	return b.String()
}

// identityOf is what Administrator sees of a user's identity.
func (s *site) identityOf(user string) string {
	s.Helper()
	d := s.must(http.MethodGet, "/api/resource/User/"+user, "").Get("data").Map()
	var b strings.Builder
	for i := range d.Len() {
		k, v := d.At(i)
		if _, ok := identity[k]; !ok && k != "email" {
			continue
		}
		if k == "last_login" || k == "last_ip" {
			continue // the site's own notes
		}
		for _, row := range v.List() { // rows are written anew
			for _, key := range []string{"name", "creation", "modified", "modified_by", "owner", "idx"} {
				row.Map().Delete(key)
			}
		}
		fmt.Fprintf(&b, "%s=%s\n", k, document.Python.Marshal(v))
	}
	return b.String()
}
