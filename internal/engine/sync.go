package engine

import (
	"context"
	"fmt"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/meta"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// Progress is told how far a long work has come; nil stays quiet.
type Progress func(done, total int, what string)

func (p Progress) step(done, total int, what string) {
	if p != nil {
		p(done, total, what)
	}
}

// Install creates the tables and the shipped documents of an empty site, or brings
// those of an existing site up to date. It changes no document that a user wrote.
func (e *Engine) Install(ctx context.Context, progress Progress) error {
	return e.Do(ctx, perm.Administrator, func(ctx context.Context, c *Call) error {
		if err := c.Tx.StartWrite(ctx); err != nil {
			return err
		}
		if err := c.Tx.CreateBase(ctx); err != nil {
			return fmt.Errorf("create base tables: %w", err)
		}
		objects, err := meta.CoreDocTypes(c.Profile)
		if err != nil {
			return err
		}
		for i, o := range objects {
			if err := c.bringTable(ctx, doctype.FromProps(o)); err != nil {
				return fmt.Errorf("create table of %s: %w", o.Str("name"), err)
			}
			progress.step(i+1, 2*len(objects), o.Str("name"))
		}
		for i, o := range objects {
			if err := c.WriteDocType(ctx, o); err != nil {
				return fmt.Errorf("write DocType %s: %w", o.Str("name"), err)
			}
			progress.step(len(objects)+i+1, 2*len(objects), o.Str("name"))
		}
		c.ClearMeta("")
		for _, t := range []Topic{TopicUsers, TopicTrees, TopicLogins, TopicSettings} {
			c.Announce(t) // so that the rows are there before requests meet over them
		}
		return c.installRecords(ctx)
	})
}

// WriteDocType stores a DocType's description as it is, replacing the old one; the
// table is not touched. Source: frappe/modules/import_file.py import_doc.
func (c *Call) WriteDocType(ctx context.Context, o *document.Object) error {
	dt, err := c.Meta.Base("DocType")
	if err != nil {
		return err
	}
	name := document.Text(o.Str("name"))
	if _, err := c.Tx.Delete(ctx, dt, name); err != nil {
		return err
	}
	for _, f := range dt.Tables {
		child, err := c.Meta.Base(f.Options)
		if err != nil {
			return err
		}
		if err := c.Tx.DeleteChildren(ctx, child, "DocType", f.Fieldname, name, nil); err != nil {
			return err
		}
	}
	d := document.New(dt)
	if err := d.Update(o, c.Meta.Base); err != nil {
		return err
	}
	return c.insertRaw(ctx, d)
}

// insertRaw stores a document as it is, with stamps and row names where missing.
func (c *Call) insertRaw(ctx context.Context, d *document.Document) error {
	now := c.Stamp()
	set := func(r *document.Document, slot int, v string) {
		if r.At(slot).IsNull() {
			r.SetAt(slot, document.Text(v))
		}
	}
	for _, r := range withRows(d) {
		set(r, doctype.SlotOwner, perm.Administrator)
		set(r, doctype.SlotModifiedBy, perm.Administrator)
		set(r, doctype.SlotCreation, now)
		set(r, doctype.SlotModified, now)
		set(r, doctype.SlotName, RandomName())
	}
	if err := c.setParents(ctx, d); err != nil {
		return err
	}
	o := storage.WriteOptions{IndentJSON: c.Profile.IndentJSON}
	for _, r := range withRows(d) {
		if err := c.Tx.Insert(ctx, r, o); err != nil {
			return fmt.Errorf("insert %s %s: %w", r.Type.Name, r.Name(), err)
		}
	}
	return nil
}

// installRecords stores the shipped documents that are not there yet.
func (c *Call) installRecords(ctx context.Context) error {
	records, err := meta.CoreRecords(c.Profile)
	if err != nil {
		return err
	}
	for _, o := range records {
		dt, err := c.lookup(ctx, o.Str("doctype"))
		if err != nil {
			continue // a record of a DocType that this release lacks
		}
		d := document.New(dt)
		if err := d.Update(o, c.resolver(ctx)); err != nil {
			return err
		}
		if dt.IsSingle {
			_, found, err := c.Tx.LoadSingle(ctx, dt)
			if err != nil {
				return err
			}
			if found {
				continue
			}
			d.SetName(dt.Name)
			if err := c.fillDefaults(ctx, d, nil); err != nil {
				return err
			}
			if err := c.Tx.SaveSingle(ctx, d); err != nil {
				return err
			}
			continue
		}
		if err := c.fillDefaults(ctx, d, nil); err != nil {
			return err
		}
		if d.Name() == "" {
			if err := c.nameByRule(ctx, d, dt.Autoname); err != nil {
				return err
			}
		}
		if _, ok, err := c.Tx.Exists(ctx, dt, d.NameValue()); err != nil || ok {
			if err != nil {
				return err
			}
			continue
		}
		if err := c.insertRaw(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// Migrate brings an existing site up to date: the shipped DocTypes and records, and
// the tables of all DocTypes, a site's own included.
func (e *Engine) Migrate(ctx context.Context, progress Progress) error {
	if err := e.Install(ctx, progress); err != nil {
		return err
	}
	return e.Do(ctx, perm.Administrator, func(ctx context.Context, c *Call) error {
		rows, err := c.Rows(ctx, "DocType", []string{"name"}, nil, "name asc")
		if err != nil {
			return err
		}
		for i, row := range rows {
			dt, err := c.DocType(ctx, row.Str("name"))
			if err != nil {
				return err
			}
			if err := c.bringTable(ctx, dt); err != nil {
				return fmt.Errorf("table of %s: %w", dt.Name, err)
			}
			progress.step(i+1, len(rows), dt.Name)
		}
		return nil
	})
}
