package files

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const copyBuffer = 128 << 10

var copyBuffers = sync.Pool{New: func() any { return new([copyBuffer]byte) }}

// Manager is a site's files: a store (the disk unless another one is set before use), and a folder for what is on its way there.
type Manager struct {
	Store Store
	// Unsafe does not wait for the disk. For tests.
	Unsafe bool

	dir   string
	disk  *Disk
	mu    sync.Mutex
	taken map[Key]int
	debts []debt
}

// staleAfter is the age at which a temporary file belongs to nobody any more.
const staleAfter = 24 * time.Hour

// Open opens the files of a site's folder, on the disk, and removes what uploads left
// behind that a crash cut off.
func Open(dir string) (*Manager, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	disk, err := OpenDisk(dir)
	if err != nil {
		return nil, err
	}
	m := &Manager{Store: disk, disk: disk, dir: filepath.Join(dir, "private", "uploads"), taken: map[Key]int{}}
	if err := m.sweep(); err != nil {
		return nil, err
	}
	return m, nil
}

// Close gives back the folder.
func (m *Manager) Close() error { return m.disk.Close() }

// Local reports whether stored files lie in the site's folder.
func (m *Manager) Local() bool { return m.Store == Store(m.disk) }

// Link is Linker.Link; "" where the store gives no links.
func (m *Manager) Link(k Key, contentType, disposition string) (string, error) {
	if l, ok := m.Store.(Linker); ok {
		// A bucket sends none of our headers that keep a page from being run.
		if !inline(contentType) && !strings.HasPrefix(disposition, "attachment") {
			disposition = "attachment" + strings.TrimPrefix(disposition, "inline")
		}
		return l.Link(k, contentType, disposition)
	}
	return "", nil
}

func (m *Manager) sweep() error {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		if os.IsNotExist(err) {
			return nil
		}
		return err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(filepath.Join(m.dir, e.Name()))
		}
	}
	return nil
}

// create makes an empty temporary file on the store's disk.
func (m *Manager) create() (*os.File, error) {
	f, err := os.CreateTemp(m.dir, "upload-*")
	if os.IsNotExist(err) {
		if err := os.MkdirAll(m.dir, 0o750); err != nil {
			return nil, err
		}
		f, err = os.CreateTemp(m.dir, "upload-*")
	}
	if err != nil {
		return nil, err
	}
	return f, os.Chmod(f.Name(), 0o640)
}

// reserve takes a name for a transaction that has not committed yet. It is false when
// another one has it.
func (m *Manager) reserve(k Key) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.taken[k] > 0 {
		return false
	}
	m.taken[k]++
	return true
}

func (m *Manager) release(k Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.taken, k)
}

func (m *Manager) reserved(k Key) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.taken[k] > 0
}

// Open opens what lies under a key. Errors: fs.ErrNotExist.
func (m *Manager) Open(k Key) (File, error) { return m.Store.Open(k) }

// pathError is what a refused name answers to.
func pathError(op string, k Key, err error) error {
	return &fs.PathError{Op: op, Path: k.URL(), Err: err}
}

// Scratch makes a temporary file that is gone once it is closed.
func (m *Manager) Scratch() (*os.File, error) {
	f, err := m.create()
	if err == nil {
		_ = os.Remove(f.Name()) // what has no name leaves nothing behind
	}
	return f, err
}
