package storage

import (
	"fmt"
	"strconv"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/query"
)

// call writes a function.
func (r *renderer) call(e *query.Expr) {
	args := make([]func(), len(e.Args))
	anyType := e.Aggregate() || e.Func == "CONCAT" || e.Func == "ABS"
	for i, a := range e.Args {
		args[i] = func() { r.expr(a) }
		if anyType && a.Kind == query.ConstExpr {
			args[i] = func() { r.typed(a.Value) }
		}
	}
	if _, ok := query.Operator(e.Func); ok || e.Func == "FIELD" {
		r.operator(e, args)
		return
	}
	if at, ok := partOf(e); ok {
		r.datePart(e.Func, args[0], at)
		return
	}
	if !e.Distinct {
		r.function(e.Func, args)
		return
	}
	r.b.SQL(r.b.d.Function(e.Func) + "(DISTINCT ")
	args[0]()
	r.b.SQL(")")
}

// typed writes a value for a function that takes any type, where a database cannot tell
// of itself which type the value has.
func (r *renderer) typed(v document.Value) {
	switch v.Kind() {
	case document.String:
		r.function("TEXT", []func(){func() { r.b.Arg(v) }})
	case document.Int, document.Bool:
		r.b.SQL("(0 + ").Arg(v).SQL(")")
	case document.Float, document.Number:
		r.b.SQL("(0.0 + ").Arg(v).SQL(")")
	default:
		r.b.Arg(v)
	}
}

// function writes a call by the dialect's name. A LOCATE that is called otherwise takes
// the text before the part that is looked for.
func (r *renderer) function(name string, args []func()) {
	if r.b.d.WriteFunction(r.b, name, args) {
		return
	}
	own := r.b.d.Function(name)
	if name == "LOCATE" && own != name {
		args[0], args[1] = args[1], args[0]
	}
	r.b.SQL(own + "(")
	for i, arg := range args {
		if i > 0 {
			r.b.SQL(", ")
		}
		arg()
	}
	r.b.SQL(")")
}

// operator writes arithmetic, and FIELD. A division is one of decimals and by zero
// gives null, as in MariaDB, with as many digits.
func (r *renderer) operator(e *query.Expr, args []func()) {
	switch e.Func {
	case "FIELD":
		r.position(args)
		return
	case "DIV":
		r.function("ROUND", []func(){func() {
			args[0]()
			r.b.SQL(" * 1.0 / NULLIF(")
			args[1]()
			r.b.SQL(", 0)")
		}, func() { r.b.SQL(strconv.Itoa(e.Scale())) }})
		return
	}
	sign, _ := query.Operator(e.Func)
	r.b.SQL("(")
	args[0]()
	r.b.SQL(sign)
	args[1]()
	r.b.SQL(")")
}

// position writes FIELD(x, a, b…): the place of x among the others, or 0.
func (r *renderer) position(args []func()) {
	r.b.SQL("CASE ")
	args[0]()
	for i, arg := range args[1:] {
		r.b.SQL(" WHEN ")
		arg()
		r.b.SQL(fmt.Sprintf(" THEN %d", i+1))
	}
	r.b.SQL(" ELSE 0 END")
}

// place is where a part stands in a date's text.
type place struct{ from, length int }

var dateParts = map[string]place{"YEAR": {1, 4}, "MONTH": {6, 2}, "QUARTER": {6, 2}, "MONTHNAME": {6, 2}, "DAY": {9, 2},
	"HOUR": {12, 2}, "MINUTE": {15, 2}, "SECOND": {18, 2}}

// partOf tells where the part of a date or time stands that a function asks for.
func partOf(e *query.Expr) (place, bool) {
	at, ok := dateParts[e.Func]
	if ok && e.Args[0].Class() == doctype.TimeClass {
		if at.from -= len("2006-01-02 "); at.from < 1 {
			at.from = 100 // a time has no year: null
		}
	}
	return at, ok
}

var months = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December"}

// datePart writes a part of a date by its place in the text, the one way that all
// databases know.
func (r *renderer) datePart(name string, arg func(), at place) {
	number := func() {
		r.b.SQL("CAST(NULLIF(SUBSTR(")
		r.function("TEXT", []func(){arg})
		r.b.SQL(fmt.Sprintf(", %d, %d), '') AS DECIMAL)", at.from, at.length))
	}
	switch name {
	case "QUARTER":
		r.b.SQL("FLOOR((")
		number()
		r.b.SQL(" + 2) / 3)")
	case "MONTHNAME":
		r.b.SQL("CASE ")
		number()
		for i, m := range months {
			r.b.SQL(fmt.Sprintf(" WHEN %d THEN '%s'", i+1, m))
		}
		r.b.SQL(" END")
	default:
		number()
	}
}
