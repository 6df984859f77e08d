package files

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func newManager(t *testing.T) *Manager {
	t.Helper()
	m, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m.Unsafe = true
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func (m *Manager) base() string { return filepath.Dir(filepath.Dir(m.dir)) }

// onDisk lists every file below the site's folder.
func onDisk(t *testing.T, m *Manager) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(m.base(), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(m.base(), p)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func there(t *testing.T, p interface{ Exists(k Key) (bool, error) }, k Key) bool {
	t.Helper()
	ok, err := p.Exists(k)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func free(t *testing.T, s *Stage, k Key) bool {
	t.Helper()
	ok, err := s.Free(k)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func same(a, b []string) bool { return strings.Join(a, "|") == strings.Join(b, "|") }

func content(t *testing.T, f File, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAPutShowsToItsOwnTransactionAndToOthersAfterPublish(t *testing.T) {
	t.Parallel()
	m, k := newManager(t), Key{Private: true, Name: "a.txt"}
	s := m.NewStage()
	if err := s.Put(k, m.Of([]byte("one"))); err != nil {
		t.Fatal(err)
	}
	f, err := s.Open(k)
	if got := content(t, f, err); got != "one" {
		t.Errorf("the stage shows %q", got)
	}
	if there(t, m.Store, k) {
		t.Error("the store shows what is not published")
	}
	if other := m.NewStage(); free(t, other, k) {
		t.Error("another transaction may take a name that is reserved")
	}
	if err := s.Publish(); err != nil {
		t.Fatal(err)
	}
	if err := s.Finish(); err != nil {
		t.Fatal(err)
	}
	f, err = m.Open(k)
	if got := content(t, f, err); got != "one" {
		t.Errorf("the store shows %q", got)
	}
	if got, want := onDisk(t, m), []string{"private/files/a.txt"}; !same(got, want) {
		t.Errorf("on disk: %v, want %v", got, want)
	}
}

func TestUndoLeavesNothingOnTheDisk(t *testing.T) {
	t.Parallel()
	for name, published := range map[string]bool{"before publish": false, "after publish": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newManager(t)
			s := m.NewStage()
			for _, n := range []string{"a.txt", "b.txt"} {
				if err := s.Put(Key{Name: n}, m.Of([]byte(n))); err != nil {
					t.Fatal(err)
				}
			}
			if published {
				if err := s.Publish(); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Undo(); err != nil {
				t.Fatal(err)
			}
			if got := onDisk(t, m); len(got) > 0 {
				t.Errorf("left behind: %v", got)
			}
			if !free(t, m.NewStage(), Key{Name: "a.txt"}) {
				t.Error("the name stays reserved")
			}
		})
	}
}

func TestRemovedBytesLeaveAfterTheCommitOnly(t *testing.T) {
	t.Parallel()
	m, k := newManager(t), Key{Name: "a.txt"}
	store(t, m, k, "x")
	s := m.NewStage()
	s.Remove(k)
	if there(t, s, k) || !there(t, m.Store, k) {
		t.Error("gone for others before the commit, or there for the transaction itself")
	}
	if err := s.Undo(); err != nil || !there(t, m.Store, k) {
		t.Errorf("a rolled back removal removed: %v", err)
	}
	s.Remove(k)
	s.Referenced = func(Key) (bool, error) { return true, nil }
	if err := s.Finish(); err != nil || !there(t, m.Store, k) {
		t.Errorf("bytes that a File still names were removed: %v", err)
	}
	s.Remove(k)
	s.Referenced = nil
	if err := s.Finish(); err != nil || there(t, m.Store, k) {
		t.Errorf("still there: %v", err)
	}
}

func store(t *testing.T, m *Manager, k Key, text string) {
	t.Helper()
	s := m.NewStage()
	if err := errors.Join(s.Put(k, m.Of([]byte(text))), s.Publish(), s.Finish()); err != nil {
		t.Fatal(err)
	}
}

func TestAMoveIsUndoneWithItsTransaction(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	from, to := Key{Name: "a.txt"}, Key{Private: true, Name: "a.txt"}
	store(t, m, from, "x")
	s := m.NewStage()
	if err := errors.Join(s.Move(from, to), s.Publish()); err != nil {
		t.Fatal(err)
	}
	if there(t, m.Store, from) || !there(t, m.Store, to) {
		t.Error("not moved")
	}
	if err := s.Undo(); err != nil || !there(t, m.Store, from) || there(t, m.Store, to) {
		t.Errorf("not moved back: %v", err)
	}
}

func TestReplacedBytesComeBackWhenTheTransactionFails(t *testing.T) {
	t.Parallel()
	m, k := newManager(t), Key{Name: "a.txt"}
	store(t, m, k, "old")
	s := m.NewStage()
	if err := errors.Join(s.Replace(k, m.Of([]byte("new"))), s.Publish()); err != nil {
		t.Fatal(err)
	}
	f, err := m.Open(k)
	if got := content(t, f, err); got != "new" {
		t.Errorf("published %q", got)
	}
	if err := s.Undo(); err != nil {
		t.Fatal(err)
	}
	f, err = m.Open(k)
	if got := content(t, f, err); got != "old" {
		t.Errorf("after undo %q", got)
	}
	if err := errors.Join(s.Replace(k, m.Of([]byte("new"))), s.Publish(), s.Finish()); err != nil {
		t.Fatal(err)
	}
	if got, want := onDisk(t, m), []string{"public/files/a.txt"}; !same(got, want) {
		t.Errorf("on disk: %v", got)
	}
}

func TestASavepointTakesItsFilesBack(t *testing.T) {
	t.Parallel()
	m, k := newManager(t), Key{Name: "a.txt"}
	s := m.NewStage()
	if err := s.Put(Key{Name: "kept.txt"}, m.Of([]byte("1"))); err != nil {
		t.Fatal(err)
	}
	mark := s.Mark()
	if err := s.Put(k, m.Of([]byte("2"))); err != nil {
		t.Fatal(err)
	}
	s.Back(mark)
	if there(t, s, k) || !free(t, s, k) {
		t.Error("still there")
	}
	if err := errors.Join(s.Publish(), s.Finish()); err != nil {
		t.Fatal(err)
	}
	if got, want := onDisk(t, m), []string{"public/files/kept.txt"}; !same(got, want) {
		t.Errorf("on disk: %v, want %v", got, want)
	}
}

func TestAStoredFileIsNeverOverwritten(t *testing.T) {
	t.Parallel()
	m, k := newManager(t), Key{Name: "a.txt"}
	store(t, m, k, "first")
	s := m.NewStage()
	if err := s.Put(k, m.Of([]byte("second"))); !errors.Is(err, ErrExist) {
		t.Errorf("put: %v", err)
	}
	// Another process took the name after it was reserved.
	other := Key{Name: "b.txt"}
	s = m.NewStage()
	if err := s.Put(other, m.Of([]byte("mine"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.base(), "public/files/b.txt"), []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(); !errors.Is(err, ErrExist) {
		t.Errorf("publish: %v", err)
	}
	if err := s.Undo(); err != nil {
		t.Fatal(err)
	}
	f, err := m.Open(other)
	if got := content(t, f, err); got != "theirs" {
		t.Errorf("overwritten with %q", got)
	}
}

func TestNamesCannotLeadOutOfTheFolder(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	if err := os.WriteFile(filepath.Join(m.base(), "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../secret", filepath.Join(m.base(), "public/files/link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "..", "../../secret", "a/../../../secret", "/etc/passwd", "a\x00b", "link", "a//b", "a/"} {
		k := Key{Name: name}
		if f, err := m.Open(k); err == nil {
			_ = f.Close()
			t.Errorf("%q: opened", name)
		}
		if there(t, m.Store, k) {
			t.Errorf("%q: exists", name)
		}
		if name == "link" {
			continue
		}
		s := m.NewStage()
		if err := s.Put(k, m.Of([]byte("x"))); err == nil {
			t.Errorf("%q: put", name)
		}
		_ = s.Undo()
	}
	if got := onDisk(t, m); !same(got, []string{"public/files/link", "secret"}) {
		t.Errorf("on disk: %v", got)
	}
}

func TestLongContentGoesToTheDiskAndIsHashedOnTheWay(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	long := bytes.Repeat([]byte("0123456789abcdef"), InMemory/8)
	temp, err := m.Spool(bytes.NewReader(long), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if temp.path == "" || temp.data != nil {
		t.Error("kept in memory")
	}
	want, err := Hash(bytes.NewReader(long))
	if err != nil || temp.Hash() != want || temp.Size() != int64(len(long)) {
		t.Errorf("hash %s size %d, want %s %d", temp.Hash(), temp.Size(), want, len(long))
	}
	temp.Discard()
	temp.Discard()
	if got := onDisk(t, m); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestASpoolThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	long := strings.NewReader(strings.Repeat("x", 4*InMemory))
	if _, err := m.Spool(long, 2*InMemory); !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
	broken := io.MultiReader(strings.NewReader(strings.Repeat("x", 4*InMemory)), errReader{})
	if _, err := m.Spool(broken, 1<<30); err == nil {
		t.Error("a reader that breaks gave a file")
	}
	if got := onDisk(t, m); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestOldTemporaryFilesAreSweptAtTheStart(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	for name, age := range map[string]time.Duration{"upload-old": staleAfter + time.Hour, "upload-new": 0} {
		p := filepath.Join(m.dir, name)
		if err := errors.Join(os.MkdirAll(m.dir, 0o750), os.WriteFile(p, []byte("x"), 0o600), os.Chtimes(p, time.Now(), time.Now().Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(m.base()); err != nil {
		t.Fatal(err)
	}
	if got, want := onDisk(t, m), []string{"private/uploads/upload-new"}; !same(got, want) {
		t.Errorf("on disk: %v", got)
	}
}

func TestTypesAreGuessedFromNamesAsPythonDoes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"a.txt": {"text/plain", "TXT"}, "a.JPEG": {"image/jpeg", "JPG"}, "a.tar.gz": {"application/x-tar", "TAR"}, "a.tgz": {"application/x-tar", "TAR"},
		"a": {"", ""}, ".txt": {"", ""}, "a.md": {"text/markdown", "MD"}, "a.unknown": {"", ""}, "a.svg": {"image/svg+xml", "SVG"}, "dir.txt/a": {"", ""},
		"a.xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX"}, "a.gz": {"", ""}, "a.csv": {"text/csv", "CSV"},
	} {
		if got := [2]string{TypeByName(name), FileType(name)}; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestASuffixGoesBeforeTheExtension(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"a.txt": "aX.txt", "a": "aX", ".hidden": ".hiddenX", "a.tar.gz": "a.tarX.gz", "..": "..X"} {
		if got := WithSuffix(name, "X"); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// What is not known to be only shown is downloaded from a bucket.
func TestInlineTypes(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]bool{"image/png": true, "video/mp4": true, "application/pdf": true, "text/plain; charset=utf-8": true,
		"image/svg+xml": false, "text/html; charset=utf-8": false, "application/xhtml+xml": false, "message/rfc822": false, "application/octet-stream": false, "": false} {
		if got := inline(contentType); got != want {
			t.Errorf("inline(%q) = %v", contentType, got)
		}
	}
}
