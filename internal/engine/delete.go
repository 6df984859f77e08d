package engine

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/storage"
)

func pathEscape(s string) string { return url.PathEscape(s) }

// Delete removes a document, its rows and its secrets. The steps and their order
// are upstream's. Errors: DoesNotExistError without a message, PermissionError,
// LinkExistsError, ValidationError for submitted documents.
// Source: frappe/model/delete_doc.py delete_doc.
func (c *Call) Delete(ctx context.Context, dtName, name string) error {
	dt, err := c.DocType(ctx, dtName) // Frappe: the table is asked for before the controller
	if err != nil {
		return err
	}
	if err := c.Tx.StartWrite(ctx); err != nil {
		return err
	}
	if dt.IsSingle {
		d, err := c.single(ctx, dt)
		if err != nil {
			return err
		}
		return c.DeleteDoc(ctx, d)
	}
	if dt.IsVirtual {
		d, err := c.loadVirtual(ctx, dt, name)
		if err != nil {
			return err
		}
		return c.DeleteDoc(ctx, d)
	}
	if err := c.lockTree(ctx, dt); err != nil {
		return err
	}
	d, err := c.Tx.Load(ctx, dt, document.Text(name), storage.LoadOptions{ForUpdate: true, Resolve: c.resolver(ctx)})
	if errors.Is(err, storage.ErrNotFound) {
		return exc.DoesNotExist.New("").About(dtName, name)
	}
	if err != nil {
		return err
	}
	return c.DeleteDoc(ctx, d)
}

// DeleteRows deletes the documents that filters find, whatever the call's user may do:
// for what hangs on a document that the user did change.
func (c *Call) DeleteRows(ctx context.Context, doctype string, filters *document.Object) error {
	rows, err := c.Rows(ctx, doctype, []string{"name"}, filters, "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		d, err := c.GetForUpdate(ctx, doctype, r.PropText("name"))
		if err != nil {
			return err
		}
		d.Flags.IgnorePermissions = true
		if err := c.DeleteDoc(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// DeleteDoc is Delete for a loaded document.
func (c *Call) DeleteDoc(ctx context.Context, d *document.Document) error {
	if err := c.checkDelete(ctx, d); err != nil {
		return err
	}
	if err := c.checkRow(ctx, d); err != nil {
		return err
	}
	if d.Type.IsSubmittable && d.Docstatus() == 1 && !d.Flags.IgnorePermissions {
		e := exc.Validation.Throwf("%s %s: Submitted Record cannot be deleted. You must %s Cancel %s it first.", d.Type.Name, d.Name(),
			"<a href='"+c.Profile.DeleteHelp+"' target='_blank'>", "</a>")
		e.Untyped = true
		return e
	}
	if err := c.run(ctx, OnTrash, d); err != nil {
		return err
	}
	if err := c.run(ctx, OnChange, d); err != nil {
		return err
	}
	if !d.Flags.IgnoreLinks && d.Type.Name != "DocType" {
		if err := c.checkBacklinks(ctx, d, false); err != nil {
			return err
		}
	}
	if err := c.revertSeries(ctx, d); err != nil {
		return err
	}
	if err := c.deleteRows(ctx, d); err != nil {
		return err
	}
	return c.run(ctx, AfterDelete, d)
}

func (c *Call) checkDelete(ctx context.Context, d *document.Document) error {
	err := c.CheckPermission(ctx, d, doctype.Delete)
	if err == nil || !c.Profile.DeleteDeniedThrows || !exc.Is(err, exc.Permission) {
		return err
	}
	return exc.Permission.Throwf("User not allowed to delete %s: %s", d.Type.Name, d.Name())
}

func (c *Call) deleteRows(ctx context.Context, d *document.Document) error {
	if d.Type.IsSingle {
		c.singleChanged(d.Type.Name)
	}
	if err := c.Tx.DeleteAuth(ctx, d.Type.Name, d.Name(), ""); err != nil {
		return err
	}
	if d.Type.IsVirtual {
		v, err := c.virtualOf(d.Type)
		if err != nil {
			return err
		}
		return v.Delete(ctx, c, d)
	}
	if _, err := c.Tx.Delete(ctx, d.Type, d.NameValue()); err != nil {
		return err
	}
	for _, f := range d.Type.Tables {
		child, err := c.DocType(ctx, f.Options)
		if err != nil {
			return err
		}
		if err := c.Tx.DeleteChildren(ctx, child, d.Type.Name, "", d.NameValue(), nil); err != nil {
			return err
		}
	}
	return nil
}

// ignoredBacklinks are DocTypes whose links never hold a document back.
// Source: frappe/model/delete_doc.py doctypes_to_skip.
var ignoredBacklinks = map[string]bool{
	"Communication": true, "ToDo": true, "DocShare": true, "Email Unsubscribe": true, "Activity Log": true,
	"File": true, "Version": true, "Document Follow": true, "Comment": true, "View Log": true, "Tag Link": true,
	"Notification Log": true, "Email Queue": true, "Document Share Key": true, "Integration Request": true,
	"Unhandled Email": true, "Webhook Request Log": true, "Workspace": true, "Route History": true, "Access Log": true,
	"Permission Log": true,
}

// backlink is one field somewhere that links to a DocType.
type backlink struct{ doctype, fieldname string }

// checkBacklinks refuses to delete or cancel what other documents link.
// Source: delete_doc.py check_if_doc_is_linked, check_if_doc_is_dynamically_linked.
func (c *Call) checkBacklinks(ctx context.Context, d *document.Document, cancel bool) error {
	fields, err := c.backlinks(ctx, d.Type.Name)
	if err != nil {
		return err
	}
	for _, bl := range fields {
		if !cancel && ignoredBacklinks[bl.doctype] || cancel && bl.fieldname == "amended_from" {
			continue
		}
		if err := c.checkBacklink(ctx, d, bl, cancel); err != nil {
			return err
		}
	}
	return c.checkDynamicBacklinks(ctx, d, cancel)
}

// backlinks are the Link fields, standard and custom, whose target is a DocType.
func (c *Call) backlinks(ctx context.Context, target string) ([]backlink, error) {
	return c.linkFields(ctx, "Link", target)
}

func (c *Call) linkFields(ctx context.Context, fieldtype, options string) ([]backlink, error) {
	var out []backlink
	for _, src := range [2][2]string{{"DocField", "parent"}, {"Custom Field", "dt"}} {
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident(src[1]).SQL(", ").Ident("fieldname")
		if options == "" {
			b.SQL(", ").Ident("options")
		}
		b.SQL(" FROM ").Table(src[0]).SQL(" WHERE ").Ident("fieldtype").SQL(" = ").Arg(document.Text(fieldtype))
		if options != "" {
			b.SQL(" AND ").Ident("options").SQL(" = ").Arg(document.Text(options))
		}
		b.SQL(" ORDER BY ").Ident(src[1]).SQL(", ").Ident("fieldname")
		rows, err := c.Tx.Query(ctx, b)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			out = append(out, backlink{rawText(rows, 0), rawText(rows, 1)})
		}
		err = rows.Err()
		_ = rows.Close()
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func rawText(rows storage.Rows, i int) string {
	return document.ToText(rows.Raw(i).Value(doctype.TextClass))
}

func (c *Call) checkBacklink(ctx context.Context, d *document.Document, bl backlink, cancel bool) error {
	dt, err := c.DocType(ctx, bl.doctype)
	if exc.Is(err, exc.DoesNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	col := dt.Column(bl.fieldname)
	if dt.IsVirtual || col == nil || !col.Stored {
		return nil
	}
	if dt.IsSingle {
		return c.checkSingleBacklink(ctx, d, dt, bl, cancel)
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(", ").Ident("docstatus")
	if dt.IsTable {
		b.SQL(", ").Ident("parent").SQL(", ").Ident("parenttype")
	}
	b.SQL(" FROM ").Table(dt.Name).SQL(" WHERE ").Ident(bl.fieldname).SQL(" = ").Arg(document.Text(d.Name()))
	if cancel {
		b.SQL(" AND ").Ident("docstatus").SQL(" = ").Arg(document.IntOf(1))
	}
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		where, name := dt.Name, rawText(rows, 0)
		if dt.IsTable && rawText(rows, 2) != "" {
			where, name = rawText(rows, 3), rawText(rows, 2)
		}
		// Frappe: a document's own rows hold it back.
		if dt.Name == d.Type.Name && name == d.Name() || !cancel && ignoredBacklinks[where] {
			continue
		}
		return c.linkExists(d, where, name, "", cancel)
	}
	return rows.Err()
}

func (c *Call) checkSingleBacklink(ctx context.Context, d *document.Document, dt *doctype.DocType, bl backlink, cancel bool) error {
	v, err := c.Setting(ctx, dt.Name, bl.fieldname)
	if err != nil || document.ToText(v) != d.Name() {
		return err
	}
	return c.linkExists(d, dt.Name, "", "", cancel)
}

func (c *Call) checkDynamicBacklinks(ctx context.Context, d *document.Document, cancel bool) error {
	fields, err := c.dynamicFields(ctx)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if ignoredBacklinks[f[0]] {
			continue
		}
		dt, err := c.DocType(ctx, f[0])
		if err != nil || dt.IsVirtual || dt.Column(f[1]) == nil || dt.Column(f[2]) == nil {
			continue
		}
		if dt.IsSingle {
			if err := c.checkDynamicSingle(ctx, d, f, cancel); err != nil {
				return err
			}
			continue
		}
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name")
		if dt.IsTable {
			b.SQL(", ").Ident("parent").SQL(", ").Ident("parenttype").SQL(", ").Ident("idx")
		}
		b.SQL(" FROM ").Table(dt.Name).SQL(" WHERE ").Ident(f[2]).SQL(" = ").Arg(document.Text(d.Type.Name)).
			SQL(" AND ").Ident(f[1]).SQL(" = ").Arg(document.Text(d.Name()))
		if cancel {
			b.SQL(" AND ").Ident("docstatus").SQL(" = ").Arg(document.IntOf(1))
		} else {
			b.SQL(" AND ").Ident("docstatus").SQL(" < ").Arg(document.IntOf(2))
		}
		if err := c.firstDynamic(ctx, b, d, dt, cancel); err != nil {
			return err
		}
	}
	return nil
}

// checkDynamicSingle refuses to delete what a Single links dynamically. Singles are
// never submitted, so they hold no cancel back.
func (c *Call) checkDynamicSingle(ctx context.Context, d *document.Document, f [3]string, cancel bool) error {
	kind, err := c.Setting(ctx, f[0], f[2])
	if err != nil || cancel || document.ToText(kind) != d.Type.Name {
		return err
	}
	name, err := c.Setting(ctx, f[0], f[1])
	if err != nil || document.ToText(name) != d.Name() {
		return err
	}
	return c.linkExists(d, f[0], "", "", cancel)
}

func (c *Call) firstDynamic(ctx context.Context, b *storage.Builder, d *document.Document, dt *doctype.DocType, cancel bool) error {
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		where, name, row := dt.Name, rawText(rows, 0), ""
		if dt.IsTable {
			where, name, row = rawText(rows, 2), rawText(rows, 1), "at Row: "+rawText(rows, 3)
		}
		if ignoredBacklinks[where] {
			continue
		}
		return c.linkExists(d, where, name, row, cancel)
	}
	return rows.Err()
}

// dynamicFields are all Dynamic Links: DocType, fieldname, field of the type.
func (c *Call) dynamicFields(ctx context.Context) ([][3]string, error) {
	var out [][3]string
	for _, src := range [2][2]string{{"DocField", "parent"}, {"Custom Field", "dt"}} {
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident(src[1]).SQL(", ").Ident("fieldname").SQL(", ").Ident("options").
			SQL(" FROM ").Table(src[0]).SQL(" WHERE ").Ident("fieldtype").SQL(" = ").Arg(document.Text("Dynamic Link"))
		rows, err := c.Tx.Query(ctx, b)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			out = append(out, [3]string{rawText(rows, 0), rawText(rows, 1), rawText(rows, 2)})
		}
		err = rows.Err()
		_ = rows.Close()
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Call) linkExists(d *document.Document, where, name, row string, cancel bool) error {
	at := c.DocLink(where, name)
	if name == "" {
		at = c.DocLink(where, where)
		where = ""
	}
	text := fmt.Sprintf("Cannot delete or cancel because %s %s is linked with %s %s %s", d.Type.Name, c.DocLink(d.Type.Name, d.Name()), where, at, row)
	if !cancel && (d.Type.Field("enabled") != nil || d.Type.Field("disabled") != nil) {
		e := exc.LinkExists.Throwf("You can disable this %s instead of deleting it.", d.Type.Name)
		return e.WithPlain(exc.Message{Text: text, Indicator: "red", Raise: true})
	}
	return exc.LinkExists.Throw(text)
}
