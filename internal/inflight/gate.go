package inflight

import (
	"context"
	"sync"
)

// Gate lets a number of requests do at once what takes a processor for long, and fewer of
// one user, so that the others find room. Who waits holds nothing.
type Gate struct {
	mu      sync.Mutex
	free    int
	perUser int
	users   map[string]int
	waiting []*visitor
}

// visitor waits at a gate.
type visitor struct {
	user  string
	ready chan struct{}
}

// NewGate returns a gate with room for all, of which one user has at most perUser.
func NewGate(all, perUser int) *Gate {
	return &Gate{free: max(all, 1), perUser: max(min(perUser, all), 1), users: map[string]int{}}
}

// TryEnter enters when there is room now and nobody waits for it.
func (g *Gate) TryEnter(user string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting) == 0 && g.enter(user)
}

func (g *Gate) enter(user string) bool {
	if g.free == 0 || g.users[user] >= g.perUser {
		return false
	}
	g.free--
	g.users[user]++
	return true
}

// Enter waits for room. Leave afterwards. Errors: ctx's.
func (g *Gate) Enter(ctx context.Context, user string) error {
	g.mu.Lock()
	if g.enter(user) {
		g.mu.Unlock()
		return nil
	}
	v := &visitor{user: user, ready: make(chan struct{})}
	g.waiting = append(g.waiting, v)
	g.mu.Unlock()
	select {
	case <-v.ready:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, w := range g.waiting {
		if w == v {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return ctx.Err()
		}
	}
	g.leave(user) // let in meanwhile
	return ctx.Err()
}

// Leave makes room.
func (g *Gate) Leave(user string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave(user)
}

func (g *Gate) leave(user string) {
	g.free++
	if g.users[user]--; g.users[user] == 0 {
		delete(g.users, user)
	}
	kept := g.waiting[:0]
	for _, v := range g.waiting {
		if g.enter(v.user) {
			close(v.ready)
			continue
		}
		kept = append(kept, v)
	}
	clear(g.waiting[len(kept):])
	g.waiting = kept
}
