package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"freddo/document"
)

// diaries is a DocType whose documents are their owners' alone, and one whose documents
// a User Permission divides.
func (s *site) diaries() {
	s.Helper()
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Diary","module":"Core","custom":1,"autoname":"prompt","is_submittable":1,"track_changes":1,
		"fields":[{"fieldname":"text","fieldtype":"Data","label":"Text"},{"fieldname":"assigned_to","fieldtype":"Data","label":"Assigned To"}],
		"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"submit":1,"cancel":1},{"role":"All","read":1,"write":1,"create":1,"submit":1,"cancel":1,"if_owner":1}]}`)
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Branch","module":"Core","custom":1,"autoname":"prompt","fields":[{"fieldname":"town","fieldtype":"Data","label":"Town"}],
		"permissions":[{"role":"System Manager","read":1,"write":1,"create":1},{"role":"All","read":1}]}`)
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Case","module":"Core","custom":1,"autoname":"prompt","is_submittable":1,
		"fields":[{"fieldname":"branch","fieldtype":"Link","options":"Branch","label":"Branch"},{"fieldname":"text","fieldtype":"Data","label":"Text"}],
		"permissions":[{"role":"System Manager","read":1,"write":1,"create":1},{"role":"All","read":1,"write":1,"create":1,"submit":1,"cancel":1}]}`)
	for _, b := range []string{"North", "South"} {
		s.must(http.MethodPost, "/api/resource/Branch", `{"name":"`+b+`"}`)
		s.must(http.MethodPost, "/api/resource/Case", fmt.Sprintf(`{"name":"C-%s","branch":%q,"text":"as it was"}`, b, b))
	}
}

// TestASentDocumentClaimsNothing sends somebody else's documents with an owner, a link or
// a mark that would give the right to them, in every way that takes whole documents.
func TestASentDocumentClaimsNothing(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.diaries()
			olive, oscar := s.user("olive"), s.user("oscar")
			olive.must(http.MethodPost, "/api/resource/Diary", `{"name":"D1","text":"as it was"}`)
			s.must(http.MethodPost, "/api/resource/User%20Permission", `{"user":"oscar@example.com","allow":"Branch","for_value":"North","apply_to_all_doctypes":1}`)
			for _, at := range [][2]string{{"Diary", "D1"}, {"Case", "C-South"}} {
				before := s.stateOf(at[0], at[1])
				stored := s.must(http.MethodGet, "/api/resource/"+at[0]+"/"+at[1], "").Get("data").Map()
				claims := stored.Clone()
				claims.Set("doctype", document.Text(at[0]))
				claims.Set("owner", document.Text("oscar@example.com"))
				claims.Set("branch", document.Text("North"))
				claims.Set("text", document.Text("changed"))
				for _, local := range []string{"", "1"} {
					if local != "" {
						claims.Set("__islocal", document.IntOf(1))
					}
					doc := document.Python.Marshal(document.MapOf(claims))
					for _, w := range sentWays(at[0], at[1], doc) {
						code, body := oscar.do(w[0], w[1], w[2])
						if after := s.stateOf(at[0], at[1]); after != before {
							t.Fatalf("%s %s (%d %s) changed%s", w[1], w[2], code, body, changed(before, after))
						}
						if strings.Contains(w[1], "run_doc_method") && code < 400 {
							t.Errorf("%s %s: %d %s", w[1], w[2], code, body)
						}
					}
				}
			}
			// The owner's own documents are saved, submitted and remarked on as before.
			olive.must(http.MethodPost, "/api/method/run_doc_method", `{"method":"submit","docs":`+
				document.Python.Marshal(document.MapOf(withDoctype("Diary", olive.must(http.MethodGet, "/api/resource/Diary/D1", "").Get("data").Map())))+`}`)
			if got := s.field("Diary", "D1", "docstatus"); got != "1" {
				t.Errorf("docstatus is %s", got)
			}
			oscar.must(http.MethodPut, "/api/resource/Case/C-North", `{"text":"mine"}`)
		})
	}
}

func withDoctype(dt string, o *document.Object) *document.Object {
	o = o.Clone()
	o.Set("doctype", document.Text(dt))
	return o
}

// sentWays are the requests that take a whole document, or change one so that it would be
// the caller's.
func sentWays(dt, name, doc string) [][3]string {
	out := [][3]string{
		{"PUT", "/api/resource/" + dt + "/" + name, doc}, {"PUT", "/api/resource/" + dt + "/" + name, `{"branch":"North","text":"changed"}`},
		{"PUT", "/api/v2/document/" + dt + "/" + name, `{"branch":"North","text":"changed"}`},
		{"POST", "/api/method/frappe.client.save", `{"doc":` + doc + `}`}, {"POST", "/api/method/frappe.client.submit", `{"doc":` + doc + `}`},
		{"POST", "/api/method/frappe.client.insert", `{"doc":` + doc + `}`}, {"POST", "/api/method/frappe.client.insert_many", `{"docs":[` + doc + `]}`},
		{"POST", "/api/method/frappe.client.set_value", fmt.Sprintf(`{"doctype":%q,"name":%q,"fieldname":{"branch":"North","text":"changed"}}`, dt, name)},
		{"POST", "/api/method/frappe.client.bulk_update", fmt.Sprintf(`{"docs":"[{\"doctype\":\"%s\",\"docname\":\"%s\",\"branch\":\"North\",\"text\":\"changed\"}]"}`, dt, name)},
		{"POST", "/api/method/frappe.model.workflow.apply_workflow", `{"doc":` + doc + `,"action":"Approve"}`},
		{"POST", "/api/method/frappe.desk.form.save.discard", fmt.Sprintf(`{"doctype":%q,"name":%q}`, dt, name)},
		{"POST", "/api/method/frappe.desk.form.save.cancel", fmt.Sprintf(`{"doctype":%q,"name":%q}`, dt, name)},
	}
	for _, action := range []string{"Save", "Submit", "Update", "Cancel"} {
		out = append(out, [3]string{"POST", "/api/method/frappe.desk.form.save.savedocs", `{"action":"` + action + `","doc":` + doc + `}`})
	}
	for _, call := range []string{`"method":"add_comment","args":{"text":"hello"}`, `"method":"submit"`, `"method":"cancel"`, `"method":"discard"`,
		`"method":"rename","args":{"name":"X9"}`, `"method":"save"`} {
		out = append(out, [3]string{"POST", "/api/method/run_doc_method", "{" + call + `,"docs":` + doc + `}`},
			[3]string{"POST", "/api/v2/method/run_doc_method", "{" + strings.Replace(call, `"args"`, `"kwargs"`, 1) + `,"document":` + doc + `}`})
	}
	return out
}

// stateOf is all of a document that Administrator sees, and the comments on it.
func (s *site) stateOf(dt, name string) string {
	s.Helper()
	d := s.must(http.MethodGet, "/api/resource/"+dt+"/"+name, "").Get("data").Map()
	var b strings.Builder
	for i := range d.Len() {
		k, v := d.At(i)
		fmt.Fprintf(&b, "%s=%s\n", k, document.Python.Marshal(v))
	}
	row := s.list(dt, "fields", `["_assign","_comments","_liked_by","_user_tags"]`, "filters", `{"name":"`+name+`"}`)
	comments := s.list("Comment", "fields", `["content","comment_type"]`, "filters", `{"reference_name":"`+name+`"}`, "order_by", "name")
	fmt.Fprintf(&b, "%s\n%s\n", document.Python.Marshal(row.Get("data")), document.Python.Marshal(comments.Get("data")))
	return b.String()
}

// TestNothingHangsOnHiddenDocuments: what shows on a document is made by its readers.
func TestNothingHangsOnHiddenDocuments(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.diaries()
			olive, oscar := s.user("olive"), s.user("oscar", "Website Manager", "Inbox User")
			olive.must(http.MethodPost, "/api/resource/Diary", `{"name":"D1","text":"as it was"}`)
			oscar.must(http.MethodPost, "/api/resource/Diary", `{"name":"Own","text":"x"}`)
			s.must(http.MethodPost, "/api/resource/Tag", `{"name":"t"}`)
			before := s.stateOf("Diary", "D1")
			todo := oscar.must(http.MethodPost, "/api/resource/ToDo", `{"description":"x"}`).Get("data").Map().Str("name")
			ways := map[string][3]string{
				"ToDo":            {"POST", "/api/resource/ToDo", `{"description":"x","reference_type":"Diary","reference_name":"{name}","allocated_to":"oscar@example.com"}`},
				"ToDo moved":      {"PUT", "/api/resource/ToDo/" + todo, `{"reference_type":"Diary","reference_name":"{name}","allocated_to":"oscar@example.com"}`},
				"Comment":         {"POST", "/api/resource/Comment", `{"comment_type":"Comment","content":"x","reference_doctype":"Diary","reference_name":"{name}"}`},
				"Communication":   {"POST", "/api/resource/Communication", `{"subject":"x","content":"x","reference_doctype":"Diary","reference_name":"{name}"}`},
				"Tag Link":        {"POST", "/api/resource/Tag%20Link", `{"document_type":"Diary","document_name":"{name}","tag":"t"}`},
				"Document Follow": {"POST", "/api/resource/Document%20Follow", `{"ref_doctype":"Diary","ref_docname":"{name}","user":"oscar@example.com"}`},
				"assign":          {"POST", "/api/method/frappe.desk.form.assign_to.add", `{"doctype":"Diary","name":"{name}","assign_to":["oscar@example.com"]}`},
				"like":            {"POST", "/api/method/frappe.desk.like.toggle_like", `{"doctype":"Diary","name":"{name}","add":"Yes"}`},
				"tag":             {"POST", "/api/method/frappe.desk.doctype.tag.tag.add_tag", `{"dt":"Diary","dn":"{name}","tag":"t"}`},
				"comment":         {"POST", "/api/method/frappe.desk.form.utils.add_comment", `{"reference_doctype":"Diary","reference_name":"{name}","content":"x","comment_email":"oscar@example.com","comment_by":"o"}`},
			}
			for way, w := range ways {
				code, body := oscar.do(w[0], w[1], strings.ReplaceAll(w[2], "{name}", "D1"))
				if code != http.StatusForbidden {
					t.Errorf("%s: %d %s", way, code, body)
				}
				if after := s.stateOf("Diary", "D1"); after != before {
					t.Errorf("%s changed%s", way, changed(before, after))
				}
			}
			for way, w := range ways {
				if code, body := oscar.do(w[0], w[1], strings.ReplaceAll(w[2], "{name}", "Own")); code != http.StatusOK {
					t.Errorf("%s of one's own: %d %s", way, code, body)
				}
			}
			if got := s.stateOf("Diary", "Own"); !strings.Contains(got, `"_assign":"[\"oscar@example.com\"`) {
				t.Errorf("one's own document is not assigned: %s", got)
			}
		})
	}
}

// TestReadersAssignButDoNotWrite: assigned_to is a field like any other.
func TestReadersAssignButDoNotWrite(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.diaries()
			olive, oscar := s.user("olive"), s.user("oscar")
			olive.must(http.MethodPost, "/api/resource/Diary", `{"name":"D1","text":"x"}`)
			s.must(http.MethodPost, "/api/method/frappe.share.add", `{"doctype":"Diary","name":"D1","user":"oscar@example.com","read":1}`)
			assign := `{"doctype":"Diary","name":"D1","assign_to":["oscar@example.com"]}`
			oscar.must(http.MethodPost, "/api/method/frappe.desk.form.assign_to.add", assign)
			if got := s.field("Diary", "D1", "assigned_to"); got != "" {
				t.Errorf("a reader wrote assigned_to: %s", got)
			}
			olive.must(http.MethodPost, "/api/method/frappe.desk.form.assign_to.add", `{"doctype":"Diary","name":"D1","assign_to":["olive@example.com"]}`)
			if got := s.field("Diary", "D1", "assigned_to"); got != "olive@example.com" {
				t.Errorf("its owner did not: %s", got)
			}
		})
	}
}

// TestOnlyReadersRestoreAndSee: the name of a deleted document, or of a Note, gives
// nobody what was in it.
func TestOnlyReadersRestoreAndSee(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.diaries()
			olive, oscar := s.user("olive"), s.user("oscar")
			olive.must(http.MethodPost, "/api/resource/Diary", `{"name":"D1","text":"secret"}`)
			s.must(http.MethodDelete, "/api/resource/Diary/D1", "")
			kept := s.list("Deleted Document", "filters", `{"deleted_name":"D1"}`).Get("data").List()[0].Map()
			restore := fmt.Sprintf(`{"name":%q}`, document.ToText(kept.Get("name")))
			if code, body := oscar.do(http.MethodPost, "/api/method/frappe.core.doctype.deleted_document.deleted_document.restore", restore); code != http.StatusForbidden {
				t.Errorf("restore: %d %s", code, body)
			}
			s.must(http.MethodPost, "/api/method/frappe.core.doctype.deleted_document.deleted_document.restore", restore)
			note := s.must(http.MethodPost, "/api/resource/Note", `{"title":"N1","content":"secret"}`).Get("data").Map().Str("name")
			see := fmt.Sprintf(`{"note":%q}`, note)
			if code, body := oscar.do(http.MethodPost, "/api/method/frappe.desk.doctype.note.note.mark_as_seen", see); code != http.StatusForbidden {
				t.Errorf("mark_as_seen: %d %s", code, body)
			}
			s.must(http.MethodPost, "/api/method/frappe.desk.doctype.note.note.mark_as_seen", see)
		})
	}
}
