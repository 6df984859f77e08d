package storage

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"freddo/doctype"
	"freddo/document"
)

// family groups the types of columns that convert into each other by themselves.
type family uint8

const (
	texts family = iota
	integers
	decimalNumbers
	times
)

// familyOf reads a type as a catalogue spells it, on any database.
func familyOf(typ string) family {
	name, _, _ := strings.Cut(strings.ToLower(typ), "(")
	name, _, _ = strings.Cut(name, " ")
	switch name {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint":
		return integers
	case "decimal", "numeric", "real", "double", "float":
		return decimalNumbers
	case "date", "datetime", "timestamp", "time":
		return times
	}
	return texts
}

// widths orders the types of whole numbers by what they hold.
var widths = map[string]int{"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "integer": 8, "bigint": 8}

// Numeric reports whether a column type as a catalogue spells it is that of a number.
func Numeric(typ string) bool { f := familyOf(typ); return f == integers || f == decimalNumbers }

// widens reports whether no value can be changed by a change of type.
func widens(old, now string, s ColumnSpec) bool {
	name := func(typ string) string {
		n, _, _ := strings.Cut(strings.ToLower(typ), "(")
		n, _, _ = strings.Cut(n, " ")
		return n
	}
	from, to := familyOf(old), familyOf(now)
	switch {
	case to == texts:
		if name(now) == "json" || name(now) == "text" && name(old) == "longtext" {
			return false
		}
		short := s.limit()
		return short == 0 || from != texts && short >= 40 || from == texts && varcharLength(old) != 0 // measured by keepLength
	case from != to:
		return false
	case from == integers && s.Size == doctype.SizeCheck:
		return sameType(old, now) || widths[name(old)] < widths["int"] // another release's Check
	case from == integers:
		return widths[name(now)] >= widths[name(old)]
	}
	return name(old) == name(now) && strings.EqualFold(old, now)
}

// blanks reports whether a change of type keeps no value: numbers and times are nothing
// to each other, and only what is null or 0 may be changed so.
func (s ColumnSpec) blanks(old string) bool {
	from := familyOf(old)
	switch s.Size {
	case doctype.SizeDate, doctype.SizeDatetime, doctype.SizeTime:
		return from == integers || from == decimalNumbers
	case doctype.SizeInt, doctype.SizeBigInt, doctype.SizeCheck, doctype.SizeDecimal, doctype.SizeRating:
		return from == times
	}
	return false
}

// without leaves columns out: a table that is rebuilt keeps them as they are.
func without(specs []ColumnSpec, unfit []*Unfit) []ColumnSpec {
	return slices.DeleteFunc(slices.Clone(specs), func(s ColumnSpec) bool {
		return slices.ContainsFunc(unfit, func(u *Unfit) bool { return strings.EqualFold(u.Column, s.Name) })
	})
}

// changes are the columns of a table whose type changes, and those whose values are
// written anew.
type changes struct{ retyped, restored []ColumnSpec }

// plannedChanges looks at all values that changes of type concern. Columns that stay as
// they are, are told in res.
func (tx *Tx) plannedChanges(ctx context.Context, table string, specs []ColumnSpec, have map[string]shape, o SchemaOptions, res *SyncResult) (change changes, err error) {
	var unique []ColumnSpec
	for _, s := range specs {
		old, exists := have[strings.ToLower(s.Name)]
		if !exists {
			continue
		}
		present := s
		present.Name = old.name // which may differ in case
		unique = append(unique, present)
		same := sameType(old.typ, tx.Dialect().ColumnType(s))
		if same && o.KeepUnfit {
			continue
		}
		found := false
		if same {
			found, err = tx.checkStored(ctx, table, present)
		} else {
			var kept *Kept
			if kept, err = tx.keepLength(ctx, table, present, old.typ); kept != nil {
				res.Kept = append(res.Kept, *kept)
				continue
			}
			if err == nil {
				err = tx.checkRetyped(ctx, table, present, old.typ)
			}
		}
		var bad *Unfit
		switch {
		case errors.As(err, &bad) && o.KeepUnfit:
			res.Unfit = append(res.Unfit, bad)
		case err != nil:
			return change, err
		case same && found:
			change.restored = append(change.restored, s)
		case !same:
			change.retyped = append(change.retyped, s)
			res.Changed = append(res.Changed, s.Name)
		}
	}
	if len(change.retyped)+len(change.restored) == 0 {
		return change, nil
	}
	return change, tx.checkUnique(ctx, table, unique)
}

// textBytes is what MariaDB's text holds, in bytes.
const textBytes = 65535

// checkRetyped refuses changes of type that a value of the column stands in the way of,
// before anything is changed. What the column is says the catalogue, not the DocType's
// description, which may be ahead of it since an earlier refusal.
func (tx *Tx) checkRetyped(ctx context.Context, table string, s ColumnSpec, old string) error {
	now := tx.Dialect().ColumnType(s)
	if !s.blanks(old) && widens(old, now, s) {
		return nil
	}
	maxBytes := 0
	if strings.EqualFold(now, "text") && strings.HasPrefix(strings.ToLower(old), "longtext") {
		maxBytes = textBytes
	}
	return tx.eachValue(ctx, table, s.Name, nil, func(row, v document.Value) error {
		if Numeric(old) && v.Kind() == document.String {
			v = document.FloatOf(document.Flt(v))
		}
		written := v
		if familyOf(old) == decimalNumbers && familyOf(now) == texts && !s.blanks(old) {
			written = document.Text(strconv.FormatFloat(document.Flt(v), 'f', decimals(s.Size), 64))
		}
		return unfit(table, s, row, v, fit(written, s, maxBytes))
	})
}

// unfit is the error for a value, nil when it fits.
func unfit(table string, s ColumnSpec, row, v document.Value, why Misfit) error {
	if why == Fits {
		return nil
	}
	const shown = 80
	text := []rune(document.ToText(v))
	if len(text) > shown {
		text = append(text[:shown:shown], '…')
	}
	return &Unfit{Table: table, Column: s.Name, Row: document.ToText(row), Value: string(text), Size: sizeOf(s), Why: why}
}

// valuePage is how many values eachValue reads at once.
const valuePage = 5000

// eachValue reads the values of a column that are not null, and the names of their rows,
// in pages, since a Peek keeps what it has read. where adds conditions.
func (tx *Tx) eachValue(ctx context.Context, table, column string, where func(b *Builder), fn func(row, v document.Value) error) error {
	last := document.NullValue
	for n := valuePage; n == valuePage; {
		b := NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("name").SQL(", ").Ident(column).SQL(" FROM ").Ident(table).SQL(" WHERE ").Ident(column).SQL(" IS NOT NULL")
		if !last.IsNull() {
			b.SQL(" AND ").Ident("name").SQL(" > ").Arg(last)
		}
		if where != nil {
			where(b)
		}
		b.SQL(" ORDER BY ").Ident("name")
		tx.Dialect().Offset(b, valuePage, 0)
		var err error
		if n, last, err = tx.valuesOf(ctx, b, fn); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) valuesOf(ctx context.Context, b *Builder, fn func(row, v document.Value) error) (n int, last document.Value, err error) {
	rows, err := tx.Peek(ctx, b)
	if err != nil {
		return 0, last, err
	}
	defer rows.Close()
	for rows.Next() {
		n++
		last = rows.Raw(0).Natural()
		if err := fn(last, rows.Raw(1).Natural()); err != nil {
			return n, last, err
		}
	}
	return n, last, rows.Err()
}

// checkStored is checkRetyped for columns whose type says less than the DocField: SQLite
// keeps dates, times and JSON as text, and like PostgreSQL numbers of all widths alike. It
// looks at the values that are not what the field asks for.
func (tx *Tx) checkStored(ctx context.Context, table string, s ColumnSpec) (found bool, err error) {
	d := tx.Dialect()
	big := s
	big.Size = doctype.SizeBigInt
	anyWidth := s.Size == doctype.SizeInt && d.ColumnType(s) == d.ColumnType(big)
	if !s.Field || !d.RebuildsForTypes() && !anyWidth || !misfits(NewBuilder(d), s) {
		return false, nil
	}
	err = tx.eachValue(ctx, table, s.Name, func(b *Builder) { b.SQL(" AND ("); misfits(b, s); b.SQL(")") }, func(row, v document.Value) error {
		found = true
		return unfit(table, s, row, v, fit(v, s, 0))
	})
	return found, err
}

// misfits writes the condition for values that are not what a column should hold, or
// reports false when all are.
func misfits(b *Builder, s ColumnSpec) bool {
	switch s.Size {
	case doctype.SizeInt:
		b.Ident(s.Name).SQL(" NOT BETWEEN -2147483648 AND 2147483647")
	case doctype.SizeCheck:
		b.Ident(s.Name).SQL(" NOT IN (0, 1)")
	case doctype.SizeDecimal, doctype.SizeRating:
		from, to, digits := "-1000000000000", "1000000000000", "9"
		if s.Size == doctype.SizeRating {
			from, to, digits = "0", "1", "2"
		}
		b.Ident(s.Name).SQL(" NOT BETWEEN " + from + " AND " + to + " OR ROUND(").Ident(s.Name).SQL(", " + digits + ") <> ").Ident(s.Name)
	default:
		name, ok := storedKinds[s.Size]
		if !ok {
			return false
		}
		ok = b.d.WriteFunction(b, name, []func(){func() { b.Ident(s.Name) }})
		b.SQL(" IS NOT ").Ident(s.Name)
		return ok
	}
	return true
}

// restore writes the values of columns that checkStored has found something in as the
// field keeps them.
func (tx *Tx) restore(ctx context.Context, table string, specs []ColumnSpec) error {
	for _, s := range specs {
		name, ok := storedKinds[s.Size]
		if !ok || s.Size == doctype.SizeJSON {
			continue
		}
		b := NewBuilder(tx.Dialect()).SQL("UPDATE ").Ident(table).SQL(" SET ").Ident(s.Name).SQL(" = ")
		b.d.WriteFunction(b, name, []func(){func() { b.Ident(s.Name) }})
		b.SQL(" WHERE ").Ident(s.Name).SQL(" IS NOT NULL")
		if _, err := tx.Exec(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// checkUnique refuses a unique index that equal values stand in the way of, before
// columns are retyped: that cannot be undone everywhere.
func (tx *Tx) checkUnique(ctx context.Context, table string, specs []ColumnSpec) error {
	have, err := tx.indexes(ctx, table)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, ix := range have {
		if ix.unique {
			there[strings.ToLower(ix.column)] = true
		}
	}
	for _, s := range specs {
		if !s.Unique || there[strings.ToLower(s.Name)] {
			continue
		}
		b := NewBuilder(tx.Dialect()).SQL("SELECT COUNT(*) FROM ").Ident(table).SQL(" WHERE ").Ident(s.Name).SQL(" IS NOT NULL GROUP BY ").Ident(s.Name).
			SQL(" HAVING COUNT(*) > 1")
		tx.Dialect().Offset(b, 1, 0)
		var n document.Value
		found, err := tx.PeekRow(ctx, b, &n)
		if err != nil {
			return err
		}
		if found {
			return NewError(UniqueViolation, table, s.Name, nil)
		}
	}
	return nil
}
