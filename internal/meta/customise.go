package meta

import (
	"context"
	"strings"

	"freddo/document"
	"freddo/internal/storage"
)

// customise applies Custom Field, Property Setter and Custom DocPerm to a DocType's
// object. Source: frappe/model/meta.py Meta.process.
func (s *Store) customise(ctx context.Context, tx *storage.Tx, o *document.Object) error {
	name := o.Str("name")
	custom, err := s.rows(ctx, tx, "Custom Field", "dt", name, "idx")
	if err != nil {
		return err
	}
	fields := append([]document.Value(nil), o.Get("fields").List()...)
	for _, row := range custom {
		row.Set("doctype", document.Text("DocField"))
		row.Set("is_custom_field", document.IntOf(1))
		fields = append(fields, document.MapOf(row))
	}
	setters, err := s.rows(ctx, tx, "Property Setter", "doc_type", name, "creation")
	if err != nil {
		return err
	}
	applySetters(o, fields, setters)
	for _, table := range []string{"links", "actions", "states"} {
		orderRows(o, table)
	}
	if len(custom) > 0 || o.Has("field_order") {
		fields = sortFields(o, fields)
	}
	o.Set("fields", document.ListOf(fields...))
	if document.Cint(o.Get("istable")) != 0 {
		return nil
	}
	perms, err := s.rows(ctx, tx, "Custom DocPerm", "parent", name, "creation")
	if err != nil {
		return err
	}
	if len(perms) > 0 {
		list := make([]document.Value, len(perms))
		for i, p := range perms {
			p.Set("doctype", document.Text("Custom DocPerm"))
			list[i] = document.MapOf(p)
		}
		o.Set("permissions", document.ListOf(list...))
	}
	return nil
}

// rows returns the rows of a bootstrap DocType whose column equals value.
func (s *Store) rows(ctx context.Context, tx *storage.Tx, dtName, column, value, order string) ([]*document.Object, error) {
	dt := s.base[dtName]
	b := storage.NewBuilder(tx.Dialect()).SQL("SELECT ")
	first := true
	for _, c := range dt.Columns {
		if !c.Stored {
			continue
		}
		if !first {
			b.SQL(", ")
		}
		first = false
		b.Ident(c.Name)
	}
	b.SQL(" FROM ").Table(dtName).SQL(" WHERE ").Ident(column).SQL(" = ").Arg(document.Text(value)).SQL(" ORDER BY ").Ident(order)
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*document.Object
	for rows.Next() {
		o := &document.Object{}
		i := 0
		for _, c := range dt.Columns {
			if !c.Stored {
				continue
			}
			o.Set(c.Name, rows.Raw(i).Value(c.Type.Class))
			i++
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// structural are keys of a DocType that are not properties. Upstream sets them all the
// same and fails wherever it uses them.
var structural = map[string]bool{"name": true, "doctype": true, "fields": true, "permissions": true, "links": true, "actions": true, "states": true}

// applySetters sets properties on the DocType, its fields and its other rows.
// Source: frappe/model/meta.py apply_property_setters.
func applySetters(o *document.Object, fields []document.Value, setters []*document.Object) {
	for _, ps := range setters {
		prop, value := ps.Str("property"), castProperty(ps.Str("property_type"), ps.Get("value"))
		switch ps.Str("doctype_or_field") {
		case "DocType":
			if !structural[prop] {
				o.Set(prop, value)
			}
		case "DocField":
			setOnRow(fields, "fieldname", ps.Str("field_name"), prop, value)
		case "DocType Link":
			setOnRow(o.Get("links").List(), "name", ps.Str("row_name"), prop, value)
		case "DocType Action":
			setOnRow(o.Get("actions").List(), "name", ps.Str("row_name"), prop, value)
		case "DocType State":
			setOnRow(o.Get("states").List(), "name", ps.Str("row_name"), prop, value)
		}
	}
}

func setOnRow(rows []document.Value, key, want, prop string, value document.Value) {
	for _, r := range rows {
		if m := r.Map(); m != nil && m.Str(key) == want {
			m.Set(prop, value)
			return
		}
	}
}

// castProperty follows frappe/utils/data.py cast.
func castProperty(kind string, v document.Value) document.Value {
	switch kind {
	case "Int", "Check":
		if strings.EqualFold(v.Str(), "true") {
			return document.IntOf(1)
		}
		return document.IntOf(document.Cint(v))
	case "Float", "Currency", "Percent":
		return document.FloatOf(document.Flt(v))
	case "Data", "Text", "Small Text", "Long Text", "Text Editor", "Select", "Link", "Dynamic Link":
		return document.Text(document.ToText(v))
	}
	return v
}
