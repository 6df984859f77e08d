package client

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// maxBulk is how many documents one bulk request may name.
const maxBulk = 500

// registerBulk adds the bulk methods of upstream's next release (frappe/api/v2.py
// bulk_delete, bulk_update), which answer here in every release (docs/beyond.md). Each
// document is changed by itself: what fails is told, and undone alone. Upstream hands
// more than 20 documents to a job and answers 202; here they are done at once.
func registerBulk(r *method.Registry) {
	post := []string{"POST"}
	r.Add(
		method.Method{Name: "freddo.bulk.delete", Verbs: post, Params: []method.Param{arg.Opt("doctype", method.Str|method.None, nil), arg.Opt("names", method.Any, nil),
			arg.Opt("docs", method.Any, nil)}, Fn: bulkDelete},
		method.Method{Name: "freddo.bulk.update", Verbs: post, Params: []method.Param{arg.Opt("doctype", method.Str|method.None, nil), arg.Req("docs", method.Any)}, Fn: bulkChange},
	)
	r.Shorthand("bulk_delete", "freddo.bulk.delete")
	r.Shorthand("bulk_update", "freddo.bulk.update")
}

// bulkItem is one document of a bulk request and what to set on it.
type bulkItem struct {
	doctype, name string
	values        *document.Object
}

// bulkItems reads docs, objects with name and, where the request names no DocType,
// doctype; or names.
func bulkItems(a method.Args) ([]bulkItem, error) {
	doctype := a.Text("doctype")
	v := method.ParseJSON(a.Get("docs"))
	byName := !v.Truthy()
	if byName {
		v = method.ParseJSON(a.Get("names"))
	}
	if v.Kind() != document.List || byName && doctype == "" {
		return nil, exc.Validation.Throw("docs must be a list of objects with doctype and name, or names a list of names of one doctype")
	}
	if n := len(v.List()); n > maxBulk {
		return nil, exc.Validation.Throwf("At most %d documents can be changed at once, not %d", maxBulk, n)
	}
	out := make([]bulkItem, 0, len(v.List()))
	for i, one := range v.List() {
		it := bulkItem{doctype: doctype, name: document.ToText(one)}
		if !byName {
			o := one.Map()
			if o == nil {
				return nil, exc.Validation.Throwf("Document %d is not an object", i)
			}
			it.values, it.name = o.Clone(), document.ToText(o.Get("name"))
			if doctype == "" {
				it.doctype = o.PropText("doctype")
			}
			for _, k := range []string{"name", "doctype", "flags"} {
				it.values.Delete(k)
			}
		}
		if it.name == "" || it.doctype == "" {
			return nil, exc.Validation.Throwf("Document %d has no name or doctype", i)
		}
		out = append(out, it)
	}
	return out, nil
}

func bulkDelete(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	return bulk(ctx, c, a, "deleted", func(it bulkItem) error { return c.DeleteOrDetach(ctx, it.doctype, it.name) })
}

func bulkChange(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	return bulk(ctx, c, a, "updated", func(it bulkItem) error {
		if it.values == nil {
			return exc.Validation.Throw("docs must be a list of objects")
		}
		d, err := c.GetForUpdate(ctx, it.doctype, it.name)
		if err != nil {
			return err
		}
		if err := c.UpdateDoc(ctx, d, it.values); err != nil {
			return err
		}
		return c.Save(ctx, d)
	})
}

// bulk does one thing to every document, and tells which it was done to, under key.
// Errors: what is wrong with the request as a whole, and failures that are no refusal.
func bulk(ctx context.Context, c *engine.Call, a method.Args, key string, one func(bulkItem) error) (any, error) {
	items, err := bulkItems(a)
	if err != nil {
		return nil, err
	}
	done, failed := []document.Value{}, []document.Value{}
	for _, it := range items {
		before := len(c.Messages)
		err := core.Isolated(ctx, c, it.doctype, func() error { return one(it) })
		if err == nil {
			done = append(done, document.Text(it.name))
			continue
		}
		e := exc.Of(err)
		if e == nil {
			return nil, err
		}
		c.Messages = c.Messages[:min(before, len(c.Messages))]
		failed = append(failed, document.MapOf(document.NewObject("name", it.name, "error", e.Error())))
	}
	return document.NewObject(key, document.ListOf(done...), "failed", document.ListOf(failed...), "total", len(items),
		"success_count", len(done), "failure_count", len(failed)), nil
}
