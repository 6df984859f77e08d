package engine

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/perm"
)

// WriteField writes a field of a document that a client has named, where the caller may:
// the stored document must be the caller's to write, at the field's level, and hold
// there what holds says, with its row locked. It reports whether it has written; a
// document that is not there, or a name that is no field of it, is not written, and is
// no error. modified stays as it is. Where code itself has chosen document and field it
// is SetValue.
func (c *Call) WriteField(ctx context.Context, dtName, name, field string, v document.Value, holds func(f *doctype.DocField, now document.Value) bool) (bool, error) {
	dt, err := c.DocType(ctx, dtName)
	if exc.Is(err, exc.DoesNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	f := dt.Field(field)
	if f == nil || f.Slot < 0 || !dt.Columns[f.Slot].Stored || dt.IsVirtual {
		return false, nil
	}
	d, err := c.GetForUpdate(ctx, dtName, name)
	if exc.Is(err, exc.DoesNotExist) {
		return false, nil
	}
	if err != nil || !holds(f, d.At(f.Slot)) {
		return false, err
	}
	if ok, err := c.mayWriteField(ctx, d, f); err != nil || !ok {
		return false, err
	}
	return true, c.SetValue(ctx, dtName, d.Name(), field, v)
}

// mayWriteField reports whether the caller may write a field of a stored document.
func (c *Call) mayWriteField(ctx context.Context, d *document.Document, f *doctype.DocField) (bool, error) {
	ok, err := c.HasPermission(ctx, d.Type.Name, doctype.Write, d)
	if err != nil || !ok || f.Permlevel == 0 {
		return ok, err
	}
	me, err := c.Me(ctx)
	if err != nil {
		return false, err
	}
	levels, all := perm.Levels(d.Type, me, doctype.Write)
	return all || levels[f.Permlevel], nil
}

// checkStored refuses what the caller may not do to a document as it is stored. What a
// client sends cannot take its place: a claimed owner or link would give the right.
// Upstream asks the sent document only.
func (c *Call) checkStored(ctx context.Context, d *document.Document, right doctype.Right) error {
	if d.Flags.IgnorePermissions || d.Before == nil {
		return nil
	}
	return c.CheckPermission(ctx, d.Before, right)
}

// checkBoth refuses what the caller may not do to a document as sent or as stored.
func (c *Call) checkBoth(ctx context.Context, d *document.Document, right doctype.Right) error {
	if err := c.CheckPermission(ctx, d, right); err != nil {
		return err
	}
	return c.checkStored(ctx, d, right)
}

// Sent makes a document that a client has sent to call a method of it stand for the
// stored one of that name, and returns that: owner and times are the stored ones, and it
// is not new, whatever it claims. The caller's rights are to be asked of what is
// returned. A document that is not stored is returned itself, and is the caller's own.
func (c *Call) Sent(ctx context.Context, d *document.Document) (*document.Document, error) {
	stored, err := c.storedAs(ctx, d)
	if err != nil {
		return nil, err
	}
	if stored == nil {
		d.SetAt(doctype.SlotOwner, document.Text(c.User))
		return d, nil
	}
	for _, slot := range [2]int{doctype.SlotOwner, doctype.SlotCreation} {
		d.SetAt(slot, stored.At(slot))
	}
	if p := d.Type.ParentSlot(); p >= 0 {
		for slot := p; slot < p+3; slot++ {
			d.SetAt(slot, stored.At(slot))
		}
	}
	d.New = false
	return stored, nil
}

// storedAs is what is stored under the name of a document; nil for nothing.
func (c *Call) storedAs(ctx context.Context, d *document.Document) (*document.Document, error) {
	if d.Name() == "" && !d.Type.IsSingle {
		return nil, nil
	}
	stored, err := c.Get(ctx, d.Type.Name, d.Name())
	if exc.Is(err, exc.DoesNotExist) {
		return nil, nil
	}
	return stored, err
}
