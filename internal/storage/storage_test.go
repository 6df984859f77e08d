package storage_test

import (
	"strconv"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

// TestIdent: whatever a name holds, it stays one identifier.
func TestIdent(t *testing.T) {
	t.Parallel()
	for _, d := range dialects() {
		quote := string(d.AppendIdent(nil, "")[:1])
		name := "a" + quote + "; DROP"
		want := quote + "a" + quote + quote + "; DROP" + quote
		if got := string(d.AppendIdent([]byte("x."), name)); got != "x."+want {
			t.Errorf("%s: %s, want x.%s", d.Name(), got, want)
		}
	}
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	for i, d := range dialects() {
		b := storage.NewBuilder(d).SQL("SELECT ").Column("tabA B", "c").SQL(" FROM ").Table("A B").SQL(" WHERE ").Ident("c").SQL(" IN (").
			Str("x").SQL(", ").Int(7).SQL(", ").Arg(document.NullValue).SQL(")")
		want := []string{
			`SELECT "tabA B"."c" FROM "tabA B" WHERE "c" IN (?, ?, ?)`,
			"SELECT `tabA B`.`c` FROM `tabA B` WHERE `c` IN (?, ?, ?)",
			`SELECT "tabA B"."c" FROM "tabA B" WHERE "c" IN ($1, $2, $3)`,
		}[i]
		if b.String() != want || b.Len() != len(want) {
			t.Errorf("%s: %s, want %s", d.Name(), b, want)
		}
		if got := document.ORJSON.Marshal(document.ListOf(b.Values()...)); got != `["x",7,null]` {
			t.Errorf("%s: values %s", d.Name(), got)
		}
	}
}

// TestRaw: a value reads and prints the same whether the database delivers numbers
// (SQLite) or text (MariaDB, PostgreSQL).
func TestRaw(t *testing.T) {
	t.Parallel()
	text := func(s string) storage.Raw { return storage.Raw{Class: storage.RawText, Bytes: []byte(s)} }
	number := func(n int64) storage.Raw { return storage.Raw{Class: storage.RawInt, Int: n} }
	float := func(f float64) storage.Raw { return storage.Raw{Class: storage.RawFloat, Float: f} }
	for _, c := range []struct {
		class doctype.Class
		raw   storage.Raw
		want  string
	}{
		{doctype.TextClass, storage.Raw{}, "null"}, {doctype.IntClass, storage.Raw{}, "null"},
		{doctype.TextClass, text("a\"é"), `"a\"\u00e9"`}, {doctype.TextClass, number(7), "7"}, // an autoincrement name
		{doctype.IntClass, number(-7), "-7"}, {doctype.IntClass, text("-7"), "-7"}, {doctype.CheckClass, text("1"), "1"},
		{doctype.IntClass, float(7), "7"}, {doctype.IntClass, text("7.0"), "7"},
		{doctype.FloatClass, number(2), "2.0"}, {doctype.FloatClass, float(2), "2.0"}, {doctype.FloatClass, text("2.000000000"), "2.0"},
		{doctype.FloatClass, text("1234.500000000"), "1234.5"}, {doctype.FloatClass, float(1e16), "1e+16"},
		{doctype.DateClass, text("2026-01-02"), `"2026-01-02"`}, {doctype.DatetimeClass, text("2026-01-02 03:04:05.000000"), `"2026-01-02 03:04:05"`},
		{doctype.DatetimeClass, text("2026-01-02 03:04:05.100000"), `"2026-01-02 03:04:05.100000"`},
		{doctype.TimeClass, text("01:02:03.000000"), `"1:02:03"`}, {doctype.TimeClass, text("00:00:00.000000"), `"0:00:00"`},
	} {
		if got := string(storage.AppendRaw(nil, document.Python, c.class, c.raw)); got != c.want {
			t.Errorf("class %d, %+v prints %s, want %s", c.class, c.raw, got, c.want)
		}
		if got := document.Python.Marshal(c.raw.Value(c.class)); got != c.want {
			t.Errorf("class %d, %+v is %s, want %s", c.class, c.raw, got, c.want)
		}
	}
}

func TestRawAllocates(t *testing.T) {
	raws := []struct {
		class doctype.Class
		raw   storage.Raw
	}{
		{doctype.TextClass, storage.Raw{Class: storage.RawText, Bytes: []byte("plain text")}},
		{doctype.DatetimeClass, storage.Raw{Class: storage.RawText, Bytes: []byte("2026-01-02 03:04:05.000000")}},
		{doctype.IntClass, storage.Raw{Class: storage.RawInt, Int: 5}}, {doctype.FloatClass, storage.Raw{Class: storage.RawFloat, Float: 1.5}},
		{doctype.FloatClass, storage.Raw{Class: storage.RawText, Bytes: []byte("1.500000000")}},
		{doctype.IntClass, storage.Raw{Class: storage.RawText, Bytes: []byte("5")}},
	}
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() {
		out := buf
		for _, r := range raws {
			out = storage.AppendRaw(out, document.Python, r.class, r.raw)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	err := storage.NewError(storage.UniqueViolation, "tabA", "b", strconv.ErrRange)
	if got, want := err.Error(), "storage: unique violation: tabA.b: value out of range"; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
	if got, want := storage.NewError(storage.Other, "", "", nil).Error(), "storage: other"; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func BenchmarkBuilder(b *testing.B) {
	d := dialects()[0]
	b.Run("args=5", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			q := storage.NewBuilder(d).SQL("SELECT ").Ident("name").SQL(", ").Ident("title").SQL(" FROM ").Table("Sales Order").SQL(" WHERE ")
			for i, f := range [...]string{"status", "customer", "company", "docstatus", "total"} {
				if i > 0 {
					q.SQL(" AND ")
				}
				q.Ident(f).SQL(" = ").Int(int64(i))
			}
			d.Offset(q, 20, 0)
		}
	})
}

func BenchmarkAppendRaw(b *testing.B) {
	b.Run("class=float/text", func(b *testing.B) {
		b.ReportAllocs()
		r := storage.Raw{Class: storage.RawText, Bytes: []byte("1234.500000000")}
		buf := make([]byte, 0, 64)
		for range b.N {
			buf = storage.AppendRaw(buf[:0], document.Python, doctype.FloatClass, r)
		}
	})
}
