// Package desk owns what upstream has under frappe/desk: forms, lists, search,
// assignments, likes, tags, ToDo and Note. Start with Register.
package desk

import (
	"freddo/internal/builtin/arg"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Register hooks the controllers and adds the methods.
func Register(h *engine.Hooks, r *method.Registry) {
	registerToDo(h)
	registerNote(h)
	registerRights(h)
	registerTag(h)
	registerTimeline(r)
	registerLookups(r)
	registerFollow(r)
	addListMethods(r)
	addFormMethods(r)
}

// addListMethods adds what list views, reports and searches call.
func addListMethods(r *method.Registry) {
	s := &search{methods: r}
	r.Add(
		method.Method{Name: "frappe.desk.search.search_link", Params: append([]method.Param{arg.Req("doctype", method.Str), arg.Req("txt", method.Str)}, searchParams()...), Fn: s.link},
		method.Method{Name: "frappe.desk.search.search_widget", Params: append(arg.Any("doctype", "txt"), searchParams()...), Fn: s.widget},
		method.Method{Name: "frappe.desk.search.get_link_title", Params: arg.Any("doctype", "docname"), Fn: linkTitle},

		method.Method{Name: "frappe.desk.reportview.get", Rest: true, Fn: reportGet},
		method.Method{Name: "frappe.desk.reportview.get_list", Rest: true, Fn: reportList},
		method.Method{Name: "frappe.desk.reportview.get_count", Rest: true, Fn: reportCount},
		method.Method{Name: "frappe.desk.reportview.delete_items", Fn: deleteItems},
		method.Method{Name: "frappe.desk.reportview.export_query", Rest: true, Fn: exportQuery},
		method.Method{Name: "frappe.desk.reportview.get_stats", Params: statParams(), Fn: getStats},
		method.Method{Name: "frappe.desk.reportview.get_sidebar_stats", Params: statParams(), Fn: sidebarStats},
		method.Method{Name: "frappe.desk.reportview.get_filter_dashboard_data", Params: statParams(), Fn: filterDashboard},
		method.Method{Name: "frappe.desk.reportview.save_report", Params: arg.Any("name", "doctype", "report_settings"), Fn: saveReport},
		method.Method{Name: "frappe.desk.reportview.delete_report", Params: arg.Any("name"), Fn: deleteReport},
		method.Method{Name: "frappe.desk.listview.get_list_settings", Params: arg.Any("doctype"), Fn: listSettings},
		method.Method{Name: "frappe.desk.listview.set_list_settings", Params: arg.Any("doctype", "values"), Fn: setListSettings},
		method.Method{Name: "frappe.desk.listview.get_group_by_count", Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("current_filters", method.Str),
			arg.Req("field", method.Str)}, Fn: groupByCount},
		method.Method{Name: "frappe.desk.notifications.get_notifications", Fn: notifications},
		method.Method{Name: "frappe.desk.notifications.get_open_count", Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("name", method.Str),
			arg.Opt("items", method.Any, nil)}, Fn: openCount},
		method.Method{Name: "frappe.desk.form.linked_with.get", Params: arg.Any("doctype", "docname"), Fn: linkedWith},
		method.Method{Name: "frappe.desk.form.linked_with.get_linked_doctypes", Params: append(arg.Any("doctype"),
			arg.Opt("without_ignore_user_permissions_enabled", method.Any, false)), Fn: linkedTypes},
		method.Method{Name: "frappe.desk.form.linked_with.get_submitted_linked_docs", Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("name", method.Str),
			arg.Opt("ignore_doctypes_on_cancel_all", method.Any, nil)}, Fn: submittedLinks},
		method.Method{Name: "frappe.desk.form.linked_with.cancel_all_linked_docs", Params: append(arg.Any("docs"), arg.Opt("ignore_doctypes_on_cancel_all", method.Any, nil)), Fn: cancelLinked},
		method.Method{Name: "frappe.apps.get_apps", Fn: apps},
	)
}

// addFormMethods adds what forms call.
func addFormMethods(r *method.Registry) {
	posts := []string{"POST", "PUT"}
	r.Add(
		method.Method{Name: "frappe.desk.form.load.getdoc", Params: append(arg.Any("doctype", "name"), arg.Opt("user", method.Any, nil)), Fn: getDoc},
		method.Method{Name: "frappe.desk.form.load.getdoctype", Params: []method.Param{arg.Req("doctype", method.Any), arg.Opt("with_parent", method.Any, false),
			arg.Opt("cached_timestamp", method.Any, nil)}, Fn: getDocType},
		method.Method{Name: "frappe.desk.form.load.get_docinfo", Params: []method.Param{arg.Opt("doc", method.Any, nil), arg.Opt("doctype", method.Any, nil), arg.Opt("name", method.Any, nil)}, Fn: getDocInfo},
		method.Method{Name: "frappe.desk.form.save.savedocs", Params: arg.Any("doc", "action"), Fn: saveDocs},
		method.Method{Name: "frappe.desk.form.save.cancel", Params: []method.Param{arg.Opt("doctype", method.Any, nil), arg.Opt("name", method.Any, nil),
			arg.Opt("workflow_state_fieldname", method.Any, nil), arg.Opt("workflow_state", method.Any, nil)}, Fn: cancelDoc},
		method.Method{Name: "frappe.desk.form.save.discard", In: func(p *compat.Profile) bool { return p.HasDiscard }, Params: arg.Any("doctype", "name"), Fn: discardDoc},
		method.Method{Name: "frappe.desk.form.utils.add_comment", Verbs: posts, Params: []method.Param{arg.Req("reference_doctype", method.Str), arg.Req("reference_name", method.Str),
			arg.Req("content", method.Str), arg.Req("comment_email", method.Str), arg.Req("comment_by", method.Str)}, Fn: addComment},
		method.Method{Name: "frappe.desk.form.utils.update_comment", Params: arg.Any("name", "content"), Fn: updateComment},

		method.Method{Name: "frappe.desk.form.assign_to.add", Rest: true, Fn: assignAdd},
		method.Method{Name: "frappe.desk.form.assign_to.add_multiple", Rest: true, Fn: assignAddMultiple},
		method.Method{Name: "frappe.desk.form.assign_to.remove", Params: arg.Any("doctype", "name", "assign_to"), Fn: assignRemove},
		method.Method{Name: "frappe.desk.form.assign_to.remove_multiple", In: func(p *compat.Profile) bool { return p.TypeChecks }, Params: arg.Any("doctype", "names"), Fn: assignRemoveMultiple},
		method.Method{Name: "frappe.desk.form.assign_to.close", Params: []method.Param{arg.Req("doctype", method.Str), arg.Req("name", method.Str), arg.Req("assign_to", method.Str)}, Fn: assignClose},
		method.Method{Name: "frappe.desk.like.toggle_like", Params: append(arg.Any("doctype", "name"), arg.Opt("add", method.Any, false)), Fn: toggleLike},

		method.Method{Name: "frappe.desk.doctype.tag.tag.add_tag", Params: append(arg.Any("tag", "dt", "dn"), arg.Opt("color", method.Any, nil)), Fn: addTag},
		method.Method{Name: "frappe.desk.doctype.tag.tag.add_tags", Params: append(arg.Any("tags", "dt", "docs"), arg.Opt("color", method.Any, nil)), Fn: addTags},
		method.Method{Name: "frappe.desk.doctype.tag.tag.remove_tag", Params: arg.Any("tag", "dt", "dn"), Fn: removeTag},
		method.Method{Name: "frappe.desk.doctype.tag.tag.get_tags", Params: arg.Any("doctype", "txt"), Fn: getTags},
		method.Method{Name: "frappe.desk.doctype.tag.tag.get_tagged_docs", Params: arg.Any("doctype", "tag"), Fn: getTaggedDocs},
		method.Method{Name: "frappe.desk.doctype.todo.todo.new_todo", Params: arg.Any("description"), Fn: newToDo},
		method.Method{Name: "frappe.desk.doctype.note.note.mark_as_seen", Params: []method.Param{arg.Req("note", method.Str)}, Fn: noteSeen},
		method.Method{Name: "frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs", Params: append(arg.Any("doctype", "docnames"),
			arg.Opt("action", method.Any, "submit"), arg.Opt("data", method.Any, nil), arg.Opt("task_id", method.Any, nil)), Fn: bulkAction},
		method.Method{Name: "frappe.desk.treeview.get_children", Params: []method.Param{arg.Req("doctype", method.Any), arg.Opt("parent", method.Any, "")}, Fn: treeChildren},
	)
}

func statParams() []method.Param {
	return append(arg.Any("stats", "doctype"), arg.Opt("filters", method.Any, nil))
}
