package desk

import (
	"context"
	"fmt"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/perm"
	"freddo/internal/query"
)

// registerToDo hooks the controller of ToDo.
// Source: frappe/desk/doctype/todo/todo.py.
func registerToDo(h *engine.Hooks) {
	h.On("ToDo", engine.OnUpdate, updateToDo)
	h.On("ToDo", engine.AfterDelete, noteAssigned)
	h.HasPermission("ToDo", mayTouchToDo)
	h.QueryCondition("ToDo", ownToDos)
}

// updateToDo comments on the referenced document and notes its assignees.
func updateToDo(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Text("reference_type") == "" || d.Text("reference_name") == "" {
		return nil
	}
	kind, text, err := assignmentText(ctx, c, d)
	if err != nil {
		return err
	}
	if text != "" {
		_, err := core.AddComment(ctx, c, core.Comment{DocType: d.Text("reference_type"), Name: d.Text("reference_name"), Kind: kind, Content: text})
		if err != nil {
			return err
		}
	}
	return noteAssigned(ctx, c, d)
}

// assignmentText is what a new ToDo or its changed status tells; "" for nothing.
func assignmentText(ctx context.Context, c *engine.Call, d *document.Document) (kind, text string, err error) {
	names := map[string]string{}
	for _, u := range []string{d.Text("assigned_by"), d.Text("allocated_to"), c.User} {
		if names[u], err = core.FullName(ctx, c, u); err != nil {
			return "", "", err
		}
	}
	by, to := d.Text("assigned_by"), d.Text("allocated_to")
	switch {
	case d.Before == nil && by == to:
		return "Assigned", fmt.Sprintf("%s self assigned this task: %s", names[by], d.Text("description")), nil
	case d.Before == nil:
		return "Assigned", fmt.Sprintf("%s assigned %s: %s", names[by], names[to], d.Text("description")), nil
	case d.Before.Text("status") == d.Text("status"):
		return "", "", nil
	case to == c.User:
		return "Assignment Completed", fmt.Sprintf("%s removed their assignment.", names[c.User]), nil
	}
	return "Assignment Completed", fmt.Sprintf("Assignment of %s removed by %s", names[to], names[c.User]), nil
}

// noteAssigned keeps _assign of the referenced document in step, oldest first.
func noteAssigned(ctx context.Context, c *engine.Call, d *document.Document) error {
	dtName, name := d.Text("reference_type"), d.Text("reference_name")
	if dtName == "" || name == "" {
		return nil
	}
	dt, err := c.DocType(ctx, dtName)
	if err != nil || dt.Column("_assign") == nil || dt.IsVirtual {
		return nil //nolint:nilerr // an assignment of what is gone is noted nowhere
	}
	rows, err := openToDos(ctx, c, dtName, name)
	if err != nil {
		return err
	}
	var users []string
	for i := len(rows) - 1; i >= 0; i-- {
		if u := rows[i].PropText("allocated_to"); u != "" {
			users = append(users, u)
		}
	}
	text := ""
	if len(users) > 0 {
		text = document.PythonSpaced.Marshal(document.Texts(users))
	}
	return c.SetValue(ctx, dtName, name, "_assign", document.Text(text))
}

// seesAllToDos reports whether a role of the caller other than the automatic ones has
// a right on ToDo. Source: todo.py get_permission_query_conditions, has_permission.
func seesAllToDos(ctx context.Context, c *engine.Call, right doctype.Right) (bool, error) {
	if c.User == perm.Administrator {
		return true, nil
	}
	dt, err := c.DocType(ctx, "ToDo")
	if err != nil {
		return false, err
	}
	me, err := c.Me(ctx)
	if err != nil {
		return false, err
	}
	for _, p := range dt.Permissions {
		switch p.Role {
		case perm.RoleAll, perm.RoleDeskUser, perm.Guest:
			continue
		}
		if p.Rights.Has(right) && me.Has(p.Role) {
			return true, nil
		}
	}
	return false, nil
}

func mayTouchToDo(ctx context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
	all, err := seesAllToDos(ctx, c, right)
	if err != nil || all {
		return all, err
	}
	return d.New || d.Text("allocated_to") == c.User || d.Text("assigned_by") == c.User || d.Owner() == c.User, nil
}

func ownToDos(ctx context.Context, c *engine.Call) (*query.Node, error) {
	all, err := seesAllToDos(ctx, c, doctype.Read)
	if err != nil || all {
		return nil, err
	}
	dt, err := c.DocType(ctx, "ToDo")
	if err != nil {
		return nil, err
	}
	me := document.Text(c.User)
	return query.Or(query.Eq(query.F(dt, "allocated_to"), me), query.Eq(query.F(dt, "assigned_by"), me)), nil
}

func newToDo(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.FromObject(ctx, document.NewObject("doctype", "ToDo", "description", a.Get("description")))
	if err != nil {
		return nil, err
	}
	return nil, c.Insert(ctx, d)
}

// registerNote hooks the controller of Note.
// Source: frappe/desk/doctype/note/note.py.
func registerNote(h *engine.Hooks) {
	h.On("Note", engine.Autoname, func(_ context.Context, c *engine.Call, d *document.Document) error {
		if d.Type.Autoname == "" {
			d.SetName(noteName(d.Text("title")))
		}
		return nil
	})
	h.On("Note", engine.Validate, validateNote)
	h.HasPermission("Note", func(_ context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
		return d.New || d.Owner() == c.User || !changes(right) && d.Int("public") != 0, nil
	})
	h.QueryCondition("Note", func(ctx context.Context, c *engine.Call) (*query.Node, error) {
		if c.User == perm.Administrator {
			return nil, nil
		}
		dt, err := c.DocType(ctx, "Note")
		if err != nil {
			return nil, err
		}
		return query.Or(query.Eq(query.F(dt, "public"), document.IntOf(1)), query.Eq(query.F(dt, "owner"), document.Text(c.User))), nil
	})
}

// validateNote ends a Note's notifications after a week. Source: note.py validate.
func validateNote(_ context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("notify_on_login") != 0 && d.Text("expire_notification_on") == "" {
		created, err := time.Parse("2006-01-02", day(document.ToText(d.At(doctype.SlotCreation))))
		if err != nil {
			created = c.SiteNow()
		}
		d.Set("expire_notification_on", document.Text(created.AddDate(0, 0, 7).Format("2006-01-02")))
	}
	if d.Int("public") == 0 && !quirk.Of(c.Profile).PrivateNotesNotify {
		d.Set("notify_on_login", document.IntOf(0))
	}
	if d.Text("content") == "" {
		d.Set("content", document.Text("<span></span>"))
	}
	return nil
}

// day is the date of a date and time as it is stored.
func day(s string) string { return s[:min(len(s), len("2006-01-02"))] }

// noteName is the title less the characters that upstream drops.
func noteName(title string) string {
	var b []rune
	for _, r := range title {
		switch r {
		case '%', '\'', '"', '#', '*', '?', '`':
			continue
		}
		b = append(b, r)
	}
	return string(b)
}

func noteSeen(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.GetForUpdate(ctx, "Note", a.Text("note"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	for _, row := range d.Rows("seen_by") {
		if row.Text("user") == c.User {
			return nil, nil
		}
	}
	row, err := d.AppendRow("seen_by", func(name string) (*doctype.DocType, error) { return c.DocType(ctx, name) })
	if err != nil {
		return nil, err
	}
	row.Set("user", document.Text(c.User))
	d.Flags.IgnorePermissions = true
	return nil, c.Save(ctx, d)
}

// bulkLimit is how many documents one bulk action takes.
const bulkLimit = 500

// bulkInline is how many documents upstream does within the request; more are done
// after it, so that the answer does not tell what failed.
const bulkInline = 20

// bulkAction submits, cancels or updates several documents, each by itself and
// committed by itself, and answers the names that failed. A document that does not
// exist ends it. Source: frappe/desk/doctype/bulk_update/bulk_update.py
// submit_cancel_or_update_docs.
func bulkAction(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	names := arg.Strings(a.Get("docnames"))
	if len(names) > bulkLimit {
		return nil, tooMany()
	}
	var data *document.Object
	if a.Get("data").Truthy() {
		var err error
		if data, err = arg.Object(a.Get("data")); err != nil {
			return nil, err
		}
	}
	b := &bulk{dt: a.Text("doctype"), action: a.Text("action"), data: data}
	if len(names) < bulkInline {
		return b.run(ctx, c, names)
	}
	c.Msgprint(exc.Message{Text: "Bulk operation is enqueued in background.", Alert: true})
	user := c.User
	c.AfterCommit(func(ctx context.Context) {
		err := c.Do(ctx, user, func(ctx context.Context, c *engine.Call) error {
			_, err := b.run(ctx, c, names)
			return err
		})
		if err != nil {
			c.Log.Warn("bulk operation", "doctype", b.dt, "action", b.action, "error", err)
		}
	})
	return nil, nil
}

// bulk is one action on several documents.
type bulk struct {
	dt, action string
	data       *document.Object
}

func (b *bulk) run(ctx context.Context, c *engine.Call, names []string) ([]string, error) {
	failed := []string{}
	for _, name := range names {
		d, err := c.GetForUpdate(ctx, b.dt, name)
		if err != nil {
			return nil, err
		}
		done := false
		err = core.Isolated(ctx, c, b.dt, func() (err error) {
			done, err = b.one(ctx, c, d)
			return err
		})
		if err != nil {
			core.Catch(c, err)
		}
		if err != nil || !done {
			failed = append(failed, name)
			continue
		}
		if err := c.CommitNow(ctx); err != nil {
			return nil, err
		}
	}
	return failed, nil
}

func (b *bulk) one(ctx context.Context, c *engine.Call, d *document.Document) (done bool, err error) {
	switch status := d.Docstatus(); {
	case b.action == "submit" && status == 0:
		return true, c.Submit(ctx, d)
	case b.action == "cancel" && status == 1:
		return true, c.Cancel(ctx, d)
	case b.action == "update" && status != 2:
		if b.data == nil {
			return false, exc.TypeErr.New("'NoneType' object is not iterable")
		}
		if err := c.UpdateDoc(ctx, d, b.data.Clone()); err != nil {
			return false, err
		}
		return true, c.Save(ctx, d)
	}
	return false, nil
}
