package httpapi

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"strings"
	"syscall"

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
	if errors.Is(err, files.ErrNotExist) || errors.Is(err, files.ErrBadName) {
		return false
	}
	if err != nil {
		x.unreadable(err)
		return false
	}
	defer func() { _ = f.Close() }()
	if link, err := x.s.Engine.Files.Link(k, contentType, disposition); err == nil && link != "" {
		h.Set("Location", link)
		h.Set("Cache-Control", "no-store")
		x.send(http.StatusFound, contentHTML, nil)
		return true
	}
	before := h.Clone()
	if disposition != "" {
		h.Set("Content-Disposition", disposition)
	}
	x.headers(h, http.StatusOK)
	if x.p.NoStore {
		h.Set("Cache-Control", "max-age=43200, public") // what a web server in front would say
	}
	if err := x.serve(f, contentType); err != nil {
		restore(h, before)
		x.unreadable(err)
	}
	return true
}

// unreadable answers that a file's bytes cannot be reached.
func (x *exchange) unreadable(err error) {
	x.s.log().Error("a file cannot be read", "error", err, "method", x.verb, "path", x.path)
	x.send(http.StatusServiceUnavailable, contentHTML, plainPage("503 Service Unavailable", errFiles.Text))
}

// stream sends a file that needed permission.
func (x *exchange) stream(f files.File, contentType, disposition string) {
	h := x.w.Header()
	before := h.Clone()
	if disposition != "" {
		h["Content-Disposition"] = []string{disposition}
	}
	x.headers(h, http.StatusOK)
	if !x.p.NoStore && (x.r.Header.Get("X-Forwarded-For") != "" || x.r.Header.Get("Via") != "") {
		h.Set("Cache-Control", "private, no-cache") // a cache on the way must not show it to others
	}
	if err := x.serve(f, contentType); err != nil {
		restore(x.w.Header(), before)
		x.fail(x.r.Context(), err)
	}
}

// restore makes a header what it was before an answer was begun.
func restore(h, before http.Header) {
	clear(h)
	maps.Copy(h, before)
}

// serve sends a file, or the range that was asked for, or that nothing has changed. The
// file is never a page of ours: browsers must neither guess its type nor run it. Errors:
// what reading the file says; the client has been sent nothing then.
func (x *exchange) serve(f files.File, contentType string) error {
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
	w := &fileWriter{ResponseWriter: x.w}
	x.status = http.StatusOK
	x.allow(f.Size())
	http.ServeContent(w, x.r, "", f.ModTime(), f)
	_, recorded := x.w.(*recorder)
	switch {
	case w.failed != nil && !w.sent:
		return w.failed
	case w.failed != nil && recorded:
		x.w = newRecorder(0) // nobody has seen anything yet
		return w.failed
	case w.failed != nil:
		x.s.log().Error("a file is cut off", "error", w.failed, "method", x.verb, "path", x.path)
		panic(http.ErrAbortHandler) // the client sees that the answer is not whole
	case !w.sent && w.status != 0:
		w.ResponseWriter.WriteHeader(w.status)
	}
	if w.status != 0 {
		x.status = w.status
	}
	return nil
}

// fileWriter sends a file. The status waits for the first bytes: a store that does not
// answer shows itself only when they are read. The bytes of the disk go the shortest way
// (sendfile).
type fileWriter struct {
	http.ResponseWriter
	status int
	sent   bool
	failed error
}

// WriteHeader keeps the status.
func (w *fileWriter) WriteHeader(status int) { w.status = status }

// Write sends what is not the file's.
func (w *fileWriter) Write(p []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(p)
}

func (w *fileWriter) begin() {
	if !w.sent && w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
	w.sent = true
}

// ReadFrom sends a part of the file, or all of it.
func (w *fileWriter) ReadFrom(r io.Reader) (int64, error) {
	if l, ok := r.(*io.LimitedReader); ok {
		if _, local := l.R.(syscall.Conn); local {
			w.begin()
			if rf, ok := w.ResponseWriter.(io.ReaderFrom); ok {
				return rf.ReadFrom(r)
			}
		}
	}
	n, err := io.Copy(struct{ io.Writer }{w}, watched{r, w})
	if err == nil {
		w.begin() // no bytes at all
	}
	return n, err
}

// watched notes the errors of what it reads.
type watched struct {
	io.Reader
	w *fileWriter
}

// Read implements io.Reader.
func (r watched) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.w.failed = err
	}
	return n, err
}
