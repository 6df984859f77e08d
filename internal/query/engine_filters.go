package query

import (
	"context"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// engineFilters turns filters and or_filters into one condition.
// Source: frappe/database/query.py apply_filters, apply_or_filters.
func (p *parser) engineFilters(ctx context.Context) error {
	and, err := p.engineConditions(ctx, p.filters)
	if err != nil {
		return err
	}
	var or []*Node
	if !p.rules.Small {
		if or, err = p.engineConditions(ctx, p.orFilters); err != nil {
			return err
		}
	}
	p.q.Where = And(And(and...), Or(or...))
	return nil
}

// engineConditions reads filters of any shape: a name, an object, names, conditions,
// or conditions joined by "and" and "or".
func (p *parser) engineConditions(ctx context.Context, v document.Value) ([]*Node, error) {
	switch v.Kind() {
	case document.Missing, document.Null:
		return nil, nil
	case document.String, document.Int, document.Number:
		if v.Kind() == document.String && v.Str() == "" {
			return nil, nil
		}
		return p.one(p.engineFilter(ctx, filter{field: "name", op: "=", value: v}))
	case document.Map:
		return p.engineMap(ctx, v.Map())
	case document.List:
	default:
		return nil, refused("Filters must be a list or an object")
	}
	items := v.List()
	switch {
	case len(items) == 0:
		return nil, nil
	case len(items) > maxMembers:
		return nil, refused("At most %d values are allowed in a list", maxMembers)
	case allScalars(items):
		return p.one(p.engineFilter(ctx, filter{field: "name", op: "in", value: v}))
	case !p.rules.Small && isNested(items):
		n, err := p.nested(ctx, items, 0)
		if err != nil {
			return nil, nestedError(v, err)
		}
		return []*Node{n}, nil
	}
	return p.engineItems(ctx, items)
}

func (p *parser) one(n *Node, err error) ([]*Node, error) { return []*Node{n}, err }

func (p *parser) engineMap(ctx context.Context, o *document.Object) ([]*Node, error) {
	list, err := dictFilters(o, p.dictFilter)
	if err != nil {
		return nil, err
	}
	nodes := make([]*Node, 0, len(list))
	for _, f := range list {
		n, err := p.engineFilter(ctx, f)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// engineItems reads a list of conditions and objects, all of which must hold.
func (p *parser) engineItems(ctx context.Context, items []document.Value) ([]*Node, error) {
	var nodes []*Node
	for _, item := range items {
		switch item.Kind() {
		case document.Map:
			more, err := p.engineMap(ctx, item.Map())
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, more...)
		case document.List:
			if p.rules.Small && len(item.List()) > 4 {
				continue // Frappe: the small engine passes over conditions with five parts
			}
			f, err := p.engineList(item, false)
			if err != nil {
				return nil, err
			}
			n, err := p.engineFilter(ctx, f)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, n)
		default:
			return nil, refused("Invalid item type in filter list: %s", pythonType(item))
		}
	}
	return nodes, nil
}

// engineList reads [field, value], [field, operator, value] and [doctype, field,
// operator, value]; one more part is ignored. Within conditions joined by words the
// operator must be one. Source: frappe/database/query.py apply_list_filters,
// _condition_to_criterion (which refuses five parts in 16.4, not later).
func (p *parser) engineList(v document.Value, nested bool) (filter, error) {
	l := v.List()
	if len(l) == 5 {
		l = l[:4]
	}
	if len(l) == 2 {
		l = []document.Value{l[0], document.Text("="), l[1]}
	}
	if len(l) == 3 {
		l = append([]document.Value{document.NullValue}, l...)
	}
	ok := len(l) == 4 && l[1].Kind() == document.String && l[2].Kind() == document.String &&
		(l[0].Kind() == document.String || l[0].IsNull())
	switch {
	case ok && (!nested || engineWord(strings.ToLower(l[2].Str()))):
		return filter{l[0].Str(), l[1].Str(), l[2].Str(), l[3]}, nil
	case nested:
		return filter{}, exc.Validation.Throwf("Invalid simple filter format: %s", document.Repr(v))
	}
	return filter{}, refused("Unknown filter format: %s", document.Repr(v))
}

func allScalars(items []document.Value) bool {
	for _, v := range items {
		if v.Kind() >= document.List || v.IsNull() {
			return false
		}
	}
	return true
}

// isNested tells conditions joined by words from a plain list of conditions: a text at
// an odd place, or at the start, or a single condition.
func isNested(items []document.Value) bool {
	for i, v := range items {
		if v.Kind() == document.String && (i == 0 || i%2 == 1) {
			return true
		}
	}
	l := items[0].List()
	return len(items) == 1 && len(l) >= 3 && l[1].Kind() == document.String
}

// nested reads "condition and condition or …", strictly from left to right.
// Source: frappe/database/query.py _parse_nested_filters.
func (p *parser) nested(ctx context.Context, items []document.Value, depth int) (*Node, error) {
	if depth > maxNesting {
		return nil, refused("Filters are nested too deep")
	}
	if items[0].Kind() != document.List {
		return nil, exc.Validation.Throwf("Invalid start for filter condition: %s. Expected a list or tuple.", show(items[0]))
	}
	n, err := p.criterion(ctx, items[0], depth)
	if err != nil {
		return nil, err
	}
	for i := 1; i < len(items); i += 2 {
		word := strings.ToLower(items[i].Str())
		switch {
		case word != "and" && word != "or":
			return nil, exc.Validation.Throwf("Expected 'and' or 'or' operator, found: %s", show(items[i]))
		case i+1 == len(items):
			return nil, exc.Validation.Throwf("Filter condition missing after operator: %s", show(items[i]))
		case items[i+1].Kind() != document.List:
			return nil, exc.Validation.Throwf("Invalid filter condition: %s. Expected a list or tuple.", show(items[i+1]))
		}
		next, err := p.criterion(ctx, items[i+1], depth)
		if err != nil {
			return nil, err
		}
		if word == "and" {
			n = And(n, next)
		} else {
			n = Or(n, next)
		}
	}
	return n, nil
}

// criterion is one condition or one group.
func (p *parser) criterion(ctx context.Context, v document.Value, depth int) (*Node, error) {
	l := v.List()
	if len(l) > 0 && l[0].Kind() == document.List {
		return p.nested(ctx, l, depth+1)
	}
	f, err := p.engineList(v, true)
	if err != nil {
		return nil, err
	}
	return p.engineFilter(ctx, f)
}

// nestedError wraps an error as upstream does: status and type stay the cause's.
func nestedError(filters document.Value, err error) error {
	e := exc.Of(err)
	if e == nil {
		return err
	}
	out := e.Class.Throwf("Error parsing nested filters: %s. %s", document.Repr(filters), e.Text)
	if e.Thrown {
		out = out.WithPlain(exc.Message{Text: e.Text, Title: e.Title, Indicator: "red", Raise: true})
	}
	return out
}

// show prints a value inside a message, as Python's format does.
func show(v document.Value) string {
	if v.Kind() == document.String {
		return v.Str()
	}
	return document.Repr(v)
}

// engineFilter looks up one condition.
func (p *parser) engineFilter(ctx context.Context, f filter) (*Node, error) {
	if p.conditions++; p.conditions > maxConditions {
		return nil, refused("At most %d conditions are allowed", maxConditions)
	}
	field, dt, err := p.filterColumn(ctx, f)
	if err != nil {
		return nil, err
	}
	op := strings.ToLower(f.op)
	if tree, ok := treeOperators[op]; ok {
		values, err := p.treeNames(ctx, dt, field, tree, f.value)
		if err != nil {
			return nil, err
		}
		if tree.not {
			return members(field, OpNotIn, values), nil
		}
		return members(field, OpIn, values), nil
	}
	seen, err := p.seen(ctx, f)
	if err != nil {
		return nil, err
	}
	seen.Field = field
	return p.engineCondition(ctx, seen, op, f.value)
}

// seen is what the engine takes the field of a condition for: it looks the last part of
// the name up in the queried DocType, whatever table the field is of.
func (p *parser) seen(ctx context.Context, f filter) (tested, error) {
	dt := p.dt
	if f.doctype != "" && f.doctype != dt.Name {
		var err error
		if dt, err = p.env.DocType(ctx, f.doctype); err != nil {
			return tested{}, err
		}
	}
	name := f.field[strings.LastIndexByte(f.field, '.')+1:]
	return tested{name: name, seen: dt.Field(name)}, nil
}

var (
	plainRE  = regexp.MustCompile(`^\w+$`)
	dottedRE = regexp.MustCompile(`^(\w+)\.(\w+)$`)
	tableRE  = regexp.MustCompile("^`(tab[^`]+)`\\.(`\\w+`|\\w+)$")
)

// filterColumn looks up the column of a condition and the DocType that has it.
func (p *parser) filterColumn(ctx context.Context, f filter) (Field, *doctype.DocType, error) {
	if p.rules.Small && !plainRE.MatchString(f.field) {
		return Field{}, nil, exc.Validation.Throwf("Invalid filter: %s", f.field)
	}
	if f.doctype != "" && f.doctype != p.dt.Name {
		return p.childFilter(ctx, f)
	}
	e, err := p.nameExpr(ctx, f.field, filterErrors(p.rules, f.field))
	if err != nil {
		return Field{}, nil, err
	}
	return e.Field, p.typeOf(e.Field), nil
}

// childFilter is a condition on a child table named by its DocType.
func (p *parser) childFilter(ctx context.Context, f filter) (Field, *doctype.DocType, error) {
	parentfield := ""
	for _, t := range p.dt.Tables {
		if t.Options == f.doctype && parentfield == "" {
			parentfield = t.Fieldname
		}
	}
	if parentfield == "" {
		return Field{}, nil, exc.Validation.Throwf("%s is not a child table of %s", f.doctype, p.dt.Name).WithTitle("Invalid Filter")
	}
	child, err := p.env.DocType(ctx, f.doctype)
	if err != nil {
		return Field{}, nil, err
	}
	if p.rules.Small {
		parentfield = ""
	}
	e, err := p.engineChild(ctx, child, parentfield, f.field)
	if err == nil && e == nil {
		err = p.childDenied(ctx, child, f.field)
	}
	if err != nil {
		return Field{}, nil, err
	}
	return e.Field, child, nil
}

// nameErrors are the refusals of one argument; they differ in words only.
type nameErrors struct {
	// quoted, dotted, other: a quoted name, a dotted name that cannot be followed, and
	// other characters.
	quoted, dotted, other error
	// inChildren looks for an unknown field in child tables.
	inChildren bool
}

func filterErrors(r *Rules, field string) nameErrors {
	invalid := func(text string) error { return exc.Validation.Throw(text).WithTitle("Invalid Filter") }
	return nameErrors{
		inChildren: !r.Small,
		quoted:     invalid("Filter fields have invalid backtick notation: " + field),
		dotted:     invalid("Invalid filter field format: " + field + ". Use 'fieldname' or 'link_fieldname.target_fieldname'."),
		other:      invalid("Invalid characters in fieldname: " + field + ". Only letters, numbers, and underscores are allowed."),
	}
}

// nameExpr looks up field, link.field, table.field or `tabX`.`field` and checks that
// the user may read it. Source: frappe/database/query.py _validate_and_prepare_filter_field,
// _check_field_permission.
func (p *parser) nameExpr(ctx context.Context, name string, errs nameErrors) (*Expr, error) {
	if strings.Contains(name, "`") {
		return p.quotedExpr(ctx, name, errs)
	}
	if plainRE.MatchString(name) {
		return p.plainExpr(ctx, name, errs.inChildren)
	}
	m := dottedRE.FindStringSubmatch(name)
	if m == nil {
		if strings.Contains(name, ".") {
			return nil, errs.dotted
		}
		return nil, errs.other
	}
	f := p.dt.Field(m[1])
	if !isTable(f) && (!isLink(f) || !f.HasColumn()) {
		return nil, errs.dotted
	}
	e, err := p.engineColumn(ctx, m[1], m[2])
	if err == nil && e == nil {
		var target *doctype.DocType
		if target, err = p.env.DocType(ctx, f.Options); err == nil {
			err = p.childDenied(ctx, target, m[2])
		}
	}
	return e, err
}

// plainExpr is a field of the queried DocType, or of a child table that has it.
func (p *parser) plainExpr(ctx context.Context, name string, inChildren bool) (*Expr, error) {
	e := mainColumn(p.dt, name)
	if e == nil && inChildren {
		for _, t := range p.dt.Tables {
			child, err := p.child(ctx, t)
			if err != nil {
				return nil, err
			}
			if child.Field(name) != nil {
				x, err := p.engineChild(ctx, child, t.Fieldname, name)
				if err == nil && x == nil {
					err = p.childDenied(ctx, child, name)
				}
				return x, err
			}
		}
	}
	if e == nil && p.req.IgnorePermissions {
		return nil, refused("Unknown column %s", name)
	}
	x, err := p.ifTestable(ctx, e)
	if err == nil && x == nil {
		err = fieldDenied(p.dt.Name, name)
	}
	return x, err
}

// quotedExpr is `tabX`.`field`, for which no join is added. Where nothing is joined the
// name of the table is not sent, so that another DocType's field means the own one of
// that name: both must be readable.
func (p *parser) quotedExpr(ctx context.Context, name string, errs nameErrors) (*Expr, error) {
	m := tableRE.FindStringSubmatch(name)
	if m == nil {
		return nil, errs.quoted
	}
	m[2] = strings.Trim(m[2], "`")
	if m[1] == p.q.Main() {
		return p.plainExpr(ctx, m[2], false)
	}
	if e := p.orderTable([]token{{text: m[1]}, {text: m[2]}}); e != nil {
		x, err := p.ifTestable(ctx, e)
		if err == nil && x == nil {
			err = fieldDenied(m[1][3:], m[2])
		}
		return x, err
	}
	dt, err := p.env.DocType(ctx, m[1][3:])
	if err != nil {
		return nil, err
	}
	if ok, err := p.readsOther(ctx, dt, m[2]); err != nil || !ok {
		if err == nil {
			err = fieldDenied(dt.Name, m[2])
		}
		return nil, err
	}
	if len(p.q.Joins) > 0 || mainColumn(p.dt, m[2]) == nil {
		return nil, refused("Unknown column %s", name)
	}
	p.unjoined = name
	return p.plainExpr(ctx, m[2], false)
}

// readsOther reports whether the user may read a field of a DocType that is no part of
// the query.
func (p *parser) readsOther(ctx context.Context, dt *doctype.DocType, name string) (bool, error) {
	a, err := p.accessTo(ctx, dt)
	c := dt.Column(name)
	return err == nil && c != nil && a.tests(c, p.rules), err
}

// checkUnjoined refuses a field of a table that is not joined where another one is.
func (p *parser) checkUnjoined(context.Context) error {
	if p.unjoined != "" && len(p.q.Joins) > 0 {
		return refused("Unknown column %s", p.unjoined)
	}
	return nil
}
