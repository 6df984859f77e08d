// Package pyexpr evaluates single Python expressions as Frappe's safe_eval does: the
// conditions of workflow transitions, virtual fields and the like. It owns the lexer,
// the parser, the evaluator and its limits, and knows nothing of documents: names and
// host objects come from the caller. There are no statements, assignments, lambdas or
// imports, and no attribute that begins with an underscore. Start with Parse and
// Expr.Eval.
//
// The rules are Python's: truth values, chained comparisons, true and floor division,
// text by code points. Integers have 64 bits; beyond them is an OverflowError.
// Source: frappe/utils/safe_exec.py safe_eval.
package pyexpr

import "fmt"

// Error is a Python exception. Class is its name, such as NameError or TypeError.
type Error struct{ Class, Text string }

// Error prints the exception as the last line of a traceback.
func (e *Error) Error() string {
	if e.Text == "" {
		return e.Class
	}
	return e.Class + ": " + e.Text
}

func errorf(class, format string, args ...any) error {
	return &Error{Class: class, Text: fmt.Sprintf(format, args...)}
}

// Limits of one evaluation and of an expression's text.
const (
	// MaxSource is the longest expression, in bytes.
	MaxSource = 64 << 10
	// MaxDepth is how deep an expression may nest.
	MaxDepth = 100
	// MaxSteps is how many nodes one evaluation may visit.
	MaxSteps = 1 << 20
	// MaxSize is the longest text or list that an evaluation may make.
	MaxSize = 1 << 20
)

// Names resolves a free name; ok is false for an unknown one.
type Names func(name string) (v Value, ok bool)

// Expr is a parsed expression. It is read-only and safe for concurrent use.
type Expr struct{ root node }

// Parse parses one expression. Errors: *Error of class SyntaxError.
func Parse(src string) (*Expr, error) {
	if len(src) > MaxSource {
		return nil, errorf("SyntaxError", "expression is too long")
	}
	tokens, err := lex(src)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root, err := p.top()
	if err != nil {
		return nil, err
	}
	return &Expr{root: root}, nil
}

// Eval evaluates the expression. names may be nil. Errors: *Error.
func (e *Expr) Eval(names Names) (Value, error) {
	r := &run{names: names}
	return r.eval(e.root)
}

// Eval parses and evaluates src.
func Eval(src string, names Names) (Value, error) {
	e, err := Parse(src)
	if err != nil {
		return nil, err
	}
	return e.Eval(names)
}
