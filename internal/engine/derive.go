package engine

import "context"

// Derive returns what make computes for a DocType, from a cache that lives as long as
// the DocType's description: whoever writes what it is computed from calls ClearMeta.
// A call that is older than the description, or that runs while descriptions change,
// computes for itself, so an old snapshot never enters the cache. The result is shared
// and must not be changed.
func (c *Call) Derive(ctx context.Context, dtName string, key any, make func() (any, error)) (any, error) {
	if c.Meta.IsFixed(dtName) {
		return make() // these descriptions are never dropped
	}
	dt, err := c.DocType(ctx, dtName)
	if err != nil {
		return nil, err
	}
	private := c.memo.doctypes[dtName] == dt
	if v, ok := dt.Known(key); ok {
		return v, nil
	}
	if !private && c.Meta.Generation() != c.metaGen {
		return make()
	}
	return dt.Derived(key, make)
}
