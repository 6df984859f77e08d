package dataimport

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
)

// Run does a Data Import: each document by itself, committed one by one, with a log of
// each, so that one who asks meanwhile sees how far it is. It is what a background job
// calls; a second run goes on where the first one ended.
// Source: frappe/core/doctype/data_import/importer.py import_data.
func Run(ctx context.Context, c *engine.Call, name string) error {
	d, err := c.Get(ctx, "Data Import", name)
	if err != nil {
		return err
	}
	if err := importAll(ctx, c, d); err != nil {
		c.Messages = nil
		if exc.Of(err) == nil {
			return err
		}
		c.Log.Warn("data import failed", "data_import", name, "error", err)
		return setStatus(ctx, c, name, "Error")
	}
	return nil
}

func setStatus(ctx context.Context, c *engine.Call, name, status string) error {
	if err := c.SetValue(ctx, "Data Import", name, "status", document.Text(status)); err != nil {
		return err
	}
	return c.CommitNow(ctx)
}

// journal is what was logged of an import before.
type journal struct {
	name string
	// done are the rows that are not to be imported again.
	done map[int64]bool
	next int64
	good int
	bad  int
}

func importAll(ctx context.Context, c *engine.Call, d *document.Document) error {
	t, err := open(ctx, c, d)
	if err != nil {
		return err
	}
	list, err := t.payloads(ctx)
	if err != nil {
		return err
	}
	if grave := serious(t.warnings()); len(grave) > 0 {
		text := document.PythonSpaced.Marshal(document.ListOf(objects(grave)...))
		if err := c.SetValue(ctx, "Data Import", d.Name(), "template_warnings", document.Text(text)); err != nil {
			return err
		}
		return c.CommitNow(ctx)
	}
	if err := c.SetValue(ctx, "Data Import", d.Name(), "template_warnings", document.Text("")); err != nil {
		return err
	}
	j, err := openJournal(ctx, c, d)
	if err != nil {
		return err
	}
	for _, p := range list {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if j.has(p.rows) {
			continue
		}
		if err := t.one(ctx, c, d, j, p); err != nil {
			return err
		}
	}
	status := "Pending"
	switch {
	case j.bad >= len(list) && j.good == 0:
		status = "Error"
	case j.bad > 0 && j.good > 0:
		status = "Partial Success"
	case j.good == len(list):
		status = "Success"
	}
	return setStatus(ctx, c, d.Name(), status)
}

func serious(all []warning) []warning {
	var out []warning
	for _, w := range all {
		if !w.info {
			out = append(out, w)
		}
	}
	return out
}

func objects(list []warning) []document.Value {
	out := make([]document.Value, len(list))
	for i, w := range list {
		out[i] = document.MapOf(w.object())
	}
	return out
}

// openJournal reads what was imported before; failures of a finished run are tried
// again.
func openJournal(ctx context.Context, c *engine.Call, d *document.Document) (*journal, error) {
	j := &journal{name: d.Name(), done: map[int64]bool{}}
	rows, err := c.Rows(ctx, "Data Import Log", []string{"name", "row_indexes", "success", "log_index"}, document.NewObject("data_import", d.Name()), "log_index asc")
	if err != nil {
		return nil, err
	}
	finished := int64(len(rows)) >= d.Int("payload_count")
	status := d.Text("status")
	again := finished && (status == "Partial Success" || status == "Error")
	for _, r := range rows {
		j.next = max(j.next, document.Cint(r.Get("log_index"))+1)
		good := document.Cint(r.Get("success")) != 0
		if again && !good {
			m, err := c.GetForUpdate(ctx, "Data Import Log", r.PropText("name"))
			if err != nil {
				return nil, err
			}
			m.Flags.IgnorePermissions = true
			if err := c.DeleteDoc(ctx, m); err != nil {
				return nil, err
			}
			continue
		}
		j.count(good)
		if !good && finished {
			continue
		}
		if v, err := document.ParseJSON(r.PropText("row_indexes")); err == nil {
			for _, n := range v.List() {
				j.done[document.Cint(n)] = true
			}
		}
	}
	return j, nil
}

func (j *journal) count(good bool) {
	if good {
		j.good++
	} else {
		j.bad++
	}
}

func (j *journal) has(rows []*line) bool {
	for _, r := range rows {
		if j.done[int64(r.number)] {
			return true
		}
	}
	return false
}

// one imports a document and logs what became of it.
func (t *template) one(ctx context.Context, c *engine.Call, d *document.Document, j *journal, p payload) error {
	c.Messages = nil
	var name string
	err := core.Isolated(ctx, c, t.dt.Name, func() (err error) {
		if t.kind == update {
			name, err = t.change(ctx, c, p.doc)
		} else {
			name, err = t.insert(ctx, c, p.doc, d.Int("submit_after_import") != 0)
		}
		return err
	})
	if err != nil && exc.Of(err) == nil {
		return err
	}
	numbers := make([]document.Value, len(p.rows))
	for i, r := range p.rows {
		numbers[i] = document.IntOf(int64(r.number))
	}
	entry := document.NewObject("doctype", "Data Import Log", "log_index", j.next, "success", 0, "data_import", j.name,
		"row_indexes", document.PythonSpaced.Marshal(document.ListOf(numbers...)), "messages", `"[]"`)
	if err == nil {
		entry.Set("success", document.IntOf(1))
		entry.Set("docname", document.Text(name))
	} else {
		entry.Set("messages", document.Text(messages(c, err)))
		entry.Set("exception", document.Text(core.Traceback(err)))
	}
	c.Messages = nil
	j.next++
	j.count(err == nil)
	log, err := c.FromObject(ctx, entry)
	if err != nil {
		return err
	}
	log.Flags.IgnorePermissions, log.Flags.IgnoreLinks = true, true
	if err := c.Insert(ctx, log); err != nil {
		return err
	}
	if j.good == 1 {
		if err := c.SetValue(ctx, "Data Import", j.name, "status", document.Text("Partial Success")); err != nil {
			return err
		}
	}
	return c.CommitNow(ctx)
}

// messages is the message log of a failure as JSON.
func messages(c *engine.Call, err error) string {
	core.Catch(c, err)
	list := make([]document.Value, len(c.Messages))
	for i, m := range c.Messages {
		o := document.NewObject("message", m.Text)
		if m.Title != "" {
			o.Set("title", document.Text(m.Title))
		}
		if m.Indicator != "" {
			o.Set("indicator", document.Text(m.Indicator))
		}
		if m.Raise {
			o.Set("raise_exception", document.IntOf(1))
		}
		list[i] = document.MapOf(o)
		if quirk.Of(c.Profile).LogTexts {
			list[i] = document.Text(document.PythonSpaced.Marshal(list[i]))
		}
	}
	return document.PythonSpaced.Marshal(document.ListOf(list...))
}

func (t *template) insert(ctx context.Context, c *engine.Call, o *document.Object, submit bool) (string, error) {
	d, err := c.NewDoc(ctx, t.dt.Name)
	if err != nil {
		return "", err
	}
	if err := c.UpdateDoc(ctx, d, o.Clone()); err != nil {
		return "", err
	}
	d.New = true
	if err := c.Insert(ctx, d); err != nil {
		return "", err
	}
	if submit && t.dt.IsSubmittable {
		return d.Name(), c.Submit(ctx, d)
	}
	return d.Name(), nil
}

// change saves the values of a row on the document that it names; child rows that name
// themselves keep what the row leaves out.
func (t *template) change(ctx context.Context, c *engine.Call, o *document.Object) (string, error) {
	id := "name"
	if f := autonameField(t.dt); f != nil {
		id = f.Fieldname
	}
	before, err := c.Get(ctx, t.dt.Name, o.PropText(id))
	if err != nil {
		return "", err
	}
	d, err := c.GetForUpdate(ctx, t.dt.Name, before.Name())
	if err != nil {
		return "", err
	}
	o = o.Clone()
	for _, f := range t.dt.Tables {
		if list := o.Get(f.Fieldname).List(); len(list) > 0 {
			o.Set(f.Fieldname, document.ListOf(merged(before, f, list)...))
		}
	}
	if err := c.UpdateDoc(ctx, d, o); err != nil {
		return "", err
	}
	changed, err := core.Differs(ctx, c, before, d)
	if err != nil {
		return "", err
	}
	if !changed {
		return "", exc.Validation.Throw("No changes to update")
	}
	return d.Name(), c.Save(ctx, d)
}

func merged(before *document.Document, f *doctype.DocField, list []document.Value) []document.Value {
	known := map[string]*document.Document{}
	for _, row := range before.Rows(f.Fieldname) {
		known[row.Name()] = row
	}
	out := make([]document.Value, len(list))
	for i, v := range list {
		out[i] = v
		row := known[v.Map().PropText("name")]
		if row == nil {
			continue
		}
		full := row.ToObject(document.JSONOptions{})
		for k := range v.Map().Len() {
			key, value := v.Map().At(k)
			full.Set(key, value)
		}
		out[i] = document.MapOf(full)
	}
	return out
}
