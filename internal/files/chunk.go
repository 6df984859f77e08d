package files

import (
	"crypto/md5" //nolint:gosec // upstream's content_hash; not for security
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// ErrOutOfOrder says that a chunk is not the one that comes next.
var ErrOutOfOrder = errors.New("files: chunk out of order")

// partial is where the chunks of an upload gather; id is whatever tells it from others.
func (m *Manager) partial(id string) (path string, key Key) {
	sum := sha256.Sum256([]byte(id))
	name := "chunks-" + hex.EncodeToString(sum[:])
	return filepath.Join(m.dir, name), Key{Private: true, Name: ".uploads/" + name}
}

// Append adds a chunk to the upload of that id at an offset, which must be where the
// last one ended; an offset of 0 begins anew. It returns the size so far. Errors:
// ErrOutOfOrder, also while another chunk is being added; ErrTooLarge.
func (m *Manager) Append(id string, offset, limit int64, chunk io.Reader) (size int64, err error) {
	path, key := m.partial(id)
	if !m.reserve(key) {
		return 0, ErrOutOfOrder
	}
	defer m.release(key)
	if offset == 0 {
		if err := errors.Join(os.MkdirAll(m.dir, 0o750), m.sweep()); err != nil {
			return 0, err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if offset != 0 && offset != info.Size() {
		return info.Size(), ErrOutOfOrder
	}
	if err := f.Truncate(offset); err != nil {
		return 0, err
	}
	n, err := io.Copy(io.NewOffsetWriter(f, offset), io.LimitReader(chunk, limit-offset+1))
	if err == nil && offset+n > limit {
		err = ErrTooLarge
	}
	if err != nil {
		return offset, errors.Join(err, f.Truncate(offset))
	}
	return offset + n, nil
}

// Take returns the whole upload of an id, which is then gone.
func (m *Manager) Take(id string) (*Temp, error) {
	path, key := m.partial(id)
	if !m.reserve(key) {
		return nil, ErrOutOfOrder
	}
	defer m.release(key)
	f, err := m.create()
	if err != nil {
		return nil, err
	}
	t := &Temp{m: m, path: f.Name()}
	if err := errors.Join(f.Close(), os.Rename(path, t.path)); err != nil {
		t.Discard()
		return nil, err
	}
	whole, err := t.Open()
	if err != nil {
		t.Discard()
		return nil, err
	}
	defer func() { _ = whole.Close() }()
	h := md5.New() //nolint:gosec // see above
	if _, err := io.Copy(h, whole); err != nil {
		t.Discard()
		return nil, err
	}
	t.size = whole.Size()
	h.Sum(t.sum[:0])
	return t, nil
}
