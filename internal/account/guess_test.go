package account_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"freddo/internal/sitetest"
)

// each runs a test on a new site of every release.
func each(t *testing.T, config func(t *testing.T) map[string]any, fn func(t *testing.T, s *sitetest.Site, release string)) {
	t.Helper()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			var conf map[string]any
			if config != nil {
				conf = config(t)
			}
			fn(t, sitetest.New(t, release, conf), release)
		})
	}
}

// gate holds back the last byte of many bodies, so that the requests arrive at once.
type gate struct {
	io.Reader
	ready *sync.WaitGroup
	open  <-chan struct{}
	once  sync.Once
}

func (g *gate) Read(p []byte) (int, error) {
	g.once.Do(func() {
		g.ready.Done()
		<-g.open
	})
	return g.Reader.Read(p)
}

// atOnce sends n requests whose bodies arrive at the same time and counts the statuses.
func atOnce(s *sitetest.Site, n int, target string, form func(i int) url.Values, cookies []*http.Cookie) map[int]int {
	codes, open := map[int]int{}, make(chan struct{})
	var ready, done sync.WaitGroup
	var mu sync.Mutex
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			r := httptest.NewRequest(http.MethodPost, target, &gate{Reader: strings.NewReader(form(i).Encode()), ready: &ready, open: open})
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			a := s.Do(cookies, r)
			mu.Lock()
			codes[a.Code]++
			mu.Unlock()
		})
	}
	ready.Wait()
	close(open)
	done.Wait()
	return codes
}

func TestManyGuessesAtOnceAreNoMoreThanOneByOne(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, s *sitetest.Site, _ string) {
		for i := range 3 {
			s.User(fmt.Sprintf("u%d@example.com", i), nil, "Report Manager")
		}
		u2 := s.Login("u2@example.com", sitetest.Password)
		set(s, "System Settings", map[string]any{"allow_consecutive_login_attempts": 4, "allow_login_after_fail": 600})
		wrong := func(int) url.Values { return url.Values{"usr": {"u0@example.com"}, "pwd": {"wrong"}} }
		if got := atOnce(s, 40, "/api/method/login", wrong, nil); got[401] != 5 || got[500] != 35 {
			t.Errorf("guesses at a password: %v, want 5 looked at", got)
		}
		s.Wait(601e9)
		spread := func(i int) url.Values {
			return url.Values{"usr": {fmt.Sprintf("x%d@example.com", i)}, "pwd": {"wrong"}}
		}
		if got := atOnce(s, 40, "/api/method/login", spread, nil); got[401] != 5 {
			t.Errorf("guesses from one address: %v, want 5 looked at", got)
		}
		s.Wait(601e9)
		old := func(int) url.Values {
			return url.Values{"old_password": {"wrong"}, "new_password": {"Zx9-lantern-Quay"}}
		}
		if got := atOnce(s, 40, users+"update_password", old, u2); got[401] != 5 {
			t.Errorf("guesses at the old password: %v, want 5 looked at", got)
		}
		s.Wait(601e9)
		right := func(int) url.Values { return url.Values{"usr": {"u1@example.com"}, "pwd": {sitetest.Password}} }
		if got := atOnce(s, 30, "/api/method/login", right, nil); got[200] != 30 {
			t.Errorf("right passwords: %v, want all let in", got)
		}
	})
}

func TestLongSecretsAreNotGuessedWithoutEnd(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, s *sitetest.Site, _ string) {
		s.User("olga@example.com", nil, "Report Manager")
		key, secret, err := s.App.GenerateKeys(t.Context(), "olga@example.com")
		if err != nil {
			t.Fatal(err)
		}
		ask := func(ip, auth string) int {
			r := httptest.NewRequest(http.MethodGet, whoami, nil)
			r.RemoteAddr = ip + ":1"
			r.Header.Set("Authorization", "token "+key+":"+auth)
			return s.Do(nil, r).Code
		}
		for i := range 100 {
			if got := ask("203.0.113.1", fmt.Sprint(i)); got != 401 {
				t.Fatalf("guess %d: %d", i, got)
			}
		}
		if got := ask("203.0.113.1", secret); got != http.StatusTooManyRequests {
			t.Errorf("the right secret after a hundred guesses: %d", got)
		}
		if got := ask("203.0.113.2", secret); got != 200 {
			t.Errorf("the right secret from elsewhere: %d", got)
		}
		codes := map[int]int{}
		for i := range 110 {
			codes[from(s, "203.0.113.3", users+"update_password", url.Values{"key": {fmt.Sprint("k", i)}, "new_password": {"Zx9-lantern-Quay"}}).Code]++
		}
		if codes[410] != 100 || codes[429] != 10 {
			t.Errorf("guesses at reset keys: %v", codes)
		}
		s.Wait(61e9)
		if got := ask("203.0.113.1", secret); got != 200 {
			t.Errorf("a minute later: %d", got)
		}
	})
}

func TestTheAddressIsWhatATrustedProxySaw(t *testing.T) {
	t.Parallel()
	type row struct{ peer, forwarded, want string }
	for name, tt := range map[string]struct {
		trusted any
		rows    []row
	}{
		"by default this machine": {nil, []row{
			{"203.0.113.7", "", "203.0.113.7"},
			{"203.0.113.7", "198.51.100.1", "203.0.113.7"},
			{"10.0.0.9", "198.51.100.1", "10.0.0.9"}, // a private network is no proxy of ours
			{"127.0.0.1", "198.51.100.1", "198.51.100.1"},
			{"::1", "198.51.100.1", "198.51.100.1"},
			{"127.0.0.1", "203.0.113.66, 198.51.100.1", "198.51.100.1"},
			{"127.0.0.1", "203.0.113.66, 198.51.100.1:4711", "198.51.100.1"},
			{"127.0.0.1", "198.51.100.1, evil", "127.0.0.1"},
			{"127.0.0.1", "203.0.113.evil", "127.0.0.1"},
			{"127.0.0.1", "203.0.113.66, 10.0.0.2", "10.0.0.2"},
			{"127.0.0.1", "[2001:db8::1]:80", "2001:db8::1"},
		}},
		"as configured": {[]any{"10.0.0.0/8", "nonsense", "192.0.2.1"}, []row{
			{"10.0.0.9", "203.0.113.66, 198.51.100.1", "198.51.100.1"},
			{"10.0.0.9", "203.0.113.66, 198.51.100.1, 192.0.2.1", "198.51.100.1"},
			{"127.0.0.1", "198.51.100.1", "127.0.0.1"},
			{"::ffff:10.0.0.9", "198.51.100.1", "198.51.100.1"},
		}},
		"nobody": {[]any{}, []row{{"127.0.0.1", "198.51.100.1", "127.0.0.1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := map[string]any{}
			if tt.trusted != nil {
				conf["trusted_proxies"] = tt.trusted
			}
			each(t, func(*testing.T) map[string]any { return conf }, func(t *testing.T, s *sitetest.Site, _ string) {
				for _, row := range tt.rows {
					r := httptest.NewRequest(http.MethodPost, "/api/method/login", strings.NewReader(url.Values{"usr": {"Administrator"}, "pwd": {sitetest.AdminPassword}}.Encode()))
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					r.RemoteAddr = row.peer + ":1234"
					if strings.Contains(row.peer, ":") {
						r.RemoteAddr = "[" + row.peer + "]:1234"
					}
					if row.forwarded != "" {
						r.Header.Set("X-Forwarded-For", row.forwarded)
					}
					if a := s.Do(nil, r); a.Code != 200 {
						t.Fatalf("login: %d", a.Code)
					}
					user, _ := s.Get(s.Admin, "/api/resource/User/Administrator").Body["data"].(map[string]any)
					got := user["last_ip"]
					if got != row.want {
						t.Errorf("from %s by %q: last_ip %v, want %s", row.peer, row.forwarded, got, row.want)
					}
				}
			})
		})
	}
}

func TestAddressesOfUsersAndLimitsAreNotTheClientsChoice(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, s *sitetest.Site, _ string) {
		s.User("near@example.com", map[string]any{"restrict_ip": "203.0.113."}, "Report Manager")
		login := func(peer, forwarded string) int {
			r := httptest.NewRequest(http.MethodPost, "/api/method/login", strings.NewReader(url.Values{"usr": {"near@example.com"}, "pwd": {sitetest.Password}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.RemoteAddr = peer + ":1"
			r.Header.Set("X-Forwarded-For", forwarded)
			return s.Do(nil, r).Code
		}
		for _, tt := range []struct {
			peer, forwarded string
			want            int
		}{
			{"127.0.0.1", "203.0.113.5", 200}, {"127.0.0.1", "198.51.100.1, 203.0.113.5", 200}, {"127.0.0.1", "203.0.113.5, 198.51.100.1", 401},
			{"127.0.0.1", "203.0.113.evil", 401}, {"10.1.1.1", "203.0.113.5", 401}, {"192.0.2.1", "203.0.113.5", 401},
		} {
			if got := login(tt.peer, tt.forwarded); got != tt.want {
				t.Errorf("%+v: %d", tt, got)
			}
		}
		var codes []int
		for i := range 5 { // every one from an address of its own, says the client
			r := httptest.NewRequest(http.MethodPost, users+"reset_password", strings.NewReader("user=nobody@example.com"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.RemoteAddr = "127.0.0.1:1"
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d, 203.0.113.9", i))
			codes = append(codes, s.Do(nil, r).Code)
		}
		if fmt.Sprint(codes) != "[404 404 404 429 429]" {
			t.Errorf("reset_password: %v", codes)
		}
		codes = nil
		for i := range 5 { // a network of IPv6 is one client
			r := httptest.NewRequest(http.MethodPost, users+"reset_password", strings.NewReader("user=nobody@example.com"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.RemoteAddr = fmt.Sprintf("[2001:db8:0:1::%d]:1", i+1)
			codes = append(codes, s.Do(nil, r).Code)
		}
		if fmt.Sprint(codes) != "[404 404 404 429 429]" {
			t.Errorf("reset_password over IPv6: %v", codes)
		}
	})
}
