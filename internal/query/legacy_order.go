package query

import (
	"context"
	"regexp"
	"strings"

	"freddo/document"
	"freddo/exc"
)

// orderRE finds what an order_by or group_by may not hold.
// Source: frappe/model/db_query.py ORDER_GROUP_PATTERN.
var orderRE = regexp.MustCompile("(?s)[^a-z0-9-_ ,`'\"\\.\\(\\)]")

// forbiddenInOrder are refused by name in every release; v14 and v15 know sleep only,
// and let the others tell about the server.
var forbiddenInOrder = []string{"sleep", "benchmark", "extractvalue", "database", "user", "current_user", "version",
	"substr", "substring"}

// checkOrder gives upstream's own refusals; what passes still has to parse.
// Source: frappe/model/db_query.py validate_order_by_and_group_by.
func (p *parser) checkOrder(s string) error {
	lower := strings.ToLower(s)
	if strings.Contains(lower, "select") && strings.Contains(lower, "from") {
		return exc.Validation.Throw("Cannot use sub-query in order by")
	}
	if orderRE.MatchString(lower) {
		return exc.Validation.Throw("Illegal SQL Query")
	}
	for _, field := range strings.Split(s, ",") {
		field = strings.TrimSpace(field)
		if table, _, ok := strings.Cut(field, "."); ok && strings.HasPrefix(field, "`tab") {
			if name := strings.TrimSuffix(table[4:], "`"); !p.q.Joined(name) {
				return exc.Validation.Throwf("Please select atleast 1 column from %s to sort/group", name)
			}
		}
		head, _, call := strings.Cut(strings.ToLower(field), "(")
		for _, name := range forbiddenInOrder {
			if call && strings.TrimSpace(head) == name {
				return exc.Validation.Throwf("Cannot use %s in order/group by", field)
			}
		}
	}
	return nil
}

// legacyTerms checks and looks up an order_by or group_by.
func (p *parser) legacyTerms(ctx context.Context, s, what string) ([]Order, error) {
	if err := p.checkOrder(s); err != nil {
		return nil, err
	}
	terms, ok := parseTerms(s)
	if !ok {
		return nil, refused("Invalid field in %s: %s", what, s)
	}
	out := make([]Order, 0, len(terms))
	for _, t := range terms {
		e, err := p.orderExpr(ctx, t.expr)
		if err != nil {
			return nil, err
		}
		if e == nil {
			return nil, refused("Invalid field in %s: %s", what, t.source)
		}
		if e.Kind != ConstExpr {
			out = append(out, Order{Expr: e, Desc: t.desc})
		}
	}
	return out, nil
}

// orderExpr looks up a key: a position, the label of a column, a column of the query's
// tables, or a function of those. nil means that there is none.
func (p *parser) orderExpr(ctx context.Context, t *textExpr) (*Expr, error) {
	switch {
	case t.kind == numberText:
		n := numberOf(t.text).Int()
		if n < 1 || n > int64(len(p.q.Columns)) || p.q.Columns[n-1].Expr.Kind == NullExpr {
			return nil, nil
		}
		return p.q.Columns[n-1].Expr, nil
	case t.kind == refText && len(t.parts) == 1:
		return p.orderName(t.parts[0].text), nil
	case t.kind == funcText:
		return p.call(ctx, t, p.orderArg)
	case t.kind == stringText:
		return p.legacyExpr(ctx, t)
	case t.kind == refText && t.parts[0].kind == nameToken:
		return p.orderTable(t.parts), nil
	}
	return nil, nil
}

// orderArg looks up a function's argument, where a number is a number.
func (p *parser) orderArg(ctx context.Context, t *textExpr) (*Expr, error) {
	if t.kind == numberText || t.kind == starText {
		return p.legacyExpr(ctx, t)
	}
	return p.orderExpr(ctx, t)
}

// orderName is a label, or a column of the own table, or one of the joined tables.
func (p *parser) orderName(name string) *Expr {
	for i := range p.q.Columns {
		if c := &p.q.Columns[i]; strings.EqualFold(c.Label, name) && c.Expr.Kind != NullExpr {
			return c.Expr
		}
	}
	if e := mainColumn(p.dt, name); e != nil {
		return e
	}
	for i := range p.q.Joins {
		j := &p.q.Joins[i]
		if e := joinedColumn(j.Alias, j.DocType, name); e != nil {
			return e
		}
	}
	return nil
}

// orderTable is a column of a table that is part of the query.
func (p *parser) orderTable(parts []token) *Expr {
	if len(parts) != 2 {
		return nil
	}
	table, name := parts[0].text, parts[1].text
	if table == p.q.Main() {
		return mainColumn(p.dt, name)
	}
	for i := range p.q.Joins {
		if j := &p.q.Joins[i]; j.Alias == table {
			return joinedColumn(j.Alias, j.DocType, name)
		}
	}
	return nil
}

// legacyGroup reads group_by. Field permissions are not checked there.
func (p *parser) legacyGroup(ctx context.Context) error {
	if p.req.GroupBy == "" {
		return nil
	}
	terms, err := p.legacyTerms(ctx, p.req.GroupBy, "group by")
	for _, t := range terms {
		if t.Expr.Aggregate() {
			return refused("Invalid field in group by: %s", p.req.GroupBy)
		}
		p.q.GroupBy = append(p.q.GroupBy, t.Expr)
	}
	return err
}

// keepDefault asks for the DocType's own order.
// Source: frappe/model/utils/__init__.py, DefaultOrderBy.
const keepDefault = "KEEP_DEFAULT_ORDERING"

// legacyOrder reads order_by. Source: frappe/model/db_query.py set_order_by.
func (p *parser) legacyOrder(ctx context.Context) error {
	if p.q.Distinct {
		p.distinctOrder() // Frappe: distinct drops the order
		return nil
	}
	text := p.req.OrderBy.Str()
	if text != "" && text != keepDefault {
		terms, err := p.legacyTerms(ctx, text, "order by")
		p.q.OrderBy = terms
		return err
	}
	p.defaultOrder(text == keepDefault || p.req.OrderBy.Kind() == document.Missing)
	return nil
}

// defaultOrder is the order of a list without order_by. own asks for the DocType's.
func (p *parser) defaultOrder(own bool) {
	if len(p.q.GroupBy) > 0 {
		p.groupOrder()
		return
	}
	if p.folds() {
		return
	}
	order := p.dt.SortOrder
	if order == "" {
		order = "desc"
	}
	for _, part := range strings.Split(p.dt.SortField, ",") {
		name, dir, ok := strings.Cut(strings.TrimSpace(part), " ")
		if !ok {
			dir = order
		}
		if e := mainColumn(p.dt, strings.Trim(name, "`")); e != nil {
			p.q.OrderBy = append(p.q.OrderBy, Order{e, strings.EqualFold(strings.TrimSpace(dir), "desc")})
		}
	}
	if len(p.q.OrderBy) == 0 {
		p.q.OrderBy = []Order{{mainColumn(p.dt, p.rules.SortDefault), strings.EqualFold(order, "desc")}}
	}
}

// folds reports that all rows become one.
func (p *parser) folds() bool {
	if len(p.q.GroupBy) > 0 {
		return false
	}
	for _, c := range p.q.Columns {
		if c.Expr.Aggregate() {
			return true
		}
	}
	return false
}

func (p *parser) groupOrder() {
	for _, g := range p.q.GroupBy {
		p.q.OrderBy = append(p.q.OrderBy, Order{Expr: g})
	}
}

// distinctOrder sorts by the columns themselves, which DISTINCT allows everywhere.
func (p *parser) distinctOrder() {
	for _, c := range p.q.Columns {
		if c.Expr.Kind == ColumnExpr || c.Expr.Kind == FuncExpr {
			p.q.OrderBy = append(p.q.OrderBy, Order{Expr: c.Expr})
		}
	}
}
