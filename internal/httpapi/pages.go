package httpapi

import (
	"context"
	"html"
	"net/http"
	"strconv"
	"strings"
)

func escape(s string) string { return html.EscapeString(s) }

func httpCode(status int) string { return strconv.Itoa(status) }

// plainPage is the small page that upstream's web library answers. text is HTML.
func plainPage(title, text string) []byte {
	_, heading, ok := strings.Cut(title, " ")
	if !ok || len(title) < 4 || title[0] < '0' || title[0] > '9' {
		heading = title
	}
	return []byte("<!doctype html>\n<html lang=en>\n<title>" + title + "</title>\n<h1>" + heading + "</h1>\n<p>" + text + "</p>\n")
}

const pageStyle = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0;display:grid;place-items:center;min-height:100vh}
main{max-width:34rem;padding:2rem}h1{font-size:1.4rem;margin:0 0 .5rem}input,button{font:inherit;display:block;width:100%;box-sizing:border-box;
padding:.5rem;margin:.25rem 0 .75rem}label{font-size:.9rem}code{background:#8883;padding:.1rem .3rem;border-radius:.2rem}p[role=alert]{min-height:1.5em}`

// page is a page of ours. body is HTML, title text.
func page(title, body string) []byte {
	return []byte(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>` +
		escape(title) + "</title><style>" + pageStyle + "</style></head><body><main><h1>" + escape(title) + "</h1>" + body + "</main></body></html>\n")
}

// page answers website paths: a landing page, the login form, and the desk's address,
// whose rendering gives the session its CSRF token. Anything else is the Pages
// handler's, or not found.
func (x *exchange) page(ctx context.Context) error {
	switch x.verb {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		return websiteNotFound()
	}
	switch path := strings.TrimSuffix(x.path, "/"); {
	case path == "/login":
		return x.loginPage()
	case path == "/update-password" && x.s.Pages == nil:
		return x.passwordPage(ctx)
	case x.p.DeskMoved && (path == "/app" || path == "/apps" || strings.HasPrefix(path, "/app/")):
		x.toDesk(path)
		return nil
	case isDesk(path):
		return x.desk(ctx)
	case path == "" && x.s.Pages == nil:
		x.setPage("Freddo", "<p>This site speaks the Frappe Framework's HTTP API, release "+escape(x.p.Version)+`. Documents are under <code>/api/resource/&lt;DocType&gt;</code>, methods under <code>/api/method/&lt;name&gt;</code>.</p>`)
		return nil
	}
	if x.s.Pages == nil {
		x.setPage("Not Found", "<p>The resource you are looking for is not available</p>")
		x.c.Response.Status = http.StatusNotFound
		return nil
	}
	x.headers(x.w.Header(), http.StatusOK)
	x.status = http.StatusOK
	x.s.Pages.ServeHTTP(x.w, x.r)
	return nil
}

func (x *exchange) setPage(title, body string) {
	x.c.Response.Kind, x.c.Response.Title, x.c.Response.Content = "page", title, []byte(body)
}

func isDesk(path string) bool {
	for _, root := range [...]string{"/app", "/desk"} {
		if path == root || strings.HasPrefix(path, root+"/") {
			return true
		}
	}
	return false
}

// toDesk sends an address of the older desk to the present one; below it the query goes
// along. Source: frappe/hooks.py website_redirects.
func (x *exchange) toDesk(path string) {
	to := x.p.Desk
	if below, ok := strings.CutPrefix(path, "/app/"); ok {
		to += "/" + below
		if x.r.URL.RawQuery != "" {
			to += "?" + x.r.URL.RawQuery
		}
	}
	x.c.Response.Kind, x.c.Response.Location, x.c.Response.Status = "redirect", to, http.StatusMovedPermanently
}

// desk answers the address of the desk. A Guest is sent to log in.
// Source: frappe/www/app.py get_context.
func (x *exchange) desk(ctx context.Context) error {
	if x.c.User == "Guest" {
		x.c.Response.Kind, x.c.Response.Location = "redirect", "/login?redirect-to="+escapeQuery(x.path)
		return nil
	}
	token, err := x.s.Auth.EnsureCSRF(ctx, x.c)
	if err != nil {
		return err
	}
	if x.s.Pages != nil {
		if err := x.c.Commit(ctx); err != nil {
			return err
		}
		x.headers(x.w.Header(), http.StatusOK)
		x.status = http.StatusOK
		x.s.Pages.ServeHTTP(x.w, x.r)
		return nil
	}
	x.setPage("Freddo", "<p>You are logged in as <strong>"+escape(x.c.User)+`</strong>.</p><script>window.frappe=window.frappe||{};frappe.csrf_token="`+token+`"</script>`)
	return nil
}

func escapeQuery(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_.-~/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		const digits = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}
