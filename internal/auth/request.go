package auth

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

// Resume finds the session that a request rides on and makes c act for its user:
// the parameter sid, then the cookie sid, else Guest. An unknown or expired id goes
// on as Guest and says so in the answer. Errors: AuthenticationError for a
// forbidden address, ValidationError for a disabled user.
// Source: frappe/sessions.py Session.resume; frappe/auth.py LoginManager.__init__.
func (s *Store) Resume(ctx context.Context, c *engine.Call) error {
	set, err := s.Settings(ctx, c)
	if err != nil {
		return err
	}
	sid, given := s.requestedSID(c)
	if sid == perm.Guest {
		s.guest(c, set, false)
		return nil
	}
	var e *session
	if sid != "" {
		if e, err = s.live(ctx, c, sid, set); err != nil {
			return err
		}
	}
	if e == nil {
		s.expire(c, set)
		return nil
	}
	err = s.adopt(ctx, c, e, set)
	// A link may ride on a session, but does not make it the browser's own.
	c.Response.KeepCookies = given
	return err
}

// requestedSID is the id of the session that the request names; given says that it is
// none of the client's cookies.
func (s *Store) requestedSID(c *engine.Call) (sid string, given bool) {
	own, ok := cookie(c.Request.Header, "sid")
	if v := c.Form.Get("sid"); !v.IsNull() {
		if s.Engine.Profile.RemovesSIDParameter {
			c.Form.Delete("sid")
		}
		if t := v.Str(); t != "" {
			return t, t != own
		}
	}
	if ok {
		return own, false // Frappe: an empty one, as a logout leaves behind, counts as expired
	}
	return perm.Guest, false
}

func (s *Store) expire(c *engine.Call, set *Settings) {
	s.guest(c, set, true)
	c.Response.Keys.Set("session_expired", document.IntOf(1))
	c.Response.ClearCookies = true
}

// adopt checks that a session's user may still use it, and makes it c's.
func (s *Store) adopt(ctx context.Context, c *engine.Call, e *session, set *Settings) error {
	u, err := c.UserInfo(ctx, e.user)
	if err != nil {
		return err
	}
	if !u.Enabled && u.Name != perm.Administrator {
		if u.FullName == "" && u.UserType == "" { // the user is gone
			s.expire(c, set)
			return nil
		}
		return exc.Validation.Throwf("User %s is disabled. Please contact your System Manager.", u.Name)
	}
	s.attach(c, e, u.FullName, u.UserType, u.Image, language(u.Language, set), set)
	if !strings.HasPrefix(c.Request.Path, "/api/method/frappe.realtime.") {
		if err := s.checkIP(ctx, c, u.Name, e.restrict, e.bypassIP, set); err != nil {
			return err
		}
	}
	if s.ReadOnly() {
		e.last.Store(s.Engine.Now().Unix())
		return nil
	}
	if err := s.trim(ctx, e, set); err != nil {
		return err
	}
	if err := s.touch(ctx, e); err != nil {
		return err
	}
	return s.seen(ctx, c, e.user)
}

// checkIP refuses an address that none of the user's prefixes fits.
// Source: frappe/auth.py validate_ip_address.
func (s *Store) checkIP(ctx context.Context, c *engine.Call, user, restrict string, bypass bool, set *Settings) error {
	if restrict == "" || user == perm.Administrator || ipAllowed(restrict, c.Request.RemoteIP) {
		return nil
	}
	if set.bypassIP || bypass {
		on, err := s.twoFactorFor(ctx, c, user, set)
		if err != nil || on {
			return err
		}
	}
	text := "Access not allowed from this IP Address"
	if s.Engine.Profile.RefusalNamesIP {
		text += ": " + c.Request.RemoteIP
	}
	return exc.Authentication.Throw(text)
}

// ipAllowed reports whether an address starts with one of the prefixes.
func ipAllowed(prefixes, ip string) bool {
	for p := range strings.SplitSeq(prefixes, ",") {
		if p = strings.TrimSpace(p); p != "" && strings.HasPrefix(ip, p) {
			return true
		}
	}
	return false
}

// ReadOnly reports whether the site serves reads only, for maintenance.
func (s *Store) ReadOnly() bool {
	conf := s.Engine.Site.Config()
	return conf.Bool("maintenance_mode") && conf.Bool("allow_reads_during_maintenance")
}

// CookieUser is the user that the request's cookies name, without proof; Guest when
// they name none.
func (s *Store) CookieUser(c *engine.Call) string {
	v, ok := cookie(c.Request.Header, "user_id")
	if !ok {
		return perm.Guest
	}
	if u, err := url.PathUnescape(v); err == nil {
		return u
	}
	return v
}

// cookie returns a cookie's value. The first of two equal names wins.
func cookie(h http.Header, name string) (value string, ok bool) {
	for _, line := range h["Cookie"] {
		for part := range strings.SplitSeq(line, ";") {
			k, v, ok := strings.Cut(strings.TrimSpace(part), "=")
			if ok && k == name {
				return strings.Trim(v, `"`), true
			}
		}
	}
	return "", false
}

// activity remembers when a user's last_active was written.
type activity struct {
	mu   sync.Mutex
	last map[string]int64
}

func (a *activity) init() { a.last = map[string]int64{} }

// due reports whether it is time to write, at most every saveEvery.
func (a *activity) due(user string, now int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now-a.last[user] < int64(saveEvery/time.Second) {
		return false
	}
	if len(a.last) > maxSessions {
		clear(a.last)
	}
	a.last[user] = now
	return true
}

// seen writes User.last_active at times, in a transaction of its own that c then
// sees. Source: frappe/sessions.py update; frappe/auth.py validate_api_key_secret.
func (s *Store) seen(ctx context.Context, c *engine.Call, user string) error {
	if isGuest(user) || s.ReadOnly() || !s.active.due(user, s.Engine.Now().Unix()) {
		return nil
	}
	err := s.Engine.Do(ctx, user, func(ctx context.Context, w *engine.Call) error {
		return w.SetValue(ctx, "User", user, "last_active", document.Text(w.Stamp()))
	})
	if err != nil || c.Tx.Writing() {
		return err
	}
	return c.CommitNow(ctx) // drops the older snapshot
}
