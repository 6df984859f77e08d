package file

import (
	"context"
	"errors"
	"strings"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// bindAttachFields hangs the files in a document's Attach fields on it.
// Source: file/utils.py attach_files_to_document.
func bindAttachFields(ctx context.Context, c *engine.Call, d *document.Document) error {
	for _, f := range d.Type.AttachFields {
		u := document.ToText(d.At(f.Slot))
		if !strings.HasPrefix(u, "/files") && !strings.HasPrefix(u, "/private/files") {
			continue
		}
		if d.Before != nil && document.ToText(d.Before.At(f.Slot)) == u && d.Text("__temporary_name") == "" {
			continue // bound when it was set
		}
		if err := bind(ctx, c, d, f, u); err != nil {
			return err
		}
	}
	return nil
}

func bind(ctx context.Context, c *engine.Call, d *document.Document, f *doctype.DocField, u string) error {
	bound, err := first(ctx, c, where{"file_url", document.Text(u)}, where{"attached_to_name", document.Text(d.Name())},
		where{"attached_to_doctype", document.Text(d.Type.Name)}, where{"attached_to_field", document.Text(f.Fieldname)})
	if err != nil || bound.name != "" {
		return err
	}
	free, err := unattached(ctx, c, u)
	if err != nil {
		return err
	}
	private := strings.HasPrefix(u, "/private")
	if free != "" {
		ft, err := c.DocType(ctx, "File")
		if err != nil {
			return err
		}
		return c.Tx.SetColumns(ctx, ft, document.Text(free), []string{"attached_to_name", "attached_to_doctype", "attached_to_field", "is_private"},
			[]document.Value{document.Text(d.Name()), document.Text(d.Type.Name), document.Text(f.Fieldname), document.IntOf(flag(private))})
	}
	n, err := c.FromObject(ctx, document.NewObject("doctype", "File", "file_url", u, "attached_to_name", d.Name(), "attached_to_doctype", d.Type.Name,
		"attached_to_field", f.Fieldname, "folder", "Home/Attachments"))
	if err != nil {
		return err
	}
	n.Flags.IgnorePermissions = true
	if err := isolated(ctx, c, func() error { return c.Insert(ctx, n) }); err != nil {
		var e *exc.Error
		if !errors.As(err, &e) {
			return err
		}
		c.Log.WarnContext(ctx, "a file could not be attached", "doctype", d.Type.Name, "name", d.Name(), "field", f.Fieldname, "error", err)
		core.Catch(c, err) // Frappe: what failed is logged, and its message stays
	}
	return nil
}

// isolated runs fn so that its failure undoes what it did to rows and files.
func isolated(ctx context.Context, c *engine.Call, fn func() error) error {
	mark := c.Stage().Mark()
	err := c.Tx.Savepoint(ctx, fn)
	if err != nil {
		c.Stage().Back(mark)
	}
	return err
}

// unattached is a File of a URL that hangs on nothing and that the user may write, or "".
func unattached(ctx context.Context, c *engine.Call, u string) (string, error) {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table("File").SQL(" WHERE ").Ident("file_url").SQL(" = ").Str(u)
	for _, col := range []string{"attached_to_name", "attached_to_doctype", "attached_to_field"} {
		b.SQL(" AND ").Ident(col).SQL(" IS NULL")
	}
	if c.User != perm.Administrator { // a File of somebody else is not taken over by naming its URL
		b.SQL(" AND ").Ident("owner").SQL(" = ").Str(c.User)
	}
	b.SQL(" ORDER BY ").Ident(c.Profile.SortDefault).SQL(" DESC LIMIT 1")
	var name document.Value
	_, err := c.Tx.QueryRow(ctx, b, &name)
	return document.ToText(name), err
}

// relinkWithin is how long files of a form that is not saved yet wait for its document.
const relinkWithin = time.Hour

// relink gives a new document the files that were uploaded while its form had a name of
// its own. Source: file/utils.py relink_mismatched_files, desk/form/save.py savedocs.
func relink(ctx context.Context, c *engine.Call, d *document.Document) error {
	local := d.Extra().Str("localname")
	if len(d.Type.AttachFields) == 0 || !strings.HasPrefix(local, "new-"+strings.ToLower(strings.ReplaceAll(d.Type.Name, " ", "-"))) {
		return nil
	}
	since := c.SiteNow().Add(-relinkWithin).Format("2006-01-02 15:04:05.000000")
	for _, f := range d.Type.AttachFields {
		u := document.ToText(d.At(f.Slot))
		if u == "" {
			continue
		}
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table("File").SQL(" SET ").Ident("attached_to_name").SQL(" = ").Str(d.Name()).SQL(" WHERE ").
			Ident("file_url").SQL(" = ").Str(u)
		for _, w := range [][2]string{{"attached_to_name", local}, {"attached_to_doctype", d.Type.Name}, {"attached_to_field", f.Fieldname}, {"owner", c.User}} {
			b.SQL(" AND ").Ident(w[0]).SQL(" = ").Str(w[1])
		}
		if _, err := c.Tx.Exec(ctx, b.SQL(" AND ").Ident("creation").SQL(" >= ").Str(since)); err != nil {
			return err
		}
	}
	return nil
}

// rehash writes the new hash and size to the other Files of bytes that were replaced.
func rehash(ctx context.Context, c *engine.Call, d *document.Document, old string) error {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table("File").SQL(" SET ").Ident("content_hash").SQL(" = ").Arg(d.Get("content_hash")).
		SQL(", ").Ident("file_size").SQL(" = ").Arg(d.Get("file_size")).SQL(" WHERE ").Ident("content_hash").SQL(" = ").Str(old).
		SQL(" AND ").Ident("file_url").SQL(" = ").Arg(d.Get("file_url"))
	_, err := c.Tx.Exec(ctx, b)
	return err
}

// Attach stores base64 (a data: URL or without its head) as a public File of a document.
// Guests may where the site lets them upload.
func Attach(ctx context.Context, c *engine.Call, d *document.Document, name, data string) (*document.Document, error) {
	raw, err := decodeBase64(data)
	if err != nil {
		return nil, err
	}
	f, err := c.FromObject(ctx, document.NewObject("doctype", "File", "file_name", name, "attached_to_doctype", d.Type.Name, "attached_to_name", d.NameValue()))
	if err != nil {
		return nil, err
	}
	t := c.Files.Of(raw)
	in := &request{name: name, file: &engine.File{Data: t}}
	if err := in.checkType(ctx, c); err != nil {
		return nil, err
	}
	if c.User == perm.Guest {
		allowed, err := setting(ctx, c, "allow_guests_to_upload_files")
		if err != nil {
			return nil, err
		}
		f.Flags.IgnorePermissions = allowed != 0
	}
	return f, (&content{doc: f, temp: t, judged: true}).insert(ctx, c) // d was the caller's to write
}

// RemoveByURL deletes the File of a URL that hangs on a document, if there is one.
// Source: file/utils.py remove_file_by_url.
func RemoveByURL(ctx context.Context, c *engine.Call, d *document.Document, u string) error {
	f, err := first(ctx, c, where{"file_url", document.Text(u)}, where{"attached_to_doctype", document.Text(d.Type.Name)}, where{"attached_to_name", document.Text(d.Name())})
	if err != nil || f.name == "" {
		return err
	}
	old, err := c.Get(ctx, "File", f.name)
	if err != nil {
		return err
	}
	old.Flags.IgnorePermissions = true
	return c.DeleteDoc(ctx, old)
}
