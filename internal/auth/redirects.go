package auth

import "sync"

const maxRedirects = 10_000

// redirects remembers, in memory, where users go after their next login.
type redirects struct {
	mu sync.Mutex
	by map[string]string
}

func (r *redirects) put(user, path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil || len(r.by) >= maxRedirects {
		r.by = map[string]string{}
	}
	r.by[user] = path
}

func (r *redirects) take(user string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := r.by[user]
	delete(r.by, user)
	return path
}
