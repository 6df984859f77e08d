package pyexpr

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	end kind = iota
	name
	keyword
	number
	text
	op
)

// token is one lexical unit; val is a number's or a text's value.
type token struct {
	kind kind
	s    string
	val  Value
}

var keywords = map[string]bool{
	"and": true, "or": true, "not": true, "in": true, "is": true, "if": true, "else": true, "for": true,
	"True": true, "False": true, "None": true, "lambda": true, "yield": true, "await": true, "async": true,
	"import": true, "from": true, "class": true, "def": true, "return": true, "raise": true, "try": true,
	"except": true, "finally": true, "with": true, "as": true, "assert": true, "del": true, "global": true,
	"nonlocal": true, "pass": true, "break": true, "continue": true, "while": true, "elif": true,
}

var operators = []string{"**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "|", "^", "&", "~",
	"<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", "="}

func lex(src string) ([]token, error) {
	var out []token
	depth := 0
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == '\n' && depth == 0:
			if strings.TrimSpace(src[i:]) != "" && len(out) > 0 {
				return nil, errorf("SyntaxError", "invalid syntax")
			}
			i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f':
			i++
		case c == '#':
			for i < len(src) && src[i] != '\n' {
				i++
			}
		case c >= '0' && c <= '9' || c == '.' && i+1 < len(src) && src[i+1] >= '0' && src[i+1] <= '9':
			t, n, err := lexNumber(src[i:])
			if err != nil {
				return nil, err
			}
			out, i = append(out, t), i+n
		default:
			t, n, err := lexWord(src[i:])
			if err != nil {
				return nil, err
			}
			depth += nesting(t)
			out, i = append(out, t), i+n
		}
	}
	return append(out, token{kind: end}), nil
}

func nesting(t token) int {
	if t.kind != op {
		return 0
	}
	switch t.s {
	case "(", "[", "{":
		return 1
	case ")", "]", "}":
		return -1
	}
	return 0
}

// lexWord reads a text, a name, a keyword or an operator.
func lexWord(s string) (token, int, error) {
	if n := textPrefix(s); n >= 0 {
		return lexText(s, n)
	}
	n := 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if r != '_' && !unicode.IsLetter(r) && (n == 0 || !unicode.IsDigit(r)) {
			break
		}
		n += size
	}
	if n > 0 {
		if keywords[s[:n]] {
			return token{kind: keyword, s: s[:n]}, n, nil
		}
		return token{kind: name, s: s[:n]}, n, nil
	}
	for _, o := range operators {
		if strings.HasPrefix(s, o) {
			return token{kind: op, s: o}, len(o), nil
		}
	}
	return token{}, 0, errorf("SyntaxError", "invalid syntax")
}

// textPrefix returns the length of a text's prefix (r, u, b, f), or -1 when s does not
// begin with a text.
func textPrefix(s string) int {
	for n := 0; n < 3 && n < len(s); n++ {
		switch s[n] {
		case '\'', '"':
			return n
		case 'r', 'R', 'u', 'U', 'b', 'B', 'f', 'F':
		default:
			return -1
		}
	}
	return -1
}

func lexText(s string, prefix int) (token, int, error) {
	mode := strings.ToLower(s[:prefix])
	if strings.ContainsAny(mode, "bf") {
		return token{}, 0, errorf("SyntaxError", "%s-strings are not supported", mode)
	}
	raw := strings.Contains(mode, "r")
	quote := s[prefix : prefix+1]
	if strings.HasPrefix(s[prefix:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	var b strings.Builder
	for i := prefix + len(quote); i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], quote):
			return token{kind: text, val: b.String()}, i + len(quote), nil
		case s[i] == '\n' && len(quote) == 1:
			return token{}, 0, errorf("SyntaxError", "unterminated string literal")
		case s[i] == '\\' && i+1 < len(s) && raw:
			b.WriteString(s[i : i+2])
			i += 2
		case s[i] == '\\' && i+1 < len(s):
			n, err := escape(&b, s[i+1:])
			if err != nil {
				return token{}, 0, err
			}
			i += 1 + n
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return token{}, 0, errorf("SyntaxError", "unterminated string literal")
}

var simpleEscapes = map[byte]string{'n': "\n", 't': "\t", 'r': "\r", '\\': "\\", '\'': "'", '"': `"`, 'a': "\a", 'b': "\b",
	'f': "\f", 'v': "\v", '0': "\x00", '\n': ""}

// escape writes what follows a backslash and returns its length.
func escape(b *strings.Builder, s string) (int, error) {
	if t, ok := simpleEscapes[s[0]]; ok {
		b.WriteString(t)
		return 1, nil
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if digits == 0 {
		b.WriteByte('\\')
		b.WriteByte(s[0])
		return 1, nil
	}
	if len(s) <= digits {
		return 0, errorf("SyntaxError", "truncated escape")
	}
	n, err := strconv.ParseUint(s[1:1+digits], 16, 32)
	if err != nil || n > unicode.MaxRune {
		return 0, errorf("SyntaxError", "illegal Unicode character")
	}
	b.WriteRune(rune(n))
	return 1 + digits, nil
}

func lexNumber(s string) (token, int, error) {
	n := 0
	if len(s) > 1 && s[0] == '0' && strings.ContainsRune("xXoObB", rune(s[1])) {
		n = 2
	}
	base := n
	for n < len(s) {
		c := s[n]
		digit := c >= '0' && c <= '9' || c == '_' || base == 2 && (c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F')
		sign := (c == '+' || c == '-') && base == 0 && (s[n-1] == 'e' || s[n-1] == 'E')
		if !digit && (base == 2 || c != '.' && c != 'e' && c != 'E') && !sign {
			break
		}
		n++
	}
	clean := strings.ReplaceAll(s[:n], "_", "")
	if base == 2 || !strings.ContainsAny(clean, ".eE") {
		i, err := strconv.ParseInt(clean, 0, 64)
		if err != nil || base == 0 && len(clean) > 1 && clean[0] == '0' && strings.Trim(clean, "0") != "" {
			return token{}, 0, errorf("SyntaxError", "invalid number %s", clean)
		}
		return token{kind: number, val: i}, n, nil
	}
	f, err := strconv.ParseFloat(clean, 64)
	if err != nil {
		return token{}, 0, errorf("SyntaxError", "invalid number %s", clean)
	}
	return token{kind: number, val: f}, n, nil
}
