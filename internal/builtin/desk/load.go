package desk

import (
	"context"
	"fmt"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/model"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
)

// getDoc answers a document with what its form shows around it. A missing document
// is an empty answer. Source: frappe/desk/form/load.py getdoc.
func getDoc(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, name := a.Text("doctype"), a.Text("name")
	d, err := c.Get(ctx, dt, name)
	if exc.Is(err, exc.DoesNotExist) {
		return missingDoc(ctx, c, dt)
	}
	if err != nil {
		return nil, err
	}
	if err := mayLoad(ctx, c, d); err != nil {
		return nil, err
	}
	if err := noteSeenAndViewed(ctx, c, d); err != nil {
		return nil, err
	}
	if err := c.StripUnreadable(ctx, d); err != nil {
		return nil, err
	}
	info, err := DocInfo(ctx, c, d)
	if err != nil {
		return nil, err
	}
	titles, err := linkTitles(ctx, c, d)
	if err != nil {
		return nil, err
	}
	if d, err = c.Answer(ctx, d); err != nil {
		return nil, err
	}
	c.Response.Docs = append(c.Response.Docs, c.Encode(d, true))
	c.Response.Keys.Set("docinfo", document.MapOf(info))
	c.Response.Keys.Set("_link_titles", document.MapOf(titles))
	return nil, nil
}

// missingDoc answers nothing, or refuses who may not read the DocType.
func missingDoc(ctx context.Context, c *engine.Call, dt string) (any, error) {
	if c.Profile.HideMissing {
		ok, err := c.HasPermission(ctx, dt, doctype.Read, nil)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, c.NoDoctypePermission(ctx, dt)
		}
	}
	return document.ListOf(), nil
}

func mayLoad(ctx context.Context, c *engine.Call, d *document.Document) error {
	err := c.CheckPermission(ctx, d, doctype.Read)
	if e := exc.Of(err); e != nil && !quirk.Of(c.Profile).FormLoadChecksDocType {
		e.Text = fmt.Sprintf("('read', '%s', '%s')", d.Type.Name, d.Name()) // Frappe: the arguments of the exception
		e.Hint = fmt.Sprintf("Insufficient Permission for %s", engine.Bold(d.Type.Name+" "+d.Name()))
	}
	return err
}

// noteSeenAndViewed notes who opened a document, where its DocType tracks that.
// Source: frappe/model/document.py add_seen, add_viewed.
func noteSeenAndViewed(ctx context.Context, c *engine.Call, d *document.Document) error {
	if c.Limits != nil && c.Limits.ReadOnly {
		return nil
	}
	if d.Type.TrackSeen && !d.Type.IsSingle {
		seen := arg.Strings(d.Get("_seen"))
		known := false
		for _, u := range seen {
			known = known || u == c.User
		}
		if !known {
			c.Persist = true
			list := document.PythonSpaced.Marshal(document.Texts(append(seen, c.User)))
			if err := c.SetValue(ctx, d.Type.Name, d.Name(), "_seen", document.Text(list)); err != nil {
				return err
			}
		}
	}
	if !d.Type.TrackViews {
		return nil
	}
	c.Persist = true
	v, err := c.FromObject(ctx, document.NewObject("doctype", "View Log", "viewed_by", c.User, "reference_doctype", d.Type.Name, "reference_name", d.Name()))
	if err != nil {
		return err
	}
	v.Flags.IgnorePermissions = true
	return c.Insert(ctx, v)
}

// linkTitles maps DocType::name to the title of links that are shown by title: of the
// documents that the user may see. Frappe: of all.
// Source: load.py set_link_titles.
func linkTitles(ctx context.Context, c *engine.Call, d *document.Document) (*document.Object, error) {
	var links []link
	add := func(r *document.Document) {
		for _, f := range r.Type.LinkFields {
			target, name := f.Options, document.ToText(r.At(f.Slot))
			if f.Fieldtype == "Dynamic Link" {
				target = r.Text(f.Options)
			}
			if target != "" && name != "" {
				links = append(links, link{target, name})
			}
		}
	}
	add(d)
	_ = d.EachRow(func(_ *doctype.DocField, row *document.Document) error { add(row); return nil })
	titles := map[link]document.Value{}
	asked := map[string]bool{}
	out := &document.Object{}
	for _, l := range links {
		if !asked[l.doctype] {
			asked[l.doctype] = true
			if err := titlesOf(ctx, c, l.doctype, links, titles); err != nil {
				return nil, err
			}
		}
		if title, ok := titles[l]; ok {
			out.Set(l.doctype+"::"+l.name, title)
		}
	}
	return out, nil
}

// link names a document.
type link struct{ doctype, name string }

// titlesOf adds the titles of those links that lead to a DocType, if it shows titles.
func titlesOf(ctx context.Context, c *engine.Call, target string, links []link, titles map[link]document.Value) error {
	dt, err := c.DocType(ctx, target)
	if err != nil || !dt.ShowTitleInLink || dt.TitleField == "" || dt.IsSingle || dt.IsVirtual {
		return nil //nolint:nilerr // a link to what is gone has no title
	}
	open := c.UpstreamReads()
	if ok, err := c.CanList(ctx, dt); err != nil || !ok && !open {
		return err
	}
	var names []string
	for _, l := range links {
		if l.doctype == target {
			names = append(names, l.name)
		}
	}
	rows, err := c.VisibleRows(ctx, query.Request{DocType: dt, Fields: document.Texts([]string{"name", dt.TitleField}), Limit: -1, OrderBy: document.NullValue,
		IgnorePermissions: open, Filters: document.MapOf(document.NewObject("name", []document.Value{document.Text("in"), document.Texts(names)}))})
	for _, r := range rows {
		if r.Has(dt.TitleField) {
			titles[link{target, r.PropText("name")}] = r.Get(dt.TitleField)
		}
	}
	return err
}

// getDocType answers the metadata that a form needs: of the DocType, then of its
// tables. Source: load.py getdoctype.
func getDocType(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	name := a.Text("doctype")
	if a.Get("with_parent").Truthy() {
		parent, err := parentOf(ctx, c, name)
		if err != nil {
			return nil, err
		}
		if parent != "" {
			name = parent
			c.Response.Keys.Set("parent_dt", document.Text(parent))
		}
	}
	dt, err := c.DocType(ctx, name)
	if err != nil {
		return nil, err
	}
	settings, err := model.UserSettings(ctx, c, name)
	if err != nil {
		return nil, err
	}
	c.Response.Keys.Set("user_settings", document.Text(settings))
	first, err := FormMeta(ctx, c, name)
	if err != nil {
		return nil, err
	}
	stamp := a.Text("cached_timestamp")
	if quirk.Of(c.Profile).UseCache && stamp != "" && first.PropText("modified") == stamp {
		return "use_cache", nil
	}
	bundle := []*document.Object{first}
	for _, f := range dt.Tables {
		child, err := FormMeta(ctx, c, f.Options)
		if err != nil {
			return nil, err
		}
		bundle = append(bundle, child)
	}
	for _, o := range bundle {
		c.Response.Docs = append(c.Response.Docs, c.Profile.Body.AppendObject(nil, o))
	}
	return nil, nil
}

// parentOf is a DocType that has a child table, or "".
// Source: frappe/model/meta.py get_parent_dt.
func parentOf(ctx context.Context, c *engine.Call, child string) (string, error) {
	rows, err := c.Rows(ctx, "DocField", []string{"parent"}, document.NewObject("fieldtype", "Table", "options", child), "")
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].PropText("parent"), nil
}
