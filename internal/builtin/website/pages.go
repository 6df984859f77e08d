package website

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// registerPages hooks the controllers of pages, which have names and routes of their
// titles. Nothing serves the pages.
func registerPages(h *engine.Hooks) {
	for _, dt := range []string{"Web Page", "Web Form"} {
		h.On(dt, engine.Autoname, namePage)
	}
	h.On("Web Page", engine.Validate, validatePage)
	h.On("Web Form", engine.Validate, validateForm)
	h.On("Website Route Meta", engine.BeforeNaming, trimRoute)
}

var (
	pageDrops  = regexp.MustCompile(`[~!@#$%^&*+()<>,."'?]`)
	pageBreaks = regexp.MustCompile(`[:/\s]+`)
	manyDashes = regexp.MustCompile(`-{2,}`)
)

// pageName is a text as a part of an address, at most 140 characters.
// Source: frappe/website/utils.py cleanup_page_name, website_generator.py scrub.
func pageName(title string) string {
	s := pageDrops.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
	s = manyDashes.ReplaceAllString(pageBreaks.ReplaceAllString(strings.TrimSpace(s), "-"), "-")
	r := []rune(s)
	return strings.ReplaceAll(string(r[:min(len(r), 140)]), "_", "-")
}

// namePage follows frappe/website/website_generator.py autoname.
func namePage(_ context.Context, _ *engine.Call, d *document.Document) error {
	d.SetName(pageName(d.Text(d.Type.Title())))
	return nil
}

// setRoute gives a published page a route. Source: website_generator.py set_route.
func setRoute(d *document.Document) {
	route := d.Text("route")
	if route == "" && d.Int("published") != 0 {
		route = pageName(d.Text(d.Type.Title()))
	}
	if route == "" {
		return
	}
	r := []rune(strings.Trim(route, "/."))
	d.Set("route", document.Text(string(r[:min(len(r), 139)])))
}

// validatePage follows frappe/website/doctype/web_page/web_page.py validate.
func validatePage(_ context.Context, c *engine.Call, d *document.Document) error {
	start, _ := document.StoredDatetimeOf(d.Get("start_date"))
	end, _ := document.StoredDatetimeOf(d.Get("end_date"))
	if end != "" {
		if start != "" && end < start {
			return exc.Validation.Throw("End Date cannot be before Start Date!")
		}
		if d.Int("published") != 0 && c.Stamp() > end {
			d.Set("end_date", document.NullValue)
			c.Msgprint(exc.Message{Text: "Clearing end date, as it cannot be in the past for published pages."})
		}
	}
	setRoute(d)
	if route := d.Text("route"); route != "" && d.Int("dynamic_route") == 0 {
		if plain, err := url.PathUnescape(route); err == nil {
			route = plain // what was escaped before stays as it is
		}
		d.Set("route", document.Text((&url.URL{Path: route}).EscapedPath()))
	}
	return nil
}

// validateForm follows frappe/website/doctype/web_form/web_form.py validate.
func validateForm(ctx context.Context, c *engine.Call, d *document.Document) error {
	setRoute(d)
	dt, err := c.DocType(ctx, d.Text("doc_type"))
	if err != nil {
		return err
	}
	if d.Text("module") == "" {
		d.Set("module", document.Text(dt.Module))
	}
	if d.Int("is_standard") != 0 && !c.Site.Config().Bool("developer_mode") {
		return exc.Validation.Throw("You need to be in developer mode to edit a Standard Web Form")
	}
	var missing []string
	for _, row := range d.Rows("web_form_fields") {
		name := row.Text("fieldname")
		if name != "" && !valueless[row.Text("fieldtype")] && dt.Field(name) == nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return exc.Validation.Throw("Following fields are missing:<br>" + strings.Join(missing, "<br>"))
	}
	return nil
}

// valueless are the fieldtypes without a value that a form may hold.
var valueless = map[string]bool{"Section Break": true, "Column Break": true, "Tab Break": true, "Page Break": true, "HTML": true, "Table": true,
	"Table MultiSelect": true, "Button": true, "Image": true, "Fold": true, "Heading": true}

// trimRoute follows frappe/website/doctype/website_route_meta/website_route_meta.py.
func trimRoute(_ context.Context, _ *engine.Call, d *document.Document) error {
	if name := d.Name(); strings.HasPrefix(name, "/") {
		d.SetName(name[1:])
	}
	return nil
}
