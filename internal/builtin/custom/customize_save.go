package custom

import (
	"fmt"
	"slices"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/core/doctypes"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// save turns the differences between the form and the DocType into Property Setters and
// Custom Fields. Source: customize_form.py save_customization.
func (f *form) save() error {
	before, err := f.c.DocType(f.ctx, f.name)
	if err != nil {
		return err
	}
	if f.meta, err = f.c.Meta.Object(f.ctx, f.c.Tx, f.name); err != nil {
		return err
	}
	if err := f.check(f.meta); err != nil {
		return err
	}
	for _, step := range []func() error{
		f.checkNaming, f.setProperties, f.setFieldOrder, f.setFields, f.setRows, f.saveCustomFields, f.dropCustomFields, f.translate,
		func() error { f.c.ClearMeta(f.name); return nil },
		func() error { return doctypes.CheckMerged(f.ctx, f.c, f.name) },
		func() error { return doctypes.CheckEmail(f.ctx, f.c, f.d) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if f.alters {
		if err := doctypes.SyncTable(f.ctx, f.c, f.name, before); err != nil {
			return err
		}
	}
	if !f.d.Get("hide_success").Truthy() {
		f.c.Msgprint(exc.Message{Text: f.name + " updated", Alert: true})
	}
	return f.fetch()
}

// checkNaming checks autoname; whether names are numbers is part of the table's shape.
func (f *form) checkNaming() error {
	if err := doctypes.CheckSeries(f.ctx, f.c, f.d, f.name); err != nil {
		return err
	}
	const auto = "autoincrement"
	if (f.meta.PropText("autoname") == auto) != (f.d.Text("autoname") == auto) {
		return exc.Validation.Throw("Cannot change to/from autoincrement autoname in Customize Form")
	}
	return nil
}

// same compares two values of a property; null is an empty one.
func same(p property, a, b document.Value) bool {
	switch p.kind {
	case "Int", "Check":
		return document.Cint(a) == document.Cint(b)
	}
	return plain(a) == plain(b)
}

func plain(v document.Value) string {
	if v.IsNull() {
		return ""
	}
	return document.ToText(v)
}

func (f *form) setProperties() error {
	for _, p := range formProperties {
		if f.d.Type.Field(p.name) == nil || same(p, f.d.Get(p.name), f.meta.Get(p.name)) {
			continue
		}
		stored, err := f.c.Value(f.ctx, "DocType", f.name, p.name)
		if err != nil {
			return err
		}
		if err := f.setter(p, f.d.Get(p.name), stored, setterOf{on: "DocType"}); err != nil {
			return err
		}
	}
	return nil
}

// setterOf says what a Property Setter is about.
type setterOf struct{ on, field, row string }

// setter replaces the Property Setter of a property. None is needed for the value that
// is stored.
func (f *form) setter(p property, v, stored document.Value, of setterOf) error {
	if err := f.dropSetter(p.name, of); err != nil {
		return err
	}
	if same(p, v, stored) {
		return nil
	}
	o := document.NewObject("doctype_or_field", of.on, "doc_type", f.name, "property", p.name, "property_type", p.kind, "value", plain(v), "is_system_generated", 0)
	if p.kind == "Int" || p.kind == "Check" {
		o.Set("value", document.Text(fmt.Sprint(document.Cint(v))))
	}
	if of.field != "" {
		o.Set("field_name", document.Text(of.field))
	}
	if of.row != "" {
		o.Set("row_name", document.Text(of.row))
	}
	return f.insert("Property Setter", o)
}

func (f *form) dropSetter(name string, of setterOf) error {
	filters := document.NewObject("doc_type", f.name, "property", name)
	if of.field != "" {
		filters.Set("field_name", document.Text(of.field))
	}
	if of.row != "" {
		filters.Set("row_name", document.Text(of.row))
	}
	rows, err := f.c.Rows(f.ctx, "Property Setter", []string{"name"}, filters, "")
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := dropSetter(f.ctx, f.c, row.PropText("name")); err != nil {
			return err
		}
	}
	return nil
}

// setFieldOrder keeps an order of fields that is not the DocType's own.
func (f *form) setFieldOrder() error {
	var order, standard []string
	for _, row := range f.d.Rows("fields") {
		order = append(order, row.Text("fieldname"))
	}
	for _, v := range f.meta.Get("fields").List() {
		if v.Map().PropInt("is_custom_field") == 0 {
			standard = append(standard, v.Map().Str("fieldname"))
		}
	}
	have := f.meta.Str("field_order")
	text := document.PythonSpaced.Marshal(document.Texts(order))
	switch {
	case slices.Equal(order, standard):
		if have == "" {
			return nil
		}
		return f.dropSetter("field_order", setterOf{})
	case have == text:
		return nil
	}
	return f.insert("Property Setter", document.NewObject("doctype_or_field", "DocType", "doc_type", f.name, "property", "field_order",
		"property_type", "Data", "value", text, "is_system_generated", 0))
}

// metaField is a field as it was before the save, or nil.
func (f *form) metaField(name string) *document.Object {
	for _, v := range f.meta.Get("fields").List() {
		if v.Map().Str("fieldname") == name {
			return v.Map()
		}
	}
	return nil
}

// standard reports whether a field can only be changed by Property Setters.
// Source: customize_form.py is_standard_or_system_generated_field.
func standard(p doctype.Props) bool {
	return p.PropInt("is_custom_field") == 0 || p.PropInt("is_system_generated") != 0
}

// setFields makes Property Setters for the changed properties of standard fields.
func (f *form) setFields() error {
	for _, row := range f.d.Rows("fields") {
		old := f.metaField(row.Text("fieldname"))
		if old == nil || !standard(old) {
			continue
		}
		for _, p := range fieldProperties {
			if row.Type.Field(p.name) == nil || same(p, row.Get(p.name), old.Get(p.name)) {
				continue
			}
			stored, err := f.storedProperty(row.Text("fieldname"), p.name)
			if err != nil {
				return err
			}
			ok, err := f.mayChange(p.name, row, old, stored)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if err := f.setter(p, row.Get(p.name), stored, setterOf{on: "DocField", field: row.Text("fieldname")}); err != nil {
				return err
			}
		}
	}
	return nil
}

// storedProperty is a property of a standard field past all customisation.
func (f *form) storedProperty(field, name string) (document.Value, error) {
	dt, err := f.c.Meta.Base("DocField")
	if err != nil || dt.Column(name) == nil {
		return document.NullValue, err
	}
	b := storage.NewBuilder(f.c.Tx.Dialect()).SQL("SELECT ").Ident(name).SQL(" FROM ").Table("DocField").SQL(" WHERE ").Ident("parent").SQL(" = ").Str(f.name).
		SQL(" AND ").Ident("fieldname").SQL(" = ").Str(field)
	v := document.NullValue
	_, err = f.c.Tx.QueryRow(f.ctx, b, &v)
	return v, err
}

// mayChange reports whether a property of a standard field may be changed; where not, a
// message says so. Source: customize_form.py allow_property_change.
func (f *form) mayChange(prop string, row *document.Document, old *document.Object, stored document.Value) (bool, error) {
	text := ""
	now := row.Int(prop) != 0
	switch prop {
	case "fieldtype":
		return true, f.retype(row, old.Str("fieldtype"))
	case "length":
		f.alters = true
		if n := row.Int("length"); n != 0 && document.Cint(old.Get("length")) > n {
			return true, f.checkFits(row, n)
		}
	case "allow_on_submit":
		if now && document.Cint(stored) == 0 {
			text = fmt.Sprintf("Row %d: Not allowed to enable Allow on Submit for standard fields", row.Int("idx"))
		}
	case "reqd":
		if !now && document.Cint(stored) == 1 {
			text = fmt.Sprintf("Row %d: Not allowed to disable Mandatory for standard fields", row.Int("idx"))
		}
	case "in_list_view":
		if kind := row.Text("fieldtype"); now && kind != "Attach Image" && doctypes.NoValue(kind) {
			text = fmt.Sprintf("'In List View' not allowed for type %s in row %d", kind, row.Int("idx"))
		}
	case "unique":
		f.alters = true
	case "precision":
		f.alters = f.alters || row.Int("precision") > 6 && row.Int("precision") > document.Cint(old.Get("precision"))
	case "read_only":
		if !now && document.Cint(stored) == 1 {
			text = fmt.Sprintf("You cannot unset 'Read Only' for field %s", row.Text("label"))
		}
	case "options":
		if !optionsMayChange[row.Text("fieldtype")] {
			text = fmt.Sprintf("You can't set 'Options' for field %s", row.Text("label"))
		}
	case "translatable":
		if !translatable[row.Text("fieldtype")] {
			text = fmt.Sprintf("You can't set 'Translatable' for field %s", row.Text("label"))
		}
	}
	if text == "" {
		return true, nil
	}
	f.c.Msgprint(exc.Message{Text: text})
	return false, nil
}

// retype refuses changes of type that upstream does not allow, and values that the new
// type is too short for. Source: customize_form.py validate_fieldtype_change.
func (f *form) retype(row *document.Document, old string) error {
	now := row.Text("fieldtype")
	if row.Int("is_virtual") != 0 {
		return nil
	}
	if !canBecome(old, now) {
		return exc.Validation.Throwf("Fieldtype cannot be changed from %s to %s in row %d", old, now, row.Int("idx"))
	}
	f.alters = true
	return nil
}

// checkFits refuses a length that a stored value is longer than.
// Source: customize_form.py validate_fieldtype_length.
func (f *form) checkFits(row *document.Document, n int64) error {
	field := row.Text("fieldname")
	dt, err := f.c.DocType(f.ctx, f.name)
	if err != nil {
		return err
	}
	if col := dt.Column(field); col == nil || !col.Stored || !col.Type.IsText() {
		return nil
	}
	const most = 100
	length := f.c.Tx.Dialect().Function("CHAR_LENGTH")
	b := storage.NewBuilder(f.c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(f.name).SQL(" WHERE ").SQL(length).SQL("(").Ident(field).SQL(") > ").Int(n).
		SQL(" ORDER BY ").Ident("name")
	f.c.Tx.Dialect().Offset(b, most, 0)
	rows, err := f.c.Tx.Peek(f.ctx, b)
	if err != nil {
		return err
	}
	defer rows.Close()
	var links []string
	for rows.Next() {
		links = append(links, f.c.DocLink(f.name, document.ToText(rows.Raw(0).Natural())))
	}
	if err := rows.Err(); err != nil || len(links) == 0 {
		return err
	}
	return exc.Validation.Throwf("Value for field %s is too long in %s. Length should be lesser than %s characters",
		engine.Bold(row.Text("label")), strings.Join(links, ", "), engine.Bold(fmt.Sprint(n))).WithTitle("Data Too Long")
}

// setRows keeps changed links, actions and states: those of the DocType by Property
// Setters, others as rows of their own.
// Source: customize_form.py set_property_setters_for_actions_and_links.
func (f *form) setRows() error {
	for _, t := range rowProperties {
		kept := map[string]bool{}
		var order []string
		custom := false
		for i, row := range f.d.Rows(t.table) {
			row.Set("idx", document.IntOf(int64(i)))
			own, err := f.setRow(t.table, t.doctype, t.properties, row)
			if err != nil {
				return err
			}
			custom = custom || own
			kept[row.Name()] = true
			order = append(order, row.Name())
		}
		p := property{t.table + "_order", "Small Text"}
		if custom {
			err := f.setter(p, document.Text(document.PythonSpaced.Marshal(document.Texts(order))), document.NullValue, setterOf{on: "DocType"})
			if err != nil {
				return err
			}
		} else if err := f.dropSetter(p.name, setterOf{}); err != nil {
			return err
		}
		for _, v := range f.meta.Get(t.table).List() {
			if m := v.Map(); m.PropInt("custom") != 0 && !kept[m.Str("name")] {
				if err := f.deleteRow(t.doctype, m.Str("name")); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// setRow reports whether the row is a custom one.
func (f *form) setRow(table, dt string, properties []property, row *document.Document) (bool, error) {
	base, err := f.c.Meta.Base(dt)
	if err != nil {
		return false, err
	}
	_, exists, err := f.c.Tx.Exists(f.ctx, base, row.NameValue())
	if err != nil {
		return false, err
	}
	if exists && row.Int("custom") == 0 {
		for _, p := range properties {
			stored, err := f.c.Value(f.ctx, dt, row.Name(), p.name)
			if err != nil {
				return false, err
			}
			if same(p, row.Get(p.name), stored) {
				continue
			}
			if err := f.setter(p, row.Get(p.name), stored, setterOf{on: dt, row: row.Name()}); err != nil {
				return false, err
			}
		}
		return false, nil
	}
	// Upstream leaves the form as the row's parenttype; here it is found with the others.
	for key, v := range map[string]string{"parent": f.name, "parenttype": "DocType", "parentfield": table} {
		row.Set(key, document.Text(v))
	}
	row.Set("custom", document.IntOf(1))
	if exists {
		_, err = f.c.Tx.Update(f.ctx, row, storage.WriteOptions{})
		return true, err
	}
	row.SetName(engine.RandomName())
	for slot, v := range map[int]string{doctype.SlotOwner: f.c.User, doctype.SlotModifiedBy: f.c.User, doctype.SlotCreation: f.c.Stamp(), doctype.SlotModified: f.c.Stamp()} {
		row.SetAt(slot, document.Text(v))
	}
	return true, f.c.Tx.Insert(f.ctx, row, storage.WriteOptions{})
}

// saveCustomFields adds new fields and changes the site's own.
func (f *form) saveCustomFields() error {
	rows := f.d.Rows("fields")
	for i, row := range rows {
		if standard(row) {
			continue
		}
		after := ""
		if i > 0 {
			after = rows[i-1].Text("fieldname")
		}
		old := f.metaField(row.Text("fieldname"))
		var err error
		switch {
		case old == nil:
			err = f.addCustomField(row, i, after)
		case !standard(old):
			err = f.changeCustomField(row, old, i, after)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *form) addCustomField(row *document.Document, i int, after string) error {
	o := document.NewObject("doctype", "Custom Field", "dt", f.name, "idx", i)
	if name := row.Text("fieldname"); name != "" {
		o.Set("fieldname", document.Text(name))
	}
	for _, p := range fieldProperties {
		if row.Type.Field(p.name) != nil && !row.Get(p.name).IsNull() {
			o.Set(p.name, row.Get(p.name))
		}
	}
	if after != "" {
		o.Set("insert_after", document.Text(after))
	}
	d, err := f.c.FromObject(f.ctx, o)
	if err != nil {
		return err
	}
	f.alters = true
	if err := f.c.Insert(f.ctx, d); err != nil {
		return err
	}
	row.Set("fieldname", d.Get("fieldname"))
	return nil
}

func (f *form) changeCustomField(row *document.Document, old *document.Object, i int, after string) error {
	dt, err := f.c.Meta.Base("Custom Field")
	if err != nil {
		return err
	}
	var columns []string
	var values []document.Value
	for _, p := range fieldProperties {
		if row.Type.Field(p.name) == nil || dt.Column(p.name) == nil || same(p, row.Get(p.name), old.Get(p.name)) {
			continue
		}
		if p.name == "fieldtype" {
			if err := f.retype(row, old.Str("fieldtype")); err != nil {
				return err
			}
		}
		v := row.Get(p.name)
		if v.IsNull() && dt.Column(p.name).Type.Numeric {
			v = document.IntOf(0)
		}
		columns, values = append(columns, p.name), append(values, v)
	}
	if i > 0 && old.Str("insert_after") != after {
		columns = append(columns, "insert_after", "idx")
		values = append(values, document.Text(after), document.IntOf(int64(i)))
	}
	if len(columns) == 0 {
		return nil
	}
	f.alters = true
	return f.c.Tx.SetColumns(f.ctx, dt, document.Text(old.Str("name")), columns, values)
}

// dropCustomFields deletes the site's own fields that are no longer in the form.
func (f *form) dropCustomFields() error {
	for _, v := range f.meta.Get("fields").List() {
		old := v.Map()
		if standard(old) || slices.ContainsFunc(f.d.Rows("fields"), func(row *document.Document) bool { return row.Text("fieldname") == old.Str("fieldname") }) {
			continue
		}
		if err := f.c.Delete(f.ctx, "Custom Field", old.Str("name")); err != nil {
			return err
		}
	}
	return nil
}
