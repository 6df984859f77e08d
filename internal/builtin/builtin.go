// Package builtin assembles upstream's own methods and controllers, one subpackage
// per module of upstream's tree. Start with Register: it is the one visible list.
package builtin

import (
	"freddo/internal/builtin/client"
	"freddo/internal/builtin/contacts"
	"freddo/internal/builtin/core"
	"freddo/internal/builtin/custom"
	"freddo/internal/builtin/dashboard"
	"freddo/internal/builtin/dataimport"
	"freddo/internal/builtin/desk"
	"freddo/internal/builtin/file"
	"freddo/internal/builtin/model"
	"freddo/internal/builtin/records"
	"freddo/internal/builtin/report"
	"freddo/internal/builtin/website"
	"freddo/internal/builtin/workflow"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Register hooks every controller and adds every method.
func Register(hooks *engine.Hooks, methods *method.Registry) {
	core.Register(hooks, methods)       // frappe.core.*, frappe.share
	custom.Register(hooks, methods)     // frappe.custom.*
	model.Register(hooks, methods)      // frappe.model.*, frappe.utils.nestedset, frappe.rename_doc
	desk.Register(hooks, methods)       // frappe.desk.*
	workflow.Register(hooks, methods)   // frappe.model.workflow, frappe.workflow.*
	dataimport.Register(hooks, methods) // Data Import
	report.Register(hooks, methods)     // Report, frappe.desk.query_report
	contacts.Register(hooks, methods)   // frappe.contacts.*
	client.Register(methods)            // frappe.client.*
	registerFramework(methods)          // frappe.realtime, frappe.translate, frappe.utils.change_log
	file.Register(hooks, methods)       // File, upload_file, frappe.core.api.file
	dashboard.Register(hooks, methods)  // number cards, charts, workspaces
	registerIntegrations(hooks)         // Google Contacts
	website.Register(hooks, methods)    // frappe.website.*
	records.Register(hooks)             // names and checks of smaller modules
}
