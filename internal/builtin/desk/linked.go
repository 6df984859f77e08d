package desk

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// unlinked are DocTypes that are never shown as linked.
// Source: exclude_from_linked_with in upstream's controllers.
var unlinked = []string{"Communication", "DocShare", "File", "ToDo"}

// tableTypes are the fieldtypes of child tables.
var tableTypes = document.ListOf(document.Text("in"), document.Texts([]string{"Table", "Table MultiSelect"}))

// fieldRows reads fields of all DocTypes, standard and custom, under the keys parent,
// fieldname and options.
func fieldRows(ctx context.Context, c *engine.Call, filters *document.Object) ([]*document.Object, error) {
	rows, err := c.Rows(ctx, "DocField", []string{"parent", "fieldname", "options"}, filters, "")
	if err != nil {
		return nil, err
	}
	custom, err := c.Rows(ctx, "Custom Field", []string{"dt", "fieldname", "options"}, filters, "")
	for _, r := range custom {
		r.Set("parent", r.Get("dt"))
	}
	return append(rows, custom...), err
}

// linkedDocTypes tells which DocTypes link to one, and by which fields.
// Source: frappe/desk/form/linked_with.py get_linked_doctypes.
func linkedDocTypes(ctx context.Context, c *engine.Call, name string, heedOnly bool) (*document.Object, error) {
	out := &document.Object{}
	heed := func(o *document.Object) *document.Object {
		if heedOnly {
			o.Set("ignore_user_permissions", document.ListOf(document.Text("!="), document.IntOf(1)))
		}
		return o
	}
	fields, err := fieldRows(ctx, c, heed(document.NewObject("fieldtype", "Link", "options", name)))
	if err != nil {
		return nil, err
	}
	byType := &document.Object{}
	for _, f := range fields {
		p := f.PropText("parent")
		byType.Set(p, document.ListOf(append(byType.Get(p).List(), f.Get("fieldname"))...))
	}
	if err := addLinks(ctx, c, out, byType, heed); err != nil {
		return nil, err
	}
	if err := addDynamicLinks(ctx, c, out, name, heed); err != nil {
		return nil, err
	}
	tables, err := fieldRows(ctx, c, heed(document.NewObject("fieldtype", tableTypes, "options", name)))
	if err != nil {
		return nil, err
	}
	for _, f := range tables {
		if p := f.PropText("parent"); !out.Has(p) {
			out.Set(p, document.MapOf(document.NewObject("get_parent", true)))
		}
	}
	for _, n := range unlinked {
		out.Delete(n)
	}
	return out, nil
}

// addLinks adds DocTypes with Link fields; child tables are named by their parents.
func addLinks(ctx context.Context, c *engine.Call, out, byType *document.Object, heed func(*document.Object) *document.Object) error {
	for i := range byType.Len() {
		name, fields := byType.At(i)
		dt, err := c.DocType(ctx, name)
		if exc.Is(err, exc.DoesNotExist) || err == nil && dt.IsVirtual {
			continue
		}
		if err != nil {
			return err
		}
		if !dt.IsTable {
			out.Set(name, document.MapOf(document.NewObject("fieldname", fields)))
			continue
		}
		parents, err := fieldRows(ctx, c, heed(document.NewObject("fieldtype", tableTypes, "options", name)))
		if err != nil {
			return err
		}
		for _, p := range parents {
			out.Set(p.PropText("parent"), document.MapOf(document.NewObject("child_doctype", name, "fieldname", fields)))
		}
	}
	return nil
}

// addDynamicLinks adds DocTypes whose Dynamic Links lead here in some document.
func addDynamicLinks(ctx context.Context, c *engine.Call, out *document.Object, name string, heed func(*document.Object) *document.Object) error {
	fields, err := fieldRows(ctx, c, heed(document.NewObject("fieldtype", "Dynamic Link")))
	if err != nil {
		return err
	}
	for _, f := range fields {
		dt, err := c.DocType(ctx, f.PropText("parent"))
		if exc.Is(err, exc.DoesNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		of := f.PropText("options")
		if dt.IsSingle || dt.IsVirtual || dt.Column(of) == nil || dt.Column(f.PropText("fieldname")) == nil {
			continue
		}
		key := "name"
		if dt.IsTable {
			key = "parenttype"
		}
		values, err := valuesOf(ctx, c, dt, key, of, name)
		if err != nil {
			return err
		}
		link := document.NewObject("fieldname", document.ListOf(f.Get("fieldname")), "doctype_fieldname", of)
		switch {
		case len(values) == 0:
		case dt.IsTable:
			for _, p := range values {
				out.Set(p, document.MapOf(document.NewObject("child_doctype", dt.Name, "fieldname", document.ListOf(f.Get("fieldname")), "doctype_fieldname", of)))
			}
		default:
			out.Set(dt.Name, document.MapOf(link))
		}
	}
	return nil
}

// valuesOf returns the values of a column where another holds a text; of names one is enough.
func valuesOf(ctx context.Context, c *engine.Call, dt *doctype.DocType, column, where, text string) ([]string, error) {
	r := query.Request{DocType: dt, Fields: document.Texts([]string{column}), Filters: document.MapOf(document.NewObject(where, text)), OrderBy: document.NullValue,
		Distinct: true, Limit: -1, IgnorePermissions: true, Pluck: column}
	if column == "name" {
		r.Limit, r.Distinct = 1, false
	}
	res, err := c.List(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	return arg.Strings(v), err
}

func linkedTypes(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	return linkedDocTypes(ctx, c, a.Text("doctype"), a.Bool("without_ignore_user_permissions_enabled"))
}

// linkedWith lists the documents that link to one, by DocType, as far as the user may
// see them. Source: linked_with.py get, get_linked_docs.
func linkedWith(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.GetVisible(ctx, a.Text("doctype"), a.Text("docname"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	links, err := linkedDocTypes(ctx, c, d.Type.Name, false)
	if err != nil {
		return nil, err
	}
	out := &document.Object{}
	for i := range links.Len() {
		name, how := links.At(i)
		dt, err := c.DocType(ctx, name)
		if err != nil {
			return nil, err
		}
		if ok, err := c.CanList(ctx, dt); err != nil || !ok || dt.IsSingle || dt.IsTable {
			if err != nil {
				return nil, err
			}
			continue
		}
		rows, err := linkedRows(ctx, c, d, dt, how.Map())
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			out.Set(name, document.ListOf(rows...))
		}
	}
	return out, nil
}

// unshown are fieldtypes that lists of links leave out.
var unshown = map[string]bool{"Image": true, "HTML": true, "Button": true}

func linkedRows(ctx context.Context, c *engine.Call, d *document.Document, dt *doctype.DocType, how *document.Object) ([]document.Value, error) {
	r := query.Request{DocType: dt, OrderBy: document.NullValue, Limit: -1}
	var fields []string
	for _, f := range dt.Fields {
		if f.InListView && f.Slot >= 0 && !f.IsVirtual && !unshown[f.Fieldtype] {
			fields = append(fields, f.Fieldname)
		}
	}
	r.Fields = document.Texts(append(fields, "name", "modified", "docstatus"))
	if how.Get("get_parent").Truthy() {
		if d.Text("parenttype") != dt.Name {
			return nil, nil
		}
		r.Filters = document.MapOf(document.NewObject("name", d.Text("parent")))
	} else {
		table := dt.Name
		if child := how.Str("child_doctype"); child != "" {
			table, r.Distinct = child, true
		}
		var or, and []document.Value
		for _, f := range how.Get("fieldname").List() {
			or = append(or, document.ListOf(document.Text(table), f, document.Text("="), d.NameValue()))
		}
		if of := how.Str("doctype_fieldname"); of != "" {
			and = append(and, document.ListOf(document.Text(table), document.Text(of), document.Text("="), document.Text(d.Type.Name)))
		}
		r.Filters, r.OrFilters = document.ListOf(and...), document.ListOf(or...)
	}
	res, err := c.List(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	return v.List(), err
}

// maxLinked bounds the documents that a cancel of everything linked looks at.
const maxLinked = 10_000

// submittedLinks finds the submitted documents that link to one, and to those, and so
// on. Source: linked_with.py get_submitted_linked_docs, SubmittableDocumentTree.
func submittedLinks(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	skip := map[string]bool{}
	for _, n := range arg.Strings(a.Get("ignore_doctypes_on_cancel_all")) {
		skip[n] = true
	}
	type node struct{ doctype, name string }
	root := node{d.Type.Name, d.Name()}
	seen := map[node]bool{root: true}
	refs := map[string]*document.Object{}
	docs := []document.Value{}
	for queue := []node{root}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if skip[at.doctype] {
			continue
		}
		if refs[at.doctype] == nil {
			if refs[at.doctype], err = linkedDocTypes(ctx, c, at.doctype, false); err != nil {
				return nil, err
			}
		}
		for i := range refs[at.doctype].Len() {
			name, how := refs[at.doctype].At(i)
			found, err := submittedNames(ctx, c, name, how.Map(), at.doctype, at.name)
			if err != nil {
				return nil, err
			}
			for _, f := range found {
				n := node{name, f}
				if seen[n] || len(seen) > maxLinked {
					continue
				}
				seen[n] = true
				queue = append(queue, n)
				if !skip[name] {
					docs = append(docs, document.MapOf(document.NewObject("doctype", name, "name", f, "docstatus", 1)))
				}
			}
		}
	}
	return document.NewObject("docs", document.ListOf(docs...), "count", len(docs)), nil
}

// submittedNames are the submitted documents of a DocType that link to one.
func submittedNames(ctx context.Context, c *engine.Call, name string, how *document.Object, target, to string) ([]string, error) {
	dt, err := c.DocType(ctx, name)
	if err != nil || !dt.IsSubmittable || how.Get("get_parent").Truthy() {
		return nil, err
	}
	table := dt.Name
	if child := how.Str("child_doctype"); child != "" {
		table = child
	}
	var or []document.Value
	for _, f := range how.Get("fieldname").List() {
		if f.Str() != "amended_from" {
			or = append(or, document.ListOf(document.Text(table), f, document.Text("="), document.Text(to)))
		}
	}
	if len(or) == 0 {
		return nil, nil
	}
	and := []document.Value{document.ListOf(document.Text(dt.Name), document.Text("docstatus"), document.Text("="), document.IntOf(1))}
	if of := how.Str("doctype_fieldname"); of != "" {
		and = append(and, document.ListOf(document.Text(table), document.Text(of), document.Text("="), document.Text(target)))
	}
	res, err := c.List(ctx, query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Filters: document.ListOf(and...), OrFilters: document.ListOf(or...),
		OrderBy: document.NullValue, Distinct: true, Limit: maxLinked, Pluck: "name", IgnorePermissions: c.UpstreamReads()})
	if err != nil {
		return nil, err
	}
	v, err := document.ParseJSON(string(res.JSON))
	return arg.Strings(v), err
}

// cancelLinked cancels documents that submittedLinks has found.
// Source: linked_with.py cancel_all_linked_docs, validate_linked_doc.
func cancelLinked(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	v, err := arg.Loads(a.Get("docs"))
	if err != nil {
		return nil, err
	}
	skip := map[string]bool{}
	for _, n := range arg.Strings(a.Get("ignore_doctypes_on_cancel_all")) {
		skip[n] = true
	}
	for _, item := range v.List() {
		o := item.Map()
		name := o.PropText("doctype")
		dt, err := c.DocType(ctx, name)
		if err != nil {
			return nil, err
		}
		if skip[name] || !dt.IsSubmittable || o.PropInt("docstatus") != 1 {
			continue
		}
		d, err := c.Get(ctx, name, o.PropText("name"))
		if err != nil {
			return nil, err
		}
		if err := c.Cancel(ctx, d); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// apps lists the apps with a screen of their own: none but the framework is here.
// Source: frappe/apps.py get_apps.
func apps(context.Context, *engine.Call, method.Args) (any, error) { return core.Maps(nil), nil }
