package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"freddo/document"
)

// send is do with headers in pairs, and the answer's headers.
func (s *site) send(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", s.auth)
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.app.Handler().ServeHTTP(w, r)
	return w
}

func (s *site) count(doctype string) int64 {
	s.Helper()
	return s.list(doctype, "include", "count", "limit", "1").Get("count").Int()
}

func TestAnIdempotencyKeyAnswersOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		const body = `{"description":"once"}`
		first := s.send("POST", toDo, body, "Idempotency-Key", "k1")
		again := s.send("POST", toDo, body, "Idempotency-Key", "k1")
		if first.Code != 200 || again.Code != 200 || first.Body.String() != again.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" ||
			again.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%d %s, then %d %s %v", first.Code, first.Body, again.Code, again.Body, again.Header())
		}
		if n := s.count("ToDo"); n != 1 {
			t.Errorf("%d documents, want 1", n)
		}
		for name, tt := range map[string]struct {
			method, target, body, key string
			want                      int
		}{
			"another body":        {"POST", toDo, `{"description":"twice"}`, "k1", 422},
			"another address":     {"POST", toDo + "?x=1", body, "k1", 422},
			"too long a key":      {"POST", toDo, body, strings.Repeat("k", 256), 400},
			"a read is not a one": {"GET", toDo, "", "k1", 200},
		} {
			if w := s.send(tt.method, tt.target, tt.body, "Idempotency-Key", tt.key); w.Code != tt.want {
				t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, tt.want)
			}
		}
		guest := &site{T: s.T, app: s.app}
		if w := guest.send("POST", toDo, body, "Idempotency-Key", "k1", "Authorization", ""); w.Code != 400 {
			t.Errorf("a guest: %d %s", w.Code, w.Body)
		}
		other := s.user("other", "System Manager")
		if w := other.send("POST", toDo, body, "Idempotency-Key", "k1"); w.Code != 200 || w.Body.String() == first.Body.String() {
			t.Errorf("another user got %d %s", w.Code, w.Body)
		}
		refused := s.send("POST", toDo, `{}`, "Idempotency-Key", "k2")
		if w := s.send("POST", toDo, `{}`, "Idempotency-Key", "k2"); refused.Code != 417 || w.Code != 417 || w.Header().Get("Idempotent-Replayed") == "" || w.Body.String() != refused.Body.String() {
			t.Errorf("a refusal: %d, again %d %v", refused.Code, w.Code, w.Header())
		}
		crash := func() *httptest.ResponseRecorder {
			return s.send("POST", "/api/method/frappe.client.get_list", `{}`, "Idempotency-Key", "k3")
		}
		if w := crash(); w.Code != 500 {
			t.Fatal(w.Code, w.Body)
		}
		if w := crash(); w.Code != 500 || w.Header().Get("Idempotent-Replayed") != "" {
			t.Errorf("a failure was kept: %d %v", w.Code, w.Header())
		}
		before := s.count("ToDo")
		var wg sync.WaitGroup
		answers := make([]string, 8)
		for i := range answers {
			wg.Go(func() {
				w := s.send("POST", toDo, body, "Idempotency-Key", "k4")
				answers[i] = fmt.Sprint(w.Code, w.Body)
			})
		}
		wg.Wait()
		for _, a := range answers {
			if a != answers[0] || !strings.HasPrefix(a, "200") {
				t.Errorf("answers differ: %s and %s", a, answers[0])
			}
		}
		if n := s.count("ToDo"); n != before+1 {
			t.Errorf("%d documents for one key", n-before)
		}
		key := s.send("POST", "/api/resource/API%20Key", `{"title":"k"}`, "Idempotency-Key", "k5")
		if w := s.send("POST", "/api/resource/API%20Key", `{"title":"k"}`, "Idempotency-Key", "k5"); w.Body.String() != key.Body.String() {
			t.Errorf("%s is not %s", w.Body, key.Body)
		}
	})
}

func TestTagsAndConditions(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		for _, root := range []string{"/api/resource/ToDo", "/api/v2/document/ToDo"} {
			if w := s.send("POST", root, `{"description":"a"}`); w.Header().Get("Etag") != "" {
				t.Error("a tag that nobody asked for")
			}
			w := s.send("POST", root, `{"description":"a"}`, "Prefer", "etag")
			tag := w.Header().Get("Etag")
			v, err := document.ParseJSON(w.Body.String())
			if err != nil || tag == "" {
				t.Fatal(w.Code, w.Body, tag)
			}
			d := v.Map().Get("data").Map()
			if want := `"` + strings.Replace(d.Str("modified"), " ", "T", 1) + `"`; tag != want {
				t.Errorf("tag %s, want %s", tag, want)
			}
			at := root + "/" + d.Str("name")
			if w := s.send("GET", at, "", "If-None-Match", tag); w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("Etag") != tag {
				t.Errorf("unchanged: %d %s %v", w.Code, w.Body, w.Header())
			}
			if w := s.send("GET", at, "", "If-None-Match", `W/"x", "y"`); w.Code != 200 || w.Header().Get("Etag") != tag {
				t.Errorf("changed: %d %v", w.Code, w.Header())
			}
			w = s.send("PUT", at, `{"description":"b"}`, "If-Match", tag)
			fresh := w.Header().Get("Etag")
			if w.Code != 200 || fresh == tag || fresh == "" {
				t.Errorf("write: %d %s %s", w.Code, w.Body, fresh)
			}
			for _, verb := range []string{"PUT", "DELETE"} {
				if w := s.send(verb, at, `{"description":"c"}`, "If-Match", tag); w.Code != 412 || w.Header().Get("Etag") != fresh {
					t.Errorf("stale %s: %d %s %s", verb, w.Code, w.Body, w.Header().Get("Etag"))
				}
			}
			if w := s.send("POST", "/api/v2/document/ToDo/"+d.Str("name")+"/method/add_comment", `{"text":"x"}`, "If-Match", tag); w.Code != 412 {
				t.Errorf("stale method: %d %s", w.Code, w.Body)
			}
			if w := s.send("PUT", at, `{"description":"d"}`, "If-Match", "*"); w.Code != 200 {
				t.Errorf("any: %d %s", w.Code, w.Body)
			}
			if w := s.send("DELETE", root+"/nothing", "", "If-Match", tag); w.Code != 404 {
				t.Errorf("missing: %d %s", w.Code, w.Body)
			}
			if w := s.send("DELETE", at, "", "If-Match", "*"); w.Code != 202 {
				t.Errorf("delete: %d %s", w.Code, w.Body)
			}
		}
	})
}

func TestProblemsAsRFC9457HasThem(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		s := newSite(t, "sqlite", release)
		for _, tt := range []struct {
			method, target, body string
			status               int
			parts                []string
		}{
			{"GET", toDo + "/nothing", "", 404, []string{`"status":404`, `"title":"Not Found"`, `"type":"urn:frappe:exception:DoesNotExistError"`, `"detail":"ToDo nothing not found"`}},
			{"POST", toDo, "{}", 417, []string{`"exc_type":"MandatoryError"`, `"messages":[`}},
			{"POST", "/api/method/frappe.client.get_list", "{}", 500, []string{`"status":500`}},
			{"GET", "/api/method/no.such", "", 417, []string{"Failed to get method"}},
		} {
			w := s.send(tt.method, tt.target, tt.body, "Accept", "application/problem+json, application/json;q=0.5")
			if w.Code != tt.status || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %s %s: %d %s %s", release, tt.method, tt.target, w.Code, w.Header().Get("Content-Type"), w.Body)
			}
			for _, p := range tt.parts {
				if !strings.Contains(w.Body.String(), p) {
					t.Errorf("%s %s %s: %s lacks %s", release, tt.method, tt.target, w.Body, p)
				}
			}
			if strings.Contains(w.Body.String(), "Traceback") || strings.Contains(w.Body.String(), "<strong>") {
				t.Errorf("%s %s: %s", release, tt.target, w.Body)
			}
		}
		if w := s.send("GET", toDo+"/nothing", "", "Accept", "application/json"); !strings.Contains(w.Body.String(), "_server_messages") && !strings.Contains(w.Body.String(), "exc_type") {
			t.Errorf("%s: not asked for: %s", release, w.Body)
		}
		if w := s.send("GET", toDo, "", "Accept", "application/problem+json"); w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: a success: %d %s", release, w.Code, w.Header().Get("Content-Type"))
		}
		if w := s.send("GET", "/api/batch", "", "Accept", "application/problem+json"); release != "v14" && w.Code != 404 || release == "v14" && w.Code != 405 {
			t.Errorf("%s: the wrong verb: %d %s", release, w.Code, w.Body)
		}
	}
}

// batch sends a batch and returns its status, the statuses of its items and the text.
func (s *site) batch(body string, headers ...string) (int, string, string) {
	s.Helper()
	w := s.send("POST", "/api/v2/batch", body, headers...)
	v, err := document.ParseJSON(w.Body.String())
	if err != nil {
		s.Fatal(w.Code, w.Body, err)
	}
	var statuses []string
	for _, r := range v.Map().Get("data").List() {
		statuses = append(statuses, document.ToText(r.Map().Get("status")))
	}
	return w.Code, strings.Join(statuses, " "), w.Body.String()
}

func TestBatches(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		todo := func(text string) string {
			return `{"method":"POST","path":"/api/resource/ToDo","body":{"description":"` + text + `","name":"` + text + `"}}`
		}
		const read = `{"id":7,"path":"/api/v2/document/ToDo","query":{"fields":["description"],"filters":{"status":"Open"}}}`
		const bad = `{"method":"POST","path":"/api/v2/document/ToDo","body":{}}`
		for _, tt := range []struct {
			name, body string
			status     int
			items      string
			grows      int64
			has        string
		}{
			{"partial", `{"requests":[` + todo("a") + `,` + bad + `,` + read + `]}`, 200, "200 417 200", 1, `{"id":7,"status":200,"body":{"data":[{"description":"a"}]}}`},
			{"atomic", `{"atomic":true,"requests":[` + todo("b") + `,` + todo("c") + `,` + read + `]}`, 200, "200 200 200", 2, `{"description":"c"}`},
			{"atomic that fails", `{"atomic":true,"requests":[` + todo("d") + `,` + bad + `,` + todo("e") + `]}`, 417, "424 417 424", 0, `"failed":1`},
			{"a missing document", `{"requests":[{"path":"/api/resource/ToDo/nothing"}]}`, 200, "404", 0, "DoesNotExistError"},
			{"a method", `{"requests":[{"path":"/api/method/frappe.auth.get_logged_user"}]}`, 200, "200", 0, `{"message":"Administrator"}`},
			{"an unknown route", `{"requests":[{"path":"/api/v2/nothing"}]}`, 200, "404", 0, ""},
			{"itself", `{"requests":[{"method":"POST","path":"/api/v2/batch","body":{}}]}`, 417, "", 0, "cannot be part of a batch"},
			{"a login", `{"requests":[{"method":"POST","path":"/api/method/login","body":{"usr":"Administrator","pwd":"admin"}}]}`, 417, "", 0, "cannot be part"},
			{"another host", `{"requests":[{"path":"http://example.com/api/resource/ToDo"}]}`, 417, "", 0, "must begin with /api/"},
			{"outside of the API", `{"requests":[{"path":"/private/files/x"}]}`, 417, "", 0, "must begin with /api/"},
			{"nothing", `{"requests":[]}`, 417, "", 0, ""},
			{"too many", `{"requests":[` + strings.TrimSuffix(strings.Repeat(read+",", 101), ",") + `]}`, 417, "", 0, "at most 100"},
			{"a commit inside", `{"atomic":true,"requests":[` + todo("x") + `,{"method":"POST","path":"/api/resource/DocType","body":{"name":"Boxed","module":"Core","custom":1,
				"fields":[{"fieldname":"a","fieldtype":"Data","label":"A"}],"permissions":[{"role":"System Manager"}]}},` + bad + `]}`, 417, "424 424 417", 0, ""},
		} {
			before := s.count("ToDo")
			status, items, text := s.batch(tt.body)
			if status != tt.status || items != tt.items || !strings.Contains(text, tt.has) {
				t.Errorf("%s: %d [%s], want %d [%s] and %s in %s", tt.name, status, items, tt.status, tt.items, tt.has, text)
			}
			if n := s.count("ToDo") - before; n != tt.grows {
				t.Errorf("%s: %d documents more, want %d", tt.name, n, tt.grows)
			}
		}
		s.wants(404, "GET", "/api/resource/DocType/Boxed", "")
		s.wants(405, "GET", "/api/v2/batch", "")
		body := `{"atomic":true,"requests":[` + todo("f") + `]}`
		_, _, first := s.batch(body, "Idempotency-Key", "b")
		_, _, again := s.batch(body, "Idempotency-Key", "b")
		if first != again || !strings.Contains(first, `"status":200`) {
			t.Errorf("%s is not %s", again, first)
		}
		body = `{"atomic":true,"requests":[` + bad + `]}`
		one, _, first := s.batch(body, "Idempotency-Key", "c")
		two, _, again := s.batch(body, "Idempotency-Key", "c")
		if one != 417 || two != 417 || first != again {
			t.Errorf("%d %s is not %d %s", two, again, one, first)
		}
		clerk := s.user("batcher")
		if _, items, text := clerk.batch(`{"requests":[{"path":"/api/resource/User/Administrator"},{"method":"POST","path":"/api/resource/Role","body":{"role_name":"Z"}}]}`); items != "403 403" {
			t.Errorf("a user without roles: %s", text)
		}
		k, _ := s.keyed(`"read_only":1`)
		if _, items, text := k.batch(`{"requests":[` + read + `,` + todo("g") + `]}`); items != "200 403" {
			t.Errorf("a read-only key: %s", text)
		}
		if status, items, text := k.batch(`{"atomic":true,"requests":[` + read + `,` + todo("g") + `]}`); status != 403 || items != "424 403" {
			t.Errorf("a read-only key: %s", text)
		}
		w := s.send("POST", "/api/v2/batch", `{"requests":[{"path":"/api/resource/User/Administrator","headers":{"If-None-Match":"*"}}]}`)
		if !strings.Contains(w.Body.String(), `"status":304,"headers":{"Etag":`) || w.Code != http.StatusOK {
			t.Error(w.Code, w.Body)
		}
	})
}
