package query_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/query"
)

// doctypes is the little site that the tests ask.
const doctypes = `[
{"name": "Region", "autoname": "field:region_name", "is_tree": 1, "fields": [
	{"fieldname": "region_name", "fieldtype": "Data"}, {"fieldname": "lft", "fieldtype": "Int"}, {"fieldname": "rgt", "fieldtype": "Int"}],
	"permissions": [{"role": "All", "read": 1}]},
{"name": "Customer", "fields": [{"fieldname": "region", "fieldtype": "Link", "options": "Region"},
	{"fieldname": "rating", "fieldtype": "Int"}, {"fieldname": "secret", "fieldtype": "Data", "permlevel": 1}],
	"permissions": [{"role": "All", "read": 1}]},
{"name": "Line", "istable": 1, "fields": [{"fieldname": "sku", "fieldtype": "Data"}, {"fieldname": "qty", "fieldtype": "Int"},
	{"fieldname": "cost", "fieldtype": "Currency", "permlevel": 1}]},
{"name": "Other Line", "istable": 1, "fields": [{"fieldname": "note", "fieldtype": "Data"}]},
{"name": "User", "fields": [{"fieldname": "api_key", "fieldtype": "Data"}, {"fieldname": "secret", "fieldtype": "Data"}], "permissions": [{"role": "All", "read": 1}]},
{"name": "Config", "issingle": 1, "fields": [{"fieldname": "a", "fieldtype": "Data"}]},
{"name": "Order", "search_fields": "title", "sort_field": "", "fields": [
	{"fieldname": "title", "fieldtype": "Data"}, {"fieldname": "n", "fieldtype": "Int"}, {"fieldname": "amount", "fieldtype": "Currency"},
	{"fieldname": "took", "fieldtype": "Duration"}, {"fieldname": "active", "fieldtype": "Check"}, {"fieldname": "due", "fieldtype": "Date"},
	{"fieldname": "at", "fieldtype": "Datetime"}, {"fieldname": "tod", "fieldtype": "Time"}, {"fieldname": "status", "fieldtype": "Select", "options": "\nOpen\nClosed"},
	{"fieldname": "notes", "fieldtype": "Text"}, {"fieldname": "customer", "fieldtype": "Link", "options": "Customer"},
	{"fieldname": "bill_to", "fieldtype": "Link", "options": "Customer"},
	{"fieldname": "region", "fieldtype": "Link", "options": "Region"}, {"fieldname": "secret", "fieldtype": "Data", "permlevel": 1},
	{"fieldname": "computed", "fieldtype": "Data", "is_virtual": 1}, {"fieldname": "items", "fieldtype": "Table", "options": "Line"},
	{"fieldname": "extras", "fieldtype": "Table", "options": "Line"}],
	"permissions": [{"role": "All", "read": 1}]}
]`

// fakeEnv is a user who may read level 0 of everything but what is named.
type fakeEnv struct {
	types      map[string]*doctype.DocType
	denied     map[string]bool
	selectOnly bool
	levels     map[int]bool
	permlevel  bool
}

func newEnv(t testing.TB) *fakeEnv {
	t.Helper()
	v, err := document.ParseJSON(doctypes)
	if err != nil {
		t.Fatal(err)
	}
	e := &fakeEnv{types: map[string]*doctype.DocType{}, denied: map[string]bool{}, levels: map[int]bool{0: true}}
	for _, item := range v.List() {
		dt := doctype.FromProps(item.Map())
		e.types[dt.Name] = dt
	}
	return e
}

func (e *fakeEnv) DocType(_ context.Context, name string) (*doctype.DocType, error) {
	if dt := e.types[name]; dt != nil {
		return dt, nil
	}
	return nil, exc.DoesNotExist.Throwf("DocType %s not found", name)
}

func (e *fakeEnv) CheckList(_ context.Context, dt *doctype.DocType) error {
	if e.denied[dt.Name] {
		return exc.Permission.New("").WithHint("No permission for " + dt.Name)
	}
	return nil
}

func (e *fakeEnv) CanRead(_ context.Context, dt *doctype.DocType, _ bool) (bool, error) {
	return !e.denied[dt.Name], nil
}
func (e *fakeEnv) SelectOnly(context.Context, *doctype.DocType) (bool, error) {
	return e.selectOnly, nil
}

func (e *fakeEnv) ReadableLevels(context.Context, *doctype.DocType, string) (map[int]bool, bool, error) {
	return e.levels, false, nil
}

func (e *fakeEnv) TreeBounds(_ context.Context, _ *doctype.DocType, name document.Value) (lft, rgt int64, ok bool, err error) {
	switch name.Str() {
	case "World":
		return 1, 6, true, nil
	case "North":
		return 2, 3, true, nil
	}
	return 0, 0, false, nil
}

func (e *fakeEnv) TreeNames(_ context.Context, _ *doctype.DocType, ancestors bool, lft, _ int64) ([]string, error) {
	switch {
	case ancestors && lft == 2:
		return []string{"World"}, nil
	case !ancestors && lft == 1:
		return []string{"North", "South"}, nil
	}
	return nil, nil
}
func (e *fakeEnv) Now() time.Time                                { return time.Date(2024, 5, 15, 10, 0, 0, 0, time.UTC) }
func (e *fakeEnv) FirstDayOfWeek(context.Context) (int, error)   { return 0, nil }
func (e *fakeEnv) ApplyPermlevel(context.Context) (bool, error)  { return e.permlevel, nil }
func (e *fakeEnv) list(r query.Request) query.Request            { return e.of("Order", r) }
func (e *fakeEnv) of(name string, r query.Request) query.Request { r.DocType = e.types[name]; return r }

var releases = map[string]func() *query.Rules{"14": query.RulesV14, "15": query.RulesV15, "16": query.RulesV16,
	"raw": query.RulesRaw16, "count": query.RulesCount15}

// fromRequest tells the rules that run behind the check of a client's arguments.
var fromRequest = map[string]bool{"14": true, "15": true, "16": true}

// show prints a query in short.
func show(q *query.Select) string {
	var b strings.Builder
	for i, c := range q.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(expr(c.Expr))
		if c.Label != expr(c.Expr) {
			b.WriteString(" as " + c.Label)
		}
	}
	for _, j := range q.Joins {
		fmt.Fprintf(&b, " join %s", j.Alias)
		if j.Link.Column != nil {
			b.WriteString(" by " + j.Link.Column.Name)
		}
		if j.Parentfield != "" {
			b.WriteString(" in " + j.Parentfield)
		}
	}
	if q.Where != nil {
		b.WriteString(" where " + node(q.Where))
	}
	for i, g := range q.GroupBy {
		b.WriteString([]string{" group ", ","}[min(i, 1)] + expr(g))
	}
	for i, o := range q.OrderBy {
		b.WriteString([]string{" order ", ","}[min(i, 1)] + expr(o.Expr))
		if o.Desc {
			b.WriteString(" desc")
		}
	}
	return strings.TrimSpace(b.String())
}

func expr(e *query.Expr) string {
	switch e.Kind {
	case query.ColumnExpr:
		return field(e.Field)
	case query.ConstExpr:
		return document.Python.Marshal(e.Value)
	case query.StarExpr:
		return "*"
	case query.NullExpr:
		return "null"
	}
	args := make([]string, len(e.Args))
	for i, a := range e.Args {
		args[i] = expr(a)
	}
	d := ""
	if e.Distinct {
		d = "distinct "
	}
	return e.Func + "(" + d + strings.Join(args, ",") + ")"
}

func field(f query.Field) string {
	if f.Table == "" {
		return f.Column.Name
	}
	return f.Table + "." + f.Column.Name
}

var signs = map[query.Op]string{query.OpEq: "=", query.OpNe: "!=", query.OpLt: "<", query.OpLe: "<=", query.OpGt: ">",
	query.OpGe: ">=", query.OpLike: "like", query.OpNotLike: "not like", query.OpIn: "in", query.OpNotIn: "not in",
	query.OpBetween: "between", query.OpIsNull: "null", query.OpNotNull: "not null"}

func node(n *query.Node) string {
	switch n.Op {
	case query.OpTrue:
		return "true"
	case query.OpFalse:
		return "false"
	case query.OpAnd, query.OpOr:
		word := map[query.Op]string{query.OpAnd: " and ", query.OpOr: " or "}[n.Op]
		kids := make([]string, len(n.Kids))
		for i, k := range n.Kids {
			kids[i] = node(k)
		}
		return "(" + strings.Join(kids, word) + ")"
	}
	out := field(n.Field) + " " + signs[n.Op]
	if n.Number {
		out = "number " + out
	}
	for _, v := range n.Values {
		out += " " + document.Python.Marshal(v)
	}
	if n.Nulls {
		out += " or null"
	}
	return out
}

func parse(t testing.TB, text string) document.Value {
	t.Helper()
	if text == "" {
		return document.Value{}
	}
	v, err := document.ParseJSON(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// outcome is a query in short, or its error as class and text.
func outcome(q *query.Select, err error) string {
	if err == nil {
		return show(q)
	}
	e := exc.Of(err)
	if e == nil {
		return "untyped: " + err.Error()
	}
	return fmt.Sprintf("%d %s", e.Class.Status, e.Text)
}
