package desk

import (
	"context"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/query"
)

// registerRights hooks who may see which documents of the module beside ToDo and Note.
// DocTypes whose DocPerms alone would open them to everybody are closed to those whom
// they do not concern; where upstream leaves them open, core.Strict says so.
func registerRights(h *engine.Hooks) {
	h.HasPermission("Event", mayJoin)
	h.QueryCondition("Event", core.Where("Event", joins, core.Nobody))
	h.HasPermission("Kanban Board", core.May(func(_ context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
		return d.Int("private") == 0 || d.Owner() == c.User, nil
	}))
	h.QueryCondition("Kanban Board", core.Where("Kanban Board", func(_ context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
		return query.Or(query.Eq(f("private"), document.IntOf(0)), query.Eq(f("owner"), document.Text(c.User))), nil
	}))
	h.HasPermission("Notification Settings", func(ctx context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
		if c.User == perm.Administrator || !quirk.Of(c.Profile).OwnNotificationSettings && core.Upstream(c) {
			return true, nil
		}
		manager, err := core.Manages(ctx, c, core.SystemManager)
		return d.Name() == c.User || manager && d.Name() != perm.Administrator, err
	})
	h.QueryCondition("Notification Settings", core.Where("Notification Settings", func(ctx context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
		if manager, err := core.Manages(ctx, c, core.SystemManager); err != nil || manager {
			return query.Ne(f("name"), document.Text(perm.Administrator)), err
		}
		return query.Eq(f("name"), document.Text(c.User)), nil
	}))
	h.HasPermission("Notification Log", core.Strict(core.MayOwn("for_user")))
	h.QueryCondition("Notification Log", core.Mine("Notification Log", "for_user"))
	h.HasPermission("Dashboard Settings", core.Strict(core.MayOwn("name")))
	h.QueryCondition("Dashboard Settings", core.Mine("Dashboard Settings", "name", core.Nobody))
	registerStrict(h)
}

// registerStrict closes what upstream leaves open.
func registerStrict(h *engine.Hooks) {
	h.HasPermission("List Filter", core.Strict(core.May(func(_ context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
		return d.Text("for_user") == "" || d.Text("for_user") == c.User, nil
	}, core.SystemManager)))
	h.QueryCondition("List Filter", core.StrictWhere(core.Where("List Filter", func(_ context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
		return query.Or(query.IsEmpty(f("for_user")), query.Eq(f("for_user"), document.Text(c.User))), nil
	}, core.SystemManager)))
	h.HasPermission("Document Follow", core.Strict(core.MayOwn("user", core.SystemManager)))
	h.QueryCondition("Document Follow", core.StrictWhere(core.Mine("Document Follow", "user", core.SystemManager)))
	h.HasPermission("Desktop Layout", core.Strict(core.MayOwn("user", core.SystemManager)))
	h.QueryCondition("Desktop Layout", core.StrictWhere(core.Mine("Desktop Layout", "user", core.SystemManager)))
	h.HasPermission("Desktop Icon", core.Strict(core.May(func(_ context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
		return !changes(right) || d.New || d.Int("standard") == 0 && d.Owner() == c.User, nil
	}, core.SystemManager)))
	h.HasPermission("Custom HTML Block", core.Strict(core.May(func(_ context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
		return d.Int("private") == 0 || d.Owner() == c.User, nil
	}, core.SystemManager)))
	h.QueryCondition("Custom HTML Block", core.StrictWhere(core.Where("Custom HTML Block", func(_ context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
		return query.Or(query.Eq(f("private"), document.IntOf(0)), query.Eq(f("owner"), document.Text(c.User))), nil
	}, core.SystemManager)))
	h.HasPermission("Tag Link", core.Strict(core.May(func(ctx context.Context, c *engine.Call, d *document.Document, _ doctype.Right) (bool, error) {
		return core.MayRead(ctx, c, d.Text("document_type"), d.Text("document_name"))
	}, core.SystemManager)))
	h.QueryCondition("Tag Link", core.StrictWhere(core.Where("Tag Link", func(ctx context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
		readable, err := core.ReadableDocTypes(ctx, c)
		return query.In(f("document_type"), readable...), err
	}, core.SystemManager)))
}

// changes reports that a right is one to change a document or who has rights on it.
func changes(right doctype.Right) bool {
	switch right {
	case doctype.Write, doctype.Create, doctype.Delete, doctype.Submit, doctype.Cancel, doctype.Amend, doctype.Share:
		return true
	}
	return false
}

// mayJoin opens public Events to all, private ones to their owner and, where Events
// invite people, to participants, who do not change them.
// Source: frappe/desk/doctype/event/event.py has_permission.
func mayJoin(_ context.Context, c *engine.Call, d *document.Document, right doctype.Right) (bool, error) {
	if d.Text("event_type") == "Public" || d.Owner() == c.User {
		return true, nil
	}
	if !quirk.Of(c.Profile).EventParticipants {
		return false, nil
	}
	for _, row := range d.Rows("event_participants") {
		if row.Text("email") == c.User {
			return right != doctype.Write && right != doctype.Create && right != doctype.Delete, nil
		}
	}
	return false, nil
}

// joins is mayJoin for lists; Administrator's are narrowed, too.
// Source: event.py get_permission_query_conditions.
func joins(ctx context.Context, c *engine.Call, f func(string) query.Field) (*query.Node, error) {
	mine := query.Or(query.Eq(f("event_type"), document.Text("Public")), query.Eq(f("owner"), document.Text(c.User)))
	if !quirk.Of(c.Profile).EventParticipants {
		return mine, nil
	}
	rows, err := c.Rows(ctx, "Event Participants", []string{"parent"}, document.NewObject("parenttype", "Event", "email", c.User), "")
	if err != nil || len(rows) == 0 {
		return mine, err
	}
	var names []document.Value
	for _, r := range rows {
		names = append(names, r.Get("parent"))
	}
	return query.Or(mine, query.In(f("name"), names...)), nil
}
