// Package load tests what the server's limits promise. Its load test sends a server what would take its memory, its processors, its database
// readers and its disk, all at once, while an ordinary client goes on with its work. The
// server is a process of its own, so that what it uses can be seen. `make load` runs it.
package load

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What must hold, and what it is to hold against.
const (
	maxP99      = 250 * time.Millisecond
	maxResident = 400 << 20
	// quiet is the p99 without load of a machine that nothing else takes; what is above it
	// is not the server's, and is allowed tenfold.
	quiet    = 5 * time.Millisecond
	bodies   = 40
	bodySize = 22 << 20
	readers  = 300
	pictures = 100
	rows     = 3000
	under    = 12 * time.Second
	baseline = 2 * time.Second
)

// TestUnderLoad is the promise of docs/limits.md.
func TestUnderLoad(t *testing.T) {
	if os.Getenv("FREDDO_LOAD") == "" {
		t.Skip("runs alone: make load")
	}
	binary := filepath.Join(t.TempDir(), "freddo")
	if out, err := exec.Command("go", "build", "-o", binary, "freddo/cmd/freddo").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	const tries = 2
	for n := 1; ; n++ {
		r := round(t, binary)
		t.Log(r)
		switch {
		case r.p99 <= maxP99+10*max(r.base-quiet, 0) && r.resident <= maxResident:
			return
		case n < tries && r.resident <= maxResident:
			t.Log("once more: something else may have taken the machine")
		default:
			t.Fatalf("an ordinary client's p99 is %v, want at most %v; resident memory %d MB, want at most %d", r.p99, maxP99, r.resident>>20, maxResident>>20)
		}
	}
}

// result is what one round has shown.
type result struct {
	base, p50, p99, worst time.Duration
	ordinary              int
	resident              int64
	bodies                map[int]int
	documents, answered   int64
}

func (r result) String() string {
	return fmt.Sprintf("ordinary requests %d: p50 %v, p99 %v, worst %v (p99 without load %v); resident at most %d MB; bodies by status %v; slow readers answered %d; hundred-picture documents saved %d",
		r.ordinary, r.p50, r.p99, r.worst, r.base, r.resident>>20, r.bodies, r.answered, r.documents)
}

func round(t *testing.T, binary string) result {
	s := start(t, binary)
	defer s.stop()
	note := s.fill()
	var r result
	_, r.base, _, _ = s.ordinary(note, time.After(baseline))

	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var answered atomic.Int64
	defer load.Wait()
	defer cancel()
	for i := range readers {
		load.Go(func() { s.slowReader(ctx, i, &answered) })
	}
	var saved atomic.Int64
	document := hundredPictures(t)
	for range 2 {
		load.Go(func() {
			for ctx.Err() == nil {
				if code, err := s.send(ctx, "POST", "/api/resource/ToDo", s.key, document); err == nil && code == http.StatusOK {
					saved.Add(1)
				}
			}
		})
	}
	var mu sync.Mutex
	r.bodies = map[int]int{}
	list := append(append(make([]byte, 0, bodySize), `{"x":[1`...), bytes.Repeat([]byte(",1"), bodySize/2-8)...)
	list = append(list, "]}"...)
	text := append(append(make([]byte, 0, bodySize), `{"x":"`...), bytes.Repeat([]byte("text "), bodySize/5-8)...)
	text = append(text, `"}`...)
	for i := range bodies {
		load.Go(func() {
			body, key := list, ""
			if i%2 == 1 {
				key = s.key
			}
			if i%4 == 3 {
				body = text
			}
			code, err := s.send(ctx, "POST", "/api/method/ping", key, body)
			if err != nil && !errors.Is(err, context.Canceled) {
				code = -1 // refused before all of it was sent
			}
			mu.Lock()
			r.bodies[code]++
			mu.Unlock()
		})
	}
	r.p50, r.p99, r.worst, r.ordinary = s.ordinary(note, time.After(under))
	cancel()
	load.Wait()
	r.resident, r.documents, r.answered = s.resident(), saved.Load(), answered.Load()
	return r
}

// server is a demo site in a process of its own.
type server struct {
	t           *testing.T
	cmd         *exec.Cmd
	base, key   string
	client      *http.Client
	log         bytes.Buffer
	logged      sync.Mutex
	ordinaryKey string
}

var (
	siteLine = regexp.MustCompile(`Site\s+(http://\S+)`)
	keyLine  = regexp.MustCompile(`Authorization: (token \S+)`)
)

func start(t *testing.T, binary string) *server {
	t.Helper()
	s := &server{t: t, client: &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	s.cmd = exec.Command(binary, "demo", "--dir", filepath.Join(t.TempDir(), "site"), "--addr", "127.0.0.1:0")
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = &locked{mu: &s.logged, b: &s.log}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	greeting := ""
	buf := make([]byte, 4096)
	for !strings.Contains(greeting, "Ctrl+C") {
		n, err := out.Read(buf)
		greeting += string(buf[:n])
		if err != nil {
			s.stop()
			t.Fatalf("the server did not start: %s\n%s", greeting, s.log.String())
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	s.base = siteLine.FindStringSubmatch(greeting)[1]
	s.key = keyLine.FindStringSubmatch(greeting)[1]
	return s
}

type locked struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.client.CloseIdleConnections()
}

// resident is the most memory that the process has had.
func (s *server) resident() int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Skipf("memory of processes cannot be read here: %v", err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10
		}
	}
	s.t.Fatal("no VmHWM")
	return 0
}

func (s *server) send(ctx context.Context, verb, path, key string, body []byte) (int, error) {
	code, _, err := s.answer(ctx, verb, path, key, body)
	return code, err
}

func (s *server) answer(ctx context.Context, verb, path, key string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, verb, s.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", key)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return res.StatusCode, data, err
}

// fill makes the rows of the large list, and the ordinary client's document, whose name it
// returns.
func (s *server) fill() string {
	const at = 200
	filler := strings.Repeat("a row of the large list ", 40)
	for from := 0; from < rows; from += at {
		docs := make([]map[string]any, at)
		for i := range docs {
			docs[i] = map[string]any{"doctype": "ToDo", "description": fmt.Sprint(from+i, filler)}
		}
		text, _ := json.Marshal(map[string]any{"docs": docs})
		if code, body, err := s.answer(s.t.Context(), "POST", "/api/method/frappe.client.insert_many", s.key, text); err != nil || code != http.StatusOK {
			s.t.Fatalf("rows: %d %.300s %v", code, body, err)
		}
	}
	s.otherUser()
	code, body, err := s.answer(s.t.Context(), "POST", "/api/resource/ToDo", s.ordinaryKey, []byte(`{"description":"ordinary"}`))
	var made struct {
		Data struct{ Name any }
	}
	if err != nil || code != http.StatusOK || json.Unmarshal(body, &made) != nil {
		s.t.Fatalf("document: %d %.300s %v", code, body, err)
	}
	return fmt.Sprint(made.Data.Name)
}

// otherUser logs Administrator in, so that the ordinary client is not the one that does
// the harm.
func (s *server) otherUser() {
	res, err := s.client.Post(s.base+"/api/method/login", "application/json", strings.NewReader(`{"usr":"Administrator","pwd":"admin"}`))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	_, body, err := s.answerAs(res.Cookies(), "/api/method/frappe.core.doctype.user.user.generate_keys", `{"user":"Administrator"}`)
	var made struct {
		Message map[string]string
	}
	if err != nil || json.Unmarshal(body, &made) != nil || made.Message["api_secret"] == "" {
		s.t.Fatalf("keys: %.300s %v", body, err)
	}
	key := made.Message["api_key"]
	if key == "" {
		_, body, err := s.answerAs(res.Cookies(), "/api/method/frappe.client.get_value", `{"doctype":"User","fieldname":"api_key","filters":"Administrator"}`)
		if err != nil || json.Unmarshal(body, &made) != nil {
			s.t.Fatalf("keys: %.300s %v", body, err)
		}
		key = made.Message["api_key"]
	}
	s.ordinaryKey = "token " + key + ":" + made.Message["api_secret"]
}

func (s *server) answerAs(cookies []*http.Cookie, path, text string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), "POST", s.base+path, strings.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	for _, c := range cookies {
		req.AddCookie(c)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

// ordinary reads and writes its document in turn until the end comes.
func (s *server) ordinary(name string, end <-chan time.Time) (p50, p99, worst time.Duration, n int) {
	client := &http.Client{Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	var all []time.Duration
	for i := 0; ; i++ {
		select {
		case <-end:
			slices.Sort(all)
			at := func(q float64) time.Duration { return all[min(int(math.Ceil(q*float64(len(all))))-1, len(all)-1)] }
			return at(0.5).Round(time.Microsecond), at(0.99).Round(time.Microsecond), all[len(all)-1].Round(time.Microsecond), len(all)
		default:
		}
		verb, body := "GET", ""
		if i%2 == 1 {
			verb, body = "PUT", fmt.Sprintf(`{"description":"ordinary %d"}`, i)
		}
		req, err := http.NewRequestWithContext(s.t.Context(), verb, s.base+"/api/resource/ToDo/"+name, strings.NewReader(body))
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", s.ordinaryKey)
		began := time.Now()
		res, err := client.Do(req)
		if err != nil {
			s.t.Fatalf("ordinary client: %v", err)
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			s.t.Fatalf("ordinary client: %d %v", res.StatusCode, err)
		}
		all = append(all, time.Since(began))
	}
}

// slowReader asks for the whole list and takes next to nothing of it.
func (s *server) slowReader(ctx context.Context, i int, answered *atomic.Int64) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	defer func() { _ = c.Close() }()
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	_, _ = fmt.Fprintf(c, "GET /api/resource/ToDo?limit_page_length=0&fields=[\"*\"] HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n", s.key)
	buf, tick := make([]byte, 1024), time.NewTicker(100*time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		if _, err := c.Read(buf); err != nil {
			return
		}
		if n == 0 {
			answered.Add(1)
		}
		if i%3 > 0 {
			<-ctx.Done() // reads nothing more
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// hundredPictures is a document with a hundred pictures of nine million pixels each, 160
// KB in all.
func hundredPictures(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	img := image.NewPaletted(image.Rect(0, 0, 3000, 3000), color.Palette{color.Black, color.White})
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	tag := `<img src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(b.Bytes()) + `">`
	body, err := json.Marshal(map[string]any{"description": strings.Repeat(tag, pictures)})
	if err != nil {
		t.Fatal(err)
	}
	return body
}
