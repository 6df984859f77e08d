package desk

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// tables are the table fields of a DocType's description.
var tables = []string{"fields", "permissions", "actions", "links", "states"}

// first are the keys that a description starts with.
var first = []string{"name", "creation", "modified", "modified_by", "owner", "docstatus", "idx"}

// Meta is a DocType's description as clients get it: columns without nulls, rows with
// customisations applied. Errors: DoesNotExistError "DocType X not found".
// Source: frappe/model/meta.py as_dict.
func Meta(ctx context.Context, c *engine.Call, name string) (*document.Object, error) {
	dt, err := c.DocType(ctx, name)
	if err != nil {
		return nil, err
	}
	o, err := c.Meta.Object(ctx, c.Tx, name)
	if err != nil {
		return nil, err
	}
	empty := quirk.Of(c.Profile).MetaRowsHaveTables
	out := described(o, "DocType")
	for _, table := range tables {
		rows := []document.Value{}
		for _, v := range o.Get(table).List() {
			if m := v.Map(); m != nil {
				row := described(m, m.PropText("doctype"))
				if empty {
					for _, t := range tables {
						row.Set(t, document.ListOf())
					}
				}
				rows = append(rows, document.MapOf(row))
			}
		}
		out.Set(table, document.ListOf(rows...))
	}
	large, err := isLarge(ctx, c, dt)
	if err != nil {
		return nil, err
	}
	out.Set("is_large_table", document.BoolOf(large))
	return out, nil
}

// described copies columns without nulls, standard ones first.
func described(o *document.Object, kind string) *document.Object {
	out := document.NewObject("doctype", kind)
	for _, k := range first {
		if v := o.Get(k); !v.IsNull() {
			out.Set(k, v)
		}
	}
	for i := range o.Len() {
		k, v := o.At(i)
		if v.IsNull() || v.Kind() == document.List || k == "legacy_columns" || out.Has(k) {
			continue
		}
		switch k {
		case "_user_tags", "__islocal", "__unsaved":
			continue
		}
		out.Set(k, v)
	}
	return out
}

// largeTable is how many rows make a table large.
const largeTable = 100_000

// isLarge asks for one row beyond the limit rather than for a count.
func isLarge(ctx context.Context, c *engine.Call, dt *doctype.DocType) (bool, error) {
	if dt.IsSingle || dt.IsVirtual {
		return false, nil
	}
	there, err := c.Tx.TableExists(ctx, "tab"+dt.Name)
	if err != nil || !there {
		return false, err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(dt.Name)
	c.Tx.Dialect().Offset(b, 1, largeTable)
	var name document.Value
	return c.Tx.QueryRow(ctx, b, &name)
}

// assets are keys of a form's description that stand for files and are null where
// there are none.
var assets = []string{"__js", "__css", "__list_js", "__calendar_js", "__map_js", "__linked_with", "__messages", "__print_formats", "__workflow_docs",
	"__form_grid_templates", "__listview_template", "__tree_js", "__dashboard", "__kanban_column_fields", "__templates", "__custom_js", "__custom_list_js"}

// FormMeta is Meta with what the desk's form adds. Source: frappe/desk/form/meta.py.
func FormMeta(ctx context.Context, c *engine.Call, name string) (*document.Object, error) {
	o, err := Meta(ctx, c, name)
	if err != nil {
		return nil, err
	}
	q := quirk.Of(c.Profile)
	isTable := o.PropInt("istable") != 0
	if q.MetaTableFields && !isTable {
		if rows := tableFields(o); len(rows) > 0 {
			o.Set("_table_fields", document.ListOf(rows...))
		}
	}
	for _, k := range assets {
		if !q.MetaMapKeys && (k == "__map_js" || k == "__linked_with" || k == "__messages") {
			continue
		}
		o.Set(k, document.NullValue)
	}
	if q.MetaWorkspaces {
		o.Set("__workspaces", document.NullValue)
	}
	o.Set("__assets_loaded", document.BoolOf(true))
	if c.Profile.Masks {
		dt, err := c.DocType(ctx, name)
		if err != nil {
			return nil, err
		}
		masked, err := c.MaskedFields(ctx, dt)
		if err != nil {
			return nil, err
		}
		o.Set("masked_fields", document.Texts(masked))
	}
	if !isTable {
		if err := formAssets(ctx, c, o, name); err != nil {
			return nil, err
		}
	}
	if q.MetaLinkSearch {
		return o, addLinkSearch(ctx, c, o)
	}
	return o, nil
}

func tableFields(o *document.Object) []document.Value {
	var out []document.Value
	for _, v := range o.Get("fields").List() {
		if kind := v.Map().PropText("fieldtype"); kind == "Table" || kind == "Table MultiSelect" {
			out = append(out, document.MapOf(v.Map().Clone()))
		}
	}
	return out
}

// formAssets fills the keys that come from documents: client scripts, print formats,
// the workflow.
func formAssets(ctx context.Context, c *engine.Call, o *document.Object, name string) error {
	form, list, err := clientScripts(ctx, c, name)
	if err != nil {
		return err
	}
	scrubbed := doctype.Scrub(name)
	o.Set("__custom_js", document.Text(form+"\n\n//# sourceURL="+scrubbed+"__custom_js"))
	o.Set("__custom_list_js", document.Text(list+"\n\n//# sourceURL="+scrubbed+"__custom_list_js"))
	o.Set("__print_formats", document.ListOf())
	flow, err := workflowDocs(ctx, c, name)
	if err != nil {
		return err
	}
	o.Set("__workflow_docs", flow)
	o.Set("__kanban_column_fields", document.ListOf())
	o.Set("__dashboard", document.MapOf(document.NewObject("transactions", document.ListOf(), "non_standard_fieldnames", &document.Object{}, "internal_links", &document.Object{})))
	return nil
}

// workflowDocs are the active Workflow of a DocType and its states.
// Source: frappe/desk/form/meta.py FormMeta.load_workflows.
func workflowDocs(ctx context.Context, c *engine.Call, name string) (document.Value, error) {
	rows, err := c.Rows(ctx, "Workflow", []string{"name"}, document.NewObject("document_type", name, "is_active", 1), "")
	if err != nil || len(rows) == 0 {
		return document.ListOf(), err
	}
	flow, err := c.Get(ctx, "Workflow", rows[0].PropText("name"))
	if err != nil {
		return document.Value{}, err
	}
	docs := []document.Value{document.MapOf(flow.ToObject(document.JSONOptions{}))}
	for _, row := range flow.Rows("states") {
		s, err := c.Get(ctx, "Workflow State", row.Text("state"))
		if err != nil {
			return document.Value{}, err
		}
		docs = append(docs, document.MapOf(s.ToObject(document.JSONOptions{})))
	}
	return document.ListOf(docs...), nil
}

// clientScripts joins the enabled Client Scripts of a DocType, by view.
func clientScripts(ctx context.Context, c *engine.Call, name string) (form, list string, err error) {
	rows, err := c.Rows(ctx, "Client Script", []string{"view", "script", "name"}, document.NewObject("dt", name, "enabled", 1), "creation asc")
	if err != nil {
		return "", "", err
	}
	for _, r := range rows {
		text := r.PropText("script")
		if r.PropText("view") == "List" {
			list += "\n" + text
		} else {
			form += "\n" + text
		}
	}
	return form, list, nil
}

// addLinkSearch adds to each field what its link is searched by.
// Source: frappe/desk/form/meta.py FormMeta.add_search_fields (v14, v15).
func addLinkSearch(ctx context.Context, c *engine.Call, o *document.Object) error {
	for _, v := range o.Get("fields").List() {
		f := v.Map()
		f.Set("search_fields", document.NullValue)
		if !f.Has("is_custom_field") {
			f.Set("is_custom_field", document.NullValue)
		}
		f.Set("linked_document_type", document.NullValue)
		target := f.PropText("options")
		if f.PropText("fieldtype") != "Link" || target == "" || target == "[Select]" {
			continue
		}
		dt, err := c.DocType(ctx, target)
		if exc.Is(err, exc.DoesNotExist) {
			return exc.Validation.Throwf("Field %s is referring to non-existing doctype %s.", engine.Bold(f.PropText("fieldname")), engine.Bold(target)).WithTitle("Missing DocType")
		}
		if err != nil {
			return err
		}
		kind, err := c.Value(ctx, "DocType", dt.Name, "document_type")
		if err != nil {
			return err
		}
		f.Set("linked_document_type", document.Text(document.ToText(kind)))
		var fields []string
		for _, s := range strings.Split(dt.SearchFields, ",") {
			if s = strings.TrimSpace(s); s != "" {
				fields = append(fields, s)
			}
		}
		if len(fields) > 0 {
			f.Set("search_fields", document.Texts(fields))
		} else {
			f.Set("search_fields", document.ListOf())
		}
	}
	return nil
}
