package file

import (
	"context"
	"errors"
	"net/url"
	"path"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/files"
	"freddo/internal/method"
	"freddo/internal/perm"
)

// Private answers a path under /private/files/: the bytes for who may read a File of
// exactly that URL, else a page that refuses.
// Source: frappe/utils/response.py download_private_file, send_private_file.
func Private(ctx context.Context, c *engine.Call, u string) error {
	if c.User == perm.Guest {
		return refused()
	}
	d, err := findByURL(ctx, c, u, c.Form.PropText("fid"))
	if err != nil {
		return err
	}
	k, ok := files.KeyOf(u)
	if d == nil || !ok || !k.Valid() {
		return refused()
	}
	name := path.Base(k.Name)
	r := &c.Response
	r.Kind = "download"
	r.ContentType = files.ContentType(name, "application/octet-stream")
	if files.Active(name) {
		r.Disposition, r.Filename = "attachment", name
	}
	if c.Files.Local() && c.Request.Header.Get("X-Use-X-Accel-Redirect") != "" {
		r.Header = append(r.Header, [2]string{"X-Accel-Redirect", quoteURL("/protected/private/files/" + k.Name)})
		return nil
	}
	f, err := c.Files.Open(k)
	if errors.Is(err, files.ErrNotExist) {
		e := exc.HTTP404.New("The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.")
		e.HTML = true
		return e
	}
	if err != nil {
		return err
	}
	r.Stream = f
	return linked(c, k)
}

// linked sends the client to the store itself instead of the stream, where that is
// wanted.
func linked(c *engine.Call, k files.Key) error {
	r := &c.Response
	disposition := ""
	if r.Disposition != "" {
		disposition = r.Disposition + "; filename*=UTF-8''" + url.PathEscape(r.Filename)
	}
	link, err := c.Files.Link(k, r.ContentType, disposition)
	if err != nil || link == "" {
		return err
	}
	r.Kind, r.Location, r.Disposition, r.Filename = "redirect", link, "", ""
	r.Header = append(r.Header, [2]string{"Cache-Control", "no-store"})
	return nil
}

// notFound says that bytes are missing, unless their store does not answer.
func notFound(u string, err error) error {
	if !errors.Is(err, files.ErrNotExist) && !errors.Is(err, files.ErrBadName) {
		return err
	}
	return exc.FileNotFound.New("[Errno 2] No such file or directory: '" + u + "'")
}

func refused() error {
	e := exc.HTTP403.New("You don't have permission to access this file")
	e.HTML = true
	return e
}

// download sends a file to who may read a File of that URL.
// Source: frappe/handler.py download_file.
func download(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	u := a.Text("file_url")
	d, err := findDownload(ctx, c, u)
	if err != nil {
		return nil, err
	}
	if d.Int("is_folder") != 0 {
		return nil, exc.Validation.Throw("Cannot get file contents of a Folder")
	}
	k, err := storedKey(u)
	if err != nil {
		return nil, err
	}
	f, err := c.Files.Open(k)
	if err != nil {
		return nil, notFound(u, err)
	}
	send(c, path.Base(u), f)
	return nil, linked(c, k)
}

func findDownload(ctx context.Context, c *engine.Call, u string) (*document.Document, error) {
	if quirk.Of(c.Profile).AnyFileOfURL {
		d, err := findByURL(ctx, c, u, "")
		if err == nil && d == nil {
			err = exc.Permission.New("")
		}
		return d, err
	}
	f, err := first(ctx, c, where{"file_url", document.Text(u)})
	if err != nil {
		return nil, err
	}
	if f.name == "" {
		return nil, exc.DoesNotExist.Throwf("File {'file_url': '%s'} not found", u).About("File", u)
	}
	d, err := c.Get(ctx, "File", f.name)
	if err != nil {
		return nil, err
	}
	ok, err := may(ctx, c, d, readRight)
	if err == nil && !ok {
		err = exc.Permission.New("")
	}
	return d, err
}

// send answers with a file to keep.
func send(c *engine.Call, name string, f files.File) {
	if n, err := url.PathUnescape(name); err == nil {
		name = n
	}
	r := &c.Response
	r.Kind, r.Disposition, r.Filename, r.Stream = "download", "attachment", name, f
	r.ContentType = files.ContentType(name, "application/unknown")
}
