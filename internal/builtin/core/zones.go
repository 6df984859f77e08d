package core

import (
	"context"
	_ "embed"
	"strings"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// zones are the names of the IANA time zones, in order.
//
//go:embed zones.txt
var zones string

func zoneNames() document.Value { return document.Texts(strings.Fields(zones)) }

// registerZones adds the methods that list time zones.
func registerZones(r *method.Registry) {
	r.Add(
		method.Method{Name: "frappe.core.doctype.user.user.get_timezones", Fn: timezones},
		method.Method{Name: "frappe.core.doctype.system_settings.system_settings.load", Fn: loadSettings},
	)
}

// timezones lists all time zones. Source: user.py get_timezones.
func timezones(context.Context, *engine.Call, method.Args) (any, error) {
	return document.NewObject("timezones", zoneNames()), nil
}

// loadSettings answers what the form of System Settings needs.
// Source: system_settings.py load.
func loadSettings(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	if err := c.OnlyFor(ctx, "System Manager"); err != nil {
		return nil, err
	}
	dt, err := c.DocType(ctx, "System Settings")
	if err != nil {
		return nil, err
	}
	rows, err := c.Rows(ctx, "DefaultValue", []string{"defkey", "defvalue"}, document.NewObject("parent", "__default"), "")
	if err != nil {
		return nil, err
	}
	values := map[string]document.Value{}
	for _, r := range rows {
		values[r.PropText("defkey")] = r.Get("defvalue")
	}
	defaults := &document.Object{}
	for _, f := range dt.Fields {
		if f.Fieldtype == "Select" || f.Fieldtype == "Data" {
			v := values[f.Fieldname]
			if v.Kind() == document.Missing {
				v = document.NullValue
			}
			defaults.Set(f.Fieldname, v)
		}
	}
	return document.NewObject("timezones", zoneNames(), "defaults", defaults), nil
}
