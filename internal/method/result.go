package method

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"freddo/document"
)

var (
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// maxDepth is how deep a result may nest; what holds itself is cut off there.
const maxDepth = 100

// ValueOf makes a JSON value of what Go code returned: structs by their json tags, maps
// with sorted keys, and all else as encoding/json does, except that a float stays one,
// so that 5.0 is printed as Python prints it. Errors: what encoding/json cannot print.
func ValueOf(x any) (document.Value, error) { return valueOf(reflect.ValueOf(x), 0) }

func valueOf(v reflect.Value, depth int) (document.Value, error) {
	if !v.IsValid() || depth > maxDepth {
		return document.NullValue, nil
	}
	t := v.Type()
	switch t {
	case valueType:
		return v.Interface().(document.Value), nil
	case reflect.TypeFor[*document.Object]():
		return document.From(v.Interface()), nil
	}
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		if v.IsNil() {
			return document.NullValue, nil
		}
		if t.Kind() == reflect.Interface || !t.Implements(marshalerType) && !t.Implements(textMarshalerType) {
			return valueOf(v.Elem(), depth+1)
		}
	}
	if t.Implements(marshalerType) || t.Implements(textMarshalerType) {
		return byJSON(v)
	}
	switch t.Kind() {
	case reflect.Bool:
		return document.BoolOf(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return document.IntOf(v.Int()), nil
	case reflect.Float32, reflect.Float64:
		return document.FloatOf(v.Float()), nil
	case reflect.String:
		return document.Text(v.String()), nil
	case reflect.Slice, reflect.Array:
		return listOf(v, depth)
	case reflect.Map:
		return mapOf(v, depth)
	case reflect.Struct:
		o := &document.Object{}
		return document.MapOf(o), members(o, v, depth)
	}
	return byJSON(v)
}

func byJSON(v reflect.Value) (document.Value, error) {
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return document.Value{}, err
	}
	return document.ParseJSON(string(text))
}

func listOf(v reflect.Value, depth int) (document.Value, error) {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		return byJSON(v)
	}
	items := make([]document.Value, v.Len())
	for i := range items {
		var err error
		if items[i], err = valueOf(v.Index(i), depth+1); err != nil {
			return document.Value{}, err
		}
	}
	return document.ListOf(items...), nil
}

func mapOf(v reflect.Value, depth int) (document.Value, error) {
	if v.Type().Key().Kind() != reflect.String {
		return byJSON(v)
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	o := &document.Object{}
	for _, k := range keys {
		item, err := valueOf(v.MapIndex(k), depth+1)
		if err != nil {
			return document.Value{}, err
		}
		o.Set(k.String(), item)
	}
	return document.MapOf(o), nil
}

// members adds a struct's fields to o; those of embedded structs are its own.
func members(o *document.Object, v reflect.Value, depth int) error {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		field := v.Field(i)
		if f.Anonymous && name == "" && field.Kind() == reflect.Struct {
			if err := members(o, field, depth+1); err != nil {
				return err
			}
			continue
		}
		if !f.IsExported() || strings.Contains(options, "omitempty") && empty(field) || strings.Contains(options, "omitzero") && field.IsZero() {
			continue
		}
		if name == "" {
			name = snake(f.Name)
		}
		item, err := valueOf(field, depth+1)
		if err != nil {
			return err
		}
		o.Set(name, item)
	}
	return nil
}

// empty is what omitempty leaves out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
