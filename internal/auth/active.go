package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// ActiveSession is what a user may know of a session. ID is the SHA-256 of the session's
// id, in hex, so that who reads it cannot ride on the session.
type ActiveSession struct {
	ID, IP, UserAgent, Created, LastUsed string
	Current                              bool
	sid                                  string
}

// maxUserAgent bounds what is kept of a client's name, in bytes.
const maxUserAgent = 300

// maxListed bounds a list of sessions.
const maxListed = 1000

// ActiveSessions lists a user's live sessions, those used last first.
// Source: frappe/core/doctype/user/user.py active_sessions.
func (s *Store) ActiveSessions(ctx context.Context, c *engine.Call, user string) ([]ActiveSession, error) {
	set, err := s.Settings(ctx, c)
	if err != nil {
		return nil, err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("sid").SQL(", ").Ident("ipaddress").SQL(", ").Ident("lastupdate").SQL(", ").Ident("sessiondata").
		SQL(" FROM ").Table("Sessions").SQL(" WHERE ").Ident("user").SQL(" = ").Str(user).SQL(" AND ").Ident("lastupdate").SQL(" > ").
		Str(s.expired(c, set, 0)).SQL(" ORDER BY ").Ident("lastupdate").SQL(" DESC").SQL(" LIMIT ").Int(maxListed)
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []ActiveSession
	for rows.Next() {
		text := func(i int) string { return document.ToText(rows.Raw(i).Natural()) }
		a := ActiveSession{sid: text(0), IP: text(1), LastUsed: text(2)}
		sum := sha256.Sum256([]byte(a.sid))
		a.ID, a.Current = hex.EncodeToString(sum[:]), c.Session != nil && a.sid == c.Session.SID
		if v, err := document.ParseJSON(text(3)); err == nil {
			a.UserAgent, a.Created = v.Map().Str("user_agent"), v.Map().Str("creation")
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// EndSession ends the session of a user whose ActiveSession has an id; ok is false when
// there is none.
func (s *Store) EndSession(ctx context.Context, c *engine.Call, user, id string) (ok bool, err error) {
	all, err := s.ActiveSessions(ctx, c, user)
	if err != nil {
		return false, err
	}
	for _, a := range all {
		if a.ID == id {
			return true, s.endOne(ctx, c, a.sid)
		}
	}
	return false, nil
}

// expired is the time, as stored, before which a session must have been used last to be
// dead for longer than a span.
func (s *Store) expired(c *engine.Call, set *Settings, span time.Duration) string {
	return c.SiteNow().Add(-set.SessionExpiry - span).Format(stampLayout)
}

// Sweep deletes the sessions that have expired, and tells how many. A session's use is
// written down at times only, so that it stays a while longer.
// Source: frappe/sessions.py clear_expired_sessions.
func (s *Store) Sweep(ctx context.Context, c *engine.Call) (int64, error) {
	set, err := s.Settings(ctx, c)
	if err != nil {
		return 0, err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("Sessions").SQL(" WHERE ").Ident("lastupdate").SQL(" < ").
		Str(s.expired(c, set, 2*saveEvery))
	return c.Tx.Exec(ctx, b)
}
