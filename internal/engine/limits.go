package engine

import (
	"fmt"
	"slices"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
)

// Limits narrow what a call may do below the rights of its user: an API key's or an OAuth
// token's. They never give a right that the user lacks, and who has any comes by no other
// credentials (credentials.go).
type Limits struct {
	// ID tells the limits of one client from those of another: the key's name.
	ID string
	// Token says that they are an OAuth token's, which may change its user's profile.
	Token bool
	// ReadOnly refuses every write.
	ReadOnly bool
	// Scoped says that only what DocTypes and Methods name is allowed.
	Scoped bool
	// DocTypes are the rights by DocType.
	DocTypes map[string]doctype.RightSet
	// Methods are dotted names, of whitelisted methods or DocType.method of documents;
	// one that ends in * is a prefix.
	Methods []string
}

// readRights are the rights that change nothing.
const readRights = 1<<doctype.Select | 1<<doctype.Read | 1<<doctype.Report | 1<<doctype.Export | 1<<doctype.Print | 1<<doctype.Email

const userDocType = "User"

// Allows reports whether documents of a DocType may be used with a right.
func (l *Limits) Allows(dtName string, right doctype.Right) bool {
	writes := readRights&(1<<right) == 0
	k := credentials[dtName]
	switch {
	case l.ReadOnly && writes, k.closed, k.written && writes:
		return false
	case l.Scoped:
		return l.DocTypes[dtName].Has(right)
	}
	return !writes || !k.named || l.Token && dtName == userDocType && right == doctype.Write
}

// who names the client in refusals.
func (l *Limits) who() string {
	if l.Token {
		return "This access token"
	}
	return "This API key"
}

// SetLimits narrows the call. It cannot be undone.
func (c *Call) SetLimits(l *Limits) {
	c.Limits = l
	if l != nil && l.ReadOnly {
		c.Tx.DenyWrites(exc.Permission.Throw("This API key is read only"))
	}
}

// limited says whether the call's limits forbid a right. Rows of a table stand under
// their parent's DocType.
func (c *Call) limited(dt *doctype.DocType, right doctype.Right, d *document.Document) (reason string, no bool) {
	if c.Limits == nil {
		return "", false
	}
	name := dt.Name
	if dt.IsTable {
		if d == nil {
			return c.Limits.not(right, name), c.Limits.Scoped
		}
		name = d.Text("parenttype")
	}
	return c.Limits.not(right, name), !c.Limits.Allows(name, right)
}

func (l *Limits) not(right doctype.Right, dtName string) string {
	return fmt.Sprintf("%s does not allow %s on %s", l.who(), Bold(right.String()), Bold(dtName))
}

// genericMethods ask the engine about every document they touch, so that a scoped key
// needs no permission to call them.
var genericMethods = map[string]bool{
	"frappe.ping": true, "frappe.handler.ping": true, "frappe.auth.get_logged_user": true, "frappe.utils.change_log.get_versions": true,
	"frappe.client.get": true, "frappe.client.get_list": true, "frappe.client.get_count": true, "frappe.client.get_value": true,
	"frappe.client.get_single_value": true, "frappe.client.insert": true, "frappe.client.insert_many": true, "frappe.client.save": true,
	"frappe.client.set_value": true, "frappe.client.submit": true, "frappe.client.cancel": true, "frappe.client.delete": true,
	"frappe.client.bulk_update": true, "frappe.client.rename_doc": true, "frappe.client.has_permission": true,
	"frappe.client.get_doc_permissions": true, "frappe.client.is_document_amended": true, "frappe.client.get_time_zone": true,
	"frappe.desk.form.load.getdoc": true, "frappe.desk.form.save.savedocs": true, "frappe.desk.form.save.cancel": true,
	"frappe.desk.form.save.discard": true, "frappe.desk.reportview.get": true, "frappe.desk.reportview.get_list": true,
	"frappe.desk.reportview.get_count": true, "frappe.desk.reportview.delete_items": true, "frappe.desk.reportview.export_query": true,
	"frappe.desk.search.search_link": true, "frappe.desk.search.search_widget": true,
}

// genericDocMethods are the document methods that the engine checks by rights of their
// own.
var genericDocMethods = map[string]bool{"submit": true, "cancel": true, "discard": true, "_submit": true, "_cancel": true, "rename": true, "_rename": true}

// CheckMethod refuses a whitelisted method that the call's limits do not allow. Errors:
// PermissionError.
func (c *Call) CheckMethod(name string) error {
	if c.Limits == nil || !keyMethods[name] && (!c.Limits.Scoped || genericMethods[name] || c.Limits.names(name)) {
		return nil
	}
	return exc.Permission.Throwf("%s does not allow the method %s", c.Limits.who(), Bold(name))
}

// checkDocMethod is CheckMethod for a method of documents.
func (c *Call) checkDocMethod(dtName, name string) error {
	full := dtName + "." + name
	if c.Limits == nil || !keyMethods[full] && (!c.Limits.Scoped || genericDocMethods[name] || c.Limits.names(full)) {
		return nil
	}
	return exc.Permission.Throwf("%s does not allow the method %s", c.Limits.who(), Bold(full))
}

// CheckScope refuses what is no document and no method, such as a DocType's description
// or a file, unless the call's limits allow a right on the DocType.
func (c *Call) CheckScope(dtName string, right doctype.Right) error {
	if c.Limits == nil || c.Limits.Allows(dtName, right) {
		return nil
	}
	return exc.Permission.Throw(c.Limits.not(right, dtName))
}

func (l *Limits) names(method string) bool {
	return slices.ContainsFunc(l.Methods, func(m string) bool {
		if prefix, ok := strings.CutSuffix(m, "*"); ok {
			return strings.HasPrefix(method, prefix)
		}
		return m == method
	})
}
