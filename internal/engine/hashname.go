package engine

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"freddo/document"
	"freddo/exc"
)

const nameAlphabet = "0123456789abcdefghijklmnopqrstuv"

// RandomName is a random name of 10 characters of base 32, for code of our own.
func RandomName() string { return randomText(10) }

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails since Go 1.24
	for i, x := range b {
		b[i] = nameAlphabet[x&31]
	}
	return string(b)
}

// hashName is a name for documents without a rule: 10 characters of base 32, of which
// v14 and v16 take some from the time, so that names that are made together lie
// together in the index. Source: naming.py make_autoname("hash").
func (c *Call) hashName() string {
	switch c.Profile.HashName {
	case "v14":
		return c.timePart(4) + randomText(6)
	case "v16":
		if c.memo.hashPrefix == "" {
			c.memo.hashPrefix = RandomHex(1)
		}
		return c.memo.hashPrefix + c.timePart(3) + randomText(6)
	}
	return randomText(10)
}

// timePart is the end of the time in tenths of a second, in base 32.
func (c *Call) timePart(n int) string {
	ts := c.Now().UnixMilli() / 100
	var b [8]byte
	for i := n - 1; i >= 0; i-- {
		b[i] = nameAlphabet[ts&31]
		ts >>= 5
	}
	return string(b[:n])
}

// nameByUUID keeps a UUID that was sent, or makes one that sorts by time (version 7).
// Errors: InvalidUUIDValue. Source: naming.py set_new_name (v16).
func (c *Call) nameByUUID(d *document.Document) error {
	name := d.Name()
	if name == "" {
		d.SetName(newUUID(c.Now()))
		return nil
	}
	digits := strings.NewReplacer("urn:", "", "uuid:", "").Replace(name)
	digits = strings.ReplaceAll(strings.Trim(digits, "{}"), "-", "")
	if _, err := hex.DecodeString(digits); err != nil || len(digits) != 32 {
		return exc.InvalidUUIDValue.Throwf("Invalid value specified for UUID: %s", name)
	}
	return nil
}

func newUUID(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	ms := uint64(now.UnixMilli())
	for i := 5; i >= 0; i-- {
		b[i] = byte(ms)
		ms >>= 8
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
