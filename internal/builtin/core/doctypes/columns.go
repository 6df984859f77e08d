package doctypes

import (
	"context"
	"fmt"
	"html"
	"strings"

	"freddo/doctype"
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
	return !strings.HasPrefix(def, ":") && !strings.ContainsRune(def, 0)
}

// checkShortened refuses to make text of any length a column of limited length when a
// value is longer: not every database's catalogue tells one from the other. Text whose
// limit becomes lower is another matter (see checkLengths).
func checkShortened(ctx context.Context, c *engine.Call, dt, before *doctype.DocType) error {
	for _, f := range dt.Fields {
		old := before.Field(f.Fieldname)
		if old == nil || !f.HasColumn() || !old.HasColumn() || f.Type.Size != doctype.SizeVarchar || old.Type.Class != doctype.TextClass || old.Type.Size == doctype.SizeVarchar {
			continue
		}
		longest, err := c.Tx.Longest(ctx, "tab"+dt.Name, f.Fieldname)
		if err != nil {
			return err
		}
		if longest > int64(varchar(f)) {
			return &storage.Unfit{Table: "tab" + dt.Name, Column: f.Fieldname, Size: doctype.SizeVarchar, Why: storage.TooWide}
		}
	}
	return nil
}

// unfitError is what the refusal of a type is to a client: MariaDB's errors where it
// refuses too, and a message where it would change values without a word.
func unfitError(dt *doctype.DocType, u *storage.Unfit) error {
	switch {
	case u.Why == storage.Lost:
		f := dt.Field(u.Column)
		label, kind := u.Column, ""
		if f != nil {
			label, kind = f.Label, f.Fieldtype
		}
		return exc.Validation.Throwf("The type of %s cannot be changed to %s: %s, which %s holds, would be lost or changed. Change the stored values first.",
			engine.Bold(label), kind, engine.Bold(html.EscapeString(u.Value)), engine.Bold(html.EscapeString(u.Row)))
	case u.Why == storage.TooBig:
		return exc.OutOfRange.Wrap(u, fmt.Sprintf(`(1264, "Out of range value for column '%s' at row 1")`, u.Column))
	case u.Why == storage.TooWide:
		return exc.OutOfRange.Wrap(u, fmt.Sprintf(`(1406, "Data too long for column '%s' at row 1")`, u.Column))
	}
	switch u.Size {
	case doctype.SizeDate, doctype.SizeDatetime:
		return exc.Operational.Wrap(u, fmt.Sprintf(`(1292, "Incorrect datetime value: '%s' for column '%s' at row 1")`, u.Value, u.Column))
	case doctype.SizeTime:
		return exc.Operational.Wrap(u, fmt.Sprintf(`(1292, "Incorrect time value: '%s' for column '%s' at row 1")`, u.Value, u.Column))
	case doctype.SizeJSON:
		return exc.Operational.Wrap(u, fmt.Sprintf("(4025, 'CONSTRAINT `%s.%s` failed')", u.Table, u.Column))
	case doctype.SizeDecimal, doctype.SizeRating:
		return exc.Operational.Wrap(u, fmt.Sprintf(`(1292, "Truncated incorrect DECIMAL value: '%s'")`, u.Value))
	}
	return exc.Operational.Wrap(u, fmt.Sprintf(`(1292, "Truncated incorrect INTEGER value: '%s'")`, u.Value))
}
