package engine

import (
	"context"
	"fmt"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// setNewName names a new document and its rows.
// Source: frappe/model/naming.py set_new_name.
func (c *Call) setNewName(ctx context.Context, d *document.Document) error {
	if !d.Flags.NameSet {
		if err := c.nameParent(ctx, d); err != nil {
			return err
		}
	}
	return d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		row.SetAt(doctype.SlotName, document.Value{})
		return c.nameChild(ctx, row)
	})
}

// nameChild names a row: by its DocType's rule, which is a random name for most.
func (c *Call) nameChild(ctx context.Context, row *document.Document) error {
	if err := c.run(ctx, BeforeNaming, row); err != nil {
		return err
	}
	if row.Type.Autoname == "autoincrement" {
		return c.nextSequence(ctx, row)
	}
	if err := c.run(ctx, Autoname, row); err != nil || row.Name() != "" {
		return err
	}
	if row.Type.Autoname != "" {
		if err := c.nameByRule(ctx, row, row.Type.Autoname); err != nil || row.Name() != "" {
			return err
		}
	}
	row.SetName(c.hashName())
	return nil
}

func (c *Call) nextSequence(ctx context.Context, d *document.Document) error {
	n, err := c.Tx.NextSequence(ctx, d.Type)
	if err == nil {
		d.SetAt(doctype.SlotName, document.IntOf(n))
	}
	return err
}

func (c *Call) nameParent(ctx context.Context, d *document.Document) error {
	if err := c.run(ctx, BeforeNaming, d); err != nil {
		return err
	}
	dt := d.Type
	prompt := strings.EqualFold(dt.Autoname, "prompt")
	if newname := d.Text("__newname"); newname != "" && (prompt || c.Profile.NewnameAlways) {
		d.SetName(newname)
		return c.validateName(ctx, d)
	}
	uuid := c.Profile.UUIDNames && strings.EqualFold(dt.Autoname, "uuid")
	if !prompt && !uuid {
		d.SetAt(doctype.SlotName, document.Value{})
	}
	if dt.Autoname == "autoincrement" && !dt.IsSingle {
		return c.nextSequence(ctx, d)
	}
	if uuid && dt.Autoname == "UUID" {
		return c.nameByUUID(d)
	}
	if from := d.Text("amended_from"); from != "" && dt.Field("amended_from") != nil {
		if counts, err := c.amendsByCounter(ctx, dt.Name); err != nil || counts {
			if err != nil {
				return err
			}
			return c.nameAmended(ctx, d, from)
		}
	} else if dt.IsSingle {
		d.SetName(dt.Name)
		return nil
	}
	return c.nameByRules(ctx, d)
}

// nameByRules asks the Document Naming Rules, the controller and the autoname property
// in turn, until one gives a name.
func (c *Call) nameByRules(ctx context.Context, d *document.Document) error {
	for _, step := range []func(context.Context, *document.Document) error{
		c.nameByDocumentRule, c.hook(Autoname),
		func(ctx context.Context, d *document.Document) error { return c.nameByRule(ctx, d, d.Type.Autoname) },
	} {
		if d.Name() != "" {
			break
		}
		if err := step(ctx, d); err != nil {
			return err
		}
	}
	if d.Name() == "" {
		d.SetName(c.hashName())
	}
	return c.validateName(ctx, d)
}

// nameByRule applies the autoname property. Source: naming.py set_name_from_naming_options.
func (c *Call) nameByRule(ctx context.Context, d *document.Document, autoname string) error {
	lower := strings.ToLower(autoname)
	switch {
	case strings.HasPrefix(lower, "field:"):
		return nameByField(d, autoname[len("field:"):])
	case strings.HasPrefix(lower, "naming_series:"):
		return c.nameBySeries(ctx, d)
	case lower == "prompt":
		if d.Name() == "" {
			return exc.Validation.Throw("Please set the document name")
		}
	case strings.HasPrefix(lower, "format:"):
		return c.nameByFormat(ctx, d, autoname[len("format:"):])
	case strings.Contains(autoname, "#"):
		name, err := c.SeriesName(ctx, autoname, d)
		d.SetName(name)
		return err
	}
	return nil
}

func nameByField(d *document.Document, field string) error {
	name := strings.TrimSpace(d.Text(field))
	if name == "" {
		label := field
		if f := d.Type.Field(field); f != nil {
			label = f.LabelOrName()
		}
		return exc.Validation.Throwf("%s is required", label)
	}
	d.SetName(name)
	return nil
}

// amendsByCounter reports whether amendments of a DocType are named after what they
// amend (v14 always), or by the DocType's usual rules.
// Source: naming.py _set_amended_name.
func (c *Call) amendsByCounter(ctx context.Context, dtName string) (bool, error) {
	if !c.Profile.AmendNamingSettings {
		return true, nil
	}
	rows, err := c.Rows(ctx, "Amended Document Naming Settings", []string{"action"}, document.NewObject("document_type", dtName), "")
	if err != nil {
		return false, err
	}
	if len(rows) > 0 && rows[0].PropText("action") != "" {
		return rows[0].PropText("action") != "Default Naming", nil
	}
	v, err := c.Setting(ctx, "Document Naming Settings", "default_amend_naming")
	return document.ToText(v) != "Default Naming", err
}

// nameAmended names an amendment after what it amends. Source: naming.py _set_amended_name.
func (c *Call) nameAmended(ctx context.Context, d *document.Document, from string) error {
	n, prefix := int64(1), from
	before, err := c.Value(ctx, d.Type.Name, from, "amended_from")
	if err != nil {
		return err
	}
	if document.ToText(before) != "" {
		if i := strings.LastIndexByte(from, '-'); i >= 0 {
			n = document.Cint(document.Text(from[i+1:])) + 1
			prefix = from[:i]
		}
	}
	d.SetName(fmt.Sprintf("%s-%d", prefix, n))
	return nil
}

// validateName refuses names that upstream refuses, and trims blanks.
// Source: naming.py validate_name.
func (c *Call) validateName(ctx context.Context, d *document.Document) error {
	name, dt := strings.TrimSpace(d.Name()), d.Type.Name
	if d.NameValue().Kind() == document.Int {
		return exc.Name.Throw("Invalid name type (integer) for varchar name column")
	}
	switch {
	case name == "":
		return exc.Validation.Throwf("No Name Specified for %s", dt)
	case strings.HasPrefix(name, "New "+dt):
		return exc.Name.Throw("There were some errors setting the name, please contact the administrator")
	case name == dt && !d.Type.IsSingle && dt != "DocType":
		return exc.Name.Throwf("Name of %s cannot be %s", dt, name)
	case strings.ContainsAny(name, "<>"):
		return exc.Name.Throw("Name cannot contain special characters like '<', '>'")
	}
	d.SetName(name)
	return nil
}
