// Package quirk owns where upstream's own methods and controllers differ between
// releases, as named fields of one table beside compat.Profile: what concerns the
// framework itself stands there, what concerns one method stands here. Start with Of.
package quirk

import "freddo/internal/compat"

// Quirks is one release's behaviour of upstream's methods. The zero value is v16's.
type Quirks struct {
	// SearchTopLevel answers search_link under results and search_widget under
	// values, with 20 rows by default; otherwise 10 rows as the returned value.
	SearchTopLevel bool
	// SaveByGet lets savedocs, cancel and the deleting reportview methods run by any
	// verb; otherwise POST and PUT only.
	SaveByGet bool
	// SubmittedToast says "Submitted" after a submit of the form.
	SubmittedToast bool
	// SingleValuesCast casts what get_value reads from a Single.
	SingleValuesCast bool
	// PasswordMissingInvalid answers a missing password as invalid data; otherwise as a
	// failed authentication.
	PasswordMissingInvalid bool
	// InvalidColumnForSingle refuses an unknown field of a Single as a column name.
	InvalidColumnForSingle bool
	// AsDictTextTrue takes the text "0" for true in get_value.
	AsDictTextTrue bool
	// FormLoadChecksDocType refuses getdoc for users without rights on the DocType
	// in the words of documents; otherwise with a hint of its own.
	FormLoadChecksDocType bool
	// TotalComments and EnergyPoints are keys of docinfo.
	TotalComments, EnergyPoints bool
	// MetaRowsHaveTables prints empty tables on every row of a DocType's meta.
	MetaRowsHaveTables bool
	// MetaLinkSearch adds search_fields, is_custom_field and linked_document_type to
	// field rows of form meta; MetaTableFields adds _table_fields.
	MetaLinkSearch, MetaTableFields bool
	// UseCache answers "use_cache" to a current cached_timestamp.
	UseCache bool
	// MetaWorkspaces adds __workspaces; MetaMapKeys adds __map_js, __linked_with and
	// __messages.
	MetaWorkspaces, MetaMapKeys bool
	// StaleExcType leaves exc_type of a caught error in an answer of success.
	StaleExcType bool
	// CachedAnswers lets browsers keep what changes seldom.
	CachedAnswers bool
	// DocTypeSpaced prints a document as "DocType (name)", otherwise "DocType(name)".
	DocTypeSpaced bool
	// NamingToast warns of a DocType without a naming rule.
	NamingToast bool
	// NoAutoincrementRename switches allow_rename off for autoincrement DocTypes.
	NoAutoincrementRename bool
	// StandardUndeletable refuses to delete standard DocTypes outside developer mode.
	StandardUndeletable bool
	// BreakSuffix is how many random characters name a break without a label.
	BreakSuffix int
	// Descendents is v14's spelling in a refusal of trees.
	Descendents bool
	// RootsUndeletable refuses to delete a tree's root.
	RootsUndeletable bool
	// TreeParentIgnoresUP makes the parent field of trees ignore User Permissions.
	TreeParentIgnoresUP bool
	// EmptyLinkInVersion writes an empty link as "" in versions; otherwise null.
	EmptyLinkInVersion bool
	// SetterDeletesDocument deletes a replaced Property Setter as a document.
	SetterDeletesDocument bool
	// RoleProfiles says that users have a table of role profiles.
	RoleProfiles bool
	// HideDescendants adds hide_descendants to User Permission maps.
	HideDescendants bool
	// SetUserPermissionsRight lists set_user_permissions among the rights.
	SetUserPermissionsRight bool
	// CancelByFirstState looks at the first cancelling state of a workflow only, where a
	// form asks whether it may offer Cancel, and answers nothing when there is none.
	CancelByFirstState bool
	// InstalledAppsInUserInfo adds installed_apps to realtime's user info.
	InstalledAppsInUserInfo bool
}

// Of returns the quirks of a profile's release.
func Of(p *compat.Profile) Quirks {
	switch p.Name {
	case "v14":
		return Quirks{SearchTopLevel: true, SaveByGet: true, InvalidColumnForSingle: true, AsDictTextTrue: true,
			TotalComments: true, EnergyPoints: true, MetaRowsHaveTables: true, MetaLinkSearch: true, MetaTableFields: true,
			UseCache: true, MetaMapKeys: true, StaleExcType: true, NoAutoincrementRename: true, BreakSuffix: 5,
			Descendents: true, RootsUndeletable: true, SetUserPermissionsRight: true, CancelByFirstState: true}
	case "v15":
		return Quirks{SaveByGet: true, EnergyPoints: true, MetaRowsHaveTables: true, MetaLinkSearch: true, MetaTableFields: true,
			UseCache: true, MetaMapKeys: true, NoAutoincrementRename: true, StandardUndeletable: true, BreakSuffix: 4,
			TreeParentIgnoresUP: true}
	}
	return Quirks{SubmittedToast: true, CachedAnswers: true, PasswordMissingInvalid: true, SingleValuesCast: true, FormLoadChecksDocType: true, MetaWorkspaces: true,
		DocTypeSpaced: true, NamingToast: true, StandardUndeletable: true, BreakSuffix: 4, TreeParentIgnoresUP: true,
		EmptyLinkInVersion: true, SetterDeletesDocument: true, RoleProfiles: true, HideDescendants: true,
		InstalledAppsInUserInfo: true}
}
