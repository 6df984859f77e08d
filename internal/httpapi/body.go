package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
	"unsafe"

	"freddo/document"
	"freddo/exc"
)

// requestTimeout and badRequest are werkzeug's.
var (
	requestTimeout = &exc.Class{Name: "RequestTimeout", Status: http.StatusRequestTimeout}
	badRequest     = &exc.Class{Name: "BadRequest", Status: http.StatusBadRequest}
)

// brokenBody is a body that did not come whole: the client is gone, or too slow.
type brokenBody struct {
	cause error
	slow  bool
}

func (e *brokenBody) Error() string { return fmt.Sprintf("body broken off: %v", e.cause) }
func (e *brokenBody) Unwrap() error { return e.cause }

// answer is what the client learns, if it still listens.
func (e *brokenBody) answer() *exc.Error {
	if e.slow {
		return requestTimeout.New("The request did not arrive in time.")
	}
	return badRequest.New("The request's body is not whole.")
}

// pacedBody reads a body from a client that must not be too slow: after patience it must
// have sent rate bytes a second. It replaces the request's body.
type pacedBody struct {
	io.ReadCloser
	conn     *http.ResponseController
	started  time.Time
	patience time.Duration
	rate     int64
	read     int64
	until    time.Time
	whole    bool
	// arrived is told of the bytes that came, when it is set.
	arrived func(n int64) error
	told    int64
}

// spaceStep is how many bytes of a body are charged at a time.
const spaceStep = 1 << 20

// pace makes the request's body one that is read at a least rate.
func (x *exchange) pace() {
	if x.r.Body == nil || x.r.Body == http.NoBody {
		return
	}
	patience, rate := x.s.slow()
	x.paced = &pacedBody{ReadCloser: x.r.Body, conn: http.NewResponseController(x.w), started: time.Now(), patience: patience, rate: rate}
	x.r.Body = x.paced
}

// Read implements io.Reader. Errors: *brokenBody, or what arrived says.
func (b *pacedBody) Read(p []byte) (int, error) {
	until := b.started.Add(b.patience + time.Duration(b.read/b.rate)*time.Second)
	if until.Sub(b.until) > time.Second || b.until.IsZero() {
		b.until = until
		_ = b.conn.SetReadDeadline(until) // not every connection can
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	switch {
	case err == io.EOF:
		b.whole = true
		b.rest(time.Time{})
	case err != nil:
		return n, &brokenBody{cause: err, slow: errors.Is(err, os.ErrDeadlineExceeded)}
	}
	if b.arrived != nil && b.read-b.told > spaceStep {
		if err := b.arrived(b.read - b.told); err != nil {
			return n, err
		}
		b.told = b.read
	}
	return n, err
}

// rest sets the deadline of what nobody waits for.
func (b *pacedBody) rest(until time.Time) { _ = b.conn.SetReadDeadline(until) }

// leftover is how long the server waits for the rest of a body that nobody wants.
const leftover = 5 * time.Second

// leave ends the reading of a body. What was not read of it the HTTP server skips.
func (b *pacedBody) leave() {
	if b != nil && !b.whole {
		b.rest(time.Now().Add(leftover))
	}
}

// readBody reads the request's body, at most limit bytes. A long one goes to the disk
// while it comes, however slowly, and into memory once it is whole and there is room.
// Errors: 413, 503, *brokenBody.
func (x *exchange) readBody(ctx context.Context, limit int64) ([]byte, error) {
	r := x.r
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, tooLarge()
	}
	head, err := io.ReadAll(io.LimitReader(r.Body, min(limit, freeBody)+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(head)) > limit:
		return nil, tooLarge()
	case len(head) <= freeBody:
		return head, nil
	}
	f, err := x.s.scratch()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if x.paced != nil {
		x.paced.arrived = func(n int64) error { return x.reserveSpace(ctx, n) }
	}
	if _, err := f.Write(head); err != nil {
		return nil, err
	}
	n, err := io.Copy(f, io.LimitReader(r.Body, limit+1-int64(len(head))))
	if err != nil {
		return nil, err
	}
	if n += int64(len(head)); n > limit {
		return nil, tooLarge()
	}
	if err := x.reserve(ctx, n*bodyFactor); err != nil {
		return nil, err
	}
	x.held.body = n * bodyFactor
	body := make([]byte, n)
	if _, err := f.ReadAt(body, 0); err != nil {
		return nil, err
	}
	x.held.space.Give(x.held.space.Held())
	return body, nil
}

// scratch is a file that is gone once it is closed.
func (s *Server) scratch() (*os.File, error) {
	if s.Engine.Files != nil {
		return s.Engine.Files.Scratch()
	}
	f, err := os.CreateTemp("", "freddo-*")
	if err == nil {
		_ = os.Remove(f.Name())
	}
	return f, err
}

// weigh charges a request for the values of its arguments before they are parsed, and
// refuses more of them than anybody needs. JSON bodies are weighed as they are, forms by
// the JSON in their fields. Errors: 413, 503.
func (x *exchange) weigh(ctx context.Context, contentType string, body []byte, form *document.Object) error {
	n := 0
	switch {
	case form != nil:
		for i := range form.Len() {
			_, v := form.At(i)
			if s := v.Str(); len(s) > freeValues && mayBeJSON(s) {
				n += document.CountValues(s)
			}
		}
	case len(body) > freeValues && isJSON(contentType):
		n = document.CountValues(view(body))
	}
	if n <= freeValues {
		return nil
	}
	if n > maxValues || n > maxGuestValues && !x.knows(ctx) {
		return tooLarge()
	}
	return x.reserve(ctx, int64(n)*valueSize)
}

func mayBeJSON(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n")
	return s != "" && (s[0] == '[' || s[0] == '{')
}

// view is a body as text, without a copy. Nobody changes a body that was read.
func view(body []byte) string { return unsafe.String(unsafe.SliceData(body), len(body)) }

// isForm reports whether a content type is application/x-www-form-urlencoded.
func isForm(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/x-www-form-urlencoded"
}
