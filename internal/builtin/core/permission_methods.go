package core

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

const (
	managerModule        = "frappe.core.page.permission_manager.permission_manager."
	userPermissionModule = "frappe.core.doctype.user_permission.user_permission."
)

// registerPermissionMethods adds the permission manager and the methods of User
// Permission. Source: frappe/core/page/permission_manager/permission_manager.py,
// frappe/core/doctype/user_permission/user_permission.py.
func registerPermissionMethods(r *method.Registry) {
	level := arg.Any("doctype", "role", "permlevel")
	r.Add(
		method.Method{Name: managerModule + "add", Params: arg.Any("parent", "role", "permlevel"), Fn: managers(managerAdd)},
		method.Method{Name: managerModule + "update", Params: append(level[:3:3], arg.Req("ptype", method.Any), arg.Opt("value", method.Any, nil), arg.Opt("if_owner", method.Any, 0)), Fn: managers(managerUpdate)},
		method.Method{Name: managerModule + "remove", Params: append(level[:3:3], arg.Opt("if_owner", method.Any, 0)), Fn: managers(managerRemove)},
		method.Method{Name: managerModule + "reset", Params: arg.Any("doctype"), Fn: managers(managerReset)},
		method.Method{Name: managerModule + "get_users_with_role", Params: arg.Any("role"), Fn: managers(usersWithRole)},
		method.Method{Name: managerModule + "get_standard_permissions", Params: arg.Any("doctype"), Fn: managers(standardPermissions)},
		method.Method{Name: managerModule + "get_roles_and_doctypes", Fn: managers(rolesAndDocTypes)},
		method.Method{Name: userPermissionModule + "get_user_permissions", Params: []method.Param{arg.Opt("user", method.Any, nil)}, Fn: userPermissions},
		method.Method{Name: userPermissionModule + "clear_user_permissions", Params: arg.Any("user", "for_doctype"), Fn: managers(clearUserPermissions)},
		method.Method{Name: userPermissionModule + "add_user_permissions", Params: arg.Any("data"), Fn: managers(addUserPermissions)},
	)
}

// managers lets only System Managers pass.
func managers(fn method.Func) method.Func {
	return func(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
		if err := c.OnlyFor(ctx, "System Manager"); err != nil {
			return nil, err
		}
		return fn(ctx, c, a)
	}
}

// copyPermissions makes Custom DocPerm rows of a DocType's own rows, unless it has
// some; it reports whether it did. Source: frappe/permissions.py setup_custom_perms.
func copyPermissions(ctx context.Context, c *engine.Call, dt string) (bool, error) {
	if _, there, err := firstOf(ctx, c, "Custom DocPerm", document.NewObject("parent", dt)); err != nil || there {
		return false, err
	}
	d, err := c.Get(ctx, "DocType", dt)
	if err != nil {
		return false, err
	}
	for _, row := range d.Rows("permissions") {
		o := row.ToObject(document.JSONOptions{NoNulls: true})
		for _, key := range []string{"name", "doctype", "parenttype", "parentfield", "owner", "creation", "modified", "modified_by", "idx", "docstatus"} {
			o.Delete(key)
		}
		o.Set("doctype", document.Text("Custom DocPerm"))
		o.Set("parent", document.Text(dt))
		if err := insertCustomPerm(ctx, c, o); err != nil {
			return false, err
		}
	}
	return true, nil
}

func insertCustomPerm(ctx context.Context, c *engine.Call, o *document.Object) error {
	p, err := c.FromObject(ctx, o)
	if err != nil {
		return err
	}
	p.Flags.IgnorePermissions = true
	return c.Insert(ctx, p)
}

func customPerm(ctx context.Context, c *engine.Call, a method.Args, dt string, owner int64) (string, bool, error) {
	return firstOf(ctx, c, "Custom DocPerm", document.NewObject("parent", dt, "role", a.Text("role"), "permlevel", a.Int("permlevel"), "if_owner", owner))
}

func managerAdd(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt := a.Text("parent")
	if _, err := copyPermissions(ctx, c, dt); err != nil {
		return nil, err
	}
	if _, there, err := customPerm(ctx, c, a, dt, 0); err != nil || there {
		return nil, err
	}
	return nil, insertCustomPerm(ctx, c, document.NewObject("doctype", "Custom DocPerm", "parent", dt, "role", a.Text("role"), "permlevel", a.Int("permlevel"), "read", 1))
}

func managerUpdate(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, right := a.Text("doctype"), a.Text("ptype")
	if right == "report" && a.Int("value") == 1 && a.Int("if_owner") == 1 {
		return nil, exc.Validation.Throw("Cannot set 'Report' permission if 'Only If Creator' permission is set")
	}
	meta, err := c.Meta.Base("Custom DocPerm")
	if err != nil {
		return nil, err
	}
	if f := meta.Field(right); f == nil || f.Fieldtype != "Check" {
		return nil, exc.Validation.Throwf("Invalid field name: %s", engine.Bold(right))
	}
	copied, err := copyPermissions(ctx, c, dt)
	if err != nil {
		return nil, err
	}
	name, there, err := customPerm(ctx, c, a, dt, a.Int("if_owner"))
	if err != nil {
		return nil, err
	}
	if there {
		if err := c.SetValue(ctx, "Custom DocPerm", name, right, document.IntOf(a.Int("value"))); err != nil {
			return nil, err
		}
	}
	c.ClearMeta(dt)
	if copied {
		return "refresh", nil
	}
	return nil, nil
}

func managerRemove(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt := a.Text("doctype")
	if _, err := copyPermissions(ctx, c, dt); err != nil {
		return nil, err
	}
	name, there, err := customPerm(ctx, c, a, dt, a.Int("if_owner"))
	if err != nil {
		return nil, err
	}
	if there {
		d, err := c.GetForUpdate(ctx, "Custom DocPerm", name)
		if err != nil {
			return nil, err
		}
		d.Flags.IgnorePermissions = true
		if err := c.DeleteDoc(ctx, d); err != nil {
			return nil, err
		}
	}
	if _, left, err := firstOf(ctx, c, "Custom DocPerm", document.NewObject("parent", dt)); err != nil || left {
		return nil, err
	}
	return nil, exc.Validation.Throw("There must be atleast one permission rule.").WithTitle("Cannot Remove")
}

func managerReset(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("Custom DocPerm").SQL(" WHERE ").Ident("parent").SQL(" = ").Str(a.Text("doctype"))
	_, err := c.Tx.Exec(ctx, b)
	c.ClearMeta(a.Text("doctype"))
	return nil, err
}

func usersWithRole(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	rows, err := c.Rows(ctx, "Has Role", []string{"parent"}, document.NewObject("role", a.Text("role"), "parenttype", "User"), "parent asc")
	if err != nil {
		return nil, err
	}
	users := []string{}
	for _, r := range rows {
		name := r.PropText("parent")
		on, err := c.Value(ctx, "User", name, "enabled")
		if err != nil {
			return nil, err
		}
		if name != perm.Administrator && document.Cint(on) != 0 {
			users = append(users, name)
		}
	}
	return users, nil
}

func standardPermissions(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, "DocType", a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	return rowsOf(d, "permissions"), nil
}

func rolesAndDocTypes(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	pairs := func(names []string) document.Value {
		out := make([]document.Value, len(names))
		for i, n := range names {
			out[i] = document.MapOf(document.NewObject("label", n, "value", n))
		}
		return document.ListOf(out...)
	}
	domains, err := activeDomains(ctx, c)
	if err != nil {
		return nil, err
	}
	names := func(dt string, filters *document.Object, skip func(string) bool) ([]string, error) {
		rows, err := c.Rows(ctx, dt, []string{"name", "restrict_to_domain"}, filters, "name asc")
		var out []string
		for _, r := range rows {
			if n, domain := r.PropText("name"), r.PropText("restrict_to_domain"); !skip(n) && (domain == "" || domains[domain]) {
				out = append(out, n)
			}
		}
		return out, err
	}
	fixed := map[string]bool{"DocType": true, "DocField": true, "DocPerm": true, "Custom DocPerm": true, "Patch Log": true, "Module Def": true, "Transaction Log": true}
	doctypes, err := names("DocType", document.NewObject("istable", 0), func(n string) bool { return fixed[n] })
	if err != nil {
		return nil, err
	}
	closed, err := closedRoles(ctx, c)
	if err != nil {
		return nil, err
	}
	roles, err := names("Role", document.NewObject("disabled", 0), func(n string) bool { return closed[n] })
	if err != nil {
		return nil, err
	}
	return document.NewObject("doctypes", pairs(doctypes), "roles", pairs(roles)), nil
}

// activeDomains are those that Domain Settings name.
// Source: frappe/core/doctype/domain_settings/domain_settings.py get_active_domains.
func activeDomains(ctx context.Context, c *engine.Call) (map[string]bool, error) {
	rows, err := c.Rows(ctx, "Has Domain", []string{"domain"}, document.NewObject("parent", "Domain Settings"), "")
	return column(rows, "domain"), err
}

// closedRoles are the roles that the caller gives no permissions: Administrator's, and for
// others the automatic ones and those of User Types.
// Source: permission_manager.py get_roles_and_doctypes.
func closedRoles(ctx context.Context, c *engine.Call) (map[string]bool, error) {
	if c.User == perm.Administrator {
		return map[string]bool{perm.Administrator: true}, nil
	}
	rows, err := c.Rows(ctx, "User Type", []string{"role"}, document.NewObject("is_standard", 0), "")
	out := column(rows, "role")
	for _, role := range []string{perm.Administrator, perm.RoleAll, perm.RoleDeskUser, perm.Guest} {
		out[role] = true
	}
	return out, err
}

// userPermissions maps DocTypes to the documents that a user is limited to; trees
// bring their descendants.
func userPermissions(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	user := a.Text("user")
	if user == "" {
		user = c.User
	}
	out := &document.Object{}
	if user == perm.Administrator || user == perm.Guest {
		return out, nil
	}
	rows, err := c.Rows(ctx, "User Permission", []string{"allow", "for_value", "applicable_for", "is_default", "hide_descendants"}, document.NewObject("user", user), "creation asc")
	if err != nil {
		return nil, err
	}
	hide := quirk.Of(c.Profile).HideDescendants
	add := func(allow, doc string, applicable, isDefault, hidden document.Value) {
		o := document.NewObject("doc", doc, "applicable_for", applicable, "is_default", isDefault)
		if hide {
			o.Set("hide_descendants", hidden)
		}
		out.Set(allow, document.ListOf(append(out.Get(allow).List(), document.MapOf(o))...))
	}
	for _, r := range rows {
		allow, doc := r.PropText("allow"), r.PropText("for_value")
		add(allow, doc, r.Get("applicable_for"), r.Get("is_default"), r.Get("hide_descendants"))
		if r.PropInt("hide_descendants") != 0 {
			continue
		}
		below, err := c.Descendants(ctx, allow, doc)
		if err != nil {
			return nil, err
		}
		for _, n := range below {
			add(allow, n, r.Get("applicable_for"), document.BoolOf(false), document.BoolOf(false))
		}
	}
	return out, nil
}
