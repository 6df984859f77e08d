// Package arg owns the short words with which upstream's methods declare their
// parameters and read arguments that may be JSON text. Start with Req and Opt.
package arg

import (
	"freddo/document"
	"freddo/exc"
	"freddo/internal/method"
)

// Req is a required parameter; t is its annotation, method.Any for none.
func Req(name string, t method.Type) method.Param {
	return method.Param{Name: name, Type: t, Required: true}
}

// Opt is a parameter with a default; nil is Python's None.
func Opt(name string, t method.Type, def any) method.Param {
	p := method.Param{Name: name, Type: t}
	if def != nil {
		p.Default = document.From(def)
	}
	return p
}

// Any are required parameters without annotations.
func Any(names ...string) []method.Param {
	out := make([]method.Param, len(names))
	for i, n := range names {
		out[i] = Req(n, method.Any)
	}
	return out
}

// Loads parses text as Python's json.loads and leaves other values alone. Errors:
// JSONDecodeError. Source: the "if isinstance(x, str): x = json.loads(x)" of upstream.
func Loads(v document.Value) (document.Value, error) {
	if v.Kind() != document.String {
		return v, nil
	}
	return Parse(v.Str())
}

// Parse reads JSON text. Errors: JSONDecodeError in Python's words.
func Parse(text string) (document.Value, error) {
	v, err := document.ParseJSON(text)
	if err != nil {
		return v, exc.JSONDecode.Wrap(err, err.Error())
	}
	return v, nil
}

// Object is Loads for arguments that must be an object. Errors: ValueError.
func Object(v document.Value) (*document.Object, error) {
	v, err := Loads(v)
	if err != nil {
		return nil, err
	}
	if o := v.Map(); o != nil {
		return o, nil
	}
	return nil, exc.ValueErr.New("an object is required")
}

// Strings is Loads for a list of names; a single text that is no JSON is a list of one.
func Strings(v document.Value) []string {
	if v.Kind() == document.String {
		if p, err := document.ParseJSON(v.Str()); err == nil {
			v = p
		} else if v.Str() != "" {
			return []string{v.Str()}
		}
	}
	var out []string
	for _, item := range v.List() {
		out = append(out, document.ToText(item))
	}
	if v.Kind() == document.String && v.Str() != "" || v.Kind() == document.Int {
		out = append(out, document.ToText(v))
	}
	return out
}
