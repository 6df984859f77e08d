package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/files"
)

// multipartBoundary returns the boundary of a multipart form; ok is false for other
// bodies.
func multipartBoundary(contentType string) (boundary string, ok bool) {
	media, params, err := mime.ParseMediaType(contentType)
	return params["boundary"], err == nil && media == "multipart/form-data" && params["boundary"] != ""
}

// upload is a multipart body on its way in.
type upload struct {
	files  *files.Manager
	fields *document.Object
	parts  map[string]*engine.File
	// memory is how many bytes fields may still have, held how many short files have in
	// memory.
	memory, held int64
	// short is how many bytes of short fields were not charged yet.
	short int64
	limit int64
	// long are the fields that lie on the disk until the body is whole.
	long map[string]*files.Temp
	// reserve takes memory for what was sent; nil takes none.
	reserve func(n int64) error
}

// maxHeld is how many bytes of short files stay in memory; beyond it they go to the
// disk as long ones do.
const maxHeld = 8 << 20

// newUpload is a multipart body of at most limit bytes, before it is read.
func newUpload(m *files.Manager, limit int64) *upload {
	return &upload{files: m, fields: &document.Object{}, parts: map[string]*engine.File{}, memory: min(limit, defaultMaxBody), limit: limit}
}

// readAll reads a multipart form as it arrives: short fields into memory, long ones and
// files to the disk. The long fields come into memory at the end, when there is room. A
// body that ends early has no fields and no files, as upstream's web library has it.
// Errors: 408, 413, 503.
func (u *upload) readAll(r *http.Request, boundary string) (*document.Object, map[string]*engine.File, error) {
	if r.ContentLength > u.limit {
		return nil, nil, tooLarge()
	}
	body := &bounded{r: r.Body, left: u.limit}
	err := u.read(multipart.NewReader(body, boundary))
	if err == nil {
		err = u.load()
	}
	var slow *brokenBody
	switch {
	case err == nil:
		return u.fields, u.parts, nil
	case errors.Is(err, errBusy) || errors.As(err, &slow) && slow.slow:
	case body.over || errors.Is(err, files.ErrTooLarge) || errors.Is(err, errTooManyKeys):
		err = tooLarge()
	case u.broken(err):
		err = nil
	}
	u.discard()
	return &document.Object{}, nil, err
}

// load brings the long fields into memory.
func (u *upload) load() error {
	var n int64
	for _, t := range u.long {
		n += t.Size()
	}
	if n == 0 {
		return nil
	}
	if u.reserve != nil {
		if err := u.reserve(n * bodyFactor); err != nil {
			return diskError{err}
		}
	}
	for name, t := range u.long {
		data, err := t.Bytes(t.Size())
		if err != nil {
			return diskError{err}
		}
		t.Discard()
		u.fields.Set(name, document.Text(strings.ToValidUTF8(view(data), "\uFFFD")))
	}
	u.long = nil
	return nil
}

// bounded reads at most left bytes; over says that there were more.
type bounded struct {
	r    io.Reader
	left int64
	over bool
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		var one [1]byte
		if n, err := b.r.Read(one[:]); n == 0 {
			return 0, err
		}
		b.over = true
		return 0, files.ErrTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// diskError is a failure of ours, not of the body.
type diskError struct{ error }

// broken reports whether an error is the body's.
func (u *upload) broken(err error) bool {
	var ours diskError
	return !errors.As(err, &ours)
}

func (u *upload) discard() {
	for _, f := range u.parts {
		f.Data.Discard()
	}
	for _, t := range u.long {
		t.Discard()
	}
}

func (u *upload) read(r *multipart.Reader) error {
	for {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if u.fields.Len()+len(u.parts) >= maxFormKeys {
			return errTooManyKeys
		}
		name, filename, isFile := partNames(part)
		if isFile {
			err = u.file(part, name, filename)
		} else {
			err = u.field(part, name)
		}
		if err != nil {
			return err
		}
	}
}

func (u *upload) field(part io.Reader, name string) error {
	data, err := io.ReadAll(io.LimitReader(part, min(u.memory, freeBody)+1))
	if err != nil {
		return err
	}
	if len(data) > freeBody {
		return u.longField(io.MultiReader(bytes.NewReader(data), part), name)
	}
	if u.memory -= int64(len(data)); u.memory < 0 {
		return files.ErrTooLarge
	}
	if !u.fields.Has(name) {
		u.fields.Set(name, document.Text(strings.ToValidUTF8(string(data), "\uFFFD")))
	}
	if u.short += int64(len(data)); u.short > freeBody && u.reserve != nil {
		err := u.reserve(u.short * bodyFactor)
		u.short = 0
		if err != nil {
			return diskError{err}
		}
	}
	return nil
}

// longField puts a field on the disk, in its place among the others.
func (u *upload) longField(r io.Reader, name string) error {
	src := &source{r: r}
	t, err := u.files.Spool(src, u.memory)
	if err != nil {
		if src.err == nil && !errors.Is(err, files.ErrTooLarge) {
			return diskError{err}
		}
		return err
	}
	u.memory -= t.Size()
	if u.fields.Has(name) {
		t.Discard()
		return nil
	}
	if u.long == nil {
		u.long = map[string]*files.Temp{}
	}
	u.long[name] = t
	u.fields.Set(name, document.NullValue)
	return nil
}

// file keeps the first file of a name and reads over the others.
func (u *upload) file(part *multipart.Part, name, filename string) error {
	if u.parts[name] != nil {
		_, err := io.Copy(io.Discard, part)
		return err
	}
	src := &source{r: part}
	t, err := u.files.Spool(src, u.limit)
	if err != nil {
		if src.err == nil && !errors.Is(err, files.ErrTooLarge) {
			return diskError{err}
		}
		return err
	}
	if u.held += min(t.Size(), files.InMemory); u.held > maxHeld {
		if err := t.Persist(); err != nil {
			t.Discard()
			return diskError{err}
		}
	}
	u.parts[name] = &engine.File{Name: filename, ContentType: part.Header.Get("Content-Type"), Data: t}
	return nil
}

// source remembers that it was the reader that failed.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// partNames returns a part's name and its filename as it was sent, path and all, and
// whether there is one. (mime/multipart's own FileName cuts directories off.)
func partNames(part *multipart.Part) (name, filename string, isFile bool) {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return part.FormName(), "", false
	}
	filename, isFile = params["filename"]
	// Browsers write a quote as %22 (WHATWG), which Werkzeug turns back, and nothing else.
	filename = strings.ReplaceAll(filename, "%22", `"`)
	return params["name"], strings.ToValidUTF8(filename, "\uFFFD"), isFile
}
