package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// TestPermissionsOfACall runs what needs a site on one.
func TestPermissionsOfACall(t *testing.T) {
	t.Parallel()
	t.Run("v14", func(t *testing.T) {
		t.Parallel()
		e := newEngine(t, compat.V14())
		gadget(t, e)
		rightsOfASharedDocument(t, e, false)
	})
	t.Run("v15", func(t *testing.T) {
		t.Parallel()
		e := newEngine(t, compat.V15())
		gadget(t, e)
		places(t, e)
		for behaviour, test := range map[string]func(*testing.T, *engine.Engine){
			"a tree that is rolled back opens nothing":         aTreeThatIsRolledBack,
			"a user is not read when a tree cannot be":         aTreeThatCannotBeRead,
			"a site says who may customise":                    whoMayCustomise,
			"a shared document is printed by whoever reads it": func(t *testing.T, e *engine.Engine) { rightsOfASharedDocument(t, e, true) },
		} {
			t.Run(behaviour, func(t *testing.T) { test(t, e) })
		}
	})
}

var people atomic.Int64

// person makes a user with roles and returns the name.
func person(t *testing.T, e *engine.Engine, roles ...string) string {
	t.Helper()
	rows := make([]document.Value, len(roles))
	for i, r := range roles {
		rows[i] = document.MapOf(document.NewObject("role", r))
	}
	n := people.Add(1)
	d, err := insert(t, e, document.NewObject("doctype", "User", "email", fmt.Sprintf("u%d@example.com", n), "first_name", "U", "username", fmt.Sprint("u", n), "roles", rows))
	if err != nil {
		t.Fatal(err)
	}
	return d.Name()
}

// addAll inserts objects as Administrator.
func addAll(t *testing.T, e *engine.Engine, objects ...*document.Object) {
	t.Helper()
	for _, o := range objects {
		if _, err := insert(t, e, o); err != nil {
			t.Fatal(err)
		}
	}
}

// places makes a tree of World, with France beside it.
func places(t *testing.T, e *engine.Engine) {
	t.Helper()
	v, err := document.ParseJSON(`{"name":"Place","module":"Core","autoname":"prompt","is_tree":1,"fields":[
		{"fieldname":"lft","fieldtype":"Int"},{"fieldname":"rgt","fieldtype":"Int"}],
		"permissions":[{"role":"All","read":1}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := e.ImportDocTypes(context.Background(), []*document.Object{v.Map()}, nil); err != nil || len(r.Failed) > 0 {
		t.Fatalf("import: %v %+v", err, r)
	}
	addAll(t, e,
		document.NewObject("doctype", "Place", "name", "World", "lft", 1, "rgt", 4),
		document.NewObject("doctype", "Place", "name", "France", "lft", 5, "rgt", 6))
}

// bound makes a user who may see one document of a DocType.
func bound(t *testing.T, e *engine.Engine, allow, value string) string {
	t.Helper()
	user := person(t, e)
	addAll(t, e, document.NewObject("doctype", "User Permission", "user", user, "allow", allow, "for_value", value))
	return user
}

// sees reports whether User Permissions let a user of a call see a place.
func sees(t *testing.T, c *engine.Call, user, place string) bool {
	t.Helper()
	u, err := c.UserInfo(context.Background(), user)
	if err != nil {
		t.Fatal(err)
	}
	values, restricted := u.AllowedFor("Place", "Place")
	return !restricted || values[place]
}

// A call that moves a node and reads a user sees the node there; when the call is rolled
// back, nobody else may.
func aTreeThatIsRolledBack(t *testing.T, e *engine.Engine) {
	ann := bound(t, e, "Place", "World")
	ctx := context.Background()
	move := func(commit bool) {
		c := e.Begin(ctx, "Administrator")
		defer c.Rollback()
		for field, n := range map[string]int64{"lft": 2, "rgt": 3} {
			if err := c.SetValue(ctx, "Place", "France", field, document.IntOf(n)); err != nil {
				t.Fatal(err)
			}
		}
		c.ClearTree("Place")
		if !sees(t, c, ann, "France") {
			t.Error("the call that moves the node does not see it below its new parent")
		}
		if commit {
			if err := c.Commit(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	later := func() *engine.Call {
		c := e.Begin(ctx, ann)
		t.Cleanup(c.Rollback)
		return c
	}
	move(false)
	if sees(t, later(), ann, "France") {
		t.Error("after the rollback the node is still seen below its new parent")
	}
	if !sees(t, later(), ann, "World") {
		t.Error("the node of the permission itself is not seen")
	}
	move(true)
	if !sees(t, later(), ann, "France") {
		t.Error("after the commit the node is not seen below its new parent")
	}
}

// A user whose tree cannot be read is not a user without descendants.
func aTreeThatCannotBeRead(t *testing.T, e *engine.Engine) {
	ann, bob := bound(t, e, "Place", "World"), bound(t, e, "DocType", "User")
	ctx, undo := context.Background(), errors.New("undo")
	err := e.Do(ctx, "Administrator", func(ctx context.Context, c *engine.Call) error {
		permission, err := c.Rows(ctx, "User Permission", []string{"name"}, document.NewObject("user", bob), "")
		if err != nil || len(permission) != 1 {
			t.Fatalf("the permission: %v %v", permission, err)
		}
		if err := c.SetValue(ctx, "User Permission", permission[0].Str("name"), "allow", document.Text("Gone")); err != nil {
			return err
		}
		if u, err := c.UserInfo(ctx, bob); err != nil || len(u.Allowed["Gone"]) != 1 {
			t.Errorf("a permission on a DocType that is gone: %+v, %v", u, err)
		}
		if _, err := c.Tx.Exec(ctx, storage.NewBuilder(c.Tx.Dialect()).SQL("DROP TABLE ").Table("Property Setter")); err != nil {
			return err
		}
		c.ClearMeta("Place")
		if u, err := c.UserInfo(ctx, ann); err == nil {
			t.Errorf("the DocType of the tree cannot be read, and the user is allowed %v", u.Allowed)
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
}

// rightsOfASharedDocument: the DocType's first row gives email and not print.
func rightsOfASharedDocument(t *testing.T, e *engine.Engine, print bool) {
	d, err := insert(t, e, document.NewObject("doctype", "Gadget", "title", "One"))
	if err != nil {
		t.Fatal(err)
	}
	ann, bob := person(t, e), person(t, e)
	addAll(t, e,
		document.NewObject("doctype", "DocShare", "user", ann, "share_doctype", "Gadget", "share_name", d.Name(), "read", 1),
		document.NewObject("doctype", "Custom DocPerm", "parent", "Gadget", "role", "System Manager", "read", 1, "email", 1))
	e.Meta.Invalidate("Gadget")
	for right, want := range map[doctype.Right]bool{doctype.Read: true, doctype.Email: true, doctype.Print: print,
		doctype.Write: false, doctype.Share: false, doctype.Select: false, doctype.Export: false, doctype.Delete: false} {
		if got := may(t, e, ann, "Gadget", right, d); got != want {
			t.Errorf("%s of a document that is shared to read: %v", right, got)
		}
		if may(t, e, bob, "Gadget", right, d) {
			t.Errorf("%s of a document that is shared with another user", right)
		}
	}
}

func may(t *testing.T, e *engine.Engine, user, dt string, right doctype.Right, d *document.Document) (ok bool) {
	t.Helper()
	err := e.Do(context.Background(), user, func(ctx context.Context, c *engine.Call) (err error) {
		ok, err = c.HasPermission(ctx, dt, right, d)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// Who customises is a matter of permissions that a site sets as it sets others.
func whoMayCustomise(t *testing.T, e *engine.Engine) {
	addAll(t, e, document.NewObject("doctype", "Role", "role_name", "Designer"))
	designer, manager := person(t, e, "Designer"), person(t, e, "System Manager")
	for _, dt := range []string{"Custom Field", "Property Setter"} {
		if may(t, e, designer, dt, doctype.Write, nil) || !may(t, e, manager, dt, doctype.Write, nil) {
			t.Errorf("%s as shipped is not the System Manager's alone", dt)
		}
		addAll(t, e, document.NewObject("doctype", "Custom DocPerm", "parent", dt, "role", "Designer", "read", 1, "write", 1))
		e.Meta.Invalidate(dt)
		if !may(t, e, designer, dt, doctype.Write, nil) || may(t, e, manager, dt, doctype.Write, nil) {
			t.Errorf("%s given to designers is not theirs alone", dt)
		}
	}
}
