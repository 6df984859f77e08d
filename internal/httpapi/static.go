package httpapi

import (
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"strings"
)

// textual types get a charset, as upstream's web library gives them.
var typesByExtension = map[string]string{
	".txt": "text/plain", ".csv": "text/csv", ".html": "text/html", ".htm": "text/html", ".css": "text/css", ".md": "text/markdown",
	".js": "text/javascript", ".json": "application/json", ".xml": "application/xml", ".svg": "image/svg+xml", ".pdf": "application/pdf",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".zip": "application/zip",
	".mp4": "video/mp4", ".ico": "image/vnd.microsoft.icon", ".woff2": "font/woff2",
}

// typeByName guesses a content type from a file's name.
func typeByName(name, unknown string) string {
	ext := strings.ToLower(path.Ext(name))
	t := typesByExtension[ext]
	if t == "" {
		t, _, _ = strings.Cut(mime.TypeByExtension(ext), ";")
	}
	switch {
	case t == "":
		return unknown
	case strings.HasPrefix(t, "text/"), t == "application/xml", strings.HasSuffix(t, "+xml"), t == "application/javascript":
		return t + "; charset=utf-8"
	}
	return t
}

// active are the types that a browser would run: they are only ever downloaded.
// Source: frappe/middlewares.py, frappe/utils/response.py send_private_file.
func active(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".svg", ".html", ".htm", ".xml", ".xhtml", ".mhtml":
		return true
	}
	return false
}

// servePublic answers paths under /files/ from the site's public files, and nothing
// outside of them. It is false for other paths.
func (x *exchange) servePublic() bool {
	name, ok := strings.CutPrefix(x.path, "/files/")
	if !ok || x.verb != http.MethodGet && x.verb != http.MethodHead {
		return false
	}
	if !x.serveFile(name) {
		x.send(http.StatusNotFound, contentHTML, plainPage("404 Not Found", "The requested file was not found on the server."))
	}
	return true
}

func (x *exchange) serveFile(name string) bool {
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\x00\\") {
		return false
	}
	root := x.s.publicFiles()
	if root == nil {
		return false
	}
	f, err := root.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	h := x.w.Header()
	h.Set("Content-Type", typeByName(name, "application/octet-stream"))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'")
	if active(name) {
		h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+escapeQuery(path.Base(name)))
	}
	x.headers(h, http.StatusOK)
	if x.p.NoStore {
		h.Set("Cache-Control", "max-age=43200, public") // what a web server in front would say
	}
	x.status = http.StatusOK
	http.ServeContent(x.w, x.r, "", info.ModTime(), f)
	return true
}

// publicFiles opens the folder of public files once. Links that lead out of it are
// not followed.
func (s *Server) publicFiles() *os.Root {
	s.once.Do(func() {
		root, err := os.OpenRoot(s.Engine.Site.Path("public", "files"))
		if err != nil {
			s.log().Warn("public files cannot be opened", "error", err)
			return
		}
		s.files = root
	})
	return s.files
}
