package engine

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/perm"
	"freddo/internal/query"
)

// Masks hide the values of fields that have the property mask from users without the
// right mask at the field's level. Documents are masked where they leave for a client
// (Masked), lists where their columns are known (maskSelect), and a save puts back what
// such a user cannot have seen (keepMasked). Code within the site sees everything.
// Source: frappe/model/meta.py get_masked_fields.

// MaskedField reports whether a field of dt is masked for the call's user. parent is the
// DocType that holds dt's rows where dt is a child table, else "".
func (c *Call) MaskedField(ctx context.Context, dt *doctype.DocType, parent string, f *doctype.DocField) (bool, error) {
	if !f.Mask || !c.Profile.Masks || c.User == perm.Administrator {
		return false, nil
	}
	if parent != "" && dt.IsTable {
		p, err := c.DocType(ctx, parent)
		if err != nil {
			return false, err
		}
		dt = p
	}
	me, err := c.Me(ctx)
	if err != nil {
		return false, err
	}
	levels, all := perm.Levels(dt, me, doctype.Mask)
	return !all && !levels[f.Permlevel], nil
}

// MaskedFields are the names of dt's fields that are masked for the call's user.
func (c *Call) MaskedFields(ctx context.Context, dt *doctype.DocType) ([]string, error) {
	names := []string{}
	for _, f := range dt.Fields {
		hidden, err := c.MaskedField(ctx, dt, "", f)
		if err != nil {
			return nil, err
		}
		if hidden {
			names = append(names, f.Fieldname)
		}
	}
	return names, nil
}

// Masked returns d as the call's user may see it: d itself, or a copy with masks.
func (c *Call) Masked(ctx context.Context, d *document.Document) (*document.Document, error) {
	if d == nil || !c.Profile.Masks || c.User == perm.Administrator || !hasMasks(d) {
		return d, nil
	}
	out := d.Clone()
	parent := ""
	if d.Type.IsTable {
		parent = d.Text("parenttype")
	}
	if err := c.maskValues(ctx, out, parent); err != nil {
		return nil, err
	}
	return out, out.EachRow(func(_ *doctype.DocField, row *document.Document) error { return c.maskValues(ctx, row, d.Type.Name) })
}

func hasMasks(d *document.Document) bool {
	found := typeHasMasks(d.Type)
	_ = d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		found = found || typeHasMasks(row.Type)
		return nil
	})
	return found
}

func typeHasMasks(dt *doctype.DocType) bool {
	for _, f := range dt.Fields {
		if f.Mask {
			return true
		}
	}
	return false
}

func (c *Call) maskValues(ctx context.Context, d *document.Document, parent string) error {
	for _, f := range d.Type.Fields {
		if f.Slot < 0 {
			continue
		}
		hidden, err := c.MaskedField(ctx, d.Type, parent, f)
		if err != nil {
			return err
		}
		if hidden {
			d.Mask(f)
		}
	}
	return nil
}

// keepMasked gives masked fields of a document that is being saved the values that are
// stored; new documents get the defaults, or what the amended document has. Rows are
// told by their names, and new rows keep what they were given.
// Source: frappe/model/base_document.py reset_values_if_no_permlevel_access.
func (c *Call) keepMasked(ctx context.Context, d *document.Document) error {
	if !c.Profile.Masks || d.Flags.IgnorePermissions || c.User == perm.Administrator || !hasMasks(d) {
		return nil
	}
	before := d.Before
	if d.Flags.InInsert && before == nil && d.Text("amended_from") != "" {
		from, err := c.Get(ctx, d.Type.Name, d.Text("amended_from"))
		if err != nil {
			return err
		}
		if ok, err := c.HasPermission(ctx, d.Type.Name, doctype.Read, from); err != nil {
			return err
		} else if ok {
			before = from
		}
	}
	if err := c.keepMaskedValues(ctx, d, before, ""); err != nil {
		return err
	}
	return d.EachRow(func(f *doctype.DocField, row *document.Document) error {
		was := sameRow(before, d.Before == nil, f, row)
		if was == nil {
			return nil
		}
		return c.keepMaskedValues(ctx, row, was, d.Type.Name)
	})
}

// sameRow is the stored row that a row is: that of the same name, or of the same place
// in an amended document.
func sameRow(before *document.Document, byPlace bool, f *doctype.DocField, row *document.Document) *document.Document {
	if before == nil {
		return nil
	}
	for i, r := range before.RowsAt(f.Table) {
		if !byPlace && r.Name() == row.Name() || byPlace && int64(i+1) == row.Int("idx") {
			return r
		}
	}
	return nil
}

func (c *Call) keepMaskedValues(ctx context.Context, d, before *document.Document, parent string) error {
	for _, f := range d.Type.Fields {
		if f.Slot < 0 {
			continue
		}
		hidden, err := c.MaskedField(ctx, d.Type, parent, f)
		if err != nil {
			return err
		}
		if !hidden {
			continue
		}
		if before != nil {
			d.SetAt(f.Slot, before.At(f.Slot))
			continue
		}
		me, err := c.Me(ctx)
		if err != nil {
			return err
		}
		v, err := c.defaultOf(ctx, d, d.Parent, f, me)
		if err != nil {
			return err
		}
		d.SetAt(f.Slot, v)
	}
	return nil
}

// maskSelect masks the columns of a list, and refuses to filter, sort or group by what
// is masked, through which it could be guessed. Upstream lets that pass, as
// permlevel_mode compat does.
func (c *Call) maskSelect(ctx context.Context, q *query.Select, r query.Request) error {
	if !c.Profile.Masks || c.User == perm.Administrator {
		return nil
	}
	m := &selectMask{ctx: ctx, c: c, q: q, parent: r.Parent}
	m.columns(q.Columns, nil)
	for i := range q.Children {
		m.columns(q.Children[i].Columns, q.Children[i].DocType)
	}
	if !c.UpstreamReads() && r.FromRequest {
		m.node(q.Where)
		for _, g := range q.GroupBy {
			m.refuse(g)
		}
		if r.OrderBy.Truthy() {
			for _, o := range q.OrderBy {
				m.refuse(o.Expr)
			}
		}
	}
	return m.err
}

// selectMask works on one query; after its first error it does nothing more.
type selectMask struct {
	ctx    context.Context //nolint:containedctx // lives within one function
	c      *Call
	q      *query.Select
	parent string
	err    error
}

// typeOf is the DocType of a field's table, and the one that rules its rights where it
// is a child table.
func (m *selectMask) typeOf(f query.Field) (dt *doctype.DocType, parent string) {
	dt, parent = m.q.DocType, m.parent
	for i := range m.q.Joins {
		if j := &m.q.Joins[i]; f.Table != "" && j.Alias == f.Table {
			return j.DocType, m.q.DocType.Name
		}
	}
	return dt, parent
}

// masked is the first masked field of an expression, or nil. child is the DocType of
// nested rows.
func (m *selectMask) masked(e *query.Expr, child *doctype.DocType) *doctype.DocField {
	if e == nil || m.err != nil {
		return nil
	}
	if f := m.field(e.Field, child); f != nil {
		return f
	}
	for _, a := range e.Args {
		if f := m.masked(a, child); f != nil {
			return f
		}
	}
	return nil
}

func (m *selectMask) field(f query.Field, child *doctype.DocType) *doctype.DocField {
	if f.Column == nil || f.Column.Field == nil || !f.Column.Field.Mask {
		return nil
	}
	dt, parent := m.typeOf(f)
	if child != nil {
		dt, parent = child, m.q.DocType.Name
	}
	hidden, err := m.c.MaskedField(m.ctx, dt, parent, f.Column.Field)
	if err != nil {
		m.err = err
	}
	if !hidden {
		return nil
	}
	return f.Column.Field
}

// opaque masks what is computed of a masked field.
var opaque = &doctype.DocField{}

func (m *selectMask) columns(columns []query.Column, child *doctype.DocType) {
	for i := range columns {
		f := m.masked(columns[i].Expr, child)
		if f != nil && columns[i].Expr.Kind != query.ColumnExpr {
			f = opaque
		}
		columns[i].Mask = f
	}
}

func (m *selectMask) refuse(e *query.Expr) {
	if f := m.masked(e, nil); f != nil {
		m.deny(f)
	}
}

func (m *selectMask) deny(f *doctype.DocField) {
	m.err = exc.Permission.Throwf("You do not have permission to access field: %s", Bold(m.q.DocType.Name+"."+f.Fieldname))
}

func (m *selectMask) node(n *query.Node) {
	if n == nil || m.err != nil {
		return
	}
	if f := m.field(n.Field, nil); f != nil {
		m.deny(f)
		return
	}
	for _, k := range n.Kids {
		m.node(k)
	}
}
