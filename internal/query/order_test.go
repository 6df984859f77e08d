package query_test

import (
	"context"
	"testing"

	"freddo/document"
	"freddo/internal/query"
)

func TestOrderBy(t *testing.T) {
	t.Parallel()
	const illegal = "417 Illegal SQL Query"
	format := func(s string) string {
		return "417 Invalid field format in Order By: " + s + ". Use 'field', 'link_field.field', or 'child_table.field'."
	}
	for _, c := range []struct{ release, order, want string }{
		{"15", "title, name desc", "title,name desc"},
		{"15", "2 desc, 1", "n desc,name"},
		{"15", "m desc", "n desc"},
		{"15", "`tabOrder`.`n` asc, `tabOrder`.name DESC", "n,name desc"},
		{"15", "`tabLine`.sku", "417 Please select atleast 1 column from Line to sort/group"},
		{"15", "`tabUser`.name", "417 Please select atleast 1 column from User to sort/group"},
		{"15", "field(status, 'Open', 'Closed') desc", `FIELD(status,"Open","Closed") desc`},
		{"15", "count(name)", "COUNT(name)"},
		{"15", "nosuch", "417 Invalid field in order by: nosuch"},
		{"15", "name sideways", "417 Invalid field in order by: name sideways"},
		{"15", "9", "417 Invalid field in order by: 9"},
		{"15", "(select name from tabUser limit 1)", "417 Cannot use sub-query in order by"},
		{"16", "(select name from tabUser limit 1)", format("(select name from tabUser limit 1)")},
		{"15", "name; drop table x", illegal}, {"15", "name /* x */", illegal}, {"15", "name\nx", illegal},
		{"15", "(case when (1=1) then name else n end)", illegal},
		{"15", "sleep(2)", "417 Cannot use sleep(2) in order/group by"},
		{"14", "extractvalue(1,concat(0x7e,version()))", "417 Cannot use extractvalue(1 in order/group by"},
		{"15", "if(n, 1, 2)", "417 Use of function if in field is restricted"},
		{"15", "KEEP_DEFAULT_ORDERING", "modified desc"},

		{"raw", "name", "name desc"}, {"raw", "n asc, name desc", "n,name desc"},
		{"raw", "`name` asc", "417 Order By has invalid backtick notation: `name`"},
		{"raw", "nosuch asc", "403 You do not have permission to access field: <strong>Order.nosuch</strong>"},
		{"raw", "n sideways", format("n sideways")}, {"16", "n sideways", format("n sideways")},
		{"raw", "2", "417 Unknown column 2"}, {"16", "2 desc", "417 Unknown column 2"},
		{"raw", "(select 1 from tabUser)", format("(select 1 from tabUser)")}, {"raw", "title; drop", format("title; drop")},
		{"raw", "name desc limit 1 into outfile 'x'", format("name desc limit 1 into outfile 'x'")},
		{"16", "count(name)", format("count(name)")}, {"16", "customer.region.is_group", format("customer.region.is_group")},
		{"raw", "items.sku asc", "tabLine.sku,name"}, {"raw", "customer.rating desc", "tabCustomer.rating desc,name"},
		{"raw", "m asc", "n"}, {"16", "m", "n"}, {"16", "name", "name"}, {"16", "`tabOrder`.`n` desc", "n desc"},
		{"16", "`subject`", "417 Order By has invalid backtick notation: `subject`"},
		{"16", "`tabUser`.name", "name"}, {"16", "`tabUser`.name, items.sku", "417 Unknown column `tabUser`.name"},
		{"16", "`tabUser`.secret", "403 You do not have permission to access field: <strong>Order.secret</strong>"},
		{"16", "`tabLine`.sku", "417 Unknown column `tabLine`.sku"},
		{"16", "customer.rating, `tabCustomer`.rating desc", "tabCustomer.rating,tabCustomer.rating desc,name"},
		{"16", "secret", "403 You do not have permission to access field: <strong>Order.secret</strong>"},
		{"16", "customer.secret", "403 You do not have permission to access field: <strong>Customer.secret</strong>"},
		{"16", "name nulls last", format("name nulls last")},
	} {
		env := newEnv(t)
		r := env.list(query.Request{Fields: document.Texts([]string{"name", "n as m"}), OrderBy: document.Text(c.order), FromRequest: fromRequest[c.release], Limit: 20})
		q, err := query.Parse(context.Background(), env, releases[c.release](), r)
		got := outcome(q, err)
		if err == nil {
			q.Columns, q.Joins = nil, nil
			if got = show(q); len(got) > len("order ") {
				got = got[len("order "):]
			}
		}
		if got != c.want {
			t.Errorf("%s in %s:\ngot  %s\nwant %s", c.order, c.release, got, c.want)
		}
	}
}

func TestGroupBy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ release, group, want string }{
		{"15", "status", "status group status order status"},
		{"15", "date(creation), status", "status group DATE(creation),status order DATE(creation),status"},
		{"15", "nosuch", "417 Invalid field in group by: nosuch"},
		{"15", "count(name)", "417 Invalid field in group by: count(name)"},
		{"15", "status; drop table x", "417 Illegal SQL Query"},
		{"15", "sleep(1)", "417 Cannot use sleep(1) in order/group by"},
		{"15", "status having 1", "417 Invalid field in group by: status having 1"},
		{"raw", "status", "status group status order status"},
		{"raw", "status having sleep(1)", "417 Invalid field format in Group By: status having sleep(1). Use 'field', 'link_field.field', or 'child_table.field'."},
		{"raw", "secret", "403 You do not have permission to access field: <strong>Order.secret</strong>"},
		{"raw", "1", "417 Unknown column 1"},
		{"16", "`tabX`", "417 Group By has invalid backtick notation: `tabX`"},
	} {
		env := newEnv(t)
		r := env.list(query.Request{Fields: document.Texts([]string{"status"}), GroupBy: c.group, OrderBy: document.NullValue, FromRequest: fromRequest[c.release], Limit: 20})
		if got := outcome(query.Parse(context.Background(), env, releases[c.release](), r)); got != c.want {
			t.Errorf("%s in %s:\ngot  %s\nwant %s", c.group, c.release, got, c.want)
		}
	}
}

func TestDefaultOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, release, sort string
		r                   query.Request
		want                string
	}{
		{"v15", "15", "", query.Request{}, "name order modified desc"},
		{"v16", "16", "", query.Request{}, "name order creation desc"},
		{"raw", "raw", "", query.Request{OrderBy: document.NullValue}, "name order creation desc"},
		{"own", "15", "title", query.Request{}, "name order title desc"},
		{"several", "15", "idx desc, title asc", query.Request{OrderBy: document.NullValue}, "name order idx desc,title"},
		{"folded", "15", "", query.Request{Fields: document.Texts([]string{"count(name)"})}, "COUNT(name) as count(name)"},
		{"distinct", "15", "", query.Request{Fields: document.Texts([]string{"title"}), Distinct: true, OrderBy: document.Text("n")}, "title order title"},
	} {
		env := newEnv(t)
		r := env.list(c.r)
		dt := *r.DocType
		dt.SortField = c.sort
		r.DocType = &dt
		if got := outcome(query.Parse(context.Background(), env, releases[c.release](), r)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
