// Package compat owns every difference between the releases of Frappe that Freddo
// speaks, as named fields of one table. Nobody compares version numbers anywhere
// else. Start with Profile; V14, V15 and V16 are its three rows.
package compat

import (
	"freddo/document"
	"freddo/internal/query"
)

// Profile is one release's behaviour. The zero value is not a release.
type Profile struct {
	// Name is the release as the site's configuration spells it: v14, v15, v16.
	Name string
	// Version is the framework version that the profile was recorded from.
	Version string

	// Body is how response bodies are printed, Inner the JSON strings inside them.
	Body, Inner document.Format

	// Rules are the rules of lists, RawRules those of the v2 list, where it has its own, and
	// CountRules those of db.count, db.exists and db.get_value.
	Rules, RawRules, CountRules *query.Rules

	// V2 says that /api/v1 and /api/v2 exist.
	V2 bool
	// ExcTypeAlways sends exc_type with every error; otherwise only with thrown ones.
	ExcTypeAlways bool
	// ExcTypeFirst puts exc_type before exception in an error body.
	ExcTypeFirst bool
	// MessageID adds __frappe_exc_id to thrown messages.
	MessageID bool
	// MessageForm says in every message whether its text is a table.
	MessageForm bool
	// TracebackForSystemUsers shows tracebacks to System Users only.
	TracebackForSystemUsers bool
	// HideMissing turns a 404 of a document into a 403 for those who may not read
	// its DocType.
	HideMissing bool
	// CreateNulls sends null fields in the answer of a v1 create.
	CreateNulls bool
	// Expand lets lists show linked documents (upstream: 16.4; here from v15 on).
	Expand bool
	// ExpandLinks lets a read show the documents that it links.
	ExpandLinks bool
	// V2Nulls sends null fields in answers of v2.
	V2Nulls bool
	// V2DocsInMethods adds the document to answers of v2 document methods.
	V2DocsInMethods bool
	// DeleteKey is the key of a v1 delete's "ok".
	DeleteKey string
	// PermlevelOnRead strips fields above the reader's permlevel from a read document;
	// otherwise only when System Settings says so.
	PermlevelOnRead bool
	// DisabledKeysWork accepts API keys of disabled users.
	DisabledKeysWork bool
	// KeysWithAPIKey returns api_key beside api_secret from generate_keys.
	KeysWithAPIKey bool
	// LogoutLogsInGuest makes the answer of logout that of a Guest login.
	LogoutLogsInGuest bool
	// LogoutPostOnly and UploadPostOnly restrict those commands to POST.
	LogoutPostOnly, UploadPostOnly bool
	// NoStore sends Cache-Control: no-store… with every answer.
	NoStore bool
	// UserLangCookie sends the user_lang cookie.
	UserLangCookie bool
	// SkipEqualCookies leaves out cookies that the client already has.
	SkipEqualCookies bool
	// HTTPErrorCookies adds cookies and headers to plain HTML errors.
	HTTPErrorCookies bool
	// InvalidBodyIsDataError answers broken JSON bodies with 417 DataError.
	InvalidBodyIsDataError bool
	// EmailByParser names the part of a text that was taken for an address, where it is none.
	EmailByParser bool
	// RefusalNoted logs missing roles where a document is refused without a message.
	RefusalNoted bool
	// IBAN is an option of Data fields.
	IBAN bool
	// Masks: fields with the property mask are shown as X to who lacks the right mask.
	Masks bool
	// ImpersonateRight lets holders of the right impersonate act as another user, not
	// Administrator alone.
	ImpersonateRight bool
	// ChildByItself judges a child row that is read by itself by its parent document.
	ChildByItself bool
	// ShortestVarchar is the least length of a column whose field names one, 0 for none.
	ShortestVarchar int
	// PreflightAuth refuses an OPTIONS whose Authorization header is no good Bearer token.
	PreflightAuth bool
	// RestrictIPAlways applies a user's restrict_ip to keys and tokens too, not to sessions
	// alone (upstream: 15.120 and 16.33).
	RestrictIPAlways bool
	// DisabledTokensFail refuses Bearer tokens of disabled users (upstream: February 2026).
	DisabledTokensFail bool
	// ArrayBody accepts a JSON array as request body under the key data.
	ArrayBody bool
	// HashName is how random names are made: "v14", "v15" or "v16".
	HashName string
	// AmendNeedsCancelled refuses to amend what is not cancelled.
	AmendNeedsCancelled bool
	// NewnameAlways takes the name from __newname whatever the autoname; otherwise only
	// where the autoname is Prompt.
	NewnameAlways bool
	// AmendNamingSettings lets Document Naming Settings choose how amendments are named.
	AmendNamingSettings bool
	// UUIDNames knows the autoname UUID.
	UUIDNames bool
	// FormatCounterByPrefix keys the counter of format: names by the text before it;
	// otherwise all share the empty key.
	FormatCounterByPrefix bool
	// TimeDefaultsToNow fills every empty Time field of a new document.
	TimeDefaultsToNow bool
	// SanitizeSorts prints attributes and styles of sanitised HTML as v14's library does.
	SanitizeSorts bool
	// SanitizeTel keeps tel: addresses.
	SanitizeTel bool
	// NewSingleUnsaved marks a Single that was never saved with __unsaved.
	NewSingleUnsaved bool
	// IndentJSON stores objects given to JSON fields indented and sorted.
	IndentJSON bool
	// TableMandatoryColon puts a colon before the label of an empty table.
	TableMandatoryColon bool
	// TimestampNamesDocument names the document in a timestamp mismatch.
	TimestampNamesDocument bool
	// PermissionSentence phrases permission hints as v15 does.
	PermissionSentence bool
	// DeskLinksAbsolute prints links to documents as absolute desk URLs.
	DeskLinksAbsolute bool
	// ThrowMessageOnDelete throws "User not allowed to delete".
	DeleteDeniedThrows bool
	// DeleteHelp is the page that tells how to delete submitted documents.
	DeleteHelp string
	// SortDefault is the sort_field of a DocType that names none.
	SortDefault string
	// IndexModified, IndexCreation: which standard column new tables index.
	IndexModified, IndexCreation bool
	// Desk is the path of the desk: what login answers a desk user, and where links to
	// documents lead.
	Desk string
	// DeskMoved sends /app to /desk, as /apps.
	DeskMoved bool
	// SessionExpiry is the default session_expiry, hh:mm.
	SessionExpiry string
	// TypeChecks validates annotated arguments of methods (v15 and later).
	TypeChecks bool
	// TypeErrorNamesMethod names the method in a type error.
	TypeErrorNamesMethod bool
	// TagsLeadingComma stores _user_tags with a leading comma.
	TagsLeadingComma bool
	// GuestSummaryLogin appends "Login to access" to the text of a refused method.
	GuestSummaryLogin bool
	// WWWAuthenticate sends the OAuth resource metadata header on 401 and 403.
	WWWAuthenticate bool
	// DocstatusAsSent echoes a docstatus that was sent as text as text.
	DocstatusAsSent bool
	// FetchSkipsMissing lets a link to nothing pass where a field is fetched from it.
	FetchSkipsMissing bool
	// DebugInExc puts the SQL of debug=1 into exc; otherwise into _debug_messages.
	DebugInExc bool
	// HasDiscard: the document method discard exists.
	HasDiscard bool
	// NameSetOnV2Create honours an explicit name in a v2 create.
	NameSetOnV2Create bool
	// CountChecksPermission: frappe.client.get_count is reportview's, which checks
	// permissions.
	CountChecksPermission bool
	// CountsGroups: reportview counts groups where there are some; otherwise the rows of
	// the first.
	CountsGroups bool
	// CSRFPatch checks CSRF on PATCH too.
	CSRFPatch bool
	// CSRFReferrers trusts the site's allowed_referrers instead of a CSRF token.
	CSRFReferrers bool
	// RemovesSIDParameter takes the parameter sid out of the arguments.
	RemovesSIDParameter bool
	// RefusalNamesIP names the address in the refusal of a restricted user.
	RefusalNamesIP bool
	// FailedLoginExcType is an exc_type that a failed login leaves behind.
	FailedLoginExcType string
	// WorkspaceIsHome sends a desk user with a default workspace there after login.
	WorkspaceIsHome bool
	// NewDocOnCreate makes v1 start a created document from its defaults; otherwise
	// from what was sent.
	NewDocOnCreate bool
	// RESTNullData sends "data": null where a REST result is None.
	RESTNullData bool
	// DocMethodNotPermitted says "Not permitted" where v1 refuses a document method.
	DocMethodNotPermitted bool
	// DocMethodChecksRightFirst looks at the permission before the timestamp of a
	// document sent to v2's run_doc_method.
	DocMethodChecksRightFirst bool
	// CopyRoute: v2 copies documents.
	CopyRoute bool
	// EngineList makes v2's list speak the query engine: start, has_next_page.
	EngineList bool
	// StripOnV2Update strips fields above the reader's permlevel from a v2 update.
	StripOnV2Update bool
	// LinkText prints integers of Link fields as text in a v2 read.
	LinkText bool
	// DebugNeedsLogging shows the debug log only when the site logs.
	DebugNeedsLogging bool
	// MetaRowTables prints empty tables on every row of v2's meta.
	MetaRowTables bool
	// ExcSource names the origin of an error in _exc_source.
	ExcSource bool
	// RunServerObj: the alias runserverobj works.
	RunServerObj bool
	// RateUsed sends X-RateLimit-Used; RateWholeSeconds rounds X-RateLimit-Remaining.
	RateUsed, RateWholeSeconds bool
	// TreeCreateByParent lets a user who may only see a branch of a tree add nodes to it.
	TreeCreateByParent bool
	// OAuthMetadata: OAuth Settings, metadata under /.well-known and dynamic registration
	// exist, and openid_configuration is no method any more.
	OAuthMetadata bool
	// OpenIDRedirect sends /.well-known/openid-configuration to the method.
	OpenIDRedirect bool
	// OAuthNeedsRedirectURI crashes authorize without redirect_uri.
	OAuthNeedsRedirectURI bool
	// OAuthDefaultRole is the role of OAuth Clients that name none.
	OAuthDefaultRole string
	// JWTHeaderSorted puts alg before typ in the header of an id_token.
	JWTHeaderSorted bool
	// NoOutgoingEmail is the refusal to send mail without an account.
	NoOutgoingEmail string
	// WebsiteHome is where a Website User goes after setting a password.
	WebsiteHome string
	// EmailLinkBySetting: login links are sent only when System Settings says so.
	EmailLinkBySetting bool
	// EmailLinkPost: login links are asked for by POST only.
	EmailLinkPost bool
	// StaleExcType leaves the exc_type of a caught error in an answer of success.
	StaleExcType bool
	// ClearSession: users end sessions of their own by the hash of the id.
	ClearSession bool
	// Impersonation: Administrator can act as another user.
	Impersonation bool
	// SafeFileNames puts _ for what has a meaning in URLs in the URLs of stored files.
	SafeFileNames bool
	// ReadOnlyText is the refusal of writes during maintenance.
	ReadOnlyText string
	// TableColumns gives new DocTypes and Module Defs all columns of their tables, the
	// tags' and comments' too. Source: frappe/model/meta.py special_doctypes.
	TableColumns bool
	// CustomizeResetsLayout has Customize Form's reset_layout.
	CustomizeResetsLayout bool
	// PDFDisposition and BinaryDisposition are the Content-Disposition of those types of
	// answers; empty names the file only.
	PDFDisposition, BinaryDisposition string
	// CommentMethod lets clients call documents' add_comment.
	CommentMethod bool
	// PrintShareNeedsRow: a read share gives print and email of the document only where
	// the DocType's first DocPerm row does.
	PrintShareNeedsRow bool
}

const (
	deleteHelp = "https://docs.erpnext.com//docs/user/manual/en/setting-up/articles/delete-submitted-document"
	readOnly14 = "Site is running in read only mode, this action can not be performed right now. Please try again later."
	readOnly15 = "Site is running in read only mode for maintenance or site update, this action can not be performed right now. Please try again later."
)

// V14 is Frappe 14.93.2.
func V14() *Profile {
	return &Profile{
		Name: "v14", Version: "14.93.2", Rules: query.RulesV14(), CountRules: query.RulesCount15(), Body: document.Python, Inner: document.PythonSpaced,
		ExcTypeFirst: true, SanitizeSorts: true, CreateNulls: true, DeleteKey: "message", DisabledKeysWork: true,
		HashName: "v14", NewnameAlways: true, DocstatusAsSent: true, FetchSkipsMissing: true, TimeDefaultsToNow: true, IndentJSON: true, TableMandatoryColon: true,
		DeleteDeniedThrows: true, DeleteHelp: deleteHelp, SortDefault: "modified", IndexModified: true,
		Desk: "/app", SessionExpiry: "60:00", FailedLoginExcType: "DoesNotExistError", TagsLeadingComma: true, DebugInExc: true,
		RESTNullData: true, DocMethodNotPermitted: true, DebugNeedsLogging: true, RunServerObj: true, RateUsed: true,
		OAuthNeedsRedirectURI: true, OAuthDefaultRole: "All",
		NoOutgoingEmail: "Please setup default Email Account from Setup > Email > Email Account", WebsiteHome: "/", StaleExcType: true,
		ReadOnlyText:       readOnly14,
		TableColumns:       true,
		PrintShareNeedsRow: true,
	}
}

// V15 is Frappe 15.55.1.
func V15() *Profile {
	return &Profile{
		Name: "v15", Version: "15.55.1", Rules: query.RulesV15(), CountRules: query.RulesCount15(), Body: document.Python, Inner: document.PythonSpaced,
		V2: true, Expand: true, CopyRoute: true, ExcTypeAlways: true, MessageID: true, DeleteKey: "data",
		PermlevelOnRead: true, DisabledKeysWork: true, LogoutLogsInGuest: true, ArrayBody: true, HashName: "v15",
		AmendNamingSettings: true, SanitizeTel: true, DocstatusAsSent: true, FetchSkipsMissing: true,
		AmendNeedsCancelled:   true,
		FormatCounterByPrefix: true, TimeDefaultsToNow: true, TableMandatoryColon: true,
		PermissionSentence: true, DeleteDeniedThrows: true, DeleteHelp: deleteHelp, SortDefault: "modified", IndexModified: true,
		Desk: "/app", SessionExpiry: "170:00", TypeChecks: true, TagsLeadingComma: true,
		CSRFPatch: true, WorkspaceIsHome: true,
		NewDocOnCreate: true, DocMethodNotPermitted: true, MetaRowTables: true, ExcSource: true, RunServerObj: true,
		RateUsed: true, OAuthNeedsRedirectURI: true, OpenIDRedirect: true, OAuthDefaultRole: "Desk User", JWTHeaderSorted: true,
		NoOutgoingEmail: "Please setup default Email Account from Settings > Email Account", WebsiteHome: "me", EmailLinkBySetting: true,
		Impersonation:         true,
		CommentMethod:         true,
		ReadOnlyText:          readOnly15,
		TableColumns:          true,
		CustomizeResetsLayout: true,
	}
}

// V16 is Frappe 16.4.1, the release the recordings come from; where that has a fault that
// a later 16.x repaired, the repaired behaviour (docs/beyond.md lists what is newer).
func V16() *Profile {
	return &Profile{
		Name: "v16", Version: "16.4.1", Rules: query.RulesV16(), RawRules: query.RulesRaw16(), CountRules: query.RulesRaw16(), Body: document.ORJSON, Inner: document.ORJSON,
		V2: true, Expand: true, ExcTypeAlways: true, MessageID: true, MessageForm: true, TracebackForSystemUsers: true, HideMissing: true,
		V2Nulls: true, V2DocsInMethods: true, NewSingleUnsaved: true, DeleteKey: "data", PermlevelOnRead: true, KeysWithAPIKey: true,
		LogoutLogsInGuest: true, ArrayBody: true, HashName: "v16", AmendNeedsCancelled: true, AmendNamingSettings: true, UUIDNames: true, SanitizeTel: true, NoStore: true, UserLangCookie: true,
		SkipEqualCookies: true, HTTPErrorCookies: true, TimestampNamesDocument: true, PermissionSentence: true,
		DeskLinksAbsolute: true, DeleteHelp: "https://docs.frappe.io/erpnext/user/manual/en/delete-submitted-document", SortDefault: "creation", IndexCreation: true,
		Desk: "/desk", DeskMoved: true, SessionExpiry: "170:00", TypeChecks: true, TypeErrorNamesMethod: true,
		GuestSummaryLogin: true, WWWAuthenticate: true, HasDiscard: true,
		NameSetOnV2Create: true, CSRFPatch: true, CSRFReferrers: true,
		RemovesSIDParameter: true, RefusalNamesIP: true, NewDocOnCreate: true, DocMethodChecksRightFirst: true,
		CopyRoute: true, EngineList: true, StripOnV2Update: true, LinkText: true, ExcSource: true,
		RateWholeSeconds: true, TreeCreateByParent: true, OAuthMetadata: true, OAuthDefaultRole: "Desk User", JWTHeaderSorted: true,
		NoOutgoingEmail: "Please setup default outgoing Email Account from Tools > Email Account", WebsiteHome: "me",
		EmailLinkBySetting: true, EmailLinkPost: true, Impersonation: true, SafeFileNames: true,
		PDFDisposition: "inline", BinaryDisposition: "attachment",
		LogoutPostOnly: true, UploadPostOnly: true, InvalidBodyIsDataError: true, PreflightAuth: true,
		RestrictIPAlways: true, DisabledTokensFail: true,
		EmailByParser: true, RefusalNoted: true, IBAN: true, ExpandLinks: true, Masks: true, ImpersonateRight: true, ChildByItself: true, ShortestVarchar: 64,
		ClearSession:          true,
		CountChecksPermission: true, CountsGroups: true,
		CommentMethod:         true,
		ReadOnlyText:          readOnly15,
		CustomizeResetsLayout: true,
	}
}

// Lookup returns the profile of a release name (v14, v15, v16).
func Lookup(name string) (*Profile, bool) {
	switch name {
	case "v14", "14":
		return V14(), true
	case "v15", "15", "":
		return V15(), true
	case "v16", "16":
		return V16(), true
	}
	return nil, false
}
