package sqlite

import (
	"errors"
	"unicode"
	"unicode/utf8"

	sqlite3 "github.com/ncruces/go-sqlite3"
	"golang.org/x/text/unicode/norm"
)

// registerLike replaces SQLite's LIKE by MariaDB's: a backslash escapes, and
// characters compare without regard to case and accents. Numbers compare by their
// text.
func registerLike(db *sqlite3.Conn) error {
	like := func(ctx sqlite3.Context, args ...sqlite3.Value) {
		for _, a := range args {
			if a.Type() == sqlite3.NULL {
				ctx.ResultNull()
				return
			}
		}
		escape := '\\'
		if len(args) == 3 {
			escape, _ = utf8.DecodeRune(args[2].RawText())
		}
		ctx.ResultBool(match(args[0].RawText(), args[1].RawText(), escape))
	}
	const flags = sqlite3.DETERMINISTIC | sqlite3.INNOCUOUS
	return errors.Join(db.CreateFunction("like", 2, flags, like), db.CreateFunction("like", 3, flags, like))
}

// match reports whether text matches a pattern of % and _. After a mismatch it goes
// back to the last % only, so that no pattern costs more than its length times the
// text's.
func match(pattern, text []byte, escape rune) bool {
	i, j, star, mark := 0, 0, -1, 0
	for j < len(text) {
		if i < len(pattern) && pattern[i] == '%' && escape != '%' {
			i++
			star, mark = i, j
			continue
		}
		if next, after, ok := matchOne(pattern, i, text, j, escape); ok {
			i, j = next, after
			continue
		}
		if star < 0 {
			return false
		}
		mark += size(text, mark)
		i, j = star, mark
	}
	for i < len(pattern) && pattern[i] == '%' {
		i++
	}
	return i == len(pattern)
}

// matchOne matches one character of the pattern, and returns what follows in both.
func matchOne(pattern []byte, i int, text []byte, j int, escape rune) (next, after int, ok bool) {
	if i >= len(pattern) {
		return 0, 0, false
	}
	p, n := char(pattern, i)
	i += n
	literal := false
	if p == escape && i < len(pattern) {
		p, n = char(pattern, i)
		i += n
		literal = true
	}
	t, n := char(text, j)
	if p == t || p == '_' && !literal || base(p) == base(t) {
		return i, j + n, true
	}
	return 0, 0, false
}

func char(b []byte, i int) (rune, int) {
	if b[i] < utf8.RuneSelf {
		return rune(b[i]), 1
	}
	return utf8.DecodeRune(b[i:])
}

func size(b []byte, i int) int { _, n := char(b, i); return n }

// base is the letter that a character is a variant of: lower case, without marks.
func base(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	var buf [utf8.UTFMax]byte
	d := norm.NFKD.Properties(buf[:utf8.EncodeRune(buf[:], r)]).Decomposition()
	if len(d) == 0 {
		return lower(r)
	}
	first, n := utf8.DecodeRune(d)
	for d = d[n:]; len(d) > 0; d = d[n:] {
		var mark rune
		if mark, n = utf8.DecodeRune(d); !unicode.Is(unicode.Mn, mark) {
			return r // several letters in one character: it equals itself alone
		}
	}
	return lower(first)
}
