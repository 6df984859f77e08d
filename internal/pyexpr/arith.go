package pyexpr

import (
	"math"
	"math/bits"
	"strings"
	"time"
)

// arithmetic applies a binary operator.
func arithmetic(o string, a, b Value) (Value, error) {
	ai, af, aInt, aOK := num(a)
	bi, bf, bInt, bOK := num(b)
	if aOK && bOK {
		if aInt && bInt {
			return integers(o, ai, bi)
		}
		return floats(o, af, bf, a, b)
	}
	if v, ok, err := texts(o, a, b); ok {
		return v, err
	}
	if v, ok := dates(o, a, b); ok {
		return v, nil
	}
	return nil, badOperands(o, a, b)
}

func badOperands(o string, a, b Value) error {
	if s, ok := a.(string); ok && o == "+" {
		_ = s
		return errorf("TypeError", `can only concatenate str (not "%s") to str`, typeName(b))
	}
	if o == "**" {
		o = "** or pow()"
	}
	return errorf("TypeError", "unsupported operand type(s) for %s: '%s' and '%s'", o, typeName(a), typeName(b))
}

func overflow() error { return errorf("OverflowError", "integer beyond 64 bits") }

func integers(o string, a, b int64) (Value, error) {
	switch o {
	case "+":
		if c := a + b; (c > a) == (b > 0) {
			return c, nil
		}
		return nil, overflow()
	case "-":
		if c := a - b; (c < a) == (b > 0) {
			return c, nil
		}
		return nil, overflow()
	case "*":
		return multiply(a, b)
	case "/":
		if b == 0 {
			return nil, errorf("ZeroDivisionError", "division by zero")
		}
		return float64(a) / float64(b), nil
	case "//", "%":
		if b == 0 {
			return nil, errorf("ZeroDivisionError", "integer division or modulo by zero")
		}
		if a == math.MinInt64 && b == -1 {
			return nil, overflow()
		}
		q, m := a/b, a%b
		if m != 0 && (m < 0) != (b < 0) {
			q, m = q-1, m+b
		}
		if o == "//" {
			return q, nil
		}
		return m, nil
	case "**":
		return power(a, b)
	case "|":
		return a | b, nil
	case "^":
		return a ^ b, nil
	case "&":
		return a & b, nil
	}
	return shift(o, a, b)
}

func multiply(a, b int64) (Value, error) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	negative := (a < 0) != (b < 0)
	if hi != 0 || lo > 1<<63 || lo == 1<<63 && !negative {
		return nil, overflow()
	}
	if negative {
		return -int64(lo), nil
	}
	return int64(lo), nil
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

func power(a, b int64) (Value, error) {
	if b < 0 {
		if a == 0 {
			return nil, errorf("ZeroDivisionError", "0.0 cannot be raised to a negative power")
		}
		return math.Pow(float64(a), float64(b)), nil
	}
	if b > 64 && (a > 1 || a < -1) {
		return nil, overflow()
	}
	if a == -1 || a == 0 || a == 1 {
		b = min(b, 2+b%2)
	}
	out := int64(1)
	for ; b > 0; b-- {
		v, err := multiply(out, a)
		if err != nil {
			return nil, err
		}
		out = v.(int64)
	}
	return out, nil
}

func shift(o string, a, b int64) (Value, error) {
	switch {
	case b < 0:
		return nil, errorf("ValueError", "negative shift count")
	case o == ">>":
		return a >> min(b, 63), nil
	case a == 0:
		return int64(0), nil
	case b > 62:
		return nil, overflow()
	}
	return multiply(a, 1<<b)
}

func floats(o string, a, b float64, x, y Value) (Value, error) {
	switch o {
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "/", "//", "%":
		if b == 0 {
			return nil, errorf("ZeroDivisionError", "float division by zero")
		}
		if o == "/" {
			return a / b, nil
		}
		m := math.Mod(a, b)
		if m != 0 && (m < 0) != (b < 0) {
			m += b
		}
		if o == "%" {
			return m, nil
		}
		return math.Round((a - m) / b), nil
	case "**":
		return math.Pow(a, b), nil
	}
	return nil, badOperands(o, x, y)
}

// texts are the operators of texts, lists and tuples.
func texts(o string, a, b Value) (v Value, ok bool, err error) {
	switch o {
	case "+":
		if s, isText := a.(string); isText {
			t, isText := b.(string)
			if !isText {
				return nil, false, nil
			}
			if len(s)+len(t) > MaxSize {
				return nil, true, errorf("MemoryError", "")
			}
			return s + t, true, nil
		}
		as, aOK := items(a)
		bs, bOK := items(b)
		if !aOK || !bOK || typeName(a) != typeName(b) {
			return nil, false, nil
		}
		return like(a, append(append([]Value(nil), as...), bs...)), true, nil
	case "*":
		if _, _, isInt, _ := num(a); isInt {
			a, b = b, a
		}
		n, _, isInt, _ := num(b)
		if !isInt {
			return nil, false, nil
		}
		return repeat(a, max(n, 0))
	case "%":
		if s, isText := a.(string); isText {
			v, err := format(s, b)
			return v, true, err
		}
	}
	return nil, false, nil
}

func like(a Value, v []Value) Value {
	if _, ok := a.(Tuple); ok {
		return Tuple(v)
	}
	return &List{v}
}

func repeat(a Value, n int64) (Value, bool, error) {
	if s, ok := a.(string); ok {
		if n > 0 && int64(len(s)) > MaxSize/n {
			return nil, true, errorf("MemoryError", "")
		}
		return strings.Repeat(s, int(n)), true, nil
	}
	l, ok := items(a)
	if !ok {
		return nil, false, nil
	}
	if n > 0 && int64(len(l)) > MaxSize/n {
		return nil, true, errorf("MemoryError", "")
	}
	out := make([]Value, 0, int64(len(l))*n)
	for range n {
		out = append(out, l...)
	}
	return like(a, out), true, nil
}

// dates are the sums and differences of dates and timedeltas.
func dates(o string, a, b Value) (Value, bool) {
	if o != "+" && o != "-" {
		return nil, false
	}
	if d, ok := b.(Delta); ok {
		if o == "-" {
			d = -d
		}
		switch t := a.(type) {
		case Date:
			days := time.Duration(d) / (24 * time.Hour)
			return Date{t.AddDate(0, 0, int(days))}, true
		case DateTime:
			return DateTime{t.Add(time.Duration(d))}, true
		case Delta:
			return t + d, true
		}
	}
	if d, ok := a.(Delta); ok && o == "+" {
		return dates("+", b, d)
	}
	if o == "-" {
		switch t := a.(type) {
		case Date:
			if u, ok := b.(Date); ok {
				return Delta(t.Sub(u.Time)), true
			}
		case DateTime:
			if u, ok := b.(DateTime); ok {
				return Delta(t.Sub(u.Time)), true
			}
		}
	}
	return nil, false
}
