// Package netdb holds what the drivers of database servers share: a pool of
// connections, results that can be put aside while their connection goes on, and
// database URLs. Start with Pool and Rows.
package netdb

import (
	"context"
	"errors"
	"sync"
	"time"

	"freddo/internal/storage"
)

// Conn is a connection as a Pool keeps it.
type Conn interface {
	// Alive reports whether a connection that has been idle can be used.
	Alive(ctx context.Context) bool
	// Broken reports whether it cannot be used again.
	Broken() bool
	Close()
}

// Options bound a pool; the zero Options are for serving a site.
type Options struct {
	// Max is the most connections; 0 means 64.
	Max int
	// Idle is how many stay open unused; 0 means 8.
	Idle int
	// Wait bounds the wait for a free connection; 0 means 30 seconds.
	Wait time.Duration
}

// Pool is a set of connections of one kind, the last used handed out first. It is safe
// for concurrent use.
type Pool[C Conn] struct {
	open   func(ctx context.Context) (C, error)
	opts   Options
	places chan struct{}
	mu     sync.Mutex
	idle   []resting[C]
	closed bool
}

type resting[C Conn] struct {
	conn  C
	since time.Time
}

const (
	// trusted is how long an idle connection is used without a look at it.
	trusted = time.Second
	// stale is how long an idle connection is kept.
	stale = 10 * time.Minute
)

// ErrClosed says that the site's database is closed.
var ErrClosed = errors.New("netdb: the database is closed")

var errBusy = errors.New("netdb: all connections to the database are in use")

// NewPool returns a pool that opens connections with open.
func NewPool[C Conn](o Options, open func(ctx context.Context) (C, error)) *Pool[C] {
	if o.Max == 0 {
		o.Max = 64
	}
	if o.Idle == 0 {
		o.Idle = 8
	}
	if o.Wait == 0 {
		o.Wait = 30 * time.Second
	}
	return &Pool[C]{open: open, opts: o, places: make(chan struct{}, o.Max)}
}

// Get returns a connection for the caller alone, to be given back with Put. Errors: of
// kind Interrupted when ctx ends, LockTimeout when the wait is too long, what opening
// gives.
func (p *Pool[C]) Get(ctx context.Context) (C, error) {
	var none C
	if err := p.wait(ctx); err != nil {
		return none, err
	}
	for {
		r, ok, err := p.rested()
		if err != nil {
			<-p.places
			return none, err
		}
		if !ok {
			break
		}
		if age := time.Since(r.since); age < trusted || age < stale && r.conn.Alive(ctx) {
			return r.conn, nil
		}
		r.conn.Close()
	}
	c, err := p.open(ctx)
	if err != nil {
		<-p.places
		if ctx.Err() != nil {
			err = Interrupted(ctx)
		}
		return none, err
	}
	return c, nil
}

// Interrupted is the error of a request whose context has ended.
func Interrupted(ctx context.Context) error {
	return storage.NewError(storage.Interrupted, "", "", ctx.Err())
}

func (p *Pool[C]) wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return Interrupted(ctx)
	}
	select {
	case p.places <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(p.opts.Wait)
	defer timer.Stop()
	select {
	case p.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return Interrupted(ctx)
	case <-timer.C:
		return storage.NewError(storage.LockTimeout, "", "", errBusy)
	}
}

// rested takes the connection that was used last.
func (p *Pool[C]) rested() (r resting[C], ok bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return r, false, ErrClosed
	}
	if len(p.idle) == 0 {
		return r, false, nil
	}
	last := len(p.idle) - 1
	r = p.idle[last]
	p.idle = p.idle[:last]
	return r, true, nil
}

// Put gives a connection back.
func (p *Pool[C]) Put(c C) {
	keep := false
	if !c.Broken() {
		p.mu.Lock()
		if keep = !p.closed && len(p.idle) < p.opts.Idle; keep {
			p.idle = append(p.idle, resting[C]{c, time.Now()})
		}
		p.mu.Unlock()
	}
	if !keep {
		c.Close()
	}
	<-p.places
}

// Close closes the idle connections now, and those in use when they are given back.
func (p *Pool[C]) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, r := range idle {
		r.conn.Close()
	}
}
