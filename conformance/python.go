package conformance

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// pathSafe is what the recorder left unquoted in a request path, besides letters and digits.
const pathSafe = "/%:@!$&'()*+,;=~.-_?"

// dumps writes a value as Python's json.dumps does by default: ", " and ": " between items,
// everything outside ASCII as \uXXXX.
func dumps(v any) string { return jsonWriter{}.text(v) }

// short is a value's JSON, readable and at most 160 characters long, for differences.
func short(v any) string {
	text := jsonWriter{unicode: true}.text(v)
	runes := []rune(text)
	if len(runes) < 160 {
		return text
	}
	return string(runes[:157]) + "…"
}

// jsonWriter holds json.dumps's options; the zero value is its default.
type jsonWriter struct {
	unicode bool // ensure_ascii=False
	sorted  bool // sort_keys=True
}

func (w jsonWriter) text(v any) string {
	var b strings.Builder
	w.value(&b, v)
	return b.String()
}

func (w jsonWriter) value(b *strings.Builder, v any) {
	switch t := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(t))
	case string:
		w.quoted(b, t)
	case json.Number:
		b.WriteString(numberJSON(t))
	case []any:
		b.WriteByte('[')
		for i, x := range t {
			if i > 0 {
				b.WriteString(", ")
			}
			w.value(b, x)
		}
		b.WriteByte(']')
	case *Object:
		w.object(b, t)
	default:
		// Only values from Decode come here; anything else is a mistake in this package.
		panic(fmt.Sprintf("conformance: no JSON value: %T", v))
	}
}

func (w jsonWriter) object(b *strings.Builder, o *Object) {
	keys := o.Keys()
	if w.sorted {
		keys = slices.Sorted(slices.Values(keys))
	}
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		w.quoted(b, k)
		b.WriteString(": ")
		w.value(b, o.Get(k))
	}
	b.WriteByte('}')
}

func (w jsonWriter) quoted(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\f':
			b.WriteString(`\f`)
		case r == '\b':
			b.WriteString(`\b`)
		case r >= ' ' && (r <= '~' || w.unicode):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
}

// isFloat reports whether a JSON number was written with a point or an exponent.
func isFloat(n json.Number) bool { return strings.ContainsAny(string(n), ".eE") }

func numberJSON(n json.Number) string {
	if !isFloat(n) {
		return string(n)
	}
	switch text := floatRepr(n); text {
	case "inf":
		return "Infinity"
	case "-inf":
		return "-Infinity"
	default:
		return text
	}
}

// floatRepr is Python's repr of a float: the shortest digits, always with a point or an
// exponent, the exponent from 1e16 up and below 1e-4.
func floatRepr(n json.Number) string {
	// An overflow gives an error and the infinity that Python would read, too.
	f, _ := strconv.ParseFloat(string(n), 64)
	if math.IsInf(f, 0) {
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'g', -1, 64)), "+")
	}
	scientific := strconv.FormatFloat(f, 'e', -1, 64)
	_, exp, _ := strings.Cut(scientific, "e")
	if e, _ := strconv.Atoi(exp); e < -4 || e >= 16 {
		return scientific
	}
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	return plain
}

// pyStr is Python's str() of a value, for a variable inside a longer text. Lists and objects
// come as JSON; no recording needs Python's own form of them.
func pyStr(v any) string {
	switch t := v.(type) {
	case nil:
		return "None"
	case bool:
		if t {
			return "True"
		}
		return "False"
	case string:
		return t
	case json.Number:
		if isFloat(t) {
			return floatRepr(t)
		}
		return string(t)
	default:
		return dumps(v)
	}
}

// textOrJSON is how the recorder wrote query and form values: a string as it is, all else as JSON.
func textOrJSON(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return dumps(v)
}

// quote is urllib.parse.quote: everything outside letters, digits, "_.-~" and safe becomes %XX.
func quote(s, safe string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			strings.IndexByte("_.-~", c) >= 0, strings.IndexByte(safe, c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// pair is one name and value of a query or a form.
type pair struct{ name, value string }

// urlencode is urllib.parse.urlencode: a space becomes "+".
func urlencode(pairs []pair) string {
	plus := func(s string) string { return strings.ReplaceAll(quote(s, " "), " ", "+") }
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = plus(p.name) + "=" + plus(p.value)
	}
	return strings.Join(parts, "&")
}

// titleCase is Python's str.title: a letter after anything but a letter is upper case, so
// "ab1cd" becomes "Ab1Cd". It made the first names of the recorded users.
func titleCase(s string) string {
	var b strings.Builder
	inWord := false
	for _, r := range s {
		if inWord {
			b.WriteRune(unicode.ToLower(r))
		} else {
			b.WriteRune(unicode.ToTitle(r))
		}
		inWord = unicode.IsLetter(r)
	}
	return b.String()
}

// latin1Decode reads header bytes as Python's http.client does, one character per byte.
func latin1Decode(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// latin1Encode is the way back. A character beyond Latin-1 is an error.
func latin1Encode(s string) (string, error) {
	var b strings.Builder
	for _, r := range s {
		if r > 0xff {
			return "", fmt.Errorf("header value %q: not Latin-1", s)
		}
		b.WriteByte(byte(r))
	}
	return b.String(), nil
}

// decodeReplace is Python's bytes.decode(errors="replace"): one U+FFFD for the longest
// beginning of a character that is cut short, where Go's own functions count otherwise.
func decodeReplace(data []byte) string {
	var b strings.Builder
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			size = brokenLength(data)
		}
		b.WriteRune(r)
		data = data[size:]
	}
	return b.String()
}

// brokenLength returns how many bytes of an invalid sequence could begin a character.
func brokenLength(data []byte) int {
	lead := data[0]
	low, high := byte(0x80), byte(0xbf)
	var rest int
	switch {
	case lead >= 0xe1 && lead <= 0xef:
		rest = 2
		if lead == 0xed {
			high = 0x9f
		}
	case lead == 0xe0:
		low, rest = 0xa0, 2
	case lead >= 0xf1 && lead <= 0xf3:
		rest = 3
	case lead == 0xf0:
		low, rest = 0x90, 3
	case lead == 0xf4:
		high, rest = 0x8f, 3
	default: // two-byte leads (the next byte is wrong or absent) and bytes that never begin one
		return 1
	}
	n := 1
	for n < len(data) && n <= rest && data[n] >= low && data[n] <= high {
		n++
		low, high = 0x80, 0xbf
	}
	return n
}
