package auth

import (
	"context"
	"encoding/base32"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"freddo/internal/compat"
	"freddo/internal/engine"
)

// Python's base64.b64decode, run on each input.
func TestDecodeBase64(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, want string
		bad      bool
	}{
		{in: "YXV0a2V5MGZpeGVkOmF1dHNlY3JldDBmaXhlZA==", want: "autkey0fixed:autsecret0fixed"},
		{in: "YTpi", want: "a:b"},
		{in: "", want: ""},
		{in: "YTpi!!", want: "a:b"},
		{in: "Y T p i", want: "a:b"},
		{in: "YQ==YQ==", want: "a"},
		{in: "abc", bad: true},
		{in: "YQ=", bad: true},
		{in: "Y", bad: true},
	} {
		got, err := decodeBase64(tt.in)
		if got != tt.want || (err != nil) != tt.bad {
			t.Errorf("decodeBase64(%q) = %q, %v; want %q, error %v", tt.in, got, err, tt.want, tt.bad)
		}
	}
}

func TestParseExpiry(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		"60:00": 60 * time.Hour, "170:00": 170 * time.Hour, "170:00:00": 170 * time.Hour, "0:30": 30 * time.Minute, "00:00:05": 5 * time.Second,
		"": 0, "60": 0, "60:": 0, ":30": 0, "a:b": 0, "1:2:3:4": 0, "-1:00": 0, "99999999:00": 0,
	} {
		if got := parseExpiry(in); got != want {
			t.Errorf("parseExpiry(%q) = %v, want %v", in, got, want)
		}
	}
}

func TestLockout(t *testing.T) {
	t.Parallel()
	var a attempts
	a.init()
	now, lock := time.Unix(1000, 0), 3*time.Second
	clock := func() time.Time { return now }
	try := func(o outcome, keys ...string) (locked bool) {
		t.Helper()
		end, locked, err := a.begin(context.Background(), clock, lock, 2, keys...)
		if err != nil {
			t.Fatal(err)
		}
		if !locked {
			end(o)
		}
		return locked
	}
	for i := range 3 {
		if try(wrong, "u:x") {
			t.Fatalf("locked after %d failures of 2 allowed", i)
		}
	}
	if !try(wrong, "u:x") || !try(right, "a:1", "u:x") || try(right, "a:1") || try(wrong, "u:y") {
		t.Error("want u:x locked and nothing else")
	}
	now = now.Add(lock)
	if try(wrong, "u:x") {
		t.Error("still locked after the lock time")
	}
	if a.by["u:x"].count != 1 {
		t.Errorf("a failure after the lock time counts %d, want a new run", a.by["u:x"].count)
	}
	try(right, "u:x")
	try(untried, "u:x")
	if a.by["u:x"].count != 1 {
		t.Errorf("count %d after a right and an untried guess, want 1", a.by["u:x"].count)
	}
	try(forgiven, "u:x")
	if _, ok := a.by["u:x"]; ok || len(a.flying) != 0 {
		t.Errorf("the run is not over: %v, %v", a.by, a.flying)
	}
}

// A guess waits while those before it may still be wrong, and is refused once they were.
func TestGuessesAtOnceAreNoMoreThanOneByOne(t *testing.T) {
	t.Parallel()
	var a attempts
	a.init()
	ctx, lock := context.Background(), time.Minute
	var ends []func(outcome)
	for range 3 {
		end, locked, err := a.begin(ctx, time.Now, lock, 2, "u:x")
		if locked || err != nil {
			t.Fatal(locked, err)
		}
		ends = append(ends, end)
	}
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := a.begin(short, time.Now, lock, 2, "u:x"); err == nil {
		t.Fatal("a fourth guess did not wait for three that are being looked at")
	}
	later := make(chan bool)
	go func() {
		_, locked, _ := a.begin(ctx, time.Now, lock, 2, "u:x")
		later <- locked
	}()
	for _, end := range ends {
		end(wrong)
	}
	if !<-later {
		t.Error("the fourth guess was not locked out")
	}
}

func TestIPAllowed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		prefixes, ip string
		want         bool
	}{
		{"10.90.1.,10.90.2.2", "10.90.1.77", true},
		{"10.90.1.,10.90.2.2", "10.90.2.22", true}, // plain prefixes
		{"10.90.1.,10.90.2.2", "10.90.3.1", false},
		{" 10.1 , ", "10.1.2.3", true},
		{",", "10.1.2.3", false},
	} {
		if got := ipAllowed(tt.prefixes, tt.ip); got != tt.want {
			t.Errorf("ipAllowed(%q, %q) = %v", tt.prefixes, tt.ip, got)
		}
	}
}

// RFC 4226, appendix D.
func TestHOTP(t *testing.T) {
	t.Parallel()
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for i, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got, err := hotp(secret, uint64(i)); got != want || err != nil {
			t.Errorf("hotp(%d) = %s, %v; want %s", i, got, err, want)
		}
	}
}

func cookieStore(p *compat.Profile) *Store {
	return New(&engine.Engine{Profile: p, Now: func() time.Time { return time.Unix(1764072000, 0) }}, nil)
}

func TestCookies(t *testing.T) {
	t.Parallel()
	user := &engine.Session{SID: "abc", User: "a@example.com", FullName: "Séba O'Neil", UserType: "System User", Language: "en", Lifetime: 170 * time.Hour}
	guest := &engine.Session{SID: "Guest", User: "Guest", FullName: "Guest", Language: "en", Lifetime: time.Hour}
	const end = "; Path=/; SameSite=Lax"
	for _, tt := range []struct {
		name    string
		p       *compat.Profile
		session *engine.Session
		sent    string
		scheme  string
		clear   bool
		want    []string
	}{
		{name: "v15 order", p: compat.V15(), session: user, want: []string{
			"sid=abc; Expires=Tue, 02 Dec 2025 14:00:00 GMT; Max-Age=612000; HttpOnly" + end, "system_user=yes" + end,
			"full_name=S%C3%A9ba%20O%27Neil" + end, "user_id=a%40example.com" + end, "user_image=" + end}},
		{name: "v16 leaves out what the client has", p: compat.V16(), session: user, sent: "sid=abc; system_user=yes; user_id=a%40example.com", want: []string{
			"sid=abc; Expires=Tue, 02 Dec 2025 14:00:00 GMT; Max-Age=612000; HttpOnly" + end, "full_name=S%C3%A9ba%20O%27Neil" + end, "user_lang=en" + end}},
		{name: "https", p: compat.V14(), session: guest, scheme: "https", want: []string{
			"sid=Guest; Expires=Tue, 25 Nov 2025 13:00:00 GMT; Max-Age=3600; Secure; HttpOnly" + end, "system_user=no; Secure" + end,
			"full_name=Guest; Secure" + end, "user_id=Guest; Secure" + end, "user_image=; Secure" + end}},
		{name: "expired", p: compat.V16(), session: guest, clear: true, want: []string{
			"sid=Guest; Expires=Tue, 25 Nov 2025 13:00:00 GMT; Max-Age=3600; HttpOnly" + end, "system_user=no" + end, "full_name=Guest" + end,
			"user_id=Guest" + end, "user_lang=en" + end, "sid=; Expires=Mon, 24 Nov 2025 12:00:00 GMT; Path=/", "full_name=; Expires=Mon, 24 Nov 2025 12:00:00 GMT; Path=/",
			"user_id=; Expires=Mon, 24 Nov 2025 12:00:00 GMT; Path=/", "user_image=; Expires=Mon, 24 Nov 2025 12:00:00 GMT; Path=/",
			"system_user=; Expires=Mon, 24 Nov 2025 12:00:00 GMT; Path=/", "user_lang=; Expires=Mon, 24 Nov 2025 12:00:00 GMT; Path=/"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &engine.Call{Session: tt.session, Request: &engine.Request{Scheme: tt.scheme, Header: http.Header{}}}
			if tt.sent != "" {
				c.Request.Header.Set("Cookie", tt.sent)
			}
			c.Response.ClearCookies = tt.clear
			got := cookieStore(tt.p).Cookies(c)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestKeyCacheForgetsWhatWasReadBefore(t *testing.T) {
	t.Parallel()
	var k keyCache
	k.init()
	gen := k.gen.Load()
	k.put(gen, "key", &apiKey{user: "a"})
	k.put(gen, "nobody", &apiKey{})
	if k.get("key") == nil || k.get("nobody") == nil {
		t.Fatal("not cached")
	}
	k.invalidate("b")
	if k.get("key") == nil || k.get("nobody") != nil {
		t.Error("want the key of a kept, and unknown keys forgotten")
	}
	k.put(gen, "late", &apiKey{user: "c"})
	if k.get("late") != nil {
		t.Error("what was read before an invalidation was cached after it")
	}
	k.invalidate("a")
	if k.get("key") != nil {
		t.Error("the key of a is still cached")
	}
	gen = k.gen.Load()
	for i := range maxUnknown + 10 {
		k.put(gen, fmt.Sprint(i), &apiKey{})
	}
	if n := len(*k.unknown.Load()); n > maxUnknown {
		t.Errorf("%d unknown keys are held", n)
	}
}

func FuzzDecodeBase64(f *testing.F) {
	f.Add("YTpi")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := decodeBase64(s); err == nil && len(got) > len(s) {
			t.Errorf("%q gave %d bytes", s, len(got))
		}
	})
}
