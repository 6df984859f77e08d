// Package filestest is the suite that every store of files must pass, and gives tests
// a folder of their own in the bucket that the environment names. Start with Run.
package filestest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"freddo/internal/files"
)

// Variable names the bucket's URL, http://ACCESS:SECRET@HOST:PORT/BUCKET, as scripts/s3
// sets it; Required turns the skip of a test without it into a failure.
const (
	Variable = "FREDDO_TEST_S3"
	Required = "FREDDO_TEST_BUCKET"
)

// Bucket is a folder of its own in a bucket for tests.
type Bucket struct{ Endpoint, Name, Prefix, AccessKey, SecretKey string }

// NewBucket returns a folder in the bucket that the environment names. Without one the
// test is skipped, or fails where Required is set.
func NewBucket(t testing.TB) Bucket {
	t.Helper()
	text := os.Getenv(Variable)
	if text == "" {
		why := "no bucket: run the tests under scripts/s3 run, which sets " + Variable
		if os.Getenv(Required) != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	u, err := url.Parse(text)
	if err != nil {
		t.Fatalf("%s: not a URL", Variable)
	}
	secret, _ := u.User.Password()
	return Bucket{Endpoint: u.Scheme + "://" + u.Host, Name: strings.Trim(u.Path, "/"), Prefix: "test/" + rand.Text(), AccessKey: u.User.Username(), SecretKey: secret}
}

// suite is a store under test.
type suite struct {
	open func(t *testing.T) files.Store
}

// manager returns the files of a new site over a new store.
func (s suite) manager(t *testing.T) *files.Manager {
	t.Helper()
	m, err := files.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m.Unsafe = true
	t.Cleanup(func() { _ = m.Close() })
	if store := s.open(t); store != nil {
		m.Store = store
	}
	return m
}

// Run runs the suite; open returns an empty store, or nil for the disk of a Manager.
func Run(t *testing.T, open func(t *testing.T) files.Store) {
	s := suite{open}
	for _, x := range []struct {
		name string
		fn   func(t *testing.T, s suite)
	}{
		{"what was put is read from anywhere", testRead},
		{"a part is read from where it begins", testRanges},
		{"a name in use is never overwritten", testNoOverwrite},
		{"of many puts to a name one wins", testRace},
		{"a move frees one name and takes another", testMove},
		{"missing and hostile names", testNames},
		{"a transaction's files show at its commit", testPublish},
		{"a failed transaction leaves nothing", testUndo},
		{"replaced bytes come back on failure", testReplace},
		{"removed bytes leave after the commit", testRemove},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			x.fn(t, s)
		})
	}
}

// sizes are a short content and one that a remote store gets before the commit.
var sizes = map[string]int{"empty": 0, "short": 1000, "long": 3 << 20}

func bytesOf(n int) []byte {
	b := bytes.Repeat([]byte("0123456789abcdefg"), n/17+1)
	return b[:n]
}

func noErr(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// keep stores content as a transaction that commits.
func keep(t *testing.T, m *files.Manager, k files.Key, data []byte) {
	t.Helper()
	s := m.NewStage()
	noErr(t, s.Put(k, m.Of(data)), s.Publish(), s.Finish())
}

func want(t *testing.T, m *files.Manager, k files.Key, data []byte) {
	t.Helper()
	f, err := m.Open(k)
	noErr(t, err)
	defer func() { _ = f.Close() }()
	got, err := io.ReadAll(f)
	noErr(t, err)
	if !bytes.Equal(got, data) || f.Size() != int64(len(data)) {
		t.Errorf("%s: %d bytes, size %d, want %d", k.URL(), len(got), f.Size(), len(data))
	}
}

// place is a store or a stage.
type place interface {
	Exists(k files.Key) (bool, error)
}

func there(t *testing.T, p place, k files.Key) bool {
	t.Helper()
	ok, err := p.Exists(k)
	noErr(t, err)
	return ok
}

func free(t *testing.T, m *files.Manager, k files.Key) bool {
	t.Helper()
	ok, err := m.NewStage().Free(k)
	noErr(t, err)
	return ok
}

func gone(t *testing.T, m *files.Manager, k files.Key) {
	t.Helper()
	if there(t, m.Store, k) {
		t.Errorf("%s is there", k.URL())
	}
	if f, err := m.Open(k); !errors.Is(err, files.ErrNotExist) {
		t.Errorf("%s opens: %v", k.URL(), err)
		if err == nil {
			_ = f.Close()
		}
	}
}

func testRead(t *testing.T, s suite) {
	m := s.manager(t)
	for name, n := range sizes {
		for _, private := range []bool{false, true} {
			k, data := files.Key{Private: private, Name: "ü +&%=?#~'" + name + ".bin"}, bytesOf(n)
			keep(t, m, k, data)
			want(t, m, k, data)
			f, err := m.Open(k)
			noErr(t, err)
			for _, off := range []int64{int64(n) / 2, 0, int64(n) - 1, int64(n)} {
				_, err := f.Seek(max(off, 0), io.SeekStart)
				noErr(t, err)
				buf := make([]byte, 7)
				got, err := io.ReadFull(f, buf)
				if tail := data[min(max(off, 0), int64(n)):]; !bytes.Equal(buf[:got], tail[:min(7, len(tail))]) {
					t.Errorf("%s at %d: %q, %v", k.URL(), off, buf[:got], err)
				}
			}
			if age := time.Since(f.ModTime()); age > time.Hour || age < -time.Hour {
				t.Errorf("modified %v", f.ModTime())
			}
			noErr(t, f.Close())
		}
	}
}

func testRanges(t *testing.T, s suite) {
	m, k, data := s.manager(t), files.Key{Name: "a.bin"}, bytesOf(3<<20)
	keep(t, m, k, data)
	for _, from := range []int{0, 10, len(data) - 5} {
		f, err := m.Open(k)
		noErr(t, err)
		_, err = f.Seek(int64(from), io.SeekStart)
		noErr(t, err)
		var w bytes.Buffer
		_, err = io.CopyN(&w, f, 5)
		noErr(t, err, f.Close())
		if !bytes.Equal(w.Bytes(), data[from:from+5]) {
			t.Errorf("at %d: %q", from, w.Bytes())
		}
	}
}

func testNoOverwrite(t *testing.T, s suite) {
	m := s.manager(t)
	for name, n := range sizes {
		k := files.Key{Name: name}
		st := m.NewStage()
		noErr(t, st.Put(k, m.Of(bytesOf(n))))
		// Another process takes the name after it was reserved here.
		noErr(t, put(t, m, k, []byte("theirs")))
		if err := st.Publish(); !errors.Is(err, files.ErrExist) {
			t.Errorf("%s: publish: %v", name, err)
		}
		noErr(t, st.Undo())
		want(t, m, k, []byte("theirs"))
		if err := m.NewStage().Put(k, m.Of([]byte("mine"))); !errors.Is(err, files.ErrExist) {
			t.Errorf("%s: put: %v", name, err)
		}
	}
}

// put gives a store content under a name, past all reservations.
func put(t *testing.T, m *files.Manager, k files.Key, data []byte) error {
	t.Helper()
	temp := m.Of(data)
	defer temp.Discard()
	path, err := temp.Path()
	if err != nil {
		return err
	}
	return m.Store.Put(k, path)
}

func testRace(t *testing.T, s suite) {
	m, k := s.manager(t), files.Key{Name: "a.bin"}
	var wg sync.WaitGroup
	var won, lost atomic.Int64
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			switch err := put(t, m, k, bytesOf(1000)); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, files.ErrExist):
				lost.Add(1)
			default:
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 7 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
	want(t, m, k, bytesOf(1000))
}

func testMove(t *testing.T, s suite) {
	m := s.manager(t)
	from, to := files.Key{Name: "a.bin"}, files.Key{Private: true, Name: "a.bin"}
	keep(t, m, from, bytesOf(1000))
	noErr(t, m.Store.Move(from, to))
	gone(t, m, from)
	want(t, m, to, bytesOf(1000))
	if err := m.Store.Move(from, to); !errors.Is(err, files.ErrNotExist) {
		t.Errorf("nothing to move: %v", err)
	}
	keep(t, m, from, bytesOf(10))
	if err := m.Store.Move(from, to); !errors.Is(err, files.ErrExist) {
		t.Errorf("to a name in use: %v", err)
	}
	want(t, m, from, bytesOf(10))
	want(t, m, to, bytesOf(1000))
}

func testNames(t *testing.T, s suite) {
	m := s.manager(t)
	gone(t, m, files.Key{Name: "nothing"})
	noErr(t, m.Store.Remove(files.Key{Name: "nothing"}))
	for _, name := range []string{"", ".", "..", "../../secret", "a/../../../secret", "/etc/passwd", "a\x00b", "a//b", "a/"} {
		k := files.Key{Name: name}
		if f, err := m.Open(k); err == nil {
			_ = f.Close()
			t.Errorf("%q opens", name)
		}
		if there(t, m.Store, k) || m.NewStage().Put(k, m.Of([]byte("x"))) == nil {
			t.Errorf("%q is taken as a name", name)
		}
	}
	if f, err := m.Open(files.Key{Name: strings.Repeat("x", 2000)}); !errors.Is(err, files.ErrNotExist) {
		t.Errorf("a name too long: %v %v", f, err)
	}
}
