package httpapi

import (
	"html"
	"net/http"
	"strings"

	"freddo/document"
)

var contentProblem = []string{"application/problem+json"}

// wantsProblem reports whether the client asks for errors as RFC 9457 has them.
func (x *exchange) wantsProblem() bool {
	for _, line := range x.r.Header["Accept"] {
		if !strings.Contains(line, "problem+json") {
			continue
		}
		for part := range strings.SplitSeq(line, ",") {
			media, params, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
			if strings.EqualFold(media, contentProblem[0]) && params != "q=0" {
				return true
			}
		}
	}
	return false
}

// failProblem answers an error as application/problem+json. The extension members are
// exc_type, Frappe's class, and messages, the texts of the message log.
func (x *exchange) failProblem(f *failure) {
	title := http.StatusText(f.status)
	if title == "" {
		title = f.Class.Name
	}
	o := document.NewObject("type", "urn:frappe:exception:"+f.Class.Name, "title", title, "status", f.status)
	if d := x.problemDetail(f); d != "" {
		o.Set("detail", document.Text(d))
	}
	o.Set("exc_type", document.Text(f.Class.Name))
	var messages []document.Value
	for _, m := range x.c.Messages {
		if m.List != nil {
			messages = append(messages, document.Texts(m.List))
		} else {
			messages = append(messages, document.Text(plainText(m.Text)))
		}
	}
	if len(messages) > 0 {
		o.Set("messages", document.ListOf(messages...))
	}
	x.send(f.status, contentProblem, x.p.Body.AppendObject(nil, o))
}

// problemDetail is what the client may know: what was thrown for it, or what a traceback
// would show where it may see that.
func (x *exchange) problemDetail(f *failure) string {
	switch {
	case f.Thrown || f.HTML || f.Error == errInternal:
		return plainText(f.Text)
	case f.Hint != "":
		return plainText(f.Hint)
	case len(x.c.Messages) > 0 && x.c.Messages[0].List == nil:
		return plainText(x.c.Messages[0].Text)
	case f.trace:
		return plainText(f.Text)
	}
	return ""
}

// plainText is a message without its markup.
func plainText(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return s
	}
	var b strings.Builder
	for {
		before, tag, ok := strings.Cut(s, "<")
		b.WriteString(before)
		if !ok {
			break
		}
		in, after, closed := strings.Cut(tag, ">")
		if !closed || in == "" || in[0] != '/' && (in[0]|0x20 < 'a' || in[0]|0x20 > 'z') {
			b.WriteByte('<')
			s = tag
			continue
		}
		if strings.HasPrefix(strings.ToLower(in), "br") {
			b.WriteByte('\n')
		}
		s = after
	}
	return html.UnescapeString(b.String())
}
