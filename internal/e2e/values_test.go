package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// value is what a client sends for a field, and what upstream answers: the value that is
// read back, or refused.
type value struct {
	field, sent string // sent is JSON
	want        string // JSON of what is read back; "" means refused
}

// odd are values that reports of integrators named; the answers are upstream's: MariaDB's
// column, or frappe/utils/data.py cint and flt, or base_document.py's checks.
var odd = []value{
	{"i", `"١٢"`, `12`}, {"i", `"१२"`, `12`}, {"i", `"１２"`, `12`}, {"i", `"1_000"`, `1000`}, {"i", `" 7 "`, `7`}, {"i", `"x"`, `0`},
	{"i", `2147483647`, `2147483647`}, {"i", `2147483648`, ``}, {"i", `-2147483648`, ``}, {"i", `"inf"`, `0`},
	{"li", `9223372036854775807`, `9223372036854775807`}, {"li", `9223372036854775808`, ``}, {"li", `"9223372036854775808"`, ``}, {"li", `"1e30"`, ``},
	{"li", `1e30`, ``}, {"li", `-9223372036854775809`, ``}, {"li", `"9223372036854775807"`, `9223372036854775807`},
	{"f", `"٣.٥"`, `3.5`}, {"f", `"1,234.5"`, `1234.5`}, {"f", `"x"`, `0`}, {"c", `"۱۲٫۵"`, `0`}, {"r", `"０.5"`, `0.5`}, {"r", `7`, `1`},
	{"d", `"20240229"`, `"2024-02-29"`}, {"d", `20240229`, `"2024-02-29"`}, {"d", `"240229"`, `"2024-02-29"`}, {"d", `"2024_02_29"`, `"2024-02-29"`},
	{"d", `"24-2-9"`, `"2024-02-09"`}, {"d", `"20240229101112"`, `"2024-02-29"`}, {"d", `"20240230"`, ``}, {"d", `"2024-02-29x"`, ``}, {"d", `"99-12-31"`, `"1999-12-31"`},
	{"dt", `"20240229101112"`, `"2024-02-29 10:11:12"`}, {"dt", `"20240229T101112"`, `"2024-02-29 10:11:12"`}, {"dt", `"2024-02-29 10"`, `"2024-02-29 10:00:00"`},
	{"dt", `"2024-02-29 10-11-12"`, `"2024-02-29 10:11:12"`}, {"dt", `"24-02-29"`, `"2024-02-29 00:00:00"`}, {"dt", `"2024-02-29T10:11:12Z"`, ``},
	{"tm", `37`, `"0:00:37"`}, {"tm", `101112`, `"10:11:12"`}, {"tm", `10.5`, `"0:00:10.5"`}, {"tm", `"10"`, `"0:00:10"`}, {"tm", `"10:61"`, ``},
	{"n", `"José"`, `"José"`}, {"n", `"Łukasz"`, `"Łukasz"`}, {"n", `"李"`, `"李"`}, {"n", `"محمد"`, `"محمد"`}, {"n", `"a!b"`, ``},
	{"m", `"a@b"`, ``}, {"m", `"x@localhost"`, ``}, {"m", `"a.@x.y"`, ``}, {"m", `"ü@x.y"`, ``}, {"m", `"a@b.co"`, `"a@b.co"`}, {"m", `"A@B.Co, c@d.co"`, `"A@B.Co, c@d.co"`},
}

// beyondPostgres are values that PostgreSQL's types cannot hold: it refuses them (known
// difference 15).
var beyondPostgres = []value{
	{"d", `"0000-00-00"`, `"0000-00-00"`}, {"d", `"2024-00-00"`, `"2024-00-00"`}, {"d", `0`, `"0000-00-00"`},
	{"tm", `"-01:00:00"`, `"-1:00:00"`}, {"tm", `"1 02:03:04"`, `"26:03:04"`},
}

const oddFields = `{"fieldname":"i","fieldtype":"Int"},{"fieldname":"li","fieldtype":"Int","length":20},{"fieldname":"f","fieldtype":"Float"},{"fieldname":"c","fieldtype":"Currency"},` +
	`{"fieldname":"r","fieldtype":"Rating"},{"fieldname":"d","fieldtype":"Date"},{"fieldname":"dt","fieldtype":"Datetime"},{"fieldname":"tm","fieldtype":"Time"},` +
	`{"fieldname":"n","fieldtype":"Data","options":"Name"},{"fieldname":"m","fieldtype":"Data","options":"Email"}`

// TestOddValuesAreStoredAsUpstreamStoresThem sends each value by an insert, an update, a
// method and a child row, and reads it back; what is refused changes nothing.
func TestOddValuesAreStoredAsUpstreamStoresThem(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, release, func(s *site) { s.oddValues(strings.HasSuffix(s.Name(), "postgres")) })
		})
	}
}

func (s *site) oddValues(refuses bool) {
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Odd Row","module":"Core","custom":1,"istable":1,"fields":[`+oddFields+`]}`)
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Odd","module":"Core","custom":1,"autoname":"prompt","fields":[`+oddFields+
		`,{"fieldname":"rows","fieldtype":"Table","options":"Odd Row"}],"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`)
	s.must(http.MethodPost, "/api/resource/Odd", `{"name":"old"}`)
	values := odd[:len(odd):len(odd)]
	for _, v := range beyondPostgres {
		if refuses {
			v.want = ""
		}
		values = append(values, v)
	}
	for i, v := range values {
		name := fmt.Sprintf("v%d", i)
		body := fmt.Sprintf(`%q:%s`, v.field, v.sent)
		code, text := s.do(http.MethodPost, "/api/resource/Odd", `{"name":"`+name+`",`+body+`,"rows":[{`+body+`}]}`)
		s.checkOdd(v, "insert", code, text, name)
		before := s.stored("old")[v.field]
		for _, way := range [][3]string{
			{"PUT", http.MethodPut + " /api/resource/Odd/old", `{` + body + `}`},
			{"set_value", http.MethodPost + " /api/method/frappe.client.set_value", `{"doctype":"Odd","name":"old","fieldname":{` + body + `}}`},
		} {
			var verb, path string
			_, _ = fmt.Sscan(way[1], &verb, &path)
			code, text := s.do(verb, path, way[2])
			s.checkOdd(v, way[0], code, text, "old")
			if v.want == "" {
				if after := s.stored("old")[v.field]; after != before {
					s.Errorf("%s %s by %s was refused, and changed %v to %v", v.field, v.sent, way[0], before, after)
				}
			}
		}
	}
}

// stored is a document as it is read back.
func (s *site) stored(name string) map[string]any {
	s.Helper()
	code, text := s.do(http.MethodGet, "/api/resource/Odd/"+name, "")
	if code != http.StatusOK {
		s.Fatalf("read %s: %d %s", name, code, text)
	}
	var body struct{ Data map[string]any }
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		s.Fatal(err)
	}
	return body.Data
}

func (s *site) checkOdd(v value, way string, code int, text, name string) {
	s.Helper()
	if v.want == "" {
		if code < 400 {
			s.Errorf("%s %s by %s: %d %s, want a refusal", v.field, v.sent, way, code, text)
		}
		return
	}
	if code != http.StatusOK {
		s.Errorf("%s %s by %s: %d %s", v.field, v.sent, way, code, text)
		return
	}
	var want any
	_ = json.Unmarshal([]byte(v.want), &want)
	doc := s.stored(name)
	if doc[v.field] != want {
		s.Errorf("%s %s by %s reads %v, want %v", v.field, v.sent, way, doc[v.field], want)
	}
	if rows, _ := doc["rows"].([]any); way == "insert" && (len(rows) != 1 || rows[0].(map[string]any)[v.field] != want) {
		s.Errorf("%s %s in a row reads %v, want %v", v.field, v.sent, rows, want)
	}
}

// TestNumbersThatDidNotChangeAreNoChange: a submitted document goes on being saved with the
// numbers that clients send back, and so do fields that are set only once.
func TestNumbersThatDidNotChangeAreNoChange(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Sub Row","module":"Core","custom":1,"istable":1,"fields":[{"fieldname":"dur","fieldtype":"Duration"},{"fieldname":"rat","fieldtype":"Rating"}]}`)
			for _, dt := range []string{`"name":"Sub","is_submittable":1,"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"submit":1}],"fields":[{"fieldname":"rat","fieldtype":"Rating"},{"fieldname":"dur","fieldtype":"Duration"},{"fieldname":"ok","fieldtype":"Data","allow_on_submit":1},{"fieldname":"rows","fieldtype":"Table","options":"Sub Row"}]`,
				`"name":"Once","permissions":[{"role":"System Manager","read":1,"write":1,"create":1}],"fields":[{"fieldname":"rat","fieldtype":"Rating","set_only_once":1},{"fieldname":"dur","fieldtype":"Duration","set_only_once":1},{"fieldname":"ok","fieldtype":"Data"},{"fieldname":"rows","fieldtype":"Table","options":"Sub Row","set_only_once":1}]`} {
				s.must(http.MethodPost, "/api/resource/DocType", `{"module":"Core","custom":1,"autoname":"prompt",`+dt+`}`)
			}
			for dt, docstatus := range map[string]string{"Sub": `"docstatus":1`, "Once": `"docstatus":0`} {
				url := "/api/resource/" + dt
				s.must(http.MethodPost, url, `{"name":"s1",`+docstatus+`,"rows":[{}]}`)
				s.must(http.MethodPut, url+"/s1", `{"ok":"note"}`)
				s.must(http.MethodPost, url, `{"name":"s2",`+docstatus+`,"rat":0.5,"dur":5400,"rows":[{"dur":60}]}`)
				s.must(http.MethodPut, url+"/s2", `{"ok":"a","dur":5400}`)
				s.must(http.MethodPut, url+"/s2", `{"ok":"b","dur":5400.0,"rat":0.5}`)
				if code, text := s.do(http.MethodPut, url+"/s2", `{"dur":5401}`); code != http.StatusExpectationFailed {
					t.Errorf("%s: another duration: %d %s", dt, code, text)
				}
			}
		})
	}
}

// TestFieldnamesComeFromLabelsOfEveryScript: frappe/custom/doctype/custom_field set_fieldname,
// frappe/core/doctype/doctype scrub_field_names.
func TestFieldnamesComeFromLabelsOfEveryScript(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Label","module":"Core","custom":1,"autoname":"prompt","fields":[{"label":"Price (net)","fieldtype":"Data"},{"label":"50% off, or more","fieldtype":"Data"}],"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`)
		for label, want := range map[string]string{"日本": "custom_日本", "Имя": "custom_имя", "Größe": "custom_größe", "a-b & c!": "custom_ab__c"} {
			made := s.must(http.MethodPost, "/api/resource/Custom%20Field", fmt.Sprintf(`{"dt":"Label","label":%q,"fieldtype":"Data"}`, label)).Get("data").Map()
			if got := made.Get("fieldname").Str(); got != want {
				s.Errorf("%s: %s, want %s", label, got, want)
			}
		}
		s.must(http.MethodPost, "/api/resource/Label", `{"name":"x","price_net":"1","50_off_or_more":"2","custom_имя":"Иван","custom_größe":"3"}`)
		got := s.must(http.MethodGet, "/api/resource/Label/x", "").Get("data").Map()
		for field, want := range map[string]string{"price_net": "1", "50_off_or_more": "2", "custom_имя": "Иван", "custom_größe": "3"} {
			if got.Get(field).Str() != want {
				s.Errorf("%s reads %v", field, got.Get(field))
			}
		}
		if found := names(s.list("Label", "filters", `{"custom_имя":"Иван"}`)); found != "x" {
			s.Errorf("filter by a field in another script: %q", found)
		}
	})
}
