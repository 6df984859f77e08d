package perm

import (
	"context"
	"sort"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

const (
	textClass = doctype.TextClass
	intClass  = doctype.IntClass
)

// Rights are what roles give a user on a DocType at permlevel 0.
type Rights struct {
	// Any are the rights that hold on every document.
	Any doctype.RightSet
	// Owned are the rights that only hold on the user's own documents.
	Owned doctype.RightSet
}

// Doctype returns the rights at DocType level: owner-bound select and read count,
// so that lists can run; other owner-bound rights do not.
func (r Rights) Doctype() doctype.RightSet {
	s := r.Any
	for _, right := range []doctype.Right{doctype.Select, doctype.Read} {
		if r.Owned.Has(right) {
			s = s.With(right)
		}
	}
	return s
}

// RoleRights evaluates the DocPerm rows of level 0 for a user's roles.
// Source: frappe/permissions.py get_role_permissions.
func RoleRights(dt *doctype.DocType, u *User) Rights {
	var r Rights
	if u.Name == Administrator {
		r.Any = doctype.AllRights
		return r
	}
	for _, p := range dt.Permissions {
		if p.Permlevel != 0 || !u.roles[p.Role] {
			continue
		}
		if !p.IfOwner {
			r.Any |= p.Rights
			continue
		}
		owned := p.Rights
		if owned.Has(doctype.Create) {
			r.Any = r.Any.With(doctype.Create) // Frappe: create is never owner-bound
		}
		r.Owned |= owned.Without(doctype.Create)
	}
	r.Owned &^= r.Any
	return r
}

// Levels returns the permlevels at which the user's roles have a right on dt (child
// tables: pass the parent's DocType). all is true for Administrator.
// Source: frappe/model/meta.py get_permlevel_access.
func Levels(dt *doctype.DocType, u *User, right doctype.Right) (levels map[int]bool, all bool) {
	if u.Name == Administrator {
		return nil, true
	}
	levels = map[int]bool{}
	for _, p := range dt.Permissions {
		if u.roles[p.Role] && p.Rights.Has(right) {
			levels[p.Permlevel] = true
		}
	}
	return levels, false
}

// sharedColumn is the column of DocShare that gives a right, "" for rights that cannot be
// shared; email and print ride on a read share.
func sharedColumn(right doctype.Right) string {
	switch right {
	case doctype.Read, doctype.Write, doctype.Share, doctype.Submit, doctype.Impersonate:
		return right.String()
	case doctype.Email, doctype.Print:
		return "read"
	}
	return ""
}

// RowCarries reports whether a share of a document gives a right where print and email
// also ask the DocType's first DocPerm row, whatever its role.
// Source: frappe/permissions.py has_permission (v14).
func RowCarries(dt *doctype.DocType, right doctype.Right) bool {
	if right != doctype.Print && right != doctype.Email {
		return true
	}
	return len(dt.Permissions) > 0 && dt.Permissions[0].Rights.Has(right)
}

// Shared returns the names of dt's documents shared with the user with a right;
// name, when not empty, limits the answer to that document.
// Source: frappe/share.py get_shared.
func Shared(ctx context.Context, tx *storage.Tx, dt, user string, right doctype.Right, name string) ([]string, error) {
	col := sharedColumn(right)
	if col == "" {
		return nil, nil
	}
	b := storage.NewBuilder(tx.Dialect()).SQL("SELECT DISTINCT ").Ident("share_name").SQL(" FROM ").Table("DocShare").
		SQL(" WHERE ").Ident("share_doctype").SQL(" = ").Arg(document.Text(dt)).SQL(" AND ").Ident(col).SQL(" = ").Arg(document.IntOf(1)).
		SQL(" AND (").Ident("user").SQL(" = ").Arg(document.Text(user))
	if user != Guest {
		b.SQL(" OR ").Ident("everyone").SQL(" = ").Arg(document.IntOf(1))
	}
	b.SQL(")")
	if name != "" {
		b.SQL(" AND ").Ident("share_name").SQL(" = ").Arg(document.Text(name))
	}
	names, err := texts(ctx, tx, b)
	sort.Strings(names)
	return names, err
}

// Refusal is a document that a User Permission forbids.
type Refusal struct {
	// DocType and Value are the restricted DocType and the value that is not allowed;
	// an empty Value was refused by strict user permissions.
	DocType, Value string
	// Field is the Link field; nil when the document itself is restricted.
	Field *doctype.DocField
	// Row is the idx of the child row the field stands in, 0 for the parent.
	Row int64
	// Holder is the DocType that the field belongs to.
	Holder string
	// Null says that the refused value was null and not an empty text.
	Null bool
}

// AllowedFor returns the values of a User Permission on target that apply to
// documents of dt, and whether any applies. The values are read-only.
func (u *User) AllowedFor(target, dt string) (values map[string]bool, restricted bool) {
	if all, ok := u.everywhere[target]; ok {
		return all, true
	}
	for _, a := range u.Allowed[target] {
		if a.ApplicableFor == "" || a.ApplicableFor == dt {
			if values == nil {
				values = map[string]bool{}
			}
			values[a.Value] = true
		}
	}
	return values, values != nil
}

// CheckSelf returns why User Permissions on d's own DocType forbid d, or nil.
// Source: frappe/permissions.py has_user_permission, step 1.
func CheckSelf(u *User, d *document.Document) *Refusal {
	dt := d.Type.Name
	if values, restricted := u.AllowedFor(dt, dt); restricted && !values[d.Name()] {
		return &Refusal{DocType: dt, Value: d.Name(), Holder: dt}
	}
	return nil
}

// CheckLinks returns why User Permissions forbid what d and its rows link to, or nil.
// Source: frappe/permissions.py has_user_permission, step 2.
func CheckLinks(u *User, d *document.Document, strict bool) *Refusal {
	dt := d.Type.Name
	strict = strict && !d.Type.IsSingle
	if r := checkLinks(u, d, dt, strict, 0); r != nil {
		return r
	}
	var found *Refusal
	_ = d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		if found == nil {
			found = checkLinks(u, row, dt, strict, row.Int("idx"))
		}
		return nil
	})
	return found
}

func checkLinks(u *User, d *document.Document, dt string, strict bool, row int64) *Refusal {
	for _, f := range d.Type.LinkFields {
		if f.Fieldtype != "Link" || f.IgnoreUserPermissions {
			continue
		}
		value := document.ToText(d.At(f.Slot))
		if value == "" && !strict {
			continue
		}
		if values, restricted := u.AllowedFor(f.Options, dt); restricted && !values[value] {
			return &Refusal{DocType: f.Options, Value: value, Field: f, Row: row, Holder: d.Type.Name, Null: d.At(f.Slot).IsNull()}
		}
	}
	return nil
}
