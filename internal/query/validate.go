package query

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// standardNames pass the check of a client's arguments unseen.
// Source: frappe/model/__init__.py default_fields, optional_fields, child_table_fields.
var standardNames = map[string]bool{"doctype": true, "name": true, "owner": true, "creation": true, "modified": true,
	"modified_by": true, "docstatus": true, "idx": true, "parent": true, "parentfield": true, "parenttype": true,
	"_user_tags": true, "_comments": true, "_assign": true, "_liked_by": true, "_seen": true}

func notPermitted(field string) error {
	return exc.Data.Throw("Field not permitted in query: " + field)
}

// validateFields checks a client's fields against the DocTypes, replaces * and removes
// fields above the reader's permlevel.
// Source: frappe/desk/reportview.py validate_fields, update_wildcard_field_param.
func (p *parser) validateFields(ctx context.Context) error {
	if !p.req.FromRequest || p.fields.IsNull() {
		return nil
	}
	list := p.fields.List()
	if p.fields.Kind() != document.List {
		return refused("Fields must be a list")
	}
	if len(list) > maxFields {
		return refused("At most %d fields can be asked for", maxFields)
	}
	wildcard := len(list) == 1 && list[0].Str() == "*"
	if wildcard {
		var err error
		if list, err = p.wildcard(ctx); err != nil {
			return err
		}
	}
	if err := p.addAggregate(ctx, &list); err != nil {
		return err
	}
	kept := make([]document.Value, 0, len(list))
	for _, v := range list {
		if v.Kind() == document.Map && p.rules.Engine {
			kept = append(kept, v) // a function, or fields of a table: the engine looks at them
			continue
		}
		if v.Kind() != document.String {
			return refused("Fields must be texts")
		}
		keep, err := p.validateField(ctx, v.Str(), wildcard)
		if err != nil {
			return err
		}
		if keep {
			kept = append(kept, v)
		}
	}
	p.fields = document.ListOf(kept...)
	return nil
}

// wildcard returns the fields that a lone * stands for.
func (p *parser) wildcard(ctx context.Context) ([]document.Value, error) {
	byLevel, err := p.removesFields(ctx)
	if err != nil {
		return nil, err
	}
	columns := tableStar(p.dt)
	if byLevel || !p.rules.StarIsTable {
		if columns, err = p.star(ctx, p.dt); err != nil {
			return nil, err
		}
	}
	out := make([]document.Value, len(columns))
	for i, c := range columns {
		out[i] = document.Text(c.Name)
	}
	return out, nil
}

// addAggregate appends reportview's aggregate. Source: reportview.py setup_group_by.
func (p *parser) addAggregate(ctx context.Context, list *[]document.Value) error {
	a := p.req.Aggregate
	if a == nil || p.req.GroupBy == "" {
		return nil
	}
	switch strings.ToLower(a.Function) {
	case "count", "sum", "avg":
	default:
		return exc.Validation.Throw("Invalid aggregate function")
	}
	dt, err := p.env.DocType(ctx, a.DocType)
	if err != nil {
		return err
	}
	if c := dt.Column(a.Field); c == nil || !c.Stored {
		return notPermitted(a.Field)
	}
	if p.rules.Engine {
		*list = append(*list, document.MapOf(document.NewObject(strings.ToUpper(a.Function), "`tab"+a.DocType+"`.`"+a.Field+"`", "as", "_aggregate_column")))
		return nil
	}
	*list = append(*list, document.Text(strings.ToLower(a.Function)+"(`tab"+a.DocType+"`.`"+a.Field+"`) as _aggregate_column"))
	return nil
}

// validateField reports whether one field stays.
func (p *parser) validateField(ctx context.Context, field string, wildcard bool) (keep bool, err error) {
	name, err := p.extractName(field)
	if err != nil || isStandard(name) {
		return true, err
	}
	dt, f, err := p.docfield(ctx, name)
	if err != nil {
		return false, err
	}
	if f == nil {
		if wildcard {
			return true, nil
		}
		return false, notPermitted(name)
	}
	if f.Permlevel == 0 || p.req.IgnorePermissions {
		return true, nil
	}
	perms, parent := dt.Permissions, ""
	if dt.IsTable {
		perms, parent = p.dt.Permissions, p.dt.Name // Frappe: none when a child table is listed itself
	}
	if len(perms) == 0 {
		return false, nil
	}
	levels, err := p.levels(ctx, dt, parent, perms)
	return levels[f.Permlevel], err
}

// extractName returns the column that a field's text is about.
// Source: frappe/desk/reportview.py extract_fieldname, extract_fieldnames.
func (p *parser) extractName(field string) (string, error) {
	if p.rules.StrictFields {
		return strictName(field)
	}
	if isWord(field) {
		return field, nil
	}
	name := firstColumn(field)
	if name == "" {
		lower := strings.ToLower(field)
		if strings.Contains(field, "*") && (strings.Contains(lower, "count(") || strings.Contains(lower, "sum(") ||
			strings.Contains(lower, "avg(")) {
			name = "*"
		} else {
			return "", notPermitted(field)
		}
	}
	return name, nil
}

// strictName is v14's way.
func strictName(field string) (string, error) {
	for _, bad := range []string{",", "/*", "#"} {
		if strings.Contains(field, bad) {
			return "", notPermitted(field)
		}
	}
	name := field
	for _, sep := range []string{" as ", " AS "} {
		name, _, _ = strings.Cut(name, sep)
	}
	for _, fn := range []string{"count(", "sum(", "avg("} {
		if strings.HasPrefix(name, fn) {
			if !strings.HasSuffix(strings.TrimSpace(name), ")") {
				return "", notPermitted(field)
			}
			return strings.TrimSuffix(strings.TrimSpace(name)[len(fn):], ")"), nil
		}
	}
	return name, nil
}

// isWord reports whether a text is made of letters, digits and underscores.
func isWord(s string) bool {
	if s == "" {
		return false
	}
	toks, ok := lex(s)
	return ok && len(toks) == 1 && toks[0].text == s && (toks[0].kind == wordToken || toks[0].kind == numberToken)
}

func isStandard(name string) bool {
	if _, after, ok := strings.Cut(name, "."); ok {
		name = after
	}
	return standardNames[strings.Trim(name, "`")]
}

// docfield looks up a name that may be dotted: a table or link field and a field of its
// DocType, or a table and a field. The field is nil when it does not exist.
// Source: frappe/desk/reportview.py get_meta_and_docfield.
func (p *parser) docfield(ctx context.Context, name string) (*doctype.DocType, *doctype.DocField, error) {
	head, rest, dotted := strings.Cut(name, ".")
	if !dotted {
		return p.dt, p.dt.Field(strings.Trim(name, "`")), nil
	}
	rest, _, _ = strings.Cut(rest, ".")
	target := ""
	if f := p.dt.Field(head); f != nil {
		target = f.Options
	} else if table := strings.Trim(head, "`"); strings.HasPrefix(table, "tab") && (table != head || !p.rules.StrictFields) {
		target = table[3:]
	} else {
		return nil, nil, notPermitted(name)
	}
	dt, err := p.env.DocType(ctx, target)
	if err != nil {
		return nil, nil, err
	}
	return dt, dt.Field(strings.Trim(rest, "`")), nil
}

// validateFilters checks the fields of a client's conditions.
// Source: frappe/desk/reportview.py validate_filters.
func (p *parser) validateFilters(ctx context.Context) error {
	if !p.req.FromRequest {
		return nil
	}
	for _, v := range []document.Value{p.filters, p.orFilters} {
		if err := p.validateShape(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) validateShape(ctx context.Context, v document.Value) error {
	if !v.Truthy() {
		return nil
	}
	switch v.Kind() {
	case document.Map:
		for _, key := range v.Map().Keys() {
			if err := p.validateFilterName(ctx, key); err != nil {
				return err
			}
		}
	case document.String: // Frappe: a JSON text is read letter by letter
		for _, r := range v.Str() {
			if err := p.validateFilterName(ctx, string(r)); err != nil {
				return err
			}
		}
	case document.List:
		if len(v.List()) > maxConditions {
			return refused("At most %d conditions are allowed", maxConditions)
		}
		for _, c := range v.List() {
			if err := p.validateCondition(ctx, c); err != nil {
				return err
			}
		}
	default:
		return refused("Filters must be a list or an object")
	}
	return nil
}

func (p *parser) validateFilterName(ctx context.Context, name string) error {
	if isStandard(name) {
		return nil
	}
	_, f, err := p.docfield(ctx, name)
	if err == nil && f == nil {
		return notPermitted(name)
	}
	return err
}

// validateCondition takes conditions of three parts as field, operator and value, all
// others as starting with a DocType. A text is a list of its letters, as in Python.
func (p *parser) validateCondition(ctx context.Context, c document.Value) error {
	parts := c.List()
	if c.Kind() == document.String {
		for _, r := range c.Str() {
			parts = append(parts, document.Text(string(r)))
		}
	}
	if len(parts) < 2 {
		return refused("Invalid filter: %s", document.PythonSpaced.Marshal(c))
	}
	at := 1
	if len(parts) == 3 {
		at = 0
	}
	if parts[at].Kind() != document.String || parts[0].Kind() != document.String {
		return refused("Invalid filter: %s", document.PythonSpaced.Marshal(c))
	}
	name := parts[at].Str()
	if at == 0 {
		return p.validateFilterName(ctx, name)
	}
	if isStandard(name) {
		return nil
	}
	dt, err := p.env.DocType(ctx, parts[0].Str())
	if err == nil && dt.Field(name) == nil {
		return notPermitted(name)
	}
	return err
}
