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

// order names an attribute that carries the order in which a tag's attributes were
// written: the parser sorts those of elements like b.
const order = "\uE001"

// Rules are what releases do differently.
type Rules struct {
	// SortAttributes prints attributes by name (v14); otherwise they keep their order.
	SortAttributes bool
	// Tel allows tel: addresses (v16).
	Tel bool
	// Mark knows the element mark (v15 and later).
	Mark bool
	// KeepStyle leaves the text of style declarations as it was written (v15 and
	// later); otherwise they are printed anew and those with addresses go.
	KeepStyle bool
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
	escaped, markup := r.escapeTags(strings.NewReplacer("&", entity, order, "").Replace(s))
	if !markup {
		return s
	}
	nodes, err := html.ParseFragment(strings.NewReader(escaped), body)
	if err != nil {
		return html.EscapeString(s)
	}
	var b strings.Builder
	for _, n := range nodes {
		r.write(&b, n, false)
	}
	return b.String()
}

// known reports whether an element stays an element.
func (r Rules) known(name string) bool { return allowed[name] || r.Mark && name == "mark" }

// escapeTags turns the tags of unknown elements into text, as they were written, before
// anything is parsed: so they open and close nothing. markup tells whether there was any
// tag at all. Source: bleach's tokenizer (bleach/html5lib_shim.py).
func (r Rules) escapeTags(s string) (escaped string, markup bool) {
	z := html.NewTokenizer(strings.NewReader(s))
	var b strings.Builder
	b.Grow(len(s) + 32)
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return b.String(), markup
		}
		raw := string(z.Raw())
		switch kind {
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			markup = true
			name, _ := z.TagName()
			if !r.known(string(name)) {
				z.NextIsNotRawText()
				raw = strings.NewReplacer("<", entity+"lt;", ">", entity+"gt;").Replace(raw)
			} else if !r.SortAttributes && kind != html.EndTagToken {
				raw = withOrder(raw, z)
			}
		}
		b.WriteString(raw)
	}
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
	ok := r.known(strings.ToLower(n.Data))
	if !ok { // an element that the parser made of nothing, or a defect of this code
		open, end = "&lt;", "&gt;"
	}
	b.WriteString(open + n.Data)
	r.writeAttributes(b, n)
	b.WriteString(end)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.write(b, c, ok && n.Data == "style")
	}
	if !void[n.Data] {
		b.WriteString(open + "/" + n.Data + end)
	}
}

// withOrder adds the attribute order to a start tag with several attributes.
func withOrder(raw string, z *html.Tokenizer) string {
	var keys []string
	for more := true; more; {
		var key []byte
		key, _, more = z.TagAttr()
		if len(key) > 0 {
			keys = append(keys, strings.ReplaceAll(string(key), `"`, ""))
		}
	}
	if len(keys) < 2 {
		return raw
	}
	end := strings.TrimSuffix(strings.TrimSuffix(raw, ">"), "/")
	return end + " " + order + `="` + strings.Join(keys, " ") + `"` + raw[len(end):]
}

// ordered returns the attributes as they were written.
func ordered(attrs []html.Attribute) []html.Attribute {
	for _, a := range attrs {
		if a.Key != order {
			continue
		}
		place := map[string]int{order: -1}
		for i, k := range strings.Fields(a.Val) {
			place[k] = i
		}
		sort.SliceStable(attrs, func(i, j int) bool { return place[attrs[i].Key] < place[attrs[j].Key] })
		return attrs[1:]
	}
	return attrs
}

func (r Rules) writeAttributes(b *strings.Builder, n *html.Node) {
	attrs := append([]html.Attribute(nil), n.Attr...)
	if r.SortAttributes {
		sort.SliceStable(attrs, func(i, j int) bool { return attrs[i].Key < attrs[j].Key })
	}
	for _, a := range ordered(attrs) {
		key, value := strings.ToLower(a.Key), strings.ReplaceAll(a.Val, entity, "&")
		if a.Namespace != "" {
			key = a.Namespace + ":" + key
		}
		if !keepsAttribute(n.Data, key) || addresses[key] && !r.safeAddress(value) {
			continue
		}
		if key == "style" {
			value = r.style(value)
		}
		b.WriteString(" " + key)
		if value == "" && a.Val == "" && boolean[key] {
			continue
		}
		b.WriteString(`="` + strings.ReplaceAll(text(strings.ReplaceAll(value, "&", entity)), `"`, "&quot;") + `"`)
	}
}

func keepsAttribute(element, key string) bool {
	switch {
	case strings.HasPrefix(key, "on") || dropped[key]:
		return false
	case strings.HasPrefix(key, "data-"), attributes[key]:
		return true
	}
	return element == "svg" && svgAttributes[key]
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

// style keeps the declarations of a style attribute. v14 prints them anew and drops
// what loads; later releases keep the text of each declaration.
func (r Rules) style(s string) string {
	if r.KeepStyle {
		return keptStyle(s)
	}
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

// keptStyle ends every declaration with a semicolon and keeps one run of blanks between
// them. Source: bleach/css_sanitizer.py sanitize_css.
func keptStyle(s string) string {
	var b strings.Builder
	for _, d := range declarations(s) {
		name, value, ok := strings.Cut(d, ":")
		name = strings.TrimSpace(name)
		if !ok || !propertyName(name) || strings.TrimSpace(value) == "" || strings.ContainsAny(value, "<>{}") || strings.Contains(strings.ToLower(value), "expression(") {
			continue
		}
		if blank := d[:len(d)-len(strings.TrimLeft(d, " \t\n\r\f"))]; b.Len() > 0 {
			b.WriteString(blank)
		}
		b.WriteString(name + ":" + strings.TrimRight(value, " \t\n\r\f") + ";")
	}
	return b.String()
}

// declarations splits at the semicolons that stand in no string and no brackets.
func declarations(s string) []string {
	var out []string
	depth, quote, start := 0, byte(0), 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ';' && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func propertyName(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return s != ""
}
