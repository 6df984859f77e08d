package core

import (
	"context"
	"fmt"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/storage"
)

// registerDeleted keeps what is deleted, and adds the methods that bring it back.
func registerDeleted(h *engine.Hooks, r *method.Registry) {
	h.On(engine.AnyDocType, engine.AfterDelete, removeCompanions)
	h.On(engine.AnyDocType, engine.AfterDelete, keepDeleted)
	h.On(engine.AnyDocType, engine.AfterDelete, tellDeleted)
	h.On(engine.AnyDocType, engine.AfterRename, tellRenamed)
	r.Add(
		method.Method{Name: "frappe.core.doctype.deleted_document.deleted_document.restore",
			Params: []method.Param{arg.Req("name", method.Any), arg.Opt("alert", method.Any, true)}, Fn: func(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
				return nil, restore(ctx, c, a.Text("name"), a.Bool("alert"))
			}},
		method.Method{Name: "frappe.core.doctype.deleted_document.deleted_document.bulk_restore", Params: arg.Any("docnames"), Fn: bulkRestore},
	)
}

// companions are rows about a document that go with it, by the fields that name it.
// Source: frappe/model/delete_doc.py delete_dynamic_links.
var companions = [][3]string{
	{"ToDo", "reference_type", "reference_name"}, {"Email Unsubscribe", "reference_doctype", "reference_name"},
	{"DocShare", "share_doctype", "share_name"}, {"Version", "ref_doctype", "docname"}, {"Comment", "reference_doctype", "reference_name"},
	{"View Log", "reference_doctype", "reference_name"}, {"Document Follow", "ref_doctype", "ref_docname"},
	{"Notification Log", "document_type", "document_name"}, {"Tag Link", "document_type", "document_name"},
	{"Document Share Key", "reference_doctype", "reference_docname"},
}

func removeCompanions(ctx context.Context, c *engine.Call, d *document.Document) error {
	for _, t := range companions {
		dt, err := c.DocType(ctx, t[0])
		if err != nil || dt.Column(t[1]) == nil || dt.Column(t[2]) == nil {
			continue // a release without that DocType
		}
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table(t[0]).SQL(" WHERE ").Ident(t[1]).SQL(" = ").Str(d.Type.Name).
			SQL(" AND ").Ident(t[2]).SQL(" = ").Str(d.Name())
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return err
		}
	}
	for _, table := range []string{"Communication", "Activity Log"} {
		if dt, err := c.DocType(ctx, table); err != nil || dt.Column("reference_name") == nil {
			continue
		}
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table(table).SQL(" SET ").Ident("reference_doctype").SQL(" = NULL, ").Ident("reference_name").
			SQL(" = NULL WHERE ").Ident("reference_doctype").SQL(" = ").Str(d.Type.Name).SQL(" AND ").Ident("reference_name").SQL(" = ").Str(d.Name())
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// keepDeleted stores the document as JSON in Deleted Document.
// Source: delete_doc.py add_to_deleted_document.
func keepDeleted(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Type.Name == "Deleted Document" {
		return nil
	}
	data := document.IndentSorted(document.MapOf(d.ToObject(document.JSONOptions{IndentJSON: c.Profile.IndentJSON})), 1)
	kept, err := c.FromObject(ctx, document.NewObject("doctype", "Deleted Document", "deleted_doctype", d.Type.Name, "deleted_name", d.Name(), "data", data))
	if err != nil {
		return err
	}
	kept.Flags.IgnorePermissions, kept.Flags.IgnoreXSS = true, true
	return c.Insert(ctx, kept)
}

// silent DocTypes leave no comment when their documents are deleted.
// Source: the no_feed_on_delete of upstream's controllers.
var silent = map[string]bool{"Comment": true, "Communication": true, "DocShare": true, "File": true, "Deleted Document": true}

func tellDeleted(ctx context.Context, c *engine.Call, d *document.Document) error {
	if silent[d.Type.Name] {
		return nil
	}
	m, err := c.FromObject(ctx, document.NewObject("doctype", "Comment", "comment_type", "Deleted", "reference_doctype", d.Type.Name,
		"subject", d.Type.Name+" "+d.Name()))
	if err != nil {
		return err
	}
	m.Flags.IgnorePermissions, m.Flags.IgnoreLinks = true, true
	return c.Insert(ctx, m)
}

// tellRenamed lets versions follow a renamed document and leaves a comment.
// Source: frappe/model/rename_doc.py rename_doc, rename_versions.
func tellRenamed(ctx context.Context, c *engine.Call, d *document.Document) error {
	old := d.Text("__rename_from")
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table("Version").SQL(" SET ").Ident("docname").SQL(" = ").Str(d.Name()).
		SQL(" WHERE ").Ident("ref_doctype").SQL(" = ").Str(d.Type.Name).SQL(" AND ").Ident("docname").SQL(" = ").Str(old)
	if _, err := c.Tx.Exec(ctx, b); err != nil {
		return err
	}
	text := "renamed from %s to %s"
	if d.Get("__rename_merge").Truthy() {
		text = "merged %s into %s"
	}
	_, err := AddComment(ctx, c, Comment{DocType: d.Type.Name, Name: d.Name(), Kind: "Edit", Content: fmt.Sprintf(text, engine.Bold(old), engine.Bold(d.Name()))})
	return err
}

// restore inserts a deleted document anew; a cancelled one comes back as a draft.
// Source: frappe/core/doctype/deleted_document/deleted_document.py restore.
func restore(ctx context.Context, c *engine.Call, name string, alert bool) error {
	kept, err := c.GetForUpdate(ctx, "Deleted Document", name)
	if err != nil {
		return err
	}
	if err := c.CheckPermission(ctx, kept, doctype.Read); err != nil { // what is restored is the caller's; upstream asks nobody
		return err
	}
	if kept.Int("restored") != 0 {
		return exc.DocumentAlreadyRestored.Throwf("Document %s Already Restored", name)
	}
	o, err := arg.Object(kept.Get("data"))
	if err != nil {
		return err
	}
	d, err := c.FromObject(ctx, o)
	if err != nil {
		return err
	}
	err = c.Insert(ctx, d)
	if exc.Is(err, exc.DocstatusTransition) {
		c.Msgprint(exc.Message{Text: "Cancelled Document restored as Draft"})
		o.Set("docstatus", document.IntOf(0))
		if d, err = c.FromObject(ctx, o); err != nil {
			return err
		}
		err = c.Insert(ctx, d)
	}
	if err != nil {
		return err
	}
	_, err = AddComment(ctx, c, Comment{DocType: d.Type.Name, Name: d.Name(), Kind: "Edit", Content: fmt.Sprintf("restored %s as %s", kept.Text("deleted_name"), d.Name())})
	if err != nil {
		return err
	}
	err = c.Tx.SetColumns(ctx, kept.Type, kept.NameValue(), []string{"new_name", "restored"}, []document.Value{document.Text(d.Name()), document.IntOf(1)})
	if err == nil && alert {
		c.Msgprint(exc.Message{Text: "Document Restored"})
	}
	return err
}

// bulkRestore restores each by itself; failures are listed, not raised.
func bulkRestore(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	restored, invalid, failed := []string{}, []string{}, []string{}
	for _, name := range arg.Strings(a.Get("docnames")) {
		said := len(c.Messages)
		err := c.Tx.Savepoint(ctx, func() error { return restore(ctx, c, name, false) })
		switch {
		case err == nil:
			restored = append(restored, name)
			continue
		case exc.Is(err, exc.DocumentAlreadyRestored):
			invalid = append(invalid, name)
		default:
			failed = append(failed, name)
		}
		c.Messages = c.Messages[:said]
		LeaveExcType(c, err)
	}
	return document.NewObject("restored", restored, "invalid", invalid, "failed", failed), nil
}

// LeaveExcType leaves the class of a caught error in the answer where the release
// does. Source: frappe/utils/response.py of v14: exc_type is set when an error is
// thrown, whoever catches it.
func LeaveExcType(c *engine.Call, err error) {
	if e := exc.Of(err); e != nil && e.Thrown && quirk.Of(c.Profile).StaleExcType {
		c.Response.Keys.Set("exc_type", document.Text(e.Class.Name))
	}
}
