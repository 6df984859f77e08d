package engine

import (
	"context"
	"fmt"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/perm"
)

// compareAfterSubmit refuses changes to fields that a submitted document keeps.
// Source: frappe/model/base_document.py _validate_update_after_submit.
func (c *Call) compareAfterSubmit(_ context.Context, d *document.Document) error {
	if d.Before == nil || d.Flags.IgnoreUpdateAfterSubmit {
		return nil
	}
	if err := compareFields(d, d.Before, ""); err != nil {
		return err
	}
	for i, f := range d.Type.Tables {
		before := map[string]*document.Document{}
		for _, r := range d.Before.RowsAt(i) {
			before[r.Name()] = r
		}
		if !f.AllowOnSubmit && len(d.RowsAt(i)) != len(before) {
			return changedAfterSubmit("", f.LabelOrName(), fmt.Sprint(len(before)), fmt.Sprint(len(d.RowsAt(i))))
		}
		for _, r := range d.RowsAt(i) {
			old := before[r.Name()]
			if old == nil {
				if !f.AllowOnSubmit {
					return changedAfterSubmit("", f.LabelOrName(), "", r.Name())
				}
				continue
			}
			if err := compareFields(r, old, fmt.Sprintf("Row #%d:", r.Int("idx"))); err != nil {
				return err
			}
		}
	}
	return nil
}

func compareFields(d, before *document.Document, row string) error {
	for _, f := range d.Type.Fields {
		if f.Slot < 0 || f.AllowOnSubmit || f.IsVirtual || sameValue(d, before, f.Slot) {
			continue
		}
		return changedAfterSubmit(row, f.LabelOrName(), shownText(before, f.Slot), shownText(d, f.Slot))
	}
	return nil
}

// checkRow refuses to insert or delete a row of a child table by itself where a save of
// its document could not: the document is cancelled, or submitted and the table is not
// open for changes then. Frappe: nobody looks.
func (c *Call) checkRow(ctx context.Context, row *document.Document) error {
	if !row.Type.IsTable || row.Parent != nil || row.Flags.IgnorePermissions || c.UpstreamReads() {
		return nil
	}
	pdt, err := c.DocType(ctx, row.Text("parenttype"))
	if exc.Is(err, exc.DoesNotExist) {
		return nil // only the Administrator gets here
	}
	if err != nil || !pdt.IsSubmittable || pdt.IsSingle {
		return err
	}
	parent, err := c.GetForUpdate(ctx, pdt.Name, row.Text("parent"))
	if exc.Is(err, exc.DoesNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f := pdt.Field(row.Text("parentfield"))
	switch {
	case parent.Docstatus() == 2:
		return exc.Validation.Throw("Cannot edit cancelled document")
	case parent.Docstatus() == 1 && f != nil && !f.AllowOnSubmit:
		return changedAfterSubmit("", f.LabelOrName(), "", row.Name())
	}
	return nil
}

// checkRowMove asks for the right to write a row's document before it changed hands: what
// was sent names the document that it goes to.
func (c *Call) checkRowMove(ctx context.Context, row *document.Document) error {
	b := row.Before
	if !row.Type.IsTable || b == nil || row.Parent != nil || row.Flags.IgnorePermissions || c.UpstreamReads() {
		return nil
	}
	same := true
	for _, name := range [3]string{"parenttype", "parent", "parentfield"} {
		same = same && b.Text(name) == row.Text(name)
	}
	if same {
		return nil
	}
	if err := c.CheckPermission(ctx, b, doctype.Write); err != nil {
		return err
	}
	if err := c.checkRow(ctx, b); err != nil {
		return err
	}
	return c.checkRow(ctx, row)
}

func changedAfterSubmit(row, label, from, to string) error {
	return exc.UpdateAfterSubmit.Throwf("%s Not allowed to change %s after submission from %s to %s", row, Bold(label), Bold(from), Bold(to)).
		WithTitle("Cannot Update After Submit")
}

// resetPermlevel puts fields that the user may not write back to what is stored, or
// to their defaults. Source: base_document.py reset_values_if_no_permlevel_access.
func (c *Call) resetPermlevel(ctx context.Context, d *document.Document) error {
	if c.User == perm.Administrator || d.Flags.IgnorePermissions {
		return nil
	}
	if !hasHighFields(d.Type) && !c.rowsHaveHighFields(d) {
		return nil
	}
	me, err := c.Me(ctx)
	if err != nil {
		return err
	}
	levels, all := perm.Levels(d.Type, me, doctype.Write)
	if all {
		return nil
	}
	levels[0] = true
	if err := c.resetFields(ctx, d, d.Before, levels, me); err != nil {
		return err
	}
	if d.Flags.InInsert {
		return nil // Frappe: rows of a new parent are left alone
	}
	return d.EachRow(func(f *doctype.DocField, row *document.Document) error {
		var before *document.Document
		if d.Before != nil {
			for _, r := range d.Before.RowsAt(f.Table) {
				if r.Name() == row.Name() {
					before = r
				}
			}
		}
		return c.resetFields(ctx, row, before, levels, me)
	})
}

func hasHighFields(dt *doctype.DocType) bool {
	for _, f := range dt.Fields {
		if f.Permlevel > 0 {
			return true
		}
	}
	return false
}

func (c *Call) rowsHaveHighFields(d *document.Document) bool {
	found := false
	_ = d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		found = found || hasHighFields(row.Type)
		return nil
	})
	return found
}

func (c *Call) resetFields(ctx context.Context, d, before *document.Document, levels map[int]bool, me *perm.User) error {
	for _, f := range d.Type.Fields {
		if f.Permlevel == 0 || levels[f.Permlevel] {
			continue
		}
		switch {
		case f.Table >= 0 && before != nil:
			d.SetRowsAt(f.Table, before.RowsAt(f.Table))
		case f.Table >= 0:
			d.SetRowsAt(f.Table, []*document.Document{})
		case f.Slot >= 0 && before != nil:
			d.SetAt(f.Slot, before.At(f.Slot))
		case f.Slot >= 0:
			v, err := c.defaultOf(ctx, d, d.Parent, f, me)
			if err != nil {
				return err
			}
			d.SetAt(f.Slot, v)
		}
	}
	return nil
}
