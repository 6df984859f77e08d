package doctypes

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// maxVarchar is the longest length a text column may be given later on.
const maxVarchar = 1000

// varchar is the length of a field's column.
func varchar(f *doctype.DocField) int {
	if f.Length > 0 {
		return f.Length
	}
	return 140
}

// kept is how long a field's column is that cannot be made shorter.
// Source: frappe/database/schema.py get_definition.
func kept(c *engine.Call, f *doctype.DocField) int { return max(varchar(f), c.Profile.ShortestVarchar) }

// checkLengths refuses lengths beyond the limit and tells of columns that stay longer
// because of the data in them. Source: frappe/database/schema.py DBTable.validate.
func checkLengths(ctx context.Context, c *engine.Call, dt, before *doctype.DocType) error {
	for _, f := range dt.Fields {
		if f.Type.Size != doctype.SizeVarchar || !f.HasColumn() {
			continue
		}
		if f.Length < 0 || f.Length > maxVarchar {
			return exc.Validation.Throwf("Length of %s should be between 1 and 1000", f.Fieldname)
		}
		old := before.Field(f.Fieldname)
		if old == nil || old.Type.Size != doctype.SizeVarchar || varchar(old) <= varchar(f) {
			continue
		}
		longest, err := c.Tx.Longest(ctx, "tab"+dt.Name, f.Fieldname)
		if err != nil {
			return err
		}
		if longest > int64(varchar(f)) {
			c.Msgprint(exc.Message{Text: fmt.Sprintf("Reverting length to %d for '%s' in '%s'. Setting the length as %d will cause truncation of data.",
				kept(c, old), f.Fieldname, dt.Name, varchar(f))})
		}
	}
	return nil
}

// alter creates or changes a table and fills new columns with their defaults.
func alter(ctx context.Context, c *engine.Call, dt *doctype.DocType, o storage.SchemaOptions) error {
	res, err := c.Tx.SyncTable(ctx, dt, o)
	if err != nil {
		return err
	}
	for _, name := range res.Added {
		f := dt.Field(name)
		if f == nil || f.Type.Numeric || f.Unique || !columnDefault(f.Default) {
			continue
		}
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table(dt.Name).SQL(" SET ").Ident(name).SQL(" = ").Str(f.Default)
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// columnDefault reports whether a default is a plain value that columns carry too.
// Source: frappe/utils/defaults.py, frappe/database/schema.py get_definition.
func columnDefault(def string) bool {
	switch def {
	case "", "_Login", "__user", "_Full Name", "Today", "__today", "now", "Now":
		return false
	}
	return !strings.HasPrefix(def, ":")
}

// checkRetyped refuses to make numbers of texts that are none, as MariaDB does.
// SQLite would keep them.
func checkRetyped(ctx context.Context, c *engine.Call, dt, before *doctype.DocType) error {
	for _, f := range dt.Fields {
		old := before.Field(f.Fieldname)
		if old == nil || !f.HasColumn() || !old.HasColumn() || old.Type.Class != doctype.TextClass || !f.Type.Numeric {
			continue
		}
		bad, found, err := notNumber(ctx, c, dt.Name, f.Fieldname)
		if err != nil {
			return err
		}
		if found {
			return exc.Operational.New(fmt.Sprintf(`(1292, "Truncated incorrect INTEGER value: '%s'")`, bad))
		}
	}
	return nil
}

// notNumber finds a value of a text column that is no number.
func notNumber(ctx context.Context, c *engine.Call, dt, field string) (bad string, found bool, err error) {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT DISTINCT ").Ident(field).SQL(" FROM ").Table(dt).SQL(" WHERE ").Ident(field).SQL(" IS NOT NULL")
	rows, err := c.Tx.Peek(ctx, b)
	if err != nil {
		return "", false, err
	}
	defer rows.Close()
	for rows.Next() {
		text := document.ToText(rows.Raw(0).Natural())
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return text, true, nil
		}
	}
	return "", false, rows.Err()
}
