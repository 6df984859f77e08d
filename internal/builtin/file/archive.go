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
	limit, err := maxSize(ctx, c)
	if err != nil {
		return nil, err
	}
	members, err := unpack(ctx, c, d, k, limit)
	defer members.Discard()
	if err != nil {
		return nil, zipError(d, err)
	}
	out := make([]*document.Document, len(members))
	for i, m := range members {
		in := &content{temp: m.temp, ready: m.ready, refusal: m.refusal}
		if in.doc, err = c.FromObject(ctx, document.NewObject("doctype", "File", "file_name", m.name, "folder", d.Get("folder"), "is_private", d.Get("is_private"),
			"attached_to_doctype", d.Get("attached_to_doctype"), "attached_to_name", d.Get("attached_to_name"))); err != nil {
			return nil, err
		}
		out[i] = in.doc
		err := c.Insert(context.WithValue(ctx, contentKey{}, in), in.doc)
		m.temp, m.staged = in.temp, in.staged
		if err != nil {
			return nil, err
		}
	}
	return out, c.DeleteDoc(ctx, d)
}

// member is a file of an archive.
type member struct {
	name          string
	temp          *files.Temp
	ready, staged bool
	refusal       error // why its bytes are not stored
}

type members []*member

// Discard gives back what was not stored.
func (all members) Discard() {
	for _, m := range all {
		if !m.staged {
			m.temp.Discard()
		}
	}
}

// unpack brings all members of an archive to the disk, before the call holds the
// database's locks.
func unpack(ctx context.Context, c *engine.Call, d *document.Document, k files.Key, limit int64) (members, error) {
	strip, err := setting(ctx, c, stripSetting)
	if err != nil {
		return nil, err
	}
	open := c.Stage().Open
	v, err := c.Prepare(ctx, "unzip "+d.Name(), func(ctx context.Context) (any, error) {
		f, err := open(k)
		if err != nil {
			return nil, notFound(k.URL(), err)
		}
		defer func() { _ = f.Close() }()
		var all members
		err = c.Files.Unzip(f, limit, func(name string, t *files.Temp) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			in := &content{temp: t}
			m := &member{name: name, temp: t}
			all = append(all, m)
			if t.Size() > 0 {
				err := in.clean(c, name, strip != 0)
				m.temp, m.ready, m.refusal = in.temp, in.ready, in.refusal
				return err
			}
			return nil
		})
		if err != nil {
			all.Discard()
			return nil, err
		}
		return all, nil
	})
	all, _ := v.(members)
	return all, err
}

func zipError(d *document.Document, err error) error {
	switch {
	case errors.Is(err, engine.ErrHolding):
		return exc.Validation.Throw("An archive cannot be unpacked after other writes of a batch")
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

// Bounds of one archive: how many files it takes, and how many bytes they have together.
const (
	maxZipped      = 1000
	maxZippedBytes = 1 << 30
)

// zipFiles sends files as one archive, each once; those that the user may not read are
// left out. Errors: ValidationError for more than an archive takes.
// Source: frappe/core/api/file.py zip_files.
func zipFiles(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	names := arg.Strings(a.Get("files"))
	if len(names) > maxZipped {
		return nil, exc.Validation.Throw("Too many files for one archive")
	}
	c.Response.Keys.Set("filename", document.Text("files.zip"))
	list, sum, seen := []zipped(nil), int64(0), map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		z, err := toZip(ctx, c, name)
		if err != nil {
			return nil, err
		}
		if z.name == "" {
			continue
		}
		if sum += z.size; sum > maxZippedBytes {
			return nil, exc.Validation.Throw("Too much for one archive")
		}
		list = append(list, z)
	}
	v, err := c.Prepare(ctx, "zip "+strings.Join(names, "\n"), func(ctx context.Context) (any, error) {
		if c.ReserveSpace != nil {
			if err := c.ReserveSpace(ctx, sum); err != nil {
				return nil, err
			}
		}
		return zipAll(ctx, c, list, sum)
	})
	if errors.Is(err, engine.ErrHolding) {
		return nil, exc.Validation.Throw("Files cannot be zipped after other writes of a batch")
	}
	if err != nil {
		return nil, err
	}
	t := v.(*files.Temp)
	f, err := t.Open()
	t.Discard() // the open file keeps the bytes
	if err != nil {
		return nil, err
	}
	send(c, "files.zip", f)
	return nil, nil
}

// zipped is a file on its way into an archive.
type zipped struct {
	name string
	key  files.Key
	size int64
}

// toZip finds a file that the user may read; the zero value when there is none.
func toZip(ctx context.Context, c *engine.Call, name string) (zipped, error) {
	d, err := c.Get(ctx, "File", name)
	if err != nil || d.Int("is_folder") != 0 {
		return zipped{}, err
	}
	ok, err := may(ctx, c, d, doctype.Read)
	if err != nil || !ok {
		return zipped{}, err
	}
	k, err := storedKey(d.Text("file_url"))
	if err != nil {
		return zipped{}, err
	}
	f, err := c.Stage().Open(k)
	if err != nil {
		return zipped{}, notFound(k.URL(), err)
	}
	defer func() { _ = f.Close() }()
	return zipped{name: d.Text("file_name"), key: k, size: f.Size()}, nil
}

// zipAll writes an archive to the disk.
func zipAll(ctx context.Context, c *engine.Call, list []zipped, sum int64) (*files.Temp, error) {
	w := c.Files.NewWriter(sum + sum/100 + 1024*int64(len(list)+1))
	z := files.NewZip(w)
	add := func(one zipped) error {
		f, err := c.Stage().Open(one.key)
		if err != nil {
			return notFound(one.key.URL(), err)
		}
		defer func() { _ = f.Close() }()
		return z.Add(one.name, f)
	}
	for _, one := range list {
		err := ctx.Err()
		if err == nil {
			err = add(one)
		}
		if err != nil {
			w.Abort()
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		w.Abort()
		return nil, err
	}
	return w.Finish()
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
	v, err := c.Prepare(ctx, "optimize "+d.Name(), func(context.Context) (any, error) {
		out := optimized(c, data, kind, 0, 0)
		if len(out) == len(data) {
			return nil, nil
		}
		t := c.Files.Of(out)
		if err := t.Ready(); err != nil {
			t.Discard()
			return nil, err
		}
		return t, nil
	})
	if errors.Is(err, engine.ErrHolding) {
		return nil, exc.Validation.Throw("A picture cannot be optimized after other writes of a batch")
	}
	if err != nil {
		return nil, err
	}
	t, _ := v.(*files.Temp)
	if t == nil {
		return nil, c.Save(ctx, d)
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
