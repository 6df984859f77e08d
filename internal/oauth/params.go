package oauth

import (
	"mime"
	"net/url"
	"strings"

	"freddo/document"
	"freddo/internal/engine"
)

// params are a request's parameters as oauthlib sees them: text, the first of equal
// names, and which names came twice.
type params struct {
	values map[string]string
	twice  map[string]bool
}

func (p params) get(name string) string { return p.values[name] }

func (p params) lookup(name string) (string, bool) { v, ok := p.values[name]; return v, ok }

func newParams() params { return params{values: map[string]string{}, twice: map[string]bool{}} }

// add reads application/x-www-form-urlencoded text. A value beyond maxParam is cut, so
// that nobody makes us store novels.
func (p params) add(text string) {
	for text != "" && len(p.values) < 100 {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		k, v, _ := strings.Cut(pair, "=")
		k, v = unquote(k), unquote(v)
		if k == "" {
			continue
		}
		p.put(k, v)
	}
}

func (p params) put(k, v string) {
	if len(v) > maxParam {
		v = v[:maxParam]
	}
	if _, ok := p.values[k]; ok {
		p.twice[k] = true
		return
	}
	p.values[k] = v
}

func unquote(s string) string {
	if t, err := url.QueryUnescape(s); err == nil {
		s = t
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// urlAndBody are the parameters of the address and of a form.
func urlAndBody(c *engine.Call) params {
	p := newParams()
	p.add(c.Request.Query)
	addBody(p, c)
	return p
}

// body are the parameters of a form; JSON is not read.
// Source: frappe/integrations/oauth2.py get_token (request.form).
func body(c *engine.Call) params {
	p := newParams()
	addBody(p, c)
	return p
}

func addBody(p params, c *engine.Call) {
	media, _, _ := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	switch media {
	case "application/x-www-form-urlencoded":
		p.add(string(c.Request.Body))
	case "multipart/form-data":
		for i := range c.Form.Len() {
			if k, v := c.Form.At(i); k != "cmd" {
				p.put(k, document.ToText(v))
			}
		}
	}
}

// quote percent-encodes as Python's urllib.parse.quote with nothing safe.
func quote(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// readable undoes the escapes of a query that can stand without them.
// Source: werkzeug/urls.py uri_to_iri.
func readable(query string) string {
	var b strings.Builder
	for i := 0; i < len(query); i++ {
		if query[i] == '%' && i+2 < len(query) {
			c, err := url.PathUnescape(query[i : i+3])
			if err == nil && c[0] > ' ' && c[0] < 0x7f && !strings.Contains("%&=+", c) {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(query[i])
	}
	return b.String()
}

// pair is one parameter of an address.
type pair struct{ name, value string }

// encode joins parameters as Python's urlencode does, with blanks as plus signs.
func encode(pairs []pair) string {
	var b strings.Builder
	for i, kv := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(kv.name) + "=" + url.QueryEscape(kv.value))
	}
	return b.String()
}

// withParams appends parameters to an address's query, or makes them its fragment.
// Source: oauthlib/common.py add_params_to_uri.
func withParams(address string, pairs []pair, fragment bool) string {
	text := encode(pairs)
	if fragment {
		return address + "#" + text
	}
	if strings.Contains(address, "?") {
		if strings.HasSuffix(address, "?") || strings.HasSuffix(address, "&") {
			return address + text
		}
		return address + "&" + text
	}
	return address + "?" + text
}

// isAbsolute reports whether an address has a scheme and no fragment.
// Source: oauthlib/uri_validate.py is_absolute_uri.
func isAbsolute(address string) bool {
	if strings.ContainsAny(address, " \t\r\n\x00#") {
		return false
	}
	u, err := url.Parse(address)
	return err == nil && u.IsAbs() && (u.Host != "" || u.Opaque != "" || u.Path != "")
}
