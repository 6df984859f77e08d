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

// Content reads the bytes of a File that the caller may read. Errors: ErrNoFile,
// ValidationError for more than most bytes.
func Content(ctx context.Context, c *engine.Call, u string, most int64) ([]byte, error) {
	d, err := findByURL(ctx, c, u, "")
	if err != nil {
		return nil, err
	}
	k, ok := files.KeyOf(u)
	if d == nil || !ok || !k.Valid() {
		return nil, ErrNoFile
	}
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
}
