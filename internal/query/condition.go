package query

import (
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// ParseCondition reads the condition that a Server Script of type Permission Query
// gives for a DocType: comparisons, in, like, between and null tests of its columns with
// quoted texts and numbers, ifnull(column, text), joined by and, or and brackets. It is
// SQL's grammar without subqueries, so that a script's text never becomes a statement.
// An empty text gives nil. Errors: DataError for what it cannot read.
// Source: frappe/model/db_query.py get_permission_query_conditions.
func ParseCondition(dt *doctype.DocType, text string) (*Node, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	toks, ok := lexText(text, true)
	c := &conditionParser{textParser: textParser{src: text, toks: toks}, dt: dt}
	if ok {
		n, ok := c.or(0)
		if ok && c.done() {
			return n, nil
		}
	}
	return nil, exc.Data.Throwf("Cannot read the permission query of %s: %s", bold(dt.Name), text)
}

type conditionParser struct {
	textParser
	dt *doctype.DocType
}

// operand is a side of a comparison: a column, in which null may count as fallback, or
// a value.
type operand struct {
	field    Field
	fallback *document.Value
	value    document.Value
}

func (o operand) isField() bool { return o.field.Column != nil }

func (c *conditionParser) or(depth int) (*Node, bool) {
	n, ok := c.and(depth)
	for ok && c.take("or") {
		var next *Node
		next, ok = c.and(depth)
		n = Or(n, next)
	}
	return n, ok
}

func (c *conditionParser) and(depth int) (*Node, bool) {
	n, ok := c.primary(depth)
	for ok && c.take("and") {
		var next *Node
		next, ok = c.primary(depth)
		n = And(n, next)
	}
	return n, ok
}

func (c *conditionParser) primary(depth int) (*Node, bool) {
	if depth > maxNesting {
		return nil, false
	}
	if c.take("(") {
		n, ok := c.or(depth + 1)
		return n, ok && c.take(")")
	}
	left, ok := c.operand()
	if !ok {
		return nil, false
	}
	return c.predicate(left)
}

// predicate reads what follows the left side.
func (c *conditionParser) predicate(left operand) (*Node, bool) {
	if c.take("is") {
		not := c.take("not")
		if !c.take("null") || !left.isField() {
			return nil, false
		}
		if not {
			return NotNull(left.field), true
		}
		return IsNull(left.field), true
	}
	not := c.take("not")
	switch {
	case c.take("in"):
		return c.in(left, not)
	case c.take("like"):
		p, ok := c.operand()
		if !ok || p.isField() || !left.isField() {
			return nil, false
		}
		op := OpLike
		if not {
			op = OpNotLike
		}
		return left.nulls(like(left.field, op, textOf(p.value))), true
	case not:
		return nil, false
	case c.take("between"):
		a, ok := c.operand()
		if !ok || !c.take("and") {
			return nil, false
		}
		b, ok := c.operand()
		if !ok || a.isField() || b.isField() || !left.isField() {
			return nil, false
		}
		return left.nulls(between(left.field, a.value, b.value)), true
	}
	op, ok := c.comparison()
	if !ok {
		return nil, false
	}
	right, ok := c.operand()
	if !ok {
		return nil, false
	}
	return compareOperands(left, op, right)
}

// nulls counts null as the fallback.
func (o operand) nulls(n *Node) *Node {
	if o.fallback == nil || textOf(*o.fallback) != "" && toFloat(*o.fallback) != 0 {
		return n
	}
	return withNulls(n, o.field)
}

func compareOperands(left operand, op Op, right operand) (*Node, bool) {
	switch {
	case left.isField() && right.isField():
		return nil, false
	case right.isField():
		mirror := map[Op]Op{OpLt: OpGt, OpLe: OpGe, OpGt: OpLt, OpGe: OpLe}
		if m, ok := mirror[op]; ok {
			op = m
		}
		return compareOperands(right, op, left)
	case left.isField() && right.value.IsNull():
		return False(), true
	case left.isField():
		return left.nulls(compare(left.field, op, right.value)), true
	}
	sign := strings.Compare(textOf(left.value), textOf(right.value))
	if left.value.IsNumber() || right.value.IsNumber() {
		switch a, b := toFloat(left.value), toFloat(right.value); {
		case a < b:
			sign = -1
		case a > b:
			sign = 1
		default:
			sign = 0
		}
	}
	if ordered(op, sign) {
		return True(), true
	}
	return False(), true
}

func (c *conditionParser) in(left operand, not bool) (*Node, bool) {
	if !left.isField() || !c.take("(") {
		return nil, false
	}
	var list []document.Value
	for {
		v, ok := c.operand()
		if !ok || v.isField() {
			return nil, false
		}
		list = append(list, v.value)
		if c.take(")") {
			break
		}
		if !c.take(",") {
			return nil, false
		}
	}
	op := OpIn
	if not {
		op = OpNotIn
	}
	return left.nulls(members(left.field, op, list)), true
}

// comparison reads an operator of one or two signs.
func (c *conditionParser) comparison() (Op, bool) {
	first := c.peek()
	if c.done() || first.kind != signToken {
		return 0, false
	}
	c.at++
	sign := first.text
	if next := c.peek(); !c.done() && next.kind == signToken && next.from == first.to && (next.text == "=" || next.text == ">") {
		c.at++
		sign += next.text
	}
	if sign == "<>" {
		sign = "!="
	}
	op, ok := comparisons[sign]
	return op, ok
}

// operand reads a column, ifnull(column, value), a quoted text, a number or null.
func (c *conditionParser) operand() (operand, bool) {
	minus := c.take("-")
	t := c.peek()
	if c.done() {
		return operand{}, false
	}
	switch {
	case t.kind == numberToken:
		c.at++
		v := numberOf(t.text)
		if minus {
			v = numberOf("-" + t.text)
		}
		return operand{value: v}, true
	case minus:
		return operand{}, false
	case t.kind == stringToken:
		c.at++
		return operand{value: document.Text(t.text)}, true
	case t.is("null"):
		c.at++
		return operand{value: document.NullValue}, true
	case t.is("ifnull") || t.is("coalesce"):
		return c.ifnull()
	case t.is("true") || t.is("false"):
		c.at++
		return operand{value: document.BoolOf(t.is("true"))}, true
	case t.kind > nameToken:
		return operand{}, false
	}
	return c.column()
}

func (c *conditionParser) ifnull() (operand, bool) {
	c.at++
	if !c.take("(") {
		return operand{}, false
	}
	o, ok := c.operand()
	if !ok || !o.isField() || !c.take(",") {
		return operand{}, false
	}
	v, ok := c.operand()
	if !ok || v.isField() || !c.take(")") {
		return operand{}, false
	}
	o.fallback = &v.value
	return o, true
}

// column reads column or `tabX`.column of the DocType itself.
func (c *conditionParser) column() (operand, bool) {
	e, ok := c.expr(0)
	if !ok || e.kind != refText || len(e.parts) > 2 {
		return operand{}, false
	}
	if len(e.parts) == 2 && e.parts[0].text != "tab"+c.dt.Name {
		return operand{}, false
	}
	f := F(c.dt, e.parts[len(e.parts)-1].text)
	return operand{field: f}, f.Column != nil
}
