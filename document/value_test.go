package document

import (
	"math"
	"testing"
)

const huge = "100000000000000000000" // beyond 64 bits, and a float too: 1e20

func TestEqualComparesAsPythonDoes(t *testing.T) {
	t.Parallel()
	list := func(v ...Value) Value { return ListOf(v...) }
	for _, c := range []struct {
		name string
		a, b Value
		want bool
	}{
		{"missing is null", Value{}, NullValue, true},
		{"null is not 0", NullValue, IntOf(0), false},
		{"null is not empty text", NullValue, Text(""), false},
		{"an integer and a float", IntOf(1), FloatOf(1), true},
		{"an integer and true", IntOf(1), BoolOf(true), true},
		{"0 and -0.0", IntOf(0), FloatOf(math.Copysign(0, -1)), true},
		{"a float and false", FloatOf(0), BoolOf(false), true},
		{"2 is not true", IntOf(2), BoolOf(true), false},
		{"a number and its text", IntOf(1), Text("1"), false},
		{"NaN is not itself", FloatOf(math.NaN()), FloatOf(math.NaN()), false},
		{"an integer that no float holds", IntOf(1<<53 + 1), FloatOf(1 << 53), false},
		{"the float next to the largest integer", IntOf(math.MaxInt64), FloatOf(math.MaxInt64), false},
		{"the smallest integer and its float", IntOf(math.MinInt64), FloatOf(math.MinInt64), true},
		{"numbers beyond 64 bits", NumberOf(huge), NumberOf(huge), true},
		{"other numbers beyond 64 bits", NumberOf(huge), NumberOf("-" + huge), false},
		{"a number beyond 64 bits and its float", NumberOf(huge), FloatOf(1e20), true},
		{"a number beyond 64 bits and another float", FloatOf(1.5e20), NumberOf(huge), false},
		{"a number beyond 64 bits that no float holds", NumberOf(huge[:20] + "1"), FloatOf(1e20), false},
		{"a number beyond 64 bits and an integer", NumberOf(huge), IntOf(0), false},
		{"a number beyond 64 bits is not infinite", NumberOf(huge), FloatOf(math.Inf(1)), false},
		{"text", Text("a"), Text("a"), true},
		{"text of another case", Text("a"), Text("A"), false},
		{"lists", list(IntOf(1), Text("a")), list(FloatOf(1), Text("a")), true},
		{"lists of another length", list(IntOf(1)), list(), false},
		{"lists in another order", list(IntOf(1), IntOf(2)), list(IntOf(2), IntOf(1)), false},
		{"objects in another order", MapOf(NewObject("a", 1, "b", 2)), MapOf(NewObject("b", 2, "a", 1)), true},
		{"objects of other keys", MapOf(NewObject("a", nil)), MapOf(NewObject("b", nil)), false},
		{"objects of another size", MapOf(NewObject("a", 1)), MapOf(NewObject("a", 1, "b", 2)), false},
		{"nested", list(MapOf(NewObject("a", []string{"x"}))), list(MapOf(NewObject("a", []string{"y"}))), false},
		{"a list and an object", list(), MapOf(&Object{}), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.a.Equal(c.b); got != c.want {
				t.Errorf("a == b is %v", got)
			}
			if got := c.b.Equal(c.a); got != c.want {
				t.Errorf("b == a is %v", got)
			}
		})
	}
}

// TestValuesAreReadAsTheirKindOnly: the getters cast nothing but a bool to a number.
func TestValuesAreReadAsTheirKindOnly(t *testing.T) {
	t.Parallel()
	o := NewObject("a", 1)
	for _, c := range []struct {
		name        string
		v           Value
		truthy, num bool
		i           int64
		f           float64
		s, text     string
		items, keys int
	}{
		{name: "missing"},
		{name: "null", v: NullValue},
		{name: "true", v: BoolOf(true), truthy: true, num: true, i: 1, f: 1, text: "True"},
		{name: "false", v: BoolOf(false), num: true, text: "False"},
		{name: "integer", v: IntOf(-7), truthy: true, num: true, i: -7, f: -7, text: "-7"},
		{name: "zero", v: IntOf(0), num: true, text: "0"},
		{name: "float", v: FloatOf(2.5), truthy: true, num: true, f: 2.5, text: "2.5"},
		{name: "whole float", v: FloatOf(1e16), truthy: true, num: true, f: 1e16, text: "1e+16"},
		{name: "zero float", v: FloatOf(0), num: true, text: "0.0"},
		{name: "infinite", v: FloatOf(math.Inf(1)), truthy: true, num: true, f: math.Inf(1), text: "inf"},
		{name: "infinite downward", v: FloatOf(math.Inf(-1)), truthy: true, num: true, f: math.Inf(-1), text: "-inf"},
		{name: "beyond 64 bits", v: NumberOf(huge), truthy: true, num: true, s: huge, text: huge},
		{name: "text", v: Text("0"), truthy: true, s: "0", text: "0"},
		{name: "empty text", v: Text("")},
		{name: "list", v: Texts([]string{"a", "b"}), truthy: true, text: `["a", "b"]`, items: 2},
		{name: "empty list", v: ListOf(), text: "[]"},
		{name: "object", v: MapOf(o), truthy: true, text: `{"a": 1}`, keys: 1},
		{name: "empty object", v: MapOf(&Object{}), text: "{}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.v.Truthy() != c.truthy || c.v.IsNumber() != c.num || c.v.IsNull() != (c.v.Kind() <= Null) {
				t.Errorf("truthy %v, number %v, null %v", c.v.Truthy(), c.v.IsNumber(), c.v.IsNull())
			}
			if c.v.Int() != c.i || c.v.Float() != c.f || c.v.Bool() != (c.name == "true") || c.v.Str() != c.s {
				t.Errorf("got %d, %v, %v, %q", c.v.Int(), c.v.Float(), c.v.Bool(), c.v.Str())
			}
			if got := ToText(c.v); got != c.text {
				t.Errorf("ToText gave %q, want %q", got, c.text)
			}
			if len(c.v.List()) != c.items || c.v.Map().Len() != c.keys {
				t.Errorf("got %d items, %d keys", len(c.v.List()), c.v.Map().Len())
			}
		})
	}
	if got := ToText(FloatOf(math.NaN())); got != "nan" {
		t.Errorf("ToText(NaN) = %q, want Python's nan", got)
	}
	if MapOf(o).Map() != o {
		t.Error("a map does not share its object")
	}
}

func TestFromTakesTheKindsOfLiteralsAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   any
		want string
	}{
		{nil, "null"}, {true, "true"}, {1, "1"}, {int64(math.MinInt64), "-9223372036854775808"}, {1.0, "1.0"}, {"a", `"a"`},
		{[]string{"a"}, `["a"]`}, {[]Value{IntOf(1)}, "[1]"}, {Text("v"), `"v"`}, {NewObject("k", 1), `{"k":1}`},
		{(*Object)(nil), "null"}, {struct{}{}, "null"}, {uint8(1), "null"},
	} {
		if got := Python.Marshal(From(c.in)); got != c.want {
			t.Errorf("From(%v) = %s, want %s", c.in, got, c.want)
		}
	}
}
