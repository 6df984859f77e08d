package core

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
	"freddo/internal/storage"
)

const userModule = "frappe.core.doctype.user.user."

// registerUserMethods adds what clients may ask of users.
// Source: frappe/core/doctype/user/user.py.
func registerUserMethods(r *method.Registry) {
	r.Add(
		method.Method{Name: userModule + "generate_keys", Verbs: []string{"POST"}, Params: []method.Param{arg.Req("user", method.Str)}, Fn: generateKeys},
		method.Method{Name: userModule + "get_roles", Params: []method.Param{arg.Opt("arg", method.Any, nil)}, Fn: getRoles},
		method.Method{Name: userModule + "get_all_roles", Params: []method.Param{arg.Opt("arg", method.Any, nil)}, Fn: getAllRoles},
		method.Method{Name: userModule + "has_email_account", Params: arg.Any("email"), Fn: hasEmailAccount},
		method.Method{Name: userModule + "get_perm_info", Params: arg.Any("role"), Fn: getPermInfo},
		method.Method{Name: userModule + "get_email_awaiting", Params: arg.Any("user"), Fn: nothingAwaiting},
		method.Method{Name: userModule + "switch_theme", Params: arg.Any("theme"), Fn: switchTheme},
		method.Method{Name: userModule + "get_module_profile", Params: arg.Any("module_profile"), Fn: getModuleProfile},
		method.Method{Name: userModule + "user_query", Params: arg.Any("doctype", "txt", "searchfield", "start", "page_len", "filters"), Fn: userQuery},
		method.Method{Name: userModule + "get_role_profile", In: func(p *compat.Profile) bool { return !p.HasDiscard }, Params: arg.Any("role_profile"), Fn: getRoleProfile},
		method.Method{Name: "frappe.sessions.clear", Fn: func(context.Context, *engine.Call, method.Args) (any, error) { return "Cache Cleared", nil }},
	)
}

func generateKeys(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if err := c.OnlyFor(ctx, "System Manager"); err != nil {
		return nil, err
	}
	d, err := c.Get(ctx, "User", a.Text("user"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Write); err != nil {
		return nil, err
	}
	key, secret, err := c.GenerateKeys(ctx, a.Text("user"))
	if err != nil {
		return nil, err
	}
	if c.Profile.KeysWithAPIKey {
		return document.NewObject("api_key", key, "api_secret", secret), nil
	}
	return document.NewObject("api_secret", secret), nil
}

// getRoles answers for the user in uid, or the caller. Frappe: uid is read from the
// form, not from the parameters.
func getRoles(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	user := c.Form.Str("uid")
	if user == "" {
		user = c.User
	}
	info, err := c.UserInfo(ctx, user)
	if err != nil {
		return nil, err
	}
	return info.Roles, nil
}

func getAllRoles(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	rows, err := c.Rows(ctx, "Role", []string{"name"}, document.NewObject("disabled", 0), "name asc")
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, r := range rows {
		if name := r.PropText("name"); !automatic(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

func automatic(role string) bool {
	return role == "Guest" || role == "All" || role == "Administrator" || role == "Desk User"
}

func hasEmailAccount(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, "Email Account")
	if err != nil {
		return nil, err
	}
	if err := c.CheckList(ctx, dt); err != nil {
		return nil, err
	}
	rows, err := c.Rows(ctx, "Email Account", []string{"name"}, document.NewObject("email_id", a.Text("email")), "")
	return Maps(rows), err
}

// getPermInfo lists what a role may do, DocType by DocType.
// Source: frappe/permissions.py get_all_perms.
func getPermInfo(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	out := []document.Value{}
	dt, err := c.Meta.Base("DocPerm")
	if err != nil {
		return nil, err
	}
	var fields []string
	for _, col := range dt.Columns {
		if col.Stored {
			fields = append(fields, col.Name)
		}
	}
	rows, err := c.Rows(ctx, "DocPerm", fields, document.NewObject("role", a.Text("role")), "")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		_, custom, err := firstOf(ctx, c, "Custom DocPerm", document.NewObject("parent", r.PropText("parent")))
		if err != nil {
			return nil, err
		}
		if !custom {
			out = append(out, document.MapOf(r))
		}
	}
	return document.ListOf(out...), nil
}

func firstOf(ctx context.Context, c *engine.Call, dt string, filters *document.Object) (string, bool, error) {
	row, err := First(ctx, c, dt, []string{"name"}, filters)
	if err != nil || row == nil {
		return "", false, err
	}
	return row.PropText("name"), true, nil
}

func nothingAwaiting(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("email_account").SQL(", ").Ident("email_id").SQL(" FROM ").Table("User Email").
		SQL(" WHERE ").Ident("awaiting_password").SQL(" = 1 AND ").Ident("parent").SQL(" = ").Str(a.Text("user"))
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []document.Value{}
	for rows.Next() {
		out = append(out, document.MapOf(document.NewObject("email_account", rows.Raw(0).Natural(), "email_id", rows.Raw(1).Natural())))
	}
	if len(out) == 0 {
		return false, rows.Err()
	}
	return document.ListOf(out...), rows.Err()
}

func switchTheme(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	switch theme := a.Text("theme"); theme {
	case "Dark", "Light", "Automatic":
		return nil, c.SetValue(ctx, "User", c.User, "desk_theme", document.Text(theme))
	}
	return nil, nil
}

func getModuleProfile(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, "Module Profile", a.Text("module_profile"))
	if err != nil {
		return nil, err
	}
	return rowsOf(d, "block_modules"), nil
}

func getRoleProfile(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, "Role Profile", a.Text("role_profile"))
	if err != nil {
		return nil, err
	}
	return rowsOf(d, "roles"), nil
}

// userQuery finds enabled users for a link field.
// Source: frappe/core/doctype/user/user.py user_query.
func userQuery(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, "User")
	if err != nil {
		return nil, err
	}
	field, like := a.Text("searchfield"), document.Text("%"+a.Text("txt")+"%")
	if dt.Column(field) == nil {
		return nil, exc.Data.Throw("Invalid Search Field " + field)
	}
	either := []document.Value{document.ListOf(document.Text(field), document.Text("like"), like)}
	if field == "name" {
		for _, f := range []string{"first_name", "middle_name", "last_name"} {
			either = append(either, document.ListOf(document.Text(f), document.Text("like"), like))
		}
	}
	filters := document.NewObject("enabled", 1, "docstatus", document.ListOf(document.Text("<"), document.IntOf(2)))
	if o := method.ParseJSON(a.Get("filters")).Map(); o != nil && o.Len() > 0 {
		me, err := c.Me(ctx)
		if err != nil {
			return nil, err
		}
		if !o.Get("ignore_user_type").Truthy() || !me.IsSystem() {
			filters.Set("user_type", document.ListOf(document.Text("!="), document.Text("Website User")))
		}
		for i := range o.Len() {
			if k, v := o.At(i); k != "ignore_user_type" {
				filters.Set(k, v)
			}
		}
	}
	res, err := c.List(ctx, query.Request{DocType: dt, Fields: document.Texts([]string{"name", "full_name"}), Filters: document.MapOf(filters),
		OrFilters: document.ListOf(either...), OrderBy: document.Text("name asc"), Start: max(a.Int("start"), 0), Limit: max(a.Int("page_len"), 0), AsList: true})
	if err != nil {
		return nil, err
	}
	return engine.JSON(res.JSON), nil
}

func rowsOf(d *document.Document, table string) document.Value {
	out := []document.Value{}
	for _, r := range d.Rows(table) {
		out = append(out, document.MapOf(r.ToObject(document.JSONOptions{NoNulls: true})))
	}
	return document.ListOf(out...)
}
