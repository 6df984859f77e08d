package conformance

import "strings"

// fill puts saved variables in the place of ${name}. A text that is nothing but one variable
// becomes its value with its type; an unknown name stays as it is written.
func (c *conversation) fill(v any) any {
	switch t := v.(type) {
	case string:
		if name, rest, ok := variable(t); ok && rest == "" {
			if value, known := c.vars[name]; known {
				return value
			}
		}
		return c.fillText(t)
	case []any:
		out := make([]any, len(t))
		for i, x := range t {
			out[i] = c.fill(x)
		}
		return out
	case *Object:
		out := NewObject()
		for _, k := range t.Keys() {
			out.Set(pyStr(c.fill(k)), c.fill(t.Get(k)))
		}
		return out
	default:
		return v
	}
}

func (c *conversation) fillText(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		name, rest, ok := variable(s)
		value, known := c.vars[name]
		switch {
		case !ok:
			b.WriteString("${")
			s = s[len("${"):]
		case !known:
			b.WriteString("${" + name + "}")
			s = rest
		default:
			b.WriteString(pyStr(value))
			s = rest
		}
	}
}

// variable reads ${name} at the beginning of s; a name is letters, digits, "_", "." and "-".
func variable(s string) (name, rest string, ok bool) {
	after, ok := strings.CutPrefix(s, "${")
	if !ok {
		return "", "", false
	}
	name, rest, ok = strings.Cut(after, "}")
	if !ok || name == "" {
		return "", "", false
	}
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_.-", c) >= 0) {
			return "", "", false
		}
	}
	return name, rest, true
}
