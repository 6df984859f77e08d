package auth

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

const (
	sidLength   = 56
	maxSID      = 140
	stampLayout = "2006-01-02 15:04:05.000000"
	// saveEvery bounds how often a session's last use is written.
	// Source: frappe/sessions.py update (600 seconds).
	saveEvery   = 10 * time.Minute
	maxSessions = 50_000
)

// session is one session in memory. Only last and saved change.
type session struct {
	sid, user, csrf, ip string
	restrict            string // the user's restrict_ip
	bypassIP            bool
	loaded              time.Time
	data                *document.Object // what is stored; only of a session that was just read
	last, saved         atomic.Int64     // unix seconds
	// trimmed are the settings under which the user's surplus sessions were ended.
	trimmed atomic.Pointer[Settings]
}

// sessionCache holds sessions that were used lately. A session is cached only while
// nothing was invalidated since before it was read.
type sessionCache struct {
	mu  sync.RWMutex
	sid map[string]*session
	gen int64
}

func (k *sessionCache) init() { k.sid = map[string]*session{} }

func (k *sessionCache) get(sid string) (*session, int64) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.sid[sid], k.gen
}

func (k *sessionCache) put(gen int64, e *session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gen != gen {
		return
	}
	if len(k.sid) >= maxSessions {
		clear(k.sid)
	}
	k.sid[e.sid] = e
}

func (k *sessionCache) generation() int64 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.gen
}

// drop forgets one session.
func (k *sessionCache) drop(sid string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gen++
	delete(k.sid, sid)
}

// invalidate forgets the sessions of a user, or all for an empty name.
func (k *sessionCache) invalidate(user string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gen++
	if user == "" {
		clear(k.sid)
		return
	}
	for sid, e := range k.sid {
		if e.user == user {
			delete(k.sid, sid)
		}
	}
}

// find returns a stored session, or nil. It drops c's snapshot when it has to read.
// Source: frappe/sessions.py get_session_record, get_session_data_from_db.
func (s *Store) find(ctx context.Context, c *engine.Call, sid string) (*session, error) {
	if len(sid) > maxSID {
		return nil, nil //nolint:nilnil // no session is not an error: the request goes on as Guest
	}
	e, gen := s.sessions.get(sid)
	if e != nil && !s.stale(e.loaded) {
		return e, nil
	}
	if err := c.CommitNow(ctx); err != nil {
		return nil, err
	}
	e, err := s.readSession(ctx, c, sid)
	if err != nil || e == nil {
		return nil, err
	}
	e.data = nil
	s.sessions.put(gen, e)
	return e, nil
}

// live is find for a session that has not expired. Another process may have seen the
// session later than this one, so that the database has the last word.
func (s *Store) live(ctx context.Context, c *engine.Call, sid string, set *Settings) (*session, error) {
	old := func(e *session) bool {
		return s.Engine.Now().Unix()-e.last.Load() > int64(set.SessionExpiry/time.Second)
	}
	e, err := s.find(ctx, c, sid)
	if err != nil || e == nil || !old(e) {
		return e, err
	}
	s.sessions.drop(sid)
	if e, err = s.find(ctx, c, sid); err != nil || e == nil || old(e) {
		return nil, err
	}
	return e, nil
}

// userAgent is what a client calls itself, shortened.
func userAgent(c *engine.Call) string {
	name := c.Request.Header.Get("User-Agent")
	return strings.ToValidUTF8(name[:min(len(name), maxUserAgent)], "")
}

func (s *Store) readSession(ctx context.Context, c *engine.Call, sid string) (*session, error) {
	var stored, user, data, ip, last, status document.Value
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("sid").SQL(", ").Ident("user").SQL(", ").Ident("sessiondata").SQL(", ").
		Ident("ipaddress").SQL(", ").Ident("lastupdate").SQL(", ").Ident("status").SQL(" FROM ").Table("Sessions").
		SQL(" WHERE ").Ident("sid").SQL(" = ").Str(sid)
	found, err := c.Tx.QueryRow(ctx, b, &stored, &user, &data, &ip, &last, &status)
	if err != nil || !found {
		return nil, err
	}
	// The column compares without case; a session id does not.
	if document.ToText(stored) != sid || document.ToText(status) == "Inactive" {
		return nil, nil //nolint:nilnil // see find
	}
	e := &session{sid: sid, user: document.ToText(user), ip: document.ToText(ip), loaded: s.Engine.Now()}
	if v, err := document.ParseJSON(document.ToText(data)); err == nil {
		e.data = v.Map()
		e.csrf = e.data.Str("csrf_token")
	}
	at := parseStamp(document.ToText(last), s.Engine.Zone).Unix()
	e.last.Store(at)
	e.saved.Store(at)
	return e, s.readLimits(ctx, c, e)
}

// readLimits reads the user's address restriction into a session.
func (s *Store) readLimits(ctx context.Context, c *engine.Call, e *session) error {
	if e.user == perm.Administrator {
		return nil
	}
	var ip, bypass document.Value
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("restrict_ip").SQL(", ").Ident("bypass_restrict_ip_check_if_2fa_enabled").
		SQL(" FROM ").Table("User").SQL(" WHERE ").Ident("name").SQL(" = ").Str(e.user)
	if _, err := c.Tx.QueryRow(ctx, b, &ip, &bypass); err != nil {
		return err
	}
	e.restrict, e.bypassIP = document.ToText(ip), document.Cint(bypass) != 0
	return nil
}

func parseStamp(text string, zone *time.Location) time.Time {
	for _, layout := range []string{stampLayout, time.DateTime} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t
		}
	}
	return time.Time{}
}

// start stores a new session of a user through c and makes it c's session.
// Source: frappe/sessions.py Session.start, insert_session_record.
func (s *Store) start(ctx context.Context, c *engine.Call, user *document.Document, set *Settings) error {
	e := &session{sid: engine.RandomHex(sidLength), user: user.Name(), ip: c.Request.RemoteIP, loaded: s.Engine.Now(),
		restrict: user.Text("restrict_ip"), bypassIP: user.Int("bypass_restrict_ip_check_if_2fa_enabled") != 0}
	now := s.Engine.Now().Unix()
	e.last.Store(now)
	e.saved.Store(now)
	data := document.NewObject("user", e.user, "session_ip", e.ip, "last_updated", c.Stamp(), "session_expiry", expiryText(set.SessionExpiry),
		"full_name", user.Text("full_name"), "user_type", user.Text("user_type"), "creation", c.Stamp(), "user_agent", userAgent(c))
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("INSERT INTO ").Table("Sessions").SQL(" (").Ident("user").SQL(", ").Ident("sid").SQL(", ").
		Ident("sessiondata").SQL(", ").Ident("ipaddress").SQL(", ").Ident("lastupdate").SQL(", ").Ident("status").SQL(") VALUES (").
		Str(e.user).SQL(", ").Str(e.sid).SQL(", ").Str(document.ORJSON.Marshal(document.MapOf(data))).SQL(", ").Str(e.ip).SQL(", ").
		Str(c.Stamp()).SQL(", ").Str("Active").SQL(")")
	if _, err := c.Tx.Exec(ctx, b); err != nil {
		return err
	}
	if err := s.endSurplus(ctx, c, e, user, set); err != nil {
		return err
	}
	gen := s.sessions.generation()
	c.AfterCommit(func(context.Context) { s.sessions.put(gen, e) })
	s.attach(c, e, user.Text("full_name"), user.Text("user_type"), user.Text("user_image"), language(user.Text("language"), set), set)
	c.Session.Fresh = true
	c.Response.NewSession, c.Response.ClearCookies = c.Session, false
	return nil
}

// attach makes e the session of c.
func (s *Store) attach(c *engine.Call, e *session, fullName, userType, image, lang string, set *Settings) {
	c.SetUser(e.user)
	c.Session = &engine.Session{SID: e.sid, User: e.user, FullName: fullName, UserType: userType, UserImage: image,
		CSRFToken: e.csrf, Language: lang, Lifetime: set.SessionExpiry}
}

func language(user string, set *Settings) string {
	if user != "" {
		return user
	}
	return set.Language
}

func expiryText(d time.Duration) string {
	n := int64(d / time.Second)
	pad := func(x int64) string {
		if x < 10 {
			return "0" + document.ToText(document.IntOf(x))
		}
		return document.ToText(document.IntOf(x))
	}
	return pad(n/3600) + ":" + pad(n/60%60) + ":" + pad(n%60)
}

// guest makes c ride on the Guest session, which is stored nowhere.
func (s *Store) guest(c *engine.Call, set *Settings, expired bool) {
	c.SetUser(perm.Guest)
	c.Session = &engine.Session{SID: perm.Guest, User: perm.Guest, FullName: perm.Guest, Language: set.Language,
		Lifetime: set.SessionExpiry, Expired: expired}
}

// endSurplus ends the oldest sessions of a user beyond simultaneous_sessions when
// the site or System Settings deny multiple sessions.
// Source: frappe/sessions.py clear_sessions, get_sessions_to_clear.
func (s *Store) endSurplus(ctx context.Context, c *engine.Call, e *session, user *document.Document, set *Settings) error {
	if !s.deniesMultiple(set) {
		return nil
	}
	keep := max(user.Int("simultaneous_sessions"), 1)
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("sid").SQL(" FROM ").Table("Sessions").SQL(" WHERE ").Ident("user").SQL(" = ").
		Str(e.user).SQL(" ORDER BY ").Ident("lastupdate").SQL(" DESC")
	sids, err := column(ctx, c, b)
	if err != nil {
		return err
	}
	for _, sid := range sids {
		if sid == e.sid {
			continue
		}
		if keep--; keep > 0 {
			continue
		}
		if err := s.endOne(ctx, c, sid); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) deniesMultiple(set *Settings) bool {
	return set.oneSession || s.Engine.Site.Config().Bool("deny_multiple_sessions")
}

// trim ends a user's surplus sessions when a session is used for the first time since
// multiple sessions are denied. Upstream looks at every request; a login trims, too, so
// that only a change of settings leaves something to do.
// Source: frappe/auth.py clear_active_sessions.
func (s *Store) trim(ctx context.Context, e *session, set *Settings) error {
	if e.trimmed.Load() == set || !s.deniesMultiple(set) {
		return nil
	}
	e.trimmed.Store(set)
	return s.Engine.Do(ctx, e.user, func(ctx context.Context, c *engine.Call) error {
		user, err := c.Get(ctx, "User", e.user)
		if err != nil {
			return err
		}
		return s.endSurplus(ctx, c, e, user, set)
	})
}

// column reads the first column of all rows as text.
func column(ctx context.Context, c *engine.Call, b *storage.Builder) ([]string, error) {
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		out = append(out, document.ToText(rows.Raw(0).Natural()))
	}
	return out, rows.Err()
}

func (s *Store) endOne(ctx context.Context, c *engine.Call, sid string) error {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("Sessions").SQL(" WHERE ").Ident("sid").SQL(" = ").Str(sid)
	_, err := c.Tx.Exec(ctx, b)
	c.Announce(engine.TopicLogins)
	c.AfterCommit(func(context.Context) { s.sessions.drop(sid) })
	return err
}

// EndSessions ends all sessions of a user but the one with id keep.
func (s *Store) EndSessions(ctx context.Context, c *engine.Call, user, keep string) error {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("Sessions").SQL(" WHERE ").Ident("user").SQL(" = ").Str(user)
	if keep != "" {
		b.SQL(" AND ").Ident("sid").SQL(" <> ").Str(keep)
	}
	_, err := c.Tx.Exec(ctx, b)
	c.Announce(engine.TopicLogins)
	c.AfterCommit(func(context.Context) { s.sessions.invalidate(user) })
	return err
}

// touch notes the use of a session, and writes it down at times in a transaction of
// its own, so that it counts whatever becomes of the request.
func (s *Store) touch(ctx context.Context, e *session) error {
	now := s.Engine.Now()
	e.last.Store(now.Unix())
	saved := e.saved.Load()
	if now.Unix()-saved < int64(saveEvery/time.Second) || !e.saved.CompareAndSwap(saved, now.Unix()) {
		return nil
	}
	return s.Engine.Do(ctx, e.user, func(ctx context.Context, c *engine.Call) error {
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table("Sessions").SQL(" SET ").Ident("lastupdate").SQL(" = ").Str(c.Stamp()).
			SQL(" WHERE ").Ident("sid").SQL(" = ").Str(e.sid)
		_, err := c.Tx.Exec(ctx, b)
		return err
	})
}

// EnsureCSRF returns the CSRF token of c's session, making one when it has none; a
// Guest has none. Rendering the desk does this, and from then on the session's
// writes need the token. Source: frappe/sessions.py get_csrf_token.
func (s *Store) EnsureCSRF(ctx context.Context, c *engine.Call) (string, error) {
	if c.Session.SID == perm.Guest || c.Session.CSRFToken != "" {
		return c.Session.CSRFToken, nil
	}
	e, err := s.readSession(ctx, c, c.Session.SID)
	if err != nil || e == nil {
		return "", err
	}
	if e.csrf == "" {
		e.csrf = engine.RandomHex(sidLength)
		data := e.data
		if data == nil {
			data = document.NewObject("user", e.user, "session_ip", e.ip)
		}
		data.Set("last_updated", document.Text(c.Stamp()))
		data.Set("csrf_token", document.Text(e.csrf))
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table("Sessions").SQL(" SET ").Ident("sessiondata").SQL(" = ").
			Str(document.ORJSON.Marshal(document.MapOf(data))).SQL(" WHERE ").Ident("sid").SQL(" = ").Str(e.sid)
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return "", err
		}
		c.Persist = true
		c.Announce(engine.TopicLogins)
		c.AfterCommit(func(context.Context) { s.sessions.drop(e.sid) })
	}
	c.Session.CSRFToken = e.csrf
	return e.csrf, nil
}
