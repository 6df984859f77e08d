package query

import (
	"context"
	"strings"

	"freddo/document"
	"freddo/exc"
)

// engineGroup reads group_by. Source: frappe/database/query.py apply_group_by.
func (p *parser) engineGroup(ctx context.Context) error {
	if p.req.GroupBy == "" {
		return nil
	}
	if len(p.req.GroupBy) > maxText {
		return refused("group by is too long")
	}
	for _, part := range strings.Split(p.req.GroupBy, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		e, err := p.engineKey(ctx, part, "Group By")
		if err != nil {
			return err
		}
		if e.Aggregate() {
			return keyFormat("Group By", part)
		}
		p.q.GroupBy = append(p.q.GroupBy, e)
	}
	return nil
}

// engineOrder reads order_by. Source: frappe/database/query.py apply_order_by.
func (p *parser) engineOrder(ctx context.Context) error {
	text := p.req.OrderBy.Str()
	if len(text) > maxText {
		return refused("order by is too long")
	}
	if text == "" || text == keepDefault {
		if p.q.Distinct {
			p.distinctOrder()
			return nil
		}
		p.defaultOrder(text == keepDefault || p.req.OrderBy.Kind() == document.Missing)
		return nil
	}
	for _, part := range strings.Split(text, ",") {
		name, desc := p.direction(part)
		if name == "" {
			continue
		}
		e, err := p.engineKey(ctx, name, "Order By")
		if err != nil {
			return err
		}
		p.q.OrderBy = append(p.q.OrderBy, Order{Expr: e, Desc: desc})
	}
	p.settleOrder()
	return nil
}

// settleOrder lets rows of equal joined documents come by name, as they do on MariaDB;
// other databases put joined rows in any order.
func (p *parser) settleOrder() {
	n := len(p.q.OrderBy)
	if n == 0 || len(p.q.GroupBy) > 0 || p.q.Distinct || p.q.Count != NoCount || p.folds() {
		return
	}
	if last := p.q.OrderBy[n-1].Expr; last.Kind == ColumnExpr && last.Field.Table != "" {
		p.q.OrderBy = append(p.q.OrderBy, Order{Expr: mainColumn(p.dt, "name")})
	}
}

// direction splits a key from its direction, which is the last word.
func (p *parser) direction(s string) (name string, desc bool) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return "", false
	}
	word := strings.ToLower(words[len(words)-1])
	if len(words) > 1 && (word == "asc" || word == "desc") {
		words = words[:len(words)-1]
	} else {
		word = ""
	}
	return strings.Join(words, " "), word == "desc" || word == "" && !p.rules.AscendingDefault
}

func keyFormat(what, key string) error {
	return exc.Validation.Throwf("Invalid field format in %s: %s. Use 'field', 'link_field.field', or 'child_table.field'.", what, key)
}

// engineKey looks up a key: a label that was asked for, a field, a dotted field, or a
// quoted table's field. To an order a label comes first, to a group the own field.
// Source: frappe/database/query.py _validate_and_parse_field_for_clause.
func (p *parser) engineKey(ctx context.Context, key, what string) (*Expr, error) {
	if digitsRE.MatchString(key) {
		return nil, refused("Unknown column %s", key)
	}
	if e := p.aliases[key]; e != nil && (what == "Order By" || mainColumn(p.dt, key) == nil) {
		return e, nil
	}
	format := keyFormat(what, key)
	quoted := exc.Validation.Throwf("%s has invalid backtick notation: %s", what, key)
	return p.nameExpr(ctx, key, nameErrors{dotted: format, other: format, quoted: quoted})
}
