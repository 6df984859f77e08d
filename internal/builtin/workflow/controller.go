package workflow

import (
	"context"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/query"
	"freddo/internal/storage"
)

// validate makes a Workflow the only active one of its DocType, gives the DocType the
// state field, and refuses transitions that break the order of docstatus.
// Source: frappe/workflow/doctype/workflow/workflow.py validate.
func validate(ctx context.Context, c *engine.Call, d *document.Document) error {
	for _, step := range []engine.Hook{setActive, addStateField, fillStates, checkTransitions} {
		if err := step(ctx, c, d); err != nil {
			return err
		}
	}
	return nil
}

func setActive(ctx context.Context, c *engine.Call, d *document.Document) error {
	if d.Int("is_active") == 0 {
		return nil
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table("Workflow").SQL(" SET ").Ident("is_active").SQL(" = ").Int(0).
		SQL(" WHERE ").Ident("document_type").SQL(" = ").Str(d.Text("document_type"))
	_, err := c.Tx.Exec(ctx, b)
	return err
}

// addStateField adds a hidden Custom Field for the state where the DocType has none.
func addStateField(ctx context.Context, c *engine.Call, d *document.Document) error {
	dt, err := c.DocType(ctx, d.Text("document_type"))
	if err != nil {
		return err
	}
	field := d.Text("workflow_state_field")
	if dt.Field(field) != nil {
		return nil
	}
	o := document.NewObject("doctype", "Custom Field", "dt", dt.Name, "fieldname", field, "label", stateLabel(field), "hidden", 1,
		"allow_on_submit", 1, "no_copy", 1, "fieldtype", "Link", "options", "Workflow State", "__islocal", 1)
	f, err := c.FromObject(ctx, o)
	if err != nil {
		return err
	}
	if err := c.Insert(ctx, f); err != nil {
		return err
	}
	c.Msgprint(exc.Message{Text: "Created Custom Field " + field + " in " + dt.Name})
	return nil
}

func stateLabel(field string) string {
	words := strings.Split(strings.ReplaceAll(field, "_", " "), " ")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + strings.ToLower(w[1:])
		}
	}
	return strings.Join(words, " ")
}

// fillStates gives documents without a state the first state of their docstatus.
func fillStates(ctx context.Context, c *engine.Call, d *document.Document) error {
	dt, err := c.DocType(ctx, d.Text("document_type"))
	if err != nil {
		return err
	}
	field := d.Text("workflow_state_field")
	col := dt.Column(field)
	if dt.IsSingle || dt.IsVirtual || col == nil || !col.Stored {
		return nil
	}
	done := map[string]bool{}
	for _, row := range d.Rows("states") {
		status := row.Text("doc_status")
		if done[status] {
			continue
		}
		done[status] = true
		state, err := storage.Fit(dt, col, row.Get("state")) // the field may be an older one of another type
		if err != nil {
			return err
		}
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table(dt.Name).SQL(" SET ").Ident(field).SQL(" = ").Arg(state).
			SQL(" WHERE (").Ident(field).SQL(" IS NULL OR ").Ident(field).SQL(" = ").Str("").SQL(") AND ").Ident("docstatus").SQL(" = ").Arg(document.IntOf(row.Int("doc_status")))
		if _, err := c.Tx.Exec(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

func checkTransitions(_ context.Context, _ *engine.Call, d *document.Document) error {
	status := map[string]string{}
	for _, row := range d.Rows("states") {
		if _, ok := status[row.Text("state")]; !ok {
			status[row.Text("state")] = row.Text("doc_status")
		}
	}
	for _, t := range d.Rows("transitions") {
		for _, field := range [2]string{"state", "next_state"} {
			if _, ok := status[t.Text(field)]; !ok {
				return exc.Validation.Throwf("%s not a valid State", t.Text(field))
			}
		}
		from, to := status[t.Text("state")], status[t.Text("next_state")]
		switch {
		case from == "2":
			return exc.Validation.Throwf("Cannot change state of Cancelled Document. Transition row %d", t.Int("idx"))
		case from == "1" && to == "0":
			return exc.Validation.Throwf("Submitted Document cannot be converted back to draft. Transition row %d", t.Int("idx"))
		case from == "0" && to == "2":
			return exc.Validation.Throwf("Cannot cancel before submitting. See Transition %d", t.Int("idx"))
		}
	}
	return nil
}

// clearCache makes everybody read the Workflow of the DocType anew.
func clearCache(_ context.Context, c *engine.Call, d *document.Document) error {
	c.ClearMeta(d.Text("document_type"))
	if d.Before != nil && d.Before.Text("document_type") != d.Text("document_type") {
		c.ClearMeta(d.Before.Text("document_type"))
	}
	return nil
}

// stateCount counts the documents of each state that is not among states.
// Source: workflow.py get_workflow_state_count.
func stateCount(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	dt, err := c.DocType(ctx, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	if err := c.CheckList(ctx, dt); err != nil {
		return nil, err
	}
	ok, err := c.HasPermission(ctx, dt.Name, doctype.Read, nil)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, exc.Permission.New("")
	}
	field := a.Text("workflow_state_field")
	col := dt.Column(field)
	if col == nil || !col.Stored || dt.IsSingle || dt.IsVirtual {
		return nil, nil
	}
	if !c.UpstreamReads() {
		return ownStateCount(ctx, c, dt, field, arg.Strings(a.Get("states")))
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident(field).SQL(", COUNT(*) FROM ").Table(dt.Name).SQL(" WHERE ").Ident(field).SQL(" <> ").Str("")
	for _, s := range arg.Strings(a.Get("states")) {
		b.SQL(" AND ").Ident(field).SQL(" <> ").Str(s)
	}
	rows, err := c.Tx.Query(ctx, b.SQL(" GROUP BY ").Ident(field))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []document.Value{}
	for rows.Next() {
		out = append(out, document.MapOf(document.NewObject(field, rows.Raw(0).Natural(), "count", rows.Raw(1).Natural())))
	}
	return document.ListOf(out...), rows.Err()
}

// ownStateCount counts the documents that the user may see, and the states of the active
// Workflow only: upstream counts the values of any column past every right.
func ownStateCount(ctx context.Context, c *engine.Call, dt *doctype.DocType, field string, states []string) (any, error) {
	active, err := core.First(ctx, c, "Workflow", []string{"workflow_state_field"}, document.NewObject("document_type", dt.Name, "is_active", 1))
	if err != nil {
		return nil, err
	}
	if active == nil || active.PropText("workflow_state_field") != field {
		return nil, exc.Permission.Throwf("%s is not the state of an active Workflow of %s", engine.Bold(field), engine.Bold(dt.Name))
	}
	is := func(op string, v document.Value) document.Value {
		return document.ListOf(document.Text(dt.Name), document.Text(field), document.Text(op), v)
	}
	filters := []document.Value{is("!=", document.Text(""))}
	if len(states) > 0 {
		filters = append(filters, is("not in", document.Texts(states)))
	}
	res, err := c.ListBy(ctx, countRules, query.Request{DocType: dt, Fields: document.Texts([]string{field, "count(*) as count"}),
		Filters: document.ListOf(filters...), GroupBy: field, OrderBy: document.NullValue, Limit: -1})
	if err != nil {
		return nil, err
	}
	return engine.JSON(res.JSON), nil
}

// countRules are the rules of a query of our own with count(*).
var countRules = query.RulesV15()
