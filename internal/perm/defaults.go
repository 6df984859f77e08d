package perm

import (
	"context"

	"freddo/internal/storage"
)

// SystemDefaults is the parent of the rows of DefaultValue that are everybody's.
const SystemDefaults = "__default"

// loadDefaults reads the user's defaults and the system's. A key with several values has
// none here (known difference 81). Source: frappe/defaults.py get_defaults.
func (u *User) loadDefaults(ctx context.Context, tx *storage.Tx) error {
	b := storage.NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("parent").SQL(", ").Ident("defkey").SQL(", ").Ident("defvalue").SQL(" FROM ").
		Table("DefaultValue").SQL(" WHERE ").Ident("parent").SQL(" IN (").Str(SystemDefaults).SQL(", ").Str(u.Name).SQL(") AND ").
		Ident("defvalue").SQL(" IS NOT NULL")
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return err
	}
	defer rows.Close()
	own := map[string]string{}
	u.Defaults = map[string]string{}
	for rows.Next() {
		set := u.Defaults
		if text(rows, 0) != SystemDefaults {
			set = own
		}
		key, value := text(rows, 1), text(rows, 2)
		if old, ok := set[key]; ok && old != value {
			value = "" // one of several
		}
		set[key] = value
	}
	for key, value := range own {
		u.Defaults[key] = value
	}
	u.Defaults["user"], u.Defaults["owner"] = u.Name, u.Name
	return rows.Err()
}
