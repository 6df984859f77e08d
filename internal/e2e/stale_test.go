package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"freddo"
	"freddo/internal/storage/dbtest"
)

// TestStaleRights changes, beside the documents that give rights, whatever these name:
// the very next request judges by what is stored.
func TestStaleRights(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			newSite(t, "sqlite", release).staleRights(nil)
		})
	}
	t.Run("v15", func(t *testing.T) {
		t.Parallel()
		eachDatabase(t, "v15", func(s *site) { s.staleRights(nil) })
	})
}

// TestStaleRightsElsewhere is TestStaleRights where another process is asked.
func TestStaleRightsElsewhere(t *testing.T) {
	t.Parallel()
	for _, kind := range dbtest.Kinds() {
		if kind == "sqlite" {
			continue // its file belongs to one process
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			one := newSite(t, kind, "v15")
			app, err := freddo.New(freddo.Config{Site: one.dir, Unsafe: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = app.Close() })
			one.staleRights(app)
		})
	}
}

// staleRights asks app, or the site's own process for nil.
func (s *site) staleRights(app *freddo.App) {
	s.Helper()
	s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Worker","desk_access":1}`)
	docType := `{"name":%q,"module":"Core","custom":1,"autoname":"prompt","allow_rename":1,"fields":[{"fieldname":"a","label":"A","fieldtype":%s}],"permissions":[{"role":"Worker","read":1},{"role":"System Manager","read":1,"write":1,"create":1,"delete":1}]}`
	s.must(http.MethodPost, "/api/resource/DocType", fmt.Sprintf(docType, "Area", `"Data"`))
	s.must(http.MethodPost, "/api/resource/DocType", fmt.Sprintf(docType, "Job", `"Link","options":"Area"`))
	for i, area := range []string{"a1", "a2", "a3"} {
		s.must(http.MethodPost, "/api/resource/Area", `{"name":"`+area+`"}`)
		s.must(http.MethodPost, "/api/resource/Job", fmt.Sprintf(`{"name":"j%d","a":%q}`, i+1, area))
	}
	u := s.user("una", "Worker")
	s.must(http.MethodPost, "/api/resource/User%20Permission", `{"user":"una@example.com","allow":"Area","for_value":"a1","apply_to_all_doctypes":1}`)
	if app != nil {
		u = &site{T: s.T, app: app, auth: u.auth}
	}
	see := func(what, want string) {
		s.Helper()
		if app != nil {
			time.Sleep(hearing)
		}
		if got := names(u.list("Job", "order_by", "name asc")); got != want {
			s.Errorf("%s: una sees %q, want %q", what, got, want)
		}
		for _, job := range []string{"j1", "j2", "j3"} {
			code, _ := u.do(http.MethodGet, "/api/resource/Job/"+job, "")
			if seen := code == http.StatusOK; seen != strings.Contains(want, job) {
				s.Errorf("%s: %s answers %d", what, job, code)
			}
		}
	}
	see("a User Permission", "j1")
	s.renamed("Area", "a1", "north", false)
	see("its value was renamed", "j1")
	s.must(http.MethodPost, "/api/resource/Area", `{"name":"a1"}`)
	s.must(http.MethodPut, "/api/resource/Job/j3", `{"a":"a1"}`)
	see("the old name has come again", "j1")
	s.renamed("DocType", "Area", "Region", false)
	see("the DocType that it names was renamed", "j1")
	s.must(http.MethodPost, "/api/resource/Region", `{"name":"south"}`)
	s.renamed("Region", "north", "south", true)
	see("its value was merged into another", "j1")
	s.renamed("Role", "Worker", "Hand", false)
	see("the role was renamed", "j1")
	s.renamed("DocType", "Job", "Task", false)
	if got := names(u.list("Task")); app == nil && got != "j1" {
		s.Errorf("the DocType was renamed: una sees %q", got)
	}
	s.renamed("DocType", "Task", "Job", false)
	s.staleRows(u, see)
}

// staleRows changes the rows that rights are made of, one by one.
func (s *site) staleRows(u *site, see func(what, want string)) {
	s.Helper()
	up := func(apply string) {
		s.must(http.MethodPost, "/api/method/frappe.core.doctype.user_permission.user_permission.add_user_permissions",
			`{"data":{"user":"una@example.com","doctype":"Region","docname":"south","is_default":0,"hide_descendants":0,`+apply+`}}`)
	}
	up(`"apply_to_all_doctypes":0,"applicable_doctypes":["ToDo"]`)
	see("it applies to another DocType", "j1 j2 j3")
	up(`"apply_to_all_doctypes":1,"applicable_doctypes":[]`)
	see("it applies to all", "j1")
	s.must(http.MethodPost, "/api/method/frappe.core.doctype.user_permission.user_permission.clear_user_permissions",
		`{"user":"una@example.com","for_doctype":"Region"}`)
	see("it was cleared", "j1 j2 j3")
	up(`"apply_to_all_doctypes":1,"applicable_doctypes":[]`)
	row := s.list("User Permission", "filters", `{"user":"una@example.com"}`).Get("data").List()[0].Map().PropText("name")
	s.must(http.MethodPost, "/api/resource/User", `{"email":"otto@example.com","first_name":"Otto","send_welcome_email":0}`)
	s.must(http.MethodPut, "/api/resource/User%20Permission/"+row, `{"user":"otto@example.com"}`)
	see("it was given to another user", "j1 j2 j3")
	s.must(http.MethodPut, "/api/resource/User%20Permission/"+row, `{"user":"una@example.com"}`)
	see("it was given back", "j1")
	s.must(http.MethodDelete, "/api/resource/User%20Permission/"+row, "")
	see("it was deleted", "j1 j2 j3")
	role := s.must(http.MethodGet, "/api/resource/User/una@example.com", "").Get("data").Map().Get("roles").List()[0].Map().PropText("name")
	s.must(http.MethodPost, "/api/method/frappe.client.delete", `{"doctype":"Has Role","name":"`+role+`"}`)
	if code, _ := u.do(http.MethodGet, "/api/resource/Job/j1", ""); code != http.StatusForbidden && u.app == s.app {
		s.Errorf("the row of the role was deleted: %d", code)
	}
	s.must(http.MethodPost, "/api/method/frappe.share.add", `{"doctype":"Job","name":"j2","user":"una@example.com","read":1}`)
	see("a share", "j2")
	s.renamed("Job", "j2", "j9", false)
	if got := names(u.list("Job")); got != "j9" {
		s.Errorf("the shared document was renamed: una sees %q", got)
	}
	s.renamed("Job", "j9", "j2", false)
	s.must(http.MethodDelete, "/api/resource/Job/j2", "")
	s.must(http.MethodPost, "/api/resource/Job", `{"name":"j2"}`)
	if code, _ := u.do(http.MethodGet, "/api/resource/Job/j2", ""); code != http.StatusForbidden {
		s.Errorf("the name of a deleted document that was shared: %d", code)
	}
}

func (s *site) renamed(doctype, old, name string, merge bool) {
	s.Helper()
	s.must(http.MethodPost, "/api/method/frappe.client.rename_doc", fmt.Sprintf(`{"doctype":%q,"old_name":%q,"new_name":%q,"merge":%t}`, doctype, old, name, merge))
}
