package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"freddo/document"
)

// crates makes DocTypes with every kind of field, and five crates: C1 to C3 with values,
// C4 with empty ones, C5 with none.
func (s *site) crates() {
	s.Helper()
	s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Packer","desk_access":1}`)
	s.must(http.MethodPost, "/api/resource/Role", `{"role_name":"Picker","desk_access":1}`)
	all := `{"role":"System Manager","read":1,"write":1,"create":1,"delete":1}`
	for _, dt := range []string{
		`{"name":"Buyer","module":"Core","custom":1,"autoname":"prompt","fields":[{"fieldname":"rating","fieldtype":"Int"},
			{"fieldname":"code","fieldtype":"Data"},{"fieldname":"limit_of","fieldtype":"Int","permlevel":1}],"permissions":[` + all + `,{"role":"Packer","read":1}]}`,
		`{"name":"Crate Item","module":"Core","custom":1,"istable":1,"fields":[{"fieldname":"sku","fieldtype":"Data"},{"fieldname":"qty","fieldtype":"Int"}]}`,
		`{"name":"Crate","module":"Core","custom":1,"autoname":"prompt","search_fields":"title","fields":[{"fieldname":"title","fieldtype":"Data"},
			{"fieldname":"n","fieldtype":"Int"},{"fieldname":"price","fieldtype":"Currency"},{"fieldname":"due","fieldtype":"Date"},
			{"fieldname":"stamp","fieldtype":"Datetime"},{"fieldname":"tod","fieldtype":"Time"},{"fieldname":"buyer","fieldtype":"Link","options":"Buyer"},
			{"fieldname":"hidden_no","fieldtype":"Int","permlevel":1},{"fieldname":"items","fieldtype":"Table","options":"Crate Item"},
			{"fieldname":"spares","fieldtype":"Table","options":"Crate Item"}],
			"permissions":[` + all + `,{"role":"Packer","read":1},{"role":"Picker","select":1,"read":0}]}`,
	} {
		s.must(http.MethodPost, "/api/resource/DocType", dt)
	}
	for i, b := range []string{"Ann", "Bob"} {
		s.must(http.MethodPost, "/api/resource/Buyer", fmt.Sprintf(`{"name":"%s","rating":%d,"code":"x%d","limit_of":9}`, b, 5-2*i, i))
	}
	for _, doc := range []string{
		`{"name":"C1","title":"alpha","n":7,"price":2.5,"due":"2024-02-28","stamp":"2024-02-28 10:00:00","tod":"08:30:00","buyer":"Ann","hidden_no":3,"items":[{"sku":"a","qty":2},{"sku":"b","qty":3}],"spares":[{"sku":"z","qty":1}]}`,
		`{"name":"C2","title":"7abc","n":10,"price":1000000,"due":"2024-02-29","stamp":"2024-02-29 23:00:00","tod":"09:00:00","buyer":"Bob","hidden_no":2,"items":[{"sku":"a","qty":5}]}`,
		`{"name":"C3","title":"be%ta","n":-2,"price":0.5,"due":"2024-03-01","stamp":"2024-03-01 00:00:00","tod":"00:00:00","buyer":"Ann","hidden_no":1}`,
		`{"name":"C4","title":"","n":0,"price":0}`, `{"name":"C5","tod":null}`,
	} {
		s.must(http.MethodPost, "/api/resource/Crate", doc)
	}
}

// TestListsOfV16Compare: conditions of v1 (which count what is empty) and v2, by what
// MariaDB makes of the values as they were sent.
func TestListsOfV16Compare(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		s.Helper()
		s.crates()
		for _, c := range []struct{ filters, v1, v2 string }{
			{`{"title":null}`, "C5", "C5"}, {`{"title":""}`, "C4 C5", "C4"}, {`{"due":null}`, "C4 C5", "C4 C5"},
			{`{"title":["in",["alpha",null]]}`, "C1", "C1"}, {`{"title":["in",["alpha",""]]}`, "C1 C4 C5", "C1 C4"},
			{`{"title":["not in",["alpha"]]}`, "C2 C3 C4 C5", "C2 C3 C4"}, {`{"title":["not in",["alpha",null]]}`, "", ""},
			{`{"title":["!=","alpha"]}`, "C2 C3 C4 C5", "C2 C3 C4"},
			{`{"title":7}`, "C2", "C2"}, {`{"title":0}`, "C1 C3 C4 C5", "C1 C3 C4"}, {`{"title":["in",[7,"alpha"]]}`, "C1 C2", "C1 C2"},
			{`{"n":"10abc"}`, "C2", "C2"}, {`{"n":["between",[7,10]]}`, "C1 C2", "C1 C2"}, {`{"price":"1,000,000"}`, "", ""},
			{`[["n","=",7],["n","=",10]]`, "", ""},
			{`{"due":"29-02-2024"}`, "", ""}, {`{"due":"24-2-29"}`, "C2", "C2"}, {`{"due":["<","2024-02-30"]}`, "C1 C2 C4 C5", "C1 C2"},
			{`{"due":[">","2024-02-30"]}`, "C3", "C3"}, {`{"due":["like","2024-02%"]}`, "C1 C2", "C1 C2"}, {`{"due":[">","never"]}`, "C1 C2 C3", "C1 C2 C3"},
			{`{"due":[">=","2024-02-29 10:00:00"]}`, "C3", "C3"}, {`{"due":["<=","2024-02-29 10:00:00"]}`, "C1 C2 C4 C5", "C1 C2"},
			{`{"due":["!=","2024-2-29"]}`, "C1 C2 C3 C4 C5", "C1 C3"}, {`{"due":["not in",["2024-02-29"]]}`, "C1 C3 C4 C5", "C1 C3"},
			{`{"due":["between",["2024-02-29"]]}`, "", ""}, {`{"due":["timespan","someday"]}`, "C4 C5", "C4 C5"},
			{`{"stamp":["between",["2024-02-29","2024-02-29"]]}`, "C2", "C2"}, {`{"stamp":["<=","2024-02-28 10:00:00"]}`, "C4 C5", "C1"},
			{`{"stamp":["=","2024-02-29T23:00"]}`, "C2", "C2"}, {`{"title":["between",["a","b"]]}`, "C1", "C1"},
			{`{"tod":[">","08:30:00"]}`, "C1 C2", "C2"}, {`{"tod":["=","noon"]}`, "C3 C4 C5", "C3 C4 C5"}, {`{"tod":[">","8:30"]}`, "", "C2"},
			{`{"title":["like","be\\%ta"]}`, "C3", "C3"},
			{`{"buyer.rating":[">",4]}`, "C1 C3", "C1 C3"}, {`{"items.sku":"b"}`, "C1", "C1"}, {`[["Crate Item","sku","=","z"],["n",">",-9]]`, "", ""},
			{`[["name","ancestors of","C1"]]`, "417", "417"}, {`[["Crate","n","=",7,false]]`, "C1", "C1"},
		} {
			for api, want := range map[string]string{"/api/resource/Crate": c.v1, "/api/v2/document/Crate": c.v2} {
				code, text := s.do(http.MethodGet, api+"?filters="+url.QueryEscape(c.filters)+"&order_by="+url.QueryEscape("name asc"), "")
				got := fmt.Sprint(code)
				if v, err := document.ParseJSON(text); code == http.StatusOK && err == nil {
					got = names(v.Map())
				}
				// a Time that is not sent is the time of the insert, and later than all
				if strings.Contains(c.filters, "tod") {
					got, want = strings.NewReplacer(" C4", "", " C5", "").Replace(got), strings.NewReplacer(" C4", "", " C5", "").Replace(want)
				}
				if got != want {
					s.Errorf("%s %s: got %s, want %s: %.300s", api, c.filters, got, want, text)
				}
			}
		}
	})
}

// TestListsOfV16Refuse: what lists of v16 refuse, by status and text.
func TestListsOfV16Refuse(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		s.Helper()
		s.crates()
		packer := s.user("packer", "Packer")
		nobody := s.user("nobody")
		denied := "You do not have permission to access field: <strong>"
		for _, c := range []struct {
			s         *site
			args      string
			code      int
			text      string
			onlyFirst bool
		}{
			{s, `fields=["count(name) as n"]`, 417, "SQL functions are not allowed as strings in SELECT: count(name) as n.", false},
			{s, `fields=["(select 1)"]`, 403, "Invalid field format for SELECT: (select 1).", true},
			{s, `fields=["buyer.x.y"]`, 403, "Invalid field format for SELECT: buyer.x.y.", true},
			{s, `fields=[{"UPPER":"title"}]`, 417, "Unsupported function or operator: UPPER", false},
			{s, `fields=[{"EXTRACT":["year","creation"]}]`, 403, denied + "Crate.year</strong>", false},
			{s, `order_by=nosuch`, 403, denied + "Crate.nosuch</strong>", false},
			{s, `order_by=count(name)`, 417, "Invalid field format in Order By: count(name).", false},
			{s, `order_by=name sideways`, 417, "Invalid field format in Order By: name sideways.", false},
			{s, "order_by=`title", 417, "Order By has invalid backtick notation: `title", false},
			{s, `group_by=upper(title)`, 417, "Invalid field format in Group By: upper(title).", false},
			{packer, `filters={"hidden_no":1}`, 403, denied + "Crate.hidden_no</strong>", false},
			{packer, `order_by=hidden_no`, 403, denied + "Crate.hidden_no</strong>", false},
			{packer, `filters={"buyer.limit_of":9}`, 403, denied + "Buyer.limit_of</strong>", true},
			{packer, `fields=[{"MAX":"hidden_no"}]`, 403, denied + "Crate.hidden_no</strong>", false},
			{nobody, ``, 403, "Insufficient Permission for <strong>Crate</strong>", false},
			{s, `filters=[["title","","x"]]`, 417, "Error parsing nested filters: [['title', '', 'x']]. Invalid simple filter format: ['title', '', 'x']", false},
			{s, `filters=[["Buyer","name","=","x"]]`, 417, "Buyer is not a child table of Crate", false},
			{s, "filters={\"`tabCrate\":1}", 417, "Filter fields have invalid backtick notation: `tabCrate", true},
		} {
			key, value, _ := strings.Cut(c.args, "=")
			for _, api := range []string{"/api/v2/document/Crate", "/api/resource/Crate"} {
				code, text := c.s.do(http.MethodGet, api+"?"+key+"="+url.QueryEscape(value), "")
				if v, err := document.ParseJSON(text); err == nil {
					text = document.ToText(document.Text(document.Python.Marshal(v)))
				}
				if code != c.code || !strings.Contains(strings.ReplaceAll(text, `\\u`, `\u`), c.text) {
					s.Errorf("%s %s: got %d %.400s, want %d %s", api, c.args, code, text, c.code, c.text)
				}
				if c.onlyFirst {
					break
				}
			}
		}
	})
}

// TestListsOfV16Show: functions, arithmetic, rows of tables and joined fields, in v1 and v2.
func TestListsOfV16Show(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		s.Helper()
		s.crates()
		for _, c := range []struct{ fields, more, want string }{
			{`[{"COUNT":"name","as":"n"}]`, ``, `[{"n":5}]`},
			{`[{"COUNT":"name"}]`, ``, "[{\"COUNT(`name`)\":5}]"},
			{`["buyer",{"SUM":"n","as":"t"}]`, `&group_by=buyer&order_by=t asc&filters={"buyer":["is","set"]}`, `[{"buyer":"Ann","t":5.0},{"buyer":"Bob","t":10.0}]`},
			{`[{"ADD":["n",1],"as":"x"},{"DIV":["n",3],"as":"y"},{"MUL":["price",2],"as":"z"}]`, `&filters={"name":"C1"}`, `[{"x":8,"y":2.3333,"z":5.0}]`},
			{`[{"DIV":[1,{"NULLIF":["n",7]}],"as":"x"}]`, `&filters={"name":"C1"}`, `[{"x":null}]`},
			{`[{"CONCAT":["name","'; drop'"],"as":"x"}]`, `&filters={"name":"C1"}`, `[{"x":"C1; drop"}]`},
			{`["name",{"items":["sku","qty"]}]`, `&filters={"name":["in",["C1","C4"]]}&order_by=name asc`, `[{"name":"C1","items":[{"sku":"a","qty":2},{"sku":"b","qty":3}]},{"name":"C4","items":[]}]`},
			{`["name",{"items":["*"]}]`, `&filters={"name":"C1"}`, `[{"name":"C1"}]`},
			{`["name","buyer.rating","buyer.code as c"]`, `&filters={"name":"C2"}`, `[{"name":"C2","rating":3,"c":"x1"}]`},
			{`["name","items.sku as s"]`, `&filters={"name":"C1"}&order_by=items.qty desc`, `[{"name":"C1","s":"b"},{"name":"C1","s":"a"}]`},
			{`["name"]`, `&order_by=buyer.rating desc, name desc&filters={"buyer":["is","set"]}`, `[{"name":"C3"},{"name":"C1"},{"name":"C2"}]`},
			{"[\"name\",\"buyer.rating\"]", "&order_by=`tabBuyer`.rating asc&filters={\"buyer\":[\"is\",\"set\"]}", `[{"name":"C2","rating":3},{"name":"C1","rating":5},{"name":"C3","rating":5}]`},
		} {
			q := "?fields=" + url.QueryEscape(c.fields)
			for _, part := range strings.Split(c.more, "&")[1:] {
				key, value, _ := strings.Cut(part, "=")
				q += "&" + key + "=" + url.QueryEscape(value)
			}
			if c.more == "" {
				q = "?fields=" + url.QueryEscape(c.fields)
			}
			for _, api := range []string{"/api/resource/Crate", "/api/v2/document/Crate"} {
				code, text := s.do(http.MethodGet, api+q, "")
				v, _ := document.ParseJSON(text)
				if got := document.ORJSON.Marshal(v.Map().Get("data")); code != http.StatusOK || got != c.want {
					s.Errorf("%s %s %s: got %d %s, want %s", api, c.fields, c.more, code, got, c.want)
				}
			}
		}
		s.refusedFunctionsInValues()
	})
}

// refusedFunctionsInValues: get_value runs on the same lists.
func (s *site) refusedFunctionsInValues() {
	s.Helper()
	packer := s.user("packer", "Packer")
	got := packer.must(http.MethodGet, "/api/method/frappe.client.get_value?doctype=Crate&filters=C1&fieldname="+url.QueryEscape(`["title","hidden_no"]`), "")
	if text := document.ORJSON.Marshal(got.Get("message")); text != `{"title":"alpha"}` {
		s.Errorf("get_value with a field above the level: %s", text)
	}
	code, text := s.do(http.MethodGet, "/api/method/frappe.client.get_value?doctype=Crate&filters=C1&fieldname="+url.QueryEscape("count(name)"), "")
	if code != http.StatusExpectationFailed || !strings.Contains(text, "SQL functions are not allowed as strings") {
		s.Errorf("get_value of a function: %d %s", code, text)
	}
}

// TestListsOfV16KeepPermissions: links, counts and users who may only select.
func TestListsOfV16KeepPermissions(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v16", func(s *site) {
		s.Helper()
		s.crates()
		packer, picker, nobody := s.user("packer", "Packer"), s.user("picker", "Picker"), s.user("nobody")
		s.must(http.MethodPost, "/api/resource/User%20Permission", `{"user":"packer@example.com","allow":"Buyer","for_value":"Ann","apply_to_all_doctypes":0,"applicable_for":"Buyer"}`)
		byRating := []string{"filters", `{"buyer.rating":["<",9]}`, "order_by", "name asc"}
		if got := names(s.list("Crate", byRating...)); got != "C1 C2 C3 C4 C5" {
			s.Errorf("everybody's buyers: %s", got)
		}
		if got := names(packer.list("Crate", byRating...)); got != "C1 C3 C4 C5" {
			s.Errorf("buyers that are hidden: %s, want no C2", got)
		}
		if got := names(packer.list("Crate", "order_by", "name asc")); got != "C1 C2 C3 C4 C5" {
			s.Errorf("a list that asks nothing of buyers: %s", got)
		}
		if got := names(picker.list("Crate", "filters", `{"n":7}`)); got != "C1" {
			s.Errorf("a filter of a user who may only select: %s", got)
		}
		if code, _ := picker.do(http.MethodGet, listURL("Crate", "filters", `{"hidden_no":3}`), ""); code != http.StatusForbidden {
			s.Errorf("a filter on a level of a user who may only select: %d", code)
		}
		if code, text := picker.do(http.MethodGet, listURL("Crate", "filters", `{"buyer.rating":5}`), ""); code != http.StatusForbidden {
			s.Errorf("a filter on a DocType without rights: %d %s", code, text)
		}
		if code, text := picker.do(http.MethodGet, listURL("Crate", "fields", `["name","buyer"]`, "expand", `["buyer"]`), ""); code != http.StatusOK {
			s.Errorf("expand of a field that may not be seen: %d %s", code, text)
		}
		s.countsOfV16(packer, nobody)
	})
}

// countsOfV16: client.get_count counts what a list shows.
func (s *site) countsOfV16(packer, nobody *site) {
	s.Helper()
	count := func(u *site, args string) string {
		code, text := u.do(http.MethodGet, "/api/method/frappe.client.get_count?doctype=Crate&"+args, "")
		if v, err := document.ParseJSON(text); err == nil && code == http.StatusOK {
			return document.ToText(v.Map().Get("message"))
		}
		return fmt.Sprint(code)
	}
	for _, c := range []struct {
		u          *site
		args, want string
	}{
		{s, "", "5"}, {s, "cache=1&debug=0", "5"}, {s, "colour=red", "5"}, {s, `filters={"title":["!=","alpha"]}`, "4"},
		{s, `filters={"items.sku":"a"}`, "2"}, {s, "group_by=buyer", "3"}, {s, "limit=2", "2"}, {s, `filters={"nosuch":1}`, "417"},
		{packer, `filters={"buyer.rating":["<",9]}`, "4"}, {packer, `filters={"hidden_no":1}`, "403"}, {nobody, "", "403"},
	} {
		if got := count(c.u, strings.ReplaceAll(c.args, " ", "+")); got != c.want {
			s.Errorf("count %s: got %s, want %s", c.args, got, c.want)
		}
	}
	if code, _ := s.do(http.MethodGet, "/api/method/frappe.client.get_count?doctype=Nothing", ""); code != http.StatusNotFound {
		s.Errorf("count of a DocType that is none: %d", code)
	}
	code, text := s.do(http.MethodPost, "/api/method/frappe.client.get_list", `{"doctype":"Crate","fields":["name","buyer"],"filters":{"name":"C1"},"expand":["buyer"]}`)
	if code != http.StatusOK || !strings.Contains(text, `"rating":5`) {
		s.Errorf("expand in get_list: %d %s", code, text)
	}
}
