package doctype

import "sync"

// derived keeps what packages above compute from a DocType and what belongs to it.
type derived struct{ m sync.Map }

// Derived returns what make computed for a key, computing it on first use. It lives as
// long as this compiled DocType: whoever changes what it was computed from drops the
// DocType from the metadata cache. A failure is not kept. Keys should be of a type of
// the caller's own. The result is shared and must not be changed.
func (dt *DocType) Derived(key any, make func() (any, error)) (any, error) {
	if dt.derived == nil {
		return make()
	}
	if v, ok := dt.derived.m.Load(key); ok {
		return v, nil
	}
	v, err := make()
	if err != nil {
		return nil, err
	}
	v, _ = dt.derived.m.LoadOrStore(key, v)
	return v, nil
}

// Known returns what Derived has computed for a key already.
func (dt *DocType) Known(key any) (v any, ok bool) {
	if dt.derived == nil {
		return nil, false
	}
	return dt.derived.m.Load(key)
}
