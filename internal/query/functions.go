package query

import (
	"strings"

	"freddo/doctype"
)

// function is what the query language knows of one SQL function. Names that are not
// in the table are refused, so that functions which wait, read files or tell about
// the server cannot be called.
type function struct {
	// least and most are how many arguments it takes.
	least, most int
	aggregate   bool
	class       result
	// dict says that v16's objects may name it, such as {"COUNT": "*"}; only says that
	// nothing else may.
	dict, only bool
}

// result tells the class of a function's value.
type result uint8

const (
	textResult result = iota
	intResult
	floatResult
	dateResult
	datetimeResult
	// sameResult is the class of the first argument.
	sameResult
	// sumResult is the first argument's class where that is a number: sums of integers
	// print as upstream prints decimals, with a point.
	sumResult
	// wholeResult is whole where all arguments are.
	wholeResult
)

// functions is the table of known functions. The arithmetic names stand for operators.
var functions = map[string]function{
	"COUNT":        {0, 1, true, intResult, true, false},
	"SUM":          {1, 1, true, sumResult, true, false},
	"AVG":          {1, 1, true, floatResult, true, false},
	"MAX":          {1, 1, true, sameResult, true, false},
	"MIN":          {1, 1, true, sameResult, true, false},
	"GROUP_CONCAT": {1, 1, true, textResult, false, false},

	"ABS":       {1, 1, false, sameResult, true, false},
	"ROUND":     {1, 2, false, floatResult, false, false},
	"FLOOR":     {1, 1, false, intResult, false, false},
	"CEIL":      {1, 1, false, intResult, false, false},
	"CEILING":   {1, 1, false, intResult, false, false},
	"UPPER":     {1, 1, false, textResult, false, false},
	"LOWER":     {1, 1, false, textResult, false, false},
	"TRIM":      {1, 1, false, textResult, false, false},
	"LTRIM":     {1, 1, false, textResult, false, false},
	"RTRIM":     {1, 1, false, textResult, false, false},
	"LENGTH":    {1, 1, false, intResult, false, false},
	"REPLACE":   {3, 3, false, textResult, false, false},
	"LOCATE":    {2, 2, false, intResult, true, false},
	"FIELD":     {2, 50, false, intResult, false, false},
	"DATE":      {1, 1, false, dateResult, false, false},
	"YEAR":      {1, 1, false, intResult, false, false},
	"QUARTER":   {1, 1, false, intResult, true, false},
	"MONTH":     {1, 1, false, intResult, true, false},
	"DAY":       {1, 1, false, intResult, false, false},
	"HOUR":      {1, 1, false, intResult, false, false},
	"MINUTE":    {1, 1, false, intResult, false, false},
	"SECOND":    {1, 1, false, intResult, false, false},
	"MONTHNAME": {1, 1, false, textResult, true, false},
	"TIMESTAMP": {1, 1, false, datetimeResult, true, true},
	"NOW":       {0, 0, false, datetimeResult, true, true},
	"IFNULL":    {2, 2, false, sameResult, true, true},
	"NULLIF":    {2, 2, false, sameResult, true, true},
	"CONCAT":    {1, 20, false, textResult, true, true},
	// EXTRACT is known, and no arguments of it make SQL that a database takes.
	"EXTRACT": {2, 2, false, intResult, true, true},

	"ADD": {2, 2, false, wholeResult, true, true},
	"SUB": {2, 2, false, wholeResult, true, true},
	"MUL": {2, 2, false, wholeResult, true, true},
	"DIV": {2, 2, false, floatResult, true, true},
}

// extractUnits are the units of EXTRACT, which are functions of their own here.
var extractUnits = map[string]bool{"YEAR": true, "QUARTER": true, "MONTH": true, "DAY": true,
	"HOUR": true, "MINUTE": true, "SECOND": true}

// Operator returns the sign of an arithmetic function.
func Operator(name string) (sign string, ok bool) {
	switch name {
	case "ADD":
		return " + ", true
	case "SUB":
		return " - ", true
	case "MUL":
		return " * ", true
	case "DIV":
		return " / ", true
	}
	return "", false
}

// maxScale is how many digits behind the point numbers are compared and printed with.
const maxScale = 13

// Scale is how many digits a number of the expression has behind the point, as MariaDB
// reckons with decimals: 9 for columns that are no integers, 4 more by each division.
func (e *Expr) Scale() int {
	scale := func(i int) int {
		if i >= len(e.Args) {
			return 0
		}
		return e.Args[i].Scale()
	}
	switch {
	case e.Kind == ConstExpr:
		_, digits, _ := strings.Cut(textOf(e.Value), ".")
		return min(len(digits), maxScale)
	case e.Class() == doctype.IntClass || e.Class() == doctype.CheckClass:
		return 0
	case e.Kind == ColumnExpr:
		return 9
	}
	switch e.Func {
	case "ADD", "SUB":
		return max(scale(0), scale(1))
	case "MUL":
		return min(scale(0)+scale(1), maxScale)
	case "DIV", "AVG":
		return min(scale(0)+4, maxScale)
	}
	return scale(0)
}

// functionClass is the class of a function's value.
func functionClass(e *Expr) doctype.Class {
	switch functions[e.Func].class {
	case intResult:
		return doctype.IntClass
	case floatResult, sumResult:
		return doctype.FloatClass
	case wholeResult:
		for _, a := range e.Args {
			if c := a.Class(); c != doctype.IntClass && c != doctype.CheckClass {
				return doctype.FloatClass
			}
		}
		return doctype.IntClass
	case dateResult:
		return doctype.DateClass
	case datetimeResult:
		return doctype.DatetimeClass
	case sameResult:
		if len(e.Args) > 0 {
			return e.Args[0].Class()
		}
	}
	return doctype.TextClass
}
