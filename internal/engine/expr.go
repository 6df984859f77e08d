package engine

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/pyexpr"
)

// computeVirtual evaluates the virtual fields of d and of its rows whose options hold
// an expression over doc. What a client sent for them is dropped.
// Source: frappe/model/base_document.py get_valid_dict.
func (c *Call) computeVirtual(ctx context.Context, d *document.Document) error {
	if err := c.computeFields(ctx, d); err != nil {
		return err
	}
	if err := c.computeRows(ctx, d); err != nil {
		return err
	}
	for i := range d.Type.Tables {
		rows := d.RowsAt(i)
		if len(rows) == 0 || len(rows[0].Type.VirtualFields()) == 0 {
			continue
		}
		for _, row := range rows {
			if err := c.computeFields(ctx, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// computeRows fills the tables that are not stored.
func (c *Call) computeRows(ctx context.Context, d *document.Document) error {
	for _, v := range c.Hooks.rows[d.Type.Name] {
		at := d.TableIndex(v.field)
		if at < 0 {
			continue
		}
		objects, err := v.fn(ctx, c, d)
		if err != nil {
			return err
		}
		d.SetRowsAt(at, []*document.Document{})
		for _, o := range objects {
			row, err := d.AppendRow(v.field, c.resolver(ctx))
			if err != nil {
				return err
			}
			row.SetName(o.Str("name"))
			for i := range o.Len() {
				if k, x := o.At(i); k != "name" {
					row.Set(k, x)
				}
			}
			row.New = false
		}
	}
	return nil
}

func (c *Call) computeFields(ctx context.Context, d *document.Document) error {
	for _, f := range d.Type.VirtualFields() {
		if f.Options == "" || f.Slot < 0 || f.Type.Class == doctype.TextClass && isLink(f) {
			continue
		}
		v, err := c.EvalDoc(ctx, f.Options, d, false)
		if err != nil {
			return err
		}
		d.SetAt(f.Slot, v)
	}
	return nil
}

// isLink: the options of a link are its target, never an expression.
func isLink(f *doctype.DocField) bool { return f.Fieldtype == "Link" || f.Fieldtype == "Dynamic Link" }

// exprKey keys a parsed expression among what is derived from a DocType.
type exprKey string

// EvalDoc evaluates a Python expression in which doc stands for d and frappe for the
// few functions that upstream offers there. open makes attributes that d does not have
// None, as they are on upstream's doc.as_dict(); otherwise they are an AttributeError.
// Errors: what Python would raise, as 500. Source: frappe/utils/safe_exec.py safe_eval.
func (c *Call) EvalDoc(ctx context.Context, code string, d *document.Document, open bool) (document.Value, error) {
	code = strings.TrimSpace(code)
	parsed, err := d.Type.Derived(exprKey(code), func() (any, error) { return pyexpr.Parse(code) })
	if err != nil {
		return document.Value{}, pythonError(err)
	}
	host := &exprHost{c: c, ctx: ctx}
	v, err := parsed.(*pyexpr.Expr).Eval(func(name string) (pyexpr.Value, bool) {
		switch name {
		case "doc":
			return &exprDoc{d: d, open: open, zone: c.Zone}, true
		case "frappe":
			return host.frappe(), true
		}
		return nil, false
	})
	if err != nil {
		return document.Value{}, pythonError(err)
	}
	return fromPython(v), nil
}

var pythonClasses = map[string]*exc.Class{"TypeError": exc.TypeErr, "KeyError": exc.KeyErr, "ValueError": exc.ValueErr,
	"AttributeError": exc.AttributeErr, "IndexError": exc.IndexErr}

// pythonError is an expression's failure as upstream's request ends with it.
func pythonError(err error) error {
	var e *pyexpr.Error
	if !errors.As(err, &e) {
		return err
	}
	class := pythonClasses[e.Class]
	if class == nil {
		class = &exc.Class{Name: e.Class, Status: 500}
	}
	return class.Wrap(err, e.Text)
}

// exprDoc is a document inside of an expression.
type exprDoc struct {
	d    *document.Document
	open bool
	zone *time.Location
}

// Attr returns a field, a table, or the method get.
func (o *exprDoc) Attr(name string) (pyexpr.Value, bool, error) {
	if name == "get" {
		return pyexpr.Func(o.get), true, nil
	}
	if i := o.d.TableIndex(name); i >= 0 {
		l := &pyexpr.List{}
		for _, row := range o.d.RowsAt(i) {
			l.Items = append(l.Items, &exprDoc{d: row, open: o.open, zone: o.zone})
		}
		return l, true, nil
	}
	col := o.d.Type.Column(name)
	if col == nil {
		v := o.d.Get(name)
		return toPython(v), o.open || v.Kind() != document.Missing, nil
	}
	v := document.Normal(col, o.d.Get(name), false)
	if v.Kind() == document.String {
		if t, ok := pythonTime(col.Type.Class, v.Str(), o.zone); ok {
			return t, true, nil
		}
	}
	return toPython(v), true, nil
}

func (o *exprDoc) get(args []pyexpr.Value, _ map[string]pyexpr.Value) (pyexpr.Value, error) {
	if len(args) == 0 || len(args) > 2 {
		return nil, &pyexpr.Error{Class: "TypeError", Text: "get() takes one or two arguments"}
	}
	name, _ := args[0].(string)
	v, ok, err := o.Attr(name)
	if (!ok || v == nil) && len(args) == 2 {
		return args[1], err
	}
	return v, err
}

// pythonTime is a date or time as the driver hands it to Python.
func pythonTime(class doctype.Class, s string, zone *time.Location) (pyexpr.Value, bool) {
	switch class {
	case doctype.DateClass:
		t, err := time.ParseInLocation("2006-01-02", s, zone)
		return pyexpr.Date{Time: t}, err == nil
	case doctype.DatetimeClass:
		t, err := time.ParseInLocation("2006-01-02 15:04:05", s, zone)
		return pyexpr.DateTime{Time: t}, err == nil
	case doctype.TimeClass:
		stored, ok := document.StoredTime(s)
		if !ok {
			return nil, false
		}
		t, err := time.Parse("15:04:05", stored)
		return pyexpr.Delta(t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))), err == nil
	}
	return nil, false
}

func toPython(v document.Value) pyexpr.Value {
	switch v.Kind() {
	case document.Bool:
		return v.Bool()
	case document.Int:
		return v.Int()
	case document.Float:
		return v.Float()
	case document.String, document.Number:
		return v.Str()
	case document.List:
		l := &pyexpr.List{}
		for _, item := range v.List() {
			l.Items = append(l.Items, toPython(item))
		}
		return l
	case document.Map:
		d := pyexpr.NewDict(true)
		o := v.Map()
		for i := range o.Len() {
			k, item := o.At(i)
			_ = d.Set(k, toPython(item)) // text is always a key
		}
		return d
	}
	return nil
}

func fromPython(v pyexpr.Value) document.Value {
	switch t := v.(type) {
	case nil:
		return document.NullValue
	case bool:
		return document.BoolOf(t)
	case int64:
		return document.IntOf(t)
	case float64:
		if math.IsNaN(t) || math.IsInf(t, 0) {
			return document.FloatOf(0)
		}
		return document.FloatOf(t)
	case *pyexpr.List:
		return listFromPython(t.Items)
	case pyexpr.Tuple:
		return listFromPython(t)
	}
	return document.Text(pyexpr.Str(v))
}

func listFromPython(items []pyexpr.Value) document.Value {
	out := make([]document.Value, len(items))
	for i, x := range items {
		out[i] = fromPython(x)
	}
	return document.ListOf(out...)
}
