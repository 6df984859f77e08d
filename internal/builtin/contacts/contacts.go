// Package contacts owns the controllers and methods of upstream's module Contacts:
// Contact, Address and Address Template. Start with Register.
package contacts

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

const (
	contactModule = "frappe.contacts.doctype.contact.contact."
	addressModule = "frappe.contacts.doctype.address.address."
)

// Register hooks the controllers and adds the methods.
func Register(h *engine.Hooks, r *method.Registry) {
	registerRights(h)
	h.On("Contact", engine.Autoname, nameContact)
	h.On("Contact", engine.Validate, validateContact)
	h.On("User", engine.OnTrash, leaveContacts)
	h.On("Address", engine.Autoname, nameAddress)
	h.On("Address", engine.Validate, validateAddress)
	h.On("Address Template", engine.Validate, validateTemplate)
	h.On("Address Template", engine.OnUpdate, onlyDefaultTemplate)
	h.On("Address Template", engine.OnTrash, keepDefaultTemplate)
	query := arg.Any("doctype", "txt", "searchfield", "start", "page_len", "filters")
	r.Add(
		method.Method{Name: contactModule + "get_contact_details", Params: arg.Any("contact"), Fn: contactDetails},
		method.Method{Name: contactModule + "address_query", Params: arg.Any("links"), Fn: addressesOfLinks},
		method.Method{Name: contactModule + "contact_query", Params: query, Fn: contactQuery},
		method.Method{Name: contactModule + "invite_user", Params: []method.Param{arg.Req("contact", method.Str)}, Fn: inviteUser},
		method.Method{Name: addressModule + "address_query", Params: query, Fn: addressQuery},
		method.Method{Name: addressModule + "get_default_address", Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("name", method.Any),
			arg.Opt("sort_key", method.Str, "is_primary_address")}, Fn: defaultAddress},
	)
}

// link is a row of Dynamic Link.
type link struct{ doctype, name string }

func linksOf(d *document.Document) []link {
	rows := d.Rows("links")
	out := make([]link, len(rows))
	for i, r := range rows {
		out[i] = link{r.Text("link_doctype"), r.Text("link_name")}
	}
	return out
}

// setLinkTitles fills link_title of the rows with the titles of what they link, by one
// query for each DocType. Titles that the caller may not read stay as they were, else the
// name stands for them (known difference 83).
// Source: frappe/contacts/address_and_contact.py set_link_title.
func setLinkTitles(ctx context.Context, c *engine.Call, d *document.Document) error {
	names, titles := map[string][]string{}, map[link]string{}
	for _, l := range linksOf(d) {
		if l.doctype != "" && l.name != "" {
			names[l.doctype] = append(names[l.doctype], l.name)
		}
	}
	if d.Before != nil {
		for i, l := range linksOf(d.Before) {
			titles[l] = d.Before.Rows("links")[i].Text("link_title")
		}
	}
	for dtName, list := range names {
		dt, err := c.DocType(ctx, dtName)
		if err != nil {
			return err
		}
		title := dt.Title()
		if dt.IsSingle || dt.IsVirtual || dt.Column(title) == nil {
			continue
		}
		rows, err := visible(ctx, c, query.Request{DocType: dt, Fields: document.Texts([]string{"name", title}), Limit: -1,
			Filters: document.MapOf(document.NewObject("name", document.ListOf(document.Text("in"), document.Texts(list))))})
		if err != nil {
			return err
		}
		for _, r := range rows {
			titles[link{dtName, r.PropText("name")}] = r.PropText(title)
		}
	}
	for i, l := range linksOf(d) {
		title := titles[l]
		if title == "" {
			title = l.name
		}
		d.Rows("links")[i].Set("link_title", document.Text(title))
	}
	return nil
}

// visible lists what the caller may see, which is nothing without the right to read.
func visible(ctx context.Context, c *engine.Call, r query.Request) ([]*document.Object, error) {
	messages := len(c.Messages)
	rows, err := c.VisibleRows(ctx, r)
	if exc.Is(err, exc.Permission) {
		c.Messages = c.Messages[:messages]
		return nil, nil
	}
	return rows, err
}

// dropDoubles makes the links anew without repetitions, when there are any.
// Source: frappe/core/doctype/dynamic_link/dynamic_link.py deduplicate_dynamic_links.
func dropDoubles(ctx context.Context, c *engine.Call, d *document.Document) error {
	all := linksOf(d)
	seen, kept := map[link]bool{}, []link{}
	for _, l := range all {
		if !seen[l] {
			seen[l] = true
			kept = append(kept, l)
		}
	}
	if len(kept) == len(all) {
		return nil
	}
	d.SetRowsAt(d.TableIndex("links"), []*document.Document{})
	return addLinks(ctx, c, d, kept)
}

func addLinks(ctx context.Context, c *engine.Call, d *document.Document, links []link) error {
	for _, l := range links {
		row, err := d.AppendRow("links", func(name string) (*doctype.DocType, error) { return c.DocType(ctx, name) })
		if err != nil {
			return err
		}
		row.Set("link_doctype", document.Text(l.doctype))
		row.Set("link_name", document.Text(l.name))
	}
	return nil
}
