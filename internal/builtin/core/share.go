package core

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
)

// registerShare hooks DocShare and adds frappe.share.*.
func registerShare(h *engine.Hooks, r *method.Registry) {
	h.On("DocShare", engine.Validate, validateShare)
	h.On("DocShare", engine.AfterInsert, tellShared)
	h.On("DocShare", engine.OnTrash, trashShare)
	r.Add(
		method.Method{Name: "frappe.share.add", Params: []method.Param{arg.Req("doctype", method.Any), arg.Req("name", method.Any), arg.Opt("user", method.Any, nil),
			arg.Opt("read", method.Any, 1), arg.Opt("write", method.Any, 0), arg.Opt("submit", method.Any, 0), arg.Opt("share", method.Any, 0),
			arg.Opt("everyone", method.Any, 0), arg.Opt("notify", method.Any, 0)}, Fn: shareAdd},
		method.Method{Name: "frappe.share.set_permission", Params: append(arg.Any("doctype", "name", "user", "permission_to"),
			arg.Opt("value", method.Any, 1), arg.Opt("everyone", method.Any, 0)), Fn: shareSetPermission},
		method.Method{Name: "frappe.share.get_users", Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("name", method.Str)}, Fn: shareUsers},
	)
}

// Share is what one user is to get on one document; read is always part of it.
type Share struct {
	DocType, Name, User                    string
	Write, Submit, Share, Everyone, Notify bool
	// Impersonate lets act as the user that is shared (v16).
	Impersonate bool
	// Trusted skips the check that the call's user may share.
	Trusted bool
}

// AddShare creates or changes a share. Errors: PermissionError "No permission to
// share", and what DocShare itself refuses. Source: frappe/share.py add_docshare.
func AddShare(ctx context.Context, c *engine.Call, s Share) (*document.Document, error) {
	if s.User == "" {
		s.User = c.User
	}
	if !s.Trusted {
		if err := mayShare(ctx, c, s); err != nil {
			return nil, err
		}
	}
	name, err := shareName(ctx, c, s)
	if err != nil {
		return nil, err
	}
	var d *document.Document
	if name != "" {
		d, err = c.GetForUpdate(ctx, "DocShare", name)
	} else {
		d, err = c.FromObject(ctx, document.NewObject("doctype", "DocShare", "user", s.User, "share_doctype", s.DocType, "share_name", s.Name, "everyone", flag(s.Everyone)))
	}
	if err != nil {
		return nil, err
	}
	changed := d.New
	for _, p := range []struct {
		key string
		on  bool
	}{{"read", true}, {"write", s.Write || s.Submit}, {"submit", s.Submit}, {"share", s.Share}, {"impersonate", s.Impersonate}} {
		if p.key == "impersonate" && !(quirk.Of(c.Profile).PermissionTypes && s.DocType == "User") {
			continue
		}
		if d.Int(p.key) != int64(flag(p.on)) {
			changed = true
		}
		d.Set(p.key, document.IntOf(int64(flag(p.on))))
	}
	if !changed && s.Trusted {
		return d, nil
	}
	d.Flags.IgnorePermissions = true
	return d, c.Save(ctx, d)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// mayShare refuses to share without the share right, and to give rights that the
// sharer does not have: older releases of upstream let that pass.
// Source: frappe/share.py check_share_permission, validate_share_permissions.
func mayShare(ctx context.Context, c *engine.Call, s Share) error {
	d, err := c.Get(ctx, s.DocType, s.Name)
	if err != nil {
		return err
	}
	ok, err := c.HasPermission(ctx, s.DocType, doctype.Share, d)
	if err != nil {
		return err
	}
	if !ok {
		return exc.Permission.Throwf("No permission to share %s %s", s.DocType, s.Name)
	}
	return mayGive(ctx, c, s, d)
}

// mayGive refuses to give rights on a document that the sharer does not have.
func mayGive(ctx context.Context, c *engine.Call, s Share, d *document.Document) error {
	for right, asked := range map[doctype.Right]bool{doctype.Write: s.Write, doctype.Submit: s.Submit && d.Type.IsSubmittable,
		doctype.Impersonate: s.Impersonate} {
		if !asked {
			continue
		}
		if ok, err := c.HasPermission(ctx, s.DocType, right, d); err != nil || !ok {
			if err != nil {
				return err
			}
			return exc.Permission.Throwf("You cannot share `%s` on %s `%s` as you do not have `%s` permission on `%s`", right, s.DocType, s.Name, right, s.DocType)
		}
	}
	return nil
}

func shareName(ctx context.Context, c *engine.Call, s Share) (string, error) {
	filters := document.NewObject("share_doctype", s.DocType, "share_name", s.Name)
	if s.Everyone {
		filters.Set("everyone", document.IntOf(1))
	} else {
		filters.Set("user", document.Text(s.User))
	}
	rows, err := c.Rows(ctx, "DocShare", []string{"name"}, filters, "")
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].PropText("name"), nil
}

// validateShare checks a share and completes its rights.
// Source: frappe/core/doctype/docshare/docshare.py validate.
func validateShare(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("everyone") != 0 {
		d.Set("user", document.NullValue)
	} else if d.Text("user") == "" {
		return exc.Mandatory.Throw("User is mandatory for Share")
	}
	target, err := c.Get(ctx, d.Text("share_doctype"), d.Text("share_name"))
	if err != nil {
		return err
	}
	if !d.Flags.IgnorePermissions { // AddShare has asked already
		ok, err := c.HasPermission(ctx, target.Type.Name, doctype.Share, target)
		if err != nil {
			return err
		}
		if !ok {
			return exc.Permission.Throw(`You need to have "Share" permission`)
		}
		s := Share{DocType: target.Type.Name, Name: target.Name(), Write: d.Int("write") != 0, Submit: d.Int("submit") != 0, Impersonate: d.Int("impersonate") != 0}
		if err := mayGive(ctx, c, s, target); err != nil {
			return err
		}
	}
	if d.Int("submit") != 0 && !target.Type.IsSubmittable {
		return exc.Validation.Throwf("Cannot share %s with submit permission as the doctype %s is not submittable", engine.Bold(target.Name()), engine.Bold(target.Type.Name))
	}
	if d.Int("submit") != 0 {
		d.Set("write", document.IntOf(1))
	}
	if d.Int("share") != 0 || d.Int("write") != 0 {
		d.Set("read", document.IntOf(1))
	}
	return nil
}

func tellShared(ctx context.Context, c *engine.Call, d *document.Document) error {
	owner, err := FullName(ctx, c, d.Owner())
	if err != nil {
		return err
	}
	text := owner + " shared this document with everyone"
	if d.Int("everyone") == 0 {
		to, err := FullName(ctx, c, d.Text("user"))
		if err != nil {
			return err
		}
		text = fmt.Sprintf("%s shared this document with %s", owner, to)
	}
	_, err = AddComment(ctx, c, Comment{DocType: d.Text("share_doctype"), Name: d.Text("share_name"), Kind: "Shared", Content: text})
	return err
}

func trashShare(ctx context.Context, c *engine.Call, d *document.Document) error {
	owner, err := FullName(ctx, c, d.Owner())
	if err != nil {
		return err
	}
	to, err := FullName(ctx, c, d.Text("user"))
	if err != nil {
		return err
	}
	_, err = AddComment(ctx, c, Comment{DocType: d.Text("share_doctype"), Name: d.Text("share_name"), Kind: "Unshared",
		Content: fmt.Sprintf("%s un-shared this document with %s", owner, to)})
	return err
}

func shareAdd(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := AddShare(ctx, c, Share{DocType: a.Text("doctype"), Name: a.Text("name"), User: a.Text("user"), Write: a.Int("write") != 0,
		Submit: a.Int("submit") != 0, Share: a.Int("share") != 0, Everyone: a.Int("everyone") != 0, Notify: a.Int("notify") != 0, Impersonate: sharesImpersonate(c, a)})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// sharesImpersonate: the right beside the common ones that a share of a User may give.
func sharesImpersonate(c *engine.Call, a method.Args) bool {
	return quirk.Of(c.Profile).PermissionTypes && a.Text("doctype") == "User" && document.Cint(c.Form.Get("impersonate")) != 0
}

// shareSetPermission switches one right of a share.
// Source: frappe/share.py set_docshare_permission.
func shareSetPermission(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	s := Share{DocType: a.Text("doctype"), Name: a.Text("name"), User: a.Text("user"), Everyone: a.Int("everyone") != 0}
	right, value := a.Text("permission_to"), a.Int("value") != 0
	s.Write, s.Submit, s.Share = right == "write" && value, right == "submit" && value, right == "share" && value
	types := PermissionTypes(s.DocType)
	own := len(types) > 0 && right == types[0] && quirk.Of(c.Profile).PermissionTypes
	s.Impersonate = own && value
	if err := mayShare(ctx, c, s); err != nil {
		return nil, err
	}
	name, err := shareName(ctx, c, s)
	if err != nil || name == "" && !value {
		return nil, err
	}
	if name == "" {
		d, err := AddShare(ctx, c, s)
		if err != nil {
			return nil, err
		}
		return d, nil
	}
	d, err := c.GetForUpdate(ctx, "DocShare", name)
	if err != nil {
		return nil, err
	}
	switch {
	case right == "read", right == "write", right == "submit", right == "share", own:
		d.Set(right, document.IntOf(int64(flag(value))))
	}
	if !value && right == "read" {
		for _, key := range []string{"read", "write", "submit", "share"} {
			d.Set(key, document.IntOf(0))
		}
	}
	d.Flags.IgnorePermissions = true
	if err := c.Save(ctx, d); err != nil {
		return nil, err
	}
	if d.Int("read")+d.Int("write")+d.Int("submit")+d.Int("share") > 0 {
		return d, nil
	}
	return nil, c.DeleteDoc(ctx, d)
}

func shareUsers(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	ok, err := c.HasPermission(ctx, d.Type.Name, doctype.Read, d)
	if err != nil {
		return nil, err
	}
	if !ok {
		return document.ListOf(), nil
	}
	rows, err := c.Rows(ctx, "DocShare", ShareColumns(ctx, c),
		document.NewObject("share_doctype", d.Type.Name, "share_name", d.Name()), "")
	return Maps(rows), err
}

// ShareColumns are the columns that clients see of a document's shares.
// Source: frappe/share.py get_users.
func ShareColumns(ctx context.Context, c *engine.Call) []string {
	if !quirk.Of(c.Profile).ShareColumns {
		return []string{"name", "user", "read", "write", "submit", "share", "everyone", "owner", "creation"}
	}
	columns := []string{"name", "creation", "modified", "modified_by", "owner", "docstatus", "idx"}
	dt, err := c.DocType(ctx, "DocShare")
	if err != nil {
		return columns
	}
	for _, f := range dt.Fields {
		if f.HasColumn() {
			columns = append(columns, f.Fieldname)
		}
	}
	return append(columns, "_user_tags", "_comments", "_assign", "_liked_by")
}

// PermissionTypes are the rights that a DocType has beside the common ones.
// Source: frappe/core/doctype/permission_type/permission_type.py get_doctype_ptype_map.
func PermissionTypes(dt string) []string {
	if dt == "User" {
		return []string{doctype.Impersonate.String()}
	}
	return []string{}
}
