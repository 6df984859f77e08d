package client

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/desk"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

func resolver(ctx context.Context, c *engine.Call) document.Resolver {
	return func(name string) (*doctype.DocType, error) { return c.DocType(ctx, name) }
}

func listParams() []method.Param {
	return []method.Param{arg.Req("doctype", method.Any), arg.Opt("fields", method.Any, nil), arg.Opt("filters", method.Any, nil),
		arg.Opt("group_by", method.Any, nil), arg.Opt("order_by", method.Any, nil), arg.Opt("limit_start", method.Any, nil),
		arg.Opt("limit_page_length", method.Any, 20), arg.Opt("parent", method.Any, nil), arg.Opt("debug", method.Bool, false),
		arg.Opt("as_dict", method.Bool, true), arg.Opt("or_filters", method.Any, nil),
		arg.Opt("expand", method.Any, nil)}
}

// Page returns upstream's page: an empty or unreadable length is none, and then the
// start does not count. Source: frappe/model/db_query.py add_limit.
func Page(start, length document.Value) (from, limit int64) {
	limit = document.Cint(length)
	if !length.Truthy() || limit == 0 {
		return 0, -1
	}
	if limit < 0 {
		return 0, -2 // refused: SQL has no negative page
	}
	return document.Cint(start), limit
}

func getList(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	from, limit := Page(a.Get("limit_start"), a.Get("limit_page_length"))
	l := engine.Listing{Last: true}
	if c.Profile.Expand {
		l.Expand = arg.Strings(a.Get("expand"))
	}
	res, err := c.StreamBy(ctx, c.Rules, query.Request{DocType: dt, Fields: a.Get("fields"), Filters: a.Get("filters"), OrFilters: a.Get("or_filters"),
		GroupBy: a.Text("group_by"), OrderBy: a.Get("order_by"), Start: from, Limit: limit, Parent: a.Text("parent"), AsList: !a.Get("as_dict").Truthy(), FromRequest: true},
		l)
	if err != nil {
		return nil, err
	}
	return engine.JSON(res.JSON), nil
}

// getCount counts the rows that the user may see. Frappe: before v16 no permission is
// checked here, which tells every field of every document, letter by letter. In v16 it is
// reportview's count, which gets the request's other arguments too. 16.4 fails where it
// does not know one of them, its own argument cache included; such ones are ignored here.
// Source: client.py get_count, frappe/database/database.py count.
func getCount(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if c.Profile.CountChecksPermission {
		form := desk.Known(c.Form)
		form.Set("doctype", a.Get("doctype"))
		form.Set("filters", query.SafeFilters(a.Get("filters")))
		form.Set("debug", a.Get("debug"))
		return desk.Count(ctx, c, form)
	}
	name := a.Text("doctype")
	dt, err := c.DocType(ctx, name)
	if exc.Is(err, exc.DoesNotExist) {
		return nil, exc.Programming.New(`(1146, "Table 'tab` + name + `' doesn't exist")`)
	}
	if err != nil {
		return nil, err
	}
	r := query.Request{DocType: dt, Filters: method.ParseJSON(a.Get("filters")), Limit: -1, Count: query.CountRows, IgnorePermissions: asUpstream(c)}
	rules := c.Profile.CountRules
	if c.Limits != nil {
		r.IgnorePermissions, r.FromRequest, rules = false, true, c.Rules
	}
	return c.Count(ctx, rules, r)
}

// asUpstream reports that a document is looked for past the user's rights: only in compat
// mode, and never for a limited key.
func asUpstream(c *engine.Call) bool { return c.UpstreamReads() && c.Limits == nil }

// get reads a document by name, by filters, or a Single. Source: client.py get.
func get(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt := a.Text("doctype")
	isTable, err := core.IsTable(ctx, c, dt)
	if err != nil {
		return nil, err
	}
	if isTable && !c.Profile.ChildByItself {
		if err := core.CheckParent(ctx, c, a.Text("parent"), dt); err != nil {
			return nil, err
		}
	}
	name := a.Text("name")
	if name == "" && !a.Get("filters").IsNull() {
		if name, err = firstName(ctx, c, dt, method.ParseJSON(a.Get("filters"))); err != nil {
			return nil, err
		}
	}
	d, err := c.Get(ctx, dt, name)
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	return engine.WithNulls{Doc: d}, c.StripUnreadable(ctx, d)
}

// firstName is the newest document that fulfils filters.
func firstName(ctx context.Context, c *engine.Call, dtName string, filters document.Value) (string, error) {
	if filters.Kind() == document.String {
		return filters.Str(), nil
	}
	dt, err := c.Controller(ctx, dtName)
	if err != nil {
		return "", err
	}
	if dt.IsSingle {
		return dt.Name, nil
	}
	if !filters.Truthy() && filters.Kind() != document.Map {
		text := document.Repr(filters) // an empty list or null asks for nothing
		return "", exc.DoesNotExist.Throwf("%s %s not found", dtName, text).About(dtName, text)
	}
	order := "modified desc"
	if c.Profile.SortDefault == "creation" {
		order = "creation desc"
	}
	res, err := c.ListBy(ctx, c.Profile.CountRules, query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Filters: filters, OrderBy: document.Text(order),
		Limit: 1, AsList: true, IgnorePermissions: asUpstream(c)})
	if err != nil {
		return "", err
	}
	if row := firstRow(res); len(row) > 0 {
		return document.ToText(row[0]), nil
	}
	text := document.Repr(filters)
	return "", exc.DoesNotExist.Throwf("%s %s not found", dtName, text).About(dtName, text)
}

// firstRow reads the first array row of a list.
func firstRow(res engine.ListResult) []document.Value {
	v, err := document.ParseJSON(string(res.JSON))
	if err != nil || len(v.List()) == 0 {
		return nil
	}
	return v.List()[0].List()
}

// getValue reads fields of the first document that fulfils filters and that the user
// may see. Source: client.py get_value.
func getValue(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	if dt.IsTable {
		err = core.CheckParent(ctx, c, a.Text("parent"), dt.Name)
	} else {
		err = mayRead(ctx, c, dt.Name)
	}
	if err != nil {
		return nil, err
	}
	filters := method.ParseJSON(a.Get("filters"))
	if filters.IsNumber() {
		filters = document.Text(document.ToText(filters))
	}
	if filters.Kind() == document.String && (filters.Str() != "" || !dt.IsSingle) {
		filters = document.MapOf(document.NewObject("name", filters))
	}
	if !filters.Truthy() {
		filters = document.NullValue
	}
	fields := method.ParseJSON(a.Get("fieldname"))
	if fields.Kind() != document.List {
		fields = document.ListOf(a.Get("fieldname"))
	}
	asDict := a.Get("as_dict").Truthy()
	if dt.IsSingle {
		return singleValues(ctx, c, dt, fields.List(), filters, asDict)
	}
	rowsAsDict := asDict
	if !quirk.Of(c.Profile).AsDictTextTrue {
		rowsAsDict = a.Bool("as_dict") // the inner get_list coerces what this one only tests
	}
	res, err := c.List(ctx, query.Request{DocType: dt, Fields: fields, Filters: filters, OrderBy: document.NullValue, Limit: 1, Parent: a.Text("parent"),
		AsList: !rowsAsDict, FromRequest: true})
	if err != nil {
		return nil, err
	}
	return oneRow(res, asDict, len(fields.List()) > 1), nil
}

// oneRow is the answer of get_value: the row, or its only value.
func oneRow(res engine.ListResult, asDict, several bool) any {
	if res.N == 0 {
		if asDict {
			return &document.Object{}
		}
		return nil
	}
	if asDict || several {
		return engine.JSON(res.JSON[1 : len(res.JSON)-1])
	}
	if row := firstRow(res); len(row) > 0 {
		return row[0]
	}
	return nil
}

func mayRead(ctx context.Context, c *engine.Call, dt string) error {
	ok, err := c.HasPermission(ctx, dt, doctype.Read, nil)
	if err != nil || ok {
		return err
	}
	return exc.Permission.Throwf("No permission for %s", dt)
}

// singleValues reads fields of a Single as they are stored.
// Source: frappe/database/database.py get_values_from_single.
func singleValues(ctx context.Context, c *engine.Call, dt *doctype.DocType, fields []document.Value, filters document.Value, asDict bool) (any, error) {
	d, found, err := c.Tx.LoadSingle(ctx, dt)
	if err != nil {
		return nil, err
	}
	cast := quirk.Of(c.Profile).SingleValuesCast
	value := func(name string) document.Value {
		v := d.Get(name)
		if !cast && !v.IsNull() {
			return document.Text(document.ToText(v))
		}
		return v
	}
	if d, err = c.Answer(ctx, d); err != nil {
		return nil, err
	}
	matches := found
	if o := filters.Map(); o != nil {
		for _, k := range o.Keys() {
			if ok, err := c.ReadsField(ctx, dt, k); err != nil {
				return nil, err
			} else if !ok {
				matches = false
			}
			if document.ToText(d.Get(k)) != document.ToText(o.Get(k)) {
				matches = false
			}
		}
	}
	out, row := &document.Object{}, []document.Value{}
	for _, f := range fields {
		if dt.Column(f.Str()) == nil || !matches {
			continue
		}
		out.Set(f.Str(), value(f.Str()))
		row = append(row, value(f.Str()))
	}
	switch {
	case asDict:
		return out, nil
	case len(row) == 0:
		return nil, nil
	case len(fields) > 1:
		return document.ListOf(row...), nil
	}
	return row[0], nil
}

func getSingleValue(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	if err := mayRead(ctx, c, dt.Name); err != nil {
		return nil, err
	}
	field := a.Text("field")
	if ok, err := c.ReadsField(ctx, dt, field); err != nil {
		return nil, err
	} else if !ok {
		return nil, exc.Permission.Throwf("You do not have permission to access field: %s", engine.Bold(dt.Name+"."+field))
	}
	if dt.Column(field) == nil {
		if quirk.Of(c.Profile).InvalidColumnForSingle {
			return nil, exc.InvalidColumnName.Throwf("Invalid field name: %s", engine.Bold(field))
		}
		return nil, exc.Validation.Throwf("Field %s does not exist on %s", engine.Bold(field), engine.Bold(dt.Name))
	}
	v, err := c.Value(ctx, dt.Name, dt.Name, field)
	if err != nil {
		return nil, err
	}
	return document.Normal(dt.Column(field), v, false), nil
}

func hasPermission(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	answer := func(ok bool) any { return document.NewObject("has_permission", ok) }
	dt := a.Text("doctype")
	var d *document.Document
	if name := a.Text("docname"); name != "" {
		var err error
		if d, err = askable(ctx, c, dt, name); err != nil {
			return nil, err
		}
		if d == nil {
			return answer(false), refusedUnseen(ctx, c, dt)
		}
	}
	right, known := doctype.ParseRight(strings.ToLower(a.Text("perm_type")))
	if !known {
		return answer(c.User == "Administrator"), nil
	}
	ok, err := c.HasPermission(ctx, dt, right, d)
	if err == nil && !ok && d != nil {
		err = c.NoteRefusal(ctx, d.Type)
	}
	if err != nil {
		return nil, err
	}
	return answer(ok), nil
}

// refusedUnseen notes of a document that is not there what is noted of a hidden one.
func refusedUnseen(ctx context.Context, c *engine.Call, name string) error {
	dt, err := c.DocType(ctx, name)
	if err != nil {
		return err
	}
	return c.NoteRefusal(ctx, dt)
}

// askable loads a document to tell rights on it, nil where the user may not know whether
// there is one: a hidden document and a missing one answer alike.
func askable(ctx context.Context, c *engine.Call, dt, name string) (*document.Document, error) {
	if all, err := c.SeesAll(ctx, dt); err != nil && !exc.Is(err, exc.DoesNotExist) {
		return nil, err
	} else if all || err != nil {
		return c.Get(ctx, dt, name)
	}
	d, err := c.Get(ctx, dt, name)
	if exc.Is(err, exc.DoesNotExist) {
		return nil, nil
	}
	return d, err
}

func docPermissions(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.GetVisible(ctx, a.Text("doctype"), a.Text("docname"))
	if err != nil {
		return nil, err
	}
	rights, err := core.DocumentRights(ctx, c, d)
	if err != nil {
		return nil, err
	}
	return document.NewObject("permissions", rights), nil
}

func getPassword(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if err := c.OnlyFor(ctx, "System Manager"); err != nil {
		return nil, err
	}
	d, err := c.Get(ctx, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	field := a.Text("fieldname")
	if v := d.Text(field); v != "" && strings.Trim(v, "*") != "" {
		return v, nil // Frappe: what does not look masked is taken for the secret itself
	}
	plain, ok, err := c.GetPassword(ctx, d.Type.Name, d.Name(), field)
	if err != nil {
		return nil, err
	}
	if !ok {
		class := exc.Authentication
		if quirk.Of(c.Profile).PasswordMissingInvalid {
			class = exc.Validation
		}
		return nil, class.Throwf("Password not found for %s %s %s", d.Type.Name, d.Name(), field)
	}
	return plain, nil
}

func timeZone(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	zone, err := core.TimeZone(ctx, c)
	if err != nil {
		return nil, err
	}
	return document.NewObject("time_zone", zone), nil
}

// isAmended names the document that amends another.
func isAmended(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if quirk.Of(c.Profile).CachedAnswers {
		c.Response.Header = append(c.Response.Header, [2]string{"Cache-Control", "private,max-age=600"})
	}
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	ok, err := c.HasPermission(ctx, dt.Name, doctype.Read, nil)
	if err != nil {
		return nil, err
	}
	if !ok || dt.Column("amended_from") == nil {
		return false, nil
	}
	r := query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Limit: 1, OrderBy: document.NullValue, IgnorePermissions: asUpstream(c),
		Filters: document.MapOf(document.NewObject("amended_from", a.Text("docname")))}
	rows, err := c.VisibleRows(ctx, r)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].Get("name"), nil
}

// validateLink tells the stored spelling of a link, and fields of what it links.
// Source: client.py validate_link.
func validateLink(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if a.Get("doctype").Kind() != document.String {
		return nil, exc.Validation.Throw("DocType must be a string")
	}
	if a.Get("docname").Kind() != document.String {
		return nil, exc.Validation.Throw("Document Name must be a string")
	}
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	if dt.Name != "DocType" && !dt.IsTable {
		ok, err := c.CanList(ctx, dt)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, exc.Permission.Throwf("You do not have Read or Select Permissions for %s", engine.Bold(dt.Name))
		}
	}
	out := document.NewObject("name", nil)
	exists := c.VisibleByLink
	if dt.Name == "DocType" {
		exists = c.Exists
	}
	name, there, err := exists(ctx, dt.Name, a.Text("docname"))
	if err != nil || !there {
		return out, err
	}
	out.Set("name", document.Text(name))
	fields := method.ParseJSON(a.Get("fields"))
	if !fields.Truthy() {
		return out, nil
	}
	return out, fetch(ctx, c, dt.Name, name, fields, out)
}
