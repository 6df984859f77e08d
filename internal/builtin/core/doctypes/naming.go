package doctypes

import (
	"context"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// checkSeries checks autoname and fills it in from a naming_series field.
// Source: doctype.py validate_series, validate_empty_name.
func checkSeries(ctx context.Context, c *engine.Call, d *document.Document) error {
	if err := CheckSeries(ctx, c, d, d.Name()); err != nil {
		return err
	}
	if strings.HasPrefix(d.Text("autoname"), "format:") && quirk.Of(c.Profile).FormatToast {
		c.Msgprint(exc.Message{Text: "Warning: Usage of 'format:' is discouraged.", Indicator: "yellow", Alert: true})
	}
	if d.Text("autoname") == "" && !on(d, "issingle") && !on(d, "istable") && quirk.Of(c.Profile).NamingToast {
		c.Msgprint(exc.Message{Text: "Warning: Naming is not set", Indicator: "yellow", Alert: true})
	}
	return nil
}

// CheckSeries checks the autoname of d, which describes the DocType of that name: a
// DocType or a Customize Form.
func CheckSeries(ctx context.Context, c *engine.Call, d *document.Document, name string) error {
	autoname := d.Text("autoname")
	if autoname == "" && fieldNamed(d, "naming_series") != nil {
		d.Set("autoname", document.Text("naming_series:"))
	}
	if strings.HasPrefix(autoname, "naming_series:") && fieldNamed(d, "naming_series") == nil {
		return exc.Validation.Throwf("Fieldname called %s must exist to enable autonaming", engine.Bold("naming_series")).WithTitle("Field Missing")
	}
	if field, ok := strings.CutPrefix(autoname, "field:"); ok {
		f := fieldNamed(d, field)
		if field == "" || f == nil {
			return exc.Validation.Throwf("Invalid fieldname '%s' in autoname", field)
		}
		set(f, "unique", 1)
	}
	if strings.HasPrefix(autoname, "format:") && c.Profile.FormatCounterByPrefix && strings.Count(autoname, "{#") > 1 {
		return exc.Validation.Throw("Only one set of {#} pattern is allowed in the format string")
	}
	return checkPrefix(ctx, c, name, autoname)
}

// checkPrefix refuses a series whose prefix another DocType's autoname has.
func checkPrefix(ctx context.Context, c *engine.Call, name, autoname string) error {
	switch lower := strings.ToLower(autoname); {
	case autoname == "" || lower == "prompt" || lower == "hash":
		return nil
	}
	for _, kind := range []string{"field:", "eval:", "naming_series:", "format:"} {
		if strings.HasPrefix(autoname, kind) {
			return nil
		}
	}
	prefix, _, _ := strings.Cut(autoname, ".")
	rows, err := c.Rows(ctx, "DocType", []string{"name"}, document.NewObject("autoname", []document.Value{document.Text("like"), document.Text(prefix + ".%")}), "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if used := r.PropText("name"); used != name {
			return exc.Validation.Throwf("Series %s already used in %s", prefix, used)
		}
	}
	return nil
}

// checkAutoincrement refuses to switch autoincrement on or off when rows exist.
// Source: doctype.py validate_autoincrement_autoname.
func checkAutoincrement(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.New || d.Before == nil {
		return nil
	}
	const auto = "autoincrement"
	before, now := d.Before.Text("autoname"), d.Text("autoname")
	if (before == auto) == (now == auto) || on(d, "issingle") {
		return nil
	}
	there, err := c.Tx.TableExists(ctx, "tab"+d.Name())
	if err != nil || !there {
		return err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(d.Name())
	c.Tx.Dialect().Offset(b, 1, 0)
	var name document.Value
	found, err := c.Tx.PeekRow(ctx, b, &name)
	if err != nil || !found {
		return err
	}
	return exc.Validation.Throw("Can only change to/from Autoincrement naming rule when there is no data in the doctype")
}
