package oauth

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Bounds of a registration.
const (
	maxRedirects = 20
	maxName      = 140
)

// registerClient makes a client of what anybody asks for (RFC 7591), while the settings
// allow it. Source: frappe/integrations/oauth2.py register_client.
func (p *Provider) registerClient(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	set, err := p.settings(ctx, c)
	if err != nil {
		return nil, err
	}
	if set.Int("enable_dynamic_client_registration") == 0 {
		return nil, notFound()
	}
	media, _, _ := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if media != "application/json" {
		e := exc.UnsupportedMediaType.New("Did not attempt to load JSON data because the request Content-Type was not 'application/json'.")
		e.HTML = true
		return nil, e
	}
	v, err := document.ParseJSON(string(c.Request.Body))
	if err != nil || v.IsNull() {
		return nil, refuseMetadata(c, "Request body is empty")
	}
	m, problems := readMetadata(v)
	if len(problems) > 0 {
		return nil, refuseMetadata(c, validationText(problems))
	}
	if reasons := m.check(p.engine.Site.Config().Bool("developer_mode")); len(reasons) > 0 {
		return nil, refuseMetadata(c, strings.Join(reasons, ",\n"))
	}
	d, err := create(ctx, c, m.document())
	if err != nil {
		return nil, err
	}
	return nil, writeJSON(c, http.StatusCreated, m.answer(c, d))
}

func refuseMetadata(c *engine.Call, why string) error {
	return writeJSON(c, http.StatusBadRequest, document.NewObject("error", "invalid_client_metadata", "error_description", why))
}

// metadata is a client as it describes itself.
// Source: frappe/integrations/utils.py OAuth2DynamicClientMetadata.
type metadata struct {
	redirects, grants, responses, contacts []string
	text                                   map[string]string
}

// problem is a field that is missing or of the wrong kind.
type problem struct{ field, text string }

func validationText(problems []problem) string {
	plural := "s"
	if len(problems) == 1 {
		plural = ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d validation error%s for OAuth2DynamicClientMetadata", len(problems), plural)
	for _, p := range problems {
		b.WriteString("\n" + p.field + "\n  " + p.text)
	}
	return b.String()
}

// readMetadata checks the kinds of what was sent; unknown members are ignored.
func readMetadata(v document.Value) (*metadata, []problem) {
	o := v.Map()
	if o == nil {
		return nil, []problem{{"", "Input should be a valid dictionary"}}
	}
	m := &metadata{text: map[string]string{}}
	var problems []problem
	bad := func(field, text string) { problems = append(problems, problem{field, text}) }
	list := func(field string, required bool) []string {
		w := o.Get(field)
		if w.IsNull() {
			if required {
				bad(field, "Field required")
			}
			return nil
		}
		items := w.List()
		if w.Kind() != document.List || len(items) > maxRedirects {
			bad(field, "Input should be a valid list")
			return nil
		}
		out := make([]string, len(items))
		for i, item := range items {
			if item.Kind() != document.String {
				bad(fmt.Sprintf("%s.%d", field, i), "Input should be a valid string")
			}
			out[i] = item.Str()
		}
		return out
	}
	for i, uri := range list("redirect_uris", true) {
		normal, ok := httpURL(uri)
		if !ok {
			bad(fmt.Sprintf("redirect_uris.%d", i), "Input should be a valid URL")
		}
		m.redirects = append(m.redirects, normal)
	}
	m.grants, m.responses, m.contacts = list("grant_types", false), list("response_types", false), list("contacts", false)
	for _, field := range []string{"client_name", "token_endpoint_auth_method", "scope", "software_id", "software_version"} {
		switch w := o.Get(field); {
		case w.IsNull() && field == "client_name":
			bad(field, "Field required")
		case w.IsNull():
		case w.Kind() != document.String || len(w.Str()) > maxParam || field != "scope" && len(w.Str()) > maxName:
			bad(field, "Input should be a valid string")
		default:
			m.text[field] = w.Str()
		}
	}
	m.readAddresses(o, bad)
	return m, problems
}

// readAddresses takes the addresses of pages about the client.
func (m *metadata) readAddresses(o *document.Object, bad func(field, text string)) {
	for _, field := range []string{"client_uri", "logo_uri", "tos_uri", "policy_uri"} {
		w := o.Get(field)
		if w.IsNull() {
			continue
		}
		normal, ok := httpURL(w.Str())
		if !ok {
			bad(field, "Input should be a valid URL")
		}
		m.text[field] = normal
	}
}

// httpURL normalises an address as pydantic's HttpUrl does: lower-case scheme and host,
// no default port, and a path of at least a slash.
func httpURL(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || len(s) > 2083 || strings.ContainsAny(s, " \t\r\n") || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return s, false
	}
	u.Host = strings.ToLower(u.Host)
	if port := u.Port(); port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), true
}

// check says why a client cannot be had.
// Source: frappe/integrations/utils.py validate_dynamic_client_metadata.
func (m *metadata) check(developer bool) []string {
	var reasons []string
	if len(m.redirects) == 0 {
		reasons = append(reasons, "redirect_uris is required")
	}
	if slices.ContainsFunc(m.grants, func(g string) bool { return g != "authorization_code" && g != "refresh_token" }) {
		reasons = append(reasons, "only 'authorization_code' and 'refresh_token' grant types are supported")
	}
	if slices.ContainsFunc(m.responses, func(r string) bool { return r != "code" }) {
		reasons = append(reasons, "only 'code' response_type is supported")
	}
	if !developer && slices.ContainsFunc(m.redirects, func(u string) bool { return !strings.HasPrefix(u, "https:") }) {
		reasons = append(reasons, "redirect_uris must be https")
	}
	return reasons
}

func (m *metadata) document() *document.Object {
	scope := m.text["scope"]
	if scope == "" {
		scope = "all"
	}
	o := document.NewObject("doctype", dtClient, "app_name", m.text["client_name"], "scopes", scope, "redirect_uris", strings.Join(m.redirects, "\n"),
		"default_redirect_uri", m.redirects[0], "response_type", "Code", "grant_type", "Authorization Code", "skip_authorization", 0)
	for _, field := range []string{"client_uri", "logo_uri", "tos_uri", "policy_uri", "software_id", "software_version"} {
		if t := m.text[field]; t != "" {
			o.Set(field, document.Text(t))
		}
	}
	if len(m.contacts) > 0 {
		o.Set("contacts", document.Text(strings.Join(m.contacts, "\n")))
	}
	switch m.text["token_endpoint_auth_method"] {
	case "none":
		o.Set("token_endpoint_auth_method", document.Text("None"))
	case "client_secret_post":
		o.Set("token_endpoint_auth_method", document.Text("Client Secret Post"))
	}
	return o
}

func (m *metadata) answer(c *engine.Call, d *document.Document) *document.Object {
	o := document.NewObject("client_id", d.Name(), "client_id_issued_at", siteTime(c, document.ToText(d.At(doctype.SlotCreation))).Unix(),
		"client_secret_expires_at", 0, "client_name", d.Text("app_name"), "grant_types", []string{"authorization_code"},
		"response_types", []string{"code"}, "scope", d.Text("scopes"), "redirect_uris", m.redirects)
	if !(&client{d, d.Name()}).public() {
		o.Set("client_secret", document.Text(d.Text("client_secret")))
	}
	for _, field := range []string{"client_uri", "logo_uri", "tos_uri", "policy_uri", "software_id", "software_version"} {
		if t := d.Text(field); t != "" {
			o.Set(field, document.Text(t))
		}
	}
	if len(m.contacts) > 0 {
		o.Set("contacts", document.Texts(m.contacts))
	}
	return o
}
