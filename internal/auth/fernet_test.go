package auth

import (
	"strings"
	"testing"
	"time"
)

const testKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// The tokens are those of Python's cryptography for the same key, time and IV.
func TestFernetVectors(t *testing.T) {
	t.Parallel()
	k, err := parseFernetKey(testKey)
	if err != nil {
		t.Fatal(err)
	}
	var iv [16]byte
	for i := range iv {
		iv[i] = byte(i)
	}
	for _, tt := range []struct {
		name, plain, token string
		unix               int64
	}{
		{"secret", "autsecret0fixed", "gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD14tZs_vSQ3cDKuAfEM4ooSjluxPDlgapxcNYxUhasc9ZCSwMCpb4ACM4kBFYaIh-w==", 1700000000},
		{"empty", "", "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0OD7eteCFsVWnW2hqrh_bbxWHj79kf2n6S-JpMhhObTsAAZcolcQjSomVkkrnlnu65nQ==", 499162800},
		{"UTF-8", strings.Repeat("é", 20), "gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD5ZRJGvzphGIrgZO6c2Wxi-Zgaw2R3UOYZyPEvYjgM8F19PYWDcRAXyP_cmvQgyvYU8Hmb7qZJNthao4r5SQsFN7Kg9GNiKRWb7L73_Wrj8t", 1700000000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := k.sealWith([]byte(tt.plain), time.Unix(tt.unix, 0), iv)
			if err != nil || got != tt.token {
				t.Errorf("seal = %q, %v; want %q", got, err, tt.token)
			}
			plain, err := k.open(tt.token)
			if err != nil || string(plain) != tt.plain {
				t.Errorf("open = %q, %v; want %q", plain, err, tt.plain)
			}
		})
	}
}

func TestFernetRefuses(t *testing.T) {
	t.Parallel()
	k, _ := parseFernetKey(testKey)
	other, _ := parseFernetKey(newFernetKey())
	token, err := k.seal([]byte("secret"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.open(token); err == nil {
		t.Error("another key opened the token")
	}
	for i := 0; i < len(token); i += 7 {
		c := byte('A')
		if token[i] == c {
			c = 'B'
		}
		if _, err := k.open(token[:i] + string(c) + token[i+1:]); err == nil {
			t.Errorf("a token changed at %d was accepted", i)
		}
	}
	for _, bad := range []string{"", "gAAAAA", "not base64!", token[:40]} {
		if _, err := k.open(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	for _, bad := range []string{"", "short", testKey + "AAAA"} {
		if _, err := parseFernetKey(bad); err == nil {
			t.Errorf("key %q was accepted", bad)
		}
	}
}

func FuzzFernetOpen(f *testing.F) {
	k, _ := parseFernetKey(testKey)
	f.Add("gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD14tZs_vSQ3cDKuAfEM4ooSjluxPDlgapxcNYxUhasc9ZCSwMCpb4ACM4kBFYaIh-w==")
	f.Fuzz(func(t *testing.T, token string) {
		if plain, err := k.open(token); err == nil && len(plain) > len(token) {
			t.Errorf("%q gave %d bytes", token, len(plain))
		}
	})
}
