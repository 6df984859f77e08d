package storagetest

import (
	"context"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/query"
	"freddo/internal/storage"
)

func functionTests() []test {
	return []test{{"functions", testFunctions}, {"aggregates", testAggregates}, {"conditions", testConditions}, {"distinct and order", testDistinctOrder}}
}

func call(name string, args ...*query.Expr) *query.Expr {
	return &query.Expr{Kind: query.FuncExpr, Func: name, Args: args}
}

func (s *site) field(name string) *query.Expr {
	return &query.Expr{Kind: query.ColumnExpr, Field: query.F(s.task, name)}
}

func constant(v any) *query.Expr {
	return &query.Expr{Kind: query.ConstExpr, Value: document.From(v)}
}

// list runs a query and returns its rows as lists.
func (s *site) list(t *testing.T, q *query.Select) (out []document.Value) {
	t.Helper()
	q.DocType, q.AsList = s.task, true
	if q.Limit == 0 {
		q.Limit = -1
	}
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		rows, err := tx.List(ctx, q)
		noErr(t, err)
		out, err = storage.ReadList(q, rows)
		noErr(t, err)
	})
	return out
}

func testFunctions(t *testing.T, s *site) {
	s.insert(t, "T1", "title", " Grüße ", "code", "12 pieces", "points", -7, "price", 2.345, "due", "2026-05-04", "starts", "2026-12-03 04:05:06", "at", "07:08:09")
	for _, c := range []struct {
		expr  *query.Expr
		class doctype.Class
		want  any
	}{
		{call("ABS", s.field("points")), doctype.IntClass, 7},
		{call("ROUND", s.field("price")), doctype.FloatClass, 2.0},
		{call("ROUND", s.field("price"), constant(2)), doctype.FloatClass, 2.35},
		{call("FLOOR", s.field("price")), doctype.IntClass, 2},
		{call("CEIL", s.field("price")), doctype.IntClass, 3},
		{call("CEILING", s.field("price")), doctype.IntClass, 3},
		{call("UPPER", s.field("code")), doctype.TextClass, "12 PIECES"},
		{call("LOWER", s.field("name")), doctype.TextClass, "t1"},
		{call("TRIM", s.field("title")), doctype.TextClass, "Grüße"},
		{call("LTRIM", s.field("title")), doctype.TextClass, "Grüße "},
		{call("RTRIM", s.field("title")), doctype.TextClass, " Grüße"},
		{call("LENGTH", s.field("title")), doctype.IntClass, 9},
		{call("REPLACE", s.field("code"), constant("1"), constant("x")), doctype.TextClass, "x2 pieces"},
		{call("LOCATE", constant("pieces"), s.field("code")), doctype.IntClass, 4},
		{call("LOCATE", constant("none"), s.field("code")), doctype.IntClass, 0},
		{call("FIELD", s.field("code"), constant("a"), constant("12 pieces")), doctype.IntClass, 2},
		{call("DATE", s.field("starts")), doctype.DateClass, "2026-12-03"},
		{call("YEAR", s.field("starts")), doctype.IntClass, 2026},
		{call("QUARTER", s.field("due")), doctype.IntClass, 2},
		{call("MONTH", s.field("due")), doctype.IntClass, 5},
		{call("MONTHNAME", s.field("starts")), doctype.TextClass, "December"},
		{call("DAY", s.field("due")), doctype.IntClass, 4},
		{call("HOUR", s.field("starts")), doctype.IntClass, 4},
		{call("MINUTE", s.field("at")), doctype.IntClass, 8},
		{call("SECOND", s.field("at")), doctype.IntClass, 9},
		{call("YEAR", s.field("at")), doctype.IntClass, nil},
		{call("IFNULL", s.field("notes"), constant("none")), doctype.TextClass, "none"},
		{call("NULLIF", s.field("points"), constant(-7)), doctype.IntClass, nil},
		{call("CONCAT", s.field("name"), constant("-"), s.field("points")), doctype.TextClass, "T1--7"},
		{call("CONCAT", s.field("name"), s.field("notes")), doctype.TextClass, nil},
		{call("CONCAT", constant("a"), constant(5)), doctype.TextClass, "a5"},
		{call("ABS", constant(-5)), doctype.IntClass, 5},
		{call("MAX", constant("a")), doctype.TextClass, "a"},
		{call("MIN", constant(-5)), doctype.IntClass, -5},
		{call("SUM", constant(2)), doctype.FloatClass, 2.0},
		{call("COUNT", constant("a")), doctype.IntClass, 1},
		{call("COUNT", constant(true)), doctype.IntClass, 1},
		{call("ADD", s.field("points"), constant(10)), doctype.IntClass, 3},
		{call("DIV", constant(1), constant(3)), doctype.FloatClass, 0.3333},
		{call("DIV", s.field("points"), constant(2)), doctype.FloatClass, -3.5},
		{call("DIV", s.field("points"), constant(0)), doctype.FloatClass, nil},
	} {
		got := s.list(t, &query.Select{Columns: []query.Column{{Expr: c.expr, Label: "x", Class: c.class}}})
		if len(got) != 1 {
			t.Fatalf("%s: %d rows", c.expr.Func, len(got))
		}
		same(t, c.expr.Func, got[0].List()[0], document.From(c.want))
	}
}

func testAggregates(t *testing.T, s *site) {
	s.insert(t, "T1", "title", "a", "points", 1, "price", 0.1)
	s.insert(t, "T2", "title", "a", "points", 2, "price", 0.2)
	s.insert(t, "T3", "title", "b", "points", 4)
	columns := []query.Column{{Expr: s.field("title"), Label: "t", Class: doctype.TextClass},
		{Expr: call("COUNT", &query.Expr{Kind: query.StarExpr}), Label: "n", Class: doctype.IntClass},
		{Expr: call("SUM", s.field("price")), Label: "s", Class: doctype.FloatClass},
		{Expr: call("AVG", s.field("points")), Label: "a", Class: doctype.FloatClass},
		{Expr: call("MAX", s.field("points")), Label: "m", Class: doctype.IntClass},
		{Expr: call("MIN", s.field("name")), Label: "l", Class: doctype.TextClass},
		{Expr: s.field("docstatus"), Label: "d", Class: doctype.IntClass}}
	got := s.list(t, &query.Select{Columns: columns, GroupBy: []*query.Expr{s.field("title")}, OrderBy: []query.Order{{Expr: s.field("title"), Desc: true}}})
	sameJSON(t, got, `[["b",1,0.0,4.0,4,"T3",0],["a",2,0.3,1.5,2,"T1",0]]`)
	joined := s.list(t, &query.Select{Columns: []query.Column{{Expr: call("GROUP_CONCAT", s.field("points")), Label: "g", Class: doctype.TextClass}},
		Where: query.Eq(query.F(s.task, "title"), document.Text("b"))})
	same(t, "joined", joined[0].List()[0], document.Text("4"))
}

// testConditions: values that a column cannot hold, and texts that are no numbers, are
// compared, not refused.
func testConditions(t *testing.T, s *site) {
	s.insert(t, "T1", "title", "12 pieces", "done", 1, "at", "07:00:00", "starts", "2026-01-02 03:04:05", "extra", `{"a":1}`)
	s.insert(t, "T2", "title", "none", "at", "09:00:00")
	s.insert(t, "T3", "title", `back\`)
	f := func(name string) query.Field { return query.F(s.task, name) }
	big := query.Eq(f("title"), document.Text("12"))
	number := *big
	number.Number, number.Values = true, []document.Value{document.IntOf(12)}
	for _, c := range []struct {
		what string
		cond *query.Node
		want string
	}{
		{"a number beyond the column", query.Lt(f("done"), document.IntOf(99999)), "T1,T2,T3"},
		{"one of numbers beyond", query.In(f("docstatus"), document.IntOf(0), document.IntOf(1<<40)), "T1,T2,T3"},
		{"a fraction", query.Gt(f("done"), document.FloatOf(0.5)), "T1"},
		{"a time beyond a day", query.Lt(f("at"), document.Text("25:00:00")), "T1,T2"},
		{"json", query.Eq(f("extra"), document.Text(`{"a":1}`)), "T1"},
		{"text as a number", &number, "T1"},
		{"a pattern that ends in a backslash", query.Like(f("title"), `back\`), "T3"},
		{"a pattern on a number", query.Like(f("done"), "1"), "T1"},
		{"a pattern on a date", query.Like(f("starts"), "2026-01-%"), "T1"},
		{"NUL", query.Eq(f("title"), document.Text("a\x00b")), ""},
		{"a date that is none", query.Eq(f("starts"), document.Text("soon")), ""},
	} {
		q := &query.Select{Columns: []query.Column{{Expr: s.field("name"), Label: "name"}}, Where: c.cond, OrderBy: []query.Order{{Expr: s.field("name")}}}
		var got string
		for i, row := range s.list(t, q) {
			if i > 0 {
				got += ","
			}
			got += row.List()[0].Str()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

func testDistinctOrder(t *testing.T, s *site) {
	s.insert(t, "T1", "title", "b", "points", 1)
	s.insert(t, "T2", "title", "b", "points", 2)
	s.insert(t, "T3", "title", "a", "points", 3)
	q := &query.Select{Distinct: true, Columns: []query.Column{{Expr: s.field("title"), Label: "title"}},
		OrderBy: []query.Order{{Expr: s.field("title")}, {Expr: s.field("points")}}}
	sameJSON(t, s.list(t, q), `[["a"],["b"]]`)
}

func sameJSON(t *testing.T, got []document.Value, want string) {
	t.Helper()
	if text := document.ORJSON.Marshal(document.ListOf(got...)); text != want {
		t.Errorf("rows = %s, want %s", text, want)
	}
}
