package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// Login checks usr and pwd of the form and starts a session; the answer goes to
// c.Response. The steps and their order are upstream's. It commits, whatever the
// verb. Errors: AuthenticationError with its text under message, SecurityException
// while locked. Source: frappe/auth.py LoginManager.login, authenticate, post_login.
func (s *Store) Login(ctx context.Context, c *engine.Call) error {
	set, err := s.Settings(ctx, c)
	if err != nil {
		return err
	}
	s.guest(c, set, false)
	if err := s.mayBegin(c); err != nil {
		return err
	}
	if set.noPasswordLogin {
		return exc.Authentication.Throw("Login with username and password is not allowed.")
	}
	user, err := s.authenticate(ctx, c, set)
	if err != nil {
		return err
	}
	if old, err := s.passwordTooOld(c, user, set); err != nil || old {
		if err != nil {
			return err
		}
		return s.forceReset(ctx, c, user)
	}
	done, err := s.secondFactor(ctx, c, user, set)
	if err != nil || !done {
		return err
	}
	// Only now: a right password must not wipe out wrong one-time passwords.
	s.attempts.succeed(addressKey(c), userKey(user.Name()))
	if err := s.admit(ctx, c, user, set); err != nil {
		return err
	}
	return c.CommitNow(ctx)
}

// authenticate returns the user whose name and password the form holds.
func (s *Store) authenticate(ctx context.Context, c *engine.Call, set *Settings) (*document.Document, error) {
	usr, pwd := document.ToText(c.Form.Get("usr")), c.Form.Str("pwd")
	if usr == "" || pwd == "" {
		if p := s.otps.get(c.Form.Str("tmp_id"), s.Engine.Now()); p != nil {
			return s.enabledUser(ctx, c, p.user, set) // the password was right in the first step
		}
		return nil, s.fail(ctx, c, usr, "Incomplete login details")
	}
	user, _, err := s.credentials(ctx, c, usr, pwd, set)
	return user, err
}

// CheckCredentials returns the user of a name and a password, outside a login: with
// its lockout, but without a second factor or a session. Errors: AuthenticationError
// with its text under message, SecurityException while locked.
func (s *Store) CheckCredentials(ctx context.Context, c *engine.Call, usr, pwd string) (string, error) {
	set, err := s.Settings(ctx, c)
	if err != nil {
		return "", err
	}
	user, keys, err := s.credentials(ctx, c, usr, pwd, set)
	if err != nil {
		c.Response.Keys.Delete("exc_type")
		return "", err
	}
	s.attempts.succeed(keys...)
	return user.Name(), nil
}

// credentials checks a name and a password. keys are what failures are counted under.
func (s *Store) credentials(ctx context.Context, c *engine.Call, usr, pwd string, set *Settings) (user *document.Document, keys []string, err error) {
	if len([]rune(pwd)) > maxPasswordIn {
		return nil, nil, s.fail(ctx, c, usr, "Password size exceeded the maximum allowed size")
	}
	name, err := s.findUser(ctx, c, usr, set)
	if err != nil {
		return nil, nil, err
	}
	// A lock is told before the password is looked at; upstream looks first, with the
	// same answer, at the price of a hash for every try.
	keys = []string{addressKey(c), userKey(name)}
	if name == "" {
		keys[1] = userKey(strings.ToLower(usr)) // else a lock would tell who exists
	}
	ok, err := s.tryPassword(ctx, c, name, pwd, set, keys...)
	if err != nil {
		return nil, nil, err
	}
	if name == "" {
		return nil, nil, s.fail(ctx, c, usr, "Invalid login credentials")
	}
	if !ok {
		return nil, nil, s.fail(ctx, c, name, "Invalid login credentials")
	}
	user, err = s.enabledUser(ctx, c, name, set)
	return user, keys, err
}

// tryPassword is CheckPassword under the lockout.
func (s *Store) tryPassword(ctx context.Context, c *engine.Call, user, pwd string, set *Settings, keys ...string) (bool, error) {
	if !c.Tx.Writing() {
		if err := c.CommitNow(ctx); err != nil { // give the connection back: this may have to wait
			return false, err
		}
	}
	end, err := s.guess(ctx, set, keys...)
	if err != nil {
		return false, err
	}
	became := untried
	defer func() { end(became) }()
	ok, err := s.CheckPassword(ctx, c, user, pwd)
	switch {
	case err != nil:
	case ok:
		became = right
	default:
		became = wrong
	}
	return ok, err
}

func (s *Store) enabledUser(ctx context.Context, c *engine.Call, name string, set *Settings) (*document.Document, error) {
	user, err := c.Get(ctx, "User", name)
	if err != nil {
		return nil, err
	}
	if name != perm.Administrator && user.Int("enabled") == 0 {
		if err := s.countFailure(ctx, set, addressKey(c), userKey(name)); err != nil {
			return nil, err
		}
		return nil, s.fail(ctx, c, name, "User disabled or missing")
	}
	return user, nil
}

// findUser returns the stored name of the user that usr means, "" when there is
// none. Source: frappe/core/doctype/user/user.py find_by_credentials.
func (s *Store) findUser(ctx context.Context, c *engine.Call, usr string, set *Settings) (string, error) {
	or := []string{"name"}
	if set.byMobile {
		or = append(or, "mobile_no")
	}
	if set.byUsername {
		or = append(or, "username")
	}
	for _, field := range or {
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table("User").SQL(" WHERE ").Ident(field).
			SQL(" = ").Str(usr).SQL(" ORDER BY ").Ident("creation")
		var name document.Value
		found, err := c.Tx.QueryRow(ctx, b, &name)
		if err != nil || found {
			return document.ToText(name), err
		}
	}
	return "", nil
}

// CheckPassword reports whether pwd is a user's login password. A user without one,
// or that does not exist, takes as long as a wrong password. A right one whose hash is
// cheaper than new ones are is hashed anew.
// Source: frappe/utils/password.py check_password.
func (s *Store) CheckPassword(ctx context.Context, c *engine.Call, user, pwd string) (bool, error) {
	hash := ""
	if user != "" {
		h, encrypted, ok, err := c.Tx.Auth(ctx, "User", user, "password")
		if err != nil {
			return false, err
		}
		if ok && !encrypted {
			hash = h
		}
	}
	writing := c.Tx.Writing()
	if !writing {
		if err := c.CommitNow(ctx); err != nil { // give the connection back: the hash may have to wait
			return false, err
		}
	}
	right, better, err := s.Vault.Verify(ctx, hash, pwd)
	if err != nil || better == "" || s.ReadOnly() {
		return right, err
	}
	if err := c.Tx.SwapAuth(ctx, "User", user, "password", hash, better); err != nil {
		return false, err
	}
	if writing {
		return true, nil
	}
	return true, c.CommitNow(ctx) // what follows may take its time
}

// fail records a refused login and answers 401 with a text under message.
func (s *Store) fail(ctx context.Context, c *engine.Call, user, text string) error {
	c.Response.Keys.Set("message", document.Text(text))
	if left := s.Engine.Profile.FailedLoginExcType; left != "" {
		// Frappe: v14 looks up the user of a session that does not exist yet.
		c.Response.Keys.Set("exc_type", document.Text(left))
	}
	for _, fn := range s.OnLogin {
		if err := fn(ctx, c, LoginEvent{User: user, Failure: text}); err != nil {
			return err
		}
	}
	if err := c.CommitNow(ctx); err != nil {
		return err
	}
	return exc.Authentication.New("")
}

// Refuse answers 401 with a text under message, as a wrong password does outside a
// login, and counts for the user's lockout.
// Source: frappe/auth.py LoginManager.fail.
func (s *Store) Refuse(ctx context.Context, c *engine.Call, user, text string) error {
	if err := s.countFailure(ctx, s.Current(), userKey(user)); err != nil {
		return err
	}
	return s.refuse(ctx, c, user, text)
}

// countFailure counts a guess that is wrong whatever it was. Errors: as guess.
func (s *Store) countFailure(ctx context.Context, set *Settings, keys ...string) error {
	end, err := s.guess(ctx, set, keys...)
	if err == nil {
		end(wrong)
	}
	return err
}

func (s *Store) refuse(ctx context.Context, c *engine.Call, user, text string) error {
	err := s.fail(ctx, c, user, text)
	c.Response.Keys.Delete("exc_type")
	return err
}

// VerifyOwn checks the password of a user who is logged in, under the lockout. Errors:
// AuthenticationError "Incorrect password", SecurityException while locked.
// Source: frappe/auth.py LoginManager.check_password.
func (s *Store) VerifyOwn(ctx context.Context, c *engine.Call, user, pwd string) error {
	if len([]rune(pwd)) > maxPasswordIn {
		return s.Refuse(ctx, c, user, "Incorrect password")
	}
	ok, err := s.tryPassword(ctx, c, user, pwd, s.Current(), userKey(user))
	if err != nil || ok {
		return err
	}
	return s.refuse(ctx, c, user, "Incorrect password")
}

// RedirectAfterLogin remembers where a user goes after the next login. Only paths of
// this site are taken.
func (s *Store) RedirectAfterLogin(user, path string) {
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n") && len(path) < 2048 {
		s.redirects.put(user, path)
	}
}

// TakeRedirect returns what RedirectAfterLogin remembered, once.
func (s *Store) TakeRedirect(user string) string { return s.redirects.take(user) }

// passwordTooOld reports whether the password must be changed before logging in.
// Source: frappe/auth.py force_user_to_reset_password.
func (s *Store) passwordTooOld(c *engine.Call, user *document.Document, set *Settings) (bool, error) {
	last := user.Text("last_password_reset_date")
	if set.forceReset <= 0 || last == "" || user.Name() == perm.Administrator || user.Name() == perm.Guest {
		return false, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, last, c.Zone)
	if err != nil {
		return false, fmt.Errorf("read last_password_reset_date of %s: %w", user.Name(), err)
	}
	today, _ := time.ParseInLocation(time.DateOnly, c.Today(), c.Zone)
	return int64(today.Sub(day).Hours()/24) > set.forceReset, nil
}

// forceReset answers a link to change the password instead of logging in.
func (s *Store) forceReset(ctx context.Context, c *engine.Call, user *document.Document) error {
	link, err := s.ResetLink(ctx, c, user.Name(), s.SiteURL(c), true)
	if err != nil {
		return err
	}
	c.Response.Keys.Set("redirect_to", document.Text(link))
	c.Response.Keys.Set("message", document.Text("Password Reset"))
	return c.CommitNow(ctx)
}

// ResetLink makes a new reset key for a user and returns the link at base that uses it.
// Only the key's SHA-256 is stored. Source: frappe/core/doctype/user/user.py
// reset_password.
func (s *Store) ResetLink(ctx context.Context, c *engine.Call, user, base string, expired bool) (string, error) {
	key := engine.RandomHex(sidLength)
	sum := sha256.Sum256([]byte(key))
	if err := c.SetValue(ctx, "User", user, "reset_password_key", document.Text(hex.EncodeToString(sum[:]))); err != nil {
		return "", err
	}
	if err := c.SetValue(ctx, "User", user, "last_reset_password_key_generated_on", document.Text(c.Stamp())); err != nil {
		return "", err
	}
	link := base + "/update-password?key=" + url.QueryEscape(key)
	if expired {
		link += "&password_expired=true"
	}
	return link, nil
}

// MailURL is the site's address for mails, which may not depend on what a client calls
// it: host_name of the site's configuration, else the name of the site's folder, as
// upstream has it, under the scheme of the request. Without the former a warning is logged.
func (s *Store) MailURL(ctx context.Context, c *engine.Call) string {
	if s.Engine.Site.Config().Str("host_name") != "" {
		return s.SiteURL(c)
	}
	s.Engine.Log.WarnContext(ctx, "a mail holds a link to this site, but host_name is not set in the site's configuration")
	scheme := "http"
	if c.Request.Scheme == "https" { // said by the connection or by a proxy that is trusted
		scheme = "https"
	}
	return scheme + "://" + filepath.Base(s.Engine.Site.Path())
}

// SiteURL is the site's address without a trailing slash: host_name of the site's
// configuration, which no client can forge, else where the request was sent.
func (s *Store) SiteURL(c *engine.Call) string {
	if host := s.Engine.Site.Config().Str("host_name"); host != "" {
		if !strings.Contains(host, "://") {
			host = "http://" + host
		}
		return strings.TrimRight(host, "/")
	}
	scheme := c.Request.Scheme
	if scheme == "" {
		scheme = "http"
	}
	return scheme + "://" + c.Request.Host
}

// admit is what follows right credentials: hooks, address, hours, the session and
// the answer. Source: frappe/auth.py post_login.
func (s *Store) admit(ctx context.Context, c *engine.Call, user *document.Document, set *Settings) (err error) {
	if err := s.mayBegin(c); err != nil {
		return err
	}
	before := c.User
	defer func() {
		if err != nil {
			c.SetUser(before) // who is refused sees no more than before
		}
	}()
	c.SetUser(user.Name())
	for _, fn := range s.OnLogin {
		if err := fn(ctx, c, LoginEvent{User: user.Name()}); err != nil {
			return err
		}
	}
	bypass := user.Int("bypass_restrict_ip_check_if_2fa_enabled") != 0
	if err := s.checkIP(ctx, c, user.Name(), user.Text("restrict_ip"), bypass, set); err != nil {
		return err
	}
	if err := checkHours(c, user); err != nil {
		return err
	}
	if err := s.start(ctx, c, user, set); err != nil {
		return err
	}
	if err := s.stampLogin(ctx, c, user); err != nil {
		return err
	}
	s.greet(c, user)
	return nil
}

// checkHours refuses logins outside the user's hours of the day.
// Source: frappe/auth.py validate_hour.
func checkHours(c *engine.Call, user *document.Document) error {
	hour := int64(c.SiteNow().Hour())
	before, after := user.Int("login_before"), user.Int("login_after")
	if before != 0 && hour >= before || after != 0 && hour < after {
		return exc.Authentication.Throw("Login not allowed at this time")
	}
	return nil
}

// stampLogin notes when and from where a user logged in.
// Source: frappe/sessions.py Session.start.
func (s *Store) stampLogin(ctx context.Context, c *engine.Call, user *document.Document) error {
	now := document.Text(c.Stamp())
	s.active.due(user.Name(), s.Engine.Now().Unix())
	return c.Tx.SetColumns(ctx, user.Type, user.NameValue(), []string{"last_login", "last_ip", "last_active"},
		[]document.Value{now, document.Text(c.Request.RemoteIP), now})
}

// greet puts the answer of a login into the response.
// Source: frappe/auth.py set_user_info.
func (s *Store) greet(c *engine.Call, user *document.Document) {
	message, home := "Logged In", s.Engine.Profile.Desk
	if user.Text("user_type") == "Website User" {
		message, home = "No App", "/me"
	} else if w := user.Text("default_workspace"); w != "" && s.Engine.Profile.WorkspaceIsHome {
		home += "/" + strings.ReplaceAll(strings.ToLower(w), " ", "-")
	}
	c.Response.Keys.Set("message", document.Text(message))
	c.Response.Keys.Set("home_page", document.Text(home))
	c.Response.Keys.Set("full_name", document.Text(strings.TrimSpace(user.Text("first_name")+" "+user.Text("last_name"))))
	if to := s.redirects.take(user.Name()); to != "" {
		c.Response.Keys.Set("redirect_to", document.Text(to))
	}
}

// LoginAs starts a session for a user without a password: a reset key, a login link
// or an impersonation stands for it. The caller commits.
func (s *Store) LoginAs(ctx context.Context, c *engine.Call, name string) error {
	user, err := c.Get(ctx, "User", name)
	if err != nil {
		return err
	}
	if name != perm.Administrator && user.Int("enabled") == 0 {
		return s.fail(ctx, c, name, "User disabled or missing")
	}
	c.Persist = true
	return s.admit(ctx, c, user, s.Current())
}

// Logout ends the session of c, expires its cookies and commits. From v15 on it
// answers for the Guest that is left. Source: frappe/auth.py logout; frappe/handler.py.
func (s *Store) Logout(ctx context.Context, c *engine.Call) error {
	if c.Request.Part {
		return errPart
	}
	for _, fn := range s.OnLogout {
		if err := fn(ctx, c); err != nil {
			return err
		}
	}
	if sid := c.Session.SID; sid != perm.Guest {
		if err := s.endOne(ctx, c, sid); err != nil {
			return err
		}
	}
	s.guest(c, s.Current(), false)
	c.Response.NewSession, c.Response.ClearCookies, c.Persist = nil, true, true
	if s.Engine.Profile.LogoutLogsInGuest {
		c.Response.Keys.Set("message", document.Text("No App"))
		c.Response.Keys.Set("home_page", document.Text("/login"))
		c.Response.Keys.Set("full_name", document.Text(perm.Guest))
	}
	return c.CommitNow(ctx)
}
