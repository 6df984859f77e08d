package engine

import (
	"context"

	"freddo/document"
)

// IsDocMethod reports whether documents of a DocType have a method of that name,
// and whether clients may call it. Names of upstream's own document methods exist
// without being whitelisted.
func (c *Call) IsDocMethod(dt, name string) (whitelisted, exists bool) {
	if _, own := c.Hooks.methods[dt][name]; own {
		return true, true
	}
	if _, ok := c.Hooks.method(dt, name); ok {
		return name != "add_comment" || c.Profile.CommentMethod, true
	}
	return false, privateMethods[name]
}

// privateMethods are document methods of upstream that are not whitelisted: a call
// is refused instead of not found.
var privateMethods = map[string]bool{
	"save": true, "insert": true, "delete": true, "db_set": true, "reload": true, "db_insert": true, "db_update": true,
	"get": true, "set": true, "update": true, "append": true, "as_dict": true, "run_method": true, "check_permission": true,
	"has_permission": true, "load_from_db": true, "validate": true, "get_doc_before_save": true, "queue_action": true,
	"notify_update": true, "lock": true, "unlock": true, "get_password": true, "set_new_name": true, "add_tag": true,
	"add_seen": true, "add_viewed": true, "get_signature": true, "run_trigger": true, "as_json": true, "is_new": true,
}

// DocMethodVerbs returns the verbs of a document method; none means the usual four.
func (c *Call) DocMethodVerbs(dt, name string) []string {
	m, _ := c.Hooks.method(dt, name)
	return m.verbs
}

// RunDocMethod calls a whitelisted document method. Whether it is one and whether
// the caller may call it is checked before (IsDocMethod, CheckPermission).
func (c *Call) RunDocMethod(ctx context.Context, d *document.Document, name string, args *document.Object) (any, error) {
	m, ok := c.Hooks.method(d.Type.Name, name)
	if !ok {
		return nil, notFound(d.Type, name)
	}
	if err := c.checkDocMethod(d.Type.Name, name); err != nil {
		return nil, err
	}
	return m.fn(ctx, c, d, args)
}

// KnownDocArgs drops the arguments that a document method does not know. Methods
// take what they need from an object, so everything is handed over.
func (c *Call) KnownDocArgs(_, _ string, args *document.Object) *document.Object { return args }
