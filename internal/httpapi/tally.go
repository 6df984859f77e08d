package httpapi

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// tally logs what many clients may do at once: the first of a kind, then at most one line
// a second that tells how many there were.
type tally struct {
	log func() *slog.Logger

	mu    sync.Mutex
	kinds map[string]*tallied
}

type tallied struct {
	last time.Time
	more int64
	due  bool
}

// tallyEvery is the least time between two lines of a kind.
const tallyEvery = time.Second

// note counts one of a kind. kind is a constant text.
func (t *tally) note(ctx context.Context, kind string, args ...any) {
	now := time.Now()
	t.mu.Lock()
	if t.kinds == nil {
		t.kinds = map[string]*tallied{}
	}
	k := t.kinds[kind]
	if k == nil {
		if len(t.kinds) >= maxKinds {
			kind, args = "other complaints", nil
		}
		k = &tallied{}
		if known := t.kinds[kind]; known != nil {
			k = known
		}
		t.kinds[kind] = k
	}
	if now.Sub(k.last) < tallyEvery {
		k.more++
		if !k.due {
			k.due = true
			time.AfterFunc(tallyEvery-now.Sub(k.last), func() { t.flush(kind) })
		}
		t.mu.Unlock()
		return
	}
	k.last = now
	t.mu.Unlock()
	t.log().WarnContext(ctx, kind, args...)
}

// maxKinds bounds what is remembered.
const maxKinds = 100

// Mute logs a line of a kind that clients can bring about as often as they like: at most
// one a second.
func (s *Server) Mute(ctx context.Context, kind string, args ...any) {
	s.shared().mute.note(ctx, kind, args...)
}

// flush tells how many of a kind were not logged.
func (t *tally) flush(kind string) {
	t.mu.Lock()
	k := t.kinds[kind]
	n := k.more
	k.more, k.due, k.last = 0, false, time.Now()
	t.mu.Unlock()
	if n > 0 {
		t.log().Warn(kind, "more", n)
	}
}
