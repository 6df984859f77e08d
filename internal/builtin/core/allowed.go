package core

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/query"
	"freddo/internal/storage"
)

// SystemManager is the role that upstream's checks except most often.
const SystemManager = "System Manager"

// Upstream reports whether the site wants upstream's rights where these show more than
// they should: permlevel_mode in site_config.json.
func Upstream(c *engine.Call) bool { return c.UpstreamReads() }

// Manages reports whether the caller is Administrator or has a role.
func Manages(ctx context.Context, c *engine.Call, role string) (bool, error) {
	me, err := c.Me(ctx)
	return err == nil && me.Has(role), err
}

// ReadableDocTypes are the DocTypes with a DocPerm that lets the caller's roles read;
// Custom DocPerms replace a DocType's own.
// Source: frappe/permissions.py get_doctypes_with_read, get_valid_perms.
func ReadableDocTypes(ctx context.Context, c *engine.Call) ([]document.Value, error) {
	roles, err := c.Roles(ctx)
	if err != nil || len(roles) == 0 {
		return nil, err
	}
	b := storage.NewBuilder(c.Tx.Dialect())
	for i, table := range []string{"DocPerm", "Custom DocPerm"} {
		if i > 0 {
			b.SQL(" UNION ")
		}
		b.SQL("SELECT ").Ident("parent").SQL(" FROM ").Table(table).SQL(" WHERE ").Ident("read").SQL(" = ").Int(1).SQL(" AND ").Ident("role").SQL(" IN (")
		for j, role := range roles {
			if j > 0 {
				b.SQL(", ")
			}
			b.Str(role)
		}
		b.SQL(")")
		if i == 0 {
			b.SQL(" AND ").Ident("parent").SQL(" NOT IN (SELECT ").Ident("parent").SQL(" FROM ").Table("Custom DocPerm").SQL(")")
		}
	}
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []document.Value
	for rows.Next() {
		out = append(out, rows.Raw(0).Value(doctype.TextClass))
	}
	return out, rows.Err()
}

// AllowedModules are the modules that neither Administrator nor the caller has blocked.
// Source: frappe/config/__init__.py get_modules_from_all_apps_for_user.
func AllowedModules(ctx context.Context, c *engine.Call) ([]document.Value, error) {
	rows, err := c.Rows(ctx, "Block Module", []string{"module"}, document.NewObject("parenttype", "User", "parent",
		[]document.Value{document.Text("in"), document.Texts([]string{perm.Administrator, c.User})}), "")
	if err != nil {
		return nil, err
	}
	blocked := column(rows, "module")
	if rows, err = c.Rows(ctx, "Module Def", []string{"name"}, nil, ""); err != nil {
		return nil, err
	}
	var out []document.Value
	for _, r := range rows {
		if !blocked[r.PropText("name")] {
			out = append(out, r.Get("name"))
		}
	}
	return out, nil
}

func column(rows []*document.Object, name string) map[string]bool {
	out := map[string]bool{}
	for _, r := range rows {
		out[r.PropText(name)] = true
	}
	return out
}

// AllowedReports are the reports that the caller may see and run: a report's Custom Role
// counts instead of its own roles. Source: frappe/boot.py get_user_pages_or_reports.
func AllowedReports(ctx context.Context, c *engine.Call) ([]document.Value, error) {
	dt, err := c.DocType(ctx, "Report")
	if err != nil {
		return nil, err
	}
	if ok, err := c.HasPermission(ctx, "Report", doctype.Read, nil); err != nil || !ok {
		return nil, err
	}
	reports, err := c.VisibleRows(ctx, query.Request{DocType: dt, Fields: document.Texts([]string{"name", "disabled"}), Limit: -1})
	if err != nil || len(reports) == 0 {
		return nil, err
	}
	custom, err := c.Rows(ctx, "Custom Role", []string{"name", "report"}, nil, "")
	if err != nil {
		return nil, err
	}
	customOf := map[string]string{}
	for _, r := range custom {
		customOf[r.PropText("report")] = r.PropText("name")
	}
	own, err := rolesOf(ctx, c, "Report")
	if err != nil {
		return nil, err
	}
	ofCustom, err := rolesOf(ctx, c, "Custom Role")
	if err != nil {
		return nil, err
	}
	me, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	var out []document.Value
	for _, r := range reports {
		name := r.PropText("name")
		roles, ok := own[name], false
		if role := customOf[name]; role != "" {
			ok = hasAny(me, ofCustom[role])
		} else if len(roles) == 0 {
			ok = quirk.Of(c.Profile).RolelessReports
		} else {
			ok = r.PropInt("disabled") == 0 && hasAny(me, roles)
		}
		if ok {
			out = append(out, r.Get("name"))
		}
	}
	return out, nil
}

// rolesOf are the roles in the tables of a DocType's documents, by document.
func rolesOf(ctx context.Context, c *engine.Call, parentType string) (map[string][]string, error) {
	rows, err := c.Rows(ctx, "Has Role", []string{"parent", "role"}, document.NewObject("parenttype", parentType), "")
	out := map[string][]string{}
	for _, r := range rows {
		out[r.PropText("parent")] = append(out[r.PropText("parent")], r.PropText("role"))
	}
	return out, err
}

func hasAny(me *perm.User, roles []string) bool {
	for _, r := range roles {
		if me.Has(r) {
			return true
		}
	}
	return false
}

// Holds reports whether a list has a name in it.
func Holds(list []document.Value, name string) bool {
	for _, v := range list {
		if document.ToText(v) == name {
			return true
		}
	}
	return false
}

// Where is a list condition that is written with a DocType's fields. Administrator and
// the holders of any of the roles see everything.
func Where(dtName string, cond func(ctx context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error), except ...string) engine.ConditionHook {
	return func(ctx context.Context, c *engine.Call) (*query.Node, error) {
		free, err := excepted(ctx, c, except)
		if err != nil || free {
			return nil, err
		}
		dt, err := c.DocType(ctx, dtName)
		if err != nil {
			return nil, err
		}
		return cond(ctx, c, func(name string) query.Field { return query.F(dt, name) })
	}
}

func excepted(ctx context.Context, c *engine.Call, roles []string) (bool, error) {
	if c.User == perm.Administrator {
		return len(roles) == 0 || roles[0] != Nobody, nil
	}
	me, err := c.Me(ctx)
	return err == nil && hasAny(me, roles), err
}

// Nobody is the exception, given first, that excepts not even Administrator.
const Nobody = "-"

// Mine is the condition of DocTypes whose documents belong to the user in a field.
func Mine(dtName, field string, except ...string) engine.ConditionHook {
	return Where(dtName, func(_ context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
		return query.Eq(f(field), document.Text(c.User)), nil
	}, except...)
}

// May is a permission hook that Administrator and the holders of any of the roles pass.
func May(judge func(ctx context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error), except ...string) engine.PermissionHook {
	return func(ctx context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
		free, err := excepted(ctx, c, except)
		if err != nil || free {
			return free, err
		}
		return judge(ctx, c, d, right)
	}
}

// MayOwn is the hook of DocTypes whose documents belong to the user in a field.
func MayOwn(field string, except ...string) engine.PermissionHook {
	return May(func(_ context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
		return d.Text(field) == c.User, nil
	}, except...)
}

// Strict runs a hook only where the site does not want upstream's rights.
func Strict(fn engine.PermissionHook) engine.PermissionHook {
	return func(ctx context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
		if Upstream(c) {
			return true, nil
		}
		return fn(ctx, c, d, right)
	}
}

// StrictWhere is Strict for conditions.
func StrictWhere(fn engine.ConditionHook) engine.ConditionHook {
	return func(ctx context.Context, c *engine.Call) (*query.Node, error) {
		if Upstream(c) {
			return nil, nil
		}
		return fn(ctx, c)
	}
}
