package httpapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"freddo/internal/files"
)

// servePublic answers paths under /files/ from the site's public files, and nothing
// outside of them. It is false for other paths.
func (x *exchange) servePublic() bool {
	name, ok := strings.CutPrefix(x.path, "/files/")
	if !ok || x.verb != http.MethodGet && x.verb != http.MethodHead {
		return false
	}
	if !x.serveFile(name) && x.status == 0 {
		x.send(http.StatusNotFound, contentHTML, plainPage("404 Not Found", "The requested file was not found on the server."))
	}
	return true
}

func (x *exchange) serveFile(name string) bool {
	if x.s.Engine.Files == nil {
		return false
	}
	k, contentType, disposition := files.Key{Name: name}, files.ContentType(name, "application/octet-stream"), ""
	if files.Active(name) {
		disposition = "attachment; filename*=UTF-8''" + escapeQuery(path.Base(name))
	}
	h := x.w.Header()
	f, err := x.s.Engine.Files.Open(k)
	if errors.Is(err, files.ErrUnavailable) {
		x.s.log().Error("a file cannot be read", "error", err, "path", x.path)
		x.send(http.StatusServiceUnavailable, contentHTML, plainPage("503 Service Unavailable", errFiles.Text))
	}
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	if link, err := x.s.Engine.Files.Link(k, contentType, disposition); err == nil && link != "" {
		h.Set("Location", link)
		h.Set("Cache-Control", "no-store")
		x.send(http.StatusFound, contentHTML, nil)
		return true
	}
	if disposition != "" {
		h.Set("Content-Disposition", disposition)
	}
	x.headers(h, http.StatusOK)
	if x.p.NoStore {
		h.Set("Cache-Control", "max-age=43200, public") // what a web server in front would say
	}
	x.serve(f, contentType)
	return true
}

// stream sends a file that needed permission.
func (x *exchange) stream(f files.File, contentType string) {
	h := x.w.Header()
	x.headers(h, http.StatusOK)
	if !x.p.NoStore && (x.r.Header.Get("X-Forwarded-For") != "" || x.r.Header.Get("Via") != "") {
		h.Set("Cache-Control", "private, no-cache") // a cache on the way must not show it to others
	}
	x.serve(f, contentType)
}

// serve sends a file, or the range that was asked for, or that nothing has changed. The
// file is never a page of ours: browsers must neither guess its type nor run it.
func (x *exchange) serve(f files.File, contentType string) {
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	if contentType != "application/pdf" { // browsers' own viewers do not work in a sandbox
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'")
	}
	if t, ok := f.(files.Tagged); ok && t.ETag() != "" {
		h.Set("ETag", `"`+t.ETag()+`"`)
	} else if t := f.ModTime(); !t.IsZero() {
		h.Set("ETag", fmt.Sprintf(`"%x-%x"`, t.UnixNano(), f.Size()))
	}
	w := &statusWriter{ResponseWriter: x.w}
	x.status = http.StatusOK
	http.ServeContent(w, x.r, "", f.ModTime(), f)
	if w.status != 0 {
		x.status = w.status
	}
}

// statusWriter remembers the status; the bytes go the shortest way (sendfile).
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// ReadFrom lets the connection take the bytes from the file itself.
func (w *statusWriter) ReadFrom(r io.Reader) (int64, error) {
	if rf, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		return rf.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{w.ResponseWriter}, r)
}
