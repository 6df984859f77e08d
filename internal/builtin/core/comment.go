package core

import (
	"context"
	"unicode/utf8"

	"freddo/document"
	"freddo/internal/engine"
)

// registerComment hooks the controller of Comment and the document method
// add_comment. Source: frappe/core/doctype/comment/comment.py.
func registerComment(h *engine.Hooks) {
	h.On("Comment", engine.Validate, func(_ context.Context, c *engine.Call, d *document.Document) error {
		if d.Text("comment_email") == "" {
			d.Set("comment_email", document.Text(c.User))
		}
		if text := d.Text("content"); text != "" && c.Hooks.Sanitize != nil {
			d.Set("content", document.Text(c.Hooks.Sanitize(text))) // the field itself is exempt from cleaning
		}
		return nil
	})
	h.On("Comment", engine.OnUpdate, noteComment)
	h.On("Comment", engine.OnTrash, forgetComment)
	h.Method(engine.AnyDocType, "add_comment", addCommentMethod)
}

// Comment is a remark on a document.
type Comment struct {
	DocType, Name string
	// Kind is the comment_type; "" is Comment.
	Kind, Content, Email, By string
}

// AddComment stores a comment, whatever the user's rights.
// Source: frappe/model/document.py add_comment.
func AddComment(ctx context.Context, c *engine.Call, m Comment) (*document.Document, error) {
	if m.Kind == "" {
		m.Kind = "Comment"
	}
	if m.Email == "" {
		m.Email = c.User
	}
	if m.Content == "" {
		m.Content = m.Kind
	}
	o := document.NewObject("doctype", "Comment", "comment_type", m.Kind, "comment_email", m.Email, "reference_doctype", m.DocType,
		"reference_name", m.Name, "content", m.Content)
	if m.By != "" {
		o.Set("comment_by", document.Text(m.By))
	}
	d, err := c.FromObject(ctx, o)
	if err != nil {
		return nil, err
	}
	d.Flags.IgnorePermissions = true
	d.Flags.IgnoreLinks = true
	return d, c.Insert(ctx, d)
}

func addCommentMethod(ctx context.Context, c *engine.Call, d *document.Document, args *document.Object) (any, error) {
	m, err := AddComment(ctx, c, Comment{DocType: d.Type.Name, Name: d.Name(), Kind: args.Str("comment_type"), Content: args.Str("text"),
		Email: args.Str("comment_email"), By: args.Str("comment_by")})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// maxNoted is how many comments a document's _comments keeps.
const maxNoted = 100

// noteComment keeps a document's _comments in step. Only real comments count.
// Source: comment.py update_comment_in_doc.
func noteComment(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("comment_type") != "Comment" || d.Text("content") == "" {
		return nil
	}
	return changeNoted(ctx, c, d, func(list []document.Value) []document.Value {
		text := document.Text(truncated(d.Text("content")))
		for _, v := range list {
			if m := v.Map(); m != nil && m.Str("name") == d.Name() {
				m.Set("comment", text)
				return list
			}
		}
		return append(list, document.MapOf(document.NewObject("comment", text, "by", d.Text("comment_email"), "name", d.Name())))
	})
}

// truncated cuts text beyond 100 characters to 97 and dots.
func truncated(s string) string {
	if utf8.RuneCountInString(s) <= 100 {
		return s
	}
	return string([]rune(s)[:97]) + "..."
}

func forgetComment(ctx context.Context, c *engine.Call, d *document.Document) error {
	return changeNoted(ctx, c, d, func(list []document.Value) []document.Value {
		kept := []document.Value{}
		for _, v := range list {
			if m := v.Map(); m == nil || m.Str("name") != d.Name() {
				kept = append(kept, v)
			}
		}
		return kept
	})
}

// changeNoted rewrites _comments of the document that a comment is about.
func changeNoted(ctx context.Context, c *engine.Call, d *document.Document, change func([]document.Value) []document.Value) error {
	dtName, name := d.Text("reference_doctype"), d.Text("reference_name")
	if dtName == "" || name == "" {
		return nil
	}
	dt, err := c.DocType(ctx, dtName)
	if err != nil || dt.IsSingle || dt.IsVirtual || dt.Column("_comments") == nil {
		return nil //nolint:nilerr // a comment on what is gone is noted nowhere
	}
	v, err := c.Value(ctx, dtName, name, "_comments")
	if err != nil {
		return err
	}
	var list []document.Value
	if old, err := document.ParseJSON(v.Str()); err == nil {
		list = old.List()
	}
	list = change(list)
	if len(list) > maxNoted {
		list = list[len(list)-maxNoted:]
	}
	return c.SetValue(ctx, dtName, name, "_comments", document.Text(document.PythonSpaced.Marshal(document.ListOf(list...))))
}
