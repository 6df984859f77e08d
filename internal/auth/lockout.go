package auth

import (
	"sync"
	"time"

	"freddo/exc"
)

const maxAttempts = 100_000

// attempt counts the failed logins of one user or address in a row.
type attempt struct {
	count int64
	first time.Time
}

// attempts tracks failed logins by user and by address, in memory.
// Source: frappe/auth.py LoginAttemptTracker.
type attempts struct {
	mu sync.Mutex
	by map[string]attempt
}

func (a *attempts) init() { a.by = map[string]attempt{} }

// fail counts a failure; one that comes after the lock time starts a new run.
func (a *attempts) fail(now time.Time, lock time.Duration, keys ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.by) > maxAttempts {
		a.purge(now, lock)
	}
	for _, k := range keys {
		t := a.by[k]
		if t.count == 0 || !t.first.Add(lock).After(now) {
			t = attempt{first: now}
		}
		t.count++
		a.by[k] = t
	}
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

// locked reports whether more than most failures came within the lock time.
func (a *attempts) locked(now time.Time, lock time.Duration, most int64, key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.by[key]
	return t.count > most && t.first.Add(lock).After(now)
}

// Users and addresses share the map under different prefixes.
func userKey(user string) string  { return "u:" + user }
func addressKey(ip string) string { return "a:" + ip }

// checkLock refuses a login while its user or address is locked. 0 allowed attempts
// never lock.
func (s *Store) checkLock(set *Settings, key string) error {
	if set.attempts <= 0 || !s.attempts.locked(s.Engine.Now(), set.lockFor, set.attempts, key) {
		return nil
	}
	return exc.Security.Throwf("Your account has been locked and will resume after %d seconds", int64(set.lockFor/time.Second))
}

func (s *Store) countFailure(set *Settings, keys ...string) {
	if set.attempts > 0 {
		s.attempts.fail(s.Engine.Now(), set.lockFor, keys...)
	}
}
