// Package method owns whitelisted methods: the registry that finds one by its dotted
// path, the rules of who may call it with which verb, and how a request's arguments
// become its parameters. The methods themselves are written where they belong
// (internal/builtin above all). Start with Method, Registry and Registry.Call.
package method

import (
	"context"
	"slices"
	"strings"
	"sync"

	"freddo/document"
	"freddo/internal/compat"
	"freddo/internal/engine"
)

// Func is the body of a method. Its result is nil, a document.Value, a
// *document.Document (printed without nulls), engine.WithNulls, engine.JSON, or
// anything that document.From takes.
type Func func(ctx context.Context, c *engine.Call, a Args) (any, error)

// Method is one whitelisted method. The zero options are upstream's defaults: for
// logged-in users, by GET, POST, PUT and DELETE.
type Method struct {
	// Name is the dotted path, such as frappe.client.get_list.
	Name string
	// Guest lets everybody call it.
	Guest bool
	// Verbs are the HTTP verbs it takes; none means the usual four.
	Verbs []string
	// PostOnly tells in which releases it takes POST alone, whatever Verbs says; nil: in none.
	PostOnly func(p *compat.Profile) bool
	// XSSSafe leaves the arguments of Guests as they are.
	XSSSafe bool
	// Params are its parameters in order.
	Params []Param
	// Rest hands every other argument over too (a Python function with **kwargs).
	Rest bool
	// In tells in which releases it exists; nil: in all.
	In func(p *compat.Profile) bool
	// Limit bounds how often it may be called; nil does not.
	Limit *Limit
	Fn    Func
}

// Param is one parameter. One that is neither required nor given has Default, null
// when that is missing.
type Param struct {
	Name     string
	Type     Type
	Required bool
	Default  document.Value
}

// Args are a method's arguments by parameter name, defaults filled in.
type Args struct{ *document.Object }

// Text returns an argument as text, numbers in digits, "" for null.
func (a Args) Text(name string) string { return document.ToText(a.Get(name)) }

// Int returns an argument as frappe's cint does.
func (a Args) Int(name string) int64 { return document.Cint(a.Get(name)) }

// Bool returns an argument as frappe's sbool and Python's truth do: the texts true
// and 1, any case, and what is truthy; false and 0 are not.
func (a Args) Bool(name string) bool {
	v := a.Get(name)
	switch strings.ToLower(v.Str()) {
	case "false", "0":
		return false
	}
	return v.Truthy()
}

// JSON returns an argument parsed when it is JSON text that holds an object or a
// list, else as it is. Source: frappe/utils/__init__.py parse_json.
func (a Args) JSON(name string) document.Value { return ParseJSON(a.Get(name)) }

// ParseJSON returns v parsed when it is text that holds JSON, else v.
func ParseJSON(v document.Value) document.Value {
	if v.Kind() != document.String {
		return v
	}
	if p, err := document.ParseJSON(v.Str()); err == nil {
		return p
	}
	return v
}

// Script runs the API Server Script of that name, if there is one.
type Script func(ctx context.Context, c *engine.Call, name string) (result any, found bool, err error)

// Registry finds methods by name. It is filled at assembly and safe for concurrent
// use after.
type Registry struct {
	// Script is asked before the methods; nil knows no scripts.
	Script Script

	methods  map[string]*Method
	private  map[string]bool
	modules  map[string]bool
	apps     map[string]bool
	override map[string]string
	short    map[string]string
	limits   *Limiter
	mu       sync.Mutex // guards Add during assembly
}

// NewRegistry returns a registry that knows the app frappe and no method.
func NewRegistry() *Registry {
	return &Registry{methods: map[string]*Method{}, private: map[string]bool{}, modules: map[string]bool{}, apps: map[string]bool{"frappe": true},
		override: map[string]string{}, short: map[string]string{}, limits: NewLimiter()}
}

// Add registers methods; a later one of the same name replaces the earlier. The
// first word of a name is installed as an app by that.
func (r *Registry) Add(methods ...Method) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range methods {
		r.methods[m.Name] = &m
		r.learn(m.Name)
	}
}

// Private names functions that exist without being whitelisted: calling them is
// refused with 403 instead of not found.
func (r *Registry) Private(names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range names {
		r.private[n] = true
		r.learn(n)
	}
}

// Override makes calls of one name call another, as hooks.py
// override_whitelisted_methods does.
func (r *Registry) Override(from, to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.override[from] = to
	r.learn(from)
}

// Shorthand makes a name without a dot mean a method, in v1 and cmd only.
func (r *Registry) Shorthand(short, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.short[short] = name
}

// learn notes the app and the modules of a dotted name.
func (r *Registry) learn(name string) {
	if i := strings.IndexByte(name, '.'); i > 0 {
		r.apps[name[:i]] = true
	}
	for i := strings.LastIndexByte(name, '.'); i > 0; i = strings.LastIndexByte(name[:i], '.') {
		r.modules[name[:i]] = true
	}
}

// Lookup returns the method of a dotted name, after overrides.
func (r *Registry) Lookup(name string) (*Method, bool) {
	if to, ok := r.override[name]; ok {
		name = to
	}
	m, ok := r.methods[name]
	return m, ok
}

// Names returns the names of all methods, sorted.
func (r *Registry) Names() []string {
	names := make([]string, 0, len(r.methods))
	for n := range r.methods {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Limits counts calls by key, for methods and scripts alike.
func (r *Registry) Limits() *Limiter { return r.limits }
