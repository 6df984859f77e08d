package query

import (
	"testing"

	"freddo/doctype"
	"freddo/document"
)

// TestTextBound: which dates and times have texts that are not below a given one.
func TestTextBound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		class   doctype.Class
		s, want string
		exact   bool
	}{
		{doctype.DateClass, "2024-02-29", "2024-02-29", true},
		{doctype.DateClass, "2024-02-29 10:00:00", "2024-03-01", false},
		{doctype.DateClass, "2024-02-30", "2024-03-01", false},
		{doctype.DateClass, "2024-13-45", "2025-01-01", false},
		{doctype.DateClass, "2024-2-29", "2025-01-01", false}, // 2024-0… and 2024-1… are below 2024-2
		{doctype.DateClass, "2024-", "2024-01-01", false},
		{doctype.DateClass, "2024", "2024-01-01", false},
		{doctype.DateClass, "20240229", "2025-01-01", false},
		{doctype.DateClass, "202x", "2030-01-01", false},
		{doctype.DateClass, "", "0001-01-01", false},
		{doctype.DateClass, "never", "", false},
		{doctype.DateClass, "9999-12-31 1", "", false},
		{doctype.DateClass, "%", "0001-01-01", false},
		{doctype.DatetimeClass, "2024-02-29 10:11:12", "2024-02-29 10:11:12.000000", false},
		{doctype.DatetimeClass, "2024-02-29 10:11:12.000000", "2024-02-29 10:11:12.000000", true},
		{doctype.DatetimeClass, "2024-02-29T10:11:12", "2024-03-01 00:00:00.000000", false},
		{doctype.DatetimeClass, "2024-02-29 23:61", "2024-03-01 00:00:00.000000", false},
		{doctype.DatetimeClass, "2024-02-29 10:11:12.9999999", "2024-02-29 10:11:13.000000", false},
		{doctype.TimeClass, "08:30:00", "08:30:00.000000", false},
		{doctype.TimeClass, "08:30:00.000000", "08:30:00.000000", true},
		{doctype.TimeClass, "08:75", "09:00:00.000000", false},
		{doctype.TimeClass, "08:30:00.0000001", "08:30:00.000001", false},
		{doctype.TimeClass, "noon", "", false},
	} {
		got, exact, ok := textBound(c.class, c.s)
		if !ok {
			got = ""
		}
		if got != c.want || exact != c.exact {
			t.Errorf("%q: got %q %v, want %q %v", c.s, got, exact, c.want, c.exact)
		}
	}
}

func TestLikes(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{"%": true, "0001%": true, "%01": true, "0001-__-01": true, "": false, "%2%": false,
		"0001-01-01": true, `0001\-01-01`: true, "%%%%%%%%%%%%%%%%%%%%x": false} {
		if got := likes(emptyDate, pattern); got != want {
			t.Errorf("%q: got %v, want %v", pattern, got, want)
		}
	}
}

// TestScale: as many digits as MariaDB's decimals have.
func TestScale(t *testing.T) {
	t.Parallel()
	whole := &Expr{Kind: ConstExpr, Value: document.IntOf(1)}
	price := &Expr{Kind: ColumnExpr, Field: Field{Class: doctype.FloatClass}}
	call := func(name string, args ...*Expr) *Expr { return &Expr{Kind: FuncExpr, Func: name, Args: args} }
	for name, c := range map[string]struct {
		e    *Expr
		want int
	}{
		"whole": {whole, 0}, "price": {price, 9}, "ratio": {call("DIV", whole, whole), 4}, "share": {call("DIV", price, whole), 13},
		"product": {call("MUL", price, price), 13}, "sum": {call("ADD", whole, price), 9}, "mean": {call("AVG", whole), 4},
		"count": {call("DIV", call("COUNT", whole), whole), 4},
	} {
		if got := c.e.Scale(); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}
