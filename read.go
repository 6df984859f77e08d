package freddo

import (
	"context"
	"fmt"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/method"
	"freddo/internal/query"
)

// ListOptions say which rows a list has. The zero value is Frappe's: the names of the
// first twenty documents, in the DocType's own order.
type ListOptions struct {
	// Fields are fieldnames, also of linked documents and child tables as the query
	// language has them; none means name.
	Fields []string
	// Filters are a map of fieldname to value or []any{operator, value}, or a list of
	// []any{fieldname, operator, value}.
	Filters any
	// OrderBy is such as "modified desc"; GroupBy such as "status".
	OrderBy, GroupBy string
	// Start is the number of rows to skip, Limit the most to return; 0 means 20 and -1
	// all of them.
	Start, Limit int
}

func (c *Call) request(ctx context.Context, dtName string, o ListOptions) (query.Request, error) {
	dt, err := c.c.DocType(ctx, dtName)
	if err != nil {
		return query.Request{}, err
	}
	filters, err := method.ValueOf(o.Filters)
	if err != nil {
		return query.Request{}, fmt.Errorf("filters: %w", err)
	}
	r := query.Request{DocType: dt, Filters: filters, GroupBy: o.GroupBy, Start: int64(o.Start), Limit: int64(o.Limit)}
	if len(o.Fields) > 0 {
		r.Fields = document.Texts(o.Fields)
	}
	if o.OrderBy != "" {
		r.OrderBy = document.Text(o.OrderBy)
	}
	if o.Limit == 0 {
		r.Limit = 20
	}
	return r, nil
}

// List returns the rows that the user may see, as frappe.get_list does; Rows returns
// them regardless. Errors: PermissionError, DataError for fields that are none.
func (c *Call) List(ctx context.Context, doctype string, o ListOptions) ([]*document.Object, error) {
	r, err := c.request(ctx, doctype, o)
	if err != nil {
		return nil, err
	}
	return c.c.VisibleRows(ctx, r)
}

// Count returns the number of rows that the user may see.
func (c *Call) Count(ctx context.Context, doctype string, filters any) (int64, error) {
	r, err := c.request(ctx, doctype, ListOptions{Filters: filters, Limit: -1})
	if err != nil {
		return 0, err
	}
	r.Count = query.CountPage
	return c.c.Count(ctx, c.c.Rules, r)
}

// Exists reports whether there is a document of that name, whoever may read it.
func (c *Call) Exists(ctx context.Context, doctype, name string) (bool, error) {
	_, ok, err := c.c.Exists(ctx, doctype, name)
	return ok, err
}

// Check refuses with Frappe's PermissionError when the user lacks a right on d.
func (c *Call) Check(ctx context.Context, d *document.Document, right doctype.Right) error {
	return c.c.CheckPermission(ctx, d, right)
}

// CheckRole refuses everyone but Administrator and the holders of one of the roles, as
// frappe.only_for does.
func (c *Call) CheckRole(ctx context.Context, roles ...string) error {
	return c.c.OnlyFor(ctx, roles...)
}

// Roles are the user's roles.
func (c *Call) Roles(ctx context.Context) ([]string, error) { return c.c.Roles(ctx) }

// Setting returns a field of a Single DocType.
func (c *Call) Setting(ctx context.Context, single, field string) (document.Value, error) {
	return c.c.Setting(ctx, single, field)
}

// Password returns the secret in a document's Password field; ok is false when there is
// none. The document itself holds asterisks.
func (c *Call) Password(ctx context.Context, d *document.Document, field string) (secret string, ok bool, err error) {
	return c.c.GetPassword(ctx, d.Type.Name, d.Name(), field)
}

// RemoteIP is the client's address; "" outside of a request.
func (c *Call) RemoteIP() string { return c.c.Request.RemoteIP }

// Header returns a header of the request; "" outside of one.
func (c *Call) Header(name string) string { return c.c.Request.Header.Get(name) }

// SetStatus answers another HTTP status than 200.
func (c *Call) SetStatus(status int) { c.c.Response.Status = status }

// SetHeader adds a header to the answer.
func (c *Call) SetHeader(name, value string) {
	c.c.Response.Header = append(c.c.Response.Header, [2]string{name, value})
}

// SetKey puts a value beside the result, as assigning to frappe.response does.
func (c *Call) SetKey(key string, v document.Value) { c.c.Response.Keys.Set(key, v) }

// Redirect answers 302.
func (c *Call) Redirect(location string) {
	c.c.Response.Kind, c.c.Response.Location = "redirect", location
}

// Download answers a file instead of a result.
func (c *Call) Download(filename, contentType string, content []byte) {
	r := &c.c.Response
	r.Kind, r.Filename, r.ContentType, r.Content, r.Disposition = "download", filename, contentType, content, "attachment"
}

// Persist keeps what a GET wrote, which is undone otherwise.
func (c *Call) Persist() { c.c.Persist = true }
