package conformance

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// hookSecret is the secret of every webhook in the recordings.
const hookSecret = "webhook-secret"

// listener receives what the server under test sends out (webhooks).
type listener struct {
	server   *http.Server
	serving  sync.WaitGroup
	url      string
	observer observer

	mu       sync.Mutex
	hits     []any // *Object: method, path, headers, body
	failNext int   // how many of the next requests get a 500
}

// startListener listens at address, 127.0.0.1:0 for any free port. Close it when done.
func startListener(ctx context.Context, address string, o observer) (*listener, error) {
	var config net.ListenConfig
	socket, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for hooks: %w", err)
	}
	l := &listener{url: "http://" + socket.Addr().String(), observer: o}
	l.server = &http.Server{Handler: l, ReadHeaderTimeout: 30 * time.Second}
	l.serving.Go(func() { _ = l.server.Serve(socket) }) // always ends with ErrServerClosed
	return l, nil
}

func (l *listener) close() {
	_ = l.server.Close()
	l.serving.Wait()
}

// ServeHTTP notes the request and answers 200, or 500 when told to fail.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	hit := l.observe(r, body)
	l.mu.Lock()
	l.hits = append(l.hits, hit)
	status := http.StatusOK
	if l.failNext > 0 {
		l.failNext--
		status = http.StatusInternalServerError
	}
	l.mu.Unlock()
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "ok") // the sender may be gone; its request is noted
}

func (l *listener) observe(r *http.Request, body []byte) *Object {
	headers := NewObject()
	for name, values := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-") || name == "content-type" || name == "authorization" {
			headers.Set(name, latin1Decode(values[len(values)-1]))
		}
	}
	if signature := headers.Text("x-frappe-webhook-signature"); signature != "" {
		headers.Set("x-frappe-webhook-signature", checkSignature(signature, body))
	}
	var data any = NewObject("$text", l.observer.text(decodeReplace(body), ""))
	if v, err := decodeMarked(body); err == nil {
		data = l.observer.normalise(v, "")
	}
	return NewObject("method", r.Method, "path", r.RequestURI, "headers", headers, "body", data)
}

// checkSignature returns the mark that is recorded instead of a signature.
func checkSignature(signature string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write(body)
	want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if hmac.Equal([]byte(want), []byte(signature)) {
		return "<valid for webhook-secret>"
	}
	return "<INVALID>"
}

// failOn makes the next n requests fail.
func (l *listener) failOn(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failNext = n
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.hits)
}

// wait returns the requests that came since the last wait, sorted by path and body: as soon as
// there are n, but not before a while in which one too many could still come.
// Errors: ctx is done.
func (l *listener) wait(ctx context.Context, n int, timeout time.Duration) ([]any, error) {
	for end := time.Now().Add(timeout); l.count() < n && time.Now().Before(end); {
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
	if err := sleep(ctx, 400*time.Millisecond); err != nil {
		return nil, err
	}
	l.mu.Lock()
	hits := l.hits
	l.hits = nil
	l.mu.Unlock()
	bodyText := func(hit any) string { return jsonWriter{sorted: true}.text(hit.(*Object).Get("body")) }
	slices.SortStableFunc(hits, func(a, b any) int {
		return cmp.Or(cmp.Compare(a.(*Object).Text("path"), b.(*Object).Text("path")),
			cmp.Compare(bodyText(a), bodyText(b)))
	})
	return hits, nil
}

// sleep waits for d or until ctx is done, which is its only error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
