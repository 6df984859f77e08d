package pyexpr

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Value is a Python value: nil (None), bool, int64, float64, string, *List, Tuple,
// *Dict, Date, DateTime, Delta, Func, or an Object of the host.
type Value any

// Object is a host value with attributes. Attr returns ok=false for an unknown one.
type Object interface {
	Attr(name string) (v Value, ok bool, err error)
}

// Func is a callable; kw are the keyword arguments, nil when there are none.
type Func func(args []Value, kw map[string]Value) (Value, error)

// The containers and the values of the datetime module.
type (
	List     struct{ Items []Value }
	Tuple    []Value
	Date     struct{ time.Time }
	DateTime struct{ time.Time }
	Delta    time.Duration
)

// Dict is an ordered map. Open dicts answer None for a missing attribute, as
// frappe._dict does.
type Dict struct {
	Open bool
	keys []Value
	vals []Value
	at   map[Value]int
}

// NewDict returns an empty dict.
func NewDict(open bool) *Dict { return &Dict{Open: open, at: map[Value]int{}} }

// hashKey makes equal keys the same: 1, 1.0 and True are one key in Python.
func hashKey(k Value) (Value, bool) {
	switch t := k.(type) {
	case nil, string:
		return t, true
	case bool:
		if t {
			return int64(1), true
		}
		return int64(0), true
	case int64:
		return t, true
	case float64:
		if t == math.Trunc(t) && math.Abs(t) < 1<<53 {
			return int64(t), true
		}
		return t, true
	case Tuple:
		return "\x00" + repr(t), true
	}
	return nil, false
}

// Set stores a value; unhashable keys are refused.
func (d *Dict) Set(k, v Value) error {
	h, ok := hashKey(k)
	if !ok {
		return errorf("TypeError", "unhashable type: '%s'", typeName(k))
	}
	if i, ok := d.at[h]; ok {
		d.vals[i] = v
		return nil
	}
	d.at[h] = len(d.keys)
	d.keys, d.vals = append(d.keys, k), append(d.vals, v)
	return nil
}

// Get returns a value.
func (d *Dict) Get(k Value) (Value, bool) {
	h, ok := hashKey(k)
	if !ok {
		return nil, false
	}
	i, ok := d.at[h]
	if !ok {
		return nil, false
	}
	return d.vals[i], true
}

// Truthy reports Python's truth value.
func Truthy(v Value) bool {
	switch t := v.(type) {
	case nil:
		return false
	case bool:
		return t
	case int64:
		return t != 0
	case float64:
		return t != 0
	case string:
		return t != ""
	case *List:
		return len(t.Items) > 0
	case Tuple:
		return len(t) > 0
	case *Dict:
		return len(t.keys) > 0
	case Delta:
		return t != 0
	}
	return true
}

func typeName(v Value) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case *List:
		return "list"
	case Tuple:
		return "tuple"
	case *Dict:
		return "dict"
	case Date:
		return "datetime.date"
	case DateTime:
		return "datetime.datetime"
	case Delta:
		return "datetime.timedelta"
	case Func:
		return "function"
	}
	return "object"
}

// num returns an int or float; bools are ints.
func num(v Value) (i int64, f float64, isInt, ok bool) {
	switch t := v.(type) {
	case bool:
		if t {
			return 1, 1, true, true
		}
		return 0, 0, true, true
	case int64:
		return t, float64(t), true, true
	case float64:
		return 0, t, false, true
	}
	return 0, 0, false, false
}

func equal(a, b Value) bool {
	ai, af, aInt, aOK := num(a)
	bi, bf, bInt, bOK := num(b)
	if aOK && bOK {
		if aInt && bInt {
			return ai == bi
		}
		return af == bf
	}
	if as, ok := items(a); ok && typeName(a) == typeName(b) {
		bs, _ := items(b)
		if len(as) != len(bs) {
			return false
		}
		for i := range as {
			if !equal(as[i], bs[i]) {
				return false
			}
		}
		return true
	}
	switch t := a.(type) {
	case nil:
		return b == nil
	case string:
		u, ok := b.(string)
		return ok && t == u
	case *Dict:
		return equalDicts(t, b)
	case Date:
		u, ok := b.(Date)
		return ok && t.Equal(u.Time)
	case DateTime:
		u, ok := b.(DateTime)
		return ok && t.Equal(u.Time)
	case Delta:
		u, ok := b.(Delta)
		return ok && t == u
	}
	return false
}

func equalDicts(a *Dict, other Value) bool {
	b, ok := other.(*Dict)
	if !ok || len(a.keys) != len(b.keys) {
		return false
	}
	for i, k := range a.keys {
		v, ok := b.Get(k)
		if !ok || !equal(a.vals[i], v) {
			return false
		}
	}
	return true
}

// items returns the elements of a list or tuple.
func items(v Value) ([]Value, bool) {
	switch t := v.(type) {
	case *List:
		return t.Items, true
	case Tuple:
		return t, true
	}
	return nil, false
}

// order returns -1, 0 or 1; ok is false for values without an order.
func order(a, b Value) (int, bool) {
	ai, af, aInt, aOK := num(a)
	bi, bf, bInt, bOK := num(b)
	switch {
	case aOK && bOK && aInt && bInt:
		return sign(ai < bi, ai > bi), true
	case aOK && bOK:
		return sign(af < bf, af > bf), true
	}
	if as, ok := items(a); ok && typeName(a) == typeName(b) {
		bs, _ := items(b)
		for i := 0; i < len(as) && i < len(bs); i++ {
			if !equal(as[i], bs[i]) {
				return order(as[i], bs[i])
			}
		}
		return sign(len(as) < len(bs), len(as) > len(bs)), true
	}
	switch t := a.(type) {
	case string:
		u, ok := b.(string)
		return strings.Compare(t, u), ok
	case Date:
		u, ok := b.(Date)
		return t.Compare(u.Time), ok
	case DateTime:
		u, ok := b.(DateTime)
		return t.Compare(u.Time), ok
	case Delta:
		u, ok := b.(Delta)
		return sign(t < u, t > u), ok
	}
	return 0, false
}

func sign(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

// Str is Python's str().
func Str(v Value) string {
	switch t := v.(type) {
	case string:
		return t
	case Date:
		return t.Format("2006-01-02")
	case DateTime:
		return strings.TrimSuffix(t.Format("2006-01-02 15:04:05.000000"), ".000000")
	case Delta:
		return deltaText(t)
	}
	return repr(v)
}

func repr(v Value) string {
	switch t := v.(type) {
	case nil:
		return "None"
	case bool:
		if t {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(t, 10)
	case float64:
		return floatText(t)
	case string:
		return quote(t)
	case *List:
		return "[" + joined(t.Items) + "]"
	case Tuple:
		if len(t) == 1 {
			return "(" + repr(t[0]) + ",)"
		}
		return "(" + joined(t) + ")"
	case *Dict:
		parts := make([]string, len(t.keys))
		for i, k := range t.keys {
			parts[i] = repr(k) + ": " + repr(t.vals[i])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case Date, DateTime, Delta:
		return Str(t)
	}
	return "<" + typeName(v) + ">"
}

func joined(v []Value) string {
	parts := make([]string, len(v))
	for i, x := range v {
		parts[i] = repr(x)
	}
	return strings.Join(parts, ", ")
}

func quote(s string) string {
	q := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = `"`
	}
	return q + strings.NewReplacer(`\`, `\\`, q, `\`+q, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s) + q
}

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a == 0 || a >= 1e-4 && a < 1e16 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	return strconv.FormatFloat(f, 'e', -1, 64)
}

func deltaText(d Delta) string {
	days := int64(math.Floor(float64(d) / float64(24*time.Hour)))
	rest := time.Duration(d) - time.Duration(days)*24*time.Hour
	t := time.Time{}.Add(rest).Format("15:04:05.000000")
	t = strings.TrimPrefix(strings.TrimSuffix(t, ".000000"), "0")
	switch days {
	case 0:
		return t
	case 1, -1:
		return strconv.FormatInt(days, 10) + " day, " + t
	}
	return strconv.FormatInt(days, 10) + " days, " + t
}

// Keys returns the keys in order; shared.
func (d *Dict) Keys() []Value { return d.keys }
