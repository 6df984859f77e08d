package desk

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/perm"
)

// registerFollow adds the methods with which users follow documents.
// Source: frappe/desk/form/document_follow.py.
func registerFollow(r *method.Registry) {
	r.Add(
		method.Method{Name: "frappe.desk.form.document_follow.update_follow", Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("doc_name", method.Str),
			arg.Req("following", method.Bool)}, Fn: updateFollow},
		method.Method{Name: "frappe.desk.form.document_follow.follow_document", Params: arg.Any("doctype", "doc_name", "user"), Fn: func(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
			return follow(ctx, c, a.Text("doctype"), a.Text("doc_name"), a.Text("user"))
		}},
		method.Method{Name: "frappe.desk.form.document_follow.unfollow_document", Params: arg.Any("doctype", "doc_name", "user"), Fn: func(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
			return unfollow(ctx, c, a.Text("doctype"), a.Text("doc_name"), a.Text("user"))
		}},
		method.Method{Name: "frappe.desk.form.document_follow.get_follow_users", Params: arg.Any("doctype", "doc_name"), Fn: followers},
	)
}

// unfollowed DocTypes are never followed: logs, and what hangs on other documents.
var unfollowed = map[string]bool{
	"Communication": true, "ToDo": true, "Email Unsubscribe": true, "File": true, "Comment": true, "Email Account": true, "Email Domain": true,
	"Version": true, "Error Log": true, "Scheduled Job Log": true, "Event Sync Log": true, "Event Update Log": true, "Access Log": true,
	"View Log": true, "Activity Log": true, "Energy Point Log": true, "Notification Log": true, "Email Queue": true, "DocShare": true,
	"Document Follow": true, "Console Log": true,
}

func updateFollow(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if a.Bool("following") {
		return follow(ctx, c, a.Text("doctype"), a.Text("doc_name"), c.User)
	}
	return unfollow(ctx, c, a.Text("doctype"), a.Text("doc_name"), c.User)
}

// follow notes that a user follows a document, where changes are tracked and the user
// wants notices. It returns the Document Follow, or nothing.
func follow(ctx context.Context, c *engine.Call, dtName, name, user string) (any, error) {
	if unfollowed[dtName] || user == perm.Administrator {
		return nil, nil
	}
	dt, err := c.DocType(ctx, dtName)
	if err != nil || !dt.TrackChanges {
		return nil, err
	}
	wants, err := c.Value(ctx, "User", user, "document_follow_notify")
	if err != nil || document.Cint(wants) == 0 {
		return nil, err
	}
	row, err := core.First(ctx, c, "Document Follow", []string{"name"}, followFilters(dtName, name, user))
	if err != nil || row != nil {
		return nil, err
	}
	d, err := c.FromObject(ctx, document.NewObject("doctype", "Document Follow", "ref_doctype", dtName, "ref_docname", name, "user", user))
	if err != nil {
		return nil, err
	}
	return d, c.Insert(ctx, d)
}

func followFilters(dtName, name, user string) *document.Object {
	return document.NewObject("ref_doctype", dtName, "ref_docname", name, "user", user)
}

// unfollow returns 1 when the user followed the document, else 0.
func unfollow(ctx context.Context, c *engine.Call, dtName, name, user string) (any, error) {
	row, err := core.First(ctx, c, "Document Follow", []string{"name"}, followFilters(dtName, name, user))
	if err != nil || row == nil {
		return int64(0), err
	}
	return int64(1), c.Delete(ctx, "Document Follow", row.PropText("name"))
}

// followers are the users who follow a document that the caller may read.
func followers(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, a.Text("doctype"), a.Text("doc_name"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	rows, err := c.Rows(ctx, "Document Follow", []string{"user"}, document.NewObject("ref_doctype", d.Type.Name, "ref_docname", d.Name()), "")
	if err != nil {
		return nil, err
	}
	return core.Maps(rows), nil
}
