package storage

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"freddo/doctype"
	"freddo/document"
)

// WriteOptions steer how documents are written.
type WriteOptions struct {
	// IndentJSON stores objects given to JSON fields indented and sorted (v14).
	IndentJSON bool
}

var (
	errBadValue = errors.New("value does not fit the column's type")
	errTooLong  = errors.New("text is longer than the column")
)

// maxRunes is the length of a varchar column in characters; 0 for other columns.
// MariaDB and PostgreSQL refuse longer text themselves, SQLite would take it. Legacy
// columns have lengths of their own.
func maxRunes(c *doctype.Column) int {
	switch {
	case c.Type.Size != doctype.SizeVarchar || c.Legacy:
		return 0
	case c.Field != nil && c.Field.Length > 0:
		return c.Field.Length
	}
	return 140
}

// bindable returns a slot's value as its column stores it.
func bindable(dt *doctype.DocType, c *doctype.Column, v document.Value, o WriteOptions) (document.Value, error) {
	v = document.Normal(c, v, o.IndentJSON)
	if v.IsNull() && c.Default != "" {
		v = document.Text(c.Default)
	}
	if v.IsNull() {
		return document.NullValue, nil
	}
	var ok bool
	var s string
	switch c.Type.Class {
	case doctype.DateClass:
		s, ok = document.StoredDateOf(v)
	case doctype.DatetimeClass:
		s, ok = document.StoredDatetimeOf(v)
	case doctype.TimeClass:
		s, ok = document.StoredTimeOf(v)
	case doctype.TextClass:
		return textValue(dt, c, v)
	case doctype.IntClass, doctype.CheckClass:
		n := document.Cint(v)
		if !fitsInteger(c, n) || (n == math.MaxInt64 || n == math.MinInt64) && v.Kind() != document.Int { // Cint saturates
			return v, NewError(OutOfRange, "tab"+dt.Name, c.Name, errBadValue)
		}
		return document.IntOf(n), nil
	case doctype.FloatClass:
		f := roundDecimal(document.Flt(v), decimals(c.Type.Size))
		if !(math.Abs(f) < decimalLimit(c.Type.Size)) {
			return v, NewError(OutOfRange, "tab"+dt.Name, c.Name, errBadValue)
		}
		return document.FloatOf(f), nil
	default:
		return v, nil
	}
	if !ok {
		return v, NewError(BadValue, "tab"+dt.Name, c.Name, errBadValue)
	}
	return document.Text(s), nil
}

// fitsInteger reports whether MariaDB's column can hold a number: int is 32 bits wide,
// and bigint, which Int fields with a length above 11 get, 64.
func fitsInteger(c *doctype.Column, n int64) bool {
	if c.Type.Size == doctype.SizeBigInt || c.Field != nil && c.Field.Length > 11 {
		return true
	}
	return n == int64(int32(n))
}

// Fit returns v as a column of dt stores it and refuses what does not fit the column's
// type, as MariaDB does in its strict mode. Documents are cast before they are written
// (Insert, Update); what is written past them is not, and a text in a number's place is
// a mistake of the caller and no 0. Errors: *Error of kind BadValue, OutOfRange, TooLong.
func Fit(dt *doctype.DocType, c *doctype.Column, v document.Value) (document.Value, error) {
	if c.Type.Numeric && !isNumber(v) {
		return v, NewError(BadValue, "tab"+dt.Name, c.Name, errBadValue)
	}
	return bindable(dt, c, v, WriteOptions{})
}

// isNumber reports whether a numeric column takes a value: null, a number or a truth
// value, or a text that is a decimal number and nothing else.
func isNumber(v document.Value) bool {
	switch v.Kind() {
	case document.List, document.Map:
		return false
	case document.String:
		t := strings.Trim(v.Str(), " ")
		if strings.Trim(t, "0123456789+-.eE") != "" {
			return false
		}
		f, err := strconv.ParseFloat(t, 64)
		return err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	}
	return true
}

func textValue(dt *doctype.DocType, c *doctype.Column, v document.Value) (document.Value, error) {
	if c.Type.Size == doctype.SizeJSON {
		if _, err := document.ParseJSON(document.ToText(v)); err != nil {
			return v, NewError(BadValue, "tab"+dt.Name, c.Name, err)
		}
	}
	switch v.Kind() {
	case document.String:
		if n := maxRunes(c); n > 0 && len(v.Str()) > n && utf8.RuneCountInString(v.Str()) > n {
			return v, NewError(TooLong, "tab"+dt.Name, c.Name, errTooLong)
		}
		return v, nil
	case document.Int:
		if c.Name == "name" && dt.Autoname == "autoincrement" {
			return v, nil
		}
	case document.Bool:
		return document.Text(document.ToText(document.IntOf(v.Int()))), nil
	case document.Map:
		return v, NewError(BadValue, "tab"+dt.Name, c.Name, errBadValue)
	}
	return document.Text(document.ToText(v)), nil
}

// Insert writes the row of a document; its child rows are written one by one.
// Errors: *Error of kind UniqueViolation, BadValue, TooLong.
// Source: frappe/model/base_document.py db_insert.
func (tx *Tx) Insert(ctx context.Context, d *document.Document, o WriteOptions) error {
	p := tx.db.plan(d.Type)
	args := make([]document.Value, len(p.slots))
	for i, slot := range p.slots {
		v, err := bindable(d.Type, &d.Type.Columns[slot], d.At(slot), o)
		if err != nil {
			return err
		}
		args[i] = v
	}
	if err := tx.StartWrite(ctx); err != nil {
		return err
	}
	_, err := tx.exec(ctx, p.insertSQL, args)
	return err
}

// Update writes all columns of a stored row but the optional ones (_user_tags…).
func (tx *Tx) Update(ctx context.Context, d *document.Document, o WriteOptions) (affected int64, err error) {
	p := tx.db.plan(d.Type)
	args := make([]document.Value, len(p.updateSlots)+1)
	for i, slot := range p.updateSlots {
		if args[i], err = bindable(d.Type, &d.Type.Columns[slot], d.At(slot), o); err != nil {
			return 0, err
		}
	}
	args[len(args)-1] = nameValue(d.Type, d.NameValue())
	if err := tx.StartWrite(ctx); err != nil {
		return 0, err
	}
	return tx.exec(ctx, p.update, args)
}

// SetColumns writes some columns of a stored row as they are (upstream: db_set). Errors:
// those of Fit, and NoColumn.
func (tx *Tx) SetColumns(ctx context.Context, dt *doctype.DocType, name document.Value, cols []string, vals []document.Value) error {
	if dt.IsSingle {
		return tx.setSingle(ctx, dt, cols, vals)
	}
	b := NewBuilder(tx.Dialect()).SQL("UPDATE ").Table(dt.Name).SQL(" SET ")
	for i, col := range cols {
		c := dt.Column(col)
		if c == nil || !c.Stored {
			return NewError(NoColumn, "tab"+dt.Name, col, nil)
		}
		v, err := Fit(dt, c, vals[i])
		if err != nil {
			return err
		}
		if i > 0 {
			b.SQL(", ")
		}
		b.Ident(col).SQL(" = ").Arg(v)
	}
	_, err := tx.Exec(ctx, b.SQL(" WHERE ").Ident("name").SQL(" = ").Arg(nameValue(dt, name)))
	return err
}

// Delete removes a row.
func (tx *Tx) Delete(ctx context.Context, dt *doctype.DocType, name document.Value) (int64, error) {
	b := NewBuilder(tx.Dialect())
	if dt.IsSingle {
		b.SQL("DELETE FROM ").Ident("tabSingles").SQL(" WHERE ").Ident("doctype").SQL(" = ").Str(dt.Name)
		return tx.Exec(ctx, b)
	}
	b.SQL("DELETE FROM ").Table(dt.Name).SQL(" WHERE ").Ident("name").SQL(" = ").Arg(nameValue(dt, name))
	return tx.Exec(ctx, b)
}

// DeleteChildren removes the rows of a parent, of one table or ("") of all, except
// those named.
func (tx *Tx) DeleteChildren(ctx context.Context, child *doctype.DocType, parenttype, parentfield string, parent document.Value, except []string) error {
	if child.IsVirtual {
		return nil
	}
	b := NewBuilder(tx.Dialect()).SQL("DELETE FROM ").Table(child.Name).SQL(" WHERE ").Ident("parent").SQL(" = ").Str(document.ToText(parent)).
		SQL(" AND ").Ident("parenttype").SQL(" = ").Str(parenttype)
	if parentfield != "" {
		b.SQL(" AND ").Ident("parentfield").SQL(" = ").Str(parentfield)
	}
	for i, name := range except {
		if i == 0 {
			b.SQL(" AND ").Ident("name").SQL(" NOT IN (")
		} else {
			b.SQL(", ")
		}
		b.Arg(nameValue(child, document.Text(name)))
	}
	if len(except) > 0 {
		b.SQL(")")
	}
	_, err := tx.Exec(ctx, b)
	return err
}
