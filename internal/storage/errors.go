package storage

import "fmt"

// ErrorKind groups what databases refuse.
type ErrorKind uint8

// The kinds.
const (
	Other ErrorKind = iota
	UniqueViolation
	Deadlock
	LockTimeout
	TooLong
	BadValue
	NoTable
	NoColumn
	Syntax
	Interrupted
)

// Error is a database's error, translated by its code. Its text is for the log.
type Error struct {
	Kind          ErrorKind
	Table, Column string
	cause         error
}

// NewError returns an Error of a kind about a column; both names may be empty.
func NewError(kind ErrorKind, table, column string, cause error) *Error {
	return &Error{Kind: kind, Table: table, Column: column, cause: cause}
}

func (e *Error) Error() string {
	return fmt.Sprintf("storage: kind %d, %s.%s: %v", e.Kind, e.Table, e.Column, e.cause)
}

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.cause }
