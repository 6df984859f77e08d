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

// defaultPage is the number of rows of a list that names none.
const defaultPage = 20

// listV1 answers /api/resource/DT. Source: frappe/api/v1.py document_list;
// frappe/client.py get_list.
func listV1(x *exchange, ctx context.Context) (any, error) {
	f := x.c.Form
	if f.Has("doctype") {
		return nil, exc.TypeErr.New("frappe.client.get_list() got multiple values for argument 'doctype'")
	}
	fields, err := fieldsJSON(f.Get("fields"))
	if err != nil {
		return nil, err
	}
	limit := f.Get("limit_page_length")
	if limit.Kind() == document.Missing {
		limit = f.Get("limit")
		if !limit.Truthy() {
			limit = document.IntOf(defaultPage)
		}
	}
	return x.list(ctx, fields, pageSize(limit), f.Get("limit_start"))
}

// list runs the list that v1, and v2 before v16, share.
func (x *exchange) list(ctx context.Context, fields document.Value, limit int64, start document.Value) (any, error) {
	f := x.c.Form
	dict, err := x.asDict()
	if err != nil {
		return nil, err
	}
	dt, err := x.c.DocType(ctx, x.target.doctype)
	if err != nil {
		return nil, err
	}
	return x.runList(ctx, x.c.Rules, query.Request{DocType: dt, Fields: fields, Filters: f.Get("filters"), OrFilters: f.Get("or_filters"),
		GroupBy: f.Str("group_by"), OrderBy: orNull(f.Get("order_by")), Start: document.Cint(start), Limit: limit,
		AsList: !dict, Parent: f.Str("parent"), FromRequest: true})
}

// fieldsJSON parses the argument fields, which REST takes as JSON text only.
func fieldsJSON(v document.Value) (document.Value, error) {
	if !v.Truthy() {
		return document.Value{}, nil
	}
	if v.Kind() != document.String {
		return v, exc.TypeErr.Errorf("the JSON object must be str, bytes or bytearray, not %s", pythonType(v))
	}
	out, err := document.ParseJSON(v.Str())
	if err != nil {
		return out, exc.JSONDecode.New(err.Error())
	}
	return out, nil
}

func pythonType(v document.Value) string {
	switch v.Kind() {
	case document.List:
		return "list"
	case document.Map:
		return "dict"
	case document.Bool:
		return "bool"
	case document.Float:
		return "float"
	}
	return "int"
}

// pageSize turns a page length into a query's: 0 means all rows, and a negative one
// is refused there.
func pageSize(v document.Value) int64 {
	switch n := document.Cint(v); {
	case n == 0:
		return -1
	case n < 0:
		return -2
	default:
		return n
	}
}

func orNull(v document.Value) document.Value {
	if v.Kind() == document.Missing {
		return document.NullValue
	}
	return v
}

// sbool turns texts of truth values into those and leaves all else alone.
// Source: frappe/utils/data.py sbool.
func sbool(v document.Value) document.Value {
	switch strings.ToLower(v.Str()) {
	case "true", "1":
		return document.BoolOf(true)
	case "false", "0":
		return document.BoolOf(false)
	}
	return v
}

// asDict is the list's argument as_dict, checked together with debug as the arguments
// of frappe.client.get_list, which upstream calls. Errors: FrappeTypeError.
func (x *exchange) asDict() (bool, error) {
	given := document.NewObject("doctype", x.target.doctype)
	for _, name := range []string{"as_dict", "debug"} {
		if v := x.c.Form.Get(name); !v.IsNull() {
			given.Set(name, sbool(v))
		}
	}
	if given.Len() == 1 {
		return true, nil
	}
	m, ok := x.s.Methods.Lookup("frappe.client.get_list")
	if !ok {
		return true, nil
	}
	args, err := m.Bind(x.p, given)
	return err != nil || args.Get("as_dict").Truthy(), err
}

// debug answers debug=1. Frappe: the SQL text; ours is no MariaDB's, and clients
// have no business with it, so only the time is told.
func (x *exchange) debug() {
	if sbool(x.c.Form.Get("debug")).Truthy() && len(x.c.Debug) == 0 {
		x.c.Debug = append(x.c.Debug, "Execution time: 0.00 sec")
	}
}

// readOrRunV1 answers GET of a document, or calls its method when run_method is
// given. Source: frappe/api/v1.py read_doc.
func readOrRunV1(x *exchange, ctx context.Context) (any, error) {
	if x.c.Form.Has("run_method") {
		return runMethodV1(x, ctx)
	}
	return readV1(x, ctx)
}

func readV1(x *exchange, ctx context.Context) (any, error) {
	d, err := x.c.Get(ctx, x.target.doctype, x.target.name)
	if err != nil {
		return nil, err
	}
	if err := x.c.CheckRead(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	if x.unchanged(d) {
		return nil, nil
	}
	if err := x.c.StripUnreadable(ctx, d); err != nil {
		return nil, err
	}
	if !x.p.ExpandLinks || !sbool(x.c.Form.Get("expand_links")).Truthy() {
		return d, nil
	}
	if d, err = x.c.Masked(ctx, d); err != nil {
		return nil, err
	}
	o, err := x.c.ExpandDocument(ctx, x.c.Rules, d)
	if err != nil {
		return nil, err
	}
	return document.MapOf(o), nil
}

// payload is the document that a v1 request carries: the argument data, else the raw
// body as JSON whatever its type says, else the arguments themselves.
// Source: frappe/api/v1.py get_request_form_data.
func (x *exchange) payload() (*document.Object, error) {
	v := x.c.Form.Get("data")
	if v.IsNull() {
		body, err := document.ParseJSON(string(x.c.Request.Body))
		if err != nil {
			return x.c.Form.Clone(), nil //nolint:nilerr // a body that is no JSON: the arguments count
		}
		v = body
	} else if v.Kind() == document.String {
		parsed, err := document.ParseJSON(v.Str())
		if err != nil {
			return nil, exc.JSONDecode.New(err.Error())
		}
		v = parsed
	}
	if o := v.Map(); o != nil {
		return o.Clone(), nil
	}
	return nil, exc.TypeErr.New("pop expected at most 1 argument, got 2") // Frappe: a list has no pop(key, default)
}

// createV1 inserts a document. Source: frappe/api/v1.py create_doc.
func createV1(x *exchange, ctx context.Context) (any, error) {
	o, err := x.payload()
	if err != nil {
		return nil, err
	}
	var d *document.Document
	if x.p.NewDocOnCreate {
		d, err = x.newDoc(ctx, x.target.doctype, o)
	} else {
		o.Set("doctype", document.Text(x.target.doctype))
		d, err = x.c.FromObject(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	if err := x.c.Insert(ctx, d); err != nil {
		return nil, err
	}
	x.showTag(d)
	if x.p.CreateNulls {
		return engine.WithNulls{Doc: d}, nil
	}
	return d, nil
}

func (x *exchange) newDoc(ctx context.Context, dt string, o *document.Object) (*document.Document, error) {
	d, err := x.c.NewDoc(ctx, dt)
	if err != nil {
		return nil, err
	}
	o.Delete("doctype")
	o.Delete("__islocal")
	return d, x.c.UpdateDoc(ctx, d, o)
}

// updateV1 changes and saves a document. Source: frappe/api/v1.py update_doc.
func updateV1(x *exchange, ctx context.Context) (any, error) {
	o, err := x.payload()
	if err != nil {
		return nil, err
	}
	return x.update(ctx, o)
}

func (x *exchange) update(ctx context.Context, o *document.Object) (*document.Document, error) {
	d, err := x.c.GetForUpdate(ctx, x.target.doctype, x.target.name)
	if err != nil {
		return nil, err
	}
	if err := x.checkMatch(ctx, d); err != nil {
		return nil, err
	}
	o.Delete("flags")
	if err := x.c.UpdateDoc(ctx, d, o); err != nil {
		return nil, err
	}
	if err := x.c.Save(ctx, d); err != nil {
		return nil, err
	}
	if pt := d.Text("parenttype"); pt != "" && d.Type.IsTable {
		parent, err := x.c.Get(ctx, pt, d.Text("parent"))
		if err != nil {
			return nil, err
		}
		return d, x.c.Save(ctx, parent)
	}
	x.showTag(d)
	return d, nil
}

// deleteV1 removes a document. Source: frappe/api/v1.py delete_doc.
func deleteV1(x *exchange, ctx context.Context) (any, error) {
	if err := x.precondition(ctx); err != nil {
		return nil, err
	}
	if err := x.c.Delete(ctx, x.target.doctype, x.target.name); err != nil {
		return nil, err
	}
	x.key, x.c.Response.Status = x.p.DeleteKey, http.StatusAccepted
	return "ok", nil
}
