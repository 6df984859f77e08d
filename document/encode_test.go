package document

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestFloatsPrintAsPythonAndOrjsonDo: the two differ below 1e-4, in the exponent and in
// what JSON has no number for.
func TestFloatsPrintAsPythonAndOrjsonDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		in             float64
		python, orjson string
	}{
		{"zero", 0, "0.0", "0.0"},
		{"negative zero", math.Copysign(0, -1), "-0.0", "-0.0"},
		{"whole", 3, "3.0", "3.0"},
		{"fraction", -2.25, "-2.25", "-2.25"},
		{"the shortest digits that come back", 0.30000000000000004, "0.30000000000000004", "0.30000000000000004"},
		{"smallest without an exponent in Python", 0.0001, "0.0001", "0.0001"},
		{"smallest without an exponent in orjson", 0.00001, "1e-05", "0.00001"},
		{"small", 0.0000012, "1.2e-06", "1.2e-6"},
		{"very small", 5e-324, "5e-324", "5e-324"},
		{"largest without an exponent", 9999999999999998, "9999999999999998.0", "9999999999999998.0"},
		{"smallest with an exponent", 1e16, "1e+16", "1e16"},
		{"large", -1.5e22, "-1.5e+22", "-1.5e22"},
		{"very large", math.MaxFloat64, "1.7976931348623157e+308", "1.7976931348623157e308"},
		{"not a number", math.NaN(), "NaN", "null"},
		{"infinite", math.Inf(1), "Infinity", "null"},
		{"infinite downward", math.Inf(-1), "-Infinity", "null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Python.Marshal(FloatOf(c.in)); got != c.python {
				t.Errorf("Python: got %s, want %s", got, c.python)
			}
			if got := ORJSON.Marshal(FloatOf(c.in)); got != c.orjson {
				t.Errorf("orjson: got %s, want %s", got, c.orjson)
			}
		})
	}
}

func TestTextIsEscapedAsPythonAndOrjsonDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, python, orjson string }{
		{"empty", "", `""`, `""`},
		{"plain", "plain </script>&'", `"plain </script>&'"`, `"plain </script>&'"`},
		{"quotes and backslashes", `a"\`, `"a\"\\"`, `"a\"\\"`},
		{"short escapes", "\b\f\n\r\t", `"\b\f\n\r\t"`, `"\b\f\n\r\t"`},
		{"control characters", "\x00\x1f", `"\u0000\u001f"`, `"\u0000\u001f"`},
		{"0x7f", "a\x7fb", `"a\u007fb"`, "\"a\x7fb\""},
		{"beyond ASCII", "né\u2028", `"n\u00e9\u2028"`, "\"né\u2028\""},
		{"beyond 16 bits", "😀\U0010ffff", `"\ud83d\ude00\udbff\udfff"`, "\"😀\U0010ffff\""},
		{"escape after UTF-8", "é\n\"", `"\u00e9\n\""`, `"é\n\""`},
		{"invalid UTF-8", "a\xffé\xc3", `"a\ufffd\u00e9\ufffd"`, `"a�é�"`},
		{"invalid UTF-8 after UTF-8 and an escape", "é\n\xed\xa0\x80", `"\u00e9\n\ufffd\ufffd\ufffd"`, `"é\n���"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for format, want := range map[Format]string{Python: c.python, ORJSON: c.orjson} {
				if got := format.Marshal(Text(c.in)); got != want {
					t.Errorf("ASCII %v: got %s, want %s", format.ASCII, got, want)
				}
				if got := string(format.AppendBytes(nil, []byte(c.in))); got != want {
					t.Errorf("ASCII %v, bytes: got %s, want %s", format.ASCII, got, want)
				}
			}
		})
	}
}

func TestContainersPrintWithTheSeparatorsOfTheirFormat(t *testing.T) {
	t.Parallel()
	v := MapOf(NewObject("a", []Value{IntOf(1), {}, NullValue, BoolOf(true), NumberOf("12345678901234567890")}, "é", NewObject(), "n", -1.0))
	for _, c := range []struct {
		name   string
		format Format
		want   string
	}{
		{"Python", Python, `{"a":[1,null,null,true,12345678901234567890],"\u00e9":{},"n":-1.0}`},
		{"Python's default separators", PythonSpaced, `{"a": [1, null, null, true, 12345678901234567890], "\u00e9": {}, "n": -1.0}`},
		{"orjson", ORJSON, `{"a":[1,null,null,true,12345678901234567890],"é":{},"n":-1.0}`},
	} {
		if got := c.format.Marshal(v); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	if got := string(ORJSON.Append([]byte("x"), IntOf(1))); got != "x1" {
		t.Errorf("Append to x gave %s", got)
	}
	if got := string(ORJSON.AppendObject(nil, nil)); got != "{}" {
		t.Errorf("a nil object prints as %s", got)
	}
}

// TestIndentedTextIsSortedAtEveryLevel: the wanted texts are json.dumps(v, sort_keys=True, indent=n,
// separators=(",", ": ")) of Python.
func TestIndentedTextIsSortedAtEveryLevel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		indent   int
		want     string
	}{
		{"scalar", "1.0", 4, "1.0"},
		{"empty containers stay on one line", `{"b":[],"a":{}}`, 1, "{\n \"a\": {},\n \"b\": []\n}"},
		{"nested", `{"é":1,"z":[1,{"y":null,"x":"é"}],"A":true}`, 4,
			"{\n    \"A\": true,\n    \"z\": [\n        1,\n        {\n            \"x\": \"\\u00e9\",\n            \"y\": null\n        }\n    ],\n    \"\\u00e9\": 1\n}"},
	} {
		v, err := ParseJSON(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := IndentSorted(v, c.indent); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// FuzzAppendString: any text, also one that is no UTF-8, is written as JSON that the
// standard library reads as it reads the text itself.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a\"\\\x00\x1f\x7f", "é😀\u2028", "\xff", "é\xed\xa0\x80\n", "\xf4\x90\x80\x80", "aé\xc3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := string([]rune(s))
		for _, format := range []Format{Python, ORJSON} {
			out := format.AppendString(nil, s)
			var got string
			if err := json.Unmarshal(out, &got); err != nil || got != want || !utf8.Valid(out) {
				t.Fatalf("%q became %q, which reads as %q (%v)", s, out, got, err)
			}
			if b := format.AppendBytes(nil, []byte(s)); string(b) != string(out) {
				t.Fatalf("%q became %q as text, %q as bytes", s, out, b)
			}
		}
	})
}

// FuzzAppendFloat: a float comes back unchanged from either format, and is a float there.
func FuzzAppendFloat(f *testing.F) {
	for _, x := range []float64{0, math.Copysign(0, -1), 1, 1e16, 1e-5, 5e-324, math.MaxFloat64, 123456.789} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return
		}
		for _, format := range []Format{Python, ORJSON} {
			out := string(format.AppendFloat(nil, x))
			back, err := strconv.ParseFloat(out, 64)
			if err != nil || math.Float64bits(back) != math.Float64bits(x) || !json.Valid([]byte(out)) || !strings.ContainsAny(out, ".e") {
				t.Fatalf("%v became %s, which reads as %v (%v)", x, out, back, err)
			}
		}
	})
}
