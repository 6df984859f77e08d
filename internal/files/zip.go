package files

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits on archives that are unpacked: small ones can hold endless bytes.
const (
	maxMembers  = 10_000
	maxUnpacked = 4 << 30
	// maxRatio is how much larger than the archive its content may be, beyond the
	// first maxUnsuspected bytes.
	maxRatio       = 200
	maxUnsuspected = 64 << 20
)

// Errors of archives.
var (
	// ErrNotZip says that bytes are no archive.
	ErrNotZip = errors.New("files: not a zip file")
	// ErrBadMember says that a member of an archive cannot be read.
	ErrBadMember = errors.New("files: broken member of a zip file")
	// ErrBomb says that an archive holds more than anybody needs.
	ErrBomb = errors.New("files: the zip file holds too much")
)

// Unzip calls each with every file of an archive: its own name without folders and its
// content. Folders, hidden files and macOS's own are left out. limit bounds one file.
// Errors: ErrNotZip, ErrBadMember, ErrBomb, ErrTooLarge, or what each returns.
// Source: file.py unzip.
func (m *Manager) Unzip(f File, limit int64, each func(name string, t *Temp) error) error {
	r, err := zip.NewReader(readerAt(f), f.Size())
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	if err != nil {
		return ErrNotZip
	}
	if len(r.File) > maxMembers {
		return ErrBomb
	}
	budget := min(max(f.Size()*maxRatio, maxUnsuspected), maxUnpacked)
	for _, z := range r.File {
		name := strings.ToValidUTF8(z.Name, "\uFFFD")
		base := path.Base(name)
		if z.FileInfo().IsDir() || !z.Mode().IsRegular() || strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, ".") {
			continue
		}
		t, err := m.member(z, min(limit, budget))
		if errors.Is(err, ErrTooLarge) && limit >= budget {
			err = ErrBomb
		}
		if err != nil {
			return err
		}
		budget -= t.Size()
		if err := each(base, t); err != nil {
			t.Discard()
			return err
		}
	}
	return nil
}

func (m *Manager) member(z *zip.File, limit int64) (*Temp, error) {
	r, err := z.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadMember, err)
	}
	defer r.Close()
	t, err := m.Spool(r, limit)
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, fmt.Errorf("%w: %w", ErrBadMember, err)
	}
	return t, err
}

// readerAt reads anywhere in a file that can only seek.
func readerAt(f File) io.ReaderAt {
	if r, ok := f.(io.ReaderAt); ok {
		return r
	}
	return seeker{f}
}

type seeker struct{ f File }

func (s seeker) ReadAt(p []byte, off int64) (int, error) {
	if _, err := s.f.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	return io.ReadFull(s.f, p)
}

// Zip is an archive that is being written.
type Zip struct{ w *zip.Writer }

// NewZip writes an archive to w. Close it.
func NewZip(w io.Writer) *Zip { return &Zip{zip.NewWriter(w)} }

// Add adds a file. A name that leads out of the folder where the archive is unpacked
// loses its way there.
func (z *Zip) Add(name string, f File) error {
	w, err := z.w.Create(strings.NewReplacer("/", "", `\`, "").Replace(name))
	if err != nil {
		return err
	}
	buf := copyBuffers.Get().(*[copyBuffer]byte)
	defer copyBuffers.Put(buf)
	_, err = io.CopyBuffer(onlyWriter{w}, onlyReader{f}, buf[:])
	return err
}

// Close ends the archive.
func (z *Zip) Close() error { return z.w.Close() }
