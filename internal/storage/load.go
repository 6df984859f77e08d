package storage

import (
	"context"

	"freddo/doctype"
	"freddo/document"
)

// plan is what is computed once per DocType: its stored slots and ready SQL.
type plan struct {
	slots                        []int
	selectSQL, insertSQL, update string
	updateSlots                  []int
}

// plan returns the DocType's plan. The cache is emptied when it grows beyond what a
// site can have, since recompiled DocTypes leave their old plans behind.
func (db *DB) plan(dt *doctype.DocType) *plan {
	db.mu.Lock()
	defer db.mu.Unlock()
	if p := db.plans[dt]; p != nil {
		return p
	}
	if len(db.plans) > 4096 {
		db.plans = map[*doctype.DocType]*plan{}
	}
	p := newPlan(db.driver, dt)
	db.plans[dt] = p
	return p
}

func newPlan(d Dialect, dt *doctype.DocType) *plan {
	p := &plan{}
	sel := NewBuilder(d).SQL("SELECT ")
	ins := NewBuilder(d).SQL("INSERT INTO ").Table(dt.Name).SQL(" (")
	upd := NewBuilder(d).SQL("UPDATE ").Table(dt.Name).SQL(" SET ")
	for i := range dt.Columns {
		c := &dt.Columns[i]
		if !c.Stored {
			continue
		}
		if len(p.slots) > 0 {
			sel.SQL(", ")
			ins.SQL(", ")
		}
		sel.Ident(c.Name)
		ins.Ident(c.Name)
		p.slots = append(p.slots, i)
		if i == doctype.SlotName || c.Optional || c.Legacy {
			continue
		}
		if len(p.updateSlots) > 0 {
			upd.SQL(", ")
		}
		upd.Ident(c.Name).SQL(" = ").Arg(document.NullValue)
		p.updateSlots = append(p.updateSlots, i)
	}
	ins.SQL(") VALUES (")
	for i := range p.slots {
		if i > 0 {
			ins.SQL(", ")
		}
		ins.Arg(document.NullValue)
	}
	upd.SQL(" WHERE ").Ident("name").SQL(" = ").Arg(document.NullValue)
	p.selectSQL = sel.SQL(" FROM ").Table(dt.Name).String()
	p.insertSQL = ins.SQL(")").String()
	p.update = upd.String()
	return p
}

// LoadOptions steer Load.
type LoadOptions struct {
	// ForUpdate locks the row until the transaction ends.
	ForUpdate bool
	// Resolve, when not nil, loads child rows too.
	Resolve document.Resolver
}

// Load returns a stored document, with its child rows when asked. The name compares
// as the database compares text; the document has the stored spelling. Errors:
// ErrNotFound, *Error. Source: frappe/model/document.py load_from_db.
func (tx *Tx) Load(ctx context.Context, dt *doctype.DocType, name document.Value, o LoadOptions) (*document.Document, error) {
	if o.ForUpdate {
		if err := tx.StartWrite(ctx); err != nil {
			return nil, err
		}
	}
	p := tx.db.plan(dt)
	b := NewBuilder(tx.Dialect()).SQL(p.selectSQL).SQL(" WHERE ").Ident("name").SQL(" = ").Arg(nameValue(dt, name))
	if o.ForUpdate {
		b.SQL(tx.Dialect().ForUpdate())
	}
	docs, err := tx.scan(ctx, dt, p, b)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 {
		return nil, ErrNotFound
	}
	d := docs[0]
	if o.Resolve == nil {
		return d, nil
	}
	for i, f := range dt.Tables {
		child, err := o.Resolve(f.Options)
		if err != nil {
			return nil, err
		}
		rows, err := tx.LoadRows(ctx, child, dt.Name, f.Fieldname, d.NameValue())
		if err != nil {
			return nil, err
		}
		d.SetRowsAt(i, rows)
	}
	return d, nil
}

// nameValue is a name as the name column has it: a number for autoincrement, where text
// that is none is 0, which no document has.
func nameValue(dt *doctype.DocType, name document.Value) document.Value {
	if dt.Autoname == "autoincrement" && name.Kind() == document.String {
		return document.IntOf(document.Cint(name))
	}
	return name
}

// LoadRows returns the rows of one table of a parent, by idx; never nil.
func (tx *Tx) LoadRows(ctx context.Context, child *doctype.DocType, parenttype, parentfield string, parent document.Value) ([]*document.Document, error) {
	if child.IsVirtual {
		return []*document.Document{}, nil
	}
	p := tx.db.plan(child)
	b := NewBuilder(tx.Dialect()).SQL(p.selectSQL).SQL(" WHERE ").Ident("parent").SQL(" = ").Arg(document.Text(document.ToText(parent))).
		SQL(" AND ").Ident("parenttype").SQL(" = ").Str(parenttype).SQL(" AND ").Ident("parentfield").SQL(" = ").Str(parentfield).
		SQL(" ORDER BY ").Ident("idx")
	rows, err := tx.scan(ctx, child, p, b)
	for i, r := range rows {
		// Frappe: a row without idx takes its position when it is read.
		if document.Cint(r.At(doctype.SlotIdx)) == 0 {
			r.SetAt(doctype.SlotIdx, document.IntOf(int64(i+1)))
		}
	}
	if rows == nil {
		rows = []*document.Document{}
	}
	return rows, err
}

func (tx *Tx) scan(ctx context.Context, dt *doctype.DocType, p *plan, b *Builder) ([]*document.Document, error) {
	rows, err := tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*document.Document
	for rows.Next() {
		d := document.New(dt)
		for i, slot := range p.slots {
			d.SetAt(slot, rows.Raw(i).Value(dt.Columns[slot].Type.Class))
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// Exists returns the stored spelling of a name.
func (tx *Tx) Exists(ctx context.Context, dt *doctype.DocType, name document.Value) (stored document.Value, ok bool, err error) {
	b := NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(dt.Name).SQL(" WHERE ").Ident("name").SQL(" = ").Arg(nameValue(dt, name))
	ok, err = tx.QueryRow(ctx, b, &stored)
	return stored, ok, err
}
