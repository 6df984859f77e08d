package client

import (
	"context"
	"fmt"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// validateLinkAndFetch tells the stored spelling of a link that the field's filters let
// through, and fields of what it links; nothing when there is no such document for the
// user. Source: client.py validate_link_and_fetch.
func validateLinkAndFetch(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	name := a.Text("docname")
	if name == "" {
		return nil, exc.Validation.Throw("Document Name must not be empty")
	}
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckList(ctx, dt); err != nil {
		return nil, err
	}
	filters, err := linkFilters(a.Get("filters"), name)
	if err != nil {
		return nil, err
	}
	res, err := c.List(ctx, query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Filters: filters, OrderBy: document.NullValue, Limit: 1, Pluck: "name"})
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	if err != nil || len(v.List()) == 0 {
		return &document.Object{}, err
	}
	out := document.NewObject("name", v.List()[0])
	fields := method.ParseJSON(a.Get("fields_to_fetch"))
	if !fields.Truthy() {
		if c.Request.Method == "GET" {
			c.Response.Header = append(c.Response.Header, [2]string{"Cache-Control", "private,max-age=1800,stale-while-revalidate=7200"})
		}
		return out, nil
	}
	return out, fetch(ctx, c, a.Text("doctype"), document.ToText(v.List()[0]), fields, out)
}

// linkFilters adds the name to a link field's filters.
func linkFilters(v document.Value, name string) (document.Value, error) {
	v, err := arg.Loads(v)
	if err != nil {
		return v, err
	}
	own := document.ListOf(document.Text("name"), document.Text("="), document.Text(name))
	if o := v.Map(); o != nil {
		list := []document.Value{own}
		for i := range o.Len() {
			k, x := o.At(i)
			if pair := x.List(); len(pair) == 2 {
				list = append(list, document.ListOf(document.Text(k), pair[0], pair[1]))
			} else {
				list = append(list, document.ListOf(document.Text(k), document.Text("="), x))
			}
		}
		return document.ListOf(list...), nil
	}
	return document.ListOf(append([]document.Value{own}, v.List()...)...), nil
}

// fetch adds fields of a linked document to out; without the right to read it there is
// a message instead.
func fetch(ctx context.Context, c *engine.Call, doctype, name string, fields document.Value, out *document.Object) error {
	if err := mayRead(ctx, c, doctype); exc.Is(err, exc.Permission) {
		c.Msgprint(exc.Message{Text: fmt.Sprintf("You need %s permission to fetch values from %s %s", engine.Bold("Read"), engine.Bold(doctype), engine.Bold(name)),
			Title: "Cannot Fetch Values", Indicator: "orange"})
		core.LeaveExcType(c, err)
		return nil
	} else if err != nil {
		return err
	}
	dt, err := c.DocType(ctx, doctype)
	if err != nil {
		return err
	}
	res, err := c.List(ctx, query.Request{DocType: dt, Fields: fields, Filters: document.MapOf(document.NewObject("name", name)), OrderBy: document.NullValue, Limit: 1, FromRequest: true})
	if err != nil {
		return err
	}
	if v, err := document.ParseJSON(string(res.JSON)); err == nil && len(v.List()) > 0 {
		row := v.List()[0].Map()
		for _, k := range row.Keys() {
			out.Set(k, row.Get(k))
		}
	}
	return nil
}

// getJS answers the code of the framework's own scripts; there are none here.
// Source: client.py get_js.
func getJS(_ context.Context, _ *engine.Call, a method.Args) (any, error) {
	v, err := arg.Loads(a.Get("items"))
	if err != nil {
		return nil, err
	}
	if len(v.List()) > 0 {
		p := strings.Trim(document.ToText(v.List()[0]), "/")
		if !strings.HasPrefix(p, "assets/") || strings.Contains("/"+p+"/", "/../") {
			return nil, exc.Validation.Throwf("Invalid file path: %s", p)
		}
		return nil, exc.FileNotFound.New("[Errno 2] No such file or directory: '" + p + "'")
	}
	return document.ListOf(), nil
}
