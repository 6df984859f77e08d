package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"freddo/doctype"
	"freddo/document"
)

// MariaDB compares dates and times inside IFNULL as texts. Their texts have all the same
// length, so that the texts below a given one are the values before some value: the
// comparison becomes one with that value, which every database answers alike and from an
// index.

// masks are the texts of dates and times; 0 stands for a digit.
var masks = map[doctype.Class]string{doctype.DateClass: "0000-00-00", doctype.DatetimeClass: "0000-00-00 00:00:00.000000",
	doctype.TimeClass: "00:00:00.000000"}

// textual compares the text of a date or time with s.
func textual(f Field, op Op, s string) *Node {
	if f.Column == nil {
		return False()
	}
	bound, exact, ok := textBound(f.Class, strings.TrimRight(s, " "))
	if !ok {
		return beyond(f, op, true)
	}
	switch op {
	case OpEq:
		if !exact {
			return False()
		}
	case OpNe:
		if !exact {
			return NotNull(f)
		}
	case OpLe:
		if !exact {
			op = OpLt
		}
	case OpGt:
		if !exact {
			op = OpGe
		}
	}
	return leaf(op, f, document.Text(bound))
}

// textualMembers is IN for the texts of dates and times, or NOT IN.
func textualMembers(f Field, not bool, list []document.Value) *Node {
	var values []document.Value
	for _, m := range list {
		if m.IsNull() {
			continue
		}
		if bound, exact, ok := textBound(f.Class, strings.TrimRight(textOf(m), " ")); ok && exact {
			values = append(values, document.Text(bound))
		}
	}
	if not {
		return members(f, OpNotIn, values)
	}
	return members(f, OpIn, values)
}

// textBound returns the first date or time whose text is not below s, and whether it is
// s itself; ok is false when all texts are below s.
func textBound(c doctype.Class, s string) (bound string, exact, ok bool) {
	mask := masks[c]
	i := 0
	for i < len(s) && i < len(mask) && (s[i] == mask[i] || mask[i] == '0' && s[i] >= '0' && s[i] <= '9') {
		i++
	}
	switch {
	case i == len(s), i < len(mask) && sortsBefore(s[i], mask[i]):
		bound, ok = ceiling(c, s[:i]+mask[i:])
		return bound, i == len(s) && bound == s, ok
	}
	last := s[:i] + strings.ReplaceAll(mask[i:], "0", "9")
	if bound, ok = ceiling(c, last); ok && bound == last {
		bound, ok = ceiling(c, successor(c, last))
	}
	return bound, false, ok
}

// sortsBefore tells how a letter sorts against the digit or sign that a mask has there:
// signs come before digits, and those before letters.
func sortsBefore(b, mask byte) bool {
	sign := b < '0' || b > '9' && b < 'A'
	if mask == '0' {
		return sign
	}
	return sign && b < mask
}

// numbersOf splits a text that fits a mask into its numbers.
func numbersOf(s string) []int {
	var out []int
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		n, _ := strconv.Atoi(part)
		out = append(out, n)
	}
	return out
}

// ceiling returns the first date or time whose text is s or above; s fits the mask, but
// its numbers may be out of range.
func ceiling(c doctype.Class, s string) (string, bool) {
	n := numbersOf(s)
	switch c {
	case doctype.TimeClass:
		n = append([]int{0, 0, 0}, n...)
	case doctype.DateClass:
		n = append(n, 0, 0, 0, 0)
	}
	y, m, d, clock := n[0], n[1], n[2], n[3:]
	if c == doctype.TimeClass {
		total := seconds(clock)
		if total >= 100*3600 {
			return "", false
		}
		out := fmt.Sprintf("%02d:%02d:%02d", total/3600, total/60%60, total%60)
		if clock[1] > 59 || clock[2] > 59 {
			return out + ".000000", true
		}
		return out + s[8:], true
	}
	at := time.Date(y, time.Month(m), d, clock[0], clock[1], clock[2], clock[3]*1000, time.UTC)
	month := time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	switch {
	case m > 12:
		at = time.Date(y+1, 1, 1, 0, 0, 0, 0, time.UTC)
	case y == 0:
		at = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	case m == 0:
		at = time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
	case d == 0:
		at = time.Date(y, time.Month(m), 1, 0, 0, 0, 0, time.UTC)
	case d > month:
		at = time.Date(y, time.Month(m)+1, 1, 0, 0, 0, 0, time.UTC)
	case clock[0] > 23:
		at = time.Date(y, time.Month(m), d+1, 0, 0, 0, 0, time.UTC)
	case clock[1] > 59 || clock[2] > 59:
		at = time.Date(y, time.Month(m), d, 0, 0, seconds(clock), 0, time.UTC)
	}
	layout := "2006-01-02"
	if c == doctype.DatetimeClass {
		layout = datetimeLayout
	}
	return at.Format(layout), at.Year() <= 9999
}

// seconds is a time of day, where minutes and seconds out of range go on to the next.
func seconds(clock []int) int {
	h, m, s := clock[0], clock[1], clock[2]
	switch {
	case m > 59:
		return (h + 1) * 3600
	case s > 59:
		return h*3600 + (m+1)*60
	}
	return h*3600 + m*60 + s
}

// successor is the next text after that of a date or time.
func successor(c doctype.Class, s string) string {
	n := numbersOf(s)
	switch c {
	case doctype.DateClass:
		return time.Date(n[0], time.Month(n[1]), n[2]+1, 0, 0, 0, 0, time.UTC).Format("2006-01-02")
	case doctype.DatetimeClass:
		return time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], (n[6]+1)*1000, time.UTC).Format(datetimeLayout)
	}
	total := (n[0]*3600+n[1]*60+n[2])*1e6 + n[3] + 1
	return fmt.Sprintf("%02d:%02d:%02d.%06d", total/3600e6, total/60e6%60, total/1e6%60, total%1e6)
}
