package conformance

import (
	"encoding/json"
	"slices"
	"testing"
)

// decoded is a test's JSON value; broken JSON ends the test.
func decoded(t *testing.T, text string) any {
	t.Helper()
	v, err := Decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestDecode(t *testing.T) {
	t.Parallel()
	o := decoded(t, ` {"b": 1, "a": 1.0, "b": -0, "c": [null, {"x": "y"}]} `).(*Object)
	if got := o.Keys(); !slices.Equal(got, []string{"b", "a", "c"}) {
		t.Errorf("order: got %v", got)
	}
	if got := o.Get("b"); got != json.Number("0") {
		t.Errorf("the last of two equal keys wins, -0 is 0: got %v", got)
	}
	if got := o.Get("a"); got != json.Number("1.0") {
		t.Errorf("a number keeps its text: got %v", got)
	}
	for _, bad := range []string{"", "{", `{"a":1,}`, "[1 2]", "1 2", "NaN", `"` + "\xff" + `"`, "\"\n\""} {
		if v, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%q: want an error, got %v", bad, v)
		}
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	o := NewObject("a", "1", "b", nil)
	o.Update(NewObject("c", "3", "a", "4"))
	o.Delete("absent")
	if got := dumps(o); got != `{"a": "4", "b": null, "c": "3"}` {
		t.Errorf("after update: %s", got)
	}
	o.Delete("b")
	if got := dumps(o); got != `{"a": "4", "c": "3"}` || o.Has("b") {
		t.Errorf("after delete: %s", got)
	}
	var none *Object
	if none.Len() != 0 || none.Has("a") || none.Get("a") != nil || none.Text("a") != "" {
		t.Error("a nil object is not empty")
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	v := decoded(t, `{"a": [{"b": "x"}, {"b": null}]}`)
	tests := []struct {
		path []string
		want any
		ok   bool
	}{
		{[]string{"a", "0", "b"}, "x", true},
		{[]string{"a", "-2", "b"}, "x", true},
		{[]string{"a", "1", "b"}, nil, true},
		{[]string{"a", "2"}, nil, false},
		{[]string{"a", "-3"}, nil, false},
		{[]string{"a", "b"}, nil, false},
		{[]string{"a", "0", "c"}, nil, false},
		{[]string{"a", "0", "b", "0"}, nil, false},
	}
	for _, test := range tests {
		got, err := lookup(v, test.path)
		if (err == nil) != test.ok || got != test.want {
			t.Errorf("%v: got %v, %v", test.path, got, err)
		}
	}
}
