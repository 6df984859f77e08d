package dataimport

import (
	"strconv"
	"strings"
	"time"

	"freddo/internal/sheet"
)

// The formats that are tried, as Python writes them.
// Source: frappe/utils/data.py guess_date_format.
var (
	dateFormats = []string{"%d/%b/%y", "%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%y-%b-%d", "%d/%m/%Y", "%m/%d/%Y",
		"%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d.%m.%Y", "%m.%d.%Y", "%Y.%m.%d", "%d.%m.%y", "%m.%d.%y", "%y.%m.%d", "%d %b %Y", "%d %B %Y"}
	timeFormats = []string{"%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%I:%M:%S.%f %p", "%I:%M:%S %p", "%I:%M %p"}

	layouts = strings.NewReplacer("%Y", "2006", "%y", "06", "%m", "1", "%d", "2", "%b", "Jan", "%B", "January", "%H", "15", "%I", "3", "%M", "4", "%S.%f", "5.999999",
		"%S", "5", "%p", "PM")
)

// guess is the format of a date or time, "" when it is none.
func guess(s string) string {
	s = strings.TrimSpace(s)
	if f := among(dateFormats, s); f != "" {
		return f
	}
	if f := among(timeFormats, s); f != "" {
		return f
	}
	day, clock, ok := strings.Cut(s, " ")
	if !ok {
		return ""
	}
	d, t := among(dateFormats, day), among(timeFormats, clock)
	if d == "" || t == "" {
		return ""
	}
	return d + " " + t
}

func among(formats []string, s string) string {
	for _, f := range formats {
		if _, err := time.Parse(layouts.Replace(f), s); err == nil && fractionFits(f, s) {
			return f
		}
	}
	return ""
}

// fractionFits: Go reads a fraction that the layout does not have, Python does not.
func fractionFits(format, s string) bool {
	return !strings.Contains(format, "%S") || strings.Contains(format, "%f") == strings.Contains(s[strings.LastIndexByte(s, ':')+1:], ".")
}

func shownFormat(f string) string {
	return strings.NewReplacer("%Y", "yyyy", "%y", "yy", "%m", "mm", "%d", "dd").Replace(f)
}

// date reads a cell of a date column; false when it has another format.
func date(cell, format, kind string) (string, bool) {
	t, err := time.Parse(layouts.Replace(format), strings.TrimSpace(cell))
	if err != nil {
		return cell, false
	}
	return dateText(t, kind), true
}

func dateText(t time.Time, kind string) string {
	if kind == "Date" {
		return t.Format(time.DateOnly)
	}
	return strings.TrimSuffix(t.Format("2006-01-02 15:04:05.000000"), ".000000")
}

// unserial turns a spreadsheet's number in a column of dates or times into text.
func unserial(cell, kind string) string {
	switch kind {
	case "Date", "Datetime":
		if t, ok := sheet.Date(cell); ok {
			return dateText(t, kind)
		}
	case "Time":
		if f, err := strconv.ParseFloat(cell, 64); err == nil && f >= 0 && f < 1 {
			return time.Unix(int64(f*86400+0.5), 0).UTC().Format(time.TimeOnly)
		}
	}
	return cell
}

// seconds reads a duration as 1d 2h 3m 4s; false when it is none.
// Source: importer.py DURATION_PATTERN, frappe/utils/data.py duration_to_seconds.
func seconds(s string) (int64, bool) {
	units, total := []byte("dhms"), int64(0)
	size := map[byte]int64{'d': 86400, 'h': 3600, 'm': 60, 's': 1}
	for _, part := range strings.Fields(s) {
		for part != "" {
			n := strings.IndexAny(part, "dhms")
			if n <= 0 {
				return 0, false
			}
			at := strings.IndexByte(string(units), part[n])
			value, err := strconv.ParseInt(part[:n], 10, 32)
			if at < 0 || err != nil || value < 0 {
				return 0, false
			}
			total += value * size[part[n]]
			units, part = units[at+1:], part[n+1:]
		}
	}
	return total, true
}
