package engine

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/perm"
)

// setDefaults fills what is missing or null in a document and in its new rows.
// Source: frappe/model/document.py _set_defaults, frappe/model/create_new.py.
func (c *Call) setDefaults(ctx context.Context, d *document.Document) error {
	if err := c.fillDefaults(ctx, d, nil); err != nil {
		return err
	}
	return c.rowDefaults(ctx, d)
}

// rowDefaults fills the rows that are new; upstream marks them __unsaved by that.
func (c *Call) rowDefaults(ctx context.Context, d *document.Document) error {
	return d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		if !row.New {
			return nil
		}
		row.Unsaved = true
		return c.fillDefaults(ctx, row, d)
	})
}

func (c *Call) fillDefaults(ctx context.Context, d, parent *document.Document) error {
	me, err := c.Me(ctx)
	if err != nil {
		return err
	}
	for _, f := range d.Type.Fields {
		if f.Slot < 0 || f.IsVirtual || !d.At(f.Slot).IsNull() {
			continue
		}
		v, err := c.defaultOf(ctx, d, parent, f, me)
		if err != nil {
			return err
		}
		if !v.IsNull() {
			d.SetAt(f.Slot, v)
		}
	}
	if d.At(doctype.SlotDocstatus).IsNull() {
		d.SetAt(doctype.SlotDocstatus, document.IntOf(0))
	}
	if d.At(doctype.SlotIdx).IsNull() {
		d.SetAt(doctype.SlotIdx, document.IntOf(0))
	}
	return nil
}

// defaultOf is one field's default value; Missing when it has none.
func (c *Call) defaultOf(ctx context.Context, d, parent *document.Document, f *doctype.DocField, me *perm.User) (document.Value, error) {
	if f.Fieldtype == "Link" && f.Options != "User" {
		if v := linkDefault(d.Type, f, me); v != "" {
			// Frappe: a default that does not exist leaves the field empty.
			if _, ok, err := c.Exists(ctx, f.Options, v); err != nil || !ok {
				return document.Value{}, err
			}
			return document.Text(v), nil
		}
	}
	v, err := c.staticDefault(ctx, d, parent, f, me)
	if err != nil || v.IsNull() {
		return v, err
	}
	switch {
	case f.Type.Class == doctype.CheckClass, f.Type.Class == doctype.IntClass:
		return document.IntOf(document.Cint(v)), nil
	case f.Type.Class == doctype.FloatClass && f.Type.Numeric:
		return document.FloatOf(document.Flt(v)), nil
	}
	return v, nil // Frappe: Duration and Rating keep the text
}

// linkDefault is the document that a link takes from the user: what User Permissions make
// the default, else the user's or the system's default of the field's name, where User
// Permissions allow it. Source: create_new.py get_user_default_value.
func linkDefault(dt *doctype.DocType, f *doctype.DocField, me *perm.User) string {
	if v := permittedDefault(dt, f, me); v != "" {
		return v
	}
	v := me.Defaults[f.Fieldname]
	if v == "" || f.IgnoreUserPermissions {
		return v
	}
	if values, restricted := me.AllowedFor(f.Options, dt.Name); restricted && len(values) > 0 && !values[v] {
		return ""
	}
	return v
}

// permittedDefault is the document that User Permissions make the default for a link.
func permittedDefault(dt *doctype.DocType, f *doctype.DocField, me *perm.User) string {
	if f.IgnoreUserPermissions {
		return ""
	}
	var only []string
	for _, a := range me.Allowed[f.Options] {
		if a.ApplicableFor != "" && a.ApplicableFor != dt.Name {
			continue
		}
		if a.IsDefault {
			return a.Value
		}
		only = append(only, a.Value)
	}
	if len(only) == 1 {
		return only[0]
	}
	return ""
}

func (c *Call) staticDefault(ctx context.Context, d, parent *document.Document, f *doctype.DocField, me *perm.User) (document.Value, error) {
	def := f.Default
	isTitle := d.Type.TitleField == f.Fieldname && strings.Contains(def, "{")
	switch {
	case def == "" || isTitle:
	case def == "__user":
		return document.Text(c.User), nil
	case f.Type.Class == doctype.DatetimeClass && strings.EqualFold(def, "now"):
		return document.Text(c.Stamp()), nil
	case f.Type.Class == doctype.TimeClass && strings.EqualFold(def, "now"):
		return document.Text(c.SiteNow().Format("15:04:05.000000")), nil
	case def == "Today" || def == "__today":
		return document.Text(c.Today()), nil
	case strings.HasPrefix(def, ":"):
		return c.linkedDefault(ctx, d, parent, f)
	case f.Fieldtype == "Link":
		if values, restricted := me.AllowedFor(f.Options, d.Type.Name); restricted && !f.IgnoreUserPermissions && !values[def] {
			return document.Value{}, nil
		}
		return document.Text(def), nil
	default:
		return document.Text(def), nil
	}
	if f.Fieldtype == "Select" && def == "" && f.Options != "" && f.Options != "[Select]" && f.Options != "Loading..." {
		// Frappe: a Select without a default takes its first line.
		return document.Text(f.Choices[0]), nil
	}
	if f.Type.Class == doctype.TimeClass && c.Profile.TimeDefaultsToNow {
		// Frappe: v14 and v15 fill every empty Time field with the present.
		return document.Text(c.SiteNow().Format("15:04:05.000000")), nil
	}
	return document.Value{}, nil
}

// linkedDefault follows ":DocType": the value of the same field in the document
// that the parent (or the document itself) links.
func (c *Call) linkedDefault(ctx context.Context, d, parent *document.Document, f *doctype.DocField) (document.Value, error) {
	target := f.Default[1:]
	holder := parent
	if holder == nil {
		holder = d
	}
	name := holder.Text(doctype.Scrub(target))
	if name == "" {
		return document.Value{}, nil
	}
	return c.Value(ctx, target, name, f.Fieldname)
}

// setTitle fills the title from its template. Source: frappe/model/document.py
// set_title_field.
func (c *Call) setTitle(_ context.Context, d *document.Document) error {
	if d.Type.TitleField != "title" {
		return nil
	}
	f := d.Type.Field("title")
	if f == nil || f.Slot < 0 {
		return nil
	}
	template := ""
	if strings.Contains(f.Options, "{") {
		template = f.Options
	} else if d.New && document.ToText(d.At(f.Slot)) == "" && strings.Contains(f.Default, "{") {
		template = f.Default
	}
	if template != "" {
		d.SetAt(f.Slot, document.Text(expandBraces(template, d.Text)))
	}
	return nil
}

// expandBraces replaces {field} by its value.
func expandBraces(template string, value func(string) string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(template, '{')
		j := strings.IndexByte(template, '}')
		if i < 0 || j < i {
			b.WriteString(template)
			return b.String()
		}
		b.WriteString(template[:i])
		b.WriteString(value(template[i+1 : j]))
		template = template[j+1:]
	}
}
