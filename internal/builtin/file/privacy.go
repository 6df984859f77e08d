package file

import (
	"context"
	"fmt"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/files"
	"freddo/internal/storage"
)

// changePrivacy moves the bytes between the public and the private files, and follows
// up everything that names them. Bytes that Files of others name as well, which the
// caller may not write, stay where they are; d gets a copy. (Upstream moves them, and
// the others' Files with them.) Source: file.py handle_is_private_changed.
func changePrivacy(ctx context.Context, c *engine.Call, d *document.Document) error {
	old := d.Text("file_url")
	if isRemote(c, d) {
		return nil
	}
	if old != d.Before.Text("file_url") { // what a client says is stored elsewhere is not moved
		return badPath()
	}
	from, err := storedKey(old)
	if err != nil {
		return err
	}
	to := files.Key{Private: d.Int("is_private") != 0, Name: from.Name}
	if to == from {
		return nil
	}
	switch there, err := c.Stage().Exists(from); {
	case err != nil:
		return err
	case !there:
		return exc.FileNotFound.Throwf("Cannot find file %s on disk", strings.TrimPrefix(from.URL(), "/"))
	}
	o, err := othersOf(ctx, c, d, old)
	if err != nil {
		return err
	}
	if !o.byURL {
		if err := copyBytes(c, d, from); err != nil {
			return err
		}
		return followInField(ctx, c, d, old)
	}
	switch free, err := c.Stage().Free(to); {
	case err != nil:
		return err
	case !free:
		return exc.FileExists.Throwf("A file with same name %s already exists", strings.TrimPrefix(to.URL(), "/"))
	}
	if err := c.Stage().Move(from, to); err != nil {
		return fmt.Errorf("move a file: %w", err)
	}
	d.Set("file_url", document.Text(to.URL()))
	if err := followMove(ctx, c, d, old, o.byHash); err != nil {
		return err
	}
	return followInField(ctx, c, d, old)
}

// others says what the caller may do to the other Files of a File's bytes.
type others struct {
	// byURL: write all Files of the same URL. byHash: and all of equal bytes elsewhere.
	byURL, byHash bool
}

// othersOf asks for the caller's rights on the Files that share their bytes with d, under
// the URL u or by the hash.
func othersOf(ctx context.Context, c *engine.Call, d *document.Document, u string) (others, error) {
	if d.Flags.IgnorePermissions {
		return others{true, true}, nil
	}
	byURL, err := writesAll(ctx, c, d, "file_url", u)
	if err != nil || !byURL {
		return others{}, err
	}
	byHash, err := writesAll(ctx, c, d, "content_hash", d.Text("content_hash"))
	return others{byURL, byHash}, err
}

// writesAll reports whether the caller may write every File but d whose field has a
// value. It stops at the first that the caller may not.
func writesAll(ctx context.Context, c *engine.Call, d *document.Document, field, value string) (bool, error) {
	if value == "" {
		return true, nil
	}
	rows, err := c.Rows(ctx, "File", fileFields, document.NewObject(field, value), "")
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		f := document.New(d.Type)
		for i := range r.Len() {
			k, v := r.At(i)
			f.Set(k, v)
		}
		if f.Name() == d.Name() {
			continue
		}
		if ok, err := c.HasPermission(ctx, "File", doctype.Write, f); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// copyBytes gives d bytes of its own, on the side that is_private says.
func copyBytes(c *engine.Call, d *document.Document, from files.Key) error {
	f, err := c.Stage().Open(from)
	if err != nil {
		return notFound(from.URL(), err)
	}
	defer func() { _ = f.Close() }()
	t, err := c.Files.Spool(f, f.Size())
	if err != nil {
		return fmt.Errorf("copy a file: %w", err)
	}
	in := &content{doc: d, temp: t}
	hash, size := t.Hash(), t.Size()
	if err := put(c, d, in, hash); err != nil {
		if !in.staged {
			t.Discard()
		}
		return err
	}
	d.Set("content_hash", document.Text(hash))
	d.Set("file_size", document.IntOf(size))
	return nil
}

// followMove rewrites the other Files of the bytes that were moved, and of equal bytes
// elsewhere where equal says so. Source: file.py update_existing_file_docs.
func followMove(ctx context.Context, c *engine.Call, d *document.Document, old string, equal bool) error {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table("File").SQL(" SET ").Ident("file_url").SQL(" = ").Arg(d.Get("file_url")).
		SQL(", ").Ident("is_private").SQL(" = ").Arg(d.Get("is_private")).SQL(" WHERE (").Ident("file_url").SQL(" = ").Str(old)
	if hash := d.Text("content_hash"); equal && hash != "" {
		b.SQL(" OR ").Ident("content_hash").SQL(" = ").Str(hash)
	}
	_, err := c.Tx.Exec(ctx, b.SQL(") AND ").Ident("name").SQL(" <> ").Str(d.Name()))
	return err
}

// followInField rewrites the field of the attached document that holds the old URL, if
// it is a field for files that the caller may write. The client has chosen document and
// field, so neither is believed. Source: file.py fetch_attached_to_field.
func followInField(ctx context.Context, c *engine.Call, d *document.Document, old string) error {
	dtName, name, ok := attachment(d)
	if !ok {
		return nil
	}
	field := d.Text("attached_to_field")
	if field == "" {
		ref, err := c.Get(ctx, dtName, name)
		if exc.Is(err, exc.DoesNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, f := range ref.Type.AttachFields {
			if f.Slot >= 0 && document.ToText(ref.At(f.Slot)) == old {
				field = f.Fieldname
				d.Set("attached_to_field", document.Text(field))
				break
			}
		}
	}
	_, err := c.WriteField(ctx, dtName, name, field, d.Get("file_url"), func(f *doctype.DocField, now document.Value) bool {
		return holdsFiles(f) && document.ToText(now) == old
	})
	return err
}

// holdsFiles reports whether a field is for the URL of a file.
func holdsFiles(f *doctype.DocField) bool {
	return f.Fieldtype == "Attach" || f.Fieldtype == "Attach Image"
}
