package query

import (
	"context"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// dictFunction reads {"NAME": arguments} and returns the expression with the label
// that it has without an alias. Source: frappe/database/query.py SQLFunctionParser.
func (p *parser) dictFunction(ctx context.Context, name string, v document.Value, depth int) (*Expr, string, error) {
	fn, known := functions[name]
	_, operator := Operator(name)
	if !known || !fn.dict {
		return nil, "", exc.Validation.Throwf("Unsupported function or operator: %s", name)
	}
	if depth > maxDepth {
		return nil, "", refused("Functions are nested too deep")
	}
	args := []document.Value{v}
	if v.Kind() == document.List {
		args = v.List()
	} else if v.IsNull() && fn.least == 0 {
		args = nil
	}
	switch {
	case operator && len(args) != 2:
		return nil, "", exc.Validation.Throwf("Operator %s requires exactly 2 arguments (left and right operands)", name)
	case len(args) == 0 && (fn.least > 0 || name == "COUNT"):
		return nil, "", exc.Validation.Throwf("Function %s requires arguments but none were provided", name)
	case len(args) < fn.least || len(args) > fn.most:
		return nil, "", refused("Function %s has wrong arguments", name)
	}
	e := &Expr{Kind: FuncExpr, Func: name}
	labels := make([]string, 0, len(args))
	for _, a := range args {
		x, label, err := p.dictArgument(ctx, name, a, depth)
		if err != nil {
			return nil, "", err
		}
		if fn.aggregate && x.Aggregate() {
			return nil, "", refused("Function %s has wrong arguments", name)
		}
		e.Args, labels = append(e.Args, x), append(labels, label)
	}
	switch {
	case name == "NOW": // the site's clock, not the database's
		return &Expr{Kind: ConstExpr, Value: document.Text(p.env.Now().Format("2006-01-02 15:04:05"))}, "NOW()", nil
	case name == "TIMESTAMP" && e.Args[0].Class() != doctype.DatetimeClass:
		return nil, "", refused("Function TIMESTAMP needs a Datetime field")
	case name == "TIMESTAMP":
		return e.Args[0], "TIMESTAMP(" + labels[0] + ")", nil
	}
	if sign, ok := Operator(name); ok {
		return e, strings.Join(labels, strings.TrimSpace(sign)), nil
	}
	return e, name + "(" + strings.Join(labels, ",") + ")", nil
}

// dictArgument reads one argument: a text, a number, null, or a nested function.
func (p *parser) dictArgument(ctx context.Context, fn string, v document.Value, depth int) (*Expr, string, error) {
	switch v.Kind() {
	case document.Null:
		return &Expr{Kind: ConstExpr, Value: document.NullValue}, "null", nil
	case document.Bool, document.Int, document.Float, document.Number:
		return &Expr{Kind: ConstExpr, Value: v}, document.ToText(v), nil
	case document.String:
		return p.textArgument(ctx, fn, strings.TrimSpace(v.Str()))
	case document.Map:
		if o := v.Map(); o.Len() == 1 {
			key, inner := o.At(0)
			return p.dictFunction(ctx, key, inner, depth+1)
		}
	}
	if _, ok := Operator(fn); ok {
		return nil, "", exc.Validation.Throwf("Invalid argument type: %s. Only strings, numbers, dicts, and None are allowed.", pythonType(v))
	}
	return nil, "", exc.Validation.Throwf("Invalid function argument type: %s. Only strings, numbers, lists, and None are allowed.", pythonType(v))
}

var (
	argumentRE = regexp.MustCompile("^(?:`(tab[^`]+)`\\.)?(`\\w+`|\\w+)$")
	literalRE  = regexp.MustCompile(`^(?:'[^'\\]*'|"[^"\\]*")$`)
)

func (p *parser) textArgument(ctx context.Context, fn, s string) (*Expr, string, error) {
	switch {
	case s == "":
		return nil, "", exc.Validation.Throw("Empty string arguments are not allowed")
	case s == "*" && fn == "COUNT":
		return &Expr{Kind: StarExpr}, "*", nil
	case s == "*":
		return nil, "", exc.Validation.Throw("'*' is only allowed in COUNT SQL function(s)")
	case literalRE.MatchString(s):
		return &Expr{Kind: ConstExpr, Value: document.Text(s[1 : len(s)-1])}, s, nil
	}
	m := argumentRE.FindStringSubmatch(s)
	if m == nil {
		return nil, "", exc.Validation.Throwf("Invalid argument format: %s. Only quoted string literals or simple field names are allowed.", s)
	}
	if digitsRE.MatchString(s) {
		return &Expr{Kind: ConstExpr, Value: numberOf(s)}, s, nil
	}
	m[2] = strings.Trim(m[2], "`")
	if m[1] != "" && m[1] != p.q.Main() {
		e := p.orderTable([]token{{text: m[1]}, {text: m[2]}})
		if e == nil {
			return nil, "", fieldDenied(m[1][3:], m[2])
		}
		readable, err := p.ifReadable(ctx, e)
		if err == nil && readable == nil {
			err = fieldDenied(m[1][3:], m[2])
		}
		return readable, s, err
	}
	e, err := p.ifReadable(ctx, mainColumn(p.dt, m[2]))
	if err == nil && e == nil {
		err = fieldDenied(p.dt.Name, m[2])
	}
	return e, "`" + m[2] + "`", err
}
