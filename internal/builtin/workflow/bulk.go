package workflow

import (
	"context"
	"slices"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/arg"
	"freddo/internal/builtin/core"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Up to bulkInline documents are done within the request, up to bulkMost after it.
const (
	bulkInline = 20
	bulkMost   = 500
)

// bulkApproval takes an action on several documents, each by itself. What became of
// them upstream tells over the event channel, so the answer is empty.
// Source: frappe/model/workflow.py bulk_workflow_approval.
func bulkApproval(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	v, err := arg.Parse(a.Text("docnames"))
	if err != nil {
		return nil, err
	}
	names := arg.Strings(v)
	dt, action := a.Text("doctype"), a.Text("action")
	switch {
	case len(names) > bulkMost:
		return nil, exc.Validation.Throw("Bulk approval only support up to 500 documents.").WithTitle("Too Many Documents")
	case len(names) >= bulkInline:
		c.Msgprint(exc.Message{Text: "Bulk " + action + " is enqueued in background.", Alert: true})
		user := c.User
		c.AfterCommit(func(ctx context.Context) {
			err := c.Do(ctx, user, func(ctx context.Context, c *engine.Call) error { return bulkApply(ctx, c, dt, names, action) })
			if err != nil {
				c.Log.Warn("bulk workflow action", "doctype", dt, "action", action, "error", err)
			}
		})
		return nil, nil
	}
	c.Messages = nil // Frappe: the log is cleared first
	err = bulkApply(ctx, c, dt, names, action)
	c.Messages = nil
	return nil, err
}

func bulkApply(ctx context.Context, c *engine.Call, dt string, names []string, action string) error {
	for _, name := range names {
		err := core.Isolated(ctx, c, dt, func() error {
			d, err := c.GetForUpdate(ctx, dt, name)
			if err != nil {
				return err
			}
			return apply(ctx, c, d, action)
		})
		if err != nil && exc.Of(err) == nil {
			return err
		}
		if err == nil {
			if err := c.CommitNow(ctx); err != nil {
				return err
			}
			continue
		}
		c.Log.Info("workflow action refused", "doctype", dt, "name", name, "action", action, "error", err)
	}
	return nil
}

// commonActions are the actions that the user may take on all of several documents.
// Source: workflow.py get_common_transition_actions.
func commonActions(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	docs, err := arg.Loads(a.Get("docs"))
	if err != nil {
		return nil, err
	}
	common := []string{}
	for i, v := range docs.List() {
		o := v.Map()
		if o == nil {
			return nil, exc.AttributeErr.New("'str' object has no attribute 'get'")
		}
		if o.Str("doctype") == "" {
			o = o.Clone()
			o.Set("doctype", a.Get("doctype"))
		}
		actions, err := actionsOf(ctx, c, o)
		if exc.Is(err, exc.WorkflowState) {
			break
		}
		if err != nil {
			return nil, err
		}
		if i == 0 {
			common = actions
		} else {
			common = slices.DeleteFunc(common, func(s string) bool { return !slices.Contains(actions, s) })
		}
		if len(common) == 0 {
			return document.ListOf(), nil
		}
	}
	return document.Texts(common), nil
}

func actionsOf(ctx context.Context, c *engine.Call, o *document.Object) ([]string, error) {
	d, err := c.Get(ctx, o.Str("doctype"), o.PropText("name"))
	if err != nil {
		return nil, err
	}
	f, err := needFlow(ctx, c, d.Type.Name)
	if err != nil {
		return nil, err
	}
	possible, err := f.possible(ctx, c, d, true)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, t := range possible {
		if t.approvable(c, o.Str("owner")) {
			out = append(out, t.action)
		}
	}
	return out, nil
}
