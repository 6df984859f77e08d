package storage

import (
	"strings"

	"freddo/doctype"
	"freddo/document"
)

// Change is one write that has changed rows, as Tx.OnWrite is told of it. What is not
// known of a write is the zero value.
type Change struct {
	// DocType is whose rows were written; a Single's are its own. A table that is no
	// DocType's goes by its own name.
	DocType string
	// Type is the DocType, when the write went through it.
	Type *doctype.DocType
	// Doc is the document that was written as a whole; New says that it was inserted.
	Doc *document.Document
	New bool
	// Name is the only row that was written.
	Name string
	// ParentType and Parent are whose rows were removed.
	ParentType, Parent string
	// Columns are all that were written; nil says that it may be any, and that rows may
	// have come or gone.
	Columns []string
	// Undone says that writes were taken back, by a savepoint; nothing else is known.
	Undone bool
}

// OnWrite has fn told of every write of the transaction from now on.
func (tx *Tx) OnWrite(fn func(Change)) { tx.wrote = fn }

// target is the DocType, or the table, that a statement which writes names first.
func target(sql string) string {
	at := strings.IndexAny(sql, "`\"")
	if at < 0 {
		return ""
	}
	name := sql[at+1:]
	if end := strings.IndexByte(name, sql[at]); end >= 0 {
		name = name[:end]
	}
	return strings.TrimPrefix(name, "tab")
}
