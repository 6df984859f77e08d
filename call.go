package freddo

import (
	"context"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// Call is one unit of work: a user and a transaction. It lives as long as the request,
// or the function given to Do, and is not safe for concurrent use. What writes checks
// the user's permissions, unless d.Flags.IgnorePermissions is set; Get, Value and Rows
// do not: ask Can.
type Call struct{ c *engine.Call }

// User is who the call acts for.
func (c *Call) User() string { return c.c.User }

// Now is the present in the site's time zone.
func (c *Call) Now() time.Time { return c.c.SiteNow() }

// Compat is the release that the site speaks: v14, v15 or v16.
func (c *Call) Compat() string { return c.c.Profile.Name }

// New returns an unsaved document with its defaults. Errors: ImportError for an unknown
// DocType.
func (c *Call) New(ctx context.Context, doctype string) (*document.Document, error) {
	return c.c.NewDoc(ctx, doctype)
}

// Get returns a stored document, locked until the call ends when lock is set. Errors:
// DoesNotExistError.
func (c *Call) Get(ctx context.Context, doctype, name string, lock bool) (*document.Document, error) {
	if lock {
		return c.c.GetForUpdate(ctx, doctype, name)
	}
	return c.c.Get(ctx, doctype, name)
}

// Rows returns fields of all documents that fulfil the filters: a field's value, or a
// list of an operator and a value. orderBy may be empty.
func (c *Call) Rows(ctx context.Context, doctype string, fields []string, filters *document.Object, orderBy string) ([]*document.Object, error) {
	return c.c.Rows(ctx, doctype, fields, filters, orderBy)
}

// AppendRow adds a child row to a table of d and returns it.
func (c *Call) AppendRow(ctx context.Context, d *document.Document, table string) (*document.Document, error) {
	return d.AppendRow(table, func(name string) (*doctype.DocType, error) { return c.c.DocType(ctx, name) })
}

// Insert stores a new document.
func (c *Call) Insert(ctx context.Context, d *document.Document) error { return c.c.Insert(ctx, d) }

// Save stores a changed document; its docstatus may submit or cancel it.
func (c *Call) Save(ctx context.Context, d *document.Document) error { return c.c.Save(ctx, d) }

// Submit stores a draft as submitted.
func (c *Call) Submit(ctx context.Context, d *document.Document) error { return c.c.Submit(ctx, d) }

// Cancel cancels a submitted document.
func (c *Call) Cancel(ctx context.Context, d *document.Document) error { return c.c.Cancel(ctx, d) }

// Delete removes a document.
func (c *Call) Delete(ctx context.Context, doctype, name string) error {
	return c.c.Delete(ctx, doctype, name)
}

// Rename gives a document another name, or merges it into an existing one, and returns
// the name.
func (c *Call) Rename(ctx context.Context, doctype, old, name string, merge bool) (string, error) {
	return c.c.Rename(ctx, doctype, old, name, engine.RenameOptions{Merge: merge})
}

// Value returns one field of a stored document; Missing when there is no such document.
func (c *Call) Value(ctx context.Context, doctype, name, field string) (document.Value, error) {
	return c.c.Value(ctx, doctype, name, field)
}

// SetValue writes one field of a stored document past its events and its modified.
func (c *Call) SetValue(ctx context.Context, doctype, name, field string, v document.Value) error {
	return c.c.SetValue(ctx, doctype, name, field, v)
}

// Can reports whether the user has a right, such as doctype.Write, on a document.
func (c *Call) Can(ctx context.Context, d *document.Document, right doctype.Right) (bool, error) {
	return c.c.HasPermission(ctx, d.Type.Name, right, d)
}

// Msgprint shows a message to the user beside the answer.
func (c *Call) Msgprint(text string) { c.c.Msgprint(exc.Message{Text: text}) }

// AfterCommit runs fn once the call's writes are durable; never when it fails.
func (c *Call) AfterCommit(fn func(ctx context.Context)) { c.c.AfterCommit(fn) }

// Discard cancels a draft (v16).
func (c *Call) Discard(ctx context.Context, d *document.Document) error { return c.c.Discard(ctx, d) }
