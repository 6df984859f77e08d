package inflight

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// Listener accepts at most a number of connections at a time. When there are as many, the
// one that has been idle between two requests for longest is closed for the next; when
// none is idle, whoever connects waits in the system's queue.
type Listener struct {
	net.Listener
	room chan struct{}
	// wanted says that somebody waits for room.
	wanted atomic.Bool

	mu sync.Mutex
	// idle are the connections between two requests, by when they became so.
	idle  map[net.Conn]int64
	count int64
	ended chan struct{}
	once  sync.Once
}

// Listen bounds l. Its OnState must be the http.Server's ConnState.
func Listen(l net.Listener, most int) *Listener {
	return &Listener{Listener: l, room: make(chan struct{}, max(most, 1)), idle: map[net.Conn]int64{}, ended: make(chan struct{})}
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case l.room <- struct{}{}:
	default:
		l.wanted.Store(true)
		l.closeIdle()
		select {
		case l.room <- struct{}{}:
			l.wanted.Store(false)
		case <-l.ended:
			return nil, net.ErrClosed
		}
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.room
		return nil, err
	}
	if t, ok := c.(*net.TCPConn); ok {
		return &tcpConn{TCPConn: t, l: l}, nil
	}
	return &conn{Conn: c, l: l}, nil
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.ended) })
	return l.Listener.Close()
}

// OnState hears of what the connections do.
func (l *Listener) OnState(c net.Conn, s http.ConnState) {
	l.mu.Lock()
	if s == http.StateIdle {
		l.count++
		l.idle[c] = l.count
	} else {
		delete(l.idle, c)
	}
	l.mu.Unlock()
	if s == http.StateIdle && l.wanted.Load() {
		l.closeIdle()
	}
}

// closeIdle closes the connection that has been idle for longest.
func (l *Listener) closeIdle() {
	l.mu.Lock()
	var oldest net.Conn
	for c, at := range l.idle {
		if oldest == nil || at < l.idle[oldest] {
			oldest = c
		}
	}
	delete(l.idle, oldest)
	l.mu.Unlock()
	if oldest != nil {
		_ = oldest.Close()
	}
}

// tcpConn frees its place when it is closed. It keeps the shortest ways of a TCP
// connection (sendfile).
type tcpConn struct {
	*net.TCPConn
	l    *Listener
	once sync.Once
}

func (c *tcpConn) Close() error {
	c.once.Do(func() { <-c.l.room })
	return c.TCPConn.Close()
}

type conn struct {
	net.Conn
	l    *Listener
	once sync.Once
}

func (c *conn) Close() error {
	c.once.Do(func() { <-c.l.room })
	return c.Conn.Close()
}
