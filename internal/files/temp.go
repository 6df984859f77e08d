package files

import (
	"bytes"
	"crypto/md5" //nolint:gosec // upstream's content_hash; not for security
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"
)

// InMemory is how many bytes of an upload stay in memory; what is longer goes to the
// disk.
const InMemory = 64 << 10

// ErrTooLarge says that a reader gave more bytes than allowed.
var ErrTooLarge = errors.New("files: too many bytes")

// Temp is content that is not stored yet: in memory while it is short, else in a
// temporary file. Discard it, or give it to a Stage, which does.
type Temp struct {
	m    *Manager
	data []byte
	path string
	size int64
	sum  [md5.Size]byte
	safe bool // the file is on the disk for good
	// handle is what a Remote calls the content once it was brought there.
	handle string
}

// Size is the number of bytes.
func (t *Temp) Size() int64 { return t.size }

// Hash is the MD5 of the bytes in hex, upstream's content_hash.
func (t *Temp) Hash() string { return hex.EncodeToString(t.sum[:]) }

// Open opens the content from its beginning.
func (t *Temp) Open() (File, error) {
	if t.path == "" {
		return &memoryFile{Reader: bytes.NewReader(t.data)}, nil
	}
	f, err := os.Open(t.path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &diskFile{File: f, info: info}, nil
}

// Bytes returns the whole content, at most limit bytes of it. Errors: ErrTooLarge.
func (t *Temp) Bytes(limit int64) ([]byte, error) {
	if t.size > limit {
		return nil, ErrTooLarge
	}
	if t.path == "" {
		return t.data, nil
	}
	return os.ReadFile(t.path)
}

// Discard removes the temporary file. It may be called again.
func (t *Temp) Discard() {
	if t == nil {
		return
	}
	if t.handle != "" {
		if err := t.m.Store.(Remote).Drop(t.handle); err == nil { // else it is swept later
			t.handle = ""
		}
	}
	if t.path != "" {
		_ = os.Remove(t.path)
	}
}

// Path returns where the content lies on the disk, having written it there if need be.
func (t *Temp) Path() (string, error) {
	err := t.Persist()
	return t.path, err
}

// direct is how long content may be that goes to a Remote at the commit, in one request.
const direct = 1 << 20

// Ready does now what must not be done while the transaction holds its locks: it
// brings the content to the store, or near it. Errors: ErrUnavailable, or what the
// disk says.
func (t *Temp) Ready() error {
	r, ok := t.m.Store.(Remote)
	if !ok || t.size <= direct {
		return t.Persist()
	}
	if t.handle != "" {
		return nil
	}
	f, err := t.Open()
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	t.handle, err = r.Bring(f)
	return err
}

// publish makes the content lie under a free key.
func (t *Temp) publish(k Key) error {
	if t.handle != "" {
		return t.m.Store.(Remote).Place(t.handle, t.size, k)
	}
	return t.m.Store.Put(k, t.path)
}

// Persist writes the content to a temporary file and waits until the disk has it.
// Call it before the transaction holds its locks.
func (t *Temp) Persist() error {
	if t.safe {
		return nil
	}
	var f *os.File
	var err error
	if t.path == "" {
		if f, err = t.m.create(); err != nil {
			return err
		}
		t.path = f.Name()
		_, err = f.Write(t.data)
	} else {
		f, err = os.OpenFile(t.path, os.O_WRONLY, 0)
	}
	if err != nil {
		return errors.Join(err, closeAny(f))
	}
	if !t.m.Unsafe && err == nil && t.m.Local() {
		err = f.Sync()
	}
	t.data, t.safe = nil, true
	return errors.Join(err, f.Close())
}

func closeAny(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

type memoryFile struct{ *bytes.Reader }

func (f *memoryFile) Close() error       { return nil }
func (f *memoryFile) ModTime() time.Time { return time.Time{} }
func (f *memoryFile) Size() int64        { return f.Reader.Size() }

// Writer receives content of unknown length. Finish or Abort it.
type Writer struct {
	m     *Manager
	limit int64
	size  int64
	buf   []byte
	file  *os.File
	hash  hash.Hash
}

// NewWriter returns a writer that takes at most limit bytes.
func (m *Manager) NewWriter(limit int64) *Writer {
	return &Writer{m: m, limit: limit, hash: md5.New()} //nolint:gosec // see above
}

// Write takes bytes. Errors: ErrTooLarge, or what the disk says.
func (w *Writer) Write(p []byte) (int, error) {
	if w.size += int64(len(p)); w.size > w.limit {
		return 0, ErrTooLarge
	}
	_, _ = w.hash.Write(p) // never fails
	if w.file == nil && len(w.buf)+len(p) <= InMemory {
		w.buf = append(w.buf, p...)
		return len(p), nil
	}
	if w.file == nil {
		f, err := w.m.create()
		if err != nil {
			return 0, err
		}
		w.file = f
		if _, err := f.Write(w.buf); err != nil {
			return 0, err
		}
		w.buf = nil
	}
	return w.file.Write(p)
}

// Finish returns what was written.
func (w *Writer) Finish() (*Temp, error) {
	t := &Temp{m: w.m, data: w.buf, size: w.size}
	w.hash.Sum(t.sum[:0])
	if w.file != nil {
		t.path = w.file.Name()
		if err := w.file.Close(); err != nil {
			t.Discard()
			return nil, err
		}
	}
	return t, nil
}

// Abort throws away what was written.
func (w *Writer) Abort() {
	if w.file != nil {
		_ = w.file.Close()
		_ = os.Remove(w.file.Name())
	}
}

// Spool reads r to its end, at most limit bytes. Errors: ErrTooLarge, what r or the
// disk says; nothing stays behind then.
func (m *Manager) Spool(r io.Reader, limit int64) (*Temp, error) {
	w := m.NewWriter(limit)
	buf := copyBuffers.Get().(*[copyBuffer]byte)
	defer copyBuffers.Put(buf)
	if _, err := io.CopyBuffer(onlyWriter{w}, onlyReader{r}, buf[:]); err != nil {
		w.Abort()
		return nil, err
	}
	return w.Finish()
}

// Of returns content that is in memory already.
func (m *Manager) Of(data []byte) *Temp {
	return &Temp{m: m, data: data, size: int64(len(data)), sum: md5.Sum(data)} //nolint:gosec // see above
}

type onlyWriter struct{ io.Writer }
type onlyReader struct{ io.Reader }

// relative returns path as a name below dir.
func relative(dir, path string) (string, error) {
	rel, err := filepath.Rel(dir, path)
	return filepath.ToSlash(rel), err
}

// Hash is the MD5 of what r holds, in hex.
func Hash(r io.Reader) (string, error) {
	h := md5.New() //nolint:gosec // see above
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
