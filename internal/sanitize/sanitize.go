// Package sanitize owns the cleaning of HTML that clients put into text: harmless
// elements stay, others are shown as text, handlers and dangerous addresses go. It
// follows what upstream's sanitiser makes of the same text. Start with HTML.
package sanitize

import (
	"regexp"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"freddo/document"
)

// entity stands for '&' while the parser works, so that entities stay as they were
// written. It is a code point that Unicode keeps out of texts.
const entity = "\uFDD0"

// order names an attribute that carries the order in which a tag's attributes were
// written: the parser sorts those of elements like b.
const order = "\uFDD1"

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
	s = notText.Replace(s) // before anything is judged
	out, markup := r.clean(s)
	for range maxRounds {
		if !markup {
			return out
		}
		// What browsers make of misplaced tables, forms and links depends on what they
		// have made of them before. So the text is cleaned until it stays what it is.
		var again string
		if again, markup = r.clean(out); again == out {
			return out
		}
		out = again
	}
	return html.EscapeString(s)
}

// notText is what no text has: parsers drop it, and read what stood around it as one.
var notText = strings.NewReplacer("\x00", "", entity, "", order, "")

// maxRounds is how often a text is cleaned before it counts as one that never comes to
// rest, and is shown as it was written.
const maxRounds = 8

// clean is one round. markup tells whether there was any tag at all.
func (r Rules) clean(s string) (out string, markup bool) {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	escaped, markup := r.escapeTags(strings.ReplaceAll(s, "&", entity))
	if !markup {
		return s, false
	}
	nodes, err := html.ParseFragment(strings.NewReader(escaped), body)
	if err != nil {
		return html.EscapeString(s), false
	}
	var b strings.Builder
	for _, n := range nodes {
		r.write(&b, n, false)
	}
	return b.String(), true
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
		case html.CommentToken:
			if !strings.HasPrefix(raw, "<!--") { // in a picture, the parser would read CDATA as text
				raw = "<!--" + comment(string(z.Text())) + "-->"
			}
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
			b.WriteString(tagStart.ReplaceAllString(strings.ReplaceAll(n.Data, entity, "&"), "&lt;$1"))
		} else {
			b.WriteString(text(n.Data))
		}
	case html.CommentNode:
		b.WriteString("<!--" + comment(strings.ReplaceAll(n.Data, entity, "&")) + "-->")
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
	name := n.Data
	if !ok {
		name = text(name)
	}
	b.WriteString(open + name)
	r.writeAttributes(b, n)
	b.WriteString(end)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.write(b, c, ok && n.Data == "style" && n.Namespace == "")
	}
	if !void[n.Data] {
		b.WriteString(open + "/" + name + end)
	}
}

// tagStart is what opens a tag where an element's text is read as markup after all. CSS
// has no need of it.
var tagStart = regexp.MustCompile(`<([a-zA-Z/!?])`)

// comment is the text of a comment without what would end it early.
func comment(s string) string {
	for _, end := range [...]string{"-->", "--!>"} {
		s = strings.ReplaceAll(s, end, "")
	}
	return strings.TrimRight(strings.TrimLeft(s, "->"), "-!<")
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
		key := strings.ToLower(a.Key)
		if a.Namespace != "" {
			key = a.Namespace + ":" + key
		}
		printed := strings.ReplaceAll(text(a.Val), `"`, "&quot;")
		if !keepsAttribute(n.Data, key) || addresses[key] && !r.safeAddress(html.UnescapeString(printed)) {
			continue
		}
		if key == "style" {
			printed = styleText.Replace(r.style(html.UnescapeString(printed)))
		}
		b.WriteString(" " + key)
		if printed == "" && boolean[key] {
			continue
		}
		b.WriteString(`="` + printed + `"`)
	}
}

var styleText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// attributeName is a name that every parser reads alike.
var attributeName = regexp.MustCompile(`^[a-z0-9_:.-]+$`)

func keepsAttribute(element, key string) bool {
	switch {
	case strings.HasPrefix(key, "on") || dropped[key] || !attributeName.MatchString(key):
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

// safeAddress judges an address as a browser reads it: relative ones are allowed, and a
// few schemes. s has no entities any more. Source: bleach/sanitizer.py sanitize_uri_value.
func (r Rules) safeAddress(s string) bool {
	s = strings.Map(func(r rune) rune {
		if r <= 0x20 || r >= 0x7f && r <= 0xa0 || r == '`' || r == utf8.RuneError || unicode.IsSpace(r) {
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
