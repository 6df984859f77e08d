package file

import (
	"context"
	"errors"
	"io"

	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/files"
)

// ErrNoFile says that no File of that URL is there for the caller.
var ErrNoFile = errors.New("file: no such file")

// Content finds the File of a URL that the caller may read, and returns what reads its
// bytes, without the database: at most most of them. Errors: ErrNoFile; of the reading
// ErrNoFile, ValidationError for more than most bytes.
func Content(ctx context.Context, c *engine.Call, u string, most int64) (read func() ([]byte, error), err error) {
	d, err := findByURL(ctx, c, u, "")
	if err != nil {
		return nil, err
	}
	k, ok := files.KeyOf(u)
	if d == nil || !ok || !k.Valid() {
		return nil, ErrNoFile
	}
	return func() ([]byte, error) {
		f, err := c.Files.Open(k)
		if errors.Is(err, files.ErrNotExist) {
			return nil, ErrNoFile
		}
		if err != nil {
			return nil, err
		}
		defer f.Close()
		content, err := io.ReadAll(io.LimitReader(f, most+1))
		if err == nil && int64(len(content)) > most {
			err = exc.Validation.Throw("The file is too big")
		}
		return content, err
	}, nil
}
