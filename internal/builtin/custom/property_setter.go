package custom

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// namePropertySetter: doctype, field or row or main, property.
// Source: frappe/custom/doctype/property_setter/property_setter.py autoname.
func namePropertySetter(_ context.Context, _ *engine.Call, d *document.Document) error {
	part := d.Text("field_name")
	if part == "" {
		part = d.Text("row_name")
	}
	if part == "" {
		part = "main"
	}
	d.SetName(d.Text("doc_type") + "-" + part + "-" + d.Text("property"))
	return nil
}

// validatePropertySetter replaces an earlier setter of the same property.
// Source: property_setter.py validate, delete_property_setter.
func validatePropertySetter(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("field_name") == "naming_series" && d.Text("property") == "fieldtype" {
		return exc.Validation.Throw("Field type cannot be changed for naming_series")
	}
	if !d.New {
		return nil
	}
	filters := document.NewObject("doc_type", d.Text("doc_type"), "property", d.Text("property"))
	for _, key := range []string{"field_name", "row_name"} {
		if v := d.Text(key); v != "" {
			filters.Set(key, document.Text(v))
		}
	}
	rows, err := c.Rows(ctx, "Property Setter", []string{"name"}, filters, "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := dropSetter(ctx, c, r.PropText("name")); err != nil {
			return err
		}
	}
	return nil
}

func dropSetter(ctx context.Context, c *engine.Call, name string) error {
	if quirk.Of(c.Profile).SetterDeletesDocument {
		old, err := c.GetForUpdate(ctx, "Property Setter", name)
		if err != nil {
			return err
		}
		old.Flags.IgnorePermissions = true
		return c.DeleteDoc(ctx, old)
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("Property Setter").SQL(" WHERE ").Ident("name").SQL(" = ").Str(name)
	_, err := c.Tx.Exec(ctx, b)
	return err
}
