package freddo

import (
	"context"

	"freddo/document"
	"freddo/internal/engine"
)

// Event is a moment in a document's life at which an app may act.
type Event = engine.Event

// AnyDocType stands for every DocType in On.
const AnyDocType = engine.AnyDocType

// The events. A draft's insert runs BeforeInsert, BeforeNaming, Autoname,
// BeforeValidate, Validate, BeforeSave, then writes, then AfterInsert, OnUpdate and
// OnChange; a submit has BeforeSubmit in place of BeforeSave and OnSubmit after
// OnUpdate. A cancel runs BeforeCancel and OnCancel, an update of a submitted document
// BeforeUpdateAfterSubmit and OnUpdateAfterSubmit, a delete OnTrash and AfterDelete, all
// of them OnChange. Source: frappe/model/document.py.
const (
	BeforeInsert            = engine.BeforeInsert
	BeforeNaming            = engine.BeforeNaming
	Autoname                = engine.Autoname
	BeforeValidate          = engine.BeforeValidate
	Validate                = engine.Validate
	BeforeSave              = engine.BeforeSave
	BeforeSubmit            = engine.BeforeSubmit
	BeforeCancel            = engine.BeforeCancel
	BeforeUpdateAfterSubmit = engine.BeforeUpdateAfterSubmit
	BeforeDiscard           = engine.BeforeDiscard
	BeforeChange            = engine.BeforeChange
	AfterInsert             = engine.AfterInsert
	OnUpdate                = engine.OnUpdate
	OnSubmit                = engine.OnSubmit
	OnCancel                = engine.OnCancel
	OnUpdateAfterSubmit     = engine.OnUpdateAfterSubmit
	OnDiscard               = engine.OnDiscard
	OnChange                = engine.OnChange
	OnTrash                 = engine.OnTrash
	AfterDelete             = engine.AfterDelete
	BeforeRename            = engine.BeforeRename
	AfterRename             = engine.AfterRename
)

// Hook acts on a document at an event. It may change d before the document is written,
// and refuses what is going on by returning an error: one of package exc is told to the
// client in Frappe's form, any other is answered as an internal error. Either way the
// whole request leaves nothing behind. d.Before is the stored state that a save started
// from, nil for a new document.
type Hook func(ctx context.Context, c *Call, d *document.Document) error

// On runs fn at an event of a DocType's documents, after the hooks registered earlier
// and after Frappe's own. Call it before Handler and Run; it panics later, since hooks
// are read without locks.
func (a *App) On(doctype string, e Event, fn Hook) {
	if a.started.Load() {
		panic("freddo: On called after Handler or Run")
	}
	a.engine.Hooks.On(doctype, e, func(ctx context.Context, c *engine.Call, d *document.Document) error {
		return fn(ctx, &Call{c: c}, d)
	})
}

// WorkflowTask registers an action that transitions of workflows may name (v16: Workflow
// Transition Task). link is the document that the transition gives it, if any. Like
// hooks, tasks are added before Handler and Run.
func (a *App) WorkflowTask(name string, fn func(ctx context.Context, c *Call, d *document.Document, link string) error) {
	if a.started.Load() {
		panic("freddo: WorkflowTask called after Handler or Run")
	}
	a.engine.Hooks.AddTask(name, func(ctx context.Context, c *engine.Call, d *document.Document, link string) error {
		return fn(ctx, &Call{c: c}, d, link)
	})
}

// Do runs fn as a user in one transaction: it commits when fn returns nil and leaves
// nothing behind otherwise.
func (a *App) Do(ctx context.Context, user string, fn func(ctx context.Context, c *Call) error) error {
	return a.engine.Do(ctx, user, func(ctx context.Context, c *engine.Call) error { return fn(ctx, &Call{c: c}) })
}
