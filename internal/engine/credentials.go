package engine

import (
	"strings"

	"freddo/document"
	"freddo/exc"
)

// credential says what of a DocType gives access to the site. A client with limits must
// not come by any that has none, neither by reading nor by making one.
type credential struct {
	// closed DocTypes are not for clients with limits, whatever their limits name.
	closed bool
	// written DocTypes are read by them within their limits, but never written.
	written bool
	// named DocTypes lead to access by a detour (whose mail server sends the links, what
	// runs on the server): they are written only where the limits name them.
	named bool
	// fields are not written even where the limits name the DocType.
	fields []string
}

// credentials are the DocTypes that hold or make what gives access: the one list that
// reads, lists, writes and methods ask.
var credentials = map[string]credential{
	"API Key":                  {written: true},
	"OAuth Bearer Token":       {closed: true},
	"OAuth Authorization Code": {closed: true},
	"OAuth Client":             {closed: true}, // its secret signs id_tokens
	"Token Cache":              {closed: true},
	"User":                     {named: true, fields: []string{"new_password", "__new_password", "api_key", "api_secret", "reset_password_key"}},
	"User Social Login":        {written: true},
	"Social Login Key":         {written: true}, // who says who somebody is
	"LDAP Settings":            {written: true},
	"Connected App":            {named: true},
	"Server Script":            {named: true},
	"Email Account":            {named: true},
	"Email Domain":             {named: true},
	"SMS Settings":             {named: true},
	"System Settings":          {named: true},
	"OAuth Settings":           {named: true},
	"OAuth Provider Settings":  {named: true},
	"Deleted Document":         {named: true}, // what comes back
}

// keyMethods make credentials or hand them out, whatever the rights on documents are.
var keyMethods = map[string]bool{
	"frappe.client.get_password":                  true,
	"frappe.core.doctype.user.user.generate_keys": true, "frappe.core.doctype.user.user.update_password": true,
	"frappe.core.doctype.user.user.impersonate": true, "frappe.core.doctype.user.user.verify_password": true,
	"frappe.integrations.oauth2.authorize": true, "frappe.integrations.oauth2.approve": true,
	"frappe.www.login.login_via_key": true, "frappe.twofactor.reset_otp_secret": true,
	"API Key.rotate_secret": true,
}

// guardCredentials refuses a document by which a client with limits would get other
// credentials. It asks for no rights of the user: controllers that write past those stop
// here as well. Errors: PermissionError.
func (c *Call) guardCredentials(d *document.Document) error {
	k, ok := credentials[d.Type.Name]
	if c.Limits == nil || !ok {
		return nil
	}
	if k.closed || k.written {
		return c.Limits.refuse("write", d.Type.Name)
	}
	for _, f := range k.fields {
		v := d.Text(f)
		if strings.Trim(v, "*") == "" || d.Before != nil && d.Before.Text(f) == v {
			continue
		}
		return c.Limits.refuse(f, d.Type.Name)
	}
	if d.Type.Name != userDocType {
		return nil
	}
	return c.guardLogins(d)
}

// guardLogins refuses a new account elsewhere by which a user could log in here.
func (c *Call) guardLogins(d *document.Document) error {
	known := map[string]bool{}
	if d.Before != nil {
		for _, r := range d.Before.Rows("social_logins") {
			known[r.Text("provider")+"\x00"+r.Text("userid")] = true
		}
	}
	for _, r := range d.Rows("social_logins") {
		if p := r.Text("provider"); p != "frappe" && !known[p+"\x00"+r.Text("userid")] {
			return c.Limits.refuse("social_logins", d.Type.Name)
		}
	}
	return nil
}

func (l *Limits) refuse(what, dtName string) error {
	return exc.Permission.Throwf("%s does not allow %s on %s", l.who(), Bold(what), Bold(dtName))
}
