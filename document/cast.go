package document

import (
	"math"
	"strconv"
	"strings"

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
		t := strings.TrimSpace(v.s)
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

// parseFloat accepts what Python's float() does, of digits only the ASCII ones.
func parseFloat(t string) (float64, bool) {
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

// StoredDate returns text as a DATE column keeps it, YYYY-MM-DD: one-digit months
// and days are padded and a time of day is cut. ok is false for what MariaDB
// refuses. "" is not accepted (see Normal).
func StoredDate(s string) (string, bool) {
	if storedAlready(s, "0000-00-00") {
		return s, true
	}
	date, rest, ok := cutDate(strings.TrimSpace(s))
	if !ok {
		return "", false
	}
	if rest != "" {
		if _, ok := clock(rest, false); !ok {
			return "", false
		}
	}
	return date, true
}

// StoredDatetime returns text as a DATETIME(6) column keeps it: YYYY-MM-DD
// HH:MM:SS.ffffff.
func StoredDatetime(s string) (string, bool) {
	if storedAlready(s, "0000-00-00 00:00:00.000000") {
		return s, true
	}
	date, rest, ok := cutDate(strings.TrimSpace(s))
	if !ok {
		return "", false
	}
	if rest == "" {
		return date + " 00:00:00.000000", true
	}
	t, ok := clock(rest, false)
	if !ok {
		return "", false
	}
	return date + " " + t, true
}

// storedAlready reports whether a date has the form of shape, in which 0 stands for a
// digit, and is one.
func storedAlready(s, shape string) bool {
	if len(s) != len(shape) {
		return false
	}
	for i := range len(s) {
		if shape[i] == '0' && (s[i] < '0' || s[i] > '9') || shape[i] != '0' && s[i] != shape[i] {
			return false
		}
	}
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	month, day := two(5), two(8)
	if month < 1 || month > 12 || day < 1 || day > daysIn(two(0)*100+two(2), month) {
		return false
	}
	return len(s) == 10 || two(11) < 24 && two(14) < 60 && two(17) < 60
}

// StoredTime returns text as a TIME(6) column keeps it: HH:MM:SS.ffffff; hours may
// pass 24.
func StoredTime(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if date, rest, ok := cutDate(s); ok && date != "" && rest != "" {
		s = rest
	}
	return clock(s, true)
}

func cutDate(s string) (date, rest string, ok bool) {
	i := strings.IndexAny(s, "T ")
	head := s
	if i >= 0 {
		head, rest = s[:i], strings.TrimSpace(s[i+1:])
	}
	parts := strings.FieldsFunc(head, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	if len(parts) != 3 || len(parts[0]) != 4 || len(parts[1]) > 2 || len(parts[2]) > 2 {
		return "", "", false
	}
	var n [3]int
	for k, p := range parts {
		v, ok := unsigned(p)
		if !ok {
			return "", "", false
		}
		n[k] = v
	}
	if n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > daysIn(n[0], n[1]) {
		return "", "", false
	}
	return pad(n[0], 4) + "-" + pad(n[1], 2) + "-" + pad(n[2], 2), rest, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// unsigned reads digits alone, without the signs that Atoi takes.
func unsigned(s string) (int, bool) {
	if s == "" || !isDigit(s[0]) {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func pad(n, width int) string {
	s := strconv.Itoa(n)
	for len(s) < width {
		s = "0" + s
	}
	return s
}

// clock reads H:M[:S[.f]]; long allows hours beyond 23 (TIME columns).
func clock(s string, long bool) (string, bool) {
	whole, frac, hasFrac := strings.Cut(s, ".")
	parts := strings.Split(whole, ":")
	if len(parts) < 2 || len(parts) > 3 || hasFrac && len(parts) != 3 {
		return "", false
	}
	var n [3]int
	for k, p := range parts {
		v, ok := unsigned(p)
		if !ok || len(p) > 3 {
			return "", false
		}
		n[k] = v
	}
	if n[1] > 59 || n[2] > 59 || !long && n[0] > 23 || n[0] > 838 {
		return "", false
	}
	if _, err := strconv.ParseUint("0"+frac, 10, 64); err != nil || len(frac) > 12 {
		return "", false
	}
	frac = (frac + "000000")[:6]
	return pad(n[0], 2) + ":" + pad(n[1], 2) + ":" + pad(n[2], 2) + "." + frac, true
}

// ShowDatetime prints a stored datetime as the API does: the fraction is dropped
// when it is zero.
func ShowDatetime(s string) string { return strings.TrimSuffix(s, ".000000") }

// ShowTime prints a stored time as MariaDB's driver does through upstream: the hour
// is not padded and a zero fraction is dropped; another fraction loses its trailing
// zeros only on the left of its digits (9:05:5.5 is upstream's own form).
func ShowTime(s string) string {
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
