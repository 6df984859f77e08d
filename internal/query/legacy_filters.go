package query

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// filter is one condition as it was asked for.
type filter struct {
	// doctype is the DocType named in it, "" for the queried one.
	doctype, field, op string
	value              document.Value
}

// legacyFilters turns filters and or_filters into one condition.
// Source: frappe/model/db_query.py build_conditions, build_filter_conditions.
func (p *parser) legacyFilters(ctx context.Context) error {
	and, err := p.legacyConditions(ctx, p.filters)
	if err != nil {
		return err
	}
	or, err := p.legacyConditions(ctx, p.orFilters)
	if err != nil {
		return err
	}
	p.q.Where = And(And(and...), Or(or...))
	return nil
}

// legacyConditions reads one of the two arguments.
func (p *parser) legacyConditions(ctx context.Context, v document.Value) ([]*Node, error) {
	list, err := p.legacyList(v)
	if err != nil {
		return nil, err
	}
	if p.conditions += len(list); p.conditions > maxConditions {
		return nil, refused("At most %d conditions are allowed", maxConditions)
	}
	nodes := make([]*Node, 0, len(list))
	for _, f := range list {
		n, err := p.legacyFilter(ctx, f)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// legacyList brings the accepted shapes into one: an object, a list of conditions, and
// from code a list of objects.
func (p *parser) legacyList(v document.Value) ([]filter, error) {
	if !v.Truthy() {
		return nil, nil
	}
	if v.Kind() == document.Map {
		return dictFilters(v.Map(), p.dictFilter)
	}
	if v.Kind() != document.List {
		return nil, refused("Filters must be a list or an object")
	}
	items := v.List()
	if len(items) > maxConditions {
		return nil, refused("At most %d conditions are allowed", maxConditions)
	}
	var out []filter
	for _, item := range items {
		switch item.Kind() {
		case document.Map:
			more, err := dictFilters(item.Map(), p.dictFilter)
			if err != nil {
				return nil, err
			}
			out = append(out, more[:min(1, len(more))]...) // Frappe: only the first key counts
		case document.List:
			f, err := listFilter(item)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
		default:
			return nil, exc.Validation.Throw("Filter must be a tuple or list (in a list)")
		}
	}
	return out, nil
}

func dictFilters(o *document.Object, read func(string, document.Value) (filter, error)) ([]filter, error) {
	out := make([]filter, 0, o.Len())
	for i := range o.Len() {
		key, v := o.At(i)
		f, err := read(key, v)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// dictFilter reads key: value and key: [operator, value].
// Source: frappe/utils/data.py make_filter_tuple.
func (p *parser) dictFilter(key string, v document.Value) (filter, error) {
	list := v.List()
	if v.Kind() != document.List {
		return filter{field: key, op: "=", value: v}, nil
	}
	if len(list) < 2 || p.rules.Engine && len(list) != 2 {
		return filter{}, refused("Filter %s must have an operator and a value", key)
	}
	if list[0].Kind() != document.String && !list[0].IsNull() {
		return filter{}, refused("Filter %s must have an operator and a value", key)
	}
	return filter{field: key, op: list[0].Str(), value: list[1]}, nil
}

// listFilter reads [field, operator, value] and [doctype, field, operator, value], of
// which anything further is ignored. Source: frappe/utils/data.py get_filter.
func listFilter(v document.Value) (filter, error) {
	l := v.List()
	if len(l) == 3 {
		l = append([]document.Value{document.NullValue}, l...)
	}
	if len(l) < 4 {
		return filter{}, exc.Validation.Throwf("Filter must have 4 values (doctype, fieldname, operator, value): %s",
			document.PythonSpaced.Marshal(v))
	}
	if l[1].Kind() != document.String || l[0].Kind() != document.String && !l[0].IsNull() ||
		l[2].Kind() != document.String && !l[2].IsNull() {
		return filter{}, refused("Invalid filter: %s", document.PythonSpaced.Marshal(v))
	}
	return filter{l[0].Str(), l[1].Str(), l[2].Str(), l[3]}, nil
}

// legacyFilter looks up one condition. Source: frappe/utils/data.py get_filter,
// frappe/model/db_query.py prepare_filter_condition.
func (p *parser) legacyFilter(ctx context.Context, f filter) (*Node, error) {
	name, fallback, err := legacyName(f.field)
	if err != nil {
		return nil, err
	}
	if f.op == "" {
		f.op = "="
	}
	f.op = strings.ToLower(f.op)
	if !p.knows(f.op) {
		return nil, p.badOperator()
	}
	dt := p.dt
	if f.doctype != "" && f.doctype != dt.Name {
		if dt, err = p.env.DocType(ctx, f.doctype); err != nil {
			return nil, err
		}
	}
	if c := dt.Column(name); c == nil && strings.HasPrefix(name, "_") && standardNames[name] {
		return nil, nil // Frappe: a filter on an optional column that is not there is left out
	}
	if dt, err = p.owner(ctx, dt, name); err != nil {
		return nil, err
	}
	field, err := p.filterField(ctx, dt, name)
	if err != nil {
		return nil, err
	}
	if fallback != nil {
		return p.ifnullCondition(field, f, *fallback)
	}
	return p.legacyCondition(ctx, dt, field, f)
}

// owner is dt, or the child table that has the field when dt itself has not.
func (p *parser) owner(ctx context.Context, dt *doctype.DocType, name string) (*doctype.DocType, error) {
	if dt.Column(name) != nil || dt.Field(name) != nil {
		return dt, nil
	}
	for _, t := range dt.Tables {
		child, err := p.child(ctx, t)
		if err != nil {
			return nil, err
		}
		if child.Field(name) != nil {
			return child, nil
		}
	}
	return dt, nil
}

// filterField joins the filter's table and returns the column.
func (p *parser) filterField(ctx context.Context, dt *doctype.DocType, name string) (Field, error) {
	alias := ""
	if dt.Name != p.dt.Name {
		var err error
		if alias, err = p.joinChild(ctx, dt, ""); err != nil {
			return Field{}, err
		}
	}
	c := dt.Column(name)
	if c == nil || !c.Stored {
		return Field{}, refused("Unknown column %s", name)
	}
	if alias != "" {
		return joined(alias, dt, c), nil
	}
	return fieldOf(dt, c), nil
}

// legacyName checks a filter's field and takes ifnull(field, 'value') apart.
// Source: frappe/utils/data.py sanitize_column.
func legacyName(s string) (name string, fallback *document.Value, err error) {
	if !strings.ContainsAny(s, ",'();\n") {
		if n := len(s); n > 2 && s[0] == '`' && s[n-1] == '`' {
			s = s[1 : n-1]
		}
		return s, nil, nil
	}
	it, ok := parseItem(s)
	if ok && it.alias == "" && it.expr.kind == funcText && it.expr.text == "IFNULL" && len(it.expr.args) == 2 {
		ref, lit := it.expr.args[0], it.expr.args[1]
		if ref.kind == refText && len(ref.parts) == 1 && (lit.kind == stringText || lit.kind == numberText) {
			v := document.Text(lit.text)
			return ref.parts[0].text, &v, nil
		}
	}
	return "", nil, exc.Data.Throwf("Invalid field name %s", s)
}

// ifnullCondition compares a field in which null counts as a literal.
func (p *parser) ifnullCondition(field Field, f filter, fallback document.Value) (*Node, error) {
	op, ok := comparisons[f.op]
	if !ok || f.value.Kind() >= document.List {
		return nil, refused("Operator %s does not go with ifnull", f.op)
	}
	n := compare(field, op, f.value)
	if field.NotNull {
		return n, nil
	}
	text := strings.Compare(strings.ToLower(fallback.Str()), strings.ToLower(textOf(f.value)))
	if ordered(op, text) {
		return OrNull(n, field), nil
	}
	return n, nil
}

// comparisons are the operators with one value.
var comparisons = map[string]Op{"=": OpEq, "!=": OpNe, ">": OpGt, "<": OpLt, ">=": OpGe, "<=": OpLe}

func (p *parser) knows(op string) bool {
	for _, o := range p.rules.Operators {
		if o == op {
			return true
		}
	}
	return false
}

func (p *parser) badOperator() error {
	return exc.Validation.Throw("Operator must be one of " + strings.Join(p.rules.Operators, ", "))
}
