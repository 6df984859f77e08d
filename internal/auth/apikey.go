package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// Bounds of the key caches.
const (
	maxKeys    = 20_000
	maxUnknown = 4096
	maxKeyText = 512
)

// apiKey is what is known of one API key. A key without a user is one that does not
// exist; it is remembered like the others, so that both take the same time.
type apiKey struct {
	user    string
	secret  [sha256.Size]byte // of the secret; random when there is none
	enabled bool
	loaded  time.Time
	// named is set for the key of an API Key document.
	named *namedKey
}

// keyCache maps API keys to users. Reading takes no lock; what was read before an
// invalidation is not kept.
type keyCache struct {
	mu      sync.Mutex
	gen     atomic.Int64
	known   atomic.Pointer[map[string]*apiKey]
	unknown atomic.Pointer[map[string]*apiKey]
}

func (k *keyCache) init() {
	k.known.Store(&map[string]*apiKey{})
	k.unknown.Store(&map[string]*apiKey{})
}

func (k *keyCache) get(key string) *apiKey {
	if e := (*k.known.Load())[key]; e != nil {
		return e
	}
	return (*k.unknown.Load())[key]
}

func (k *keyCache) put(gen int64, key string, e *apiKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gen.Load() != gen {
		return
	}
	into, most := &k.known, maxKeys
	if e.user == "" {
		into, most = &k.unknown, maxUnknown
	}
	next := map[string]*apiKey{}
	if old := *into.Load(); len(old) < most {
		for n, v := range old {
			next[n] = v
		}
	}
	next[key] = e
	into.Store(&next)
}

// invalidate forgets a user's key and every unknown one, or all for an empty name.
func (k *keyCache) invalidate(user string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gen.Add(1)
	next := map[string]*apiKey{}
	if user != "" {
		for n, v := range *k.known.Load() {
			if v.user != user {
				next[n] = v
			}
		}
	}
	k.known.Store(&next)
	k.unknown.Store(&map[string]*apiKey{})
}

// Authorize reads the Authorization header and makes c act for the client that it
// names. A header that is not two words is ignored. Errors: AuthenticationError,
// InvalidAuthorizationToken. Source: frappe/auth.py validate_auth.
func (s *Store) Authorize(ctx context.Context, c *engine.Call) error {
	header, before := c.Request.Header.Get("Authorization"), c.User
	scheme, token, two := strings.Cut(header, " ")
	if strings.Contains(token, " ") {
		two = false
	}
	if two && strings.EqualFold(scheme, "basic") && s.ClientRequest != nil && s.ClientRequest(c) {
		return nil // the method looks at it
	}
	if two {
		if err := s.scheme(ctx, c, scheme, token); err != nil {
			return err
		}
	}
	for _, fn := range s.Schemes {
		if err := fn(ctx, c); err != nil {
			return err
		}
	}
	if two && isGuest(c.User) {
		return exc.Authentication.New("")
	}
	return s.checkOrigin(ctx, c, before)
}

// checkOrigin applies restrict_ip to a user who came without a session of their own.
func (s *Store) checkOrigin(ctx context.Context, c *engine.Call, before string) error {
	if c.User == before || isGuest(c.User) || !s.Engine.Profile.RestrictIPAlways {
		return nil
	}
	u, err := c.UserInfo(ctx, c.User)
	if err != nil || u.RestrictIP == "" {
		return err
	}
	set, err := s.Settings(ctx, c)
	if err != nil {
		return err
	}
	return s.checkIP(ctx, c, u.Name, u.RestrictIP, u.BypassIP, set)
}

// Preflight judges the Authorization header of an OPTIONS request, which upstream gives
// no session: there only a Bearer token names anybody. Source: frappe/app.py application.
func (s *Store) Preflight(ctx context.Context, c *engine.Call) error {
	scheme, token, two := strings.Cut(c.Request.Header.Get("Authorization"), " ")
	if !two || strings.Contains(token, " ") || !s.Engine.Profile.PreflightAuth {
		return nil
	}
	if strings.EqualFold(scheme, "bearer") {
		if err := s.scheme(ctx, c, scheme, token); err != nil {
			return err
		}
	}
	if isGuest(c.User) {
		return exc.Authentication.New("")
	}
	return nil
}

func (s *Store) scheme(ctx context.Context, c *engine.Call, scheme, token string) error {
	switch {
	case strings.EqualFold(scheme, "bearer"):
		if s.Bearer == nil {
			return nil
		}
		user, limits, ok, err := s.Bearer(ctx, c, token)
		if err != nil || !ok {
			return err
		}
		if limits != nil {
			c.SetLimits(limits)
		}
		c.SetUser(user) // Frappe: a Bearer token replaces a cookie's user, a key does not
		return s.seen(ctx, c, user)
	case strings.EqualFold(scheme, "basic"):
		pair, err := decodeBase64(token)
		if err != nil {
			return exc.InvalidAuthorizationToken.Throw("Failed to decode token, please provide a valid base64-encoded token.")
		}
		token = pair
	case !strings.EqualFold(scheme, "token"):
		return nil
	}
	key, secret, ok := strings.Cut(token, ":")
	if !ok || strings.Contains(secret, ":") {
		return nil // the Guest check refuses it, unless a cookie names somebody
	}
	if source := c.Request.Header.Get("Frappe-Authorization-Source"); source != "" && source != "User" && source != namedKeyDocType {
		return s.bySource(ctx, c, source, key, secret)
	}
	return s.byKey(ctx, c, key, secret)
}

// byKey checks the key and secret of a User or an API Key. A valid key does not replace the user of a
// cookie. Source: frappe/auth.py validate_api_key_secret.
func (s *Store) byKey(ctx context.Context, c *engine.Call, key, secret string) error {
	if len(key) > maxKeyText || len(secret) > maxKeyText {
		return exc.Authentication.New("")
	}
	e := s.keys.get(key)
	if e == nil || s.stale(e.loaded) {
		gen := s.keys.gen.Load()
		if err := c.CommitNow(ctx); err != nil { // a snapshot not older than gen
			return err
		}
		var err error
		if e, err = s.readKey(ctx, c, key); err != nil {
			return err
		}
		s.keys.put(gen, key, e)
	}
	sum := sha256.Sum256([]byte(secret))
	ok := subtle.ConstantTimeCompare(sum[:], e.secret[:]) == 1
	if err := s.Guess(c, "key", key, ok); err != nil {
		return err
	}
	if !ok || e.user == "" || !e.enabled && (e.named != nil || !s.Engine.Profile.DisabledKeysWork) {
		return exc.Authentication.New("")
	}
	if e.named != nil {
		now := s.Engine.Now()
		if !e.named.admit(c, now) {
			return exc.Authentication.New("")
		}
		if e.named.limits != nil {
			c.SetLimits(e.named.limits)
		}
		if err := s.usedNow(ctx, c, e.named, now); err != nil {
			return err
		}
	}
	if isGuest(c.User) {
		c.SetUser(e.user)
	}
	return s.seen(ctx, c, e.user)
}

func (s *Store) readKey(ctx context.Context, c *engine.Call, key string) (*apiKey, error) {
	e := &apiKey{secret: sha256.Sum256([]byte(engine.RandomHex(sidLength))), loaded: s.Engine.Now()}
	if key == "" {
		return e, nil
	}
	var name, stored, enabled document.Value
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(", ").Ident("api_key").SQL(", ").Ident("enabled").
		SQL(" FROM ").Table("User").SQL(" WHERE ").Ident("api_key").SQL(" = ").Str(key)
	found, err := c.Tx.QueryRow(ctx, b, &name, &stored, &enabled)
	if err != nil {
		return nil, err
	}
	// The column compares without case; a key does not.
	if !found || document.ToText(stored) != key {
		return e, s.readNamedKey(ctx, c, e, key)
	}
	e.user, e.enabled = document.ToText(name), document.Cint(enabled) != 0
	secret, ok, err := s.secret(ctx, c, "User", e.user)
	if ok {
		e.secret = sha256.Sum256([]byte(secret))
	}
	return e, err
}

// secret returns a document's api_secret; one that cannot be decrypted is as good
// as none.
func (s *Store) secret(ctx context.Context, c *engine.Call, dt, name string) (string, bool, error) {
	token, encrypted, ok, err := c.Tx.Auth(ctx, dt, name, "api_secret")
	if err != nil || !ok || !encrypted {
		return "", false, err
	}
	plain, err := s.Vault.Decrypt(token)
	if errors.Is(err, errDecrypt) {
		s.Engine.Log.WarnContext(ctx, "stored api_secret cannot be decrypted", "doctype", dt, "name", name)
		return "", false, nil
	}
	return plain, err == nil, err
}

// bySource checks a key of another DocType, which acts for the user in the
// document's field user. Such keys are not cached.
func (s *Store) bySource(ctx context.Context, c *engine.Call, source, key, secret string) error {
	dt, err := c.DocType(ctx, source)
	if err != nil {
		return exc.Authentication.Wrap(err, "")
	}
	hasKey, hasUser := dt.Column("api_key"), dt.Column("user")
	if dt.IsSingle || dt.IsVirtual || hasKey == nil || hasUser == nil || key == "" || len(key) > maxKeyText {
		return exc.Authentication.New("") // Frappe: a missing column is a database error
	}
	needEnabled := !s.Engine.Profile.DisabledKeysWork
	if needEnabled && dt.Column("enabled") == nil {
		return exc.Authentication.New("")
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(", ").Ident("user").SQL(", ").Ident("api_key").SQL(" FROM ").
		Table(dt.Name).SQL(" WHERE ").Ident("api_key").SQL(" = ").Str(key)
	if needEnabled {
		b.SQL(" AND ").Ident("enabled").SQL(" = ").Int(1)
	}
	var name, user, stored document.Value
	found, err := c.Tx.QueryRow(ctx, b, &name, &user, &stored)
	if err != nil {
		return err
	}
	want, ok := "", false
	if found && document.ToText(stored) == key {
		if want, ok, err = s.secret(ctx, c, dt.Name, document.ToText(name)); err != nil {
			return err
		}
	}
	same := subtle.ConstantTimeCompare([]byte(want), []byte(secret)) == 1
	if err := s.Guess(c, "key of "+source, key, same && ok); err != nil {
		return err
	}
	if !same || !ok || document.ToText(user) == "" {
		return exc.Authentication.New("")
	}
	if isGuest(c.User) {
		c.SetUser(document.ToText(user))
	}
	return s.seen(ctx, c, c.User)
}

var errBase64 = errors.New("auth: incorrect base64 padding")

// decodeBase64 decodes as Python's base64.b64decode does by default: characters
// outside the alphabet are skipped, and only a wrong padding is an error.
func decodeBase64(s string) (string, error) {
	out := make([]byte, 0, len(s)*3/4)
	var acc uint32
	quad, pads := 0, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '=' {
			if quad >= 2 {
				if pads++; quad+pads >= 4 {
					return string(out), nil
				}
			}
			continue
		}
		v := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", c)
		if v < 0 {
			continue
		}
		pads = 0
		acc = acc<<6 | uint32(v)
		switch quad {
		case 1:
			out = append(out, byte(acc>>4))
		case 2:
			out = append(out, byte(acc>>2))
		case 3:
			out = append(out, byte(acc))
		}
		quad = (quad + 1) & 3
	}
	if quad != 0 {
		return "", errBase64
	}
	return string(out), nil
}
