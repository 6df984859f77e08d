package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Fernet token is version, seconds, IV, AES-128-CBC of the padded text, and an
// HMAC-SHA256 over all that, in padded urlsafe base64.
// Source: the Fernet specification, which frappe/utils/password.py uses for secrets.
const (
	fernetVersion = 0x80
	fernetHead    = 1 + 8 + aes.BlockSize
	fernetMAC     = sha256.Size
)

// errDecrypt says that a token is malformed or of another key. It does not say
// which, on purpose.
var errDecrypt = errors.New("auth: cannot decrypt: the token is malformed or of another encryption key")

// fernetKey is a decoded key: 16 bytes to sign, 16 to encrypt.
type fernetKey struct{ sign, encrypt [16]byte }

// newFernetKey returns a random key as site_config.json keeps it.
func newFernetKey() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return base64.URLEncoding.EncodeToString(b[:])
}

func parseFernetKey(s string) (*fernetKey, error) {
	b, err := base64.URLEncoding.DecodeString(strings.TrimSpace(s))
	if err != nil || len(b) != 32 {
		return nil, errors.New("auth: encryption_key must be 32 bytes in urlsafe base64")
	}
	k := &fernetKey{}
	copy(k.sign[:], b[:16])
	copy(k.encrypt[:], b[16:])
	return k, nil
}

// seal encrypts plain with a fresh IV.
func (k *fernetKey) seal(plain []byte, at time.Time) (string, error) {
	var iv [aes.BlockSize]byte
	_, _ = rand.Read(iv[:])
	return k.sealWith(plain, at, iv)
}

func (k *fernetKey) sealWith(plain []byte, at time.Time, iv [aes.BlockSize]byte) (string, error) {
	block, err := aes.NewCipher(k.encrypt[:])
	if err != nil {
		return "", fmt.Errorf("make cipher: %w", err)
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	out := make([]byte, fernetHead, fernetHead+len(plain)+pad+fernetMAC)
	out[0] = fernetVersion
	binary.BigEndian.PutUint64(out[1:], uint64(at.Unix()))
	copy(out[9:], iv[:])
	out = append(out, plain...)
	for range pad {
		out = append(out, byte(pad))
	}
	cipher.NewCBCEncrypter(block, iv[:]).CryptBlocks(out[fernetHead:], out[fernetHead:])
	return base64.URLEncoding.EncodeToString(k.mac(out, out)), nil
}

// mac appends the signature of data to dst.
func (k *fernetKey) mac(dst, data []byte) []byte {
	h := hmac.New(sha256.New, k.sign[:])
	h.Write(data)
	return h.Sum(dst)
}

// open decrypts a token. Its age is not looked at, as upstream does not.
func (k *fernetKey) open(token string) ([]byte, error) {
	b, err := base64.URLEncoding.DecodeString(token)
	if err != nil || len(b) < fernetHead+aes.BlockSize+fernetMAC || b[0] != fernetVersion {
		return nil, errDecrypt
	}
	body, sum := b[:len(b)-fernetMAC], b[len(b)-fernetMAC:]
	if !hmac.Equal(k.mac(nil, body), sum) {
		return nil, errDecrypt
	}
	text := body[fernetHead:]
	if len(text)%aes.BlockSize != 0 {
		return nil, errDecrypt
	}
	block, err := aes.NewCipher(k.encrypt[:])
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	cipher.NewCBCDecrypter(block, body[9:fernetHead]).CryptBlocks(text, text)
	pad := int(text[len(text)-1])
	if pad < 1 || pad > aes.BlockSize {
		return nil, errDecrypt
	}
	for _, c := range text[len(text)-pad:] {
		if int(c) != pad {
			return nil, errDecrypt
		}
	}
	return text[:len(text)-pad], nil
}
