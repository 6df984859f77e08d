package desk

import (
	"context"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/method"
)

var markup = regexp.MustCompile(`<[^>]*>`)

// readable loads a document that the caller may read.
func readable(ctx context.Context, c *engine.Call, dt, name string) (*document.Document, error) {
	d, err := c.Get(ctx, dt, name)
	if err != nil {
		return nil, err
	}
	return d, c.CheckPermission(ctx, d, doctype.Read)
}

// assignAdd assigns a document to users. Frappe: the arguments are the request's own.
// Source: frappe/desk/form/assign_to.py add.
func assignAdd(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	o := a.Object
	if args := method.ParseJSON(a.Get("args")).Map(); args != nil {
		o = args
	}
	return assign(ctx, c, o, o.PropText("name"))
}

func assignAddMultiple(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	for _, name := range arg.Strings(a.Get("name")) {
		if _, err := assign(ctx, c, a.Object, name); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func assign(ctx context.Context, c *engine.Call, o *document.Object, name string) (any, error) {
	var twice, shared []string
	for _, user := range arg.Strings(o.Get("assign_to")) {
		d, err := readable(ctx, c, o.PropText("doctype"), name)
		if err != nil {
			return nil, err
		}
		open, err := core.First(ctx, c, "ToDo", []string{"name"},
			document.NewObject("reference_type", d.Type.Name, "reference_name", d.Name(), "status", "Open", "allocated_to", user))
		if err != nil {
			return nil, err
		}
		if open != nil {
			twice = append(twice, user)
			continue
		}
		if err := insertToDo(ctx, c, o, d, user); err != nil {
			return nil, err
		}
		gave, err := letRead(ctx, c, d, user)
		if err != nil {
			return nil, err
		}
		if gave {
			shared = append(shared, user)
		}
	}
	if len(shared) > 0 {
		c.Msgprint(exc.Message{Text: "Shared with the following Users with Read access:" + userLines(shared)})
	}
	if len(twice) > 0 {
		c.Msgprint(exc.Message{Text: "Already in the following Users ToDo list:" + userLines(twice)})
	}
	return openAssignments(ctx, c, o.PropText("doctype"), name)
}

func userLines(users []string) string { return "<br><br>" + strings.Join(users, "<br>") }

func insertToDo(ctx context.Context, c *engine.Call, o *document.Object, d *document.Document, user string) error {
	text := o.PropText("description")
	if strings.TrimSpace(markup.ReplaceAllString(text, "")) == "" && !strings.Contains(text, "<img") {
		text = "Assignment for " + d.Type.Name + " " + d.Name()
	}
	or := func(key, def string) string {
		if v := o.PropText(key); v != "" {
			return v
		}
		return def
	}
	todo := document.NewObject("doctype", "ToDo", "allocated_to", user, "reference_type", d.Type.Name, "reference_name", d.Name(), "description", text,
		"priority", or("priority", "Medium"), "status", "Open", "date", or("date", c.Today()), "assigned_by", or("assigned_by", c.User))
	if rule := o.PropText("assignment_rule"); rule != "" {
		todo.Set("assignment_rule", document.Text(rule))
	}
	t, err := c.FromObject(ctx, todo)
	if err != nil {
		return err
	}
	t.Flags.IgnorePermissions = true
	if err := c.Insert(ctx, t); err != nil {
		return err
	}
	return noteAssignee(ctx, c, d, document.Text(user))
}

// noteAssignee writes the field assigned_to of an assigned document, where there is one
// and the caller may write it. Readers may assign; upstream writes the field for them.
func noteAssignee(ctx context.Context, c *engine.Call, d *document.Document, user document.Value) error {
	_, err := c.WriteField(ctx, d.Type.Name, d.Name(), "assigned_to", user, func(*doctype.DocField, document.Value) bool { return true })
	return err
}

// letRead shares the document with an assignee who cannot read it.
func letRead(ctx context.Context, c *engine.Call, d *document.Document, user string) (bool, error) {
	me := c.User
	c.SetUser(user)
	ok, err := c.HasPermission(ctx, d.Type.Name, doctype.Read, d)
	c.SetUser(me)
	if err != nil || ok {
		return false, err
	}
	off, err := c.Setting(ctx, "System Settings", "disable_document_sharing")
	if err != nil || document.Cint(off) != 0 {
		return false, err
	}
	_, err = core.AddShare(ctx, c, core.Share{DocType: d.Type.Name, Name: d.Name(), User: user})
	return err == nil, err
}

// openAssignments are up to five open ToDos of a document.
// Source: assign_to.py get.
func openAssignments(ctx context.Context, c *engine.Call, dt, name string) (any, error) {
	rows, err := openToDos(ctx, c, dt, name)
	if err != nil {
		return nil, err
	}
	out := []document.Value{}
	for _, r := range rows {
		if len(out) < 5 {
			out = append(out, document.MapOf(document.NewObject("owner", r.Get("allocated_to"), "name", r.Get("name"))))
		}
	}
	return document.ListOf(out...), nil
}

func openToDos(ctx context.Context, c *engine.Call, dt, name string) ([]*document.Object, error) {
	return c.Rows(ctx, "ToDo", []string{"allocated_to", "name"}, document.NewObject("reference_type", dt, "reference_name", name,
		"status", []document.Value{document.Text("not in"), document.Texts([]string{"Cancelled", "Closed"})}), "creation desc")
}

func assignRemove(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	return setAssignment(ctx, c, a.Text("doctype"), a.Text("name"), a.Text("assign_to"), "Cancelled")
}

func assignRemoveMultiple(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	for _, name := range arg.Strings(a.Get("names")) {
		rows, err := openToDos(ctx, c, a.Text("doctype"), name)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if _, err := setAssignment(ctx, c, a.Text("doctype"), name, r.PropText("allocated_to"), "Cancelled"); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

func assignClose(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if a.Text("assign_to") != c.User {
		return nil, exc.Validation.Throw("Only the assignee can complete this to-do.")
	}
	return setAssignment(ctx, c, a.Text("doctype"), a.Text("name"), a.Text("assign_to"), "Closed")
}

// setAssignment gives the ToDo of an assignee another status.
// Source: assign_to.py set_status.
func setAssignment(ctx context.Context, c *engine.Call, dt, name, user, status string) (any, error) {
	d, err := readable(ctx, c, dt, name)
	if err != nil {
		return nil, err
	}
	row, err := core.First(ctx, c, "ToDo", []string{"name"}, document.NewObject("reference_type", dt, "reference_name", name, "allocated_to", user,
		"status", []document.Value{document.Text("!="), document.Text(status)}))
	if err != nil {
		return nil, err
	}
	if row != nil {
		t, err := c.GetForUpdate(ctx, "ToDo", row.PropText("name"))
		if err != nil {
			return nil, err
		}
		t.Set("status", document.Text(status))
		t.Flags.IgnorePermissions = true
		if err := c.Save(ctx, t); err != nil {
			return nil, err
		}
	}
	if err := noteAssignee(ctx, c, d, document.NullValue); err != nil {
		return nil, err
	}
	return openAssignments(ctx, c, dt, name)
}

// toggleLike adds the caller to _liked_by, or takes the caller away.
// Source: frappe/desk/like.py.
func toggleLike(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := readable(ctx, c, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	before, users, liked := arg.Strings(d.Get("_liked_by")), []string{}, false
	for _, u := range before {
		if u == c.User {
			liked = true
			continue
		}
		users = append(users, u)
	}
	add := a.Text("add") == "Yes"
	switch {
	case add && !liked:
		users = append(before, c.User)
		_, err = core.AddComment(ctx, c, core.Comment{DocType: d.Type.Name, Name: d.Name(), Kind: "Like", Content: "Liked"})
	case !add && liked:
		err = removeLike(ctx, c, d)
	default:
		users = before
	}
	if err != nil || d.Type.Column("_liked_by") == nil {
		return nil, err
	}
	return nil, c.SetValue(ctx, d.Type.Name, d.Name(), "_liked_by", document.Text(document.PythonSpaced.Marshal(document.Texts(users))))
}

func removeLike(ctx context.Context, c *engine.Call, d *document.Document) error {
	return c.DeleteRows(ctx, "Comment", document.NewObject("comment_type", "Like", "reference_doctype", d.Type.Name,
		"reference_name", d.Name(), "owner", c.User))
}
