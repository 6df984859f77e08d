package storage

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
	// OutOfRange is a number that its column does not hold.
	OutOfRange
	NoTable
	NoColumn
	Syntax
	// Interrupted: the request's context has ended; errors.Is finds its error.
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

var kindNames = [...]string{"other", "unique violation", "deadlock", "lock timeout", "too long", "bad value", "out of range",
	"no such table", "no such column", "syntax", "interrupted"}

// String names the kind.
func (k ErrorKind) String() string { return kindNames[k] }

// Error says what was refused, and why.
func (e *Error) Error() string {
	s := "storage: " + e.Kind.String()
	if e.Table != "" || e.Column != "" {
		s += ": " + e.Table + "." + e.Column
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.cause }
