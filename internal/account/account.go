// Package account owns what a person does with an account of their own: signing up,
// setting and resetting the password, login links, the one-time password's delivery,
// the log of logins, and impersonation by Administrator. It puts internal/auth (who is
// it) and internal/mail together. Start with Service.Register.
package account

import (
	"context"
	"sync"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/auth"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/mail"
	"freddo/internal/method"
	"freddo/internal/perm"
)

const userModule = "frappe.core.doctype.user.user."

// Service is the account service of one site. It is safe for concurrent use.
type Service struct {
	auth  *auth.Store
	mail  *mail.Mailer
	links links

	unseenSlots chan struct{}
	unseenWork  sync.WaitGroup
}

// New returns a service.
func New(s *auth.Store, m *mail.Mailer) *Service {
	return &Service{auth: s, mail: m, links: links{by: map[string]link{}}, unseenSlots: make(chan struct{}, maxUnseen)}
}

// Register hooks the controllers and adds the methods. Register the built-in ones first:
// the hooks here come after theirs.
func (s *Service) Register(h *engine.Hooks, r *method.Registry, p Profile) {
	s.auth.DeliverOTP = s.deliverOTP
	s.auth.OnLogin = append(s.auth.OnLogin, logLogin)
	s.auth.OnLogout = append(s.auth.OnLogout, logLogout)
	h.On("User", engine.Validate, s.checkStrength)
	h.On("User", engine.OnUpdate, s.welcome)
	post := []string{"POST"}
	linkVerbs := []string(nil)
	if p.EmailLinkPost {
		linkVerbs = post
	}
	r.Add(
		method.Method{Name: userModule + "update_password", Guest: true, Verbs: post, XSSSafe: true, Params: []method.Param{arg.Req("new_password", method.Str),
			arg.Opt("logout_all_sessions", method.Int, 0), arg.Opt("key", method.Str|method.None, nil), arg.Opt("old_password", method.Str|method.None, nil)}, Fn: s.updatePassword},
		method.Method{Name: userModule + "test_password_strength", Guest: true, XSSSafe: true, Params: []method.Param{arg.Req("new_password", method.Str),
			arg.Opt("key", method.Any, nil), arg.Opt("old_password", method.Any, nil), arg.Opt("user_data", method.Any, nil)}, Fn: s.testStrength},
		method.Method{Name: userModule + "verify_password", Verbs: post, Params: arg.Any("password"), Fn: s.verifyPassword},
		method.Method{Name: userModule + "reset_password", Guest: true, Verbs: post, Params: []method.Param{arg.Req("user", method.Str)},
			Limit: &method.Limit{Counts: setting("password_reset_limit", 3), Window: time.Hour}, Fn: s.resetPassword},
		method.Method{Name: userModule + "sign_up", Guest: true, Params: []method.Param{arg.Req("email", method.Str), arg.Req("full_name", method.Str),
			arg.Req("redirect_to", method.Str)}, Fn: s.signUp},
		method.Method{Name: "frappe.www.login.send_login_link", Guest: true, Verbs: linkVerbs, Params: []method.Param{arg.Req("email", method.Str)},
			Limit: &method.Limit{Counts: setting("rate_limit_email_link_login", 5), Window: time.Hour}, Fn: s.sendLink},
		method.Method{Name: "frappe.www.login.login_via_key", Guest: true, Verbs: []string{"GET"}, Params: []method.Param{arg.Req("key", method.Str)},
			Limit: &method.Limit{Counts: setting("rate_limit_email_link_login", 5), Window: time.Hour}, Fn: s.loginByLink},
		method.Method{Name: "frappe.twofactor.reset_otp_secret", Params: []method.Param{arg.Req("user", method.Str)}, Fn: s.resetOTP},
	)
	s.registerSessions(h, r, p)
	if p.Impersonation {
		r.Add(method.Method{Name: userModule + "impersonate", Verbs: post, Params: []method.Param{arg.Req("user", method.Str), arg.Req("reason", method.Str)}, Fn: s.impersonate})
	}
}

// Profile is what Register asks of a release.
type Profile struct{ EmailLinkPost, Impersonation, ClearSession bool }

// setting reads a limit from System Settings; fallback where it is not set or missing.
func setting(field string, fallback int64) func(context.Context, *engine.Call) (int64, error) {
	return func(ctx context.Context, c *engine.Call) (int64, error) {
		dt, err := c.DocType(ctx, "System Settings")
		if err != nil || dt.Column(field) == nil {
			return fallback, err
		}
		v, err := c.Setting(ctx, "System Settings", field)
		if n := document.Cint(v); n > 0 {
			return n, err
		}
		return fallback, err
	}
}

// link is a login link that was sent.
type link struct {
	user  string
	until time.Time
}

const maxLinks = 10_000

// links holds the login links, in memory, under their keys.
type links struct {
	mu sync.Mutex
	by map[string]link
}

func (l *links) put(key string, v link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.by) >= maxLinks {
		clear(l.by)
	}
	l.by[key] = v
}

// take returns the user of a key, once.
func (l *links) take(key string, now time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.by[key]
	delete(l.by, key)
	if !ok || now.After(v.until) {
		return ""
	}
	return v.user
}

// peek returns the user of a key that is good.
func (l *links) peek(key string, now time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.by[key]; ok && !now.After(v.until) {
		return v.user
	}
	return ""
}

// logLogin writes who logged in and who failed to.
// Source: frappe/core/doctype/activity_log/feed.py login_feed; frappe/auth.py fail.
func logLogin(ctx context.Context, c *engine.Call, e auth.LoginEvent) error {
	if e.Failure != "" {
		return activity(ctx, c, e.Failure, e.User, "Login", "Failed")
	}
	u, err := c.UserInfo(ctx, e.User)
	if err != nil {
		return err
	}
	return activity(ctx, c, u.FullName+" logged in", e.User, "Login", "Success")
}

func logLogout(ctx context.Context, c *engine.Call) error {
	if c.User == perm.Guest {
		return nil
	}
	u, err := c.Me(ctx)
	if err != nil {
		return err
	}
	return activity(ctx, c, u.FullName+" logged out: "+engine.Bold("User Logged Out"), c.User, "Logout", "Success")
}

// activity writes an Activity Log. A user that does not exist is no reason to fail.
// Source: frappe/core/doctype/activity_log/activity_log.py add_authentication_log.
func activity(ctx context.Context, c *engine.Call, subject, user, operation, status string) error {
	dt, err := c.DocType(ctx, "Activity Log")
	if err != nil {
		return nil //nolint:nilerr // a site without it keeps no log
	}
	d, err := c.FromObject(ctx, document.NewObject("doctype", dt.Name, "subject", subject, "user", user, "operation", operation, "status", status,
		"ip_address", c.Request.RemoteIP))
	if err != nil {
		return err
	}
	d.Flags.IgnorePermissions, d.Flags.IgnoreLinks = true, true
	return c.Insert(ctx, d)
}

// page answers an HTML page of a title and a text.
func page(c *engine.Call, status int, title, text string) {
	c.Response.Kind, c.Response.Status, c.Response.Title, c.Response.Content = "page", status, title, []byte("<p>"+text+"</p>")
}

func notForGuests(c *engine.Call) error {
	if c.User == perm.Guest {
		return exc.Permission.Throw("Not permitted")
	}
	return nil
}
