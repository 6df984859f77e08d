package document

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// Format is how a release prints JSON.
type Format struct {
	// ASCII escapes everything beyond ASCII and 0x7f (v14 and v15: Python's json);
	// otherwise text is raw UTF-8 (v16: orjson).
	ASCII bool
	// Spaced puts a blank after ',' and ':' (Python's default separators).
	Spaced bool
}

// The formats in use. Python prints bodies of v14 and v15, PythonSpaced the JSON
// strings inside them, ORJSON everything in v16.
var (
	Python       = Format{ASCII: true}
	PythonSpaced = Format{ASCII: true, Spaced: true}
	ORJSON       = Format{}
)

// Append appends v as JSON. A Missing value prints as null.
func (f Format) Append(dst []byte, v Value) []byte {
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.n != 0)
	case Int:
		return strconv.AppendInt(dst, int64(v.n), 10)
	case Float:
		return f.AppendFloat(dst, math.Float64frombits(v.n))
	case Number:
		return append(dst, v.s...)
	case String:
		return f.AppendString(dst, v.s)
	case List:
		dst = append(dst, '[')
		for i, item := range v.ext.list {
			if i > 0 {
				dst = f.comma(dst)
			}
			dst = f.Append(dst, item)
		}
		return append(dst, ']')
	case Map:
		return f.AppendObject(dst, v.ext.obj)
	}
	return append(dst, "null"...)
}

// AppendObject appends o as a JSON object.
func (f Format) AppendObject(dst []byte, o *Object) []byte {
	dst = append(dst, '{')
	for i, k := range o.Keys() {
		if i > 0 {
			dst = f.comma(dst)
		}
		dst = f.AppendKey(dst, k)
		dst = f.Append(dst, o.vals[i])
	}
	return append(dst, '}')
}

// AppendKey appends a quoted key and its colon.
func (f Format) AppendKey(dst []byte, key string) []byte {
	dst = f.AppendString(dst, key)
	if f.Spaced {
		return append(dst, ':', ' ')
	}
	return append(dst, ':')
}

func (f Format) comma(dst []byte) []byte {
	if f.Spaced {
		return append(dst, ',', ' ')
	}
	return append(dst, ',')
}

// Marshal returns v as a JSON string.
func (f Format) Marshal(v Value) string { return string(f.Append(nil, v)) }

// AppendFloat appends a float as Python's repr does, or as orjson does in UTF-8
// mode: the two differ in the exponent's form and in NaN and infinities.
func (f Format) AppendFloat(dst []byte, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		if !f.ASCII {
			return append(dst, "null"...)
		}
		switch {
		case math.IsNaN(x):
			return append(dst, "NaN"...)
		case x > 0:
			return append(dst, "Infinity"...)
		}
		return append(dst, "-Infinity"...)
	}
	abs := math.Abs(x)
	small := 1e-4
	if !f.ASCII {
		small = 1e-5
	}
	if abs == 0 || abs >= small && abs < 1e16 {
		n := len(dst)
		dst = strconv.AppendFloat(dst, x, 'f', -1, 64)
		for _, c := range dst[n:] {
			if c == '.' {
				return dst
			}
		}
		return append(dst, '.', '0')
	}
	if f.ASCII {
		return strconv.AppendFloat(dst, x, 'e', -1, 64)
	}
	return appendShortExponent(dst, x)
}

// appendShortExponent prints 1e16 and 1e-7 where Go prints 1e+16 and 1e-07.
func appendShortExponent(dst []byte, x float64) []byte {
	var tmp [32]byte
	b := strconv.AppendFloat(tmp[:0], x, 'e', -1, 64)
	for i, c := range b {
		if c != 'e' {
			continue
		}
		dst = append(dst, b[:i+1]...)
		if b[i+1] == '-' {
			dst = append(dst, '-')
		}
		rest := b[i+2:]
		for len(rest) > 1 && rest[0] == '0' {
			rest = rest[1:]
		}
		return append(dst, rest...)
	}
	return append(dst, b...)
}

const hexDigits = "0123456789abcdef"

// AppendString appends s quoted. What is not UTF-8 becomes U+FFFD.
func (f Format) AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start, checked := 0, false
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && (c != 0x7f || !f.ASCII) {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		if !f.ASCII {
			if !checked && !utf8.ValidString(s[i:]) {
				s = s[:i] + string([]rune(s[i:]))
			}
			checked = true
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		dst = append(dst, s[start:i]...)
		dst = appendRuneEscape(dst, r)
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// AppendBytes is AppendString for bytes, without a copy.
func (f Format) AppendBytes(dst, s []byte) []byte {
	plain := true
	for _, c := range s {
		if c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	return f.AppendString(dst, string(s))
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

func appendRuneEscape(dst []byte, r rune) []byte {
	if r >= 0x10000 {
		r -= 0x10000
		dst = appendRuneEscape(dst, 0xd800+r>>10)
		return appendRuneEscape(dst, 0xdc00+r&0x3ff)
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
