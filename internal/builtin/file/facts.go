package file

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

// facts are fields of a File that follow from its bytes, or that the site gives to Files
// of its own. What a client sends for them is dropped; upstream believes it.
var facts = []string{"content_hash", "file_size", "thumbnail_url", "is_home_folder", "is_attachments_folder"}

// dropFacts takes off a new File what its client may not state.
func dropFacts(c *engine.Call, d *document.Document) {
	for _, name := range facts {
		slot, ok := d.Type.Slot(name)
		if !ok || d.At(slot).IsNull() || ownFolder(c, d, name) {
			continue
		}
		v := document.NullValue
		if d.Type.Columns[slot].Type.Numeric {
			v = document.IntOf(0)
		}
		d.SetAt(slot, v)
	}
	if d.Int("is_folder") != 0 && d.Text("file_url") != "" {
		d.Set("file_url", document.NullValue) // a folder has no bytes that its owner might read
	}
}

// ownFolder: the site itself marks its two folders.
func ownFolder(c *engine.Call, d *document.Document, name string) bool {
	return c.User == perm.Administrator && d.Int("is_folder") != 0 && (name == "is_home_folder" || name == "is_attachments_folder")
}

type factsKey struct{}

// keepFacts puts the facts of a stored File back, and what it is: a folder stays a
// folder. Code that changes them says so by withFacts.
func keepFacts(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Before == nil || d.Flags.InInsert || ctx.Value(factsKey{}) == d {
		return nil
	}
	for _, name := range append([]string{"is_folder"}, facts...) {
		if slot, ok := d.Type.Slot(name); ok && !ownFolder(c, d, name) {
			d.SetAt(slot, d.Before.At(slot))
		}
	}
	if d.Int("is_folder") != 0 {
		d.Set("file_url", d.Before.Get("file_url"))
	}
	return nil
}

// withFacts lets the save of d change what follows from its bytes.
func withFacts(ctx context.Context, d *document.Document) context.Context {
	return context.WithValue(ctx, factsKey{}, d)
}

// mayHangOn refuses to hang a File on a document that the caller may not write, and to
// move it to one. Upstream asks that of uploads only (handler.py
// check_write_permission).
func mayHangOn(ctx context.Context, c *engine.Call, d *document.Document) error {
	dt, name, ok := attachment(d)
	if !ok || d.Flags.IgnorePermissions {
		return nil
	}
	if d.Before != nil && !d.Flags.InInsert {
		if was, who, _ := attachment(d.Before); was == dt && who == name {
			return nil
		}
	}
	if in := ofFile(ctx, d); in != nil && in.judged {
		return nil
	}
	return mayAttach(ctx, c, dt, name)
}

// mayAttach refuses to attach to a document that the caller may not write. One that does
// not exist is a form that is not saved yet.
// Source: handler.py check_write_permission.
func mayAttach(ctx context.Context, c *engine.Call, dt, name string) error {
	d, err := c.Get(ctx, dt, name)
	if err == nil {
		return c.CheckPermission(ctx, d, doctype.Write)
	}
	if !exc.Is(err, exc.DoesNotExist) {
		return err
	}
	core.Catch(c, err)
	switch quirk.Of(c.Profile).UploadNewDoc {
	case "doctype":
		return checkDocType(ctx, c, dt)
	case "document":
		if d, err = c.NewDoc(ctx, dt); err != nil {
			return err
		}
		return c.CheckPermission(ctx, d, doctype.Write)
	}
	return nil
}
