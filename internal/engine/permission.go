package engine

import (
	"context"
	"fmt"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/perm"
)

// Bold is how upstream's messages stress a word. Source: frappe/__init__.py bold.
func Bold(s string) string { return "<strong>" + s + "</strong>" }

// HasPermission reports whether the call's user has a right on d, or on the DocType
// when d is nil. It logs nothing. Source: frappe/permissions.py has_permission.
func (c *Call) HasPermission(ctx context.Context, dtName string, right doctype.Right, d *document.Document) (bool, error) {
	dt, err := c.DocType(ctx, dtName)
	if err != nil {
		return false, err
	}
	ok, _, err := c.evaluate(ctx, dt, right, d)
	return ok, err
}

// CheckPermission refuses with 403 when the user lacks a right on d, and logs why.
// Source: frappe/model/document.py check_permission, raise_no_permission_to.
func (c *Call) CheckPermission(ctx context.Context, d *document.Document, right doctype.Right) error {
	if d.Flags.IgnorePermissions {
		return nil
	}
	ok, reasons, err := c.evaluate(ctx, d.Type, right, d)
	if err != nil || ok {
		return err
	}
	if c.Profile.HideMissing {
		if d.Type.IsTable {
			return c.noDoctypePermission(d.Type.Name, childWithoutParent(d.Type))
		}
		role, err := c.roleOnly(ctx, d.Type, right)
		if err != nil {
			return err
		}
		if !role && !d.Type.IsSingle {
			return c.noDoctypePermission(d.Type.Name, c.doctypeReason(d.Type, right))
		}
		if !role {
			return c.refuseSingle(ctx, d, right)
		}
	}
	c.logReasons(reasons)
	return exc.Permission.New("").WithHint(c.refusalHint(d, right))
}

// refuseSingle is v16's refusal of a Single by its roles: the DocType is asked as its
// document. Source: frappe/permissions.py has_permission.
func (c *Call) refuseSingle(ctx context.Context, d *document.Document, right doctype.Right) error {
	me, err := c.Me(ctx)
	if err != nil {
		return err
	}
	_, reasons, err := c.documentRights(ctx, d.Type, right, d, me)
	if err != nil {
		return err
	}
	return c.noDoctypePermission(d.Type.Name, strings.Join(append(reasons, c.noSingle(d.Type.Name)), "<br>"))
}

func (c *Call) noSingle(name string) string {
	return fmt.Sprintf("User %s does not have access to this document: %s", Bold(c.User), name)
}

// CheckRead is CheckPermission for v1's read of a document, which raises without
// a hint before v16. Source: frappe/api.py, frappe/api/v1.py read_doc.
func (c *Call) CheckRead(ctx context.Context, d *document.Document, right doctype.Right) error {
	err := c.CheckPermission(ctx, d, right)
	if e := exc.Of(err); e != nil && !c.Profile.HideMissing {
		e.Hint = ""
	}
	return err
}

func (c *Call) refusalHint(d *document.Document, right doctype.Right) string {
	if !c.Profile.PermissionSentence {
		return fmt.Sprintf("Insufficient Permission for %s (%s)", d.Type.Name, Bold(right.String()))
	}
	return fmt.Sprintf("You need the '%s' permission on %s %s to perform this action.", right, Bold(d.Type.Name), d.Name())
}

// NoDoctypePermission is v16's refusal for users who lack a right on the DocType
// itself: the message log holds that reason only.
// Source: frappe/permissions.py check_doctype_permission.
func (c *Call) NoDoctypePermission(ctx context.Context, dtName string) error {
	reason := c.noRole(dtName)
	if dt, err := c.DocType(ctx, dtName); err == nil && dt.IsTable {
		reason = childWithoutParent(dt)
	} else if err == nil && dt.IsSingle {
		reason = c.noSingle(dtName)
	}
	return c.noDoctypePermission(dtName, reason)
}

func (c *Call) noDoctypePermission(dtName, reason string) error {
	c.Messages = []exc.Message{{Text: reason}}
	e := exc.Permission.New("").WithHint("No permission for " + dtName)
	e.NoTraceback = true
	return e
}

func (c *Call) noRole(dtName string) string {
	return fmt.Sprintf("User %s does not have doctype access via role permission for document %s", Bold(c.User), Bold(dtName))
}

// CheckList refuses a list of a DocType that the user may neither read nor select.
// Source: frappe/model/db_query.py check_read_permission.
func (c *Call) CheckList(ctx context.Context, dt *doctype.DocType) error {
	ok, err := c.CanList(ctx, dt)
	if err != nil || ok {
		return err
	}
	c.Msgprint(exc.Message{Text: c.noRole(dt.Name)})
	return exc.Permission.New("").WithHint("No permission for " + dt.Name)
}

// CanList reports select or read at DocType level, shares included.
func (c *Call) CanList(ctx context.Context, dt *doctype.DocType) (bool, error) {
	for _, right := range []doctype.Right{doctype.Select, doctype.Read} {
		ok, _, err := c.evaluate(ctx, dt, right, nil)
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// NoteRefusal logs that roles give nothing on the DocType of a document that was
// refused: v16 finds out while it words the refusal, whether that is shown or not.
// Source: frappe/permissions.py has_permission.
func (c *Call) NoteRefusal(ctx context.Context, dt *doctype.DocType) error {
	if !c.Profile.RefusalNoted || dt.IsTable || dt.IsSingle {
		return nil
	}
	me, err := c.Me(ctx)
	if err != nil {
		return err
	}
	ok, reasons, err := c.evaluateDoctype(ctx, dt, doctype.Read, me)
	if err == nil && !ok {
		c.logReasons(reasons)
	}
	return err
}

func (c *Call) logReasons(reasons []string) {
	if len(reasons) > 0 {
		c.Msgprint(exc.Message{Text: strings.Join(reasons, "<br>")})
	}
}

// roleOnly is the DocType-level check by roles alone.
func (c *Call) roleOnly(ctx context.Context, dt *doctype.DocType, right doctype.Right) (bool, error) {
	me, err := c.Me(ctx)
	if err != nil {
		return false, err
	}
	if _, no := c.limited(dt, right, nil); no {
		return false, nil
	}
	if me.Name == perm.Administrator {
		return true, nil
	}
	return c.doctypeRights(perm.RoleRights(dt, me).Doctype(), dt).Has(right), nil
}

// doctypeRights drops the rights that a DocType cannot give at all.
func (c *Call) doctypeRights(s doctype.RightSet, dt *doctype.DocType) doctype.RightSet {
	if !dt.IsSubmittable {
		s = s.Without(doctype.Submit)
	}
	if !dt.AllowImport {
		s = s.Without(doctype.Import)
	}
	return s
}

// evaluate decides, and tells why not, in the words and order of upstream.
func (c *Call) evaluate(ctx context.Context, dt *doctype.DocType, right doctype.Right, d *document.Document) (bool, []string, error) {
	if reason, no := c.limited(dt, right, d); no {
		return false, []string{reason}, nil
	}
	if c.User == perm.Administrator {
		return true, nil, nil
	}
	me, err := c.Me(ctx)
	if err != nil {
		return false, nil, err
	}
	if dt.IsTable {
		return c.evaluateChild(ctx, dt, right, d)
	}
	if d == nil {
		return c.evaluateDoctype(ctx, dt, right, me)
	}
	set, reasons, err := c.documentRights(ctx, dt, right, d, me)
	if err != nil || set.Has(right) {
		return set.Has(right), nil, err
	}
	if d.Name() != "" {
		names, err := perm.Shared(ctx, c.Tx, dt.Name, me.Name, right, d.Name())
		if err != nil {
			return false, nil, err
		}
		if len(names) > 0 && (!c.Profile.PrintShareNeedsRow || perm.RowCarries(dt, right)) {
			return true, nil, nil
		}
	}
	return false, c.accessReasons(ctx, reasons, dt, d, me), nil
}

// accessReasons appends the last reason: no access to this document.
func (c *Call) accessReasons(ctx context.Context, reasons []string, dt *doctype.DocType, d *document.Document, me *perm.User) []string {
	last := fmt.Sprintf("User %s does not have access to this document", Bold(me.Name))
	if c.Profile.PermissionSentence {
		// Frappe: the probe notes that roles give nothing before it asks the shares.
		if !c.doctypeRights(perm.RoleRights(dt, me).Doctype(), dt).Has(doctype.Read) {
			reasons = append(reasons, c.noRole(dt.Name))
		}
		if ok, _, err := c.evaluateDoctype(ctx, dt, doctype.Read, me); err == nil && ok {
			last += ": " + dt.Name + " - " + orNone(d.Name())
		}
	}
	return append(reasons, last)
}

// orNone prints an empty name as Python prints None.
func orNone(s string) string {
	if s == "" {
		return "None"
	}
	return s
}

func (c *Call) evaluateDoctype(ctx context.Context, dt *doctype.DocType, right doctype.Right, me *perm.User) (bool, []string, error) {
	if c.doctypeRights(perm.RoleRights(dt, me).Doctype(), dt).Has(right) {
		return true, nil, nil
	}
	if impossible(dt, right) {
		return false, []string{c.doctypeReason(dt, right)}, nil
	}
	names, err := perm.Shared(ctx, c.Tx, dt.Name, me.Name, right, "")
	if err != nil || len(names) > 0 {
		return len(names) > 0, nil, err
	}
	return false, []string{c.noRole(dt.Name)}, nil
}

// impossible reports that a DocType cannot give a right to anybody.
func impossible(dt *doctype.DocType, right doctype.Right) bool {
	return right == doctype.Submit && !dt.IsSubmittable || right == doctype.Import && !dt.AllowImport
}

// doctypeReason says why a right is missing on a DocType.
func (c *Call) doctypeReason(dt *doctype.DocType, right doctype.Right) string {
	limit, limited := c.limited(dt, right, nil)
	switch {
	case limited:
		return limit
	case right == doctype.Submit && !dt.IsSubmittable:
		return "Document Type is not submittable"
	case right == doctype.Import && !dt.AllowImport:
		return "Document Type is not importable"
	}
	return c.noRole(dt.Name)
}

// documentRights are a user's rights on one document before shares.
// Source: frappe/permissions.py get_doc_permissions.
func (c *Call) documentRights(ctx context.Context, dt *doctype.DocType, right doctype.Right, d *document.Document, me *perm.User) (doctype.RightSet, []string, error) {
	if ok, err := c.hooksAllow(ctx, d, right); err != nil || !ok {
		return 0, []string{"Not allowed via controller permission check"}, err
	}
	r := perm.RoleRights(dt, me)
	owner := strings.EqualFold(d.Owner(), me.Name)
	set := r.Any
	if owner {
		set |= r.Owned
	}
	set = c.doctypeRights(set, dt)
	if len(me.Allowed) == 0 {
		return set, nil, nil
	}
	strict, err := c.Setting(ctx, "System Settings", "apply_strict_user_permissions")
	if err != nil {
		return 0, nil, err
	}
	no, err := c.userPermissionRefusal(ctx, me, d, right, document.Cint(strict) != 0)
	if err != nil {
		return 0, nil, err
	}
	if no == nil {
		return set, nil, nil
	}
	if owner {
		return r.Owned.Without(doctype.Create), []string{c.userPermissionReason(no)}, nil
	}
	return 0, []string{c.userPermissionReason(no)}, nil
}

// hooksAllow asks the permission hooks. Source: frappe/permissions.py
// has_controller_permissions.
func (c *Call) hooksAllow(ctx context.Context, d *document.Document, right doctype.Right) (bool, error) {
	for _, key := range [2]string{d.Type.Name, AnyDocType} {
		for _, fn := range c.Hooks.permission[key] {
			if ok, err := fn(ctx, c, d, right); err != nil || !ok {
				return false, err
			}
		}
	}
	return true, nil
}

// userPermissionRefusal says which User Permission forbids d, nil for none. A new node
// of a tree is judged by where it goes in releases that do so.
// Source: frappe/permissions.py has_user_permission.
func (c *Call) userPermissionRefusal(ctx context.Context, me *perm.User, d *document.Document, right doctype.Right, strict bool) (*perm.Refusal, error) {
	no := perm.CheckSelf(me, d)
	if no != nil && right == doctype.Create && d.Type.IsTree && c.Profile.TreeCreateByParent {
		ok, err := c.mayGrow(ctx, me, d)
		if err != nil {
			return nil, err
		}
		if ok {
			no = nil
		}
	}
	if no == nil {
		no = perm.CheckLinks(me, d, strict)
	}
	return no, nil
}

// userPermissionReason phrases a User Permission's refusal.
func (c *Call) userPermissionReason(no *perm.Refusal) string {
	if no.Field == nil {
		return fmt.Sprintf("Not allowed for %s: %s", no.DocType, orNone(no.Value))
	}
	value := no.Value
	if value == "" && c.Profile.PermissionSentence {
		value = "empty"
	}
	if !c.Profile.PermissionSentence {
		if no.Null {
			value = "None"
		}
		if no.Row > 0 {
			return fmt.Sprintf("Not allowed for %s: %s in Row %d. Restricted field: %s", no.DocType, value, no.Row, no.Field.Fieldname)
		}
		return fmt.Sprintf("Not allowed for %s: %s. Restricted field: %s", no.DocType, value, no.Field.Fieldname)
	}
	own := no.Holder
	if !c.Profile.HideMissing {
		own = "DocType" // Frappe: v15 prints the DocType of the meta document
	}
	if no.Row > 0 {
		return fmt.Sprintf("You are not allowed to access this %s record because it is linked to %s '%s' in row %d, field %s", own, no.DocType, value, no.Row, no.Field.LabelOrName())
	}
	return fmt.Sprintf("You are not allowed to access this %s record because it is linked to %s '%s' in field %s", own, no.DocType, value, no.Field.LabelOrName())
}

// evaluateChild gives a child row the rights of its parent.
// Source: frappe/permissions.py has_child_permission.
func (c *Call) evaluateChild(ctx context.Context, dt *doctype.DocType, right doctype.Right, d *document.Document) (bool, []string, error) {
	var parenttype, parent string
	if d != nil {
		parenttype, parent = d.Text("parenttype"), d.Text("parent")
	}
	if parenttype == "" {
		return false, []string{childWithoutParent(dt)}, nil
	}
	pdt, err := c.DocType(ctx, parenttype)
	if err != nil {
		return false, nil, err
	}
	if !hasTable(pdt, dt.Name) {
		return false, []string{fmt.Sprintf("%s is not a valid parent DocType for %s", Bold(parenttype), Bold(dt.Name))}, nil
	}
	field := d.Text("parentfield")
	if field == "" {
		return false, []string{fmt.Sprintf("Parentfield not specified in %s: %s", Bold(dt.Name), Bold(d.Name()))}, nil
	}
	f := pdt.Field(field)
	if f == nil || f.Table < 0 {
		return false, []string{fmt.Sprintf("%s is not a valid parentfield for %s", Bold(field), Bold(dt.Name))}, nil
	}
	me, err := c.Me(ctx)
	if err != nil {
		return false, nil, err
	}
	also := c.alsoAsked(right)
	if levels, all := perm.Levels(pdt, me, also); f.Permlevel > 0 && !all && !levels[f.Permlevel] {
		return false, []string{"Insufficient Permission Level for " + Bold(parenttype)}, nil
	}
	pd := d.Parent
	if pd == nil {
		if pd, err = c.Get(ctx, parenttype, parent); err != nil {
			return false, nil, err
		}
	}
	ok, reasons, err := c.evaluate(ctx, pdt, right, pd)
	if err == nil && ok && also != right {
		ok, reasons, err = c.evaluate(ctx, pdt, also, pd)
	}
	if err != nil || ok {
		return ok, nil, err
	}
	// Frappe: the parent's check prints its reasons by itself, and the child's then has
	// none left to print.
	if c.Profile.PermissionSentence {
		// Frappe: from v15 on a row that was loaded by itself has no parent document, and
		// the parent's DocType alone is asked. Here both must agree; the words are upstream's.
		if granted, why, err := c.evaluateDoctype(ctx, pdt, right, me); err != nil {
			return false, nil, err
		} else if !granted {
			reasons = why
		}
	}
	c.logReasons(reasons)
	return false, []string{""}, nil
}

// alsoAsked is the right on a document that its rows are asked for beside their own: one
// that comes or goes by itself is a write of the document. Frappe: is not.
func (c *Call) alsoAsked(right doctype.Right) doctype.Right {
	if (right == doctype.Create || right == doctype.Delete) && !c.UpstreamReads() {
		return doctype.Write
	}
	return right
}

func childWithoutParent(dt *doctype.DocType) string {
	return "Please specify a valid parent DocType for " + Bold(dt.Name)
}

func hasTable(dt *doctype.DocType, child string) bool {
	for _, f := range dt.Tables {
		if f.Options == child {
			return true
		}
	}
	return false
}
