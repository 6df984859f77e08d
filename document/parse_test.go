package document

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestParseJSONReadsAsPythonDoes: the value is shown as Python's json.dumps prints it.
func TestParseJSONReadsAsPythonDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"null", "null", "null"},
		{"true", " true ", "true"},
		{"false", "\tfalse\r\n", "false"},
		{"integer", "42", "42"},
		{"negative integer", "-42", "-42"},
		{"negative zero is the integer 0", "-0", "0"},
		{"negative zero as a float keeps its sign", "-0.0", "-0.0"},
		{"largest of 64 bits", "9223372036854775807", "9223372036854775807"},
		{"smallest of 64 bits", "-9223372036854775808", "-9223372036854775808"},
		{"one more than 64 bits", "9223372036854775808", "9223372036854775808"},
		{"far beyond 64 bits", "-" + strings.Repeat("9", 400), "-" + strings.Repeat("9", 400)},
		{"fraction", "2.50", "2.5"},
		{"exponent makes a float", "1e2", "100.0"},
		{"exponent with a sign", "1E+2", "100.0"},
		{"negative exponent", "25e-1", "2.5"},
		{"more digits than a float holds", "0.1000000000000000055511151231257827", "0.1"},
		{"too large is infinite", "1e400", "Infinity"},
		{"too small is infinite downward", "-1e400", "-Infinity"},
		{"NaN", "NaN", "NaN"},
		{"Infinity", "Infinity", "Infinity"},
		{"-Infinity", "[-Infinity]", "[-Infinity]"},
		{"empty list", "[ ]", "[]"},
		{"list", "[1 ,\n[2], {}]", "[1, [2], {}]"},
		{"empty object", "{ }", "{}"},
		{"keys keep their order", `{"b":1,"a":2}`, `{"b": 1, "a": 2}`},
		{"the last of equal keys wins at the place of the first", `{"a":1,"b":2,"a":3}`, `{"a": 3, "b": 2}`},
		{"keys equal after their escapes", `{"a":1,"\u0061":2}`, `{"a": 2}`},
		{"empty key", `{"":1}`, `{"": 1}`},
		{"short escapes", `"\"\\\/\b\f\n\r\t"`, `"\"\\/\b\f\n\r\t"`},
		{"escaped NUL", `"\u0000"`, `"\u0000"`},
		{"hex of either case", `"\u00E9\u00e9"`, `"\u00e9\u00e9"`},
		{"raw UTF-8", `"é😀"`, `"\u00e9\ud83d\ude00"`},
		{"raw 0x7f", "\"\x7f\"", `"\u007f"`},
		{"surrogate pair", `"\ud83d\ude00"`, `"\ud83d\ude00"`},
		{"lone high surrogate", `"\ud800"`, `"\ufffd"`},
		{"lone low surrogate", `"\udc00x"`, `"\ufffdx"`},
		{"high surrogate before another character", `"\ud800\u0041"`, `"\ufffdA"`},
		{"high surrogate before a pair", `"\ud800\ud83d\ude00"`, `"\ufffd\ud83d\ude00"`},
		{"invalid UTF-8", "\"a\xffb\"", `"a\ufffdb"`},
		{"invalid UTF-8 beside an escape", "\"\xff\\n\xe2\x82\"", `"\ufffd\n\ufffd\ufffd"`},
		{"UTF-8 of a surrogate", "\"\xed\xa0\x80\"", `"\ufffd\ufffd\ufffd"`},
		{"invalid UTF-8 in a key", "{\"\xff\":1}", `{"\ufffd": 1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := ParseJSON(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := PythonSpaced.Marshal(v); got != c.want {
				t.Errorf("ParseJSON(%q) = %s, want %s", c.in, got, c.want)
			}
		})
	}
}

// TestParseJSONRefusesInPythonsWords: messages and places are those of JSONDecodeError.
func TestParseJSONRefusesInPythonsWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", "Expecting value: line 1 column 1 (char 0)"},
		{"blanks alone", " \n ", "Expecting value: line 2 column 2 (char 3)"},
		{"a blank that is none of JSON's", "\f1", "Expecting value: line 1 column 1 (char 0)"},
		{"mark of byte order", "\ufeff{}", "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"},
		{"second value", "1 2", "Extra data: line 1 column 3 (char 2)"},
		{"NUL after a value", "1\x00", "Extra data: line 1 column 2 (char 1)"},
		{"leading zero", "01", "Extra data: line 1 column 2 (char 1)"},
		{"point without digits", "1.", "Extra data: line 1 column 2 (char 1)"},
		{"exponent without digits", "1e+", "Extra data: line 1 column 2 (char 1)"},
		{"plus sign", "+1", "Expecting value: line 1 column 1 (char 0)"},
		{"minus alone", "-", "Expecting value: line 1 column 1 (char 0)"},
		{"-NaN", "-NaN", "Expecting value: line 1 column 1 (char 0)"},
		{"cut literal", "[tru", "Expecting value: line 1 column 2 (char 1)"},
		{"cut Infinity", "-Infi", "Expecting value: line 1 column 1 (char 0)"},
		{"list without an end", "[1", "Expecting ',' delimiter: line 1 column 3 (char 2)"},
		{"list without a comma", "[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"},
		{"list that ends in a comma", "[1,]", "Expecting value: line 1 column 4 (char 3)"},
		{"columns count characters, lines from 1", "[\"é😀\",\n x]", "Expecting value: line 2 column 2 (char 8)"},
		{"object without an end", "{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
		{"object that ends in a comma", `{"a":1,}`, "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"},
		{"key without quotes", "{a:1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
		{"key without a colon", `{"a" 1}`, "Expecting ':' delimiter: line 1 column 6 (char 5)"},
		{"key without a value", `{"a":}`, "Expecting value: line 1 column 6 (char 5)"},
		{"object without a comma", `{"a":1 "b":2}`, "Expecting ',' delimiter: line 1 column 8 (char 7)"},
		{"object cut after a value", `{"a":1`, "Expecting ',' delimiter: line 1 column 7 (char 6)"},
		{"string without an end", `["abc`, "Unterminated string starting at: line 1 column 2 (char 1)"},
		{"string that ends in an escape's start", `"a\`, "Unterminated string starting at: line 1 column 1 (char 0)"},
		{"string without an end after an escape", `"a\n`, "Unterminated string starting at: line 1 column 1 (char 0)"},
		{"unknown escape", `"ab\x"`, "Invalid \\escape: line 1 column 4 (char 3)"},
		{"escape of too few digits", `"\u12"`, "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
		{"escape of a sign", `"\u+123"`, "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
		{"escape that ends the text", `"\u0041`, "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
		{"raw line break in a string", "\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)"},
		{"raw control character after an escape", "\"\\n\x1f\"", "Invalid control character at: line 1 column 4 (char 3)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := ParseJSON(c.in)
			var pe *ParseError
			if !errors.As(err, &pe) {
				t.Fatalf("ParseJSON(%q) = %s, %v", c.in, Python.Marshal(v), err)
			}
			if err.Error() != c.want {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
		})
	}
}

func TestParseJSONKeepsTheKindOfNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Kind{
		"0": Int, "-9223372036854775808": Int, "9223372036854775808": Number, "0.0": Float, "1e0": Float,
		"NaN": Float, "true": Bool, "null": Null, `"1"`: String, "[]": List, "{}": Map,
	} {
		if v, err := ParseJSON(in); err != nil || v.Kind() != want {
			t.Errorf("ParseJSON(%s) is of kind %d (%v), want %d", in, v.Kind(), err, want)
		}
	}
}

func TestParseJSONRefusesWhatIsNestedTooDeep(t *testing.T) {
	t.Parallel()
	nest := func(open, end string, n int) string {
		return strings.Repeat(open, n) + "0" + strings.Repeat(end, n)
	}
	for _, c := range []struct{ name, open, end string }{
		{"lists", "[", "]"}, {"objects", `{"a":`, "}"}, {"both", `[{"a":`, "}]"},
	} {
		levels := strings.Count(c.open, "[") + strings.Count(c.open, "{")
		if _, err := ParseJSON(nest(c.open, c.end, maxDepth/levels)); err != nil {
			t.Errorf("%s of %d levels: %v", c.name, maxDepth, err)
		}
		if _, err := ParseJSON(nest(c.open, c.end, maxDepth/levels+1)); !errors.Is(err, errDepth) {
			t.Errorf("%s of more than %d levels: %v, want %v", c.name, maxDepth, err, errDepth)
		}
		if _, err := ParseJSON(strings.Repeat(c.open, 1<<20)); !errors.Is(err, errDepth) {
			t.Errorf("%s without an end: %v, want %v", c.name, err, errDepth)
		}
	}
}

func TestParseJSONRefusesMoreValuesThanCanBeHeld(t *testing.T) {
	t.Parallel()
	for _, item := range []string{"0,", "{},"} {
		// The list itself is a value too.
		if _, err := ParseJSON("[" + strings.Repeat(item, maxValues-2) + "0]"); err != nil {
			t.Errorf("%s: %v", item, err)
		}
		if _, err := ParseJSON("[" + strings.Repeat(item, maxValues-1) + "0]"); !errors.Is(err, ErrTooManyValues) {
			t.Errorf("one more %s: %v", item, err)
		}
	}
}

// TestParseJSONTakesTimeInProportion: a megabyte of the worst text of each kind is read
// and written at once, where work that grows with the square would take minutes.
func TestParseJSONTakesTimeInProportion(t *testing.T) {
	t.Parallel()
	const n = 1 << 18
	keys := &strings.Builder{}
	for i := range n / 8 {
		keys.WriteString(`"` + strings.Repeat("k", 1+i%3) + strconv.Itoa(i) + `":0,`)
	}
	for _, c := range []struct{ name, in string }{
		{"digits", strings.Repeat("9", n)},
		{"fraction", "0." + strings.Repeat("9", n)},
		{"escapes", `"` + strings.Repeat(`\n`, n) + `"`},
		{"lone surrogates", `"` + strings.Repeat(`\ud800`, n/4) + `"`},
		{"invalid UTF-8", `"` + strings.Repeat("a\xff", n) + `"`},
		{"UTF-8 by turns", `"` + strings.Repeat("aé", n) + `"`},
		{"short strings", "[" + strings.Repeat(`"\t",`, n/4) + "0]"},
		{"keys", "{" + keys.String() + `"z":0}`},
		{"one key again and again", "{" + strings.Repeat(`"a":0,`, n/4) + `"a":0}`},
		{"error at the end", strings.Repeat("\n", n) + "x"},
	} {
		from := time.Now()
		v, err := ParseJSON(c.in)
		if err != nil && c.name != "error at the end" {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, f := range []Format{Python, ORJSON} {
			f.Marshal(v)
		}
		if took := time.Since(from); took > 2*time.Second {
			t.Errorf("%s took %v", c.name, took)
		}
	}
}

// FuzzParseJSON: what is accepted is written as JSON that the standard library takes and
// is the same value when it is read again; what the standard library takes is accepted.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{
		`{"a": [1, -2.5e-7, 12345678901234567890, null, true], "é": "\ud83d\ude00\u0000"}`, `[NaN, Infinity, -Infinity, 1e400]`,
		`{"a":1,"a":2}`, `"\ud800\u0041"`, "\"\xff\xe2\x82\"", "[[[[]]]]", "-0", "-0.0", `"\u12"`, "\ufeff1", "1e16", "[1,]", `{"":{}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseJSON(s)
		if err != nil {
			if json.Valid([]byte(s)) && !errors.Is(err, errDepth) {
				t.Fatalf("%q is refused: %v", s, err)
			}
			checkPlace(t, s, err)
			return
		}
		for _, format := range []Format{Python, PythonSpaced, ORJSON} {
			out := format.Marshal(v)
			back, err := ParseJSON(out)
			if err != nil {
				t.Fatalf("%q became %q: %v", s, out, err)
			}
			if finite(v) {
				if !json.Valid([]byte(out)) {
					t.Fatalf("%q became %q, which is not JSON", s, out)
				}
				if !same(v, back) {
					t.Fatalf("%q became %q, which is another value", s, out)
				}
			}
			if again := format.Marshal(back); again != out {
				t.Fatalf("%q became %q, then %q", s, out, again)
			}
			if format.ASCII && strings.IndexFunc(out, func(r rune) bool { return r >= 0x7f }) >= 0 || !utf8.ValidString(out) {
				t.Fatalf("%q became %q", s, out)
			}
		}
	})
}

func checkPlace(t *testing.T, s string, err error) {
	t.Helper()
	var e *ParseError
	if !errors.As(err, &e) {
		return
	}
	if e.Char < 0 || e.Char > utf8.RuneCountInString(s) || e.Line < 1 || e.Line > 1+strings.Count(s, "\n") || e.Column < 1 || e.Column > e.Char+1 {
		t.Fatalf("%q: place out of the text: %v", s, e)
	}
}

// same is stricter than Equal: the kinds and the signs of zeros are equal too.
func same(v, w Value) bool {
	if v.kind != w.kind || !v.Equal(w) {
		return false
	}
	switch v.kind {
	case Float:
		return v.n == w.n
	case List:
		for i := range v.List() {
			if !same(v.List()[i], w.List()[i]) {
				return false
			}
		}
	case Map:
		for i := range v.Map().Len() {
			k, x := v.Map().At(i)
			l, y := w.Map().At(i)
			if k != l || !same(x, y) {
				return false
			}
		}
	}
	return true
}

// finite reports whether v is free of NaN and infinities, which JSON cannot say.
func finite(v Value) bool {
	switch v.kind {
	case Float:
		return !math.IsNaN(v.Float()) && !math.IsInf(v.Float(), 0)
	case List:
		for _, x := range v.List() {
			if !finite(x) {
				return false
			}
		}
	case Map:
		for i := range v.Map().Len() {
			if _, x := v.Map().At(i); !finite(x) {
				return false
			}
		}
	}
	return true
}
