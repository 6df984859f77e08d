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
	b := NewBuilder(tx.Dialect()).SQL("SELECT MAX(CHAR_LENGTH(").Ident(s.Name).SQL(")) FROM ").Ident(table)
	var longest document.Value
	if _, err := tx.PeekRow(ctx, b, &longest); err != nil {
		return nil, fmt.Errorf("measure column %s: %w", s.Name, err)
	}
	if document.Cint(longest) <= int64(want) {
		return nil, nil
	}
	return &Kept{Column: s.Name, Length: have, Wanted: want}, nil
}

// varcharLength reads varchar(n); 0 for other types.
func varcharLength(columnType string) int {
	n := 0
	if _, err := fmt.Sscanf(strings.ToLower(columnType), "varchar(%d)", &n); err != nil {
		return 0
	}
	return n
}
