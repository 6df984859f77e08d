package query_test

import (
	"context"
	"strings"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/query"
)

// hostile are texts that would do harm in a statement. None may be a column, a key, an
// operator or a field.
var hostile = []string{
	"name; drop table tabUser", "name;--", "name -- x", "name/**/", "name/*x*/", "/*!50000name*/", "name#x", "name # x",
	"(select api_key from tabUser limit 1)", "select name from tabUser", "name union select 1", "name union all select api_key from tabUser",
	"name from tabUser", "`name`; drop", "name` or 1=1 -- ", "`name` or 1=1", "`tabOrder`.`name` from `tabUser` --", "`tabOrder`.`name`,(select 1)",
	"sleep(3)", "SLEEP(3)", "sleep (3)", "sleep/**/(3)", "benchmark(1000000,md5(1))", "load_file('/etc/passwd')", "extractvalue(1,concat(0x7e,version()))",
	"updatexml(1,concat(0x7e,user()),1)", "version()", "database()", "user()", "current_user()", "@@version", "@x:=1", "0x41", "char(65)",
	"if(1=1,sleep(1),0)", "case when 1=1 then 1 end", "(case when (1=1) then name else n end)", "concat(name,title)", "ifnull(name,'x')",
	"count(name), sleep(1)", "count(name) from tabUser", "count((select 1))", "sum(sleep(1))", "max(load_file('x'))", "group_concat(api_key) from tabUser",
	"name as x, sleep(1)", "name as `x`; drop", "name as 'x' from tabUser", "name x y", "name as", "as x", "name into outfile 'x'", "name procedure analyse()",
	"name\x00", "nam\u0435", "name\u2019", "n\uff07ame", "name\u037e drop", "\u02bcname", "`name", "'name", "\"name", "na\\me", "name\\", "%00name",
	"information_schema.tables", "mysql.user", "tabUser.api_key", "`tabUser`.`api_key`", "`information_schema`.`tables`", "pg_sleep(1)", "pg_read_file('x')",
	"randomblob(1000000000)", "load_extension('x')", "name::text", "name || title", "name=1", "1=1", "name is null", "not name", "name between 1 and 2",
	"name collate x", "interval 1 day", "exists(select 1)", "row(1,2)", "{fn sleep(1)}", "json_extract(name,'$')", "convert(name using utf8)", "cast(name as char)",
	"name limit 1", "name asc, (select 1)", "name desc limit 1 into outfile 'x'", "name having 1", "name for update", "lock tables x", "rand()", "()", "(name", "name)", "((name))",
}

// TestHostile: every argument that holds names refuses the corpus, in every release.
func TestHostile(t *testing.T) {
	t.Parallel()
	one := func(s string) document.Value { return document.ListOf(document.Text(s)) }
	args := map[string]func(string) query.Request{
		"fields": func(s string) query.Request { return query.Request{Fields: one(s)} },
		"function": func(s string) query.Request {
			return query.Request{Fields: document.ListOf(document.MapOf(document.NewObject(s, "name")))}
		},
		"argument": func(s string) query.Request {
			return query.Request{Fields: document.ListOf(document.MapOf(document.NewObject("MAX", s)))}
		},
		"alias": func(s string) query.Request {
			return query.Request{Fields: document.ListOf(document.MapOf(document.NewObject("MAX", "n", "as", s)))}
		},
		"key":     func(s string) query.Request { return query.Request{Filters: document.MapOf(document.NewObject(s, 1))} },
		"field":   func(s string) query.Request { return query.Request{Filters: document.ListOf(triple(s, "=", "1"))} },
		"or":      func(s string) query.Request { return query.Request{OrFilters: document.ListOf(triple(s, "=", "1"))} },
		"doctype": func(s string) query.Request { return query.Request{Filters: document.ListOf(quad(s))} },
		"operator": func(s string) query.Request {
			return query.Request{Filters: document.ListOf(triple("title", "= "+s, "1"))}
		},
		"order": func(s string) query.Request { return query.Request{OrderBy: document.Text(s)} },
		"group": func(s string) query.Request { return query.Request{GroupBy: s} },
	}
	for release, rules := range releases {
		env := newEnv(t)
		for arg, build := range args {
			if arg == "or" && release == "count" {
				continue // or_filters do not exist there
			}
			for _, s := range hostile {
				r := env.list(build(s))
				r.FromRequest, r.Limit = fromRequest[release], 20
				q, err := query.Parse(context.Background(), env, rules(), r)
				if err == nil && !harmless(q, s) {
					t.Errorf("%s %q in %s was taken: %s", arg, s, release, show(q))
				}
				if err != nil && exc.Of(err) == nil {
					t.Errorf("%s %q in %s: untyped error %v", arg, s, release, err)
				}
			}
		}
	}
}

func triple(field, op, value string) document.Value {
	return document.Texts([]string{field, op, value})
}

func quad(dt string) document.Value { return document.Texts([]string{dt, "name", "=", "1"}) }

// harmless is for what upstream takes too: v16 reads two words of an order, and drops
// unknown fields. All that is left must be columns of the DocType under plain labels.
func harmless(q *query.Select, s string) bool {
	for _, c := range q.Columns {
		if c.Expr.Kind != query.ColumnExpr || strings.Contains(c.Label, s) && c.Label != c.Expr.Field.Column.Name {
			return false
		}
	}
	return len(q.Joins) == 0 && len(q.GroupBy) == 0 && len(q.OrderBy) <= 1 && q.Where == nil
}

// TestHostileValues: values may hold anything, and stay values.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	env := newEnv(t)
	for release, rules := range releases {
		for _, s := range hostile {
			for _, op := range []string{"=", "!=", ">", "like", "not like", "in"} {
				filters := document.MapOf(document.NewObject("title", document.ListOf(document.Text(op), document.ListOf(document.Text(s)))))
				if op != "in" {
					filters = document.MapOf(document.NewObject("title", document.Texts([]string{op, s})))
				}
				r := env.list(query.Request{Filters: filters, FromRequest: fromRequest[release], Limit: 20})
				q, err := query.Parse(context.Background(), env, rules(), r)
				if err != nil || q.Where.Field.Column.Name != "title" {
					t.Errorf("title %s %q in %s: %s", op, s, release, outcome(q, err))
				}
			}
		}
	}
}

// checkTree fails when a tree holds anything but columns of its DocTypes, known
// functions and scalar values.
func checkTree(t *testing.T, env *fakeEnv, q *query.Select) {
	t.Helper()
	tables := map[string]*doctype.DocType{"": q.DocType}
	for _, j := range q.Joins {
		if env.types[j.DocType.Name] != j.DocType || !strings.HasPrefix(j.Alias, "tab"+j.DocType.Name) {
			t.Fatalf("join of %+v", j)
		}
		tables[j.Alias] = j.DocType
	}
	column := func(f query.Field) {
		if dt := tables[f.Table]; dt == nil || dt.Column(f.Column.Name) != f.Column || !f.Column.Stored {
			t.Fatalf("%s is no column of %q", f.Column.Name, f.Table)
		}
	}
	var walk func(e *query.Expr)
	walk = func(e *query.Expr) {
		if e.Kind == query.ColumnExpr {
			column(e.Field)
		}
		if e.Kind == query.FuncExpr && (e.Func == "" || strings.Trim(e.Func, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "") {
			t.Fatalf("function %q", e.Func)
		}
		if e.Value.Kind() >= document.List {
			t.Fatalf("value of kind %d", e.Value.Kind())
		}
		for _, a := range e.Args {
			walk(a)
		}
	}
	for _, c := range q.Columns {
		walk(c.Expr)
	}
	for _, g := range q.GroupBy {
		walk(g)
	}
	for _, o := range q.OrderBy {
		walk(o.Expr)
	}
	var nodes func(n *query.Node)
	nodes = func(n *query.Node) {
		if n == nil {
			return
		}
		for _, k := range n.Kids {
			nodes(k)
		}
		if n.Field.Column != nil {
			column(n.Field)
		}
		for _, v := range n.Values {
			if v.Kind() >= document.List || v.IsNull() {
				t.Fatalf("value of kind %d", v.Kind())
			}
		}
	}
	nodes(q.Where)
}

// fuzzWith parses a request under every release and checks the trees.
func fuzzWith(t *testing.T, env *fakeEnv, build func() query.Request) {
	t.Helper()
	for release, rules := range releases {
		for _, ignore := range []bool{false, true} {
			r := env.list(build())
			r.FromRequest, r.IgnorePermissions, r.Limit = fromRequest[release] && !ignore, ignore, 20
			q, err := query.Parse(context.Background(), env, rules(), r)
			if err == nil {
				checkTree(t, env, q)
			} else if exc.Of(err) == nil {
				t.Fatalf("untyped error %v", err)
			}
		}
	}
}

func seed(f *testing.F, more ...string) {
	for _, s := range hostile {
		f.Add(s)
	}
	for _, s := range more {
		f.Add(s)
	}
}

func FuzzFields(f *testing.F) {
	seed(f, `["name", "items.sku as s"]`, `[{"SUM": {"MUL": ["n", "amount"]}, "as": "v"}]`, `["*"]`, `{"n": [">", 1]}`, "extract(year from at) as y",
		`[{"items": ["sku", "*"]}]`, "count(distinct `tabOrder`.`name`) as 'n'")
	env := newEnv(f)
	f.Fuzz(func(t *testing.T, s string) {
		fuzzWith(t, env, func() query.Request { return query.Request{Fields: document.Text(s)} })
		fuzzWith(t, env, func() query.Request { return query.Request{Fields: document.ListOf(document.Text(s))} })
		if v, err := document.ParseJSON(s); err == nil {
			fuzzWith(t, env, func() query.Request { return query.Request{Fields: v} })
		}
	})
}

func FuzzFilters(f *testing.F) {
	seed(f, `{"title": ["like", "a%"]}`, `[["Line", "sku", "=", "x"]]`, `[[["n", "=", 7], "and", ["active", 1]], "or", ["n", 8]]`, `["A", "B"]`,
		`{"at": ["between", ["2024-01-31", null]]}`, `{"region": ["descendants of", "World"]}`, `{"n": ["in", [1, "x", null, true, 2.5]]}`)
	env := newEnv(f)
	f.Fuzz(func(t *testing.T, s string) {
		fuzzWith(t, env, func() query.Request { return query.Request{Filters: document.Text(s), OrFilters: document.Text(s)} })
		if v, err := document.ParseJSON(s); err == nil {
			fuzzWith(t, env, func() query.Request { return query.Request{Filters: v, OrFilters: v} })
		}
		for _, field := range []string{"title", "n", "amount", "due", "at", "tod", "status", "creation", "took"} {
			for _, op := range []string{"=", "!=", "<", ">=", "like", "in", "between", "timespan", "previous", "is"} {
				fuzzWith(t, env, func() query.Request {
					return query.Request{Filters: document.MapOf(document.NewObject(field, document.Texts([]string{op, s})))}
				})
			}
		}
	})
}

func FuzzOrderBy(f *testing.F) {
	seed(f, "title, name desc", "2 desc", "field(status, 'a')", "customer.rating desc", "`tabOrder`.`n`")
	env := newEnv(f)
	f.Fuzz(func(t *testing.T, s string) {
		fuzzWith(t, env, func() query.Request { return query.Request{OrderBy: document.Text(s)} })
	})
}

func FuzzGroupBy(f *testing.F) {
	seed(f, "status", "date(creation), status", "items.sku")
	env := newEnv(f)
	f.Fuzz(func(t *testing.T, s string) {
		fuzzWith(t, env, func() query.Request { return query.Request{GroupBy: s, OrderBy: document.NullValue} })
	})
}

func FuzzCondition(f *testing.F) {
	seed(f, "`tabOrder`.owner = 'x' and (n in (1,2) or title like 'a\\'%')", "ifnull(title, '') = ''", "n between 1 and 2")
	env := newEnv(f)
	f.Fuzz(func(t *testing.T, s string) {
		n, err := query.ParseCondition(env.types["Order"], s)
		if err == nil {
			checkTree(t, env, &query.Select{DocType: env.types["Order"], Where: n})
		}
	})
}
