package auth

import (
	"context"

	"freddo/internal/engine"
	"freddo/internal/perm"
)

// Knows reports whether the headers of a request name a user: a live session or a valid
// key or token. It is asked before a long body is read, to decide how much of the
// server's memory the request may have; what the request is allowed to do is decided
// later, by Resume and Authorize, from the same.
func (s *Store) Knows(ctx context.Context, r *engine.Request) bool {
	c := s.Engine.Begin(ctx, perm.Guest)
	defer c.Rollback()
	c.Request = r
	if sid, ok := cookie(r.Header, "sid"); ok && sid != "" && sid != perm.Guest {
		set, err := s.Settings(ctx, c)
		if err != nil {
			return false
		}
		if e, err := s.live(ctx, c, sid, set); err == nil && e != nil && !isGuest(e.user) {
			return true
		}
	}
	if r.Header.Get("Authorization") == "" {
		return false
	}
	return s.Authorize(ctx, c) == nil && !isGuest(c.User)
}
