package httpapi

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/auth"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Register adds the methods of frappe/handler.py, frappe/auth.py and
// frappe/sessions.py that need no more than a session, and upstream's shorthands.
func Register(r *method.Registry, p *compat.Profile, s *auth.Store) {
	any4, post := []string(nil), []string{"POST"}
	logout := any4
	if p.LogoutPostOnly {
		logout = post
	}
	r.Add(
		method.Method{Name: "frappe.ping", Guest: true, Fn: ping},
		method.Method{Name: "frappe.auth.get_logged_user", Fn: loggedUser},
		method.Method{Name: "frappe.handler.logout", Guest: true, Verbs: logout, Fn: logoutWith(s)},
		method.Method{Name: "frappe.handler.web_logout", Guest: true, Verbs: logout, Fn: webLogoutWith(s)},
		method.Method{Name: "frappe.sessions.clear", Fn: clearCache},
	)
	if !p.V2 {
		r.Add(method.Method{Name: "frappe.handler.ping", Guest: true, Fn: ping})
	}
	r.Shorthand("ping", "frappe.ping")
	for _, name := range []string{"logout", "web_logout", "upload_file", "download_file", "run_doc_method", "runserverobj"} {
		r.Shorthand(name, "frappe.handler."+name)
	}
	r.Private("frappe.handler.run_doc_method", "frappe.handler.runserverobj", "frappe.handler.execute_cmd", "frappe.handler.handle",
		"frappe.handler.is_valid_http_method", "frappe.handler.get_attr", "frappe.handler.throw_permission_error")
	for _, name := range []string{"execute_cmd", "handle", "is_valid_http_method", "get_attr", "throw_permission_error"} {
		r.Shorthand(name, "frappe.handler."+name)
	}
	for _, name := range []string{"unzip_file", "get_attached_images", "get_files_in_folder", "get_files_by_search_text", "get_max_file_size",
		"create_new_folder", "move_file", "zip_files"} {
		r.Override("frappe.core.doctype.file.file."+name, "frappe.core.api.file."+name)
	}
	r.Override("frappe.core.doctype.file.file.download_file", "download_file")
	if p.V2 {
		r.Override("frappe.utils.file_manager.download_file", "download_file")
	}
}

func ping(context.Context, *engine.Call, method.Args) (any, error) { return "pong", nil }

func loggedUser(_ context.Context, c *engine.Call, _ method.Args) (any, error) { return c.User, nil }

func logoutWith(s *auth.Store) method.Func {
	return func(ctx context.Context, c *engine.Call, _ method.Args) (any, error) { return nil, s.Logout(ctx, c) }
}

func webLogoutWith(s *auth.Store) method.Func {
	return func(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
		if err := s.Logout(ctx, c); err != nil {
			return nil, err
		}
		c.Response.Keys = document.Object{}
		c.Response.Kind, c.Response.Title = "page", "Logged Out"
		c.Response.Content = []byte("<p>You have been successfully logged out</p>")
		return nil, nil
	}
}

// clearCache answers as upstream; our caches are never stale.
func clearCache(context.Context, *engine.Call, method.Args) (any, error) { return "Cache Cleared", nil }

// callMethod runs a method by its name.
// Source: frappe/handler.py handle; frappe/api/v2.py handle_rpc_call.
func callMethod(x *exchange, ctx context.Context) (any, error) {
	name := x.target.method
	if !x.c.Request.V2 {
		x.key = "message"
		switch name {
		case "":
			return nil, exc.Validation.Throw("Failed to get method for command None with argument of type 'NoneType' is not iterable")
		case "login":
			return nil, nil // done with the session, or not at all on other paths
		}
		x.c.Form.Set("cmd", document.Text(name))
		if name == "run_doc_method" || name == "frappe.handler.run_doc_method" ||
			x.p.RunServerObj && (name == "runserverobj" || name == "frappe.handler.runserverobj") {
			return runDocMethodV1(x, ctx)
		}
	} else if name == "ping" {
		return "pong", nil
	}
	return x.s.Methods.Call(ctx, x.c, name)
}

// nothing answers {}.
func nothing(*exchange, context.Context) (any, error) { return nil, nil }
