package desk

import (
	"context"
	"sort"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// registerTimeline adds the methods that show what was said about a document.
// Source: frappe/desk/form/load.py.
func registerTimeline(r *method.Registry) {
	r.Add(
		method.Method{Name: "frappe.desk.form.load.get_communications", Params: append(arg.Any("doctype", "name"), arg.Opt("start", method.Any, 0),
			arg.Opt("limit", method.Any, 20)), Fn: getCommunications},
		method.Method{Name: "frappe.desk.form.load.get_user_info_for_viewers", Params: arg.Any("users"), Fn: viewers},
	)
}

// messageFields are what a timeline shows of a Communication; not every release has all.
var messageFields = []string{"name", "communication_type", "communication_medium", "comment_type", "communication_date", "content", "sender",
	"sender_full_name", "cc", "bcc", "creation", "subject", "delivery_status", "_liked_by", "reference_doctype", "reference_name",
	"read_by_recipient", "rating", "recipients"}

// maxMessages bounds how far back a timeline goes.
const maxMessages = 1000

// communications are the messages about a document, or linked to it, the latest first.
// Source: load.py get_communication_data.
func communications(ctx context.Context, c *engine.Call, d *document.Document, start, limit int) ([]*document.Object, error) {
	start, limit = max(start, 0), min(max(limit, 0), maxMessages)
	types := document.ListOf(document.Text("in"), document.Texts([]string{"Communication", "Feedback", "Automated Message"}))
	dt, err := c.DocType(ctx, "Communication")
	if err != nil {
		return nil, err
	}
	var fields []string
	for _, f := range messageFields {
		if dt.Column(f) != nil {
			fields = append(fields, f)
		}
	}
	rows, err := c.Rows(ctx, "Communication", fields, document.NewObject("communication_type", types, "reference_doctype", d.Type.Name,
		"reference_name", d.Name()), "communication_date desc")
	if err != nil {
		return nil, err
	}
	links, err := c.Rows(ctx, "Communication Link", []string{"parent"}, document.NewObject("link_doctype", d.Type.Name, "link_name", d.Name()), "")
	if err != nil {
		return nil, err
	}
	if len(links) > 0 {
		seen := map[string]bool{}
		for _, r := range rows {
			seen[r.PropText("name")] = true
		}
		var names []document.Value
		for _, l := range links {
			if n := l.PropText("parent"); !seen[n] {
				seen[n] = true
				names = append(names, document.Text(n))
			}
		}
		if len(names) > 0 {
			more, err := c.Rows(ctx, "Communication", fields, document.NewObject("communication_type", types,
				"name", document.ListOf(document.Text("in"), document.ListOf(names...))), "")
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
	}
	if d.Type.Name == "User" {
		rows = slicesDelete(rows, func(r *document.Object) bool {
			return r.PropText("reference_doctype") == "User" && r.PropText("communication_type") == "Communication"
		})
	}
	sort.SliceStable(rows, func(i, j int) bool {
		return rows[i].PropText("communication_date") > rows[j].PropText("communication_date")
	})
	rows = rows[min(start, len(rows)):]
	rows = rows[:min(limit, len(rows))]
	return rows, addFiles(ctx, c, rows)
}

func slicesDelete(rows []*document.Object, drop func(*document.Object) bool) []*document.Object {
	kept := rows[:0]
	for _, r := range rows {
		if !drop(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// addFiles adds the messages' attachments as JSON text, with one query for all.
func addFiles(ctx context.Context, c *engine.Call, rows []*document.Object) error {
	if len(rows) == 0 {
		return nil
	}
	names := make([]document.Value, len(rows))
	for i, r := range rows {
		names[i] = r.Get("name")
	}
	files, err := c.Rows(ctx, "File", []string{"file_url", "is_private", "attached_to_name"}, document.NewObject("attached_to_doctype", "Communication",
		"attached_to_name", document.ListOf(document.Text("in"), document.ListOf(names...))), "")
	if err != nil {
		return err
	}
	by := map[string][]document.Value{}
	for _, f := range files {
		n := f.PropText("attached_to_name")
		by[n] = append(by[n], document.MapOf(document.NewObject("file_url", f.Get("file_url"), "is_private", f.Get("is_private"))))
	}
	for _, r := range rows {
		if kind := r.PropText("communication_type"); kind == "Communication" || kind == "Automated Message" {
			r.Set("attachments", document.Text(document.PythonSpaced.Marshal(document.ListOf(by[r.PropText("name")]...))))
		}
	}
	return nil
}

// docinfoMessages is one more than a form shows: it then offers to load more.
const docinfoMessages = 21

// messages fills communications and automated_messages.
func (b *infoBuilder) messages(info *document.Object) {
	lists := map[bool][]document.Value{}
	if b.err == nil {
		var rows []*document.Object
		rows, b.err = communications(b.ctx, b.c, b.d, 0, docinfoMessages)
		for _, r := range rows {
			automated := r.PropText("communication_type") == "Automated Message"
			lists[automated] = append(lists[automated], document.MapOf(r))
		}
	}
	info.Set("communications", document.ListOf(lists[false]...))
	info.Set("automated_messages", document.ListOf(lists[true]...))
}

func getCommunications(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	ok, err := c.HasPermission(ctx, d.Type.Name, doctype.Read, d)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, exc.Permission.New("")
	}
	rows, err := communications(ctx, c, d, int(a.Int("start")), int(a.Int("limit")))
	return core.Maps(rows), err
}

// maxViewers bounds the users that one call asks for.
const maxViewers = 100

func viewers(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	v, err := arg.Loads(a.Get("users"))
	if err != nil {
		return nil, err
	}
	out, names := &document.Object{}, arg.Strings(v)
	for _, user := range names[:min(len(names), maxViewers)] {
		if err := addUserInfo(ctx, c, user, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}
