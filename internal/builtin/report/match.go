package report

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/perm"
)

// linked is a DocType that a column links to, and the column.
type linked struct{ doctype, field string }

// linksOf are the linking columns that hold anything.
// Source: frappe/desk/query_report.py get_linked_doctypes.
func linksOf(columns, rows []*document.Object) []linked {
	var out []linked
	for _, col := range columns {
		l := linked{col.PropText("options"), col.PropText("fieldname")}
		if col.PropText("fieldtype") != "Link" || l.doctype == "" {
			continue
		}
		for i := range out {
			if out[i].doctype == l.doctype {
				out = append(out[:i], out[i+1:]...) // the last column of a DocType counts
				break
			}
		}
		for _, row := range rows {
			if row.Get(l.field).Truthy() {
				out = append(out, l)
				break
			}
		}
	}
	return out
}

// filter drops the rows that link to what the user's User Permissions hide. Frappe:
// without such permissions everything that the query finds shows.
type filter struct {
	c     *engine.Call
	ref   *doctype.DocType
	links []linked
	// matches are the values that are allowed of other DocTypes, by linked DocType.
	matches map[string]map[string]map[string]bool
	shared  map[string]bool
	ifOwner bool
	exists  map[linked]bool
}

// visible returns the rows that the user may see.
// Source: query_report.py get_filtered_data, has_match.
func visible(ctx context.Context, c *engine.Call, ref *doctype.DocType, columns, rows []*document.Object) ([]*document.Object, error) {
	if c.User == perm.Administrator {
		return rows, nil
	}
	f := &filter{c: c, ref: ref, links: linksOf(columns, rows), matches: map[string]map[string]map[string]bool{}, exists: map[linked]bool{}}
	if err := f.load(ctx); err != nil || len(f.matches) == 0 {
		return rows, err
	}
	var out []*document.Object
	for _, row := range rows {
		ok, err := f.shows(ctx, row)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, row)
		}
	}
	return out, nil
}

// load finds what User Permissions say of the linked DocTypes.
// Source: db_query.py build_match_conditions, add_user_permissions.
func (f *filter) load(ctx context.Context) error {
	me, err := f.c.Me(ctx)
	if err != nil {
		return err
	}
	own := perm.RoleRights(f.ref, me)
	f.ifOwner = own.Owned.Has(doctype.Report) && !own.Any.Has(doctype.Report)
	names, err := perm.Shared(ctx, f.c.Tx, f.ref.Name, me.Name, doctype.Read, "")
	if err != nil {
		return err
	}
	f.shared = map[string]bool{}
	for _, n := range names {
		f.shared[n] = true
	}
	for _, l := range f.links {
		dt, err := f.c.DocType(ctx, l.doctype)
		if err != nil {
			return err
		}
		allowed, err := f.allowed(ctx, me, dt)
		if err != nil {
			return err
		}
		if len(allowed) > 0 {
			f.matches[dt.Name] = allowed
		}
	}
	return nil
}

func (f *filter) allowed(ctx context.Context, me *perm.User, dt *doctype.DocType) (map[string]map[string]bool, error) {
	rights := perm.RoleRights(dt, me)
	role := rights.Doctype()
	if !dt.IsTable && !role.Has(doctype.Read) && !role.Has(doctype.Select) {
		if len(me.Allowed[dt.Name]) > 0 {
			return nil, nil
		}
		names, err := perm.Shared(ctx, f.c.Tx, dt.Name, me.Name, doctype.Read, "")
		if err == nil && len(names) == 0 {
			err = exc.Permission.Throwf("No permission to read %s", dt.Name)
		}
		return nil, err
	}
	if !rights.Any.Has(doctype.Read) && !rights.Any.Has(doctype.Select) {
		return nil, nil
	}
	out := map[string]map[string]bool{}
	for _, field := range dt.LinkFields {
		if field.Fieldtype == "Link" && !field.IgnoreUserPermissions {
			if values, ok := me.AllowedFor(field.Options, dt.Name); ok {
				out[field.Options] = values
			}
		}
	}
	if values, ok := me.AllowedFor(dt.Name, dt.Name); ok {
		out[dt.Name] = values
	}
	return out, nil
}

func (f *filter) shows(ctx context.Context, row *document.Object) (bool, error) {
	if row.Len() == 0 {
		return true, nil
	}
	for _, l := range f.links {
		if l.doctype == f.ref.Name && f.shared[row.PropText(l.field)] {
			return true, nil
		}
	}
	for dt, allowed := range f.matches {
		if dt == f.ref.Name && f.ifOwner && row.PropText("owner") == f.c.User {
			continue
		}
		for _, l := range f.links {
			values, ok := allowed[l.doctype]
			if !ok || values[row.PropText(l.field)] || l.doctype == "User" && l.field == "owner" {
				continue
			}
			there, err := f.there(ctx, linked{l.doctype, row.PropText(l.field)})
			if err != nil || there {
				return false, err
			}
		}
	}
	return true, nil
}

// there reports whether a document exists, asking once for each.
func (f *filter) there(ctx context.Context, l linked) (bool, error) {
	ok, known := f.exists[l]
	if known {
		return ok, nil
	}
	_, ok, err := f.c.Exists(ctx, l.doctype, l.field)
	f.exists[l] = ok
	return ok, err
}
