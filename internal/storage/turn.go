package storage

import (
	"context"
	"sync"
)

// Turn is a request's place among those that read from the database. A request takes its
// turn with its first snapshot and gives it back with its last; what it begins in between
// (a transaction inside a transaction) waits for nobody.
type Turn struct {
	// Enter waits for a user's turn, Leave ends it.
	Enter func(ctx context.Context, user string) error
	Leave func(user string)

	mu   sync.Mutex
	user string
	as   string
	held int
}

// SetUser says whose turns the request takes; before, it takes none.
func (t *Turn) SetUser(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.user = user
}

type turnKey struct{}

// WithTurn makes transactions under ctx take the request's turn.
func WithTurn(ctx context.Context, t *Turn) context.Context {
	return context.WithValue(ctx, turnKey{}, t)
}

// takeTurn takes the turn of ctx's request, nil where there is none.
func takeTurn(ctx context.Context) (*Turn, error) {
	t, _ := ctx.Value(turnKey{}).(*Turn)
	if t == nil {
		return nil, nil //nolint:nilnil // programs take no turns
	}
	t.mu.Lock()
	user := t.user
	if t.held > 0 || user == "" {
		t.held++
		t.mu.Unlock()
		return t, nil
	}
	t.mu.Unlock()
	if err := t.Enter(ctx, user); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.as = user
	t.held++
	return t, nil
}

func (t *Turn) leave() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held--; t.held == 0 && t.as != "" {
		t.Leave(t.as)
		t.as = ""
	}
}

// Readers is how many transactions can read at the same time.
func (db *DB) Readers() int {
	if d, ok := db.driver.(interface{ Places() int }); ok {
		return d.Places()
	}
	return defaultReaders
}

const defaultReaders = 64
