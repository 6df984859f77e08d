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
	// FileURLEarly decodes a File's URL before anything else, and gives folders an empty
	// one; otherwise when the File is validated.
	FileURLEarly bool
	// KeepOwnURL leaves a File's URL alone whose bytes exist, whatever else has the same.
	KeepOwnURL bool
	// AttachmentSentence writes comments on attachments as sentences: Added…, Removed….
	AttachmentSentence bool
	// UploadNewDoc decides how upload_file checks the right to write a document that does
	// not exist: "doctype", "" for not at all, or "document" for a new one.
	UploadNewDoc string
	// UploadTypesText is the refusal of a file's type to those without the desk;
	// UploadCSV allows CSV.
	UploadTypesText string
	UploadCSV       bool
	// FormatToast warns of format: as autoname; AutonameReserved refuses autoname as the
	// name of a field, and takes meta.
	FormatToast, AutonameReserved bool
	// ValidateLinkGone: validate_link does not exist any more.
	ValidateLinkGone bool
	// SearchLabels gives every suggestion of search_link a label, lets browsers keep the
	// answers to GET, and takes ignore_user_permissions only for a field that allows it.
	SearchLabels bool
	// StandardFieldsClosed lets set_value change no standard field, however it is named
	// (upstream: after 16.31).
	StandardFieldsClosed bool
	// ShareColumns shows all columns of shares.
	ShareColumns bool
	// PermissionTypes: DocTypes have rights of their own, which docinfo lists.
	PermissionTypes bool
	// MorePeople adds the document's owner, who changed it last, and the authors of its
	// versions to docinfo's users.
	MorePeople bool
	// UploadGIF allows GIF.
	UploadGIF bool
	// ChecksPDF refuses PDFs with scripts and broken ones.
	ChecksPDF bool
	// PublicByManagers applies System Settings'
	// only_allow_system_managers_to_upload_public_files.
	PublicByManagers bool
	// MethodFileURL takes a file_url that is a method's path for one of another site, and
	// KeepPrivate leaves is_private alone where it is set.
	MethodFileURL, KeepPrivate bool
	// InlinePrivate names private files in their Content-Disposition and lets browsers
	// keep them, to ask each time whether they are still good.
	InlinePrivate bool
	// LibraryAfterCheck looks at library_file_name after the right to write.
	LibraryAfterCheck bool
	// FileExtensions applies System Settings' allowed_file_extensions.
	FileExtensions bool
	// ShrinkImages bounds optimised pictures to 1024 × 768 and four fifths of their own
	// size; otherwise to 1920 × 1080.
	ShrinkImages bool
	// FilesByUserType shows lists of Files by the user's type; otherwise by role.
	FilesByUserType bool
	// AnyFileOfURL lets download_file try every File of a URL, and refuses unknown ones;
	// otherwise the first, and unknown ones do not exist.
	AnyFileOfURL bool
	// LogTexts keeps the messages of an import's log as JSON texts; otherwise as objects.
	LogTexts bool
	// ReportFilterRights checks the links in a report's filters.
	ReportFilterRights bool
	// CancelByFirstState looks at the first cancelling state of a workflow only, where a
	// form asks whether it may offer Cancel, and answers nothing when there is none.
	CancelByFirstState bool
	// UploadFileOld: the method uploadfile exists beside upload_file.
	UploadFileOld bool
	// ValidateLinkAndFetch: the method of that name exists.
	ValidateLinkAndFetch bool
	// RolelessReports opens reports that name no role to all who may read Reports.
	RolelessReports bool
	// OwnNotificationSettings keeps Notification Settings that are read by name to their
	// user; otherwise only lists of them.
	OwnNotificationSettings bool
	// EventParticipants shows private Events to those invited by e-mail.
	EventParticipants bool
	// ChartsByGroup lists charts that group.
	ChartsByGroup bool
	// CardsByType lists Number Cards by what they show, and treats an empty module like
	// none; otherwise by their document_type.
	CardsByType bool
	// SearchAsksLinkField leaves User Permissions out of a search only where the Link
	// field that it names allows that (16.4).
	SearchAsksLinkField bool
	// InstalledAppsInUserInfo adds installed_apps to realtime's user info.
	InstalledAppsInUserInfo bool
	// ContactsByTwoNames names a Contact by its first and last name, and shows it with
	// its salutation; otherwise by all three names, or else by its company.
	ContactsByTwoNames bool
	// AddressByLinkTitle titles an Address after its link's title, where that is known.
	AddressByLinkTitle bool
	// PrivateNotesNotify leaves notify_on_login on Notes that are not public.
	PrivateNotesNotify bool
}

// Of returns the quirks of a profile's release.
func Of(p *compat.Profile) Quirks {
	switch p.Name {
	case "v14":
		return Quirks{SearchTopLevel: true, SaveByGet: true, InvalidColumnForSingle: true, AsDictTextTrue: true,
			TotalComments: true, EnergyPoints: true, MetaRowsHaveTables: true, MetaLinkSearch: true, MetaTableFields: true,
			UseCache: true, MetaMapKeys: true, StaleExcType: true, NoAutoincrementRename: true, BreakSuffix: 5,
			Descendents: true, RootsUndeletable: true, SetUserPermissionsRight: true, LogTexts: true, AttachmentSentence: true,
			UploadNewDoc: "doctype", UploadTypesText: "You can only upload JPG, PNG, PDF, TXT or Microsoft documents.",
			LibraryAfterCheck: true, FilesByUserType: true, CancelByFirstState: true, UploadFileOld: true,
			ContactsByTwoNames: true, PrivateNotesNotify: true}
	case "v15":
		return Quirks{SaveByGet: true, EnergyPoints: true, MetaRowsHaveTables: true, MetaLinkSearch: true, MetaTableFields: true,
			UseCache: true, MetaMapKeys: true, NoAutoincrementRename: true, StandardUndeletable: true, BreakSuffix: 4,
			ReportFilterRights: true,
			RolelessReports:    true, OwnNotificationSettings: true,
			TreeParentIgnoresUP: true, AttachmentSentence: true, UploadTypesText: uploadTypes15, UploadCSV: true,
			FileExtensions: true, ShrinkImages: true, UploadFileOld: true}
	}
	return Quirks{ReportFilterRights: true, RolelessReports: true, OwnNotificationSettings: true, EventParticipants: true,
		ChartsByGroup: true, CardsByType: true,
		SubmittedToast: true, CachedAnswers: true, PasswordMissingInvalid: true, SingleValuesCast: true, FormLoadChecksDocType: true, MetaWorkspaces: true,
		DocTypeSpaced: true, NamingToast: true, StandardUndeletable: true, BreakSuffix: 4, TreeParentIgnoresUP: true,
		EmptyLinkInVersion: true, SetterDeletesDocument: true, RoleProfiles: true, HideDescendants: true,
		InstalledAppsInUserInfo: true, FileURLEarly: true, KeepOwnURL: true, UploadNewDoc: "document",
		UploadTypesText: "You can only upload JPG, PNG, GIF, PDF, TXT, CSV or Microsoft documents.", UploadGIF: true, ChecksPDF: true,
		FormatToast: true, AutonameReserved: true, ValidateLinkGone: true, SearchLabels: true, StandardFieldsClosed: true, ShareColumns: true, PermissionTypes: true, MorePeople: true,
		PublicByManagers: true, MethodFileURL: true, KeepPrivate: true, InlinePrivate: true,
		UploadCSV: true, FileExtensions: true, ShrinkImages: true, AnyFileOfURL: true, ValidateLinkAndFetch: true,
		SearchAsksLinkField: true, AddressByLinkTitle: true}
}

const uploadTypes15 = "You can only upload JPG, PNG, PDF, TXT, CSV or Microsoft documents."
