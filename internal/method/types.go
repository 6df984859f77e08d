package method

import (
	"math"
	"strconv"
	"strings"
	"time"

	"freddo/document"
)

// Type is a parameter's annotation: one Python type, or several joined by | as in
// Str | None. Any, the zero Type, checks nothing, as an unannotated parameter.
type Type uint16

// The types that annotations name.
const (
	Int Type = 1 << iota
	Bool
	Float
	Str
	Dict
	List
	StrList // list[str]
	Date    // datetime.date, as text
	None

	Any Type = 0
)

// typeNames are Python's names in the order in which unions print.
var typeNames = []struct {
	t    Type
	name string
}{
	{Int, "int"}, {Bool, "bool"}, {Float, "float"}, {StrList, "list[str]"}, {Str, "str"}, {Dict, "dict"}, {List, "list"},
	{Date, "datetime.date"}, {None, "NoneType"},
}

// accepts widens an annotation as upstream does: a bool takes numbers, and the type
// of the default is always allowed.
// Source: frappe/utils/typing_validations.py transform_parameter_types.
func (p *Param) accepts() Type {
	t := p.Type
	if t == Bool {
		t |= Int | Float
	}
	if p.Required {
		return t
	}
	switch p.Default.Kind() {
	case document.Bool:
		return t | Bool
	case document.Int, document.Number:
		return t | Int
	case document.Float:
		return t | Float
	case document.String:
		return t | Str
	case document.List:
		return t | List
	case document.Map:
		return t | Dict
	}
	return t | None
}

// typeText is the type as an error prints it.
func (p *Param) typeText() string {
	t := p.accepts()
	var names []string
	for _, n := range typeNames {
		if t&n.t != 0 {
			names = append(names, n.name)
		}
	}
	switch {
	case len(names) == 1:
		return names[0]
	case t == p.Type && t&None == 0:
		return strings.Join(names, " | ")
	case len(names) == 2 && t&None != 0:
		return "typing.Optional[" + names[0] + "]"
	}
	return "typing.Union[" + strings.Join(names, ", ") + "]"
}

// convert checks v and returns what the method gets. A value whose own type is
// allowed stays as it is; else the types are tried in order, as pydantic's lax mode
// does.
func (t Type) convert(v document.Value) (document.Value, bool) {
	if t.exact(v) {
		return v, true
	}
	if t&Int != 0 {
		if n, ok := toInt(v); ok {
			return n, true
		}
	}
	if t&Bool != 0 {
		if b, ok := toBool(v); ok {
			return b, true
		}
	}
	if t&Float != 0 {
		if f, ok := toFloat(v); ok {
			return f, true
		}
	}
	return v, false
}

func (t Type) exact(v document.Value) bool {
	switch v.Kind() {
	case document.Null, document.Missing:
		return t&None != 0
	case document.Bool:
		return t&Bool != 0
	case document.Int, document.Number:
		return t&Int != 0
	case document.Float:
		return t&Float != 0
	case document.String:
		if t&Str != 0 {
			return true
		}
		if t&Date != 0 {
			_, err := time.Parse(time.DateOnly, v.Str())
			return err == nil
		}
	case document.List:
		return t&List != 0 || t&StrList != 0 && allText(v.List())
	case document.Map:
		return t&Dict != 0
	}
	return false
}

func allText(items []document.Value) bool {
	for _, v := range items {
		if v.Kind() != document.String {
			return false
		}
	}
	return true
}

func toInt(v document.Value) (document.Value, bool) {
	switch v.Kind() {
	case document.Bool:
		return document.IntOf(v.Int()), true
	case document.Float:
		if f := v.Float(); f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return document.IntOf(int64(f)), true
		}
	case document.String:
		text := strings.TrimSpace(v.Str())
		if whole, zeros, ok := strings.Cut(text, "."); ok && zeros != "" && strings.Trim(zeros, "0") == "" {
			text = whole
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return document.IntOf(n), true
		}
	}
	return v, false
}

func toBool(v document.Value) (document.Value, bool) {
	switch v.Kind() {
	case document.Int, document.Float:
		if f := v.Float(); f == 0 || f == 1 {
			return document.BoolOf(f == 1), true
		}
	case document.String:
		switch strings.ToLower(v.Str()) {
		case "true", "t", "yes", "y", "on", "1":
			return document.BoolOf(true), true
		case "false", "f", "no", "n", "off", "0":
			return document.BoolOf(false), true
		}
	}
	return v, false
}

func toFloat(v document.Value) (document.Value, bool) {
	switch v.Kind() {
	case document.Int, document.Bool:
		return document.FloatOf(v.Float()), true
	case document.String:
		text := strings.TrimSpace(v.Str())
		if text == "" || strings.ContainsAny(text, "xXpP_") {
			return v, false
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return document.FloatOf(f), true
		}
	}
	return v, false
}

// pythonName is the name of a value's Python type.
func pythonName(v document.Value) string {
	switch v.Kind() {
	case document.Bool:
		return "bool"
	case document.Int, document.Number:
		return "int"
	case document.Float:
		return "float"
	case document.String:
		return "str"
	case document.List:
		return "list"
	case document.Map:
		return "dict"
	}
	return "NoneType"
}
