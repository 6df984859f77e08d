package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/method"
)

// docRight is the right that calling a document method needs, by verb.
func docRight(verb string) doctype.Right {
	if verb == http.MethodGet || verb == http.MethodHead {
		return doctype.Read
	}
	return doctype.Write
}

// checkDocMethod refuses names that are no whitelisted method of documents. missing
// is the error for a name that does not exist at all.
// Source: frappe/model/document.py is_whitelisted.
func (x *exchange) checkDocMethod(dt, name string, missing error) error {
	ok, exists := x.c.IsDocMethod(dt, name)
	switch {
	case ok:
		return nil
	case exists:
		return method.NotWhitelisted("frappe.model.document."+name, x.p.GuestSummaryLogin)
	}
	return missing
}

func noSuchMethod(name string) error {
	return htmlError(exc.HTTP404, "Method "+name+" not found")
}

// checkDocRight checks a right for a document method. In v1 of v14 and v15 a refusal
// says "Not permitted" after the log of why.
func (x *exchange) checkDocRight(ctx context.Context, d *document.Document, right doctype.Right) error {
	err := x.c.CheckPermission(ctx, d, right)
	if err != nil && x.p.DocMethodNotPermitted && !x.c.Request.V2 && exc.Is(err, exc.Permission) {
		return exc.Permission.Throw("Not permitted")
	}
	return err
}

// runMethodV1 calls a document method by run_method: the rest of the arguments is
// passed as it is. Source: frappe/api/v1.py execute_doc_method, run_doc_method.
func runMethodV1(x *exchange, ctx context.Context) (any, error) {
	v := x.c.Form.Get("run_method")
	if v.Kind() == document.Missing {
		return nil, exc.KeyErr.New("'run_method'")
	}
	x.nulls = x.p.RESTNullData
	x.c.Form.Delete("run_method")
	return x.runMethod(ctx, x.target.doctype, x.target.name, v.Str())
}

func (x *exchange) runMethod(ctx context.Context, dt, name, fn string) (any, error) {
	d, err := x.document(ctx, dt, name)
	if err != nil {
		return nil, err
	}
	if err := x.checkDocMethod(d.Type.Name, fn, noSuchMethod(fn)); err != nil {
		return nil, err
	}
	if err := x.checkDocRight(ctx, d, docRight(x.verb)); err != nil {
		return nil, err
	}
	if err := checkDocArgs(fn, x.c.Form); err != nil {
		return nil, err
	}
	result, err := x.c.RunDocMethod(ctx, d, fn, x.c.Form)
	if err != nil {
		return nil, err
	}
	if x.unsafe() {
		x.showTag(d)
	}
	if x.c.Request.V2 && x.p.V2DocsInMethods {
		err = x.addDoc(ctx, d, false)
	}
	return result, err
}

// runMethodV2 is the same under /document/DT/name/method/fn.
// Source: frappe/api/v2.py execute_doc_method.
func runMethodV2(x *exchange, ctx context.Context) (any, error) {
	if x.verb == http.MethodHead {
		return nil, exc.KeyErr.New("'HEAD'") // Frappe: the table of rights by verb lacks it
	}
	return x.runMethod(ctx, x.target.doctype, x.target.name, x.target.method)
}

// runDocMethodV1 runs a method of a stored document (dt, dn) or of one that was sent
// (docs). Source: frappe/handler.py run_doc_method.
func runDocMethodV1(x *exchange, ctx context.Context) (any, error) {
	f := x.c.Form
	fn := f.Get("method")
	if fn.Kind() == document.Missing {
		return nil, exc.TypeErr.New("run_doc_method() missing 1 required positional argument: 'method'")
	}
	d, stored, latest, err := x.docOfCall(ctx, f)
	if err != nil {
		return nil, err
	}
	if stored == d && latest != nil { // nothing is stored that the right could be asked of
		return nil, latest
	}
	if err := x.checkDocRight(ctx, stored, doctype.Read); err != nil {
		return nil, err
	}
	if latest != nil {
		return nil, latest
	}
	name := fn.Str()
	missing := exc.AttributeErr.Errorf("'Document' object has no attribute '%s'", name)
	if err := x.checkDocMethod(d.Type.Name, name, missing); err != nil {
		return nil, err
	}
	if err := method.CheckVerb(x.c.DocMethodVerbs(d.Type.Name, name), x.verb); err != nil {
		return nil, err
	}
	given := f.Get("args")
	if !given.Truthy() {
		given = f.Get("arg")
	}
	args := method.ParseJSON(given).Map()
	if args == nil {
		args = &document.Object{}
		if given.Truthy() {
			args.Set("args", given)
		}
	}
	if err := checkDocArgs(name, args); err != nil {
		return nil, err
	}
	result, err := x.c.RunDocMethod(ctx, d, name, args)
	if err != nil {
		return nil, err
	}
	return result, x.addDoc(ctx, d, true)
}

// docOfCall is the document that a method is called of, the stored one that the caller's
// rights are asked of, and what checkLatest says.
func (x *exchange) docOfCall(ctx context.Context, f *document.Object) (d, stored *document.Document, latest, err error) {
	if dt := f.Str("dt"); dt != "" {
		dn := document.ToText(f.Get("dn"))
		if dn == "" {
			dn = dt // a Single
		}
		d, err = x.document(ctx, dt, dn)
		return d, d, nil, err
	}
	o := method.ParseJSON(f.Get("docs")).Map()
	if o == nil {
		return nil, nil, nil, exc.ValueErr.New("First non keyword argument must be a string or dict")
	}
	if d, err = x.c.FromObject(ctx, o); err != nil {
		return nil, nil, nil, err
	}
	stored, latest, err = x.sent(ctx, d)
	return d, stored, latest, err
}

// sent is engine.Call.Sent, and latest what checkLatest says of the document as it was
// sent.
func (x *exchange) sent(ctx context.Context, d *document.Document) (stored *document.Document, latest, err error) {
	claimed := d.New
	stored, err = x.c.Sent(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	if stored == d {
		return d, x.missing(d, claimed), nil
	}
	return stored, x.checkLatest(d, stored), nil
}

// missing is what calling a method of a document that is not stored answers: nothing
// for a new one and for a Single.
func (x *exchange) missing(d *document.Document, claimed bool) error {
	switch {
	case d.Type.IsSingle || claimed && d.Name() != "":
		return nil
	case d.Name() == "":
		return exc.DoesNotExist.Throwf("%s None not found", d.Type.Name).About(d.Type.Name, "")
	}
	return exc.DoesNotExist.Throwf("%s %s not found", d.Type.Name, d.Name()).About(d.Type.Name, d.Name())
}

// runDocMethodV2 runs a method of a document that was sent. Unknown arguments are
// dropped. Source: frappe/api/v2.py run_doc_method.
func runDocMethodV2(x *exchange, ctx context.Context) (any, error) {
	f := x.c.Form
	fn := f.Get("method")
	sent := method.ParseJSON(f.Get("document")).Map()
	if fn.Kind() == document.Missing || sent == nil {
		return nil, exc.TypeErr.New("run_doc_method() missing 1 required positional argument: 'method'")
	}
	d, err := x.c.FromObject(ctx, sent)
	if err != nil {
		return nil, err
	}
	stored, latest, err := x.sent(ctx, d)
	if err != nil {
		return nil, err
	}
	checks := []func() error{
		func() error { return latest },
		func() error { return x.c.CheckPermission(ctx, stored, docRight(x.verb)) },
	}
	// Who may not read what is stored is not told when it was changed.
	if x.p.DocMethodChecksRightFirst || stored != d {
		checks[0], checks[1] = checks[1], checks[0]
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return nil, err
		}
	}
	name := fn.Str()
	if err := x.checkDocMethod(d.Type.Name, name, exc.AttributeErr.Errorf("'Document' object has no attribute '%s'", name)); err != nil {
		return nil, err
	}
	if err := method.CheckVerb(x.c.DocMethodVerbs(d.Type.Name, name), x.verb); err != nil {
		return nil, err
	}
	args := method.ParseJSON(f.Get("kwargs")).Map()
	if args == nil {
		args = &document.Object{}
	}
	result, err := x.c.RunDocMethod(ctx, d, name, knownDocArgs(name, args))
	if err != nil {
		return nil, err
	}
	return result, x.addDoc(ctx, d, true)
}

// checkLatest refuses a sent document that is not what is stored now.
// Source: frappe/model/document.py check_if_latest.
func (x *exchange) checkLatest(d, stored *document.Document) error {
	if d.Type.IsSingle {
		return nil
	}
	have, want := document.ShowDatetime(stored.Text("modified")), document.ShowDatetime(d.Text("modified"))
	if have == want {
		return nil
	}
	subject := "Document"
	if x.p.TimestampNamesDocument {
		subject = fmt.Sprintf("%s (%s)", d.Name(), d.Type.Name)
	}
	return exc.TimestampMismatch.Throwf("Error: %s has been modified after you have opened it (%s, %s). Please refresh to get the latest document.",
		subject, have, want)
}

// docParams are the parameters of the document methods that every DocType has.
// Source: frappe/model/document.py.
func docParams(name string) (params []string, known bool) {
	switch name {
	case "submit", "cancel", "discard", "_submit", "_cancel":
		return nil, true
	case "rename", "_rename":
		return []string{"name", "merge", "force", "validate_rename"}, true
	case "add_comment":
		return []string{"comment_type", "text", "comment_email", "comment_by"}, true
	}
	return nil, false
}

// checkDocArgs refuses arguments that a document method does not take, as Python
// refuses unknown keywords.
func checkDocArgs(name string, args *document.Object) error {
	params, known := docParams(name)
	if !known {
		return nil
	}
	for _, k := range args.Keys() {
		if !slices.Contains(params, k) {
			return exc.TypeErr.Errorf("Document.%s() got an unexpected keyword argument '%s'", name, k)
		}
	}
	return nil
}

// knownDocArgs drops the arguments that a document method does not take.
func knownDocArgs(name string, args *document.Object) *document.Object {
	params, known := docParams(name)
	if !known {
		return args
	}
	out := &document.Object{}
	for _, p := range params {
		if v := args.Get(p); v.Kind() != document.Missing {
			out.Set(p, v)
		}
	}
	return out
}
