package core

import (
	"context"
	"net/mail"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
)

var tags = regexp.MustCompile(`<[^>]*>`)

// registerCommunication hooks the controller of Communication and adds the method that
// makes one. Source: frappe/core/doctype/communication/.
func registerCommunication(h *engine.Hooks, r *method.Registry) {
	h.On("Communication", engine.Validate, validateCommunication)
	h.On("Communication", engine.AfterInsert, markReplied)
	r.Add(method.Method{Name: "frappe.core.doctype.communication.email.make", Rest: true, Params: []method.Param{
		arg.Opt("doctype", method.Any, nil), arg.Opt("name", method.Any, nil), arg.Opt("content", method.Any, nil), arg.Opt("subject", method.Any, nil),
		arg.Opt("sent_or_received", method.Any, "Sent"), arg.Opt("sender", method.Any, nil), arg.Opt("sender_full_name", method.Any, nil),
		arg.Opt("recipients", method.Any, nil), arg.Opt("communication_medium", method.Any, "Email"), arg.Opt("send_email", method.Any, false),
		arg.Opt("attachments", method.Any, nil), arg.Opt("cc", method.Any, nil), arg.Opt("bcc", method.Any, nil), arg.Opt("read_receipt", method.Any, nil),
		arg.Opt("email_template", method.Any, nil), arg.Opt("communication_type", method.Any, nil), arg.Opt("send_after", method.Any, nil)}, Fn: makeCommunication})
}

// validateCommunication fills in what upstream's controller does.
// Source: communication.py validate.
func validateCommunication(ctx context.Context, c *engine.Call, d *document.Document) error {
	dtName, name := d.Text("reference_doctype"), d.Text("reference_name")
	if dtName != "" && name != "" {
		dt, err := c.DocType(ctx, dtName)
		if err != nil {
			return err
		}
		if dt.IsTable {
			return exc.Validation.Throwf("Cannot create a %s against a child document: %s", d.Text("communication_type"), dtName)
		}
		if dtName == "Communication" {
			if err := checkCircle(ctx, c, d); err != nil {
				return err
			}
		}
		if d.Text("reference_owner") == "" {
			owner, err := c.Value(ctx, dtName, name, "owner")
			if err != nil {
				return err
			}
			d.Set("reference_owner", owner)
		}
	}
	fill := func(field, value string) {
		if d.Text(field) == "" {
			d.Set(field, document.Text(value))
		}
	}
	fill("user", c.User)
	content := []rune(d.Text("content"))
	fill("subject", tags.ReplaceAllString(string(content[:min(len(content), 141)]), ""))
	if d.Text("sent_or_received") == "" {
		d.Set("seen", document.IntOf(1))
		fill("sent_or_received", "Sent")
	}
	if err := checkAddresses(d); err != nil {
		return err
	}
	if err := nameSender(ctx, c, d); err != nil {
		return err
	}
	if d.New {
		status := "Closed"
		switch {
		case dtName != "" && name != "":
			status = "Linked"
		case d.Text("communication_type") == "Communication":
			status = "Open"
		}
		d.Set("status", document.Text(status))
	}
	return nil
}

// checkCircle refuses a Communication that is about one that is, in the end, about it.
// Errors: CircularLinkingError. Source: communication.py validate_reference.
func checkCircle(ctx context.Context, c *engine.Call, d *document.Document) error {
	seen := map[string]bool{}
	for name := d.Text("reference_name"); name != "" && !seen[name]; {
		if name == d.Name() {
			return exc.CircularLinking.Throw("Please make sure the Reference Communication Docs are not circularly linked.")
		}
		seen[name] = true
		about, err := First(ctx, c, "Communication", []string{"reference_doctype", "reference_name"}, document.NewObject("name", name))
		if err != nil || about == nil || about.PropText("reference_doctype") != "Communication" {
			return err
		}
		name = about.PropText("reference_name")
	}
	return nil
}

// checkAddresses refuses what is no address. Source: communication/email.py
// validate_email.
func checkAddresses(d *document.Document) error {
	if d.Text("communication_type") != "Communication" || d.Text("communication_medium") != "Email" {
		return nil
	}
	for _, field := range []string{"recipients", "cc", "bcc"} {
		for _, s := range strings.FieldsFunc(d.Text(field), func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
			if s = strings.TrimSpace(s); s == "" {
				continue
			}
			if _, err := mail.ParseAddress(s); err != nil {
				return exc.InvalidEmailAddress.Throw(s + " is not a valid Email Address").WithTitle("Invalid Email")
			}
		}
	}
	return nil
}

// nameSender splits the sender's name from the address.
// Source: communication.py set_sender_full_name.
func nameSender(ctx context.Context, c *engine.Call, d *document.Document) error {
	sender := d.Text("sender")
	if d.Text("sender_full_name") != "" || sender == "" {
		return nil
	}
	switch sender {
	case "Guest":
		d.Set("sender_full_name", document.Text(sender))
		d.Set("sender", document.NullValue)
		return nil
	case "Administrator":
		full, err := FullName(ctx, c, sender)
		if err != nil {
			return err
		}
		email, err := c.Value(ctx, "User", sender, "email")
		d.Set("sender_full_name", document.Text(full))
		d.Set("sender", email)
		return err
	}
	address, full := sender, ""
	a, err := mail.ParseAddress(sender)
	switch {
	case err == nil:
		address, full = a.Address, a.Name
	case d.Text("sent_or_received") == "Sent":
		return exc.InvalidEmailAddress.Throw(sender + " is not a valid Email Address").WithTitle("Invalid Email")
	}
	if full == "" {
		if full, err = FullName(ctx, c, address); err != nil {
			return err
		}
	}
	d.Set("sender", document.Text(address))
	d.Set("sender_full_name", document.Text(full))
	return nil
}

func markReplied(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("reference_doctype") != "Communication" || d.Text("sent_or_received") != "Sent" || d.Text("reference_name") == "" {
		return nil
	}
	return c.SetValue(ctx, "Communication", d.Text("reference_name"), "status", document.Text("Replied"))
}

// makeCommunication stores a message about a document. It sends nothing: with
// send_email it refuses as a site without an e-mail account does.
// Source: communication/email.py make.
func makeCommunication(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, name := a.Text("doctype"), a.Text("name")
	if dt != "" && name != "" {
		if err := mayEmail(ctx, c, dt, name); err != nil {
			return nil, err
		}
	}
	if document.Cint(a.Get("send_email")) != 0 {
		return nil, exc.OutgoingEmail.Throw("Unable to send mail because of a missing email account. " + c.Profile.NoOutgoingEmail)
	}
	sender := a.Text("sender")
	if sender == "" {
		full, err := FullName(ctx, c, c.User)
		if err != nil {
			return nil, err
		}
		email, err := c.Value(ctx, "User", c.User, "email")
		if err != nil {
			return nil, err
		}
		sender = (&mail.Address{Name: full, Address: document.ToText(email)}).String()
	}
	attachments := method.ParseJSON(a.Get("attachments"))
	o := document.NewObject("doctype", "Communication", "subject", a.Get("subject"), "content", a.Get("content"), "sender", sender,
		"sender_full_name", a.Get("sender_full_name"), "recipients", addresses(a.Get("recipients")), "cc", addresses(a.Get("cc")), "bcc", addresses(a.Get("bcc")),
		"communication_medium", a.Get("communication_medium"), "sent_or_received", a.Get("sent_or_received"), "email_template", a.Get("email_template"),
		"message_id", engine.RandomHex(32)+"@freddo", "read_receipt", document.Cint(a.Get("read_receipt")), "has_attachment", bit(attachments.Truthy()),
		"send_after", a.Get("send_after"))
	if dt != "" {
		o.Set("reference_doctype", document.Text(dt))
		o.Set("reference_name", document.Text(name))
	}
	if kind := a.Text("communication_type"); kind != "" {
		o.Set("communication_type", document.Text(kind))
	}
	d, err := c.FromObject(ctx, o)
	if err != nil {
		return nil, err
	}
	d.Flags.IgnorePermissions = true
	if err := c.Insert(ctx, d); err != nil {
		return nil, err
	}
	if err := attach(ctx, c, d, attachments.List()); err != nil {
		return nil, err
	}
	return document.NewObject("name", d.NameValue(), "emails_not_sent_to", ""), nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func addresses(v document.Value) document.Value {
	if v.Kind() != document.List {
		return v
	}
	return document.Text(strings.Join(arg.Strings(v), ", "))
}

func mayEmail(ctx context.Context, c *engine.Call, dt, name string) error {
	d, err := c.Get(ctx, dt, name)
	if err != nil {
		return err
	}
	ok, err := c.HasPermission(ctx, dt, doctype.Email, d)
	if err == nil && !ok {
		err = exc.Permission.New("You are not allowed to send emails related to: " + dt + " " + name)
	}
	return err
}

// attach adds files that the caller may read. Source: communication/email.py
// add_attachments.
func attach(ctx context.Context, c *engine.Call, d *document.Document, list []document.Value) error {
	for _, v := range list {
		f, err := c.Get(ctx, "File", document.ToText(v))
		if err != nil {
			return err
		}
		if err := c.CheckPermission(ctx, f, doctype.Read); err != nil {
			return err
		}
		n, err := c.FromObject(ctx, document.NewObject("doctype", "File", "file_url", f.Get("file_url"), "is_private", f.Get("is_private"),
			"attached_to_doctype", "Communication", "attached_to_name", d.Name(), "folder", "Home/Attachments"))
		if err != nil {
			return err
		}
		n.Flags.IgnorePermissions = true
		if err := c.Insert(ctx, n); err != nil {
			return err
		}
	}
	return nil
}
