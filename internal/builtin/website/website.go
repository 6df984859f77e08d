// Package website owns the methods of upstream's module Website: what visitors send
// through web forms, and the controllers of its pages. Start with Register.
package website

import (
	"context"
	"strings"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/file"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/perm"
)

// Register hooks the controllers and adds the methods.
func Register(h *engine.Hooks, r *method.Registry) {
	registerPages(h)
	form := func(s string) string { return "frappe.website.doctype.web_form.web_form." + s }
	r.Add(
		method.Method{Name: form("accept"), Guest: true, Limit: &method.Limit{Key: "web_form", Count: 10, Window: time.Minute}, Params: arg.Any("web_form", "data"), Fn: accept},
		method.Method{Name: form("delete"), Params: arg.Any("web_form_name", "docname"), Fn: deleteOne},
		method.Method{Name: form("delete_multiple"), Params: arg.Any("web_form_name", "docnames"), Fn: deleteMany},
		method.Method{Name: "frappe.website.doctype.help_article.help_article.add_feedback", Guest: true,
			Limit: &method.Limit{Key: "article", Count: 5, Window: time.Hour}, Params: []method.Param{arg.Req("article", method.Str), arg.Req("helpful", method.Str)}, Fn: addFeedback},
	)
}

// upload is a file that stands in a form's data: "name,data:type;base64,…".
type upload struct{ field, value string }

// accept stores what a web form sends: a new document whatever the visitor's rights, or
// a change of an own one. Source: web_form.py accept.
func accept(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	data, err := arg.Object(a.Get("data"))
	if err != nil {
		return nil, err
	}
	form, err := c.Get(ctx, "Web Form", a.Text("web_form"))
	if err != nil {
		return nil, err
	}
	if user := c.User; form.Int("anonymous") != 0 && user != perm.Guest {
		c.SetUser(perm.Guest)
		defer c.SetUser(user)
	}
	name := data.PropText("name")
	if name != "" && form.Int("allow_edit") == 0 {
		return nil, exc.Validation.Throw("You are not allowed to update this Web Form Document")
	}
	var d *document.Document
	if name != "" {
		d, err = c.Get(ctx, form.Text("doc_type"), name)
	} else {
		d, err = c.NewDoc(ctx, form.Text("doc_type"))
	}
	if err != nil {
		return nil, err
	}
	uploads, removed, err := fill(ctx, c, d, form, data)
	if err != nil {
		return nil, err
	}
	if err := store(ctx, c, d, form, len(uploads) > 0); err != nil {
		return nil, err
	}
	if err := attach(ctx, c, d, uploads); err != nil {
		return nil, err
	}
	for _, u := range removed {
		if err := file.RemoveByURL(ctx, c, d, u); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// fill sets the form's fields, and those only; files are told apart.
func fill(ctx context.Context, c *engine.Call, d, form *document.Document, data *document.Object) (uploads []upload, removed []string, err error) {
	set := &document.Object{}
	for _, row := range form.Rows("web_form_fields") {
		name := row.Text("fieldname")
		f := d.Type.Field(name)
		if f == nil {
			continue
		}
		v := data.Get(name)
		if v.Kind() == document.Missing {
			v = document.Text("")
			if f.Table >= 0 {
				v = document.ListOf()
			}
		}
		if f.Fieldtype == "Attach" || f.Fieldtype == "Attach Image" {
			text := document.ToText(v)
			if strings.Contains(text, "data:") && strings.Contains(text, "base64") {
				uploads = append(uploads, upload{name, text})
				if d.New {
					set.Set(name, document.Text(""))
				}
				continue
			}
			if old := d.Text(name); text == "" && old != "" {
				removed = append(removed, old)
			}
		}
		set.Set(name, v)
	}
	return uploads, removed, c.UpdateDoc(ctx, d, set)
}

// store inserts or saves the document of a form.
func store(ctx context.Context, c *engine.Call, d, form *document.Document, incomplete bool) error {
	if !d.New {
		stored, err := c.GetForUpdate(ctx, d.Type.Name, d.Name()) // what the form has filled in is no reason
		if err != nil {
			return err
		}
		ok, err := mayChange(ctx, c, stored, form)
		if err != nil {
			return err
		}
		d.Flags.IgnorePermissions = ok
		return c.Save(ctx, d)
	}
	if form.Int("login_required") != 0 && c.User == perm.Guest {
		return exc.Validation.Throw("You must login to submit this form")
	}
	d.Flags.IgnorePermissions, d.Flags.IgnoreMandatory = true, incomplete
	return c.Insert(ctx, d)
}

// mayChange reports whether the visitor may change a document through the form beyond
// the rights of a role. Source: web_form.py has_web_form_permission.
func mayChange(ctx context.Context, c *engine.Call, d, form *document.Document) (bool, error) {
	switch {
	case c.User == perm.Guest:
		return false, nil
	case form.Int("apply_document_permissions") != 0:
		return c.HasPermission(ctx, d.Type.Name, doctype.Write, d)
	}
	return strings.EqualFold(d.Owner(), c.User), nil
}

// attach stores the files of a form and saves their URLs.
func attach(ctx context.Context, c *engine.Call, d *document.Document, uploads []upload) error {
	if len(uploads) == 0 {
		return nil
	}
	for _, u := range uploads {
		if old := d.Text(u.field); old != "" {
			if err := file.RemoveByURL(ctx, c, d, old); err != nil {
				return err
			}
		}
		name, data, _ := strings.Cut(u.value, ",")
		stored, err := file.Attach(ctx, c, d, name, data)
		if err != nil {
			return err
		}
		d.Set(u.field, stored.Get("file_url"))
	}
	d.Flags.IgnorePermissions, d.Flags.IgnoreMandatory = true, false
	return c.Save(ctx, d)
}

// deletable reports whether the visitor may delete a document through a form.
func deletable(ctx context.Context, c *engine.Call, form *document.Document, name string) (bool, error) {
	owner, err := c.Value(ctx, form.Text("doc_type"), name, "owner")
	return form.Int("allow_delete") != 0 && document.ToText(owner) == c.User, err
}

func remove(ctx context.Context, c *engine.Call, form *document.Document, name string) error {
	d, err := c.Get(ctx, form.Text("doc_type"), name)
	if err != nil {
		return err
	}
	d.Flags.IgnorePermissions = true
	return c.DeleteDoc(ctx, d)
}

// deleteOne deletes an own document. Source: web_form.py delete.
func deleteOne(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	form, err := c.Get(ctx, "Web Form", a.Text("web_form_name"))
	if err != nil {
		return nil, err
	}
	ok, err := deletable(ctx, c, form, a.Text("docname"))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, exc.Permission.New("Not Allowed")
	}
	return nil, remove(ctx, c, form, a.Text("docname"))
}

// deleteMany deletes own documents; when others are among them, none goes.
// Source: web_form.py delete_multiple.
func deleteMany(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	form, err := c.Get(ctx, "Web Form", a.Text("web_form_name"))
	if err != nil {
		return nil, err
	}
	var others []string
	names := arg.Strings(a.Get("docnames"))
	for _, n := range names {
		ok, err := deletable(ctx, c, form, n)
		if err != nil {
			return nil, err
		}
		if !ok {
			others = append(others, n)
		}
	}
	if len(others) > 0 {
		return nil, exc.Permission.New("You do not have permisssion to delete " + strings.Join(others, ", ")) //nolint:misspell // upstream's spelling
	}
	for _, n := range names {
		if err := remove(ctx, c, form, n); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// addFeedback counts whether an article was of help.
// Source: help_article.py add_feedback.
func addFeedback(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	field := "helpful"
	if a.Text("helpful") == "No" {
		field = "not_helpful"
	}
	dt, err := c.DocType(ctx, "Help Article")
	if exc.Is(err, exc.DoesNotExist) {
		return nil, nil // not shipped: there is no article to count for
	}
	if err != nil || dt.Column(field) == nil {
		return nil, err
	}
	name, found, err := c.Exists(ctx, dt.Name, a.Text("article"))
	if err != nil || !found {
		return nil, err
	}
	v, err := c.Value(ctx, dt.Name, name, field)
	if err != nil {
		return nil, err
	}
	return nil, c.SetValue(ctx, dt.Name, name, field, document.IntOf(document.Cint(v)+1))
}
