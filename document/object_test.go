package document

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestObjectsBehaveAsOrderedMaps plays random operations on an object and on a plain map
// with a list of its keys, below and beyond the size from which an object is indexed.
func TestObjectsBehaveAsOrderedMaps(t *testing.T) {
	t.Parallel()
	for _, size := range []int{3, indexFrom, indexFrom + 1, 40} {
		rnd := rand.New(rand.NewPCG(1, uint64(size)))
		o, vals, keys := &Object{}, map[string]int64{}, []string(nil)
		for step := range 2000 {
			k := fmt.Sprintf("k%d", rnd.IntN(size))
			_, had := vals[k]
			if rnd.IntN(2*size) < size {
				if o.Delete(k) != had {
					t.Fatalf("size %d, step %d: Delete(%s) is not %v", size, step, k, had)
				}
				delete(vals, k)
				keys = slices.DeleteFunc(keys, func(s string) bool { return s == k })
			} else {
				o.Set(k, IntOf(int64(step)))
				if vals[k] = int64(step); !had {
					keys = append(keys, k)
				}
			}
			if !slices.Equal(o.Keys(), keys) || o.Len() != len(keys) {
				t.Fatalf("size %d, step %d: keys %v, want %v", size, step, o.Keys(), keys)
			}
			for i, k := range keys {
				if at, v := o.At(i); at != k || v.Int() != vals[k] || o.Get(k).Int() != vals[k] || !o.Has(k) {
					t.Fatalf("size %d, step %d: %s is %d, want %d", size, step, k, o.Get(k).Int(), vals[k])
				}
			}
		}
	}
}

func TestAKeyThatIsSetAgainKeepsItsPlace(t *testing.T) {
	t.Parallel()
	o := NewObject("a", 1, "b", 2, "c")
	o.Set("a", Text("x"))
	if got := Python.Marshal(MapOf(o)); got != `{"a":"x","b":2}` {
		t.Errorf("got %s", got)
	}
	o.Delete("a")
	o.Set("a", IntOf(1))
	if got := Python.Marshal(MapOf(o)); got != `{"b":2,"a":1}` {
		t.Errorf("after deleting: %s", got)
	}
}

func TestAnAbsentKeyIsMissingAndNotNull(t *testing.T) {
	t.Parallel()
	o := NewObject("null", nil, "n", 5)
	if o.Get("x").Kind() != Missing || o.Has("x") || o.Get("null").Kind() != Null || !o.Has("null") {
		t.Errorf("absent: %d, null: %d", o.Get("x").Kind(), o.Get("null").Kind())
	}
	if o.Str("x") != "" || o.Str("n") != "" {
		t.Errorf("Str of what is no text: %q, %q", o.Str("x"), o.Str("n"))
	}
	var none *Object
	if none.Len() != 0 || none.Keys() != nil || none.Has("a") || none.Get("a").Kind() != Missing || none.Delete("a") || none.Clone().Len() != 0 {
		t.Error("a nil object is not empty")
	}
}

// TestACloneOfAnObjectIsIndependent: keys and values are, nested containers are shared as the
// comment of Clone says.
func TestACloneOfAnObjectIsIndependent(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, indexFrom + 5} {
		o := &Object{}
		for i := range n {
			o.Set(fmt.Sprint(i), IntOf(int64(i)))
		}
		inner := NewObject("x", 1)
		o.Set("inner", MapOf(inner))
		before := Python.Marshal(MapOf(o))
		c := o.Clone()
		c.Set("0", Text("changed"))
		c.Set("new", IntOf(1))
		c.Delete("1")
		if got := Python.Marshal(MapOf(o)); got != before {
			t.Errorf("%d keys: the clone changed the object to %s", n, got)
		}
		o.Delete("inner")
		o.Set("late", IntOf(2))
		if c.Has("late") || c.Get("inner").Map() != inner || c.Get("0").Str() != "changed" || c.Has("1") {
			t.Errorf("%d keys: the object changed the clone to %s", n, Python.Marshal(MapOf(c)))
		}
	}
}

func TestNewObjectRefusesAKeyThatIsNoText(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	NewObject(1, "a")
}

func TestObjectsReadAsPropertiesOfADocType(t *testing.T) {
	t.Parallel()
	v, err := ParseJSON(`{"t":"x","n":"12","f":1.9,"b":true,"null":null,"rows":[{"a":1},2,null,{"a":2}],"row":{"a":1}}`)
	if err != nil {
		t.Fatal(err)
	}
	o := v.Map()
	for key, want := range map[string]int{"t": 0, "n": 12, "f": 1, "b": 1, "null": 0, "x": 0, "rows": 0} {
		if got := o.PropInt(key); got != want {
			t.Errorf("PropInt(%s) = %d, want %d", key, got, want)
		}
	}
	for key, want := range map[string]string{"t": "x", "n": "12", "f": "1.9", "b": "True", "null": "", "x": ""} {
		if got := o.PropText(key); got != want {
			t.Errorf("PropText(%s) = %q, want %q", key, got, want)
		}
	}
	rows := o.PropRows("rows")
	if len(rows) != 2 || rows[1].PropInt("a") != 2 || o.PropRows("row") != nil || o.PropRows("x") != nil {
		t.Errorf("rows: %v", rows)
	}
}
