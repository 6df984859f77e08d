package freddo_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"freddo"
	"freddo/document"
	"freddo/exc"
)

// rowsOf adds rows with the given values to a table.
func rowsOf(ctx context.Context, c *freddo.Call, d *document.Document, table string, rows ...map[string]any) error {
	for _, values := range rows {
		row, err := c.AppendRow(ctx, d, table)
		if err != nil {
			return err
		}
		row.New = true
		for k, v := range values {
			row.Set(k, document.From(v))
		}
	}
	return nil
}

func TestTransitionsRunTheirTasks(t *testing.T) {
	t.Parallel()
	s, auth := workflowShop(t, "v16")
	ran := make(chan string, 8)
	var refuse bool
	s.app.WorkflowTask("note", func(_ context.Context, _ *freddo.Call, d *document.Document, link string) error {
		if refuse {
			return exc.Validation.Throw("no")
		}
		ran <- "note " + d.Text("workflow_state") + link
		return nil
	})
	s.app.WorkflowTask("later", func(_ context.Context, _ *freddo.Call, d *document.Document, _ string) error {
		ran <- "later " + d.Text("workflow_state")
		return nil
	})
	s.as(t, func(ctx context.Context, c *freddo.Call) error {
		field, err := c.New(ctx, "Property Setter")
		if err != nil {
			return err
		}
		for k, v := range map[string]any{"doctype_or_field": "DocField", "doc_type": "Workflow Transition Task", "field_name": "task",
			"property": "options", "value": "note\nlater\nlost", "property_type": "Text"} {
			field.Set(k, document.From(v))
		}
		return c.Insert(ctx, field)
	})
	s.as(t, func(ctx context.Context, c *freddo.Call) error {
		tasks, err := c.New(ctx, "Workflow Transition Tasks")
		if err != nil {
			return err
		}
		tasks.Set("name", document.Text("T"))
		if err := rowsOf(ctx, c, tasks, "tasks", map[string]any{"task": "later", "asynchronous": 1, "enabled": 1},
			map[string]any{"task": "note", "enabled": 1}, map[string]any{"task": "lost", "enabled": 0}); err != nil {
			return err
		}
		if err := c.Insert(ctx, tasks); err != nil {
			return err
		}
		flow, err := c.Get(ctx, "Workflow", "Flow", true)
		if err != nil {
			return err
		}
		flow.Rows("transitions")[0].Set("transition_tasks", document.Text(tasks.Name()))
		return c.Save(ctx, flow)
	})
	s.add(t, "Ticket", map[string]any{"name": "A", "amount": 50, "due": "2024-05-01"})
	send := func() int {
		code, body := s.request(t, auth, "/api/method/frappe.model.workflow.apply_workflow",
			map[string]any{"doc": map[string]any{"doctype": "Ticket", "name": "A"}, "action": "Send"})
		t.Log(code, body)
		return code
	}
	refuse = true
	if got := send(); got != http.StatusExpectationFailed {
		t.Errorf("a task that refuses: got %d, want 417", got)
	}
	if got := s.value(t, "Ticket", "A", "workflow_state"); got != "Open" {
		t.Errorf("after a refused task: got state %s, want Open", got)
	}
	refuse = false
	if got := send(); got != http.StatusOK {
		t.Fatalf("got %d, want 200", got)
	}
	close(ran)
	var got []string
	for r := range ran {
		got = append(got, r)
	}
	if want := []string{"note Waiting", "later Waiting"}; !slices.Equal(got, want) {
		t.Errorf("tasks: got %v, want %v", got, want)
	}
}
