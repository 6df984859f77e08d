package engine

import (
	"context"
	"sort"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/perm"
	"freddo/internal/query"
)

// listCondition is what a list of a DocType is narrowed by for the call's user; nil
// shows everything. Whether the user may list at all is checked before (CheckList).
// Source: frappe/model/db_query.py build_match_conditions.
func (c *Call) listCondition(ctx context.Context, dt *doctype.DocType, scope listScope) (*query.Node, error) {
	hooks, err := c.hookConditions(ctx, dt)
	if err != nil || c.User == perm.Administrator {
		return hooks, err
	}
	me, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	rights := perm.RoleRights(dt, me)
	byRole := rights.Doctype().Has(doctype.Read) || rights.Doctype().Has(doctype.Select)
	if !byRole {
		shared, err := c.sharedCondition(ctx, dt, me)
		return query.And(shared, hooks), err
	}
	var own *query.Node
	if ownerBound(rights) {
		own = query.Eq(query.F(dt, "owner"), document.Text(me.Name))
	} else if !scope.anyLink {
		if own, err = c.userPermissionCondition(ctx, dt, me, scope.emptyIsNull); err != nil {
			return nil, err
		}
	}
	all := query.And(own, hooks)
	if all == nil {
		return nil, nil // everything shows: shares cannot add to it
	}
	shared, err := c.sharedCondition(ctx, dt, me)
	return query.Or(all, shared), err
}

// listScope says how a list is narrowed.
type listScope struct {
	// emptyIsNull lets pass links that are null, but not empty ones.
	emptyIsNull bool
	// anyLink leaves out User Permissions.
	anyLink bool
}

// sharedCondition is fulfilled by the documents that are shared with the user.
func (c *Call) sharedCondition(ctx context.Context, dt *doctype.DocType, me *perm.User) (*query.Node, error) {
	names, err := perm.Shared(ctx, c.Tx, dt.Name, me.Name, doctype.Read, "")
	if err != nil {
		return nil, err
	}
	return query.In(query.F(dt, "name"), texts(names)...), nil
}

// ownerBound reports that neither select nor read is had without being the owner.
func ownerBound(r perm.Rights) bool {
	return !r.Any.Has(doctype.Read) && !r.Any.Has(doctype.Select) && (r.Owned.Has(doctype.Read) || r.Owned.Has(doctype.Select))
}

func texts(s []string) []document.Value {
	out := make([]document.Value, len(s))
	for i, t := range s {
		out[i] = document.Text(t)
	}
	return out
}

func (c *Call) hookConditions(ctx context.Context, dt *doctype.DocType) (*query.Node, error) {
	var all *query.Node
	for _, key := range [2]string{dt.Name, AnyDocType} {
		for _, fn := range c.Hooks.condition[key] {
			n, err := fn(ctx, c)
			if err != nil {
				return nil, err
			}
			all = query.And(all, n)
		}
	}
	return all, nil
}

// userPermissionCondition narrows a list by User Permissions on the DocType itself
// and on its links. Source: db_query.py add_user_permissions.
func (c *Call) userPermissionCondition(ctx context.Context, dt *doctype.DocType, me *perm.User, emptyIsNull bool) (*query.Node, error) {
	if len(me.Allowed) == 0 {
		return nil, nil
	}
	v, err := c.Setting(ctx, "System Settings", "apply_strict_user_permissions")
	if err != nil {
		return nil, err
	}
	strict := document.Cint(v) != 0
	var all *query.Node
	if values, ok := me.AllowedFor(dt.Name, dt.Name); ok {
		all = query.In(query.F(dt, "name"), sorted(values)...)
	}
	for _, f := range dt.LinkFields {
		if f.Fieldtype != "Link" || f.IgnoreUserPermissions || f.IsVirtual {
			continue
		}
		values, ok := me.AllowedFor(f.Options, dt.Name)
		if !ok {
			continue
		}
		field := query.F(dt, f.Fieldname)
		one := query.In(field, sorted(values)...)
		if !strict && emptyIsNull {
			one = query.Or(query.IsNull(field), one)
		} else if !strict {
			one = query.Or(query.IsEmpty(field), one)
		}
		all = query.And(all, one)
	}
	return all, nil
}

func sorted(set map[string]bool) []document.Value {
	names := make([]string, 0, len(set))
	for n := range set {
		names = append(names, n)
	}
	sort.Strings(names)
	return texts(names)
}
