package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"freddo/document"
)

// stated are what clients may not state of a document, with a value that they might try.
// docs/writes.md says what upstream does.
var stated = map[string]string{
	"owner": `"Administrator"`, "creation": `"2001-01-01 00:00:00"`, "modified_by": `"Administrator"`,
	"_assign": `"[\"Administrator\"]"`, "_liked_by": `"[\"Administrator\"]"`, "_comments": `"[{\"comment\":\"x\",\"by\":\"y\",\"name\":\"z\"}]"`,
	"_user_tags": `",x"`, "_seen": `"[\"Administrator\"]"`, "parent": `"Other"`, "parenttype": `"User"`, "parentfield": `"roles"`,
	"lft": `1`, "rgt": `1000`, "old_parent": `"Root"`, "docstatus": `1`, "sealed": `"changed"`, "flags": `{"ignore_permissions":1}`,
}

// newWays and oldWays are how a client makes and changes documents: {doc} are its fields.
var newWays = map[string][2]string{
	"POST": {"/api/resource/Node", `{{doc}}`}, "v2": {"/api/v2/document/Node", `{{doc}}`},
	"insert":      {"/api/method/frappe.client.insert", `{"doc":{"doctype":"Node",{doc}}}`},
	"insert_many": {"/api/method/frappe.client.insert_many", `{"docs":[{"doctype":"Node",{doc}}]}`},
	"save":        {"/api/method/frappe.client.save", `{"doc":{"doctype":"Node","__islocal":1,{doc}}}`},
	"savedocs":    {"/api/method/frappe.desk.form.save.savedocs", `{"action":"Save","doc":{"doctype":"Node","__islocal":1,"__newname":{name},{doc}}}`},
}

var oldWays = map[string][3]string{
	"PUT":         {"PUT", "/api/resource/Node/{name}", `{{doc}}`},
	"v2":          {"PATCH", "/api/v2/document/Node/{name}", `{{doc}}`},
	"set_value":   {"POST", "/api/method/frappe.client.set_value", `{"doctype":"Node","name":"{name}","fieldname":{{doc}}}`},
	"save":        {"POST", "/api/method/frappe.client.save", `{"doc":{"doctype":"Node","name":"{name}",{stored},{doc}}}`},
	"savedocs":    {"POST", "/api/method/frappe.desk.form.save.savedocs", `{"action":"Save","doc":{"doctype":"Node","name":"{name}",{stored},{doc}}}`},
	"bulk_update": {"POST", "/api/method/frappe.client.bulk_update", `{"docs":{quoted}}`},
	"bulk edit":   {"POST", "/api/method/frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs", `{"doctype":"Node","docnames":["{name}"],"action":"update","data":{{doc}}}`},
	"docs":        {"POST", "/api/method/run_doc_method", `{"method":"submit","docs":{"doctype":"Node","name":"{name}",{stored},{doc}}}`},
}

// TestClientsDoNotStateFacts: however a client makes or changes a document of its own,
// what is stored of owner, times, marks, parentage, place in the tree, docstatus and
// fields above its level is the site's.
func TestClientsDoNotStateFacts(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Node","module":"Core","custom":1,"autoname":"prompt","is_tree":1,"track_seen":1,"fields":[
				{"fieldname":"text","fieldtype":"Data","label":"Text"},{"fieldname":"sealed","fieldtype":"Data","label":"Sealed","permlevel":1}],
				"permissions":[{"role":"System Manager","read":1,"write":1,"create":1},{"role":"All","read":1,"write":1,"create":1,"if_owner":1}]}`)
			s.must(http.MethodPost, "/api/resource/Node", `{"name":"Root","is_group":1}`)
			s.must(http.MethodPost, "/api/resource/Node", `{"name":"Hidden","parent_node":"Root"}`)
			oscar := s.user("oscar")
			root := s.treeOf("Root")
			n := 0
			for way, w := range newWays {
				for field, value := range stated {
					n++
					name := fmt.Sprintf("N%d", n)
					doc := fmt.Sprintf(`"name":%q,"text":"x",%q:%s`, name, field, value)
					code, body := oscar.do(http.MethodPost, w[0], strings.NewReplacer("{doc}", doc, "{name}", fmt.Sprintf("%q", name)).Replace(w[1]))
					if there, _ := s.do(http.MethodGet, "/api/resource/Node/"+name, ""); there == http.StatusOK {
						s.checkFacts(way+" with "+field, name)
					} else if field != "docstatus" && release != "v14" {
						t.Errorf("%s with %s: %d %s", way, field, code, body)
					}
				}
			}
			oscar.must(http.MethodPost, "/api/resource/Node", `{"name":"Own","text":"x"}`)
			for way, w := range oldWays {
				for field, value := range stated {
					doc := fmt.Sprintf(`"text":"x",%q:%s`, field, value)
					now := s.must(http.MethodGet, "/api/resource/Node/Own", "").Get("data").Map()
					stored := fmt.Sprintf(`"owner":%q,"creation":%q,"modified":%q`, now.Str("owner"), now.Str("creation"), now.Str("modified"))
					quoted := document.Python.Marshal(document.Text(`[{"doctype":"Node","docname":"Own",` + doc + `}]`))
					oscar.do(w[0], strings.ReplaceAll(w[1], "{name}", "Own"),
						strings.NewReplacer("{doc}", doc, "{name}", "Own", "{stored}", stored, "{quoted}", quoted).Replace(w[2]))
					s.checkFacts(way+" with "+field, "Own")
				}
			}
			if after := s.treeOf("Root"); after != root {
				t.Errorf("the tree was %s and is %s", root, after)
			}
		})
	}
}

// treeOf is what stands below a node, by numbers.
func (s *site) treeOf(name string) string {
	s.Helper()
	d := s.must(http.MethodGet, "/api/resource/Node/"+url.PathEscape(name), "").Get("data").Map()
	return fmt.Sprint(document.Cint(d.Get("rgt")) - document.Cint(d.Get("lft")))
}

// checkFacts compares what is stored of one of oscar's nodes with what must be.
func (s *site) checkFacts(what, name string) {
	s.Helper()
	row := s.list("Node", "fields", `["owner","creation","modified_by","docstatus","_assign","_liked_by","_comments","_user_tags","_seen","lft","rgt","old_parent","sealed"]`,
		"filters", `{"name":"`+name+`"}`).Get("data").List()[0].Map()
	want := map[string]string{"owner": "oscar@example.com", "modified_by": "oscar@example.com", "docstatus": "0", "_assign": "", "_liked_by": "", "_comments": "",
		"_user_tags": "", "_seen": "", "old_parent": "", "sealed": ""}
	for field, v := range want {
		if got := document.ToText(row.Get(field)); got != v {
			s.Errorf("%s: %s of %s is %q, want %q", what, field, name, got, v)
		}
	}
	if strings.HasPrefix(document.ToText(row.Get("creation")), "2001") {
		s.Errorf("%s: creation is %s", what, row.Str("creation"))
	}
	if lft, rgt := document.Cint(row.Get("lft")), document.Cint(row.Get("rgt")); rgt != lft+1 || lft < 5 {
		s.Errorf("%s: %s stands at %d to %d", what, name, lft, rgt)
	}
}
