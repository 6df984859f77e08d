package sqlite

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// collation is the name of the collation of text columns: it compares as MariaDB's
// utf8mb4_unicode_ci does where it matters, without regard to case, accents and
// trailing blanks, and with punctuation before digits before letters. Beyond ASCII
// the order is that of the code points.
const collation = "frappe"

// asciiOrder lists ASCII as Unicode's collation table of version 4.0 orders it, which
// is what utf8mb4_unicode_ci goes by. Control characters that are not listed are
// ignored, letters weigh the same in both cases.
const asciiOrder = "\t\n\v\f\r `^_-,;:!?.'\"()[]{}@*/\\&#%+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"

// weights gives each ASCII character its place, from 1; 0 means ignored.
var weights = func() (w [utf8.RuneSelf]byte) {
	for i := range len(asciiOrder) {
		c := asciiOrder[i]
		w[c] = byte(i + 1)
		if c >= 'a' && c <= 'z' {
			w[c-'a'+'A'] = w[c]
		}
	}
	return w
}()

// compare orders two texts by the collation.
func compare(a, b []byte) int {
	a, b = bytes.TrimRight(a, " "), bytes.TrimRight(b, " ")
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		if x >= utf8.RuneSelf || y >= utf8.RuneSelf {
			return compareFolded(a[i:], b[i:])
		}
		v, w := weights[x], weights[y]
		if v == 0 || w == 0 {
			return compareFolded(a[i:], b[i:])
		}
		if v != w {
			return int(v) - int(w)
		}
	}
	if len(a) == len(b) {
		return 0
	}
	return compareFolded(a[n:], b[n:])
}

// compareFolded compares by sort keys; the shorter one counts as filled with blanks.
func compareFolded(a, b []byte) int {
	var x, y [128]byte
	k, l := sortKey(x[:0], a), sortKey(y[:0], b)
	n := min(len(k), len(l))
	if c := bytes.Compare(k[:n], l[:n]); c != 0 {
		return c
	}
	if c := againstBlanks(k[n:]); c != 0 {
		return c
	}
	return -againstBlanks(l[n:])
}

func againstBlanks(key []byte) int {
	for _, w := range key {
		if w != weights[' '] {
			return int(w) - int(weights[' '])
		}
	}
	return 0
}

// sortKey appends what a text is compared by: the weights of ASCII, and the lower
// case of other characters, all without their marks.
func sortKey(dst, text []byte) []byte {
	for len(text) > 0 {
		if c := text[0]; c < utf8.RuneSelf {
			dst = appendASCII(dst, c)
			text = text[1:]
			continue
		}
		r, n := utf8.DecodeRune(text)
		parts := norm.NFKD.Properties(text).Decomposition()
		if len(parts) == 0 {
			dst = appendLetter(dst, r)
		}
		for len(parts) > 0 {
			part, size := utf8.DecodeRune(parts)
			parts = parts[size:]
			dst = appendLetter(dst, part)
		}
		text = text[n:]
	}
	return dst
}

func appendASCII(dst []byte, c byte) []byte {
	if w := weights[c]; w != 0 {
		return append(dst, w)
	}
	return dst
}

func appendLetter(dst []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		return appendASCII(dst, byte(r))
	case unicode.Is(unicode.Mn, r):
		return dst
	case r == 'ß' || r == 'ẞ':
		return append(dst, weights['s'], weights['s'])
	}
	return utf8.AppendRune(dst, lower(r))
}

// lower is one character's lower case; the two small sigmas are one letter.
func lower(r rune) rune {
	if r == 'ς' {
		return 'σ'
	}
	return unicode.ToLower(r)
}
