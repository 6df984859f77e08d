package e2e

import (
	"net/http"
	"strings"
	"testing"

	"freddo/document"
)

// TestMarkupIsCleanedWhereverItIsStored sends markup by the ways that store text.
func TestMarkupIsCleanedWhereverItIsStored(t *testing.T) {
	t.Parallel()
	const evil = `<a href=\"javascript&#58;alert(1)\" onclick=\"alert(1)\">x</a>`
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			clean := func(what, text string) {
				t.Helper()
				if strings.Contains(text, "javascript") || strings.Contains(text, "onclick") || !strings.Contains(text, "x") {
					t.Errorf("%s: %s", what, text)
				}
			}
			s.define("Marked", `"is_submittable":1`, field("plain", "Data", ""), field("small", "Small Text", ""), field("editor", "Text Editor", ""), field("html", "HTML Editor", ""),
				field("md", "Markdown Editor", ""), field("long", "Long Text", `"allow_on_submit":1`), field("pick", "Read Only", ""), field("code", "Code", ""), field("raw", "Data", `"ignore_xss_filter":1`))
			s.add("Marked", "m", `"plain":"`+evil+`","small":"`+evil+`","editor":"`+evil+`","html":"`+evil+`","md":"`+evil+`","long":"`+evil+`","pick":"`+evil+`","code":"`+evil+`","raw":"`+evil+`"`)
			for _, f := range []string{"plain", "small", "editor", "html", "md", "long", "pick"} {
				clean(f, s.value("Marked", "m", f))
			}
			for _, f := range []string{"code", "raw"} { // shown as text, or the site's own choice
				if got := s.value("Marked", "m", f); !strings.Contains(got, "javascript") {
					t.Errorf("%s: %s", f, got)
				}
			}
			s.must(http.MethodPut, resource("Marked", "m"), `{"small":"`+evil+` again"}`)
			clean("an update", s.value("Marked", "m", "small"))
			s.must(http.MethodPost, "/api/method/frappe.client.set_value", `{"doctype":"Marked","name":"m","fieldname":"html","value":"`+evil+`"}`)
			clean("set_value", s.value("Marked", "m", "html"))
			s.must(http.MethodPut, resource("Marked", "m"), `{"docstatus":1}`)
			s.must(http.MethodPut, resource("Marked", "m"), `{"long":"`+evil+` later"}`)
			clean("after submission", s.value("Marked", "m", "long"))
			comment := s.must(http.MethodPost, "/api/resource/Comment", `{"comment_type":"Comment","reference_doctype":"Marked","reference_name":"m","content":"`+evil+`"}`)
			clean("a comment", comment.Get("data").Map().Str("content"))

			s.must(http.MethodPost, "/api/resource/User", `{"email":"marked@example.com","first_name":"<b>Ann</b>","middle_name":"<i>B</i>","last_name":"<script>Lee</script><!-- c -->","send_welcome_email":0}`)
			names := func(first, full string) {
				t.Helper()
				u := s.must(http.MethodGet, resource("User", "marked@example.com"), "").Get("data").Map()
				if u.Str("first_name") != first || u.Str("full_name") != full || u.Str("middle_name") != "B" || u.Str("last_name") != "Lee" {
					t.Errorf("a user: %s", document.Python.Marshal(u.Get("full_name")))
				}
			}
			names("Ann", "Ann Lee")
			s.must(http.MethodPut, resource("User", "marked@example.com"), `{"first_name":"1 <u>Zoë</u> < 2"}`)
			names("1 Zoë < 2", "1 Zoë < 2 Lee")
		})
	}
}
