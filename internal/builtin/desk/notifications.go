package desk

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// openDocuments say which documents of a DocType want attention.
// Source: frappe/core/notifications.py get_notification_config.
func openDocuments() []struct {
	doctype string
	filters *document.Object
} {
	return []struct {
		doctype string
		filters *document.Object
	}{
		{"Error Log", document.NewObject("seen", 0)},
		{"Communication", document.NewObject("status", "Open", "communication_type", "Communication")},
		{"ToDo", document.NewObject("status", "Open")},
		{"Workflow Action", document.NewObject("status", "Open")},
	}
}

// notifications counts the documents that want the user's attention.
// Source: frappe/desk/notifications.py get_notifications.
func notifications(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	counts := &document.Object{}
	for _, o := range openDocuments() {
		dt, err := c.DocType(ctx, o.doctype)
		if exc.Is(err, exc.DoesNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ok, err := c.HasPermission(ctx, dt.Name, doctype.Read, nil)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		r := query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Filters: document.MapOf(o.filters), OrderBy: document.NullValue, Limit: -1, Count: query.CountRows}
		if dt.Name == "ToDo" { // those of the user
			r.OrFilters = document.MapOf(document.NewObject("allocated_to", c.User, "assigned_by", c.User))
		}
		n, err := c.Count(ctx, c.Rules, r)
		if err != nil {
			return nil, err
		}
		counts.Set(dt.Name, document.IntOf(n))
	}
	return document.NewObject("open_count_doctype", counts, "targets", &document.Object{}), nil
}

// connections are what a DocType's form shows as linked: which DocTypes, by which field.
// Source: frappe/model/meta.py get_dashboard_data, add_doctype_links.
type connections struct {
	items     []string
	fieldname string
	other     map[string]string
	internal  map[string][2]string
}

func connectionsOf(ctx context.Context, c *engine.Call, dt string) (*connections, error) {
	rows, err := c.Rows(ctx, "DocType Link", []string{"link_doctype", "link_fieldname", "parent_doctype", "table_fieldname", "is_child_table", "hidden"},
		document.NewObject("parent", dt), "idx asc")
	if err != nil {
		return nil, err
	}
	l := &connections{other: map[string]string{}, internal: map[string][2]string{}}
	for _, r := range rows {
		if r.PropInt("hidden") != 0 {
			continue
		}
		target, field := r.PropText("link_doctype"), r.PropText("link_fieldname")
		parent := r.PropText("parent_doctype")
		if parent != "" {
			l.items = append(l.items, parent)
		} else {
			l.items = append(l.items, target)
		}
		if l.fieldname == "" {
			l.fieldname = field
		}
		if r.PropInt("is_child_table") != 0 {
			l.internal[parent] = [2]string{r.PropText("table_fieldname"), field}
		} else {
			l.other[target] = field
		}
	}
	return l, nil
}

// openCount counts the documents that are linked with a document.
// Source: frappe/desk/notifications.py get_open_count.
func openCount(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	if d, err = c.Answer(ctx, d); err != nil {
		return nil, err
	}
	links, err := connectionsOf(ctx, c, d.Type.Name)
	if err != nil {
		return nil, err
	}
	items := links.items
	if !a.Get("items").IsNull() {
		items = arg.Strings(a.Get("items"))
	}
	external, internal := []document.Value{}, []document.Value{}
	for _, item := range items {
		if in, ok := links.internal[item]; ok {
			if names := internalNames(d, in); len(names) > 0 {
				internal = append(internal, document.MapOf(document.NewObject("doctype", item, "open_count", 0, "count", len(names), "names", document.Texts(names))))
				continue
			}
		}
		n, err := linkedCount(ctx, c, item, links, d.Name())
		if err != nil {
			return nil, err
		}
		external = append(external, document.MapOf(document.NewObject("doctype", item, "count", n, "open_count", 0)))
	}
	return document.NewObject("count", document.NewObject("external_links_found", document.ListOf(external...), "internal_links_found", document.ListOf(internal...))), nil
}

// internalNames are what the rows of a document's own table link.
func internalNames(d *document.Document, in [2]string) []string {
	var names []string
	seen := map[string]bool{}
	for _, row := range d.Rows(in[0]) {
		if v := row.Text(in[1]); v != "" && !seen[v] {
			seen[v] = true
			names = append(names, v)
		}
	}
	return names
}

// maxCounted is where upstream stops counting.
const maxCounted = 100

// linkedCount counts the documents that link to one; those that the user may not list
// are not told of.
func linkedCount(ctx context.Context, c *engine.Call, item string, links *connections, name string) (int64, error) {
	dt, err := c.DocType(ctx, item)
	if err != nil {
		return 0, err
	}
	field := links.other[item]
	if field == "" {
		field = links.fieldname
	}
	ok, err := c.CanList(ctx, dt)
	if err != nil || !ok || dt.Column(field) == nil {
		return 0, err
	}
	n, err := c.Count(ctx, c.Rules, query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Filters: document.MapOf(document.NewObject(field, name)),
		OrderBy: document.NullValue, Limit: -1, Count: query.CountRows})
	return min(n, maxCounted), err
}
