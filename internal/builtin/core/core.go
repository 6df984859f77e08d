// Package core owns the controllers and methods of upstream's module Core, and of
// frappe/share.py: users, roles, shares, comments, versions, deleted documents,
// settings. DocType itself is in its subpackage doctypes. Start with Register.
package core

import (
	"freddo/internal/builtin/core/doctypes"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Register hooks the controllers and adds the methods of the module.
func Register(h *engine.Hooks, r *method.Registry) {
	doctypes.Register(h)
	engine.RegisterNamingRule(h)
	registerNamingSettings(h)
	registerUser(h)
	registerUserMethods(r)
	registerRole(h)
	registerPermissionMethods(r)
	registerShare(h, r)
	registerHanging(h)
	registerComment(h)
	registerCommunication(h, r)
	registerVersion(h)
	registerDeleted(h, r)
	registerSettings(h)
	registerZones(r)
}
