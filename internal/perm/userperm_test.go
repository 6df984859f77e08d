package perm

import (
	"slices"
	"testing"

	"freddo/doctype"
	"freddo/document"
)

// order links to a Company, to a Territory without asking User Permissions, and to any
// document; its rows link to a Company, too.
func order(t *testing.T) (dt, line *doctype.DocType) {
	t.Helper()
	parse := func(text string) *doctype.DocType {
		v, err := document.ParseJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		return doctype.FromProps(v.Map())
	}
	return parse(`{"name": "Order", "fields": [
			{"fieldname": "company", "fieldtype": "Link", "options": "Company"},
			{"fieldname": "territory", "fieldtype": "Link", "options": "Territory", "ignore_user_permissions": 1},
			{"fieldname": "kind", "fieldtype": "Link", "options": "DocType"},
			{"fieldname": "any", "fieldtype": "Dynamic Link", "options": "kind"},
			{"fieldname": "note", "fieldtype": "Data", "options": "Company"},
			{"fieldname": "lines", "fieldtype": "Table", "options": "Order Line"}]}`),
		parse(`{"name": "Order Line", "istable": 1, "fields": [
			{"fieldname": "company", "fieldtype": "Link", "options": "Company"}]}`)
}

func (u *User) allow(target, value, applicableFor string) *User {
	if u.Allowed == nil {
		u.Allowed = map[string][]Allowed{}
	}
	u.Allowed[target] = append(u.Allowed[target], Allowed{Value: value, ApplicableFor: applicableFor})
	u.indexAllowed()
	return u
}

func ann() *User { return holder("ann@example.com") }

func TestValuesThatUserPermissionsAllow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour  string
		user       *User
		dt         string
		restricted bool
		values     []string
	}{
		{"no record restricts nothing", ann(), "Order", false, nil},
		{"a record on another DocType restricts nothing", ann().allow("Territory", "North", ""), "Order", false, nil},
		{"a record for all DocTypes restricts", ann().allow("Company", "A", ""), "Order", true, []string{"A"}},
		{"several records add up", ann().allow("Company", "A", "").allow("Company", "B", ""), "Order", true, []string{"A", "B"}},
		{"a record applicable for the DocType restricts", ann().allow("Company", "A", "Order"), "Order", true, []string{"A"}},
		{"a record applicable for another DocType restricts nothing", ann().allow("Company", "A", "Invoice"), "Order", false, nil},
		{"only the records that apply count", ann().allow("Company", "A", "Order").allow("Company", "B", "Invoice"), "Order", true, []string{"A"}},
		{"records for all and for the DocType add up", ann().allow("Company", "A", "").allow("Company", "B", "Order"), "Order", true, []string{"A", "B"}},
		{"a record for all restricts where another does not apply", ann().allow("Company", "B", "Invoice").allow("Company", "A", ""), "Order", true, []string{"A"}},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			t.Parallel()
			values, restricted := c.user.AllowedFor("Company", c.dt)
			var got []string
			for v := range values {
				got = append(got, v)
			}
			slices.Sort(got)
			if restricted != c.restricted || !slices.Equal(got, c.values) {
				t.Errorf("got %v (restricted %v), want %v (%v)", got, restricted, c.values, c.restricted)
			}
		})
	}
}

func TestUserPermissionsOnTheDocumentItself(t *testing.T) {
	t.Parallel()
	dt, _ := order(t)
	for _, c := range []struct {
		behaviour string
		user      *User
		name      string
		denied    bool
	}{
		{"without a record every document is allowed", ann(), "O-1", false},
		{"the named document is allowed", ann().allow("Order", "O-1", ""), "O-1", false},
		{"another document is not", ann().allow("Order", "O-1", ""), "O-2", true},
		{"names are told apart by case", ann().allow("Order", "O-1", ""), "o-1", true},
		{"a document without a name is not", ann().allow("Order", "O-1", ""), "", true},
		{"a record for other DocTypes forbids nothing", ann().allow("Order", "O-1", "Invoice"), "O-2", false},
		{"a record for this DocType alone forbids others", ann().allow("Order", "O-1", "Order"), "O-2", true},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			t.Parallel()
			d := document.New(dt)
			if c.name != "" {
				d.SetName(c.name)
			}
			no := CheckSelf(c.user, d)
			if (no != nil) != c.denied {
				t.Fatalf("got %+v, want denied %v", no, c.denied)
			}
			if no != nil && (no.DocType != "Order" || no.Value != c.name || no.Field != nil) {
				t.Errorf("refusal: %+v", no)
			}
		})
	}
}

func TestUserPermissionsOnLinks(t *testing.T) {
	t.Parallel()
	dt, line := order(t)
	single := *dt
	single.IsSingle = true
	bound := func() *User { return ann().allow("Company", "A", "") }
	for _, c := range []struct {
		behaviour string
		user      *User
		dt        *doctype.DocType
		values    map[string]string
		lines     []string // company per row
		strict    bool
		// field and row say where it is refused, field is empty where it is allowed.
		field string
		row   int64
	}{
		{"without a record every link is allowed", ann(), dt, map[string]string{"company": "B"}, nil, true, "", 0},
		{"a link to an allowed document is allowed", bound(), dt, map[string]string{"company": "A"}, nil, false, "", 0},
		{"a link to another document is refused", bound(), dt, map[string]string{"company": "B"}, nil, false, "company", 0},
		{"links are told apart by case", bound(), dt, map[string]string{"company": "a"}, nil, false, "company", 0},
		{"an empty link is allowed", bound(), dt, nil, nil, false, "", 0},
		{"an empty text in a link is allowed", bound(), dt, map[string]string{"company": ""}, nil, false, "", 0},
		{"an empty link is refused when strict", bound(), dt, nil, nil, true, "company", 0},
		{"an allowed link is allowed when strict", bound(), dt, map[string]string{"company": "A"}, nil, true, "", 0},
		{"an empty link of a Single is allowed when strict", bound(), &single, nil, nil, true, "", 0},
		{"a wrong link of a Single is refused", bound(), &single, map[string]string{"company": "B"}, nil, true, "company", 0},
		{"a field that ignores User Permissions is not asked", ann().allow("Territory", "North", ""), dt, map[string]string{"territory": "South"}, nil, false, "", 0},
		{"a field that ignores User Permissions is not asked when strict", ann().allow("Territory", "North", ""), dt, nil, nil, true, "", 0},
		{"a Dynamic Link is not asked", bound(), dt, map[string]string{"company": "A", "kind": "Company", "any": "B"}, nil, false, "", 0},
		{"the DocType of a Dynamic Link is a Link as others", ann().allow("DocType", "ToDo", ""), dt, map[string]string{"kind": "Company"}, nil, false, "kind", 0},
		{"a text that names a DocType as options is no link", bound(), dt, map[string]string{"company": "A", "note": "B"}, nil, false, "", 0},
		{"a record for another DocType refuses nothing", ann().allow("Company", "A", "Invoice"), dt, map[string]string{"company": "B"}, nil, false, "", 0},
		{"a record for this DocType refuses", ann().allow("Company", "A", "Order"), dt, map[string]string{"company": "B"}, nil, false, "company", 0},
		{"rows that link to allowed documents are allowed", bound(), dt, map[string]string{"company": "A"}, []string{"A", "A"}, false, "", 0},
		{"one row that does not is refused", bound(), dt, map[string]string{"company": "A"}, []string{"A", "B"}, false, "company", 2},
		{"the first row that does not is named", bound(), dt, map[string]string{"company": "A"}, []string{"B", "C"}, false, "company", 1},
		{"an empty link in a row is refused when strict", bound(), dt, map[string]string{"company": "A"}, []string{""}, true, "company", 1},
		{"a row is judged as part of its parent's DocType", ann().allow("Company", "A", "Order"), dt, map[string]string{"company": "A"}, []string{"B"}, false, "company", 1},
		{"a record for the rows' DocType refuses nothing", ann().allow("Company", "A", "Order Line"), dt, nil, []string{"B"}, false, "", 0},
		{"what the parent links to is asked before the rows", bound(), dt, map[string]string{"company": "B"}, []string{"B"}, false, "company", 0},
	} {
		t.Run(c.behaviour, func(t *testing.T) {
			t.Parallel()
			d := document.New(c.dt)
			for k, v := range c.values {
				d.Set(k, document.Text(v))
			}
			rows := make([]*document.Document, len(c.lines))
			for i, company := range c.lines {
				rows[i] = document.New(line)
				rows[i].Set("idx", document.IntOf(int64(i+1)))
				if company != "" {
					rows[i].Set("company", document.Text(company))
				}
			}
			d.SetRowsAt(0, rows)
			no := CheckLinks(c.user, d, c.strict)
			switch {
			case (no != nil) != (c.field != ""):
				t.Fatalf("got %+v, want refusal of %q", no, c.field)
			case no != nil && (no.Field.Fieldname != c.field || no.Row != c.row):
				t.Errorf("refused %s in row %d, want %s in row %d", no.Field.Fieldname, no.Row, c.field, c.row)
			}
		})
	}
}

func TestARefusalNamesWhatIsRefused(t *testing.T) {
	t.Parallel()
	dt, line := order(t)
	u := ann().allow("Company", "A", "")
	row := document.New(line)
	row.Set("idx", document.IntOf(1))
	row.Set("company", document.Text("B"))
	d := document.New(dt)
	d.SetRowsAt(0, []*document.Document{row})
	if no := CheckLinks(u, d, false); no == nil || no.DocType != "Company" || no.Value != "B" || no.Holder != "Order Line" || no.Null {
		t.Errorf("a value in a row: %+v", no)
	}
	if no := CheckLinks(u, d, true); no == nil || no.Value != "" || no.Holder != "Order" || !no.Null {
		t.Errorf("no value in the parent, strict: %+v", no)
	}
	d.Set("company", document.Text(""))
	if no := CheckLinks(u, d, true); no == nil || no.Null {
		t.Errorf("an empty text is not null: %+v", no)
	}
}
