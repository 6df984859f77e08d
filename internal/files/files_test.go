package files

import (
	"archive/zip"
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math/rand/v2"
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
	if m.Store.Exists(k) {
		t.Error("the store shows what is not published")
	}
	if other := m.NewStage(); other.Free(k) {
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
			if !m.NewStage().Free(Key{Name: "a.txt"}) {
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
	if s.Exists(k) || !m.Store.Exists(k) {
		t.Error("gone for others before the commit, or there for the transaction itself")
	}
	if err := s.Undo(); err != nil || !m.Store.Exists(k) {
		t.Errorf("a rolled back removal removed: %v", err)
	}
	s.Remove(k)
	s.Referenced = func(Key) bool { return true }
	if err := s.Finish(); err != nil || !m.Store.Exists(k) {
		t.Errorf("bytes that a File still names were removed: %v", err)
	}
	s.Remove(k)
	s.Referenced = nil
	if err := s.Finish(); err != nil || m.Store.Exists(k) {
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
	if m.Store.Exists(from) || !m.Store.Exists(to) {
		t.Error("not moved")
	}
	if err := s.Undo(); err != nil || !m.Store.Exists(from) || m.Store.Exists(to) {
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
	if s.Exists(k) || !s.Free(k) {
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
		t.Skip(err)
	}
	for _, name := range []string{"", ".", "..", "../../secret", "a/../../../secret", "/etc/passwd", "a\x00b", "link", "a//b", "a/"} {
		k := Key{Name: name}
		if f, err := m.Open(k); err == nil {
			_ = f.Close()
			t.Errorf("%q: opened", name)
		}
		if m.Store.Exists(k) {
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
	long := bytes.Repeat([]byte("0123456789abcdef"), inMemory/8)
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
	long := strings.NewReader(strings.Repeat("x", 4*inMemory))
	if _, err := m.Spool(long, 2*inMemory); !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
	broken := io.MultiReader(strings.NewReader(strings.Repeat("x", 4*inMemory)), errReader{})
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

// photo is a JPEG with metadata that tells a place, a comment and a trailer.
func photo(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range 40 * 30 {
		img.Set(i%40, i/40, color.RGBA{uint8(i), uint8(3 * i), 90, 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	segment := func(marker byte, text string) []byte {
		return append([]byte{0xff, marker, 0, byte(len(text) + 2)}, text...)
	}
	out := append([]byte{}, data[:2]...)
	out = append(out, segment(0xe1, "Exif\x00\x00secret place")...)
	out = append(out, segment(0xfe, "secret comment")...)
	out = append(out, segment(0xe2, "ICC_PROFILE kept")...)
	return append(append(out, data[2:]...), "secret trailer"...)
}

func TestMetadataOfPhotosIsStrippedAndThePictureKept(t *testing.T) {
	t.Parallel()
	src := photo(t)
	var out bytes.Buffer
	if err := StripJPEG(&out, bytes.NewReader(src)); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out.Bytes(), []byte("secret")) {
		t.Error("metadata is still there")
	}
	if !bytes.Contains(out.Bytes(), []byte("ICC_PROFILE kept")) {
		t.Error("the colour profile is gone")
	}
	a, err := jpeg.Decode(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	b, err := jpeg.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 30 {
		for x := range 40 {
			if a.At(x, y) != b.At(x, y) {
				t.Fatalf("pixel %d,%d differs", x, y)
			}
		}
	}
}

func TestWhatIsNoJPEGIsRefused(t *testing.T) {
	t.Parallel()
	src := photo(t)
	for name, data := range map[string][]byte{"empty": {}, "text": []byte("this is not a jpeg"), "marker only": {0xff, 0xd8}, "cut in a segment": src[:12]} {
		if err := StripJPEG(io.Discard, bytes.NewReader(data)); !errors.Is(err, ErrNotImage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A picture that ends early is shown as far as it goes.
	if err := StripJPEG(io.Discard, bytes.NewReader(src[:len(src)-60])); err != nil {
		t.Errorf("cut in the picture: %v", err)
	}
}

func FuzzStripJPEG(f *testing.F) {
	f.Add([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 4, 1, 2, 0xff, 0xd9})
	f.Add([]byte{0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 0xff, 0, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		var out bytes.Buffer
		_ = StripJPEG(&out, bytes.NewReader(data))
		if out.Len() > len(data)+2 {
			t.Errorf("%d bytes became %d", len(data), out.Len())
		}
	})
}

func TestLargePicturesAreMadeSmallerAndSmallOnesLeftAlone(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 1400, 900))
	for i := range img.Pix {
		img.Pix[i] = byte(rand.Uint32())
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	out, err := OptimizeImage(b.Bytes(), "image/png", Fit{Width: 1024, Height: 768, Shrinks: true})
	if err != nil {
		t.Fatal(err)
	}
	c, err := png.DecodeConfig(bytes.NewReader(out))
	if err != nil || c.Width != 1024 || c.Height != 658 {
		t.Errorf("%dx%d %v", c.Width, c.Height, err)
	}
	var tiny bytes.Buffer
	if err := png.Encode(&tiny, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	if out, err := OptimizeImage(tiny.Bytes(), "image/png", Fit{Width: 1, Height: 1}); err != nil || len(out) > tiny.Len() {
		t.Errorf("%d bytes of %d: %v", len(out), tiny.Len(), err)
	}
	if _, err := OptimizeImage([]byte("no picture"), "image/png", Fit{}); !errors.Is(err, ErrNotImage) {
		t.Errorf("no picture: %v", err)
	}
}

func TestAPictureThatClaimsToBeHugeIsNotDecoded(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	copy(data[16:24], []byte{0, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0xff})
	if _, err := OptimizeImage(data, "image/png", Fit{Width: 9, Height: 9}); !errors.Is(err, ErrNotImage) {
		t.Errorf("got %v", err)
	}
}

func TestThumbnailsFitAndKeepTheirShape(t *testing.T) {
	t.Parallel()
	var b, out bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 800, 400)), nil); err != nil {
		t.Fatal(err)
	}
	if err := Thumbnail(&out, b.Bytes(), 300, 300); err != nil {
		t.Fatal(err)
	}
	if c, err := jpeg.DecodeConfig(&out); err != nil || c.Width != 300 || c.Height != 150 {
		t.Errorf("%dx%d %v", c.Width, c.Height, err)
	}
}

func archive(t *testing.T, members map[string]string) File {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range members {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &memoryFile{bytes.NewReader(b.Bytes())}
}

func TestArchivesLoseTheirFoldersAndHiddenFiles(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	f := archive(t, map[string]string{"../../../evil.txt": "1", "/abs/two.txt": "2", "__MACOSX/x": "3", "dir/.hidden": "4", "dir/": ""})
	got := map[string]bool{}
	err := m.Unzip(f, 1<<20, func(name string, temp *Temp) error {
		got[name] = true
		temp.Discard()
		return nil
	})
	if err != nil || len(got) != 2 || !got["evil.txt"] || !got["two.txt"] {
		t.Errorf("%v %v", got, err)
	}
}

func TestArchivesThatHoldTooMuchAreRefusedAndLeaveNothing(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	bomb := archive(t, map[string]string{"zeros": strings.Repeat("\x00", maxUnsuspected+1)})
	err := m.Unzip(bomb, 1<<40, func(string, *Temp) error { return nil })
	if !errors.Is(err, ErrBomb) {
		t.Errorf("a bomb: %v", err)
	}
	large := archive(t, map[string]string{"large": strings.Repeat("x", 1<<20)})
	if err := m.Unzip(large, 1<<10, func(string, *Temp) error { return nil }); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a member beyond the limit: %v", err)
	}
	if err := m.Unzip(&memoryFile{bytes.NewReader([]byte("no archive"))}, 1<<10, nil); !errors.Is(err, ErrNotZip) {
		t.Errorf("no archive: %v", err)
	}
	if got := onDisk(t, m); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}
