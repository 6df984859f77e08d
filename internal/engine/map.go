package engine

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// Mapping is what a mapper is called with beside the source's name: the arguments of
// the form, and the child rows that were chosen, by table and name.
type Mapping struct {
	Args     *document.Object
	Selected map[string]map[string]bool
}

// MapTable says how documents of one DocType become documents of another.
type MapTable struct {
	// DocType is the target's.
	DocType string
	// Fields maps a source's field to another name in the target; fields of equal names
	// map by themselves.
	Fields map[string]string
	// Omit are fields of the target that stay empty.
	Omit []string
	// Require are values that the source must have.
	Require map[string]document.Value
	// If leaves out the rows of a table for which it is false.
	If func(row *document.Document) bool
	// Then completes a target.
	Then func(source, target *document.Document) error
	// AddIfEmpty adds rows only to a target that has none in that table; Reset empties
	// the table first.
	AddIfEmpty, Reset bool
}

// Map makes an unsaved document from a stored one: a Delivery Note from a Sales Order,
// say. tables are keyed by the source's DocType and those of its child rows; a table
// that both sides have maps by itself. target continues a document that exists; nil
// begins one. Errors: PermissionError for who may not read the source or create the
// target. Source: frappe/model/mapper.py get_mapped_doc.
func (c *Call) Map(ctx context.Context, from, name string, tables map[string]MapTable, target *document.Document) (*document.Document, error) {
	main, ok := tables[from]
	if !ok {
		return nil, exc.KeyErr.New("'" + from + "'")
	}
	if target == nil {
		var err error
		if target, err = c.NewDoc(ctx, main.DocType); err != nil {
			return nil, err
		}
	}
	if err := c.CheckPermission(ctx, target, doctype.Create); err != nil {
		return nil, err
	}
	source, err := c.Get(ctx, from, name)
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, source, doctype.Read); err != nil {
		return nil, err
	}
	if err := c.mapDoc(ctx, source, target, &main, nil); err != nil {
		return nil, err
	}
	for _, f := range source.Type.Tables {
		if err := c.mapRows(ctx, source, target, f, tables); err != nil {
			return nil, err
		}
	}
	return target, nil
}

func (c *Call) mapRows(ctx context.Context, source, target *document.Document, f *doctype.DocField, tables map[string]MapTable) error {
	t, ok := tables[f.Options]
	if !ok {
		same := target.Type.Field(f.Fieldname)
		if same == nil || same.Options != f.Options || same.NoCopy || f.NoCopy {
			return nil
		}
		t.DocType = f.Options
	}
	table := ""
	for _, g := range target.Type.Tables {
		if g.Options == t.DocType {
			table = g.Fieldname
			break
		}
	}
	if table == "" {
		return nil
	}
	if t.Reset {
		target.SetRowsAt(target.TableIndex(table), []*document.Document{})
	}
	if t.AddIfEmpty && len(target.Rows(table)) > 0 {
		return nil
	}
	for _, row := range source.Rows(f.Fieldname) {
		chosen := c.Mapping.Selected[f.Fieldname]
		if chosen != nil && !chosen[row.Name()] || t.If != nil && !t.If(row) {
			continue
		}
		to, err := target.AppendRow(table, func(name string) (*doctype.DocType, error) { return c.DocType(ctx, name) })
		if err != nil {
			return err
		}
		if err := c.mapDoc(ctx, row, to, &t, source); err != nil {
			return err
		}
	}
	return nil
}

// mapDoc copies what may be copied. Source: mapper.py map_doc, map_fields.
func (c *Call) mapDoc(ctx context.Context, source, target *document.Document, t *MapTable, parent *document.Document) error {
	for field, want := range t.Require {
		if document.ToText(source.Get(field)) != document.ToText(want) {
			return exc.Validation.Throwf("Cannot map because following condition fails: %s=%s", field, document.ToText(want))
		}
	}
	omit := map[string]bool{}
	for _, name := range t.Omit {
		omit[name] = true
	}
	for _, f := range target.Type.Fields {
		from := source.Type.Field(f.Fieldname)
		if omit[f.Fieldname] || f.NoCopy || !f.Type.HasColumn() || from != nil && (from.NoCopy || !from.Type.HasColumn()) {
			continue
		}
		v := source.Get(f.Fieldname)
		switch {
		case from != nil && !empty(v):
			target.Set(f.Fieldname, v)
		case f.Fieldtype != "Link" || !empty(target.Get(f.Fieldname)):
		case f.Options == source.Type.Name:
			target.Set(f.Fieldname, source.NameValue())
		case parent != nil && f.Options == parent.Type.Name:
			target.Set(f.Fieldname, parent.NameValue())
		}
	}
	for from, to := range t.Fields {
		if v := source.Get(from); !empty(v) {
			target.Set(to, v)
		}
	}
	if err := c.mapFetched(ctx, target, omit); err != nil {
		return err
	}
	if t.Then != nil {
		return t.Then(source, target)
	}
	return nil
}

func empty(v document.Value) bool {
	return v.IsNull() || v.Kind() == document.String && v.Str() == ""
}

// mapFetched fills read-only fields that are fetched from links.
// Source: mapper.py map_fetch_fields.
func (c *Call) mapFetched(ctx context.Context, target *document.Document, omit map[string]bool) error {
	for _, f := range target.Type.Fields {
		link, from, ok := strings.Cut(f.FetchFrom, ".")
		if !ok || !f.ReadOnly && f.Fieldtype != "Read Only" || omit[f.Fieldname] || f.NoCopy || f.Fieldtype != "Read Only" && !empty(target.Get(f.Fieldname)) {
			continue
		}
		by, name := target.Type.Field(link), target.Text(link)
		if by == nil || by.Fieldtype != "Link" || name == "" {
			continue
		}
		dt, err := c.DocType(ctx, by.Options)
		if err != nil {
			return err
		}
		if dt.Column(from) == nil {
			continue
		}
		v, err := c.Value(ctx, dt.Name, name, from)
		if err != nil {
			return err
		}
		if !empty(v) {
			target.Set(f.Fieldname, v)
		}
	}
	return nil
}
