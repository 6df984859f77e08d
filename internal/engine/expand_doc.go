package engine

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/query"
)

// ExpandDocument returns d as an object in which the values of Link and Dynamic Link
// fields, those of child rows too, are the documents that they name. Values stay where
// there is no such document that the user may read; upstream shows it all the same.
// Source: frappe/api/v1.py read_doc.
func (c *Call) ExpandDocument(ctx context.Context, rules *query.Rules, d *document.Document) (*document.Object, error) {
	o := d.ToObject(document.JSONOptions{IndentJSON: c.Profile.IndentJSON})
	for _, f := range d.Type.Fields {
		if f.Slot < 0 || !isLink(f) {
			continue
		}
		linked, err := c.readable(ctx, linkTarget(f, d), document.ToText(o.Get(f.Fieldname)))
		if err != nil {
			return nil, err
		}
		if linked != nil {
			o.Set(f.Fieldname, document.MapOf(linked))
		}
	}
	for i, t := range d.Type.Tables {
		if len(d.RowsAt(i)) == 0 {
			continue
		}
		if err := c.expandRows(ctx, rules, d.RowsAt(i), o.Get(t.Fieldname).List()); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// linkTarget is the DocType that a link of a document leads to, "" when there is none.
func linkTarget(f *doctype.DocField, d *document.Document) string {
	if f.Fieldtype == "Link" {
		return f.Options
	}
	return d.Text(f.Options)
}

// readable returns a document as the user may see it, nil when it is not there for them.
func (c *Call) readable(ctx context.Context, dt, name string) (*document.Object, error) {
	if dt == "" || name == "" {
		return nil, nil
	}
	d, err := c.Get(ctx, dt, name)
	if exc.Is(err, exc.DoesNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if ok, err := c.HasPermission(ctx, dt, doctype.Read, d); err != nil || !ok {
		return nil, err
	}
	if err := c.StripUnreadable(ctx, d); err != nil {
		return nil, err
	}
	if d, err = c.Masked(ctx, d); err != nil {
		return nil, err
	}
	return d.ToObject(document.JSONOptions{NoNulls: true, IndentJSON: c.Profile.IndentJSON}), nil
}

// expandRows expands the links of child rows in their objects, with one query for each
// DocType that they lead to.
func (c *Call) expandRows(ctx context.Context, rules *query.Rules, rows []*document.Document, objects []document.Value) error {
	for _, f := range rows[0].Type.Fields {
		if f.Slot < 0 || !isLink(f) {
			continue
		}
		names := map[string][]document.Value{}
		seen := map[[2]string]bool{}
		for _, row := range rows {
			key := [2]string{linkTarget(f, row), row.Text(f.Fieldname)}
			if key[0] != "" && key[1] != "" && !seen[key] {
				seen[key] = true
				names[key[0]] = append(names[key[0]], row.Get(f.Fieldname))
			}
		}
		if len(seen) > maxExpanded {
			return exc.Validation.Throwf("expand_links can show at most %d documents", maxExpanded)
		}
		for target, list := range names {
			docs, err := c.expanded(ctx, rules, target, list)
			if err != nil {
				return err
			}
			if err := putExpanded(f, target, rows, objects, docs); err != nil {
				return err
			}
		}
	}
	return nil
}

func putExpanded(f *doctype.DocField, target string, rows []*document.Document, objects []document.Value, docs map[string][]byte) error {
	for i, row := range rows {
		o := objects[i].Map()
		json, ok := docs[row.Text(f.Fieldname)]
		if !ok || linkTarget(f, row) != target {
			continue
		}
		v, err := document.ParseJSON(string(json))
		if err != nil {
			return err
		}
		o.Set(f.Fieldname, v)
	}
	return nil
}
