package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"syscall"
	"time"
)

// Disk is the Store in a site's folder: public/files and private/files. Names cannot
// lead out of it, not even through links.
type Disk struct {
	// root is the site's folder, within which names are given; nothing is opened by it.
	root *os.Root
	// kinds are the folders of the public and the private files.
	kinds [2]*os.Root
}

// OpenDisk opens a site's folder; it makes the two folders when they are missing.
func OpenDisk(dir string) (*Disk, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	for _, d := range []string{folder(false), folder(true)} {
		if err := root.MkdirAll(d, 0o750); err != nil {
			return nil, errors.Join(err, root.Close())
		}
	}
	d := &Disk{root: root}
	for i := range d.kinds {
		if d.kinds[i], err = root.OpenRoot(folder(i == 1)); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	return d, nil
}

// Close gives back the folders.
func (d *Disk) Close() error {
	var errs []error
	for _, r := range []*os.Root{d.root, d.kinds[0], d.kinds[1]} {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	return errors.Join(errs...)
}

func folder(private bool) string {
	if private {
		return "private/files"
	}
	return "public/files"
}

// Path is where a key lies in a site's folder, and in other stores alike.
func (k Key) Path() string { return path.Join(folder(k.Private), k.Name) }

type diskFile struct {
	*os.File
	info fs.FileInfo
}

func (f *diskFile) Size() int64        { return f.info.Size() }
func (f *diskFile) ModTime() time.Time { return f.info.ModTime() }

// Open implements Store. Only regular files can be opened.
func (d *Disk) Open(k Key) (File, error) {
	if !k.Valid() {
		return nil, ErrBadName
	}
	f, err := d.kinds[side(k)].Open(k.Name)
	if err != nil {
		return nil, diskError(err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, errors.Join(diskError(err), f.Close())
	case !info.Mode().IsRegular():
		return nil, errors.Join(ErrNotExist, f.Close())
	}
	return &diskFile{File: f, info: info}, nil
}

// diskError tells a refusal of a name, which is a missing file here, from a disk that
// does not work: one that is full, broken, not mounted or not ours to read.
func diskError(err error) error {
	switch {
	case err == nil || errors.Is(err, ErrExist) || errors.Is(err, ErrBadName):
		return err
	case namesNothing(err):
		return errors.Join(ErrNotExist, err)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// namesNothing reports whether an error says that a name names nothing in the folder:
// it is not there, too long, or leads out.
func namesNothing(err error) bool {
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	var no syscall.Errno
	if !errors.As(err, &no) {
		return !errors.Is(err, fs.ErrClosed) // os.Root itself has refused the name
	}
	switch no {
	case syscall.ENAMETOOLONG, syscall.ENOTDIR, syscall.ELOOP, syscall.EINVAL, syscall.EILSEQ:
		return true
	}
	return runtime.GOOS == "windows" && (no == 123 || no == 161 || no == 267) // invalid name, bad path, no folder
}

// Exists implements Store.
func (d *Disk) Exists(k Key) (bool, error) {
	if !k.Valid() {
		return false, nil
	}
	info, err := d.kinds[side(k)].Stat(k.Name)
	if err = diskError(err); errors.Is(err, ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Mode().IsRegular(), err
}

// Put implements Store. The name is taken by creating it exclusively, then the local
// file is moved over it, so that the name never shows half of the bytes.
func (d *Disk) Put(k Key, local string) error {
	if err := d.take(k); err != nil {
		return err
	}
	rel, err := relative(d.root.Name(), local)
	if err == nil {
		err = d.root.Rename(rel, k.Path())
	}
	if err != nil {
		return d.untake(k, err)
	}
	return nil
}

// untake gives back a name that was taken when err followed.
func (d *Disk) untake(k Key, err error) error {
	err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	if d.root.Remove(k.Path()) != nil {
		err = errors.Join(err, ErrLeft)
	}
	return err
}

// take creates an empty file of a name that must be free.
func (d *Disk) take(k Key) error {
	if !k.Valid() {
		return ErrBadName
	}
	f, err := d.root.OpenFile(k.Path(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err = diskError(err); errors.Is(err, ErrNotExist) {
		return errors.Join(ErrBadName, err)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// Move implements Store.
func (d *Disk) Move(from, to Key) error {
	if !from.Valid() {
		return ErrBadName
	}
	switch there, err := d.Exists(from); {
	case err != nil:
		return err
	case !there:
		return ErrNotExist
	}
	if err := d.take(to); err != nil {
		return err
	}
	if err := d.root.Rename(from.Path(), to.Path()); err != nil {
		return d.untake(to, err)
	}
	return nil
}

// Remove implements Store.
func (d *Disk) Remove(k Key) error {
	if !k.Valid() {
		return ErrBadName
	}
	if err := diskError(d.root.Remove(k.Path())); !errors.Is(err, ErrNotExist) {
		return err
	}
	return nil
}

// sync makes the names in a folder durable.
func (d *Disk) sync(private bool) error {
	f, err := d.root.Open(folder(private))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
