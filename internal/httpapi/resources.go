package httpapi

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"time"

	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/inflight"
	"freddo/internal/perm"
)

// Defaults of the keys that docs/limits.md describes.
const (
	defaultRequestMemory = 128 << 20
	defaultUploadSpace   = 4 << 30
	defaultSlowSeconds   = 30
	defaultLeastRate     = 1024
	// memoryPatience is how long a request waits for memory before it is 503.
	memoryPatience = 15 * time.Second
	// maxBatches is how many batches run at a time, half of them of one user.
	maxBatches = 16
)

// What requests are charged, in bytes.
const (
	// bodyFactor is how many bytes a byte of a body takes: as text, as values, as
	// arguments of statements, in the answer.
	bodyFactor = 4
	// valueSize is what one value of JSON takes.
	valueSize = 128
	// freeBody is how long a body may be that is read without being charged, and
	// freeValues how many values it may have.
	freeBody   = 16 << 10
	freeValues = 256
)

// Bounds of the values that a request's arguments hold.
const (
	maxValues      = 1_000_000
	maxGuestValues = 100_000
)

// errBusy is what a request is answered that would need more memory than is free.
var errBusy = busy()

func busy() *exc.Error {
	e := unavailable.New("The server is busy. Please try again later.")
	e.Headers = [][2]string{{"Retry-After", "5"}}
	return e
}

// resources are what the requests of a server share.
type resources struct {
	once sync.Once
	// users and guests are the memory of requests under way, apart so that Guests cannot
	// take that of everybody.
	users, guests *inflight.Pool
	// space is the disk that bodies on their way and slow answers take.
	space *inflight.Pool
	// reads leaves places at the database to others than one user.
	reads *inflight.Gate
	// lists lets few long lists be made at a time.
	lists *inflight.Gate
	// heavy lets few requests do what takes a processor for long.
	heavy *inflight.Gate
	// batches lets a number of batches run at a time.
	batches *inflight.Gate
	// mute counts what clients do wrong that would fill the log.
	mute tally
}

// shared returns the server's resources, made by the configuration as it is at first use.
func (s *Server) shared() *resources {
	r := &s.res
	r.once.Do(func() {
		conf := s.Engine.Site.Config()
		memory := conf.Int("request_memory") << 20
		if memory <= 0 {
			memory = defaultRequestMemory
			if limit := inflight.Limit(conf.Int("memory_limit") << 20); limit > 0 {
				memory = min(memory, limit/3)
			}
		}
		space := conf.Int("upload_space") << 20
		if space <= 0 {
			space = defaultUploadSpace
		}
		r.guests, r.users = inflight.NewPool(memory/4, memoryPatience), inflight.NewPool(memory-memory/4, memoryPatience)
		r.space = inflight.NewPool(space, time.Second)
		places := s.Engine.DB.Readers()
		r.reads = inflight.NewGate(math.MaxInt32, places-max(places/4, 1))
		n := min(max(2*runtime.GOMAXPROCS(0), 4), max(places/2, 1))
		r.lists = inflight.NewGate(n, n/2)
		r.heavy = inflight.NewGate(runtime.GOMAXPROCS(0)/2, runtime.GOMAXPROCS(0)/4)
		r.batches = inflight.NewGate(maxBatches, maxBatches/2)
		r.mute.log = s.log
	})
	return r
}

// slow is how long a client may do nothing, and rate how many bytes a second it must
// send or take beyond that.
func (s *Server) slow() (patience time.Duration, rate int64) {
	conf := s.Engine.Site.Config()
	seconds, rate := conf.Int("slow_client_seconds"), conf.Int("slow_client_rate")
	if seconds <= 0 {
		seconds = defaultSlowSeconds
	}
	if rate <= 0 {
		rate = defaultLeastRate
	}
	return time.Duration(seconds) * time.Second, rate
}

// holding is what a request has taken; the requests of a batch share one.
type holding struct {
	memory, space *inflight.Account
	// credit is what was taken of memory for a request that has begun anew, waits how often
	// it has.
	credit int64
	waits  int
	// body is what of it the body takes, which is not read again.
	body int64
}

func (h *holding) close() {
	h.memory.Close()
	h.space.Close()
}

// reserve takes memory for the request. It waits until there is some, unless the request
// holds something of the database: then it gives that back and begins anew with more
// memory, or fails when it cannot. Errors: 503, errQueued.
func (x *exchange) reserve(ctx context.Context, n int64) error {
	h := x.held
	if h.memory == nil {
		pool := x.s.shared().guests
		if x.knows(ctx) {
			pool = x.s.shared().users
		}
		h.memory = pool.Open()
	}
	if h.credit >= n {
		h.credit -= n
		return nil
	}
	if h.memory.TryTake(n) {
		return nil
	}
	_, part := x.w.(*recorder)
	switch {
	case x.c.Tx.Writing():
		return errBusy // others wait for this one
	case x.c.Tx.Idle() || part || !x.mayQueue() || h.waits == maxWaits:
		return full(h.memory.Take(ctx, n))
	}
	x.queue.memory = 2*h.memory.Held() + n
	return errQueued
}

// maxWaits is how often a request begins anew for memory. It asks for twice as much each
// time.
const maxWaits = 4

// mayQueue reports whether the request can give its place at the database back and begin
// anew.
func (x *exchange) mayQueue() bool {
	_, part := x.w.(*recorder)
	return !part && !x.readOnce && x.once == nil && x.status == 0 && !x.c.Committed() && !x.c.Tx.Writing()
}

// reserveSpace takes a part of the disk. Errors: 503.
func (x *exchange) reserveSpace(ctx context.Context, n int64) error {
	if x.held.space == nil {
		x.held.space = x.s.shared().space.Open()
	}
	return full(x.held.space.Take(ctx, n))
}

func full(err error) error {
	if errors.Is(err, inflight.ErrFull) {
		return errBusy
	}
	return err
}

// work does what takes a processor for long, when it is the user's turn.
func (x *exchange) work(ctx context.Context, fn func() error) error {
	gate, user := x.s.shared().heavy, x.c.User
	if err := gate.Enter(ctx, user); err != nil {
		return err
	}
	defer gate.Leave(user)
	return fn()
}

// lend gives a call what the request has.
func (x *exchange) lend(c *engine.Call) {
	c.Reserve, c.ReserveSpace, c.Heavy, c.Prepared = x.reserve, x.reserveSpace, x.work, x.prepared
}

// outside does the work for which the request must begin anew, and reports whether it may.
// Its transaction is over.
func (x *exchange) outside(ctx context.Context, c *engine.Call, err error) (bool, error) {
	var o *engine.Outside
	if !errors.As(err, &o) || x.status != 0 || x.readOnce {
		return false, nil
	}
	return x.prepared.Do(ctx, c, o)
}

// knows reports whether a user asks, not a Guest. Before the request was identified it
// looks at what its headers say, and believes them as identify will.
func (x *exchange) knows(ctx context.Context) bool {
	if x.c.User != perm.Guest {
		return true
	}
	if x.known == nil {
		known := x.s.Auth != nil && x.s.Auth.Knows(ctx, x.c.Request)
		x.known = &known
	}
	return *x.known
}
