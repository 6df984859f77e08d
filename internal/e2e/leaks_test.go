package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"testing"

	"freddo"
	"freddo/document"
	"freddo/internal/storage/dbtest"
)

// TestNothingLeaks calls every method, every document method and the routes of v1 and v2
// on a site full of secrets, as Guest, as a Website User, as a desk user with one harmless
// role and as a user under a User Permission, and looks for the secrets in the answers.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			l := newLeakSite(newSite(t, "sqlite", release))
			l.tryMethods(freddo.Methods())
			l.tryDocMethods()
			l.tryRoutes()
			l.tryWrites()
			l.tryGuesses(freddo.Methods())
			l.tryNames()
			l.report()
		})
	}
}

// TestNoListLeaks is the part of TestNothingLeaks that depends on the database.
func TestNoListLeaks(t *testing.T) {
	t.Parallel()
	for _, kind := range dbtest.Kinds() {
		if kind == "sqlite" {
			continue
		}
		for _, release := range []string{"v14", "v15", "v16"} {
			t.Run(kind+"/"+release, func(t *testing.T) {
				t.Parallel()
				l := newLeakSite(newSite(t, kind, release))
				l.tryRoutes()
				l.tryMethods([]string{"frappe.client.get_list", "frappe.client.get_count", "frappe.client.get", "frappe.client.get_value", "frappe.desk.reportview.get",
					"frappe.desk.reportview.get_count", "frappe.desk.reportview.get_stats", "frappe.desk.search.search_link"})
				l.tryGuesses([]string{"frappe.client.get_list", "frappe.client.get_count", "frappe.client.get", "frappe.desk.reportview.get_count"})
				l.tryNames()
				l.report()
			})
		}
	}
}

// TestPlantedLeaksAreFound is the test of the tests above: a method that leaks is noticed,
// and so is what upstream leaks.
func TestPlantedLeaksAreFound(t *testing.T) {
	t.Parallel()
	s := newSiteWith(t, "sqlite", "v15", map[string]any{"permlevel_mode": "compat"})
	freddo.Method(s.app, "e2e.planted", freddo.MethodOptions{Guest: true}, func(ctx context.Context, c *freddo.Call, in struct{ Doctype, Name string }) (*document.Document, error) {
		return c.Get(ctx, in.Doctype, in.Name, false)
	})
	l := newLeakSite(s)
	l.tryMethods([]string{"e2e.planted", "frappe.client.get_list"})
	l.tryGuesses([]string{"frappe.client.get_count", "frappe.client.get"})
	l.tryNames()
	l.tryRoutes()
	l.tryWrites()
	for _, want := range []string{
		"POST /api/method/e2e.planted shows vault row cost to guest", "POST /api/method/e2e.planted shows vault row to w",
		"GET frappe.client.get_count tells d whether a guess of Leak Vault.code is right", "GET frappe.client.validate_link tells d that Leak Own O1 exists",
		"GET /api/resource/Leak Row shows row of another owner's to d", "PUT /api/resource/Leak Ledger/L1 shows field at level 1, changed to d",
	} {
		if _, ok := l.found[want]; !ok {
			t.Errorf("not found: %s", want)
		}
	}
	if t.Failed() {
		for k := range l.found {
			t.Log(k)
		}
	}
}

// leakFindings are what a run has found, each once, by what asked and what was shown.
type leakFindings map[string]string

func (l *leakSite) report() {
	l.Helper()
	keys := make([]string, 0, len(l.found))
	for k := range l.found {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		l.Errorf("%s\n\t%s", k, l.found[k])
	}
}

// look notes the marks in an answer.
func (l *leakSite) look(who, what, request, answer string) {
	for _, mark := range l.marks.in(answer) {
		key := what + " shows " + mark + " to " + who
		if _, ok := l.found[key]; !ok {
			l.found[key] = fmt.Sprintf("%.500s\n\t%.600s", request, answer)
		}
	}
}

// arguments are values by the names that methods use for their parameters, all of which
// point at a target. Methods leave out what they do not know.
func (t target) arguments(variant int) *document.Object {
	o := document.NewObject("doctype", t.dt, "name", t.name, "docname", t.name, "dt", t.dt, "dn", t.name, "doc_name", t.name, "doc_type", t.dt,
		"reference_doctype", t.dt, "reference_name", t.name, "reference_docname", t.name, "ref_doctype", t.dt, "ref_docname", t.name,
		"document_type", t.dt, "document_name", t.name, "parenttype", t.dt, "parent", t.parent, "parent_doctype", t.dt, "link_doctype", t.dt, "link_name", t.name,
		"from_doctype", t.dt, "fieldname", t.field, "field", t.field, "txt", "", "searchfield", "", "search_text", "", "text", "mk",
		"user", "Administrator", "email", "Administrator", "tag", "red", "report_name", "Leak Report", "file_url", "/private/files/hidden.txt", "fid", t.name,
		"file_name", "hidden.txt", "attached_to_doctype", t.dt, "attached_to_name", t.name, "folder", "Home/Attachments", "role", "System Manager", "value", t.name,
		"sort_field", "modified", "sort_order", "asc", "ignore_user_permissions", 1, "workflow_state_field", t.field, "aggregate_function", "count",
		"aggregate_on_field", t.field, "aggregate_on_doctype", t.dt, "group_by", "", "limit", 50, "limit_page_length", 50, "page_length", 50, "start", 0,
		"with_comment_count", 1, "view", "Report", "file_format_type", "CSV", "title", "t", "perm_type", "read", "ptype", "read", "permission_to", "read",
		"method", "frappe.client.get", "cmd_", "x", "query", "", "items", `["x"]`, "is_tree_fully_expanded", 1, "label", t.field, "parent_field", t.field,
		"export_fields", `{"`+t.dt+`":["name","`+t.field+`"]}`, "export_records", "all", "export_filters", "[]", "file_type", "CSV", "select_columns", `{"`+t.dt+`":["name","`+t.field+`"]}`,
		"with_data", 1, "all_doctypes", 1, "source_name", t.name, "source_names", `["`+t.name+`"]`, "names", `["`+t.name+`"]`, "docnames", `["`+t.name+`"]`,
		"board_name", "b", "web_form", "f", "web_form_name", "f", "method_name", "x", "creation", "2000-01-01", "comment_type", "Comment", "content", "c", "comment_email", "a@example.com",
		"comment_by", "a", "stats", `["`+t.field+`"]`, "target", t.dt, "linkinfo", "null", "without_ignore_user_permissions_enabled", "0", "for_value", t.name, "allow", t.dt,
		"doc", `{"doctype":"`+t.dt+`","name":"`+t.name+`"}`, "args", `{"doctype":"`+t.dt+`","name":"`+t.name+`"}`, "docs", `{"doctype":"`+t.dt+`","name":"`+t.name+`"}`)
	switch variant {
	case 0: // the document
		o.Set("filters", document.Text(`{"name":"`+t.name+`"}`))
		o.Set("fields", document.Text(`["*"]`))
	case 1: // the column
		o.Set("filters", document.NullValue)
		o.Set("name", document.Text(t.name))
		o.Set("txt", document.Text("mk"))
		o.Set("searchfield", document.Text(t.field))
		o.Set("fields", document.Text(`["name","`+t.field+`"]`))
		o.Set("order_by", document.Text(t.field+" asc"))
	case 2: // the groups
		o.Set("filters", document.Text("[]"))
		o.Set("group_by", document.Text(t.field))
		o.Set("fields", document.Text(`["`+t.field+`","count(name) as count"]`))
		o.Delete("name")
	}
	return o
}

// listsOnly says that the target is a column which only lists know.
func (t target) listsOnly() bool { return strings.Contains(t.field, ".") }

// visitors are who tries a target.
func (t target) visitors() []string { return append([]string{"d"}, strings.Fields(t.who)...) }

func (l *leakSite) tryMethods(names []string) {
	l.Helper()
	for _, name := range names {
		if name == "logout" || strings.HasSuffix(name, ".logout") || strings.HasSuffix(name, "web_logout") {
			continue
		}
		for _, t := range l.targets {
			if t.listsOnly() && !strings.Contains(name, "list") && !strings.Contains(name, "reportview") {
				continue
			}
			for variant := range 3 {
				args := t.arguments(variant)
				for _, who := range t.visitors() {
					if who == "guest" && variant > 0 {
						continue
					}
					verb := http.MethodPost
					if variant == 1 {
						verb = http.MethodGet
					}
					l.ask(who, verb, "/api/method/"+name, args)
				}
			}
		}
	}
}

// tryDocMethods calls the methods of documents through every door that they have.
func (l *leakSite) tryDocMethods() {
	l.Helper()
	for _, full := range freddo.DocMethods() {
		dt, name, _ := strings.Cut(full, ".")
		for _, t := range l.targets {
			if t.name == "" {
				continue
			}
			at := t.dt
			if dt != "*" {
				at = dt
			}
			args := t.arguments(0)
			for k, v := range map[string]string{"dt": at, "dn": t.name, "method": name, "docs": `{"doctype":"` + at + `","name":"` + t.name + `","doc_type":"` + t.dt + `"}`} {
				args.Set(k, document.Text(v))
			}
			args.Delete("args")
			for _, who := range t.visitors() {
				l.ask(who, http.MethodPost, "/api/method/run_doc_method", args)
				args.Delete("dt")
				l.ask(who, http.MethodPost, "/api/method/run_doc_method", args)
				l.ask(who, http.MethodPost, "/api/v2/document/"+url.PathEscape(at)+"/"+url.PathEscape(t.name)+"/method/"+name, &document.Object{})
				l.ask(who, http.MethodGet, "/api/resource/"+url.PathEscape(at)+"/"+url.PathEscape(t.name), document.NewObject("run_method", name))
				args.Set("dt", document.Text(at))
			}
		}
	}
}

// listArguments are lists that ask for a column in every way there is.
func (t target) listArguments() []*document.Object {
	table, column, dotted := t.field, "", strings.Contains(t.field, ".")
	if dotted {
		table, column, _ = strings.Cut(t.field, ".")
	}
	lists := []*document.Object{
		document.NewObject("fields", `["*"]`),
		document.NewObject("fields", `["name","`+t.field+`"]`),
		document.NewObject("fields", `["`+t.field+` as x"]`, "as_dict", "0"),
		document.NewObject("fields", `["max(`+t.field+`) as x"]`),
		document.NewObject("fields", `[{"MAX":"`+t.field+`","as":"x"}]`),
		document.NewObject("fields", `["`+t.field+`"]`, "group_by", t.field, "order_by", t.field),
		document.NewObject("fields", "[\"`tabLeak Row`.`item`\",\"`tabLeak Row`.`cost`\"]"),
		document.NewObject("fields", `["name","`+table+`"]`, "expand", `["`+table+`"]`),
		document.NewObject("fields", `["name"]`, "filters", `[["`+t.dt+`","name","like","%"]]`, "or_filters", `[["`+t.dt+`","name","like","%"]]`),
	}
	if dotted {
		lists = append(lists, document.NewObject("fields", `["name",{"`+table+`":["`+column+`","cost"]}]`))
	}
	for _, o := range lists {
		o.Set("parent", document.Text(t.parent))
		o.Set("limit", document.IntOf(100))
	}
	return lists
}

func (l *leakSite) tryRoutes() {
	l.Helper()
	for _, t := range l.targets {
		for _, who := range t.visitors() {
			for _, base := range []string{"/api/resource/", "/api/v2/document/"} {
				list := base + url.PathEscape(t.dt)
				for _, o := range t.listArguments() {
					l.ask(who, http.MethodGet, list, o)
				}
				if t.name == "" {
					continue
				}
				one := list + "/" + url.PathEscape(t.name)
				for _, path := range []string{one, one + "/copy", one + "/"} {
					l.ask(who, http.MethodGet, path, &document.Object{})
				}
				for _, verb := range []string{http.MethodPut, http.MethodPatch} {
					l.ask(who, verb, one, document.NewObject("idx", 0))
				}
			}
			l.ask(who, http.MethodGet, "/api/v2/doctype/"+url.PathEscape(t.dt)+"/meta", &document.Object{})
			l.ask(who, http.MethodGet, "/api/v2/doctype/"+url.PathEscape(t.dt)+"/count", &document.Object{})
		}
	}
	for who := range l.actors {
		l.ask(who, http.MethodGet, "/private/files/hidden.txt", &document.Object{})
		l.ask(who, http.MethodGet, "/api/method/download_file", document.NewObject("file_url", "/private/files/hidden.txt"))
	}
}

// tryWrites changes a document of which the writer may read a part, by all doors.
func (l *leakSite) tryWrites() {
	l.Helper()
	d := l.actors["d"]
	read := func() string {
		return document.Python.Marshal(d.must(http.MethodGet, "/api/resource/Leak%20Ledger/L1", "").Get("data"))
	}
	name := document.NewObject("doctype", "Leak Ledger", "name", "L1", "fieldname", "title", "value", "t")
	l.ask("d", http.MethodPut, "/api/resource/Leak Ledger/L1", document.NewObject("title", "u"))
	l.ask("d", http.MethodPatch, "/api/v2/document/Leak Ledger/L1", document.NewObject("title", "v"))
	l.ask("d", http.MethodPost, "/api/method/frappe.client.set_value", name)
	l.ask("d", http.MethodPost, "/api/method/frappe.client.save", document.NewObject("doc", read()))
	l.ask("d", http.MethodPost, "/api/method/frappe.desk.form.save.savedocs", document.NewObject("doc", read(), "action", "Save"))
	l.ask("d", http.MethodPost, "/api/method/frappe.client.insert", document.NewObject("doc", `{"doctype":"Leak Row","parenttype":"Leak Ledger","parent":"L1","parentfield":"orows","item":"new"}`))
	l.ask("d", http.MethodPost, "/api/method/run_doc_method", document.NewObject("docs", read(), "method", "add_comment", "args", `{"comment_type":"Comment","text":"c"}`))
	l.ask("d", http.MethodGet, "/api/method/frappe.desk.form.load.getdoc", name)
	l.ask("d", http.MethodGet, "/api/method/frappe.desk.form.load.get_docinfo", name)
}

// tryGuesses asks twice for documents by a hidden value, once with its beginning and once
// with something else. Answers that differ tell the value letter by letter.
func (l *leakSite) tryGuesses(methods []string) {
	l.Helper()
	for _, t := range l.targets {
		right := l.valueOf(t)
		if right == "" {
			continue
		}
		right = right[:10]
		wrong := "mkzzzzzzzzzz"[:len(right)]
		who := "d"
		if strings.Contains(t.who, "u") && t.dt == "Leak Region" {
			who = "u"
		}
		for _, name := range methods {
			if name == "frappe.core.doctype.communication.email.make" || t.listsOnly() && !strings.Contains(name, "list") && !strings.Contains(name, "count") {
				continue // what it makes has another name each time
			}
			for _, shape := range []string{`{"%[2]s":["like","%[3]s%%"]}`, `[["%[1]s","%[2]s","like","%[3]s%%"]]`} {
				l.compare(who, name, t, shape, right, wrong)
			}
		}
		for _, path := range []string{"/api/resource/" + t.dt, "/api/v2/document/" + t.dt, "/api/v2/doctype/" + t.dt + "/count"} {
			for _, shape := range []string{`{"%[2]s":["like","%[3]s%%"]}`, `[["%[1]s","%[2]s","like","%[3]s%%"]]`, `[["%[2]s","like","%[3]s%%"]]`} {
				l.compare(who, path, t, shape, right, wrong)
			}
		}
	}
}

// valueOf is the hidden value of a target.
func (l *leakSite) valueOf(t target) string {
	if t.name == "" {
		return ""
	}
	dt, name, field := t.dt, t.name, t.field
	switch field {
	case "srows.item":
		dt, name, field = "Leak Row", l.row("Leak Ledger", "L1", "srows"), "item"
	case "vault.code":
		dt, name, field = "Leak Vault", "V1", "code"
	case "own.title":
		dt, name, field = "Leak Own", "O1", "title"
	case "zone":
		return ""
	}
	v := l.must(http.MethodGet, "/api/resource/"+url.PathEscape(dt)+"/"+url.PathEscape(name), "").Get("data").Map().Get(field)
	if len(v.Str()) < 10 {
		return ""
	}
	return v.Str()
}

func (l *leakSite) compare(who, name string, t target, shape, right, wrong string) {
	l.Helper()
	ask := func(guess string) string {
		args := document.NewObject("doctype", t.dt, "parent", t.parent, "filters", fmt.Sprintf(shape, t.dt, t.field, guess), "fieldname", "name", "field", "name",
			"fields", `["name"]`, "txt", guess, "text", guess, "search_text", guess, "searchfield", t.field, "limit", 20, "stats", "[]", "ignore_user_permissions", 1,
			"current_filters", fmt.Sprintf(shape, t.dt, t.field, guess), "group_by", "", "docname", "x", "value", "x", "tag", guess, "file_type", "CSV")
		path := name
		if !strings.HasPrefix(name, "/") {
			path = "/api/method/" + name
		}
		code, answer := l.ask(who, http.MethodGet, path, args)
		return fmt.Sprint(code) + " " + strings.ReplaceAll(strings.ReplaceAll(answer, guess, "GUESS"), strings.ToUpper(guess), "GUESS")
	}
	if a, b := ask(right), ask(wrong); steady(a) != steady(b) {
		l.found["GET "+name+" tells "+who+" whether a guess of "+t.dt+"."+t.field+" is right"] = fmt.Sprintf("%s\n\t%.400s\n\t%.400s", shape, a, b)
	}
}

// changing is what differs between equal answers: ids of errors and times.
var changing = regexp.MustCompile(`[0-9a-f]{40,}|\d{4}-\d\d-\d\d[ T][\d:.]+|\d{2}:\d{2}:\d{2}`)

func steady(s string) string { return changing.ReplaceAllString(s, "~") }

// tryNames asks the methods that look for one document about one that is hidden and about
// one that does not exist: their answers are alike.
func (l *leakSite) tryNames() {
	l.Helper()
	for _, name := range []string{"frappe.client.validate_link", "frappe.client.validate_link_and_fetch", "frappe.client.has_permission", "frappe.client.get_doc_permissions",
		"frappe.client.is_document_amended", "frappe.desk.search.get_link_title", "frappe.desk.form.utils.get_next", "frappe.client.get_value", "frappe.client.get_count",
		"frappe.desk.search.search_link", "frappe.desk.doctype.tag.tag.get_tagged_docs", "frappe.desk.form.linked_with.get"} {
		for _, t := range []target{{"Leak Own", "O1", "title", "", "d"}, {"Leak Region", "R2", "note", "", "u"}, {"Leak Vault", "V1", "code", "", "d"}} {
			ask := func(doc string) string {
				args := document.NewObject("doctype", t.dt, "docname", doc, "name", doc, "filters", `{"name":"`+doc+`"}`, "fieldname", "name", "txt", doc, "value", doc,
					"prev", 0, "sort_field", t.field, "sort_order", "asc", "tag", "red", "perm_type", "read", "ignore_user_permissions", 1)
				if strings.HasSuffix(name, "get_next") {
					args.Set("filters", document.Text("[]"))
				}
				code, answer := l.ask(t.who, http.MethodGet, "/api/method/"+name, args)
				return fmt.Sprint(code) + " " + strings.ReplaceAll(answer, doc, "NAME")
			}
			if a, b := ask(t.name), ask("Z9"); steady(a) != steady(b) {
				l.found["GET "+name+" tells "+t.who+" that "+t.dt+" "+t.name+" exists"] = fmt.Sprintf("%.400s\n\t%.400s", a, b)
			}
		}
	}
}

// ask sends a request, as JSON or in the query, and looks at the answer.
func (l *leakSite) ask(who, verb, path string, args *document.Object) (int, string) {
	body, target := document.Python.Marshal(document.MapOf(args)), path
	if verb == http.MethodGet {
		q := url.Values{}
		for i := range args.Len() {
			if k, v := args.At(i); !v.IsNull() {
				q.Set(k, pythonText(v))
			}
		}
		target, body = path+"?"+q.Encode(), ""
	}
	target = strings.ReplaceAll(target, " ", "%20")
	r := httptest.NewRequestWithContext(context.Background(), verb, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	if s := l.actors[who]; s.auth != "" {
		r.Header.Set("Authorization", s.auth)
	}
	w := httptest.NewRecorder()
	l.app.Handler().ServeHTTP(w, r)
	answer, headers := w.Body.String(), ""
	for _, h := range w.Header() {
		headers += "\n" + strings.Join(h, "\n")
	}
	l.look(who, verb+" "+strings.ReplaceAll(path, "%20", " "), body+target, answer+headers)
	return w.Code, answer
}
