package conformance

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// exchangeTimeout is the longest that one request may take, as when the recordings were made.
const exchangeTimeout = 90 * time.Second

// Header is one header line. Values are bytes as on the wire.
type Header struct{ Name, Value string }

// Exchange is a request exactly as it is to be sent. A Host header is added when there is
// none; nothing else is (no User-Agent, no Accept-Encoding, no Content-Length).
type Exchange struct {
	Method string
	Target string // the request target, already quoted: /api/resource/ToDo?limit=1
	Header []Header
	Body   []byte
}

// Response is an answer as it came: the lines of its header in their order, its body without
// transfer encoding.
type Response struct {
	Status int
	Header []Header
	Body   []byte
}

// Target is the server under test.
type Target interface {
	// Do sends one request on a connection of its own and reads the whole answer. It follows
	// no redirect. Errors: no connection, no answer in time, an answer that is not HTTP.
	Do(ctx context.Context, x Exchange) (Response, error)
}

// URLTarget is a server that listens somewhere: http://127.0.0.1:8000.
type URLTarget string

// Do implements [Target] over TCP.
func (t URLTarget) Do(ctx context.Context, x Exchange) (Response, error) {
	u, err := url.Parse(string(t))
	if err != nil || u.Scheme != "http" || u.Hostname() == "" {
		return Response{}, fmt.Errorf("target %q: want http://host:port", string(t))
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	host := net.JoinHostPort(u.Hostname(), port)
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return Response{}, err
	}
	talk := startTalk(ctx, conn, host, x)
	defer talk.end()
	return talk.read()
}

// HandlerTarget is a handler in this process. A real http.Server reads the request from a
// connection in memory, so the handler sees what it would see behind a port: the same parsing
// of targets and headers, the same sniffed Content-Type, the same recovery from panics.
type HandlerTarget struct {
	Handler http.Handler
	Host    string // the Host header; "" means 127.0.0.1:8000
	// ErrorLog receives what http.Server logs, panics above all; nil means the standard logger.
	ErrorLog *log.Logger
}

// Do implements [Target] in memory. It returns when the handler has returned, too.
func (t HandlerTarget) Do(ctx context.Context, x Exchange) (Response, error) {
	host := t.Host
	if host == "" {
		host = "127.0.0.1:8000"
	}
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	ours, theirs := net.Pipe()
	served := newServedConn()
	server := &http.Server{
		Handler:   t.Handler,
		ErrorLog:  t.ErrorLog,
		ConnState: served.state,
		// An empty map switches HTTP/2 off, which costs time to set up for every request.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		// It always ends with an error: that the listener is closed.
		_ = server.Serve(newOneConnListener(localConn{theirs}))
	})
	defer serving.Wait()
	defer func() { _ = server.Close() }()

	talk := startTalk(ctx, ours, host, x)
	response, err := talk.read()
	select { // work that the handler does after its last byte belongs to the request
	case <-served.answered:
	case <-ctx.Done():
	}
	talk.end()
	select {
	case <-served.closed:
	case <-ctx.Done():
	}
	return response, err
}

// servedConn follows the one connection of a server.
type servedConn struct {
	once, onceClosed sync.Once
	answered         chan struct{} // the handler has returned
	closed           chan struct{} // nobody works on the connection any more
}

func newServedConn() *servedConn {
	return &servedConn{answered: make(chan struct{}), closed: make(chan struct{})}
}

func (s *servedConn) state(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateIdle:
		s.once.Do(func() { close(s.answered) })
	case http.StateClosed, http.StateHijacked:
		s.once.Do(func() { close(s.answered) })
		s.onceClosed.Do(func() { close(s.closed) })
	}
}

// localConn gives a connection in memory the addresses of one within this machine.
type localConn struct{ net.Conn }

func (localConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000}
}

func (localConn) LocalAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8000}
}

// oneConnListener hands out one connection, then waits to be closed.
type oneConnListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newOneConnListener(conn net.Conn) *oneConnListener {
	l := &oneConnListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conns <- conn
	return l
}

func (l *oneConnListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneConnListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *oneConnListener) Addr() net.Addr { return localConn{}.LocalAddr() }

// talk is one request and its answer on a connection. The request is written beside the
// reading, because a server may answer (413, say) before it has read everything.
type talk struct {
	conn    net.Conn
	method  string
	writing sync.WaitGroup
	sendErr error // valid after writing
	stop    func() bool
}

func startTalk(ctx context.Context, conn net.Conn, host string, x Exchange) *talk {
	t := &talk{conn: conn, method: x.Method}
	t.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	t.writing.Go(func() {
		var head []byte
		if head, t.sendErr = requestHead(host, x); t.sendErr != nil {
			_ = conn.Close() // wakes the reader
			return
		}
		if _, t.sendErr = conn.Write(head); t.sendErr == nil && len(x.Body) > 0 {
			_, t.sendErr = conn.Write(x.Body)
		}
	})
	return t
}

// read returns the answer. When there is none, the error names the failed sending as well.
func (t *talk) read() (Response, error) {
	response, err := readResponse(bufio.NewReader(t.conn), t.method)
	if err != nil {
		t.end()
		return Response{}, errors.Join(t.sendErr, err)
	}
	return response, nil
}

// end closes the connection and waits for the writer. It may be called twice.
func (t *talk) end() {
	t.stop()
	_ = t.conn.Close()
	t.writing.Wait()
}

// requestHead returns the request up to its body. Errors: a target or header that would
// break the framing.
func requestHead(host string, x Exchange) ([]byte, error) {
	if x.Target == "" || strings.ContainsFunc(x.Target, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, fmt.Errorf("request target %q: want quoted ASCII", x.Target)
	}
	for _, h := range x.Header {
		if strings.EqualFold(h.Name, "Host") {
			host = h.Value
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", x.Method, x.Target, host)
	for _, h := range x.Header {
		if strings.ContainsAny(h.Name+h.Value, "\r\n") {
			return nil, fmt.Errorf("header %s: holds a line break", h.Name)
		}
		if !strings.EqualFold(h.Name, "Host") {
			fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
		}
	}
	b.WriteString("\r\n")
	return b.Bytes(), nil
}

// readResponse reads one answer. The header lines are kept by hand: http.ReadResponse forgets
// their order and invents a Cache-Control where it finds an old Pragma.
func readResponse(r *bufio.Reader, method string) (Response, error) {
	for {
		head, err := readHead(r)
		if err != nil {
			return Response{}, fmt.Errorf("read answer: %w", err)
		}
		status, header, err := parseHead(head)
		if err != nil {
			return Response{}, fmt.Errorf("read answer: %w", err)
		}
		if status >= 100 && status < 200 {
			continue // interim answers
		}
		framed := bufio.NewReader(io.MultiReader(bytes.NewReader(head), r))
		answer, err := http.ReadResponse(framed, &http.Request{Method: method}) //nolint:bodyclose // the body is read to its end from memory
		if err != nil {
			return Response{}, fmt.Errorf("read answer: %w", err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return Response{}, fmt.Errorf("read body: %w", err)
		}
		return Response{Status: status, Header: header, Body: body}, nil
	}
}

// readHead reads up to and with the empty line that ends a header.
func readHead(r *bufio.Reader) ([]byte, error) {
	const limit = 1 << 20
	var head []byte
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		head = append(head, line...)
		if len(head) > limit {
			return nil, errors.New("header longer than 1 MiB")
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return head, nil
		}
	}
}

func parseHead(head []byte) (status int, header []Header, err error) {
	lines := strings.Split(strings.TrimRight(string(head), "\r\n"), "\n")
	fields := strings.Fields(lines[0])
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "HTTP/1.") {
		return 0, nil, fmt.Errorf("no HTTP status line: %q", lines[0])
	}
	if status, err = strconv.Atoi(fields[1]); err != nil {
		return 0, nil, fmt.Errorf("no HTTP status: %q", lines[0])
	}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r"), ":")
		if !ok {
			return 0, nil, fmt.Errorf("no header line: %q", line)
		}
		header = append(header, Header{Name: name, Value: strings.Trim(value, " \t")})
	}
	return status, header, nil
}
