package httpapi

import (
	"context"
	"net/http"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/query"
)

// listV2 answers /api/v2/document/DT. Source: frappe/api/v2.py document_list.
func listV2(x *exchange, ctx context.Context) (any, error) {
	f := x.c.Form
	if !x.p.EngineList {
		if f.Has("doctype") {
			return nil, exc.TypeErr.New("frappe.client.get_list() got multiple values for argument 'doctype'")
		}
		fields, err := fieldsJSON(f.Get("fields"))
		if err != nil {
			return nil, err
		}
		limit := f.Get("limit")
		if !limit.Truthy() {
			limit = document.IntOf(defaultPage)
		}
		return x.list(ctx, fields, pageSize(limit), f.Get("limit_start"))
	}
	return x.engineList(ctx)
}

// engineList is v16's: one row more than the page is read to tell has_next_page.
func (x *exchange) engineList(ctx context.Context) (any, error) {
	f := x.c.Form
	dt, err := x.c.DocType(ctx, x.target.doctype)
	if err != nil {
		return nil, err
	}
	fields := f.Get("fields")
	if fields.Kind() == document.String && fields.Str() != "" {
		if fields, err = fieldsJSON(fields); err != nil {
			return nil, err
		}
	}
	filters := f.Get("filters")
	if filters.Kind() == document.String && filters.Str() != "" {
		if filters, err = fieldsJSON(filters); err != nil {
			return nil, err
		}
	}
	limit := int64(defaultPage)
	if v := f.Get("limit"); v.Kind() != document.Missing {
		limit = document.Cint(v)
	}
	asList := false
	if v := f.Get("as_dict"); v.Kind() != document.Missing {
		asList = !v.Truthy() // Frappe: "0" is a text, and true
	}
	return x.runList(ctx, x.c.RawRules, query.Request{DocType: dt, Fields: fields, Filters: filters, GroupBy: f.Str("group_by"),
		OrderBy: orNull(f.Get("order_by")), Start: document.Cint(f.Get("start")), Limit: limit + 1, Lookahead: true, AsList: asList})
}

// shown is a document as v2 prints it.
func (x *exchange) shown(d *document.Document) any {
	if x.p.V2Nulls {
		return engine.WithNulls{Doc: d}
	}
	return d
}

// readV2 answers a document. Source: frappe/api/v2.py read_doc.
func readV2(x *exchange, ctx context.Context) (any, error) {
	d, err := x.c.Get(ctx, x.target.doctype, x.target.name)
	if err != nil {
		return nil, err
	}
	if err := x.c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	if x.unchanged(d) {
		return nil, nil
	}
	if err := x.c.StripUnreadable(ctx, d); err != nil {
		return nil, err
	}
	if d, err = x.c.Masked(ctx, d); err != nil {
		return nil, err
	}
	if x.p.LinkText {
		o := document.JSONOptions{Format: x.p.Body, LinkText: true}
		return engine.JSON(d.AppendJSON(make([]byte, 0, 1024), o)), nil
	}
	return x.shown(d), nil
}

// createV2 inserts a document made of the arguments.
// Source: frappe/api/v2.py create_doc.
func createV2(x *exchange, ctx context.Context) (any, error) {
	o := x.c.Form.Clone()
	named := x.p.NameSetOnV2Create && o.Get("name").Truthy()
	d, err := x.newDoc(ctx, x.target.doctype, o)
	if err != nil {
		return nil, err
	}
	d.Flags.NameSet = named
	if err := x.c.Insert(ctx, d); err != nil {
		return nil, err
	}
	x.showTag(d)
	return x.shown(d), nil
}

// updateV2 changes and saves a document. Source: frappe/api/v2.py update_doc.
func updateV2(x *exchange, ctx context.Context) (any, error) {
	d, err := x.update(ctx, x.c.Form.Clone())
	if err != nil {
		return nil, err
	}
	if x.p.StripOnV2Update {
		if err := x.c.StripUnreadable(ctx, d); err != nil {
			return nil, err
		}
	}
	return x.shown(d), nil
}

// deleteV2 removes a document; a child row goes by saving its parent without it.
// Source: frappe/api/v2.py delete_doc; frappe/client.py delete_doc.
func deleteV2(x *exchange, ctx context.Context) (any, error) {
	dt, err := x.c.DocType(ctx, x.target.doctype)
	if err != nil {
		return nil, err
	}
	if err := x.precondition(ctx); err != nil {
		return nil, err
	}
	if dt.IsTable {
		err = x.deleteRow(ctx, dt, x.target.name)
	} else {
		err = x.c.Delete(ctx, dt.Name, x.target.name)
	}
	if err != nil {
		return nil, err
	}
	x.c.Response.Status = http.StatusAccepted
	return "ok", nil
}

func (x *exchange) deleteRow(ctx context.Context, dt *doctype.DocType, name string) error {
	row, err := x.c.Get(ctx, dt.Name, name)
	if exc.Is(err, exc.DoesNotExist) {
		return exc.DoesNotExist.New("").About(dt.Name, name)
	}
	if err != nil {
		return err
	}
	parent, err := x.c.GetForUpdate(ctx, row.Text("parenttype"), row.Text("parent"))
	if err != nil {
		return err
	}
	at := parent.TableIndex(row.Text("parentfield"))
	if at < 0 {
		return exc.DoesNotExist.New("").About(dt.Name, name)
	}
	kept := []*document.Document{}
	for _, r := range parent.RowsAt(at) {
		if r.Name() != row.Name() {
			kept = append(kept, r)
		}
	}
	for i, r := range kept {
		r.SetAt(doctype.SlotIdx, document.IntOf(int64(i+1)))
	}
	parent.SetRowsAt(at, kept)
	return x.c.Save(ctx, parent)
}

// copyV2 answers an unsaved copy of a document (v16).
// Source: frappe/api/v2.py copy_doc; frappe/model/utils copy_doc.
func copyV2(x *exchange, ctx context.Context) (any, error) {
	d, err := x.c.Get(ctx, x.target.doctype, x.target.name)
	if err != nil {
		return nil, err
	}
	if err := x.c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	if err := x.c.StripUnreadable(ctx, d); err != nil {
		return nil, err
	}
	if d, err = x.c.Masked(ctx, d); err != nil {
		return nil, err
	}
	o := d.ToObject(document.JSONOptions{NoNulls: true})
	forgetIdentity(o)
	for _, f := range d.Type.Tables {
		for _, row := range o.Get(f.Fieldname).List() {
			forgetIdentity(row.Map())
		}
	}
	return document.MapOf(o), nil
}

func forgetIdentity(o *document.Object) {
	for _, k := range append([]string(nil), o.Keys()...) {
		switch k {
		case "name", "owner", "creation", "modified", "modified_by", "docstatus", "amended_from", "amendment_date", "cancel_reason":
			o.Delete(k)
		default:
			if strings.HasPrefix(k, "_") {
				o.Delete(k)
			}
		}
	}
}

// callModuleMethod runs a function of a DocType's module by its short name.
// Source: frappe/api/v2.py handle_rpc_call; frappe/modules/utils.py.
func callModuleMethod(x *exchange, ctx context.Context) (any, error) {
	dt, err := x.c.DocType(ctx, x.target.doctype)
	if err != nil {
		return nil, err
	}
	name := doctype.Scrub(dt.Name)
	return x.s.Methods.Call(ctx, x.c, "frappe."+doctype.Scrub(dt.Module)+".doctype."+name+"."+name+"."+x.target.method)
}

// logoutV2 logs out. Source: frappe/api/v2.py logout.
func logoutV2(x *exchange, ctx context.Context) (any, error) {
	if x.p.LogoutPostOnly && x.verb != http.MethodPost {
		return callMethod(x, ctx) // the rule takes POST only; the next one finds no such app
	}
	return nil, x.s.Auth.Logout(ctx, x.c)
}

// uploadV2 stores a file, past the rules for methods.
func uploadV2(x *exchange, ctx context.Context) (any, error) {
	m, ok := x.s.Methods.Lookup("frappe.handler.upload_file")
	if !ok || x.p.UploadPostOnly && x.verb != http.MethodPost {
		return callMethod(x, ctx)
	}
	return x.s.Methods.Run(ctx, x.c, m)
}

// bulkV2 changes or deletes documents of one DocType.
func bulkV2(x *exchange, ctx context.Context) (any, error) {
	m, ok := x.s.Methods.Lookup(x.target.method)
	if !ok {
		return nil, notFound()
	}
	x.c.Form.Set("doctype", document.Text(x.target.doctype))
	return x.s.Methods.Run(ctx, x.c, m)
}

// countV2 counts documents. Source: frappe/api/v2.py count.
func countV2(x *exchange, ctx context.Context) (any, error) {
	m, ok := x.s.Methods.Lookup("frappe.desk.reportview.get_count")
	if !ok {
		return nil, notFound()
	}
	x.c.Form.Set("doctype", document.Text(x.target.doctype))
	return x.s.Methods.Run(ctx, x.c, m)
}

// metaV2 answers a DocType's description, to everybody who is logged in.
// Source: frappe/api/v2.py get_meta.
func metaV2(x *exchange, ctx context.Context) (any, error) {
	if err := x.c.OnlyFor(ctx, "All"); err != nil {
		return nil, err
	}
	if err := x.c.CheckScope(x.target.doctype, doctype.Read); err != nil {
		return nil, err
	}
	out, err := x.c.MetaObject(ctx, x.target.doctype)
	if err != nil {
		return nil, err
	}
	if x.p.MetaRowTables {
		for _, k := range metaTables {
			for _, row := range out.Get(k).List() {
				emptyTables(row.Map())
			}
		}
	}
	emptyTables(out)
	return document.MapOf(out), nil
}

// metaTables are the tables of a DocType.
var metaTables = [...]string{"fields", "permissions", "actions", "links", "states"}

// emptyTables makes tables that are not set empty ones.
func emptyTables(o *document.Object) {
	for _, k := range metaTables {
		if !o.Has(k) {
			o.Set(k, document.ListOf())
		}
	}
}
