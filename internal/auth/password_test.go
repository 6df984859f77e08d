package auth

import (
	"context"
	"strings"
	"testing"
)

// The hashes are passlib's own (pbkdf2_sha256) and argon2-cffi's.
func TestVerify(t *testing.T) {
	t.Parallel()
	p := NewPasswords()
	const admin = "$pbkdf2-sha256$29000$MDEyMzQ1Njc4OWFiY2RlZg$v/C2ULxn0IAGS4RNSyyGrYwULd.K3YHD3.96WBaU.fc"
	for _, tt := range []struct {
		name, hash, plain string
		want, wantErr     bool
	}{
		{name: "pbkdf2", hash: admin, plain: "admin", want: true},
		{name: "pbkdf2 wrong", hash: admin, plain: "Admin"},
		{name: "pbkdf2 with dots in salt", hash: "$pbkdf2-sha256$29000$.//..//..//..//..//.eA$UY5yU1vz6DaAVuYwzUV6r8mln7HK5HjB6nNaPnrhoCE", plain: "Zx9-lantern-Quay", want: true},
		{name: "pbkdf2 one round, UTF-8", hash: "$pbkdf2-sha256$1$.//..//..//..//..//.eA$lzGuq385OUy0kCd/3bHQeoI6Ahq8DJzKrPLTcaQP9ao", plain: "pässwörd", want: true},
		{name: "argon2id", hash: "$argon2id$v=19$m=1024,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$YSSgO0LQHyFcPReaVzMq2XPR0djdXJs703h/48oMcvw", plain: "admin", want: true},
		{name: "argon2i", hash: "$argon2i$v=19$m=1024,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$1kGxW2VNLzRqjRKCS1Pm/dc5NwVB7JTEG+UaOXLtm9Y", plain: "admin", want: true},
		{name: "argon2id wrong", hash: "$argon2id$v=19$m=1024,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$YSSgO0LQHyFcPReaVzMq2XPR0djdXJs703h/48oMcvw", plain: "x"},
		{name: "no password", hash: "", plain: "admin"},
		{name: "no password, empty", hash: "", plain: ""},
		{name: "unknown scheme", hash: "$frappel$abc", plain: "admin", wantErr: true},
		{name: "rounds beyond reason", hash: "$pbkdf2-sha256$999999999$AAAA$AAAA", plain: "admin", wantErr: true},
		{name: "memory beyond reason", hash: "$argon2id$v=19$m=99999999,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$YSSgO0LQHyFcPReaVzMq2XPR0djdXJs703h/48oMcvw", plain: "admin", wantErr: true},
		{name: "cut off", hash: "$pbkdf2-sha256$29000$MDEyMzQ1", plain: "admin", wantErr: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, _, err := p.Verify(context.Background(), tt.hash, tt.plain)
			if got != tt.want || (err != nil) != tt.wantErr {
				t.Errorf("Verify = %v, %v; want %v, error %v", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

func TestHashVerifies(t *testing.T) {
	t.Parallel()
	p := NewPasswords()
	h, err := p.Hash("geheim")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(h, "$pbkdf2-sha256$600000$") || strings.ContainsAny(h, "+=") {
		t.Errorf("hash %q is not in passlib's format", h)
	}
	if again, _ := p.Hash("geheim"); again == h {
		t.Error("two hashes have the same salt")
	}
	if ok, better, err := p.Verify(context.Background(), h, "geheim"); !ok || better != "" || err != nil {
		t.Errorf("Verify = %v, %q, %v", ok, better, err)
	}
}

// A cheaper hash is replaced when its password is known, and no cheaper hash than
// upstream's is made.
func TestCheapHashesAreReplaced(t *testing.T) {
	t.Parallel()
	p := NewPasswords()
	p.rounds = func() int { return 1 }
	cheap, err := p.Hash("geheim")
	if err != nil || roundsOf(cheap) != 29000 {
		t.Fatalf("%s, %v", cheap, err)
	}
	p.rounds = func() int { return 40_000 }
	ok, better, err := p.Verify(context.Background(), cheap, "geheim")
	if !ok || err != nil || roundsOf(better) != 40_000 {
		t.Fatalf("Verify = %v, %q, %v", ok, better, err)
	}
	if ok, again, err := p.Verify(context.Background(), better, "geheim"); !ok || again != "" || err != nil {
		t.Errorf("Verify of the new one = %v, %q, %v", ok, again, err)
	}
	if ok, better, err := p.Verify(context.Background(), cheap, "falsch"); ok || better != "" || err != nil {
		t.Errorf("Verify of a wrong one = %v, %q, %v", ok, better, err)
	}
}

func TestVerifyWaitsForASlot(t *testing.T) {
	t.Parallel()
	p := NewPasswords()
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := p.Verify(ctx, "", "x"); err == nil {
		t.Error("Verify ran beyond the number of slots")
	}
}
