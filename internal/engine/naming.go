package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/storage"
)

// setNewName names a new document and its rows.
// Source: frappe/model/naming.py set_new_name.
func (c *Call) setNewName(ctx context.Context, d *document.Document) error {
	if !d.Flags.NameSet {
		if err := c.nameParent(ctx, d); err != nil {
			return err
		}
	}
	return d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		row.SetAt(doctype.SlotName, document.Value{})
		return c.nameChild(ctx, row)
	})
}

// nameChild names a row: by its DocType's rule, which is a random name for most.
func (c *Call) nameChild(ctx context.Context, row *document.Document) error {
	if row.Type.Autoname == "autoincrement" {
		return c.nextSequence(ctx, row)
	}
	if row.Type.Autoname != "" {
		if err := c.nameByRule(ctx, row, row.Type.Autoname); err != nil || row.Name() != "" {
			return err
		}
	}
	row.SetName(RandomName())
	return nil
}

func (c *Call) nextSequence(ctx context.Context, d *document.Document) error {
	n, err := c.Tx.NextSequence(ctx, d.Type)
	if err == nil {
		d.SetAt(doctype.SlotName, document.IntOf(n))
	}
	return err
}

func (c *Call) nameParent(ctx context.Context, d *document.Document) error {
	if err := c.run(ctx, BeforeNaming, d); err != nil {
		return err
	}
	dt := d.Type
	prompt := strings.EqualFold(dt.Autoname, "prompt")
	if newname := d.Text("__newname"); newname != "" && (prompt || !c.Profile.ExcTypeAlways) {
		d.SetName(newname)
		return c.validateName(ctx, d)
	}
	if !prompt {
		d.SetAt(doctype.SlotName, document.Value{})
	}
	if dt.Autoname == "autoincrement" {
		return c.nextSequence(ctx, d)
	}
	if from := d.Text("amended_from"); from != "" && dt.Field("amended_from") != nil {
		return c.nameAmended(ctx, d, from)
	}
	if dt.IsSingle {
		d.SetName(dt.Name)
		return nil
	}
	if err := c.nameByDocumentRule(ctx, d); err != nil {
		return err
	}
	if d.Name() == "" {
		if err := c.run(ctx, Autoname, d); err != nil {
			return err
		}
	}
	if d.Name() == "" || prompt {
		if err := c.nameByRule(ctx, d, dt.Autoname); err != nil {
			return err
		}
	}
	if d.Name() == "" {
		d.SetName(RandomName())
	}
	return c.validateName(ctx, d)
}

// nameByRule applies the autoname property. Source: naming.py set_name_from_naming_options.
func (c *Call) nameByRule(ctx context.Context, d *document.Document, autoname string) error {
	lower := strings.ToLower(autoname)
	switch {
	case strings.HasPrefix(lower, "field:"):
		return nameByField(d, autoname[len("field:"):])
	case strings.HasPrefix(lower, "naming_series:"):
		return c.nameBySeries(ctx, d)
	case lower == "prompt":
		if d.Name() == "" {
			return exc.Validation.Throw("Please set the document name")
		}
	case strings.HasPrefix(lower, "format:"):
		return c.nameByFormat(ctx, d, autoname[len("format:"):])
	case strings.Contains(autoname, "#"):
		name, err := c.SeriesName(ctx, autoname, d)
		d.SetName(name)
		return err
	}
	return nil
}

func nameByField(d *document.Document, field string) error {
	name := strings.TrimSpace(d.Text(field))
	if name == "" {
		label := field
		if f := d.Type.Field(field); f != nil {
			label = f.LabelOrName()
		}
		return exc.Validation.Throwf("%s is required", label)
	}
	d.SetName(name)
	return nil
}

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
	braced     = regexp.MustCompile(`\{[^{}]*\}`)
	seriesText = regexp.MustCompile(`^[\w\- \/.#{}]+$`)
)

// nameByFormat expands "format:": each {} is a counter, a date code or a field.
// Source: naming.py _format_autoname.
func (c *Call) nameByFormat(ctx context.Context, d *document.Document, format string) error {
	var failed error
	done := ""
	last := 0
	for _, at := range braced.FindAllStringIndex(format, -1) {
		done += format[last:at[0]]
		last = at[1]
		part := format[at[0]+1 : at[1]-1]
		if strings.HasPrefix(part, "#") {
			key := ""
			if c.Profile.FormatCounterByPrefix {
				key = done
			}
			n, err := c.Tx.NextSeries(ctx, key)
			if err != nil {
				failed = err
				break
			}
			done += zeroPad(n, len(part))
			continue
		}
		done += c.seriesPart(part, d)
	}
	d.SetName(strings.TrimSpace(done + format[last:]))
	return failed
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
	name, counted := "", false
	for _, part := range strings.Split(series, ".") {
		if strings.HasPrefix(part, "#") {
			if counted {
				continue
			}
			counted = true
			n, err := c.Tx.NextSeries(ctx, name)
			if err != nil {
				return "", err
			}
			name += zeroPad(n, len(part))
			continue
		}
		name += c.seriesPart(part, d)
	}
	return strings.TrimSpace(name), nil
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
		field = strings.Trim(part, "{}")
	} else if d.Type.Column(part) == nil {
		return part
	}
	return d.Text(field)
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

// nameAmended names an amendment after what it amends. Source: naming.py _set_amended_name.
func (c *Call) nameAmended(ctx context.Context, d *document.Document, from string) error {
	n, prefix := int64(1), from
	before, err := c.Value(ctx, d.Type.Name, from, "amended_from")
	if err != nil {
		return err
	}
	if document.ToText(before) != "" {
		if i := strings.LastIndexByte(from, '-'); i >= 0 {
			n = document.Cint(document.Text(from[i+1:])) + 1
			prefix = from[:i]
		}
	}
	d.SetName(fmt.Sprintf("%s-%d", prefix, n))
	return nil
}

// nameByDocumentRule applies the first Document Naming Rule that fits.
// Source: frappe/core/doctype/document_naming_rule.
func (c *Call) nameByDocumentRule(ctx context.Context, d *document.Document) error {
	rules, err := c.namingRules(ctx, d.Type.Name)
	if err != nil {
		return err
	}
	for _, name := range rules {
		rule, err := c.Get(ctx, "Document Naming Rule", name)
		if err != nil {
			return err
		}
		if !ruleHolds(rule, d) {
			continue
		}
		n := rule.Int("counter") + 1
		if err := c.Tx.SetColumns(ctx, rule.Type, rule.NameValue(), []string{"counter"}, []document.Value{document.IntOf(n)}); err != nil {
			return err
		}
		prefix := ""
		for _, part := range strings.Split(rule.Text("prefix"), ".") {
			prefix += c.seriesPart(part, d)
		}
		d.SetName(prefix + zeroPad(n, int(rule.Int("prefix_digits"))))
		return nil
	}
	return nil
}

func ruleHolds(rule, d *document.Document) bool {
	for _, cond := range rule.Rows("conditions") {
		have, want := d.Get(cond.Text("field")), cond.Get("value")
		num := have.IsNumber()
		less, equal := document.ToText(have) < document.ToText(want), document.ToText(have) == document.ToText(want)
		if num {
			less, equal = document.Flt(have) < document.Flt(want), document.Flt(have) == document.Flt(want)
		}
		ok := map[string]bool{"=": equal, "!=": !equal, ">": !less && !equal, "<": less, ">=": !less, "<=": less || equal}[cond.Text("condition")]
		if !ok {
			return false
		}
	}
	return true
}

// validateName refuses names that upstream refuses, and trims blanks.
// Source: naming.py validate_name.
func (c *Call) validateName(ctx context.Context, d *document.Document) error {
	name, dt := strings.TrimSpace(d.Name()), d.Type.Name
	if d.NameValue().Kind() == document.Int {
		return exc.Name.Throw("Invalid name type (integer) for varchar name column")
	}
	switch {
	case name == "":
		return exc.Validation.Throwf("No Name Specified for %s", dt)
	case strings.HasPrefix(name, "New "+dt):
		return exc.Name.Throw("There were some errors setting the name, please contact the administrator")
	case name == dt && !d.Type.IsSingle && dt != "DocType":
		return exc.Name.Throwf("Name of %s cannot be %s", dt, name)
	case strings.ContainsAny(name, "<>"):
		return exc.Name.Throw("Name cannot contain special characters like '<', '>'")
	}
	d.SetName(name)
	return nil
}

const nameAlphabet = "0123456789abcdefghijklmnopqrstuv"

// RandomName is a name for documents without a rule: 10 characters of base 32.
// Source: naming.py make_autoname("hash").
func RandomName() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	for i, x := range b {
		b[i] = nameAlphabet[x&31]
	}
	return string(b[:])
}

// revertSeries gives a counter back when the last document of a series is deleted.
// Source: naming.py revert_series_if_last.
func (c *Call) revertSeries(ctx context.Context, d *document.Document) error {
	series := d.Type.Autoname
	if strings.HasPrefix(strings.ToLower(series), "naming_series:") {
		series = d.Text("naming_series")
		if series != "" && !strings.Contains(series, "#") {
			series += ".#####"
		}
	} else if strings.Contains(series, ":") || !strings.Contains(series, ".#") {
		return nil
	}
	i := strings.Index(series, "#")
	if i < 0 {
		return nil
	}
	digits := 0
	for i+digits < len(series) && series[i+digits] == '#' {
		digits++
	}
	name := d.Name()
	if len(name) < digits {
		return nil
	}
	prefix := ""
	for _, part := range strings.Split(series[:i], ".") {
		if part != "" {
			prefix += c.seriesPart(part, d)
		}
	}
	if !strings.HasPrefix(name, prefix) {
		return nil
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(name, prefix), 10, 64)
	if err != nil {
		return nil
	}
	current, ok, err := c.Tx.SeriesCurrent(ctx, prefix)
	if err != nil || !ok || current != n {
		return err
	}
	return c.Tx.SetSeries(ctx, prefix, n-1)
}

// namingRules are the enabled Document Naming Rules of a DocType, by priority.
func (c *Call) namingRules(ctx context.Context, dtName string) ([]string, error) {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table("Document Naming Rule").
		SQL(" WHERE ").Ident("document_type").SQL(" = ").Str(dtName).SQL(" AND ").Ident("disabled").SQL(" = ").Int(0).
		SQL(" ORDER BY ").Ident("priority").SQL(" DESC")
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		out = append(out, rawText(rows, 0))
	}
	return out, rows.Err()
}
