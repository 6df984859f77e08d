package engine

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"freddo/document"
	"freddo/exc"
)

func (c *Call) nameBySeries(ctx context.Context, d *document.Document) error {
	series := d.Text("naming_series")
	if series == "" {
		if f := d.Type.Field("naming_series"); f != nil {
			for _, line := range f.Choices {
				if series == "" {
					series = line
				}
			}
			if series != "" {
				d.Set("naming_series", document.Text(series))
			}
		}
	}
	if series == "" {
		return exc.Validation.Throw("Naming Series mandatory")
	}
	name, err := c.SeriesName(ctx, series+".#####", d) // only the first counter counts
	d.SetName(name)
	return err
}

var (
	// bracedWord and bracedCounter are v15's parameters of "format:", braced those of
	// the other releases.
	bracedWord    = regexp.MustCompile(`\{\w+\}`)
	bracedCounter = regexp.MustCompile(`\{#+\}`)
	braced        = regexp.MustCompile(`\{[\w |#]+\}`)
	seriesText    = regexp.MustCompile(`^[\w\- \/.#{}]+$`)
	counterRun    = regexp.MustCompile(`#+`)
)

// nameByFormat expands "format:": each {} is a counter, a date code or a field.
// Source: naming.py _format_autoname.
func (c *Call) nameByFormat(ctx context.Context, d *document.Document, format string) error {
	if !c.Profile.FormatCounterByPrefix {
		name, err := c.expand(ctx, braced, format, func(string) string { return "" }, d)
		d.SetName(strings.TrimSpace(name))
		return err
	}
	worded, err := c.expand(ctx, bracedWord, format, nil, d)
	if err != nil {
		return err
	}
	// Frappe: the key is the text before the first counter of that width.
	name, err := c.expand(ctx, bracedCounter, worded, func(param string) string { return worded[:strings.Index(worded, param)] }, d)
	d.SetName(strings.TrimSpace(name))
	return err
}

// expand replaces what pattern finds; key gives the series of a counter.
func (c *Call) expand(ctx context.Context, pattern *regexp.Regexp, format string, key func(param string) string, d *document.Document) (string, error) {
	var b strings.Builder
	last := 0
	for _, at := range pattern.FindAllStringIndex(format, -1) {
		b.WriteString(format[last:at[0]])
		last = at[1]
		param := format[at[0]:at[1]]
		part := param[1 : len(param)-1]
		if !strings.HasPrefix(part, "#") {
			b.WriteString(c.seriesPart(part, d))
			continue
		}
		n, err := c.Tx.NextSeries(ctx, key(param))
		if err != nil {
			return "", err
		}
		b.WriteString(zeroPad(n, len(part)))
	}
	return b.String() + format[last:], nil
}

func zeroPad(n int64, width int) string {
	s := strconv.FormatInt(n, 10)
	for len(s) < width {
		s = "0" + s
	}
	return s
}

// SeriesName makes the next name of a naming series such as INV-.YYYY.-.####.
// Errors: InvalidNamingSeriesError. Source: naming.py make_autoname, parse_naming_series.
func (c *Call) SeriesName(ctx context.Context, series string, d *document.Document) (string, error) {
	if !strings.Contains(series, ".") {
		return "", exc.InvalidNamingSeries.Throwf("Invalid naming series %s: dot (.) missing", Bold(series))
	}
	if !seriesText.MatchString(series) {
		return "", exc.InvalidNamingSeries.Throwf("Special Characters except '-', '#', '.', '/', '{' and '}' not allowed in naming series %s", Bold(series))
	}
	return c.AnySeriesName(ctx, series, d)
}

// AnySeriesName is SeriesName for a series that may hold any characters
// (naming.py make_autoname with ignore_validate).
func (c *Call) AnySeriesName(ctx context.Context, series string, d *document.Document) (string, error) {
	return c.parseSeries(series, d, func(prefix string, digits int) (string, error) {
		n, err := c.Tx.NextSeries(ctx, prefix)
		return zeroPad(n, digits), err
	})
}

// NumberedName is value, or value-N when a document of the DocType has that name: N is
// one more than the largest so far. The database compares, so case may not count.
// Source: frappe/model/naming.py append_number_if_name_exists.
func (c *Call) NumberedName(ctx context.Context, dtName, value string) (string, error) {
	if _, ok, err := c.Exists(ctx, dtName, value); err != nil || !ok {
		return value, err
	}
	prefix := value + "-"
	// A % or _ of the value finds itself too; a backslash would quote what follows it.
	like := document.Text(strings.ReplaceAll(prefix, `\`, "_") + "%")
	rows, err := c.Rows(ctx, dtName, []string{"name"}, document.NewObject("name", document.ListOf(document.Text("like"), like)), "")
	if err != nil {
		return "", err
	}
	var last int64
	for _, r := range rows {
		name := r.PropText("name")
		if i := strings.LastIndexByte(name, '-'); i == len(prefix)-1 && strings.EqualFold(name[:i+1], prefix) {
			if n, err := strconv.ParseInt(name[i+1:], 10, 64); err == nil {
				last = max(last, n)
			}
		}
	}
	return prefix + strconv.FormatInt(last+1, 10), nil
}

// parseSeries joins the parts of a series; number gives the text of the first counter.
// Source: naming.py parse_naming_series.
func (c *Call) parseSeries(series string, d *document.Document, number func(prefix string, digits int) (string, error)) (string, error) {
	name, counted := "", false
	for _, part := range strings.Split(series, ".") {
		switch {
		case part == "" || counted && strings.HasPrefix(part, "#"):
		case strings.HasPrefix(part, "#"):
			counted = true
			text, err := number(name, len(part))
			if err != nil {
				return "", err
			}
			name += text
		default:
			name += c.seriesPart(part, d)
		}
	}
	return strings.TrimSpace(name), nil
}

// withCounter gives a series without a counter the usual one.
func withCounter(series string) string {
	if strings.Contains(series, "#") {
		return series
	}
	return series + ".#####"
}

// SeriesPrefix is the key under which a series counts today. Errors: ValidationError.
// Source: naming.py NamingSeries.get_prefix.
func (c *Call) SeriesPrefix(series string) (string, error) {
	prefix, found := "", false
	_, err := c.parseSeries(withCounter(series), nil, func(p string, _ int) (string, error) {
		prefix, found = p, true
		return "", nil
	})
	if err == nil && !found {
		return "", exc.Validation.Throwf("Invalid Naming Series: %s", series)
	}
	return prefix, err
}

// SeriesPreview shows the first three names of a series; d, when not nil, gives fields
// their values. Source: naming.py NamingSeries.get_preview.
func (c *Call) SeriesPreview(series string, d *document.Document) []string {
	out := make([]string, 3)
	for i := range out {
		// the counter cannot fail
		out[i], _ = c.parseSeries(withCounter(series), d, func(_ string, digits int) (string, error) {
			return zeroPad(int64(i+1), digits), nil
		})
	}
	return out
}

// seriesPart is one part of a series that is no counter.
func (c *Call) seriesPart(part string, d *document.Document) string {
	now := c.SiteNow()
	switch part {
	case "YY":
		return now.Format("06")
	case "MM":
		return now.Format("01")
	case "DD":
		return now.Format("02")
	case "YYYY":
		return now.Format("2006")
	case "WW":
		return zeroPad(int64(isoWeek(now)), 2)
	case "JJJ":
		return zeroPad(int64(now.YearDay()), 3)
	case "timestamp":
		return now.Format("2006-01-02 15:04:05.000000")
	}
	if d == nil {
		return part
	}
	field := part
	if strings.HasPrefix(part, "{") {
		field = strings.NewReplacer("{", "", "}", "").Replace(part)
	} else if d.Type.Column(part) == nil && d.Get(part).Kind() == document.Missing {
		return part
	}
	switch v := d.Get(field); v.Kind() {
	case document.String:
		return v.Str()
	case document.Int, document.Bool:
		return strings.TrimSpace(document.ToText(v))
	}
	return "" // Frappe: only text, whole numbers and dates become part of a name
}

// isoWeek is the ISO week, with 0 and 53 at the edges of a year as upstream has it.
// Source: naming.py determine_consecutive_week_number.
func isoWeek(t time.Time) int {
	_, w := t.ISOWeek()
	switch {
	case t.Month() == time.January && w >= 52:
		return 0
	case t.Month() == time.December && w == 1:
		return 53
	}
	return w
}

// revertSeries gives a counter back when the last document of a series is deleted.
// Source: naming.py revert_series_if_last, delete_doc.py update_naming_series.
func (c *Call) revertSeries(ctx context.Context, d *document.Document) error {
	key := d.Type.Autoname
	if strings.HasPrefix(key, "naming_series:") {
		key = d.Text("naming_series")
	} else if kind, _, _ := strings.Cut(key, ":"); kind == "Prompt" || kind == "field" || kind == "hash" || kind == "autoincrement" {
		return nil
	}
	if key == "" {
		return nil
	}
	prefix, name := key, d.Name()
	if strings.Contains(key, ".#") {
		at := strings.LastIndexByte(key, '.')
		prefix = key[:at]
		if tail := key[at+1:]; !strings.Contains(tail, "#") {
			// the counter stands before the last part
			name = strings.ReplaceAll(name, tail, "")
			prefix = strings.ReplaceAll(prefix, counterRun.FindString(key), "")
		}
	}
	if strings.Contains(prefix, ".") {
		parsed := ""
		for _, part := range strings.Split(prefix, ".") {
			if !strings.HasPrefix(part, "#") {
				parsed += c.seriesPart(part, d)
			}
		}
		prefix = parsed
	}
	n := document.Cint(document.Text(strings.ReplaceAll(name, prefix, "")))
	current, ok, err := c.Tx.SeriesCurrent(ctx, prefix)
	if err != nil || !ok || current != n {
		return err
	}
	return c.Tx.SetSeries(ctx, prefix, n-1)
}
