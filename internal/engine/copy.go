package engine

import (
	"context"
	"errors"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/meta"
	"freddo/internal/storage"
)

// CopyJSON returns an unsaved copy of a document as JSON without nulls and private
// keys: no name, no stamps, draft. keepNoCopy keeps fields marked no_copy.
// Source: frappe/model/document.py copy_doc, frappe/api/v2.py copy_doc.
func (c *Call) CopyJSON(d *document.Document, keepNoCopy bool) JSON {
	cp := d.Clone()
	for _, r := range withRows(cp) {
		for _, slot := range []int{doctype.SlotName, doctype.SlotOwner, doctype.SlotCreation, doctype.SlotModified, doctype.SlotModifiedBy} {
			r.SetAt(slot, document.Value{})
		}
		r.SetAt(doctype.SlotDocstatus, document.IntOf(0))
		for _, name := range []string{"amended_from", "amendment_date"} {
			if slot, ok := r.Type.Slot(name); ok {
				r.SetAt(slot, document.Value{})
			}
		}
		if p := r.Type.ParentSlot(); p >= 0 && r != cp {
			r.SetAt(p, document.Value{})
		}
		if !keepNoCopy {
			for _, f := range r.Type.Fields {
				if f.NoCopy && f.Slot >= 0 {
					r.SetAt(f.Slot, document.Value{})
				}
			}
		}
		for i := r.Type.OptionalSlot(); i < len(r.Type.Columns); i++ {
			r.SetAt(i, document.Value{})
		}
	}
	return cp.AppendJSON(nil, document.JSONOptions{Format: c.Profile.Body, NoNulls: true, IndentJSON: c.Profile.IndentJSON})
}

// DeleteOrDetach deletes a document; a child row is taken out of its parent, which
// is saved. Source: frappe/client.py delete_doc.
func (c *Call) DeleteOrDetach(ctx context.Context, dtName, name string) error {
	dt, err := c.Controller(ctx, dtName)
	if err != nil {
		return err
	}
	if !dt.IsTable {
		return c.Delete(ctx, dtName, name)
	}
	row, err := c.Tx.Load(ctx, dt, document.Text(name), storage.LoadOptions{})
	if errors.Is(err, storage.ErrNotFound) {
		return exc.DoesNotExist.Throwf("%s %s not found", dtName, name).About(dtName, name)
	}
	if err != nil {
		return err
	}
	parent, err := c.GetForUpdate(ctx, row.Text("parenttype"), row.Text("parent"))
	if err != nil {
		return err
	}
	i := parent.TableIndex(row.Text("parentfield"))
	if i < 0 {
		return exc.DoesNotExist.New("").About(dtName, name)
	}
	kept := []*document.Document{}
	for _, r := range parent.RowsAt(i) {
		if r.Name() != row.Name() {
			r.SetAt(doctype.SlotIdx, document.IntOf(int64(len(kept)+1)))
			kept = append(kept, r)
		}
	}
	parent.SetRowsAt(i, kept)
	return c.Save(ctx, parent)
}

// MetaObject returns a DocType's merged description as upstream's meta prints it:
// nulls left out, doctype first. Source: frappe/model/meta.py as_dict.
func (c *Call) MetaObject(ctx context.Context, name string) (*document.Object, error) {
	o, err := c.Meta.Object(ctx, c.Tx, name)
	if errors.Is(err, meta.ErrUnknown) {
		return nil, exc.DoesNotExist.Throwf("DocType %s not found", name).About("DocType", name)
	}
	if err != nil {
		return nil, err
	}
	o.Delete("legacy_columns")
	if err := c.addMetaColumns(o); err != nil {
		return nil, err
	}
	out := withoutNulls(o)
	out.Set("is_large_table", document.BoolOf(false))
	return out, nil
}

// addMetaColumns shows the physical columns that a release's documents hide but its
// meta prints, where they have a default.
func (c *Call) addMetaColumns(o *document.Object) error {
	core, err := meta.CoreObject(c.Profile, "DocField")
	if err != nil {
		return err
	}
	for _, col := range core.PropRows("meta_columns") {
		def := col.PropText("default")
		if def == "" {
			continue
		}
		for _, f := range o.Get("fields").List() {
			if m := f.Map(); m != nil && m.Get(col.PropText("fieldname")).IsNull() {
				m.Set(col.PropText("fieldname"), document.IntOf(document.Cint(document.Text(def))))
			}
		}
	}
	return nil
}

func withoutNulls(o *document.Object) *document.Object {
	out := document.NewObject("doctype", o.Get("doctype"))
	for i := range o.Len() {
		k, v := o.At(i)
		if v.IsNull() || k[0] == '_' {
			continue // private columns such as _comments are no part of a description
		}
		if v.Kind() == document.List {
			rows := make([]document.Value, 0, len(v.List()))
			for _, item := range v.List() {
				if m := item.Map(); m != nil {
					item = document.MapOf(withoutNulls(m))
				}
				rows = append(rows, item)
			}
			v = document.ListOf(rows...)
		}
		out.Set(k, v)
	}
	return out
}
