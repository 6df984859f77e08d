package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"freddo/document"
)

// TestDocTypesChangeUnderDocuments changes DocTypes that have documents. What is stored
// stays, what is refused changes nothing.
func TestDocTypesChangeUnderDocuments(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		for _, c := range []struct {
			name string
			test func(s *site)
		}{
			{"a field that is removed keeps its data and finds it again", removedField},
			{"an added field has its default in every stored document", addedField},
			{"a field can be retyped when its values allow it", retypedField},
			{"a field with equal values cannot become unique", uniqueField},
			{"a field that becomes mandatory is asked for at the next save", mandatoryField},
			{"a text column is not cut shorter than its values", shortenedField},
			{"a renamed DocType keeps table, links, rows and customisations", renamedDocType},
			{"a renamed Single keeps its values", renamedSingle},
			{"a deleted DocType leaves its table to one of the same name", deletedDocType},
			{"a Custom Field adds a column, its renaming moves the data", customField},
			{"a Property Setter counts from the next request", propertySetter},
			{"a refused change leaves DocType and table together", refusedChange},
		} {
			s.Run(c.name, func(t *testing.T) { c.test(&site{T: t, app: s.app, dir: s.dir, auth: s.auth}) })
		}
	})
}

// field is a DocField in JSON; more are further keys.
func field(name, kind, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"fieldname":%q,"label":%q,"fieldtype":%q%s}`, name, strings.ToUpper(name[:1])+name[1:], kind, more)
}

// define makes a custom DocType whose documents are named by their sender.
func (s *site) define(name, more string, fields ...string) {
	s.Helper()
	if more != "" {
		more = "," + more
	}
	if !strings.Contains(more, "istable") {
		more += `,"autoname":"prompt"`
	}
	s.must(http.MethodPost, "/api/resource/DocType", fmt.Sprintf(`{"name":%q,"module":"Core","custom":1%s,
		"permissions":[{"role":"System Manager"}],"fields":[%s]}`, name, more, strings.Join(fields, ",")))
}

// redefine gives a DocType other fields; those that it has keep their rows' names.
func (s *site) redefine(name string, fields ...string) (int, string) {
	s.Helper()
	have := map[string]string{}
	for _, row := range s.must(http.MethodGet, "/api/resource/DocType/"+url.PathEscape(name), "").Get("data").Map().Get("fields").List() {
		have[row.Map().Str("fieldname")] = row.Map().Str("name")
	}
	rows := make([]map[string]any, len(fields))
	for i, f := range fields {
		if err := json.Unmarshal([]byte(f), &rows[i]); err != nil {
			s.Fatal(err)
		}
		if id := have[rows[i]["fieldname"].(string)]; id != "" {
			rows[i]["name"] = id
		}
	}
	body, err := json.Marshal(map[string]any{"fields": rows})
	if err != nil {
		s.Fatal(err)
	}
	return s.do(http.MethodPut, "/api/resource/DocType/"+url.PathEscape(name), string(body))
}

func (s *site) redefined(name string, fields ...string) {
	s.Helper()
	if code, text := s.redefine(name, fields...); code != http.StatusOK {
		s.Fatalf("change %s: %d %s", name, code, text)
	}
}

func resource(doctype string, name ...string) string {
	out := "/api/resource/" + url.PathEscape(doctype)
	for _, n := range name {
		out += "/" + url.PathEscape(n)
	}
	return out
}

// add stores a document from pairs of JSON, such as `"a":1`.
func (s *site) add(doctype, name, pairs string) {
	s.Helper()
	if pairs != "" {
		pairs = "," + pairs
	}
	s.must(http.MethodPost, resource(doctype), fmt.Sprintf(`{"name":%q%s}`, name, pairs))
}

// value is a field of a stored document, as text.
func (s *site) value(doctype, name, field string) string {
	s.Helper()
	return document.ToText(s.must(http.MethodGet, resource(doctype, name), "").Get("data").Map().Get(field))
}

func (s *site) wantValue(doctype, name, field, want string) {
	s.Helper()
	if got := s.value(doctype, name, field); got != want {
		s.Errorf("%s %s: %s is %q, want %q", doctype, name, field, got, want)
	}
}

// refused wants a refusal of upstream's with a text in it.
func (s *site) refused(code int, body, wantType, wantText string) {
	s.Helper()
	if code < 400 || !strings.Contains(body, wantType) || !strings.Contains(body, wantText) {
		s.Errorf("got %d %s\nwant %s: %s", code, body, wantType, wantText)
	}
}

func removedField(s *site) {
	title, weight := field("title", "Data", ""), field("weight", "Int", "")
	s.define("Removed", "", title, weight)
	s.add("Removed", "a", `"title":"A","weight":7`)
	s.redefined("Removed", title)
	if got := s.must(http.MethodGet, resource("Removed", "a"), "").Get("data").Map(); got.Has("weight") {
		s.Errorf("the removed field is still there: %v", got.Get("weight"))
	}
	s.must(http.MethodPut, resource("Removed", "a"), `{"title":"B"}`)
	s.redefined("Removed", title, weight)
	s.wantValue("Removed", "a", "weight", "7")
	s.wantValue("Removed", "a", "title", "B")
}

func addedField(s *site) {
	title := field("title", "Data", "")
	s.define("Added", "", title)
	s.add("Added", "a", `"title":"A"`)
	s.redefined("Added", title, field("rank", "Int", `"default":"3"`), field("kind", "Select", `"options":"\nx\ny","default":"y"`), field("due", "Date", ""), field("note", "Text", ""))
	s.wantValue("Added", "a", "rank", "3")
	s.wantValue("Added", "a", "kind", "y")
	if got := names(s.list("Added", "filters", `{"rank":3,"kind":"y"}`)); got != "a" {
		s.Errorf("the new columns' defaults find %q", got)
	}
	s.must(http.MethodPut, resource("Added", "a"), `{"due":"2026-01-02","note":"n"}`)
	s.wantValue("Added", "a", "due", "2026-01-02")
}

func retypedField(s *site) {
	s.define("Retyped", "", field("a", "Data", ""), field("b", "Int", ""), field("c", "Data", ""), field("d", "Float", ""))
	s.add("Retyped", "x", `"a":"12","b":5,"c":"long","d":1.5`)
	s.redefined("Retyped", field("a", "Int", ""), field("b", "Data", ""), field("c", "Text", ""), field("d", "Currency", ""))
	for f, want := range map[string]string{"a": "12", "b": "5", "c": "long", "d": "1.5"} {
		s.wantValue("Retyped", "x", f, want)
	}
	s.must(http.MethodPut, resource("Retyped", "x"), `{"a":13,"b":"five","c":"`+strings.Repeat("long ", 200)+`"}`)
	s.wantValue("Retyped", "x", "a", "13")
	code, body := s.redefine("Retyped", field("a", "Int", ""), field("b", "Int", ""), field("c", "Text", ""), field("d", "Currency", ""))
	if code < 400 {
		s.Errorf("a number of the text %q: %d %s", "five", code, body)
	}
	s.add("Retyped", "y", `"a":1`) // upstream keeps the DocType's change; the table can be used all the same
	s.redefined("Retyped", field("a", "Int", ""), field("b", "Data", ""), field("c", "Text", ""), field("d", "Currency", ""))
	s.wantValue("Retyped", "x", "b", "five")
	s.must(http.MethodPut, resource("Retyped", "x"), `{"d":2.5}`)
}

func uniqueField(s *site) {
	code := field("code", "Data", "")
	s.define("Uniq", "", code)
	for i, v := range []string{"1", "1", ""} {
		s.add("Uniq", string(rune('a'+i)), `"code":"`+v+`"`)
	}
	status, body := s.redefine("Uniq", field("code", "Data", `"unique":1`))
	s.refused(status, body, "NonUniqueError", "Uniq: Field 'Code' cannot be set as Unique as it has non-unique values")
	s.add("Uniq", "d", `"code":"1"`) // not unique still
	for _, n := range []string{"b", "d"} {
		s.must(http.MethodPut, resource("Uniq", n), `{"code":"`+n+`"}`)
	}
	s.redefined("Uniq", field("code", "Data", `"unique":1`))
	status, body = s.do(http.MethodPost, resource("Uniq"), `{"name":"e","code":"1"}`)
	s.refused(status, body, "UniqueValidationError", "")
	s.add("Uniq", "f", `"code":""`) // an empty value is stored as null
	s.redefined("Uniq", code)
	s.add("Uniq", "g", `"code":"1"`)
}

func mandatoryField(s *site) {
	s.define("Must", "", field("title", "Data", ""))
	s.add("Must", "a", "")
	s.redefined("Must", field("title", "Data", `"reqd":1`))
	s.must(http.MethodGet, resource("Must", "a"), "")
	code, body := s.do(http.MethodPut, resource("Must", "a"), `{"docstatus":0}`)
	s.refused(code, body, "MandatoryError", "[Must, a]: title")
	s.must(http.MethodPut, resource("Must", "a"), `{"title":"t"}`)
}

func shortenedField(s *site) {
	s.define("Short", "", field("title", "Data", ""))
	s.add("Short", "a", `"title":"`+strings.Repeat("é", 30)+`"`)
	code, body := s.redefine("Short", field("title", "Data", `"length":20`))
	if code != http.StatusOK || !strings.Contains(body, "Reverting length to 140 for 'title' in 'Short'. Setting the length as 20 will cause truncation of data.") {
		s.Errorf("shortened: %d %s", code, body)
	}
	s.wantValue("Short", "a", "title", strings.Repeat("é", 30))
	code, body = s.redefine("Short", field("title", "Data", `"length":30`))
	if code != http.StatusOK || strings.Contains(body, "Reverting") {
		s.Errorf("as long as the longest: %d %s", code, body)
	}
	code, body = s.redefine("Short", field("title", "Data", `"length":1001`))
	s.refused(code, body, "ValidationError", "Length of title should be between 1 and 1000")
	s.redefined("Short", field("title", "Data", `"length":500`))
	s.add("Short", "b", `"title":"`+strings.Repeat("x", 500)+`"`)
}
