package desk

import (
	"context"
	"html"
	"sort"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/perm"
	"freddo/internal/query"
)

// searchRequest is the list that a search asks for.
func searchRequest(ctx context.Context, c *engine.Call, dt *doctype.DocType, a method.Args, txt string) (query.Request, error) {
	filters, all, err := searchFilters(c, dt, a.Get("filters"))
	if err != nil {
		return query.Request{}, err
	}
	var or []document.Value
	if txt != "" {
		for _, name := range append([]string{"name", dt.TitleField}, strings.Split(dt.SearchFields, ",")...) {
			name = strings.TrimSpace(name)
			f := dt.Field(name)
			hidden := false // what is masked must not be found by its text
			if f != nil {
				if hidden, err = c.MaskedField(ctx, dt, "", f); err != nil {
					return query.Request{}, err
				}
			}
			if name == "name" || f != nil && searchable[f.Fieldtype] && f.HasColumn() && !hidden {
				or = append(or, condition(dt.Name, name, "like", document.Text("%"+txt+"%")))
			}
		}
	}
	if f := dt.Field("enabled"); f != nil && f.Fieldtype == "Check" && !all {
		filters = append(filters, condition(dt.Name, "enabled", "=", document.IntOf(1)))
	}
	if f := dt.Field("disabled"); f != nil && f.Fieldtype == "Check" && !all {
		filters = append(filters, condition(dt.Name, "disabled", "!=", document.IntOf(1)))
	}
	r := query.Request{DocType: dt, OrderBy: document.Text("idx desc, name asc")}
	r.IgnorePermissions = dt.Name == "DocType" && c.Limits == nil
	if document.Cint(a.Get("ignore_user_permissions")) != 0 || a.Get("ignore_user_permissions").Bool() {
		if err := anyLink(ctx, c, &r, a); err != nil {
			return r, err
		}
	}
	if reference := a.Text("reference_doctype"); reference != "" && !r.IgnoreUserPermissions {
		limited, err := referenceFilter(ctx, c, dt, reference)
		if err != nil {
			return r, err
		}
		filters = append(filters, limited...)
	}
	if len(filters) > 0 {
		r.Filters = document.ListOf(filters...)
	}
	if len(or) > 0 {
		r.OrFilters = document.ListOf(or...)
	}
	return r, nil
}

// anyLink leaves User Permissions out of a search, where the Link field that it is for
// allows that. Frappe: up to 16.0 the client's word counts, and nothing is checked then.
// Source: search.py search_widget (16.4).
func anyLink(ctx context.Context, c *engine.Call, r *query.Request, a method.Args) error {
	if c.UpstreamReads() && !quirk.Of(c.Profile).SearchAsksLinkField {
		ok, err := c.CanList(ctx, r.DocType)
		r.IgnorePermissions = r.IgnorePermissions || ok
		return err
	}
	var err error
	if quirk.Of(c.Profile).SearchAsksLinkField {
		r.IgnoreUserPermissions, err = ignoresUserPermissions(ctx, c, r.DocType, a)
		return err
	}
	reference, field := a.Text("reference_doctype"), a.Text("link_fieldname")
	if reference == "" {
		return nil
	}
	r.IgnoreUserPermissions, err = c.LinkIgnoresUserPermissions(ctx, reference, field, r.DocType.Name)
	return err
}

// referenceFilter limits names by the User Permissions that apply to the DocType
// that holds the link. Source: db_query.py add_user_permissions.
func referenceFilter(ctx context.Context, c *engine.Call, dt *doctype.DocType, reference string) ([]document.Value, error) {
	if c.User == perm.Administrator {
		return nil, nil
	}
	me, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	allowed, restricted := me.AllowedFor(dt.Name, reference)
	if !restricted {
		return nil, nil
	}
	names := make([]string, 0, len(allowed))
	for n := range allowed {
		names = append(names, n)
	}
	sort.Strings(names)
	return []document.Value{condition(dt.Name, "name", "in", document.Texts(names))}, nil
}

// searchFilters makes conditions of what a client sends: an object or a list. all says
// that disabled documents are looked for too.
// Source: frappe/utils/data.py make_filter_tuple; search.py search_widget.
func searchFilters(c *engine.Call, dt *doctype.DocType, v document.Value) (out []document.Value, all bool, err error) {
	v, err = arg.Loads(v)
	if err != nil || !v.Truthy() {
		return nil, false, err
	}
	o := v.Map()
	if o == nil {
		return append([]document.Value(nil), v.List()...), false, nil
	}
	for i := range o.Len() {
		key, value := o.At(i)
		if key == "include_disabled" && quirk.Of(c.Profile).SearchLabels {
			all = value.Equal(document.IntOf(1)) || value.Equal(document.BoolOf(true))
			continue
		}
		op := "="
		if pair := value.List(); len(pair) == 2 {
			op, value = pair[0].Str(), pair[1]
		}
		out = append(out, condition(dt.Name, key, op, value))
	}
	return out, all, nil
}

// ignoresUserPermissions reports whether a search that asks for it leaves User
// Permissions aside: v16 takes a client's word for it only where the named field does so,
// and otherwise refuses. Source: search.py validate_ignore_user_permissions.
func ignoresUserPermissions(ctx context.Context, c *engine.Call, dt *doctype.DocType, a method.Args) (bool, error) {
	form, field := a.Text("reference_doctype"), a.Text("link_fieldname")
	if form == "" || field == "" {
		return false, nil
	}
	refuse := func(format string, args ...any) error {
		return exc.Validation.Throwf(format, args...).WithTitle(`Error validating "Ignore User Permissions"`)
	}
	holder, err := c.DocType(ctx, form)
	if err != nil {
		return false, err
	}
	f := holder.Field(field)
	if f == nil {
		return false, refuse("Field <code>%s</code> not found in %s", html.EscapeString(field), engine.Bold(form))
	}
	ignore, found := f.IgnoreUserPermissions, f.Options
	if f.Fieldtype == "Table MultiSelect" {
		child, err := c.DocType(ctx, f.Options)
		if err != nil {
			return false, err
		}
		link := firstLink(child)
		if link == nil {
			return false, refuse("Table MultiSelect requires a table with at least one Link field, but none was found in %s", engine.Bold(f.Options))
		}
		ignore, found = ignore || link.IgnoreUserPermissions, link.Options
	}
	switch {
	case !ignore:
		return false, refuse("The field %s in %s does not allow ignoring user permissions", engine.Bold(f.LabelOrName()), engine.Bold(form))
	case f.Fieldtype != "Dynamic Link" && found != dt.Name:
		return false, refuse("The field %s in %s links to %s and not %s", engine.Bold(f.LabelOrName()), engine.Bold(form), engine.Bold(found), engine.Bold(dt.Name))
	}
	return true, nil
}

func firstLink(dt *doctype.DocType) *doctype.DocField {
	for _, f := range dt.Fields {
		if f.Fieldtype == "Link" {
			return f
		}
	}
	return nil
}
