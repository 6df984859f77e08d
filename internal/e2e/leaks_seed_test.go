package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"freddo/document"
	"freddo/internal/sitetest"
)

// marks are the secrets of a site: random texts, and what each stands for.
type marks map[string]string

// add makes a mark. It is lower case, begins with a letter and can be a name.
func (m marks) add(what string) string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	text := "mk" + hex.EncodeToString(b)
	m[text] = what
	return text
}

// note makes a text that the site itself made a mark.
func (m marks) note(text, what string) {
	if text != "" {
		m[text] = what
	}
}

// in returns what marks a text holds.
func (m marks) in(text string) []string {
	var out []string
	for mark, what := range m {
		if strings.Contains(text, mark) {
			out = append(out, what)
		}
	}
	return out
}

// leakDocTypes are: what only System Managers read; documents with fields, rows and
// fields of rows at level 1; documents of owners; documents below a User Permission.
func leakDocTypes() []string {
	const managers = `{"role":"System Manager","read":1,"write":1,"create":1,"delete":1,"report":1,"export":1,"submit":0},{"role":"System Manager","read":1,"write":1,"permlevel":1}`
	return []string{
		`{"name":"Leak Zone","autoname":"prompt","fields":[{"fieldname":"title","fieldtype":"Data","label":"Title"}],
			"permissions":[` + managers + `,{"role":"Keeper","read":1,"write":0,"create":0,"delete":0}]}`,
		`{"name":"Leak Row","istable":1,"fields":[{"fieldname":"item","fieldtype":"Data","label":"Item","in_list_view":1},
			{"fieldname":"cost","fieldtype":"Data","label":"Cost","permlevel":1}]}`,
		`{"name":"Leak Vault","autoname":"prompt","track_changes":1,"title_field":"code","search_fields":"code","show_title_field_in_link":1,"allow_import":1,"fields":[
			{"fieldname":"code","fieldtype":"Data","label":"Code","in_list_view":1,"in_standard_filter":1},{"fieldname":"pin","fieldtype":"Password","label":"Pin"},
			{"fieldname":"rows","fieldtype":"Table","options":"Leak Row","label":"Rows"}],"permissions":[` + managers + `]}`,
		`{"name":"Leak Own","autoname":"prompt","track_changes":1,"title_field":"title","search_fields":"title","show_title_field_in_link":1,"fields":[
			{"fieldname":"title","fieldtype":"Data","label":"Title"},
			{"fieldname":"rows","fieldtype":"Table","options":"Leak Row","label":"Rows"}],
			"permissions":[` + managers + `,{"role":"Harmless","if_owner":1,"read":1,"write":1,"create":1,"delete":1,"report":1,"export":1}]}`,
		`{"name":"Leak Ledger","autoname":"prompt","track_changes":1,"title_field":"title","fields":[
			{"fieldname":"title","fieldtype":"Data","label":"Title"},{"fieldname":"secret","fieldtype":"Data","label":"Secret","permlevel":1},
			{"fieldname":"vault","fieldtype":"Link","options":"Leak Vault","label":"Vault"},
			{"fieldname":"own","fieldtype":"Link","options":"Leak Own","label":"Own"},
			{"fieldname":"orows","fieldtype":"Table","options":"Leak Row","label":"Open rows"},
			{"fieldname":"srows","fieldtype":"Table","options":"Leak Row","label":"Secret rows","permlevel":1}],
			"permissions":[` + managers + `,{"role":"Harmless","read":1,"write":1,"create":1,"delete":0,"report":1,"export":1}]}`,
		`{"name":"Leak Region","autoname":"prompt","track_changes":1,"title_field":"note","search_fields":"note","fields":[
			{"fieldname":"note","fieldtype":"Data","label":"Note"},{"fieldname":"zone","fieldtype":"Link","options":"Leak Zone","label":"Zone"},
			{"fieldname":"rows","fieldtype":"Table","options":"Leak Row","label":"Rows"}],
			"permissions":[` + managers + `,{"role":"Keeper","read":1,"write":1,"create":0,"delete":0,"report":1,"export":1}]}`,
	}
}

// leakSite is a site full of secrets, and who must not learn them.
type leakSite struct {
	*site
	marks  marks
	actors map[string]*site
	found  leakFindings
	// targets are what requests point at.
	targets []target
}

// target is a document, and a field of it, that a request points at.
type target struct {
	dt, name, field string
	// parent is the DocType that holds the rows of a child table.
	parent string
	// who may try it besides d.
	who string
}

func newLeakSite(s *site) *leakSite {
	s.Helper()
	l := &leakSite{site: s, marks: marks{}, found: leakFindings{}, actors: map[string]*site{"guest": {T: s.T, app: s.app}}}
	for _, role := range []string{"Harmless", "Keeper"} {
		s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"`+role+`","desk_access":1}`)
	}
	for _, dt := range leakDocTypes() {
		s.must(http.MethodPost, "/api/resource/DocType", `{"module":"Core","custom":1,`+strings.TrimLeft(dt, "{"))
	}
	l.seedUsers()
	l.seedDocuments()
	l.seedAround()
	l.seedCredentials()
	return l
}

func (l *leakSite) seedUsers() {
	l.Helper()
	l.actors["d"] = l.user("d", "Harmless")
	l.actors["u"] = l.user("u", "Keeper")
	l.must(http.MethodPost, "/api/resource/User", `{"email":"w@example.com","first_name":"Web","send_welcome_email":0,"user_type":"Website User"}`)
	l.actors["w"] = l.as("w@example.com")
	for _, z := range []string{"North", "South"} {
		l.must(http.MethodPost, "/api/resource/Leak%20Zone", `{"name":"`+z+`","title":"`+z+`"}`)
	}
	l.must(http.MethodPost, "/api/resource/User%20Permission", `{"user":"u@example.com","allow":"Leak Zone","for_value":"North"}`)
}

func (l *leakSite) put(dt, format string, args ...any) string {
	l.Helper()
	got := l.must(http.MethodPost, "/api/resource/"+url.PathEscape(dt), fmt.Sprintf(format, args...))
	return got.Get("data").Map().Str("name")
}

func (l *leakSite) row(dt, name, field string) string {
	l.Helper()
	d := l.must(http.MethodGet, "/api/resource/"+url.PathEscape(dt)+"/"+name, "").Get("data").Map()
	return d.Get(field).List()[0].Map().Str("name")
}

func (l *leakSite) seedDocuments() {
	l.Helper()
	m := l.marks
	l.put("Leak Vault", `{"name":"V1","code":"%s","pin":"%s","rows":[{"item":"%s","cost":"%s"}]}`, m.add("vault code"), m.add("password field"), m.add("vault row"), m.add("vault row cost"))
	l.put("Leak Vault", `{"name":"%s","code":"x"}`, m.add("name of a vault"))
	l.put("Leak Own", `{"name":"O1","title":"%s","rows":[{"item":"%s"}]}`, m.add("title of another owner's"), m.add("row of another owner's"))
	l.put("Leak Own", `{"name":"%s","title":"x","_user_tags":",red"}`, m.add("name of another owner's"))
	l.put("Leak Region", `{"name":"R1","note":"mine","zone":"North","rows":[{"item":"open"}]}`)
	l.put("Leak Region", `{"name":"R2","note":"%s","zone":"South","rows":[{"item":"%s"}]}`, m.add("note outside the User Permission"), m.add("row outside the User Permission"))
	l.put("Leak Region", `{"name":"%s","note":"x","zone":"South"}`, m.add("name outside the User Permission"))
	l.put("Leak Ledger", `{"name":"L1","title":"open","secret":"%s","vault":"V1","own":"O1","orows":[{"item":"open","cost":"%s"}],"srows":[{"item":"%s","cost":"%s"}]}`,
		m.add("field at level 1"), m.add("row's field at level 1"), m.add("row of a table at level 1"), m.add("cost in a table at level 1"))
	l.must(http.MethodPut, "/api/resource/Leak%20Ledger/L1", `{"secret":"`+m.add("field at level 1, changed")+`"}`) // a Version
	for _, dn := range [][2]string{{"Leak Vault", "V1"}, {"Leak Own", "O1"}, {"Leak Region", "R2"}} {
		field := map[string]string{"Leak Vault": "code", "Leak Own": "title", "Leak Region": "note"}[dn[0]]
		l.must(http.MethodPut, "/api/resource/"+url.PathEscape(dn[0])+"/"+dn[1], `{"`+field+`":"`+m.add(field+" of "+dn[0]+", changed")+`"}`)
		l.must(http.MethodPost, "/api/method/frappe.desk.doctype.tag.tag.add_tag", `{"tag":"red","dt":"`+dn[0]+`","dn":"`+dn[1]+`"}`)
	}
	l.targets = append(l.targets, target{"Leak Vault", "V1", "code", "", "guest w u"}, target{"Leak Ledger", "L1", "secret", "", ""},
		target{"Leak Ledger", "L1", "srows.item", "", ""}, target{"Leak Ledger", "L1", "vault.code", "", ""}, target{"Leak Ledger", "L1", "own.title", "", ""},
		target{"Leak Own", "O1", "title", "", ""}, target{"Leak Region", "R2", "note", "", "u"}, target{"Leak Region", "R1", "zone", "", "u"},
		target{"Leak Row", l.row("Leak Vault", "V1", "rows"), "item", "Leak Vault", "w"}, target{"Leak Row", l.row("Leak Own", "O1", "rows"), "item", "Leak Own", ""},
		target{"Leak Row", l.row("Leak Region", "R2", "rows"), "item", "Leak Region", "u"}, target{"Leak Row", l.row("Leak Ledger", "L1", "srows"), "item", "Leak Ledger", ""})
}

// seedAround hangs comments, messages and private files on hidden documents.
func (l *leakSite) seedAround() {
	l.Helper()
	m := l.marks
	for _, dn := range [][2]string{{"Leak Vault", "V1"}, {"Leak Own", "O1"}, {"Leak Region", "R2"}} {
		c := l.put("Comment", `{"comment_type":"Comment","reference_doctype":"%s","reference_name":"%s","content":"%s"}`, dn[0], dn[1], m.add("comment on "+dn[0]))
		l.put("Communication", `{"communication_type":"Communication","communication_medium":"Email","subject":"%s","content":"%s","reference_doctype":"%s","reference_name":"%s"}`,
			m.add("subject about "+dn[0]), m.add("message about "+dn[0]), dn[0], dn[1])
		if dn[0] == "Leak Vault" {
			l.targets = append(l.targets, target{"Comment", c, "content", "", ""})
		}
	}
	f := l.put("File", `{"file_name":"hidden.txt","is_private":1,"content":"%s","attached_to_doctype":"Leak Vault","attached_to_name":"V1"}`, m.add("content of a private file"))
	l.put("File", `{"file_name":"%s.txt","is_private":1,"content":"%s"}`, m.add("name of a private file"), m.add("content of a second private file"))
	l.targets = append(l.targets, target{"File", f, "content_hash", "", "guest w"})
	hash := l.must(http.MethodGet, "/api/resource/File/"+f, "").Get("data").Map()
	m.note(hash.Str("content_hash"), "hash of a private file")
	l.put("ToDo", `{"description":"%s","allocated_to":"Administrator"}`, m.add("ToDo of somebody else"))
	l.put("Note", `{"title":"%s","content":"%s","public":0}`, m.add("title of a private note"), m.add("private note"))
	l.targets = append(l.targets, target{"ToDo", "", "description", "", ""})
}

func (l *leakSite) seedCredentials() {
	l.Helper()
	m := l.marks
	admin := strings.TrimPrefix(l.auth, "token ")
	key, secret, _ := strings.Cut(admin, ":")
	m.note(key, "API key of the Administrator")
	m.note(secret, "API secret of the Administrator")
	for _, sid := range l.sessions() {
		m.note(sid, "session id")
	}
	client := l.put("OAuth Client", `{"app_name":"app","default_redirect_uri":"https://app.example.com/cb","redirect_uris":"https://app.example.com/cb","scopes":"all openid"}`)
	d := l.must(http.MethodGet, "/api/resource/OAuth%20Client/"+client, "").Get("data").Map()
	m.note(d.Str("client_secret"), "client secret")
	l.put("OAuth Bearer Token", `{"client":"%s","user":"Administrator","scopes":"all","access_token":"%s","refresh_token":"%s","expires_in":3600,"status":"Active"}`,
		client, m.add("access token"), m.add("refresh token"))
	l.must(http.MethodPut, "/api/resource/User/Administrator", `{"bio":"`+m.add("text in somebody's User")+`"}`)
	l.targets = append(l.targets, target{"OAuth Client", client, "client_secret", "", "w"}, target{"User", "Administrator", "api_key", "", "guest w"},
		target{"OAuth Bearer Token", "", "access_token", "", ""})
}

// sessions logs the Administrator in and returns the ids.
func (l *leakSite) sessions() []string {
	l.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/method/login", strings.NewReader("usr=Administrator&pwd="+sitetest.AdminPassword))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	l.app.Handler().ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "sid" && len(c.Value) > 10 {
			return []string{c.Value}
		}
	}
	l.Fatalf("login: %d %s", w.Code, w.Body)
	return nil
}

func pythonText(v document.Value) string {
	if v.Kind() == document.String {
		return v.Str()
	}
	return document.Python.Marshal(v)
}
