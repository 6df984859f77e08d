package engine

import (
	"context"
	"fmt"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/storage"
)

// action is what a save means by the stored and the new docstatus.
type action string

const (
	actionSave              action = "save"
	actionSubmit            action = "submit"
	actionUpdateAfterSubmit action = "update_after_submit"
	actionCancel            action = "cancel"
)

// Save stores a changed document: a draft's save, a submit, an update after submit
// or a cancel, by its docstatus. A document that is new is inserted. The steps and
// their order are upstream's. Source: frappe/model/document.py _save.
func (c *Call) Save(ctx context.Context, d *document.Document) error {
	if d.New && !d.Type.IsSingle || d.Name() == "" {
		return c.Insert(ctx, d)
	}
	d.Unsaved = false
	if err := c.Tx.StartWrite(ctx); err != nil {
		return err
	}
	if err := c.lockTree(ctx, d.Type); err != nil {
		return err
	}
	if err := c.rowDefaults(ctx, d); err != nil {
		return err
	}
	if err := c.CheckPermission(ctx, d, doctype.Write); err != nil {
		return err
	}
	sent := document.ToText(d.At(doctype.SlotModified))
	d.SetAt(doctype.SlotModified, document.Text(c.Stamp()))
	d.SetAt(doctype.SlotModifiedBy, document.Text(c.User))
	act, err := c.compareStored(ctx, d, sent)
	if err != nil {
		return err
	}
	d.Flags.Action = string(act)
	if err := c.checkRowMove(ctx, d); err != nil {
		return err
	}
	if err := c.prepareRows(ctx, d); err != nil {
		return err
	}
	if err := c.keepMasked(ctx, d); err != nil {
		return err
	}
	if err := c.resetPermlevel(ctx, d); err != nil {
		return err
	}
	if act != actionCancel {
		if err := c.validateLinks(ctx, d); err != nil {
			return err
		}
	}
	if err := c.finish(ctx, d, act); err != nil {
		return err
	}
	return c.computeVirtual(ctx, d)
}

// finish runs events, validation, writing and post events of an action.
func (c *Call) finish(ctx context.Context, d *document.Document, act action) error {
	var err error
	switch act {
	case actionSave, actionSubmit:
		err = c.beforeSaveEvents(ctx, d)
	case actionUpdateAfterSubmit:
		err = c.run(ctx, BeforeUpdateAfterSubmit, d)
	case actionCancel:
		err = c.run(ctx, BeforeCancel, d)
	}
	if err != nil {
		return err
	}
	if act != actionCancel {
		if err := c.validateBuiltin(ctx, d); err != nil {
			return err
		}
	}
	if act == actionUpdateAfterSubmit {
		if err := c.compareAfterSubmit(ctx, d); err != nil {
			return err
		}
	}
	// Frappe: set_docstatus runs again, for rows that were put back to what is stored.
	_ = d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		row.SetAt(doctype.SlotDocstatus, d.At(doctype.SlotDocstatus))
		return nil
	})
	if err := c.writeUpdate(ctx, d); err != nil {
		return err
	}
	switch act {
	case actionUpdateAfterSubmit:
		if err := c.run(ctx, OnUpdateAfterSubmit, d); err != nil {
			return err
		}
		return c.finishSave(ctx, d)
	case actionCancel:
		if err := c.run(ctx, OnCancel, d); err != nil {
			return err
		}
		if !d.Flags.IgnoreLinks {
			if err := c.checkBacklinks(ctx, d, true); err != nil {
				return err
			}
		}
		return c.finishSave(ctx, d)
	}
	return c.afterSaveEvents(ctx, d)
}

// compareStored loads what is stored, refuses a stale document, and decides the
// action. Source: frappe/model/document.py check_if_latest.
func (c *Call) compareStored(ctx context.Context, d *document.Document, sent string) (action, error) {
	if d.Type.IsSingle {
		return actionSave, c.compareSingle(ctx, d, sent)
	}
	before, err := c.storedForUpdate(ctx, d.Type, d.Name())
	if err != nil {
		return "", err
	}
	d.Before = before
	if err := c.checkStored(ctx, d, doctype.Write); err != nil {
		return "", err
	}
	stored := document.ShowDatetime(document.ToText(before.At(doctype.SlotModified)))
	if stored != document.ShowDatetime(sent) {
		return "", c.stale(d, stored)
	}
	return c.transition(ctx, d, before)
}

func (c *Call) compareSingle(ctx context.Context, d *document.Document, sent string) error {
	if err := c.Tx.LockSingle(ctx, d.Type); err != nil {
		return err
	}
	before, found, err := c.Tx.LoadSingle(ctx, d.Type)
	if err != nil || !found {
		return err
	}
	d.Before = before
	if err := c.checkStored(ctx, d, doctype.Write); err != nil {
		return err
	}
	stored := document.ShowDatetime(document.ToText(before.At(doctype.SlotModified)))
	if stored != "" && stored != document.ShowDatetime(sent) {
		return c.stale(d, stored)
	}
	return nil
}

func (c *Call) stale(d *document.Document, stored string) error {
	subject := "Document"
	if c.Profile.TimestampNamesDocument {
		subject = fmt.Sprintf("%s (%s)", d.Name(), d.Type.Name)
	}
	return exc.TimestampMismatch.Throwf("Error: %s has been modified after you have opened it (%s, %s). Please refresh to get the latest document.",
		subject, stored, document.ToText(d.At(doctype.SlotModified)))
}

// docstatusOf returns a docstatus and whether it is one.
func docstatusOf(d *document.Document) (int64, bool) {
	s := document.Cint(d.At(doctype.SlotDocstatus))
	return s, s >= 0 && s <= 2
}

// invalidDocstatus is raised with two arguments, which Python prints as a tuple.
func invalidDocstatus(s int64) error {
	return exc.Validation.Errorf("('Invalid docstatus', %d)", s)
}

// transition decides the action. Source: frappe/model/document.py
// check_docstatus_transition.
func (c *Call) transition(ctx context.Context, d, before *document.Document) (action, error) {
	to, ok := docstatusOf(d)
	if d.At(doctype.SlotDocstatus).IsNull() {
		to = 0
		d.SetAt(doctype.SlotDocstatus, document.IntOf(0))
	}
	if !ok {
		return "", invalidDocstatus(to)
	}
	if to == 0 || !c.Profile.DocstatusAsSent {
		d.SetAt(doctype.SlotDocstatus, document.IntOf(to))
	}
	switch from := before.Docstatus(); {
	case from == 0 && to == 0:
		return actionSave, nil
	case from == 0 && to == 1:
		return actionSubmit, c.checkBoth(ctx, d, doctype.Submit)
	case from == 0:
		return "", exc.DocstatusTransition.New("Cannot change docstatus from 0 (Draft) to 2 (Cancelled)")
	case from == 1 && to == 1:
		return actionUpdateAfterSubmit, c.checkBoth(ctx, d, doctype.Submit)
	case from == 1 && to == 2:
		return actionCancel, c.checkBoth(ctx, d, doctype.Cancel)
	case from == 1:
		return "", exc.DocstatusTransition.New("Cannot change docstatus from 1 (Submitted) to 0 (Draft)")
	}
	return "", exc.Validation.New("Cannot edit cancelled document")
}

// prepareRows gives rows their parentage, stamps and, where missing, names.
func (c *Call) prepareRows(ctx context.Context, d *document.Document) error {
	return d.EachRow(func(f *doctype.DocField, row *document.Document) error { return c.prepareRow(ctx, d, f, row) })
}

func (c *Call) prepareRow(ctx context.Context, d *document.Document, f *doctype.DocField, row *document.Document) error {
	setParent(row, d, f)
	row.SetAt(doctype.SlotModified, d.At(doctype.SlotModified))
	row.SetAt(doctype.SlotModifiedBy, d.At(doctype.SlotModifiedBy))
	row.SetAt(doctype.SlotDocstatus, document.IntOf(d.Docstatus()))
	if document.ToText(row.At(doctype.SlotOwner)) == "" {
		row.SetAt(doctype.SlotOwner, d.At(doctype.SlotOwner))
	}
	if document.ToText(row.At(doctype.SlotCreation)) == "" {
		row.SetAt(doctype.SlotCreation, d.At(doctype.SlotCreation))
		if document.ToText(row.At(doctype.SlotCreation)) == "" {
			row.SetAt(doctype.SlotCreation, document.Text(c.Stamp())) // a Single has no creation
		}
	}
	if row.Name() == "" {
		row.New = true
		return c.nameChild(ctx, row)
	}
	return nil
}

// adoptRows prepares the rows that hooks have appended, which have no names yet.
// Source: frappe/model/base_document.py db_insert.
func (c *Call) adoptRows(ctx context.Context, d *document.Document) error {
	for _, f := range d.Type.Tables {
		for i, row := range d.Rows(f.Fieldname) {
			if row.Name() != "" {
				continue
			}
			if err := c.prepareRow(ctx, d, f, row); err != nil {
				return err
			}
			row.SetAt(doctype.SlotIdx, document.IntOf(int64(i+1)))
		}
	}
	return nil
}

// writeUpdate updates the row of d, then makes each table that is set match its
// rows: missing ones are deleted, named ones updated, new ones inserted.
// Source: frappe/model/document.py update_children, update_child_table.
func (c *Call) writeUpdate(ctx context.Context, d *document.Document) error {
	if err := c.checkLists(d); err != nil {
		return err
	}
	if d.Type.IsVirtual {
		v, err := c.virtualOf(d.Type)
		if err != nil {
			return err
		}
		return v.Update(ctx, c, d)
	}
	o := storage.WriteOptions{IndentJSON: c.Profile.IndentJSON}
	if d.Type.IsSingle {
		if err := c.Tx.SaveSingle(ctx, d); err != nil {
			return err
		}
		c.singleChanged(d.Type.Name)
		d.New = false
	} else if _, err := c.Tx.Update(ctx, d, o); err != nil {
		return c.writeError(ctx, d, err)
	}
	for i, f := range d.Type.Tables {
		rows := d.RowsAt(i)
		if rows == nil {
			continue
		}
		child, err := c.DocType(ctx, f.Options)
		if err != nil {
			return err
		}
		if child.IsVirtual {
			continue
		}
		var keep []string
		for _, row := range rows {
			if !row.New {
				keep = append(keep, row.Name())
			}
		}
		if err := c.Tx.DeleteChildren(ctx, child, d.Type.Name, f.Fieldname, d.NameValue(), keep); err != nil {
			return err
		}
		if err := c.updateRows(ctx, rows, o); err != nil {
			return err
		}
	}
	return nil
}

func (c *Call) updateRows(ctx context.Context, rows []*document.Document, o storage.WriteOptions) error {
	for _, row := range rows {
		if row.New {
			if err := c.insertRow(ctx, row); err != nil {
				return err
			}
			row.New = false
			continue
		}
		if err := c.checkLists(row); err != nil {
			return err
		}
		if _, err := c.Tx.Update(ctx, row, o); err != nil {
			return c.writeError(ctx, row, err)
		}
	}
	return nil
}

// Submit sets docstatus 1 and saves. Source: frappe/model/document.py _submit.
func (c *Call) Submit(ctx context.Context, d *document.Document) error {
	d.SetAt(doctype.SlotDocstatus, document.IntOf(1))
	return c.Save(ctx, d)
}

// Cancel sets docstatus 2 and saves.
func (c *Call) Cancel(ctx context.Context, d *document.Document) error {
	d.SetAt(doctype.SlotDocstatus, document.IntOf(2))
	return c.Save(ctx, d)
}

// Discard cancels a draft (v16). Source: frappe/model/document.py discard.
func (c *Call) Discard(ctx context.Context, d *document.Document) error {
	if err := c.Tx.StartWrite(ctx); err != nil {
		return err
	}
	before, err := c.storedForUpdate(ctx, d.Type, d.Name())
	if err != nil {
		return err
	}
	d.Before = before
	stored := document.ShowDatetime(document.ToText(before.At(doctype.SlotModified)))
	sent := document.ShowDatetime(document.ToText(d.At(doctype.SlotModified)))
	d.SetAt(doctype.SlotModified, document.Text(c.Stamp()))
	if stored != sent {
		return c.stale(d, stored)
	}
	if before.Docstatus() != 0 {
		return exc.Validation.Errorf("('Only draft documents can be discarded', %d)", before.Docstatus())
	}
	if err := c.checkBoth(ctx, d, doctype.Write); err != nil {
		return err
	}
	if err := c.run(ctx, BeforeDiscard, d); err != nil {
		return err
	}
	if err := c.run(ctx, BeforeChange, d); err != nil {
		return err
	}
	now := d.At(doctype.SlotModified)
	d.SetAt(doctype.SlotDocstatus, document.IntOf(2))
	d.SetAt(doctype.SlotModifiedBy, document.Text(c.User))
	err = c.Tx.SetColumns(ctx, d.Type, d.NameValue(), []string{"docstatus", "modified", "modified_by"},
		[]document.Value{document.IntOf(2), now, document.Text(c.User)})
	if err != nil {
		return err
	}
	if err := c.run(ctx, OnChange, d); err != nil {
		return err
	}
	return c.run(ctx, OnDiscard, d)
}
