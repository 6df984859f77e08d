package engine

import (
	"context"
	"errors"
	"slices"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// Get returns a stored document with its child rows. It checks no permission.
// Errors: DoesNotExistError "X name not found", ImportError for an unknown DocType.
// Source: frappe/model/document.py load_from_db.
func (c *Call) Get(ctx context.Context, dtName, name string) (*document.Document, error) {
	return c.load(ctx, dtName, name, false)
}

// GetForUpdate is Get with the row locked until the call ends.
func (c *Call) GetForUpdate(ctx context.Context, dtName, name string) (*document.Document, error) {
	return c.load(ctx, dtName, name, true)
}

func (c *Call) load(ctx context.Context, dtName, name string, lock bool) (*document.Document, error) {
	dt, err := c.Controller(ctx, dtName)
	if err != nil {
		return nil, err
	}
	if dt.IsSingle {
		if lock {
			if err := c.Tx.LockSingle(ctx, dt); err != nil {
				return nil, err
			}
		}
		return c.single(ctx, dt)
	}
	if dt.IsVirtual {
		return c.loadVirtual(ctx, dt, name)
	}
	if lock {
		if err := c.lockTree(ctx, dt); err != nil {
			return nil, err
		}
	}
	d, err := c.Tx.Load(ctx, dt, document.Text(name), storage.LoadOptions{ForUpdate: lock, Resolve: c.resolver(ctx)})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, notFound(dt, name)
	}
	if err != nil {
		return nil, err
	}
	if err := c.computeVirtual(ctx, d); err != nil {
		return nil, err
	}
	if lock {
		c.memo.locked = locked{d.Clone(), c.Tx.Changes()}
	}
	return d, nil
}

// storedForUpdate is GetForUpdate for a document that the call may have read that way
// just before: it is not read again as long as nothing was written.
func (c *Call) storedForUpdate(ctx context.Context, dt *doctype.DocType, name string) (*document.Document, error) {
	m := c.memo.locked
	c.memo.locked = locked{}
	if m.d != nil && m.at == c.Tx.Changes() && m.d.Type == dt && m.d.Name() == name {
		return m.d, nil
	}
	return c.GetForUpdate(ctx, dt.Name, name)
}

func notFound(dt *doctype.DocType, name string) error {
	return exc.DoesNotExist.Throwf("%s %s not found", dt.Name, name).About(dt.Name, name)
}

// single loads a Single; one that was never saved shows its defaults.
func (c *Call) single(ctx context.Context, dt *doctype.DocType) (*document.Document, error) {
	d, found, err := c.Tx.LoadSingle(ctx, dt)
	if err != nil {
		return nil, err
	}
	if !found {
		d = document.New(dt)
		if err := c.setDefaults(ctx, d); err != nil {
			return nil, err
		}
		d.SetAt(doctype.SlotOwner, document.Text(c.User))
		d.Unsaved = c.Profile.NewSingleUnsaved
	}
	d.SetName(dt.Name)
	d.SetAt(doctype.SlotDocstatus, document.IntOf(d.Docstatus()))
	for i, f := range dt.Tables {
		child, err := c.DocType(ctx, f.Options)
		if err != nil {
			return nil, err
		}
		rows, err := c.Tx.LoadRows(ctx, child, dt.Name, f.Fieldname, document.Text(dt.Name))
		if err != nil {
			return nil, err
		}
		if rows == nil {
			rows = []*document.Document{}
		}
		d.SetRowsAt(i, rows)
	}
	return d, c.computeVirtual(ctx, d)
}

// NewDoc returns an unsaved document with its defaults.
// Source: frappe/model/create_new.py get_new_doc.
func (c *Call) NewDoc(ctx context.Context, dtName string) (*document.Document, error) {
	dt, err := c.Controller(ctx, dtName)
	if err != nil {
		return nil, err
	}
	d := document.New(dt)
	d.New = true
	d.SetAt(doctype.SlotDocstatus, document.IntOf(0))
	return d, c.setDefaults(ctx, d)
}

// FromObject builds a document in memory from an object that names its doctype; it
// is new when it has no name or says __islocal.
func (c *Call) FromObject(ctx context.Context, o *document.Object) (*document.Document, error) {
	dt, err := c.Controller(ctx, o.Str("doctype"))
	if err != nil {
		return nil, err
	}
	d := document.New(dt)
	return d, c.UpdateDoc(ctx, d, o)
}

// UpdateDoc sets the keys of o on d (upstream: doc.update). Errors: DataError-like
// refusals where upstream crashed on a table that is no list.
func (c *Call) UpdateDoc(ctx context.Context, d *document.Document, o *document.Object) error {
	err := d.Update(o, c.resolver(ctx))
	var many *document.TooManyRowsError
	if errors.As(err, &many) {
		return exc.Validation.Throwf("Too many rows in %s", many.Field)
	}
	var rows *document.RowsError
	if errors.As(err, &rows) {
		class := exc.ValueErr
		if rows.Iterable {
			class = exc.TypeErr
		}
		return class.Wrap(err, "rows of "+rows.Field+" must be a list of objects")
	}
	return err
}

// StripUnreadable removes the fields above the reader's permlevels.
// Source: frappe/model/document.py apply_fieldlevel_read_permissions.
func (c *Call) StripUnreadable(ctx context.Context, d *document.Document) error {
	if c.User == perm.Administrator {
		return nil
	}
	if !c.Profile.PermlevelOnRead && c.UpstreamReads() {
		on, err := c.Setting(ctx, "System Settings", "apply_perm_level_on_api_calls")
		if err != nil || document.Cint(on) == 0 {
			return err
		}
	}
	return c.stripFields(ctx, d)
}

// Answer is d as an answer shows it to the call's user: without the fields above their
// levels, whatever the request was, and with masks (v16). d itself stays whole, for what happens at the commit.
// Frappe: answers of writes show everything.
func (c *Call) Answer(ctx context.Context, d *document.Document) (*document.Document, error) {
	if d == nil || c.User == perm.Administrator {
		return d, nil
	}
	if !c.UpstreamReads() {
		hidden, err := c.hasHidden(ctx, d.Type)
		if err != nil {
			return d, err
		}
		if hidden {
			d = d.Clone()
			if err := c.stripFields(ctx, d); err != nil {
				return nil, err
			}
		}
	}
	return c.Masked(ctx, d)
}

// hasHidden reports whether a DocType or its tables have fields above the user's levels.
func (c *Call) hasHidden(ctx context.Context, dt *doctype.DocType) (bool, error) {
	me, err := c.Me(ctx)
	if err != nil {
		return false, err
	}
	levels, all := perm.Levels(dt, me, doctype.Read)
	if all {
		return false, nil
	}
	above := func(dt *doctype.DocType) bool {
		return slices.ContainsFunc(dt.Fields, func(f *doctype.DocField) bool { return f.Permlevel > 0 && !levels[f.Permlevel] })
	}
	if above(dt) {
		return true, nil
	}
	for _, f := range dt.Tables {
		child, err := c.DocType(ctx, f.Options)
		if err != nil {
			return false, err
		}
		if above(child) {
			return true, nil
		}
	}
	return false, nil
}

func (c *Call) stripFields(ctx context.Context, d *document.Document) error {
	me, err := c.Me(ctx)
	if err != nil {
		return err
	}
	levels, all := perm.Levels(d.Type, me, doctype.Read)
	if all {
		return nil
	}
	levels[0] = true
	strip(d, levels)
	for i, f := range d.Type.Tables {
		if !levels[f.Permlevel] {
			d.SetRowsAt(i, []*document.Document{})
			continue
		}
		for _, row := range d.RowsAt(i) {
			strip(row, levels)
		}
	}
	return nil
}

func strip(d *document.Document, levels map[int]bool) {
	for _, f := range d.Type.Fields {
		if f.Slot >= 0 && f.Permlevel > 0 && !levels[f.Permlevel] {
			d.SetAt(f.Slot, document.Value{})
		}
	}
}

// Encode returns d as JSON in the release's body format.
func (c *Call) Encode(d *document.Document, noNulls bool) []byte {
	return d.AppendJSON(make([]byte, 0, 1024), document.JSONOptions{Format: c.Profile.Body, NoNulls: noNulls, IndentJSON: c.Profile.IndentJSON})
}
