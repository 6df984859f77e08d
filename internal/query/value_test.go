package query_test

import (
	"context"
	"testing"
	"time"

	"freddo/document"
	"freddo/internal/query"
)

// dated is the value that a date filter becomes.
func dated(t *testing.T, release, field, op string, v document.Value) string {
	t.Helper()
	env := newEnv(t)
	filters := document.MapOf(document.NewObject(field, document.ListOf(document.Text(op), v)))
	q, err := query.Parse(context.Background(), env, releases[release](), env.list(query.Request{Filters: filters, Limit: 1}))
	if err != nil {
		return outcome(nil, err)
	}
	if len(q.Where.Values) == 0 {
		return node(q.Where)
	}
	out := q.Where.Values[0].Str()
	if len(q.Where.Values) > 1 {
		out += " " + q.Where.Values[1].Str()
	}
	return out
}

// TestLenientDates: how the string builder reads a date. Now is 2024-05-15.
func TestLenientDates(t *testing.T) {
	t.Parallel()
	const no = "417"
	for text, want := range map[string]string{
		"2024-02-29": "2024-02-29 00:00:00.000000", "2024-2-9": "2024-02-09 00:00:00.000000",
		"2024-02-29 10:11:12.5": "2024-02-29 10:11:12.500000", "2024-01-31T08:30:00Z": "2024-01-31 08:30:00.000000",
		"2024-01-31T08:30:00+02:00": "2024-01-31 08:30:00.000000", "2024-01-31 8:30 pm": "2024-01-31 20:30:00.000000",
		"29-02-2024": "2024-02-29 00:00:00.000000", "01-02-2024": "2024-01-02 00:00:00.000000", "1/2/24": "2024-01-02 00:00:00.000000",
		"20240131": "2024-01-31 00:00:00.000000", "31 Jan 2024": "2024-01-31 00:00:00.000000", "January 31, 2024": "2024-01-31 00:00:00.000000",
		"2024 Jan 31": "2024-01-31 00:00:00.000000", "10:30": "2024-05-15 10:30:00.000000", "2024-13-01": "2024-01-13 00:00:00.000000",
		"2024-02-30": no, "never": no, "2024-01%": no, "2024-01-01' or '1'='1": no, "25:00": no, "31 Foo 2024": no, "0-0-0": no,
	} {
		got := dated(t, "15", "at", "=", document.Text(text))
		if want == no && got[:3] != no || want != no && got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// TestLiteralDates: how MariaDB, and so the engine, reads a literal.
func TestLiteralDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2024-02-29": "2024-02-29 00:00:00.000000", "2024-2-9 1:2": "2024-02-09 01:02:00.000000",
		"2024/02/29T10:11:12.123456789": "2024-02-29 10:11:12.123456", "20240229": "2024-02-29 00:00:00.000000",
		"20240229101112": "2024-02-29 10:11:12.000000", "2024-01-01' or '1'='1": "2024-01-01 00:00:00.000000",
		"2024-01-01 10:20:30 junk": "2024-01-01 10:20:30.000000", "2024-01-01 99:00:00": "false", "2024-01-01 10:99": "false", "24-2-29": "2024-02-29 00:00:00.000000", "70-01-01": "1970-01-01 00:00:00.000000",
		"240229": "2024-02-29 00:00:00.000000", "240229101112": "2024-02-29 10:11:12.000000", "2024-02-29 10.11.12": "2024-02-29 10:11:12.000000",
		"2024-02-29junk": "2024-02-29 00:00:00.000000", "2024-02-290": "false", "2024 02 29": "false", "2024--02-29": "false", "2024-02": "false",
		"12345": "false", "2024-02-29 1011": "false", "0000-00-00": "false",
		"29-02-2024": "false", "2024-02-30": "false", "never": "false", "": "false",
	} {
		if got := dated(t, "raw", "at", "=", document.Text(text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{"8:30": "08:30:00.000000", "2024-01-01 08:30:00": "08:30:00.000000", "noon": "00:00:00.000000",
		"0830": "00:08:30.000000", "83000": "08:30:00.000000", "8": "00:00:08.000000", "8.5": "00:00:08.500000", "1 08:30": "32:30:00.000000",
		"8:99": "00:00:00.000000", "10:11 junk": "10:11:00.000000", "-01:00:00": "false"} {
		if got := dated(t, "raw", "tod", "=", document.Text(text)); got != want {
			t.Errorf("time %q: got %s, want %s", text, got, want)
		}
	}
}

func TestTimespans(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"today": "2024-05-15 2024-05-15", "yesterday": "2024-05-14 2024-05-14", "tomorrow": "2024-05-16 2024-05-16",
		"last week": "2024-05-05 2024-05-11", "this week": "2024-05-12 2024-05-18", "next week": "2024-05-19 2024-05-25",
		"last month": "2024-04-01 2024-04-30", "next month": "2024-06-01 2024-06-30", "last quarter": "2024-01-01 2024-03-31",
		"this year": "2024-01-01 2024-12-31", "next year": "2025-01-01 2025-12-31",
		"last 6 months": "2023-10-01 2024-03-31", "next 6 months": "2024-07-01 2024-12-31",
		"last 7 days": "2024-05-08 2024-05-15", "next 30 days": "2024-05-15 2024-06-14",
		"last 90 days": "2024-05-15 2024-05-15", "Today": "2024-05-15 2024-05-15",
	} {
		if got := dated(t, "15", "due", "timespan", document.Text(name)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if got, want := dated(t, "16", "due", "timespan", document.Text("last 90 days")), "2024-02-15 2024-05-15"; got != want {
		t.Errorf("last 90 days in 16: got %s, want %s", got, want)
	}
	for period, want := range map[string]string{"1 week": "2024-05-05 2024-05-11", "3 months": "2024-01-01 2024-03-31", "1 year": "2023-01-01 2023-12-31"} {
		if got := dated(t, "15", "due", "previous", document.Text(period)); got != want {
			t.Errorf("previous %s: got %s, want %s", period, got, want)
		}
	}
}

// clockEnv is a site at the end of a month, whose weeks start on Monday.
type clockEnv struct{ *fakeEnv }

func (clockEnv) Now() time.Time                              { return time.Date(2024, 3, 31, 23, 0, 0, 0, time.UTC) }
func (clockEnv) FirstDayOfWeek(context.Context) (int, error) { return 1, nil }

func TestMonthEnds(t *testing.T) {
	t.Parallel()
	env := clockEnv{newEnv(t)}
	for name, want := range map[string]string{"last month": `due between "2024-02-01" "2024-02-29"`, "next month": `due between "2024-04-01" "2024-04-30"`,
		"this week": `due between "2024-03-25" "2024-03-31"`} {
		r := env.list(query.Request{Filters: document.MapOf(document.NewObject("due", document.Texts([]string{"timespan", name}))), Limit: 1})
		q, err := query.Parse(context.Background(), env, query.RulesV15(), r)
		if err != nil || node(q.Where) != want {
			t.Errorf("%s: got %s, want %s", name, outcome(q, err), want)
		}
	}
}

// TestConditionsOfCode: the constructors bring values into the column's form.
func TestConditionsOfCode(t *testing.T) {
	t.Parallel()
	dt := newEnv(t).types["Order"]
	f := func(name string) query.Field { return query.F(dt, name) }
	text := document.Text
	for _, c := range []struct {
		got  *query.Node
		want string
	}{
		{query.Eq(f("n"), text("7")), "n = 7"},
		{query.Lt(f("amount"), document.IntOf(3)), "amount < 3.0"},
		{query.Between(f("due"), text("2024-1-2"), text("2024-01-03")), `due between "2024-01-02" "2024-01-03"`},
		{query.Between(f("n"), document.FloatOf(1.5), document.FloatOf(3.5)), "(n > 1 and n <= 3)"},
		{query.In(f("title")), "false"}, {query.NotIn(f("n")), "true"},
		{query.In(f("title"), text("a"), document.NullValue), `title = "a"`},
		{query.IsNull(f("n")), "false"}, {query.NotNull(f("title")), "title not null"},
		{query.IsEmpty(f("title")), `title = "" or null`},
		{query.OrNull(query.Ne(f("title"), text("x")), f("title")), `title != "x" or null`},
		{query.Gt(f("n"), document.FloatOf(1e30)), "false"}, {query.Lt(f("n"), document.FloatOf(1e30)), "true"},
		{query.Eq(f("nosuch"), text("x")), "false"}, {query.IsNull(f("nosuch")), "false"}, {query.NotLike(f("nosuch"), "x"), "false"},
		{query.And(query.True(), nil, query.Eq(f("n"), text("1"))), "n = 1"},
		{query.Or(query.False(), query.False()), "false"}, {query.And(query.False(), query.Eq(f("n"), text("1"))), "false"},
	} {
		if got := node(c.got); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if query.And(nil, nil) != nil || query.Or() != nil {
		t.Error("no condition must be nil")
	}
}

func TestParseCondition(t *testing.T) {
	t.Parallel()
	dt := newEnv(t).types["Order"]
	const no = "error"
	for text, want := range map[string]string{
		"": "", "  ": "",
		"`tabOrder`.owner = 'scr@x.com'":                                      `owner = "scr@x.com"`,
		"`tabOrder`.title != \"PQ-4\"":                                        `title != "PQ-4"`,
		"title = 'O\\'Brien' and n > 3":                                       `(title = "O'Brien" and n > 3)`,
		"(n = 1 or n = 2) and active=1":                                       "((n = 1 or n = 2) and active = 1)",
		"n in (1, 2) or title like 'a%'":                                      `(n in 1 2 or title like "a%")`,
		"title not in ('a') and due is not null and amount between 1 and 2.5": `(title != "a" and due not null and amount between 1.0 2.5)`,
		"ifnull(`tabOrder`.`customer`, '') = '' or customer in ('A', 'B')":    `(customer = "" or null or customer in "A" "B")`,
		"coalesce(title, '') != 'x'":                                          `title != "x" or null`,
		"1=1":                                                                 "true", "1=2": "false", "3 < n": "n > 3", "n = -5": "n = -5", "title is null": "title null",
		"no such column = 1": no, "nosuch = 1": no, "`tabUser`.name = 'x'": no, "name in (select name from tabUser)": no,
		"n = 1; drop table x": no, "n = sleep(1)": no, "title = 'x": no, "n = 1 -- x": no, "exists(select 1)": no, "n": no, "n = 1 or": no,
		"title = name": no, "not n = 1": no,
	} {
		n, err := query.ParseCondition(dt, text)
		got := no
		switch {
		case err == nil && n == nil:
			got = ""
		case err == nil:
			got = node(n)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	var missing document.Value
	text, num := document.Text, document.IntOf
	for _, c := range []struct {
		name string
		got  func() (query.Page, error)
		want query.Page
		fail bool
	}{
		{name: "nothing", got: func() (query.Page, error) { return query.V1Page(missing, missing, missing) }, want: query.Page{Limit: 20}},
		{name: "text zero", got: func() (query.Page, error) { return query.V1Page(text("5"), text("0"), missing) }, want: query.Page{Limit: -1}},
		{name: "limit zero", got: func() (query.Page, error) { return query.V1Page(missing, missing, text("0")) }, want: query.Page{Limit: -1}},
		{name: "number zero", got: func() (query.Page, error) { return query.V1Page(missing, missing, num(0)) }, want: query.Page{Limit: 20}},
		{name: "junk", got: func() (query.Page, error) { return query.V1Page(missing, text("abc"), missing) }, want: query.Page{Limit: -1}},
		{name: "fraction", got: func() (query.Page, error) { return query.V1Page(text("x"), text("2.7"), missing) }, want: query.Page{Limit: 2}},
		{name: "both", got: func() (query.Page, error) { return query.V1Page(text("8"), text("4"), text("2")) }, want: query.Page{Start: 8, Limit: 4}},
		{name: "negative", got: func() (query.Page, error) { return query.V1Page(missing, text("-1"), missing) }, fail: true},
		{name: "negative start", got: func() (query.Page, error) { return query.V1Page(text("-1"), text("1"), missing) }, fail: true},
		{name: "v15 v2", got: func() (query.Page, error) { return query.V2Page15(text("8"), text("2")) }, want: query.Page{Start: 8, Limit: 2}},
		{name: "v16 v2", got: func() (query.Page, error) { return query.V2Page16(missing, missing) }, want: query.Page{Limit: 21, Lookahead: true}},
		{name: "v16 v2 zero", got: func() (query.Page, error) { return query.V2Page16(missing, text("0")) }, want: query.Page{Limit: 1, Lookahead: true}},
		{name: "v16 v2 minus one", got: func() (query.Page, error) { return query.V2Page16(missing, text("-1")) }, want: query.Page{Limit: 0, Lookahead: true}},
		{name: "v16 v2 minus two", got: func() (query.Page, error) { return query.V2Page16(missing, text("-2")) }, fail: true},
	} {
		got, err := c.got()
		if (err != nil) != c.fail || err == nil && got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	if v, err := query.StrictJSON(document.Text(`["name"]`)); err != nil || len(v.List()) != 1 {
		t.Errorf("a JSON text: got %v, %v", v, err)
	}
	for _, v := range []document.Value{document.Text("*"), document.Text("name"), document.Texts([]string{"name"}), document.IntOf(1)} {
		if _, err := query.StrictJSON(v); err == nil {
			t.Errorf("%v must be refused", v)
		}
	}
	for text, want := range map[string]document.Kind{"O1": document.String, "5": document.String, `{"a": 1}`: document.Map, `["a"]`: document.List, "null": document.Null} {
		if got := query.SafeFilters(document.Text(text)); got.Kind() != want {
			t.Errorf("filters %s: got kind %d, want %d", text, got.Kind(), want)
		}
	}
}
