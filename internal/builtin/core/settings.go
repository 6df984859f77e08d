package core

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// registerSettings hooks System Settings and Language.
func registerSettings(h *engine.Hooks) {
	h.On("System Settings", engine.Validate, validateSettings)
	h.On("System Settings", engine.OnUpdate, settingsToDefaults)
	h.On("System Settings", engine.OnUpdate, startPasswordAge)
	h.On("Language", engine.Validate, func(_ context.Context, _ *engine.Call, d *document.Document) error {
		if strings.ContainsAny(d.Text("language_code"), " /\\") {
			return exc.Validation.Throw("Invalid language code")
		}
		return nil
	})
}

// validateSettings follows frappe/core/doctype/system_settings/system_settings.py.
func validateSettings(_ context.Context, _ *engine.Call, d *document.Document) error {
	policy := d.Int("enable_password_policy") != 0
	if policy && d.Int("minimum_password_score") <= 0 {
		return exc.Validation.Throw("Please select Minimum Password Score")
	}
	if !policy && d.Type.Column("minimum_password_score") != nil {
		d.Set("minimum_password_score", document.Text(""))
	}
	for _, key := range []string{"session_expiry", "session_expiry_mobile"} {
		v := d.Text(key)
		if v == "" {
			continue
		}
		parts := strings.Split(v, ":")
		if len(parts) != 2 || document.Cint(document.Text(parts[0])) == 0 && document.Cint(document.Text(parts[1])) == 0 {
			return exc.Validation.Throw("Session Expiry must be in format hh:mm")
		}
	}
	if d.Int("enable_two_factor_auth") == 0 {
		for _, key := range []string{"bypass_2fa_for_retricted_ip_users", "bypass_restrict_ip_check_if_2fa_enabled"} {
			if d.Type.Column(key) != nil {
				d.Set(key, document.IntOf(0))
			}
		}
	}
	return nil
}

// settingsToDefaults makes every changed value a system default too.
// Source: system_settings.py set_defaults.
func settingsToDefaults(ctx context.Context, c *engine.Call, d *document.Document) error {
	for _, f := range d.Type.Fields {
		if f.Slot < 0 || f.Fieldtype == "Password" {
			continue
		}
		now := document.ToText(d.At(f.Slot))
		if d.Before != nil && document.ToText(d.Before.At(f.Slot)) == now {
			continue
		}
		if err := SetDefault(ctx, c, perm.SystemDefaults, f.Fieldname, d.At(f.Slot)); err != nil {
			return err
		}
	}
	if lang := d.Get("language"); document.ToText(lang) != "" {
		return SetDefault(ctx, c, perm.SystemDefaults, "lang", lang)
	}
	return nil
}

// InstallDefaults makes the settings of a new site system defaults, as the setup wizard's
// save of System Settings does. The call's user may be nobody who is allowed to.
func InstallDefaults(ctx context.Context, c *engine.Call) error {
	d, err := c.Get(ctx, "System Settings", "System Settings")
	if err != nil {
		return err
	}
	for _, f := range d.Type.Fields {
		if f.Slot < 0 || f.Fieldtype == "Password" {
			continue
		}
		v := d.At(f.Slot)
		if text := document.ToText(v); text == "" || text == "0" {
			continue
		}
		if err := SetDefault(ctx, c, perm.SystemDefaults, f.Fieldname, v); err != nil {
			return err
		}
	}
	if lang := d.Get("language"); document.ToText(lang) != "" {
		return SetDefault(ctx, c, perm.SystemDefaults, "lang", lang)
	}
	return nil
}

// startPasswordAge makes today the day of everybody's last password change when
// passwords begin to grow old.
// Source: system_settings.py update_last_reset_password_date.
func startPasswordAge(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("force_user_to_reset_password") == 0 || d.Before != nil && d.Before.Int("force_user_to_reset_password") != 0 {
		return nil
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table("User").SQL(" SET ").Ident("last_password_reset_date").SQL(" = ").Str(c.Today()).
		SQL(" WHERE ").Ident("last_password_reset_date").SQL(" IS NULL")
	_, err := c.Tx.Exec(ctx, b)
	return err
}

// SetDefault stores one default of a user or of the system; null removes it.
// Source: frappe/defaults.py set_default.
func SetDefault(ctx context.Context, c *engine.Call, parent, key string, v document.Value) error {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("DefaultValue").SQL(" WHERE ").Ident("parent").SQL(" = ").Str(parent).
		SQL(" AND ").Ident("defkey").SQL(" = ").Str(key)
	if _, err := c.Tx.Exec(ctx, b); err != nil || v.IsNull() {
		return err
	}
	dt, err := c.DocType(ctx, "DefaultValue")
	if err != nil {
		return err
	}
	row := document.New(dt)
	row.SetName(engine.RandomName())
	now := document.Text(c.Stamp())
	for slot, val := range map[int]document.Value{doctype.SlotOwner: document.Text(c.User), doctype.SlotModifiedBy: document.Text(c.User),
		doctype.SlotCreation: now, doctype.SlotModified: now} {
		row.SetAt(slot, val)
	}
	for k, val := range map[string]string{"parent": parent, "parenttype": "__default", "parentfield": "system_defaults", "defkey": key, "defvalue": document.ToText(v)} {
		row.Set(k, document.Text(val))
	}
	return c.Tx.Insert(ctx, row, storage.WriteOptions{})
}
