package model

import (
	"context"
	"fmt"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/storage"
)

// registerTrees keeps lft and rgt of tree DocTypes.
// Source: frappe/utils/nestedset.py NestedSet.
func registerTrees(h *engine.Hooks, r *method.Registry) {
	h.On(engine.AnyDocType, engine.BeforeInsert, trees(func(_ context.Context, _ *engine.Call, d *document.Document) error {
		for _, key := range []string{"lft", "rgt"} {
			d.Set(key, document.IntOf(0))
		}
		d.Set("old_parent", document.NullValue)
		return nil
	}))
	h.On(engine.AnyDocType, engine.BeforeInsert, trees(dropPlace))
	h.On(engine.AnyDocType, engine.OnUpdate, trees(updateTree))
	h.On(engine.AnyDocType, engine.OnTrash, trees(trashNode))
	h.On(engine.AnyDocType, engine.BeforeRename, trees(checkMerge))
	h.On(engine.AnyDocType, engine.AfterRename, trees(func(ctx context.Context, c *engine.Call, d *document.Document) error {
		if !d.Get("__rename_merge").Truthy() {
			return nil
		}
		return rebuild(ctx, c, d.Type)
	}))
	r.Add(method.Method{Name: "frappe.utils.nestedset.rebuild_tree", Params: arg.Any("doctype"), Fn: rebuildTree})
}

// trees runs fn for documents of trees only.
func trees(fn engine.Hook) engine.Hook {
	return func(ctx context.Context, c *engine.Call, d *document.Document) error {
		if !d.Type.IsTree || d.Type.Column("lft") == nil || d.Type.Column("rgt") == nil || d.Type.Column(parentField(d.Type)) == nil {
			return nil
		}
		return fn(ctx, c, d)
	}
}

// tree is a DocType's table as a nested set.
type tree struct {
	c  *engine.Call
	dt *doctype.DocType
}

// shift adds n to columns of the rows that fulfil where (column, operator, value…).
func (t tree) shift(ctx context.Context, columns []string, n int64, where ...any) error {
	b := storage.NewBuilder(t.c.Tx.Dialect()).SQL("UPDATE ").Table(t.dt.Name).SQL(" SET ")
	for i, col := range columns {
		if i > 0 {
			b.SQL(", ")
		}
		b.Ident(col).SQL(" = ").Ident(col).SQL(" + ").Int(n)
	}
	_, err := t.c.Tx.Exec(ctx, t.where(b, where))
	return err
}

// flip turns lft and rgt into n minus themselves.
func (t tree) flip(ctx context.Context, n int64, where ...any) error {
	b := storage.NewBuilder(t.c.Tx.Dialect()).SQL("UPDATE ").Table(t.dt.Name).SQL(" SET ").Ident("lft").SQL(" = ").Int(n).SQL(" - ").Ident("lft").SQL(", ").
		Ident("rgt").SQL(" = ").Int(n).SQL(" - ").Ident("rgt")
	_, err := t.c.Tx.Exec(ctx, t.where(b, where))
	return err
}

func (t tree) where(b *storage.Builder, cond []any) *storage.Builder {
	for i := 0; i+2 < len(cond); i += 3 {
		word := " WHERE "
		if i > 0 {
			word = " AND "
		}
		b.SQL(word).Ident(cond[i].(string)).SQL(cond[i+1].(string)).Arg(document.From(cond[i+2]))
	}
	return b
}

// bounds reads lft and rgt of a node.
func (t tree) bounds(ctx context.Context, name string) (lft, rgt int64, err error) {
	var l, r document.Value
	b := storage.NewBuilder(t.c.Tx.Dialect()).SQL("SELECT ").Ident("lft").SQL(", ").Ident("rgt").SQL(" FROM ").Table(t.dt.Name).SQL(" WHERE ").Ident("name").SQL(" = ").Str(name)
	_, err = t.c.Tx.QueryRow(ctx, b, &l, &r)
	return document.Cint(l), document.Cint(r), err
}

func (t tree) maxRight(ctx context.Context) (int64, error) {
	var r document.Value
	b := storage.NewBuilder(t.c.Tx.Dialect()).SQL("SELECT MAX(").Ident("rgt").SQL(") FROM ").Table(t.dt.Name)
	_, err := t.c.Tx.QueryRow(ctx, b, &r)
	return document.Cint(r), err
}

var bothEnds = []string{"lft", "rgt"}

// add makes a node the last child of its parent, or the last root.
// Source: nestedset.py update_add_node.
func (t tree) add(ctx context.Context, name, parent string) error {
	right := int64(0)
	if parent != "" {
		lft, rgt, err := t.bounds(ctx, parent)
		if err != nil {
			return err
		}
		if err := t.checkLoop(ctx, name, lft, rgt); err != nil {
			return err
		}
		right = rgt
	} else {
		last, err := t.maxRight(ctx)
		if err != nil {
			return err
		}
		right = last + 1
	}
	if right == 0 {
		right = 1
	}
	if err := t.shift(ctx, []string{"rgt"}, 2, "rgt", " >= ", right, "name", " <> ", name); err != nil {
		return err
	}
	if err := t.shift(ctx, []string{"lft"}, 2, "lft", " >= ", right, "name", " <> ", name); err != nil {
		return err
	}
	return t.c.Tx.SetColumns(ctx, t.dt, document.Text(name), bothEnds, []document.Value{document.IntOf(right), document.IntOf(right + 1)})
}

// move takes a node and what is below it to another parent.
// Source: nestedset.py update_move_node.
func (t tree) move(ctx context.Context, name, parent string, lft, rgt int64) error {
	if parent != "" {
		l, r, err := t.bounds(ctx, parent)
		if err != nil {
			return err
		}
		if err := t.checkLoop(ctx, name, l, r); err != nil {
			return err
		}
	}
	width := rgt - lft + 1
	// The subtree goes to negative numbers, out of the others' way.
	if err := t.flip(ctx, 0, "lft", " >= ", lft, "rgt", " <= ", rgt); err != nil {
		return err
	}
	if err := t.shift(ctx, bothEnds, -width, "lft", " > ", rgt); err != nil {
		return err
	}
	if err := t.shift(ctx, []string{"rgt"}, -width, "lft", " < ", lft, "rgt", " > ", rgt); err != nil {
		return err
	}
	var back int64
	if parent == "" {
		last, err := t.maxRight(ctx)
		if err != nil {
			return err
		}
		back = max(last, 0) + 1 - lft
	} else {
		l, r, err := t.bounds(ctx, parent)
		if err != nil {
			return err
		}
		if err := t.shift(ctx, []string{"rgt"}, width, "name", " = ", parent); err != nil {
			return err
		}
		if err := t.shift(ctx, bothEnds, width, "lft", " > ", r); err != nil {
			return err
		}
		if err := t.shift(ctx, []string{"rgt"}, width, "lft", " < ", l, "rgt", " > ", r); err != nil {
			return err
		}
		back = r - lft
	}
	return t.flip(ctx, back, "lft", " < ", int64(0))
}

// checkLoop refuses a parent that is below the node, or the node itself.
func (t tree) checkLoop(ctx context.Context, name string, lft, rgt int64) error {
	b := storage.NewBuilder(t.c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(t.dt.Name).SQL(" WHERE ").Ident("lft").SQL(" <= ").Int(lft).
		SQL(" AND ").Ident("rgt").SQL(" >= ").Int(rgt).SQL(" AND ").Ident("name").SQL(" = ").Str(name)
	var found document.Value
	there, err := t.c.Tx.QueryRow(ctx, b, &found)
	if err != nil || !there {
		return err
	}
	word := "descendants"
	if quirk.Of(t.c.Profile).Descendents {
		word = "descendents" // Frappe: v14's spelling
	}
	return exc.NestedSetRecursion.Throw("Item cannot be added to its own " + word)
}

// dropPlace takes off a new node where a client says it stands: a node that claims a range
// would take the nodes in it below itself. (Upstream moves the claimed range.)
func dropPlace(_ context.Context, _ *engine.Call, d *document.Document) error {
	for _, name := range bothEnds {
		d.Set(name, document.IntOf(0))
	}
	if d.Type.Column("old_parent") != nil && !d.Get("old_parent").IsNull() {
		d.Set("old_parent", document.NullValue)
	}
	return nil
}

// updateTree places a saved node and takes over what the database then holds.
// Source: nestedset.py update_nsm, NestedSet.validate_ledger.
func updateTree(ctx context.Context, c *engine.Call, d *document.Document) error {
	c.ClearTree(d.Type.Name)
	t := tree{c, d.Type}
	parent := d.Text(parentField(d.Type))
	lft, rgt, err := t.bounds(ctx, d.Name())
	if err != nil {
		return err
	}
	old := ""
	if d.Before != nil {
		lft, rgt, old = d.Before.Int("lft"), d.Before.Int("rgt"), d.Before.Text("old_parent")
		err = c.Tx.SetColumns(ctx, d.Type, d.NameValue(), bothEnds, []document.Value{document.IntOf(lft), document.IntOf(rgt)})
		if err != nil {
			return err
		}
	}
	switch {
	case lft == 0 && rgt == 0:
		err = t.add(ctx, d.Name(), parent)
	case old != parent:
		err = t.move(ctx, d.Name(), parent, lft, rgt)
	}
	if err != nil {
		return err
	}
	if d.Type.Column("old_parent") != nil {
		if err := c.SetValue(ctx, d.Type.Name, d.Name(), "old_parent", document.Text(parent)); err != nil {
			return err
		}
	}
	if err := reload(ctx, c, d); err != nil {
		return err
	}
	if d.Type.Column("is_group") == nil || d.Int("is_group") != 0 || d.Before == nil {
		return nil
	}
	if has, err := t.hasChildren(ctx, d.Name()); err != nil || !has {
		return err
	}
	return exc.Validation.Throwf("%s %s cannot be a leaf node as it has children", d.Type.Name, d.Name())
}

// reload replaces what is in memory by what is stored.
func reload(ctx context.Context, c *engine.Call, d *document.Document) error {
	fresh, err := c.Get(ctx, d.Type.Name, d.Name())
	if err != nil {
		return err
	}
	for i := range d.Type.Columns {
		d.SetAt(i, fresh.At(i))
	}
	for i := range d.Type.Tables {
		d.SetRowsAt(i, fresh.RowsAt(i))
	}
	return nil
}

func (t tree) hasChildren(ctx context.Context, name string) (bool, error) {
	b := storage.NewBuilder(t.c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(t.dt.Name).SQL(" WHERE ").Ident(parentField(t.dt)).SQL(" = ").Str(name)
	var found document.Value
	return t.c.Tx.QueryRow(ctx, b, &found)
}

// trashNode keeps nodes with children, and closes the gap that a node leaves.
// Source: nestedset.py NestedSet.on_trash.
func trashNode(ctx context.Context, c *engine.Call, d *document.Document) error {
	c.ClearTree(d.Type.Name)
	t := tree{c, d.Type}
	parent := d.Text(parentField(d.Type))
	if parent == "" && quirk.Of(c.Profile).RootsUndeletable {
		return exc.Validation.Throwf("Root %s cannot be deleted", d.Type.Name)
	}
	has, err := t.hasChildren(ctx, d.Name())
	if err != nil {
		return err
	}
	if has {
		return exc.NestedSetChildExists.Throwf("Cannot delete %s as it has child nodes", d.Name())
	}
	lft, rgt, err := t.bounds(ctx, d.Name())
	if err != nil || lft == 0 || parent == "" {
		return err
	}
	return t.move(ctx, d.Name(), "", lft, rgt)
}

func checkMerge(ctx context.Context, c *engine.Call, d *document.Document) error {
	if !d.Get("__rename_merge").Truthy() || d.Type.Column("is_group") == nil {
		return nil
	}
	group, err := c.Value(ctx, d.Type.Name, d.Text("__rename_to"), "is_group")
	if err != nil || group.IsNull() || document.Cint(group) == d.Int("is_group") {
		return err
	}
	return exc.NestedSetInvalidMerge.Throw("Merging is only possible between Group-to-Group or Leaf Node-to-Leaf Node")
}

func rebuildTree(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if err := c.OnlyFor(ctx, "System Manager"); err != nil {
		return nil, err
	}
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	if dt.Column("lft") == nil || dt.Column("rgt") == nil {
		return nil, exc.Validation.Throwf("Rebuilding of tree is not supported for %s", engine.Bold(dt.Name))
	}
	return nil, rebuild(ctx, c, dt)
}

// rebuild numbers a whole tree anew, roots and siblings by name.
// Source: nestedset.py rebuild_tree, rebuild_node.
func rebuild(ctx context.Context, c *engine.Call, dt *doctype.DocType) error {
	c.ClearTree(dt.Name)
	field := parentField(dt)
	rows, err := c.Rows(ctx, dt.Name, []string{"name", field}, nil, "name asc")
	if err != nil {
		return err
	}
	children := map[string][]string{}
	for _, r := range rows {
		children[r.PropText(field)] = append(children[r.PropText(field)], r.PropText("name"))
	}
	next := int64(1)
	var number func(name string, depth int) error
	number = func(name string, depth int) error {
		if depth > len(rows) {
			return fmt.Errorf("tree %s has a loop at %s", dt.Name, name)
		}
		lft := next
		next++
		for _, child := range children[name] {
			if err := number(child, depth+1); err != nil {
				return err
			}
		}
		rgt := next
		next++
		return c.Tx.SetColumns(ctx, dt, document.Text(name), bothEnds, []document.Value{document.IntOf(lft), document.IntOf(rgt)})
	}
	for _, root := range children[""] {
		if err := number(root, 0); err != nil {
			return err
		}
	}
	return nil
}
