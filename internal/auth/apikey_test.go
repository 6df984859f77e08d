package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/site"
)

// BenchmarkCachedKey is the check of an API key that was seen before, with the
// bookkeeping of the user's last activity; it must stay below 5 µs.
func BenchmarkCachedKey(b *testing.B) {
	st, err := site.Create(filepath.Join(b.TempDir(), "site"), map[string]any{})
	if err != nil {
		b.Fatal(err)
	}
	s := New(&engine.Engine{Profile: compat.V15(), Now: time.Now, Site: st}, nil)
	keys := map[string]*apiKey{}
	for i := range 10_000 {
		keys[fmt.Sprintf("key-%d", i)] = &apiKey{user: "olga@example.com", secret: sha256.Sum256([]byte("secret")), enabled: true}
	}
	s.keys.known.Store(&keys)
	s.active.due("olga@example.com", time.Now().Unix())
	ctx := context.Background()
	c := &engine.Call{}
	b.ReportAllocs()
	for b.Loop() {
		c.User = perm.Guest
		if err := s.byKey(ctx, c, "key-5000", "secret"); err != nil || c.User != "olga@example.com" {
			b.Fatal(c.User, err)
		}
	}
}

// BenchmarkCachedNamedKey is the same for an API Key with every limit; it must stay
// below 5 µs too.
func BenchmarkCachedNamedKey(b *testing.B) {
	st, err := site.Create(filepath.Join(b.TempDir(), "site"), map[string]any{})
	if err != nil {
		b.Fatal(err)
	}
	s := New(&engine.Engine{Profile: compat.V15(), Now: time.Now, Site: st}, nil)
	k := &namedKey{name: "k", expires: time.Now().Add(time.Hour), limits: &engine.Limits{Scoped: true}}
	if k.from, err = prefixes("198.51.100.0/24 2001:db8::/32 10.0.0.0/8 192.0.2.0/24"); err != nil {
		b.Fatal(err)
	}
	k.used.Store(time.Now().Add(time.Hour).Unix())
	s.keys.known.Store(&map[string]*apiKey{"key": {user: "olga@example.com", secret: sha256.Sum256([]byte("secret")), enabled: true, named: k}})
	s.active.due("olga@example.com", time.Now().Unix())
	ctx := context.Background()
	c := &engine.Call{Request: &engine.Request{RemoteIP: "192.0.2.7"}}
	b.ReportAllocs()
	for b.Loop() {
		c.User = perm.Guest
		if err := s.byKey(ctx, c, "key", "secret"); err != nil || c.User != "olga@example.com" || c.Limits != k.limits {
			b.Fatal(c.User, err)
		}
	}
}

func TestCachedKeyCheckIsBelowFiveMicroseconds(t *testing.T) {
	if raced {
		t.Skip("the race detector makes every check several times slower; the figure is taken without it")
	}
	for name, bench := range map[string]func(*testing.B){"user": BenchmarkCachedKey, "named": BenchmarkCachedNamedKey} {
		if ns := testing.Benchmark(bench).NsPerOp(); ns > 5000 {
			t.Errorf("%s: %d ns a check", name, ns)
		}
	}
}

func TestAddressesOfKeys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want int
	}{
		{"", 0}, {"10.0.0.1", 1}, {"10.0.0.0/8,192.0.2.0/24\n2001:db8::/32", 3}, {"10.0.0.0/33", -1}, {"example.com", -1}, {"::ffff:10.0.0.1", -1},
		{strings.Repeat("10.0.0.1 ", maxPrefixes+1), -1},
	} {
		got, err := prefixes(tt.in)
		if tt.want < 0 && err == nil || tt.want >= 0 && (err != nil || len(got) != tt.want) {
			t.Errorf("prefixes(%.40q) = %v, %v", tt.in, got, err)
		}
	}
}

func TestHashesWaitForASlot(t *testing.T) {
	t.Parallel()
	p := NewPasswords()
	var free []func()
	for range cap(p.slots) {
		f, err := p.acquire(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		free = append(free, f)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, _, err := p.Verify(ctx, "", "x"); err == nil {
		t.Error("a check ran while every slot was taken")
	}
	if _, err := p.Hash("x"); err != nil {
		t.Error("a new hash, which may hold up a transaction, waits for logins")
	}
	for _, f := range free {
		f()
	}
	p.waiting.Store(maxWaiting)
	if _, _, err := p.Verify(context.Background(), "", "x"); err == nil {
		t.Error("the queue has no end")
	}
}
