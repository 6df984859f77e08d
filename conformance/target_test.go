package conformance

import (
	"bufio"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// targets runs a test against both kinds of target for the same handler.
func targets(t *testing.T, h http.HandlerFunc, test func(t *testing.T, target Target)) {
	t.Helper()
	quiet := log.New(io.Discard, "", 0)
	t.Run("handler", func(t *testing.T) {
		t.Parallel()
		test(t, HandlerTarget{Handler: h, ErrorLog: quiet})
	})
	t.Run("url", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewUnstartedServer(h)
		server.Config.ErrorLog = quiet
		server.Start()
		t.Cleanup(server.Close)
		test(t, URLTarget(server.URL))
	})
}

func values(r Response, name string) []string {
	var out []string
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, name) {
			out = append(out, h.Value)
		}
	}
	return out
}

func TestTargetSendsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	type seen struct {
		uri, path, rawPath, query, host, body string
		header                                http.Header
		remote                                string
	}
	got := make(chan seen, 1)
	handler := func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		remote, _, _ := strings.Cut(r.RemoteAddr, ":")
		got <- seen{r.RequestURI, r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.Host, string(body), r.Header, remote}
	}
	// One at a time: both targets report to the same channel.
	server := httptest.NewServer(http.HandlerFunc(handler))
	t.Cleanup(server.Close)
	for name, target := range map[string]Target{"handler": HandlerTarget{Handler: http.HandlerFunc(handler)}, "url": URLTarget(server.URL)} {
		t.Run(name, func(t *testing.T) {
			_, err := target.Do(t.Context(), Exchange{Method: "POST", Target: "/a//b%2Fc/../%20d?x=%zz&y=+", Body: []byte("abc"), Header: []Header{
				{"X-One", "caf\xe9"}, {"Content-Length", "3"}, {"Host", "shop.example"}, {"X-Two", "1"}, {"X-Two", "2"}}})
			if err != nil {
				t.Fatal(err)
			}
			s := <-got
			if s.uri != "/a//b%2Fc/../%20d?x=%zz&y=+" || s.path != "/a//b/c/../ d" || s.rawPath != "/a//b%2Fc/../%20d" || s.query != "x=%zz&y=+" {
				t.Errorf("target: %+v", s)
			}
			if s.host != "shop.example" || s.body != "abc" || s.remote != "127.0.0.1" {
				t.Errorf("got %+v", s)
			}
			want := http.Header{"X-One": {"caf\xe9"}, "Content-Length": {"3"}, "X-Two": {"1", "2"}}
			for k, v := range s.header {
				if !slices.Equal(v, want[k]) {
					t.Errorf("header %s: got %q, want %q", k, v, want[k])
				}
			}
			if len(s.header) != len(want) {
				t.Errorf("headers: got %v", s.header)
			}
		})
	}
}

func TestTargetReadsWhatComes(t *testing.T) {
	t.Parallel()
	targets(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "b=1")
		w.Header().Add("Set-Cookie", "a=2")
		w.Header().Set("Pragma", "no-cache")
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusFound)
		for range 3 {
			_, _ = io.WriteString(w, "<html>")
			_ = http.NewResponseController(w).Flush()
		}
	}, func(t *testing.T, target Target) {
		r, err := target.Do(t.Context(), Exchange{Method: "GET", Target: "/"})
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != 302 || string(r.Body) != "<html><html><html>" {
			t.Errorf("got %d %q", r.Status, r.Body)
		}
		if got := values(r, "set-cookie"); !slices.Equal(got, []string{"b=1", "a=2"}) {
			t.Errorf("cookies: %q", got)
		}
		if got := values(r, "cache-control"); got != nil {
			t.Errorf("nobody sent a Cache-Control: %q", got)
		}
		if got := values(r, "content-type"); !slices.Equal(got, []string{"text/html; charset=utf-8"}) {
			t.Errorf("a server sniffs the type: %q", got)
		}
		head, err := target.Do(t.Context(), Exchange{Method: "HEAD", Target: "/"})
		if err != nil || head.Status != 302 || len(head.Body) != 0 {
			t.Errorf("HEAD: %+v, %v", head, err)
		}
	})
}

func TestTargetAnswerBeforeTheBodyIsRead(t *testing.T) {
	t.Parallel()
	targets(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	}, func(t *testing.T, target Target) {
		body := make([]byte, 8<<20)
		r, err := target.Do(t.Context(), Exchange{Method: "POST", Target: "/", Body: body,
			Header: []Header{{"Content-Length", string(number(len(body)))}}})
		if err != nil || r.Status != 413 {
			t.Errorf("got %d, %v", r.Status, err)
		}
	})
}

func TestTargetErrors(t *testing.T) {
	t.Parallel()
	targets(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("a handler that is broken")
		}
		<-r.Context().Done()
	}, func(t *testing.T, target Target) {
		for _, bad := range []Exchange{
			{Method: "GET", Target: "/panic"},
			{Method: "GET", Target: "/a b"},
			{Method: "GET", Target: ""},
			{Method: "GET", Target: "/é"},
			{Method: "GET", Target: "/", Header: []Header{{"X", "a\r\nY: b"}}},
		} {
			if r, err := target.Do(t.Context(), bad); err == nil {
				t.Errorf("%+v: want an error, got %+v", bad, r)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := target.Do(ctx, Exchange{Method: "GET", Target: "/"}); err == nil {
			t.Error("done ctx: want an error")
		}
	})
	if _, err := URLTarget("ftp://x").Do(t.Context(), Exchange{Method: "GET", Target: "/"}); err == nil {
		t.Error("no http URL: want an error")
	}
}

func TestTargetMalformedRequest(t *testing.T) {
	t.Parallel()
	targets(t, func(http.ResponseWriter, *http.Request) {
		t.Error("the handler was called")
	}, func(t *testing.T, target Target) {
		r, err := target.Do(t.Context(), Exchange{Method: "GET", Target: "/%zz"})
		if err != nil || r.Status != 400 {
			t.Errorf("got %d, %v", r.Status, err)
		}
	})
}

func TestReadResponseErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "HTTP/1.1 200 OK\r\n", "nonsense\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "HTTP/1.1 100 Continue\r\n\r\n",
	} {
		if r, err := readResponse(bufio.NewReader(strings.NewReader(text)), "GET"); err == nil {
			t.Errorf("%q: want an error, got %+v", text, r)
		}
	}
}
