package engine_test

import (
	"context"
	"testing"

	"freddo/internal/compat"
	"freddo/internal/engine"
)

// An old call must not put what it sees into the cache that younger calls read.
func TestWhatIsDerivedFromAnOldSnapshotIsNotKept(t *testing.T) {
	t.Parallel()
	e := newEngine(t, compat.V15())
	gadget(t, e)
	ctx := context.Background()
	type key struct{}
	derive := func(c *engine.Call, v string) string {
		t.Helper()
		got, err := c.Derive(ctx, "Gadget", key{}, func() (any, error) { return v, nil })
		if err != nil {
			t.Fatal(err)
		}
		return got.(string)
	}
	old := e.Begin(ctx, "Administrator")
	defer old.Rollback()
	err := e.Do(ctx, "Administrator", func(_ context.Context, c *engine.Call) error {
		c.ClearMeta("Gadget")
		if got := derive(c, "changing"); got != "changing" {
			t.Errorf("the call that changes the DocType: got %s", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	young := e.Begin(ctx, "Administrator")
	defer young.Rollback()
	if _, err := young.DocType(ctx, "Gadget"); err != nil { // now the new description is cached
		t.Fatal(err)
	}
	if got := derive(old, "old"); got != "old" {
		t.Errorf("the old call: got %s, want its own value", got)
	}
	if got := derive(young, "young"); got != "young" {
		t.Errorf("the young call: got %s, want its own value", got)
	}
	if got := derive(e.Begin(ctx, "Administrator"), "later"); got != "young" {
		t.Errorf("a later call: got %s, want what is cached", got)
	}
}
