package query

import (
	"math"
	"strconv"
	"strings"

	"freddo/doctype"
	"freddo/document"
)

// compare tests a field against a value as MariaDB does: the value is brought into the
// column's own form, so that every database gives MariaDB's answer and can use its
// index. Null rows never fulfil the test.
func compare(f Field, op Op, v document.Value) *Node {
	if f.Column == nil {
		return False()
	}
	switch f.Class {
	case doctype.IntClass, doctype.CheckClass:
		return compareInt(f, op, v)
	case doctype.FloatClass:
		return leaf(op, f, document.FloatOf(toFloat(v)))
	case doctype.DateClass:
		return compareDate(f, op, textOf(v))
	case doctype.DatetimeClass:
		s, ok := sqlDatetime(textOf(v))
		if !ok {
			return compareBadDate(f, op)
		}
		return textual(f, op, s)
	case doctype.TimeClass:
		s, negative := sqlTime(textOf(v))
		if negative {
			return beyond(f, op, false)
		}
		return leaf(op, f, document.Text(s))
	}
	return leaf(op, f, document.Text(textOf(v)))
}

// compareInt compares whole numbers with any number.
func compareInt(f Field, op Op, v document.Value) *Node {
	if v.Kind() == document.Int || v.Kind() == document.Bool {
		return leaf(op, f, document.IntOf(v.Int()))
	}
	x := toFloat(v)
	whole := math.Floor(x)
	if whole >= math.MaxInt64 || whole < math.MinInt64 || math.IsNaN(x) {
		return beyond(f, op, x > 0)
	}
	n := document.IntOf(int64(whole))
	if whole == x {
		return leaf(op, f, n)
	}
	switch op { // no whole number equals x
	case OpEq:
		return False()
	case OpNe:
		return NotNull(f)
	case OpLt, OpLe:
		return leaf(OpLe, f, n)
	}
	return leaf(OpGt, f, n)
}

// beyond compares with a value above (or below) all that the column can hold.
func beyond(f Field, op Op, above bool) *Node {
	switch op {
	case OpNe:
		return NotNull(f)
	case OpLt, OpLe:
		if above {
			return NotNull(f)
		}
	case OpGt, OpGe:
		if !above {
			return NotNull(f)
		}
	}
	return False()
}

// compareBadDate compares with a text that is no date: MariaDB takes it for the zero
// date, which is earlier than any.
func compareBadDate(f Field, op Op) *Node { return beyond(f, op, false) }

// compareDate compares a date with text that may hold a time of day.
func compareDate(f Field, op Op, s string) *Node {
	d, ok := sqlDatetime(s)
	if !ok {
		return compareBadDate(f, op)
	}
	day := d[:10]
	if d[10:] == midnight {
		return textual(f, op, day)
	}
	switch op { // a date counts as its midnight
	case OpEq:
		return False()
	case OpNe:
		return NotNull(f)
	case OpLt, OpLe:
		return textual(f, OpLe, day)
	}
	return textual(f, OpGt, day)
}

// between is a range with both ends.
func between(f Field, a, b document.Value) *Node {
	lo, hi := compare(f, OpGe, a), compare(f, OpLe, b)
	if lo.Op == OpGe && hi.Op == OpLe {
		return leaf(OpBetween, f, lo.Values[0], hi.Values[0])
	}
	return And(lo, hi)
}

// members is IN, or NOT IN. Members that the column can never hold are left out.
func members(f Field, op Op, list []document.Value) *Node {
	if f.Column == nil {
		return False()
	}
	values := make([]document.Value, 0, len(list))
	for _, v := range list {
		if v.IsNull() {
			continue
		}
		if n := compare(f, OpEq, v); n.Op == OpEq {
			values = append(values, n.Values[0])
		}
	}
	switch {
	case len(values) == 0 && op == OpIn:
		return False()
	case len(values) == 0:
		return NotNull(f)
	case len(values) == 1 && op == OpIn:
		return leaf(OpEq, f, values[0])
	case len(values) == 1:
		return leaf(OpNe, f, values[0])
	}
	return leaf(op, f, values...)
}

func like(f Field, op Op, pattern string) *Node { return leaf(op, f, document.Text(pattern)) }

// textOf is a value as it is compared with text. Whole floats print as integers:
// MariaDB would compare 5.0 and '5' as numbers.
func textOf(v document.Value) string {
	switch v.Kind() {
	case document.Bool:
		if v.Bool() {
			return "1"
		}
		return "0"
	case document.Float:
		if x := v.Float(); x == math.Trunc(x) && math.Abs(x) < 1e15 {
			return strconv.FormatInt(int64(x), 10)
		}
	case document.Map, document.List:
		return document.PythonSpaced.Marshal(v)
	}
	return document.ToText(v)
}

// toFloat is a value as MariaDB compares it with a number: text counts by the number
// that it starts with, else as 0.
func toFloat(v document.Value) float64 {
	switch v.Kind() {
	case document.Int, document.Bool, document.Float:
		return v.Float()
	case document.String, document.Number:
		x, _ := strconv.ParseFloat(numberPrefix(v.Str()), 64)
		return x
	}
	return 0
}

// numberPrefix returns the longest start of s that is a number.
func numberPrefix(s string) string {
	s = strings.TrimLeft(s, " \t\n\r")
	i, digits := 0, 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	for ; i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.'); i++ {
		if s[i] == '.' {
			if strings.Contains(s[:i], ".") {
				break
			}
			continue
		}
		digits++
	}
	if digits == 0 {
		return ""
	}
	if j := i + 1; j < len(s) && (s[i] == 'e' || s[i] == 'E') {
		if s[j] == '+' || s[j] == '-' {
			j++
		}
		k := j
		for k < len(s) && s[k] >= '0' && s[k] <= '9' {
			k++
		}
		if k > j {
			return s[:k]
		}
	}
	return s[:i]
}
