package engine

import (
	"context"

	"freddo/document"
	"freddo/internal/perm"
)

// InstallUsers creates the users that every site has, Administrator and Guest, and
// gives Administrator a password. Source: frappe/utils/install.py install_basic_docs.
func (e *Engine) InstallUsers(ctx context.Context, adminPassword string) error {
	return e.Do(ctx, perm.Administrator, func(ctx context.Context, c *Call) error {
		for _, o := range []*document.Object{
			document.NewObject("name", perm.Administrator, "email", "admin@example.com", "first_name", perm.Administrator,
				"full_name", perm.Administrator, "username", "administrator", "user_type", "System User", "enabled", 1, "language", "en",
				"roles", []document.Value{document.MapOf(document.NewObject("role", perm.Administrator)), document.MapOf(document.NewObject("role", "System Manager"))}),
			document.NewObject("name", perm.Guest, "email", "guest@example.com", "first_name", perm.Guest, "full_name", perm.Guest,
				"user_type", "Website User", "enabled", 1, "roles", []document.Value{document.MapOf(document.NewObject("role", perm.Guest))}),
		} {
			if _, ok, err := c.Exists(ctx, "User", o.Str("name")); err != nil || ok {
				return err
			}
			dt, err := c.DocType(ctx, "User")
			if err != nil {
				return err
			}
			d := document.New(dt)
			if err := d.Update(o, c.resolver(ctx)); err != nil {
				return err
			}
			if err := c.fillDefaults(ctx, d, nil); err != nil {
				return err
			}
			if err := c.insertRaw(ctx, d); err != nil {
				return err
			}
		}
		hash, err := c.Hooks.Secrets.HashPassword(adminPassword)
		if err != nil {
			return err
		}
		return c.Tx.SetAuth(ctx, "User", perm.Administrator, "password", hash, false)
	})
}

// GenerateKeys gives a user a new API secret, and a key when there is none.
// Source: frappe/core/doctype/user/user.py generate_keys.
func (c *Call) GenerateKeys(ctx context.Context, user string) (key, secret string, err error) {
	d, err := c.GetForUpdate(ctx, "User", user)
	if err != nil {
		return "", "", err
	}
	key, secret = d.Text("api_key"), RandomHex(15)
	if key == "" {
		key = RandomHex(15)
	}
	d.Set("api_key", document.Text(key))
	d.Set("api_secret", document.Text(secret))
	d.Flags.IgnorePermissions = true
	return key, secret, c.Save(ctx, d)
}
