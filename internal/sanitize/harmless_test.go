package sanitize

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// releases are the rules of v14, v15 and v16.
var releases = []Rules{{SortAttributes: true}, {Mark: true, KeepStyle: true}, {Mark: true, KeepStyle: true, Tel: true}}

// harmless parses a sanitised text as a browser does, where it is put into an element of a
// page, and fails for what could run. It shares nothing with the code under test but the
// parser.
func harmless(t testing.TB, in, out string) {
	t.Helper()
	for _, around := range []atom.Atom{atom.Body, atom.Div, atom.Td, atom.Select, atom.Template} {
		nodes, err := html.ParseFragment(strings.NewReader(out), &html.Node{Type: html.ElementNode, Data: around.String(), DataAtom: around})
		if err != nil {
			t.Errorf("%q became %q, which does not parse: %v", in, out, err)
			return
		}
		for _, n := range nodes {
			if bad := danger(n); bad != "" {
				t.Errorf("%q became %q: %s", in, out, bad)
				return
			}
		}
	}
}

var running = map[string]bool{"script": true, "iframe": true, "object": true, "embed": true, "applet": true, "base": true, "frame": true, "frameset": true,
	"noscript": true, "template": true, "foreignobject": true, "plaintext": true, "xmp": true, "noembed": true, "noframes": true}

// hrefs are the attributes that some browser reads as an address.
var hrefs = map[string]bool{"href": true, "src": true, "action": true, "formaction": true, "xlink:href": true, "srcset": true, "poster": true,
	"background": true, "cite": true, "longdesc": true, "data": true, "dynsrc": true, "lowsrc": true, "datasrc": true, "ping": true, "manifest": true,
	"codebase": true, "classid": true, "usemap": true, "icon": true, "srcdoc": true, "imagesrcset": true, "profile": true, "archive": true,
	"xml:base": true, "from": true, "to": true, "values": true, "by": true}

var (
	blanks    = regexp.MustCompile(`[\x00-\x20\x7f-\x{a0}]+`)
	runs      = regexp.MustCompile(`^(javascript|vbscript|livescript|mocha|data|file|blob|filesystem|view-source):`)
	styleRuns = regexp.MustCompile(`(?i)expression\s*\(|-moz-binding|(^|;)\s*behavior\s*:|@import`)
)

func danger(n *html.Node) string {
	if n.Type == html.ElementNode {
		if running[strings.ToLower(n.Data)] {
			return "an element " + n.Data
		}
		for _, a := range n.Attr {
			key := strings.ToLower(a.Key)
			if a.Namespace != "" {
				key = a.Namespace + ":" + key
			}
			switch address := strings.ToLower(blanks.ReplaceAllString(a.Val, "")); {
			case strings.HasPrefix(key, "on"), key == "http-equiv", key == "srcdoc", key == "attributename":
				return "an attribute " + key
			case hrefs[key] && runs.MatchString(address) && !strings.HasPrefix(address, "data:image/"):
				return fmt.Sprintf("an address %s=%q", key, a.Val)
			case key == "style" && styleRuns.MatchString(plainCSS(a.Val)):
				return fmt.Sprintf("a style %q", a.Val)
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if bad := danger(c); bad != "" {
			return bad
		}
	}
	return ""
}

func plainCSS(s string) string {
	s = regexp.MustCompile(`\\(?:00)?([0-9a-fA-F]{2})[ ]?`).ReplaceAllStringFunc(s, func(e string) string {
		var n rune
		_, _ = fmt.Sscanf(strings.TrimRight(strings.TrimPrefix(e, `\`), " "), "%x", &n)
		return string(n)
	})
	return regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(strings.ReplaceAll(s, `\`, ""), "")
}

// pieces are what payloads are made of: each opens, closes or breaks something.
var pieces = []string{"<svg>", "</svg>", "<math>", "</math>", "<style>", "</style>", "<style/>", "<title>", "</title>", "<textarea>", "</textarea>", "<noscript>", "</noscript>",
	"<template>", "</template>", "<select>", "</select>", "<option>", "<table>", "</table>", "<tr>", "<td>", "<caption>", "<form>", "</form>", "<p>", "</p>", "<a href='", "'>",
	"<mtext>", "<mi>", "<mglyph>", "<malignmark>", "<annotation-xml encoding='text/html'>", "<foreignObject>", "<desc>", "</desc>", "<!--", "-->", "--!>", "<!-->", "<![CDATA[", "]]>",
	"<?x ", "<!x ", "\x00", "\u00a0", "\t", "\n", "\f", "/", "\"", "'", "`", "=", ">", "<", "&lt;", "&gt;", "&quot;", "&amp;", "&#60;", "&#x3c", "&colon;", "&Tab;", "&NewLine;", "&#0;",
	"<img src=x onerror=alert(1)>", "<img src=\"", "<script>alert(1)</script>", "</script>", "<script", "<x<script>", "<img/src/onerror=alert(1)//", "<b onclick=alert(1)>",
	"<a href=javascript:alert(1)>", "<a href=\"java\nscript:alert(1)\">", "<a href=&#106;avascript:alert(1)>", "<a href=\"javascript&colon;alert(1)\">", "<a href=' &#14; javascript:alert(1)'>",
	"<a xlink:href=javascript:alert(1)>", "<svg xlink:href=javascript:alert(1)>", "<use href=data:image/svg+xml,x>", "<animate attributeName=href values=javascript:alert(1)>",
	"<svg values=javascript:alert(1) from=javascript:1 to=javascript:2>", "<form action=vbscript:x>", "<button formaction=javascript:alert(1)>", "<input type=image src=data:text/html,x>",
	"<video poster=javascript:1 src=data:text/html;base64,x>", "<iframe srcdoc='<script>'>", "<iframe>", "</iframe>", "<object data=javascript:1>", "<embed src=javascript:1>", "<meta http-equiv=refresh content='0;url=javascript:1'>",
	"<link rel=stylesheet href=javascript:1>", "<base href=javascript:1>", "<td background=javascript:1>", "<p style=\"background:url(javascript:alert(1))\">", "<p style='width:exp/**/ression(alert(1))'>",
	"<p style=\"background:u\\72l(java\\73 cript:1)\">", "<p style='-moz-binding:url(x)'>", "<p style=\"background&colon;url(javascript&#58;1)\">", "<p style='x:y;color:red", "<i data-x\"onclick=alert(1)>",
	"<plaintext>", "<xmp>", "<noembed>", "<noframes>", "<frameset>", "<html onload=1>", "<body onload=1>", "<head>", "<li>", "<b>", "</b>", "<i>", "<a>", "</a>", "<h1>", "<hr>", "<br>", "</br>", "<mark>", "<o:p>", "text", "ä€😀"}

// payload joins pieces; names, quotes and blanks of some are changed.
func payload(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(12) {
		p := pieces[r.IntN(len(pieces))]
		switch r.IntN(12) {
		case 0:
			p = strings.ToUpper(p)
		case 1:
			p = strings.ReplaceAll(p, " ", []string{"\n", "/", "\t", "\f", " \x00"}[r.IntN(5)])
		case 2:
			if p != "" {
				i := r.IntN(len(p))
				p = p[:i] + fmt.Sprintf("&#%d;", p[i]) + p[i+1:]
			}
		case 3:
			if p != "" {
				i := r.IntN(len(p))
				p = p[:i] + []string{"\x00", "\t", "\n", "\x01", "\u00ad"}[r.IntN(5)] + p[i:]
			}
		case 4:
			p = p[:r.IntN(len(p)+1)]
		}
		b.WriteString(p)
	}
	return b.String()
}

// TestNothingRunsAfterCleaning cleans generated payloads and reads them as a browser.
func TestNothingRunsAfterCleaning(t *testing.T) {
	t.Parallel()
	for i, rules := range releases {
		r := rand.New(rand.NewPCG(20, uint64(i)))
		for range 10_000 {
			in := payload(r)
			out := rules.HTML(in)
			harmless(t, in, out)
			if again := rules.HTML(out); again != out {
				t.Errorf("%q became %q and, cleaned again, %q", in, out, again)
			}
			if t.Failed() {
				return
			}
		}
	}
}

func FuzzHTML(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		f.Add(payload(r))
	}
	f.Fuzz(func(t *testing.T, in string) {
		if s := strings.TrimSpace(in); strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
			t.Skip("JSON is not cleaned")
		}
		for _, rules := range releases {
			out := rules.HTML(in)
			harmless(t, in, out)
			if again := rules.HTML(out); again != out {
				t.Errorf("%q became %q and, cleaned again, %q", in, out, again)
			}
		}
	})
}

// TestOrdinaryTextStays: what editors and mail programs write comes out as it went in.
func TestOrdinaryTextStays(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`<div class="ql-editor read-mode"><p>Hello <strong>big</strong> <em>world</em> 😀 &nbsp;é</p><p><br></p></div>`,
		`<ol><li data-list="bullet"><span class="ql-ui" contenteditable="false"></span>one</li><li>two</li></ol>`,
		`<table class="table table-bordered"><tbody><tr><td rowspan="2">a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>`,
		`<p><img src="/files/a%20b.png?fid=12" width="20"><a href="https://example.com/a?b=1&amp;c=2#d" rel="noopener noreferrer" target="_blank">link</a></p>`,
		`<a href="mailto:a@example.com">m</a><a href="#top">t</a><a href="/app/todo/new?x=a:b">r</a><a href="page.html">p</a>`,
		`<blockquote>q</blockquote><pre class="ql-code-block-container">x &lt; y &amp;&amp; z</pre><h2>h</h2><hr>`,
		`<!--[if mso]><p>mail</p><![endif]--><span class="mention" data-id="a@example.com" data-value="A">@A</span>`,
		`<svg class="icon icon-sm"><use href="#icon-edit"></use></svg>`,
		`<p style="color: rgb(230, 0, 0);">red</p>`, `<p style="text-align: center;">c</p>`,
	} {
		for i, rules := range releases {
			want := in
			if got := rules.HTML(in); got != want {
				if i == 0 && sorted(got) == sorted(want) || i == 0 && strings.Contains(in, "rgb(") {
					continue // v14 prints attributes by name, and knows no blanks in rgb()
				}
				t.Errorf("%d: got  %s\nwant %s", i, got, want)
			}
		}
	}
}

func sorted(s string) string {
	b := []byte(s)
	for i := range b {
		for j := i + 1; j < len(b); j++ {
			if b[j] < b[i] {
				b[i], b[j] = b[j], b[i]
			}
		}
	}
	return string(b)
}
