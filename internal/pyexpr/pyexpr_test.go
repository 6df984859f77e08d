package pyexpr

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// The expected texts are what CPython prints for the same expressions.
func TestExpressionsGiveWhatPythonGives(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ src, want string }{
		{`1 + 2 * 3 ** 2`, `19`},
		{`-2 ** 2`, `-4`},
		{`7 // -2`, `-4`},
		{`-7 % 3`, `2`},
		{`7.5 // 2`, `3.0`},
		{`2 ** -1`, `0.5`},
		{`1 < 2 < 3`, `True`},
		{`1 < 3 < 2`, `False`},
		{`not 1 == 2`, `True`},
		{`'a' in 'cat' and 3 not in [1, 2]`, `True`},
		{`None or 0 or 'x'`, `'x'`},
		{`[] and 1`, `[]`},
		{`'yes' if '' else 'no'`, `'no'`},
		{`(1, 2)[-1]`, `2`},
		{`[1, 2, 3, 4][1:3]`, `[2, 3]`},
		{`'héllo'[::-1]`, `'olléh'`},
		{`'ab' * 3`, `'ababab'`},
		{`'%s is %05.2f%%' % ('x', 3.14159)`, `'x is 03.14%'`},
		{`1 == 1.0 == True`, `True`},
		{`None is None`, `True`},
		{`'A-b'.lower().split('-')`, `['a', 'b']`},
		{`', '.join(['a', 'b'])`, `'a, b'`},
		{`[x * 2 for x in [1, 2, 3] if x != 2]`, `[2, 6]`},
		{`{'a': 1}['a']`, `1`},
		{`{'a': 1}.get('b', 5)`, `5`},
		{`round(2.5)`, `2`},
		{`round(2.675, 2)`, `2.67`},
		{`int('12') + float('1.5')`, `13.5`},
		{`'x' 'y'`, `'xy'`},
		{`1_000 + 0x10`, `1016`},
		{`5 & 3 | 8 ^ 1 << 2`, `13`},
		{`~5`, `-6`},
		{`True + True`, `2`},
		{`'abc' < 'abd'`, `True`},
		{`[1, 2] == [1, 2]`, `True`},
		{`10 / 4`, `2.5`},
		{`3 if 0 else 4 if 0 else 5`, `5`},
		{`'it' "'s"`, `"it's"`},
		{`[k for k, v in {'a': 1, 'b': 2}.items() if v > 1]`, `['b']`},
		{`1e3`, `1000.0`},
		{`(1,)`, `(1,)`},
		{`missing_name`, `NameError: name 'missing_name' is not defined`},
	} {
		v, err := Eval(tc.src, nil)
		got := repr(v)
		if err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.src, got, tc.want)
		}
	}
}

func TestErrorsAreWhatPythonRaises(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ src, want string }{
		{`1 / 0`, `ZeroDivisionError: division by zero`},
		{`1 // 0`, `ZeroDivisionError: integer division or modulo by zero`},
		{`'a' + 1`, `TypeError: can only concatenate str (not "int") to str`},
		{`1 + 'a'`, `TypeError: unsupported operand type(s) for +: 'int' and 'str'`},
		{`None + 1`, `TypeError: unsupported operand type(s) for +: 'NoneType' and 'int'`},
		{`{'a': 1}['b']`, `KeyError: 'b'`},
		{`[1][3]`, `IndexError: list index out of range`},
		{`'a' < 1`, `TypeError: '<' not supported between instances of 'str' and 'int'`},
		{`1 in 5`, `TypeError: argument of type 'int' is not iterable`},
		{`missing`, `NameError: name 'missing' is not defined`},
		{`None.x`, `AttributeError: 'NoneType' object has no attribute 'x'`},
		{`'a'.nothing`, `AttributeError: 'str' object has no attribute 'nothing'`},
		{`[1]()`, `TypeError: 'list' object is not callable`},
		{`int('x')`, `ValueError: invalid literal for int() with base 10: 'x'`},
		{`-'a'`, `TypeError: bad operand type for unary -: 'str'`},
		{`'%d' % 'x'`, `TypeError: %d format: a real number is required, not str`},
	} {
		v, err := Eval(tc.src, nil)
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %v, %v, want %s", tc.src, v, err, tc.want)
		}
	}
}

func TestSyntaxThatIsNotAllowedIsRefused(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		"", "1 +", "a = 1", "lambda: 1", "(x := 1)", "x._secret", "__import__('os')", "import os", "1 2", "'open", "f'{x}'", "[1, 2",
		"x.__class__", "1 if 2", "print(1) print(2)", strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200), strings.Repeat("-", 200) + "1",
		strings.Repeat("x", MaxSource+1),
	} {
		_, err := Parse(src)
		var e *Error
		if !errors.As(err, &e) || e.Class != "SyntaxError" {
			t.Errorf("%.40q: got %v, want a SyntaxError", src, err)
		}
	}
}

func TestExpressionsThatGrowWithoutBoundsAreStopped(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		"'x' * 10 ** 9", "[0] * 10 ** 9", "9 ** 99", "1 << 70", "9223372036854775807 + 1", "-9223372036854775807 - 2", "9223372036854775807 * 2",
		"'" + strings.Repeat("a", 3000) + "'.replace('a', '" + strings.Repeat("b", 3000) + "')",
		"[y for x in [0] * 1000000 for y in [0]]", "[[z for z in [0] * 1000] for x in [0] * 100000]",
	} {
		if v, err := Eval(src, nil); err == nil {
			t.Errorf("%.40s: got %.40v, want an error", src, v)
		}
	}
}

func TestNamesAndObjectsComeFromTheHost(t *testing.T) {
	t.Parallel()
	doc := NewDict(true)
	for k, v := range map[string]Value{"qty": int64(3), "rate": 2.5, "title": "V", "due": Date{time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)}} {
		if err := doc.Set(k, v); err != nil {
			t.Fatal(err)
		}
	}
	names := func(n string) (Value, bool) { return doc, n == "doc" }
	for _, tc := range []struct{ src, want string }{
		{"doc.qty * doc.rate", "7.5"}, {"'Hi ' + (doc.title or '?')", "'Hi V'"}, {"doc.missing", "None"}, {"doc.get('missing', 1)", "1"},
		{"doc['qty'] > 2 and doc.due.year == 2024", "True"}, {"str(doc.due)", "NameError: name 'str' is not defined"},
		{"(doc.due - doc.due).days", "0"}, {"'%s' % doc.due", "'2024-05-01'"},
	} {
		v, err := Eval(tc.src, names)
		got := repr(v)
		if err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.src, got, tc.want)
		}
	}
}

func FuzzParseAndEval(f *testing.F) {
	for _, s := range []string{"doc.a > 1 and 'x' in doc.b", "[x for x in (1, 2)][0:1]", "{'a': 1}.get('a')", "'%s' % (1,)"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, src string) {
		_, _ = Eval(src, func(string) (Value, bool) { return NewDict(true), true })
	})
}
