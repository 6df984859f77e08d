package records

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/query"
)

// day is the date of a date and time; "" when it is none.
func day(v document.Value) string {
	s, ok := document.StoredDatetimeOf(v)
	if !ok || len(s) < len("2006-01-02") {
		return ""
	}
	return s[:len("2006-01-02")]
}

// instant is a date and time that sorts as text; "" when it is none.
func instant(v document.Value) string {
	s, _ := document.StoredDatetimeOf(v)
	return s
}

// validateEvent gives an Event its start. Errors: InvalidDates for an end on an earlier
// day. Source: frappe/desk/doctype/event/event.py validate.
func validateEvent(_ context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("starts_on") == "" {
		d.Set("starts_on", document.Text(c.Stamp()))
	}
	if d.Text("ends_on") != "" && instant(d.Get("starts_on")) == instant(d.Get("ends_on")) {
		d.Set("ends_on", document.NullValue)
	}
	start, end := day(d.Get("starts_on")), day(d.Get("ends_on"))
	if start != "" && end != "" && end < start {
		return exc.InvalidDates.Throwf("%s must be after %s", engine.Bold(label(d.Type, "ends_on")), engine.Bold(label(d.Type, "starts_on")))
	}
	if d.Text("repeat_on") == "Daily" && end != "" && start != end {
		return refuse("Daily Events should finish on the Same Day.")
	}
	if d.Int("sync_with_google_calendar") == 0 {
		d.Set("add_video_conferencing", document.IntOf(0))
		return nil
	}
	if d.Text("google_calendar") == "" {
		return refuse("Select Google Calendar to which event should be synced.")
	}
	return nil
}

func label(dt *doctype.DocType, field string) string {
	if f := dt.Field(field); f != nil {
		return f.LabelOrName()
	}
	return field
}

// mailParticipants gives participants the address of their Contact: of the default one
// among those that are linked to them, as far as the caller may read it (known difference
// 83). Source: event.py set_participants_email.
func mailParticipants(ctx context.Context, c *engine.Call, d *document.Document) error {
	for _, row := range d.Rows("event_participants") {
		dtName, name := row.Text("reference_doctype"), row.Text("reference_docname")
		if row.Type.Column("email") == nil || row.Text("email") != "" || name == "" {
			continue
		}
		names := []string{name}
		if dtName != "Contact" {
			links, err := c.Rows(ctx, "Dynamic Link", []string{"parent"}, document.NewObject("link_doctype", dtName, "link_name", name, "parenttype", "Contact"), "")
			if err != nil {
				return err
			}
			names = names[:0]
			for _, l := range links {
				names = append(names, l.PropText("parent"))
			}
		}
		if len(names) == 0 {
			continue
		}
		contact, err := c.DocType(ctx, "Contact")
		if err != nil {
			return err
		}
		messages := len(c.Messages)
		rows, err := c.VisibleRows(ctx, query.Request{DocType: contact, Fields: document.Texts([]string{"email_id"}), Limit: -1,
			Filters: document.MapOf(document.NewObject("name", document.ListOf(document.Text("in"), document.Texts(names)))),
			OrderBy: document.Text("is_primary_contact desc, creation asc")})
		if exc.Is(err, exc.Permission) {
			c.Messages = c.Messages[:messages]
			return nil
		}
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			row.Set("email", rows[0].Get("email_id"))
		}
	}
	return nil
}

// dropEventMails removes the Communications about an Event. Source: event.py on_trash.
func dropEventMails(ctx context.Context, c *engine.Call, d *document.Document) error {
	return c.DeleteRows(ctx, "Communication", document.NewObject("reference_doctype", "Event", "reference_name", d.Name()))
}

// validateReminder follows frappe/automation/doctype/reminder/reminder.py validate.
func validateReminder(_ context.Context, c *engine.Call, d *document.Document) error {
	d.Set("user", document.Text(c.User))
	if instant(d.Get("remind_at")) <= c.Stamp() {
		return refuse("Reminder cannot be created in past.")
	}
	return nil
}

// validateCard follows frappe/desk/doctype/number_card/number_card.py validate.
func validateCard(ctx context.Context, c *engine.Call, d *document.Document) error {
	has := func(fields ...string) bool {
		for _, f := range fields {
			if d.Text(f) == "" {
				return false
			}
		}
		return true
	}
	switch d.Text("type") {
	case "Document Type":
		if !has("document_type", "function") {
			return refuse("Document Type and Function are required to create a number card")
		}
		if d.Text("function") != "Count" && !has("aggregate_function_based_on") {
			return refuse("Aggregate Field is required to create a number card")
		}
		dt, err := c.DocType(ctx, d.Text("document_type"))
		if err != nil {
			return err
		}
		if dt.IsTable && !has("parent_document_type") {
			return refuse("Parent Document Type is required to create a number card")
		}
	case "Report":
		if !has("report_name", "report_field", "function") {
			return refuse("Report Name, Report Field and Fucntion are required to create a number card") //nolint:misspell // upstream's words
		}
	case "Custom":
		if !has("method") {
			return refuse("Method is required to create a number card")
		}
	}
	return nil
}

// validateChart follows frappe/desk/doctype/dashboard_chart/dashboard_chart.py validate.
func validateChart(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("is_standard") != 0 && !developer(c) {
		return refuse("Cannot edit Standard charts")
	}
	if kind := d.Text("chart_type"); kind != "Custom" && kind != "Report" {
		if err := chartFields(ctx, c, d); err != nil {
			return err
		}
	}
	if text := d.Text("custom_options"); text != "" {
		if _, err := document.ParseJSON(text); err != nil {
			return exc.Validation.Throwf("Invalid json added in the custom options: %s", err)
		}
	}
	return nil
}

func chartFields(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("document_type") == "" {
		return refuse("Document type is required to create a dashboard chart")
	}
	dt, err := c.DocType(ctx, d.Text("document_type"))
	if err != nil {
		return err
	}
	kind := d.Text("group_by_type")
	switch group := d.Text("chart_type") == "Group By"; {
	case dt.IsTable && d.Text("parent_document_type") == "":
		return refuse("Parent document type is required to create a dashboard chart")
	case group && d.Text("group_by_based_on") == "":
		return refuse("Group By field is required to create a dashboard chart")
	case group && (kind == "Sum" || kind == "Average") && d.Text("aggregate_function_based_on") == "":
		return refuse("Aggregate Function field is required to create a dashboard chart")
	case !group && d.Text("based_on") == "":
		return refuse("Time series based on is required to create a dashboard chart")
	case dt.IsSingle:
		return refuse("You cannot create a dashboard chart from single DocTypes")
	}
	return nil
}
