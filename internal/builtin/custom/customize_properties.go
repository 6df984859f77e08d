package custom

// property is a property that Customize Form can set, with the type that its Property
// Setter names.
type property struct{ name, kind string }

// formProperties are properties of DocTypes. A release has those that its Customize Form
// has as fields. Source: customize_form.py doctype_properties.
var formProperties = []property{
	{"search_fields", "Data"}, {"title_field", "Data"}, {"image_field", "Data"}, {"sort_field", "Data"}, {"sort_order", "Data"},
	{"default_print_format", "Data"}, {"allow_copy", "Check"}, {"istable", "Check"}, {"quick_entry", "Check"},
	{"queue_in_background", "Check"}, {"editable_grid", "Check"}, {"max_attachments", "Int"}, {"make_attachments_public", "Check"},
	{"protect_attached_files", "Check"}, {"track_changes", "Check"}, {"track_views", "Check"}, {"allow_auto_repeat", "Check"},
	{"allow_import", "Check"}, {"show_preview_popup", "Check"}, {"show_name_in_global_search", "Check"}, {"default_email_template", "Data"},
	{"email_append_to", "Check"}, {"subject_field", "Data"}, {"sender_field", "Data"}, {"naming_rule", "Data"}, {"autoname", "Data"},
	{"show_title_field_in_link", "Check"}, {"is_calendar_and_gantt", "Check"}, {"default_view", "Select"},
	{"force_re_route_to_default_view", "Check"}, {"translated_doctype", "Check"}, {"grid_page_length", "Int"},
	{"rows_threshold_for_grid_search", "Int"},
}

// fieldProperties are properties of fields. Source: customize_form.py docfield_properties.
var fieldProperties = []property{
	{"label", "Data"}, {"fieldtype", "Select"}, {"options", "Text"}, {"sort_options", "Check"}, {"fetch_from", "Small Text"},
	{"fetch_if_empty", "Check"}, {"show_dashboard", "Check"}, {"permlevel", "Int"}, {"width", "Data"}, {"print_width", "Data"},
	{"non_negative", "Check"}, {"reqd", "Check"}, {"unique", "Check"}, {"ignore_user_permissions", "Check"}, {"in_list_view", "Check"},
	{"in_standard_filter", "Check"}, {"in_global_search", "Check"}, {"in_preview", "Check"}, {"bold", "Check"}, {"no_copy", "Check"},
	{"ignore_xss_filter", "Check"}, {"hidden", "Check"}, {"collapsible", "Check"}, {"collapsible_depends_on", "Data"},
	{"print_hide", "Check"}, {"print_hide_if_no_value", "Check"}, {"report_hide", "Check"}, {"allow_on_submit", "Check"},
	{"translatable", "Check"}, {"mandatory_depends_on", "Data"}, {"read_only_depends_on", "Data"}, {"depends_on", "Data"},
	{"description", "Text"}, {"default", "Text"}, {"precision", "Select"}, {"read_only", "Check"}, {"length", "Int"}, {"columns", "Int"},
	{"remember_last_selected_value", "Check"}, {"allow_bulk_edit", "Check"}, {"allow_in_quick_entry", "Check"}, {"hide_border", "Check"},
	{"hide_days", "Check"}, {"hide_seconds", "Check"}, {"is_virtual", "Check"}, {"link_filters", "JSON"}, {"placeholder", "Data"},
	{"alignment", "Select"}, {"button_color", "Select"}, {"mask", "Check"},
}

// rowProperties are properties of the rows of other tables, by table.
// Source: customize_form.py doctype_link_properties, doctype_action_properties,
// doctype_state_properties.
var rowProperties = []struct {
	table, doctype string
	properties     []property
}{
	{"links", "DocType Link", []property{{"link_doctype", "Link"}, {"link_fieldname", "Data"}, {"group", "Data"}, {"hidden", "Check"}}},
	{"actions", "DocType Action", []property{{"label", "Link"}, {"action_type", "Select"}, {"action", "Small Text"}, {"group", "Data"}, {"hidden", "Check"}}},
	{"states", "DocType State", []property{{"title", "Data"}, {"color", "Select"}}},
}

// optionsMayChange are the fieldtypes of standard fields whose options may be changed.
// Source: customize_form.py ALLOWED_OPTIONS_CHANGE.
var optionsMayChange = map[string]bool{"Read Only": true, "HTML": true, "Data": true}
