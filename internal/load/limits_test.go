package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"freddo"
	"freddo/internal/apptest"
	"freddo/internal/sitetest"
)

func TestMain(m *testing.M) { os.Exit(apptest.Main(m)) }

// list is a JSON list of n-1 numbers: n values.
func list(n int) string { return "[1" + strings.Repeat(",1", n-2) + "]" }

// Finding 5: what a body takes in memory is bounded before anybody is asked who they are,
// and Guests have less of it.
func TestValuesAreBounded(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		form := func(v string) *http.Request {
			r := httptest.NewRequest("POST", "/api/method/ping", strings.NewReader("x="+url.QueryEscape(v)))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		}
		body := func(v string) *http.Request {
			r := httptest.NewRequest("POST", "/api/method/ping", strings.NewReader(`{"x":`+v+`}`))
			r.Header.Set("Content-Type", "application/json")
			return r
		}
		query := func(v string) *http.Request {
			return httptest.NewRequest("GET", "/api/method/ping?x="+v, http.NoBody)
		}
		inText := func(v string) *http.Request { return body(`"` + v + `"`) }
		for _, row := range []struct {
			name, user string
			request    *http.Request
			want       int
		}{
			{"few of a Guest", "", body(list(99_000)), 200},
			{"many of a Guest", "", body(list(100_001)), 413},
			{"many of a user", "Administrator", body(list(100_001)), 200},
			{"too many of a user", "Administrator", body(list(1_000_001)), 413},
			{"many objects of a Guest", "", body("[" + strings.Repeat(`{"a":1},`, 60_000) + "1]"), 413},
			{"many in a form of a Guest", "", form(list(100_001)), 413},
			{"many in a form of a user", "Administrator", form(list(100_001)), 200},
			{"many in an address of a Guest", "", query(list(100_001)), 413},
			{"many in a text of a Guest", "", inText(list(100_001)), 413},
			{"a long text of a Guest", "", body(`"` + strings.Repeat("words, and commas ", 100_000) + `"`), 200},
		} {
			if w := s.Send(row.user, row.request); w.Code != row.want {
				t.Errorf("%s: %d %.200s, want %d", row.name, w.Code, w.Body, row.want)
			}
		}
		wrong := body(list(100_001))
		wrong.Header.Set("Cookie", "sid=0123456789abcdef")
		if w := s.Send("", wrong); w.Code != 413 {
			t.Errorf("many of a cookie that nobody has: %d, want 413", w.Code)
		}
	})
}

// Finding 6: pictures in texts are made smaller while others write, and only some of them.
func TestPicturesLeaveTheWriterAlone(t *testing.T) {
	t.Parallel()
	s := apptest.New(t, "v15")
	other := s.Must("Administrator", "POST", "/api/resource/ToDo", `{"description":"other"}`).Get("name")
	document := string(hundredPictures(t))
	done := make(chan int)
	go func() { done <- s.Do("Administrator", "POST", "/api/resource/ToDo", document).Code }()
	var worst time.Duration
	for n := 0; ; n++ {
		select {
		case code := <-done:
			if code != 200 {
				t.Fatalf("the document with pictures: %d", code)
			}
			if worst > 5*time.Second {
				t.Errorf("another write took %v meanwhile", worst)
			}
			checkPictures(t, s)
			return
		default:
		}
		began := time.Now()
		s.Must("Administrator", "PUT", fmt.Sprintf("/api/resource/ToDo/%s", other.Str()), fmt.Sprintf(`{"description":"other %d"}`, n))
		worst = max(worst, time.Since(began))
	}
}

// checkPictures looks at what became of the pictures: all have one of two sizes, since
// those beyond the bound are stored as they are.
func checkPictures(t *testing.T, s *apptest.Server) {
	t.Helper()
	got := s.Call("Administrator", "frappe.client.get_list", `{"doctype":"File","fields":["file_size"],"filters":{"attached_to_doctype":"ToDo"},"limit_page_length":0}`)
	sizes := map[string]int{}
	for _, part := range strings.Split(strings.Trim(got, "[]"), "},") {
		sizes[part]++
	}
	n := 0
	for _, k := range sizes {
		n += k
	}
	if len(sizes) != 2 || n != pictures {
		t.Errorf("%d pictures of sizes %v, want %d of two sizes", n, sizes, pictures)
	}
}

// serve serves a site on a port of its own.
func serve(t *testing.T, app *freddo.App) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(app.Handler())
	t.Cleanup(srv.Close)
	return srv
}

func open(t *testing.T, config map[string]any, log *slog.Logger) *freddo.App {
	t.Helper()
	app, err := freddo.New(freddo.Config{Site: sitetest.Folder(t, "sqlite", "v15", config), Unsafe: true, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	return app
}

func dial(t *testing.T, srv *httptest.Server, text string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// Finding 15: who reads slowly holds neither a snapshot nor a reader.
func TestSlowReadersHoldNoReaders(t *testing.T) {
	t.Parallel()
	s := apptest.New(t, "v15")
	s.User("other@example.com", "System Manager")
	for range 4 {
		docs := strings.Repeat(`{"doctype":"ToDo","description":"`+strings.Repeat("long ", 2000)+`"},`, 100)
		s.Call("Administrator", "frappe.client.insert_many", `{"docs":[`+strings.TrimSuffix(docs, ",")+`]}`)
	}
	srv := serve(t, s.App)
	request := "GET /api/resource/ToDo?limit_page_length=0&fields=[\"*\"] HTTP/1.1\r\nHost: x\r\nAuthorization: " + s.Token("Administrator") + "\r\n\r\n"
	for range 140 {
		dial(t, srv, request)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // a reader was held for 30
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/api/resource/ToDo?limit_page_length=0&fields=[\"*\"]", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", s.Token("other@example.com"))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || !bytes.HasSuffix(bytes.TrimSpace(body), []byte("]}")) || len(body) < 400*10000 {
		t.Errorf("the list behind the slow ones: %d, %d bytes, %v", res.StatusCode, len(body), err)
	}
}

// Finding 24: a body that does not come is given up, whatever it claims.
func TestBodiesHaveADeadline(t *testing.T) {
	t.Parallel()
	srv := serve(t, open(t, map[string]any{"slow_client_seconds": 1, "slow_client_rate": 1 << 20}, slog.New(slog.DiscardHandler)))
	for name, head := range map[string]string{
		"half a body":   "POST /api/method/ping HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
		"half a part":   "POST /api/method/ping HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n--x\r\n",
		"half a chunk":  "POST /api/method/ping HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n{",
		"a long half":   "POST /api/method/ping HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat(" ", 50_000),
		"a file's body": "GET /files/none.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, srv, head)
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
			answer, err := io.ReadAll(c)
			if err != nil {
				t.Fatalf("the connection stays open: %v after %.100q", err, answer)
			}
			if want := "HTTP/1.1 408"; name != "a file's body" && !strings.HasPrefix(string(answer), want) {
				t.Errorf("answer %.200q, want %s", answer, want)
			}
		})
	}
}

// lines counts the lines of a log.
type lines struct {
	mu sync.Mutex
	n  int
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

// Finding 24: clients that break off do not fill the log.
func TestBrokenBodiesAreCounted(t *testing.T) {
	t.Parallel()
	var log lines
	srv := serve(t, open(t, nil, slog.New(slog.NewTextHandler(&log, nil))))
	began := time.Now()
	const n = 200
	for range n {
		c := dial(t, srv, "POST /api/method/ping HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
		_ = c.Close()
	}
	srv.Close() // waits for all
	log.mu.Lock()
	defer log.mu.Unlock()
	if most := 2 + 2*int(time.Since(began)/time.Second); log.n == 0 || log.n > most {
		t.Errorf("%d lines for %d broken bodies, want 1 to %d", log.n, n, most)
	}
}
