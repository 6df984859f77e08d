package query

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// engineOps are the engine's operators with one value.
// Source: frappe/database/operator_map.py.
var engineOps = map[string]Op{"=": OpEq, "!=": OpNe, "<": OpLt, ">": OpGt, "<=": OpLe, "=<": OpLe, ">=": OpGe, "=>": OpGe,
	"like": OpLike, "ilike": OpLike, "not like": OpNotLike}

// engineWord reports whether an operator stands for itself in conditions joined by words.
// Source: frappe/database/operator_map.py OPERATOR_MAP, and the operators of trees, which
// 16.4 lacks there and later 16.x has.
func engineWord(op string) bool {
	switch op {
	case "in", "not in", "is", "between", "timespan", "regex", "+", "-", "*", "/":
		return true
	}
	_, isTree := treeOperators[op]
	return isTree || engineOps[op] != 0
}

// tested is the field of a condition, and what the engine takes it for.
type tested struct {
	Field
	// seen decides about nulls and dates. It is the DocField of that name in the queried
	// (or named) DocType: nil for standard columns, and for fields of joined tables that
	// the queried DocType has not got.
	seen *doctype.DocField
	// name is the last part of the name as it was sent.
	name string
}

// engineCondition is one condition. Only in compatibility mode does null count as the
// empty value. Source: frappe/database/query.py _build_criterion_for_simple_filter.
func (p *parser) engineCondition(ctx context.Context, f tested, op string, v document.Value) (*Node, error) {
	switch op {
	case "timespan", "previous", "next":
		return p.engineSpan(ctx, f, op, v)
	case "in", "not in":
		return p.engineMembers(f, op == "not in", v)
	case "is":
		return p.engineIs(f, v)
	case "between":
		return p.engineBetween(f, v)
	}
	o, ok := engineOps[op]
	if !ok {
		return nil, refused("Unknown operator %s", op)
	}
	if v.Kind() == document.List {
		return nil, refused("Operator %s needs one value, not a list", op)
	}
	if v.IsNull() {
		if o == OpNe && !p.rules.Small {
			return compare(f.Field, OpNe, f.fallback()), nil
		}
		return IsNull(f.Field), nil // Frappe: "like null" finds the nulls too
	}
	switch {
	case p.wraps(f, o, v):
		return f.ifnull(o, v), nil
	case p.rules.Small && f.Class == doctype.TextClass:
		v = document.Text(textOf(v)) // as the string builder beside it
	}
	return sent(f.Field, o, v), nil
}

// sent compares a field with a value as it was sent: numbers are numbers to a text
// column too.
func sent(f Field, op Op, v document.Value) *Node {
	switch {
	case op == OpLike || op == OpNotLike:
		return like(f, op, textOf(v))
	case f.Class == doctype.TextClass && isNumeric(v):
		return numeric(f, op, v)
	}
	return compare(f, op, v)
}

func isNumeric(v document.Value) bool { return v.IsNumber() || v.Kind() == document.Bool }

// numeric compares a text column by the number that its texts start with.
func numeric(f Field, op Op, v document.Value) *Node {
	n := leaf(op, f, document.FloatOf(toFloat(v)))
	n.Number = n.Op == op
	return n
}

func (p *parser) engineIs(f tested, v document.Value) (*Node, error) {
	if v.IsNull() && !p.rules.Small {
		return IsNull(f.Field), nil
	}
	switch strings.ToLower(v.Str()) {
	case "set":
		if p.rules.Small || f.Class == doctype.DateClass || f.Class == doctype.DatetimeClass {
			return NotNull(f.Field), nil
		}
		return compare(f.Field, OpNe, document.Text("")), nil
	case "not set":
		if p.rules.Small {
			return IsNull(f.Field), nil
		}
		return IsEmpty(f.Field), nil
	}
	return nil, exc.ValueErr.Throw("`is` operator only supports `set` and `not set` as value")
}

// engineMembers is in and not in. In compatibility mode a list that is empty or holds an
// empty text finds nulls too; null as a member finds nothing.
func (p *parser) engineMembers(f tested, not bool, v document.Value) (*Node, error) {
	if v.IsNull() && !p.rules.NullAware {
		return IsNull(f.Field), nil // Frappe: for "not in" as well
	}
	list, err := p.memberList(v, false)
	if err != nil {
		return nil, err
	}
	empty := v.IsNull() || v.Kind() == document.List && len(list) == 0
	if len(list) == 0 {
		list = []document.Value{document.Text("")}
	}
	unknown := false
	for _, m := range list {
		unknown = unknown || m.IsNull()
		empty = empty || v.Kind() == document.List && (m.IsNull() || m.Kind() == document.String && m.Str() == "")
	}
	if not && unknown && !p.rules.Small {
		return False(), nil // Frappe: nothing is known not to be null
	}
	switch {
	case p.rules.NullAware && f.nullable() && (not || empty):
		return f.ifnullMembers(not, list), nil
	case p.rules.Small && not:
		return members(f.Field, OpNotIn, list), nil
	case p.rules.Small:
		return members(f.Field, OpIn, list), nil
	}
	return sentMembers(f.Field, not, list), nil
}

// sentMembers tests membership in values as they were sent.
func sentMembers(f Field, not bool, list []document.Value) *Node {
	op, single := OpIn, OpEq
	if not {
		op, single = OpNotIn, OpNe
	}
	var numbers []*Node
	var rest []document.Value
	for _, m := range list {
		if f.Class == doctype.TextClass && isNumeric(m) {
			numbers = append(numbers, numeric(f, single, m))
		} else {
			rest = append(rest, m)
		}
	}
	if len(numbers) == 0 {
		return members(f, op, rest)
	}
	if len(rest) > 0 {
		numbers = append(numbers, members(f, op, rest))
	}
	if not {
		return And(numbers...)
	}
	return Or(numbers...)
}

// engineBetween widens days to their whole length on datetimes, except in the small
// engine. One value is the end of a range that begins nowhere; a third one is ignored.
func (p *parser) engineBetween(f tested, v document.Value) (*Node, error) {
	l := v.List()
	switch {
	case v.IsNull() && !p.rules.Small:
		return IsNull(f.Field), nil
	case v.Kind() == document.String && !p.rules.Small:
		today := document.Text(p.env.Now().Format(dateLayout))
		l = []document.Value{today, today}
	case v.Kind() == document.List && len(l) < 2 && !p.rules.Small:
		return False(), nil // Frappe: BETWEEN NULL AND x
	}
	if len(l) < 2 || len(l) > 3 || len(l) == 3 && p.rules.Small || l[0].Kind() >= document.List || l[1].Kind() >= document.List {
		return nil, refused("Operator between needs a list of two values")
	}
	from, to := l[0], l[1]
	if f.spansDays() && len(l) == 2 && !p.rules.Small {
		a, err := p.widened(from, midnight)
		if err != nil {
			return nil, err
		}
		b, err := p.widened(to, " 23:59:59.999999")
		if err != nil {
			return nil, err
		}
		from, to = document.Text(a), document.Text(b)
	}
	switch {
	case p.wraps(f, OpBetween, v):
		return And(f.ifnull(OpGe, from), f.ifnull(OpLe, to)), nil
	case f.Class == doctype.TextClass && !p.rules.Small:
		return And(sent(f.Field, OpGe, from), sent(f.Field, OpLe, to)), nil
	}
	return between(f.Field, from, to), nil
}

// engineSpan is timespan, previous and next: between the days of a period. An unknown
// period finds the nulls. Source: frappe/model/db_query.py get_date_range.
func (p *parser) engineSpan(ctx context.Context, f tested, op string, v document.Value) (*Node, error) {
	name := v.Str()
	if op != "timespan" {
		if p.rules.Small {
			return nil, refused("Unknown operator %s", op)
		}
		var ok bool
		if name, ok = relative(op, name); !ok {
			return nil, refused("Unknown period %s", show(v))
		}
	}
	first, err := p.env.FirstDayOfWeek(ctx)
	if err != nil {
		return nil, err
	}
	from, to, ok := timespan(name, p.env.Now(), first)
	if !ok {
		return IsNull(f.Field), nil
	}
	return p.engineBetween(f, document.ListOf(document.Text(from.Format(dateLayout)), document.Text(to.Format(dateLayout))))
}
