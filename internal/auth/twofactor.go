package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// Lifetimes of the first step. Source: frappe/twofactor.py.
const (
	otpLifetime = 300 * time.Second
	appLifetime = 180 * time.Second
	maxOTPs     = 10_000
	twoFAParent = "__2fa"
)

// pendingOTP is the first step of a two-factor login: the password was right.
type pendingOTP struct {
	user, secret string
	counter      uint64 // of SMS and e-mail
	app          bool
	until        time.Time
}

// otpCache holds the first steps, in memory.
type otpCache struct {
	mu   sync.Mutex
	by   map[string]*pendingOTP
	used map[string]uint64 // the newest counter that a user's app was believed for
}

func (o *otpCache) init() { o.by, o.used = map[string]*pendingOTP{}, map[string]uint64{} }

// spend reports whether a user's code of a counter was not used yet, and notes it.
func (o *otpCache) spend(user string, counter uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if counter <= o.used[user] {
		return false
	}
	if len(o.used) >= maxOTPs {
		clear(o.used)
	}
	o.used[user] = counter
	return true
}

func (o *otpCache) get(id string, now time.Time) *pendingOTP {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.by[id]
	if p == nil || now.After(p.until) {
		delete(o.by, id)
		return nil
	}
	return p
}

func (o *otpCache) put(id string, p *pendingOTP) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.by) >= maxOTPs {
		clear(o.by)
	}
	o.by[id] = p
}

// drop forgets a first step; only one caller finds it there.
func (o *otpCache) drop(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.by[id]
	delete(o.by, id)
	return ok
}

// twoFactorFor reports whether a user must give a second factor.
// Source: frappe/twofactor.py should_run_2fa, two_factor_is_enabled_for_.
func (s *Store) twoFactorFor(ctx context.Context, c *engine.Call, user string, set *Settings) (bool, error) {
	if !set.twoFactor || user == perm.Administrator {
		return false, nil
	}
	u, err := c.UserInfo(ctx, user)
	if err != nil {
		return false, err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table("Role").SQL(" WHERE ").Ident("two_factor_auth").
		SQL(" = ").Int(1)
	roles, err := column(ctx, c, b)
	if err != nil {
		return false, err
	}
	for _, r := range roles {
		if r == perm.RoleAll || u.Has(r) {
			return true, nil
		}
	}
	return false, nil
}

// secondFactor runs the second factor when the user needs one. done is false when
// the answer asks for a one-time password. Source: frappe/twofactor.py
// authenticate_for_2factor, confirm_otp_token.
func (s *Store) secondFactor(ctx context.Context, c *engine.Call, user *document.Document, set *Settings) (done bool, err error) {
	need, err := s.twoFactorFor(ctx, c, user.Name(), set)
	if err != nil || !need {
		return !need, err
	}
	if set.skip2FAForIP && user.Text("restrict_ip") != "" && ipAllowed(user.Text("restrict_ip"), c.Request.RemoteIP) {
		return true, nil
	}
	if !c.Form.Get("otp").IsNull() {
		return true, s.confirmOTP(ctx, c, user, set)
	}
	return false, s.askOTP(ctx, c, user, set)
}

func (s *Store) confirmOTP(ctx context.Context, c *engine.Call, user *document.Document, set *Settings) error {
	id := c.Form.Str("tmp_id")
	p := s.otps.get(id, s.Engine.Now())
	if p == nil || !strings.EqualFold(p.user, user.Name()) {
		return exc.ExpiredLogin.New("Login session expired, refresh page to retry")
	}
	counter := p.counter
	if p.app {
		counter = uint64(s.Engine.Now().Unix()) / 30
	}
	want, err := hotp(p.secret, counter)
	if err != nil {
		return err
	}
	given := strings.TrimSpace(document.ToText(c.Form.Get("otp")))
	end, err := s.guess(ctx, set, userKey(user.Name()))
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(given)) != 1 || p.app && !s.otps.spend(user.Name(), counter) {
		end(wrong)
		return s.fail(ctx, c, user.Name(), "Incorrect Verification code")
	}
	end(right)
	if !s.otps.drop(id) { // a code works once
		return exc.ExpiredLogin.New("Login session expired, refresh page to retry")
	}
	if p.app {
		return setDefault(ctx, c, user.Name()+"_otplogin", "1")
	}
	return nil
}

func (s *Store) askOTP(ctx context.Context, c *engine.Call, user *document.Document, set *Settings) error {
	secret, err := s.otpSecret(ctx, c, user.Name())
	if err != nil {
		return err
	}
	method := set.twoFactorMethod
	if method == "" {
		method = "OTP App"
	}
	p := &pendingOTP{user: user.Name(), secret: secret, app: method == "OTP App", until: s.Engine.Now().Add(otpLifetime)}
	verification, err := s.deliver(ctx, c, p, method, set)
	if err != nil {
		return err
	}
	id := engine.RandomHex(8)
	s.otps.put(id, p)
	c.Response.Keys.Set("verification", document.MapOf(verification))
	c.Response.Keys.Set("tmp_id", document.Text(id))
	return c.CommitNow(ctx)
}

// deliver sends the code, unless the user's app already makes it.
func (s *Store) deliver(ctx context.Context, c *engine.Call, p *pendingOTP, method string, set *Settings) (*document.Object, error) {
	if p.app {
		p.until = s.Engine.Now().Add(appLifetime)
		set, err := getDefault(ctx, c, p.user+"_otplogin")
		if err != nil {
			return nil, err
		}
		if set != "" {
			return document.NewObject("method", "OTP App", "setup", true), nil
		}
		method = "Email" // Frappe: the first time a mail carries the QR code
	}
	if s.DeliverOTP == nil {
		return nil, exc.OutgoingEmail.Throw("Please setup default outgoing Email Account from Settings > Email Account")
	}
	code := "otpauth://totp/" + url.PathEscape(set.issuer+":"+p.user) + "?secret=" + p.secret + "&issuer=" + url.QueryEscape(set.issuer)
	if !p.app {
		var n [4]byte
		_, _ = rand.Read(n[:])
		p.counter = uint64(binary.BigEndian.Uint32(n[:]))
		var err error
		if code, err = hotp(p.secret, p.counter); err != nil {
			return nil, err
		}
	}
	prompt, err := s.DeliverOTP(ctx, c, p.user, method, code)
	if err != nil {
		return nil, err
	}
	return document.NewObject("token_delivery", prompt != "", "prompt", prompt, "method", method, "setup", prompt != "" || p.app), nil
}

// otpSecret returns a user's secret, made on first need.
func (s *Store) otpSecret(ctx context.Context, c *engine.Call, user string) (string, error) {
	token, err := getDefault(ctx, c, user+"_otpsecret")
	if err != nil {
		return "", err
	}
	if token != "" {
		return s.Vault.Decrypt(token)
	}
	var b [10]byte
	_, _ = rand.Read(b[:])
	secret := base32.StdEncoding.EncodeToString(b[:])
	if token, err = s.Vault.Encrypt(secret); err != nil {
		return "", err
	}
	return secret, setDefault(ctx, c, user+"_otpsecret", token)
}

// ResetOTP makes a user set up the app again. Source: frappe/twofactor.py
// reset_otp_secret.
func (s *Store) ResetOTP(ctx context.Context, c *engine.Call, user string) error {
	for _, key := range []string{user + "_otpsecret", user + "_otplogin"} {
		if _, err := c.Tx.Exec(ctx, defaultWhere(storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("DefaultValue"), key)); err != nil {
			return err
		}
	}
	return nil
}

// getDefault and setDefault read and write the defaults of the parent __2fa.
func getDefault(ctx context.Context, c *engine.Call, key string) (string, error) {
	var v document.Value
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("defvalue").SQL(" FROM ").Table("DefaultValue")
	_, err := c.Tx.QueryRow(ctx, defaultWhere(b, key), &v)
	return document.ToText(v), err
}

func defaultWhere(b *storage.Builder, key string) *storage.Builder {
	return b.SQL(" WHERE ").Ident("parent").SQL(" = ").Str(twoFAParent).SQL(" AND ").Ident("defkey").SQL(" = ").Str(key)
}

func setDefault(ctx context.Context, c *engine.Call, key, value string) error {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("DefaultValue")
	if _, err := c.Tx.Exec(ctx, defaultWhere(b, key)); err != nil {
		return err
	}
	b = storage.NewBuilder(c.Tx.Dialect()).SQL("INSERT INTO ").Table("DefaultValue").SQL(" (").Ident("name").SQL(", ").Ident("creation").SQL(", ").
		Ident("parent").SQL(", ").Ident("parenttype").SQL(", ").Ident("parentfield").SQL(", ").Ident("defkey").SQL(", ").Ident("defvalue").SQL(") VALUES (").
		Str(engine.RandomHex(10)).SQL(", ").Str(c.Stamp()).SQL(", ").Str(twoFAParent).SQL(", ").Str(twoFAParent).SQL(", ").Str("system_defaults").
		SQL(", ").Str(key).SQL(", ").Str(value).SQL(")")
	_, err := c.Tx.Exec(ctx, b)
	return err
}

// hotp returns the six digits of a base32 secret for a counter (RFC 4226).
func hotp(secret string, counter uint64) (string, error) {
	key, err := base32.StdEncoding.DecodeString(strings.ToUpper(secret))
	if err != nil {
		return "", fmt.Errorf("read one-time password secret: %w", err)
	}
	var msg [8]byte
	binary.BigEndian.PutUint64(msg[:], counter)
	h := hmac.New(sha1.New, key)
	h.Write(msg[:])
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000), nil
}
