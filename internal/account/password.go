package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html"
	"net/http"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/auth"
	"freddo/internal/engine"
	"freddo/internal/mail"
	"freddo/internal/method"
	"freddo/internal/perm"
)

// maxPassword is the longest password. Source: frappe/utils/password.py.
const maxPassword = 512

// strength judges a password by the site's policy; Asked is false when there is none.
// Source: user.py test_password_strength.
func (s *Service) strength(ctx context.Context, c *engine.Call, password string, inputs []string) (*auth.Strength, error) {
	on, err := c.Setting(ctx, "System Settings", "enable_password_policy")
	if err != nil || document.Cint(on) == 0 {
		return &auth.Strength{PolicyPassed: true}, err
	}
	minimum, err := c.Setting(ctx, "System Settings", "minimum_password_score")
	if err != nil {
		return nil, err
	}
	return s.auth.Vault.Strength(ctx, password, inputs, int(document.Cint(minimum)))
}

// words are what a user's password must not be made of.
func words(d *document.Document) []string {
	var out []string
	for _, key := range []string{"first_name", "middle_name", "last_name", "email", "birth_date"} {
		if t := d.Text(key); t != "" {
			out = append(out, t)
		}
	}
	return out
}

func (s *Service) ownWords(ctx context.Context, c *engine.Call) ([]string, error) {
	d, err := c.Get(ctx, "User", c.User)
	if err != nil {
		return nil, err
	}
	return words(d), nil
}

func weak(st *auth.Strength) error {
	return exc.Validation.Throw(st.Text()).WithTitle("Invalid Password")
}

// checkStrength refuses a weak password of a User that is saved.
// Source: user.py password_strength_test.
func (s *Service) checkStrength(ctx context.Context, c *engine.Call, d *document.Document) error {
	plain := d.Text("__new_password")
	if plain == "" {
		return nil
	}
	st, err := s.strength(ctx, c, plain, words(d))
	if err != nil || st.PolicyPassed {
		return err
	}
	return weak(st)
}

func (s *Service) testStrength(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	inputs, err := s.ownWords(ctx, c)
	if err != nil {
		return nil, err
	}
	st, err := s.strength(ctx, c, a.Text("new_password"), inputs)
	switch {
	case err != nil:
		return nil, err
	case !st.Asked:
		return &document.Object{}, nil
	case a.Text("new_password") == "":
		return nil, nil
	}
	return st.Object(), nil
}

func (s *Service) verifyPassword(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	return nil, s.auth.VerifyOwn(ctx, c, c.User, a.Text("password"))
}

// updatePassword sets a password by a reset key, or by the old one, and logs in.
// Source: user.py update_password.
func (s *Service) updatePassword(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	plain := a.Text("new_password")
	if len([]rune(plain)) > maxPassword {
		return nil, exc.Validation.Throw("Password size exceeded the maximum allowed size.")
	}
	if k := a.Get("key"); !k.IsNull() && k.Kind() != document.String {
		return nil, exc.Validation.Throw("Invalid key type")
	}
	inputs, err := s.ownWords(ctx, c)
	if err != nil {
		return nil, err
	}
	st, err := s.strength(ctx, c, plain, inputs)
	if err != nil {
		return nil, err
	}
	if !st.PolicyPassed {
		return nil, weak(st)
	}
	user, refusal, err := s.whoseKey(ctx, c, a)
	if err != nil {
		return nil, err
	}
	if refusal != "" {
		c.Response.Status = http.StatusGone
		return refusal, nil
	}
	return s.changePassword(ctx, c, user, plain, a.Int("logout_all_sessions") != 0)
}

// whoseKey finds whose password is to change; refusal says why a key is not good.
// Source: user.py _get_user_for_update_password.
func (s *Service) whoseKey(ctx context.Context, c *engine.Call, a method.Args) (user, refusal string, err error) {
	key, old := a.Text("key"), a.Text("old_password")
	if key == "" {
		if old == "" {
			return "", "", exc.KeyErr.New("'user'")
		}
		if c.User == perm.Guest {
			return "", "", s.auth.Refuse(ctx, c, c.User, "Incorrect password")
		}
		return c.User, "", s.auth.VerifyOwn(ctx, c, c.User, old)
	}
	sum := sha256.Sum256([]byte(key))
	rows, err := c.Rows(ctx, "User", []string{"name", "last_reset_password_key_generated_on"}, document.NewObject("reset_password_key", hex.EncodeToString(sum[:])), "")
	if err != nil {
		return "", "", err
	}
	if err := s.auth.Guess(c, "reset key", "", len(rows) > 0); err != nil {
		return "", "", err
	}
	if len(rows) == 0 {
		return "", "The reset password link has either been used before or is invalid", nil
	}
	life, err := c.Setting(ctx, "System Settings", "reset_password_link_expiry_duration")
	if err != nil {
		return "", "", err
	}
	if n := document.Cint(life); n != 0 {
		made := siteTime(c, rows[0].PropText("last_reset_password_key_generated_on"))
		if c.SiteNow().After(made.Add(time.Duration(n) * time.Second)) {
			return "", "The reset password link has been expired", nil
		}
	}
	return rows[0].PropText("name"), "", nil
}

func siteTime(c *engine.Call, text string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05.000000", time.DateTime} {
		if t, err := time.ParseInLocation(layout, text, c.Zone); err == nil {
			return t
		}
	}
	return time.Time{}
}

func (s *Service) changePassword(ctx context.Context, c *engine.Call, user, plain string, everywhere bool) (any, error) {
	hash, err := s.auth.Vault.Hash(plain) // before the transaction writes: it takes time
	if err != nil {
		return nil, err
	}
	if err := c.Tx.SetAuth(ctx, "User", user, "password", hash, false); err != nil {
		return nil, err
	}
	if !everywhere {
		v, err := c.Setting(ctx, "System Settings", "logout_on_password_reset")
		if err != nil {
			return nil, err
		}
		everywhere = document.Cint(v) != 0
	}
	if everywhere {
		if err := s.auth.EndSessions(ctx, c, user, c.Session.SID); err != nil {
			return nil, err
		}
	}
	d, err := c.GetForUpdate(ctx, "User", user)
	if err != nil {
		return nil, err
	}
	to := d.Text("redirect_url")
	d.Set("reset_password_key", document.Text(""))
	d.Set("redirect_url", document.Text(""))
	d.Set("last_password_reset_date", document.Text(c.Today()))
	d.Flags.IgnorePermissions = true
	if err := c.Save(ctx, d); err != nil {
		return nil, err
	}
	if remembered := s.auth.TakeRedirect(user); remembered != "" {
		to = remembered
	}
	if err := s.auth.LoginAs(ctx, c, user); err != nil {
		return nil, err
	}
	switch {
	case d.Text("user_type") == "System User":
		return c.Profile.Desk, nil
	case to != "":
		return to, nil
	}
	return c.Profile.WebsiteHome, nil
}

// resetPassword mails a link that sets a new password. Upstream tells who exists; the
// site's configuration can hide it: hide_unknown_users.
// Source: user.py reset_password.
func (s *Service) resetPassword(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if c.Site.Config().Bool("hide_unknown_users") {
		tellSent(c)
		return nil, s.unseen(ctx, c, a.Text("user"), func(ctx context.Context, c *engine.Call, d *document.Document) error {
			if mayReset(d) != "" {
				return nil
			}
			return s.mailReset(ctx, c, d, "Password Reset")
		})
	}
	d, err := c.Get(ctx, "User", a.Text("user"))
	if exc.Is(err, exc.DoesNotExist) {
		c.Response.Status = http.StatusNotFound
		if c.Profile.StaleExcType {
			c.Response.Keys.Set("exc_type", document.Text("DoesNotExistError"))
		}
		return "not found", nil
	}
	if err != nil {
		return nil, err
	}
	if refusal := mayReset(d); refusal != "" {
		return refusal, nil
	}
	if err := s.mailReset(ctx, c, d, "Password Reset"); err != nil {
		return nil, err
	}
	tellSent(c)
	return nil, nil
}

// maxUnseen bounds the work that goes on after its answer.
const maxUnseen = 64

// unseen does something for a user after the answer, so that neither text nor time of the
// answer tells whether there is such a user. Errors: those that all callers get.
func (s *Service) unseen(ctx context.Context, c *engine.Call, name string, fn func(context.Context, *engine.Call, *document.Document) error) error {
	if _, err := s.mail.Account(ctx, c); err != nil {
		return err
	}
	request := *c.Request
	c.AfterCommit(func(ctx context.Context) {
		select {
		case s.unseenSlots <- struct{}{}:
		default:
			c.Log.WarnContext(ctx, "a request about an account was dropped: too many wait")
			return
		}
		ctx = context.WithoutCancel(ctx)
		s.unseenWork.Go(func() {
			defer func() { <-s.unseenSlots }()
			err := s.auth.Engine.Do(ctx, perm.Guest, func(ctx context.Context, w *engine.Call) error {
				w.Request = &request
				d, err := w.Get(ctx, "User", name)
				if exc.Is(err, exc.DoesNotExist) {
					return nil
				}
				if err != nil {
					return err
				}
				return fn(ctx, w, d)
			})
			if err != nil {
				s.auth.Engine.Log.ErrorContext(ctx, "a request about an account failed", "error", err)
			}
		})
	})
	return nil
}

// Close waits for what goes on after its answer.
func (s *Service) Close() { s.unseenWork.Wait() }

func mayReset(d *document.Document) string {
	switch {
	case d.Name() == perm.Administrator:
		return "not allowed"
	case d.Int("enabled") == 0:
		return "disabled"
	}
	return ""
}

func tellSent(c *engine.Call) {
	c.Msgprint(exc.Message{Text: "Password reset instructions have been sent to your email", Title: "Password Email Sent"})
}

func (s *Service) mailReset(ctx context.Context, c *engine.Call, d *document.Document, subject string) error {
	if _, err := s.mail.Account(ctx, c); err != nil {
		return err // before a key is made that nobody gets
	}
	to, err := s.auth.ResetLink(ctx, c, d.Name(), s.auth.MailURL(ctx, c), false)
	if err != nil {
		return err
	}
	return s.mail.Send(ctx, c, withLink(d, subject, "use this link to set your password", to))
}

// withLink is a mail that leads to an address.
func withLink(d *document.Document, subject, what, address string) mail.Message {
	name := d.Text("first_name")
	if name == "" {
		name = d.Name()
	}
	return mail.Message{To: d.Text("email"), Subject: subject, Text: "Hello " + name + ",\n\n" + what + ":\n" + address + "\n",
		HTML: "<p>Hello " + html.EscapeString(name) + ",</p><p>" + what + `:</p><p><a href="` + html.EscapeString(address) + `">` + html.EscapeString(address) + "</a></p>"}
}

// welcome mails a new user the way to a password. Without an account to send from,
// upstream says so and goes on. Source: user.py send_password_notification.
func (s *Service) welcome(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Before != nil || d.Int("send_welcome_email") == 0 || d.Name() == perm.Administrator || d.Name() == perm.Guest {
		return nil
	}
	var e *exc.Error
	switch err := s.mailReset(ctx, c, d, "Complete Registration"); {
	case errors.As(err, &e) && e.Class == exc.OutgoingEmail:
		c.Msgprint(exc.Message{Text: "Please setup default outgoing Email Account from Settings > Email Account", Alert: true})
		if c.Profile.StaleExcType {
			c.Response.Keys.Set("exc_type", document.Text(exc.OutgoingEmail.Name))
		}
		return nil
	case err != nil:
		return err
	}
	if c.User != perm.Guest {
		c.Msgprint(exc.Message{Text: "Welcome email sent"})
	}
	return nil
}
