package sanitize

import (
	"strings"
	"testing"
)

func TestHTML(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want string }{
		{"no markup", "1 < 2 & 3 > 2", "1 < 2 & 3 > 2"},
		{"script", "<script>alert(1)</script>x", "&lt;script&gt;alert(1)&lt;/script&gt;x"},
		{"handlers and order", `<b onclick="x()" style="color: red" data-a="1" class="c">bold</b>`, `<b class="c" data-a="1" style="color: red;">bold</b>`},
		{"javascript address", `<a href="javascript:alert(1)">j</a>`, `<a>j</a>`},
		{"javascript address in disguise", "<a href=\"java\tscript:alert(1)\">j</a>", `<a>j</a>`},
		{"a script that is not closed", "`<script>`", "`&lt;script&gt;`"},
		{"markup inside of an unknown element", "<script>a<b>c</b></script>", "&lt;script&gt;a<b>c</b>&lt;/script&gt;"},
		{"closing tag alone", "<b>x</b></iframe>", "<b>x</b>&lt;/iframe&gt;"},
		{"unknown attribute", `<a nonsense="1" title="t">x</a>`, `<a title="t">x</a>`},
		{"frame", `<iframe src="//e"></iframe>`, `&lt;iframe src="//e"&gt;&lt;/iframe&gt;`},
		{"unclosed", "<p>unclosed <b>bold", "<p>unclosed <b>bold</b></p>"},
		{"entities stay", "<!-- c --><p>é&nbsp;&eacute; &lt;x&gt;</p>", "<!-- c --><p>é&nbsp;&eacute; &lt;x&gt;</p>"},
		{"unknown element", "<custom-el>c</custom-el>", "&lt;custom-el&gt;c&lt;/custom-el&gt;"},
		{"JSON", `{"a": "<script>x</script>"}`, `{"a": "<script>x</script>"}`},
		{"style address", `<p style="color:red;background:url(javascript:1)">p</p>`, `<p style="color: red;">p</p>`},
		{"later: order and style", `<b onclick="x()" style="color: red; position: fixed" data-a="1" class="c">b</b>`, `<b style="color: red; position: fixed;" data-a="1" class="c">b</b>`},
		{"later: style text", `<p style="color:red;background:url(javascript:1)">p</p>`, `<p style="color:red;background:url(javascript:1);">p</p>`},
		{"later: mark", `<mark>m</mark>`, `<mark>m</mark>`},
		{"boolean attribute", `<video src="/v.mp4" controls></video>`, `<video controls src="/v.mp4"></video>`},
	} {
		if strings.HasPrefix(tc.name, "later: ") {
			if got := (Rules{Mark: true, KeepStyle: true}).HTML(tc.in); got != tc.want {
				t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
			}
			continue
		}
		if got := (Rules{SortAttributes: true}).HTML(tc.in); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}
