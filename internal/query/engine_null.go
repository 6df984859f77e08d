package query

import (
	"strings"

	"freddo/doctype"
	"freddo/document"
)

// In its compatibility mode the engine writes IFNULL(field, empty value) around the
// fields of most conditions. That lets rows without a value fulfil them, and makes text
// of dates and times, which then compare letter by letter (dated.go). Both are decided
// here, while the query is made, so that the database needs no function around the
// column. Source: frappe/database/query.py _should_apply_ifnull, _get_ifnull_fallback.

// nullable reports whether the engine thinks that the field may be without a value.
func (f tested) nullable() bool {
	if unwrapped(f.name) {
		return false
	}
	return f.seen == nil || !f.seen.Type.Numeric && !f.seen.NotNullable
}

// fallback is the value that stands for none.
func (f tested) fallback() document.Value {
	if f.seen == nil {
		switch f.name {
		case "idx", "docstatus":
			return document.IntOf(0)
		case "creation", "modified":
			return document.Text(emptyDate)
		}
		return document.Text("")
	}
	switch {
	case f.seen.Type.Class == doctype.DateClass || f.seen.Type.Class == doctype.DatetimeClass:
		return document.Text(emptyDate)
	case f.seen.Type.Class == doctype.TimeClass:
		return document.Text("00:00:00")
	case f.seen.Type.Numeric:
		return document.IntOf(0)
	}
	return document.Text("")
}

// spansDays reports whether between takes days for their whole length.
func (f tested) spansDays() bool {
	return f.name == "creation" || f.name == "modified" || f.seen != nil && f.seen.Type.Class == doctype.DatetimeClass
}

// wraps reports whether the engine puts IFNULL around the field.
func (p *parser) wraps(f tested, op Op, v document.Value) bool {
	if !p.rules.NullAware || !f.nullable() {
		return false
	}
	dated := f.seen != nil && (f.seen.Type.Class == doctype.DateClass || f.seen.Type.Class == doctype.DatetimeClass)
	switch op {
	case OpLike:
		return false
	case OpEq:
		return !v.Truthy()
	case OpNe:
		return compareValues(f.fallback(), v) != 0 || v.Kind() == document.String != (f.fallback().Kind() == document.String)
	case OpGt, OpGe, OpBetween:
		return !dated
	}
	return true
}

// ifnull is IFNULL(field, fallback) op v.
func (f tested) ifnull(op Op, v document.Value) *Node {
	var n *Node
	switch {
	case isDated(f.Class) && op != OpNotLike:
		n = textual(f.Field, op, textOf(v))
	default:
		n = sent(f.Field, op, v)
	}
	if op == OpNotLike && likes(textOf(f.fallback()), textOf(v)) || op != OpNotLike && !ordered(op, compareValues(f.fallback(), v)) {
		return n
	}
	return OrNull(n, f.Field)
}

// ifnullMembers is IFNULL(field, fallback) IN list, or NOT IN.
func (f tested) ifnullMembers(not bool, list []document.Value) *Node {
	has := false
	for _, m := range list {
		has = has || !m.IsNull() && compareValues(f.fallback(), m) == 0
	}
	n := sentMembers(f.Field, not, list)
	if isDated(f.Class) {
		n = textualMembers(f.Field, not, list)
	}
	if has == not {
		return n
	}
	return OrNull(n, f.Field)
}

func isDated(c doctype.Class) bool {
	return c == doctype.DateClass || c == doctype.DatetimeClass || c == doctype.TimeClass
}

// compareValues is the sign of a minus b as MariaDB compares them: as numbers when one is
// a number, else as texts.
func compareValues(a, b document.Value) int {
	if isNumeric(a) || isNumeric(b) {
		switch x, y := toFloat(a), toFloat(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(strings.TrimRight(textOf(a), " "), strings.TrimRight(textOf(b), " "))
}

// likes reports whether a text fits a pattern with % and _. Of the texts asked about
// here none holds a letter.
func likes(text, pattern string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '%':
		pattern = strings.TrimLeft(pattern, "%")
		for i := range len(text) + 1 {
			if pattern == "" || likes(text[i:], pattern) {
				return true
			}
		}
		return false
	case text == "":
		return false
	case pattern[0] == '_':
		return likes(text[1:], pattern[1:])
	case pattern[0] == '\\' && len(pattern) > 1:
		pattern = pattern[1:]
	}
	return text[0] == pattern[0] && likes(text[1:], pattern[1:])
}
