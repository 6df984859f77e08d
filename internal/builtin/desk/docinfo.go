package desk

import (
	"context"
	"strings"

	"freddo/document"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// commentLists are the keys of docinfo by comment_type.
// Source: frappe/desk/form/load.py add_comments.
var commentLists = map[string]string{"Comment": "comments", "Assigned": "assignment_logs", "Assignment Completed": "assignment_logs",
	"Attachment": "attachment_logs", "Attachment Removed": "attachment_logs", "Info": "info_logs", "Edit": "info_logs", "Label": "info_logs",
	"Like": "like_logs", "Workflow": "workflow_logs"}

// DocInfo is what a form shows around a document: comments, files, versions, shares,
// assignments, rights. Source: load.py get_docinfo.
func DocInfo(ctx context.Context, c *engine.Call, d *document.Document) (*document.Object, error) {
	q := quirk.Of(c.Profile)
	info := document.NewObject("user_info", &document.Object{})
	users := &document.Object{}
	b := &infoBuilder{ctx: ctx, c: c, d: d, users: users}
	b.comments(info)
	info.Set("doctype", document.Text(d.Type.Name))
	info.Set("name", d.NameValue())
	info.Set("attachments", b.rows("File", []string{"name", "file_name", "file_url", "is_private"}, "attached_to_doctype", "attached_to_name", ""))
	b.messages(info)
	if q.TotalComments {
		info.Set("total_comments", document.IntOf(int64(len(method.ParseJSON(d.Get("_comments")).List()))))
	}
	info.Set("versions", document.ListOf())
	if d.Type.TrackChanges {
		info.Set("versions", b.versions())
	}
	info.Set("assignments", b.assignments())
	rights, err := core.DocumentRights(ctx, c, d)
	if err != nil {
		return nil, err
	}
	info.Set("permissions", document.MapOf(rights))
	info.Set("shared", b.rows("DocShare", core.ShareColumns(ctx, c), "share_doctype", "share_name", ""))
	info.Set("views", document.ListOf())
	if d.Type.TrackViews {
		info.Set("views", b.rows("View Log", []string{"name", "creation", "owner"}, "reference_doctype", "reference_name", "creation desc"))
	}
	if q.EnergyPoints {
		info.Set("energy_point_logs", document.ListOf())
	}
	info.Set("additional_timeline_content", document.ListOf())
	info.Set("milestones", document.ListOf())
	info.Set("is_document_followed", b.followed())
	info.Set("tags", document.Text(b.tags()))
	info.Set("document_email", document.NullValue)
	if q.PermissionTypes {
		info.Set("custom_perm_types", document.Texts(core.PermissionTypes(d.Type.Name)))
	}
	b.people(info)
	info.Set("user_info", document.MapOf(users))
	return info, b.err
}

func firstTen(v document.Value) document.Value {
	if rows := v.List(); len(rows) > 10 {
		return document.ListOf(rows[:10]...)
	}
	return v
}

// infoBuilder gathers docinfo; after its first error it does nothing more. It lives
// within one call of DocInfo.
type infoBuilder struct {
	ctx   context.Context //nolint:containedctx // lives within one function
	c     *engine.Call
	d     *document.Document
	users *document.Object
	err   error
}

// rows reads the rows that name the document in two fields.
func (b *infoBuilder) rows(dt string, fields []string, typeField, nameField, order string) document.Value {
	if b.err != nil {
		return document.ListOf()
	}
	rows, err := b.c.Rows(b.ctx, dt, fields, document.NewObject(typeField, b.d.Type.Name, nameField, b.d.Name()), order)
	b.err = err
	return core.Maps(rows)
}

func (b *infoBuilder) comments(info *document.Object) {
	for _, key := range []string{"comments", "shared", "assignment_logs", "attachment_logs", "info_logs", "like_logs", "workflow_logs"} {
		info.Set(key, document.ListOf())
	}
	fields := []string{"name", "creation", "content", "owner", "comment_type"}
	if b.c.Profile.HideMissing {
		fields = append(fields, "published")
	}
	for _, v := range b.rows("Comment", fields, "reference_doctype", "reference_name", "creation desc").List() {
		if key := commentLists[v.Map().PropText("comment_type")]; key != "" {
			info.Set(key, document.ListOf(append(info.Get(key).List(), v)...))
		}
	}
}

func (b *infoBuilder) assignments() document.Value {
	out := []document.Value{}
	for _, v := range b.rows("ToDo", []string{"name", "allocated_to", "description", "status"}, "reference_type", "reference_name", "").List() {
		m := v.Map()
		if s := m.PropText("status"); s == "Cancelled" || s == "Closed" || m.PropText("allocated_to") == "" {
			continue
		}
		out = append(out, document.MapOf(document.NewObject("name", m.Get("name"), "owner", m.Get("allocated_to"), "description", m.Get("description"), "status", m.Get("status"))))
	}
	return document.ListOf(out...)
}

func (b *infoBuilder) followed() document.Value {
	if b.err != nil {
		return document.NullValue
	}
	row, err := core.First(b.ctx, b.c, "Document Follow", []string{"name"},
		document.NewObject("ref_doctype", b.d.Type.Name, "ref_docname", b.d.Name(), "user", b.c.User))
	b.err = err
	if row == nil {
		return document.NullValue
	}
	return row.Get("name")
}

func (b *infoBuilder) tags() string {
	var tags []string
	for _, v := range b.rows("Tag Link", []string{"tag"}, "document_type", "document_name", "").List() {
		tags = append(tags, v.Map().PropText("tag"))
	}
	return strings.Join(tags, ",")
}

// people adds the users that the lists name. Source: load.py update_user_info.
func (b *infoBuilder) people(info *document.Object) {
	for key, field := range map[string]string{"comments": "owner", "shared": "user", "assignments": "owner", "views": "owner", "info_logs": "owner",
		"like_logs": "owner", "assignment_logs": "owner", "attachment_logs": "owner", "workflow_logs": "owner"} {
		for _, v := range info.Get(key).List() {
			b.person(v.Map().PropText(field))
		}
	}
	if quirk.Of(b.c.Profile).MorePeople {
		for _, v := range info.Get("versions").List() {
			b.person(v.Map().PropText("owner"))
		}
		b.person(b.d.Owner())
		b.person(b.d.Text("modified_by"))
	}
}

func (b *infoBuilder) person(user string) {
	if user != "" && b.err == nil {
		b.err = addUserInfo(b.ctx, b.c, user, b.users)
	}
}

// addUserInfo adds what is shown of a user. Source: frappe/utils/__init__.py add_user_info.
func addUserInfo(ctx context.Context, c *engine.Call, user string, users *document.Object) error {
	if users.Has(user) {
		return nil
	}
	row, err := core.First(ctx, c, "User", []string{"full_name", "user_image", "name", "email", "time_zone"}, document.NewObject("name", user))
	if err != nil || row == nil {
		return err
	}
	users.Set(user, document.MapOf(document.NewObject("fullname", row.Get("full_name"), "image", row.Get("user_image"), "name", row.Get("name"),
		"email", row.Get("email"), "time_zone", row.Get("time_zone"))))
	return nil
}

// getDocInfo answers docinfo alone. Source: load.py get_docinfo.
func getDocInfo(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, name := a.Text("doctype"), a.Text("name")
	if o := method.ParseJSON(a.Get("doc")).Map(); o != nil {
		dt, name = o.PropText("doctype"), o.PropText("name")
	}
	d, err := c.Get(ctx, dt, name)
	if err != nil {
		return nil, err
	}
	if err := mayLoad(ctx, c, d); err != nil {
		return nil, err
	}
	info, err := DocInfo(ctx, c, d)
	if err != nil {
		return nil, err
	}
	c.Response.Keys.Set("docinfo", document.MapOf(info))
	return nil, nil
}
