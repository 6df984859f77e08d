package engine

import (
	"context"
	"errors"
	"fmt"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/storage"
)

// Insert stores a new document and its rows. The steps and their order are
// upstream's. Source: frappe/model/document.py insert.
func (c *Call) Insert(ctx context.Context, d *document.Document) error {
	if err := c.lockTree(ctx, d.Type); err != nil {
		return err
	}
	d.New = true
	d.Flags.InInsert = true
	defer func() { d.Flags.InInsert = false }()
	for _, step := range []func(context.Context, *document.Document) error{
		c.prepareNew, c.checkRow, c.hook(BeforeInsert), c.setNewName, c.setParents,
		c.keepMasked, c.resetPermlevel, c.beforeSaveEvents, c.validateBuiltin,
		c.writeNew, c.hook(AfterInsert), c.checkAmended, c.afterSaveEvents, c.computeVirtual,
	} {
		if err := step(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// prepareNew runs the first steps of an insert. They only read, so other writers need
// not wait for them; what they have read and somebody has changed since is read again.
func (c *Call) prepareNew(ctx context.Context, d *document.Document) error {
	steps := func() error {
		for _, step := range []func(context.Context, *document.Document) error{
			c.setDefaults, c.stampNew, c.checkNewDocstatus, c.validateLinks, c.checkCreate,
		} {
			if err := step(ctx, d); err != nil {
				return err
			}
		}
		return nil
	}
	var sent *document.Document
	if !c.Tx.Writing() {
		sent = d.Clone()
	}
	messages := len(c.Messages)
	stale, err := c.Tx.ReadAhead(ctx, steps)
	if err != nil || !stale {
		return err
	}
	d.Restore(sent)
	c.Messages = c.Messages[:messages]
	return steps()
}

func (c *Call) hook(e Event) func(context.Context, *document.Document) error {
	return func(ctx context.Context, d *document.Document) error { return c.run(ctx, e, d) }
}

// stampNew sets owner and times; what the client sent for them is dropped.
func (c *Call) stampNew(_ context.Context, d *document.Document) error {
	now, user := document.Text(c.Stamp()), document.Text(c.User)
	stamp := func(r *document.Document) {
		r.SetAt(doctype.SlotOwner, user)
		r.SetAt(doctype.SlotCreation, now)
		r.SetAt(doctype.SlotModified, now)
		r.SetAt(doctype.SlotModifiedBy, user)
	}
	stamp(d)
	if d.At(doctype.SlotDocstatus).IsNull() {
		d.SetAt(doctype.SlotDocstatus, document.IntOf(0))
	}
	for i := d.Type.OptionalSlot(); i < len(d.Type.Columns); i++ {
		d.SetAt(i, document.Value{})
	}
	return d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		stamp(row)
		row.SetAt(doctype.SlotDocstatus, document.IntOf(d.Docstatus()))
		row.New = true
		return nil
	})
}

func (c *Call) checkNewDocstatus(ctx context.Context, d *document.Document) error {
	if d.Type.IsSingle {
		return nil
	}
	s, ok := docstatusOf(d)
	d.Flags.Action = string(actionSave)
	if ok && (s == 0 || !c.Profile.DocstatusAsSent) {
		d.SetAt(doctype.SlotDocstatus, document.IntOf(s))
	}
	switch {
	case !ok:
		return invalidDocstatus(s)
	case s == 1:
		d.Flags.Action = string(actionSubmit)
		return c.CheckPermission(ctx, d, doctype.Submit)
	case s == 2:
		return exc.DocstatusTransition.New("Cannot change docstatus from 0 (Draft) to 2 (Cancelled)")
	}
	return nil
}

func (c *Call) checkCreate(ctx context.Context, d *document.Document) error {
	return c.CheckPermission(ctx, d, doctype.Create)
}

// setParents gives the rows their parentage, once the name is known.
func (c *Call) setParents(_ context.Context, d *document.Document) error {
	return d.EachRow(func(f *doctype.DocField, row *document.Document) error {
		setParent(row, d, f)
		return nil
	})
}

func setParent(row, d *document.Document, f *doctype.DocField) {
	p := row.Type.ParentSlot()
	if p < 0 {
		return
	}
	row.SetAt(p, d.NameValue())
	row.SetAt(p+1, document.Text(f.Fieldname))
	row.SetAt(p+2, document.Text(d.Type.Name))
}

// beforeSaveEvents runs the events before a save of a draft or a submit.
func (c *Call) beforeSaveEvents(ctx context.Context, d *document.Document) error {
	last := BeforeSave
	if d.Docstatus() == 1 {
		last = BeforeSubmit
	}
	if err := c.run(ctx, BeforeValidate, d); err != nil {
		return err
	}
	if !d.Flags.IgnoreValidate {
		if err := c.run(ctx, Validate, d); err != nil {
			return err
		}
	}
	if err := c.run(ctx, last, d); err != nil {
		return err
	}
	if err := c.adoptRows(ctx, d); err != nil {
		return err
	}
	return c.setTitle(ctx, d)
}

// writeNew inserts the row of d, then those of its tables.
func (c *Call) writeNew(ctx context.Context, d *document.Document) error {
	if d.Type.IsSingle {
		if err := c.Tx.SaveSingle(ctx, d); err != nil {
			return err
		}
		c.singleChanged(d.Type.Name)
		d.New = false
		return c.writeRows(ctx, d)
	}
	if d.Type.IsVirtual {
		v, err := c.virtualOf(d.Type)
		if err != nil {
			return err
		}
		if err := v.Insert(ctx, c, d); err != nil {
			return err
		}
		d.New = false
		return d.EachRow(func(_ *doctype.DocField, row *document.Document) error { row.New = false; return nil })
	}
	if err := c.insertRow(ctx, d); err != nil {
		return err
	}
	d.New = false
	return c.writeRows(ctx, d)
}

// writeRows inserts the rows of d, table by table.
func (c *Call) writeRows(ctx context.Context, d *document.Document) error {
	for _, f := range d.Type.Tables {
		rows := d.Rows(f.Fieldname)
		for _, r := range rows {
			if err := c.checkLists(r); err != nil {
				return err
			}
		}
		at, err := c.Tx.InsertRows(ctx, rows, storage.WriteOptions{IndentJSON: c.Profile.IndentJSON})
		if err != nil {
			return c.writeError(ctx, rows[at], err)
		}
		for _, r := range rows {
			r.New = false
		}
	}
	return nil
}

func (c *Call) insertRow(ctx context.Context, d *document.Document) error {
	if err := c.checkLists(d); err != nil {
		return err
	}
	err := c.Tx.Insert(ctx, d, storage.WriteOptions{IndentJSON: c.Profile.IndentJSON})
	return c.writeError(ctx, d, err)
}

// checkLists refuses lists in fields that are not tables.
// Source: frappe/model/base_document.py get_valid_dict.
func (c *Call) checkLists(d *document.Document) error {
	for i, col := range d.Type.Columns {
		if d.At(i).Kind() == document.List && col.Field != nil {
			return exc.Validation.Throwf("Value for %s cannot be a list", col.Field.LabelOrName())
		}
	}
	return nil
}

// writeError turns what the database refused into upstream's errors.
// Source: frappe/model/base_document.py db_insert, show_unique_validation_message.
func (c *Call) writeError(ctx context.Context, d *document.Document, err error) error {
	var se *storage.Error
	if err == nil || !errors.As(err, &se) {
		return err
	}
	switch se.Kind {
	case storage.UniqueViolation:
		if se.Column == "name" || se.Column == "" {
			return c.duplicateName(d)
		}
		// Where a row breaks two constraints MariaDB tells of the primary key.
		if _, taken, xerr := c.Tx.Exists(ctx, d.Type, d.NameValue()); xerr == nil && taken && d.New {
			return c.duplicateName(d)
		}
		label := se.Column
		if f := d.Type.Field(se.Column); f != nil {
			label = f.LabelOrName()
		}
		e := exc.UniqueValidation.Wrap(err, fmt.Sprintf("('%s', '%s', IntegrityError(1062, \"Duplicate entry for key '%s'\"))", d.Type.Name, d.Name(), se.Column))
		return e.WithPlain(exc.Message{Text: label + " must be unique"})
	case storage.BadValue:
		return exc.Operational.Wrap(err, fmt.Sprintf("(1292, \"Incorrect value for column '%s'\")", se.Column))
	case storage.OutOfRange:
		return exc.OutOfRange.Wrap(err, fmt.Sprintf("(1264, \"Out of range value for column '%s' at row 1\")", se.Column))
	case storage.TooLong:
		return exc.Data.Wrap(err, fmt.Sprintf("(1406, \"Data too long for column '%s'\")", se.Column))
	}
	return err
}

func (c *Call) duplicateName(d *document.Document) error {
	e := exc.DuplicateEntry.New(fmt.Sprintf("('%s', '%s', IntegrityError(1062, \"Duplicate entry '%s' for key 'PRIMARY'\"))", d.Type.Name, d.Name(), d.Name()))
	return e.WithPlain(exc.Message{Text: fmt.Sprintf("%s %s already exists", d.Type.Name, Bold(d.Name())), Title: "Duplicate Name", Indicator: "red"})
}

// checkAmended refuses to amend what is not cancelled (v15 and later), and hands the
// attachments on. Source: frappe/model/document.py validate_amended_from,
// copy_attachments_from_amended_from.
func (c *Call) checkAmended(ctx context.Context, d *document.Document) error {
	from := d.Text("amended_from")
	if from == "" || d.Type.Field("amended_from") == nil {
		return nil
	}
	if c.Profile.AmendNeedsCancelled {
		status, err := c.Value(ctx, d.Type.Name, from, "docstatus")
		if err != nil {
			return err
		}
		if document.Cint(status) != 2 {
			return exc.Validation.Throwf("%s cannot be amended because it is not cancelled. Please cancel the document before creating an amendment.",
				c.FormLink(d.Type.Name, from)).WithTitle("Amendment Not Allowed")
		}
	}
	if !d.Flags.IgnorePermissions { // what a client says it amends gives nobody its files
		amended, err := c.Get(ctx, d.Type.Name, from)
		if exc.Is(err, exc.DoesNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if ok, err := c.HasPermission(ctx, d.Type.Name, doctype.Read, amended); err != nil || !ok {
			return err
		}
	}
	files, err := c.Rows(ctx, "File", []string{"file_url", "file_name", "is_private"},
		document.NewObject("attached_to_doctype", d.Type.Name, "attached_to_name", from), "")
	if err != nil {
		return err
	}
	for _, f := range files {
		f.Set("doctype", document.Text("File"))
		f.Set("attached_to_doctype", document.Text(d.Type.Name))
		f.Set("attached_to_name", document.Text(d.Name()))
		f.Set("folder", document.Text("Home/Attachments"))
		attachment, err := c.FromObject(ctx, f)
		if err != nil {
			return err
		}
		attachment.Flags.IgnorePermissions = true // the new document is the caller's; may the bytes be taken is asked all the same
		if err := c.Insert(ctx, attachment); err != nil {
			return err
		}
	}
	return nil
}

// afterSaveEvents runs the events after a draft was saved or submitted.
func (c *Call) afterSaveEvents(ctx context.Context, d *document.Document) error {
	if err := c.run(ctx, OnUpdate, d); err != nil {
		return err
	}
	if d.Docstatus() == 1 {
		if err := c.run(ctx, OnSubmit, d); err != nil {
			return err
		}
	}
	return c.finishSave(ctx, d)
}

// finishSave runs what follows every save.
func (c *Call) finishSave(ctx context.Context, d *document.Document) error {
	return c.run(ctx, OnChange, d)
}
