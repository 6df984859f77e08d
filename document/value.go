// Package document owns documents in memory: a value as JSON knows it, ordered
// objects, the JSON reader and writer in the formats of each Frappe release, casts
// per fieldtype, and Document itself, which keeps values in slots by field index.
// It does no I/O. Start with Document (document.go), then Value (this file).
package document

import (
	"math"
	"strconv"
)

// Kind tells what a Value holds.
type Kind uint8

// The kinds. The zero Value is Missing: a key that was not sent, which is not the
// same as null.
const (
	Missing Kind = iota
	Null
	Bool
	Int
	Float
	// Number is an integer beyond 64 bits, kept as its digits.
	Number
	String
	List
	Map
)

// Value is one JSON-like value. Values are immutable except through the Object or
// slice that a Map or List shares.
type Value struct {
	s    string
	n    uint64 // integer, float bits or bool
	ext  *nested
	kind Kind
}

type nested struct {
	list []Value
	obj  *Object
}

// NullValue is JSON null.
var NullValue = Value{kind: Null}

// Text returns a string value.
func Text(s string) Value { return Value{kind: String, s: s} }

// IntOf returns an integer value.
func IntOf(n int64) Value { return Value{kind: Int, n: uint64(n)} }

// FloatOf returns a float value.
func FloatOf(f float64) Value { return Value{kind: Float, n: math.Float64bits(f)} }

// BoolOf returns a boolean value.
func BoolOf(b bool) Value {
	if b {
		return Value{kind: Bool, n: 1}
	}
	return Value{kind: Bool}
}

// NumberOf returns an integer beyond 64 bits, given by its digits.
func NumberOf(digits string) Value { return Value{kind: Number, s: digits} }

// ListOf returns a list that shares v.
func ListOf(v ...Value) Value { return Value{kind: List, ext: &nested{list: v}} }

// Texts returns a list of strings.
func Texts(s []string) Value {
	v := make([]Value, len(s))
	for i, t := range s {
		v[i] = Text(t)
	}
	return ListOf(v...)
}

// MapOf returns a map that shares o.
func MapOf(o *Object) Value { return Value{kind: Map, ext: &nested{obj: o}} }

// Kind returns what v holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether v is missing or null.
func (v Value) IsNull() bool { return v.kind <= Null }

// IsNumber reports whether v is a bool, an integer or a float (Python's numbers).
func (v Value) IsNumber() bool { return v.kind >= Bool && v.kind <= Number }

// Int returns an Int or Bool as int64; other kinds give 0 (see Cint for casts).
func (v Value) Int() int64 {
	if v.kind == Int || v.kind == Bool {
		return int64(v.n)
	}
	return 0
}

// Float returns a Float, Int or Bool as float64; other kinds give 0.
func (v Value) Float() float64 {
	switch v.kind {
	case Float:
		return math.Float64frombits(v.n)
	case Int, Bool:
		return float64(int64(v.n))
	}
	return 0
}

// Bool returns a Bool's value; other kinds give false (see Truthy).
func (v Value) Bool() bool { return v.kind == Bool && v.n != 0 }

// Str returns the text of a String or the digits of a Number; other kinds give "".
func (v Value) Str() string {
	if v.kind == String || v.kind == Number {
		return v.s
	}
	return ""
}

// List returns the items of a List, shared, or nil.
func (v Value) List() []Value {
	if v.kind == List {
		return v.ext.list
	}
	return nil
}

// Map returns the object of a Map, shared, or nil.
func (v Value) Map() *Object {
	if v.kind == Map {
		return v.ext.obj
	}
	return nil
}

// Truthy reports Python's truth value.
func (v Value) Truthy() bool {
	switch v.kind {
	case Bool, Int:
		return v.n != 0
	case Float:
		return math.Float64frombits(v.n) != 0
	case Number:
		return true
	case String:
		return v.s != ""
	case List:
		return len(v.ext.list) > 0
	case Map:
		return v.ext.obj.Len() > 0
	}
	return false
}

// Equal reports whether two values are equal as Python's == would say for JSON
// values: 1 == 1.0 == true, text and containers by content.
func (v Value) Equal(w Value) bool {
	if v.IsNumber() && w.IsNumber() {
		return equalNumbers(v, w)
	}
	if v.IsNull() || w.IsNull() {
		return v.IsNull() && w.IsNull()
	}
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case String:
		return v.s == w.s
	case List:
		return equalLists(v.ext.list, w.ext.list)
	case Map:
		return v.ext.obj.equal(w.ext.obj)
	}
	return false
}

// equalNumbers compares without rounding: an integer that a float does not hold equals
// none.
func equalNumbers(v, w Value) bool {
	if v.kind == Float && w.kind == Float {
		return v.Float() == w.Float()
	}
	if w.kind == Float {
		v, w = w, v
	}
	if v.kind != Float {
		return v.kind == Number && w.kind == Number && v.s == w.s || v.kind != Number && w.kind != Number && v.n == w.n
	}
	f := v.Float()
	if w.kind == Number {
		return f == math.Trunc(f) && strconv.FormatFloat(f, 'f', 0, 64) == w.s
	}
	return f == float64(int64(w.n)) && f < math.MaxInt64 && int64(f) == int64(w.n)
}

func equalLists(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}
