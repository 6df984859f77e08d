package engine

import (
	"context"
	"fmt"
	"html"
	"sort"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// link is one link of a document or of one of its rows.
type link struct {
	d      *document.Document
	f      *doctype.DocField
	target *doctype.DocType
	value  string
	row    int64 // idx of the child row, 0 on the parent
}

func (l *link) describe() string {
	if l.row > 0 {
		return fmt.Sprintf("Row #%d: %s: %s", l.row, l.f.LabelOrName(), l.value)
	}
	return l.f.LabelOrName() + ": " + l.value
}

// validateLinks refuses links to documents that do not exist or are cancelled, takes
// over the stored spelling, and fetches the fields that depend on links. Each linked
// DocType costs one query, whatever the number of rows.
// Source: frappe/model/document.py _validate_links, base_document.py get_invalid_links.
func (c *Call) validateLinks(ctx context.Context, d *document.Document) error {
	if d.Flags.IgnoreLinks {
		return nil
	}
	links, err := c.collectLinks(ctx, d)
	if err != nil || len(links) == 0 {
		return err
	}
	byTarget := map[string][]*link{}
	var order []string
	for _, l := range links {
		if byTarget[l.target.Name] == nil {
			order = append(order, l.target.Name)
		}
		byTarget[l.target.Name] = append(byTarget[l.target.Name], l)
	}
	missing := map[*link]bool{}
	var cancelled []string
	for _, name := range order {
		gone, dead, err := c.followLinks(ctx, byTarget[name], d)
		if err != nil {
			return err
		}
		for _, l := range gone {
			missing[l] = true
		}
		cancelled = append(cancelled, dead...)
	}
	if len(missing) > 0 {
		var texts []string
		for _, l := range links {
			if missing[l] {
				texts = append(texts, l.describe())
			}
		}
		return exc.LinkValidation.Throwf("Could not find %s", strings.Join(texts, ", "))
	}
	if len(cancelled) > 0 {
		return exc.CancelledLink.Throwf("Cannot link cancelled document: %s", strings.Join(cancelled, ", "))
	}
	return nil
}

func (c *Call) collectLinks(ctx context.Context, d *document.Document) ([]*link, error) {
	var out []*link
	add := func(r *document.Document, row int64) error {
		for _, fieldtype := range [2]string{"Link", "Dynamic Link"} { // Frappe: all Links come first
			for _, f := range r.Type.LinkFields {
				value := document.ToText(r.At(f.Slot))
				if value == "" || f.IsVirtual || f.Fieldtype != fieldtype {
					continue
				}
				l, err := c.newLink(ctx, r, f, value, row)
				if err != nil {
					return err
				}
				if l != nil {
					out = append(out, l)
				}
			}
		}
		return nil
	}
	if err := add(d, 0); err != nil {
		return nil, err
	}
	err := d.EachRow(func(_ *doctype.DocField, row *document.Document) error { return add(row, row.Int("idx")) })
	return out, err
}

func (c *Call) newLink(ctx context.Context, d *document.Document, f *doctype.DocField, value string, row int64) (*link, error) {
	target := f.Options
	unset := exc.Validation.Throwf("Options not set for link field %s", f.Fieldname)
	if f.Fieldtype == "Dynamic Link" {
		target = d.Text(f.Options)
		label := f.Options
		if g := d.Type.Field(f.Options); g != nil {
			label = g.LabelOrName()
		}
		unset = exc.Validation.Throwf("%s must be set first", label)
	}
	if target == "" {
		return nil, unset
	}
	dt, err := c.DocType(ctx, target)
	if exc.Is(err, exc.DoesNotExist) && f.Fieldtype == "Dynamic Link" {
		return nil, unset // Frappe: a type that is no DocType has been emptied by then
	}
	if err != nil {
		return nil, err
	}
	if dt.IsVirtual {
		if c.Hooks.virtual[target] == nil {
			return nil, nil
		}
		_, err := c.loadVirtual(ctx, dt, value)
		return nil, err
	}
	if dt.IsSingle {
		d.SetAt(f.Slot, document.Text(dt.Name))
		return nil, nil
	}
	return &link{d: d, f: f, target: dt, value: value, row: row}, nil
}

// followLinks reads all linked documents of one DocType.
func (c *Call) followLinks(ctx context.Context, links []*link, root *document.Document) (gone []*link, cancelled []string, err error) {
	target := links[0].target
	found, err := c.linkedRows(ctx, target, fetchColumns(links), links)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range links {
		row := found.get(l.value)
		if row == nil {
			// Frappe: v14 and v15 look up all fields at once then, and take no row for no
			// objection.
			if !c.Profile.FetchSkipsMissing || !fetchesNow(l) {
				gone = append(gone, l)
			}
			continue
		}
		l.d.SetAt(l.f.Slot, row.Get("name"))
		if target.IsSubmittable && root.Type.IsSubmittable && l.f.Fieldname != "amended_from" && document.Cint(row.Get("docstatus")) == 2 {
			cancelled = append(cancelled, l.describe())
		}
		if err := fetchFields(l, row, root); err != nil {
			return nil, nil, err
		}
	}
	return gone, cancelled, nil
}

// fetchColumns are the columns that fields fetch through the links, and docstatus.
func fetchColumns(links []*link) []string {
	set := map[string]bool{}
	target := links[0].target
	if target.IsSubmittable {
		set["docstatus"] = true
	}
	for _, l := range links {
		for _, f := range l.f.Fetches {
			if t := target.Column(f.Column); t != nil && t.Stored && f.Column != "name" {
				set[f.Column] = true
			}
		}
	}
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// fetchesNow reports whether a field takes its value from the link in this save.
func fetchesNow(l *link) bool {
	for _, f := range l.f.Fetches {
		if !f.FetchIfEmpty || !l.d.At(f.Slot).Truthy() {
			return true
		}
	}
	return false
}

// fetchFields sets what is fetched from a linked row. Errors: ValidationError for a
// field that fetches what the linked DocType does not have.
// Source: frappe/model/base_document.py set_fetch_from_value.
func fetchFields(l *link, row *document.Object, root *document.Document) error {
	for _, f := range l.f.Fetches {
		col := f.Column
		if f.FetchIfEmpty && l.d.At(f.Slot).Truthy() {
			continue
		}
		if root.Docstatus() == 1 && !f.AllowOnSubmit && !root.Flags.InInsert {
			continue
		}
		if !row.Has(col) {
			return exc.Validation.Throwf(`Please check the value of "Fetch From" set for field %s`, Bold(f.LabelOrName())).WithTitle("Wrong Fetch From value")
		}
		v := row.Get(col)
		switch f.Fieldtype {
		case "Small Text", "Text", "Data":
			if from := l.target.Field(col); from != nil && from.Fieldtype == "Text Editor" && v.Truthy() {
				v = document.Text(html.UnescapeString(tags.ReplaceAllString(document.ToText(v), "")))
			}
		}
		l.d.SetAt(f.Slot, v)
	}
	return nil
}

// FormLink is a link to a document's form. Source: frappe/utils/data.py get_link_to_form.
func (c *Call) FormLink(dt, name string) string {
	return fmt.Sprintf(`<a href="%s%s/%s/%s">%s</a>`, c.BaseURL(), c.Profile.Desk, doctype.Slug(dt), pathEscape(name), name)
}

// DocLink is a link to a document as the refusals of deletes and cancels hold it.
// Source: frappe/model/delete_doc.py raise_link_exists_exception.
func (c *Call) DocLink(dt, name string) string {
	if c.Profile.DeskLinksAbsolute {
		return c.FormLink(dt, name)
	}
	return fmt.Sprintf(`<a href="/app/Form/%s/%s">%s</a>`, dt, name, name)
}

// BaseURL is the site's own address: its configured host_name, else how the request
// reached it. Source: frappe/utils/data.py get_url.
func (c *Call) BaseURL() string {
	if h := c.Site.Config().Str("host_name"); h != "" {
		if !strings.Contains(h, "://") {
			h = "http://" + h
		}
		return strings.TrimRight(h, "/")
	}
	if c.Request.Host == "" {
		return "http://localhost"
	}
	scheme := c.Request.Scheme
	if scheme == "" {
		scheme = "http"
	}
	return scheme + "://" + c.Request.Host
}
