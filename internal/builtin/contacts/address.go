package contacts

import (
	"context"
	"slices"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// nameAddress names an Address after its title and type. Errors: ValidationError without
// a title or link. Source: address.py autoname.
func nameAddress(ctx context.Context, c *engine.Call, d *document.Document) error {
	if rows := d.Rows("links"); d.Text("address_title") == "" && len(rows) > 0 {
		title := ""
		if quirk.Of(c.Profile).AddressByLinkTitle {
			title = rows[0].Text("link_title")
		}
		if title == "" {
			title = rows[0].Text("link_name")
		}
		d.Set("address_title", document.Text(title))
	}
	if d.Text("address_title") == "" {
		return exc.Validation.Throw("Address Title is mandatory.")
	}
	name := strings.TrimSpace(d.Text("address_title")) + "-" + strings.TrimSpace(d.Text("address_type"))
	_, taken, err := c.Exists(ctx, "Address", name)
	if err == nil && taken {
		name, err = c.AnySeriesName(ctx, name+"-.#", d)
	}
	d.SetName(name)
	return err
}

// validateAddress follows address.py validate.
func validateAddress(ctx context.Context, c *engine.Call, d *document.Document) error {
	if len(d.Rows("links")) == 0 {
		if err := linksOfOwner(ctx, c, d); err != nil {
			return err
		}
	}
	for _, field := range []string{"is_primary_address", "is_shipping_address"} {
		if d.Int(field) == 0 {
			continue
		}
		if err := onlyPreferred(ctx, c, d, field); err != nil {
			return err
		}
	}
	if err := setLinkTitles(ctx, c, d); err != nil {
		return err
	}
	return dropDoubles(ctx, c, d)
}

// linksOfOwner links an Address to what the Contact of its owner is linked to.
// Source: address.py link_address.
func linksOfOwner(ctx context.Context, c *engine.Call, d *document.Document) error {
	rows, err := c.Rows(ctx, "Contact", []string{"name"}, document.NewObject("email_id", d.Owner()), "")
	if err != nil || len(rows) == 0 || d.Owner() == "" {
		return err
	}
	contact, err := c.Get(ctx, "Contact", rows[0].PropText("name"))
	if err != nil {
		return err
	}
	return addLinks(ctx, c, d, linksOf(contact))
}

// onlyPreferred takes the mark from the other Addresses of what d is linked to.
// Source: address.py validate_preferred_address.
func onlyPreferred(ctx context.Context, c *engine.Call, d *document.Document, field string) error {
	names, err := linked(ctx, c, "Address", linksOf(d))
	if err != nil || len(names) == 0 {
		return err
	}
	rows, err := c.Rows(ctx, "Address", []string{"name"}, document.NewObject("name", document.ListOf(document.Text("in"), document.Texts(names)), field, 1, "disabled", 0), "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if name := r.PropText("name"); name != d.Name() {
			if err := c.SetValue(ctx, "Address", name, field, document.IntOf(0)); err != nil {
				return err
			}
		}
	}
	return nil
}

// linked names the documents of a DocType that are linked to any of links.
func linked(ctx context.Context, c *engine.Call, dtName string, links []link) ([]string, error) {
	byType := map[string][]string{}
	for _, l := range links {
		byType[l.doctype] = append(byType[l.doctype], l.name)
	}
	var out []string
	for target, names := range byType {
		rows, err := c.Rows(ctx, "Dynamic Link", []string{"parent"}, document.NewObject("parenttype", dtName, "link_doctype", target,
			"link_name", document.ListOf(document.Text("in"), document.Texts(names))), "")
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, r.PropText("parent"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// defaultAddress names the Address of a document that is marked, else any of it that the
// caller may read (known difference 83). Source: address.py get_default_address.
func defaultAddress(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	key := a.Text("sort_key")
	if key != "is_primary_address" && key != "is_shipping_address" {
		return nil, nil
	}
	rows, err := addressesOf(ctx, c, link{a.Text("doctype"), a.Text("name")}, key+" desc")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// addressesOf names the Addresses of a document that are enabled and that the caller may
// read.
func addressesOf(ctx context.Context, c *engine.Call, l link, order string) ([]string, error) {
	names, err := linked(ctx, c, "Address", []link{l})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	dt, err := c.DocType(ctx, "Address")
	if err != nil {
		return nil, err
	}
	rows, err := visible(ctx, c, query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), OrderBy: document.Text(order), Limit: -1,
		Filters: document.MapOf(document.NewObject("name", document.ListOf(document.Text("in"), document.Texts(names)), "disabled", 0))})
	out := []string{}
	for _, r := range rows {
		out = append(out, r.PropText("name"))
	}
	return out, err
}

// contactQuery finds the Contacts of a document for a link field.
// Source: contact.py contact_query.
func contactQuery(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	fields := []string{"name", "full_name", "company_name"}
	if quirk.Of(c.Profile).ContactsByTwoNames {
		fields = []string{"name", "first_name", "last_name"}
	}
	dt, err := c.DocType(ctx, "Contact")
	if err != nil {
		return nil, err
	}
	field := a.Text("searchfield")
	if field == "" {
		field = "name"
	}
	if dt.Column(field) == nil {
		return []any{}, nil
	}
	return search(ctx, c, dt, a, fields, []string{field})
}

// addressQuery finds the enabled Addresses of a document for a link field.
// Source: address.py address_query.
func addressQuery(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, "Address")
	if err != nil {
		return nil, err
	}
	fields := []string{"name"}
	for _, f := range append(strings.Split(dt.SearchFields, ","), a.Text("searchfield")) {
		if f = strings.TrimSpace(f); f != "" && dt.Column(f) != nil && !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	}
	return search(ctx, c, dt, a, fields, fields)
}

// search lists what the caller may read and where txt stands in one of the columns in.
// The filters link_doctype and link_name are those of the links.
func search(ctx context.Context, c *engine.Call, dt *doctype.DocType, a method.Args, fields, in []string) (any, error) {
	row := func(values ...any) document.Value {
		out := make([]document.Value, len(values))
		for i, v := range values {
			out[i] = document.From(v)
		}
		return document.ListOf(out...)
	}
	var filters, either []document.Value
	if dt.Column("disabled") != nil {
		filters = append(filters, row(dt.Name, "disabled", "=", 0))
	}
	if o := method.ParseJSON(a.Get("filters")).Map(); o != nil {
		for i := range o.Len() {
			k, v := o.At(i)
			switch {
			case k == "link_doctype" || k == "link_name":
				filters = append(filters, row("Dynamic Link", k, "=", v))
			case dt.Column(k) != nil:
				filters = append(filters, row(dt.Name, k, "=", v))
			}
		}
	}
	for _, f := range in {
		either = append(either, row(dt.Name, f, "like", "%"+a.Text("txt")+"%"))
	}
	res, err := c.List(ctx, query.Request{DocType: dt, Fields: document.Texts(fields), Filters: document.ListOf(filters...), OrFilters: document.ListOf(either...),
		OrderBy: document.Text("name asc"), Start: max(a.Int("start"), 0), Limit: max(a.Int("page_len"), 0), AsList: true, Distinct: true})
	if err != nil {
		return nil, err
	}
	return engine.JSON(res.JSON), nil
}

// otherDefaults names the default templates besides d.
func otherDefaults(ctx context.Context, c *engine.Call, d *document.Document) ([]string, error) {
	rows, err := c.Rows(ctx, "Address Template", []string{"name"}, document.NewObject("is_default", 1), "")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rows {
		if name := r.PropText("name"); name != d.Name() {
			out = append(out, name)
		}
	}
	return out, nil
}

// validateTemplate makes the first template the default one. An empty template stays
// empty: nothing renders it here. Source: address_template.py validate.
func validateTemplate(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("is_default") != 0 {
		return nil
	}
	others, err := otherDefaults(ctx, c, d)
	if err == nil && len(others) == 0 {
		d.Set("is_default", document.IntOf(1))
	}
	return err
}

// onlyDefaultTemplate takes the mark from the template that had it.
func onlyDefaultTemplate(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("is_default") == 0 {
		return nil
	}
	others, err := otherDefaults(ctx, c, d)
	if err != nil {
		return err
	}
	for _, name := range others {
		if err := c.SetValue(ctx, "Address Template", name, "is_default", document.IntOf(0)); err != nil {
			return err
		}
	}
	return nil
}

func keepDefaultTemplate(_ context.Context, _ *engine.Call, d *document.Document) error {
	if d.Int("is_default") != 0 {
		return exc.Validation.Throw("Default Address Template cannot be deleted")
	}
	return nil
}
