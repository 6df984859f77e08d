// Package workflow owns workflows: the controller of Workflow, the states and
// transitions that a save must respect, the methods that apply them, and the records
// of Workflow Action. Start with Register, then check in transition.go.
package workflow

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Register hooks the controllers and adds the methods.
// Source: frappe/model/workflow.py, frappe/workflow.
func Register(h *engine.Hooks, r *method.Registry) {
	h.On("Workflow", engine.Validate, validate)
	h.On("Workflow", engine.OnUpdate, clearCache)
	h.On("Workflow", engine.AfterDelete, clearCache)
	h.On(engine.AnyDocType, engine.CheckWorkflow, check)
	h.On(engine.AnyDocType, engine.OnUpdate, processActions)
	h.On(engine.AnyDocType, engine.OnCancel, processActions)
	h.On(engine.AnyDocType, engine.OnUpdateAfterSubmit, processActions)
	h.On(engine.AnyDocType, engine.OnTrash, clearActions)
	h.HasPermission("Workflow Action", seesAction)
	h.QueryCondition("Workflow Action", ownActions)
	r.Add(
		method.Method{Name: "frappe.model.workflow.get_transitions", Params: []method.Param{arg.Req("doc", method.Any), arg.Opt("workflow", method.Any, nil),
			arg.Opt("raise_exception", method.Bool, false)}, Fn: getTransitions},
		method.Method{Name: "frappe.model.workflow.apply_workflow", Params: arg.Any("doc", "action"), Fn: applyWorkflow},
		method.Method{Name: "frappe.model.workflow.can_cancel_document", Params: arg.Any("doctype"), Fn: canCancel},
		method.Method{Name: "frappe.model.workflow.bulk_workflow_approval", Params: arg.Any("docnames", "doctype", "action"), Fn: bulkApproval},
		method.Method{Name: "frappe.model.workflow.get_common_transition_actions", Params: arg.Any("docs", "doctype"), Fn: commonActions},
		method.Method{Name: "frappe.workflow.doctype.workflow.workflow.get_workflow_state_count", Params: arg.Any("doctype", "workflow_state_field", "states"), Fn: stateCount},
	)
}

// flow is the active Workflow of a DocType, as saves need it. It is shared: read only.
type flow struct {
	// name is "" when the DocType has no active Workflow.
	name, field string
	emails      bool
	states      []state
	transitions []transition
}

type state struct {
	name, updateField, updateValue string
	docstatus                      int64
	optional, expression           bool
}

type transition struct {
	state, action, next, allowed, condition string
	selfApproval                            bool
	tasks                                   string
	row                                     *document.Object // as the API shows it
}

func (f *flow) state(name string) *state {
	for i := range f.states {
		if f.states[i].name == name {
			return &f.states[i]
		}
	}
	return nil
}

type flowKey struct{}

// flowOf returns the Workflow of a DocType from the cache, with an empty name when it
// has none.
func flowOf(ctx context.Context, c *engine.Call, dtName string) (*flow, error) {
	v, err := c.Derive(ctx, dtName, flowKey{}, func() (any, error) { return loadFlow(ctx, c, dtName) })
	if err != nil {
		return nil, err
	}
	return v.(*flow), nil
}

// needFlow is flowOf for the methods, which upstream lets fail without a Workflow.
func needFlow(ctx context.Context, c *engine.Call, dtName string) (*flow, error) {
	f, err := flowOf(ctx, c, dtName)
	if err == nil && f.name == "" {
		return nil, exc.DoesNotExist.Throw("Workflow None not found").About("Workflow", "None")
	}
	return f, err
}

func loadFlow(ctx context.Context, c *engine.Call, dtName string) (*flow, error) {
	rows, err := c.Rows(ctx, "Workflow", []string{"name"}, document.NewObject("document_type", dtName, "is_active", 1), "")
	if err != nil || len(rows) == 0 {
		return &flow{}, err
	}
	d, err := c.Get(ctx, "Workflow", rows[0].PropText("name"))
	if err != nil {
		return nil, err
	}
	f := &flow{name: d.Name(), field: d.Text("workflow_state_field"), emails: d.Int("send_email_alert") != 0}
	for _, row := range d.Rows("states") {
		f.states = append(f.states, state{name: row.Text("state"), updateField: row.Text("update_field"), updateValue: row.Text("update_value"),
			docstatus: row.Int("doc_status"), optional: row.Int("is_optional_state") != 0, expression: row.Int("evaluate_as_expression") != 0})
	}
	for _, row := range d.Rows("transitions") {
		f.transitions = append(f.transitions, transition{state: row.Text("state"), action: row.Text("action"), next: row.Text("next_state"),
			allowed: row.Text("allowed"), condition: row.Text("condition"), selfApproval: row.Int("allow_self_approval") != 0,
			tasks: row.Text("transition_tasks"), row: row.ToObject(document.JSONOptions{})})
	}
	return f, nil
}
