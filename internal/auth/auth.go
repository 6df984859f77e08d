// Package auth owns who a request speaks for: login passwords and their lockout,
// sessions and their cookies, API keys, CSRF tokens, and the site's secrets. It
// does not know what a user may do (internal/perm) nor how errors are printed
// (internal/httpapi). Start with Store.Resume, which finds the session of a
// request, and Store.Authorize, which reads its Authorization header.
package auth

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

// Bearer resolves an OAuth access token to its user and what the token's scopes leave of
// the user's rights (nil: all); ok is false when it is unknown, revoked or expired.
type Bearer func(ctx context.Context, c *engine.Call, token string) (user string, l *engine.Limits, ok bool, err error)

// LoginEvent tells of a login that succeeded (Failure is empty) or failed.
type LoginEvent struct {
	User, Failure string
}

// Store answers who a request speaks for. It is safe for concurrent use; its
// exported fields are set at assembly.
type Store struct {
	Engine *engine.Engine
	Vault  *Vault
	// Bearer resolves Bearer tokens; nil knows none.
	Bearer Bearer
	// ClientRequest reports that a Basic header holds an OAuth client's credentials and
	// no API key; nil says so of none.
	ClientRequest func(c *engine.Call) bool
	// Schemes are asked about other Authorization headers, in order; one that knows
	// the client calls c.SetUser.
	Schemes []func(ctx context.Context, c *engine.Call) error
	// OnLogin is told of every login in its transaction, OnLogout of every logout.
	OnLogin  []func(ctx context.Context, c *engine.Call, e LoginEvent) error
	OnLogout []func(ctx context.Context, c *engine.Call) error
	// DeliverOTP sends a one-time password by SMS or e-mail and says how it went in
	// upstream's words; nil cannot send.
	DeliverOTP func(ctx context.Context, c *engine.Call, user, method, otp string) (prompt string, err error)
	// CacheTTL is how long what was read of keys, sessions and settings is trusted; 0
	// means until this process changes it. Set it when others write to the database.
	CacheTTL time.Duration

	settings atomic.Pointer[Settings]
	setGen   atomic.Int64
	keys     keyCache
	sessions sessionCache
	attempts attempts
	guesses  attempts
	active   activity
	otps     otpCache

	redirects redirects
	guests    atomic.Pointer[guestCookies]
}

// New returns a store over an engine. Call Register once on the engine's hooks.
func New(e *engine.Engine, v *Vault) *Store {
	s := &Store{Engine: e, Vault: v}
	s.keys.init()
	s.sessions.init()
	s.attempts.init()
	s.guesses.init()
	s.active.init()
	s.otps.init()
	return s
}

// Register keeps the store's caches true: changes of users and settings made by
// this process count from their commit on.
func (s *Store) Register(h *engine.Hooks) {
	s.registerNamedKeys(h)
	s.Engine.Watch.On(engine.TopicLogins, func() { s.Invalidate("") })
	s.Engine.Watch.On(engine.TopicSettings, s.InvalidateSettings)
	for _, e := range []engine.Event{engine.OnUpdate, engine.OnTrash, engine.AfterRename} {
		h.On("User", e, s.userChanged(e))
	}
	for _, single := range []string{"System Settings", "OAuth Settings"} {
		h.On(single, engine.OnUpdate, func(_ context.Context, c *engine.Call, _ *document.Document) error {
			c.Announce(engine.TopicSettings)
			c.AfterCommit(func(context.Context) { s.InvalidateSettings() })
			return nil
		})
	}
}

func (s *Store) userChanged(e engine.Event) engine.Hook {
	return func(ctx context.Context, c *engine.Call, d *document.Document) error {
		names := []string{d.Name()}
		if old := d.Text("__rename_from"); old != "" {
			names = append(names, old)
		}
		c.Announce(engine.TopicLogins)
		c.AfterCommit(func(context.Context) {
			for _, n := range names {
				s.Invalidate(n)
			}
		})
		if e == engine.OnUpdate && (d.Int("enabled") != 0 || d.Before == nil) {
			return nil
		}
		for _, n := range names {
			if err := s.EndSessions(ctx, c, n, ""); err != nil {
				return err
			}
		}
		return nil
	}
}

// Invalidate forgets what is known of a user's keys and sessions; an empty name
// forgets everything. Call it after the commit that changed the user.
func (s *Store) Invalidate(user string) {
	s.keys.invalidate(user)
	s.sessions.invalidate(user)
}

// InvalidateSettings makes the next request read System Settings anew.
func (s *Store) InvalidateSettings() {
	s.setGen.Add(1)
	s.settings.Store(nil)
}

// Settings are the settings that every request asks for, read once.
type Settings struct {
	SessionExpiry    time.Duration
	Language         string
	Traceback        bool
	ResourceMetadata bool
	// DynamicRegistration and PublicOrigins are OAuth Settings' switch and origins for
	// clients in browsers.
	DynamicRegistration bool
	PublicOrigins       []string
	// MaxFileSize is in bytes; 0 leaves it to the site's configuration.
	MaxFileSize int64

	attempts               int64
	lockFor                time.Duration
	noPasswordLogin        bool
	byMobile, byUsername   bool
	forceReset             int64
	oneSession             bool
	twoFactor              bool
	twoFactorMethod        string
	skip2FAForIP, bypassIP bool
	issuer                 string
	at                     time.Time
}

// Settings returns the current settings, reading them through c when they are not
// known. Call it at the start of a request: it drops c's snapshot to read.
func (s *Store) Settings(ctx context.Context, c *engine.Call) (*Settings, error) {
	if v := s.settings.Load(); v != nil && !s.stale(v.at) {
		return v, nil
	}
	gen := s.setGen.Load()
	if !c.Tx.Writing() {
		if err := c.CommitNow(ctx); err != nil {
			return nil, err
		}
	}
	v, err := s.readSettings(ctx, c)
	if err != nil {
		return nil, err
	}
	if s.setGen.Load() == gen && !c.Tx.Writing() {
		s.settings.Store(v)
	}
	return v, nil
}

// Current returns the settings last read, or the release's defaults.
func (s *Store) Current() *Settings {
	if v := s.settings.Load(); v != nil {
		return v
	}
	return s.defaults()
}

func (s *Store) stale(at time.Time) bool {
	return s.CacheTTL > 0 && s.Engine.Now().Sub(at) > s.CacheTTL
}

func (s *Store) defaults() *Settings {
	return &Settings{SessionExpiry: parseExpiry(s.Engine.Profile.SessionExpiry), Language: "en", Traceback: true,
		ResourceMetadata: true, DynamicRegistration: true, attempts: 10, lockFor: time.Minute}
}

func (s *Store) readSettings(ctx context.Context, c *engine.Call) (*Settings, error) {
	v := s.defaults()
	v.at = s.Engine.Now()
	if _, err := c.DocType(ctx, "System Settings"); exc.Is(err, exc.DoesNotExist) {
		return v, nil // a site that is being made
	}
	r := &settingReader{ctx: ctx, c: c, single: "System Settings"}
	if e := parseExpiry(r.text("session_expiry")); e > 0 {
		v.SessionExpiry = e
	}
	if l := r.text("language"); l != "" {
		v.Language = l
	}
	v.Traceback = r.flag("allow_error_traceback")
	v.MaxFileSize = r.int("max_file_size") << 20
	v.attempts, v.lockFor = r.int("allow_consecutive_login_attempts"), time.Duration(r.int("allow_login_after_fail"))*time.Second
	v.noPasswordLogin, v.oneSession = r.flag("disable_user_pass_login"), r.flag("deny_multiple_sessions")
	v.byMobile, v.byUsername = r.flag("allow_login_using_mobile_number"), r.flag("allow_login_using_user_name")
	v.forceReset = r.int("force_user_to_reset_password")
	v.twoFactor, v.twoFactorMethod, v.issuer = r.flag("enable_two_factor_auth"), r.text("two_factor_method"), r.text("otp_issuer_name")
	v.skip2FAForIP, v.bypassIP = r.flag("bypass_2fa_for_retricted_ip_users"), r.flag("bypass_restrict_ip_check_if_2fa_enabled")
	if r.err == nil && s.Engine.Profile.WWWAuthenticate {
		r.single = "OAuth Settings"
		if _, err := c.DocType(ctx, r.single); err == nil {
			v.ResourceMetadata = r.flag("show_protected_resource_metadata")
			v.DynamicRegistration = r.flag("enable_dynamic_client_registration")
			v.PublicOrigins = strings.Fields(r.text("allowed_public_client_origins"))
		}
	}
	return v, r.err
}

// settingReader reads fields of a Single and keeps the first error.
type settingReader struct {
	ctx    context.Context
	c      *engine.Call
	single string
	err    error
}

func (r *settingReader) value(field string) document.Value {
	if r.err != nil {
		return document.Value{}
	}
	v, err := r.c.Setting(r.ctx, r.single, field)
	r.err = err
	return v
}

func (r *settingReader) text(field string) string { return document.ToText(r.value(field)) }
func (r *settingReader) int(field string) int64   { return document.Cint(r.value(field)) }
func (r *settingReader) flag(field string) bool   { return r.int(field) != 0 }

// parseExpiry reads hh:mm or hh:mm:ss; 0 when it is neither.
// Source: frappe/sessions.py get_expiry_in_seconds.
func parseExpiry(text string) time.Duration {
	var n [3]int64
	field, digits := 0, 0
	for _, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9' && digits < 7:
			n[field] = n[field]*10 + int64(c-'0')
			digits++
		case c == ':' && field < 2 && digits > 0:
			field, digits = field+1, 0
		default:
			return 0
		}
	}
	if field == 0 || digits == 0 {
		return 0
	}
	return time.Duration(n[0]*3600+n[1]*60+n[2]) * time.Second
}

func isGuest(user string) bool { return user == "" || user == perm.Guest }
