package storage

import (
	"context"
	"fmt"
	"strings"

	"freddo/document"
)

// Kept is a varchar column that was to become shorter than a value in it.
// Source: frappe/database/schema.py DBTable.validate.
type Kept struct {
	Column string
	// Length is the length that stays, Wanted the one that was asked for.
	Length, Wanted int
}

// keepLength reports whether a column keeps its length, since a stored value would
// not fit into the wanted one. old is the type in the catalogue.
func (tx *Tx) keepLength(ctx context.Context, table string, s ColumnSpec, old string) (*Kept, error) {
	have, want := varcharLength(old), varcharLength(tx.Dialect().ColumnType(s))
	if have == 0 || want == 0 || want >= have {
		return nil, nil
	}
	longest, err := tx.Longest(ctx, table, s.Name)
	if err != nil || longest <= int64(want) {
		return nil, err
	}
	return &Kept{Column: s.Name, Length: have, Wanted: want}, nil
}

// Longest is the length in characters of the longest text in a column of a table, whose
// shape may be about to change.
func (tx *Tx) Longest(ctx context.Context, table, column string) (int64, error) {
	b := NewBuilder(tx.Dialect()).SQL("SELECT MAX(").SQL(tx.Dialect().Function("CHAR_LENGTH")).SQL("(").Ident(column).SQL(")) FROM ").Ident(table)
	var longest document.Value
	if _, err := tx.PeekRow(ctx, b, &longest); err != nil {
		return 0, fmt.Errorf("measure column %s: %w", column, err)
	}
	return document.Cint(longest), nil
}

// varcharLength reads varchar(n); 0 for other types.
func varcharLength(columnType string) int {
	n := 0
	if _, err := fmt.Sscanf(strings.ToLower(columnType), "varchar(%d)", &n); err != nil {
		return 0
	}
	return n
}
