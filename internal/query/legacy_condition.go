package query

import (
	"context"
	"strings"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// legacyCondition is one condition with the values cast and the nulls counted as the
// string builder does. Source: frappe/model/db_query.py prepare_filter_condition.
func (p *parser) legacyCondition(ctx context.Context, dt *doctype.DocType, f Field, c filter) (*Node, error) {
	if _, isTree := treeOperators[c.op]; isTree {
		return p.legacyTree(ctx, dt, f, c)
	}
	fieldtype := ""
	if df := f.Column.Field; df != nil {
		fieldtype = df.Fieldtype
	}
	stamp := f.Column.Name == "creation" || f.Column.Name == "modified"
	switch c.op {
	case "in", "not in":
		return p.legacyMembers(f, c)
	case "is":
		return p.legacyIs(f, c.value)
	case "previous", "next", "timespan":
		from, to, err := p.legacySpan(ctx, c)
		if err != nil {
			return nil, err
		}
		c.op, c.value = "between", document.ListOf(document.Text(from), document.Text(to))
	}
	if c.op == "between" {
		if !stamp && fieldtype != "Date" && fieldtype != "Datetime" {
			return nil, refused("Operator between needs a date field, not %s", bold(f.Column.Name))
		}
		return p.legacyBetween(f, fieldtype == "Date", c.value)
	}
	if k := c.value.Kind(); k == document.List || k == document.Map {
		return nil, refused("Operator %s needs one value, not a list", c.op)
	}
	if stamp && strings.ContainsAny(c.op, "<>") && c.op != "like" {
		return compare(f, comparisons[c.op], document.Text(document.ToText(c.value))), nil
	}
	switch fieldtype {
	case "Date":
		return p.legacyDate(f, c)
	case "Datetime":
		return p.legacyDatetime(f, c)
	case "Time":
		return p.legacyTime(f, c)
	}
	return p.legacyPlain(f, fieldtype, c)
}

// legacyPlain handles columns that are no dates.
func (p *parser) legacyPlain(f Field, fieldtype string, c filter) (*Node, error) {
	numeric := f.Column.Field != nil && f.Column.Type.Numeric
	wraps := !numeric && !unwrapped(f.Column.Name)
	if c.op == "like" || c.op == "not like" {
		op := OpLike
		if c.op == "not like" {
			op = OpNotLike
		}
		// Frappe: a backslash stands for itself, so that % and _ cannot be escaped
		n := like(f, op, strings.ReplaceAll(textOf(c.value), `\`, `\\`))
		if wraps && !(c.op == "like" && c.value.Truthy()) {
			n = withNulls(n, f)
		}
		return n, nil
	}
	op := comparisons[c.op]
	wraps = wraps && !(op == OpEq && c.value.Truthy())
	isText := f.Class == doctype.TextClass
	switch {
	case c.value.Kind() == document.String && !numeric:
	case isText && op == OpEq && !c.value.Truthy() && (fieldtype == "Link" || fieldtype == "Data" || f.Column.Name == "name"):
		return compare(f, op, document.Text("''")), nil // Frappe: compares with two quotes
	case isText && !(op == OpEq && c.value.Truthy()):
		n := leaf(op, f, document.FloatOf(document.Flt(c.value)))
		n.Number = true
		if wraps && ordered(op, emptyAgainst(doctype.FloatClass, n.Values[0])) {
			n = OrNull(n, f)
		}
		return n, nil
	case !isText:
		c.value = number(c.value)
	}
	n := compare(f, op, c.value)
	if wraps {
		n = withNulls(n, f)
	}
	return n, nil
}

// number is flt, less the float where the value is whole already.
func number(v document.Value) document.Value {
	if v.Kind() == document.Int || v.Kind() == document.Bool {
		return document.IntOf(v.Int())
	}
	return document.FloatOf(document.Flt(v))
}

// unwrapped columns are never null. Source: db_query.py prepare_filter_condition.
func unwrapped(name string) bool { return name == "name" || name == "creation" || name == "modified" }

// legacyIs is "is set" and "is not set".
func (p *parser) legacyIs(f Field, v document.Value) (*Node, error) {
	switch v.Str() {
	case "set":
		if f.Class == doctype.DateClass || f.Class == doctype.DatetimeClass {
			return NotNull(f), nil
		}
		return compare(f, OpNe, document.Text("")), nil
	case "not set":
		if f.Class == doctype.TextClass {
			return IsEmpty(f), nil
		}
		return IsNull(f), nil // Frappe: ifnull(f, '') makes a text of the column, and 0 is not ''
	}
	return nil, refused("Operator is needs set or not set")
}

// legacyMembers is in and not in. Members compare as trimmed text; an empty one stands
// for null.
func (p *parser) legacyMembers(f Field, c filter) (*Node, error) {
	list, err := p.memberList(c.value, true)
	if err != nil {
		return nil, err
	}
	empty := len(list) == 0
	var values []document.Value
	for _, v := range list {
		text := strings.TrimSpace(document.ToText(v))
		if v.Kind() == document.Bool {
			text = map[bool]string{true: "True", false: "False"}[v.Bool()]
		}
		if text == "" {
			empty = true
			if f.Class != doctype.TextClass {
				continue // a number or a date is never ''
			}
		}
		values = append(values, document.Text(text))
	}
	if len(list) == 0 && f.Class == doctype.TextClass {
		values = append(values, document.Text(""))
	}
	if c.op == "in" {
		n := members(f, OpIn, values)
		if empty && !unwrapped(f.Column.Name) {
			n = OrNull(n, f)
		}
		return n, nil
	}
	n := members(f, OpNotIn, values)
	if empty {
		return n, nil
	}
	return OrNull(n, f), nil
}

// memberList reads the value of in: a list, or a text with commas.
func (p *parser) memberList(v document.Value, trim bool) ([]document.Value, error) {
	var out []document.Value
	switch v.Kind() {
	case document.Missing, document.Null:
	case document.String:
		for _, s := range strings.Split(v.Str(), ",") {
			if trim {
				s = strings.TrimSpace(s)
			}
			out = append(out, document.Text(s))
		}
	case document.List:
		out = v.List()
		for _, m := range out {
			if m.Kind() >= document.List {
				return nil, refused("A list of values cannot hold lists")
			}
		}
	default:
		return nil, refused("Operator in needs a list")
	}
	return out, p.countMembers(len(out))
}

func (p *parser) countMembers(n int) error {
	if p.members += n; p.members > maxMembers {
		return refused("At most %d values are allowed in lists", maxMembers)
	}
	return nil
}

// legacySpan returns the days that timespan, previous and next mean.
func (p *parser) legacySpan(ctx context.Context, c filter) (from, to string, err error) {
	name := c.value.Str()
	if c.op != "timespan" {
		var ok bool
		if name, ok = relative(c.op, name); !ok {
			return "", "", refused("Unknown period %s", document.PythonSpaced.Marshal(c.value))
		}
	}
	return p.span(ctx, name)
}

// span returns a named span; an unknown name gives today.
func (p *parser) span(ctx context.Context, name string) (from, to string, err error) {
	first, err := p.env.FirstDayOfWeek(ctx)
	if err != nil {
		return "", "", err
	}
	now := p.env.Now()
	a, b, ok := timespan(name, now, first)
	if !ok || name == "last 90 days" && !p.rules.Engine {
		a, b = now, now
	}
	return a.Format(dateLayout), b.Format(dateLayout), nil
}

// legacyBetween widens days to their whole length. A missing end is today.
// Source: frappe/model/db_query.py get_between_date_filter.
func (p *parser) legacyBetween(f Field, isDate bool, v document.Value) (*Node, error) {
	today := document.Text(p.env.Now().Format(dateLayout))
	from, to := today, today
	if l := v.List(); len(l) > 0 {
		from = l[0]
		if len(l) > 1 {
			to = l[1]
		}
	}
	if isDate {
		a, err := p.date(from)
		if err != nil {
			return nil, err
		}
		b, err := p.date(to)
		if err != nil {
			return nil, err
		}
		return between(f, document.Text(a), document.Text(b)), nil
	}
	a, err := p.widened(from, midnight)
	if err != nil {
		return nil, err
	}
	b, err := p.widened(to, " 23:59:59.999999")
	if err != nil {
		return nil, err
	}
	return between(f, document.Text(a), document.Text(b)), nil
}

// widened is a datetime, or a day with the clock given.
func (p *parser) widened(v document.Value, clock string) (string, error) {
	if v.IsNull() {
		return emptyDatetime, nil
	}
	if strings.Contains(strings.TrimSpace(v.Str()), " ") {
		return p.datetime(v)
	}
	d, err := p.date(v)
	return d + clock, err
}

func invalidDate(v document.Value) error {
	return exc.Validation.Throwf("%s is not a valid date string.", bold(document.ToText(v))).WithTitle("Invalid Date")
}

// date casts as frappe/utils/data.py getdate: nothing is today.
func (p *parser) date(v document.Value) (string, error) {
	if !v.Truthy() {
		return p.env.Now().Format(dateLayout), nil
	}
	t, ok := parseDatetime(document.ToText(v), p.env.Now())
	if !ok || v.Kind() != document.String {
		return "", invalidDate(v)
	}
	return t.Format(dateLayout), nil
}

// datetime casts as frappe/database/database.py format_datetime: nothing is the empty
// date.
func (p *parser) datetime(v document.Value) (string, error) {
	if !v.Truthy() {
		return emptyDatetime, nil
	}
	t, ok := parseDatetime(document.ToText(v), p.env.Now())
	if !ok || v.Kind() != document.String {
		return "", invalidDate(v)
	}
	return t.Format(datetimeLayout), nil
}

func (p *parser) legacyDate(f Field, c filter) (*Node, error) {
	s, err := p.date(c.value)
	if err != nil {
		return nil, err
	}
	return legacyDated(f, c, s)
}

func (p *parser) legacyDatetime(f Field, c filter) (*Node, error) {
	s, err := p.datetime(c.value)
	if err != nil {
		return nil, err
	}
	return legacyDated(f, c, s)
}

func (p *parser) legacyTime(f Field, c filter) (*Node, error) {
	t, ok := time.Time{}, false
	if c.value.Kind() == document.String {
		t, ok = parseDatetime(c.value.Str(), p.env.Now())
	}
	if !ok {
		return nil, exc.Validation.Throwf("%s is not a valid time.", bold(document.ToText(c.value))).WithTitle("Invalid Time")
	}
	return legacyDated(f, c, t.Format(clockLayout))
}

// legacyDated compares a date, datetime or time; all but = and later than count null
// as the first of its kind.
func legacyDated(f Field, c filter, s string) (*Node, error) {
	op, ok := comparisons[c.op]
	if !ok { // like: on a text that was a date already
		n := like(f, OpLike, s)
		if c.op == "not like" {
			n = OrNull(like(f, OpNotLike, s), f)
		}
		return n, nil
	}
	n := compare(f, op, document.Text(s))
	switch {
	case op == OpEq && c.value.Truthy():
		return n, nil
	case (op == OpGt || op == OpGe) && f.Class != doctype.TimeClass:
		return n, nil
	}
	return withNulls(n, f), nil
}
