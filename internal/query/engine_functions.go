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
// that it has without an alias, the text of its SQL.
// Source: frappe/database/query.py SQLFunctionParser.
func (p *parser) dictFunction(ctx context.Context, name string, v document.Value, depth int) (*Expr, string, error) {
	if depth > maxDepth {
		return nil, "", refused("Functions are nested too deep")
	}
	fn := functions[name]
	args, err := functionArgs(name, v)
	if err != nil {
		return nil, "", err
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
	if _, ok := Operator(name); ok {
		return e, operatorLabel(e, labels), nil
	}
	label := name + "(" + strings.Join(labels, ",") + ")"
	switch {
	case len(args) < fn.least || len(args) > fn.most || name == "EXTRACT":
		return nil, "", refused("Function %s has wrong arguments", name)
	case name == "NOW": // the site's clock, not the database's
		return &Expr{Kind: ConstExpr, Value: document.Text(p.env.Now().Format("2006-01-02 15:04:05"))}, label, nil
	case name == "TIMESTAMP" && e.Args[0].Class() != doctype.DatetimeClass:
		return nil, "", refused("Function TIMESTAMP needs a Datetime field")
	case name == "TIMESTAMP":
		return e.Args[0], label, nil
	}
	return e, label, nil
}

// functionArgs are the arguments of a function, still as they were sent.
func functionArgs(name string, v document.Value) ([]document.Value, error) {
	_, operator := Operator(name)
	switch {
	case operator && len(v.List()) != 2:
		return nil, exc.Validation.Throwf("Operator %s requires exactly 2 arguments (left and right operands)", name)
	case v.Kind() == document.List:
		return v.List(), nil
	case v.IsNull() && functions[name].least == 0 && name != "COUNT":
		return nil, nil
	case v.IsNull():
		return nil, exc.Validation.Throwf("Function %s requires arguments but none were provided", name)
	case v.Kind() == document.String || isNumeric(v):
		return []document.Value{v}, nil
	}
	return nil, exc.Validation.Throwf("Invalid function argument type: %s. Only strings, numbers, lists, and None are allowed.", pythonType(v))
}

// operatorLabel is the text of an operation: left+right, with brackets as upstream's
// query builder sets them. Source: pypika ArithmeticExpression.
func operatorLabel(e *Expr, labels []string) string {
	sign, _ := Operator(e.Func)
	for i, a := range e.Args {
		inner := a.Func
		if _, ok := Operator(inner); !ok {
			continue
		}
		adds := inner == "ADD" || inner == "SUB"
		bracket := adds && e.Func != "ADD" && e.Func != "SUB"
		if i == 1 {
			bracket = e.Func == "DIV" || adds && e.Func != "ADD"
		}
		if bracket {
			labels[i] = "(" + labels[i] + ")"
		}
	}
	return strings.Join(labels, strings.TrimSpace(sign))
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
		name, inner, ok := calledIn(v.Map())
		if !ok {
			return nil, "", exc.Validation.Throw("Invalid nested expression: dictionary must represent a function or operator")
		}
		if _, err := dictAlias(v.Map()); err != nil {
			return nil, "", err
		}
		return p.dictFunction(ctx, name, inner, depth+1)
	}
	return nil, "", exc.Validation.Throwf("Invalid argument type: %s. Only strings, numbers, dicts, and None are allowed.", pythonType(v))
}

var identifierRE = regexp.MustCompile(`^[A-Za-z_]\w*$`)

// textArgument reads a text: *, a quoted text, a field, `tabX`.`field` or a number.
func (p *parser) textArgument(ctx context.Context, fn, s string) (*Expr, string, error) {
	invalid := exc.Validation.Throwf("Invalid argument format: %s. Only quoted string literals or simple field names are allowed.", s)
	switch {
	case s == "":
		return nil, "", exc.Validation.Throw("Empty string arguments are not allowed")
	case s == "*" && fn == "COUNT":
		return &Expr{Kind: StarExpr}, "*", nil
	case s == "*":
		return nil, "", exc.Validation.Throw("'*' is only allowed in COUNT SQL function(s)")
	case len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0]:
		text := s[1 : len(s)-1]
		return &Expr{Kind: ConstExpr, Value: document.Text(text)}, "'" + strings.ReplaceAll(text, "'", "''") + "'", nil
	case strings.Contains(s, "`"):
		e, err := p.quotedExpr(ctx, s, nameErrors{quoted: invalid})
		if err != nil {
			return nil, "", err
		}
		name := e.Field.Column.Name
		shown, err := p.ifReadable(ctx, e) // a condition's field may be one that is not shown
		if err == nil && shown == nil {
			err = fieldDenied(p.typeOf(e.Field).Name, name)
		}
		return shown, "`" + name + "`", err
	case identifierRE.MatchString(s):
		e, err := p.ifReadable(ctx, mainColumn(p.dt, s))
		if err == nil && e == nil {
			err = fieldDenied(p.dt.Name, s)
		}
		return e, "`" + s + "`", err
	case digitsRE.MatchString(s):
		return &Expr{Kind: ConstExpr, Value: numberOf(s)}, s, nil
	}
	return nil, "", invalid
}
