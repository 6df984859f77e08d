package core

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/query"
)

// registerRights hooks who may see which documents of the module beside User and File.
func registerRights(h *engine.Hooks) {
	h.HasPermission("Communication", readsReference)
	h.QueryCondition("Communication", Where("Communication", ownMail, "Super Email User", SystemManager))
	h.HasPermission("Prepared Report", May(func(ctx context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
		reports, err := AllowedReports(ctx, c)
		return err == nil && Holds(reports, d.Text("report_name")), err
	}, SystemManager))
	h.QueryCondition("Prepared Report", Where("Prepared Report", func(ctx context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
		reports, err := AllowedReports(ctx, c)
		return query.In(f("report_name"), reports...), err
	}, SystemManager))
	h.HasPermission("User Invitation", invites)
	h.QueryCondition("User Invitation", Where("User Invitation", func(context.Context, *engine.Call, func(string) query.Field) (*query.Node, error) {
		return query.False(), nil
	}, SystemManager))
}

// readsReference opens a Communication to who may read what it is about. Upstream asks so
// for reading only, and lets who cannot read one delete it.
// Source: frappe/core/doctype/communication/communication.py has_permission.
func readsReference(ctx context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
	dt, name := d.Text("reference_doctype"), d.Text("reference_name")
	free := right == doctype.Create || right != doctype.Read && Upstream(c)
	if free || dt == "" || name == "" || dt == "Communication" && name == d.Name() {
		return true, nil
	}
	return MayRead(ctx, c, dt, name)
}

type depthKey struct{}

// maxDepth bounds documents that hang on documents that hang on documents.
const maxDepth = 8

// MayRead reports whether the caller may read a document that another one hangs on; what
// does not exist nobody reads.
func MayRead(ctx context.Context, c *engine.Call, dt, name string) (bool, error) {
	depth, _ := ctx.Value(depthKey{}).(int)
	if depth >= maxDepth {
		return false, nil
	}
	ref, err := c.Get(ctx, dt, name)
	if exc.Is(err, exc.DoesNotExist) || exc.Is(err, exc.ImportErr) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return c.HasPermission(context.WithValue(ctx, depthKey{}, depth+1), dt, doctype.Read, ref)
}

// ownMail leaves out the mail of accounts that are not the user's.
// Source: communication.py get_permission_query_conditions_for_communication.
func ownMail(ctx context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
	rows, err := c.Rows(ctx, "User Email", []string{"email_account"}, document.NewObject("parent", c.User), "")
	if err != nil {
		return nil, err
	}
	var accounts []document.Value
	for _, r := range rows {
		accounts = append(accounts, r.Get("email_account"))
	}
	if len(accounts) == 0 {
		return query.Ne(f("communication_medium"), document.Text("Email")), nil
	}
	return query.In(f("email_account"), accounts...), nil
}

// invites follows user_invitation.py has_permission: the framework's own invitations are
// System Managers', and nobody deletes any.
func invites(ctx context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
	manager, err := Manages(ctx, c, SystemManager)
	return manager && right != doctype.Delete && d.Text("app_name") == "frappe", err
}
