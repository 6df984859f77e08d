package document

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"freddo/doctype"
)

// Cint casts as frappe/utils/data.py cint: text that is no integer goes through float,
// junk is 0. What 64 bits do not hold becomes the nearest that they do, so that a column
// refuses it as it refuses upstream's.
func Cint(v Value) int64 {
	switch v.kind {
	case Int, Bool:
		return int64(v.n)
	case Float:
		return floatToInt(v.Float())
	case Number, String:
		t := strings.TrimSpace(asciiDigits(v.s))
		if n, err := strconv.ParseInt(t, 10, 64); err == nil || v.kind == Number {
			return n
		}
		if f, ok := parseFloat(t); ok {
			return floatToInt(f)
		}
	}
	return 0
}

func floatToInt(f float64) int64 {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// CintFits casts as Cint does and says whether 64 bits held the number.
func CintFits(v Value) (n int64, fits bool) {
	n = Cint(v)
	if v.kind == Int || v.kind == Bool || n != math.MaxInt64 && n != math.MinInt64 {
		return n, true
	}
	return n, strings.TrimSpace(asciiDigits(v.s)) == strconv.FormatInt(n, 10)
}

// asciiDigits writes the decimal digits of every script as ASCII's, which Python's int()
// and float() read alike.
func asciiDigits(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf || !unicode.Is(unicode.Nd, r) {
			return r
		}
		return '0' + digitOf(r)
	}, s)
}

// digitOf returns the value of a decimal digit: Unicode keeps the ten of a script in
// order, in runs that start with zero.
func digitOf(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if uint16(r) <= t.Hi && r <= 0xFFFF {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if uint32(r) <= t.Hi {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// parseFloat accepts what Python's float() does.
func parseFloat(t string) (float64, bool) {
	t = asciiDigits(t)
	if t == "" || strings.ContainsAny(t, "xXpP") {
		return 0, false
	}
	if strings.Contains(t, "_") {
		for i := range len(t) {
			if t[i] == '_' && (i == 0 || i == len(t)-1 || !isDigit(t[i-1]) || !isDigit(t[i+1])) {
				return 0, false
			}
		}
		t = strings.ReplaceAll(t, "_", "")
	}
	f, err := strconv.ParseFloat(t, 64)
	if err != nil && math.IsInf(f, 0) {
		return f, true
	}
	return f, err == nil
}

// Flt casts as frappe/utils/data.py flt: commas are removed from text, junk is 0.
func Flt(v Value) float64 {
	switch v.kind {
	case Int, Bool:
		return float64(int64(v.n))
	case Float:
		return v.Float()
	case Number:
		f, _ := strconv.ParseFloat(v.s, 64)
		return f
	case String:
		f, ok := parseFloat(strings.TrimSpace(strings.ReplaceAll(v.s, ",", "")))
		if ok && !math.IsNaN(f) {
			return f
		}
	}
	return 0
}

// Normal returns the value of a column as the API shows it and the database gets
// it: numbers cast, blanks of dates and unique fields null, objects of JSON fields
// as text. Source: frappe/model/base_document.py get_valid_dict.
func Normal(c *doctype.Column, v Value, indentJSON bool) Value {
	if c.Legacy {
		return v
	}
	if c.Field == nil && c.Type.Class == doctype.IntClass {
		if (c.Name == "idx" || c.Name == "docstatus") && !v.IsNull() {
			return v // Frappe: these are no fields, so they are not cast
		}
		return IntOf(Cint(v))
	}
	switch c.Type.Class {
	case doctype.CheckClass:
		if Cint(v) != 0 {
			return IntOf(1)
		}
		return IntOf(0)
	case doctype.IntClass:
		if v.kind == Int || v.kind == Bool {
			return v
		}
		return IntOf(Cint(v))
	case doctype.FloatClass:
		if v.kind == Float || !c.Type.Numeric {
			return v // Frappe: Duration and Rating are not cast
		}
		return FloatOf(Flt(v))
	case doctype.DateClass, doctype.DatetimeClass, doctype.TimeClass:
		if v.kind == String && v.s == "" {
			return NullValue
		}
	}
	if v.kind == Map {
		if c.Type.Size != doctype.SizeJSON {
			return v
		}
		if indentJSON {
			return Text(IndentSorted(v, 4))
		}
		return Text(Python.Marshal(v))
	}
	if c.Field != nil && c.Field.Unique && v.kind == String && strings.TrimSpace(v.s) == "" {
		return NullValue
	}
	return v
}

// ShowDatetime prints a stored datetime as the API does: the fraction is dropped
// when it is zero.
func ShowDatetime(s string) string { return strings.TrimSuffix(s, ".000000") }

// ShowTime prints a stored time as MariaDB's driver does through upstream: the hour
// is not padded and a zero fraction is dropped; another fraction loses its trailing
// zeros only on the left of its digits (9:05:5.5 is upstream's own form).
func ShowTime(s string) string {
	if after, ok := strings.CutPrefix(s, "-"); ok {
		return "-" + ShowTime(after)
	}
	h, rest, ok := strings.Cut(s, ":")
	if !ok {
		return s
	}
	h = strings.TrimLeft(h, "0")
	if h == "" {
		h = "0"
	}
	m, sec, ok := strings.Cut(rest, ":")
	if !ok {
		return h + ":" + rest
	}
	whole, frac, _ := strings.Cut(sec, ".")
	frac = strings.TrimRight(frac, "0")
	if frac == "" {
		return h + ":" + m + ":" + whole
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	return h + ":" + m + ":" + whole + "." + frac
}
