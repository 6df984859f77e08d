package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

var releases = []string{"v14", "v15", "v16"}

// TestWhoChangesWorkspaces: the public ones are changed by Workspace Managers only, however they
// are written, and a private one belongs to its user.
func TestWhoChangesWorkspaces(t *testing.T) {
	t.Parallel()
	for _, release := range releases[1:] { // in v14 Workspaces are Workspace Managers' altogether
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Clerk","desk_access":1}`)
			clerk, keeper := s.user("clerk", "Clerk"), s.user("keeper", "Clerk", "Workspace Manager")
			const public = `{"title":"Pub","label":"Pub","public":1,"content":"[]"}`
			private := `{"title":"Own","label":"Own","public":0,"for_user":"clerk@example.com","content":"[]"}`
			keeper.must(http.MethodPost, "/api/resource/Workspace", public)
			clerk.must(http.MethodPost, "/api/resource/Workspace", private)
			clerk.must(http.MethodPut, "/api/resource/Workspace/Own", `{"content":"[1]"}`)
			for _, q := range [][3]string{
				{http.MethodPost, "/api/resource/Workspace", strings.ReplaceAll(public, "Pub", "Pwn")},
				{http.MethodPost, "/api/resource/Workspace", strings.ReplaceAll(strings.ReplaceAll(private, "Own", "Pwn"), "clerk@", "keeper@")},
				{http.MethodPut, "/api/resource/Workspace/Pub", `{"content":"[1]"}`},
				{http.MethodPut, "/api/resource/Workspace/Pub", `{"public":0,"for_user":"clerk@example.com"}`},
				{http.MethodPut, "/api/resource/Workspace/Own", `{"public":1}`},
				{http.MethodPut, "/api/resource/Workspace/Own", `{"content":"no list"}`},
				{http.MethodDelete, "/api/resource/Workspace/Pub", ""},
			} {
				if code, body := clerk.do(q[0], q[1], q[2]); code < 400 {
					t.Errorf("%v: %d %s", q, code, body)
				}
			}
			clerk.must(http.MethodGet, "/api/resource/Workspace/Pub", "")
			keeper.must(http.MethodPut, "/api/resource/Workspace/Pub", `{"content":"[1]"}`)
			keeper.must(http.MethodDelete, "/api/resource/Workspace/Pub", "")
			clerk.must(http.MethodDelete, "/api/resource/Workspace/Own", "")
		})
	}
}

// TestInvitedToAnEvent: who is invited sees a private Event in v16, and does not change it.
func TestInvitedToAnEvent(t *testing.T) {
	t.Parallel()
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Clerk","desk_access":1}`)
			host, guest := s.user("host", "Clerk"), s.user("guest1", "Clerk")
			name := host.made("Event", `"subject":"x","starts_on":"2026-01-01 10:00:00","event_type":"Private","event_participants":[{"reference_doctype":"User","reference_docname":"guest1@example.com","email":"guest1@example.com"}]`)
			path := "/api/resource/Event/" + url.PathEscape(name)
			code, _ := guest.do(http.MethodGet, path, "")
			if invited := release == "v16"; invited != (code == http.StatusOK) || invited != (names(guest.list("Event")) == name) {
				t.Errorf("the invited reads %d and lists %q", code, names(guest.list("Event")))
			}
			if code, _ := guest.do(http.MethodPut, path, `{"subject":"y"}`); code != http.StatusForbidden {
				t.Errorf("the invited writes: %d", code)
			}
			host.must(http.MethodPut, path, `{"subject":"y"}`)
		})
	}
}

// TestDesktopIcons: all see them, and change those alone that they made for themselves.
func TestDesktopIcons(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v16")
	s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Clerk","desk_access":1}`)
	clerk := s.user("clerk", "Clerk")
	s.made("Desktop Icon", `"label":"All","icon_type":"Folder","standard":1`)
	clerk.made("Desktop Icon", `"label":"Mine","icon_type":"Folder"`)
	clerk.must(http.MethodGet, "/api/resource/Desktop%20Icon/All", "")
	clerk.must(http.MethodPut, "/api/resource/Desktop%20Icon/Mine", `{"hidden":1}`)
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		if code, _ := clerk.do(method, "/api/resource/Desktop%20Icon/All", `{"hidden":1}`); code != http.StatusForbidden {
			t.Errorf("%s of a standard icon: %d", method, code)
		}
	}
	clerk.must(http.MethodDelete, "/api/resource/Desktop%20Icon/Mine", "")
}

// TestInvitations: those of the framework are System Managers', and are not deleted.
func TestInvitations(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v16")
	boss := s.user("boss", "System Manager")
	s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Clerk","desk_access":1}`)
	s.must(http.MethodPost, "/api/method/frappe.core.page.permission_manager.permission_manager.add", `{"parent":"User Invitation","role":"Clerk","permlevel":0}`)
	name := s.made("User Invitation", `"email":"new@example.com","app_name":"frappe","redirect_to_path":"/","roles":[{"role":"Clerk"}]`)
	boss.sees("User Invitation", name)
	s.user("clerk", "Clerk").seesNot(ownRow{doctype: "User Invitation"}, name)
	if code, _ := boss.do(http.MethodDelete, "/api/resource/User%20Invitation/"+name, ""); code != http.StatusForbidden {
		t.Errorf("an invitation is deleted: %d", code)
	}
}

// TestCompatShowsUpstreamsRows: what upstream leaves open is open in its mode, and what it
// closes stays closed.
func TestCompatShowsUpstreamsRows(t *testing.T) {
	t.Parallel()
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSiteWith(t, "sqlite", release, map[string]any{"permlevel_mode": "compat"})
			users := s.staff()
			for _, row := range ownRows {
				if row.releases != "" && !strings.Contains(row.releases, release) {
					continue
				}
				name := users[row.by].made(row.doctype, row.hidden)
				code, _ := users["ben"].do(http.MethodGet, "/api/resource/"+url.PathEscape(row.doctype)+"/"+url.PathEscape(name), "")
				listed := names(users["ben"].list(row.doctype, "filters", fmt.Sprintf(`{"name":%q}`, name))) != ""
				if want := open[row.doctype]; code == http.StatusOK != strings.Contains(want, "read "+release) || listed != strings.Contains(want, "list "+release) {
					t.Errorf("%s: read %d, listed %t, want %q", row.doctype, code, listed, want)
				}
			}
		})
	}
}

// open is what upstream shows of others' documents, by release.
var open = map[string]string{
	"Notification Settings": "read v14",
	"Notification Log":      "read v14 read v15 read v16",
	"Dashboard Settings":    "read v14 read v15 read v16",
	"Dashboard":             "read v14 read v15 read v16",
	"Number Card":           "list v14 list v15 list v16",
	"List Filter":           "read v14 list v14 read v15 list v15 read v16 list v16",
	"Document Follow":       "read v14 list v14 read v15 list v15 read v16 list v16",
	"Custom HTML Block":     "read v14 list v14 read v15 list v15 read v16 list v16",
	"Tag Link":              "read v14 list v14 read v15 list v15 read v16 list v16",
	"Workspace":             "read v15 list v15 read v16 list v16",
	"Desktop Layout":        "read v16 list v16",
	"Google Contacts":       "read v14 list v14",
}

// TestInactiveDomains: the permission manager leaves out what belongs to a domain that is
// not active.
func TestInactiveDomains(t *testing.T) {
	t.Parallel()
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			boss := s.user("boss", "System Manager")
			s.must(http.MethodPost, "/api/resource/Domain", `{"domain":"Farming"}`)
			s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Farmer","restrict_to_domain":"Farming"}`)
			s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Cow","module":"Core","custom":1,"restrict_to_domain":"Farming","fields":[{"fieldname":"a","label":"A","fieldtype":"Data"}],"permissions":[{"role":"Farmer","read":1}]}`)
			look := func(s *site, words string, want bool) {
				t.Helper()
				_, body := s.do(http.MethodGet, "/api/method/frappe.core.page.permission_manager.permission_manager.get_roles_and_doctypes", "")
				for _, w := range strings.Split(words, ",") {
					if strings.Contains(strings.ReplaceAll(body, `": "`, `":"`), `"value":"`+w+`"`) != want {
						t.Errorf("%s is there: %t", w, !want)
					}
				}
			}
			look(s, "Cow,Farmer,Administrator", false)
			look(s, "ToDo,All,Guest", true)
			look(boss, "All,Guest,Administrator", false)
			s.must(http.MethodPut, "/api/resource/Domain%20Settings/Domain%20Settings", `{"active_domains":[{"domain":"Farming"}]}`)
			look(s, "Cow,Farmer", true)
		})
	}
}

// TestReportsAllowedByTheirCustomRole: a Custom Role counts instead of a report's own
// roles; one without any is open to all from v15 on.
func TestReportsAllowedByTheirCustomRole(t *testing.T) {
	t.Parallel()
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			for _, role := range []string{"Clerk", "Insider"} {
				s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"`+role+`","desk_access":1}`)
			}
			clerk := s.user("clerk", "Clerk", "Prepared Report User")
			for _, r := range []struct {
				name, role, custom string
				open               bool
			}{
				{"Plain", "Clerk", "", true}, {"Foreign", "Insider", "", false}, {"Given", "Insider", "Clerk", true}, {"Taken", "Clerk", "Insider", false},
				{"Bare", "", "", release != "v14"}, {"Bare Taken", "", "Insider", false},
			} {
				s.must(http.MethodPost, "/api/resource/Report", `{"report_name":"`+r.name+`","ref_doctype":"ToDo","report_type":"Report Builder","is_standard":"No"}`)
				roles := "[]"
				if r.role != "" {
					roles = `[{"role":"` + r.role + `"}]`
				}
				s.must(http.MethodPut, "/api/resource/Report/"+url.PathEscape(r.name), `{"roles":`+roles+`}`)
				if r.custom != "" {
					s.must(http.MethodPost, "/api/resource/Custom%20Role", `{"report":"`+r.name+`","roles":[{"role":"`+r.custom+`"}]}`)
				}
				name := s.made("Prepared Report", `"report_name":"`+r.name+`"`)
				if r.open {
					clerk.sees("Prepared Report", name)
				} else {
					clerk.seesNot(ownRow{doctype: "Prepared Report"}, name)
				}
			}
		})
	}
}
