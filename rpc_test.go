package freddo

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"freddo/document"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// TestMethodsPage: docs/methods.md says what the program has.
func TestMethodsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("docs", "methods.md"))
	if err != nil || string(page) != MethodsMarkdown() {
		t.Errorf("docs/methods.md is old (%v): go run ./cmd/freddo methods --markdown > docs/methods.md", err)
	}
}

// rpcSite is a site with methods of its own.
func rpcSite(t *testing.T, release string, methods ...method.Method) func(target, body string) *httptest.ResponseRecorder {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	if err := NewSite(t.Context(), dir, NewSiteOptions{AdminPassword: "admin", Compat: release}); err != nil {
		t.Fatal(err)
	}
	app, err := New(Config{Site: dir, Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	app.methods.Add(methods...)
	app.methods.Override("frappe.ping", "shop.api.pong")
	app.methods.Override("shop.api.lost", "shop.api.nowhere")
	key, secret, err := app.GenerateKeys(t.Context(), "Administrator")
	if err != nil {
		t.Fatal(err)
	}
	return func(target, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "token "+key+":"+secret)
		w := httptest.NewRecorder()
		app.Handler().ServeHTTP(w, r)
		return w
	}
}

// typed answers in the type that its argument names.
func typed(_ context.Context, c *engine.Call, a method.Args) (any, error) {
	r := &c.Response
	r.Kind, r.Filename, r.Content, r.Location, r.Title = a.Text("kind"), a.Text("name"), []byte("body"), "/elsewhere", "Title"
	if r.Kind == "download" {
		r.Disposition = "attachment"
	}
	return "a result that is not sent", nil
}

// TestResponseTypes: each of upstream's types has its own headers.
func TestResponseTypes(t *testing.T) {
	t.Parallel()
	for release, types := range map[string]map[string][2]string{
		"v15": {"binary": {"application/octet-stream", `filename="a b.bin"`}, "pdf": {"application/pdf", `filename="a b.bin"`}},
		"v16": {"binary": {"application/octet-stream", `attachment; filename="a b.bin"`}, "pdf": {"application/pdf", `inline; filename="a b.bin"`}},
	} {
		call := rpcSite(t, release, method.Method{Name: "shop.api.typed", Params: arg.Any("kind", "name"), Fn: typed})
		types["csv"] = [2]string{"text/csv; charset=utf-8", `attachment; filename="a b.bin"`}
		types["txt"] = [2]string{"text", `attachment; filename="a b.bin"`}
		types["download"] = [2]string{"application/octet-stream", `attachment; filename="a b.bin"`}
		for kind, want := range types {
			w := call("/api/method/shop.api.typed", `{"kind":"`+kind+`","name":"a b.bin"}`)
			if got := [2]string{w.Header().Get("Content-Type"), w.Header().Get("Content-Disposition")}; got != want || w.Code != 200 || w.Body.String() != "body" {
				t.Errorf("%s %s: %d %q %q", release, kind, w.Code, got, w.Body)
			}
		}
		if w := call("/api/method/shop.api.typed", `{"kind":"redirect","name":""}`); w.Code != http.StatusFound || w.Header().Get("Location") != "/elsewhere" {
			t.Errorf("%s redirect: %d %q", release, w.Code, w.Header().Get("Location"))
		}
		if w := call("/api/method/shop.api.typed", `{"kind":"page","name":""}`); w.Code != 200 || !strings.Contains(w.Body.String(), "Title") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s page: %d %q", release, w.Code, w.Body)
		}
		if w := call("/api/method/shop.api.typed", `{"kind":"csv","name":"a\r\nX-Evil: 1.csv"}`); w.Header().Get("X-Evil") != "" || strings.ContainsAny(w.Header().Get("Content-Disposition"), "\r\n") {
			t.Errorf("%s: a file name breaks out of its header: %q", release, w.Header())
		}
	}
}

// TestMappersAndOverrides: a mapper makes an unsaved document of another; an overridden
// method runs its replacement in every form of call.
func TestMappersAndOverrides(t *testing.T) {
	t.Parallel()
	toNote := func(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
		table := engine.MapTable{DocType: "Note", Fields: map[string]string{"description": "title"}, Omit: []string{"owner"},
			Require: map[string]document.Value{"status": document.Text("Open")},
			Then: func(_, target *document.Document) error {
				target.Set("content", document.Text("for "+c.Mapping.Args.Str("whom")))
				return nil
			}}
		return c.Map(ctx, "ToDo", a.Text("source_name"), map[string]engine.MapTable{"ToDo": table}, nil)
	}
	call := rpcSite(t, "v15",
		method.Method{Name: "shop.api.to_note", Params: arg.Any("source_name"), Fn: toNote},
		method.Method{Name: "shop.api.pong", Fn: func(context.Context, *engine.Call, method.Args) (any, error) { return "mine", nil }})
	for target, want := range map[string]string{"/api/method/frappe.ping": "mine", "/": "mine", "/api/v2/method/frappe.ping": "mine", "/api/method/run_doc_method": "mine"} {
		if w := call(target, `{"cmd":"frappe.ping"}`); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s = %s", target, w.Body)
		}
	}
	if w := call("/api/method/ping", "{}"); !strings.Contains(w.Body.String(), "pong") {
		t.Errorf("the short name is overridden: %s", w.Body)
	}
	if w := call("/api/method/shop.api.lost", "{}"); w.Code != http.StatusExpectationFailed || !strings.Contains(w.Body.String(), "Failed to get method for command shop.api.nowhere") {
		t.Errorf("an override by what does not exist: %d %s", w.Code, w.Body)
	}
	made := call("/api/resource/ToDo", `{"description":"Buy milk","status":"Open"}`)
	o, err := document.ParseJSON(made.Body.String())
	if err != nil {
		t.Fatal(err)
	}
	name := o.Map().Get("data").Map().PropText("name")
	const mapped = "/api/method/frappe.model.mapper.make_mapped_doc"
	w := call(mapped, `{"method":"shop.api.to_note","source_name":"`+name+`","args":"{\"whom\":\"the cat\"}"}`)
	if s := w.Body.String(); w.Code != 200 || !strings.Contains(s, `"doctype":"Note"`) || !strings.Contains(s, "Buy milk") || !strings.Contains(s, "for the cat") {
		t.Errorf("mapped = %d %s", w.Code, s)
	}
	call("/api/method/frappe.client.set_value", `{"doctype":"ToDo","name":"`+name+`","fieldname":"status","value":"Closed"}`)
	for body, want := range map[string]int{
		`{"method":"shop.api.to_note","source_name":"` + name + `","args":"{\"whom\":\"x\"}"}`: 417, // the condition
		`{"method":"shop.api.to_note","source_name":"gone"}`:                                   404,
		`{"method":"shop.api.none","source_name":"x"}`:                                         500,
		`{"method":"none","source_name":"x"}`:                                                  500,
		`{"method":"frappe.model.mapper.make_mapped_doc","source_name":"x"}`:                   403,
		`{"method":"shop.api.to_note"}`:                                                        500,
		`{"method":"shop.api.to_note","source_name":"x","args":"no JSON"}`:                     500,
	} {
		if w := call(mapped, body); w.Code != want {
			t.Errorf("%s: %d %s, want %d", body, w.Code, w.Body, want)
		}
	}
}
