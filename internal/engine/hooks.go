package engine

import (
	"context"
	"sort"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/query"
)

// Event is a moment in a document's life. Source: frappe/model/document.py.
type Event string

// The events, in the order in which a life meets them.
const (
	BeforeInsert            Event = "before_insert"
	BeforeNaming            Event = "before_naming"
	Autoname                Event = "autoname"
	BeforeValidate          Event = "before_validate"
	Validate                Event = "validate"
	BeforeSave              Event = "before_save"
	BeforeSubmit            Event = "before_submit"
	BeforeCancel            Event = "before_cancel"
	BeforeUpdateAfterSubmit Event = "before_update_after_submit"
	BeforeDiscard           Event = "before_discard"
	AfterInsert             Event = "after_insert"
	OnUpdate                Event = "on_update"
	OnSubmit                Event = "on_submit"
	OnCancel                Event = "on_cancel"
	OnUpdateAfterSubmit     Event = "on_update_after_submit"
	OnDiscard               Event = "on_discard"
	OnChange                Event = "on_change"
	OnTrash                 Event = "on_trash"
	AfterDelete             Event = "after_delete"
	BeforeRename            Event = "before_rename"
	AfterRename             Event = "after_rename"
	BeforeChange            Event = "before_change"
	// CheckWorkflow is no event of upstream's: it stands where upstream validates the
	// workflow, after the built-in checks of a save that is no cancel.
	CheckWorkflow Event = "check_workflow"
)

// AnyDocType registers a hook for every DocType.
const AnyDocType = "*"

// Hook runs at an event; it may change d, and refuses by returning an *exc.Error.
type Hook func(ctx context.Context, c *Call, d *document.Document) error

// DocMethod is a whitelisted method of documents. args are the remaining arguments.
type DocMethod func(ctx context.Context, c *Call, d *document.Document, args *document.Object) (any, error)

// PermissionHook can only deny: it returns false to refuse a right on d.
type PermissionHook func(ctx context.Context, c *Call, d *document.Document, right doctype.Right) (bool, error)

// ConditionHook returns a condition that every list of its DocType is ANDed with;
// nil adds none.
type ConditionHook func(ctx context.Context, c *Call) (*query.Node, error)

// Task is an action that transitions of workflows may name; link is the document that
// the transition gives it, if any.
type Task func(ctx context.Context, c *Call, d *document.Document, link string) error

// Hooks are what the packages above hand to the engine at assembly. It is filled
// before the first call and read-only after.
type Hooks struct {
	events     map[string]map[Event][]Hook
	methods    map[string]map[string]docMethod
	permission map[string][]PermissionHook
	condition  map[string][]ConditionHook
	virtual    map[string]Virtual
	tasks      map[string]Task
	rows       map[string][]virtualRows
	// Secrets encrypts Password fields and hashes login passwords.
	Secrets Secrets
	// Sanitize cleans HTML in text fields; nil leaves text alone.
	Sanitize func(string) string
}

// Secrets is what the auth package does for documents.
type Secrets interface {
	Encrypt(plain string) (string, error)
	Decrypt(token string) (string, error)
	HashPassword(plain string) (string, error)
}

type docMethod struct {
	fn    DocMethod
	verbs []string
}

// NewHooks returns empty hooks.
func NewHooks() *Hooks {
	return &Hooks{events: map[string]map[Event][]Hook{}, methods: map[string]map[string]docMethod{},
		permission: map[string][]PermissionHook{}, condition: map[string][]ConditionHook{}, virtual: map[string]Virtual{},
		tasks: map[string]Task{}, rows: map[string][]virtualRows{}}
}

// Rows gives the rows of a table that is not stored, with their names.
type Rows func(ctx context.Context, c *Call, d *document.Document) ([]*document.Object, error)

type virtualRows struct {
	field string
	fn    Rows
}

// VirtualRows registers who makes the rows of a virtual table field. Releases that lack
// the field never ask.
func (h *Hooks) VirtualRows(dt, field string, fn Rows) {
	h.rows[dt] = append(h.rows[dt], virtualRows{field, fn})
}

// AddTask registers a task of workflows under a name.
func (h *Hooks) AddTask(name string, fn Task) { h.tasks[name] = fn }

// Task returns the task of that name, or nil.
func (h *Hooks) Task(name string) Task { return h.tasks[name] }

// On registers fn for an event of a DocType (AnyDocType: of all).
func (h *Hooks) On(dt string, e Event, fn Hook) {
	if h.events[dt] == nil {
		h.events[dt] = map[Event][]Hook{}
	}
	h.events[dt][e] = append(h.events[dt][e], fn)
}

// Method registers a whitelisted document method; no verbs means GET, POST, PUT
// and DELETE.
func (h *Hooks) Method(dt, name string, fn DocMethod, verbs ...string) {
	if h.methods[dt] == nil {
		h.methods[dt] = map[string]docMethod{}
	}
	h.methods[dt][name] = docMethod{fn: fn, verbs: verbs}
}

// DocMethods lists the document methods as DocType.method, sorted; those of every DocType
// stand under AnyDocType.
func (h *Hooks) DocMethods() []string {
	var names []string
	for dt, methods := range h.methods {
		for name := range methods {
			names = append(names, dt+"."+name)
		}
	}
	sort.Strings(names)
	return names
}

// HasPermission registers a hook that can deny rights on a DocType's documents.
func (h *Hooks) HasPermission(dt string, fn PermissionHook) {
	h.permission[dt] = append(h.permission[dt], fn)
}

// QueryCondition registers a condition on a DocType's lists.
func (h *Hooks) QueryCondition(dt string, fn ConditionHook) {
	h.condition[dt] = append(h.condition[dt], fn)
}

// Guards reports which hooks narrow the rights on a DocType: of its documents, of its
// lists.
func (h *Hooks) Guards(dt string) (documents, lists bool) {
	return len(h.permission[dt]) > 0, len(h.condition[dt]) > 0
}

// run calls the hooks of d's DocType, then those of every DocType.
func (c *Call) run(ctx context.Context, e Event, d *document.Document) error {
	for _, key := range [2]string{d.Type.Name, AnyDocType} {
		for _, fn := range c.Hooks.events[key][e] {
			if err := fn(ctx, c, d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *Hooks) method(dt, name string) (docMethod, bool) {
	if m, ok := h.methods[dt][name]; ok {
		return m, true
	}
	m, ok := h.methods[AnyDocType][name]
	return m, ok
}
