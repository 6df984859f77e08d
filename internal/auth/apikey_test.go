package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
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

func TestCachedKeyCheckIsBelowFiveMicroseconds(t *testing.T) {
	r := testing.Benchmark(BenchmarkCachedKey)
	if ns := r.NsPerOp(); ns > 5000 {
		t.Errorf("%d ns a check", ns)
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
	if _, err := p.Verify(ctx, "", "x"); err == nil {
		t.Error("a check ran while every slot was taken")
	}
	if _, err := p.Hash("x"); err != nil {
		t.Error("a new hash, which may hold up a transaction, waits for logins")
	}
	for _, f := range free {
		f()
	}
	p.waiting.Store(maxWaiting)
	if _, err := p.Verify(context.Background(), "", "x"); err == nil {
		t.Error("the queue has no end")
	}
}
