// Package doctypes owns the controller of DocType: what upstream checks, fills in and
// does when a DocType is saved, renamed or deleted. It changes tables through the
// engine and knows nothing of HTTP. Start with Register, then validate.
package doctypes

import (
	"context"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
)

// Register hooks the controller of DocType.
func Register(h *engine.Hooks) {
	h.On("DocType", engine.Validate, validate)
	h.On("DocType", engine.OnUpdate, onUpdate)
	h.On("DocType", engine.BeforeRename, beforeRename)
	h.On("DocType", engine.AfterRename, afterRename)
	h.On("DocType", engine.OnTrash, onTrash)
	h.On("DocType", engine.AfterDelete, afterDelete)
}

// step is one of the steps of a save, in upstream's order.
type step func(ctx context.Context, c *engine.Call, d *document.Document) error

// validate runs the steps of a DocType's save before it is written. Links are
// checked before, mandatory fields after.
// Source: frappe/core/doctype/doctype/doctype.py DocType.validate.
func validate(ctx context.Context, c *engine.Call, d *document.Document) error {
	for _, s := range []step{
		checkDeveloperMode, checkName, singleAndTableDefaults, scrubFieldNames, defaultInListView, defaultTranslatable,
		checkSeries, checkAutoincrement, renameDocumentType, checkOwnFields, checkPermissions, makeAmendable, makeTree,
		checkWebsite, raiseAttachmentLimit, checkLinks, checkConflicts, CheckEmail, checkPrintFormat,
	} {
		if err := s(ctx, c, d); err != nil {
			return err
		}
	}
	return nil
}

func developerMode(c *engine.Call) bool { return c.Site.Config().Bool("developer_mode") }

func on(d *document.Document, key string) bool { return d.Int(key) != 0 }

func set(d *document.Document, key string, n int64) { d.Set(key, document.IntOf(n)) }

// checkDeveloperMode refuses standard DocTypes outside developer mode.
func checkDeveloperMode(_ context.Context, c *engine.Call, d *document.Document) error {
	dev := developerMode(c)
	if !dev && !on(d, "custom") {
		return exc.CannotCreateStandardDoctype.Throw("Not in Developer Mode! Set in site_config.json or make 'Custom' DocType.")
	}
	if on(d, "is_virtual") && on(d, "custom") {
		return exc.CannotCreateStandardDoctype.Throw("Not allowed to create custom Virtual DocType.")
	}
	if dev {
		d.SetAt(doctype.SlotOwner, document.Text("Administrator"))
		d.SetAt(doctype.SlotModifiedBy, document.Text("Administrator"))
	}
	return nil
}

// nameShape: a letter, then at least one more letter, digit, underscore, blank or
// hyphen, ASCII only. Source: doctype.py START_WITH_LETTERS_PATTERN.
var nameShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_ -]+\n?$`)

// maxName is MariaDB's limit of 64 less "tab".
const maxName = 61

func checkName(ctx context.Context, c *engine.Call, d *document.Document) error {
	return checkDocTypeName(ctx, c, d.Name())
}

// checkDocTypeName refuses names that cannot be a table and a route.
// Source: doctype.py DocType.validate_name, validate_route_conflict.
func checkDocTypeName(ctx context.Context, c *engine.Call, name string) error {
	switch {
	case len([]rune(name)) > maxName:
		return exc.Name.Throwf("Doctype name is limited to %d characters (%s)", maxName, name)
	case strings.TrimSpace(name) != name:
		return exc.Name.Throw("DocType's name should not start or end with whitespace")
	case !nameShape.MatchString(name):
		return exc.Name.Throw("A DocType's name should start with a letter and can only consist of letters, numbers, spaces, underscores and hyphens").WithTitle("Invalid Name")
	}
	for _, other := range []string{"Page", "Workspace"} {
		taken, err := routeTaken(ctx, c, other, name)
		if err != nil {
			return err
		}
		if taken {
			return exc.Name.New("").WithPlain(exc.Message{Text: "Name already taken, please set a new name"})
		}
	}
	return nil
}

// routeTaken reports whether another document of dt has the name's route. One that
// is spelled exactly alike does not count.
func routeTaken(ctx context.Context, c *engine.Call, dt, name string) (bool, error) {
	if _, err := c.DocType(ctx, dt); exc.Is(err, exc.DoesNotExist) {
		return false, nil
	}
	rows, err := c.Rows(ctx, dt, []string{"name"}, nil, "")
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		if other := r.PropText("name"); other != name && doctype.Slug(other) == doctype.Slug(name) {
			return true, nil
		}
	}
	return false, nil
}

// singleAndTableDefaults drops what a Single or a child table cannot have.
func singleAndTableDefaults(_ context.Context, c *engine.Call, d *document.Document) error {
	switch {
	case on(d, "issingle"):
		set(d, "allow_import", 0)
		set(d, "is_submittable", 0)
		set(d, "istable", 0)
	case on(d, "istable"):
		set(d, "allow_import", 0)
		d.SetRowsAt(d.TableIndex("permissions"), []*document.Document{})
	}
	if d.Text("autoname") == "autoincrement" && quirk.Of(c.Profile).NoAutoincrementRename {
		set(d, "allow_rename", 0)
	}
	return nil
}

func renameDocumentType(_ context.Context, _ *engine.Call, d *document.Document) error {
	switch d.Text("document_type") {
	case "Transaction":
		d.Set("document_type", document.Text("Document"))
	case "Master":
		d.Set("document_type", document.Text("Setup"))
	}
	return nil
}

func checkPrintFormat(_ context.Context, _ *engine.Call, d *document.Document) error {
	if d.Text("default_print_format") != "" && !on(d, "custom") {
		return exc.Validation.Throw("Standard DocType cannot have default print format, use Customize Form")
	}
	return nil
}

// appendRow adds a row to a table of a DocType that is being saved: it comes after
// naming, so it is named and stamped here.
func appendRow(c *engine.Call, d *document.Document, table string, pairs ...any) error {
	row, err := d.AppendRow(table, c.Meta.Base)
	if err != nil {
		return err
	}
	row.SetName(engine.RandomName())
	for _, slot := range []int{doctype.SlotOwner, doctype.SlotCreation, doctype.SlotModified, doctype.SlotModifiedBy, doctype.SlotDocstatus} {
		row.SetAt(slot, d.At(slot))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		row.Set(pairs[i].(string), document.From(pairs[i+1]))
	}
	return nil
}

// fieldNamed returns the row of a field, or nil.
func fieldNamed(d *document.Document, name string) *document.Document {
	for _, f := range d.Rows("fields") {
		if f.Text("fieldname") == name {
			return f
		}
	}
	return nil
}
