package doctypes

import (
	"context"
	"fmt"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

// checkPermissions checks and cleans the permission rows of a DocType.
// Source: doctype.py validate_permissions.
func checkPermissions(ctx context.Context, c *engine.Call, d *document.Document) error {
	if on(d, "istable") {
		return nil
	}
	rows := d.Rows("permissions")
	for _, p := range rows {
		if err := checkPermissionRow(c, d, p, rows); err != nil {
			return err
		}
		if on(d, "issingle") && on(p, "report") {
			c.Msgprint(exc.Message{Text: "Report cannot be set for Single types"})
			set(p, "report", 0)
			set(p, "import", 0)
			set(p, "export", 0)
		}
		if err := checkRole(ctx, c, d, p); err != nil {
			return err
		}
	}
	return nil
}

func checkPermissionRow(c *engine.Call, d, p *document.Document, rows []*document.Document) error {
	prefix := fmt.Sprintf("For %s at level %d in %s in row %d", named(p, "role"), p.Int("permlevel"), d.Name(), p.Int("idx"))
	any := func(keys ...string) bool {
		for _, k := range keys {
			if on(p, k) {
				return true
			}
		}
		return false
	}
	importable := fmt.Sprintf("DocType(%s)", d.Name())
	if quirk.Of(c.Profile).DocTypeSpaced {
		importable = fmt.Sprintf("DocType (%s)", d.Name())
	}
	text := ""
	switch {
	case !any("select", "read", "write", "submit", "cancel", "create"):
		text = "No basic permissions set"
	case hasTwin(p, rows):
		text = "Only one rule allowed with the same Role, Level and If Owner"
	case on(p, "cancel") && !on(p, "submit"):
		text = "Cannot set Cancel without Submit"
	case any("submit", "cancel", "amend") && !on(p, "write"):
		text = "Cannot set Submit, Cancel, Amend without Write"
	case on(p, "amend") && !on(p, "write"):
		text = "Cannot set Amend without Cancel"
	case on(p, "import") && !on(p, "create"):
		text = "Cannot set Import without Create"
	case on(p, "submit") && !on(d, "is_submittable"):
		text = "Cannot set Assign Submit if not Submittable"
	case on(p, "amend") && !on(d, "is_submittable"):
		text = "Cannot set Assign Amend if not Submittable"
	case on(p, "import") && !on(d, "allow_import"):
		text = fmt.Sprintf("Cannot set import as %s is not importable", importable)
	case p.Int("permlevel") > 0 && p.Text("role") != perm.RoleAll && p.Text("role") != perm.RoleDeskUser:
		if !hasLevelZero(p, rows) {
			text = "Permission at level 0 must be set before higher levels are set"
			break
		}
		for _, k := range []string{"create", "submit", "cancel", "amend"} {
			set(p, k, 0)
		}
	}
	if text != "" {
		return exc.Validation.Throw(prefix + ": " + text)
	}
	return nil
}

func hasTwin(p *document.Document, rows []*document.Document) bool {
	for _, q := range rows {
		if q != p && q.Text("role") == p.Text("role") && q.Int("permlevel") == p.Int("permlevel") && q.Int("if_owner") == p.Int("if_owner") {
			return true
		}
	}
	return false
}

func hasLevelZero(p *document.Document, rows []*document.Document) bool {
	for _, q := range rows {
		if q != p && q.Text("role") == p.Text("role") && q.Int("permlevel") == 0 {
			return true
		}
	}
	return false
}

var automaticRoles = map[string]bool{perm.Guest: true, perm.RoleAll: true, perm.RoleDeskUser: true, perm.Administrator: true}

// checkRole keeps automatic and custom roles out of custom DocTypes, except for
// Administrator.
func checkRole(ctx context.Context, c *engine.Call, d, p *document.Document) error {
	role := p.Text("role")
	if c.User == perm.Administrator || !on(d, "custom") || role == "" {
		return nil
	}
	refused := automaticRoles[role]
	if !refused {
		custom, err := c.Value(ctx, "Role", role, "is_custom")
		if err != nil {
			return err
		}
		refused = document.Cint(custom) != 0
	}
	if !refused {
		return nil
	}
	return exc.Validation.Throwf("Row # %d: Non administrator user can not set the role %s to the custom doctype", p.Int("idx"), engine.Bold(role)).WithTitle("Permissions Error")
}
