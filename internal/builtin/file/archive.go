package file

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/files"
	"freddo/internal/method"
)

// unzipFile replaces an archive by what is in it. Upstream unpacks for everybody; here
// the archive must be readable. Source: file.py unzip.
func unzipFile(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, "File", a.Text("name"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	if !strings.HasSuffix(d.Text("file_url"), ".zip") {
		return nil, exc.Validation.Throwf("%s is not a zip file", d.Text("file_name"))
	}
	k, err := storedKey(d.Text("file_url"))
	if err != nil {
		return nil, err
	}
	f, err := c.Stage().Open(k)
	if err != nil {
		return nil, notFound(k.URL(), err)
	}
	defer func() { _ = f.Close() }()
	limit, err := maxSize(ctx, c)
	if err != nil {
		return nil, err
	}
	members, err := unpack(ctx, c, d, f, limit)
	defer func() {
		for _, in := range members {
			if !in.staged {
				in.temp.Discard()
			}
		}
	}()
	if err != nil {
		return nil, zipError(d, err)
	}
	out := make([]*document.Document, len(members))
	for i, in := range members {
		out[i] = in.doc
		if err := c.Insert(context.WithValue(ctx, contentKey{}, in), in.doc); err != nil {
			return nil, err
		}
	}
	return out, c.DeleteDoc(ctx, d)
}

// unpack brings all members of an archive to the disk, before the call holds the
// database's locks.
func unpack(ctx context.Context, c *engine.Call, d *document.Document, f files.File, limit int64) ([]*content, error) {
	var members []*content
	err := c.Files.Unzip(f, limit, func(name string, t *files.Temp) error {
		m, err := c.FromObject(ctx, document.NewObject("doctype", "File", "file_name", name, "folder", d.Get("folder"), "is_private", d.Get("is_private"),
			"attached_to_doctype", d.Get("attached_to_doctype"), "attached_to_name", d.Get("attached_to_name")))
		if err != nil {
			return err
		}
		in := &content{doc: m, temp: t}
		members = append(members, in)
		if t.Size() == 0 {
			return nil
		}
		return in.prepare(ctx, c)
	})
	return members, err
}

func zipError(d *document.Document, err error) error {
	switch {
	case errors.Is(err, files.ErrUnavailable):
		return err
	case errors.Is(err, files.ErrNotZip):
		return exc.BadZipFile.New("File is not a zip file")
	case errors.Is(err, files.ErrBadMember):
		return exc.Validation.Throwf("%s is a not a valid zip file", d.Text("file_name"))
	case errors.Is(err, files.ErrBomb):
		return exc.Validation.Throwf("%s holds too much to be unpacked", d.Text("file_name"))
	case errors.Is(err, files.ErrTooLarge):
		return exc.MaxFileSizeReached.Throw("File size exceeded the maximum allowed size")
	}
	return err
}

// maxZipped is how many files one archive takes.
const maxZipped = 1000

// zipFiles sends files as one archive; those that the user may not read are left out.
// Source: frappe/core/api/file.py zip_files.
func zipFiles(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	names := arg.Strings(a.Get("files"))
	if len(names) > maxZipped {
		return nil, exc.Validation.Throw("Too many files for one archive")
	}
	c.Response.Keys.Set("filename", document.Text("files.zip"))
	w := c.Files.NewWriter(1 << 62)
	z := files.NewZip(w)
	for _, name := range names {
		if err := addToZip(ctx, c, z, name); err != nil {
			w.Abort()
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		w.Abort()
		return nil, err
	}
	t, err := w.Finish()
	if err != nil {
		return nil, err
	}
	f, err := t.Open()
	t.Discard() // the open file keeps the bytes
	if err != nil {
		return nil, err
	}
	send(c, "files.zip", f)
	return nil, nil
}

func addToZip(ctx context.Context, c *engine.Call, z *files.Zip, name string) error {
	d, err := c.Get(ctx, "File", name)
	if err != nil || d.Int("is_folder") != 0 {
		return err
	}
	ok, err := may(ctx, c, d, doctype.Read)
	if err != nil || !ok {
		return err
	}
	k, err := storedKey(d.Text("file_url"))
	if err != nil {
		return err
	}
	f, err := c.Stage().Open(k)
	if err != nil {
		return notFound(k.URL(), err)
	}
	defer func() { _ = f.Close() }()
	return z.Add(d.Text("file_name"), f)
}

// optimizeFile makes a stored picture smaller, under the same URL.
// Source: file.py optimize_file.
func optimizeFile(ctx context.Context, c *engine.Call, d *document.Document, _ *document.Object) (any, error) {
	kind := files.TypeByName(d.Text("file_name"))
	switch {
	case d.Int("is_folder") != 0:
		return nil, exc.TypeErr.New("Folders cannot be optimized")
	case !strings.HasPrefix(kind, "image/") || d.Int("file_size") <= 0:
		return nil, exc.NotImplemented.New("Only local image files can be optimized")
	case kind == "image/svg+xml":
		return nil, exc.TypeErr.New("Optimization of SVG images is not supported")
	}
	k, err := storedKey(d.Text("file_url"))
	if err != nil {
		return nil, err
	}
	if err := mayAdopt(ctx, c, k); err != nil { // a client may have sent the document
		return nil, err
	}
	f, err := c.Stage().Open(k)
	if err != nil {
		return nil, notFound(k.URL(), err)
	}
	data, err := readAll(f, maxImage)
	_ = f.Close()
	if errors.Is(err, files.ErrUnavailable) {
		return nil, err
	}
	if err != nil {
		c.Msgprint(imageMessage())
		return nil, nil //nolint:nilerr // kept as it is
	}
	out := optimized(c, data, kind, 0, 0)
	if len(out) == len(data) {
		return nil, c.Save(ctx, d)
	}
	t := c.Files.Of(out)
	if err := t.Ready(); err != nil {
		return nil, err
	}
	return nil, replaceBytes(ctx, c, d, k, t)
}

// replaceBytes gives a File other bytes, under its URL where all Files that name it are
// the caller's to write, else under one of its own. It owns t.
func replaceBytes(ctx context.Context, c *engine.Call, d *document.Document, k files.Key, t *files.Temp) error {
	old := d.Text("content_hash")
	o, err := othersOf(ctx, c, d, k.URL())
	if err != nil {
		t.Discard()
		return err
	}
	d.Set("content_hash", document.Text(t.Hash()))
	d.Set("file_size", document.IntOf(t.Size()))
	if !o.byURL {
		in := &content{doc: d, temp: t}
		if err := put(c, d, in, t.Hash()); err != nil {
			if !in.staged {
				t.Discard()
			}
			return err
		}
		return c.Save(withFacts(ctx, d), d)
	}
	if err := c.Save(withFacts(ctx, d), d); err != nil {
		t.Discard()
		return err
	}
	if err := c.Stage().Replace(k, t); err != nil {
		return fmt.Errorf("replace a file: %w", err)
	}
	return rehash(ctx, c, d, old)
}
