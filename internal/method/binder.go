package method

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"

	"freddo/document"
	"freddo/exc"
)

// Binder fills a Go struct with a method's arguments. It is made once per method.
type Binder struct {
	// Params are the struct's fields as parameters.
	Params []Param
	fields []boundField
}

type boundField struct {
	name  string
	index []int
	typ   reflect.Type
}

// NewBinder plans the arguments of a struct type. Each exported field is a parameter
// named by its json tag, or by its own name in lower case with underscores. A field is
// required unless it is a pointer, or its json tag says omitempty or omitzero, or the
// tag default gives a JSON value. Numbers, bool and string have the Python types of the
// same meaning, []string is list[str] or JSON text, other lists, maps and structs are
// lists and dicts or their JSON text, and document.Value takes anything. Errors: a type
// that is no struct, a field that no JSON can fill, a default that is no JSON.
func NewBinder(t reflect.Type) (*Binder, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("arguments must be a struct, not %s", t)
	}
	b := &Binder{}
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() || f.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" {
			name = snake(f.Name)
		}
		par := Param{Name: name, Required: true}
		base := f.Type
		if base.Kind() == reflect.Pointer {
			par.Required, base = false, base.Elem()
		}
		if strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero") {
			par.Required = false
		}
		if text, ok := f.Tag.Lookup("default"); ok {
			v, err := document.ParseJSON(text)
			if err != nil {
				return nil, fmt.Errorf("default of %s.%s is no JSON: %w", t, f.Name, err)
			}
			par.Required, par.Default = false, v
		}
		var err error
		if par.Type, err = typeOf(base); err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		if !par.Required && par.Type != Any && par.Default.IsNull() {
			par.Type |= None
		}
		b.Params = append(b.Params, par)
		b.fields = append(b.fields, boundField{name: name, index: f.Index, typ: f.Type})
	}
	return b, nil
}

var (
	valueType       = reflect.TypeFor[document.Value]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// typeOf is the annotation that a Go type stands for.
func typeOf(t reflect.Type) (Type, error) {
	if t == valueType || t.Kind() == reflect.Interface && t.NumMethod() == 0 || reflect.PointerTo(t).Implements(unmarshalerType) {
		return Any, nil
	}
	if reflect.PointerTo(t).Implements(textType) {
		return Str, nil
	}
	switch t.Kind() {
	case reflect.String:
		return Str, nil
	case reflect.Bool:
		return Bool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Int, nil
	case reflect.Float32, reflect.Float64:
		return Float, nil
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.String {
			return StrList | Str, nil
		}
		return List | Str, nil
	case reflect.Map, reflect.Struct:
		return Dict | Str, nil
	}
	return Any, fmt.Errorf("a %s cannot be an argument", t)
}

// snake is a Go name as Python writes it: CustomerGroup is customer_group.
func snake(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			if i > 0 && (name[i-1] < 'A' || name[i-1] > 'Z' || i+1 < len(name) && name[i+1] >= 'a' && name[i+1] <= 'z') {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Fill sets the fields of dst, a pointer to the struct, from bound arguments. Null
// leaves a field alone. Errors: FrappeTypeError for what does not fit the Go type, such
// as a text for a number where the release does not check types itself.
func (b *Binder) Fill(dst any, a Args) error {
	v := reflect.ValueOf(dst).Elem()
	for i := range b.fields {
		f := &b.fields[i]
		arg := a.Get(f.name)
		if arg.IsNull() {
			continue
		}
		if err := set(v.FieldByIndex(f.index), arg); err != nil {
			return exc.FrappeType.Wrap(err, fmt.Sprintf("Argument '%s' should be of type '%s' but got '%s' instead.",
				f.name, b.Params[i].typeText(), pythonName(arg)))
		}
	}
	return nil
}

func set(dst reflect.Value, arg document.Value) error {
	t := dst.Type()
	if t == valueType {
		dst.Set(reflect.ValueOf(arg))
		return nil
	}
	if t.Kind() == reflect.Pointer {
		p := reflect.New(t.Elem())
		if err := set(p.Elem(), arg); err != nil {
			return err
		}
		dst.Set(p)
		return nil
	}
	kind, err := typeOf(t)
	if err != nil {
		return err
	}
	text := arg.Kind() == document.String
	switch {
	case kind == Str && !text:
		arg = document.Text(document.ToText(arg))
	case kind&(Dict|List|StrList) != 0 && text:
		arg = ParseJSON(arg)
	case kind&(Int|Bool|Float) != 0:
		var ok bool
		if arg, ok = scalar(kind, arg); !ok {
			return fmt.Errorf("no %s", t)
		}
	}
	return json.Unmarshal([]byte(document.ORJSON.Marshal(arg)), dst.Addr().Interface())
}

// scalar converts as pydantic's lax mode does, in every release: a Go variable has to
// have its type.
func scalar(kind Type, v document.Value) (document.Value, bool) {
	if kind == Bool && v.IsNumber() {
		return document.BoolOf(v.Truthy()), true
	}
	v, ok := kind.convert(v)
	if v.Kind() == document.Float && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)) {
		return v, false
	}
	return v, ok
}
