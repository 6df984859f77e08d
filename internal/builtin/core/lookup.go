package core

import (
	"context"
	"time"

	"freddo/document"
	"freddo/internal/engine"
)

const hour = time.Hour

// FullName is a user's full name, or the user's id when there is none.
// Source: frappe/utils/__init__.py get_fullname.
func FullName(ctx context.Context, c *engine.Call, user string) (string, error) {
	if user == "" {
		return "", nil
	}
	v, err := c.Value(ctx, "User", user, "full_name")
	if name := document.ToText(v); name != "" {
		return name, err
	}
	return user, err
}

// TimeZone is the system's time zone. Source: frappe/utils/data.py get_system_timezone.
func TimeZone(ctx context.Context, c *engine.Call) (string, error) {
	v, err := c.Setting(ctx, "System Settings", "time_zone")
	if zone := document.ToText(v); zone != "" {
		return zone, err
	}
	return "Asia/Kolkata", err // Frappe: sites without a setting live in India
}

// Maps makes a list value of rows.
func Maps(rows []*document.Object) document.Value {
	out := make([]document.Value, len(rows))
	for i, r := range rows {
		out[i] = document.MapOf(r)
	}
	return document.ListOf(out...)
}

// First returns the first row that fulfils filters, or nil.
func First(ctx context.Context, c *engine.Call, dt string, fields []string, filters *document.Object) (*document.Object, error) {
	rows, err := c.Rows(ctx, dt, fields, filters, "")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}
