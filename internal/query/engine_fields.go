package query

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// validateEngine runs the check of a client's arguments where v1 and reportview stand
// before the engine.
func (p *parser) validateEngine(ctx context.Context) error {
	if !p.req.FromRequest {
		return nil
	}
	for _, s := range []step{p.swap, p.validateFields, p.validateFilters} {
		if err := s(ctx); err != nil {
			return err
		}
	}
	return nil
}

// engineFields turns the fields into columns. Source: frappe/database/query.py
// parse_fields, apply_field_permissions.
func (p *parser) engineFields(ctx context.Context) error {
	var list []document.Value
	switch p.fields.Kind() {
	case document.Missing, document.Null:
	case document.List:
		list = p.fields.List()
	case document.String:
		list = []document.Value{p.fields}
	default:
		return exc.Validation.Throw("Fields must be a string, list, tuple, pypika Field, or pypika Function")
	}
	if len(list) > maxFields {
		return refused("At most %d fields can be asked for", maxFields)
	}
	for _, v := range list {
		if err := p.engineItem(ctx, v); err != nil {
			return err
		}
	}
	if len(p.q.Columns) == 0 {
		name := "name"
		if p.req.Pluck != "" {
			name = p.req.Pluck
		}
		if err := p.engineField(ctx, name); err != nil {
			return err
		}
		if len(p.q.Columns) == 0 {
			p.addColumn(mainColumn(p.dt, "name"), "name")
		}
	}
	p.needName()
	return nil
}

// needName reads the name for child rows, whether it is asked for or not.
func (p *parser) needName() {
	if len(p.q.Children) == 0 {
		return
	}
	for _, c := range p.q.Columns {
		if c.Label == "name" && c.Expr.Kind == ColumnExpr && c.Expr.Field.Table == "" {
			return
		}
	}
	e := mainColumn(p.dt, "name")
	p.q.Columns = append(p.q.Columns, Column{Expr: e, Label: "name", Class: e.Class(), Hidden: true})
}

func (p *parser) addColumn(e *Expr, label string) {
	p.q.Columns = append(p.q.Columns, Column{Expr: e, Label: label, Class: e.Class()})
}

// named remembers a label that orders and groups may name.
func (p *parser) named(label string, e *Expr) {
	if p.aliases == nil {
		p.aliases = map[string]*Expr{}
	}
	p.aliases[label] = e
}

// commaParts splits at the commas that no closing bracket follows.
// Source: frappe/database/query.py COMMA_PATTERN.
func commaParts(s string) []string {
	var out []string
	from := 0
	for i := range len(s) {
		if s[i] != ',' {
			continue
		}
		if at := strings.IndexAny(s[i:], "()"); at < 0 || s[i+at] == '(' {
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

func (p *parser) engineItem(ctx context.Context, v document.Value) error {
	switch v.Kind() {
	case document.Map:
		return p.engineDict(ctx, v.Map())
	case document.Null:
		return nil
	case document.String:
		for _, s := range commaParts(v.Str()) {
			if err := p.engineField(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}
	return exc.Validation.Throwf("Invalid field type: <class '%s'>", pythonType(v))
}

// pythonType is the name of a value's type in Python.
func pythonType(v document.Value) string {
	switch v.Kind() {
	case document.Bool:
		return "bool"
	case document.Int, document.Number:
		return "int"
	case document.Float:
		return "float"
	case document.String:
		return "str"
	case document.List:
		return "list"
	case document.Map:
		return "dict"
	}
	return "NoneType"
}

var (
	fieldRE = regexp.MustCompile("^(?:(`[^`]+`|\\w+)\\.)?(`\\w+`|\\w+)(?:\\s+(?i:as)\\s+(\\w+|`[\\w\\s:-]+`|'[\\w\\s:-]+'))?\\n?$")
	callRE  = regexp.MustCompile(`^\s*\w+\s*\(`)
)

// engineField adds one field of a text.
func (p *parser) engineField(ctx context.Context, text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	if text == "*" {
		columns, err := p.star(ctx, p.dt)
		for _, c := range columns {
			p.addColumn(column(fieldOf(p.dt, c)), c.Name)
		}
		return err
	}
	m := fieldRE.FindStringSubmatch(text)
	if m == nil {
		if callRE.MatchString(text) {
			return exc.Validation.Throwf("SQL functions are not allowed as strings in SELECT: %s. Use dict syntax like {'COUNT': '*'} instead.", text)
		}
		return exc.Permission.Throwf("Invalid field format for SELECT: %s. Field names must be simple, backticked, table-qualified, aliased, or '*'.", text)
	}
	name, label := strings.Trim(m[2], "`"), strings.Trim(m[3], "`'")
	e, err := p.engineColumn(ctx, m[1], name)
	if err != nil {
		return err
	}
	if e == nil {
		if p.req.IgnorePermissions {
			return refused("Unknown column %s", text)
		}
		return nil // Frappe: what may not be read is left out without a word
	}
	if label == "" {
		label = name
	} else {
		p.named(label, e)
	}
	p.addColumn(e, label)
	return nil
}

// engineColumn looks up table.name; nil means that the user may not read it or that it
// does not exist.
func (p *parser) engineColumn(ctx context.Context, table, name string) (*Expr, error) {
	if table == "" || table == "`"+p.q.Main()+"`" || table == p.q.Main() {
		e := mainColumn(p.dt, name)
		return p.ifReadable(ctx, e)
	}
	if strings.HasPrefix(table, "`") || strings.HasPrefix(table, "tab") && p.dt.Field(table) == nil {
		dt, err := p.env.DocType(ctx, strings.TrimPrefix(strings.Trim(table, "`"), "tab"))
		if err != nil {
			return nil, err
		}
		return p.engineChild(ctx, dt, "", name)
	}
	f := p.dt.Field(table)
	switch {
	case isTable(f):
		child, err := p.child(ctx, f)
		if err != nil {
			return nil, err
		}
		return p.engineChild(ctx, child, f.Fieldname, name)
	case isLink(f) && f.HasColumn():
		return p.engineLink(ctx, f, name)
	}
	return nil, exc.Validation.Throwf("Could not parse field: %s.%s", table, name)
}

// engineChild is a column of a child table, whose permissions are the parent's.
func (p *parser) engineChild(ctx context.Context, child *doctype.DocType, parentfield, name string) (*Expr, error) {
	if ok, err := p.readsChild(ctx, child, name); err != nil || !ok {
		return nil, err
	}
	alias, err := p.joinChild(ctx, child, parentfield)
	if err != nil {
		return nil, err
	}
	return joinedColumn(alias, child, name), nil
}

func (p *parser) readsChild(ctx context.Context, child *doctype.DocType, name string) (bool, error) {
	own, err := p.accessTo(ctx, p.dt)
	if err != nil || own.selectOnly {
		return false, err
	}
	a, err := p.accessTo(ctx, child)
	c := child.Column(name)
	return err == nil && c != nil && a.reads(c, p.rules), err
}

// engineLink is a column of a linked document.
func (p *parser) engineLink(ctx context.Context, f *doctype.DocField, name string) (*Expr, error) {
	if ok, err := p.readsLink(ctx, f, name); err != nil || !ok {
		return nil, err
	}
	alias, target, err := p.joinLink(ctx, f)
	if err != nil {
		return nil, err
	}
	return joinedColumn(alias, target, name), nil
}

func (p *parser) readsLink(ctx context.Context, f *doctype.DocField, name string) (bool, error) {
	target, err := p.env.DocType(ctx, f.Options)
	if err != nil {
		return false, err
	}
	if !p.req.IgnorePermissions {
		if ok, err := p.env.CanRead(ctx, target, false); err != nil || !ok {
			return false, err
		}
	}
	own, err := p.accessTo(ctx, p.dt)
	if err != nil || !own.reads(p.dt.Column(f.Fieldname), p.rules) {
		return false, err
	}
	a, err := p.accessTo(ctx, target)
	c := target.Column(name)
	return err == nil && c != nil && a.reads(c, p.rules), err
}

// ifTestable is e, or nil when the user may not use it in a condition.
func (p *parser) ifTestable(ctx context.Context, e *Expr) (*Expr, error) {
	if e == nil || e.Kind != ColumnExpr {
		return p.ifReadable(ctx, e)
	}
	a, err := p.accessTo(ctx, p.typeOf(e.Field))
	if err != nil || !a.tests(e.Field.Column, p.rules) {
		return nil, err
	}
	return e, nil
}

// ifReadable is e, or nil when the user may not read it.
func (p *parser) ifReadable(ctx context.Context, e *Expr) (*Expr, error) {
	if e == nil {
		return nil, nil
	}
	if ok, err := p.readable(ctx, e); err != nil || !ok {
		return nil, err
	}
	return e, nil
}

// engineDict adds a function, or rows of table fields. An object with one known name is
// a function; in any other, names in capitals are refused and the rest are table fields.
// Source: frappe/database/query.py _parse_single_field_item, SQLFunctionParser.
func (p *parser) engineDict(ctx context.Context, o *document.Object) error {
	if name, v, ok := calledIn(o); ok {
		alias, err := dictAlias(o)
		if err != nil {
			return err
		}
		e, label, err := p.dictFunction(ctx, name, v, 0)
		if err != nil {
			return err
		}
		if alias != "" {
			label = alias
			p.named(label, e)
		}
		p.addColumn(e, label)
		return nil
	}
	for i := range o.Len() {
		key, v := o.At(i)
		if key == strings.ToUpper(key) && key != strings.ToLower(key) {
			return exc.Validation.Throwf("Unsupported function or operator: %s", key)
		}
		if v.Kind() != document.List {
			return exc.Validation.Throwf("Child query fields for '%s' must be a list or tuple.", key)
		}
		f := p.dt.Field(key)
		if !isTable(f) {
			return refused("%s has no table field %s", bold(p.dt.Name), key)
		}
		if err := p.engineChildRows(ctx, f, v.List()); err != nil {
			return err
		}
	}
	return nil
}

// calledIn returns the function that an object calls; ok is false where it calls none.
func calledIn(o *document.Object) (name string, v document.Value, ok bool) {
	n := 0
	for i := range o.Len() {
		if key, value := o.At(i); !strings.EqualFold(key, "as") {
			name, v = key, value
			n++
		}
	}
	return name, v, n == 1 && functions[name].dict
}

var aliasRE = regexp.MustCompile(`^[A-Za-z_]\w*$`)

// dictAlias is the label that an object gives its function, "" when it gives none.
func dictAlias(o *document.Object) (string, error) {
	alias := document.NullValue
	for i := range o.Len() {
		if key, v := o.At(i); strings.EqualFold(key, "as") {
			alias = v
		}
	}
	switch {
	case !alias.Truthy():
		return "", nil
	case alias.Kind() != document.String:
		return "", exc.Validation.Throw("Alias must be a string")
	case strings.TrimSpace(alias.Str()) == "":
		return "", exc.Validation.Throw("Empty alias is not allowed")
	case !aliasRE.MatchString(strings.TrimSpace(alias.Str())) || len(alias.Str()) > maxAlias:
		return "", exc.Validation.Throwf("Invalid alias format: %s. Alias must be a simple identifier.", strings.TrimSpace(alias.Str()))
	}
	return alias.Str(), nil
}

// engineChildRows asks for rows of a table field under its name. Of the fields those
// remain that the user may read; without any the rows are not shown at all.
// Source: frappe/database/query.py ChildQuery, apply_field_permissions.
func (p *parser) engineChildRows(ctx context.Context, f *doctype.DocField, fields []document.Value) error {
	child, err := p.child(ctx, f)
	if err != nil {
		return err
	}
	if len(fields) > maxFields || len(p.q.Children) >= maxJoins {
		return refused("At most %d fields can be asked for", maxFields)
	}
	c := Child{Field: f, DocType: child}
	for _, item := range fields {
		name := item.Str()
		ok, err := p.readsChild(ctx, child, name)
		if err != nil {
			return err
		}
		if ok {
			e := column(fieldOf(child, child.Column(name)))
			c.Columns = append(c.Columns, Column{Expr: e, Label: name, Class: e.Class()})
		}
	}
	if len(c.Columns) > 0 {
		p.q.Children = append(p.q.Children, c)
	}
	return nil
}

// childDenied refuses a field of a child table, or of a linked DocType.
func (p *parser) childDenied(ctx context.Context, dt *doctype.DocType, field string) error {
	own, err := p.accessTo(ctx, p.dt)
	if err == nil && dt.IsTable && own.selectOnly {
		return exc.Permission.Throwf("You do not have permission to access child table field: %s", bold(dt.Name+"."+field))
	}
	if err != nil {
		return err
	}
	return fieldDenied(dt.Name, field)
}

func fieldDenied(dt, field string) error {
	return exc.Permission.Throw(fmt.Sprintf("You do not have permission to access field: %s", bold(dt+"."+field))).
		WithTitle("Permission Error")
}
