package meta

import (
	"slices"
	"strings"

	"freddo/document"
)

// listOf reads a property that is a JSON list of names.
func listOf(o *document.Object, key string) []string {
	v, err := document.ParseJSON(o.Str(key))
	if err != nil {
		return nil
	}
	var out []string
	for _, item := range v.List() {
		out = append(out, item.Str())
	}
	return out
}

// orderRows puts the rows of a table into the order that Customize Form has given them.
// Source: frappe/model/meta.py add_custom_links_and_actions.
func orderRows(o *document.Object, table string) {
	order := listOf(o, table+"_order")
	if len(order) == 0 {
		return
	}
	rows := slices.Clone(o.Get(table).List())
	place := func(v document.Value) int {
		if i := slices.Index(order, v.Map().Str("name")); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(rows, func(a, b document.Value) int { return place(a) - place(b) })
	o.Set(table, document.ListOf(rows...))
}

// sortFields puts fields into the order of the property field_order; those that it does
// not name stand after their neighbour (standard fields) or their insert_after (custom
// fields). An order that names none of the standard fields counts for nothing.
// Source: frappe/model/meta.py sort_fields.
func sortFields(o *document.Object, fields []document.Value) []document.Value {
	by := make(map[string]document.Value, len(fields))
	for _, f := range fields {
		by[f.Map().Str("fieldname")] = f
	}
	order := slices.DeleteFunc(listOf(o, "field_order"), func(n string) bool { _, ok := by[n]; return !ok })
	order = withFirstFields(order, fields)
	named := map[string]bool{}
	for _, n := range order {
		named[n] = true
	}
	given := len(order) > 0
	after := map[string][]string{}
	var targets []string // the keys of after, as they came
	follow := func(target, name string) {
		if after[target] == nil {
			targets = append(targets, target)
		}
		after[target] = append(after[target], name)
	}
	for i, f := range fields {
		m := f.Map()
		name, target := m.Str("fieldname"), strings.TrimSpace(m.Str("insert_after"))
		switch {
		case named[name]:
		case !isCustom(f) && given:
			follow(fields[max(i-1, 0)].Map().Str("fieldname"), name)
		case !isCustom(f):
			order = append(order, name)
		case target != "":
			follow(target, name)
		default:
			order = append([]string{name}, order...)
		}
	}
	order = insertAfter(order, after, targets)
	out := make([]document.Value, 0, len(fields))
	for _, n := range order {
		by[n].Map().Set("idx", document.IntOf(int64(len(out)+1)))
		out = append(out, by[n])
	}
	return out
}

func isCustom(f document.Value) bool { return f.Map().PropInt("is_custom_field") != 0 }

// withFirstFields puts the first standard fields before an order that lacks them.
func withFirstFields(order []string, fields []document.Value) []string {
	if len(order) == 0 || slices.Contains(order, fields[0].Map().Str("fieldname")) {
		return order
	}
	var first []string
	for _, f := range fields {
		name := f.Map().Str("fieldname")
		switch {
		case isCustom(f):
			return first
		case slices.Contains(order, name):
			return append(first, order...)
		}
		first = append(first, name)
	}
	return first
}

// insertAfter places the fields that follow others; those that follow one which does not
// exist go last.
func insertAfter(order []string, after map[string][]string, targets []string) []string {
	for again := true; again; {
		again = false
		for _, target := range targets {
			names := after[target]
			at := slices.Index(order, target)
			if at < 0 || names == nil {
				continue
			}
			delete(after, target)
			order = slices.Insert(order, at+1, names...)
			again = true
		}
	}
	for _, target := range targets {
		order = append(order, after[target]...)
	}
	return order
}
