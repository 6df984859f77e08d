// Package builtin puts together what upstream itself brings: the controllers of its
// own DocTypes and its whitelisted methods, a subpackage per module of upstream.
package builtin

import (
	"freddo/internal/builtin/client"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/custom"
	"freddo/internal/builtin/desk"
	"freddo/internal/builtin/model"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Register hooks all controllers and adds all methods.
func Register(h *engine.Hooks, r *method.Registry) {
	core.Register(h, r)
	custom.Register(h, r)
	desk.Register(h, r)
	client.Register(r)
	model.Register(h, r)
}
