package custom

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
)

const customizeForm = "Customize Form"

// registerCustomize adds Customize Form: a Single that is never stored. A client sends it
// with the DocType's name, gets the DocType's properties and fields in it, and sends them
// back changed.
// Source: frappe/custom/doctype/customize_form/customize_form.py.
func registerCustomize(h *engine.Hooks, r *method.Registry) {
	h.On(customizeForm, engine.OnUpdate, forgetForm)
	for name, fn := range map[string]func(*form) error{
		"fetch_to_customize": (*form).fetch, "save_customization": (*form).save, "reset_to_defaults": (*form).reset,
		"reset_layout": (*form).resetLayout, "trim_table": (*form).trim,
	} {
		h.Method(customizeForm, name, func(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
			if name == "reset_layout" && !c.Profile.CustomizeResetsLayout {
				return nil, exc.AttributeErr.Errorf("'CustomizeForm' object has no attribute '%s'", name)
			}
			f := &form{ctx: ctx, c: c, d: d, name: d.Text("doc_type")}
			if f.name == "" && name != "fetch_to_customize" {
				return nil, nil
			}
			return nil, fn(f)
		})
	}
	r.Add(method.Method{Name: "frappe.custom.doctype.customize_form.customize_form.get_orphaned_columns",
		Params: []method.Param{arg.Req("doctype", method.Str)}, Fn: orphanedColumns})
}

// form is Customize Form in one call.
type form struct {
	ctx  context.Context //nolint:containedctx // it lives as long as the call
	c    *engine.Call
	d    *document.Document
	name string
	// meta is the DocType's merged description as it was at the beginning of a save.
	meta *document.Object
	// alters says that the table must follow the change.
	alters bool
}

// forgetForm keeps nothing of a form that was saved as a document.
func forgetForm(ctx context.Context, c *engine.Call, _ *document.Document) error {
	child, err := c.DocType(ctx, "Customize Form Field")
	if err != nil {
		return err
	}
	if err := c.Tx.DeleteChildren(ctx, child, customizeForm, "fields", document.Text(customizeForm), nil); err != nil {
		return err
	}
	dt, err := c.DocType(ctx, customizeForm)
	if err != nil {
		return err
	}
	_, err = c.Tx.Delete(ctx, dt, document.Text(customizeForm))
	return err
}

// fetch fills the form with the DocType as it is.
func (f *form) fetch() error {
	for i := range f.d.Type.Columns {
		f.d.SetAt(i, document.NullValue)
	}
	for i := range f.d.Type.Tables {
		f.d.SetRowsAt(i, []*document.Document{})
	}
	f.d.SetName(customizeForm)
	if f.name == "" {
		return nil
	}
	f.d.Set("doc_type", document.Text(f.name))
	if _, err := f.c.DocType(f.ctx, f.name); err != nil {
		return err
	}
	o, err := f.c.Meta.Object(f.ctx, f.c.Tx, f.name)
	if err != nil {
		return err
	}
	if err := f.check(o); err != nil {
		return err
	}
	for _, p := range formProperties {
		if f.d.Type.Field(p.name) != nil {
			f.d.Set(p.name, o.Get(p.name))
		}
	}
	if err := f.fetchRows(o); err != nil {
		return err
	}
	label, err := f.translation()
	if err != nil {
		return err
	}
	f.d.Set("label", document.Text(label.PropText("translated_text")))
	return f.makeRepeatable()
}

// coreDocTypes cannot be customised. Source: frappe/model/__init__.py core_doctypes_list.
var coreDocTypes = map[string]bool{"DefaultValue": true, "DocType": true, "DocField": true, "DocPerm": true, "DocType Action": true,
	"DocType Link": true, "User": true, "Role": true, "Has Role": true, "Page": true, "Module Def": true, "Print Format": true, "Report": true,
	"Customize Form": true, "Customize Form Field": true, "Property Setter": true, "Custom Field": true, "Client Script": true}

func (f *form) check(meta *document.Object) error {
	switch {
	case coreDocTypes[f.name]:
		return exc.Validation.Throw("Core DocTypes cannot be customized.")
	case meta.PropInt("issingle") != 0:
		return exc.Validation.Throw("Single DocTypes cannot be customized.")
	case meta.PropInt("custom") != 0:
		return exc.Validation.Throw("Only standard DocTypes are allowed to be customized from Customize Form.")
	}
	return nil
}

func (f *form) fetchRows(meta *document.Object) error {
	resolve := func(name string) (*doctype.DocType, error) { return f.c.DocType(f.ctx, name) }
	for _, v := range meta.Get("fields").List() {
		row, err := f.d.AppendRow("fields", resolve)
		if err != nil {
			return err
		}
		for _, key := range []string{"name", "fieldname", "is_custom_field", "is_system_generated"} {
			row.Set(key, v.Map().Get(key))
		}
		for _, p := range fieldProperties {
			if row.Type.Field(p.name) != nil {
				row.Set(p.name, v.Map().Get(p.name))
			}
		}
	}
	for _, table := range []string{"links", "actions", "states"} {
		for _, v := range meta.Get(table).List() {
			row, err := f.d.AppendRow(table, resolve)
			if err != nil {
				return err
			}
			for i := range row.Type.Columns {
				if name := row.Type.Columns[i].Name; name != "parenttype" && name != "parent" {
					row.SetAt(i, v.Map().Get(name))
				}
			}
		}
	}
	return nil
}

// translation is the DocType's own name in the user's language; an empty object when
// there is none.
func (f *form) translation() (*document.Object, error) {
	rows, err := f.c.Rows(f.ctx, "Translation", []string{"name", "translated_text"},
		document.NewObject("source_text", f.name, "language", f.language()), "")
	if err != nil || len(rows) == 0 {
		return &document.Object{}, err
	}
	return rows[0], nil
}

func (f *form) language() string {
	if f.c.Session != nil && f.c.Session.Language != "" {
		return f.c.Session.Language
	}
	return "en"
}

// translate keeps the form's label as the translation of the DocType's name.
func (f *form) translate() error {
	label := f.d.Text("label")
	have, err := f.translation()
	name := have.PropText("name")
	switch {
	case err != nil || have.PropText("translated_text") == label:
		return err
	case label == "":
		return f.c.Delete(f.ctx, "Translation", name)
	case name != "":
		return f.c.SetValue(f.ctx, "Translation", name, "translated_text", document.Text(label))
	}
	return f.insert("Translation", document.NewObject("source_text", f.name, "translated_text", label, "language", f.language()))
}

func (f *form) insert(dt string, o *document.Object) error {
	o.Set("doctype", document.Text(dt))
	d, err := f.c.FromObject(f.ctx, o)
	if err != nil {
		return err
	}
	return f.c.Insert(f.ctx, d)
}

// makeRepeatable gives a DocType that repeats its documents the field for that.
func (f *form) makeRepeatable() error {
	rows := f.d.Rows("fields")
	if f.d.Int("allow_auto_repeat") == 0 || len(rows) == 0 {
		return nil
	}
	for _, row := range rows {
		if row.Text("fieldname") == "auto_repeat" {
			return nil
		}
	}
	return f.insert("Custom Field", document.NewObject("dt", f.name, "fieldname", "auto_repeat", "label", "Auto Repeat", "fieldtype", "Link",
		"options", "Auto Repeat", "insert_after", rows[len(rows)-1].Text("fieldname"), "read_only", 1, "no_copy", 1, "print_hide", 1))
}

// reset takes away what users have customised.
// Source: customize_form.py reset_customization.
func (f *form) reset() error {
	// Only rows that lack the mark are users'; a setter without a field is the DocType's.
	setters, err := f.c.Rows(f.ctx, "Property Setter", []string{"name", "field_name"}, document.NewObject("doc_type", f.name,
		"property", []document.Value{document.Text("!="), document.Text("options")}, "is_system_generated", 0), "")
	if err != nil {
		return err
	}
	for _, row := range setters {
		if row.PropText("field_name") == "naming_series" {
			continue
		}
		if err := f.c.Delete(f.ctx, "Property Setter", row.PropText("name")); err != nil {
			return err
		}
	}
	fields, err := f.c.Rows(f.ctx, "Custom Field", []string{"name"}, document.NewObject("dt", f.name, "is_system_generated", 0), "")
	if err != nil {
		return err
	}
	for _, row := range fields {
		if err := f.c.Delete(f.ctx, "Custom Field", row.PropText("name")); err != nil {
			return err
		}
	}
	f.c.ClearMeta(f.name)
	return f.fetch()
}

// resetLayout takes the customised order of the fields away.
func (f *form) resetLayout() error {
	rows, err := f.c.Rows(f.ctx, "Property Setter", []string{"name"}, document.NewObject("doc_type", f.name, "property",
		[]document.Value{document.Text("in"), document.Texts([]string{"field_order", "insert_after"})}), "")
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, row := range rows {
		if err := f.deleteRow("Property Setter", row.PropText("name")); err != nil {
			return err
		}
	}
	f.c.ClearMeta(f.name)
	return f.fetch()
}

// deleteRow deletes past events and permissions.
func (f *form) deleteRow(dt, name string) error {
	t, err := f.c.DocType(f.ctx, dt)
	if err != nil {
		return err
	}
	_, err = f.c.Tx.Delete(f.ctx, t, document.Text(name))
	return err
}

// trim drops the columns of fields that are gone, with their data.
// Source: frappe/model/meta.py trim_table.
func (f *form) trim() error {
	dt, err := f.c.DocType(f.ctx, f.name)
	if err != nil {
		return err
	}
	if err := f.fetch(); err != nil { // first, since it refuses what cannot be customised
		return err
	}
	return f.c.Tx.DropLeftovers(f.ctx, dt)
}

func orphanedColumns(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if err := c.OnlyFor(ctx, "System Manager"); err != nil {
		return nil, err
	}
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil || dt.IsSingle || dt.IsVirtual {
		return document.ListOf(), err
	}
	names, err := c.Tx.Leftovers(ctx, dt)
	return document.Texts(names), err
}
