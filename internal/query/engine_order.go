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
		name, desc, err := p.direction(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		if name == "" {
			continue
		}
		e, err := p.engineKey(ctx, name, "Order By")
		if err != nil {
			return err
		}
		p.q.OrderBy = append(p.q.OrderBy, Order{Expr: e, Desc: desc})
	}
	return nil
}

// direction splits a key from its direction. v16-dev looks at the first two words only.
func (p *parser) direction(s string) (name string, desc bool, err error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return "", false, nil
	}
	word := strings.ToLower(words[len(words)-1])
	if p.rules.Dev {
		word = ""
		if name = words[0]; len(words) > 1 {
			word = strings.ToLower(words[1])
		}
		if err := p.keyName(name, "Order By"); err != nil {
			return "", false, err
		}
		if word != "" && word != "asc" && word != "desc" {
			return "", false, exc.ValueErr.Throwf("Invalid direction in Order By: %s. Must be 'ASC' or 'DESC'.", words[1])
		}
	} else if name = s; len(words) > 1 && (word == "asc" || word == "desc") {
		name = strings.TrimSpace(s[:len(s)-len(word)])
	} else {
		word = ""
	}
	return name, word == "desc" || word == "" && !p.rules.AscendingDefault, nil
}

func keyFormat(what, key string) error {
	return exc.Validation.Throwf("Invalid field format in %s: %s. Use 'field', 'link_field.field', or 'child_table.field'.", what, key)
}

// keyName gives v16-dev's refusals of a key by its letters.
func (p *parser) keyName(key, what string) error {
	switch {
	case strings.Contains(key, "`"):
		return exc.Validation.Throwf("%s fields cannot contain backticks (`): %s", what, key)
	case !plainRE.MatchString(key) && !dottedRE.MatchString(key):
		return keyFormat(what, key)
	}
	return nil
}

// engineKey looks up a key: a field, a dotted field, in the release also a label or a
// quoted table's field.
func (p *parser) engineKey(ctx context.Context, key, what string) (*Expr, error) {
	if digitsRE.MatchString(key) {
		return nil, refused("Unknown column %s", key)
	}
	if p.rules.Dev || p.rules.Small {
		if err := p.keyName(key, what); err != nil {
			return nil, err
		}
	} else if plainRE.MatchString(key) && mainColumn(p.dt, key) == nil {
		for i := range p.q.Columns {
			if c := &p.q.Columns[i]; c.Label == key {
				return c.Expr, nil
			}
		}
	}
	format := keyFormat(what, key)
	errs := nameErrors{dotted: format, other: format}
	if strings.Contains(key, "`") {
		errs.other = exc.Validation.Throwf("%s has invalid backtick notation: %s", what, key)
	}
	return p.nameExpr(ctx, key, errs)
}
