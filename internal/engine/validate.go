package engine

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// validateBuiltin runs the checks that need no controller, in upstream's order.
// Source: frappe/model/document.py _validate.
func (c *Call) validateBuiltin(ctx context.Context, d *document.Document) error {
	if err := c.guardCredentials(d); err != nil {
		return err
	}
	for _, step := range []func(context.Context, *document.Document) error{
		c.validateMandatory, c.validateData, c.validateSelects, c.validateNonNegative, c.validateLength,
	} {
		if err := step(ctx, d); err != nil {
			return err
		}
	}
	for _, r := range withRows(d) {
		normaliseRow(r)
		c.sanitize(r, d)
		if err := c.savePasswords(ctx, r); err != nil {
			return err
		}
	}
	if err := c.run(ctx, CheckWorkflow, d); err != nil {
		return err
	}
	if !d.New && d.Before != nil {
		return c.validateConstants(d)
	}
	return nil
}

// withRows is a document followed by its rows.
func withRows(d *document.Document) []*document.Document {
	out := []*document.Document{d}
	_ = d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		out = append(out, row)
		return nil
	})
	return out
}

// missing is one mandatory field without a value.
type missing struct{ field, message string }

func (c *Call) validateMandatory(_ context.Context, d *document.Document) error {
	if d.Flags.IgnoreMandatory {
		return nil
	}
	gone := c.missingFields(d, d)
	_ = d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		gone = append(gone, c.missingFields(row, d)...)
		return nil
	})
	if len(gone) == 0 {
		return nil
	}
	fields := make([]string, len(gone))
	plain := make([]exc.Message, len(gone))
	for i, m := range gone {
		fields[i] = m.field
		plain[i] = exc.Message{Text: m.message}
	}
	return exc.Mandatory.Errorf("[%s, %s]: %s", d.Type.Name, pythonName(d), strings.Join(fields, ", ")).WithPlain(plain...)
}

// pythonName is a name as Python formats it: None before naming.
func pythonName(d *document.Document) string {
	if d.Name() == "" {
		return "None"
	}
	return d.Name()
}

// missingFields follows base_document.py _get_missing_mandatory_fields.
func (c *Call) missingFields(d, root *document.Document) []missing {
	var out []missing
	for _, f := range d.Type.Fields {
		if !f.Reqd || f.IsVirtual || f.Type.Class == doctype.NoValue {
			continue
		}
		if f.Table >= 0 {
			if len(d.RowsAt(f.Table)) == 0 {
				colon := ""
				if c.Profile.TableMandatoryColon {
					colon = ":"
				}
				out = append(out, missing{f.Fieldname, fmt.Sprintf("Error: Data missing in table%s %s", colon, f.LabelOrName())})
			}
			continue
		}
		if f.Type.Class == doctype.CheckClass || hasValue(f, d.At(f.Slot)) {
			continue
		}
		text := fmt.Sprintf("Error: Value missing for %s: %s", d.Type.Name, f.LabelOrName())
		if d != root {
			text = fmt.Sprintf("Error: %s Row #%d: Value missing for: %s", Bold(d.Type.Name), d.Int("idx"), f.LabelOrName())
		}
		out = append(out, missing{f.Fieldname, text})
	}
	if d == root && d.Type.IsTable {
		for _, name := range []string{"parent", "parenttype"} {
			if d.Text(name) == "" {
				// Frappe: the message is made of a field without a parent.
				out = append(out, missing{name, "Error: Value missing for None: " + name})
			}
		}
	}
	return out
}

var tags = regexp.MustCompile(`<[^>]*>`)

// hasValue: blank text, also behind markup, is missing; 0 is not.
func hasValue(f *doctype.DocField, v document.Value) bool {
	switch v.Kind() {
	case document.Missing, document.Null:
		return false
	case document.String:
		s := v.Str()
		if strings.TrimSpace(s) == "" {
			return false
		}
		if f.Fieldtype == "Text Editor" || f.Fieldtype == "HTML Editor" || f.Fieldtype == "Code" {
			if strings.Contains(s, "<img") {
				return true
			}
		}
		return strings.TrimSpace(tags.ReplaceAllString(s, "")) != ""
	case document.List:
		return len(v.List()) > 0
	}
	return true
}

func (c *Call) validateSelects(_ context.Context, d *document.Document) error {
	for _, r := range withRows(d) {
		for _, f := range r.Type.Fields {
			if f.Fieldtype != "Select" || f.Fieldname == "naming_series" || f.Options == "" || f.Slot < 0 {
				continue
			}
			v := r.At(f.Slot)
			if !v.Truthy() {
				continue
			}
			text := strings.TrimSpace(document.ToText(v))
			r.SetAt(f.Slot, document.Text(text))
			if text == "" || contains(f.Choices, text) {
				continue
			}
			prefix := ""
			if r != d {
				prefix = fmt.Sprintf("Row #%d:", r.Int("idx"))
			}
			quoted := make([]string, 0, len(f.Choices))
			for _, o := range f.Choices {
				quoted = append(quoted, `"`+o+`"`)
			}
			return exc.Validation.Throwf(`%s %s cannot be "%s". It should be one of %s`, prefix, f.LabelOrName(), text, strings.Join(quoted, ", "))
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if strings.TrimSpace(x) == s {
			return true
		}
	}
	return false
}

func (c *Call) validateNonNegative(_ context.Context, d *document.Document) error {
	for _, r := range withRows(d) {
		for _, f := range r.Type.Fields {
			if !f.NonNegative || f.Slot < 0 || f.Fieldtype == "Percent" || document.Flt(r.At(f.Slot)) >= 0 {
				continue
			}
			text := fmt.Sprintf("Value cannot be negative for %s: %s", r.Type.Name, Bold(f.LabelOrName()))
			if r != d {
				text = fmt.Sprintf("%s Row #%d: Value cannot be negative for %s", Bold(r.Type.Name), r.Int("idx"), Bold(f.LabelOrName()))
			}
			return exc.NonNegative.Throw(text).WithTitle("Negative Value")
		}
	}
	return nil
}

// validateLength refuses text longer than its column and integers beyond theirs.
// Source: base_document.py _validate_length.
func (c *Call) validateLength(_ context.Context, d *document.Document) error {
	if d.Type.IsSingle {
		return nil
	}
	for _, r := range withRows(d) {
		for i := range r.Type.Columns {
			col := &r.Type.Columns[i]
			if col.Field == nil || !col.Stored || r.At(i).IsNull() {
				continue
			}
			max, text := columnLimit(col, r.At(i))
			if max == "" {
				continue
			}
			ref := fmt.Sprintf("%s %s", r.Type.Name, pythonName(r))
			if r != d {
				ref = fmt.Sprintf("%s, Row %d", r.Type.Name, r.Int("idx"))
			}
			return exc.CharacterLengthExceeded.Throwf("%s: '%s' (%s) will get truncated, as max characters allowed is %s",
				ref, Bold(col.Field.LabelOrName()), text, max).WithTitle("Value too big")
		}
	}
	return nil
}

// columnLimit returns the limit that v breaks, as text, or "".
func columnLimit(col *doctype.Column, v document.Value) (limit, text string) {
	switch col.Type.Size {
	case doctype.SizeVarchar:
		max := col.Field.Length
		if max <= 0 {
			max = 140
		}
		s := document.ToText(v)
		if len(s) > max && len([]rune(s)) > max {
			return fmt.Sprint(max), s
		}
	case doctype.SizeInt:
		max := int64(2147483647)
		if col.Field.Length > 11 {
			max = 9223372036854775807
		}
		if n, fits := document.CintFits(v); !fits || n > max || n < -max {
			return fmt.Sprint(max), document.ToText(v)
		}
	}
	return "", ""
}

// normaliseRow clamps ratings and keeps a field: name in step with its field.
func normaliseRow(d *document.Document) {
	for _, f := range d.Type.Fields {
		if f.Fieldtype != "Rating" || f.Slot < 0 {
			continue
		}
		switch r := document.Flt(d.At(f.Slot)); {
		case r > 1:
			d.SetAt(f.Slot, document.IntOf(1))
		case r <= 0:
			d.SetAt(f.Slot, document.IntOf(0))
		default:
			d.SetAt(f.Slot, document.FloatOf(r))
		}
	}
	if a := d.Type.Autoname; strings.HasPrefix(strings.ToLower(a), "field:") && d.Name() != "" {
		if f := d.Type.Field(a[len("field:"):]); f != nil && f.Slot >= 0 {
			d.SetAt(f.Slot, document.Text(d.Name()))
		}
	}
}

// sanitize cleans HTML in text, except where upstream does not.
// Source: base_document.py _sanitize_content.
func (c *Call) sanitize(d, root *document.Document) {
	if c.Hooks.Sanitize == nil || d.Flags.IgnoreXSS {
		return
	}
	for slot := range d.Type.Columns {
		col := &d.Type.Columns[slot]
		s := d.At(slot).Str()
		if col.Type.Class != doctype.TextClass || col.Name == "name" || !strings.ContainsAny(s, "<>") {
			continue
		}
		f := col.Field
		if f == nil { // _user_tags and its like, which a client may send as well
			d.SetAt(slot, document.Text(c.Hooks.Sanitize(s)))
			continue
		}
		if f.IgnoreXSSFilter {
			continue
		}
		switch f.Fieldtype {
		case "Attach", "Attach Image", "Barcode", "Code":
			continue
		case "Data", "Small Text", "Text":
			if f.Options == "Email" {
				continue
			}
		}
		if root.Docstatus() == 2 || root.Docstatus() == 1 && !f.AllowOnSubmit {
			continue
		}
		d.SetAt(slot, document.Text(c.Hooks.Sanitize(s)))
	}
}

// tag is what StripHTML takes out.
var tag = regexp.MustCompile(`<!--.*?-->|<[^>]*>`)

// StripHTML takes tags and comments out of a text. It is for short plain texts: what it
// leaves is not safe as HTML. Source: frappe/utils/data.py strip_html.
func StripHTML(s string) string { return tag.ReplaceAllString(s, "") }

// savePasswords moves Password values into __Auth and leaves asterisks.
// Source: base_document.py _save_passwords.
func (c *Call) savePasswords(ctx context.Context, d *document.Document) error {
	for _, f := range d.Type.Fields {
		if f.Fieldtype != "Password" || f.Slot < 0 || f.IsVirtual || f.Fieldname == "new_password" && d.Type.Name == "User" {
			continue
		}
		v := document.ToText(d.At(f.Slot))
		switch {
		case v == "":
			if err := c.Tx.DeleteAuth(ctx, d.Type.Name, d.Name(), f.Fieldname); err != nil {
				return err
			}
		case strings.Trim(v, "*") == "":
		default:
			if err := c.SetPassword(ctx, d.Type.Name, d.Name(), f.Fieldname, v); err != nil {
				return err
			}
			d.SetAt(f.Slot, document.Text(strings.Repeat("*", len([]rune(v)))))
		}
	}
	return nil
}

// SetPassword encrypts a secret into __Auth. Source: frappe/utils/password.py
// set_encrypted_password.
func (c *Call) SetPassword(ctx context.Context, dt, name, field, plain string) error {
	token, err := c.Hooks.Secrets.Encrypt(plain)
	if err != nil {
		return fmt.Errorf("encrypt %s.%s: %w", dt, field, err)
	}
	return c.Tx.SetAuth(ctx, dt, name, field, token, true)
}

// GetPassword returns a secret from __Auth; ok is false when there is none.
func (c *Call) GetPassword(ctx context.Context, dt, name, field string) (plain string, ok bool, err error) {
	token, encrypted, ok, err := c.Tx.Auth(ctx, dt, name, field)
	if err != nil || !ok || !encrypted {
		return "", false, err
	}
	plain, err = c.Hooks.Secrets.Decrypt(token)
	if err != nil {
		return "", false, exc.Validation.Throw("Encryption key is invalid! Please check site_config.json")
	}
	return plain, true, nil
}

// validateConstants refuses changes of set_only_once fields, owner and creation.
// Source: document.py validate_set_only_once.
func (c *Call) validateConstants(d *document.Document) error {
	for _, slot := range [2]int{doctype.SlotCreation, doctype.SlotOwner} {
		if !sameValue(d, d.Before, slot) {
			return constant(doctype.StandardLabel(d.Type.Columns[slot].Name))
		}
	}
	for _, f := range d.Type.Fields {
		if !f.SetOnlyOnce {
			continue
		}
		if f.Table >= 0 {
			if !sameRows(d.RowsAt(f.Table), d.Before.RowsAt(f.Table)) {
				return constant(f.LabelOrName())
			}
		} else if f.Slot >= 0 && !sameValue(d, d.Before, f.Slot) {
			return constant(f.LabelOrName())
		}
	}
	return nil
}

func constant(label string) error {
	return exc.CannotChangeConstant.Throwf("Value cannot be changed for %s", Bold(label))
}

// shownText is a slot's value as the API prints it, for comparing.
func shownText(d *document.Document, slot int) string {
	col := &d.Type.Columns[slot]
	v := document.Normal(col, d.At(slot), false)
	s := document.ToText(v)
	switch col.Type.Class {
	case doctype.DatetimeClass:
		return document.ShowDatetime(s)
	case doctype.DateClass:
		if t, ok := document.StoredDate(s); ok {
			return t
		}
	case doctype.TimeClass:
		if t, ok := document.StoredTime(s); ok {
			return t
		}
	}
	return s
}

// sameValue reports whether two documents hold the same in a slot: numbers by their value
// (what a client sends for 5400.0 may be 5400), an empty one as 0, all else as it is shown.
func sameValue(a, b *document.Document, slot int) bool {
	col := &a.Type.Columns[slot]
	if col.Type.Class == doctype.FloatClass {
		v, w := document.Normal(col, a.At(slot), false), document.Normal(col, b.At(slot), false)
		if isNumberOrNull(v) && isNumberOrNull(w) {
			return document.Flt(v) == document.Flt(w)
		}
	}
	return shownText(a, slot) == shownText(b, slot)
}

func isNumberOrNull(v document.Value) bool { return v.IsNumber() || v.IsNull() }

func sameRows(a, b []*document.Document) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		for slot := range a[i].Type.Columns {
			if slot == doctype.SlotModified || slot == doctype.SlotModifiedBy || slot == doctype.SlotCreation {
				continue
			}
			if !sameValue(a[i], b[i], slot) {
				return false
			}
		}
	}
	return true
}
