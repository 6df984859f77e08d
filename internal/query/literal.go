package query

import (
	"fmt"
	"strconv"
	"strings"
)

// How MariaDB reads texts as dates and times where it compares them with such columns.
// Source: MariaDB's sql-common/my_time.c str_to_datetime_or_date, str_to_time, and what a
// server of 10.11 answers.

const midnight = " 00:00:00.000000"

// sqlDatetime reads a text as a DATETIME literal: year first, in two or four digits, any
// sign between the parts, junk after them ignored. The day may be one that its month has
// not got, up to 31: MariaDB compares those too. ok is false for what counts as the zero
// date, before all others.
func sqlDatetime(s string) (text string, ok bool) {
	r := literal{s: strings.TrimLeft(s, " \t")}
	year := 2
	if n := digitRun(r.s); n == 4 || n == 8 || n >= 14 {
		year = 4
	}
	r.joined = digitRun(r.s) > year
	y, ok := r.digits(year)
	if ok && year == 2 {
		y += 1900
		if y < 1970 {
			y += 100
		}
	}
	m, ok1 := r.part(r.sign())
	d, ok2 := r.part(r.sign())
	if !ok || !ok1 || !ok2 || m > 12 || d > 31 || !r.joined && digitRun(r.s) > 0 {
		return "", false
	}
	clock, ok := r.clock()
	if !ok || y+m+d == 0 {
		return "", false
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d) + clock, true
}

// literal is a text on its way through the parts of a date.
type literal struct {
	s string
	// joined says that no signs separate the parts.
	joined bool
}

// digits reads up to n digits.
func (r *literal) digits(n int) (int, bool) {
	n = min(n, digitRun(r.s))
	v, err := strconv.Atoi(r.s[:n])
	r.s = r.s[n:]
	return v, err == nil
}

// sign passes over one sign; without one the next part is there only when parts are
// joined.
func (r *literal) sign() bool {
	if r.s != "" && isPunct(r.s[0]) {
		r.s = r.s[1:]
		return true
	}
	return r.joined
}

func (r *literal) part(there bool) (int, bool) {
	if !there {
		return 0, false
	}
	return r.digits(2)
}

// clock reads the time of day that follows a date; without one it is midnight. Where it
// is out of range, the whole text is no date.
func (r *literal) clock() (string, bool) {
	rest := strings.TrimLeft(r.s, " \t")
	switch {
	case r.joined || rest == r.s && rest == "":
	case rest != r.s:
	case rest[0] == 'T', isPunct(rest[0]):
		rest = rest[1:]
	default:
		return midnight, true
	}
	r.s = rest
	var n [3]int
	for i := range n {
		if i > 0 && !r.sign() {
			if digitRun(r.s) > 0 {
				return "", false
			}
			break
		}
		v, ok := r.digits(2)
		if !ok {
			break
		}
		n[i] = v
	}
	if n[0] > 23 || n[1] > 59 || n[2] > 59 {
		return "", false
	}
	return fmt.Sprintf(" %02d:%02d:%02d", n[0], n[1], n[2]) + fraction(r.s), true
}

// fraction is the part of a second that s starts with, in six digits.
func fraction(s string) string {
	digits := ""
	if strings.HasPrefix(s, ".") {
		digits = s[1 : 1+min(digitRun(s[1:]), 6)]
	}
	return "." + (digits + "000000")[:6]
}

// sqlTime reads a text as a TIME literal: [days ]hours:minutes[:seconds], or digits of
// which the last two are seconds, or a date with a time of day. What is none, or out of
// range, is midnight.
func sqlTime(s string) (text string, negative bool) {
	s = strings.TrimLeft(s, " \t")
	if len(s) >= 12 {
		if d, ok := sqlDatetime(s); ok {
			return d[11:], false
		}
	}
	s, negative = strings.CutPrefix(s, "-")
	r := literal{s: s}
	first, _ := r.digits(9)
	h, m, sec := first/10000, first/100%100, first%100
	days := 0
	if len(r.s) > 1 && r.s[0] == ' ' && digitRun(r.s[1:]) > 0 {
		r.s, days = r.s[1:], first
		first, _ = r.digits(9)
		h, m, sec = first, 0, 0
	}
	if len(r.s) > 1 && r.s[0] == ':' && digitRun(r.s[1:]) > 0 {
		h, sec = first, 0
		r.s = r.s[1:]
		m, _ = r.digits(9)
		if len(r.s) > 1 && r.s[0] == ':' && digitRun(r.s[1:]) > 0 {
			r.s = r.s[1:]
			sec, _ = r.digits(9)
		}
	}
	if m > 59 || sec > 59 {
		return midnight[1:], false
	}
	text = fmt.Sprintf("%02d:%02d:%02d", min(days*24+h, 838), m, sec) + fraction(r.s)
	return text, negative && text != midnight[1:]
}

func digitRun(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// isPunct tells the signs of ASCII.
func isPunct(c byte) bool {
	return c > ' ' && c < 0x7f && (c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' || c > 'z')
}
