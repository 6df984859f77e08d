package filestest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"freddo/internal/files"
)

// errDown is what a Failing store says; no client may see its text.
var errDown = errors.Join(files.ErrUnavailable, errors.New("dial tcp 192.0.2.1:9000: connection refused"))

// Secret is a part of every error of a Failing store that no answer may show.
const Secret = "192.0.2.1"

// Failing is a files.Remote that stops answering on demand. What is stored lies in the
// store beneath it.
type Failing struct {
	files.Store
	dir string

	mu    sync.Mutex
	left  int // calls until it is down; below 0: never
	made  int // handles
	calls int
}

// NewFailing returns a store over the disk of the site in dir, which answers until it is
// told not to.
func NewFailing(t testing.TB, dir string, disk files.Store) *Failing {
	t.Helper()
	f := &Failing{Store: disk, dir: filepath.Join(dir, "handles"), left: -1}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return f
}

// Down lets the store answer n more calls and then none, reads of open files included.
func (f *Failing) Down(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.calls = n, 0
}

// Up lets the store answer again. It reports whether it has refused a call since Down.
func (f *Failing) Up() (refused bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	refused = f.left >= 0 && f.calls > f.left
	f.left = -1
	return refused
}

func (f *Failing) answer() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.left >= 0 && f.calls > f.left {
		return errDown
	}
	return nil
}

// Open implements files.Store.
func (f *Failing) Open(k files.Key) (files.File, error) {
	if err := f.answer(); err != nil {
		return nil, err
	}
	file, err := f.Store.Open(k)
	if err != nil {
		return nil, err
	}
	return &failingFile{file, f}, nil
}

// failingFile has no more methods than a file of a bucket.
type failingFile struct {
	files.File
	f *Failing
}

func (x *failingFile) Read(p []byte) (int, error) {
	if err := x.f.answer(); err != nil {
		return 0, err
	}
	return x.File.Read(p)
}

// Exists implements files.Store.
func (f *Failing) Exists(k files.Key) (bool, error) {
	if err := f.answer(); err != nil {
		return false, err
	}
	return f.Store.Exists(k)
}

// Put implements files.Store.
func (f *Failing) Put(k files.Key, path string) error {
	if err := f.answer(); err != nil {
		return err
	}
	return f.Store.Put(k, path)
}

// Move implements files.Store: as a bucket does, it copies and then deletes.
func (f *Failing) Move(from, to files.Key) error {
	if err := f.answer(); err != nil {
		return err
	}
	if err := f.Store.Move(from, to); err != nil {
		return err
	}
	if err := f.answer(); err == nil {
		return nil
	}
	// The copy is made, the original cannot be deleted, and perhaps the copy neither.
	if err := f.answer(); err == nil {
		return errors.Join(errDown, f.Store.Move(to, from))
	}
	return errors.Join(errDown, files.ErrLeft, f.both(to, from))
}

// both makes what lies under a key lie under another one as well.
func (f *Failing) both(k, other files.Key) error {
	src, err := f.Store.Open(k)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	path, err := f.copy(src)
	if err != nil {
		return err
	}
	return f.Store.Put(other, path)
}

func (f *Failing) copy(src io.Reader) (string, error) {
	f.mu.Lock()
	f.made++
	path := filepath.Join(f.dir, strconv.Itoa(f.made))
	f.mu.Unlock()
	data, err := io.ReadAll(src)
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, data, 0o600)
}

// Remove implements files.Store.
func (f *Failing) Remove(k files.Key) error {
	if err := f.answer(); err != nil {
		return err
	}
	return f.Store.Remove(k)
}

// Bring implements files.Remote.
func (f *Failing) Bring(src files.File) (string, error) {
	if err := f.answer(); err != nil {
		return "", err
	}
	return f.copy(src)
}

// Place implements files.Remote.
func (f *Failing) Place(handle string, _ int64, k files.Key) error {
	if err := f.answer(); err != nil {
		return err
	}
	src, err := os.Open(handle)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	path, err := f.copy(src)
	if err != nil {
		return err
	}
	return f.Store.Put(k, path)
}

// Drop implements files.Remote.
func (f *Failing) Drop(handle string) error {
	if err := f.answer(); err != nil {
		return err
	}
	return os.Remove(handle)
}
