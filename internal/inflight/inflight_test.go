package inflight

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// later runs fn and returns what it will have returned.
func later(fn func() error) <-chan error {
	c := make(chan error, 1)
	go func() { c <- fn() }()
	return c
}

// queued waits until n accounts wait.
func queued(t *testing.T, p *Pool, n int) {
	t.Helper()
	for {
		p.mu.Lock()
		got := p.waiting.Len()
		p.mu.Unlock()
		if got == n {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("nobody waits")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestPool(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := NewPool(1000, time.Hour)
	first, second, third := p.Open(), p.Open(), p.Open()
	for i, err := range []error{first.Take(ctx, 600), second.Take(ctx, 400)} {
		if err != nil {
			t.Fatalf("take %d: %v", i, err)
		}
	}
	if third.TryTake(300) {
		t.Error("more than there is was taken")
	}
	if !third.TryTake(1000 / small) {
		t.Error("little has to wait")
	}
	waiting := later(func() error { return third.Take(ctx, 300) })
	queued(t, p, 1)
	if err := first.Take(ctx, 5000); err != nil { // the oldest never waits
		t.Fatal(err)
	}
	second.Close()
	if now, _ := p.Used(); now != 5600+7 {
		t.Errorf("%d used", now)
	}
	first.Close() // the third is the oldest now
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	third.Give(100)
	third.Close()
	third.Close()
	if now, most := p.Used(); now != 0 || most < 6000 {
		t.Errorf("%d used at the end, %d at most", now, most)
	}
}

func TestPoolPatience(t *testing.T) {
	t.Parallel()
	p := NewPool(1000, time.Millisecond)
	first, second := p.Open(), p.Open()
	if err := first.Take(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	if err := second.Take(t.Context(), 500); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	p.Patience = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	waiting := later(func() error { return second.Take(ctx, 500) })
	queued(t, p, 1)
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	second.Close()
	first.Close()
	if now, _ := p.Used(); now != 0 {
		t.Errorf("%d used at the end", now)
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	g := NewGate(2, 1)
	if !g.TryEnter("a") || g.TryEnter("a") || !g.TryEnter("b") || g.TryEnter("c") {
		t.Fatal("one of a user and two in all are let in")
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := later(func() error { return g.Enter(ctx, "a") })
	for len(g.queue()) < 1 {
		time.Sleep(time.Millisecond)
	}
	c := later(func() error { return g.Enter(t.Context(), "c") })
	for len(g.queue()) < 2 {
		time.Sleep(time.Millisecond)
	}
	g.Leave("b") // a waits longer, but is inside once already
	if err := <-c; err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	g.Leave("a")
	g.Leave("c")
	if g.free != 2 || len(g.users) != 0 || len(g.waiting) != 0 {
		t.Errorf("left behind: %+v", g)
	}
}

func (g *Gate) queue() []*visitor {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting
}

func TestControlGroup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("v2", "0::/a/b\n")
	write("v1", "5:cpu:/x\n4:memory:/a\n")
	write("a/memory.max", "500000\n")
	write("a/b/memory.max", "max\n")
	write("memory/a/memory.limit_in_bytes", "9223372036854771712\n")
	write("memory/memory.limit_in_bytes", "700000\n")
	write("meminfo", "MemTotal:        1000 kB\nMemFree: 1 kB\n")
	for _, tt := range []struct {
		name string
		got  int64
		want int64
	}{
		{"version 2, of a group above", controlGroup(filepath.Join(dir, "v2"), dir), 500000},
		{"version 1", controlGroup(filepath.Join(dir, "v1"), dir), 700000},
		{"none", controlGroup(filepath.Join(dir, "none"), dir), 0},
		{"machine", machine(filepath.Join(dir, "meminfo")), 1000 << 10},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, tt.got, tt.want)
		}
	}
}

// With room for one connection, one that is idle makes room for the next.
func TestListenerClosesIdleConnections(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bounded := Listen(l, 1)
	srv := &http.Server{Handler: http.NotFoundHandler(), ConnState: bounded.OnState, ReadHeaderTimeout: time.Minute}
	served := later(func() error { return srv.Serve(bounded) })
	ask := func() net.Conn {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, err := io.ReadFull(c, make([]byte, 12)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := ask()
	second := ask()
	if _, err := io.Copy(io.Discard, first); err != nil {
		t.Errorf("the idle connection was not closed: %v", err)
	}
	_, _ = first.Close(), second.Close()
	_ = srv.Close()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}
