package workflow

import (
	"context"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// runTasks runs the tasks of a transition (v16): those within the transaction now, in
// order, the asynchronous ones after the commit, each in a transaction of its own.
// Source: frappe/model/workflow.py apply_workflow.
func runTasks(ctx context.Context, c *engine.Call, d *document.Document, t *transition) error {
	if t.tasks == "" {
		return nil
	}
	rows, err := c.Rows(ctx, "Workflow Transition Task", []string{"task", "link", "asynchronous"},
		document.NewObject("parent", t.tasks, "enabled", 1), "idx asc")
	if err != nil {
		return err
	}
	var now []func() error
	for _, r := range rows {
		name, link := r.PropText("task"), r.PropText("link")
		fn := c.Hooks.Task(name)
		if fn == nil {
			return exc.Validation.Throwf(`There is no task called "%s"`, name)
		}
		if r.PropInt("asynchronous") == 0 {
			now = append(now, func() error { return fn(ctx, c, d, link) })
			continue
		}
		user, dt, doc := c.User, d.Type.Name, d.Name()
		c.AfterCommit(func(ctx context.Context) {
			err := c.Do(ctx, user, func(ctx context.Context, c *engine.Call) error {
				d, err := c.Get(ctx, dt, doc)
				if err != nil {
					return err
				}
				return fn(ctx, c, d, link)
			})
			if err != nil {
				c.Log.Warn("workflow task failed", "task", name, "doctype", dt, "name", doc, "error", err)
			}
		})
	}
	for _, fn := range now {
		if err := fn(); err != nil {
			return err
		}
	}
	return nil
}
