// Package meta owns the DocType cache: DocTypes are stored as documents of DocType,
// merged with Custom Field, Property Setter and Custom DocPerm, compiled once, and
// shared until they change. The core DocTypes that Freddo ships lie embedded in
// core/. It does not validate DocTypes (internal/builtin/core does). Start with
// Store.Get.
package meta

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/compat"
	"freddo/internal/storage"
)

// ErrUnknown says that no DocType of that name exists.
var ErrUnknown = errors.New("meta: unknown DocType")

// bootstrap are the DocTypes that describe DocTypes: they come from the embedded
// JSON, never from the tables they describe.
var bootstrap = []string{"DocType", "DocField", "DocPerm", "DocType Action", "DocType Link", "DocType State",
	"Custom Field", "Property Setter", "Custom DocPerm"}

// customised are the bootstrap DocTypes that a site can give other permissions.
// Source: frappe/model/meta.py special_doctypes, set_custom_permissions.
var customised = map[string]bool{"Custom Field": true, "Property Setter": true}

// uncustomised are other DocTypes that nothing customises.
// Source: frappe/model/meta.py special_doctypes.
var uncustomised = map[string]bool{"Module Def": true}

// Store is the cache of compiled DocTypes. It is safe for concurrent use.
type Store struct {
	profile *compat.Profile
	base    map[string]*doctype.DocType
	mu      sync.Mutex
	cache   atomic.Pointer[map[string]*doctype.DocType]
	gen     atomic.Int64
}

// NewStore returns a store with the bootstrap DocTypes of a release.
func NewStore(p *compat.Profile) (*Store, error) {
	s := &Store{profile: p, base: map[string]*doctype.DocType{}}
	for _, name := range bootstrap {
		o, err := CoreObject(p, name)
		if err != nil {
			return nil, err
		}
		s.base[name] = s.compile(o)
	}
	empty := map[string]*doctype.DocType{}
	s.cache.Store(&empty)
	return s, nil
}

// Generation changes whenever a DocType was invalidated. A transaction remembers
// the generation at its begin: what it loads is cached only while that holds, so an
// old snapshot never fills the cache with an old DocType.
func (s *Store) Generation() int64 { return s.gen.Load() }

// Cached returns a DocType without I/O, or nil.
func (s *Store) Cached(name string) *doctype.DocType {
	if dt := s.base[name]; dt != nil && !customised[name] {
		return dt
	}
	return (*s.cache.Load())[name]
}

// IsBootstrap reports whether a DocType describes DocTypes: its own description comes
// with the program, and a site changes at most its permissions.
func (s *Store) IsBootstrap(name string) bool { return s.base[name] != nil }

// IsFixed reports whether a DocType is a bootstrap DocType that nothing changes.
func (s *Store) IsFixed(name string) bool { return s.base[name] != nil && !customised[name] }

// Get returns a compiled DocType, loading it through tx when it is not cached. gen
// is the generation at the transaction's begin. Errors: ErrUnknown, storage errors.
func (s *Store) Get(ctx context.Context, tx *storage.Tx, gen int64, name string) (*doctype.DocType, error) {
	if dt := s.Cached(name); dt != nil {
		return dt, nil
	}
	dt, err := s.Load(ctx, tx, name)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen.Load() != gen {
		return dt, nil
	}
	next := make(map[string]*doctype.DocType, len(*s.cache.Load())+1)
	for k, v := range *s.cache.Load() {
		next[k] = v
	}
	next[name] = dt
	s.cache.Store(&next)
	return dt, nil
}

// Invalidate forgets a DocType; an empty name forgets all. Call it after the commit
// that changed it.
func (s *Store) Invalidate(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gen.Add(1)
	next := make(map[string]*doctype.DocType)
	if name != "" {
		for k, v := range *s.cache.Load() {
			if k != name {
				next[k] = v
			}
		}
	}
	s.cache.Store(&next)
}

// Load reads and compiles a DocType, past the cache.
func (s *Store) Load(ctx context.Context, tx *storage.Tx, name string) (*doctype.DocType, error) {
	if s.base[name] != nil {
		return s.loadBootstrap(ctx, tx, name)
	}
	o, err := s.Object(ctx, tx, name)
	if err != nil {
		return nil, err
	}
	return s.compile(o), nil
}

// loadBootstrap compiles a bootstrap DocType with what the site may change of it.
func (s *Store) loadBootstrap(ctx context.Context, tx *storage.Tx, name string) (*doctype.DocType, error) {
	if s.IsFixed(name) {
		return s.base[name], nil
	}
	o, err := CoreObject(s.profile, name)
	if err != nil {
		return nil, err
	}
	if err := s.customise(ctx, tx, o); err != nil {
		return nil, fmt.Errorf("customise DocType %s: %w", name, err)
	}
	return s.compile(o), nil
}

func (s *Store) compile(o *document.Object) *doctype.DocType {
	dt := doctype.FromProps(o)
	dt.ShowsOptional = s.profile.TableColumns && (dt.Name == "DocType" || dt.Name == "Module Def")
	return dt
}

// Base resolves the bootstrap DocTypes; it is the document.Resolver of DocType
// documents.
func (s *Store) Base(name string) (*doctype.DocType, error) {
	if dt := s.base[name]; dt != nil {
		return dt, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknown, name)
}

// Object returns a DocType as the merged object that upstream calls meta: all
// columns of DocType, and its rows with customisations applied, nulls included.
func (s *Store) Object(ctx context.Context, tx *storage.Tx, name string) (*document.Object, error) {
	d, err := tx.Load(ctx, s.base["DocType"], document.Text(name), storage.LoadOptions{Resolve: s.Base})
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, name)
	}
	if err != nil {
		return nil, fmt.Errorf("load DocType %s: %w", name, err)
	}
	if d.Name() != name {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, name) // the table compares without case, names do not
	}
	o := d.ToObject(document.JSONOptions{})
	if !s.IsFixed(name) && !uncustomised[name] {
		if err := s.customise(ctx, tx, o); err != nil {
			return nil, fmt.Errorf("customise DocType %s: %w", name, err)
		}
	}
	s.addLegacy(o)
	return o, nil
}

// addLegacy names the columns that exist without a DocField.
func (s *Store) addLegacy(o *document.Object) {
	core, err := CoreObject(s.profile, o.Str("name"))
	if err != nil {
		return
	}
	if l := core.Get("legacy_columns"); !l.IsNull() {
		o.Set("legacy_columns", l)
	}
}
