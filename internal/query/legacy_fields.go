package query

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// legacyFields turns the fields into columns.
// Source: frappe/model/db_query.py parse_args, sanitize_fields, extract_tables.
func (p *parser) legacyFields(ctx context.Context) error {
	list := p.fields.List()
	if p.fields.Truthy() && p.fields.Kind() != document.List {
		return refused("Fields must be a list")
	}
	if len(list) > maxFields {
		return refused("At most %d fields can be asked for", maxFields)
	}
	for _, v := range list {
		if v.Kind() != document.String {
			return refused("Fields must be texts")
		}
		text := strings.TrimSpace(v.Str())
		if text == "" {
			continue
		}
		if isWord(text) && strings.ContainsAny(v.Str(), "\r\n") {
			return refused("Unknown column %s", v.Str()) // a name is quoted as it was sent
		}
		if err := p.legacyField(ctx, text); err != nil {
			return err
		}
	}
	if len(p.q.Columns) == 0 && !p.dropped {
		name := "name"
		if p.req.Pluck != "" {
			name = p.req.Pluck
		}
		return p.legacyField(ctx, name)
	}
	return nil
}

func (p *parser) legacyField(ctx context.Context, text string) error {
	if text == "*" {
		return p.legacyStar(ctx)
	}
	if err := sanitize(text); err != nil {
		return err
	}
	it, ok := parseItem(text)
	if !ok || it.expr.kind == starText {
		return notPermitted(text)
	}
	p.q.Distinct = p.q.Distinct || it.distinct
	e, err := p.legacyExpr(ctx, it.expr)
	if err != nil {
		return err
	}
	label := it.alias
	if label == "" && it.expr.kind == refText {
		label = it.expr.parts[len(it.expr.parts)-1].text
	} else if label == "" {
		label = it.source
	}
	if e == nil {
		return p.drop(it.expr, label)
	}
	p.q.Columns = append(p.q.Columns, Column{Expr: e, Label: label, Class: e.Class()})
	return nil
}

// legacyStar is the * of code; a client's was replaced before.
func (p *parser) legacyStar(ctx context.Context) error {
	columns := tableStar(p.dt)
	if !p.req.IgnorePermissions {
		list, err := p.wildcard(ctx)
		if err != nil {
			return err
		}
		columns = columns[:0]
		for _, v := range list {
			columns = append(columns, p.dt.Column(v.Str()))
		}
	}
	for _, c := range columns {
		e := column(fieldOf(p.dt, c))
		p.q.Columns = append(p.q.Columns, Column{Expr: e, Label: c.Name, Class: e.Class()})
	}
	return nil
}

// drop leaves out a field that has no column: an optional column that this table does
// not have, and from v15 on fields of tables and virtual ones.
// Source: frappe/model/db_query.py set_optional_columns, apply_fieldlevel_read_permissions.
func (p *parser) drop(e *textExpr, label string) error {
	name := e.parts[len(e.parts)-1].text
	optional := strings.HasPrefix(name, "_") && standardNames[name]
	if !optional && (p.rules.KeepVirtual || p.req.IgnorePermissions) {
		return refused("Unknown column %s", name)
	}
	p.dropped = true
	if p.q.AsList && !optional {
		p.q.Columns = append(p.q.Columns, Column{Expr: &Expr{Kind: NullExpr}, Label: label})
	}
	return nil
}

// legacyExpr looks up an expression; nil means a name without a column.
func (p *parser) legacyExpr(ctx context.Context, t *textExpr) (*Expr, error) {
	switch t.kind {
	case stringText:
		return &Expr{Kind: ConstExpr, Value: document.Text(t.text)}, nil
	case numberText:
		return &Expr{Kind: ConstExpr, Value: numberOf(t.text)}, nil
	case starText:
		return &Expr{Kind: StarExpr}, nil
	case refText:
		return p.legacyRef(ctx, t.parts)
	}
	return p.call(ctx, t, p.legacyExpr)
}

// call looks up a function and its arguments.
func (p *parser) call(ctx context.Context, t *textExpr, arg func(context.Context, *textExpr) (*Expr, error)) (*Expr, error) {
	fn, ok := functions[t.text]
	if !ok || fn.only {
		return nil, exc.Data.Throwf("Use of function %s in field is restricted", strings.ToLower(t.text))
	}
	if len(t.args) < fn.least || len(t.args) > fn.most || t.distinct && !fn.aggregate {
		return nil, refused("Function %s has wrong arguments", strings.ToLower(t.text))
	}
	e := &Expr{Kind: FuncExpr, Func: t.text, Distinct: t.distinct}
	for _, a := range t.args {
		x, err := arg(ctx, a)
		if err != nil {
			return nil, err
		}
		if x == nil || x.Kind == StarExpr && t.text != "COUNT" || fn.aggregate && x.Aggregate() {
			return nil, refused("Function %s has wrong arguments", strings.ToLower(t.text))
		}
		e.Args = append(e.Args, x)
	}
	if t.text == "COUNT" && len(e.Args) == 0 {
		return nil, refused("Function count has wrong arguments")
	}
	return e, nil
}

func numberOf(digits string) document.Value {
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return document.IntOf(n)
	}
	return document.FloatOf(document.Flt(document.Text(digits)))
}

// legacyRef looks up a dotted name; nil means that there is no such column.
func (p *parser) legacyRef(ctx context.Context, parts []token) (*Expr, error) {
	last := parts[len(parts)-1].text
	if len(parts) == 1 {
		return mainColumn(p.dt, last), nil
	}
	head := parts[0]
	if head.kind == nameToken && strings.HasPrefix(head.text, "tab") && len(parts) == 2 {
		return p.legacyTableRef(ctx, head.text[3:], last)
	}
	f := p.dt.Field(head.text)
	if head.kind != wordToken || f == nil {
		return nil, refused("Unknown column %s", joinParts(parts))
	}
	if len(parts) > 2 {
		return nil, nil
	}
	if isTable(f) {
		return p.legacyTableRef(ctx, f.Options, last)
	}
	if !isLink(f) || !f.HasColumn() {
		return nil, refused("Unknown column %s", joinParts(parts))
	}
	alias, target, err := p.joinLink(ctx, f)
	if err != nil {
		return nil, err
	}
	return joinedColumn(alias, target, last), nil
}

// legacyTableRef is a column of the own table or of a child table.
func (p *parser) legacyTableRef(ctx context.Context, name, col string) (*Expr, error) {
	if name == p.dt.Name {
		return mainColumn(p.dt, col), nil
	}
	child, err := p.env.DocType(ctx, name)
	if err != nil {
		return nil, err
	}
	alias, err := p.joinChild(ctx, child, "")
	if err != nil {
		return nil, err
	}
	return joinedColumn(alias, child, col), nil
}

func mainColumn(dt *doctype.DocType, name string) *Expr {
	c := dt.Column(name)
	if c == nil || !c.Stored {
		return nil
	}
	return column(fieldOf(dt, c))
}

func joinedColumn(alias string, dt *doctype.DocType, name string) *Expr {
	c := dt.Column(name)
	if c == nil || !c.Stored {
		return nil
	}
	return column(joined(alias, dt, c))
}

func joinParts(parts []token) string {
	s := make([]string, len(parts))
	for i, t := range parts {
		s[i] = t.text
	}
	return strings.Join(s, ".")
}

var (
	queryRE     = regexp.MustCompile(`^(select|delete|update|drop|create)\s`)
	predicateRE = regexp.MustCompile(`^\s*[0-9a-zA-Z_]*\s*( from | group by | order by | where | join )`)
	quoteRE     = regexp.MustCompile(`^[0-9a-zA-Z]+\s*['",]`)
)

var restrictedWords = map[string]bool{"select": true, "create": true, "insert": true, "delete": true, "drop": true,
	"update": true, "case": true, "show": true}

var restrictedFunctions = map[string]bool{"concat": true, "concat_ws": true, "if": true, "ifnull": true, "nullif": true,
	"coalesce": true, "connection_id": true, "current_user": true, "database": true, "last_insert_id": true,
	"session_user": true, "system_user": true, "user": true, "version": true, "global": true}

// sanitize gives upstream's own refusals; what passes still has to parse.
// Source: frappe/model/db_query.py sanitize_fields.
func sanitize(field string) error {
	if isName(field) {
		return nil // none of the refusals fits a name
	}
	lower := strings.ToLower(strings.TrimSpace(field))
	if rest, ok := strings.CutPrefix(lower, "("); ok {
		word, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
		if restrictedWords[word] {
			return restricted()
		}
	}
	if name, _, ok := strings.Cut(lower, "("); ok && restrictedFunctions[strings.TrimSpace(name)] {
		return exc.Data.Throwf("Use of function %s in field is restricted", strings.TrimSpace(name))
	}
	if strings.Contains(lower, "@") || quoteRE.MatchString(lower) || queryRE.MatchString(lower) || predicateRE.MatchString(lower) {
		return restricted()
	}
	return nil
}

// isName reports whether s is letters, digits and underscores.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

func restricted() error { return exc.Data.Throw("Use of sub-query or function is restricted") }

// removesFields reports whether this release and user lose unpermitted fields.
func (p *parser) removesFields(ctx context.Context) (bool, error) {
	if p.req.IgnorePermissions {
		return false, nil
	}
	if p.rules.PermlevelBySetting {
		return p.env.ApplyPermlevel(ctx)
	}
	return true, nil
}

// removeFields drops the columns that the user may not read; in rows that are arrays
// null takes their place. Without a column there are no rows.
// Source: frappe/model/db_query.py apply_fieldlevel_read_permissions.
func (p *parser) removeFields(ctx context.Context) error {
	on, err := p.removesFields(ctx)
	if err != nil {
		return err
	}
	kept := p.q.Columns[:0]
	for _, c := range p.q.Columns {
		ask := p.withinLevels
		if on {
			ask = p.readable
		}
		ok, err := ask(ctx, c.Expr)
		if err != nil {
			return err
		}
		switch {
		case ok:
			kept = append(kept, c)
		case p.q.AsList:
			kept = append(kept, Column{Expr: &Expr{Kind: NullExpr}, Label: c.Label})
		}
	}
	p.q.Columns = kept
	p.q.Empty = len(kept) == 0
	return nil
}

// readable reports whether the user may read every column of an expression.
func (p *parser) readable(ctx context.Context, e *Expr) (bool, error) {
	if e.Kind == ColumnExpr {
		a, err := p.accessTo(ctx, p.typeOf(e.Field))
		if err != nil {
			return false, err
		}
		return a.reads(e.Field.Column, p.rules), nil
	}
	for _, arg := range e.Args {
		if ok, err := p.readable(ctx, arg); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}
