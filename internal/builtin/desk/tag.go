package desk

import (
	"context"
	"sort"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
	"freddo/internal/storage"
)

// registerTag lets a deleted Tag take its links along.
func registerTag(h *engine.Hooks) {
	h.On("Tag", engine.AfterDelete, func(ctx context.Context, c *engine.Call, d *document.Document) error {
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("Tag Link").SQL(" WHERE ").Ident("tag").SQL(" = ").Str(d.Name())
		_, err := c.Tx.Exec(ctx, b)
		return err
	})
}

// writable loads a document that the caller may write.
func writable(ctx context.Context, c *engine.Call, dt, name string) (*document.Document, error) {
	d, err := c.Get(ctx, dt, name)
	if err != nil {
		return nil, err
	}
	return d, c.CheckPermission(ctx, d, doctype.Write)
}

// tagsOf are the tags in a document's _user_tags.
func tagsOf(d *document.Document) []string {
	var out []string
	for _, t := range strings.Split(d.Text("_user_tags"), ",") {
		if t = strings.TrimSpace(t); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// addTag tags a document, making the tag when it is new.
// Source: frappe/desk/doctype/tag/tag.py add_tag, DocTags.add.
func addTag(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if err := tagDocument(ctx, c, a.Text("tag"), a.Text("dt"), a.Text("dn")); err != nil {
		return nil, err
	}
	return a.Get("tag"), nil
}

func addTags(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	for _, name := range arg.Strings(a.Get("docs")) {
		for _, tag := range arg.Strings(a.Get("tags")) {
			if err := tagDocument(ctx, c, tag, a.Text("dt"), name); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

func tagDocument(ctx context.Context, c *engine.Call, tag, dt, name string) error {
	d, err := writable(ctx, c, dt, name)
	if err != nil {
		return err
	}
	tags := tagsOf(d)
	for _, t := range tags {
		if t == tag {
			return nil
		}
	}
	if _, there, err := c.Exists(ctx, "Tag", tag); err != nil || !there {
		if err != nil {
			return err
		}
		t, err := c.FromObject(ctx, document.NewObject("doctype", "Tag", "name", tag))
		if err != nil {
			return err
		}
		t.Flags.IgnorePermissions = true
		if err := c.Insert(ctx, t); err != nil {
			return err
		}
	}
	return setTags(ctx, c, d, append(tags, tag))
}

func removeTag(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := writable(ctx, c, a.Text("dt"), a.Text("dn"))
	if err != nil {
		return nil, err
	}
	var kept []string
	for _, t := range tagsOf(d) {
		if !strings.EqualFold(t, a.Text("tag")) {
			kept = append(kept, t)
		}
	}
	return nil, setTags(ctx, c, d, kept)
}

// setTags writes _user_tags and makes the Tag Links match.
// Source: tag.py DocTags.update, update_tags.
func setTags(ctx context.Context, c *engine.Call, d *document.Document, tags []string) error {
	text := strings.Join(tags, ",")
	if c.Profile.TagsLeadingComma {
		text = "," + text
	}
	if err := c.SetValue(ctx, d.Type.Name, d.Name(), "_user_tags", document.Text(text)); err != nil {
		return err
	}
	links, err := c.Rows(ctx, "Tag Link", []string{"name", "tag"}, document.NewObject("document_type", d.Type.Name, "document_name", d.Name()), "")
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, t := range tags {
		wanted[t] = true
	}
	for _, l := range links {
		if tag := l.PropText("tag"); wanted[tag] {
			delete(wanted, tag)
			continue
		}
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("DELETE FROM ").Table("Tag Link").SQL(" WHERE ").Ident("name").SQL(" = ").Str(l.PropText("name"))
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return err
		}
	}
	for _, t := range tags {
		if !wanted[t] {
			continue
		}
		l, err := c.FromObject(ctx, document.NewObject("doctype", "Tag Link", "document_type", d.Type.Name, "document_name", d.Name(),
			"title", d.Text(d.Type.Title()), "tag", t))
		if err != nil {
			return err
		}
		l.Flags.IgnorePermissions = true
		if err := c.Insert(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// getTags are the tags that hold a text, sorted.
func getTags(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	rows, err := c.Rows(ctx, "Tag", []string{"name"}, document.NewObject("name", []document.Value{document.Text("like"), document.Text("%" + a.Text("txt") + "%")}), "")
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, r := range rows {
		names = append(names, r.PropText("name"))
	}
	sort.Strings(names)
	return names, nil
}

func getTaggedDocs(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckList(ctx, dt); err != nil {
		return nil, err
	}
	rows, err := c.VisibleRows(ctx, query.Request{DocType: dt, Fields: document.Texts([]string{"name"}), Limit: -1, OrderBy: document.NullValue,
		Filters: document.MapOf(document.NewObject("_user_tags", []document.Value{document.Text("like"), document.Text("%" + a.Text("tag") + "%")}))})
	if err != nil {
		return nil, err
	}
	names := make([]document.Value, len(rows))
	for i, r := range rows {
		names[i] = document.ListOf(r.Get("name"))
	}
	return document.ListOf(names...), nil
}
