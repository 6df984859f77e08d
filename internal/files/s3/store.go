package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/url"
	"os"
	"time"
	"unicode/utf8"

	"github.com/minio/minio-go/v7"

	"freddo/internal/files"
)

const (
	// uploads is the folder of what is on its way.
	uploads = "uploads/"
	// maxKey is how many bytes a key may have.
	maxKey = 1024
	// maxCopy is what one request may copy.
	maxCopy = 5 << 30
	// partSize is how much of a large file one request carries.
	partSize = 16 << 20
	// mark is the metadata that tells who put an object.
	mark = "Freddo-Put"
)

// object is the name of a key in the bucket; ok is false for names that can have none.
func (s *Store) object(k files.Key) (name string, ok bool) {
	name = s.prefix + k.Path()
	return name, k.Valid() && utf8.ValidString(name) && len(name) <= maxKey
}

// Exists implements files.Store.
func (s *Store) Exists(k files.Key) (bool, error) {
	name, ok := s.object(k)
	if !ok {
		return false, nil
	}
	_, err := s.stat(name)
	if errors.Is(err, files.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (s *Store) stat(name string) (minio.ObjectInfo, error) {
	ctx, cancel := s.context(0)
	defer cancel()
	info, err := s.core.StatObject(ctx, s.cfg.Bucket, name, minio.StatObjectOptions{})
	return info, s.failure(err)
}

// Put implements files.Store.
func (s *Store) Put(k files.Key, local string) error {
	name, ok := s.object(k)
	if !ok {
		return files.ErrBadName
	}
	f, err := os.Open(local)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return s.create(name, f, info.Size())
}

// create writes an object under a name that must be free.
func (s *Store) create(name string, r io.ReadSeeker, size int64) error {
	token := rand.Text()
	err := s.write(name, r, size, minio.PutObjectOptions{UserMetadata: map[string]string{mark: token}}, true)
	if minio.ToErrorResponse(err).Code == "NotImplemented" {
		// A server without conditional writes: look first. Within this process names
		// are reserved; another one may slip in between.
		switch _, serr := s.stat(name); {
		case serr == nil:
			return files.ErrExist
		case !errors.Is(serr, files.ErrNotExist):
			return serr
		}
		if _, err = r.Seek(0, io.SeekStart); err == nil {
			err = s.write(name, r, size, minio.PutObjectOptions{UserMetadata: map[string]string{mark: token}}, false)
		}
	}
	if err == nil {
		return nil
	}
	// The answer may have been lost, and what is there may be ours.
	err = s.failure(err)
	info, serr := s.stat(name)
	if serr != nil || info.UserMetadata[mark] != token {
		return err
	}
	if errors.Is(err, files.ErrExist) {
		return nil
	}
	return s.takeBack(name, err)
}

// takeBack deletes an object of our own that was of no use because of err.
func (s *Store) takeBack(name string, err error) error {
	if derr := s.drop(name); derr != nil {
		return errors.Join(err, derr, files.ErrLeft)
	}
	return err
}

func (s *Store) write(name string, r io.Reader, size int64, o minio.PutObjectOptions, free bool) error {
	ctx, cancel := s.context(size)
	defer cancel()
	o.ContentType, o.PartSize = "application/octet-stream", partSize
	if size <= partSize {
		o.DisableMultipart = true
	}
	if free {
		o.SetMatchETagExcept("*")
	}
	_, err := s.core.Client.PutObject(ctx, s.cfg.Bucket, name, r, size, o)
	return err
}

// Bring implements files.Remote.
func (s *Store) Bring(f files.File) (string, error) {
	name := s.prefix + uploads + rand.Text()
	err := s.failure(s.write(name, f, f.Size(), minio.PutObjectOptions{}, false))
	if err != nil {
		return "", errors.Join(err, s.drop(name))
	}
	return name, nil
}

// Place implements files.Remote. The name is taken by an empty object that only one
// can create; the bytes are then copied over it within the bucket.
func (s *Store) Place(handle string, size int64, k files.Key) error {
	name, ok := s.object(k)
	if !ok {
		return files.ErrBadName
	}
	if err := s.create(name, noBytes{}, 0); err != nil {
		return err
	}
	if err := s.copy(handle, name, size); err != nil {
		return s.takeBack(name, err)
	}
	return nil
}

// Drop implements files.Remote.
func (s *Store) Drop(handle string) error { return s.drop(handle) }

// Move implements files.Store.
func (s *Store) Move(from, to files.Key) error {
	src, ok := s.object(from)
	if !ok {
		return files.ErrBadName
	}
	info, err := s.stat(src)
	if err != nil {
		return err
	}
	if err := s.Place(src, info.Size, to); err != nil {
		return err
	}
	if err := s.drop(src); err != nil {
		dst, _ := s.object(to)
		return s.takeBack(dst, err)
	}
	return nil
}

func (s *Store) copy(from, to string, size int64) error {
	ctx, cancel := s.context(size)
	defer cancel()
	dst := minio.CopyDestOptions{Bucket: s.cfg.Bucket, Object: to}
	src := minio.CopySrcOptions{Bucket: s.cfg.Bucket, Object: from}
	var err error
	if size > maxCopy {
		_, err = s.core.ComposeObject(ctx, dst, src)
	} else {
		_, err = s.core.Client.CopyObject(ctx, dst, src)
	}
	return s.failure(err)
}

// Remove implements files.Store.
func (s *Store) Remove(k files.Key) error {
	name, ok := s.object(k)
	if !ok {
		return files.ErrBadName
	}
	return s.drop(name)
}

func (s *Store) drop(name string) error {
	ctx, cancel := s.context(0)
	defer cancel()
	return s.remove(ctx, name)
}

func (s *Store) remove(ctx context.Context, name string) error {
	err := s.failure(s.core.RemoveObject(ctx, s.cfg.Bucket, name, minio.RemoveObjectOptions{}))
	if errors.Is(err, files.ErrNotExist) {
		return nil
	}
	return err
}

// Link implements files.Linker. It asks nobody, so the object may not exist.
func (s *Store) Link(k files.Key, contentType, disposition string) (string, error) {
	name, ok := s.object(k)
	if s.cfg.Redirect <= 0 || !ok {
		return "", nil
	}
	params := url.Values{"response-content-type": {contentType}}
	if disposition != "" {
		params.Set("response-content-disposition", disposition)
	}
	ctx, cancel := s.context(0)
	defer cancel()
	u, err := s.core.PresignedGetObject(ctx, s.cfg.Bucket, name, max(s.cfg.Redirect, time.Second), params)
	if err != nil {
		return "", s.failure(err)
	}
	return u.String(), nil
}

// noBytes is an empty body that can be sent again.
type noBytes struct{}

func (noBytes) Read([]byte) (int, error)       { return 0, io.EOF }
func (noBytes) Seek(int64, int) (int64, error) { return 0, nil }
