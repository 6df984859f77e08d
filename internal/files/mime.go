package files

import (
	_ "embed"
	"path"
	"strings"
	"sync"
)

//go:embed mime.types
var mimeTable string

type mimeMaps struct {
	byExtension map[string]string // with the dot
	extensionOf map[string]string
}

// tables reads the table when a name is first looked up.
var tables = sync.OnceValue(func() mimeMaps {
	m := mimeMaps{byExtension: make(map[string]string, 1600), extensionOf: make(map[string]string, 1300)}
	for line := range strings.Lines(mimeTable) {
		if line[0] == '#' {
			continue
		}
		words := strings.Fields(line)
		for _, ext := range words[1:] {
			m.byExtension["."+ext] = words[0]
		}
		if _, ok := m.extensionOf[words[0]]; !ok {
			m.extensionOf[words[0]] = "." + words[1]
		}
	}
	return m
})

// suffixes are short for an archive and its compression; compressions tell nothing of
// the type below them.
var (
	suffixes     = map[string]string{".svgz": ".svg.gz", ".tgz": ".tar.gz", ".taz": ".tar.gz", ".tz": ".tar.gz", ".tbz2": ".tar.bz2", ".txz": ".tar.xz"}
	compressions = map[string]bool{".gz": true, ".Z": true, ".bz2": true, ".xz": true, ".br": true}
)

// TypeByName guesses a content type from a file's name, "" when it says nothing.
// Source: Python's mimetypes.guess_type.
func TypeByName(name string) string {
	base, ext := splitExt(name)
	for suffixes[ext] != "" {
		base, ext = splitExt(base + suffixes[ext])
	}
	if compressions[ext] {
		_, ext = splitExt(base)
	}
	m := tables()
	if t, ok := m.byExtension[ext]; ok {
		return t
	}
	return m.byExtension[strings.ToLower(ext)]
}

// ExtensionOf returns the usual extension of a content type with its dot, "" when it
// has none. Source: Python's mimetypes.guess_extension.
func ExtensionOf(contentType string) string {
	return tables().extensionOf[strings.ToLower(contentType)]
}

// FileType is upstream's file_type: the usual extension of a name's content type in
// capitals, "" when the name says nothing. Source: file.py set_file_type.
func FileType(name string) string {
	return strings.ToUpper(strings.TrimPrefix(ExtensionOf(TypeByName(name)), "."))
}

// splitExt cuts the extension off, dot included, as Python's os.path.splitext: dots at
// the beginning of the name begin no extension.
func splitExt(name string) (base, ext string) {
	file := name[strings.LastIndexByte(name, '/')+1:]
	ext = path.Ext(file)
	if strings.Trim(file[:len(file)-len(ext)], ".") == "" {
		return name, ""
	}
	return name[:len(name)-len(ext)], ext
}

// WithSuffix puts a suffix before a name's extension. Source: file/utils.py get_file_name.
func WithSuffix(name, suffix string) string {
	base, ext := splitExt(name)
	return base + suffix + ext
}

// ContentType is the Content-Type of a file by its name, with a charset for texts as
// upstream's web library gives them; unknown is that of names that say nothing.
func ContentType(name, unknown string) string {
	t := TypeByName(name)
	switch {
	case t == "":
		return unknown
	case strings.HasPrefix(t, "text/"), t == "application/xml", strings.HasSuffix(t, "+xml"), t == "application/javascript":
		return t + "; charset=utf-8"
	}
	return t
}

// Active reports whether a browser would run what a file of that name holds: such files
// are only ever downloaded. The name's type counts as well as its extension.
// Source: frappe/middlewares.py, frappe/utils/response.py send_private_file.
func Active(name string) bool {
	switch strings.ToLower(path.Ext(strings.TrimRight(name, ". "))) {
	case ".svg", ".svgz", ".html", ".htm", ".shtml", ".shtm", ".xml", ".xhtml", ".xht", ".xsl", ".xslt", ".mhtml", ".mht", ".hta", ".htc", ".swf", ".rdf", ".wsdl":
		return true
	}
	t := TypeByName(name)
	return t == "text/html" || t == "text/xml" || t == "application/xml" || strings.HasSuffix(t, "+xml") || t == "message/rfc822" || strings.HasPrefix(t, "multipart/")
}

// inline reports whether a browser only shows what has a type, wherever it comes from.
func inline(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	switch kind, _, _ := strings.Cut(t, "/"); kind {
	case "audio", "video", "font":
		return true
	case "image":
		return !strings.HasSuffix(t, "+xml")
	}
	return t == "application/pdf" || t == "text/plain" || t == "text/csv" || t == "application/json"
}
