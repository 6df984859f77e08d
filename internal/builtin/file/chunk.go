package file

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/files"
)

// maxChunks is how many chunks one file may come in.
const maxChunks = 1_000_000

// chunk takes one piece of a file that comes in several: chunk_index of
// total_chunk_count, at chunk_byte_offset, in order. more says that others follow; with
// the last one the file is whole. The released servers that are recorded know nothing of
// chunks and keep each as a file of its own, and so does Freddo unless the site's
// configuration says chunked_uploads.
func (in *request) chunk(ctx context.Context, c *engine.Call) (more bool, err error) {
	total := document.Cint(c.Form.Get("total_chunk_count"))
	if in.file == nil || total <= 1 || !c.Site.Config().Bool("chunked_uploads") {
		return false, nil
	}
	index, offset := document.Cint(c.Form.Get("chunk_index")), document.Cint(c.Form.Get("chunk_byte_offset"))
	if total > maxChunks || index < 0 || index >= total || offset < 0 || index == 0 && offset != 0 || index > 0 && offset == 0 {
		return false, exc.Validation.Throw("Invalid chunk")
	}
	limit, err := maxSize(ctx, c)
	if err != nil {
		return false, err
	}
	id := strings.Join([]string{c.User, c.Request.RemoteIP, c.Form.PropText("dzuuid"), in.name, in.doctype, in.docname, in.field, fmt.Sprint(total)}, "\x00")
	data, err := in.file.Data.Open()
	if err != nil {
		return false, err
	}
	defer func() { _ = data.Close() }()
	size, err := c.Files.Append(id, offset, limit, data)
	switch {
	case errors.Is(err, files.ErrOutOfOrder):
		return false, exc.Validation.Throwf("Chunk out of order: the next one begins at %d", size)
	case errors.Is(err, files.ErrTooLarge):
		return false, checkSize(ctx, c, limit+1)
	case err != nil:
		return false, fmt.Errorf("take a chunk: %w", err)
	}
	if index+1 < total {
		return true, nil
	}
	whole, err := c.Files.Take(id)
	if err != nil {
		return false, fmt.Errorf("put chunks together: %w", err)
	}
	in.file.Data.Discard()
	in.file.Data = whole
	return false, nil
}
