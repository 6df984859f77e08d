// Package model owns what upstream has under frappe/model and frappe/utils/nestedset:
// trees, renaming, the document methods that every document has, list settings of
// users. Start with Register.
package model

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/storage"
)

// Register hooks trees and adds the methods.
func Register(h *engine.Hooks, r *method.Registry) {
	registerTrees(h, r)
	registerDocumentMethods(h)
	registerMapper(r)
	posts := []string{"POST", "PUT"}
	r.Add(
		method.Method{Name: "frappe.rename_doc", Verbs: posts, Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("old", method.Str|method.Int), arg.Req("new", method.Str|method.Int),
			arg.Opt("force", method.Bool, false), arg.Opt("merge", method.Bool, false), arg.Opt("ignore_if_exists", method.Bool, false),
			arg.Opt("show_alert", method.Bool, true), arg.Opt("rebuild_search", method.Bool, true)}, Fn: renameDoc},
		method.Method{Name: "frappe.model.rename_doc.update_document_title", Rest: true, Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("docname", method.Str),
			arg.Opt("title", method.Str|method.None, nil), arg.Opt("name", method.Str|method.None, nil), arg.Opt("merge", method.Bool, false), arg.Opt("enqueue", method.Bool, false)}, Fn: updateTitle},
		method.Method{Name: "frappe.model.utils.user_settings.get", Params: arg.Any("doctype"), Fn: func(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
			text, err := UserSettings(ctx, c, a.Text("doctype"))
			return text, err
		}},
		method.Method{Name: "frappe.model.utils.user_settings.save", Params: arg.Any("doctype", "user_settings"), Fn: saveUserSettings},
	)
}

// registerDocumentMethods adds the whitelisted methods of every document.
// Source: frappe/model/document.py.
func registerDocumentMethods(h *engine.Hooks) {
	run := func(fn func(c *engine.Call, ctx context.Context, d *document.Document) error) engine.DocMethod {
		return func(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
			if err := fn(c, ctx, d); err != nil {
				return nil, err
			}
			return d, nil
		}
	}
	h.Method(engine.AnyDocType, "submit", run((*engine.Call).Submit))
	h.Method(engine.AnyDocType, "cancel", run((*engine.Call).Cancel))
	h.Method(engine.AnyDocType, "discard", func(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
		if !c.Profile.HasDiscard {
			e := exc.HTTP404.New("Method discard not found") // as a method that does not exist
			e.HTML = true
			return nil, e
		}
		return nil, c.Discard(ctx, d)
	})
	h.Method(engine.AnyDocType, "rename", func(ctx context.Context, c *engine.Call, d *document.Document, args *document.Object) (any, error) {
		a := method.Args{Object: args}
		name, err := c.Rename(ctx, d.Type.Name, d.Name(), a.Text("name"), engine.RenameOptions{Merge: a.Bool("merge")})
		if err != nil {
			return nil, err
		}
		d.SetName(name)
		return nil, reload(ctx, c, d)
	})
}

// renameDoc is frappe.rename_doc. Source: frappe/__init__.py rename_doc.
func renameDoc(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if _, err := c.Get(ctx, a.Text("doctype"), a.Text("old")); err != nil {
		return nil, err
	}
	name, err := c.Rename(ctx, a.Text("doctype"), a.Text("old"), a.Text("new"), engine.RenameOptions{Merge: a.Bool("merge"), Quiet: !a.Bool("show_alert")})
	if err != nil {
		return nil, err
	}
	return name, nil
}

// updateTitle gives a document another name, another title, or both.
// Source: frappe/model/rename_doc.py update_document_title.
func updateTitle(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, name := a.Text("doctype"), a.Text("docname")
	either := func(old, now string) string {
		if v := a.Text(old); v != "" {
			return v
		}
		return a.Text(now)
	}
	title, newName := either("new_title", "title"), either("new_name", "name")
	d, err := c.Get(ctx, dt, name)
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Write); err != nil {
		return nil, err
	}
	field := d.Type.Title()
	changed := title != "" && field != "name" && title != d.Text(field)
	if newName != "" && newName != d.Name() {
		if name, err = c.Rename(ctx, dt, d.Name(), newName, engine.RenameOptions{Merge: a.Bool("merge")}); err != nil {
			return nil, err
		}
	}
	if changed {
		if d, err = c.GetForUpdate(ctx, dt, name); err != nil {
			return nil, err
		}
		d.Set(field, document.Text(title))
		if err := c.Save(ctx, d); err != nil {
			return nil, err
		}
		c.Msgprint(exc.Message{Text: "Saved", Indicator: "green", Alert: true})
	}
	return name, nil
}

// UserSettings is what the caller keeps about a DocType's list, as JSON text.
// Source: frappe/model/utils/user_settings.py get_user_settings.
func UserSettings(ctx context.Context, c *engine.Call, name string) (string, error) {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("data").SQL(" FROM ").Ident("__UserSettings").SQL(" WHERE ").Ident("user").SQL(" = ").Str(c.User).
		SQL(" AND ").Ident("doctype").SQL(" = ").Str(name)
	var data document.Value
	_, err := c.Tx.QueryRow(ctx, b, &data)
	if text := document.ToText(data); text != "" {
		return text, err
	}
	return "{}", err
}

// saveUserSettings merges an object into what is kept.
// Source: user_settings.py save, update_user_settings.
func saveUserSettings(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	now, err := arg.Object(a.Get("user_settings"))
	if err != nil {
		return nil, err
	}
	text, err := UserSettings(ctx, c, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	merged := &document.Object{}
	if old, err := document.ParseJSON(text); err == nil && old.Map() != nil {
		merged = old.Map()
	}
	for i := range now.Len() {
		k, v := now.At(i)
		merged.Set(k, v)
	}
	text = document.PythonSpaced.Marshal(document.MapOf(merged))
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Ident("__UserSettings").SQL(" WHERE ").Ident("user").SQL(" = ").Str(c.User).
		SQL(" AND ").Ident("doctype").SQL(" = ").Str(a.Text("doctype"))
	if _, err := c.Tx.Exec(ctx, b); err != nil {
		return nil, err
	}
	b = storage.NewBuilder(c.Tx.Dialect()).SQL("INSERT INTO ").Ident("__UserSettings").SQL(" (").Ident("user").SQL(", ").Ident("doctype").SQL(", ").Ident("data").
		SQL(") VALUES (").Str(c.User).SQL(", ").Str(a.Text("doctype")).SQL(", ").Str(text).SQL(")")
	if _, err := c.Tx.Exec(ctx, b); err != nil {
		return nil, err
	}
	return merged, nil
}

// parentField is the field of a tree that names a node's parent.
func parentField(dt *doctype.DocType) string {
	if dt.NsmParentField != "" {
		return dt.NsmParentField
	}
	return "parent_" + doctype.Scrub(dt.Name)
}
