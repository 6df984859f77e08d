package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"freddo/document"
	"freddo/exc"
)

// The login page and the page that sets a new password are forms that browsers send by
// themselves: no script runs on them. Upstream's pages need JavaScript; their addresses
// and parameters (redirect-to, key) are the same.

// loginAnswer is what became of a login by the page's form.
type loginAnswer struct {
	status int
	// text is why nobody is logged in.
	text string
	// tmpID asks for a one-time password.
	tmpID, prompt string
	// to is where the browser goes on.
	to string
}

// isForm reports whether the request is a form of a page.
func (x *exchange) isForm() bool {
	kind, _, _ := strings.Cut(x.r.Header.Get("Content-Type"), ";")
	return x.verb == http.MethodPost && strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded")
}

func (x *exchange) isLoginForm() bool {
	return strings.TrimSuffix(x.path, "/") == "/login" && x.isForm() && (x.c.Form.Has("usr") || x.c.Form.Has("otp"))
}

// formLogin logs in and keeps the answer for loginPage.
func (x *exchange) formLogin(ctx context.Context) error {
	if x.s.Auth.ReadOnly() {
		return x.readOnly()
	}
	if x.s.Auth.Foreign(x.c) {
		x.login = &loginAnswer{status: http.StatusForbidden, text: "This form was sent by a page of another site."}
		return x.s.Auth.Resume(ctx, x.c)
	}
	x.login = &loginAnswer{}
	err := x.s.Auth.Login(ctx, x.c)
	keys := &x.c.Response.Keys
	if err != nil {
		e := exc.Of(err)
		if e == nil || !e.Class.Is(exc.Authentication) && e.Class != exc.Security && e.Class != exc.ExpiredLogin && e.Class != exc.TooManyRequests {
			return err
		}
		x.giveUp()
		x.login.status = e.Class.Status
		if x.login.text = keys.Str("message"); x.login.text == "" {
			x.login.text = e.Text
		}
		switch e.Class {
		case exc.Security: // Frappe answers 500
			x.login.status = http.StatusTooManyRequests
		case exc.ExpiredLogin:
			x.login.status, x.login.text = http.StatusUnauthorized, "The login took too long. Please log in again."
		case exc.Authentication:
			if x.c.Form.Has("otp") { // the code may be tried again
				x.login.tmpID = x.c.Form.Str("tmp_id")
			}
		}
		x.c.Response.Keys, x.c.Messages = document.Object{}, nil
		return nil
	}
	switch {
	case keys.Has("tmp_id"):
		x.login.tmpID = keys.Str("tmp_id")
		x.login.prompt = keys.Get("verification").Map().PropText("prompt")
	case keys.Str("message") == "Password Reset":
		if u, err := url.Parse(keys.Str("redirect_to")); err == nil {
			x.login.to = u.RequestURI()
		}
	default:
		x.login.to = x.afterLogin()
	}
	x.c.Response.Keys = document.Object{}
	return nil
}

// giveUp rolls back what failed, so that a page can tell of it.
func (x *exchange) giveUp() {
	x.c.Rollback()
	x.gaveUp = true
}

// afterLogin is where a browser goes after its login: where it came from, when that is
// on this site.
func (x *exchange) afterLogin() string {
	for _, to := range []string{x.c.Form.PropText("redirect-to"), x.c.Response.Keys.PropText("redirect_to")} {
		if p := x.localPath(to); p != "" {
			return p
		}
	}
	home := x.c.Response.Keys.PropText("home_page")
	if p := x.localPath(home); p != "" {
		return p
	}
	return "/"
}

// localPath returns an address of this site as a path, "" for any other.
func (x *exchange) localPath(to string) string {
	if to == "" || strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(to, "//") {
		return ""
	}
	u, err := url.Parse(to)
	if err != nil || u.Opaque != "" || u.Host != "" && (u.Host != x.r.Host || u.Scheme != "http" && u.Scheme != "https") || u.Host == "" && u.Scheme != "" {
		return ""
	}
	path := u.RequestURI()
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return ""
	}
	return path
}

// loginPage shows the form, or goes on after a login.
func (x *exchange) loginPage() error {
	a := x.login
	if a == nil {
		a = &loginAnswer{}
	}
	if a.to != "" {
		x.seeOther(a.to)
		return nil
	}
	to := x.localPath(x.c.Form.PropText("redirect-to"))
	var b strings.Builder
	b.WriteString(`<form method="post" action="/login">`)
	if a.text != "" {
		b.WriteString(`<p role="alert">` + escape(a.text) + "</p>")
	}
	if to != "" {
		b.WriteString(hiddenField("redirect-to", to))
	}
	if a.tmpID != "" {
		b.WriteString("<p>" + escape(a.prompt) + "</p>" + hiddenField("tmp_id", a.tmpID) +
			`<label>Code<input name="otp" inputmode="numeric" autocomplete="one-time-code" autofocus required></label>`)
	} else {
		b.WriteString(`<label>User<input name="usr" autocomplete="username" autofocus required></label>` +
			`<label>Password<input name="pwd" type="password" autocomplete="current-password" required></label>`)
	}
	b.WriteString("<button>Log in</button></form>")
	x.formPage("Log in", b.String(), a.status)
	return nil
}

// passwordPage sets a new password with the key of a mail.
func (x *exchange) passwordPage(ctx context.Context) error {
	if !x.isForm() || !x.c.Form.Has("new_password") {
		x.passwordForm("", 0)
		return nil
	}
	if x.s.Auth.Foreign(x.c) {
		x.passwordForm("This form was sent by a page of another site.", http.StatusForbidden)
		return nil
	}
	in := document.NewObject("key", x.c.Form.PropText("key"), "new_password", x.c.Form.PropText("new_password"))
	if in.Str("key") == "" {
		x.passwordForm("The link is not complete.", http.StatusBadRequest)
		return nil
	}
	x.c.Form = in
	v, err := x.s.Methods.Call(ctx, x.c, "frappe.core.doctype.user.user.update_password")
	if err != nil {
		var e *exc.Error
		if !errors.As(err, &e) || e.Class.Status >= http.StatusInternalServerError {
			return err
		}
		x.giveUp()
		x.passwordForm(plainText(e.Text), e.Class.Status)
		return nil
	}
	text, _ := v.(string)
	if x.c.Response.Status == http.StatusGone {
		x.passwordForm(text, http.StatusGone)
		return nil
	}
	to := x.localPath(text)
	if to == "" {
		to = "/"
	}
	x.seeOther(to)
	return nil
}

func (x *exchange) passwordForm(text string, status int) {
	var b strings.Builder
	b.WriteString(`<form method="post" action="/update-password">`)
	if text != "" {
		b.WriteString(`<p role="alert">` + escape(text) + "</p>")
	}
	if t := x.c.Session.CSRFToken; t != "" {
		b.WriteString(hiddenField("csrf_token", t))
	}
	b.WriteString(hiddenField("key", x.c.Form.PropText("key")) +
		`<label>New password<input name="new_password" type="password" autocomplete="new-password" autofocus required></label><button>Set password</button></form>`)
	x.formPage("New password", b.String(), status)
}

// formPage is a page with a form that no other site may lay under its own buttons, and
// that leads nowhere with its address: that may hold a key.
func (x *exchange) formPage(title, body string, status int) {
	x.setPage(title, body)
	x.c.Response.Status = status
	x.c.Response.Header = append(x.c.Response.Header, [2]string{"X-Frame-Options", "DENY"},
		[2]string{"Content-Security-Policy", "frame-ancestors 'none'; script-src 'none'"}, [2]string{"Referrer-Policy", "same-origin"})
}

// seeOther sends the browser on with a GET.
func (x *exchange) seeOther(to string) {
	x.setPage("Log in", `<p><a href="`+escape(to)+`">Go on</a></p>`)
	x.c.Response.Status = http.StatusSeeOther
	x.c.Response.Header = append(x.c.Response.Header, [2]string{"Location", to})
}

func hiddenField(name, value string) string {
	return `<input type="hidden" name="` + escape(name) + `" value="` + escape(value) + `">`
}
