package sanitize

import (
	"regexp"
	"strconv"
	"strings"
)

// style keeps the declarations of a style attribute that set a property of the list. s has
// no entities. v14 prints them anew; later releases keep the text of each declaration.
func (r Rules) style(s string) string {
	if r.KeepStyle {
		return keptStyle(s)
	}
	return printedStyle(s)
}

// What v14's library asks of a style before it reads it.
var (
	styleURL    = regexp.MustCompile(`url\s*\(\s*[^\s)]+?\s*\)\s*`)
	stylePart   = regexp.MustCompile(`^([-/:,#%.'"\s!\pL\pN_]|'[\s\pL\pN_]+'\s*|"[\s\pL\pN_]+"|\([\d,%.\s]+\))*$`)
	styleShape  = regexp.MustCompile(`^\s*([-\pL\pN_]+\s*:[^:;]*(;\s*|$))*$`)
	declaration = regexp.MustCompile(`([-\pL\pN_]+)\s*:\s*([^:;]*)`)
)

// printedStyle drops addresses, and everything when a part has unusual characters.
// Source: bleach/sanitizer.py sanitize_css (3.3).
func printedStyle(s string) string {
	s = styleURL.ReplaceAllString(s, " ")
	for _, part := range strings.Split(s, ";") {
		if !stylePart.MatchString(part) {
			return ""
		}
	}
	if !styleShape.MatchString(s) {
		return ""
	}
	var out []string
	for _, d := range declaration.FindAllStringSubmatch(s, -1) {
		if d[2] != "" && properties[strings.ToLower(d[1])] && !badValue(d[2]) {
			out = append(out, d[1]+": "+strings.TrimRight(d[2], " \t\n\r\f")+";")
		}
	}
	return strings.Join(out, " ")
}

// keptStyle ends every declaration with a semicolon and keeps one run of blanks between
// them. Source: bleach/css_sanitizer.py sanitize_css.
func keptStyle(s string) string {
	var b strings.Builder
	for _, d := range declarations(s) {
		name, value, ok := strings.Cut(d, ":")
		name = strings.TrimSpace(name)
		if !ok || !properties[strings.ToLower(name)] || strings.TrimSpace(value) == "" || strings.ContainsAny(value, "<>{}") || badValue(value) {
			continue
		}
		if blank := d[:len(d)-len(strings.TrimLeft(d, " \t\n\r\f"))]; b.Len() > 0 {
			b.WriteString(blank)
		}
		b.WriteString(name + ":" + strings.TrimRight(goodURLs(value), " \t\n\r\f") + ";")
	}
	return b.String()
}

// badValue reports what old browsers run, and escapes that hide an address or a function.
func badValue(value string) bool {
	plain := cssComment.ReplaceAllString(unescapeCSS(value), "")
	lower := strings.ToLower(plain)
	hidden := plain != value && (strings.Contains(lower, "url(") || strings.Contains(lower, ":"))
	return hidden || strings.Contains(lower, "expression(") || strings.Contains(lower, "@import")
}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?(\*/|$)`)
	cssEscape  = regexp.MustCompile(`\\([0-9a-fA-F]{1,6}[ \t\n\r\f]?|[^0-9a-fA-F\n\r\f])`)
	cssURL     = regexp.MustCompile(`(?i)url\(`)
)

func unescapeCSS(s string) string {
	return cssEscape.ReplaceAllStringFunc(s, func(e string) string {
		if n, err := strconv.ParseUint(strings.TrimSpace(e[1:]), 16, 32); err == nil {
			return string(rune(n))
		}
		return e[1:]
	})
}

// badURL is what upstream's library prints for an address that is none.
const badURL = "url([bad url])"

// goodURLs replaces the addresses of a value that are none. An address in a style loads a
// picture; browsers run none, whatever its scheme.
func goodURLs(value string) string {
	var b strings.Builder
	for {
		at := cssURL.FindStringIndex(value)
		if at == nil {
			return b.String() + value
		}
		b.WriteString(value[:at[0]])
		inner, rest, closed := urlArgument(value[at[1]:])
		if closed && goodURL(inner) {
			b.WriteString(value[at[0]:at[1]] + inner + ")")
		} else {
			b.WriteString(badURL)
		}
		value = rest
	}
}

// urlArgument cuts what stands in url( and ).
func urlArgument(s string) (inner, rest string, closed bool) {
	t := strings.TrimLeft(s, " \t\n\r\f")
	from := len(s) - len(t)
	if t != "" && (t[0] == '"' || t[0] == '\'') {
		end := strings.IndexByte(t[1:], t[0])
		if end < 0 {
			return s, "", false
		}
		from += end + 2
	}
	end := strings.IndexByte(s[from:], ')')
	if end < 0 {
		return s, "", false
	}
	return s[:from+end], s[from+end+1:], true
}

func goodURL(inner string) bool {
	t := strings.Trim(inner, " \t\n\r\f")
	if n := len(t); n > 1 && (t[0] == '"' || t[0] == '\'') {
		return t[n-1] == t[0]
	}
	return t == "[bad url]" || !strings.ContainsAny(t, "\"'( \t\n\r\f")
}

// declarations splits at the semicolons that stand in no string and no brackets.
func declarations(s string) []string {
	var out []string
	depth, quote, start := 0, byte(0), 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ';' && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}
