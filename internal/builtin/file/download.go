package file

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

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
	} else if quirk.Of(c.Profile).InlinePrivate {
		r.Disposition, r.Filename = "inline", name
	}
	if c.Files.Local() && c.Request.Header.Get("X-Use-X-Accel-Redirect") != "" {
		r.Header = append(r.Header, [2]string{"X-Accel-Redirect", quoteURL("/protected/private/files/" + k.Name)})
		if quirk.Of(c.Profile).InlinePrivate {
			r.Header = append(r.Header, [2]string{"Cache-Control", "private,max-age=3600,stale-while-revalidate=86400"}, [2]string{"Accept-Ranges", "bytes"})
			if !files.Active(name) {
				r.Disposition, r.Filename = "", ""
			}
		}
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
	if quirk.Of(c.Profile).InlinePrivate {
		r.Header = append(r.Header, [2]string{"Cache-Control", "no-cache"})
	}
	if err := linked(c, k); err != nil {
		return err
	}
	if r.Disposition != "" && !ascii(r.Filename) && quirk.Of(c.Profile).InlinePrivate {
		r.Disposition += "; filename=" + plainName(r.Filename) + "; filename*=UTF-8''" + quoteName(r.Filename)
	}
	return nil
}

func ascii(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0 }

// plainName is a file name for clients that take only ASCII: letters without their
// accents, nothing for what has no such letter. Source: werkzeug's send_file.
func plainName(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if r < 0x80 {
			b.WriteRune(r)
		}
	}
	for _, r := range b.String() {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)) {
			return strconv.Quote(b.String())
		}
	}
	return b.String()
}

// quoteName encodes a file name for filename*, by RFC 5987.
func quoteName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
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
