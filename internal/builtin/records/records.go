// Package records owns those of upstream's controllers that give names and check values,
// of modules that have no methods here: Automation, Email, Integrations, Printing, the
// cards and charts of Desk, and Events. Start with Register.
package records

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// Register hooks the controllers.
func Register(h *engine.Hooks) {
	h.On("Event", engine.Validate, validateEvent)
	h.On("Event", engine.BeforeSave, mailParticipants)
	h.On("Event", engine.OnTrash, dropEventMails)
	h.On("Reminder", engine.Validate, validateReminder)

	h.On("Number Card", engine.Autoname, numbered("label"))
	h.On("Number Card", engine.Validate, validateCard)
	h.On("Dashboard Chart", engine.Validate, validateChart)

	h.On("Letter Head", engine.BeforeInsert, fromAttachment)
	h.On("Letter Head", engine.Validate, validateLetterHead)
	h.On("Letter Head", engine.OnUpdate, defaultLetterHead)

	h.On("Email Account", engine.Autoname, nameAccount)
	h.On("Email Account", engine.Validate, validateAccount)
	h.On("Email Account", engine.BeforeSave, accountDefaults)
	h.On("Email Account", engine.OnUpdate, onlyDefaultAccount)
	h.On("Notification", engine.Autoname, named("subject"))
	h.On("Notification", engine.Validate, validateNotification)
	h.On("Auto Email Report", engine.Autoname, numbered("report"))

	h.On("Social Login Key", engine.Autoname, nameLoginKey)
	h.On("Social Login Key", engine.Validate, validateLoginKey)
	h.On("Role Profile", engine.Autoname, named("role_profile"))
	h.On("Permission Type", engine.Autoname, namePermissionType)
}

// named takes the name from a field.
func named(field string) engine.Hook {
	return func(_ context.Context, _ *engine.Call, d *document.Document) error {
		d.SetName(d.Text(field))
		return nil
	}
}

// numbered is named, with a number behind a name that is taken.
func numbered(field string) engine.Hook {
	return func(ctx context.Context, c *engine.Call, d *document.Document) error {
		name, err := c.NumberedName(ctx, d.Type.Name, d.Text(field))
		d.SetName(name)
		return err
	}
}

func refuse(text string) error { return exc.Validation.Throw(text) }

// developer reports that the site may change what is shipped.
func developer(c *engine.Call) bool { return c.Site.Config().Bool("developer_mode") }
