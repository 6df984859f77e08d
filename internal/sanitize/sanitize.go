// Package sanitize owns the cleaning of HTML that clients put into text: harmless
// elements stay, others are shown as text, handlers and dangerous addresses go. It
// follows what upstream's sanitiser makes of the same text. Start with HTML.
package sanitize

import (
	"sort"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"freddo/document"
)

// entity stands for '&' while the parser works, so that entities stay as they were
// written.
const entity = "\uE000"

// Rules are what releases do differently.
type Rules struct {
	// SortAttributes prints attributes by name (v14); otherwise they keep their order.
	SortAttributes bool
	// Tel allows tel: addresses.
	Tel bool
}

// HTML cleans one text. Text without markup, and JSON, are returned as they are.
// Source: frappe/utils/html_utils.py sanitize_html.
func (r Rules) HTML(s string) string {
	if !strings.ContainsAny(s, "<>") {
		return s
	}
	if t := strings.TrimSpace(s); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
		if _, err := document.ParseJSON(t); err == nil {
			return s
		}
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(strings.ReplaceAll(s, "&", entity)), body)
	if err != nil {
		return html.EscapeString(s)
	}
	if !hasMarkup(nodes) {
		return s
	}
	var b strings.Builder
	for _, n := range nodes {
		r.write(&b, n, false)
	}
	return b.String()
}

func hasMarkup(nodes []*html.Node) bool {
	for _, n := range nodes {
		if n.Type == html.ElementNode {
			return true
		}
	}
	return false
}

// write prints a node; raw says that it stands in an element whose text has no
// entities (style).
func (r Rules) write(b *strings.Builder, n *html.Node, raw bool) {
	switch n.Type {
	case html.TextNode:
		if raw {
			b.WriteString(strings.ReplaceAll(n.Data, entity, "&"))
		} else {
			b.WriteString(text(n.Data))
		}
	case html.CommentNode:
		b.WriteString("<!--" + strings.ReplaceAll(n.Data, entity, "&") + "-->")
	case html.ElementNode:
		r.writeElement(b, n)
	}
}

func (r Rules) writeElement(b *strings.Builder, n *html.Node) {
	open, end := "<", ">"
	ok := allowed[n.Data] || n.Namespace == "svg" || n.Namespace == "math"
	if n.Data == "script" {
		ok = false
	}
	if !ok {
		open, end = "&lt;", "&gt;"
	}
	b.WriteString(open + n.Data)
	r.writeAttributes(b, n, ok)
	b.WriteString(end)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.write(b, c, ok && n.Data == "style")
	}
	if !void[n.Data] {
		b.WriteString(open + "/" + n.Data + end)
	}
}

func (r Rules) writeAttributes(b *strings.Builder, n *html.Node, filter bool) {
	attrs := append([]html.Attribute(nil), n.Attr...)
	if r.SortAttributes {
		sort.SliceStable(attrs, func(i, j int) bool { return attrs[i].Key < attrs[j].Key })
	}
	for _, a := range attrs {
		key, value := strings.ToLower(a.Key), strings.ReplaceAll(a.Val, entity, "&")
		if filter {
			if strings.HasPrefix(key, "on") || dropped[key] || addresses[key] && !r.safeAddress(value) || n.Namespace == "svg" && !strings.HasPrefix(key, "data-") && !svgAttributes[key] {
				continue
			}
			if key == "style" {
				value = style(value)
			}
		}
		b.WriteString(" " + key)
		if value == "" && a.Val == "" && boolean[key] {
			continue
		}
		b.WriteString(`="` + strings.ReplaceAll(text(strings.ReplaceAll(value, "&", entity)), `"`, "&quot;") + `"`)
	}
}

// text escapes text while entities that were written stay.
func text(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		i := strings.IndexAny(s, "<>")
		j := strings.Index(s, entity)
		switch {
		case i < 0 && j < 0:
			b.WriteString(s)
			return b.String()
		case j < 0 || i >= 0 && i < j:
			b.WriteString(s[:i])
			if s[i] == '<' {
				b.WriteString("&lt;")
			} else {
				b.WriteString("&gt;")
			}
			s = s[i+1:]
		default:
			b.WriteString(s[:j])
			s = s[j+len(entity):]
			if isEntity(s) {
				b.WriteString("&")
			} else {
				b.WriteString("&amp;")
			}
		}
	}
	return b.String()
}

// isEntity reports whether what follows an ampersand makes it an entity.
func isEntity(s string) bool {
	end := strings.IndexByte(s, ';')
	if end <= 0 || end > 32 {
		return false
	}
	for i, c := range s[:end] {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i != 0 || c != '#') {
			return false
		}
	}
	return true
}

// safeAddress allows relative addresses and a few schemes.
func (r Rules) safeAddress(s string) bool {
	s = strings.Map(func(r rune) rune {
		if r <= 0x20 || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToLower(s))
	scheme, _, ok := strings.Cut(s, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return true
	}
	switch scheme {
	case "http", "https", "mailto", "cid":
		return true
	case "tel":
		return r.Tel
	}
	return false
}

// style keeps declarations that load and run nothing.
func style(s string) string {
	var out []string
	for _, d := range strings.Split(s, ";") {
		name, value, ok := strings.Cut(d, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		lower := strings.ToLower(value)
		if !ok || name == "" || strings.Contains(lower, "url(") || strings.Contains(lower, "expression") || strings.ContainsAny(value, "\\<>@") {
			continue
		}
		out = append(out, name+": "+value+";")
	}
	return strings.Join(out, " ")
}
