package document

import (
	"strconv"
	"strings"
)

// moment is a date, a time or both, as MariaDB reads them from text.
type moment struct {
	year, month, day     int
	hour, minute, second int
	micro                int
	negative             bool
}

// whenOK is what a column keeps, or "" for what it refuses.
func whenOK(text string, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	return text, true
}

func (m moment) date() string {
	return pad(m.year, 4) + "-" + pad(m.month, 2) + "-" + pad(m.day, 2)
}

func (m moment) clock() string {
	sign := ""
	if m.negative && (m.hour|m.minute|m.second|m.micro) != 0 {
		sign = "-"
	}
	return sign + pad(m.hour, 2) + ":" + pad(m.minute, 2) + ":" + pad(m.second, 2) + "." + pad(m.micro, 6)
}

// StoredDate returns text as a DATE column of MariaDB keeps it, YYYY-MM-DD, and ok false
// for what it refuses in strict mode. Years of two digits are 1970 to 2069, parts are
// separated by any punctuation or stand as digits alone (YYYYMMDD, YYMMDD), a time of day
// behind the date is cut, and month and day may be 0. "" is not accepted (see Normal).
// Source: MariaDB's sql-common/my_time.c str_to_datetime_or_date.
func StoredDate(s string) (string, bool) {
	if storedAlready(s, "0000-00-00") {
		return s, true
	}
	m, ok := parseDatetime(s)
	return whenOK(m.date(), ok)
}

// StoredDatetime returns text as a DATETIME(6) column keeps it: YYYY-MM-DD
// HH:MM:SS.ffffff. See StoredDate.
func StoredDatetime(s string) (string, bool) {
	if storedAlready(s, "0000-00-00 00:00:00.000000") {
		return s, true
	}
	m, ok := parseDatetime(s)
	return whenOK(m.date()+" "+m.clock(), ok)
}

// StoredTime returns text as a TIME(6) column keeps it: [-]HH:MM:SS.ffffff. Hours may pass
// 24 but not 838; days stand before them ("1 02:03:04"), digits alone are HHMMSS, and of a
// date with a time the time is taken. Source: my_time.c str_to_time.
func StoredTime(s string) (string, bool) {
	m, ok := parseTime(s)
	return whenOK(m.clock(), ok)
}

// StoredDateOf, StoredDatetimeOf and StoredTimeOf read a number as MariaDB reads one
// (YYMMDD, YYYYMMDDhhmmss, hhmmss), and anything else by its text. Source: my_time.c
// number_to_datetime_or_date and number_to_time.
func StoredDateOf(v Value) (string, bool) {
	if n, _, isNumber := wholeAndMicro(v); isNumber {
		m, ok := numberDatetime(n)
		return whenOK(m.date(), ok)
	}
	return StoredDate(ToText(v))
}

// StoredDatetimeOf: see StoredDateOf.
func StoredDatetimeOf(v Value) (string, bool) {
	if n, micro, isNumber := wholeAndMicro(v); isNumber {
		m, ok := numberDatetime(n)
		if n > 99991231 { // a time of day was given
			m.micro = micro
		}
		return whenOK(m.date()+" "+m.clock(), ok)
	}
	return StoredDatetime(ToText(v))
}

// StoredTimeOf: see StoredDateOf.
func StoredTimeOf(v Value) (string, bool) {
	n, micro, isNumber := wholeAndMicro(v)
	if !isNumber {
		return StoredTime(ToText(v))
	}
	const longest = 8385959
	if n > longest {
		m, ok := numberMoment(n)
		ok = ok && m.month <= 12 && m.day <= 31 && m.validClock() // whether the day exists does not matter
		if n > 99991231 {
			m.micro = micro
		}
		return whenOK(m.clock(), ok)
	}
	m := moment{negative: n < 0}
	if n < 0 {
		n = -n
	}
	m.negative = m.negative || v.Kind() == Float && v.Float() < 0
	m.hour, m.minute, m.second, m.micro = int(n/10000), int(n/100%100), int(n%100), micro
	return whenOK(m.clock(), n <= longest && m.minute < 60 && m.second < 60)
}

// wholeAndMicro splits a number into its whole part and millionths.
func wholeAndMicro(v Value) (n int64, micro int, ok bool) {
	switch v.Kind() {
	case Int, Bool:
		return int64(v.n), 0, true
	case Float:
		f := v.Float()
		n = floatToInt(f)
		text := strconv.FormatFloat(f, 'f', -1, 64)
		_, frac, _ := strings.Cut(text, ".")
		micro, _ = strconv.Atoi((frac + "000000")[:6])
		return n, micro, true
	case Number:
		return Cint(v), 0, true
	}
	return 0, 0, false
}

func numberDatetime(n int64) (moment, bool) {
	m, ok := numberMoment(n)
	return m, ok && m.validDate() && m.validClock()
}

// numberMoment reads YYMMDD, YYYYMMDD, YYMMDDhhmmss and YYYYMMDDhhmmss.
func numberMoment(n int64) (moment, bool) {
	switch {
	case n == 0:
		return moment{}, true
	case n < 101:
		return moment{}, false
	case n >= 10000101000000: // YYYYMMDDhhmmss
	case n <= 691231:
		n = (n + 20000000) * 1000000
	case n < 700101:
		return moment{}, false
	case n <= 991231:
		n = (n + 19000000) * 1000000
	case n < 10000101:
		return moment{}, false
	case n <= 99991231:
		n *= 1000000
	case n < 101000000:
		return moment{}, false
	case n <= 691231235959:
		n += 20000000000000
	case n < 700101000000:
		return moment{}, false
	case n <= 991231235959:
		n += 19000000000000
	}
	date, clock := n/1000000, n%1000000
	m := moment{year: int(date / 10000), month: int(date / 100 % 100), day: int(date % 100),
		hour: int(clock / 10000), minute: int(clock / 100 % 100), second: int(clock % 100)}
	return m, m.year <= 9999
}

func (m moment) validClock() bool { return m.hour < 24 && m.minute < 60 && m.second < 60 }

// validDate takes 0 for an unknown month or day, as MariaDB does without NO_ZERO_IN_DATE.
func (m moment) validDate() bool {
	if m.year > 9999 || m.month > 12 || m.day > 31 {
		return false
	}
	return m.month == 0 || m.day <= daysIn(m.year, m.month) && !(m.year == 0 && m.month == 2 && m.day == 29)
}

// scan reads a text from left to right.
type scan struct {
	s  string
	at int
}

func (p *scan) end() bool  { return p.at >= len(p.s) }
func (p *scan) peek() byte { return (p.s + "\x00")[p.at] }

func (p *scan) blanks() (n int) {
	for ; !p.end() && isBlank(p.s[p.at]); n++ {
		p.at++
	}
	return n
}

// digits reads up to limit digits (any number for 0).
func (p *scan) digits(limit int) (n int, ok bool) {
	start := p.at
	for !p.end() && isDigit(p.s[p.at]) && (limit == 0 || p.at-start < limit) {
		if n < 1e12 {
			n = n*10 + int(p.s[p.at]-'0')
		}
		p.at++
	}
	return n, p.at > start
}

// fraction reads .ffffff, of which digits beyond six are cut.
func (p *scan) fraction() (micro int) {
	if p.end() || p.s[p.at] != '.' {
		return 0
	}
	p.at++
	start := p.at
	p.digits(0)
	micro, _ = strconv.Atoi((p.s[start:p.at] + "000000")[:6])
	return micro
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isPunctuation(c byte) bool {
	return c > ' ' && c < 0x7F && !isDigit(c) && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

// body skips blanks around and the sign.
func body(s string) (p scan, negative bool) {
	p = scan{s: strings.TrimRight(s, " \t\n\v\f\r")}
	p.blanks()
	if c := p.peek(); c == '-' || c == '+' {
		p.at++
		negative = c == '-'
	}
	return p, negative
}

// parseDatetime reads a date with or without a time of day; what follows them other than
// blanks is refused.
func parseDatetime(s string) (moment, bool) {
	p, negative := body(s)
	if negative {
		return moment{}, false
	}
	m, fields, _ := p.datetime(true)
	return m, fields >= 3 && p.end() && m.validDate() && m.validClock()
}

// datetime reads as many parts as there are and returns their number, and whether a T or
// blanks stood behind the date. punctuated says whether a punctuation mark may stand there.
func (p *scan) datetime(punctuated bool) (m moment, fields int, parted bool) {
	width, compact := p.compactYear()
	start, short := p.at, compact && width == 2
	parts := [6]*int{&m.year, &m.month, &m.day, &m.hour, &m.minute, &m.second}
	for i, part := range parts {
		before := p.at
		if i > 0 && !p.separator(i, compact, punctuated) {
			break
		}
		parted = parted || i == 3 && p.at > before && !isPunctuation(p.s[before])
		limit := width
		if compact && i > 0 {
			limit = 2
		}
		n, ok := p.digits(limit)
		if !ok {
			break
		}
		*part, fields = n, i+1
		if i == 0 && !compact {
			short = p.at-start == 2
		}
	}
	if fields == 6 {
		m.micro = p.fraction()
	}
	if short && m != (moment{}) {
		m.year += 1900
		if m.year < 1970 {
			m.year += 100
		}
	}
	return m, fields, parted
}

// compactYear says whether the rest is digits alone ([YY]YYMMDD[T]hhmmss[.ffffff]) and how
// many of them are the year's.
func (p *scan) compactYear() (width int, compact bool) {
	q := *p
	q.digits(0)
	n := q.at - p.at
	if q.peek() == 'T' {
		q.at++
		at := q.at
		q.digits(0)
		n += q.at - at
	}
	if q.peek() == '.' && n >= 12 {
		q.at++
		q.digits(0)
	}
	if !q.end() {
		return 0, false
	}
	if n == 4 || n == 8 || n >= 14 {
		return 4, true
	}
	return 2, true
}

// separator skips what stands before part i: nothing between digits alone, but for a T.
func (p *scan) separator(i int, compact, punctuated bool) bool {
	if i == 3 && p.peek() == 'T' {
		p.at++
		return true
	}
	if compact {
		return true
	}
	if i == 3 && p.blanks() > 0 {
		return true
	}
	if p.end() || !isPunctuation(p.s[p.at]) || i == 3 && !punctuated {
		return false
	}
	p.at++
	return true
}

// fullTimestamp is the length from which on a date alone is taken for midnight.
const fullTimestamp = 12

// parseTime reads a time, or the time of a date with one: that is, when a T or blanks stand
// behind a date, or the text is long enough for both.
func parseTime(s string) (moment, bool) {
	p, negative := body(s)
	q := p
	m, fields, parted := q.datetime(false)
	inRange := fields >= 3 && q.end() && m.month <= 12 && m.day <= 31 && m.validClock()
	if parted || inRange && (fields == 6 || len(p.s)-p.at >= fullTimestamp) {
		ok := inRange && !negative && m.validDate()
		m = m.daysAsHours()
		return m, ok && m.hour <= longestHour
	}
	m, ok := p.time()
	m.negative = negative
	return m, ok && p.end() && m.minute < 60 && m.second < 60 && m.hour <= longestHour
}

// longestHour is the largest that a TIME column holds.
const longestHour = 838

// daysAsHours is a moment as a time: the days of what has no year and month count.
func (m moment) daysAsHours() moment {
	if m.year == 0 && m.month == 0 {
		m.hour += 24 * m.day
	}
	return m
}

// time reads [D ]H:M[:S][.f] or digits alone, HHMMSS.
func (p *scan) time() (m moment, ok bool) {
	first, ok := p.digits(0)
	if !ok || first > 1e10 {
		return m, false
	}
	more := func(c byte) bool { return p.at+1 < len(p.s) && p.s[p.at] == c && isDigit(p.s[p.at+1]) }
	blanks := p.at
	p.blanks()
	days := 0
	switch {
	case p.at > blanks && len(p.s)-p.at > 1 && isDigit(p.peek()):
		days = first
		m.hour, _ = p.digits(0)
	case more(':'):
		m.hour = first
	default:
		m.hour, m.minute, m.second = first/10000, first/100%100, first%100
		m.micro = p.fraction()
		return m, true
	}
	for _, part := range [2]*int{&m.minute, &m.second} {
		if !more(':') {
			break
		}
		p.at++
		*part, _ = p.digits(0)
	}
	m.micro = p.fraction()
	m.hour += 24 * days
	return m, m.hour < 1e6
}

// storedAlready reports whether a date has the form of shape, in which 0 stands for a
// digit, and is one.
func storedAlready(s, shape string) bool {
	if len(s) != len(shape) {
		return false
	}
	for i := range len(s) {
		if shape[i] == '0' && (s[i] < '0' || s[i] > '9') || shape[i] != '0' && s[i] != shape[i] {
			return false
		}
	}
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	month, day := two(5), two(8)
	if s[:2] == "00" || month < 1 || month > 12 || day < 1 || day > daysIn(two(0)*100+two(2), month) {
		return false
	}
	return len(s) == 10 || two(11) < 24 && two(14) < 60 && two(17) < 60
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func pad(n, width int) string {
	s := strconv.Itoa(n)
	for len(s) < width {
		s = "0" + s
	}
	return s
}
