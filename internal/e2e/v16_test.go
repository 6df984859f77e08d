package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"freddo/document"
)

// answer is a request with headers in pairs; no Authorization where auth is "".
func (s *site) answer(auth, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	s.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Accept", "application/json")
	if auth != "" {
		r.Header.Set("Authorization", auth)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.app.Handler().ServeHTTP(w, r)
	return w
}

// TestTheDeskHasMoved: v16 sends /app to /desk, older releases do not.
func TestTheDeskHasMoved(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]map[string]string{
		"v15": {"/app": "/login?redirect-to=/app", "/app/todo?a=1": "/login?redirect-to=/app/todo", "/desk": "/login?redirect-to=/desk"},
		"v16": {"/app": "/desk", "/apps": "/desk", "/app/todo/x?a=1&b=2": "/desk/todo/x?a=1&b=2", "/desk": "/login?redirect-to=/desk", "/apple": ""},
	} {
		s := newSite(t, "sqlite", release)
		for path, to := range want {
			w := s.answer("", http.MethodGet, path, "", "Accept", "text/html")
			if got := w.Header().Get("Location"); got != to || release == "v16" && strings.HasPrefix(path, "/app") && to != "" && w.Code != http.StatusMovedPermanently {
				t.Errorf("%s: %s leads to %q (%d), want %q", release, path, got, w.Code, to)
			}
		}
		s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"R"}`)
		s.must(http.MethodPost, "/api/resource/User", `{"email":"u@example.com","first_name":"u","send_welcome_email":0,"roles":[{"role":"R"}]}`)
		_, body := s.do(http.MethodDelete, "/api/resource/Role/R", "")
		if link := map[string]string{"v15": "/app/Form/Role/R", "v16": "/desk/role/R"}[release]; !strings.Contains(body, link) {
			t.Errorf("%s: a link: %s", release, body)
		}
	}
}

// TestPreflightsNeedAToken: v16 refuses an OPTIONS with an Authorization header that is
// no good Bearer token.
func TestPreflightsNeedAToken(t *testing.T) {
	t.Parallel()
	for release, refused := range map[string]int{"v15": 200, "v16": 401} {
		s := newSite(t, "sqlite", release)
		for auth, want := range map[string]int{"": 200, "token": 200, "a b c": 200, s.auth: refused, "token x:y": refused, "Bearer nope": refused} {
			if w := s.answer(auth, http.MethodOptions, "/api/resource/User", ""); w.Code != want {
				t.Errorf("%s %q: %d %s, want %d", release, auth, w.Code, w.Body, want)
			}
		}
	}
}

// TestRestrictedAddressesHoldForKeys: restrict_ip counts for API keys in v16.
func TestRestrictedAddressesHoldForKeys(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		u := s.user("u")
		get := func() int {
			return s.answer(u.auth, http.MethodGet, "/api/method/frappe.auth.get_logged_user", "").Code
		}
		for restrict, want := range map[string]int{"10.,11.2": 401, "192.0.2": 200, "": 200} {
			s.must(http.MethodPut, "/api/resource/User/u@example.com", fmt.Sprintf(`{"restrict_ip":%q}`, restrict))
			if got := get(); got != want {
				s.Errorf("restricted to %q: %d, want %d", restrict, got, want)
			}
		}
	})
	s := newSite(t, "sqlite", "v15")
	u := s.user("u")
	s.must(http.MethodPut, "/api/resource/User/u@example.com", `{"restrict_ip":"10."}`)
	if w := s.answer(u.auth, http.MethodGet, "/api/method/frappe.auth.get_logged_user", ""); w.Code != 200 {
		t.Errorf("v15: %d", w.Code)
	}
}

// TestLogoutAndUploadsArePosts: a GET neither ends a session nor uploads in v16.
func TestLogoutAndUploadsArePosts(t *testing.T) {
	t.Parallel()
	for release, ok := range map[string]bool{"v14": true, "v15": true, "v16": false} {
		s := newSite(t, "sqlite", release)
		for _, method := range []string{"logout", "web_logout", "upload_file?file_url=https://example.com/x.txt"} {
			w := s.answer(s.auth, http.MethodGet, "/api/method/"+method, "")
			if got := w.Code == 200; got != ok || !ok && (w.Code != 403 || !strings.Contains(w.Body.String(), "Not permitted")) {
				t.Errorf("%s GET %s: %d %s", release, method, w.Code, w.Body)
			}
			if w := s.answer(s.auth, http.MethodPost, "/api/method/"+method, ""); w.Code != 200 {
				t.Errorf("%s POST %s: %d %s", release, method, w.Code, w.Body)
			}
		}
	}
}

// TestImpersonationNeedsTheRight: in v16 holders of the right act as others, by role or
// share; nobody else, and nobody as Administrator.
func TestImpersonationNeedsTheRight(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v16")
	s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Helper"}`)
	s.must(http.MethodPost, "/api/resource/Custom%20DocPerm", `{"parent":"User","role":"Helper","read":1,"impersonate":1}`)
	s.must(http.MethodPost, "/api/resource/Custom%20DocPerm", `{"parent":"User","role":"System Manager","read":1,"write":1,"create":1}`)
	for name, roles := range map[string][]string{"helper": {"Helper"}, "plain": nil, "other": nil, "shared": nil, "manager": {"System Manager"}} {
		s.user(name, roles...)
		s.must(http.MethodPut, "/api/resource/User/"+name+"@example.com", `{"new_password":"Uncommon-pass-77"}`)
	}
	s.must(http.MethodPost, "/api/method/frappe.share.add", `{"doctype":"User","name":"plain@example.com","user":"shared@example.com","impersonate":1}`)
	for _, c := range []struct {
		who, as string
		want    int
	}{
		{"helper", "other@example.com", 200}, {"helper", "Administrator", 403}, {"plain", "other@example.com", 403}, {"manager", "other@example.com", 403},
		{"shared", "plain@example.com", 200}, {"shared", "other@example.com", 403},
	} {
		w := s.answer("", http.MethodPost, "/api/method/login", fmt.Sprintf(`{"usr":"%s@example.com","pwd":"Uncommon-pass-77"}`, c.who))
		var cookies []string
		for _, k := range w.Result().Cookies() {
			cookies = append(cookies, k.Name+"="+k.Value)
		}
		w = s.answer("", http.MethodPost, "/api/method/frappe.core.doctype.user.user.impersonate", fmt.Sprintf(`{"user":%q,"reason":"help"}`, c.as), "Cookie", strings.Join(cookies, "; "))
		if w.Code != c.want {
			t.Errorf("%s as %s: %d %s, want %d", c.who, c.as, w.Code, w.Body, c.want)
		}
	}
}

// TestUsersSeeTheirSessions: active_sessions holds the reader's own, and clear_session
// ends them by name.
func TestUsersSeeTheirSessions(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		u := s.user("u", "System Manager")
		s.must(http.MethodPut, "/api/resource/User/u@example.com", `{"new_password":"Uncommon-pass-77"}`)
		s.answer("", http.MethodPost, "/api/method/login", `{"usr":"u@example.com","pwd":"Uncommon-pass-77"}`, "User-Agent", "tester")
		sessions := func(as *site) []document.Value {
			return as.must(http.MethodGet, "/api/resource/User/u@example.com", "").Get("data").Map().Get("active_sessions").List()
		}
		own := sessions(u)
		if len(own) != 1 || !strings.HasSuffix(own[0].Map().Str("id"), "**********") || len(own[0].Map().Str("name")) != 64 || own[0].Map().Str("doctype") != "User Session Display" {
			s.Fatalf("own: %v", own)
		}
		if others := sessions(s); len(others) != 0 {
			s.Errorf("others': %v", others)
		}
		u.must(http.MethodPut, "/api/resource/User/u@example.com", `{"bio":"x","active_sessions":[{"id":"forged"}]}`)
		u.must(http.MethodPost, "/api/method/frappe.core.doctype.user.user.clear_session", fmt.Sprintf(`{"sid_hash":%q}`, own[0].Map().Str("name")))
		if left := sessions(u); len(left) != 0 {
			s.Errorf("after clear_session: %v", left)
		}
	})
}

// TestManyDocumentsAtOnce: the bulk endpoints change each document by itself.
func TestManyDocumentsAtOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		for _, n := range []string{"A", "B", "C"} {
			s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"`+n+`"}`)
		}
		check := func(what string, o *document.Object, key, want string) {
			s.Helper()
			got := document.ORJSON.Marshal(document.ListOf(o.Get(key), o.Get("total"), o.Get("success_count"), o.Get("failure_count")))
			if got != want {
				s.Errorf("%s: %s, want %s; %v", what, got, want, o)
			}
		}
		o := s.must(http.MethodPost, "/api/v2/document/Role/bulk_update", `{"docs":[{"name":"A","desk_access":0},{"name":"missing","desk_access":0},{"name":"B","desk_access":0}]}`).Get("data").Map()
		check("update", o, "updated", `[["A","B"],3,2,1]`)
		if f := o.Get("failed").List(); len(f) != 1 || f[0].Map().Str("name") != "missing" || !strings.Contains(f[0].Map().Str("error"), "DoesNotExistError") {
			s.Errorf("failed: %v", f)
		}
		if v := s.must(http.MethodGet, "/api/resource/Role/B", "").Get("data").Map().Get("desk_access"); v.Int() != 0 {
			s.Errorf("B was not changed: %v", v)
		}
		o = s.must(http.MethodPost, "/api/v2/method/bulk_update", `{"docs":[{"doctype":"Role","name":"C","desk_access":0}]}`).Get("data").Map()
		check("update by method", o, "updated", `[["C"],1,1,0]`)
		o = s.must(http.MethodPost, "/api/v2/document/Role/bulk_delete", `{"names":["A","Administrator","B"]}`).Get("data").Map()
		check("delete", o, "deleted", `[["A","B"],3,2,1]`)
		o = s.must(http.MethodPost, "/api/method/bulk_delete", `{"docs":[{"doctype":"Role","name":"C"}]}`).Get("message").Map()
		check("delete by method", o, "deleted", `[["C"],1,1,0]`)
		clerk := s.user("clerk")
		for body, want := range map[string]int{`{"names":["Guest"]}`: 200, `{"names":"x"}`: 417, `{}`: 417, `{"docs":[5]}`: 417, `{"docs":[{"x":1}]}`: 417} {
			code, text := clerk.do(http.MethodPost, "/api/v2/document/Role/bulk_delete", body)
			if code != want || code == 200 && !strings.Contains(text, `"success_count":0`) {
				s.Errorf("%s: %d %s", body, code, text)
			}
		}
		if code, _ := s.do(http.MethodGet, "/api/v2/method/bulk_delete", ""); code != http.StatusForbidden {
			s.Errorf("GET: %d", code)
		}
	})
	s := newSite(t, "sqlite", "v14")
	s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"A"}`)
	if o := s.must(http.MethodPost, "/api/method/bulk_delete", `{"doctype":"Role","names":["A"]}`).Get("message").Map(); o.Get("success_count").Int() != 1 {
		t.Errorf("v14: %v", o)
	}
}

// TestLinksAreExpandedForWhoMayRead: expand_links shows linked documents, those of rows
// too, and leaves the names of those that the reader may not read.
func TestLinksAreExpandedForWhoMayRead(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Reader"}`)
		s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Shelf","module":"Custom","custom":1,"autoname":"prompt","fields":[{"fieldname":"room","fieldtype":"Data","label":"Room"}],
			"permissions":[{"role":"System Manager","read":1,"write":1,"create":1},{"role":"Reader","read":1}]}`)
		s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Vault","module":"Custom","custom":1,"autoname":"prompt","fields":[{"fieldname":"code","fieldtype":"Data","label":"Code"}],
			"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`)
		s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Copy","module":"Custom","custom":1,"istable":1,"fields":[{"fieldname":"shelf","fieldtype":"Link","options":"Shelf","label":"Shelf"},
			{"fieldname":"vault","fieldtype":"Link","options":"Vault","label":"Vault"}]}`)
		s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Title","module":"Custom","custom":1,"autoname":"prompt","fields":[{"fieldname":"shelf","fieldtype":"Link","options":"Shelf","label":"S"},
			{"fieldname":"vault","fieldtype":"Link","options":"Vault","label":"V"},{"fieldname":"kind","fieldtype":"Link","options":"DocType","label":"K"},
			{"fieldname":"any","fieldtype":"Dynamic Link","options":"kind","label":"A"},{"fieldname":"copies","fieldtype":"Table","options":"Copy","label":"C"}],
			"permissions":[{"role":"System Manager","read":1,"write":1,"create":1},{"role":"Reader","read":1}]}`)
		s.must(http.MethodPost, "/api/resource/Shelf", `{"name":"S1","room":"cellar"}`)
		s.must(http.MethodPost, "/api/resource/Vault", `{"name":"V1","code":"1234"}`)
		s.must(http.MethodPost, "/api/resource/Title", `{"name":"T","shelf":"S1","vault":"V1","kind":"Shelf","any":"S1","copies":[{"shelf":"S1","vault":"V1"},{"shelf":"S1"}]}`)
		reader := s.user("reader", "Reader")
		d := reader.must(http.MethodGet, "/api/resource/Title/T?expand_links=1", "").Get("data").Map()
		if d.Get("shelf").Map().Str("room") != "cellar" || d.Get("any").Map().Str("room") != "cellar" || d.Str("vault") != "V1" {
			s.Errorf("%v", d)
		}
		for _, row := range d.Get("copies").List() {
			if row.Map().Get("shelf").Map().Str("room") != "cellar" || row.Map().Get("vault").Map() != nil {
				s.Errorf("a row: %v", row.Map())
			}
		}
		if d := s.must(http.MethodGet, "/api/resource/Title/T?expand_links=true", "").Get("data").Map(); d.Get("vault").Map().Str("code") != "1234" ||
			d.Get("copies").List()[0].Map().Get("vault").Map().Str("code") != "1234" {
			s.Errorf("Administrator: %v", d)
		}
		if d := reader.must(http.MethodGet, "/api/resource/Title/T?expand_links=0", "").Get("data").Map(); d.Str("shelf") != "S1" {
			s.Errorf("not asked for: %v", d)
		}
	})
}
