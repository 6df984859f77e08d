package builtin

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// registerFramework adds the small methods of frappe's top-level modules.
func registerFramework(r *method.Registry) {
	r.Add(
		method.Method{Name: "frappe.realtime.get_user_info", Guest: true, Fn: realtimeUser},
		method.Method{Name: "frappe.realtime.can_subscribe_doc", Guest: true, Params: arg.Any("doctype", "docname"), Fn: canSubscribeDoc},
		method.Method{Name: "frappe.realtime.can_subscribe_doctype", Guest: true, Params: arg.Any("doctype"), Fn: canSubscribeDocType},
		method.Method{Name: "frappe.realtime.has_permission", Guest: true, Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("name", method.Str)}, Fn: realtimeMay},
		method.Method{Name: "frappe.translate.get_all_languages", Guest: true, Params: []method.Param{arg.Opt("with_language_name", method.Bool, false)}, Fn: allLanguages},
		method.Method{Name: "frappe.utils.change_log.get_versions", Fn: versions},
	)
}

// realtimeUser is what a realtime server asks. Source: frappe/realtime.py get_user_info.
func realtimeUser(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	me, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	o := document.NewObject("user", c.User, "user_type", me.UserType)
	if quirk.Of(c.Profile).InstalledAppsInUserInfo {
		o.Set("installed_apps", document.Texts([]string{"frappe"}))
	}
	return o, nil
}

func canSubscribeDoc(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, a.Text("doctype"), a.Text("docname"))
	if err != nil {
		return nil, err
	}
	return allowed(ctx, c, d.Type.Name, d)
}

func canSubscribeDocType(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	return allowed(ctx, c, a.Text("doctype"), nil)
}

func realtimeMay(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	return allowed(ctx, c, d.Type.Name, d)
}

// allowed is true for who may read, else a bare refusal.
func allowed(ctx context.Context, c *engine.Call, dt string, d *document.Document) (any, error) {
	ok, err := c.HasPermission(ctx, dt, doctype.Read, d)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, exc.Permission.New("")
	}
	return true, nil
}

// allLanguages are the enabled languages. Source: frappe/translate.py get_all_languages.
func allLanguages(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	rows, err := c.Rows(ctx, "Language", []string{"language_code", "language_name"}, document.NewObject("enabled", 1), "language_code asc")
	if err != nil || a.Bool("with_language_name") {
		return core.Maps(rows), err
	}
	codes := make([]string, len(rows))
	for i, r := range rows {
		codes[i] = r.PropText("language_code")
	}
	return codes, nil
}

// versions names the framework that the API is that of.
// Source: frappe/utils/change_log.py get_versions.
func versions(_ context.Context, c *engine.Call, _ method.Args) (any, error) {
	return document.NewObject("frappe", document.NewObject("title", "Frappe Framework",
		"description", "Full stack web framework with Python, Javascript, MariaDB, Redis, Node", "branch", "version-"+c.Profile.Version[:2],
		"version", c.Profile.Version)), nil
}
