package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// The DocType of a user's further API keys (docs/api-keys.md), which upstream lacks.
const (
	namedKeyDocType = "API Key"
	hashPrefix      = "sha256:"
	// usedEvery is how often last_used is written at most.
	usedEvery = time.Minute
)

// namedKey is what an API Key document adds to a key.
type namedKey struct {
	name    string
	limits  *engine.Limits // nil: none but the user's rights
	expires time.Time      // zero: never
	from    []netip.Prefix // none: from everywhere
	// used is when last_used was written, in Unix seconds.
	used atomic.Int64
}

// admit reports whether the key may be used now and from the request's address.
func (k *namedKey) admit(c *engine.Call, now time.Time) bool {
	if !k.expires.IsZero() && !now.Before(k.expires) {
		return false
	}
	if len(k.from) == 0 {
		return true
	}
	addr, err := netip.ParseAddr(c.Request.RemoteIP)
	if err != nil {
		return false
	}
	for _, p := range k.from {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// usedNow writes last_used when the last time is a minute ago, in a transaction of its
// own.
func (s *Store) usedNow(ctx context.Context, c *engine.Call, k *namedKey, now time.Time) error {
	last := k.used.Load()
	if now.Unix()-last < int64(usedEvery/time.Second) || s.ReadOnly() || !k.used.CompareAndSwap(last, now.Unix()) {
		return nil
	}
	return s.Engine.Do(ctx, perm.Administrator, func(ctx context.Context, w *engine.Call) error {
		dt, err := w.DocType(ctx, namedKeyDocType)
		if err != nil {
			return err
		}
		return w.Tx.SetColumns(ctx, dt, document.Text(k.name), []string{"last_used", "last_used_from"},
			[]document.Value{document.Text(w.Stamp()), document.Text(c.Request.RemoteIP)})
	})
}

// readNamedKey completes e with what the API Key of that key says; nothing when there is
// none, or when it or its user is disabled.
func (s *Store) readNamedKey(ctx context.Context, c *engine.Call, e *apiKey, key string) error {
	if _, err := c.DocType(ctx, namedKeyDocType); err != nil {
		if exc.Is(err, exc.DoesNotExist) {
			return nil // a site that was not migrated yet
		}
		return err
	}
	var name, stored document.Value
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(", ").Ident("api_key").SQL(" FROM ").Table(namedKeyDocType).
		SQL(" WHERE ").Ident("api_key").SQL(" = ").Str(key)
	found, err := c.Tx.QueryRow(ctx, b, &name, &stored)
	if err != nil || !found || document.ToText(stored) != key {
		return err
	}
	d, err := c.Get(ctx, namedKeyDocType, document.ToText(name))
	if err != nil {
		return err
	}
	enabled, err := c.Value(ctx, "User", d.Text("user"), "enabled")
	if err != nil {
		return err
	}
	token, _, ok, err := c.Tx.Auth(ctx, namedKeyDocType, d.Name(), "api_secret")
	hash, derr := hex.DecodeString(strings.TrimPrefix(token, hashPrefix))
	if err != nil || !ok || derr != nil || len(hash) != sha256.Size {
		return err
	}
	e.secret, e.user = [sha256.Size]byte(hash), d.Text("user")
	e.enabled = d.Int("enabled") != 0 && document.Cint(enabled) != 0
	e.named, err = namedKeyOf(d, s.Engine.Zone)
	return err
}

// namedKeyOf reads the limits of an API Key.
func namedKeyOf(d *document.Document, zone *time.Location) (*namedKey, error) {
	k := &namedKey{name: d.Name()}
	var err error
	if k.expires, err = siteTime(d.Text("expires_on"), zone); err != nil {
		return nil, err
	}
	if used, err := siteTime(d.Text("last_used"), zone); err == nil && !used.IsZero() {
		k.used.Store(used.Unix())
	}
	if k.from, err = prefixes(d.Text("allowed_ips")); err != nil {
		return nil, err
	}
	l := &engine.Limits{ID: namedKeyDocType + " " + d.Name() + " " + document.ToText(d.At(doctype.SlotModified)), ReadOnly: d.Int("read_only") != 0, Methods: strings.Fields(strings.ReplaceAll(d.Text("methods"), ",", " ")),
		DocTypes: map[string]doctype.RightSet{}}
	for _, row := range d.Rows("permissions") {
		set := l.DocTypes[row.Text("document_type")]
		for _, right := range doctype.Rights() {
			if row.Int(right.String()) != 0 {
				set = set.With(right)
			}
		}
		if set.Has(doctype.Read) {
			set = set.With(doctype.Select)
		}
		l.DocTypes[row.Text("document_type")] = set
	}
	l.Scoped = len(l.DocTypes) > 0 || len(l.Methods) > 0
	if l.ReadOnly || l.Scoped || !k.expires.IsZero() || len(k.from) > 0 {
		k.limits = l
	}
	return k, nil
}

// siteTime reads a stored time in the site's zone; the zero time for "".
func siteTime(text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.ParseInLocation("2006-01-02 15:04:05.999999", text, zone)
}

// maxPrefixes bounds the addresses of one key.
const maxPrefixes = 100

// prefixes reads CIDR ranges and single addresses, separated by blanks, commas or lines.
func prefixes(text string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, word := range strings.Fields(strings.ReplaceAll(text, ",", " ")) {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(word); err == nil {
				p = netip.PrefixFrom(a.WithZone(""), a.BitLen())
			}
		}
		if err != nil || p.Addr().Is4In6() {
			return nil, exc.Validation.Throwf("%s is neither an address nor a range such as 10.0.0.0/8", engine.Bold(word))
		}
		if len(out) >= maxPrefixes {
			return nil, exc.Validation.Throwf("At most %d addresses", maxPrefixes)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
