package core

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

// DocumentRights are the caller's rights on a document as upstream tells them: 0 and
// 1 by name, and which hold for owners only. Shares do not count.
// Source: frappe/permissions.py get_doc_permissions, get_role_permissions.
func DocumentRights(ctx context.Context, c *engine.Call, d *document.Document) (*document.Object, error) {
	out := document.NewObject("if_owner", &document.Object{}, "has_if_owner_enabled", false)
	legacy := quirk.Of(c.Profile).SetUserPermissionsRight
	if c.User == perm.Administrator {
		out = &document.Object{}
		for _, r := range rightsOf(c, d.Type) {
			out.Set(r.String(), document.IntOf(1))
		}
		if legacy {
			out.Set("set_user_permissions", document.IntOf(1))
		}
		reduce(out, d.Type)
		return out, nil
	}
	me, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	rights, owner := perm.RoleRights(d.Type, me), strings.EqualFold(d.Owner(), me.Name)
	ifOwner := &document.Object{}
	for _, p := range d.Type.Permissions {
		if p.IfOwner && p.Permlevel == 0 && me.Has(p.Role) {
			out.Set("has_if_owner_enabled", document.BoolOf(true))
		}
	}
	for _, r := range rightsOf(c, d.Type) {
		on := rights.Any.Has(r)
		if rights.Owned.Has(r) {
			on = owner
			ifOwner.Set(r.String(), document.IntOf(int64(flag(owner))))
		}
		out.Set(r.String(), document.IntOf(int64(flag(on))))
	}
	out.Set("if_owner", document.MapOf(ifOwner))
	if legacy {
		out.Set("set_user_permissions", document.IntOf(0))
	}
	reduce(out, d.Type)
	strict, err := c.Setting(ctx, "System Settings", "apply_strict_user_permissions")
	if err != nil {
		return nil, err
	}
	if perm.CheckSelf(me, d) == nil && perm.CheckLinks(me, d, document.Cint(strict) != 0) == nil {
		return out, nil
	}
	if owner {
		ifOwner.Set("create", document.IntOf(0))
		return ifOwner, nil
	}
	return &document.Object{}, nil
}

// rightsOf are the rights of a DocType, its own included.
// Source: frappe/permissions.py get_rights.
func rightsOf(c *engine.Call, dt *doctype.DocType) []doctype.Right {
	all := doctype.Rights()
	if dt.Name == "User" && quirk.Of(c.Profile).PermissionTypes {
		all = append(all, doctype.Impersonate)
	}
	return all
}

// reduce takes away what the DocType cannot give.
func reduce(o *document.Object, dt *doctype.DocType) {
	if !dt.IsSubmittable {
		o.Set("submit", document.IntOf(0))
	}
	if !dt.AllowImport {
		o.Set("import", document.IntOf(0))
	}
}
