package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Object is a JSON object that remembers the order of its keys, because a server may treat
// the order of what a client sends as meaning (child rows, fields, form values).
// A nil *Object behaves as an empty one for reading.
type Object struct {
	keys   []string
	values map[string]any
}

// NewObject returns an object with the given pairs: name, value, name, value…
func NewObject(pairs ...any) *Object {
	o := &Object{values: make(map[string]any, len(pairs)/2)}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// Keys returns the keys in the order in which they were first set. The caller must not
// change the slice.
func (o *Object) Keys() []string {
	if o == nil {
		return nil
	}
	return o.keys
}

// Len returns the number of keys.
func (o *Object) Len() int { return len(o.Keys()) }

// Has reports whether key is present, also when its value is null.
func (o *Object) Has(key string) bool {
	if o == nil {
		return false
	}
	_, ok := o.values[key]
	return ok
}

// Get returns the value under key; nil when it is absent (or null: see Has).
// A value is nil, bool, string, json.Number, []any or *Object.
func (o *Object) Get(key string) any {
	if o == nil {
		return nil
	}
	return o.values[key]
}

// Text returns the string under key; "" when it is absent or no string.
func (o *Object) Text(key string) string {
	s, _ := o.Get(key).(string)
	return s
}

// Set writes a value; a key that exists keeps its place.
func (o *Object) Set(key string, value any) {
	if o.values == nil {
		o.values = map[string]any{}
	}
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

// Delete removes a key; an absent key is no error.
func (o *Object) Delete(key string) {
	if !o.Has(key) {
		return
	}
	delete(o.values, key)
	for i, k := range o.keys {
		if k == key {
			o.keys = append(o.keys[:i:i], o.keys[i+1:]...)
			return
		}
	}
}

// Update sets every pair of other, in other's order.
func (o *Object) Update(other *Object) {
	for _, k := range other.Keys() {
		o.Set(k, other.Get(k))
	}
}

// UnmarshalJSON reads an object with its order; any other JSON value is an error.
func (o *Object) UnmarshalJSON(data []byte) error {
	v, err := Decode(data)
	if err != nil {
		return err
	}
	obj, ok := v.(*Object)
	if !ok {
		return fmt.Errorf("want a JSON object, got %s", short(v))
	}
	*o = *obj
	return nil
}

// MarshalJSON writes the object in its own order, as Python's json.dumps would.
func (o *Object) MarshalJSON() ([]byte, error) {
	return []byte(dumps(o)), nil
}

// Decode reads exactly one JSON value, surrounded by white space at most. Numbers keep their
// text, so that 1 and 1.0 stay different. Errors: text that is no UTF-8 or no JSON.
func Decode(data []byte) (any, error) {
	// The decoder below replaces bytes that are no UTF-8; the recordings treat them as no JSON.
	if !utf8.Valid(data) {
		return nil, errors.New("decode JSON: not UTF-8")
	}
	if !json.Valid(data) {
		return nil, errors.New("decode JSON: not one JSON value")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := decodeValue(dec)
	if err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	return v, nil
}

func decodeValue(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return decodeList(dec)
		}
		return decodeObject(dec)
	case json.Number:
		if t == "-0" { // Python reads it as the integer 0
			return json.Number("0"), nil
		}
		return t, nil
	default:
		return t, nil
	}
}

func decodeList(dec *json.Decoder) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := decodeValue(dec)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token()
	return list, err
}

func decodeObject(dec *json.Decoder) (any, error) {
	o := NewObject()
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := decodeValue(dec)
		if err != nil {
			return nil, err
		}
		o.Set(key.(string), v)
	}
	_, err := dec.Token()
	return o, err
}

// number returns an integer as Decode would.
func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// lookup follows a dotted path: names in objects, positions in lists (negative ones count
// from the end). A missing name or position is an error.
func lookup(v any, parts []string) (any, error) {
	for _, part := range parts {
		switch t := v.(type) {
		case *Object:
			if !t.Has(part) {
				return nil, fmt.Errorf("no key %q", part)
			}
			v = t.Get(part)
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil {
				return nil, fmt.Errorf("no position %q in a list", part)
			}
			if i < 0 {
				i += len(t)
			}
			if i < 0 || i >= len(t) {
				return nil, fmt.Errorf("no position %q in a list of %d", part, len(t))
			}
			v = t[i]
		default:
			return nil, fmt.Errorf("no key %q in %s", part, short(v))
		}
	}
	return v, nil
}
