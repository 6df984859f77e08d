package document

// Object is an ordered map of text keys, as a JSON object is in Python. The zero
// Object is empty and ready. Setting an existing key keeps its place.
type Object struct {
	keys  []string
	vals  []Value
	index map[string]int // only beyond indexFrom keys
}

const indexFrom = 12

// NewObject returns an object of alternating keys and values; it ignores a trailing key
// and panics when a key is not a string.
func NewObject(pairs ...any) *Object {
	o := &Object{}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Set(pairs[i].(string), From(pairs[i+1]))
	}
	return o
}

// From converts a Go value of the few kinds used in literals: nil, bool, int,
// int64, float64, string, []string, Value, *Object. Anything else is null.
func From(x any) Value {
	switch t := x.(type) {
	case Value:
		return t
	case *Object:
		if t == nil {
			return NullValue
		}
		return MapOf(t)
	case string:
		return Text(t)
	case int:
		return IntOf(int64(t))
	case int64:
		return IntOf(t)
	case float64:
		return FloatOf(t)
	case bool:
		return BoolOf(t)
	case []string:
		return Texts(t)
	case []Value:
		return ListOf(t...)
	}
	return NullValue
}

// Len returns the number of keys.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.keys)
}

// At returns the i-th key and value.
func (o *Object) At(i int) (string, Value) { return o.keys[i], o.vals[i] }

// Keys returns the keys in order; the caller must not change the slice.
func (o *Object) Keys() []string {
	if o == nil {
		return nil
	}
	return o.keys
}

func (o *Object) find(key string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range o.keys {
		if k == key {
			return i
		}
	}
	return -1
}

// Get returns the value of key; Missing when absent.
func (o *Object) Get(key string) Value {
	if i := o.find(key); i >= 0 {
		return o.vals[i]
	}
	return Value{}
}

// Has reports whether key is present.
func (o *Object) Has(key string) bool { return o.find(key) >= 0 }

// Str returns the text of key, "" when it is absent or not a string.
func (o *Object) Str(key string) string { return o.Get(key).Str() }

// Set stores v under key.
func (o *Object) Set(key string, v Value) {
	if i := o.find(key); i >= 0 {
		o.vals[i] = v
		return
	}
	o.keys = append(o.keys, key)
	o.vals = append(o.vals, v)
	if o.index != nil {
		o.index[key] = len(o.keys) - 1
	} else if len(o.keys) > indexFrom {
		o.index = make(map[string]int, 2*len(o.keys))
		for i, k := range o.keys {
			o.index[k] = i
		}
	}
}

// Delete removes key and reports whether it was there.
func (o *Object) Delete(key string) bool {
	i := o.find(key)
	if i < 0 {
		return false
	}
	o.keys = append(o.keys[:i:i], o.keys[i+1:]...)
	o.vals = append(o.vals[:i:i], o.vals[i+1:]...)
	if o.index != nil {
		o.index = make(map[string]int, 2*len(o.keys))
		for j, k := range o.keys {
			o.index[k] = j
		}
	}
	return true
}

// Clone returns a copy that shares nested containers.
func (o *Object) Clone() *Object {
	c := &Object{keys: append([]string(nil), o.Keys()...)}
	if o != nil {
		c.vals = append([]Value(nil), o.vals...)
	}
	if len(c.keys) > indexFrom {
		c.index = make(map[string]int, 2*len(c.keys))
		for i, k := range c.keys {
			c.index[k] = i
		}
	}
	return c
}

func (o *Object) equal(p *Object) bool {
	if o.Len() != p.Len() {
		return false
	}
	for i, k := range o.Keys() {
		j := p.find(k)
		if j < 0 || !o.vals[i].Equal(p.vals[j]) {
			return false
		}
	}
	return true
}
