package engine

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// isNestedSet reports whether the documents of a DocType stand in a tree.
// Source: frappe/model/meta.py is_nested_set.
func isNestedSet(dt *doctype.DocType) bool {
	return dt.Column("lft") != nil && dt.Column("rgt") != nil && !dt.IsSingle && !dt.IsVirtual
}

// lockTree makes the writers of a tree take turns until they commit: each renumbers
// nodes of the others. It comes before the lock on any node, so that writers do not wait
// for each other in a ring, and before lft and rgt are read.
func (c *Call) lockTree(ctx context.Context, dt *doctype.DocType) error {
	if !dt.IsTree || !isNestedSet(dt) || c.memo.trees[dt.Name] {
		return nil
	}
	if _, err := c.Tx.CountSequence(ctx, "tree:"+dt.Name); err != nil {
		return err
	}
	if c.memo.trees == nil {
		c.memo.trees = map[string]bool{}
	}
	c.memo.trees[dt.Name] = true
	return nil
}

// Descendants returns the names below a node of a tree; none for other DocTypes.
// Source: frappe/database/database.py get_descendants.
func (c *Call) Descendants(ctx context.Context, dtName, name string) ([]string, error) {
	names, _, err := c.below(ctx, dtName, name)
	return names, err
}

// below is perm's view of trees. A DocType that is gone has no nodes.
func (c *Call) below(ctx context.Context, dtName, name string) (names []string, tree bool, err error) {
	dt, err := c.DocType(ctx, dtName)
	if exc.Is(err, exc.DoesNotExist) {
		return nil, false, nil // a permission on a DocType that is gone restricts nothing below it
	}
	if err != nil {
		return nil, false, err
	}
	if !isNestedSet(dt) {
		return nil, false, nil
	}
	names, err = c.related(ctx, dt, name, "lft", " > ", "rgt", " < ")
	return names, true, err
}

// ancestors returns the names above a node.
func (c *Call) ancestors(ctx context.Context, dt *doctype.DocType, name string) ([]string, error) {
	if !isNestedSet(dt) {
		return nil, nil
	}
	return c.related(ctx, dt, name, "lft", " < ", "rgt", " > ")
}

func (c *Call) related(ctx context.Context, dt *doctype.DocType, name, left, opLeft, right, opRight string) ([]string, error) {
	var l, r document.Value
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("lft").SQL(", ").Ident("rgt").SQL(" FROM ").Table(dt.Name).
		SQL(" WHERE ").Ident("name").SQL(" = ").Str(name)
	if found, err := c.Tx.QueryRow(ctx, b, &l, &r); err != nil || !found {
		return nil, err
	}
	b = storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table(dt.Name).SQL(" WHERE ").Ident(left).SQL(opLeft).
		Int(document.Cint(l)).SQL(" AND ").Ident(right).SQL(opRight).Int(document.Cint(r)).SQL(" ORDER BY ").Ident("lft").SQL(" DESC")
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		names = append(names, document.ToText(rows.Raw(0).Natural()))
	}
	return names, rows.Err()
}

// ClearTree makes User Permissions on nodes of a tree be read anew: what lies below
// them has changed.
func (c *Call) ClearTree(dt string) {
	c.memo.usersDirty = true // users read from now on see a tree that may be rolled back
	if c.Perm.UsesTree(dt) {
		c.memo.users = nil
	}
	c.Announce(TopicTrees)
	c.AfterCommit(func(context.Context) { c.Perm.TreeChanged(dt) })
}

// mayGrow reports whether a new node of a tree goes below one that the user's
// permissions allow. Source: frappe/permissions.py has_user_permission,
// _get_parent_and_ancestors (v16).
func (c *Call) mayGrow(ctx context.Context, me *perm.User, d *document.Document) (bool, error) {
	field := d.Type.NsmParentField
	if field == "" {
		field = "parent_" + doctype.Scrub(d.Type.Name)
	}
	parent := d.Text(field)
	if parent == "" {
		return false, nil
	}
	above, err := c.ancestors(ctx, d.Type, parent)
	if err != nil {
		return false, err
	}
	allowed, _ := me.AllowedFor(d.Type.Name, d.Type.Name)
	hides := map[string]bool{}
	for _, a := range me.Allowed[d.Type.Name] {
		hides[a.Value] = a.HideDescendant
	}
	for _, n := range append([]string{parent}, above...) {
		if allowed[n] && !hides[n] {
			return true, nil
		}
	}
	return false, nil
}
