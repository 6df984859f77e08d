package freddo

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// MethodOptions say who may call a method and how. The zero value is Frappe's default:
// users who are logged in, by GET, POST, PUT and DELETE; a GET leaves nothing written.
type MethodOptions struct {
	// Guest lets everybody call it (allow_guest).
	Guest bool
	// Verbs are the HTTP verbs that it takes; another one is answered with 403.
	Verbs []string
	// XSSSafe leaves the texts that guests send as they are; otherwise HTML in them is
	// cleaned.
	XSSSafe bool
}

// Method makes fn a whitelisted method, called at /api/method/<name> and, from v15 on,
// /api/v2/method/<name>. name is a dotted path; its first part becomes an installed app.
//
// In is a struct whose fields are the arguments, sent as JSON, form or query: a field's
// json tag is its name, CustomerGroup without one is customer_group. A field is required unless it is a pointer, its json tag says
// omitempty, or a tag such as default:"20" gives a JSON value. What cannot become the
// field's type is a FrappeTypeError; a missing argument is Python's TypeError, as in
// Frappe. Unknown arguments are ignored.
//
// Out is anything that JSON can show (fields without a json tag are named as above), or
// *document.Document; nil and struct{} answer no value. Errors of package exc are told to the client in Frappe's form; others are
// answered as an internal error. Whatever fn wrote is undone when it returns an error.
//
// fn may do whatever its code does: it checks permissions itself (Call.Check, Call.List;
// Insert, Save and the like check by themselves).
//
// Call Method before Handler and Run. It panics later, for a name without a dot, and for
// a type In that no arguments fit.
func Method[In, Out any](a *App, name string, o MethodOptions, fn func(ctx context.Context, c *Call, in In) (Out, error)) {
	a.mustBeOpen("Method")
	if !strings.Contains(name, ".") {
		panic("freddo: method name without a dot: " + name)
	}
	b := binder[In](name)
	a.methods.Add(method.Method{Name: name, Guest: o.Guest, Verbs: o.Verbs, XSSSafe: o.XSSSafe, Params: b.Params,
		Fn: func(ctx context.Context, c *engine.Call, args method.Args) (any, error) {
			var in In
			if err := b.Fill(&in, args); err != nil {
				return nil, err
			}
			out, err := fn(ctx, &Call{c: c}, in)
			if err != nil {
				return nil, err
			}
			return result(out)
		}})
}

// DocMethod makes fn a whitelisted method of a DocType's documents (AnyDocType: of all),
// called through run_doc_method, run_method and, from v15 on,
// /api/v2/document/<doctype>/<name>/method/<method>. The caller needs read on the
// document for a GET, write for a POST. In and Out are those of Method; verbs are empty
// for the usual four. What it changes in d is saved only by c.Save.
func DocMethod[In, Out any](a *App, doctype, name string, fn func(ctx context.Context, c *Call, d *document.Document, in In) (Out, error), verbs ...string) {
	b := binder[In](doctype + "." + name)
	m := method.Method{Name: strings.ReplaceAll(doctype, " ", "") + "." + name, Params: b.Params}
	a.DocMethod(doctype, name, func(ctx context.Context, c *Call, d *document.Document, args *document.Object) (any, error) {
		bound, err := m.Bind(c.c.Profile, args)
		if err != nil {
			return nil, err
		}
		var in In
		if err := b.Fill(&in, bound); err != nil {
			return nil, err
		}
		out, err := fn(ctx, c, d, in)
		if err != nil {
			return nil, err
		}
		return result(out)
	}, verbs...)
}

// DocMethod is the function DocMethod for arguments that are taken as they come.
func (a *App) DocMethod(doctype, name string, fn func(ctx context.Context, c *Call, d *document.Document, args *document.Object) (any, error), verbs ...string) {
	a.mustBeOpen("DocMethod")
	a.engine.Hooks.Method(doctype, name, func(ctx context.Context, c *engine.Call, d *document.Document, args *document.Object) (any, error) {
		out, err := fn(ctx, &Call{c: c}, d, args)
		if err != nil {
			return nil, err
		}
		return result(out)
	}, verbs...)
}

// OverrideMethod makes calls of one method call another, as hooks.py
// override_whitelisted_methods does.
func (a *App) OverrideMethod(from, to string) {
	a.mustBeOpen("OverrideMethod")
	a.methods.Override(from, to)
}

func (a *App) mustBeOpen(what string) {
	if a.started.Load() {
		panic("freddo: " + what + " called after Handler or Run")
	}
}

func binder[In any](name string) *method.Binder {
	b, err := method.NewBinder(reflect.TypeFor[In]())
	if err != nil {
		panic(fmt.Sprintf("freddo: method %s: %v", name, err))
	}
	return b
}

// result makes what a method returned an answer; nil has no value.
func result(out any) (any, error) {
	switch t := out.(type) {
	case nil, struct{}:
		return nil, nil
	case document.Value, *document.Object, string, bool, int, int64, float64, []string, []document.Value, []*document.Document:
		return t, nil
	case *document.Document:
		if t == nil {
			return nil, nil
		}
		return t, nil
	}
	v, err := method.ValueOf(out)
	if err != nil {
		return nil, fmt.Errorf("method's result: %w", err)
	}
	if v.IsNull() {
		return nil, nil
	}
	return v, nil
}
