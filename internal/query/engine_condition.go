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

// engineCondition is one condition. Only in compatibility mode does null count as the
// empty value. Source: frappe/database/query.py _build_criterion_for_simple_filter.
func (p *parser) engineCondition(ctx context.Context, f Field, op string, v document.Value) (*Node, error) {
	switch op {
	case "in", "not in":
		return p.engineMembers(f, op == "not in", v)
	case "is":
		return p.engineIs(f, v)
	case "between":
		return p.engineBetween(f, v)
	case "timespan":
		return p.engineSpan(ctx, f, v.Str())
	case "previous", "next":
		if p.rules.Dev || p.rules.Small {
			return nil, refused("Unknown operator %s", op)
		}
		name, ok := relative(op, v.Str())
		if !ok {
			return nil, refused("Unknown period %s", show(v))
		}
		return p.engineSpan(ctx, f, name)
	}
	o, ok := engineOps[op]
	if !ok {
		return nil, refused("Unknown operator %s", op)
	}
	if v.Kind() == document.List {
		return nil, refused("Operator %s needs one value, not a list", op)
	}
	if v.IsNull() {
		if o == OpNe && !p.rules.Dev && !p.rules.Small {
			return compare(f, OpNe, emptyOf(f)), nil
		}
		return IsNull(f), nil // Frappe: "!= null" too finds the nulls here
	}
	if o == OpLike || o == OpNotLike {
		n := like(f, o, textOf(v))
		if o == OpNotLike {
			n = p.compat(n, f)
		}
		return n, nil
	}
	n := compare(f, o, v)
	if o == OpEq && v.Kind() == document.String && v.Str() == "" && p.rules.NullAware && f.Class == doctype.TextClass {
		return OrNull(n, f), nil
	}
	dated := f.Class == doctype.DateClass || f.Class == doctype.DatetimeClass
	if o == OpEq && v.Truthy() || dated && (o == OpGt || o == OpGe || unwrapped(f.Column.Name)) {
		return n, nil
	}
	return p.compat(n, f), nil
}

// compat counts nulls as empty in compatibility mode.
// Source: frappe/database/query.py _should_apply_ifnull.
func (p *parser) compat(n *Node, f Field) *Node {
	df := f.Column.Field
	if !p.rules.NullAware || unwrapped(f.Column.Name) || df != nil && (df.Type.Numeric || df.NotNullable) {
		return n
	}
	return withNulls(n, f)
}

// emptyOf is the value that null counts as.
func emptyOf(f Field) document.Value {
	switch f.Class {
	case doctype.IntClass, doctype.CheckClass, doctype.FloatClass:
		return document.IntOf(0)
	case doctype.DateClass, doctype.DatetimeClass:
		return document.Text(emptyDate)
	}
	return document.Text("")
}

func (p *parser) engineIs(f Field, v document.Value) (*Node, error) {
	switch strings.ToLower(v.Str()) {
	case "set":
		if p.rules.Small || f.Class == doctype.DateClass || f.Class == doctype.DatetimeClass {
			return NotNull(f), nil
		}
		return compare(f, OpNe, document.Text("")), nil
	case "not set":
		if p.rules.Small {
			return IsNull(f), nil
		}
		return IsEmpty(f), nil
	}
	return nil, exc.ValueErr.Throw("`is` operator only supports `set` and `not set` as value")
}

// engineMembers is in and not in. In compatibility mode an empty member stands for null
// when it was given in a list.
func (p *parser) engineMembers(f Field, not bool, v document.Value) (*Node, error) {
	if v.IsNull() && !p.rules.NullAware {
		return IsNull(f), nil // Frappe: for "not in" as well
	}
	list, err := p.memberList(v, false)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		list = []document.Value{document.Text("")}
		if p.rules.NullAware && !not {
			return OrNull(members(f, OpIn, list), f), nil
		}
	}
	if not {
		return p.compat(members(f, OpNotIn, list), f), nil
	}
	n := members(f, OpIn, list)
	for _, m := range list {
		if p.rules.NullAware && v.Kind() == document.List && m.Kind() == document.String && m.Str() == "" {
			return OrNull(n, f), nil
		}
	}
	return n, nil
}

// engineBetween widens days to their whole length on datetimes, except in v16-dev and
// in the small engine.
func (p *parser) engineBetween(f Field, v document.Value) (*Node, error) {
	l := v.List()
	if v.Kind() == document.String && !p.rules.Dev && !p.rules.Small {
		today := document.Text(p.env.Now().Format(dateLayout))
		l = []document.Value{today, today}
	}
	if len(l) == 1 && !p.rules.Dev {
		return False(), nil // Frappe: BETWEEN NULL AND x
	}
	if len(l) != 2 || l[0].Kind() >= document.List || l[1].Kind() >= document.List {
		return nil, refused("Operator between needs a list of two values")
	}
	if f.Class != doctype.DatetimeClass || p.rules.Dev || p.rules.Small {
		return between(f, l[0], l[1]), nil
	}
	from, err := p.widened(l[0], midnight)
	if err != nil {
		return nil, err
	}
	to, err := p.widened(l[1], " 23:59:59.999999")
	if err != nil {
		return nil, err
	}
	return between(f, document.Text(from), document.Text(to)), nil
}

func (p *parser) engineSpan(ctx context.Context, f Field, name string) (*Node, error) {
	first, err := p.env.FirstDayOfWeek(ctx)
	if err != nil {
		return nil, err
	}
	from, to, ok := timespan(name, p.env.Now(), first)
	if !ok {
		return IsNull(f), nil
	}
	return p.engineBetween(f, document.ListOf(document.Text(from.Format(dateLayout)), document.Text(to.Format(dateLayout))))
}
