package doctypes

import (
	"context"
	"errors"
	"fmt"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// onUpdate makes table, roles and caches follow a saved DocType.
// Source: doctype.py DocType.on_update.
func onUpdate(ctx context.Context, c *engine.Call, d *document.Document) error {
	if c.Meta.IsBootstrap(d.Name()) {
		return nil // their tables and descriptions are fixed
	}
	var before *doctype.DocType
	if d.Before != nil {
		before = doctype.FromProps(d.Before)
	}
	c.ClearMeta(d.Name())
	if err := SyncTable(ctx, c, d.Name(), before); err != nil {
		return err
	}
	if err := ensureNames(ctx, c, d); err != nil {
		return err
	}
	if on(d, "istable") {
		if err := touchParents(ctx, c, d); err != nil {
			return err
		}
	}
	if before != nil {
		if err := backfill(ctx, c, d.Name(), before); err != nil {
			return err
		}
	}
	return makeRepeatable(ctx, c, d)
}

// SyncTable makes a DocType's table match its merged description. before is the
// description so far, nil for a new one. When a table cannot be changed, what the call
// wrote is kept all the same, as upstream's implicit commit does: the columns that are
// new are added then, since the DocType has them, and the others stay as they were. What
// upstream would do with loss of data is refused as a whole.
// Source: frappe/database/schema.py DBTable.sync, validate.
func SyncTable(ctx context.Context, c *engine.Call, name string, before *doctype.DocType) error {
	dt, err := c.DocType(ctx, name)
	if err != nil {
		return err
	}
	if before != nil && !dt.IsSingle && !dt.IsVirtual {
		if err := checkLengths(ctx, c, dt, before); err != nil {
			return err
		}
	}
	if dt.IsSingle || dt.IsVirtual {
		return nil
	}
	for _, f := range dt.Fields {
		if f.Slot >= 0 && dt.Columns[f.Slot].Stored && c.Tx.Dialect().Reserves(f.Fieldname) {
			return exc.InvalidFieldName.Throwf("Fieldname %s is restricted", f.Fieldname)
		}
	}
	o := c.SchemaOptions()
	change := func() error { return alter(ctx, c, dt, o) }
	if before != nil {
		err = checkShortened(ctx, c, dt, before)
	}
	if err == nil {
		err = c.Tx.Savepoint(ctx, change)
	}
	if err == nil {
		return nil
	}
	if before != nil && !losesData(err) {
		o.AddOnly = true
		if aerr := c.Tx.Savepoint(ctx, change); aerr != nil {
			return errors.Join(err, aerr) // nothing is kept: the DocType must not go without its columns
		}
		if cerr := c.CommitNow(ctx); cerr != nil {
			return errors.Join(err, cerr)
		}
	}
	return tableError(dt, err)
}

// losesData reports whether a change was refused that upstream would have made.
func losesData(err error) bool {
	var u *storage.Unfit
	return errors.As(err, &u) && u.Why == storage.Lost
}

// tableError is what a database's refusal to change a table is to a client.
func tableError(dt *doctype.DocType, err error) error {
	var u *storage.Unfit
	if errors.As(err, &u) {
		return unfitError(dt, u)
	}
	var se *storage.Error
	if !errors.As(err, &se) {
		return err
	}
	switch se.Kind {
	case storage.UniqueViolation:
		return exc.Validation.Throwf("%s field cannot be set as unique in tab%s, as there are non-unique existing values", se.Column, dt.Name)
	case storage.BadValue:
		return exc.Operational.Wrap(err, fmt.Sprintf("(1292, \"Truncated incorrect value for column '%s'\")", se.Column))
	}
	return err
}

// ensureNames creates the module and the roles that a DocType names.
// Source: doctype.py make_module_and_roles.
func ensureNames(ctx context.Context, c *engine.Call, d *document.Document) error {
	if err := c.Ensure(ctx, "Module Def", "module_name", d.Text("module"), "app_name", "frappe"); err != nil {
		return err
	}
	for _, p := range d.Rows("permissions") {
		if err := c.Ensure(ctx, "Role", "role_name", p.Text("role"), "desk_access", "1"); err != nil {
			return err
		}
	}
	return nil
}

// touchParents bumps the DocTypes that have a child table.
func touchParents(ctx context.Context, c *engine.Call, d *document.Document) error {
	for _, src := range [2][2]string{{"DocField", "parent"}, {"Custom Field", "dt"}} {
		rows, err := c.Rows(ctx, src[0], []string{src[1]}, document.NewObject("options", d.Name(),
			"fieldtype", []document.Value{document.Text("in"), document.Texts([]string{"Table", "Table MultiSelect"})}), "")
		if err != nil {
			return err
		}
		for _, r := range rows {
			parent := r.PropText(src[1])
			if err := c.SetValue(ctx, "DocType", parent, "modified", d.At(doctype.SlotModified)); err != nil {
				return err
			}
			c.ClearMeta(parent)
		}
	}
	return nil
}

// backfill fills newly fetched fields of stored documents where they are empty.
// Source: doctype.py DocType.setup_fields_to_fetch.
func backfill(ctx context.Context, c *engine.Call, name string, before *doctype.DocType) error {
	dt, err := c.DocType(ctx, name)
	if err != nil || dt.IsSingle || dt.IsVirtual {
		return err
	}
	old := map[string]bool{}
	for _, f := range fetches(before) {
		old[f[0]] = true
	}
	for _, f := range fetches(dt) {
		if old[f[0]] {
			continue
		}
		link := dt.Field(f[1])
		if link == nil || link.Fieldtype != "Link" {
			continue
		}
		target, err := c.DocType(ctx, link.Options)
		if err != nil {
			return err
		}
		if col := target.Column(f[2]); col == nil || !col.Stored || target.IsSingle || target.IsVirtual || target.Name == dt.Name {
			continue // a table that updates itself from itself is not portable
		}
		if err := backfillField(ctx, c, dt, target, f); err != nil {
			return err
		}
	}
	return nil
}

func backfillField(ctx context.Context, c *engine.Call, dt, target *doctype.DocType, f [3]string) error {
	here, there := "tab"+dt.Name, "tab"+target.Name
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table(dt.Name).SQL(" SET ").Ident(f[0]).SQL(" = (SELECT ").Column(there, f[2]).
		SQL(" FROM ").Table(target.Name).SQL(" WHERE ").Column(there, "name").SQL(" = ").Column(here, f[1]).SQL(") WHERE ")
	if dt.Field(f[0]).Type.Numeric {
		b.SQL("COALESCE(").Ident(f[0]).SQL(", 0) = 0")
	} else {
		b.SQL("COALESCE(").Ident(f[0]).SQL(", '') = ''")
	}
	b.SQL(" AND ").Ident(f[1]).SQL(" IN (SELECT ").Ident("name").SQL(" FROM ").Table(target.Name).SQL(")")
	_, err := c.Tx.Exec(ctx, b)
	return err
}
