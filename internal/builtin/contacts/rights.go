package contacts

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/query"
)

// registerRights hooks who may see which Contacts and Addresses.
func registerRights(h *engine.Hooks) {
	for _, dt := range []string{"Contact", "Address"} {
		h.HasPermission(dt, core.May(mayUse))
		h.QueryCondition(dt, condition(dt))
	}
}

// parties are the DocTypes whose links in a Contact or Address give and take rights.
var parties = map[string]bool{"Customer": true, "Supplier": true, "Company": true, "Sales Partner": true}

// partyFields returns the Link fields to parties, those first whose DocType the caller reads;
// n is how many these are. Source: frappe/contacts/address_and_contact.py
// get_permitted_and_not_permitted_links.
func partyFields(ctx context.Context, c *engine.Call, dt *doctype.DocType) (fields []*doctype.DocField, n int, err error) {
	var closed []*doctype.DocField
	var readable []document.Value
	for _, f := range dt.LinkFields {
		if f.Fieldtype != "Link" || !parties[f.Options] {
			continue
		}
		if readable == nil {
			if readable, err = core.ReadableDocTypes(ctx, c); err != nil {
				return nil, 0, err
			}
		}
		if core.Holds(readable, f.Options) {
			fields = append(fields, f)
		} else {
			closed = append(closed, f)
		}
	}
	n = len(fields)
	return append(fields, closed...), n, nil
}

// mayUse follows address_and_contact.py has_permission: one party that the user has the
// right on is enough, and so is none at all.
func mayUse(ctx context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
	fields, open, err := partyFields(ctx, c, d.Type)
	if err != nil || open == len(fields) {
		return err == nil, err
	}
	any := false
	for _, f := range fields {
		name := d.Text(f.Fieldname)
		if name == "" {
			continue
		}
		any = true
		party, err := c.Get(ctx, f.Options, name)
		if exc.Is(err, exc.DoesNotExist) || exc.Is(err, exc.ImportErr) {
			continue
		}
		if err != nil {
			return false, err
		}
		if ok, err := c.HasPermission(ctx, f.Options, right, party); err != nil || ok {
			return ok, err
		}
	}
	return !any, nil
}

// condition follows address_and_contact.py get_permission_query_conditions.
func condition(dtName string) engine.ConditionHook {
	return func(ctx context.Context, c *engine.Call) (*query.Node, error) {
		dt, err := c.DocType(ctx, dtName)
		if err != nil {
			return nil, err
		}
		fields, open, err := partyFields(ctx, c, dt)
		if err != nil || open == len(fields) {
			return nil, err
		}
		var cond *query.Node
		for i, f := range fields {
			field := query.F(dt, f.Fieldname)
			if open == 0 {
				cond = query.And(cond, query.IsEmpty(field))
				continue
			}
			if i < open {
				set := query.And(query.NotNull(field), query.Ne(field, document.Text("")))
				if cond == nil {
					cond = set
				} else {
					cond = query.Or(cond, set)
				}
			}
		}
		return cond, nil
	}
}
