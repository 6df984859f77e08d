// Package inflight owns what requests may take together while they are under way: memory
// (Pool), work that takes a processor for long (Gate), connections (Listener). It knows
// neither HTTP nor documents. Start with Pool.
package inflight

import (
	"container/list"
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// ErrFull says that what was asked for did not become free in time.
var ErrFull = errors.New("inflight: too much is under way")

// Pool is an amount of memory, in bytes, that accounts share. An account that asks for
// more than is free waits, first come first served. The account that was opened first
// never waits: what it takes may be more than the pool has, so accounts that hold memory
// and ask for more cannot wait for each other for ever, and whoever needs more than the
// whole pool gets it alone.
type Pool struct {
	// Patience is how long an account waits.
	Patience time.Duration

	mu      sync.Mutex
	size    int64
	used    int64
	most    int64
	holders list.List // of *Account, the oldest first
	waiting list.List // of *waiter
	freed   int64
	sweep   atomic.Bool
}

// small is the part of a pool that is little.
const small = 128

// waiter is an account that waits for n bytes.
type waiter struct {
	a     *Account
	n     int64
	ready chan struct{}
}

// NewPool returns a pool of size bytes.
func NewPool(size int64, patience time.Duration) *Pool { return &Pool{size: size, Patience: patience} }

// Used is how many bytes are taken now, and the most that ever were.
func (p *Pool) Used() (now, most int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used, p.most
}

// Account is what one request has taken of a pool. It belongs to one goroutine. A nil
// Account takes nothing.
type Account struct {
	pool *Pool
	held int64
	at   *list.Element
}

// Open returns an account that holds nothing yet. Close it.
func (p *Pool) Open() *Account { return &Account{pool: p} }

// Held is how many bytes the account has taken.
func (a *Account) Held() int64 {
	if a == nil {
		return 0
	}
	return a.held
}

// Take takes n more bytes. Errors: ErrFull, or ctx's.
func (a *Account) Take(ctx context.Context, n int64) error {
	if a == nil || n <= 0 {
		return nil
	}
	p := a.pool
	p.mu.Lock()
	if a.try(n) {
		p.mu.Unlock()
		return nil
	}
	w := &waiter{a: a, n: n, ready: make(chan struct{})}
	at := p.waiting.PushBack(w)
	p.mu.Unlock()
	timer := time.NewTimer(p.Patience)
	defer timer.Stop()
	err := ErrFull
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-w.ready: // granted meanwhile
		return nil
	default:
	}
	p.waiting.Remove(at)
	p.wake()
	return err
}

// TryTake is Take for who cannot wait.
func (a *Account) TryTake(n int64) bool {
	if a == nil || n <= 0 {
		return true
	}
	a.pool.mu.Lock()
	defer a.pool.mu.Unlock()
	return a.try(n)
}

func (a *Account) try(n int64) bool {
	p := a.pool
	if a.at == nil {
		a.at = p.holders.PushBack(a)
	}
	if p.waiting.Len() == 0 && p.used+n <= p.size || n <= p.size/small && p.used+n <= p.size+p.size/4 || p.holders.Front() == a.at {
		p.grant(a, n)
		return true
	}
	return false
}

func (p *Pool) grant(a *Account, n int64) {
	a.held += n
	p.used += n
	p.most = max(p.most, p.used)
}

// wake gives those who wait what has become free. The oldest account comes first.
func (p *Pool) wake() {
	for at := p.waiting.Front(); at != nil; at = at.Next() {
		if w := at.Value.(*waiter); w.a.at == p.holders.Front() {
			p.admit(at, w)
			break
		}
	}
	for at := p.waiting.Front(); at != nil; at = p.waiting.Front() {
		w := at.Value.(*waiter)
		if p.used+w.n > p.size {
			return
		}
		p.admit(at, w)
	}
}

func (p *Pool) admit(at *list.Element, w *waiter) {
	p.waiting.Remove(at)
	p.grant(w.a, w.n)
	close(w.ready)
}

// Give gives n bytes back.
func (a *Account) Give(n int64) {
	if a == nil || n <= 0 {
		return
	}
	p := a.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	n = min(n, a.held)
	a.held -= n
	p.used -= n
	p.noteFreed(n)
	p.wake()
}

// Close gives everything back. It may be called again.
func (a *Account) Close() {
	if a == nil || a.at == nil {
		return
	}
	p := a.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used -= a.held
	p.noteFreed(a.held)
	a.held = 0
	p.holders.Remove(a.at)
	a.at = nil
	p.wake()
}

const (
	// large is how many bytes given back at once are worth a look.
	large = 4 << 20
	// sweepAfter is how many of them make the process give memory back to the system.
	sweepAfter = 64 << 20
	// sweepEvery is the least time between two sweeps, each of which is a collection.
	sweepEvery = time.Second
)

// noteFreed has the process give memory back to the system when large requests have left
// much of it behind; the collector by itself would keep it for minutes.
func (p *Pool) noteFreed(n int64) {
	if n < large {
		return
	}
	if p.freed += n; p.freed < sweepAfter || !p.sweep.CompareAndSwap(false, true) {
		return
	}
	p.freed = 0
	time.AfterFunc(sweepEvery, func() {
		debug.FreeOSMemory()
		p.sweep.Store(false)
	})
}
