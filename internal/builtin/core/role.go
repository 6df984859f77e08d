package core

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// registerRole hooks Role, Role Profile and what changes users' rights.
func registerRole(h *engine.Hooks) {
	h.On("Role", engine.Validate, validateRole)
	h.On("Role", engine.OnUpdate, updateRole)
	h.On("Role", engine.BeforeRename, func(_ context.Context, _ *engine.Call, d *document.Document) error {
		if standardRoles[d.Name()] {
			return exc.Validation.Throw("Standard roles cannot be renamed")
		}
		return nil
	})
	h.On("Role Profile", engine.OnUpdate, updateRoleProfile)
	h.On("User Permission", engine.Validate, validateUserPermission)
}

// standardRoles always exist. Source: frappe/core/doctype/role/role.py STANDARD_ROLES.
var standardRoles = map[string]bool{perm.Administrator: true, "System Manager": true, "Script Manager": true, perm.RoleAll: true, perm.Guest: true}

// validateRole follows role.py validate: a disabled role is taken from everybody.
func validateRole(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Name() == perm.Guest {
		d.Set("desk_access", document.IntOf(0))
	}
	if d.Int("disabled") == 0 {
		return nil
	}
	if standardRoles[d.Name()] {
		return exc.Validation.Throw("Standard roles cannot be disabled")
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("Has Role").SQL(" WHERE ").Ident("role").SQL(" = ").Str(d.Name())
	_, err := c.Tx.Exec(ctx, b)
	return err
}

// updateRole recomputes the user_type of the role's holders when its desk access
// changed. Source: role.py on_update.
func updateRole(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Before == nil || d.Before.Int("desk_access") == d.Int("desk_access") {
		return nil
	}
	rows, err := c.Rows(ctx, "Has Role", []string{"parent"}, document.NewObject("role", d.Name(), "parenttype", "User"), "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		user, err := c.GetForUpdate(ctx, "User", r.PropText("parent"))
		if err != nil {
			return err
		}
		before := user.Text("user_type")
		if err := setUserType(ctx, c, user); err != nil {
			return err
		}
		if user.Text("user_type") == before {
			continue
		}
		user.Flags.IgnorePermissions = true
		if err := c.Save(ctx, user); err != nil {
			return err
		}
	}
	return nil
}

// updateRoleProfile saves the users of a profile anew, which takes its roles over.
// Source: frappe/core/doctype/role_profile/role_profile.py update_all_users.
func updateRoleProfile(ctx context.Context, c *engine.Call, d *document.Document) error {
	rows, err := c.Rows(ctx, "User", []string{"name"}, document.NewObject("role_profile_name", d.Name()), "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		user, err := c.GetForUpdate(ctx, "User", r.PropText("name"))
		if err != nil {
			return err
		}
		user.Flags.IgnorePermissions = true
		if err := c.Save(ctx, user); err != nil {
			return err
		}
	}
	return nil
}

// validateUserPermission refuses doubles and a second default.
// Source: frappe/core/doctype/user_permission/user_permission.py validate.
func validateUserPermission(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("apply_to_all_doctypes") != 0 {
		d.Set("applicable_for", document.NullValue)
	}
	rows, err := c.Rows(ctx, "User Permission", []string{"name", "for_value", "applicable_for", "apply_to_all_doctypes", "is_default"},
		document.NewObject("user", d.Text("user"), "allow", d.Text("allow")), "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.PropText("name") != d.Name() && r.PropText("for_value") == d.Text("for_value") &&
			r.PropText("applicable_for") == d.Text("applicable_for") && int64(r.PropInt("apply_to_all_doctypes")) == d.Int("apply_to_all_doctypes") {
			return exc.DuplicateEntry.Throw("User permission already exists")
		}
	}
	if d.Int("is_default") == 0 {
		return nil
	}
	for _, r := range rows {
		if r.PropText("name") == d.Name() || r.PropInt("is_default") == 0 {
			continue
		}
		if d.Int("apply_to_all_doctypes") != 0 || r.PropText("applicable_for") == "" || r.PropText("applicable_for") == d.Text("applicable_for") {
			link := `<a href="/app/Form/User Permission/` + r.PropText("name") + `" style="font-weight: bold;">User Permission ` + d.Text("user") + "</a>"
			return exc.Validation.Throwf("%s has already assigned default value for %s.", link, d.Text("allow"))
		}
	}
	return nil
}
