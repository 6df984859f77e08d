package oauth

import (
	"context"
	"fmt"
	"testing"
	"time"

	"freddo/internal/auth"
	"freddo/internal/engine"
)

func cachedProvider() *Provider {
	return New(&engine.Engine{Now: time.Now}, &auth.Store{})
}

func TestTokenCacheForgetsWhatWasReadBefore(t *testing.T) {
	t.Parallel()
	var k tokenCache
	k.init()
	_, _, gen := k.get("a")
	k.put(gen, "a", grant{user: "x"})
	k.put(gen, "b", grant{user: "y"})
	k.forget("a")
	if _, ok, _ := k.get("a"); ok {
		t.Error("a forgotten token is still known")
	}
	if _, ok, _ := k.get("b"); !ok {
		t.Error("another token was forgotten, too")
	}
	k.put(gen, "late", grant{user: "z"})
	if _, ok, _ := k.get("late"); ok {
		t.Error("what was read before an invalidation was cached after it")
	}
	_, _, gen = k.get("")
	for i := range maxTokens + 10 {
		k.put(gen, fmt.Sprint(i), grant{})
	}
	if len(k.by) > maxTokens {
		t.Errorf("%d tokens are held", len(k.by))
	}
}

func TestRandomTokensAreLettersAndDigits(t *testing.T) {
	t.Parallel()
	seen := map[rune]int{}
	for range 2000 {
		tok := randomToken()
		if len(tok) != tokenLength {
			t.Fatalf("%q has %d characters", tok, len(tok))
		}
		for _, r := range tok {
			seen[r]++
		}
	}
	if len(seen) != len(alphabet) {
		t.Errorf("%d different characters, want %d", len(seen), len(alphabet))
	}
	for r, n := range seen { // 968 are expected of each
		if n < 700 || n > 1300 {
			t.Errorf("%q came %d times", r, n)
		}
	}
}

func TestReadableQueries(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a=https%3A%2F%2Fx%2Fy&s=all+openid": "a=https://x/y&s=all+openid",
		"a=1%262%3D3%2B4%25":                 "a=1%262%3D3%2B4%25",
		"a=%20%0A%C3%A9&b=%":                 "a=%20%0A%C3%A9&b=%",
	} {
		if got := readable(in); got != want {
			t.Errorf("readable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"https://a.example/cb": true, "com.app:/cb": true, "http://127.0.0.1:9876/": true,
		"not a uri": false, "/cb": false, "": false, "https://a.example/cb#x": false, "https://a.example/\r\nSet-Cookie: x": false,
	} {
		if got := isAbsolute(in); got != want {
			t.Errorf("isAbsolute(%q) = %v", in, got)
		}
	}
	for _, tt := range []struct {
		in, want string
		ok       bool
	}{{"HTTPS://Shop.Example", "https://shop.example/", true}, {"https://a.example:443/cb", "https://a.example/cb", true},
		{"ftp://a.example", "", false}, {"https://", "", false}, {"javascript:alert(1)", "", false}} {
		if got, ok := httpURL(tt.in); ok != tt.ok || ok && got != tt.want {
			t.Errorf("httpURL(%q) = %q, %v; want %q, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

// BenchmarkCachedToken is the check of a token that was seen before; it must stay below
// 5 µs.
func BenchmarkCachedToken(b *testing.B) {
	p := cachedProvider()
	for i := range 10_000 {
		p.tokens.put(0, fmt.Sprintf("token-%d", i), grant{user: "olga@example.com", expires: time.Now().Add(time.Hour)})
	}
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if user, _, ok, err := p.Resolve(ctx, nil, "token-5000"); !ok || err != nil || user == "" {
			b.Fatal(user, ok, err)
		}
	}
}

// The limit is generous: it is there to catch a query or a lock on the path, not noise.
func TestCachedTokenCheckIsBelowFiveMicroseconds(t *testing.T) {
	r := testing.Benchmark(BenchmarkCachedToken)
	if ns := r.NsPerOp(); ns > 5000 {
		t.Errorf("%d ns a check", ns)
	}
}
