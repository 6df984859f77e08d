package desk

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// saveDocs saves the whole document that a form sends. A new one has a local name,
// which is told back. Source: frappe/desk/form/save.py savedocs.
func saveDocs(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if err := postOnly(c); err != nil {
		return nil, err
	}
	o, err := arg.Object(a.Get("doc"))
	if err != nil {
		return nil, err
	}
	d, err := core.Whole(ctx, c, o)
	if err != nil {
		return nil, err
	}
	setLocalNames(d)
	d.Extra().Delete("__unsaved") // the browser's mark, which a save takes off
	status, ok := map[string]int64{"Save": 0, "Submit": 1, "Update": 1, "Cancel": 2}[a.Text("action")]
	if !ok {
		return nil, exc.KeyErr.New("'" + a.Text("action") + "'")
	}
	if status == 1 {
		err = c.Submit(ctx, d)
	} else {
		d.SetAt(doctype.SlotDocstatus, document.IntOf(status))
		err = c.Save(ctx, d)
	}
	if err != nil {
		return nil, err
	}
	word := "Saved"
	if d.Docstatus() == 1 && quirk.Of(c.Profile).SubmittedToast {
		word = "Submitted"
	}
	if err := sendDoc(ctx, c, d); err != nil {
		return nil, err
	}
	c.Msgprint(exc.Message{Text: word, Indicator: "green", Alert: true})
	return nil, nil
}

// setLocalNames keeps the names that new documents have in the browser.
// Source: save.py set_local_name.
func setLocalNames(d *document.Document) {
	local := func(r *document.Document) {
		if d.New || r.New {
			r.Extra().Set("localname", r.NameValue())
			r.SetAt(doctype.SlotName, document.Value{})
			r.New = true
		}
	}
	_ = d.EachRow(func(_ *doctype.DocField, row *document.Document) error {
		local(row)
		return nil
	})
	local(d)
	if name := d.Text("__newname"); name != "" {
		d.SetName(name)
	}
}

// sendDoc answers a saved document with nulls, and its docinfo.
// Source: save.py send_updated_docs.
func sendDoc(ctx context.Context, c *engine.Call, d *document.Document) error {
	info, err := DocInfo(ctx, c, d)
	if err != nil {
		return err
	}
	if d, err = c.Answer(ctx, d); err != nil {
		return err
	}
	if c.Profile.HideMissing {
		if err := c.StripUnreadable(ctx, d); err != nil {
			return err
		}
	}
	if d, err = c.Masked(ctx, d); err != nil {
		return err
	}
	o := d.ToObject(document.JSONOptions{IndentJSON: c.Profile.IndentJSON})
	if local := d.Get("localname"); local.Truthy() {
		o.Set("localname", local)
	}
	c.Response.Docs = append(c.Response.Docs, c.Profile.Body.AppendObject(nil, o))
	c.Response.Keys.Set("docinfo", document.MapOf(info))
	return nil
}

func cancelDoc(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if err := postOnly(c); err != nil {
		return nil, err
	}
	d, err := c.GetForUpdate(ctx, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	if field, state := a.Text("workflow_state_fieldname"), a.Text("workflow_state"); field != "" && state != "" && d.Type.Field(field) != nil {
		d.Set(field, document.Text(state))
	}
	if err := c.Cancel(ctx, d); err != nil {
		return nil, err
	}
	if err := sendDoc(ctx, c, d); err != nil {
		return nil, err
	}
	c.Msgprint(exc.Message{Text: "Cancelled", Indicator: "red", Alert: true})
	return nil, nil
}

func discardDoc(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	if err := postOnly(c); err != nil {
		return nil, err
	}
	d, err := c.GetForUpdate(ctx, a.Text("doctype"), a.Text("name"))
	if err != nil {
		return nil, err
	}
	if err := c.Discard(ctx, d); err != nil {
		return nil, err
	}
	if err := sendDoc(ctx, c, d); err != nil {
		return nil, err
	}
	c.Msgprint(exc.Message{Text: "Discarded", Indicator: "red", Alert: true})
	return nil, nil
}

// addComment leaves a comment for who may read the document.
// Source: frappe/desk/form/utils.py add_comment.
func addComment(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, err := c.Get(ctx, a.Text("reference_doctype"), a.Text("reference_name"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	m, err := core.AddComment(ctx, c, core.Comment{DocType: d.Type.Name, Name: d.Name(), Content: a.Text("content"), Email: a.Text("comment_email"), By: a.Text("comment_by")})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// updateComment changes the text of an own comment.
func updateComment(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	m, err := c.GetForUpdate(ctx, "Comment", a.Text("name"))
	if err != nil {
		return nil, err
	}
	if c.User != "Administrator" && c.User != m.Owner() {
		return nil, exc.Permission.Throw("Comment can only be edited by the owner")
	}
	m.Set("content", a.Get("content"))
	m.Flags.IgnorePermissions = true
	return nil, c.Save(ctx, m)
}
