package doctypes

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// beforeRename keeps standard DocTypes and refuses merges.
// Source: doctype.py DocType.before_rename.
func beforeRename(ctx context.Context, c *engine.Call, d *document.Document) error {
	if !on(d, "custom") && c.User != perm.Administrator {
		return exc.Validation.Throw("DocType can only be renamed by Administrator")
	}
	if err := checkDeveloperMode(ctx, c, d); err != nil {
		return err
	}
	if err := checkDocTypeName(ctx, c, d.Text("__rename_to")); err != nil {
		return err
	}
	if d.Get("__rename_merge").Truthy() {
		return exc.Validation.Throw("DocType can not be merged")
	}
	return nil
}

// afterRename renames the table and everything that names the DocType.
// Source: doctype.py DocType.after_rename, frappe/model/rename_doc.py rename_doctype.
func afterRename(ctx context.Context, c *engine.Call, d *document.Document) error {
	old, name := d.Text("__rename_from"), d.Name()
	switch {
	case on(d, "issingle"):
		if err := renameSingle(ctx, c, old, name); err != nil {
			return err
		}
	case !on(d, "is_virtual"):
		there, err := c.Tx.TableExists(ctx, "tab"+old)
		if err != nil {
			return err
		}
		if there {
			if err := c.Tx.RenameTable(ctx, "tab"+old, "tab"+name); err != nil {
				return err
			}
		}
	}
	c.ClearMeta("")
	if err := renameTargets(ctx, c, old, name); err != nil {
		return err
	}
	// Upstream leaves the secrets of the documents behind.
	if err := update(ctx, c, "__Auth", "doctype", name, "doctype", old); err != nil {
		return err
	}
	return renameParents(ctx, c, old, name)
}

// update sets a column to a value where columns have values (in pairs).
func update(ctx context.Context, c *engine.Call, table, column, value string, where ...string) error {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Ident(table).SQL(" SET ").Ident(column).SQL(" = ").Str(value)
	for i := 0; i+1 < len(where); i += 2 {
		word := " WHERE "
		if i > 0 {
			word = " AND "
		}
		b.SQL(word).Ident(where[i]).SQL(" = ").Str(where[i+1])
	}
	_, err := c.Tx.Exec(ctx, b)
	return err
}

func renameSingle(ctx context.Context, c *engine.Call, old, name string) error {
	if err := update(ctx, c, "tabSingles", "doctype", name, "doctype", old); err != nil {
		return err
	}
	return update(ctx, c, "tabSingles", "value", name, "doctype", name, "field", "name")
}

// renameTargets follows fields whose options are the DocType, and rights given to it.
func renameTargets(ctx context.Context, c *engine.Call, old, name string) error {
	for _, table := range []string{"tabDocField", "tabCustom Field"} {
		for _, kind := range []string{"Link", "Table", "Table MultiSelect"} {
			if err := update(ctx, c, table, "options", name, "options", old, "fieldtype", kind); err != nil {
				return err
			}
		}
	}
	if err := update(ctx, c, "tabProperty Setter", "value", name, "property", "options", "value", old); err != nil {
		return err
	}
	return update(ctx, c, "tabCustom DocPerm", "parent", name, "parent", old)
}

// renameParents gives the rows of the DocType's tables, those of Custom Fields too,
// their new parenttype, and those of a Single their new parent.
// Source: frappe/model/rename_doc.py update_parenttype_values.
func renameParents(ctx context.Context, c *engine.Call, old, name string) error {
	dt, err := c.DocType(ctx, name)
	if err != nil {
		return err
	}
	for _, f := range dt.Tables {
		child, err := c.DocType(ctx, f.Options)
		if err != nil || child.IsVirtual {
			continue // a table whose DocType is gone has no rows to follow
		}
		if dt.IsSingle {
			if err := update(ctx, c, "tab"+child.Name, "parent", name, "parenttype", old); err != nil {
				return err
			}
		}
		if err := update(ctx, c, "tab"+child.Name, "parenttype", name, "parenttype", old); err != nil {
			return err
		}
	}
	return nil
}

// onTrash keeps standard DocTypes. Upstream checks this before the delete right; the
// rights of DocType make no difference to who sees what.
// Source: frappe/model/delete_doc.py delete_doc.
func onTrash(_ context.Context, c *engine.Call, d *document.Document) error {
	if on(d, "custom") {
		return nil
	}
	if quirk.Of(c.Profile).StandardUndeletable && !developerMode(c) {
		return exc.Validation.Throw("Standard DocType can not be deleted.")
	}
	if c.User != perm.Administrator {
		return exc.Permission.Throwf("User not allowed to delete %s: %s", d.Type.Name, d.Name())
	}
	return nil
}

// afterDelete drops the Custom Fields whose table is gone; the data stays.
func afterDelete(ctx context.Context, c *engine.Call, d *document.Document) error {
	for _, kind := range []string{"Table", "Table MultiSelect"} {
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("Custom Field").SQL(" WHERE ").Ident("options").SQL(" = ").Str(d.Name()).
			SQL(" AND ").Ident("fieldtype").SQL(" = ").Str(kind)
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return err
		}
	}
	c.ClearMeta("")
	return nil
}
