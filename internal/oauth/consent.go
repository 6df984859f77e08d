package oauth

import (
	"context"
	"crypto/subtle"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

// consented reports whether a request of strict mode may go through: nobody has to be
// asked, or this is the POST of the consent page. csrf is the field of the form; where
// the session's token was checked already, the field is gone.
func (p *Provider) consented(ctx context.Context, c *engine.Call, a *authRequest, csrf string) (bool, error) {
	if c.Session.SID == perm.Guest || c.Session.User != c.User {
		return false, nil // an API key or a Bearer token is no user that can be asked
	}
	if c.Request.Method == http.MethodPost && c.Session.CSRFToken != "" {
		if !p.engine.Site.Config().Bool("ignore_csrf") || subtle.ConstantTimeCompare([]byte(csrf), []byte(c.Session.CSRFToken)) == 1 {
			return true, nil
		}
	}
	return p.unasked(ctx, c, a)
}

// askConsent shows what the client wants. The page works without JavaScript: Allow is a
// form, Deny a link. Source: frappe/templates/includes/oauth_confirmation.html.
func (p *Provider) askConsent(ctx context.Context, c *engine.Call, a *authRequest) error {
	csrf := ""
	if p.strict() {
		var err error
		if csrf, err = p.auth.EnsureCSRF(ctx, c); err != nil {
			return err
		}
	}
	wants := slices.Clone(a.scopes)
	if at := slices.Index(wants, "openid"); at >= 0 {
		wants = append(slices.Delete(wants, at, at+1), "Full Name", "Email", "User Image", "Roles")
	}
	deny := []pair{{"error", "access_denied"}}
	if p.strict() && a.state != "" {
		deny = append(deny, pair{"state", a.state})
	}
	var b strings.Builder
	b.WriteString("<p><strong>" + html.EscapeString(a.Text("app_name")) + "</strong> asks for access to the account <strong>" +
		html.EscapeString(c.User) + "</strong>:</p><ul>")
	for _, w := range wants {
		b.WriteString("<li>" + html.EscapeString(w) + "</li>")
	}
	b.WriteString("</ul><p>Either way you go on to <strong>" + html.EscapeString(hostOf(a.redirectURI)) + "</strong>.</p>")
	if p.strict() {
		b.WriteString(`<form method="post" action="/api/method/` + module + `approve">`)
		for i := range c.Form.Len() {
			if k, v := c.Form.At(i); k != "cmd" && k != "csrf_token" {
				b.WriteString(hidden(k, document.ToText(v)))
			}
		}
		b.WriteString(hidden("csrf_token", csrf) + "<button>Allow</button></form>")
	} else {
		b.WriteString(`<p><a href="/api/method/` + module + "approve?" + html.EscapeString(formQuery(c)) + `">Allow</a></p>`)
	}
	b.WriteString(`<p><a href="` + html.EscapeString(safeLink(withParams(a.redirectURI, deny, false))) + `">Deny</a></p>`)
	c.Response.Kind, c.Response.Title, c.Response.Content = "page", "Confirm Access", []byte(b.String())
	// No other site may lay this page under its own buttons.
	c.Response.Header = append(c.Response.Header, [2]string{"X-Frame-Options", "DENY"}, [2]string{"Content-Security-Policy", "frame-ancestors 'none'"})
	return nil
}

// hostOf is the part of an address by which people know a site.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return address
}

func hidden(name, value string) string {
	return `<input type="hidden" name="` + html.EscapeString(name) + `" value="` + html.EscapeString(value) + `">`
}

// safeLink keeps a redirect address from being a script.
func safeLink(address string) string {
	scheme, _, _ := strings.Cut(address, ":")
	switch strings.ToLower(scheme) {
	case "javascript", "data", "vbscript":
		return "#"
	}
	return address
}
