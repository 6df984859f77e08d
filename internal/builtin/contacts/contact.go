package contacts

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/storage"
)

// fullName joins a Contact's names. Source: contact.py get_full_name.
func fullName(c *engine.Call, d *document.Document) string {
	short := quirk.Of(c.Profile).ContactsByTwoNames
	var names []string
	for _, f := range []string{"first_name", "middle_name", "last_name"} {
		if short && f == "middle_name" {
			continue
		}
		if s := strings.TrimSpace(d.Text(f)); s != "" {
			names = append(names, s)
		}
	}
	if len(names) == 0 && !short {
		return d.Text("company_name")
	}
	return strings.Join(names, " ")
}

// nameContact names a Contact after the person and its first link.
// Source: contact.py autoname.
func nameContact(ctx context.Context, c *engine.Call, d *document.Document) error {
	name := fullName(c, d)
	if links := linksOf(d); len(links) > 0 {
		name += "-" + strings.TrimSpace(links[0].name)
	}
	name, err := c.NumberedName(ctx, "Contact", name)
	d.SetName(name)
	return err
}

// validateContact follows contact.py validate. A picture is not asked of Gravatar (known
// difference 80).
func validateContact(ctx context.Context, c *engine.Call, d *document.Document) error {
	if !quirk.Of(c.Profile).ContactsByTwoNames {
		d.Set("full_name", document.Text(fullName(c, d)))
	}
	if rows := d.Rows("email_ids"); len(rows) == 1 {
		rows[0].Set("is_primary", document.IntOf(1))
	}
	for _, p := range []primary{
		{"email_id", "email_ids", "email_id", "is_primary", "Email ID"},
		{"phone", "phone_nos", "phone", "is_primary_phone", "Phone"},
		{"mobile_no", "phone_nos", "phone", "is_primary_mobile_no", "Mobile No"},
	} {
		if err := p.set(d); err != nil {
			return err
		}
	}
	if email := d.Text("email_id"); email != "" && d.Text("user") == "" {
		rows, err := c.Rows(ctx, "User", []string{"name"}, document.NewObject("email", email), "")
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			d.Set("user", rows[0].Get("name"))
		}
	}
	if err := setLinkTitles(ctx, c, d); err != nil {
		return err
	}
	if d.Text("email_id") != "" && d.Text("image") == "" {
		d.Set("image", document.Text(""))
	}
	if d.Int("sync_with_google_contacts") != 0 && d.Text("google_contacts") == "" {
		return exc.Validation.Throw("Select Google Contacts to which contact should be synced.")
	}
	return dropDoubles(ctx, c, d)
}

// primary is a field that repeats the row of a table that is marked as primary.
type primary struct{ field, table, value, mark, label string }

// set fills the field, "" without a marked row. Errors: ValidationError for two marks.
// Source: contact.py set_primary_email, set_primary.
func (p primary) set(d *document.Document) error {
	value, marks := "", 0
	for _, row := range d.Rows(p.table) {
		if row.Int(p.mark) == 0 {
			continue
		}
		if marks++; marks > 1 {
			return exc.Validation.Throwf("Only one %s can be set as primary.", engine.Bold(p.label))
		}
		value = strings.TrimSpace(row.Text(p.value))
	}
	d.Set(p.field, document.Text(value))
	return nil
}

// leaveContacts takes a deleted User out of the Contacts, which would hold it otherwise.
// Source: frappe/core/doctype/user/user.py on_trash.
func leaveContacts(ctx context.Context, c *engine.Call, d *document.Document) error {
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table("Contact").SQL(" SET ").Ident("user").SQL(" = NULL WHERE ").Ident("user").
		SQL(" = ").Str(d.Name())
	_, err := c.Tx.Exec(ctx, b)
	return err
}

// readable loads a document that the caller may read.
func readable(ctx context.Context, c *engine.Call, dtName, name string) (*document.Document, error) {
	d, err := c.Get(ctx, dtName, name)
	if err != nil {
		return nil, err
	}
	return d, c.CheckPermission(ctx, d, doctype.Read)
}

// contactDetails is what forms copy from a Contact. Source: contact.py get_contact_details.
func contactDetails(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := readable(ctx, c, "Contact", a.Text("contact"))
	if err != nil {
		return nil, err
	}
	if err := c.StripUnreadable(ctx, d); err != nil {
		return nil, err
	}
	display := d.Get("full_name")
	if quirk.Of(c.Profile).ContactsByTwoNames {
		var names []string
		for _, f := range []string{"salutation", "first_name", "last_name"} {
			if s := d.Text(f); s != "" {
				names = append(names, s)
			}
		}
		display = document.Text(strings.Join(names, " "))
	}
	return document.NewObject("contact_person", d.Name(), "contact_display", display, "contact_email", d.Get("email_id"),
		"contact_mobile", d.Get("mobile_no"), "contact_phone", d.Get("phone"), "contact_designation", d.Get("designation"),
		"contact_department", d.Get("department")), nil
}

// inviteUser makes a Website User of a Contact. Source: contact.py invite_user.
func inviteUser(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := readable(ctx, c, "Contact", a.Text("contact"))
	if err != nil {
		return nil, err
	}
	if d.Text("email_id") == "" {
		return nil, exc.Validation.Throw("Please set Email Address")
	}
	user, err := c.FromObject(ctx, document.NewObject("doctype", "User", "first_name", d.Get("first_name"), "last_name", d.Get("last_name"),
		"email", d.Get("email_id"), "user_type", "Website User", "send_welcome_email", 1))
	if err != nil {
		return nil, err
	}
	if err := c.Insert(ctx, user); err != nil {
		return nil, err
	}
	return user.Name(), nil
}

// addressesOfLinks names the Addresses of documents, where the caller may read both (known
// difference 83). Source: contact.py address_query.
func addressesOfLinks(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	v, err := arg.Loads(a.Get("links"))
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, item := range v.List() {
		o := item.Map()
		if o == nil {
			continue
		}
		l := link{o.Str("link_doctype"), o.Str("link_name")}
		d, err := c.Get(ctx, l.doctype, l.name)
		if exc.Is(err, exc.DoesNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ok, err := c.HasPermission(ctx, l.doctype, doctype.Read, d)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		found, err := addressesOf(ctx, c, l, "name asc")
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	return names, nil
}
