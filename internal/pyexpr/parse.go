package pyexpr

import "strings"

// The nodes of an expression.
type (
	node interface{}

	literal struct{ v Value }
	ident   struct{ name string }
	unary   struct {
		op string
		x  node
	}
	binary struct {
		op   string
		a, b node
	}
	logical struct {
		and  bool
		a, b node
	}
	// compare is a chain: first ops[0] rest[0] ops[1] rest[1]…
	compare struct {
		first node
		ops   []string
		rest  []node
	}
	ternary struct{ cond, yes, no node }
	attr    struct {
		x    node
		name string
	}
	index struct{ x, at node }
	slice struct{ x, from, to, step node }
	call  struct {
		fn    node
		args  []node
		names []string // a keyword argument's name, "" for positional ones
	}
	sequence struct {
		tuple bool
		items []node
	}
	mapping struct{ keys, vals []node }
	// comprehension is a list made by one loop.
	comprehension struct {
		item  node
		vars  []string
		over  node
		conds []node
	}
)

type parser struct {
	tokens []token
	at     int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if p.at < len(p.tokens)-1 {
		p.at++
	}
	return t
}

// take consumes an operator or a keyword if it comes next.
func (p *parser) take(s string) bool {
	if t := p.peek(); (t.kind == op || t.kind == keyword) && t.s == s {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(s string) error {
	if !p.take(s) {
		return p.fail()
	}
	return nil
}

func (p *parser) fail() error { return errorf("SyntaxError", "invalid syntax") }

func (p *parser) top() (node, error) {
	n, err := p.tuple(func() bool { return p.peek().kind == end })
	if err == nil && p.peek().kind != end {
		return nil, p.fail()
	}
	return n, err
}

// tuple parses an expression, or a tuple without brackets.
func (p *parser) tuple(atEnd func() bool) (node, error) {
	first, err := p.expr()
	if err != nil || !p.take(",") {
		return first, err
	}
	items := []node{first}
	for !atEnd() {
		n, err := p.expr()
		if err != nil {
			return nil, err
		}
		items = append(items, n)
		if !p.take(",") {
			break
		}
	}
	return sequence{tuple: true, items: items}, nil
}

func (p *parser) expr() (node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > MaxDepth {
		return nil, errorf("SyntaxError", "too many nested parentheses")
	}
	yes, err := p.or()
	if err != nil || !p.take("if") {
		return yes, err
	}
	cond, err := p.or()
	if err != nil {
		return nil, err
	}
	if err := p.expect("else"); err != nil {
		return nil, err
	}
	no, err := p.expr()
	return ternary{cond, yes, no}, err
}

func (p *parser) or() (node, error) {
	a, err := p.and()
	for err == nil && p.take("or") {
		var b node
		b, err = p.and()
		a = logical{false, a, b}
	}
	return a, err
}

func (p *parser) and() (node, error) {
	a, err := p.not()
	for err == nil && p.take("and") {
		var b node
		b, err = p.not()
		a = logical{true, a, b}
	}
	return a, err
}

func (p *parser) not() (node, error) {
	negations := 0
	for p.take("not") {
		negations++
	}
	n, err := p.comparison()
	if negations > 0 {
		n = unary{"not", n}
		if negations%2 == 0 {
			n = unary{"not", n}
		}
	}
	return n, err
}

func (p *parser) comparison() (node, error) {
	first, err := p.arith(0)
	if err != nil {
		return nil, err
	}
	c := compare{first: first}
	for {
		o := p.comparator()
		if o == "" {
			break
		}
		n, err := p.arith(0)
		if err != nil {
			return nil, err
		}
		c.ops, c.rest = append(c.ops, o), append(c.rest, n)
	}
	if len(c.ops) == 0 {
		return first, nil
	}
	return c, nil
}

func (p *parser) comparator() string {
	for _, o := range []string{"<=", ">=", "==", "!=", "<", ">", "in"} {
		if p.take(o) {
			return o
		}
	}
	if p.take("is") {
		if p.take("not") {
			return "is not"
		}
		return "is"
	}
	if t := p.peek(); t.kind == keyword && t.s == "not" && p.tokens[p.at+1].s == "in" {
		p.next()
		p.next()
		return "not in"
	}
	return ""
}

// levels are the binary operators from loosest to tightest.
var levels = [][]string{{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "//", "/", "%"}}

func (p *parser) arith(level int) (node, error) {
	if level == len(levels) {
		return p.factor()
	}
	a, err := p.arith(level + 1)
	for err == nil {
		found := ""
		for _, o := range levels[level] {
			if p.take(o) {
				found = o
				break
			}
		}
		if found == "" {
			return a, nil
		}
		var b node
		b, err = p.arith(level + 1)
		a = binary{found, a, b}
	}
	return nil, err
}

func (p *parser) factor() (node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > MaxDepth {
		return nil, errorf("SyntaxError", "too many nested operators")
	}
	for _, o := range []string{"-", "+", "~"} {
		if p.take(o) {
			n, err := p.factor()
			return unary{o, n}, err
		}
	}
	n, err := p.primary()
	if err == nil && p.take("**") {
		var e node
		e, err = p.factor()
		n = binary{"**", n, e}
	}
	return n, err
}

// primary parses an atom and what hangs on it.
func (p *parser) primary() (node, error) {
	n, err := p.atom()
	for err == nil {
		switch {
		case p.take("."):
			t := p.next()
			if t.kind != name {
				return nil, p.fail()
			}
			if strings.HasPrefix(t.s, "_") {
				return nil, errorf("SyntaxError", `"%s" is an invalid attribute name because it starts with "_".`, t.s)
			}
			n = attr{n, t.s}
		case p.take("("):
			n, err = p.arguments(n)
		case p.take("["):
			n, err = p.subscript(n)
		default:
			return n, nil
		}
	}
	return nil, err
}

func (p *parser) arguments(fn node) (node, error) {
	c := call{fn: fn}
	for !p.take(")") {
		label := ""
		if t := p.peek(); t.kind == name && p.isKeywordArgument() {
			label = t.s
		}
		n, err := p.expr()
		if err != nil {
			return nil, err
		}
		if len(c.args) == 0 && p.peekIs("for") {
			if n, err = p.loop(n); err != nil {
				return nil, err
			}
		}
		if label == "" && len(c.names) > 0 && c.names[len(c.names)-1] != "" {
			return nil, errorf("SyntaxError", "positional argument follows keyword argument")
		}
		c.args, c.names = append(c.args, n), append(c.names, label)
		if !p.take(",") {
			if err := p.expect(")"); err != nil {
				return nil, err
			}
			break
		}
	}
	return c, nil
}

// isKeywordArgument consumes "name=" if it comes next.
func (p *parser) isKeywordArgument() bool {
	if p.tokens[p.at+1].kind == op && p.tokens[p.at+1].s == "=" {
		p.at += 2
		return true
	}
	return false
}

func (p *parser) peekIs(s string) bool {
	t := p.peek()
	return (t.kind == op || t.kind == keyword) && t.s == s
}

func (p *parser) subscript(x node) (node, error) {
	var parts [3]node
	colons := 0
	for !p.take("]") {
		if p.take(":") {
			if colons++; colons > 2 {
				return nil, p.fail()
			}
			continue
		}
		n, err := p.tuple(func() bool { return p.peekIs("]") })
		if err != nil {
			return nil, err
		}
		if parts[colons] != nil {
			return nil, p.fail()
		}
		parts[colons] = n
	}
	if colons > 0 {
		return slice{x, parts[0], parts[1], parts[2]}, nil
	}
	if parts[0] == nil {
		return nil, p.fail()
	}
	return index{x, parts[0]}, nil
}

func (p *parser) atom() (node, error) {
	t := p.next()
	switch t.kind {
	case number:
		return literal{t.val}, nil
	case text:
		s := t.val.(string)
		for p.peek().kind == text {
			s += p.next().val.(string)
		}
		return literal{s}, nil
	case name:
		if strings.HasPrefix(t.s, "_") && t.s != "_" {
			return nil, errorf("SyntaxError", `"%s" is an invalid variable name because it starts with "_"`, t.s)
		}
		return ident{t.s}, nil
	case keyword:
		switch t.s {
		case "True":
			return literal{true}, nil
		case "False":
			return literal{false}, nil
		case "None":
			return literal{nil}, nil
		}
	case op:
		switch t.s {
		case "(":
			return p.parenthesis()
		case "[":
			return p.list()
		case "{":
			return p.mapping()
		}
	}
	return nil, p.fail()
}

func (p *parser) parenthesis() (node, error) {
	if p.take(")") {
		return sequence{tuple: true}, nil
	}
	n, err := p.tuple(func() bool { return p.peekIs(")") })
	if err != nil {
		return nil, err
	}
	if p.peekIs("for") {
		if n, err = p.loop(n); err != nil {
			return nil, err
		}
	}
	return n, p.expect(")")
}

func (p *parser) list() (node, error) {
	l := sequence{}
	for !p.take("]") {
		n, err := p.expr()
		if err != nil {
			return nil, err
		}
		if len(l.items) == 0 && p.peekIs("for") {
			if n, err = p.loop(n); err != nil {
				return nil, err
			}
			return n, p.expect("]")
		}
		l.items = append(l.items, n)
		if !p.take(",") {
			if err := p.expect("]"); err != nil {
				return nil, err
			}
			break
		}
	}
	return l, nil
}

// loop parses "for x, y in over if cond…" of a comprehension.
func (p *parser) loop(item node) (node, error) {
	c := comprehension{item: item}
	p.next()
	for {
		t := p.next()
		if t.kind != name || strings.HasPrefix(t.s, "_") {
			return nil, p.fail()
		}
		c.vars = append(c.vars, t.s)
		if !p.take(",") {
			break
		}
	}
	if err := p.expect("in"); err != nil {
		return nil, err
	}
	var err error
	if c.over, err = p.or(); err != nil {
		return nil, err
	}
	for p.take("if") {
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		c.conds = append(c.conds, n)
	}
	return c, nil
}

func (p *parser) mapping() (node, error) {
	m := mapping{}
	for !p.take("}") {
		k, err := p.expr()
		if err != nil {
			return nil, err
		}
		if err := p.expect(":"); err != nil {
			return nil, err
		}
		v, err := p.expr()
		if err != nil {
			return nil, err
		}
		m.keys, m.vals = append(m.keys, k), append(m.vals, v)
		if !p.take(",") {
			if err := p.expect("}"); err != nil {
				return nil, err
			}
			break
		}
	}
	return m, nil
}
