package model

import (
	"context"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// registerMapper adds the methods that call mappers: whitelisted methods that make a
// document from another one's name. Source: frappe/model/mapper.py.
func registerMapper(r *method.Registry) {
	r.Add(
		method.Method{Name: "frappe.model.mapper.make_mapped_doc", Params: append(arg.Any("method", "source_name"), arg.Opt("selected_children", method.Any, nil),
			arg.Opt("args", method.Any, nil)), Fn: func(ctx context.Context, c *engine.Call, a method.Args) (any, error) { return mapOne(ctx, c, r, a) }},
		method.Method{Name: "frappe.model.mapper.map_docs", Params: append(arg.Any("method", "source_names", "target_doc"), arg.Opt("args", method.Any, nil)),
			Fn: func(ctx context.Context, c *engine.Call, a method.Args) (any, error) { return mapMany(ctx, c, r, a) }},
	)
}

// mapper finds the method that a mapping names.
func mapper(c *engine.Call, r *method.Registry, name string) (*method.Method, error) {
	m, ok := r.Lookup(name)
	if !ok {
		if i := strings.LastIndexByte(name, '.'); i > 0 {
			return nil, exc.AttributeErr.New("module '" + name[:i] + "' has no attribute '" + name[i+1:] + "'")
		}
		return nil, exc.ValueErr.New("not enough values to unpack (expected 2, got 1)")
	}
	if strings.HasPrefix(m.Name, "frappe.model.mapper.") {
		return nil, exc.Permission.New("") // a mapper that maps by itself would not end
	}
	return m, method.CheckVerb(m.Verbs, c.Request.Method)
}

// runMapper calls a mapper with arguments by position.
func runMapper(ctx context.Context, c *engine.Call, m *method.Method, positional ...document.Value) (any, error) {
	form := &document.Object{}
	for i, v := range positional {
		if i < len(m.Params) {
			form.Set(m.Params[i].Name, v)
		}
	}
	args, err := m.Bind(c.Profile, form)
	if err != nil {
		return nil, err
	}
	return m.Fn(ctx, c, args)
}

func mapOne(ctx context.Context, c *engine.Call, r *method.Registry, a method.Args) (any, error) {
	m, err := mapper(c, r, a.Text("method"))
	if err != nil {
		return nil, err
	}
	if a.Get("selected_children").Truthy() {
		chosen, err := arg.Object(a.Get("selected_children"))
		if err != nil {
			return nil, err
		}
		c.Mapping.Selected = map[string]map[string]bool{}
		for i := range chosen.Len() {
			table, names := chosen.At(i)
			c.Mapping.Selected[table] = map[string]bool{}
			for _, n := range names.List() {
				c.Mapping.Selected[table][document.ToText(n)] = true
			}
		}
	}
	if a.Get("args").Truthy() {
		if c.Mapping.Args, err = arg.Object(a.Get("args")); err != nil {
			return nil, err
		}
	}
	return runMapper(ctx, c, m, a.Get("source_name"))
}

func mapMany(ctx context.Context, c *engine.Call, r *method.Registry, a method.Args) (any, error) {
	m, err := mapper(c, r, a.Text("method"))
	if err != nil {
		return nil, err
	}
	names, err := arg.Loads(a.Get("source_names"))
	if err != nil {
		return nil, err
	}
	positional := []document.Value{document.NullValue, a.Get("target_doc")}
	if a.Get("args").Truthy() {
		o, err := arg.Object(a.Get("args"))
		if err != nil {
			return nil, err
		}
		c.Mapping.Args = o
		positional = append(positional, document.MapOf(o))
	}
	var out any = a.Get("target_doc")
	for _, n := range names.List() {
		positional[0] = n
		if out, err = runMapper(ctx, c, m, positional...); err != nil {
			return nil, err
		}
		switch d := out.(type) {
		case *document.Document:
			positional[1] = document.MapOf(d.ToObject(document.JSONOptions{NoNulls: true}))
		case document.Value:
			positional[1] = d
		}
	}
	return out, nil
}
