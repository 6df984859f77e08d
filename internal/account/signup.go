package account

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/mail"
	"freddo/internal/method"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// maxSignups is how many users may come in an hour where no setting says so.
const maxSignups = 300

func told(code int, text string) document.Value {
	return document.ListOf(document.IntOf(int64(code)), document.Text(text))
}

// signUp makes a Website User for anybody, where the site lets it.
// Source: user.py sign_up; it goes on after too many, this does not.
func (s *Service) signUp(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	off, err := c.Setting(ctx, "Website Settings", "disable_signup")
	if err != nil {
		return nil, err
	}
	if document.Cint(off) != 0 {
		return nil, exc.Validation.Throw("Sign Up is disabled").WithTitle("Not Allowed")
	}
	email := a.Text("email")
	rows, err := c.Rows(ctx, "User", []string{"enabled"}, document.NewObject("email", email), "")
	if err != nil {
		return nil, err
	}
	if len(rows) > 0 {
		if c.Site.Config().Bool("hide_unknown_users") {
			_, err := s.auth.Vault.Hash(email) // as long as for somebody new
			return told(1, "Please check your email for verification"), err
		}
		if rows[0].PropInt("enabled") != 0 {
			return told(0, "Already Registered"), nil
		}
		return told(0, "Registered but disabled"), nil
	}
	full, err := s.tooMany(ctx, c)
	if err != nil {
		return nil, err
	}
	if full {
		page(c, http.StatusTooManyRequests, "Temporarily Disabled", "Too many users signed up recently, so the registration is disabled. Please try back in an hour")
		return nil, nil
	}
	d, err := c.FromObject(ctx, document.NewObject("doctype", "User", "email", email, "first_name", html.EscapeString(a.Text("full_name")), "enabled", 1,
		"new_password", engine.RandomHex(32), "user_type", "Website User"))
	if err != nil {
		return nil, err
	}
	role, err := c.Setting(ctx, "Portal Settings", "default_role")
	if err != nil {
		return nil, err
	}
	d.Flags.IgnorePermissions = true
	if err := c.Insert(ctx, d); err != nil {
		return nil, err
	}
	if r := document.ToText(role); r != "" {
		if err := addRole(ctx, c, d.Name(), r); err != nil {
			return nil, err
		}
	}
	s.auth.RedirectAfterLogin(d.Name(), a.Text("redirect_to"))
	if _, err := s.mail.Account(ctx, c); err == nil && d.Int("send_welcome_email") != 0 {
		return told(1, "Please check your email for verification"), nil
	}
	return told(2, "Please ask your administrator to verify your sign-up"), nil
}

func (s *Service) tooMany(ctx context.Context, c *engine.Call) (bool, error) {
	most, err := setting("max_signups_allowed_per_hour", maxSignups)(ctx, c)
	if err != nil {
		return false, err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT COUNT(*) FROM ").Table("User").SQL(" WHERE ").Ident("creation").SQL(" > ").
		Str(c.SiteNow().Add(-time.Hour).Format("2006-01-02 15:04:05.000000"))
	var n document.Value
	_, err = c.Tx.QueryRow(ctx, b, &n)
	return document.Cint(n) > most, err
}

// addRole gives a user a role. Source: user.py add_roles.
func addRole(ctx context.Context, c *engine.Call, user, role string) error {
	d, err := c.GetForUpdate(ctx, "User", user)
	if err != nil {
		return err
	}
	rows := []document.Value{}
	for _, r := range d.Rows("roles") {
		rows = append(rows, document.MapOf(document.NewObject("role", r.Text("role"))))
	}
	rows = append(rows, document.MapOf(document.NewObject("role", role)))
	if err := c.UpdateDoc(ctx, d, document.NewObject("roles", rows)); err != nil {
		return err
	}
	d.Flags.IgnorePermissions = true
	return c.Save(ctx, d)
}

// sendLink mails a link that logs in once. Source: frappe/www/login.py send_login_link.
func (s *Service) sendLink(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if c.Profile.EmailLinkBySetting {
		if on, err := c.Setting(ctx, "System Settings", "login_with_email_link"); err != nil || document.Cint(on) == 0 {
			return nil, err
		}
	}
	email := a.Text("email")
	c.Persist = true // a GET is answered by a mail, too
	minutes, err := setting("login_with_email_link_expiry", 10)(ctx, c)
	if err != nil {
		return nil, err
	}
	send := func(ctx context.Context, c *engine.Call, d *document.Document) error {
		key := engine.RandomHex(56)
		s.links.put(key, link{d.Name(), c.Now().Add(time.Duration(minutes) * time.Minute)})
		return s.mail.Send(ctx, c, withLink(d, "Login", "use this link to log in; it works once", s.auth.MailURL(ctx, c)+"/api/method/frappe.www.login.login_via_key?key="+key))
	}
	if c.Site.Config().Bool("hide_unknown_users") {
		return nil, s.unseen(ctx, c, email, send)
	}
	name, ok, err := c.Exists(ctx, "User", email)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, exc.DoesNotExist.Throwf("User with email address %s does not exist", email)
	}
	if _, err := s.mail.Account(ctx, c); err != nil {
		return nil, err
	}
	d, err := c.Get(ctx, "User", name)
	if err != nil {
		return nil, err
	}
	return nil, send(ctx, c, d)
}

// loginByLink logs in with a link's key. Source: frappe/www/login.py login_via_key.
func (s *Service) loginByLink(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if s.auth.Foreign(c) { // a click in a mail, or a page that wants somebody logged in
		s.askLink(c, a.Text("key"))
		return nil, nil
	}
	user := s.links.take(a.Text("key"), c.Now())
	if err := s.auth.Guess(c, "login link", "", user != ""); err != nil {
		return nil, err
	}
	if user == "" {
		page(c, http.StatusForbidden, "Not Permitted", "The link you trying to login is invalid or expired.")
		return nil, nil
	}
	if err := s.auth.LoginAs(ctx, c, user); err != nil {
		return nil, err
	}
	c.Response.Kind, c.Response.Location = "redirect", "/me"
	if info, err := c.UserInfo(ctx, user); err != nil {
		return nil, err
	} else if info.IsSystem() {
		c.Response.Location = c.Profile.Desk
	}
	return nil, nil
}

// askLink asks a browser that was led to a login link whether it is to log in. The key
// stays good: what looks at mails for viruses does not use it up either.
func (s *Service) askLink(c *engine.Call, key string) {
	user := s.links.peek(key, c.Now())
	if user == "" {
		page(c, http.StatusForbidden, "Not Permitted", "The link you trying to login is invalid or expired.")
		return
	}
	page(c, http.StatusOK, "Log in", `<a href="?key=`+html.EscapeString(url.QueryEscape(key))+`">Log in as `+html.EscapeString(user)+"</a>")
	c.Response.Header = append(c.Response.Header, [2]string{"Referrer-Policy", "same-origin"}, [2]string{"X-Frame-Options", "DENY"})
}

// deliverOTP sends a one-time password, or mails the key of an authenticator app. Source: frappe/twofactor.py process_2fa_for_email.
func (s *Service) deliverOTP(ctx context.Context, c *engine.Call, user, way, code string) (string, error) {
	if way == "SMS" {
		return s.smsOTP(ctx, c, user, code)
	}
	d, err := c.Get(ctx, "User", user)
	if err != nil {
		return "", err
	}
	v, err := c.Setting(ctx, "System Settings", "otp_issuer_name")
	if err != nil {
		return "", err
	}
	issuer := document.ToText(v)
	msg := mail.Message{To: d.Text("email"), Subject: "Login Verification Code from " + issuer, Text: "Your code to complete the login is " + code + ".\n"}
	prompt := "Verification code has been sent to your registered email address."
	if strings.HasPrefix(code, "otpauth://") {
		msg.Subject = "One Time Password (OTP) Registration Code from " + issuer
		msg.Text = "Add this account to your authenticator app, then enter its code to complete the login:\n" + code + "\n"
		prompt = "Please check your registered email address for instructions on how to proceed. Do not close this window as you will have to return to it."
	}
	return prompt, s.mail.Send(ctx, c, msg)
}

// resetOTP makes a user register the authenticator app again.
// Source: frappe/twofactor.py reset_otp_secret.
func (s *Service) resetOTP(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	user := a.Text("user")
	if c.User != user {
		if err := c.OnlyFor(ctx, "System Manager"); err != nil {
			return nil, err
		}
	}
	on, err := c.Setting(ctx, "System Settings", "enable_two_factor_auth")
	if err != nil {
		return nil, err
	}
	if document.Cint(on) == 0 {
		return nil, exc.Validation.Throw("You have to enable Two Factor Auth from System Settings.").WithTitle("Enable Two Factor Auth")
	}
	if err := s.auth.ResetOTP(ctx, c, user); err != nil {
		return nil, err
	}
	c.Msgprint(exc.Message{Text: "OTP Secret has been reset. Re-registration will be required on next login."})
	return nil, nil
}

// mayImpersonate refuses who is not Administrator and, from v16 on, has no right
// impersonate on the user. Nobody becomes Administrator so.
func mayImpersonate(ctx context.Context, c *engine.Call, user string) error {
	if c.User == perm.Administrator || !c.Profile.ImpersonateRight || user == perm.Administrator {
		return c.OnlyFor(ctx, perm.Administrator)
	}
	d, err := c.Get(ctx, "User", user)
	if err != nil {
		return err
	}
	return c.CheckPermission(ctx, d, doctype.Impersonate)
}

// impersonate makes Administrator act as another user, and tells so in the log.
// Source: user.py impersonate; frappe/auth.py LoginManager.impersonate.
func (s *Service) impersonate(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	admin, user := c.User, a.Text("user")
	if err := mayImpersonate(ctx, c, user); err != nil {
		return nil, err
	}
	if c.Session.SID == perm.Guest {
		return nil, notForGuests(c) // a key has no session that could change hands
	}
	if err := activity(ctx, c, "User "+admin+" impersonated as "+user+": "+a.Text("reason"), admin, "Impersonate", "Success"); err != nil {
		return nil, err
	}
	return nil, s.auth.LoginAs(ctx, c, user)
}
