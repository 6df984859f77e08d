package engine

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"freddo/internal/storage"
)

// Topic is a kind of knowledge that processes cache. A site on MariaDB or PostgreSQL may
// be served by several processes, and what one of them changes the others must forget.
type Topic string

// The topics. The names are counters in __sequence.
const (
	// TopicMeta stands for DocTypes and their customisations.
	TopicMeta Topic = "cache:meta"
	// TopicUsers stands for roles and User Permissions.
	TopicUsers Topic = "cache:users"
	// TopicTrees stands for what lies below the nodes of trees.
	TopicTrees Topic = "cache:trees"
	// TopicLogins stands for sessions, API keys and tokens.
	TopicLogins Topic = "cache:logins"
	// TopicSettings stands for the settings that every request asks for.
	TopicSettings Topic = "cache:settings"
)

// lookEvery bounds how long a process may go on with what another one has changed.
const lookEvery = 100 * time.Millisecond

// lookTime is how long a look may take; one that fails is repeated with the next request.
const lookTime = 3 * time.Second

// Watch tells this process of changes that others have made, and others of its own. A
// change counts up its topic's row in the transaction that makes it, so that the two
// cannot be seen apart. Readers compare the rows with what they saw last, at most every
// lookEvery: under load that is one small query in many requests, and after a pause the
// first request looks before it reads a cache. A nil Watch is that of a database which one
// process has to itself.
type Watch struct {
	db    *storage.DB
	log   *slog.Logger
	began time.Time
	// due is when to look again, counted from began.
	due atomic.Int64

	mu sync.Mutex
	// looking is closed when the look under way ends.
	looking chan struct{}
	seen    map[Topic]int64
	forget  map[Topic][]func()
}

// NewWatch returns the watch of a database that several processes may use.
func NewWatch(db *storage.DB, log *slog.Logger) *Watch {
	return &Watch{db: db, log: log, began: time.Now(), seen: map[Topic]int64{}, forget: map[Topic][]func(){}}
}

// On registers what to do when another process has changed something. Call it at
// assembly.
func (w *Watch) On(t Topic, forget func()) {
	if w != nil {
		w.forget[t] = append(w.forget[t], forget)
	}
}

// Look makes the process forget what others have changed, when it is time to look.
// Requests that come meanwhile wait for the look.
func (w *Watch) Look(ctx context.Context) {
	if w == nil || int64(time.Since(w.began)) < w.due.Load() {
		return
	}
	w.mu.Lock()
	if int64(time.Since(w.began)) < w.due.Load() {
		w.mu.Unlock()
		return
	}
	done := w.looking
	first := done == nil
	if first {
		done = make(chan struct{})
		w.looking = done
	}
	w.mu.Unlock()
	if !first {
		select {
		case <-done:
		case <-ctx.Done():
		}
		return
	}
	now, err := w.read(context.WithoutCancel(ctx))
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.compare(now)
		w.due.Store(int64(time.Since(w.began) + lookEvery))
	} else {
		w.log.Warn("cannot tell what other processes have changed", "error", err)
	}
	w.looking = nil
	close(done)
}

func (w *Watch) read(ctx context.Context) (map[Topic]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	tx := w.db.Begin(ctx)
	defer tx.Rollback()
	keys := make([]string, 0, len(w.forget))
	for t := range w.forget {
		keys = append(keys, string(t))
	}
	counts, err := tx.Sequences(ctx, keys)
	out := make(map[Topic]int64, len(counts))
	for k, n := range counts {
		out[Topic(k)] = n
	}
	return out, err
}

// compare runs what is registered for the topics that have changed. The first look finds
// all of them changed. The caller holds mu.
func (w *Watch) compare(now map[Topic]int64) {
	for t, fns := range w.forget {
		if n, ok := w.seen[t]; ok && n == now[t] {
			continue
		}
		w.seen[t] = now[t]
		for _, fn := range fns {
			fn()
		}
	}
}

// own notes changes of this process, whose caches know of them. When another process has
// made one in between, the next look finds that.
func (w *Watch) own(made map[Topic]int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for t, n := range made {
		if seen, ok := w.seen[t]; ok && seen == n-1 {
			w.seen[t] = n
		}
	}
}

// WatchCaches makes the engine's own caches follow other processes.
func (e *Engine) WatchCaches() {
	e.Watch.On(TopicMeta, func() { e.Meta.Invalidate("") })
	e.Watch.On(TopicUsers, func() { e.Perm.Invalidate("") })
	e.Watch.On(TopicTrees, e.Perm.TreesChanged)
}

// Announce tells other processes, with the call's commit, that a topic has changed.
func (c *Call) Announce(t Topic) {
	if c.Watch != nil && !slices.Contains(c.changed, t) {
		c.changed = append(c.changed, t)
	}
}

// countChanges counts up the rows of what the call has announced, as the last thing
// before its commit, so that their locks are short, and in one order, so that commits do
// not wait for each other in a ring.
func (c *Call) countChanges(ctx context.Context) error {
	if len(c.changed) == 0 {
		return nil
	}
	slices.Sort(c.changed)
	made := make(map[Topic]int64, len(c.changed))
	for _, t := range c.changed {
		n, err := c.Tx.CountSequence(ctx, string(t))
		if err != nil {
			return err
		}
		made[t] = n
	}
	c.changed = nil
	c.AfterCommit(func(context.Context) { c.Watch.own(made) })
	return nil
}
