package website_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"freddo/internal/apptest"
)

func TestMain(m *testing.M) { os.Exit(apptest.Main(m)) }

// wishes adds a DocType and a web form for it.
func wishes(s *apptest.Server, options string) string {
	s.T.Helper()
	s.Must("Administrator", "POST", "/api/resource/DocType", `{"name":"Wish","module":"Core","custom":1,"autoname":"hash","fields":[
		{"fieldname":"title","fieldtype":"Data","label":"Title","reqd":1},{"fieldname":"picture","fieldtype":"Attach","label":"Picture"},
		{"fieldname":"approved","fieldtype":"Check","label":"Approved"}],"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1}]}`)
	return s.Must("Administrator", "POST", "/api/resource/Web%20Form", fmt.Sprintf(`{"title":"Wishes","route":"wishes","doc_type":"Wish","module":"Core","published":1,%s
		"web_form_fields":[{"fieldname":"title","fieldtype":"Data","label":"Title"},{"fieldname":"picture","fieldtype":"Attach","label":"Picture"}]}`, options)).Str("name")
}

func send(s *apptest.Server, user, form, data string) (int, string) {
	w := s.Do(user, "POST", "/api/method/frappe.website.doctype.web_form.web_form.accept", fmt.Sprintf(`{"web_form":%q,"data":%q}`, form, data))
	return w.Code, w.Body.String()
}

func TestVisitorsFillInTheFormsFieldsOnly(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		form := wishes(s, "")
		if code, body := send(s, "", form, `{"title":"peace","approved":1,"owner":"Administrator","docstatus":1}`); code != 200 || !strings.Contains(body, `"approved":0`) || !strings.Contains(body, `"docstatus":0`) {
			t.Errorf("%d %s", code, body)
		}
		if code, body := send(s, "", form, `{}`); code != 417 {
			t.Errorf("without what is mandatory: %d %s", code, body)
		}
		rows := s.Must("Administrator", "GET", `/api/resource/Wish?fields=["name","owner"]`, "").Get("data").List()
		if len(rows) != 1 || rows[0].Map().Str("owner") != "Guest" {
			t.Fatalf("%v", rows)
		}
		if code, _ := send(s, "", form, fmt.Sprintf(`{"name":%q,"title":"war"}`, rows[0].Map().Str("name"))); code != 417 {
			t.Errorf("a change where none is allowed: %d", code)
		}
	})
}

func TestOnlyOwnersChangeAndDeleteWhatTheySent(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		form := wishes(s, `"login_required":1,"allow_edit":1,"allow_delete":1,`)
		owner, other := s.User("owner@example.com"), s.User("other@example.com")
		if code, _ := send(s, "", form, `{"title":"x"}`); code != 417 {
			t.Errorf("a guest: %d", code)
		}
		if code, body := send(s, owner, form, `{"title":"x"}`); code != 200 {
			t.Fatalf("%d %s", code, body)
		}
		name := s.Must("Administrator", "GET", `/api/resource/Wish`, "").Get("data").List()[0].Map().Str("name")
		change, remove := fmt.Sprintf(`{"name":%q,"title":"y"}`, name), fmt.Sprintf(`{"web_form_name":%q,"docname":%q,"docnames":[%q]}`, form, name, name)
		if code, _ := send(s, other, form, change); code != 403 {
			t.Errorf("a change by another: %d", code)
		}
		for _, m := range []string{"delete", "delete_multiple"} {
			if w := s.Do(other, "POST", "/api/method/frappe.website.doctype.web_form.web_form."+m, remove); w.Code != 403 {
				t.Errorf("%s by another: %d", m, w.Code)
			}
		}
		if code, body := send(s, owner, form, change); code != 200 || !strings.Contains(body, `"title":"y"`) {
			t.Errorf("a change by the owner: %d %s", code, body)
		}
		if w := s.Do(owner, "POST", "/api/method/frappe.website.doctype.web_form.web_form.delete", remove); w.Code != 200 {
			t.Errorf("a delete by the owner: %d %s", w.Code, w.Body)
		}
	})
}

func TestFilesOfAFormAreAttached(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		form := wishes(s, "")
		user := s.User("owner@example.com")
		if code, body := send(s, user, form, `{"title":"x","picture":"a.txt,data:text/plain;base64,aGVsbG8="}`); code != 200 || !strings.Contains(body, `"picture":"/files/a.txt"`) {
			t.Fatalf("%d %s", code, body)
		}
		if w := s.Do("", "GET", "/files/a.txt", ""); w.Body.String() != "hello" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if code, _ := send(s, "", form, `{"title":"x","picture":"b.txt,data:text/plain;base64,aGVsbG8="}`); code != 403 {
			t.Errorf("a guest whom the site does not let upload: %d", code)
		}
		if rows := s.Must("Administrator", "GET", `/api/resource/Wish`, "").Get("data").List(); len(rows) != 1 {
			t.Errorf("what failed is stored: %v", rows)
		}
	})
}
