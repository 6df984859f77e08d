package doctypes

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
)

// makeAmendable gives a submittable DocType its field amended_from.
// Source: doctype.py DocType.make_amendable.
func makeAmendable(_ context.Context, c *engine.Call, d *document.Document) error {
	if !on(d, "is_submittable") {
		return nil
	}
	if f := fieldNamed(d, "amended_from"); f != nil {
		f.Set("options", document.Text(d.Name()))
		return nil
	}
	return appendRow(c, d, "fields", "label", "Amended From", "fieldtype", "Link", "fieldname", "amended_from", "options", d.Name(),
		"read_only", 1, "print_hide", 1, "no_copy", 1, "search_index", 1)
}

// makeTree gives a tree DocType the fields of a nested set.
// Source: doctype.py DocType.validate_nestedset, add_nestedset_fields.
func makeTree(_ context.Context, c *engine.Call, d *document.Document) error {
	if !on(d, "is_tree") {
		return nil
	}
	if fieldNamed(d, "lft") == nil {
		if err := addTreeFields(c, d); err != nil {
			return err
		}
	}
	parent := d.Text("nsm_parent_field")
	if parent == "" {
		return exc.Mandatory.Throwf("%s is a mandatory field", engine.Bold("Parent Field (Tree)"))
	}
	if fieldNamed(d, parent) == nil {
		return exc.InvalidFieldName.Throw("Parent Field must be a valid fieldname")
	}
	return nil
}

func addTreeFields(c *engine.Call, d *document.Document) error {
	label := "Parent " + d.Name()
	parent := doctype.Scrub(label)
	ignore := 0
	if quirk.Of(c.Profile).TreeParentIgnoresUP {
		ignore = 1
	}
	for _, f := range [][]any{
		{"label", "Left", "fieldtype", "Int", "fieldname", "lft", "read_only", 1, "hidden", 1, "no_copy", 1},
		{"label", "Right", "fieldtype", "Int", "fieldname", "rgt", "read_only", 1, "hidden", 1, "no_copy", 1},
		{"label", "Is Group", "fieldtype", "Check", "fieldname", "is_group"},
		{"label", "Old Parent", "fieldtype", "Link", "fieldname", "old_parent", "options", d.Name()},
		{"label", label, "fieldtype", "Link", "fieldname", parent, "options", d.Name(), "ignore_user_permissions", ignore},
	} {
		if err := appendRow(c, d, "fields", f...); err != nil {
			return err
		}
	}
	d.Set("nsm_parent_field", document.Text(parent))
	return nil
}

// makeRepeatable gives a DocType its Custom Field auto_repeat.
// Source: doctype.py DocType.make_repeatable.
func makeRepeatable(ctx context.Context, c *engine.Call, d *document.Document) error {
	if !on(d, "allow_auto_repeat") || fieldNamed(d, "auto_repeat") != nil {
		return nil
	}
	if _, ok, err := c.Exists(ctx, "Custom Field", d.Name()+"-auto_repeat"); err != nil || ok {
		return err
	}
	after := ""
	if rows := d.Rows("fields"); len(rows) > 0 {
		after = rows[len(rows)-1].Text("fieldname")
	}
	f, err := c.FromObject(ctx, document.NewObject("doctype", "Custom Field", "dt", d.Name(), "fieldname", "auto_repeat", "label", "Auto Repeat",
		"fieldtype", "Link", "options", "Auto Repeat", "insert_after", after, "read_only", 1, "no_copy", 1, "print_hide", 1))
	if err != nil {
		return err
	}
	f.Flags.IgnorePermissions = true
	return c.Insert(ctx, f)
}
