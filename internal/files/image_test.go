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
	"math/rand/v2"
	"strings"
	"testing"
)

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
