package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

// Lengths of a named key and of its secret, in hex digits.
const (
	namedKeyLength    = 20
	namedSecretLength = 40
)

// registerNamedKeys adds the controller of API Key.
func (s *Store) registerNamedKeys(h *engine.Hooks) {
	h.On(namedKeyDocType, engine.BeforeInsert, func(_ context.Context, c *engine.Call, d *document.Document) error {
		if d.Text("user") == "" {
			d.Set("user", document.Text(c.User))
		}
		d.Set("api_key", document.Text(engine.RandomHex(namedKeyLength)))
		d.Set("last_used", document.NullValue)
		d.Set("last_used_from", document.NullValue)
		return nil
	})
	h.On(namedKeyDocType, engine.Validate, s.validateNamedKey)
	h.On(namedKeyDocType, engine.AfterInsert, func(ctx context.Context, c *engine.Call, d *document.Document) error {
		secret, err := newSecret(ctx, c, d)
		c.Response.Keys.Set("api_secret", document.Text(secret))
		return err
	})
	for _, e := range []engine.Event{engine.OnUpdate, engine.OnTrash, engine.AfterRename} {
		h.On(namedKeyDocType, e, func(ctx context.Context, c *engine.Call, d *document.Document) error {
			if e == engine.OnTrash {
				if err := mayManage(ctx, c, d); err != nil {
					return err
				}
			}
			s.forgetKeys(c, d)
			return nil
		})
	}
	h.Method(namedKeyDocType, "rotate_secret", s.rotateSecret, "POST")
	h.On("User", engine.OnTrash, deleteNamedKeys)
}

// forgetKeys makes a change of a key count from the commit on.
func (s *Store) forgetKeys(c *engine.Call, d *document.Document) {
	user := d.Text("user")
	c.Announce(engine.TopicLogins)
	c.AfterCommit(func(context.Context) { s.keys.invalidate(user) })
}

// validateNamedKey refuses limits that nobody could read, and keys for other users
// except by those who manage users.
func (s *Store) validateNamedKey(ctx context.Context, c *engine.Call, d *document.Document) error {
	name, ok, err := c.Exists(ctx, "User", d.Text("user"))
	if err != nil {
		return err
	}
	if ok {
		d.Set("user", document.Text(name)) // as it is spelt, since rights hang on it
	}
	if err := mayManage(ctx, c, d); err != nil {
		return err
	}
	if name == perm.Guest {
		return exc.Validation.Throw("Guest cannot have an API key")
	}
	if d.Before != nil {
		for _, f := range []string{"api_key", "last_used", "last_used_from"} {
			d.Set(f, d.Before.Get(f))
		}
	}
	if _, err := prefixes(d.Text("allowed_ips")); err != nil {
		return err
	}
	for _, row := range d.Rows("permissions") {
		set := doctype.RightSet(0)
		for _, right := range doctype.Rights() {
			if row.Int(right.String()) != 0 {
				set = set.With(right)
			}
		}
		if set == 0 {
			return exc.Validation.Throwf("Row #%d: choose at least one right on %s", row.Int("idx"), engine.Bold(row.Text("document_type")))
		}
	}
	return nil
}

// mayManage lets users manage their own keys, and System Managers those of all but
// Administrator.
func mayManage(ctx context.Context, c *engine.Call, d *document.Document) error {
	user := d.Text("user")
	if d.Before != nil {
		user = d.Before.Text("user")
	}
	if c.User == perm.Administrator || user == c.User && c.User != perm.Guest {
		return nil
	}
	roles, err := c.Roles(ctx)
	if err != nil {
		return err
	}
	if user != perm.Administrator && slices.Contains(roles, "System Manager") {
		return nil
	}
	return exc.Permission.Throw("Only System Managers may manage API keys of other users")
}

// newSecret gives a key a new secret, of which only the hash is kept: 160 random bits
// need no slow one.
func newSecret(ctx context.Context, c *engine.Call, d *document.Document) (string, error) {
	secret := engine.RandomHex(namedSecretLength)
	sum := sha256.Sum256([]byte(secret))
	return secret, c.Tx.SetAuth(ctx, namedKeyDocType, d.Name(), "api_secret", hashPrefix+hex.EncodeToString(sum[:]), false)
}

// rotateSecret answers a new secret; the old one is worth nothing from then on.
func (s *Store) rotateSecret(ctx context.Context, c *engine.Call, sent *document.Document, _ *document.Object) (any, error) {
	d, err := c.GetForUpdate(ctx, namedKeyDocType, sent.Name()) // what was sent proves nothing
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Write); err != nil {
		return nil, err
	}
	if err := mayManage(ctx, c, d); err != nil {
		return nil, err
	}
	secret, err := newSecret(ctx, c, d)
	if err != nil {
		return nil, err
	}
	s.forgetKeys(c, d)
	return document.NewObject("api_key", d.Text("api_key"), "api_secret", secret), nil
}

// deleteNamedKeys removes the keys of a user who is being deleted.
func deleteNamedKeys(ctx context.Context, c *engine.Call, d *document.Document) error {
	if _, err := c.DocType(ctx, namedKeyDocType); err != nil {
		return nil //nolint:nilerr // a site that was not migrated yet
	}
	rows, err := c.Rows(ctx, namedKeyDocType, []string{"name"}, document.NewObject("user", d.Name()), "")
	if err != nil {
		return err
	}
	for _, row := range rows {
		k, err := c.GetForUpdate(ctx, namedKeyDocType, row.Str("name"))
		if err != nil {
			return err
		}
		k.Flags.IgnorePermissions = true
		if err := c.DeleteDoc(ctx, k); err != nil {
			return err
		}
	}
	return nil
}
