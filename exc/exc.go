// Package exc owns Frappe's exceptions: the class, its HTTP status and its base
// class, and the one typed error that carries them through every layer. It does
// not know how an error is printed (internal/httpapi/error.go does). Start with
// Class, then Error; classes.go lists the classes.
package exc

import (
	"errors"
	"fmt"
)

// Class is one exception class of Frappe.
type Class struct {
	// Name is the exc_type clients see.
	Name string
	// Status is the HTTP status of an uncaught error of this class.
	Status int
	// Base is the parent class, nil at the root.
	Base *Class
	// Module is the dotted module printed before the name in the last line of a
	// traceback; empty for Python's builtins.
	Module string
}

// Is reports whether c is other or derives from it.
func (c *Class) Is(other *Class) bool {
	for ; c != nil; c = c.Base {
		if c == other {
			return true
		}
	}
	return false
}

// QualifiedName is the class as a traceback's last line prints it, such as
// frappe.exceptions.ValidationError.
func (c *Class) QualifiedName() string {
	if c.Module == "" {
		return c.Name
	}
	return c.Module + "." + c.Name
}

// New returns an error that is raised without a message for the client: text is
// visible only in the traceback (upstream: a bare raise).
func (c *Class) New(text string) *Error { return &Error{Class: c, Text: text} }

// Errorf is New with a format.
func (c *Class) Errorf(format string, args ...any) *Error {
	return &Error{Class: c, Text: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of class c with text for the client's traceback; cause is
// for the log only.
func (c *Class) Wrap(cause error, text string) *Error {
	return &Error{Class: c, Text: text, cause: cause}
}

// Throw returns an error whose text also enters the message log.
// Source: frappe/__init__.py throw.
func (c *Class) Throw(text string) *Error { return &Error{Class: c, Text: text, Thrown: true} }

// Throwf is Throw with a format.
func (c *Class) Throwf(format string, args ...any) *Error {
	return c.Throw(fmt.Sprintf(format, args...))
}

// Error is the one typed error of the project. An error of another type is a
// defect or an outside failure and answers 500 with a fixed text.
type Error struct {
	Class *Class
	// Text is the exception's own text.
	Text string
	// Title is the title of the thrown message; empty means "Message".
	Title string
	// Thrown says that Text also enters the message log.
	Thrown bool
	// Untyped says that the message was thrown without naming a class: v14 sends no
	// exc_type then (upstream: msgprint with raise_exception=True).
	Untyped bool
	// Plain are messages logged before the error was raised, in order
	// (upstream: msgprint, then raise).
	Plain []Message
	// Hint is v1's _error_message: what permission was missing.
	Hint string
	// DocType is set on DoesNotExist errors of documents: v16 turns such a 404 into
	// a 403 when the user may not read that DocType.
	DocType string
	// Name is the document of DocType, when there is one.
	Name string
	// NoTraceback suppresses the traceback keys (CSRF failures).
	NoTraceback bool
	// HTML says that the answer is an HTML page whatever the client accepts, as
	// upstream's HTTP exceptions of its web library are.
	HTML bool
	// Headers are extra response headers, such as Allow and Retry-After.
	Headers [][2]string
	cause   error
}

// Message is one entry of the message log. Source: frappe/__init__.py msgprint.
type Message struct {
	Text      string
	Title     string
	Indicator string
	Alert     bool
	// Raise marks the message of a thrown error.
	Raise bool
	// List is printed instead of Text when not nil.
	List []string
	// Table is printed instead of Text when not nil, row by row.
	Table [][]string
	// Action is the primary_action object as ready JSON, if any.
	Action string
}

// Error is the exception's last traceback line.
func (e *Error) Error() string {
	if e.Text == "" {
		return e.Class.QualifiedName()
	}
	return e.Class.QualifiedName() + ": " + e.Text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// WithTitle sets the title of the thrown message.
func (e *Error) WithTitle(title string) *Error { e.Title = title; return e }

// WithPlain adds messages that precede the error.
func (e *Error) WithPlain(m ...Message) *Error { e.Plain = append(e.Plain, m...); return e }

// WithHint sets v1's _error_message.
func (e *Error) WithHint(hint string) *Error { e.Hint = hint; return e }

// About names the document that the error is about.
func (e *Error) About(doctype, name string) *Error { e.DocType, e.Name = doctype, name; return e }

// Is reports whether err is an *Error of class c or of a class derived from it.
func Is(err error, c *Class) bool {
	var e *Error
	return errors.As(err, &e) && e.Class.Is(c)
}

// Of returns the *Error in err's chain, or nil.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
