package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"freddo/document"
)

// TestReadsAsk tests for yes and for no the reads that upstream answers to everybody.
func TestReadsAsk(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, release, func(s *site) {
				l := newLeakSite(s)
				d, u := l.actors["d"], l.actors["u"]
				d.must(http.MethodPost, "/api/resource/Leak%20Own", `{"name":"Mine","title":"mine","rows":[{"item":"my row"}]}`)
				l.expect("counts are the user's own", d, "frappe.client.get_count", `{"doctype":"Leak Own"}`, "200 1")
				l.expect("nothing to read, nothing to count", u, "frappe.client.get_count", `{"doctype":"Leak Own"}`, "403")
				l.expect("the Administrator counts all", s, "frappe.client.get_count", `{"doctype":"Leak Own"}`, "200 3")
				l.expect("get by filters", d, "frappe.client.get", `{"doctype":"Leak Own","filters":{"title":"mine"}}`, `200 `)
				l.expect("not of others", d, "frappe.client.get", `{"doctype":"Leak Own","filters":{"name":"O1"}}`, `404`)
				validate, none := "frappe.client.validate_link", `200 {"name":null}`
				if release == "v16" {
					validate, none = "frappe.client.validate_link_and_fetch", `200 {}`
				}
				l.expect("a link to one's own", d, validate, `{"doctype":"Leak Own","docname":"mine"}`, `200 {"name":"Mine"}`)
				l.expect("a link to another's", d, validate, `{"doctype":"Leak Own","docname":"O1"}`, none)
				l.expect("rights on one's own", d, "frappe.client.has_permission", `{"doctype":"Leak Own","docname":"Mine"}`, `200 {"has_permission":true}`)
				l.expect("rights on another's", d, "frappe.client.has_permission", `{"doctype":"Leak Own","docname":"O1"}`, `200 {"has_permission":false}`)
				l.expect("rights on what is not there", d, "frappe.client.has_permission", `{"doctype":"Leak Own","docname":"O9"}`, `200 {"has_permission":false}`)
				l.expect("the Administrator is told", s, "frappe.client.has_permission", `{"doctype":"Leak Own","docname":"O9"}`, `404`)
				l.expect("a title of one's own", d, "frappe.desk.search.get_link_title", `{"doctype":"Leak Own","docname":"Mine"}`, `200 "mine"`)
				l.expect("a title of another's", d, "frappe.desk.search.get_link_title", `{"doctype":"Leak Own","docname":"O1"}`, `403`)
				l.expect("no neighbours of another's", d, "frappe.desk.form.utils.get_next", `{"doctype":"Leak Own","value":"O1","prev":0}`, "200")
				if got := d.rows("Leak Row", "Leak Own"); got != "my row" {
					t.Errorf("rows of one's own documents: %q", got)
				}
				if got := u.rows("Leak Row", "Leak Region"); got != "open" {
					t.Errorf("rows within the User Permission: %q", got)
				}
				if got := d.rows("Leak Row", "Leak Ledger"); got != "open" {
					t.Errorf("rows of readable tables: %q", got)
				}
				l.searchPastUserPermissions(u)
			})
		})
	}
}

// expect compares the beginning of a method's answer: status and value.
func (l *leakSite) expect(what string, who *site, method, args, want string) {
	l.Helper()
	code, body := who.do(http.MethodPost, "/api/method/"+method, args)
	v, _ := document.ParseJSON(body)
	got := strconv.Itoa(code) + " " + document.ORJSON.Marshal(v.Map().Get("message"))
	if !strings.HasPrefix(got, want) {
		l.Errorf("%s: %s %s: got %.300s, want %s", what, method, args, got, want)
	}
}

// rows are the items of a child table's rows, by the parent that they are listed through.
func (s *site) rows(dt, parent string) string {
	s.Helper()
	var out []string
	for _, r := range s.list(dt, "parent", parent, "fields", `["item"]`, "order_by", "item asc").Get("data").List() {
		out = append(out, r.Map().Str("item"))
	}
	return strings.Join(out, " ")
}

// searchPastUserPermissions searches for what lies outside the User Permission: a Link
// field has to allow that.
func (l *leakSite) searchPastUserPermissions(u *site) {
	l.Helper()
	for _, ignore := range []string{"0", "1"} {
		l.must(http.MethodPost, "/api/resource/DocType", `{"name":"Leak Trip `+ignore+`","module":"Core","custom":1,"fields":[
			{"fieldname":"zone","fieldtype":"Link","options":"Leak Zone","label":"Zone","ignore_user_permissions":`+ignore+`}],"permissions":[{"role":"Keeper","read":1}]}`)
		_, body := u.do(http.MethodPost, "/api/method/frappe.desk.search.search_link", `{"doctype":"Leak Zone","txt":"So","ignore_user_permissions":1,
			"reference_doctype":"Leak Trip `+ignore+`","link_fieldname":"zone"}`)
		if found := strings.Contains(body, `"South"`); found != (ignore == "1") {
			l.Errorf("ignore_user_permissions=%s of the field: %s", ignore, body)
		}
	}
	_, body := u.do(http.MethodPost, "/api/method/frappe.desk.search.search_link", `{"doctype":"Leak Zone","txt":"So","ignore_user_permissions":1}`)
	if strings.Contains(body, `"South"`) {
		l.Errorf("without a field: %s", body)
	}
}

// TestRowsComeAndGoByTheirDocument inserts, moves and deletes rows of child tables by
// themselves.
func TestRowsComeAndGoByTheirDocument(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, release, func(s *site) {
				l := newLeakSite(s)
				d := l.actors["d"]
				s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Leak Order","module":"Core","custom":1,"autoname":"prompt","is_submittable":1,"fields":[
					{"fieldname":"rows","fieldtype":"Table","options":"Leak Row","label":"Rows"}],"permissions":[{"role":"Harmless","read":1,"write":1,"create":1,"submit":1,"delete":0}]}`)
				d.must(http.MethodPost, "/api/resource/Leak%20Own", `{"name":"Mine","title":"mine","rows":[{"item":"my row"}]}`)
				d.must(http.MethodPost, "/api/resource/Leak%20Order", `{"name":"Draft","rows":[{"item":"a"}]}`)
				d.must(http.MethodPost, "/api/resource/Leak%20Order", `{"name":"Done","docstatus":1,"rows":[{"item":"a"}]}`)
				insert := func(dt, name, field string) int {
					code, _ := d.do(http.MethodPost, "/api/resource/Leak%20Row", `{"parenttype":"`+dt+`","parent":"`+name+`","parentfield":"`+field+`","item":"new"}`)
					return code
				}
				for _, c := range []struct {
					dt, name, field string
					want            int
				}{
					{"Leak Own", "Mine", "rows", 200}, {"Leak Own", "O1", "rows", 403}, {"Leak Order", "Draft", "rows", 200}, {"Leak Order", "Done", "rows", 417},
					{"Leak Ledger", "L1", "orows", 200}, {"Leak Ledger", "L1", "srows", 403}, {"Leak Vault", "V1", "rows", 403},
				} {
					if got := insert(c.dt, c.name, c.field); got != c.want {
						t.Errorf("insert into %s %s.%s: %d, want %d", c.dt, c.name, c.field, got, c.want)
					}
				}
				foreign, done, mine := l.row("Leak Own", "O1", "rows"), l.row("Leak Order", "Done", "rows"), l.row("Leak Own", "Mine", "rows")
				for _, c := range []struct {
					what, row, body string
					want            bool
				}{
					{"a foreign row is not pulled over", foreign, `{"parent":"Mine"}`, false},
					{"nor one of a submitted document", done, `{"parenttype":"Leak Own","parent":"Mine"}`, false},
					{"nor pushed into one", mine, `{"parenttype":"Leak Order","parent":"Done"}`, false},
				} {
					code, body := d.do(http.MethodPut, "/api/resource/Leak%20Row/"+c.row, c.body)
					if (code == http.StatusOK) != c.want {
						t.Errorf("%s: %d %.200s", c.what, code, body)
					}
				}
				for row, want := range map[string]bool{foreign: false, done: false, mine: true} {
					if code, body := d.do(http.MethodDelete, "/api/resource/Leak%20Row/"+row, ""); (code < 300) != want {
						t.Errorf("delete of a row: %d %.200s, want %v", code, body, want)
					}
				}
			})
		})
	}
}
