package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"freddo"
)

func (s *site) rename(doctype, old, name string) {
	s.Helper()
	s.must(http.MethodPost, "/api/method/frappe.client.rename_doc", `{"doctype":"`+doctype+`","old_name":"`+old+`","new_name":"`+name+`"}`)
}

func renamedDocType(s *site) {
	s.define("Part", `"istable":1`, field("what", "Data", `"unique":1`))
	s.define("Machine", "", field("title", "Data", `"search_index":1`), field("secret", "Password", ""), field("parts", "Table", `"options":"Part"`))
	s.define("Visit", "", field("machine", "Link", `"options":"Machine"`), field("kind", "Link", `"options":"DocType"`), field("about", "Dynamic Link", `"options":"kind"`))
	s.must(http.MethodPost, resource("Custom Field"), `{"dt":"Machine","fieldname":"spare","label":"Spare","fieldtype":"Table","options":"Part"}`)
	s.must(http.MethodPost, resource("Property Setter"), `{"doctype_or_field":"DocField","doc_type":"Machine","field_name":"title","property":"label","value":"Name of it","property_type":"Data"}`)
	s.add("Machine", "m", `"title":"M","secret":"s3cret","parts":[{"what":"w1"}],"spare":[{"what":"w2"}]`)
	s.add("Visit", "v", `"machine":"m","kind":"Machine","about":"m"`)

	s.rename("DocType", "Machine", "Engine Block")
	if code, _ := s.do(http.MethodGet, resource("Machine", "m"), ""); code < 400 {
		s.Error("the old name still answers")
	}
	got := s.must(http.MethodGet, resource("Engine Block", "m"), "").Get("data").Map()
	for _, table := range []string{"parts", "spare"} {
		rows := got.Get(table).List()
		if len(rows) != 1 || rows[0].Map().Str("parenttype") != "Engine Block" {
			s.Errorf("rows of %s: %v", table, rows)
		}
	}
	s.wantValue("Visit", "v", "kind", "Engine Block")
	s.must(http.MethodPut, resource("Visit", "v"), `{"machine":"m"}`) // its links are checked
	if got := names(s.list("Property Setter", "filters", `{"doc_type":"Engine Block"}`)); got == "" {
		s.Error("the Property Setter stayed behind")
	}
	secret := s.must(http.MethodPost, "/api/method/frappe.client.get_password", `{"doctype":"Engine Block","name":"m","fieldname":"secret"}`)
	if got := secret.Str("message"); got != "s3cret" {
		s.Errorf("the password is %q", got)
	}
	s.rename("DocType", "Part", "Spare Part")
	s.must(http.MethodPut, resource("Engine Block", "m"), `{"title":"N","parts":[{"what":"w1"},{"what":"w3"}]}`)
	code, body := s.do(http.MethodPost, "/api/method/frappe.client.rename_doc", `{"doctype":"DocType","old_name":"Spare Part","new_name":"Engine Block"}`)
	s.refused(code, body, "", "")
	s.must(http.MethodGet, resource("Engine Block", "m"), "")
}

func renamedSingle(s *site) {
	s.define("Works", `"issingle":1`, field("town", "Data", ""), field("lines", "Table", `"options":"Spare Part"`))
	s.must(http.MethodPut, resource("Works", "Works"), `{"town":"Ulm","lines":[{"what":"single line"}]}`)
	s.rename("DocType", "Works", "Factory")
	s.wantValue("Factory", "Factory", "town", "Ulm")
	rows := s.must(http.MethodGet, resource("Factory", "Factory"), "").Get("data").Map().Get("lines").List()
	if len(rows) != 1 || rows[0].Map().Str("parent") != "Factory" {
		s.Errorf("rows of the Single: %v", rows)
	}
	s.must(http.MethodPut, resource("Factory", "Factory"), `{"town":"Bonn"}`)
}

func deletedDocType(s *site) {
	title := field("title", "Data", "")
	s.define("Gone", "", title)
	s.add("Gone", "a", `"title":"A"`)
	s.must(http.MethodDelete, resource("DocType", "Gone"), "")
	if code, _ := s.do(http.MethodGet, resource("Gone", "a"), ""); code != http.StatusNotFound && code != http.StatusInternalServerError {
		s.Errorf("a document of a DocType that is gone: %d", code)
	}
	s.define("Gone", "", title, field("more", "Int", ""))
	s.wantValue("Gone", "a", "title", "A")
	s.wantValue("Gone", "a", "more", "0")
}

func customField(s *site) {
	s.define("Host", "", field("title", "Data", ""))
	s.add("Host", "a", `"title":"A"`)
	s.must(http.MethodPost, resource("Custom Field"), `{"dt":"Host","fieldname":"size","label":"Size","fieldtype":"Data","default":"xl"}`)
	s.wantValue("Host", "a", "size", "xl")
	s.must(http.MethodPut, resource("Host", "a"), `{"size":"s"}`)
	code, body := s.do(http.MethodPut, resource("Custom Field", "Host-size"), `{"fieldtype":"Int"}`)
	s.refused(code, body, "ValidationError", "Fieldtype cannot be changed from Data to Int")
	s.must(http.MethodPut, resource("Custom Field", "Host-size"), `{"fieldtype":"Small Text"}`)
	s.wantValue("Host", "a", "size", "s")
	s.must(http.MethodPost, "/api/method/frappe.custom.doctype.custom_field.custom_field.rename_fieldname", `{"custom_field":"Host-size","fieldname":"girth"}`)
	s.wantValue("Host", "a", "girth", "s")
	s.must(http.MethodDelete, resource("Custom Field", "Host-size"), "")
	if got := s.must(http.MethodGet, resource("Host", "a"), "").Get("data").Map(); got.Has("girth") {
		s.Error("the deleted field is still there")
	}
	s.must(http.MethodPut, resource("Host", "a"), `{"title":"B"}`)
}

func propertySetter(s *site) {
	s.must(http.MethodPost, resource("Property Setter"), `{"doctype_or_field":"DocField","doc_type":"Host","field_name":"title","property":"reqd","value":"1","property_type":"Check"}`)
	code, body := s.do(http.MethodPost, resource("Host"), `{"name":"b"}`)
	s.refused(code, body, "MandatoryError", "title")
	s.must(http.MethodDelete, resource("Property Setter", "Host-title-reqd"), "")
	s.add("Host", "b", "")
}

// refusedChange makes the table's change fail in its middle: the column that comes first
// can be added, the type of the last cannot be changed. Upstream has committed the
// DocType by then; what can be done to the table is done.
func refusedChange(s *site) {
	s.define("Half", "", field("a", "Data", ""), field("n", "Data", ""))
	s.add("Half", "x", `"a":"one","n":"word"`)
	code, body := s.redefine("Half", field("fresh", "Data", ""), field("a", "Data", ""), field("n", "Int", ""))
	if code < 400 {
		s.Fatalf("a number of a word: %d %s", code, body)
	}
	s.wantValue("Half", "x", "a", "one")
	s.must(http.MethodPut, resource("Half", "x"), `{"a":"two"}`)
	s.add("Half", "y", `"a":"three","n":"4"`)
	s.redefined("Half", field("fresh", "Data", ""), field("a", "Data", ""), field("n", "Data", ""))
	s.add("Half", "z", `"fresh":"f","n":"text"`)
	s.wantValue("Half", "y", "n", "4")

	code, body = s.do(http.MethodPost, "/api/resource/DocType", `{"name":"Never","module":"Core","custom":1,"permissions":[{"role":"System Manager"}],
		"fields":[`+field("a", "Data", "")+`,`+field("b", "Link", `"options":"No Such DocType"`)+`]}`)
	s.refused(code, body, "WrongOptionsDoctypeLinkError", "")
	if code, _ := s.do(http.MethodGet, resource("Never"), ""); code != http.StatusNotFound && code != http.StatusInternalServerError {
		s.Errorf("the refused DocType answers %d", code)
	}
	s.define("Never", "", field("a", "Data", ""))
	s.add("Never", "a", `"a":"1"`)
}

// TestAnotherProcessSeesChanges serves one database by two processes' worth of servers.
func TestAnotherProcessSeesChanges(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		app, err := freddo.New(freddo.Config{Site: s.dir, Unsafe: true})
		if err != nil {
			if strings.HasSuffix(s.Name(), "sqlite") {
				return // its file is one process's own
			}
			s.Fatal(err)
		}
		if strings.HasSuffix(s.Name(), "sqlite") {
			s.Error("two processes opened one SQLite file")
		}
		s.Cleanup(func() { _ = app.Close() })
		other := &site{T: s.T, app: app, dir: s.dir, auth: s.auth}

		s.define("Both", "", field("title", "Data", ""))
		other.add("Both", "a", `"title":"A"`) // other knew nothing yet
		clerk := s.user("clerk", "System Manager")
		there := &site{T: s.T, app: app, dir: s.dir, auth: clerk.auth}
		there.must(http.MethodGet, resource("Both", "a"), "")

		s.redefined("Both", field("title", "Data", ""), field("rank", "Int", `"default":"3"`))
		other.soon("the new field", func() bool { return strings.Contains(other.body(resource("Both", "a")), `"rank":3`) })
		other.must(http.MethodPut, resource("Both", "a"), `{"rank":4}`)
		s.wantValue("Both", "a", "rank", "4")
		other.rename("DocType", "Both", "Each")
		s.soon("the new name", func() bool { return strings.Contains(s.body(resource("Each", "a")), `"rank":4`) })
		s.must(http.MethodPut, resource("User", "clerk@example.com"), `{"roles":[]}`)
		there.soon("the loss of a role", func() bool {
			code, _ := there.do(http.MethodGet, resource("Each", "a"), "")
			return code == http.StatusForbidden
		})
		s.keys("clerk@example.com")
		there.soon("the end of the old API secret", func() bool {
			code, _ := there.do(http.MethodGet, "/api/method/frappe.auth.get_logged_user", "")
			return code == http.StatusUnauthorized
		})
	})
}

func (s *site) body(target string) string {
	s.Helper()
	_, text := s.do(http.MethodGet, target, "")
	return text
}

// soon waits as long as a change may take to reach another process, and some more.
func (s *site) soon(what string, ok func() bool) {
	s.Helper()
	for range 100 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.Errorf("%s has not come through", what)
}
