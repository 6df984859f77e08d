package sqlite

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// collation is the name of the collation of text columns: it compares as MariaDB's
// utf8mb4_unicode_ci does where it matters, without regard to case, accents and
// trailing blanks.
const collation = "frappe"

// compare orders two texts by the collation.
func compare(a, b []byte) int {
	a, b = bytes.TrimRight(a, " "), bytes.TrimRight(b, " ")
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		if x >= utf8.RuneSelf || y >= utf8.RuneSelf {
			return bytes.Compare(fold(a), fold(b))
		}
		if x == y {
			continue
		}
		x, y = lower(x), lower(y)
		if x != y {
			if hasHigh(a[i:]) || hasHigh(b[i:]) {
				return bytes.Compare(fold(a), fold(b))
			}
			return int(x) - int(y)
		}
	}
	if len(a) != len(b) && (hasHigh(a[n:]) || hasHigh(b[n:])) {
		return bytes.Compare(fold(a), fold(b))
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func hasHigh(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// fold removes case and accents.
func fold(b []byte) []byte {
	if !hasHigh(b) {
		return bytes.ToLower(b)
	}
	out := make([]byte, 0, len(b))
	for _, r := range string(norm.NFKD.Bytes(b)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß' || r == 'ẞ':
			out = append(out, 's', 's')
		default:
			out = utf8.AppendRune(out, unicode.ToLower(r))
		}
	}
	return out
}

// like matches a pattern with % and _ as MariaDB's LIKE does: folded, with a
// backslash as escape.
func like(pattern, text []byte) bool {
	return match([]rune(string(fold(pattern))), []rune(string(fold(text))))
}

// match is a linear two-pointer matcher: a mismatch goes back to the last % only, so
// that no pattern costs more than pattern × text steps.
func match(p, t []rune) bool {
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '%':
			star, mark = i, j
			i++
		case i+1 < len(p) && p[i] == '\\' && p[i+1] == t[j]:
			i += 2
			j++
		case i < len(p) && p[i] != '\\' && (p[i] == '_' || p[i] == t[j]):
			i++
			j++
		case i == len(p)-1 && p[i] == '\\' && t[j] == '\\':
			i++
			j++
		case star >= 0:
			i = star + 1
			mark++
			j = mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '%' {
		i++
	}
	return i == len(p)
}
