package s3

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/minio/minio-go/v7"

	"freddo/internal/files"
)

// object is an open file in the bucket. Nothing is asked for before it is read, then
// all from there on; a seek ends that.
type object struct {
	s    *Store
	name string
	etag string
	size int64
	mod  time.Time

	off    int64
	body   io.ReadCloser // nil before the first read and after a seek
	at     int64         // where body is
	cancel context.CancelFunc
	silent *time.Timer
}

// enough is how many bytes are read to their end rather than losing a connection.
const enough = 64 << 10

// Open implements files.Store. Errors: also files.ErrUnavailable.
func (s *Store) Open(k files.Key) (files.File, error) {
	if !k.Valid() {
		return nil, files.ErrBadName
	}
	name, ok := s.object(k)
	if !ok {
		return nil, files.ErrNotExist
	}
	info, err := s.stat(name)
	if err != nil {
		return nil, err
	}
	return &object{s: s, name: name, etag: info.ETag, size: info.Size, mod: info.LastModified}, nil
}

// Size implements files.File.
func (o *object) Size() int64 { return o.size }

// ModTime implements files.File.
func (o *object) ModTime() time.Time { return o.mod }

// ETag implements files.Tagged: it is the bucket's own, without quotes.
func (o *object) ETag() string { return o.etag }

// Seek implements io.Seeker.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.off
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	o.off = offset
	return offset, nil
}

// Read implements io.Reader. Errors: files.ErrUnavailable, also when the object was
// changed after it was opened.
func (o *object) Read(p []byte) (int, error) {
	if o.off >= o.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if o.body == nil || o.at != o.off {
		if err := o.open(); err != nil {
			return 0, err
		}
	}
	o.silent.Reset(o.s.cfg.Timeout)
	n, err := o.body.Read(p)
	o.silent.Stop()
	o.off += int64(n)
	o.at = o.off
	switch {
	case err == nil:
	case errors.Is(err, io.EOF) && o.off >= o.size:
		err = nil // said by the next read
	case errors.Is(err, io.EOF):
		err = errors.Join(files.ErrUnavailable, io.ErrUnexpectedEOF)
	default:
		err = errors.Join(files.ErrUnavailable, err)
	}
	return n, err
}

func (o *object) open() error {
	o.end()
	opts := minio.GetObjectOptions{}
	if err := opts.SetMatchETag(o.etag); err != nil {
		return o.s.failure(err)
	}
	if o.off > 0 {
		if err := opts.SetRange(o.off, 0); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	o.cancel, o.silent = cancel, time.AfterFunc(o.s.cfg.Timeout, cancel)
	body, _, _, err := o.s.core.GetObject(ctx, o.s.cfg.Bucket, o.name, opts)
	o.silent.Stop()
	if err != nil {
		cancel()
		o.cancel = nil
		if err = o.s.failure(err); errors.Is(err, files.ErrExist) { // another object by now
			err = errors.Join(files.ErrUnavailable, errors.New("s3: the object was replaced"))
		}
		return err
	}
	o.body, o.at = body, o.off
	return nil
}

// end gives the connection back, read to its end where that is near.
func (o *object) end() {
	if o.body == nil {
		return
	}
	if o.size-o.at <= enough {
		o.silent.Reset(time.Second)
		_, _ = io.CopyN(io.Discard, o.body, o.size-o.at)
		o.silent.Stop()
	} else {
		o.cancel()
	}
	_ = o.body.Close()
	o.cancel()
	o.body, o.cancel = nil, nil
}

// Close implements io.Closer.
func (o *object) Close() error {
	o.end()
	return nil
}
