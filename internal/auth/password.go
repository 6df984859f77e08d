package auth

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"freddo/exc"
)

// Parameters of new hashes. Source: frappe/utils/password.py passlibctx, and
// passlib's pbkdf2_sha256, which both of them name.
const (
	// pbkdf2Rounds is what OWASP asks of new hashes; fewestRounds, passlib's own number,
	// what password_rounds of the site's configuration may bring it down to. passlib, and
	// so upstream, reads the number from the hash.
	pbkdf2Rounds  = 600_000
	fewestRounds  = 29_000
	pbkdf2Salt    = 16
	pbkdf2Size    = 32
	pbkdf2Prefix  = "$pbkdf2-sha256$"
	maxRounds     = 5_000_000
	maxArgonKiB   = 256 << 10
	maxArgonTime  = 64
	maxPasswordIn = 512 // frappe/utils/password.py MAX_PASSWORD_SIZE
)

// errHash says that a stored hash is none that we can check.
var errHash = errors.New("auth: stored password hash is malformed or of an unknown scheme")

// ab64 is passlib's base64: no padding, '.' for '+'.
var ab64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").WithPadding(base64.NoPadding)

// maxWaiting bounds how many may wait for a slot; beyond it they are told to come back.
const maxWaiting = 128

// hashShare is the part of the processors that hashing gets while logins queue up: the
// rest of the time is for the requests that are not logins.
const hashShare = 0.25

// Passwords hashes and verifies login passwords. At most half as many hashes are computed
// at once as there are processors, and while more wait, a slot rests after each, so that
// a flood of logins leaves the processors to the rest of the API.
type Passwords struct {
	slots   chan struct{}
	news    chan struct{} // the slot of new hashes, which may hold up a transaction
	rest    float64       // how long a slot rests, in times of what the hash took
	waiting atomic.Int64
	// rounds is how many rounds new hashes take; nil means pbkdf2Rounds.
	rounds func() int
}

// NewPasswords returns a hasher for this machine's processors.
func NewPasswords() *Passwords {
	n := min(runtime.GOMAXPROCS(0), runtime.NumCPU())
	slots := max(1, n/2)
	return &Passwords{slots: make(chan struct{}, slots), news: make(chan struct{}, 1), rest: max(0, float64(slots)/(hashShare*float64(n))-1)}
}

// cost is the number of rounds of new hashes.
func (p *Passwords) cost() int {
	if p.rounds == nil {
		return pbkdf2Rounds
	}
	if n := p.rounds(); n > 0 {
		return min(max(n, fewestRounds), maxRounds)
	}
	return pbkdf2Rounds
}

// acquire waits for a slot. Errors: ctx ended; TooManyRequestsError when too many wait.
func (p *Passwords) acquire(ctx context.Context) (free func(), err error) {
	if p.waiting.Add(1) > maxWaiting {
		p.waiting.Add(-1)
		return nil, exc.TooManyRequests.New("")
	}
	defer p.waiting.Add(-1)
	select {
	case p.slots <- struct{}{}:
		return p.release(time.Now()), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// release returns what gives a slot back that was taken at a time: at once, or, while
// others wait, after its rest. Nobody waits for the rest of an own hash.
func (p *Passwords) release(taken time.Time) func() {
	return func() {
		if p.waiting.Load() == 0 {
			<-p.slots
			return
		}
		time.AfterFunc(time.Duration(p.rest*float64(time.Since(taken))), func() { <-p.slots })
	}
}

// Hash returns a new hash in passlib's format. Who makes one may hold locks of the
// database, so it does not queue behind logins; one is made at a time.
func (p *Passwords) Hash(plain string) (string, error) {
	p.news <- struct{}{}
	defer func() { <-p.news }()
	return newHash(plain, p.cost()), nil
}

func newHash(plain string, rounds int) string {
	salt := make([]byte, pbkdf2Salt)
	_, _ = rand.Read(salt) // never fails since Go 1.24
	return encodePBKDF2(plain, salt, rounds)
}

func encodePBKDF2(plain string, salt []byte, rounds int) string {
	sum, err := pbkdf2.Key(sha256.New, plain, salt, rounds, pbkdf2Size)
	if err != nil {
		return "" // only for sizes that FIPS mode refuses; such a hash verifies nothing
	}
	return pbkdf2Prefix + strconv.Itoa(rounds) + "$" + ab64.EncodeToString(salt) + "$" + ab64.EncodeToString(sum)
}

// Verify reports whether plain is the password of hash. An empty hash takes as long
// as a wrong password and is never right; so does a wrong password for a hash of fewer
// rounds than new ones have. better is a new hash of a right password whose own has fewer;
// "" for none. Errors: ctx ended while waiting, too many wait, or the hash is not
// understood.
func (p *Passwords) Verify(ctx context.Context, hash, plain string) (right bool, better string, err error) {
	free, err := p.acquire(ctx)
	if err != nil {
		return false, "", err
	}
	defer free()
	cost := p.cost()
	if hash == "" {
		burn(plain, cost)
		return false, "", nil
	}
	right, err = verify(hash, plain)
	if n := roundsOf(hash); err == nil && n > 0 && n < cost {
		if right {
			return true, newHash(plain, cost), nil
		}
		burn(plain, cost-n)
	}
	return right, "", err
}

// burn takes the time of some rounds.
func burn(plain string, rounds int) {
	_, _ = pbkdf2.Key(sha256.New, plain, make([]byte, pbkdf2Salt), rounds, pbkdf2Size)
}

// roundsOf is the number of rounds of a hash of ours, 0 for other kinds.
func roundsOf(hash string) int {
	rest, ok := strings.CutPrefix(hash, pbkdf2Prefix)
	if !ok {
		return 0
	}
	text, _, _ := strings.Cut(rest, "$")
	n, _ := strconv.Atoi(text)
	return n
}

func verify(hash, plain string) (bool, error) {
	switch {
	case strings.HasPrefix(hash, pbkdf2Prefix):
		return verifyPBKDF2(hash[len(pbkdf2Prefix):], plain)
	case strings.HasPrefix(hash, "$argon2id$"), strings.HasPrefix(hash, "$argon2i$"):
		return verifyArgon2(hash, plain)
	}
	return false, errHash
}

func verifyPBKDF2(rest, plain string) (bool, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return false, errHash
	}
	rounds, err := strconv.Atoi(parts[0])
	if err != nil || rounds < 1 || rounds > maxRounds {
		return false, errHash
	}
	salt, err := ab64.DecodeString(parts[1])
	if err != nil {
		return false, errHash
	}
	want, err := ab64.DecodeString(parts[2])
	if err != nil || len(want) != pbkdf2Size {
		return false, errHash
	}
	got, err := pbkdf2.Key(sha256.New, plain, salt, rounds, len(want))
	if err != nil {
		return false, fmt.Errorf("derive password key: %w", err)
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// verifyArgon2 checks $argon2id$v=19$m=65536,t=3,p=4$salt$sum, and argon2i alike.
func verifyArgon2(hash, plain string) (bool, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[2] != "v=19" {
		return false, errHash
	}
	var memory, rounds uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &rounds, &threads); err != nil {
		return false, errHash
	}
	if memory < 8 || memory > maxArgonKiB || rounds < 1 || rounds > maxArgonTime || threads < 1 {
		return false, errHash
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, errHash
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < 4 || len(want) > 128 {
		return false, errHash
	}
	key := argon2.IDKey
	if parts[1] == "argon2i" {
		key = argon2.Key
	}
	got := key([]byte(plain), salt, rounds, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
