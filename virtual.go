package freddo

import (
	"context"

	"freddo/document"
	"freddo/internal/engine"
)

// VirtualQuery is a list's request to a virtual DocType.
type VirtualQuery = engine.VirtualQuery

// VirtualDocType keeps the documents of a DocType with is_virtual, which has no table:
// they may live in memory, in a file, behind another server. Everything else is as with
// other DocTypes: permissions, defaults, naming, validation, events, links. Objects hold
// fields by their names, name and modified among them; a document without a modified
// that stays the same between two loads cannot be saved, since it always looks changed.
type VirtualDocType interface {
	// Load returns a document, or nil when there is none of that name.
	Load(ctx context.Context, c *Call, name string) (*document.Object, error)
	// List returns the rows of a list, filtered, ordered and cut as q says.
	List(ctx context.Context, c *Call, q VirtualQuery) ([]*document.Object, error)
	// Count counts the rows that fulfil q's conditions.
	Count(ctx context.Context, c *Call, q VirtualQuery) (int64, error)
	// Insert stores a new document, which has its name by then.
	Insert(ctx context.Context, c *Call, d *document.Document) error
	// Update stores a changed document; d.Before is the one that Load returned.
	Update(ctx context.Context, c *Call, d *document.Document) error
	// Delete removes a document.
	Delete(ctx context.Context, c *Call, d *document.Document) error
}

// Virtual registers who keeps the documents of a virtual DocType, which an app brings
// along (App.DocTypes); a site's own DocTypes cannot be virtual. Errors of package exc
// are told to the client. What Insert, Update and Delete do outside the database is not
// undone when the request fails later on: do it in Call.AfterCommit where that matters.
// Call it before Handler and Run.
func (a *App) Virtual(doctype string, v VirtualDocType) {
	if a.started.Load() {
		panic("freddo: Virtual called after Handler or Run")
	}
	a.engine.Hooks.Virtual(doctype, virtual{v})
}

// virtual hands an app's calls over.
type virtual struct{ VirtualDocType }

func (v virtual) Load(ctx context.Context, c *engine.Call, name string) (*document.Object, error) {
	return v.VirtualDocType.Load(ctx, &Call{c: c}, name)
}

func (v virtual) List(ctx context.Context, c *engine.Call, q VirtualQuery) ([]*document.Object, error) {
	return v.VirtualDocType.List(ctx, &Call{c: c}, q)
}

func (v virtual) Count(ctx context.Context, c *engine.Call, q VirtualQuery) (int64, error) {
	return v.VirtualDocType.Count(ctx, &Call{c: c}, q)
}

func (v virtual) Insert(ctx context.Context, c *engine.Call, d *document.Document) error {
	return v.VirtualDocType.Insert(ctx, &Call{c: c}, d)
}

func (v virtual) Update(ctx context.Context, c *engine.Call, d *document.Document) error {
	return v.VirtualDocType.Update(ctx, &Call{c: c}, d)
}

func (v virtual) Delete(ctx context.Context, c *engine.Call, d *document.Document) error {
	return v.VirtualDocType.Delete(ctx, &Call{c: c}, d)
}
