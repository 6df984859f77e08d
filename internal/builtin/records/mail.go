package records

import (
	"context"
	"strings"
	"unicode"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// nameAccount names an account, if need be after its address.
// Source: frappe/email/doctype/email_account/email_account.py autoname.
func nameAccount(_ context.Context, _ *engine.Call, d *document.Document) error {
	if d.Text("email_account_name") == "" {
		local, _, _ := strings.Cut(d.Text("email_id"), "@")
		d.Set("email_account_name", document.Text(title(strings.NewReplacer("_", " ", ".", " ", "-", " ").Replace(local))))
	}
	d.SetName(d.Text("email_account_name"))
	return nil
}

// title begins every run of letters with a capital, as Python's str.title.
func title(s string) string {
	inside := false
	return strings.Map(func(r rune) rune {
		letter := unicode.IsLetter(r)
		defer func() { inside = letter }()
		switch {
		case !letter:
			return r
		case inside:
			return unicode.ToLower(r)
		}
		return unicode.ToTitle(r)
	}, s)
}

// validateAccount follows email_account.py validate, but connects to no server (known
// difference 82).
func validateAccount(_ context.Context, _ *engine.Call, d *document.Document) error {
	if d.Int("login_id_is_different") == 0 {
		d.Set("login_id", document.NullValue)
	} else if d.Text("login_id") == "" {
		return refuse("Login Id is required")
	}
	in, out := d.Int("enable_incoming") != 0, d.Int("enable_outgoing") != 0
	if in && d.Int("use_imap") != 0 && len(d.Rows("imap_folder")) == 0 {
		return exc.Validation.Throwf("You need to set one IMAP folder for %s", engine.Bold(d.Text("email_id")))
	}
	oauth := d.Text("auth_method") == "OAuth"
	if oauth {
		d.Set("awaiting_password", document.IntOf(0))
		d.Set("password", document.NullValue)
	}
	server := d.Text("smtp_server")
	needs := in || out && d.Int("no_smtp_authentication") == 0
	if needs && !oauth && d.Int("awaiting_password") == 0 && d.Text("password") == "" && server != "127.0.0.1" && server != "localhost" {
		return refuse("Password is required or select Awaiting Password")
	}
	if d.Int("notify_if_unreplied") != 0 && d.Text("send_notification_to") == "" {
		return exc.Validation.Throwf("%s is mandatory", label(d.Type, "send_notification_to"))
	}
	return nil
}

// accountDefaults lets no account be the default of what it does not do.
// Source: email_account.py before_save.
func accountDefaults(_ context.Context, c *engine.Call, d *document.Document) error {
	for _, way := range [][3]string{{"incoming", "Default Incoming", "Enable Incoming"}, {"outgoing", "Default Outgoing", "Enable Outgoing"}} {
		if d.Int("enable_"+way[0]) != 0 || d.Int("default_"+way[0]) == 0 {
			continue
		}
		d.Set("default_"+way[0], document.IntOf(0))
		c.Msgprint(exc.Message{Text: engine.Bold(way[1]) + " has been disabled. It can only be enabled if " + engine.Bold(way[2]) + " is checked.",
			Title: "Defaults Updated", Indicator: "orange"})
	}
	return nil
}

// onlyDefaultAccount takes the marks of the default from the other accounts.
// Source: email_account.py there_must_be_only_one_default.
func onlyDefaultAccount(ctx context.Context, c *engine.Call, d *document.Document) error {
	for _, field := range []string{"default_incoming", "default_outgoing"} {
		if d.Int(field) != 0 {
			if err := onlyOne(ctx, c, d, field); err != nil {
				return err
			}
		}
	}
	return nil
}

// onlyOne takes a mark from every other document that has it.
func onlyOne(ctx context.Context, c *engine.Call, d *document.Document, field string) error {
	rows, err := c.Rows(ctx, d.Type.Name, []string{"name"}, document.NewObject(field, 1), "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if name := r.PropText("name"); name != d.Name() {
			if err := c.SetValue(ctx, d.Type.Name, name, field, document.IntOf(0)); err != nil {
				return err
			}
		}
	}
	return nil
}

// validateNotification follows frappe/email/doctype/notification/notification.py validate,
// less its templates and condition, which nothing runs here.
func validateNotification(ctx context.Context, c *engine.Call, d *document.Document) error {
	event := d.Text("event")
	switch {
	case (event == "Days Before" || event == "Days After") && d.Text("date_changed") == "":
		return refuse("Please specify which date field must be checked")
	case (event == "Minutes Before" || event == "Minutes After") && d.Text("datetime_changed") == "":
		return refuse("Please specify which datetime field must be checked")
	case (event == "Minutes Before" || event == "Minutes After") && d.Int("minutes_offset") == 0:
		return refuse("Please specify the minutes offset")
	case (event == "Minutes Before" || event == "Minutes After") && d.Int("minutes_offset") < 10:
		return refuse("Please specify at least 10 minutes due to the trigger cadence of the scheduler")
	case event == "Value Change" && d.Text("value_changed") == "":
		return refuse("Please specify which value field must be checked")
	case d.Text("attach_files") == "From Field" && d.Text("from_attach_field") == "":
		return refuse("Please specify the field from which to attach files")
	}
	dt, err := c.DocType(ctx, d.Text("document_type"))
	if err != nil {
		return err
	}
	dated := strings.HasPrefix(event, "Days ") || strings.HasPrefix(event, "Minutes ")
	if dt.Name == "Email Queue" || dt.IsTable && !dated {
		return exc.Validation.Throwf("Cannot set Notification with event %s on Document Type %s", event, dt.Name)
	}
	if d.Int("is_standard") != 0 && d.Int("enabled") != 0 && !developer(c) {
		return refuse("Cannot edit Standard Notification. To edit, please disable this and duplicate it")
	}
	return nil
}
