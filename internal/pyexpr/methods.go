package pyexpr

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// builtins are the functions that safe_eval offers without a namespace.
var builtins = map[string]Func{
	"int": toInt, "long": toInt, "float": toFloat, "round": round,
}

func toInt(args []Value, _ map[string]Value) (Value, error) {
	if len(args) == 0 {
		return int64(0), nil
	}
	if s, ok := args[0].(string); ok {
		n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(s), "_", ""), 10, 64)
		if err != nil {
			return nil, errorf("ValueError", "invalid literal for int() with base 10: %s", quote(s))
		}
		return n, nil
	}
	i, f, isInt, ok := num(args[0])
	switch {
	case !ok:
		return nil, errorf("TypeError", "int() argument must be a string, a bytes-like object or a real number, not '%s'", typeName(args[0]))
	case isInt:
		return i, nil
	case math.IsNaN(f) || math.Abs(f) >= math.MaxInt64:
		return nil, overflow()
	}
	return int64(f), nil
}

func toFloat(args []Value, _ map[string]Value) (Value, error) {
	if len(args) == 0 {
		return 0.0, nil
	}
	if s, ok := args[0].(string); ok {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil && !math.IsInf(f, 0) {
			return nil, errorf("ValueError", "could not convert string to float: %s", quote(s))
		}
		return f, nil
	}
	_, f, _, ok := num(args[0])
	if !ok {
		return nil, errorf("TypeError", "float() argument must be a string or a real number, not '%s'", typeName(args[0]))
	}
	return f, nil
}

// round rounds half to even, as Python does.
func round(args []Value, _ map[string]Value) (Value, error) {
	if len(args) == 0 || len(args) > 2 {
		return nil, errorf("TypeError", "round() takes one or two arguments")
	}
	i, f, isInt, ok := num(args[0])
	if !ok {
		return nil, errorf("TypeError", "type %s doesn't define __round__ method", typeName(args[0]))
	}
	if len(args) == 1 || args[1] == nil {
		if isInt {
			return i, nil
		}
		return toInt([]Value{math.RoundToEven(f)}, nil)
	}
	digits, _, digitsInt, _ := num(args[1])
	if !digitsInt {
		return nil, errorf("TypeError", "'%s' object cannot be interpreted as an integer", typeName(args[1]))
	}
	if digits >= 0 && isInt {
		return i, nil
	}
	if digits >= 0 {
		r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', int(min(digits, 300)), 64), 64)
		return r, err
	}
	scale := math.Pow(10, float64(min(-digits, 300)))
	r := math.RoundToEven(f/scale) * scale
	if isInt {
		return int64(r), nil
	}
	return r, nil
}

// attribute returns x.name.
func attribute(x Value, name string) (Value, error) {
	switch t := x.(type) {
	case Object:
		v, ok, err := t.Attr(name)
		if err != nil || ok {
			return v, err
		}
	case *Dict:
		if m := dictMethod(t, name); m != nil {
			return m, nil
		}
		if v, ok := t.Get(name); ok && t.Open {
			return v, nil
		}
		if t.Open {
			return nil, nil
		}
	case string:
		if m := textMethod(t, name); m != nil {
			return m, nil
		}
	case Date:
		if v, ok := dateAttr(t.Time, name); ok {
			return v, nil
		}
	case DateTime:
		if v, ok := dateTimeAttr(t.Time, name); ok {
			return v, nil
		}
	case Delta:
		if v, ok := deltaAttr(t, name); ok {
			return v, nil
		}
	case *List:
		if m := listMethod(t.Items, name); m != nil {
			return m, nil
		}
	case Tuple:
		if m := listMethod(t, name); m != nil {
			return m, nil
		}
	}
	return nil, errorf("AttributeError", "'%s' object has no attribute '%s'", typeName(x), name)
}

// item returns x[at].
func item(x, at Value) (Value, error) {
	if d, ok := x.(*Dict); ok {
		v, ok := d.Get(at)
		if !ok {
			return nil, errorf("KeyError", "%s", repr(at))
		}
		return v, nil
	}
	if o, ok := x.(Object); ok {
		if name, isText := at.(string); isText {
			v, ok, err := o.Attr(name)
			if err == nil && !ok {
				err = errorf("KeyError", "%s", repr(at))
			}
			return v, err
		}
	}
	elements, err := iterate(x)
	if err != nil {
		return nil, errorf("TypeError", "'%s' object is not subscriptable", typeName(x))
	}
	i, _, isInt, _ := num(at)
	if !isInt {
		return nil, errorf("TypeError", "%s indices must be integers or slices, not %s", typeName(x), typeName(at))
	}
	if i < 0 {
		i += int64(len(elements))
	}
	if i < 0 || i >= int64(len(elements)) {
		return nil, errorf("IndexError", "%s index out of range", typeName(x))
	}
	return elements[i], nil
}

func contains(box, v Value) (bool, error) {
	switch t := box.(type) {
	case string:
		s, ok := v.(string)
		if !ok {
			return false, errorf("TypeError", "'in <string>' requires string as left operand, not %s", typeName(v))
		}
		return strings.Contains(t, s), nil
	case *Dict:
		_, ok := t.Get(v)
		return ok, nil
	}
	elements, err := iterate(box)
	if err != nil {
		return false, errorf("TypeError", "argument of type '%s' is not iterable", typeName(box))
	}
	for _, e := range elements {
		if equal(e, v) {
			return true, nil
		}
	}
	return false, nil
}

func dictMethod(d *Dict, name string) Value {
	switch name {
	case "get":
		return Func(func(args []Value, _ map[string]Value) (Value, error) {
			if len(args) == 0 || len(args) > 2 {
				return nil, errorf("TypeError", "get expected 1 or 2 arguments, got %d", len(args))
			}
			if v, ok := d.Get(args[0]); ok {
				return v, nil
			}
			if len(args) == 2 {
				return args[1], nil
			}
			return nil, nil
		})
	case "keys", "values", "items":
		return Func(func([]Value, map[string]Value) (Value, error) {
			out := make([]Value, len(d.keys))
			for i := range d.keys {
				switch name {
				case "keys":
					out[i] = d.keys[i]
				case "values":
					out[i] = d.vals[i]
				default:
					out[i] = Tuple{d.keys[i], d.vals[i]}
				}
			}
			return &List{out}, nil
		})
	}
	return nil
}

func listMethod(l []Value, name string) Value {
	if name != "count" && name != "index" {
		return nil
	}
	return Func(func(args []Value, _ map[string]Value) (Value, error) {
		if len(args) != 1 {
			return nil, errorf("TypeError", "%s() takes exactly one argument (%d given)", name, len(args))
		}
		n := int64(0)
		for i, v := range l {
			if equal(v, args[0]) {
				if n++; name == "index" {
					return int64(i), nil
				}
			}
		}
		if name == "index" {
			return nil, errorf("ValueError", "%s is not in list", repr(args[0]))
		}
		return n, nil
	})
}

// textMethod returns a method of a text, nil when there is none of that name.
func textMethod(s, name string) Value {
	plain := map[string]func(string) Value{
		"lower": func(s string) Value { return strings.ToLower(s) }, "upper": func(s string) Value { return strings.ToUpper(s) },
		"casefold":   func(s string) Value { return strings.ToLower(s) },
		"title":      func(s string) Value { return title(s) },
		"capitalize": func(s string) Value { return capitalize(s) },
		"isdigit":    func(s string) Value { return s != "" && strings.Trim(s, "0123456789") == "" },
		"isspace":    func(s string) Value { return s != "" && strings.TrimSpace(s) == "" },
	}[name]
	if plain != nil {
		return Func(func(args []Value, _ map[string]Value) (Value, error) {
			if len(args) > 0 {
				return nil, errorf("TypeError", "str.%s() takes no arguments (%d given)", name, len(args))
			}
			return plain(s), nil
		})
	}
	switch name {
	case "strip", "lstrip", "rstrip", "startswith", "endswith", "split", "join", "replace", "find", "count":
		return Func(func(args []Value, _ map[string]Value) (Value, error) { return callText(s, name, args) })
	}
	return nil
}

func callText(s, name string, args []Value) (Value, error) {
	texts := make([]string, 0, 2)
	if name != "join" {
		for _, a := range args {
			if t, ok := a.(string); ok {
				texts = append(texts, t)
			}
		}
	}
	if need := map[string]int{"startswith": 1, "endswith": 1, "replace": 2, "find": 1, "count": 1}[name]; len(texts) < need {
		if l, ok := firstItems(args); ok && (name == "startswith" || name == "endswith") {
			return anyAffix(s, name, l)
		}
		return nil, errorf("TypeError", "%s() wants %d text argument(s)", name, need)
	}
	switch name {
	case "strip", "lstrip", "rstrip":
		return strip(s, name, texts), nil
	case "startswith":
		return strings.HasPrefix(s, texts[0]), nil
	case "endswith":
		return strings.HasSuffix(s, texts[0]), nil
	case "split":
		return split(s, texts), nil
	case "replace":
		if n := strings.Count(s, texts[0]); n > 0 && n*len(texts[1])+len(s) > MaxSize {
			return nil, errorf("MemoryError", "")
		}
		return strings.ReplaceAll(s, texts[0], texts[1]), nil
	case "find":
		i := strings.Index(s, texts[0])
		if i < 0 {
			return int64(-1), nil
		}
		return int64(utf8.RuneCountInString(s[:i])), nil
	case "count":
		return int64(strings.Count(s, texts[0])), nil
	}
	return join(s, args)
}

func firstItems(args []Value) ([]Value, bool) {
	if len(args) == 0 {
		return nil, false
	}
	return items(args[0])
}

func anyAffix(s, name string, affixes []Value) (Value, error) {
	for _, a := range affixes {
		v, err := callText(s, name, []Value{a})
		if err != nil || v == true {
			return v, err
		}
	}
	return false, nil
}

func strip(s, name string, chars []string) Value {
	cut := " \t\n\r\f\v"
	if len(chars) > 0 {
		cut = chars[0]
	}
	switch name {
	case "lstrip":
		return strings.TrimLeft(s, cut)
	case "rstrip":
		return strings.TrimRight(s, cut)
	}
	return strings.Trim(s, cut)
}

func split(s string, sep []string) Value {
	var parts []string
	if len(sep) == 0 || sep[0] == "" {
		parts = strings.Fields(s)
	} else {
		parts = strings.Split(s, sep[0])
	}
	out := &List{make([]Value, len(parts))}
	for i, p := range parts {
		out.Items[i] = p
	}
	return out
}

func join(sep string, args []Value) (Value, error) {
	if len(args) != 1 {
		return nil, errorf("TypeError", "str.join() takes exactly one argument (%d given)", len(args))
	}
	elements, err := iterate(args[0])
	if err != nil {
		return nil, errorf("TypeError", "can only join an iterable")
	}
	parts := make([]string, len(elements))
	size := 0
	for i, e := range elements {
		s, ok := e.(string)
		if !ok {
			return nil, errorf("TypeError", "sequence item %d: expected str instance, %s found", i, typeName(e))
		}
		if size += len(s) + len(sep); size > MaxSize {
			return nil, errorf("MemoryError", "")
		}
		parts[i] = s
	}
	return strings.Join(parts, sep), nil
}

func capitalize(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + strings.ToLower(s[n:])
}

func title(s string) string {
	words := strings.SplitAfter(s, " ")
	for i, w := range words {
		words[i] = capitalize(w)
	}
	return strings.Join(words, "")
}

func dateAttr(t time.Time, name string) (Value, bool) {
	switch name {
	case "year":
		return int64(t.Year()), true
	case "month":
		return int64(t.Month()), true
	case "day":
		return int64(t.Day()), true
	case "weekday":
		return Func(func([]Value, map[string]Value) (Value, error) { return int64(t.Weekday()+6) % 7, nil }), true
	case "isoformat":
		return Func(func([]Value, map[string]Value) (Value, error) { return t.Format("2006-01-02"), nil }), true
	}
	return nil, false
}

func dateTimeAttr(t time.Time, name string) (Value, bool) {
	switch name {
	case "hour":
		return int64(t.Hour()), true
	case "minute":
		return int64(t.Minute()), true
	case "second":
		return int64(t.Second()), true
	case "date":
		return Func(func([]Value, map[string]Value) (Value, error) {
			return Date{time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())}, nil
		}), true
	}
	return dateAttr(t, name)
}

func deltaAttr(d Delta, name string) (Value, bool) {
	days := int64(math.Floor(float64(d) / float64(24*time.Hour)))
	switch name {
	case "days":
		return days, true
	case "seconds":
		return int64((time.Duration(d) - time.Duration(days)*24*time.Hour) / time.Second), true
	case "total_seconds":
		return Func(func([]Value, map[string]Value) (Value, error) { return time.Duration(d).Seconds(), nil }), true
	}
	return nil, false
}
