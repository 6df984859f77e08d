package records

import (
	"context"
	"fmt"
	"mime"
	"path"
	"strconv"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// fromAttachment lets the user set a new letter head from a picture.
// Source: frappe/printing/doctype/letter_head/letter_head.py before_insert.
func fromAttachment(_ context.Context, _ *engine.Call, d *document.Document) error {
	d.Set("source", document.Text("Image"))
	return nil
}

// picture is a part of a letter head that may be made of a picture.
type picture struct{ source, image, html, align, prefix, missing, made string }

// validateLetterHead makes the HTML of pictures, and the first letter head the default.
// Source: letter_head.py validate.
func validateLetterHead(ctx context.Context, c *engine.Call, d *document.Document) error {
	for _, p := range []picture{
		{"source", "image", "content", "align", "image_", "Please attach an image file to set HTML for Letter Head.", "Header HTML set from attachment "},
		{"footer_source", "footer_image", "footer", "footer_align", "footer_image_", "Please attach an image file to set HTML for Footer.", "Footer HTML set from attachment "},
	} {
		if d.Text(p.source) == "Image" {
			p.set(c, d)
		}
	}
	if d.Int("is_default") != 0 {
		if d.Int("disabled") != 0 {
			return refuse("Letter Head cannot be both disabled and default")
		}
		return nil
	}
	if d.Int("disabled") != 0 {
		return nil
	}
	rows, err := c.Rows(ctx, "Letter Head", []string{"name"}, document.NewObject("is_default", 1), "")
	if err == nil && len(rows) == 0 {
		d.Set("is_default", document.IntOf(1))
	}
	return err
}

// set follows letter_head.py set_image_as_html: the greater dimension bounds the picture.
func (p picture) set(c *engine.Call, d *document.Document) {
	file, _, _ := strings.Cut(d.Text(p.image), "?")
	if !strings.HasPrefix(mime.TypeByExtension(strings.ToLower(path.Ext(file))), "image/") {
		c.Msgprint(exc.Message{Text: p.missing, Alert: true, Indicator: "orange"})
		return
	}
	width, height := document.Flt(d.Get(p.prefix+"width")), document.Flt(d.Get(p.prefix+"height"))
	d.Set(p.prefix+"width", document.FloatOf(width))
	d.Set(p.prefix+"height", document.FloatOf(height))
	dimension, bound := "height", height
	if width > height {
		dimension, bound = "width", width
	}
	size := ""
	if bound != 0 {
		size = strconv.FormatFloat(bound, 'f', -1, 64)
		if !strings.Contains(size, ".") {
			size += ".0"
		}
	}
	d.Set(p.html, document.Text(fmt.Sprintf("<div style=\"text-align: %s;\">\n<img src=\"%s\" alt=\"%s\"\n%s=\"%s\" style=\"%s: %spx;\">\n</div>",
		strings.ToLower(d.Text(p.align)), d.Text(p.image), d.Name(), dimension, size, dimension, size)))
	c.Msgprint(exc.Message{Text: p.made + d.Text(p.image), Alert: true})
}

// defaultLetterHead keeps one default, and the system's defaults in step with it.
// Source: letter_head.py set_as_default.
func defaultLetterHead(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("is_default") != 0 {
		if err := onlyOne(ctx, c, d, "is_default"); err != nil {
			return err
		}
		if err := core.SetDefault(ctx, c, perm.SystemDefaults, "letter_head", d.NameValue()); err != nil {
			return err
		}
		return core.SetDefault(ctx, c, perm.SystemDefaults, "default_letter_head_content", d.Get("content"))
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("DefaultValue").SQL(" WHERE ").Ident("defkey").SQL(" = ").Str("letter_head").
		SQL(" AND ").Ident("defvalue").SQL(" = ").Str(d.Name())
	_, err := c.Tx.Exec(ctx, b)
	return err
}

// nameLoginKey names a key after its provider.
// Source: frappe/integrations/doctype/social_login_key/social_login_key.py autoname.
func nameLoginKey(_ context.Context, _ *engine.Call, d *document.Document) error {
	d.SetName(doctype.Scrub(d.Text("provider_name")))
	return nil
}

// loginIcons are the pictures of known providers.
var loginIcons = map[string]string{"Google": "google", "Frappe": "frappe", "Facebook": "facebook", "Office 365": "office_365", "GitHub": "github",
	"Salesforce": "salesforce", "fairlogin": "fair"}

// validateLoginKey follows social_login_key.py validate.
func validateLoginKey(_ context.Context, _ *engine.Call, d *document.Document) error {
	if icon := loginIcons[d.Text("provider_name")]; icon != "" {
		d.Set("icon", document.Text("/assets/frappe/icons/social/"+icon+".svg"))
	}
	for _, need := range []struct{ when, field, class, text string }{
		{"custom_base_url", "base_url", "BaseUrlNotSetError", "Please enter Base URL"},
		{"", "authorize_url", "AuthorizeUrlNotSetError", "Please enter Authorize URL"},
		{"", "access_token_url", "AccessTokenUrlNotSetError", "Please enter Access Token URL"},
		{"", "redirect_url", "RedirectUrlNotSetError", "Please enter Redirect URL"},
		{"enable_social_login", "client_id", "ClientIDNotSetError", "Please enter Client ID before social login is enabled"},
		{"enable_social_login", "client_secret", "ClientSecretNotSetError", "Please enter Client Secret before social login is enabled"},
	} {
		if (need.when == "" || d.Int(need.when) != 0) && d.Text(need.field) == "" {
			class := &exc.Class{Name: need.class, Status: exc.Validation.Status, Base: exc.Validation, Module: "frappe.integrations.doctype.social_login_key.social_login_key"}
			return class.Throw(need.text)
		}
	}
	return nil
}

// namePermissionType follows frappe/core/doctype/permission_type/permission_type.py.
func namePermissionType(_ context.Context, _ *engine.Call, d *document.Document) error {
	d.SetName(doctype.Scrub(d.Text("doc_type")) + "_" + doctype.Scrub(d.Text("perm_type")))
	return nil
}
