// Package desk owns what upstream has under frappe/desk: forms, lists, search,
// assignments, likes, tags, ToDo and Note. Start with Register.
package desk

import (
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// Register hooks the controllers and adds the methods.
func Register(h *engine.Hooks, r *method.Registry) {
	registerToDo(h)
	registerNote(h)
	registerTag(h)
	registerFollow(r)
	s := &search{methods: r}
	posts := []string{"POST", "PUT"}
	r.Add(
		method.Method{Name: "frappe.desk.search.search_link", Params: append([]method.Param{arg.Req("doctype", method.Str), arg.Req("txt", method.Str)}, searchParams()...), Fn: s.link},
		method.Method{Name: "frappe.desk.search.search_widget", Params: append(arg.Any("doctype", "txt"), searchParams()...), Fn: s.widget},
		method.Method{Name: "frappe.desk.search.get_link_title", Params: arg.Any("doctype", "docname"), Fn: linkTitle},

		method.Method{Name: "frappe.desk.reportview.get", Rest: true, Fn: reportGet},
		method.Method{Name: "frappe.desk.reportview.get_list", Rest: true, Fn: reportList},
		method.Method{Name: "frappe.desk.reportview.get_count", Rest: true, Fn: reportCount},
		method.Method{Name: "frappe.desk.reportview.delete_items", Fn: deleteItems},
		method.Method{Name: "frappe.desk.reportview.export_query", Rest: true, Fn: exportQuery},

		method.Method{Name: "frappe.desk.form.load.getdoc", Params: append(arg.Any("doctype", "name"), arg.Opt("user", method.Any, nil)), Fn: getDoc},
		method.Method{Name: "frappe.desk.form.load.getdoctype", Params: []method.Param{arg.Req("doctype", method.Any), arg.Opt("with_parent", method.Any, false),
			arg.Opt("cached_timestamp", method.Any, nil)}, Fn: getDocType},
		method.Method{Name: "frappe.desk.form.load.get_docinfo", Params: []method.Param{arg.Opt("doc", method.Any, nil), arg.Opt("doctype", method.Any, nil), arg.Opt("name", method.Any, nil)}, Fn: getDocInfo},
		method.Method{Name: "frappe.desk.form.save.savedocs", Params: arg.Any("doc", "action"), Fn: saveDocs},
		method.Method{Name: "frappe.desk.form.save.cancel", Params: []method.Param{arg.Opt("doctype", method.Any, nil), arg.Opt("name", method.Any, nil),
			arg.Opt("workflow_state_fieldname", method.Any, nil), arg.Opt("workflow_state", method.Any, nil)}, Fn: cancelDoc},
		method.Method{Name: "frappe.desk.form.save.discard", Params: arg.Any("doctype", "name"), Fn: discardDoc},
		method.Method{Name: "frappe.desk.form.utils.add_comment", Verbs: posts, Params: []method.Param{arg.Req("reference_doctype", method.Str), arg.Req("reference_name", method.Str),
			arg.Req("content", method.Str), arg.Req("comment_email", method.Str), arg.Req("comment_by", method.Str)}, Fn: addComment},
		method.Method{Name: "frappe.desk.form.utils.update_comment", Params: arg.Any("name", "content"), Fn: updateComment},

		method.Method{Name: "frappe.desk.form.assign_to.add", Rest: true, Fn: assignAdd},
		method.Method{Name: "frappe.desk.form.assign_to.add_multiple", Rest: true, Fn: assignAddMultiple},
		method.Method{Name: "frappe.desk.form.assign_to.remove", Params: arg.Any("doctype", "name", "assign_to"), Fn: assignRemove},
		method.Method{Name: "frappe.desk.form.assign_to.remove_multiple", Params: arg.Any("doctype", "names"), Fn: assignRemoveMultiple},
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
