package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/storage"
)

// RenameOptions steer a rename; the zero value is a plain rename with all checks.
type RenameOptions struct {
	// Merge folds the document into an existing one.
	Merge bool
	// Force skips the DocType's allow_rename.
	Force bool
	// Quiet leaves out the message that tells of the rename.
	Quiet bool
}

// Rename gives a document another name and follows every link to it. It returns the
// new name. Errors: ValidationError in upstream's words.
// Source: frappe/model/rename_doc.py rename_doc.
func (c *Call) Rename(ctx context.Context, dtName, old, name string, o RenameOptions) (string, error) {
	dt, err := c.DocType(ctx, dtName)
	if err != nil {
		return "", err
	}
	if err := c.Tx.StartWrite(ctx); err != nil {
		return "", err
	}
	if err := c.lockTree(ctx, dt); err != nil {
		return "", err
	}
	d, err := c.Tx.Load(ctx, dt, document.Text(old), storage.LoadOptions{ForUpdate: true, Resolve: c.resolver(ctx)})
	if errors.Is(err, storage.ErrNotFound) {
		return "", exc.Validation.Throwf("Can't rename %s to %s because %s doesn't exist.", old, name, old)
	}
	if err != nil {
		return "", err
	}
	name = strings.TrimSpace(name)
	d.Set("__rename_to", document.Text(name))
	d.Set("__rename_merge", document.BoolOf(o.Merge))
	if err := c.run(ctx, BeforeRename, d); err != nil {
		return "", err
	}
	name = d.Text("__rename_to")
	if err := c.checkRename(ctx, d, name, o); err != nil {
		return "", err
	}
	if !o.Merge {
		err = c.renameRows(ctx, d, name)
	} else {
		err = c.mergeAssignments(ctx, d, name)
	}
	if err != nil {
		return "", err
	}
	if err := c.relinkAll(ctx, dt, d.Name(), name); err != nil {
		return "", err
	}
	return name, c.afterRename(ctx, d, name, o)
}

// checkRename follows rename_doc.py validate_rename.
func (c *Call) checkRename(ctx context.Context, d *document.Document, name string, o RenameOptions) error {
	dt, old := d.Type, d.Name()
	stored, exists, err := c.Tx.Exists(ctx, dt, document.Text(name))
	if err != nil {
		return err
	}
	switch {
	case old == name:
		return exc.Validation.Throw("No changes made because old and new name are the same.")
	case o.Merge && !exists:
		return exc.Validation.Throwf("%s %s does not exist, select a new target to merge", dt.Name, name)
	case !o.Merge && exists && !strings.EqualFold(document.ToText(stored), old):
		return exc.Validation.Throwf("Another %s with name %s exists, select another name", dt.Name, name)
	}
	ok, err := c.HasPermission(ctx, dt.Name, doctype.Write, d)
	if err != nil {
		return err
	}
	if !ok && !d.Flags.IgnorePermissions {
		if err := c.NoteRefusal(ctx, d.Type); err != nil {
			return err
		}
		verb := "rename"
		if o.Merge {
			verb = "merge"
		}
		return exc.Validation.Throwf("You need write permission on %s %s to %s", dt.Name, old, verb)
	}
	if !o.Force && !dt.AllowRename {
		return exc.Validation.Throwf("%s not allowed to be renamed", dt.Name)
	}
	probe := document.New(dt)
	probe.SetName(name)
	return c.validateName(ctx, probe)
}

// renameRows gives the document and its rows the new name.
func (c *Call) renameRows(ctx context.Context, d *document.Document, name string) error {
	dt := d.Type
	if err := c.Tx.SetColumns(ctx, dt, d.NameValue(), []string{"name"}, []document.Value{document.Text(name)}); err != nil {
		return c.writeError(ctx, d, err)
	}
	if a := dt.Autoname; strings.HasPrefix(strings.ToLower(a), "field:") {
		if err := c.Tx.SetColumns(ctx, dt, document.Text(name), []string{a[len("field:"):]}, []document.Value{document.Text(name)}); err != nil {
			return err
		}
	}
	for _, f := range dt.Tables {
		if err := c.relink(ctx, f.Options, "parent", "parenttype", dt.Name, d.Name(), name); err != nil {
			return err
		}
	}
	return c.Tx.RenameAuth(ctx, dt.Name, d.Name(), name)
}

// mergeAssignments gives the document that stays the assignees of both.
// Source: rename_doc.py update_assignments.
func (c *Call) mergeAssignments(ctx context.Context, d *document.Document, name string) error {
	if d.Type.Column("_assign") == nil {
		return nil
	}
	stays, err := c.Value(ctx, d.Type.Name, name, "_assign")
	if err != nil {
		return err
	}
	var users []document.Value
	seen := map[string]bool{}
	for _, v := range [2]document.Value{d.Get("_assign"), stays} {
		list, err := document.ParseJSON(v.Str())
		if err != nil {
			continue // nobody is assigned
		}
		for _, u := range list.List() {
			if name := document.ToText(u); !seen[name] {
				seen[name] = true
				users = append(users, u)
			}
		}
	}
	if len(users) == 0 {
		return nil
	}
	return c.SetValue(ctx, d.Type.Name, name, "_assign", document.Text(document.PythonSpaced.Marshal(document.ListOf(users...))))
}

// relinkAll rewrites Link and Dynamic Link values everywhere.
func (c *Call) relinkAll(ctx context.Context, dt *doctype.DocType, old, name string) error {
	fields, err := c.backlinks(ctx, dt.Name)
	if err != nil {
		return err
	}
	for _, bl := range fields {
		if err := c.relink(ctx, bl.doctype, bl.fieldname, "", "", old, name); err != nil {
			return err
		}
	}
	dynamic, err := c.dynamicFields(ctx)
	if err != nil {
		return err
	}
	for _, f := range dynamic {
		if err := c.relink(ctx, f[0], f[1], f[2], dt.Name, old, name); err != nil {
			return err
		}
	}
	return nil
}

// relink rewrites one column where it holds old; typeColumn, when given, must hold
// typeValue.
func (c *Call) relink(ctx context.Context, dtName, column, typeColumn, typeValue, old, name string) error {
	dt, err := c.DocType(ctx, dtName)
	if err != nil || dt.IsVirtual {
		return nil //nolint:nilerr // a field of a DocType that is gone links nothing
	}
	b := storage.NewBuilder(c.Tx.Dialect())
	if dt.IsSingle {
		b.SQL("UPDATE ").Ident("tabSingles").SQL(" SET ").Ident("value").SQL(" = ").Arg(document.Text(name)).SQL(" WHERE ").Ident("doctype").
			SQL(" = ").Arg(document.Text(dtName)).SQL(" AND ").Ident("field").SQL(" = ").Arg(document.Text(column)).
			SQL(" AND ").Ident("value").SQL(" = ").Arg(document.Text(old))
		c.singleChanged(dtName)
		_, err = c.Tx.Exec(ctx, b)
		return err
	}
	col := dt.Column(column)
	if col == nil || !col.Stored {
		return nil
	}
	b.SQL("UPDATE ").Table(dtName).SQL(" SET ").Ident(column).SQL(" = ").Arg(document.Text(name)).SQL(" WHERE ").Ident(column).SQL(" = ").Arg(document.Text(old))
	if typeColumn != "" {
		if t := dt.Column(typeColumn); t == nil || !t.Stored {
			return nil
		}
		b.SQL(" AND ").Ident(typeColumn).SQL(" = ").Arg(document.Text(typeValue))
	}
	_, err = c.Tx.Exec(ctx, b)
	return err
}

// afterRename runs the hooks on the renamed document, or on the one that stays, and
// deletes what was merged.
func (c *Call) afterRename(ctx context.Context, d *document.Document, name string, o RenameOptions) error {
	dt, old := d.Type, d.Name()
	if err := c.relink(ctx, "File", "attached_to_name", "attached_to_doctype", dt.Name, old, name); err != nil {
		return err
	}
	now, err := c.Get(ctx, dt.Name, name)
	if err != nil {
		return err
	}
	now.Set("__rename_from", document.Text(old))
	now.Set("__rename_to", document.Text(name))
	now.Set("__rename_merge", document.BoolOf(o.Merge))
	if err := c.run(ctx, AfterRename, now); err != nil {
		return err
	}
	if o.Merge {
		if err := c.Delete(ctx, dt.Name, old); err != nil {
			return err
		}
	}
	c.ClearMeta("") // what is derived from DocTypes may hold the old name
	if !o.Quiet {
		c.Msgprint(exc.Message{Text: fmt.Sprintf("Document renamed from %s to %s", Bold(old), Bold(name)), Alert: true, Indicator: "green"})
	}
	return nil
}
