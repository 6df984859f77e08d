package document

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"freddo/doctype"
)

// TestStored: what is stored already is taken as it is; what is no date is refused,
// whichever way it is read.
func TestStored(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, date, datetime string }{
		{"2026-11-29", "2026-11-29", "2026-11-29 00:00:00.000000"},
		{"2026-11-28 23:59:59.123456", "2026-11-28", "2026-11-28 23:59:59.123456"},
		{"2026-11-28 09:05:07", "2026-11-28", "2026-11-28 09:05:07.000000"},
		{"2026-1-2T3:4", "2026-01-02", "2026-01-02 03:04:00.000000"},
		{"2024-02-29 00:00:00.000000", "2024-02-29", "2024-02-29 00:00:00.000000"},
		{" 2026-11-28 ", "2026-11-28", "2026-11-28 00:00:00.000000"},
		{"2026-02-29", "", ""},
		{"2026-02-29 00:00:00.000000", "", ""},
		{"2026-00-10", "2026-00-10", "2026-00-10 00:00:00.000000"},
		{"2026-13-10 00:00:00.000000", "", ""},
		{"2026-11-00", "2026-11-00", "2026-11-00 00:00:00.000000"},
		{"2026-11-28 24:00:00.000000", "", ""},
		{"2026-11-28 00:60:00.000000", "", ""},
		{"2026-11-28 00:00:60.000000", "", ""},
		{"2026-11-28 00:00:00.00000x", "", ""},
		{"２026-11-2", "", ""},
		{"2026-+1-02", "", ""},
		{"2026-1-2 +3:04", "", ""},
		{"2026-1-2 -0:04", "", ""},
		{"2026-1-2 3", "2026-01-02", "2026-01-02 03:00:00.000000"},
		{"2026-1", "", ""},
		{"26-01-02", "2026-01-02", "2026-01-02 00:00:00.000000"},
		{"20240229T101112", "2024-02-29", "2024-02-29 10:11:12.000000"},
		{"0000-00-00", "0000-00-00", "0000-00-00 00:00:00.000000"},
		{"0000-02-29", "", ""},
		{"2026/1/2 3:4:5.5", "2026-01-02", "2026-01-02 03:04:05.500000"},
		{"2026-1-2 3:4:5.1234567", "2026-01-02", "2026-01-02 03:04:05.123456"},
		{"2000-02-29", "2000-02-29", "2000-02-29 00:00:00.000000"},
		{"1900-02-29", "", ""},
		{"", "", ""},
	} {
		if got, ok := StoredDate(c.in); got != c.date || ok != (c.date != "") {
			t.Errorf("StoredDate(%q) = %q, %v, want %q", c.in, got, ok, c.date)
		}
		if got, ok := StoredDatetime(c.in); got != c.datetime || ok != (c.datetime != "") {
			t.Errorf("StoredDatetime(%q) = %q, %v, want %q", c.in, got, ok, c.datetime)
		}
	}
}

// TestStoredAlready: the short way agrees with the long one on every day it takes.
func TestStoredAlready(t *testing.T) {
	t.Parallel()
	for _, year := range []int{0, 1, 1999, 2000, 2024, 2100} {
		for month := range 14 {
			for day := range 33 {
				s := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
				if !storedAlready(s, "0000-00-00") {
					continue
				}
				if m, ok := parseDatetime(s); !ok || m.date() != s {
					t.Errorf("%s is no date", s)
				}
			}
		}
	}
}

func TestCintCastsAsPythonDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   Value
		want int64
	}{
		{"missing", Value{}, 0},
		{"null", NullValue, 0},
		{"integer", IntOf(math.MinInt64), math.MinInt64},
		{"true", BoolOf(true), 1},
		{"float, toward zero", FloatOf(-1.9), -1},
		{"float beyond 64 bits", FloatOf(1e300), math.MaxInt64},
		{"negative float beyond 64 bits", FloatOf(-1e300), math.MinInt64},
		{"NaN", FloatOf(math.NaN()), 0},
		{"infinite", FloatOf(math.Inf(1)), 0},
		{"beyond 64 bits", NumberOf(huge), math.MaxInt64},
		{"negative beyond 64 bits", NumberOf("-" + huge), math.MinInt64},
		{"text", Text("42"), 42},
		{"text with blanks and a sign", Text(" +42\n"), 42},
		{"text that no float holds", Text("9007199254740993"), 9007199254740993},
		{"text of a float", Text("-1.9"), -1},
		{"text of an exponent", Text("1e3"), 1000},
		{"text beyond 64 bits", Text(huge), math.MaxInt64},
		{"text beyond floats", Text("1e999"), 0},
		{"text with underscores", Text("1_000"), 1000},
		{"text with two underscores", Text("1__000"), 0},
		{"text that starts with one", Text("_1"), 0},
		{"text that ends with one", Text("1_"), 0},
		{"an underscore beside a point", Text("1_.5"), 0},
		{"text with a comma", Text("1,000"), 0},
		{"text of hex", Text("0x10"), 0},
		{"text of a hex float", Text("0x1p4"), 0},
		{"text of infinity", Text("inf"), 0},
		{"text of nan", Text("nan"), 0},
		{"empty text", Text(""), 0},
		{"junk", Text("12 apples"), 0},
		{"list", Texts([]string{"1"}), 0},
		{"object", MapOf(NewObject("a", 1)), 0},
	} {
		if got := Cint(c.in); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestFltCastsAsPythonDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   Value
		want float64
	}{
		{"missing", Value{}, 0},
		{"integer", IntOf(-3), -3},
		{"true", BoolOf(true), 1},
		{"float", FloatOf(2.5), 2.5},
		{"beyond 64 bits", NumberOf(huge), 1e20},
		{"beyond floats", NumberOf(strings.Repeat("9", 400)), math.Inf(1)},
		{"text", Text(" 2.5 "), 2.5},
		{"text with commas", Text("1,234,567.8"), 1234567.8},
		{"text that starts with a point", Text(".5"), 0.5},
		{"text that ends with a point", Text("5."), 5},
		{"text with underscores", Text("1_0.5_0"), 10.5},
		{"text beyond floats", Text("-1e999"), math.Inf(-1)},
		{"text of infinity", Text("-Infinity"), math.Inf(-1)},
		{"text of hex", Text("0x10"), 0},
		{"text of nan", Text("nan"), 0},
		{"empty text", Text(""), 0},
		{"junk", Text("abc"), 0},
		{"list", ListOf(IntOf(1)), 0},
	} {
		if got := Flt(c.in); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTimesAreStoredWithAllTheirDigitsAndShownWithout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, stored, shown string }{
		{"full", "09:05:07.000000", "09:05:07.000000", "9:05:07"},
		{"without seconds", "9:5", "09:05:00.000000", "9:05:00"},
		{"midnight", "00:00:00", "00:00:00.000000", "0:00:00"},
		{"blanks around", " 23:59:59 ", "23:59:59.000000", "23:59:59"},
		{"fraction", "09:05:05.5", "09:05:05.500000", "9:05:5.5"},
		{"fraction of no second", "10:00:00.000001", "10:00:00.000001", "10:00:0.000001"},
		{"fraction cut to microseconds", "1:2:3.123456789", "01:02:03.123456", "1:02:3.123456"},
		{"point without digits", "1:2:3.", "01:02:03.000000", "1:02:03"},
		{"more than a day", "30:00:00", "30:00:00.000000", "30:00:00"},
		{"the longest", "838:59:59", "838:59:59.000000", "838:59:59"},
		{"a date before it is cut", "2026-01-02 03:04:05", "03:04:05.000000", "3:04:05"},
		{"too long", "839:00:00", "", ""},
		{"sixty minutes", "1:60:00", "", ""},
		{"sixty seconds", "1:00:60", "", ""},
		{"negative", "-1:00:00", "-01:00:00.000000", "-1:00:00"},
		{"negative by its sign alone", "-0:30:00", "-00:30:00.000000", "-0:30:00"},
		{"days", "1 02:03:04", "26:03:04.000000", "26:03:04"},
		{"plus sign", "1:+5:00", "", ""},
		{"digits alone are seconds", "9", "00:00:09.000000", "0:00:09"},
		{"four parts", "1:2:3:4", "", ""},
		{"fraction without seconds", "1:2.5", "01:02:00.500000", "1:02:0.5"},
		{"fraction that is no number", "1:2:3.+5", "", ""},
		{"fraction without an end", "1:2:3." + strings.Repeat("1", 13), "01:02:03.111111", "1:02:3.111111"},
		{"many digits", "0001:00:00", "01:00:00.000000", "1:00:00"},
		{"a date alone", "2026-01-02", "", ""},
		{"other digits", "１:00:00", "", ""},
		{"empty", "", "", ""},
	} {
		got, ok := StoredTime(c.in)
		if got != c.stored || ok != (c.stored != "") {
			t.Errorf("%s: StoredTime(%q) = %q, %v, want %q", c.name, c.in, got, ok, c.stored)
		}
		if ok && ShowTime(got) != c.shown {
			t.Errorf("%s: ShowTime(%q) = %q, want %q", c.name, got, ShowTime(got), c.shown)
		}
	}
	for in, want := range map[string]string{"": "", "x": "x", "09:05": "9:05", "00": "00"} {
		if got := ShowTime(in); got != want {
			t.Errorf("ShowTime(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDatetimesAreShownWithoutAFractionOfZero(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2026-01-02 03:04:05.000000": "2026-01-02 03:04:05",
		"2026-01-02 03:04:05.500000": "2026-01-02 03:04:05.500000",
		"2026-01-02 03:04:05":        "2026-01-02 03:04:05",
		"":                           "",
	} {
		if got := ShowDatetime(in); got != want {
			t.Errorf("ShowDatetime(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzStored: what is taken has the column's form, and is taken again as it is.
func FuzzStored(f *testing.F) {
	for _, s := range []string{"2026-11-29", "2026-1-2T3:4", "2026-02-29 00:00:00.000000", "838:59:59.5", " 1:2:3. ", "0000-01-01", "2026-+1-2", "9:-0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range []struct {
			shape string
			store func(string) (string, bool)
		}{{"0000-00-00", StoredDate}, {"0000-00-00 00:00:00.000000", StoredDatetime}, {"00:00:00.000000", StoredTime}} {
			got, ok := c.store(s)
			if !ok {
				continue
			}
			form := strings.Map(func(r rune) rune {
				if r >= '1' && r <= '9' {
					return '0'
				}
				return r
			}, got)
			if form != c.shape && form != "0"+c.shape {
				t.Fatalf("%q is stored as %q", s, got)
			}
			if again, ok := c.store(got); !ok || again != got {
				t.Fatalf("%q is stored as %q, and that as %q (%v)", s, got, again, ok)
			}
			ShowTime(got)
		}
	})
}

// FuzzCasts: casts of one text agree with each other.
func FuzzCasts(f *testing.F) {
	for _, s := range []string{"1", "1_0", "-0", "1e19", "9223372036854775807", "0x1p4", "infinity", "+nan", " 1.5 ", "1,0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, x := Cint(Text(s)), Flt(Text(s))
		if math.IsNaN(x) {
			t.Fatalf("Flt(%q) is NaN", s)
		}
		if !strings.Contains(s, ",") && math.Abs(x) < 1<<53 && n != int64(x) {
			t.Fatalf("Cint(%q) = %d, Flt = %v", s, n, x)
		}
	})
}

// TestNormalCastsPerFieldtype: the wanted values are what get_valid_dict makes of them.
func TestNormalCastsPerFieldtype(t *testing.T) {
	t.Parallel()
	dt := compile(t, `{"name":"T","fields":[{"fieldname":"check","fieldtype":"Check"},{"fieldname":"int","fieldtype":"Int"},
		{"fieldname":"float","fieldtype":"Float"},{"fieldname":"duration","fieldtype":"Duration"},{"fieldname":"rating","fieldtype":"Rating"},
		{"fieldname":"date","fieldtype":"Date"},{"fieldname":"datetime","fieldtype":"Datetime"},{"fieldname":"time","fieldtype":"Time"},
		{"fieldname":"data","fieldtype":"Data"},{"fieldname":"unique","fieldtype":"Data","unique":1},{"fieldname":"json","fieldtype":"JSON"}],
		"legacy_columns":[{"fieldname":"old","fieldtype":"Int"}]}`)
	object := MapOf(NewObject("b", 1, "a", []string{"é"}))
	for _, c := range []struct {
		name, column string
		in           Value
		want         string
	}{
		{"missing Check", "check", Value{}, "0"},
		{"Check of any number", "check", IntOf(-5), "1"},
		{"Check beyond 64 bits", "check", NumberOf(huge), "1"},
		{"Check of a fraction", "check", FloatOf(0.5), "0"},
		{"Check of text", "check", Text("yes"), "0"},
		{"Check of true", "check", BoolOf(true), "1"},
		{"null Int", "int", NullValue, "0"},
		{"Int of text", "int", Text("1.9"), "1"},
		{"Int of true stays one", "int", BoolOf(true), "true"},
		{"null Float", "float", NullValue, "0.0"},
		{"Float of an integer", "float", IntOf(2), "2.0"},
		{"Float of text", "float", Text("1,000.5"), "1000.5"},
		{"null Duration", "duration", NullValue, "null"},
		{"Duration is not cast", "duration", Text("60"), `"60"`},
		{"Rating is not cast", "rating", IntOf(1), "1"},
		{"empty Date", "date", Text(""), "null"},
		{"Date is not checked", "date", Text("x"), `"x"`},
		{"empty Datetime", "datetime", Text(""), "null"},
		{"empty Time", "time", Text(""), "null"},
		{"empty Data", "data", Text(""), `""`},
		{"Data of a number", "data", IntOf(1), "1"},
		{"Data of an object", "data", object, `{"b":1,"a":["\u00e9"]}`},
		{"empty unique Data", "unique", Text(" "), "null"},
		{"unique Data", "unique", Text(" x"), `" x"`},
		{"JSON of an object", "json", object, `"{\"b\":1,\"a\":[\"\\u00e9\"]}"`},
		{"JSON of text", "json", Text("{}"), `"{}"`},
		{"null idx", "idx", NullValue, "0"},
		{"idx is not cast", "idx", Text("x"), `"x"`},
		{"docstatus is not cast", "docstatus", FloatOf(1), "1.0"},
		{"a column without a field", "old", Text("x"), `"x"`},
		{"name is not cast", "name", IntOf(5), "5"},
	} {
		if got := Python.Marshal(Normal(dt.Column(c.column), c.in, false)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	want := "{\n    \"a\": [\n        \"\\u00e9\"\n    ],\n    \"b\": 1\n}"
	if got := Normal(dt.Column("json"), object, true).Str(); got != want {
		t.Errorf("JSON of an object, indented: got\n%s\nwant\n%s", got, want)
	}
}

func compile(t testing.TB, text string) *doctype.DocType {
	t.Helper()
	v, err := ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return doctype.FromProps(v.Map())
}
