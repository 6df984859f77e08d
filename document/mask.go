package document

import (
	"strings"
	"unicode/utf8"

	"freddo/doctype"
)

// Masked is what is shown of a field's value to who may not see it: the first three
// characters of a phone number, the domain of an e-mail address, else only that there is
// something. Empty values stay as they are.
// Source: frappe/model/utils/mask.py mask_field_value.
func Masked(f *doctype.DocField, v Value) Value {
	if !v.Truthy() {
		return v
	}
	switch {
	case f.Fieldtype == "Data" && f.Options == "Phone":
		text := ToText(v)
		if n := utf8.RuneCountInString(text); n <= 3 {
			return Text(strings.Repeat("X", n))
		}
		return Text(string([]rune(text)[:3]) + "XXXXXX")
	case f.Fieldtype == "Data" && f.Options == "Email":
		if parts := strings.Split(ToText(v), "@"); len(parts) > 1 {
			return Text("XXXXXX@" + parts[1])
		}
		return Text("XXXXXX")
	case f.Fieldtype == "Date":
		return Text("XX-XX-XXXX")
	case f.Fieldtype == "Time":
		return Text("XX:XX")
	}
	return Text("XXXXXXXX")
}

// Mask puts the mask over a field's value. A document with masks is to be shown, not to
// be saved.
func (d *Document) Mask(f *doctype.DocField) {
	if f.Slot < 0 {
		return
	}
	if d.masks == nil {
		d.masks = map[int]bool{}
	}
	if v := d.vals[f.Slot]; v.Truthy() {
		d.masks[f.Slot] = true
		d.vals[f.Slot] = Masked(f, v)
	}
}
