// Package client owns frappe.client.*, the methods that packaged client libraries
// call: reading, writing, renaming and counting documents. Start with Register.
package client

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Register adds the methods. Source: frappe/client.py.
func Register(r *method.Registry) {
	writes := []string{"POST", "PUT"}
	name := func(s string) string { return "frappe.client." + s }
	r.Add(
		method.Method{Name: name("get_list"), Params: listParams(), Fn: getList},
		method.Method{Name: name("get_count"), Params: []method.Param{arg.Req("doctype", method.Any), arg.Opt("filters", method.Any, nil),
			arg.Opt("debug", method.Any, false), arg.Opt("cache", method.Any, false)}, Fn: getCount},
		method.Method{Name: name("get"), Params: []method.Param{arg.Req("doctype", method.Any), arg.Opt("name", method.Any, nil),
			arg.Opt("filters", method.Any, nil), arg.Opt("parent", method.Any, nil)}, Fn: get},
		method.Method{Name: name("get_value"), Params: []method.Param{arg.Req("doctype", method.Any), arg.Req("fieldname", method.Any),
			arg.Opt("filters", method.Any, nil), arg.Opt("as_dict", method.Any, true), arg.Opt("debug", method.Any, false), arg.Opt("parent", method.Any, nil)}, Fn: getValue},
		method.Method{Name: name("get_single_value"), Params: arg.Any("doctype", "field"), Fn: getSingleValue},
		method.Method{Name: name("set_value"), Verbs: writes, Params: append(arg.Any("doctype", "name", "fieldname"), arg.Opt("value", method.Any, nil)), Fn: setValue},
		method.Method{Name: name("insert"), Verbs: writes, Params: []method.Param{arg.Opt("doc", method.Any, nil)}, Fn: insert},
		method.Method{Name: name("insert_many"), Verbs: writes, Params: []method.Param{arg.Opt("docs", method.Any, nil)}, Fn: insertMany},
		method.Method{Name: name("save"), Verbs: writes, Params: arg.Any("doc"), Fn: save},
		method.Method{Name: name("submit"), Verbs: writes, Params: arg.Any("doc"), Fn: submit},
		method.Method{Name: name("cancel"), Verbs: writes, Params: arg.Any("doctype", "name"), Fn: cancel},
		method.Method{Name: name("rename_doc"), Verbs: writes, Params: append(arg.Any("doctype", "old_name", "new_name"), arg.Opt("merge", method.Any, false)), Fn: rename},
		method.Method{Name: name("delete"), Verbs: []string{"DELETE", "POST"}, Params: arg.Any("doctype", "name"), Fn: remove},
		method.Method{Name: name("bulk_update"), Verbs: writes, Params: arg.Any("docs"), Fn: bulkUpdate},
		method.Method{Name: name("has_permission"), Params: append(arg.Any("doctype", "docname"), arg.Opt("perm_type", method.Any, "read")), Fn: hasPermission},
		method.Method{Name: name("get_doc_permissions"), Params: arg.Any("doctype", "docname"), Fn: docPermissions},
		method.Method{Name: name("get_password"), Params: arg.Any("doctype", "name", "fieldname"), Fn: getPassword},
		method.Method{Name: name("get_time_zone"), Guest: true, Fn: timeZone},
		method.Method{Name: name("is_document_amended"), Params: arg.Any("doctype", "docname"), Fn: isAmended},
		method.Method{Name: name("validate_link"), In: func(p *compat.Profile) bool { return !quirk.Of(p).ValidateLinkGone }, Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("docname", method.Str), arg.Opt("fields", method.Any, nil)}, Fn: validateLink},
		method.Method{Name: name("validate_link_and_fetch"), In: func(p *compat.Profile) bool { return quirk.Of(p).ValidateLinkAndFetch }, Rest: true,
			Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("docname", method.Str), arg.Opt("fields_to_fetch", method.Any, nil),
				arg.Opt("query", method.Any, nil), arg.Opt("filters", method.Any, nil)}, Fn: validateLinkAndFetch},
		method.Method{Name: name("get_js"), Params: arg.Any("items"), Fn: getJS},
	)
	registerBulk(r)
	r.Private(name("insert_doc"), name("delete_doc"), name("check_parent_permission"))
}

// insertOne inserts a document; a child row is appended to its parent, which is saved
// and answered. Source: client.py insert_doc.
func insertOne(ctx context.Context, c *engine.Call, v document.Value) (*document.Document, error) {
	o, err := arg.Object(v)
	if err != nil {
		return nil, err
	}
	dt := o.Str("doctype")
	isTable, err := core.IsTable(ctx, c, dt)
	if err != nil {
		return nil, err
	}
	if !isTable {
		if dt == "" {
			return nil, exc.ValueErr.New(`"doctype" is a required key`)
		}
		d, err := c.FromObject(ctx, o)
		if err != nil {
			return nil, err
		}
		return d, c.Insert(ctx, d)
	}
	if !o.Get("parenttype").Truthy() || !o.Get("parent").Truthy() || !o.Get("parentfield").Truthy() {
		return nil, exc.Validation.Throw("Parenttype, Parent and Parentfield are required to insert a child record")
	}
	parent, err := c.GetForUpdate(ctx, o.PropText("parenttype"), o.PropText("parent"))
	if err != nil {
		return nil, err
	}
	row, err := parent.AppendRow(o.PropText("parentfield"), resolver(ctx, c))
	if err != nil {
		return nil, exc.AttributeErr.Wrap(err, "no table "+o.PropText("parentfield")+" in "+parent.Type.Name)
	}
	if err := c.UpdateDoc(ctx, row, o); err != nil {
		return nil, err
	}
	row.New = row.Name() == "" || row.New && o.Get("__islocal").Truthy()
	return parent, c.Save(ctx, parent)
}

func insert(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := insertOne(ctx, c, a.Get("doc"))
	return engine.WithNulls{Doc: d}, err
}

// maxInserts is how many documents one call may insert.
const maxInserts = 200

func insertMany(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	docs, err := arg.Loads(a.Get("docs"))
	if err != nil {
		return nil, err
	}
	if len(docs.List()) > maxInserts {
		return nil, exc.Validation.Throw("Only 200 inserts allowed in one request")
	}
	names := []document.Value{}
	for _, v := range docs.List() {
		d, err := insertOne(ctx, c, v)
		if err != nil {
			return nil, err
		}
		names = append(names, d.NameValue())
	}
	return document.ListOf(names...), nil
}

func whole(ctx context.Context, c *engine.Call, v document.Value) (*document.Document, error) {
	o, err := arg.Object(v)
	if err != nil {
		return nil, err
	}
	return core.Whole(ctx, c, o)
}

func save(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := whole(ctx, c, a.Get("doc"))
	if err != nil {
		return nil, err
	}
	return engine.WithNulls{Doc: d}, c.Save(ctx, d)
}

func submit(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := whole(ctx, c, a.Get("doc"))
	if err != nil {
		return nil, err
	}
	return engine.WithNulls{Doc: d}, c.Submit(ctx, d)
}

func cancel(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.GetForUpdate(ctx, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	return engine.WithNulls{Doc: d}, c.Cancel(ctx, d)
}

func rename(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if _, err := c.Get(ctx, a.Text("doctype"), a.Text("old_name")); err != nil {
		return nil, err
	}
	name, err := c.Rename(ctx, a.Text("doctype"), a.Text("old_name"), a.Text("new_name"), engine.RenameOptions{Merge: a.Bool("merge")})
	if err != nil {
		return nil, err
	}
	return name, nil
}

// remove deletes a document; a child row goes through its parent.
// Source: client.py delete, delete_doc.
func remove(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, name := a.Text("doctype"), a.Text("name")
	isTable, err := core.IsTable(ctx, c, dt)
	if err != nil {
		return nil, err
	}
	if isTable {
		if _, there, err := c.Exists(ctx, dt, name); err != nil || !there {
			if err != nil {
				return nil, err
			}
			return nil, exc.DoesNotExist.New("").About(dt, name)
		}
	}
	return nil, c.DeleteOrDetach(ctx, dt, name)
}

// standardFields cannot be set by set_value.
// Source: frappe/model/__init__.py default_fields, child_table_fields.
var standardFields = map[string]bool{"doctype": true, "name": true, "owner": true, "creation": true, "modified": true, "modified_by": true,
	"docstatus": true, "idx": true, "parent": true, "parentfield": true, "parenttype": true}

// valuesToSet are the values of set_value: one field's, or an object's.
func valuesToSet(a method.Args) (*document.Object, error) {
	field, value := a.Get("fieldname"), a.Get("value")
	if standardFields[field.Str()] {
		return nil, exc.Validation.Throw("Cannot edit standard fields")
	}
	if value.Truthy() {
		return document.NewObject(document.ToText(field), value), nil
	}
	if field.Kind() == document.String {
		v, err := document.ParseJSON(field.Str())
		if err != nil {
			// Frappe: a false value sets the empty text.
			return document.NewObject(field.Str(), ""), nil
		}
		field = v
	}
	if o := field.Map(); o != nil {
		return o, nil
	}
	return nil, exc.ValueErr.New("fieldname must be a name or an object")
}

// setValue changes fields of a stored document and saves it; of a child row, it saves
// the parent. Source: client.py set_value.
func setValue(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	values, err := valuesToSet(a)
	if err != nil {
		return nil, err
	}
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	var d, target *document.Document
	if dt.IsTable {
		d, target, err = parentAndRow(ctx, c, dt.Name, a.Text("name"))
	} else {
		d, err = c.GetForUpdate(ctx, dt.Name, a.Text("name"))
		target = d
	}
	if err != nil {
		return nil, err
	}
	if quirk.Of(c.Profile).StandardFieldsClosed && c.Site.Config().Str("permlevel_mode") != "compat" {
		if err := standardUnchanged(target, values); err != nil {
			return nil, err
		}
	}
	if err := c.UpdateDoc(ctx, target, values); err != nil {
		return nil, err
	}
	return engine.WithNulls{Doc: d}, c.Save(ctx, d)
}

// standardUnchanged refuses standard fields that are not what is stored. Clients send whole
// documents back (frappe-ui's save); modified is the save's to compare.
// Source: client.py set_value (after 16.31).
func standardUnchanged(d *document.Document, values *document.Object) error {
	for _, k := range values.Keys() {
		if !standardFields[k] || k == "modified" {
			continue
		}
		was := d.Get(k)
		if k == "doctype" {
			was = document.Text(d.Type.Name)
		}
		if sent := values.Get(k); document.ShowDatetime(document.ToText(sent)) != document.ShowDatetime(document.ToText(was)) {
			return exc.Validation.Throw("Cannot edit standard fields")
		}
	}
	return nil
}

// parentAndRow loads the parent of a child row and finds the row in it.
func parentAndRow(ctx context.Context, c *engine.Call, dt, name string) (parent, row *document.Document, err error) {
	stored, err := c.Get(ctx, dt, name)
	if err != nil {
		return nil, nil, err
	}
	parent, err = c.GetForUpdate(ctx, stored.Text("parenttype"), stored.Text("parent"))
	if err != nil {
		return nil, nil, err
	}
	for _, r := range parent.Rows(stored.Text("parentfield")) {
		if r.Name() == stored.Name() {
			return parent, r, nil
		}
	}
	return nil, nil, exc.DoesNotExist.Throwf("%s %s not found", dt, name).About(dt, name)
}

// bulkUpdate updates documents one by one; failures are collected, not raised.
// Source: client.py bulk_update.
func bulkUpdate(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if a.Get("docs").Kind() != document.String {
		return nil, exc.TypeErr.New("the JSON object must be str, bytes or bytearray, not list")
	}
	docs, err := arg.Loads(a.Get("docs"))
	if err != nil {
		return nil, err
	}
	failed := []document.Value{}
	for _, v := range docs.List() {
		o, err := arg.Object(v)
		if err != nil {
			return nil, err
		}
		o.Delete("flags")
		err = core.Isolated(ctx, c, o.PropText("doctype"), func() error {
			d, err := c.GetForUpdate(ctx, o.PropText("doctype"), o.PropText("docname"))
			if err != nil {
				return err
			}
			if err := c.UpdateDoc(ctx, d, o); err != nil {
				return err
			}
			return c.Save(ctx, d)
		})
		if err != nil {
			core.Catch(c, err)
			failed = append(failed, document.MapOf(document.NewObject("doc", o, "exc", core.Traceback(err))))
		}
	}
	return document.NewObject("failed_docs", document.ListOf(failed...)), nil
}
