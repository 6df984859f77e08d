package auth

import (
	"fmt"
	"sync"
	"time"

	"freddo/internal/site"
)

// Vault keeps secrets for documents: it encrypts Password fields under the site's
// encryption_key and hashes login passwords. It is the engine's Secrets.
type Vault struct {
	*Passwords
	site *site.Site

	mu     sync.Mutex
	text   string
	parsed *fernetKey
}

// NewVault returns the vault of a site.
func NewVault(s *site.Site) *Vault {
	p := NewPasswords()
	p.rounds = func() int { return int(s.Config().Int("password_rounds")) }
	return &Vault{Passwords: p, site: s}
}

// key returns the site's key, made and stored on first need.
// Source: frappe/utils/password.py get_encryption_key.
func (v *Vault) key() (*fernetKey, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text := v.site.Config().Str("encryption_key")
	if text == "" {
		text = newFernetKey()
		if err := v.site.Set(map[string]any{"encryption_key": text}); err != nil {
			return nil, fmt.Errorf("store encryption_key: %w", err)
		}
	}
	if v.parsed == nil || v.text != text {
		k, err := parseFernetKey(text)
		if err != nil {
			return nil, err
		}
		v.text, v.parsed = text, k
	}
	return v.parsed, nil
}

// Encrypt returns plain as a Fernet token.
func (v *Vault) Encrypt(plain string) (string, error) {
	k, err := v.key()
	if err != nil {
		return "", err
	}
	return k.seal([]byte(plain), time.Now())
}

// Decrypt returns the text of a Fernet token.
func (v *Vault) Decrypt(token string) (string, error) {
	k, err := v.key()
	if err != nil {
		return "", err
	}
	plain, err := k.open(token)
	return string(plain), err
}

// HashPassword returns a login password's hash.
func (v *Vault) HashPassword(plain string) (string, error) { return v.Hash(plain) }
