package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// anything is the wildcard that matches every value, and an absent one.
const anything = "<*>"

// observer turns answers into observations: the form in which they are recorded and compared.
// What differs from day to day (dates, tracebacks) becomes a mark such as <now>.
type observer struct {
	today string // 2006-01-02
	year  string
}

// newObserver takes the day in UTC, the time zone of the recorded sites.
func newObserver(now time.Time) observer {
	today := now.UTC().Format(time.DateOnly)
	return observer{today: today, year: today[:4]}
}

// observe returns {status, headers?, cookies?, body}. The body is null when empty, the JSON
// value, "<html>", {"$text": …}, or {"$bytes": length, "$sha256": hex} for other content.
func (o observer) observe(r Response) *Object {
	out := NewObject("status", number(r.Status))
	headers, cookies := NewObject(), NewObject()
	for _, h := range r.Header {
		name := strings.ToLower(h.Name)
		switch {
		case name == "set-cookie":
			c := parseCookie(latin1Decode(h.Value))
			cookies.Set(c.name, NewObject("value", c.value, "attrs", c.attrs))
		case isCompared(name):
			headers.Set(name, o.text(latin1Decode(h.Value), ""))
		}
	}
	if headers.Len() > 0 {
		out.Set("headers", headers)
	}
	if cookies.Len() > 0 {
		out.Set("cookies", cookies)
	}
	out.Set("body", o.body(headers.Text("content-type"), r.Body))
	return out
}

func (o observer) body(contentType string, data []byte) any {
	switch {
	case len(data) == 0:
		return nil
	case strings.Contains(contentType, "json"):
		v, err := decodeMarked(data)
		if err != nil {
			return NewObject("$text", decodeReplace(data))
		}
		return o.normalise(v, "")
	case strings.HasPrefix(contentType, "text/html"):
		return "<html>"
	case strings.HasPrefix(contentType, "text/"), len(data) < 200:
		return NewObject("$text", o.text(decodeReplace(data), ""))
	default:
		sum := sha256.Sum256(data)
		return NewObject("$bytes", number(len(data)), "$sha256", hex.EncodeToString(sum[:]))
	}
}

// isCompared tells the headers (in lower case) that are part of an observation.
func isCompared(name string) bool {
	switch name {
	case "content-type", "location", "retry-after", "allow", "content-disposition", "cache-control", "link",
		"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-used", "www-authenticate",
		"access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods",
		"access-control-allow-headers", "vary", "x-frappe-request-id":
		return true
	}
	return false
}

// setCookie is one Set-Cookie line; attrs are sorted strings without Expires.
type setCookie struct {
	name, value string
	attrs       []any
}

func parseCookie(line string) setCookie {
	parts := strings.Split(line, ";")
	name, value, _ := strings.Cut(strings.TrimSpace(parts[0]), "=")
	var attrs []string
	for _, p := range parts[1:] {
		p = strings.TrimSpace(p)
		if !strings.HasPrefix(strings.ToLower(p), "expires") {
			attrs = append(attrs, p)
		}
	}
	slices.Sort(attrs)
	list := make([]any, len(attrs))
	for i, a := range attrs {
		list[i] = a
	}
	return setCookie{name: name, value: value, attrs: list}
}

// decodeMarked is Decode with every float as {"$float": "1.0"}, so that 1 and 1.0 differ and
// the number of digits written does not matter.
func decodeMarked(data []byte) (any, error) {
	v, err := Decode(data)
	if err != nil {
		return nil, err
	}
	return markFloats(v), nil
}

func markFloats(v any) any {
	switch t := v.(type) {
	case json.Number:
		if isFloat(t) {
			return NewObject("$float", floatRepr(t))
		}
	case []any:
		for i, x := range t {
			t[i] = markFloats(x)
		}
	case *Object:
		for _, k := range t.Keys() {
			t.Set(k, markFloats(t.Get(k)))
		}
	}
	return v
}

// normalise replaces what varies by marks; key is the name under which v stands in an object.
func (o observer) normalise(v any, key string) any {
	switch t := v.(type) {
	case *Object:
		out := NewObject()
		for _, k := range t.Keys() {
			out.Set(k, o.normalise(t.Get(k), k))
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, x := range t {
			out[i] = o.normalise(x, "")
		}
		return out
	case string:
		return o.text(t, key)
	default:
		return v
	}
}

// text normalises a string; the result is no string where the string held JSON.
func (o observer) text(s, key string) any {
	if key == "exc" && strings.HasPrefix(s, "[") {
		return "<traceback-list>"
	}
	if strings.Contains(s, "Traceback (most recent call last)") {
		return "<traceback>"
	}
	if holdsJSON(key) && strings.HasPrefix(s, "[") || holdsJSON(key) && strings.HasPrefix(s, "{") {
		if inner, ok := decodeNested(s); ok {
			return NewObject("$json", o.normalise(inner, ""))
		}
	}
	if isDatetime(s) && strings.HasPrefix(s, o.today) {
		if strings.Contains(s, ".") {
			return "<now>"
		}
		return "<now-seconds>"
	}
	return o.replaceYear(strings.ReplaceAll(s, o.today, "<today>"))
}

// holdsJSON tells the keys whose strings are JSON once more.
func holdsJSON(key string) bool {
	switch key {
	case "_server_messages", "_debug_messages", "exc", "_error_message":
		return true
	}
	return false
}

// decodeNested reads JSON in a string, and JSON in the strings of the list that it holds.
// One string that looks like JSON (or is empty) and is none makes the whole stay text.
func decodeNested(s string) (any, bool) {
	inner, err := decodeMarked([]byte(s))
	if err != nil {
		return nil, false
	}
	list, ok := inner.([]any)
	if !ok {
		return inner, true
	}
	for i, x := range list {
		text, ok := x.(string)
		if !ok || text != "" && !strings.ContainsAny(text[:1], `[{"`) {
			continue
		}
		if list[i], err = decodeMarked([]byte(text)); err != nil {
			return nil, false
		}
	}
	return list, true
}

// isDatetime matches "2006-01-02 15:04:05", also with T, with up to six digits of a second
// and with +00:00 or Z.
func isDatetime(s string) bool {
	const shape = "0000-00-00 00:00:00"
	s = strings.TrimSuffix(s, "\n") // as Python's $ does
	if len(s) < len(shape) {
		return false
	}
	for i := range len(shape) {
		switch c := s[i]; shape[i] {
		case '0':
			if c < '0' || c > '9' {
				return false
			}
		case ' ':
			if c != ' ' && c != 'T' {
				return false
			}
		default:
			if c != shape[i] {
				return false
			}
		}
	}
	rest := s[len(shape):]
	if after, ok := strings.CutPrefix(rest, "."); ok {
		rest = strings.TrimLeft(after, "0123456789")
		if digits := len(after) - len(rest); digits < 1 || digits > 6 {
			return false
		}
	}
	return rest == "" || rest == "+00:00" || rest == "Z"
}

// replaceYear writes <year> for this year where it stands between separators, as it does in
// the names of naming series: at the very beginning something must follow it, elsewhere the
// end of the text will do as well.
func (o observer) replaceYear(s string) string {
	separates := func(i int) bool {
		return i >= 0 && i < len(s) && strings.IndexByte("-/_. ", s[i]) >= 0
	}
	ends := func(i int) bool { return i == len(s) || s[i:] == "\n" }
	var b strings.Builder
	for i := 0; i < len(s); {
		after := i + len(o.year)
		inside := separates(i-1) && strings.HasPrefix(s[i:], o.year) && (separates(after) || ends(after))
		first := i == 0 && strings.HasPrefix(s, o.year) && separates(after) && s[after] != ' '
		if inside || first {
			b.WriteString("<year>")
			i = after
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}
