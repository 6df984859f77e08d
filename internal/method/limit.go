package method

import (
	"context"
	"slices"
	"sync"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// Limit bounds how often a method may be called in a window that starts with the
// first call. Source: frappe/rate_limiter.py rate_limit.
type Limit struct {
	// Key is the argument whose value has a count of its own; "" means none.
	Key string
	// Count is the number of calls; Counts, when not nil, is asked instead.
	Count  int64
	Counts func(ctx context.Context, c *engine.Call) (int64, error)
	Window time.Duration
	// Verbs are the verbs that count; none means all.
	Verbs []string
	// AnyAddress counts all addresses together instead of each by itself.
	AnyAddress bool
}

func (r *Registry) limit(ctx context.Context, c *engine.Call, l *Limit) error {
	if l == nil || len(l.Verbs) > 0 && !slices.Contains(l.Verbs, c.Request.Method) {
		return nil
	}
	most := l.Count
	if l.Counts != nil {
		var err error
		if most, err = l.Counts(ctx, c); err != nil {
			return err
		}
	}
	identity := ""
	if !l.AnyAddress {
		identity = c.Request.Network()
	}
	if l.Key != "" {
		identity += ":" + document.ToText(c.Form.Get(l.Key))
	}
	return r.limits.Check(c, identity, most, l.Window)
}

// maxWindows bounds the counters held in memory.
const maxWindows = 200_000

// Limiter counts calls in fixed windows, in memory. The zero Limiter is not ready.
type Limiter struct {
	mu      sync.Mutex
	windows map[string]*window
}

type window struct {
	n   int64
	end time.Time
}

// NewLimiter returns an empty limiter.
func NewLimiter() *Limiter { return &Limiter{windows: map[string]*window{}} }

// Check counts a call of the method that c's form names under an identity, and
// refuses it beyond most. Refused calls count too. Errors: RateLimitExceededError.
func (l *Limiter) Check(c *engine.Call, identity string, most int64, length time.Duration) error {
	// Frappe: the counter's name is the form's cmd, which v2 does not set: there all
	// limited methods of one address share a counter.
	key := "rl:" + c.Form.Str("cmd") + ":" + identity + ":" + length.String()
	if l.count(key, c.Now(), length) > most {
		return exc.RateLimitExceeded.Throw("You hit the rate limit because of too many requests. Please try after sometime.")
	}
	return nil
}

func (l *Limiter) count(key string, now time.Time, length time.Duration) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.windows[key]
	if w == nil || !now.Before(w.end) {
		if len(l.windows) >= maxWindows {
			l.purge(now)
		}
		w = &window{end: now.Add(length)}
		l.windows[key] = w
	}
	w.n++
	return w.n
}

func (l *Limiter) purge(now time.Time) {
	for k, w := range l.windows {
		if !now.Before(w.end) {
			delete(l.windows, k)
		}
	}
	if len(l.windows) >= maxWindows {
		clear(l.windows)
	}
}
