package workflow

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
	"freddo/internal/perm"
)

// check refuses a change of state that no transition of the user allows, gives a
// document without a state the first one, and keeps the state in step with docstatus.
// Source: frappe/model/workflow.py validate_workflow, set_workflow_state_on_action.
func check(ctx context.Context, c *engine.Call, d *document.Document) error {
	f, err := flowOf(ctx, c, d.Type.Name)
	if err != nil || f.name == "" {
		return err
	}
	if len(f.states) == 0 {
		return exc.IndexErr.New("list index out of range")
	}
	first, current := f.states[0].name, ""
	if d.Before != nil {
		current = d.Before.Text(f.field)
	}
	next := d.Text(f.field)
	if next == "" {
		next = first
		d.Set(f.field, document.Text(next))
	}
	if current == "" {
		current = first
	}
	if f.state(current) == nil {
		return exc.Validation.Throwf("%s is not a valid Workflow State. Please update your Workflow and try again.", engine.Bold(current))
	}
	if current != next {
		if err := checkChange(ctx, c, f, d, current, next); err != nil {
			return err
		}
	}
	if d.Flags.Action != "save" {
		followDocstatus(f, d)
	}
	return nil
}

func checkChange(ctx context.Context, c *engine.Call, f *flow, d *document.Document, current, next string) error {
	if d.Before != nil {
		possible, err := f.possible(ctx, c, d.Before, false)
		if err != nil {
			return err
		}
		for _, t := range possible {
			if t.next == next {
				return nil
			}
		}
	}
	return exc.WorkflowPermission.Throwf("Workflow State transition not allowed from %s to %s", engine.Bold(current), engine.Bold(next))
}

// followDocstatus gives a document that is submitted, or updated after, the first
// state of its docstatus, unless it has such a state.
func followDocstatus(f *flow, d *document.Document) {
	for _, s := range f.states {
		if s.name == d.Text(f.field) && s.docstatus == d.Docstatus() {
			return
		}
	}
	for _, s := range f.states {
		if s.docstatus == 1 {
			d.Set(f.field, document.Text(s.name))
			return
		}
	}
}

// possible are the transitions that the user may take from d's state. bare raises the
// missing state without a message. Errors: PermissionError, WorkflowStateError, what a
// condition raises. Source: workflow.py get_transitions.
func (f *flow) possible(ctx context.Context, c *engine.Call, d *document.Document, bare bool) ([]*transition, error) {
	if err := c.CheckPermission(ctx, d, doctype.Read); err != nil {
		return nil, err
	}
	current := d.Text(f.field)
	if current == "" {
		if bare {
			return nil, exc.WorkflowState.New("")
		}
		return nil, exc.WorkflowState.Throw("Workflow State not set")
	}
	me, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	var out []*transition
	for i := range f.transitions {
		t := &f.transitions[i]
		if t.state != current || !me.Has(t.allowed) {
			continue
		}
		ok, err := t.holds(ctx, c, d)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, t)
		}
	}
	return out, nil
}

// holds evaluates the transition's condition.
func (t *transition) holds(ctx context.Context, c *engine.Call, d *document.Document) (bool, error) {
	if t.condition == "" {
		return true, nil
	}
	v, err := c.EvalDoc(ctx, t.condition, d, true)
	return v.Truthy(), err
}

// approvable: who may not approve what is their own. Source: has_approval_access.
func (t *transition) approvable(c *engine.Call, owner string) bool {
	return c.User == perm.Administrator || t.selfApproval || c.User != owner
}

// stored loads the document that an argument names.
func stored(ctx context.Context, c *engine.Call, v document.Value, lock bool) (d *document.Document, o *document.Object, err error) {
	if o, err = arg.Object(v); err != nil {
		return nil, nil, err
	}
	if lock {
		d, err = c.GetForUpdate(ctx, o.Str("doctype"), o.PropText("name"))
	} else {
		d, err = c.Get(ctx, o.Str("doctype"), o.PropText("name"))
	}
	return d, o, err
}

func getTransitions(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, o, err := stored(ctx, c, a.Get("doc"), false)
	if err != nil {
		return nil, err
	}
	if o.Get("__islocal").Truthy() {
		return document.ListOf(), nil
	}
	f, err := needFlow(ctx, c, d.Type.Name)
	if err != nil {
		return nil, err
	}
	possible, err := f.possible(ctx, c, d, a.Bool("raise_exception"))
	if err != nil {
		return nil, err
	}
	rows := make([]document.Value, len(possible))
	for i, t := range possible {
		rows[i] = document.MapOf(t.row)
	}
	return document.ListOf(rows...), nil
}

func applyWorkflow(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	d, _, err := stored(ctx, c, a.Get("doc"), true)
	if err != nil {
		return nil, err
	}
	if err := apply(ctx, c, d, a.Text("action")); err != nil {
		return nil, err
	}
	return d, nil
}

// apply takes the transition of an action: the state, the state's update field, then a
// save, a submit or a cancel. Source: workflow.py apply_workflow.
func apply(ctx context.Context, c *engine.Call, d *document.Document, action string) error {
	f, err := needFlow(ctx, c, d.Type.Name)
	if err != nil {
		return err
	}
	possible, err := f.possible(ctx, c, d, false)
	if err != nil {
		return err
	}
	var t *transition
	for _, p := range possible {
		if p.action == action {
			t = p
		}
	}
	if t == nil {
		return exc.WorkflowTransition.Throw("Not a valid Workflow Action")
	}
	if !t.approvable(c, d.Owner()) {
		return exc.Validation.Throw("Self approval is not allowed")
	}
	next := f.state(t.next)
	if next == nil {
		return &exc.Error{Class: stopIteration}
	}
	d.Set(f.field, document.Text(t.next))
	if err := setUpdateField(ctx, c, d, next); err != nil {
		return err
	}
	if err := runTasks(ctx, c, d, t); err != nil {
		return err
	}
	if err := move(ctx, c, d, next); err != nil {
		return err
	}
	_, err = core.AddComment(ctx, c, core.Comment{DocType: d.Type.Name, Name: d.Name(), Kind: "Workflow", Content: next.name})
	return err
}

// stopIteration is what upstream's search for the next state raises when the Workflow
// does not know it.
var stopIteration = &exc.Class{Name: "StopIteration", Status: 500}

// setUpdateField writes the field that a state sets; its value may be an expression.
func setUpdateField(ctx context.Context, c *engine.Call, d *document.Document, s *state) error {
	if s.updateField == "" {
		return nil
	}
	v := document.Text(s.updateValue)
	switch {
	case s.expression && s.updateValue == "":
		v = document.NullValue
	case s.expression:
		var err error
		if v, err = c.EvalDoc(ctx, s.updateValue, d, true); err != nil {
			text := err.Error()
			if e := exc.Of(err); e != nil {
				text = e.Text
			}
			return exc.Validation.Throwf("Invalid expression in Workflow Update Value: %s", text).WithTitle("Workflow Evaluation Error")
		}
	}
	d.Set(s.updateField, v)
	return nil
}

// move saves, submits or cancels by the docstatus before and after.
func move(ctx context.Context, c *engine.Call, d *document.Document, next *state) error {
	switch from, to := d.Docstatus(), next.docstatus; {
	case from == to && to < 2:
		return c.Save(ctx, d)
	case from == 0 && to == 1:
		return c.Submit(ctx, d)
	case from == 1 && to == 2:
		return c.Cancel(ctx, d)
	}
	return exc.Validation.Throwf("Illegal Document Status for %s", next.name)
}

// canCancel tells whether a form may offer Cancel: not where a transition cancels.
// Source: workflow.py can_cancel_document.
func canCancel(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	f, err := needFlow(ctx, c, a.Text("doctype"))
	if err != nil {
		return nil, err
	}
	firstOnly := quirk.Of(c.Profile).CancelByFirstState
	cancelling := map[string]bool{}
	for _, s := range f.states {
		if s.docstatus == 2 && (len(cancelling) == 0 || !firstOnly) {
			cancelling[s.name] = true
		}
	}
	if len(cancelling) == 0 && firstOnly {
		return nil, nil // Frappe: v14 answers None then
	}
	for _, t := range f.transitions {
		if cancelling[t.next] {
			return false, nil
		}
	}
	return true, nil
}
