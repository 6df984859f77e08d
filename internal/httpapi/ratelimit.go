package httpapi

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"freddo/exc"
	"freddo/internal/compat"
)

// budget is the processing time that all requests of the site may take in a window,
// configured as rate_limit {"limit": seconds, "window": seconds}.
// Source: frappe/rate_limiter.py RateLimiter.
type budget struct {
	mu     sync.Mutex
	number int64 // of the window
	length int64
	spent  int64 // microseconds
}

// spending is what one request knows of the budget.
type spending struct {
	limit, remaining, reset int64
	used                    func() int64
	refused                 bool
}

// limits reads the configuration; ok is false when there is no limit.
func (x *exchange) limits() (limit float64, window int64, ok bool) {
	conf, _ := x.s.Engine.Site.Config().Any("rate_limit").(map[string]any)
	limit, _ = conf["limit"].(float64)
	w, _ := conf["window"].(float64)
	return limit, int64(w), limit > 0 && w >= 1
}

// checkBudget refuses a request when the window's time is used up. The request that
// crosses the limit still runs.
func (x *exchange) checkBudget(context.Context) error {
	limit, window, ok := x.limits()
	if !ok {
		return nil
	}
	now := x.s.Engine.Now().Unix()
	b := &x.s.budget
	b.mu.Lock()
	if n := now / window; n != b.number || window != b.length {
		b.number, b.length, b.spent = n, window, 0
	}
	spent := b.spent
	b.mu.Unlock()
	micros := int64(math.Round(limit * 1e6))
	x.spent = &spending{limit: micros, remaining: max(micros-spent, 0), reset: window - now%window, refused: spent > micros}
	x.spent.used = func() int64 { return time.Since(x.started).Microseconds() }
	if x.spent.refused {
		x.spent.remaining = 0
		return exc.TooManyRequests.New("")
	}
	return nil
}

// headers tells the client, and books what the request took.
func (s *spending) headers(h http.Header, p *compat.Profile) {
	remaining := s.remaining
	if p.RateWholeSeconds && remaining >= 1e6 {
		remaining = (remaining + 5e5) / 1e6 * 1e6
	}
	h["X-Ratelimit-Reset"] = []string{strconv.FormatInt(s.reset, 10)}
	h["X-Ratelimit-Limit"] = []string{strconv.FormatInt(s.limit, 10)}
	h["X-Ratelimit-Remaining"] = []string{strconv.FormatInt(remaining, 10)}
	if s.refused {
		h["Retry-After"] = []string{strconv.FormatInt(s.reset, 10)}
	} else if p.RateUsed {
		h["X-Ratelimit-Used"] = []string{strconv.FormatInt(s.used(), 10)}
	}
}

// book adds the time that a request took.
func (b *budget) book(s *spending) {
	if s == nil || s.refused {
		return
	}
	b.mu.Lock()
	b.spent += max(s.used(), 1)
	b.mu.Unlock()
}
