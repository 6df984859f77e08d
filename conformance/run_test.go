package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// fakeSite is just enough of a server to be prepared and to be asked things.
type fakeSite struct {
	config string // path of its site_config.json
	mu     sync.Mutex
	lines  []string // "METHOD target who: body"
}

func (f *fakeSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	who := r.Header.Get("Authorization") + r.Header.Get("Cookie")
	f.mu.Lock()
	f.lines = append(f.lines, fmt.Sprintf("%s %s [%s] %s", r.Method, r.RequestURI, who, body))
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/api/method/login":
		w.Header().Add("Set-Cookie", "sid=s1; Path=/; HttpOnly")
		_, _ = io.WriteString(w, "{}")
	case "/api/method/frappe.core.doctype.user.user.generate_keys":
		_, _ = io.WriteString(w, `{"message": {"api_secret": "secret"}}`)
	case "/api/resource/User/Administrator", "/api/resource/User/ann@example.com":
		_, _ = fmt.Fprintf(w, `{"data": {"api_key": %q}}`, strings.TrimPrefix(r.URL.Path, "/api/resource/User/"))
	case "/api/resource/User", "/api/ok":
		_, _ = io.WriteString(w, `{"data": {"name": "N 1", "n": 7, "f": 1.50}}`)
	case "/api/config":
		data, _ := os.ReadFile(f.config)
		_, _ = w.Write(data)
	case "/api/redirect":
		w.Header().Set("Location", "/there?code=c-1&x=2")
		w.WriteHeader(http.StatusFound)
	case "/api/hook":
		f.sendHooks(string(body))
		_, _ = io.WriteString(w, "{}")
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"exc_type": "DoesNotExistError"}`)
	}
}

// sendHooks posts {"n": 2} and {"n": 1.0} to the given URL.
func (f *fakeSite) sendHooks(url string) {
	for _, body := range []string{`{"n": 2}`, `{"n": 1.0}`} {
		request, _ := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
		request.Header.Set("X-Frappe-Webhook-Signature", "wrong")
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			f.mu.Lock()
			f.lines = append(f.lines, fmt.Sprintf("hook answered %d", answer.StatusCode))
			f.mu.Unlock()
		}
	}
}

func (f *fakeSite) said(line string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.lines {
		if l == line {
			return true
		}
	}
	return false
}

func testArea(t *testing.T, text string) *Area {
	t.Helper()
	area, err := LoadFS(fstest.MapFS{"a.json": {Data: []byte(text)}}, "a.json")
	if err != nil {
		t.Fatal(err)
	}
	return area
}

// newFakeSite returns a site and a runner for it, which does not wait.
func newFakeSite(t *testing.T) (*fakeSite, Runner) {
	t.Helper()
	site := &fakeSite{config: filepath.Join(t.TempDir(), "site_config.json")}
	if err := os.WriteFile(site.config, []byte(`{"db_name":"x", "limit": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return site, Runner{Target: HandlerTarget{Handler: site}, Version: 15, SiteConfig: site.config, ConfigWait: -1}
}

func TestRunPreparesAndSends(t *testing.T) {
	t.Parallel()
	site, runner := newFakeSite(t)
	area := testArea(t, `{"area": "a", "users": {"ann": {"roles": ["R"], "password": "pw", "extra": {"enabled": 0, "bio": "b"}}},
		"setup": [
			{"request": {"method": "POST", "path": "/api/ok", "json": {}}, "save": {"name": "data.name", "n": "data.n", "lost": "data.x", "all": "data"}},
			{"request": {"path": "/api/absent"}}, {"request": {"path": "/api/skip"}, "versions": [16]}],
		"scenarios": [{"name": "s", "steps": [
			{"as": "ann", "request": {"method": "PUT", "path": "/api/ok/${name}", "json": {"n": "${n}", "t": "${n}", "x": "${lost}", "d": "${all}"}}},
			{"as": "session:one", "request": {"method": "POST", "path": "/api/method/login", "form": {"a": "b"}}},
			{"as": "session:one", "request": {"path": "/api/ok", "headers": {"Accept": null}}},
			{"as": "session:two", "request": {"path": "/api/ok"}},
			{"as": "guest", "request": {"path": "/api/redirect"}, "save": {"code": "header:location"}, "save_re": "code=([^&]+)"},
			{"as": "guest", "request": {"path": "/api/ok", "query": {"c": "${code}", "u": "${url}"}}}]}]}`)
	result, err := Run(t.Context(), runner, area)
	if err != nil || result.Aborted != "" {
		t.Fatal(err, result.Aborted)
	}
	for _, line := range []string{
		`POST /api/method/login [] {"usr": "Administrator", "pwd": "admin"}`,
		`GET /api/resource/User/ann%40example.com [sid=s1] `,
		`POST /api/resource/User [token Administrator:secret] {"email": "ann@example.com", "first_name": "Ann", "send_welcome_email": 0, ` +
			`"enabled": 0, "user_type": "System User", "roles": [{"role": "R"}], "new_password": "pw", "bio": "b"}`,
		`PUT /api/ok/N%201 [token ann@example.com:secret] {"n": 7, "t": 7, "x": "<unsaved lost>", "d": {"name": "N 1", "n": 7, "f": 1.5}}`,
		`POST /api/method/login [] a=b`,
		`GET /api/ok [sid=s1] `,
		`GET /api/ok [] `,
		`GET /api/ok?c=c-1&u=http%3A%2F%2F127.0.0.1%3A8000 [] `,
	} {
		if !site.said(line) {
			t.Errorf("not sent: %s", line)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(site.lines, "\n"))
	}
	if len(result.Setup) != 1 || result.Setup[0] != `setup GET /api/absent: 404 {"exc_type": "DoesNotExistError"}` {
		t.Errorf("setup: %q", result.Setup)
	}
}

const countedArea = `{"area": "a", "scenarios": [
	{"name": "right", "steps": [{"request": {"path": "/api/ok"}, "expect": {
		"14": {"status": 1}, "15": {"status": 200, "headers": {"content-type": "application/json"}, "body": {"data": {"name": "<*str>", "n": 7, "f": {"$float": "1.5"}}}}}}]},
	{"name": "half", "steps": [
		{"request": {"path": "/api/ok"}, "assert": "status", "expect": {"15": {"status": 200}}},
		{"as": "guest", "request": {"method": "POST", "path": "/api/absent"}, "assert": "status", "expect": {"15": {"status": 403}}},
		{"as": "nobody", "request": {"path": "/api/ok"}, "assert": "status", "expect": {"15": {"status": 200}}},
		{"request": {"path": "/api/ok"}, "versions": [14], "expect": {"15": {"status": 1}}},
		{"request": {"path": "/api/ok"}}]},
	{"name": "configured", "config": {"limit": 5, "new": [1.0]}, "steps": [{"request": {"path": "/api/config"}, "expect": {
		"15": {"status": 200, "headers": {"content-type": "application/json"}, "body": {"db_name": "x", "limit": 5, "new": [{"$float": "1.0"}]}}}}]},
	{"name": "restored", "steps": [{"request": {"path": "/api/config"}, "expect": {
		"15": {"status": 200, "headers": {"content-type": "application/json"}, "body": {"db_name": "x", "limit": 1}}}}]},
	{"name": "other release", "versions": [14, 16], "steps": [{"request": {"path": "/api/ok"}}]}]}`

func TestRunCounts(t *testing.T) {
	t.Parallel()
	site, runner := newFakeSite(t)
	runner.Dialect = "sqlite"
	area := testArea(t, countedArea)
	result, err := Run(t.Context(), runner, area)
	if err != nil {
		t.Fatal(err)
	}
	if got := result.ScenarioCount(); got != (Count{3, 4}) {
		t.Errorf("scenarios: %v", got)
	}
	if got := result.StepCount(); got != (Count{4, 6}) {
		t.Errorf("steps: %v", got)
	}
	var out strings.Builder
	if err := (Report{[]AreaResult{result}}).WriteDifferences(&out); err != nil {
		t.Fatal(err)
	}
	want := `sqlite/a/15: 3/4 scenarios, 4/6 steps
  ✗ half
    step 1 POST /api/absent as guest:
      .status: want 403, got 404
    step 2 GET /api/ok as nobody:
      .status: want 200, got null
`
	if out.String() != want {
		t.Errorf("differences\n got %s\nwant %s", out.String(), want)
	}
	if data, _ := os.ReadFile(site.config); string(data) != `{"db_name":"x", "limit": 1}` {
		t.Errorf("site config was not restored: %s", data)
	}

	runner.SiteConfig = ""
	if result, _ = Run(t.Context(), runner, area); result.ScenarioCount() != (Count{2, 3}) || result.StepCount() != (Count{3, 5}) {
		t.Errorf("without config: %v, %v", result.ScenarioCount(), result.StepCount())
	}
	runner.Only = "right"
	if result, _ = Run(t.Context(), runner, area); result.ScenarioCount() != (Count{1, 1}) {
		t.Errorf("only: %v", result.ScenarioCount())
	}
}

func TestRunAborted(t *testing.T) {
	t.Parallel()
	closed := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	result, err := Run(t.Context(), Runner{Target: HandlerTarget{Handler: closed}, Version: 15}, testArea(t, countedArea))
	if err != nil {
		t.Fatal(err)
	}
	if want := "login as Administrator: 403 no\n"; result.Aborted != want {
		t.Errorf("aborted: got %q, want %q", result.Aborted, want)
	}
	if result.ScenarioCount() != (Count{0, 3}) || result.StepCount() != (Count{0, 5}) {
		t.Errorf("what was not reached counts: %v, %v", result.ScenarioCount(), result.StepCount())
	}
}

func TestRunErrors(t *testing.T) {
	t.Parallel()
	site, runner := newFakeSite(t)
	area := testArea(t, countedArea)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	broken := runner
	broken.SiteConfig = filepath.Join(filepath.Dir(site.config), "absent.json")
	noTarget, noVersion := runner, runner
	noTarget.Target, noVersion.Version = nil, 0
	tests := map[string]struct {
		ctx    context.Context
		runner Runner
	}{
		"done ctx":   {ctx, runner},
		"no config":  {t.Context(), broken},
		"no target":  {t.Context(), noTarget},
		"no version": {t.Context(), noVersion},
	}
	for name, test := range tests {
		if _, err := Run(test.ctx, test.runner, area); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}

func TestRunHooks(t *testing.T) {
	t.Parallel()
	hits := `{"hooks": [
		{"method": "POST", "path": "/h?x=1", "headers": {"x-frappe-webhook-signature": "<INVALID>"}, "body": {"n": 2}},
		{"method": "POST", "path": "/h?x=1", "headers": {"x-frappe-webhook-signature": "<INVALID>"}, "body": {"n": {"$float": "1.0"}}}]}`
	area := testArea(t, `{"area": "a", "scenarios": [{"name": "s", "steps": [
		{"hooks_fail": 1},
		{"request": {"method": "POST", "path": "/api/hook", "text": "${hook}/h?x=1"}},
		{"hooks": 2, "expect": {"15": `+hits+`}},
		{"sleep": 0.001},
		{"hooks": 1, "timeout": 0.01, "expect": {"15": {"hooks": []}}}]}]}`)
	site, runner := newFakeSite(t)
	result, err := Run(t.Context(), runner, area)
	if err != nil {
		t.Fatal(err)
	}
	if result.StepCount() != (Count{2, 2}) {
		t.Errorf("got %+v", result.Scenarios)
	}
	if !site.said("hook answered 500") || !site.said("hook answered 200") {
		t.Errorf("one hook has to fail: %q", site.lines)
	}
}

func TestCheckSignature(t *testing.T) {
	t.Parallel()
	// printf '{}' | openssl dgst -sha256 -hmac webhook-secret -binary | base64
	const right = "ONeVHNAuqxtU0ODkJXwnnWQGIJYeHEOBiLwlLzxnMts="
	if got := checkSignature(right, []byte("{}")); got != "<valid for webhook-secret>" {
		t.Errorf("right: got %s", got)
	}
	if got := checkSignature(right, []byte("{ }")); got != "<INVALID>" {
		t.Errorf("wrong: got %s", got)
	}
}

func TestRunOfAnotherDay(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "sid=1")
		_, _ = io.WriteString(w, `{"message": {"api_secret": "s"}, "data": {"api_key": "k", "creation": "2025-09-03 01:02:03.000004"}}`)
	})
	area := testArea(t, `{"area": "a", "scenarios": [{"name": "s", "steps": [{"request": {"path": "/"}, "expect": {"16":
		{"status": 200, "headers": "<*>", "body": {"message": "<*>", "data": {"api_key": "k", "creation": "<now>"}}}}}]}]}`)
	for day, want := range map[time.Time]Count{testDay(): {1, 1}, testDay().AddDate(0, 0, 1): {0, 1}} {
		runner := Runner{Target: HandlerTarget{Handler: handler}, Version: 16, Now: func() time.Time { return day }}
		result, err := Run(t.Context(), runner, area)
		if err != nil || result.StepCount() != want {
			t.Errorf("%v: got %v, want %v, %v", day, result.StepCount(), want, err)
		}
	}
}

func TestNumbersStayJSON(t *testing.T) {
	t.Parallel()
	// The public type has to work with encoding/json as well.
	data, err := json.Marshal(NewObject("z", number(1), "a", []any{json.Number("2.0")}))
	if err != nil || string(data) != `{"z":1,"a":[2.0]}` {
		t.Errorf("got %s, %v", data, err)
	}
}
