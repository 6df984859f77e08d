package query

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Layouts of stored dates.
const (
	dateLayout     = "2006-01-02"
	datetimeLayout = "2006-01-02 15:04:05.000000"
	clockLayout    = "15:04:05.000000"
)

var (
	clockRE  = regexp.MustCompile(`(?i)(?:^|[\sT])(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?\s*([ap]m)?\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2}|[+-]\d{2})?\s*$`)
	partsRE  = regexp.MustCompile(`^(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})$`)
	digitsRE = regexp.MustCompile(`^\d+$`)
	wordsRE  = regexp.MustCompile(`^(?i)(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(?:(\d{1,4})(?:st|nd|rd|th)?[\s-]+)?([a-z]{3,9})\.?[\s,-]+(\d{1,4})(?:st|nd|rd|th)?(?:,?[\s-]+(\d{1,4}))?$`)
)

// parseDatetime reads a date or datetime as leniently as upstream's date library
// where clients use it: ISO, numbers in day, month and year order (the month first
// unless that cannot be), month names, a clock with or without a zone, which is
// dropped. What is missing is taken from now's date. Source: frappe/utils/data.py
// getdate, get_datetime (dateutil.parser.parse).
func parseDatetime(s string, now time.Time) (t time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return t, false
	}
	for _, layout := range [2]string{dateLayout, time.DateTime} { // the usual forms
		if len(s) == len(layout) {
			if t, err := time.Parse(layout, s); err == nil && t.Year() > 0 {
				return t, true
			}
		}
	}
	var clock [4]int
	if m := clockRE.FindStringSubmatchIndex(s); m != nil {
		if clock, ok = readClock(clockRE.FindStringSubmatch(s)); !ok {
			return t, false
		}
		s = strings.TrimSpace(strings.TrimSuffix(s[:m[0]], ","))
	}
	y, mo, d := now.Year(), int(now.Month()), now.Day()
	if s != "" {
		if y, mo, d, ok = readDate(s, now); !ok {
			return t, false
		}
	}
	t = time.Date(y, time.Month(mo), d, clock[0], clock[1], clock[2], clock[3]*1000, time.UTC)
	return t, y >= 1 && y <= 9999 && t.Day() == d && int(t.Month()) == mo
}

// readClock returns hour, minute, second and microsecond.
func readClock(m []string) (c [4]int, ok bool) {
	for i := range 3 {
		c[i], _ = strconv.Atoi("0" + m[i+1])
	}
	c[3], _ = strconv.Atoi((m[4] + "000000")[:6])
	if m[5] != "" {
		if c[0] < 1 || c[0] > 12 {
			return c, false
		}
		c[0] %= 12
		if m[5][0] == 'p' || m[5][0] == 'P' {
			c[0] += 12
		}
	}
	return c, c[0] < 24 && c[1] < 60 && c[2] < 60
}

func readDate(s string, now time.Time) (y, m, d int, ok bool) {
	if p := partsRE.FindStringSubmatch(s); p != nil {
		return orderParts(p[1], p[2], p[3], now)
	}
	if digitsRE.MatchString(s) {
		n, _ := strconv.Atoi(s)
		switch len(s) {
		case 8:
			return n / 10000, n / 100 % 100, n % 100, true
		case 6:
			return fullYear(n/10000, now), n / 100 % 100, n % 100, true
		case 4:
			return n, int(now.Month()), now.Day(), true
		case 1, 2:
			return now.Year(), int(now.Month()), n, true
		}
		return 0, 0, 0, false
	}
	if p := wordsRE.FindStringSubmatch(s); p != nil {
		return readWords(p, now)
	}
	return 0, 0, 0, false
}

// orderParts decides which of three numbers is which.
func orderParts(a, b, c string, now time.Time) (y, m, d int, ok bool) {
	x, _ := strconv.Atoi(a)
	n, _ := strconv.Atoi(b)
	z, _ := strconv.Atoi(c)
	switch {
	case len(a) > 2 || x > 31:
		if n > 12 {
			n, z = z, n
		}
		return fullYearOf(a, x, now), n, z, len(c) <= 2
	case x > 12:
		return fullYearOf(c, z, now), n, x, true
	}
	return fullYearOf(c, z, now), x, n, true // the month first
}

func readWords(p []string, now time.Time) (y, m, d int, ok bool) {
	if m = month(p[2]); m == 0 {
		return 0, 0, 0, false
	}
	first, second, third := p[1], p[3], p[4]
	switch {
	case first != "" && third != "":
		return 0, 0, 0, false
	case first != "" && len(first) > 2: // 2024 Feb 1
		y, _ = strconv.Atoi(first)
		d, _ = strconv.Atoi(second)
	case first != "": // 1 Feb 2024
		d, _ = strconv.Atoi(first)
		n, _ := strconv.Atoi(second)
		y = fullYearOf(second, n, now)
	case third != "": // Feb 1, 2024
		d, _ = strconv.Atoi(second)
		n, _ := strconv.Atoi(third)
		y = fullYearOf(third, n, now)
	case len(second) > 2: // Feb 2024
		y, _ = strconv.Atoi(second)
		d = now.Day()
	default: // Feb 1
		y = now.Year()
		d, _ = strconv.Atoi(second)
	}
	return y, m, d, true
}

func month(name string) int {
	name = strings.ToLower(name)
	for m := time.January; m <= time.December; m++ {
		full := strings.ToLower(m.String())
		if name == full || name == full[:3] || name == "sept" && m == time.September {
			return int(m)
		}
	}
	return 0
}

func fullYearOf(text string, n int, now time.Time) int {
	if len(text) > 2 {
		return n
	}
	return fullYear(n, now)
}

// fullYear puts a year of two digits within fifty years of now.
func fullYear(n int, now time.Time) int {
	y := now.Year() - now.Year()%100 + n
	switch {
	case y >= now.Year()+50:
		return y - 100
	case y < now.Year()-50:
		return y + 100
	}
	return y
}

// timespan returns the first and last day of a named span, both included; ok is false
// for an unknown name. Source: frappe/utils/data.py get_timespan_date_range.
func timespan(name string, today time.Time, firstDay int) (from, to time.Time, ok bool) {
	today = time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
	switch name {
	case "today":
		return today, today, true
	case "yesterday":
		d := today.AddDate(0, 0, -1)
		return d, d, true
	case "tomorrow":
		d := today.AddDate(0, 0, 1)
		return d, d, true
	case "last 6 months":
		from, _ = period("quarter", addMonths(today, -6), firstDay)
		_, to = period("quarter", addMonths(today, -3), firstDay)
		return from, to, true
	case "next 6 months":
		from, _ = period("quarter", addMonths(today, 3), firstDay)
		_, to = period("quarter", addMonths(today, 6), firstDay)
		return from, to, true
	case "last 7 days", "last 14 days", "last 30 days", "last 90 days":
		n, _ := strconv.Atoi(strings.Fields(name)[1])
		return today.AddDate(0, 0, -n), today, true
	case "next 7 days", "next 14 days", "next 30 days":
		n, _ := strconv.Atoi(strings.Fields(name)[1])
		return today, today.AddDate(0, 0, n), true
	}
	which, unit, _ := strings.Cut(name, " ")
	step, known := map[string]int{"last": -1, "this": 0, "next": 1}[which]
	if !known {
		return from, to, false
	}
	switch unit {
	case "week":
		today = today.AddDate(0, 0, 7*step)
	case "month":
		today = addMonths(today, step)
	case "quarter":
		today = addMonths(today, 3*step)
	case "year":
		today = addMonths(today, 12*step)
	default:
		return from, to, false
	}
	from, to = period(unit, today, firstDay)
	return from, to, true
}

// period returns the first and last day of the week, month, quarter or year of d.
func period(unit string, d time.Time, firstDay int) (from, to time.Time) {
	switch unit {
	case "week":
		from = d.AddDate(0, 0, -((int(d.Weekday()) - firstDay + 7) % 7))
		return from, from.AddDate(0, 0, 6)
	case "month":
		from = d.AddDate(0, 0, 1-d.Day())
		return from, from.AddDate(0, 1, -1)
	case "quarter":
		from = time.Date(d.Year(), (d.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(0, 3, -1)
	}
	from = time.Date(d.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(1, 0, -1)
}

// addMonths keeps the day, or takes the month's last.
func addMonths(d time.Time, n int) time.Time {
	first := time.Date(d.Year(), d.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d.Day(), last)-1)
}

// relative returns the span that previous or next means; ok is false for a period
// that upstream does not know. Source: frappe/model/db_query.py get_date_range.
func relative(op, value string) (span string, ok bool) {
	unit, ok := map[string]string{"1 week": "week", "1 month": "month", "3 months": "quarter",
		"6 months": "6 months", "1 year": "year"}[value]
	if op == "previous" {
		return "last " + unit, ok
	}
	return "next " + unit, ok
}
