package document

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a client's JSON, and maxValues how many values it has:
// an empty object of three bytes takes a hundred in memory.
const (
	maxDepth  = 200
	maxValues = 1_000_000
)

var errDepth = errors.New("document: JSON nested too deep")

// ErrTooManyValues says that a JSON text has more than a million values.
var ErrTooManyValues = errors.New("document: JSON with too many values")

// ParseError tells where a JSON text is malformed, with the message that Python's
// json module gives.
type ParseError struct {
	// Message is Python's, such as "Expecting value".
	Message string
	// Line and Column count from 1, Char from 0, in runes.
	Line, Column, Char int
}

// Error is Python's JSONDecodeError text.
func (e *ParseError) Error() string {
	return e.Message + ": line " + strconv.Itoa(e.Line) + " column " + strconv.Itoa(e.Column) + " (char " + strconv.Itoa(e.Char) + ")"
}

// ParseJSON reads one JSON text as Python's json.loads does: NaN and Infinity are
// accepted, the last of two equal keys wins at the place of the first. Invalid UTF-8
// and lone surrogates become U+FFFD.
// Errors: *ParseError, ErrTooManyValues, or an error when nested beyond 200 levels.
func ParseJSON(data string) (Value, error) {
	p := parser{s: data}
	if strings.HasPrefix(data, "\ufeff") {
		return Value{}, p.fail("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0)
	}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	p.space()
	if p.i < len(p.s) {
		return Value{}, p.fail("Extra data", p.i)
	}
	return v, nil
}

type parser struct {
	s string
	i int
	n int // values so far
}

func (p *parser) fail(msg string, at int) error {
	e := &ParseError{Message: msg, Line: 1, Column: 1}
	for k, r := range p.s {
		if k >= at {
			break
		}
		e.Char++
		e.Column++
		if r == '\n' {
			e.Line++
			e.Column = 1
		}
	}
	return e
}

func (p *parser) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) literal(word string, v Value) (Value, error) {
	if len(p.s)-p.i >= len(word) && p.s[p.i:p.i+len(word)] == word {
		p.i += len(word)
		return v, nil
	}
	return Value{}, p.fail("Expecting value", p.i)
}

func (p *parser) value(depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, errDepth
	}
	if p.n++; p.n > maxValues {
		return Value{}, ErrTooManyValues
	}
	if p.i >= len(p.s) {
		return Value{}, p.fail("Expecting value", p.i)
	}
	switch c := p.s[p.i]; c {
	case '{':
		return p.object(depth)
	case '[':
		return p.list(depth)
	case '"':
		s, err := p.str()
		return Text(s), err
	case 't':
		return p.literal("true", BoolOf(true))
	case 'f':
		return p.literal("false", BoolOf(false))
	case 'n':
		return p.literal("null", NullValue)
	case 'N':
		return p.literal("NaN", FloatOf(math.NaN()))
	case 'I':
		return p.literal("Infinity", FloatOf(math.Inf(1)))
	default:
		if c == '-' && p.i+1 < len(p.s) && p.s[p.i+1] == 'I' {
			return p.literal("-Infinity", FloatOf(math.Inf(-1)))
		}
		if c == '-' || c >= '0' && c <= '9' {
			return p.number()
		}
		return Value{}, p.fail("Expecting value", p.i)
	}
}

func (p *parser) digits() bool {
	from := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	return p.i > from
}

func (p *parser) number() (Value, error) {
	from := p.i
	if p.s[p.i] == '-' {
		p.i++
	}
	if p.i < len(p.s) && p.s[p.i] == '0' {
		p.i++
	} else if !p.digits() {
		return Value{}, p.fail("Expecting value", from)
	}
	isFloat := false
	if p.i+1 < len(p.s) && p.s[p.i] == '.' && p.s[p.i+1] >= '0' && p.s[p.i+1] <= '9' {
		p.i++
		p.digits()
		isFloat = true
	}
	if p.i < len(p.s) && (p.s[p.i] == 'e' || p.s[p.i] == 'E') {
		back := p.i
		p.i++
		if p.i < len(p.s) && (p.s[p.i] == '+' || p.s[p.i] == '-') {
			p.i++
		}
		if p.digits() {
			isFloat = true
		} else {
			p.i = back
		}
	}
	text := p.s[from:p.i]
	if isFloat {
		f, _ := strconv.ParseFloat(text, 64) // out of range gives ±Inf, as Python does
		return FloatOf(f), nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return NumberOf(text), nil
	}
	return IntOf(n), nil
}

func (p *parser) list(depth int) (Value, error) {
	p.i++
	var items []Value
	p.space()
	if p.i < len(p.s) && p.s[p.i] == ']' {
		p.i++
		return ListOf(items...), nil
	}
	for {
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		items = append(items, v)
		p.space()
		if p.i >= len(p.s) {
			return Value{}, p.fail("Expecting ',' delimiter", p.i)
		}
		switch p.s[p.i] {
		case ',':
			p.i++
		case ']':
			p.i++
			return ListOf(items...), nil
		default:
			return Value{}, p.fail("Expecting ',' delimiter", p.i)
		}
	}
}

func (p *parser) object(depth int) (Value, error) {
	p.i++
	o := &Object{}
	p.space()
	if p.i < len(p.s) && p.s[p.i] == '}' {
		p.i++
		return MapOf(o), nil
	}
	for {
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != '"' {
			return Value{}, p.fail("Expecting property name enclosed in double quotes", p.i)
		}
		key, err := p.str()
		if err != nil {
			return Value{}, err
		}
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != ':' {
			return Value{}, p.fail("Expecting ':' delimiter", p.i)
		}
		p.i++
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		o.Set(key, v)
		p.space()
		if p.i >= len(p.s) {
			return Value{}, p.fail("Expecting ',' delimiter", p.i)
		}
		switch p.s[p.i] {
		case ',':
			p.i++
		case '}':
			p.i++
			return MapOf(o), nil
		default:
			return Value{}, p.fail("Expecting ',' delimiter", p.i)
		}
	}
}

// str reads a string; one without escapes shares the text's memory.
func (p *parser) str() (string, error) {
	start := p.i
	p.i++
	from := p.i
	for p.i < len(p.s) {
		c := p.s[p.i]
		if c == '"' {
			s := p.s[from:p.i]
			p.i++
			if !utf8.ValidString(s) {
				s = string([]rune(s))
			}
			return s, nil
		}
		if c == '\\' {
			return p.escaped(start, from)
		}
		if c < 0x20 {
			return "", p.fail("Invalid control character at", p.i)
		}
		p.i++
	}
	return "", p.fail("Unterminated string starting at", start)
}

func (p *parser) escaped(start, from int) (string, error) {
	buf := append(make([]byte, 0, len(p.s[from:p.i])+32), p.s[from:p.i]...)
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == '"':
			p.i++
			if !utf8.Valid(buf) {
				return string([]rune(string(buf))), nil
			}
			return string(buf), nil
		case c < 0x20:
			return "", p.fail("Invalid control character at", p.i)
		case c != '\\':
			buf = append(buf, c)
			p.i++
			continue
		}
		p.i++
		if p.i >= len(p.s) {
			return "", p.fail("Unterminated string starting at", start)
		}
		e := p.s[p.i]
		p.i++
		if k := indexByte(`"\/bfnrt`, e); k >= 0 {
			buf = append(buf, "\"\\/\b\f\n\r\t"[k])
			continue
		}
		if e != 'u' {
			return "", p.fail("Invalid \\escape", p.i-2)
		}
		r, ok := p.hex()
		if !ok {
			return "", p.fail("Invalid \\uXXXX escape", p.i-1)
		}
		if utf16.IsSurrogate(r) && p.i+1 < len(p.s) && p.s[p.i] == '\\' && p.s[p.i+1] == 'u' {
			back := p.i
			p.i += 2
			if low, ok := p.hex(); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				r = utf16.DecodeRune(r, low)
			} else {
				p.i = back
			}
		}
		buf = utf8.AppendRune(buf, r)
	}
	return "", p.fail("Unterminated string starting at", start)
}

func indexByte(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			return i
		}
	}
	return -1
}

// hex reads the four digits of an escape. Digits that end the text are refused, as
// Python refuses them, before the missing quote is.
func (p *parser) hex() (rune, bool) {
	if p.i+4 >= len(p.s) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.s[p.i:p.i+4], 16, 32)
	if err != nil {
		return 0, false
	}
	p.i += 4
	return rune(n), true
}
