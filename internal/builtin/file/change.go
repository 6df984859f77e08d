package file

import (
	"context"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/files"
	"freddo/internal/storage"
)

const writeRight = doctype.Write

var specialCharacter = regexp.MustCompile(`[^\p{L}\p{N}_]`)

// validate checks a File before every save. Source: file.py validate.
func validate(ctx context.Context, c *engine.Call, d *document.Document) error {
	d.Extra().Delete("content")
	d.Extra().Delete("decode")
	if err := keepFacts(ctx, c, d); err != nil {
		return err
	}
	if err := mayHangOn(ctx, c, d); err != nil || d.Int("is_folder") != 0 {
		return err
	}
	if !quirk.Of(c.Profile).FileURLEarly {
		d.Set("file_url", document.Text(unquote(d.Text("file_url"))))
	}
	if err := checkAttachment(d); err != nil {
		return err
	}
	if err := checkPublic(ctx, c, d); err != nil {
		return err
	}
	if d.Before != nil && d.Int("is_private") != d.Before.Int("is_private") {
		if err := changePrivacy(ctx, c, d); err != nil {
			return err
		}
	}
	if err := checkURL(ctx, c, d); err != nil {
		return err
	}
	if in := ofFile(ctx, d); in != nil && in.size.Truthy() {
		d.Set("file_size", document.IntOf(document.Cint(in.size)))
	}
	return nil
}

// checkPublic keeps public files to System Managers, where the site wants that.
// Source: file.py enforce_public_file_restrictions.
func checkPublic(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("is_private") != 0 || !quirk.Of(c.Profile).PublicByManagers {
		return nil
	}
	only, err := setting(ctx, c, "only_allow_system_managers_to_upload_public_files")
	if err != nil || only == 0 {
		return err
	}
	return c.OnlyFor(ctx, "System Manager")
}

func checkAttachment(d *document.Document) error {
	if d.Text("attached_to_doctype") == "" {
		return nil
	}
	v := d.Get("attached_to_name")
	if !v.Truthy() || v.Kind() != document.String && v.Kind() != document.Int {
		return exc.Validation.Throw("Attached To Name must be a string or an integer")
	}
	if specialCharacter.MatchString(d.Text("attached_to_field")) {
		return exc.Validation.Throw("The fieldname you've specified in Attached To Field is invalid")
	}
	return nil
}

// checkURL refuses URLs that name no stored file of the right kind, and those that a
// client has changed to a file that it may not read.
// Source: file.py validate_file_path, validate_file_url, validate_file_on_disk.
func checkURL(ctx context.Context, c *engine.Call, d *document.Document) error {
	u := d.Text("file_url")
	if isRemote(c, d) {
		return nil
	}
	if u == "" {
		return exc.OSErr.Throw("File  does not exist")
	}
	k, err := storedKey(u)
	if err != nil {
		return err
	}
	if k.Private != (d.Int("is_private") != 0) {
		return badPath()
	}
	if strings.Contains(d.Text("file_name"), "/") {
		return exc.Validation.Throw("File name cannot have /")
	}
	switch there, err := c.Stage().Exists(k); {
	case err != nil:
		return err
	case !there:
		return exc.OSErr.Throwf("File %s does not exist", u)
	}
	if d.Before != nil && d.Before.Text("file_url") != u && d.Before.Int("is_private") == d.Int("is_private") && ctx.Value(factsKey{}) != d {
		return mayAdopt(ctx, c, k)
	}
	return nil
}

// noteAttached comments on the document that a new File hangs on.
// Source: file.py create_attachment_record.
func noteAttached(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("is_folder") != 0 {
		return nil
	}
	name, u := d.Text("file_name"), d.Text("file_url")
	if name == "" {
		name = u
	}
	text := fmt.Sprintf("<a href='%s' target='_blank'>%s</a>", html.EscapeString(quoteURL(u)), html.EscapeString(name))
	if d.Int("is_private") != 0 {
		text += ` <i class="fa fa-lock text-warning"></i>`
	}
	if quirk.Of(c.Profile).AttachmentSentence {
		text = "Added " + text
	}
	return comment(ctx, c, d, "Attachment", text)
}

// quoteURL is Python's urllib.parse.quote with "/:" safe.
func quoteURL(u string) string {
	return strings.NewReplacer("%2F", "/", "%3A", ":", "+", "%20").Replace(url.QueryEscape(u))
}

// comment remarks on the document that a File hangs on, if it is there.
func comment(ctx context.Context, c *engine.Call, d *document.Document, kind, text string) error {
	dt, name, ok := attachment(d)
	if !ok {
		return nil
	}
	_, found, err := c.Exists(ctx, dt, name)
	if err != nil && !exc.Is(err, exc.DoesNotExist) {
		return err
	}
	if err != nil || !found {
		core.LeaveExcType(c, exc.DoesNotExist.Throw(""))
		c.Messages = nil // Frappe: every message goes, not only that of the missing document
		return nil
	}
	_, err = core.AddComment(ctx, c, core.Comment{DocType: dt, Name: name, Kind: kind, Content: text})
	return err
}

// onTrash deletes the bytes with the last File that has them.
// Source: file.py on_trash, _delete_file_on_disk.
func onTrash(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("is_home_folder") != 0 || d.Int("is_attachments_folder") != 0 {
		return exc.Validation.Throw("Cannot delete Home and Attachments folders")
	}
	if d.Int("is_folder") != 0 {
		child, err := first(ctx, c, where{"folder", document.Text(d.Name())})
		if err != nil {
			return err
		}
		if child.name != "" {
			return exc.FolderNotEmpty.Throwf("Folder %s is not empty", d.Name())
		}
		return nil
	}
	if hash := d.Text("content_hash"); hash != "" {
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table("File").SQL(" WHERE ").Ident("content_hash").SQL(" = ").Str(hash).
			SQL(" AND ").Ident("name").SQL(" <> ").Str(d.Name()).SQL(" LIMIT 1")
		var other document.Value
		shared, err := c.Tx.QueryRow(ctx, b, &other)
		if err != nil {
			return err
		}
		if !shared {
			if err := remove(c, d.Text("file_url")); err != nil {
				return err
			}
		}
	}
	if err := remove(c, d.Text("thumbnail_url")); err != nil {
		return err
	}
	text := d.Text("file_name")
	if quirk.Of(c.Profile).AttachmentSentence {
		text = "Removed " + text
	}
	return comment(ctx, c, d, "Attachment Removed", text)
}

// remove deletes a stored file once the call has committed.
func remove(c *engine.Call, u string) error {
	for part := range strings.SplitSeq(u, "/") {
		if part == ".." {
			return exc.Validation.Throwf("It is risky to delete this file: %s. Please contact your System Manager.", u)
		}
	}
	if k, ok := files.KeyOf(u); ok {
		c.Stage().Remove(k)
	}
	return nil
}

// deleteAttachments deletes the Files of a document that was deleted.
// Source: frappe/model/delete_doc.py, file_manager.py remove_all.
func deleteAttachments(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Type.IsTable || d.Type.Name == "File" {
		return nil
	}
	names, err := attachedTo(ctx, c, d.Type.Name, d.Name())
	for _, name := range names {
		f, err := c.Get(ctx, "File", name)
		if err != nil {
			return err
		}
		f.Flags.IgnorePermissions = true
		if err := c.DeleteDoc(ctx, f); err != nil {
			return err
		}
	}
	return err
}

func attachedTo(ctx context.Context, c *engine.Call, dt, name string) ([]string, error) {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table("File").SQL(" WHERE ").Ident("attached_to_doctype").SQL(" = ").Str(dt).
		SQL(" AND ").Ident("attached_to_name").SQL(" = ").Str(name)
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		names = append(names, document.ToText(rows.Raw(0).Value(doctype.TextClass)))
	}
	return names, rows.Err()
}
