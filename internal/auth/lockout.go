package auth

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"freddo/exc"
	"freddo/internal/engine"
)

const maxAttempts = 100_000

// attempt counts the failed logins of one user or address in a row.
type attempt struct {
	count int64
	first time.Time
}

// attempts tracks guesses of secrets by user and by address, in memory. A guess is
// counted before it is looked at, so that many at once are no more than one after the
// other. Source: frappe/auth.py LoginAttemptTracker, which counts afterwards.
type attempts struct {
	mu sync.Mutex
	by map[string]attempt
	// flying are the guesses being looked at; they may become failures.
	flying map[string]int64
	// changed is closed when one of them was, for those who wait.
	changed chan struct{}
	waiting int
	// some says that by is not empty.
	some atomic.Bool
}

func (a *attempts) init() {
	a.by, a.flying, a.changed = map[string]attempt{}, map[string]int64{}, make(chan struct{})
}

// outcome is what became of a guess.
type outcome int

const (
	untried outcome = iota // nothing was learned
	wrong
	right
	// forgiven is a right guess that wipes out the wrong ones before it.
	forgiven
)

// begin counts a guess under some keys. It waits while as many are being looked at as may
// still be wrong, and reports locked once more than most were wrong within the lock time.
// Call end once. Errors: ctx ended; TooManyRequestsError when too many wait.
func (a *attempts) begin(ctx context.Context, now func() time.Time, lock time.Duration, most int64, keys ...string) (end func(outcome), locked bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		full := false
		for _, k := range keys {
			failed := a.failed(k, now(), lock)
			if failed > most {
				return nil, true, nil
			}
			full = full || failed+a.flying[k] > most
		}
		if !full {
			break
		}
		if a.waiting >= maxWaiting {
			return nil, false, exc.TooManyRequests.New("")
		}
		a.waiting++
		changed := a.changed
		a.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			err = ctx.Err()
		}
		a.mu.Lock()
		a.waiting--
		if err != nil {
			return nil, false, err
		}
	}
	for _, k := range keys {
		a.flying[k]++
	}
	return func(o outcome) { a.end(now(), lock, o, keys) }, false, nil
}

// failed is how many guesses under a key were wrong within the lock time.
func (a *attempts) failed(key string, now time.Time, lock time.Duration) int64 {
	if t := a.by[key]; t.first.Add(lock).After(now) {
		return t.count
	}
	return 0
}

func (a *attempts) end(now time.Time, lock time.Duration, o outcome, keys []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range keys {
		if a.flying[k]--; a.flying[k] <= 0 {
			delete(a.flying, k)
		}
		switch o {
		case wrong:
			a.fail(now, lock, k)
		case forgiven:
			delete(a.by, k)
		}
	}
	if a.waiting > 0 {
		close(a.changed)
		a.changed = make(chan struct{})
	}
}

// fail counts a failure; one that comes after the lock time starts a new run.
func (a *attempts) fail(now time.Time, lock time.Duration, key string) {
	if len(a.by) > maxAttempts {
		a.purge(now, lock)
	}
	t := a.by[key]
	if t.count == 0 || !t.first.Add(lock).After(now) {
		t = attempt{first: now}
	}
	t.count++
	a.by[key] = t
	a.some.Store(true)
}

// purge drops the runs that are over, and all when that does not help.
func (a *attempts) purge(now time.Time, lock time.Duration) {
	for k, t := range a.by {
		if !t.first.Add(lock).After(now) {
			delete(a.by, k)
		}
	}
	if len(a.by) > maxAttempts {
		clear(a.by)
	}
}

// succeed ends the runs.
func (a *attempts) succeed(keys ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range keys {
		delete(a.by, k)
	}
}

// Users and addresses share the map under different prefixes.
func userKey(user string) string { return "u:" + user }

func addressKey(c *engine.Call) string { return "a:" + c.Request.Network() }

// guess counts a guess of a password or one-time password before it is looked at; end
// says what became of it. 0 allowed attempts never lock. Errors: SecurityException while
// locked; those of attempts.begin.
func (s *Store) guess(ctx context.Context, set *Settings, keys ...string) (end func(outcome), err error) {
	if set.attempts <= 0 {
		return func(outcome) {}, nil
	}
	end, locked, err := s.attempts.begin(ctx, s.Engine.Now, set.lockFor, set.attempts, keys...)
	if locked {
		return nil, exc.Security.Throwf("Your account has been locked and will resume after %d seconds", int64(set.lockFor/time.Second))
	}
	return end, err
}

// Bounds of guesses at secrets that are too long to be guessed: keys of links, secrets of
// API keys and of OAuth clients, codes, tokens.
const (
	maxGuesses  = 100
	guessWindow = time.Minute
)

// Guess is told whether a long secret that came from the call's network was the right
// one; of names whose secret it is, "" where the secret alone says so. Errors:
// TooManyRequestsError after a hundred wrong ones in a minute, for right ones as well.
func (s *Store) Guess(c *engine.Call, kind, of string, right bool) error {
	a := &s.guesses
	if right && !a.some.Load() {
		return nil // the way of nearly all requests: no lock
	}
	key, now := kind+"\x00"+of+"\x00"+c.Request.Network(), s.Engine.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failed(key, now, guessWindow) >= maxGuesses {
		return exc.TooManyRequests.New("")
	}
	if !right {
		a.fail(now, guessWindow, key)
	}
	return nil
}
