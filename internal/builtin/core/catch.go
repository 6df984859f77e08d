package core

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// Catch logs an error that upstream catches: what it threw stays in the message log.
func Catch(c *engine.Call, err error) {
	e := exc.Of(err)
	if e == nil {
		return
	}
	for _, m := range e.Plain {
		c.Msgprint(m)
	}
	if e.Thrown {
		c.Msgprint(exc.Message{Text: e.Text, Title: e.Title, Indicator: "red", Raise: true})
	}
	LeaveExcType(c, err)
}

// Isolated runs fn so that its failure undoes what it wrote. Changes of DocTypes may
// commit on the way and run bare.
func Isolated(ctx context.Context, c *engine.Call, dt string, fn func() error) error {
	switch dt {
	case "DocType", "Custom Field":
		return fn()
	}
	return c.Tx.Savepoint(ctx, fn)
}

// Traceback is what stands for Python's traceback of a caught error.
func Traceback(err error) string {
	text := "Exception"
	if e := exc.Of(err); e != nil {
		text = e.Error()
	}
	return "Traceback (most recent call last):\n" + text + "\n"
}

// Whole builds a document from an object as upstream's get_doc does: what the object
// leaves out is empty, tables too.
func Whole(ctx context.Context, c *engine.Call, o *document.Object) (*document.Document, error) {
	if o.Str("doctype") == "" {
		return nil, exc.ValueErr.New(`"doctype" is a required key`)
	}
	d, err := c.FromObject(ctx, o)
	if err != nil {
		return nil, err
	}
	for i := range d.Type.Tables {
		if d.RowsAt(i) == nil {
			d.SetRowsAt(i, []*document.Document{})
		}
	}
	return d, nil
}

// IsTable reports whether a DocType is a child table; an unknown one is none.
// Source: frappe/__init__.py is_table.
func IsTable(ctx context.Context, c *engine.Call, name string) (bool, error) {
	dt, err := c.DocType(ctx, name)
	if exc.Is(err, exc.DoesNotExist) {
		return false, nil
	}
	return err == nil && dt.IsTable, err
}

// CheckParent refuses to show rows of a child table but through a parent that holds
// it and that the user may read. Source: frappe/model/db_query.py
// check_parent_permission.
func CheckParent(ctx context.Context, c *engine.Call, parent, child string) error {
	if parent != "" {
		dt, err := c.DocType(ctx, parent)
		if err != nil && !exc.Is(err, exc.DoesNotExist) {
			return err
		}
		if err == nil {
			for _, f := range dt.Tables {
				if f.Options != child {
					continue
				}
				ok, err := c.HasPermission(ctx, parent, doctype.Read, nil)
				if err != nil {
					return err
				}
				if ok {
					return nil
				}
			}
		}
	}
	return exc.Permission.New("")
}
