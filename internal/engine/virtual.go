package engine

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/query"
)

// Virtual keeps the documents of a virtual DocType, which has no table. The engine does
// all else: permissions, defaults, naming, validation, events and links. Objects hold
// fields by name, those of the standard columns too; tables are lists of objects.
// Source: frappe/model/virtual_doctype.py.
type Virtual interface {
	// Load returns a document, or nil when there is none of that name.
	Load(ctx context.Context, c *Call, name string) (*document.Object, error)
	// List returns the rows of a list, filtered, ordered and cut by the request. Of their
	// keys those are answered that the request asks for and its user may read.
	List(ctx context.Context, c *Call, q VirtualQuery) ([]*document.Object, error)
	// Count counts the rows of a list.
	Count(ctx context.Context, c *Call, q VirtualQuery) (int64, error)
	// Insert, Update and Delete write; d.Before is what Load returned.
	Insert(ctx context.Context, c *Call, d *document.Document) error
	Update(ctx context.Context, c *Call, d *document.Document) error
	Delete(ctx context.Context, c *Call, d *document.Document) error
}

// VirtualQuery is a list's request. Its conditions are as the client sent them; they
// have been checked against the DocType's fields.
type VirtualQuery struct {
	Filters, OrFilters document.Value
	// OrderBy is empty when the client asked for none.
	OrderBy string
	// Start is the number of rows to leave out, Limit the most to return; below 0 all.
	Start, Limit int64
}

// Virtual registers who keeps the documents of a virtual DocType.
func (h *Hooks) Virtual(dt string, v Virtual) { h.virtual[dt] = v }

// virtualKeeper returns who keeps the documents of dt; nil for DocTypes with a table, and
// where nothing does.
func (c *Call) virtualKeeper(dt *doctype.DocType) Virtual {
	if !dt.IsVirtual {
		return nil
	}
	return c.Hooks.virtual[dt.Name]
}

// virtualOf returns who keeps the documents of dt. Errors: ImportError, as upstream has
// it for a controller that cannot be found.
func (c *Call) virtualOf(dt *doctype.DocType) (Virtual, error) {
	if v := c.Hooks.virtual[dt.Name]; v != nil {
		return v, nil
	}
	return nil, exc.ImportErr.New("Module import failed for " + dt.Name + ": nothing keeps the documents of this virtual DocType")
}

// loadVirtual is load for virtual DocTypes. Where nothing keeps documents there are none.
func (c *Call) loadVirtual(ctx context.Context, dt *doctype.DocType, name string) (*document.Document, error) {
	v := c.Hooks.virtual[dt.Name]
	if v == nil {
		return nil, notFound(dt, name)
	}
	o, err := v.Load(ctx, c, name)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, notFound(dt, name)
	}
	d := document.New(dt)
	if err := c.UpdateDoc(ctx, d, o); err != nil {
		return nil, err
	}
	d.New = false
	if d.Name() == "" {
		d.SetName(name)
	}
	return d, c.computeVirtual(ctx, d)
}

// virtualList is list for virtual DocTypes.
func (c *Call) virtualList(ctx context.Context, v Virtual, r query.Request, q *query.Select) (ListResult, error) {
	rows, err := v.List(ctx, c, virtualQuery(r))
	if err != nil {
		return ListResult{}, err
	}
	res := ListResult{More: q.Lookahead && q.More(len(rows))}
	if res.More {
		rows = rows[:len(rows)-1]
	}
	f, out := c.Profile.Body, []byte{'['}
	for i, o := range rows {
		if i > 0 {
			out = append(out, ',')
		}
		row := &document.Object{}
		values := make([]document.Value, 0, len(q.Columns))
		for k := range q.Columns {
			label := q.Columns[k].Label
			value := o.Get(label)
			if value.Kind() == document.Missing {
				value = document.NullValue
			}
			row.Set(label, value)
			values = append(values, value)
		}
		if q.AsList {
			out = f.Append(out, document.ListOf(values...))
		} else {
			out = f.Append(out, document.MapOf(row))
		}
	}
	res.JSON, res.N = append(out, ']'), len(rows)
	return res, nil
}

func virtualQuery(r query.Request) VirtualQuery {
	return VirtualQuery{Filters: r.Filters, OrFilters: r.OrFilters, OrderBy: r.OrderBy.Str(), Start: r.Start, Limit: r.Limit}
}
