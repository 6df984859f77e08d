package doctypes

import (
	"context"
	"math/rand/v2"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
)

// restricted are fieldnames that would hide a standard column.
// Source: doctype.py DocType.scrub_field_names.
var restricted = map[string]bool{"name": true, "parent": true, "creation": true, "owner": true, "modified": true,
	"modified_by": true, "parentfield": true, "parenttype": true, "file_list": true, "flags": true, "docstatus": true}

var breakSuffix = map[string]string{"Section Break": "_section", "Column Break": "_column", "Tab Break": "_tab"}

var illegalInName = strings.NewReplacer("'", "", `"`, "", ",", "", ".", "", "/", "", "%", "", "@", "", "(", "", ")", "", "<", "", ">", "", "{", "", "}", "")

// scrubFieldNames makes fieldnames from labels and cleans the given ones.
func scrubFieldNames(_ context.Context, c *engine.Call, d *document.Document) error {
	for _, f := range d.Rows("fields") {
		kind := f.Text("fieldtype")
		if kind == "" {
			continue
		}
		name := f.Text("fieldname")
		switch {
		case name != "":
			if restricted[name] {
				return exc.InvalidFieldName.Throwf("Fieldname %s is restricted", name)
			}
		case f.Text("label") != "":
			name = nameFromLabel(f.Text("label")) + breakSuffix[kind]
		case breakSuffix[kind] != "":
			name = strings.ReplaceAll(strings.ToLower(kind), " ", "_") + "_" + randomLetters(quirk.Of(c.Profile).BreakSuffix)
		default:
			return exc.Validation.Throwf("Row #%d: Fieldname is required", f.Int("idx")).WithTitle("Missing Fieldname")
		}
		f.Set("fieldname", document.Text(strings.ToLower(illegalInName.Replace(name))))
		if on(f, "unique") {
			set(f, "search_index", 0)
		}
	}
	return nil
}

func nameFromLabel(label string) string {
	name := strings.Trim(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(label)), " ", "_"), "?")
	if restricted[name] {
		name += "1"
	}
	return name
}

// randomLetters names breaks; it needs no secrecy.
// Source: frappe/utils/__init__.py random_string.
func randomLetters(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b)
}

// noValue are the fieldtypes without a value; tables count here.
// Source: frappe/model/__init__.py no_value_fields.
var noValue = map[string]bool{"Section Break": true, "Column Break": true, "Tab Break": true, "HTML": true, "Table": true,
	"Table MultiSelect": true, "Button": true, "Image": true, "Fold": true, "Heading": true}

// NoValue reports whether fields of a type have no value; tables count here.
func NoValue(kind string) bool { return noValue[kind] }

func isTable(kind string) bool { return kind == "Table" || kind == "Table MultiSelect" }

// hiddenFromLists reports whether a fieldtype cannot stand in a list; child tables
// may show buttons and HTML.
// Source: doctype.py get_fields_not_allowed_in_list_view.
func hiddenFromLists(kind string, istable bool) bool {
	if istable && (kind == "Button" || kind == "HTML") {
		return false
	}
	return noValue[kind] || kind == "Attach Image"
}

// defaultInListView shows the first four mandatory fields in lists when no field is
// marked for that. Source: doctype.py DocType.set_default_in_list_view.
func defaultInListView(_ context.Context, _ *engine.Call, d *document.Document) error {
	for _, f := range d.Rows("fields") {
		if on(f, "in_list_view") {
			return nil
		}
	}
	n := 0
	for _, f := range d.Rows("fields") {
		if n < 4 && on(f, "reqd") && !on(f, "hidden") && !hiddenFromLists(f.Text("fieldtype"), on(d, "istable")) {
			set(f, "in_list_view", 1)
			n++
		}
	}
	return nil
}

var translatable = map[string]bool{"Data": true, "Select": true, "Text": true, "Small Text": true, "Text Editor": true}

// defaultTranslatable clears translatable where it means nothing.
func defaultTranslatable(_ context.Context, _ *engine.Call, d *document.Document) error {
	for _, f := range d.Rows("fields") {
		if on(f, "translatable") && !translatable[f.Text("fieldtype")] {
			set(f, "translatable", 0)
		}
	}
	return nil
}
