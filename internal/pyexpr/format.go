package pyexpr

import (
	"fmt"
	"strings"
)

// format is the % operator of texts: %s, %r, %d, %f with width and precision, and %%.
func format(s string, v Value) (Value, error) {
	args := []Value{v}
	if t, ok := v.(Tuple); ok {
		args = t
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		n := i + 1
		for n < len(s) && strings.IndexByte("0123456789.-+ ", s[n]) >= 0 {
			n++
		}
		if n == len(s) || n-i > 8 {
			return nil, errorf("ValueError", "incomplete format")
		}
		spec, verb := s[i:n], s[n]
		s = s[n+1:]
		if verb == '%' {
			b.WriteByte('%')
			continue
		}
		if len(args) == 0 {
			return nil, errorf("TypeError", "not enough arguments for format string")
		}
		t, err := formatOne(spec, verb, args[0])
		if err != nil {
			return nil, err
		}
		b.WriteString(t)
		args = args[1:]
		if b.Len() > MaxSize {
			return nil, errorf("MemoryError", "")
		}
	}
	if _, isDict := v.(*Dict); len(args) > 0 && !isDict {
		return nil, errorf("TypeError", "not all arguments converted during string formatting")
	}
	return b.String() + s, nil
}

func formatOne(spec string, verb byte, v Value) (string, error) {
	switch verb {
	case 's':
		return fmt.Sprintf(spec+"s", Str(v)), nil
	case 'r':
		return fmt.Sprintf(spec+"s", repr(v)), nil
	}
	i, f, isInt, ok := num(v)
	if !ok {
		return "", errorf("TypeError", "%%%c format: a real number is required, not %s", verb, typeName(v))
	}
	if !isInt {
		i = int64(f)
	}
	switch verb {
	case 'd', 'i':
		return fmt.Sprintf(spec+"d", i), nil
	case 'f', 'e', 'g':
		return fmt.Sprintf(spec+string(verb), f), nil
	}
	return "", errorf("ValueError", "unsupported format character '%c'", verb)
}
