package e2e

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sort"
	"strings"
	"testing"

	"freddo"
	"freddo/document"
)

var updateAccess = flag.Bool("update-access", false, "write testdata/access.*.txt anew: look at every line that changes")

// secret stands in every field of a document that none of the visitors may read.
const secret = "zeugma-7731"

// superset are arguments by the names that methods use, all pointing at the protected
// document. Methods leave out what they do not know.
const superset = `{"doctype":"Parcel","name":"P00","docname":"P00","dt":"Parcel","dn":"P00","reference_doctype":"Parcel","reference_name":"P00",
	"reference_docname":"P00","ref_doctype":"Parcel","ref_docname":"P00","document_type":"Parcel","document_name":"P00","doc_type":"Parcel",
	"parenttype":"Parcel","parent":"Parcel","from_doctype":"Parcel","old":"P00","new":"P00x","old_name":"P00","new_name":"P00x",
	"filters":{"name":"P00"},"fields":["*"],"fieldname":"title","field":"title","value":"x","txt":"P","searchfield":"title","search_text":"zeugma",
	"user":"Administrator","email":"Administrator","usr":"Administrator","pwd":"x","tag":"t","tags":["t"],"add":"Yes","content":"c","comment_email":"a@example.com",
	"comment_by":"a","text":"zeugma","doc":{"doctype":"Parcel","name":"P00","title":"changed"},"docs":[{"doctype":"Parcel","name":"P00","title":"changed"}],
	"action":"Save","names":["P00"],"docnames":["P00"],"items":["P00"],"data":{"title":"changed"},"assign_to":["Administrator"],"permission_to":"read",
	"perm_type":"read","ptype":"read","everyone":1,"read":1,"write":1,"share":1,"method":"get_title","report_name":"P","file_url":"/private/files/p.txt",
	"file_name":"p.txt","attached_to_doctype":"Parcel","attached_to_name":"P00","role":"System Manager","permlevel":0,"limit":5,"start":0,"page_length":5}`

// visitors are those who may do next to nothing.
func (s *site) visitors() map[string]*site {
	s.Helper()
	none := s.user("none")
	s.must(http.MethodPost, "/api/resource/User", `{"email":"web@example.com","first_name":"Web","send_welcome_email":0,"user_type":"Website User"}`)
	return map[string]*site{"guest": {T: s.T, app: s.app}, "none": none, "website": s.as("web@example.com")}
}

// TestAccess calls every method and every route as Guest, as a user without roles and
// as a Website User, with arguments that point at a document none of them may see. The
// statuses are those of testdata/access.*.txt; whatever they are, no answer shows the
// document, and it is unharmed in the end.
func TestAccess(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.shop(0)
			s.must(http.MethodPost, "/api/resource/Parcel", `{"name":"P00","title":"`+secret+`","weight":1,"pieces":[{"what":"`+secret+`"}]}`)
			before := document.Python.Marshal(s.must(http.MethodGet, "/api/resource/Parcel/P00", "").Get("data"))
			users := s.visitors()
			table := append(s.tryMethods(users), s.tryRoutes(users)...)
			compareAccess(t, "testdata/access."+release+".txt", strings.Join(table, "\n")+"\n")
			if after := document.Python.Marshal(s.must(http.MethodGet, "/api/resource/Parcel/P00", "").Get("data")); after != before {
				t.Errorf("the document changed:\n%s\n%s", before, after)
			}
			s.checkUntouched()
		})
	}
}

func (s *site) tryMethods(users map[string]*site) []string {
	s.Helper()
	var out []string
	for _, name := range freddo.Methods() {
		if name == "logout" || name == "frappe.auth.logout" {
			continue
		}
		var line strings.Builder
		fmt.Fprintf(&line, "%-75s", name)
		for _, who := range []string{"guest", "none", "website"} {
			worst := 0
			for _, verb := range []string{http.MethodGet, http.MethodPost} {
				code, body := users[who].visit(verb, "/api/method/"+name)
				users[who].checkSecrets(name, who, code, body)
				if worst == 0 || code < worst {
					worst = code // the more welcoming of the two
				}
			}
			fmt.Fprintf(&line, " %s=%d", who, worst)
		}
		out = append(out, line.String())
	}
	sort.Strings(out)
	return out
}

func (s *site) tryRoutes(users map[string]*site) []string {
	s.Helper()
	var out []string
	for _, path := range []string{"/api/resource/Parcel", "/api/resource/Parcel/P00", "/api/resource/User", "/api/resource/User/Administrator", "/api/resource/DocType/Parcel",
		"/api/resource/System%20Settings/System%20Settings", "/api/v2/document/Parcel", "/api/v2/document/Parcel/P00", "/api/v2/document/Parcel/P00/copy",
		"/api/v2/document/Parcel/P00/method/run", "/api/v2/doctype/Parcel/meta", "/api/v2/doctype/Parcel/count", "/api/v2/method/run_doc_method",
		"/private/files/p.txt", "/backups/x", "/files/none.txt", "/login", "/app", "/"} {
		for _, verb := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			line := fmt.Sprintf("%-7s%-68s", verb, path)
			for _, who := range []string{"guest", "none", "website"} {
				code, body := users[who].visit(verb, path)
				users[who].checkSecrets(verb+" "+path, who, code, body)
				line += fmt.Sprintf(" %s=%d", who, code)
			}
			out = append(out, line)
		}
	}
	return out
}

// visit sends the superset, in the query for GET.
func (s *site) visit(verb, path string) (int, string) {
	s.Helper()
	body := superset
	if verb == http.MethodGet {
		path, body = path+"?"+supersetQuery(), ""
	}
	r := httptest.NewRequest(verb, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	if s.auth != "" {
		r.Header.Set("Authorization", s.auth)
	}
	w := httptest.NewRecorder()
	s.app.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// supersetQuery is the superset as a form sends it: texts, and JSON for the rest.
func supersetQuery() string {
	v, err := document.ParseJSON(superset)
	if err != nil {
		panic(err)
	}
	q := url.Values{}
	for i := range v.Map().Len() {
		k, item := v.Map().At(i)
		if item.Kind() == document.String {
			q.Set(k, item.Str())
		} else {
			q.Set(k, document.Python.Marshal(item))
		}
	}
	return q.Encode()
}

func (s *site) checkSecrets(what, who string, code int, body string) {
	s.Helper()
	for _, word := range []string{secret, "$pbkdf2", "encryption_key"} {
		if strings.Contains(body, word) {
			s.Errorf("%s shows %q to %s: %d %.300s", what, word, who, code, body)
		}
	}
	if code == http.StatusInternalServerError && !strings.Contains(body, `"exc`) && !strings.Contains(body, `"errors"`) && !strings.Contains(body, "<title>") {
		s.Errorf("%s for %s: %d %.300s", what, who, code, body)
	}
}

// checkUntouched looks for what visitors may have hung on the document.
func (s *site) checkUntouched() {
	s.Helper()
	for doctype, field := range map[string]string{"Comment": "reference_doctype", "ToDo": "reference_type", "DocShare": "share_doctype",
		"Tag Link": "document_type", "File": "attached_to_doctype", "Version": "ref_doctype", "Document Follow": "ref_doctype"} {
		got := s.list(doctype, "filters", `[["`+field+`","=","Parcel"]]`, "fields", `["name"]`)
		if n := len(got.Get("data").List()); n != 0 {
			s.Errorf("%d rows of %s hang on the document", n, doctype)
		}
	}
}

func compareAccess(t *testing.T, file, got string) {
	t.Helper()
	if *updateAccess {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, l := range strings.Split(string(want), "\n") {
		have[l] = true
	}
	for _, l := range strings.Split(got, "\n") {
		if !have[l] {
			t.Errorf("new: %s", l)
		}
		delete(have, l)
	}
	for l := range have {
		t.Errorf("gone: %s", l)
	}
}
