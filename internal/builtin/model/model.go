// Package model owns what upstream has under frappe/model for clients: the methods
// that every document has, and renaming. Start with Register.
package model

import (
	"context"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Register hooks the document methods and adds the methods.
// Source: frappe/model/document.py, frappe/model/rename_doc.py.
func Register(h *engine.Hooks, r *method.Registry) {
	h.Method(engine.AnyDocType, "submit", func(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
		return d, c.Submit(ctx, d)
	})
	h.Method(engine.AnyDocType, "cancel", func(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
		return d, c.Cancel(ctx, d)
	})
	h.Method(engine.AnyDocType, "discard", func(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
		return nil, c.Discard(ctx, d)
	})
	h.Method(engine.AnyDocType, "rename", rename)
	r.Add(
		method.Method{Name: "frappe.rename_doc", Verbs: []string{"POST", "PUT"}, Params: []method.Param{{Name: "doctype", Required: true}, {Name: "old", Required: true},
			{Name: "new", Required: true}, {Name: "merge"}, {Name: "force"}}, Fn: renameDoc},
		method.Method{Name: "frappe.model.rename_doc.update_document_title", Rest: true, Fn: updateTitle},
	)
}

// rename gives the document another name. Source: document.py rename.
func rename(ctx context.Context, c *engine.Call, d *document.Document, a *document.Object) (any, error) {
	name, err := c.Rename(ctx, d.Type.Name, d.Name(), a.Str("name"), engine.RenameOptions{Merge: truthy(a.Get("merge"))})
	if err != nil {
		return nil, err
	}
	fresh, err := c.Get(ctx, d.Type.Name, name)
	if err != nil {
		return nil, err
	}
	*d = *fresh
	return nil, nil
}

func truthy(v document.Value) bool { return method.Args{Object: document.NewObject("v", v)}.Bool("v") }

func renameDoc(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	return c.Rename(ctx, a.Text("doctype"), a.Text("old"), a.Text("new"), engine.RenameOptions{Merge: a.Bool("merge")})
}

// updateTitle changes a document's title, its name, or both, and returns the name.
// Source: frappe/model/rename_doc.py update_document_title.
func updateTitle(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, name := a.Text("doctype"), a.Text("docname")
	title, newName := a.Text("title"), a.Text("name")
	if title == "" {
		title = a.Text("new_title")
	}
	if newName == "" {
		newName = a.Text("new_name")
	}
	if newName != "" && newName != name {
		renamed, err := c.Rename(ctx, dt, name, newName, engine.RenameOptions{Merge: a.Bool("merge")})
		if err != nil {
			return nil, err
		}
		name = renamed
	}
	d, err := c.Get(ctx, dt, name)
	if err != nil {
		return nil, err
	}
	field := d.Type.Title()
	if title == "" || field == "name" || d.Text(field) == title {
		return name, nil
	}
	d.Set(field, document.Text(title))
	return name, c.Save(ctx, d)
}
