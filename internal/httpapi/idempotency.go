package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// Bounds of Idempotency-Key (docs/beyond.md).
const (
	maxIdempotencyKey = 255
	maxKeptAnswer     = 1 << 20
	keepFor           = 24 * time.Hour
	purgeEvery        = time.Hour
	// waitForFirst is how long a duplicate waits for the request that came first.
	waitForFirst = 30 * time.Second
	// tooLongToKeep is the status under which an answer is kept that was too long.
	tooLongToKeep = -1
)

// The errors of Idempotency-Key.
var (
	badIdempotencyKey  = &exc.Class{Name: "IdempotencyKeyError", Status: http.StatusBadRequest}
	reusedKey          = &exc.Class{Name: "IdempotencyKeyReusedError", Status: http.StatusUnprocessableEntity, Base: badIdempotencyKey}
	keyInUse           = &exc.Class{Name: "IdempotencyConflictError", Status: http.StatusConflict, Base: badIdempotencyKey}
	errAnswered        = errors.New("httpapi: answered already")
	keptHeaders        = []string{"Content-Type", "Content-Disposition", "Location", "Etag"}
	repeatable4xx      = []int{http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusPreconditionFailed}
	errNoIdempotency   = (&exc.Class{Name: "IdempotencyUnavailableError", Status: http.StatusNotImplemented}).Throw("This site keeps no answers yet: run freddo migrate")
	errKeyInUse        = keyInUse.Throw("The first request with this Idempotency-Key is not finished")
	errReusedKey       = reusedKey.Throw("This Idempotency-Key belongs to another request")
	errTooLongToRepeat = keyInUse.Throw("The request with this Idempotency-Key has succeeded, but its answer was too long to be kept")
)

// inFlight knows the requests that are being answered, by id.
type inFlight struct {
	mu     sync.Mutex
	by     map[string]chan struct{}
	purged atomic.Int64
}

// begin waits until no other request has the id. Errors: 409 after a while.
func (f *inFlight) begin(ctx context.Context, id string) (end func(), err error) {
	patience := time.NewTimer(waitForFirst)
	defer patience.Stop()
	for {
		f.mu.Lock()
		first := f.by[id]
		if first == nil {
			done := make(chan struct{})
			if f.by == nil {
				f.by = map[string]chan struct{}{}
			}
			f.by[id] = done
			f.mu.Unlock()
			return func() {
				f.mu.Lock()
				delete(f.by, id)
				f.mu.Unlock()
				close(done)
			}, nil
		}
		f.mu.Unlock()
		select {
		case <-first:
		case <-patience.C:
			return nil, errKeyInUse
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// once is a request that is answered once however often it is sent.
type once struct {
	id, fingerprint string
	end             func()
}

// keptAnswer is an answer as it is stored, encrypted: it may hold a secret.
type keptAnswer struct {
	Header map[string]string
	Body   []byte
}

// claimKey looks at the header Idempotency-Key of a write. A request that was answered
// before is answered the same; one that is new leaves its mark in the transaction that
// does its work, so that both are there or neither.
func (x *exchange) claimKey(ctx context.Context) error {
	key := x.r.Header.Get("Idempotency-Key")
	if key == "" || !x.unsafe() || x.path == "/api/method/login" || x.c.Limits != nil && x.c.Limits.ReadOnly {
		return nil
	}
	switch {
	case len(key) > maxIdempotencyKey:
		return badIdempotencyKey.Throwf("An Idempotency-Key has at most %d characters", maxIdempotencyKey)
	case x.c.User == perm.Guest:
		return badIdempotencyKey.Throw("An Idempotency-Key needs a user")
	}
	if err := x.c.CommitNow(ctx); err != nil { // no snapshot is held while this waits
		return err
	}
	whose := x.c.User
	if x.c.Limits != nil { // an answer may hold what these limits keep from this client
		whose += "\x00" + x.c.Limits.ID
	}
	o := &once{id: digest(whose, key), fingerprint: x.fingerprint()}
	var err error
	if o.end, err = x.s.flying.begin(ctx, o.id); err != nil {
		return err
	}
	kept, found, err := x.c.Tx.Kept(ctx, o.id)
	now := x.s.Engine.Now().Unix()
	if found && now-kept.Creation >= int64(keepFor/time.Second) {
		found, err = false, x.c.Tx.DropKept(ctx, o.id)
	}
	if err == nil && found {
		err = x.repeat(o, kept)
	}
	if err == nil {
		err = x.mark(ctx, o, now)
	}
	if err != nil {
		o.end()
		return x.explain(ctx, err)
	}
	x.once = o
	return nil
}

// explain tells a site that was not migrated yet from other failures.
func (x *exchange) explain(ctx context.Context, err error) error {
	if err == errAnswered || exc.Of(err) != nil || ctx.Err() != nil {
		return err
	}
	c := x.s.Engine.Begin(ctx, perm.Guest)
	defer c.Rollback()
	if ok, terr := c.Tx.TableExists(ctx, storage.KeptTable); terr == nil && !ok {
		return errNoIdempotency
	}
	return err
}

func (x *exchange) mark(ctx context.Context, o *once, now int64) error {
	if last := x.s.flying.purged.Load(); now-last >= int64(purgeEvery/time.Second) && x.s.flying.purged.CompareAndSwap(last, now) {
		if err := x.c.Tx.PurgeKept(ctx, now-int64(keepFor/time.Second)); err != nil {
			return err
		}
	}
	err := x.c.Tx.Keep(ctx, o.id, storage.KeptAnswer{Fingerprint: o.fingerprint, Creation: now})
	var twice *storage.Error
	if errors.As(err, &twice) && twice.Kind == storage.UniqueViolation {
		return errKeyInUse // by another process
	}
	return err
}

// repeat sends what was answered before. Errors: errAnswered, 409, 422.
func (x *exchange) repeat(o *once, k storage.KeptAnswer) error {
	switch {
	case k.Fingerprint != o.fingerprint:
		return errReusedKey
	case k.Status == 0:
		return errKeyInUse
	case k.Status == tooLongToKeep:
		return errTooLongToRepeat
	}
	plain, err := x.s.Auth.Vault.Decrypt(k.Answer)
	if err != nil {
		return fmt.Errorf("kept answer: %w", err)
	}
	var a keptAnswer
	if err := json.Unmarshal([]byte(plain), &a); err != nil {
		return fmt.Errorf("kept answer: %w", err)
	}
	h := x.w.Header()
	for k, v := range a.Header {
		h[k] = []string{v}
	}
	h["Idempotent-Replayed"] = []string{"true"}
	x.send(int(k.Status), h["Content-Type"], a.Body)
	return errAnswered
}

func digest(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// fingerprint tells one request from another: the verb, the address, the body.
func (x *exchange) fingerprint() string {
	parts := []string{x.verb, x.path, x.r.URL.RawQuery, string(x.body)}
	if x.readOnce {
		parts = append(parts, document.ORJSON.Marshal(document.MapOf(x.c.Form)))
		names := make([]string, 0, len(x.c.Request.Files))
		for n := range x.c.Request.Files {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			f := x.c.Request.Files[n]
			parts = append(parts, n, f.Name, f.ContentType, f.Data.Hash(), fmt.Sprint(f.Data.Size()))
		}
	}
	return digest(parts...)
}

// seal makes an answer what is stored of it.
func (x *exchange) seal(rec *recorder) (status int64, answer string, err error) {
	if rec.body.Len() > maxKeptAnswer {
		return tooLongToKeep, "", nil
	}
	a := keptAnswer{Header: map[string]string{}, Body: rec.body.Bytes()}
	for _, k := range keptHeaders {
		if v := rec.header.Get(k); v != "" {
			a.Header[k] = v
		}
	}
	plain, err := json.Marshal(a)
	if err != nil {
		return 0, "", err
	}
	answer, err = x.s.Auth.Vault.Encrypt(string(plain))
	return int64(rec.status), answer, err
}

// finishOnce answers a request that is to be answered once: the answer is stored with
// what the request wrote, then sent.
func (x *exchange) finishOnce(ctx context.Context) error {
	rec, w := newRecorder(0), x.w
	if x.c.Response.Stream != nil {
		x.c.Response.Header = append(x.c.Response.Header, [2]string{"Idempotency-Kept", "false"})
		if err := x.c.Tx.DropKept(ctx, x.once.id); err != nil {
			return err
		}
		if err := x.c.Commit(ctx); err != nil {
			return err
		}
		return x.answer()
	}
	x.w = rec
	err := x.answer()
	x.w = w
	x.status = 0
	if err != nil {
		return err
	}
	status, answer, err := x.seal(rec)
	if err != nil {
		return err
	}
	if err := x.c.Tx.FinishKept(ctx, x.once.id, status, answer); err != nil {
		return err
	}
	if err := x.c.Commit(ctx); err != nil {
		return err
	}
	x.status = rec.status
	rec.sendTo(x)
	return nil
}

// failOnce is fail for a request that is to be answered once.
func (x *exchange) failOnce(ctx context.Context, err error) {
	_ = x.answerOnce(ctx, func() error {
		x.fail(ctx, err)
		return nil
	})
}

// answerOnce answers a request that was rolled back. Refusals are kept, unless another
// try may fare better; failures of the server are not.
func (x *exchange) answerOnce(ctx context.Context, answer func() error) error {
	rec, w, o := newRecorder(0), x.w, x.once
	committed := x.c.Committed()
	x.w = rec
	err := answer()
	x.w = w
	if err != nil {
		return err
	}
	keep := rec.status >= 400 && rec.status < 500 && !slices.Contains(repeatable4xx, rec.status)
	if keep || committed {
		err := x.s.Engine.Do(context.WithoutCancel(ctx), x.c.User, func(ctx context.Context, c *engine.Call) error {
			if err := c.Tx.DropKept(ctx, o.id); err != nil || !keep {
				return err
			}
			status, answer, err := x.seal(rec)
			if err != nil {
				return err
			}
			return c.Tx.Keep(ctx, o.id, storage.KeptAnswer{Fingerprint: o.fingerprint, Answer: answer, Status: status, Creation: c.Now().Unix()})
		})
		if err != nil {
			x.s.log().WarnContext(ctx, "answer was not kept", "error", err, "path", x.path)
		}
	}
	rec.sendTo(x)
	return nil
}

// releaseKey lets the next request with the same key go on.
func (x *exchange) releaseKey() {
	if x.once != nil {
		x.once.end()
		x.once = nil
	}
}

// prefers reports whether the request's Prefer header holds a word.
func prefers(h http.Header, word string) bool {
	for _, line := range h["Prefer"] {
		for p := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(p), word) {
				return true
			}
		}
	}
	return false
}
