// Package custom owns the controllers of upstream's module Custom: Custom Field,
// Property Setter and what clears the metadata cache. Start with Register.
package custom

import (
	"context"
	"strings"
	"unicode"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core/doctypes"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// Register hooks the controllers and adds the methods of the module.
func Register(h *engine.Hooks, r *method.Registry) {
	registerCustomize(h, r)
	h.On("Custom Field", engine.Autoname, nameCustomField)
	h.On("Custom Field", engine.Validate, validateCustomField)
	h.On("Custom Field", engine.OnUpdate, updateCustomField)
	h.On("Custom Field", engine.OnTrash, trashCustomField)
	h.On("Custom Field", engine.AfterDelete, clearMeta("dt"))
	h.On("Property Setter", engine.Autoname, namePropertySetter)
	h.On("Property Setter", engine.Validate, validatePropertySetter)
	h.On("Property Setter", engine.OnUpdate, clearMeta("doc_type"))
	h.On("Property Setter", engine.AfterDelete, clearMeta("doc_type"))
	h.On("Custom DocPerm", engine.OnUpdate, clearMeta("parent"))
	h.On("Custom DocPerm", engine.AfterDelete, clearMeta("parent"))
	h.On("Client Script", engine.OnUpdate, clearMeta("dt"))
	h.On("Client Script", engine.AfterDelete, clearMeta("dt"))
	r.Add(method.Method{Name: "frappe.custom.doctype.custom_field.custom_field.rename_fieldname",
		Params: []method.Param{arg.Req("custom_field", method.Str), arg.Req("fieldname", method.Str)}, Fn: renameFieldname})
}

// clearMeta drops the DocType that a field names from the metadata cache.
func clearMeta(field string) engine.Hook {
	return func(_ context.Context, c *engine.Call, d *document.Document) error {
		c.ClearMeta(d.Text(field))
		return nil
	}
}

// breaks need no label. The name also prefixes fieldnames of breaks.
var breaks = map[string]bool{"Section Break": true, "Column Break": true, "Tab Break": true}

// restricted fieldnames get a 1. Source: custom_field.py set_fieldname.
var restricted = map[string]bool{"name": true, "parent": true, "creation": true, "modified": true, "modified_by": true,
	"parentfield": true, "parenttype": true, "file_list": true, "flags": true, "docstatus": true}

// nameCustomField makes the fieldname from the label, then the name from both.
// Source: frappe/custom/doctype/custom_field/custom_field.py autoname, set_fieldname.
func nameCustomField(_ context.Context, _ *engine.Call, d *document.Document) error {
	name := d.Text("fieldname")
	if name == "" {
		label := d.Text("label")
		if label == "" {
			if !breaks[d.Text("fieldtype")] {
				return exc.Validation.Throw("Label is mandatory")
			}
			label = d.Text("fieldtype") + "_" + engine.RandomName()[:5]
		}
		name = "custom_" + fieldnameOf(label)
	}
	if restricted[name] {
		name += "1"
	}
	name = strings.ToLower(name)
	d.Set("fieldname", document.Text(name))
	if d.Text("dt") == "" {
		return exc.TypeErr.New("unsupported operand type(s) for +: 'NoneType' and 'str'")
	}
	d.SetName(d.Text("dt") + "-" + name)
	return nil
}

// fieldnameOf keeps the letters, digits and underscores of a label, of any script.
// Source: custom_field.py set_fieldname.
func fieldnameOf(label string) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(label, " ", "_") {
		if r == '_' || unicode.IsDigit(r) || unicode.IsLetter(r) {
			b.WriteRune(r)
		}
	}
	return strings.ToLower(b.String())
}

// validateCustomField places the field, and refuses names that are taken and types
// that the stored data cannot take. Source: custom_field.py validate.
func validateCustomField(ctx context.Context, c *engine.Call, d *document.Document) error {
	dt, err := c.DocType(ctx, d.Text("dt"))
	if err != nil {
		return err
	}
	var names []string
	for _, f := range dt.Fields {
		if d.New || f.Fieldname != d.Text("fieldname") {
			names = append(names, f.Fieldname)
		}
	}
	if d.New {
		for _, n := range names {
			if n == d.Text("fieldname") {
				return exc.Validation.Throwf("A field with the name %s already exists in %s", engine.Bold(n), dt.Name)
			}
		}
	}
	if d.Text("insert_after") == "append" && len(names) > 0 {
		d.Set("insert_after", document.Text(names[len(names)-1]))
	}
	if after := d.Text("insert_after"); after != "" {
		for i, n := range names {
			if n == after {
				d.Set("idx", document.IntOf(int64(i+1)))
			}
		}
	}
	if d.Before != nil {
		if old, now := d.Before.Text("fieldtype"), d.Text("fieldtype"); old != now && !canBecome(old, now) {
			return exc.Validation.Throwf("Fieldtype cannot be changed from %s to %s", old, now)
		}
	}
	if d.Text("fieldname") == "" {
		return exc.Validation.Throw("Fieldname not set for Custom Field")
	}
	if d.Int("translatable") != 0 && !translatable[d.Text("fieldtype")] {
		d.Set("translatable", document.IntOf(0))
	}
	return nil
}

var translatable = map[string]bool{"Data": true, "Select": true, "Text": true, "Small Text": true, "Text Editor": true}

// exchangeable are the groups within which a fieldtype may change.
// Source: customize_form.py ALLOWED_FIELDTYPE_CHANGE.
var exchangeable = [][]string{
	{"Currency", "Float", "Percent"}, {"Small Text", "Data"}, {"Text", "Data"},
	{"Text", "Text Editor", "Code", "Signature", "HTML Editor"}, {"Data", "Select"}, {"Text", "Small Text", "Long Text"},
	{"Text", "Data", "Barcode"}, {"Code", "Geolocation"}, {"Table", "Table MultiSelect"},
}

func canBecome(old, now string) bool {
	for _, group := range exchangeable {
		has := 0
		for _, t := range group {
			if t == old || t == now {
				has++
			}
		}
		if has == 2 {
			return true
		}
	}
	return false
}

// updateCustomField checks the target with its new field and alters its table.
// Source: custom_field.py on_update.
func updateCustomField(ctx context.Context, c *engine.Call, d *document.Document) error {
	name := d.Text("dt")
	before, err := c.DocType(ctx, name)
	if err != nil {
		return err
	}
	c.ClearMeta(name)
	if !d.Flags.IgnoreValidate {
		if err := doctypes.CheckMerged(ctx, c, name); err != nil {
			return err
		}
	}
	return doctypes.SyncTable(ctx, c, name, before)
}

// trashCustomField keeps what Administrator made, and takes the field's Property
// Setters away. The column stays. Source: custom_field.py on_trash.
func trashCustomField(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Owner() == perm.Administrator && c.User != perm.Administrator {
		return exc.Validation.Throwf("Custom Field %s is created by the Administrator and can only be deleted through the Administrator account.", engine.Bold(d.Text("label")))
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("Property Setter").SQL(" WHERE ").Ident("doc_type").SQL(" = ").Str(d.Text("dt")).
		SQL(" AND ").Ident("field_name").SQL(" = ").Str(d.Text("fieldname"))
	_, err := c.Tx.Exec(ctx, b)
	return err
}

// renameFieldname gives a Custom Field another fieldname; the data follows.
// Source: custom_field.py rename_fieldname.
func renameFieldname(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if err := c.OnlyFor(ctx, "System Manager"); err != nil {
		return nil, err
	}
	d, err := c.GetForUpdate(ctx, "Custom Field", a.Text("custom_field"))
	if err != nil {
		return nil, err
	}
	old, name, dt := d.Text("fieldname"), fieldnameOf(a.Text("fieldname")), d.Text("dt")
	if d.Int("is_system_generated") != 0 {
		return nil, exc.Validation.Throw("System Generated Fields can not be renamed")
	}
	meta, err := c.DocType(ctx, dt)
	if err != nil {
		return nil, err
	}
	if name == old {
		c.Msgprint(exc.Message{Text: "Old and new fieldnames are same.", Alert: true})
		return nil, nil
	}
	if meta.Column(name) != nil || meta.Field(name) != nil {
		return nil, exc.Validation.Throwf("Can not rename as column %s is already present on DocType.", name)
	}
	if !meta.IsSingle && !meta.IsVirtual && meta.Column(old) != nil {
		if err := c.Tx.RenameColumn(ctx, dt, old, name); err != nil {
			return nil, err
		}
	}
	if err := c.SetValue(ctx, "Custom Field", d.Name(), "fieldname", document.Text(name)); err != nil {
		return nil, err
	}
	if err := renameReferences(ctx, c, d, old, name); err != nil {
		return nil, err
	}
	c.Msgprint(exc.Message{Text: "Custom field renamed to " + name + " successfully.", Alert: true})
	c.ClearMeta(dt)
	return nil, nil
}

// renameReferences follows what names the field: secrets, values of a Single, fields that
// stand after it. Source: custom_field.py _update_fieldname_references.
func renameReferences(ctx context.Context, c *engine.Call, d *document.Document, old, name string) error {
	for _, ref := range [3][3]string{{"__Auth", "doctype", "fieldname"}, {"tabSingles", "doctype", "field"}, {"tabCustom Field", "dt", "insert_after"}} {
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Ident(ref[0]).SQL(" SET ").Ident(ref[2]).SQL(" = ").Str(name).
			SQL(" WHERE ").Ident(ref[1]).SQL(" = ").Str(d.Text("dt")).SQL(" AND ").Ident(ref[2]).SQL(" = ").Str(old)
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return err
		}
	}
	return nil
}
