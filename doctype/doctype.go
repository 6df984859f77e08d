// Package doctype owns the metadata model: DocType, DocField, DocPerm and the
// fieldtype table. A DocType is compiled once (FromProps) and never changed after;
// everything else shares it without locks. It does no I/O. Start with DocType.
package doctype

import (
	"slices"
	"strings"
)

// Props is how a DocType reads its properties: a stored document and a parsed JSON
// file both have them. Flag and Number read 0 and 1 also from text and booleans.
type Props interface {
	PropText(key string) string
	PropInt(key string) int
	PropRows(key string) []Props
}

// Standard slots. A document keeps its values by slot: first these, then the
// fields that have a value, then the parent columns of a child table, then the
// optional columns.
const (
	SlotName = iota
	SlotOwner
	SlotCreation
	SlotModified
	SlotModifiedBy
	SlotDocstatus
	SlotIdx
	FirstField
)

// Column is one value slot of a DocType.
type Column struct {
	Name string
	// Field is nil for standard columns.
	Field *DocField
	Type  *Fieldtype
	// Stored is false for virtual fields: they have a slot but no SQL column.
	Stored bool
	// Optional marks _user_tags and its kind: not part of a document's JSON.
	Optional bool
	// Legacy marks a physical column without a DocField; Default is what the database
	// puts there.
	Legacy  bool
	Default string
}

// DocType is one compiled DocType. Treat it as read-only.
type DocType struct {
	Name, Module, Autoname, NamingRule   string
	TitleField, SearchFields             string
	SortField, SortOrder, NsmParentField string
	ImageField, TimelineField            string
	Custom, IsTable, IsSingle, IsVirtual bool
	IsSubmittable, IsTree                bool
	TrackChanges, TrackSeen, TrackViews  bool
	AllowRename, AllowImport, AllowCopy  bool
	ReadOnly, InCreate, ShowTitleInLink  bool
	AllowGuestToView, QueueInBackground  bool
	MaxAttachments                       int
	Modified                             string
	Fields                               []*DocField
	Permissions                          []*DocPerm
	// Columns are all value slots in order; Columns[SlotName] is name.
	Columns []Column
	// Tables are the fields of type Table and Table MultiSelect, in form order.
	Tables []*DocField
	// LinkFields are Link and Dynamic Link fields with a column, in form order.
	LinkFields []*DocField
	// AttachFields are fields of type Attach and Attach Image; EditorFields those of type
	// Text Editor.
	AttachFields, EditorFields []*DocField
	// CustomPermissions says that Permissions come from Custom DocPerm.
	CustomPermissions bool
	// ShowsOptional says that documents show the columns of tags, comments and the like as
	// they show others; otherwise some of them, and only when they hold something.
	ShowsOptional bool

	byName    map[string]*DocField
	slots     map[string]int
	parentAt  int // slot of parent, -1 unless IsTable
	optionsAt int // first optional slot
	derived   *derived
	virtual   []*DocField
}

// DocField is one field of a DocType.
type DocField struct {
	Fieldname, Label, Fieldtype, Options, Default          string
	FetchFrom, DependsOn, MandatoryDependsOn               string
	Length, Permlevel, Precision, Idx                      int
	Reqd, Unique, SearchIndex, ReadOnly, Hidden            bool
	SetOnlyOnce, AllowOnSubmit, NoCopy, FetchIfEmpty       bool
	IgnoreUserPermissions, IgnoreXSSFilter, NonNegative    bool
	IsVirtual, NotNullable, Mask, InListView, Translatable bool
	InGlobalSearch, IsCustomField                          bool
	Type                                                   *Fieldtype
	// Slot is the field's place in Document values, -1 for tables and layout.
	Slot int
	// Table is the field's place in Document tables, -1 for other fields.
	Table int
	// Choices are the lines of Options of a Select.
	Choices []string
	// Fetches are the fields that take their values through this link.
	Fetches []Fetch
}

// Fetch is a field whose fetch_from names a link of its DocType and a column of what
// that links to.
type Fetch struct {
	*DocField
	Column string
}

// HasColumn reports whether the field is stored in its own DocType's table.
func (f *DocField) HasColumn() bool { return f.Type.HasColumn() && !f.IsVirtual }

// LabelOrName is what messages call the field.
func (f *DocField) LabelOrName() string {
	if f.Label != "" {
		return f.Label
	}
	return f.Fieldname
}

// Standard columns of every table, in document order.
var standardColumns = []struct{ name, fieldtype string }{
	{"name", "Data"}, {"owner", "Data"}, {"creation", "Datetime"}, {"modified", "Datetime"},
	{"modified_by", "Data"}, {"docstatus", "Int"}, {"idx", "Int"},
}

var standardLabels = map[string]string{
	"name": "ID", "owner": "Created By", "creation": "Created On", "modified": "Last Updated On",
	"modified_by": "Last Updated By", "docstatus": "Document Status", "idx": "Index", "doctype": "DocType",
	"parent": "Parent", "parenttype": "Parent Type", "parentfield": "Parent Field",
}

// joinFetches gives links the fields that fetch through them.
func (dt *DocType) joinFetches() {
	for _, f := range dt.Fields {
		name, column, ok := strings.Cut(f.FetchFrom, ".")
		if link := dt.byName[name]; ok && link != nil && f.Slot >= 0 {
			link.Fetches = append(link.Fetches, Fetch{f, column})
		}
	}
}

// StandardLabel returns the label of a standard column, "" for any other name.
func StandardLabel(name string) string { return standardLabels[name] }

// FromProps compiles a DocType from its properties.
func FromProps(p Props) *DocType {
	dt := &DocType{
		Name: p.PropText("name"), Module: p.PropText("module"), Autoname: p.PropText("autoname"),
		NamingRule: p.PropText("naming_rule"), TitleField: p.PropText("title_field"),
		SearchFields: p.PropText("search_fields"), SortField: p.PropText("sort_field"),
		SortOrder: p.PropText("sort_order"), NsmParentField: p.PropText("nsm_parent_field"),
		ImageField: p.PropText("image_field"), TimelineField: p.PropText("timeline_field"),
		Modified: p.PropText("modified"), MaxAttachments: p.PropInt("max_attachments"),
	}
	for key, to := range map[string]*bool{
		"custom": &dt.Custom, "istable": &dt.IsTable, "issingle": &dt.IsSingle, "is_virtual": &dt.IsVirtual,
		"is_submittable": &dt.IsSubmittable, "is_tree": &dt.IsTree, "track_changes": &dt.TrackChanges,
		"track_seen": &dt.TrackSeen, "track_views": &dt.TrackViews, "allow_rename": &dt.AllowRename,
		"allow_import": &dt.AllowImport, "allow_copy": &dt.AllowCopy, "read_only": &dt.ReadOnly,
		"in_create": &dt.InCreate, "show_title_field_in_link": &dt.ShowTitleInLink,
		"allow_guest_to_view": &dt.AllowGuestToView, "queue_in_background": &dt.QueueInBackground,
	} {
		*to = p.PropInt(key) != 0
	}
	for _, row := range p.PropRows("fields") {
		dt.Fields = append(dt.Fields, fieldFromProps(row))
	}
	for _, row := range p.PropRows("permissions") {
		dt.Permissions = append(dt.Permissions, PermFromProps(row))
	}
	dt.derived = &derived{}
	dt.compile(p.PropRows("legacy_columns"))
	return dt
}

func fieldFromProps(p Props) *DocField {
	f := &DocField{
		Fieldname: p.PropText("fieldname"), Label: p.PropText("label"), Fieldtype: p.PropText("fieldtype"),
		Options: p.PropText("options"), Default: p.PropText("default"), FetchFrom: p.PropText("fetch_from"),
		DependsOn: p.PropText("depends_on"), MandatoryDependsOn: p.PropText("mandatory_depends_on"),
		Length: p.PropInt("length"), Permlevel: p.PropInt("permlevel"), Precision: p.PropInt("precision"), Idx: p.PropInt("idx"),
	}
	for key, to := range map[string]*bool{
		"reqd": &f.Reqd, "unique": &f.Unique, "search_index": &f.SearchIndex, "read_only": &f.ReadOnly,
		"hidden": &f.Hidden, "set_only_once": &f.SetOnlyOnce, "allow_on_submit": &f.AllowOnSubmit,
		"no_copy": &f.NoCopy, "fetch_if_empty": &f.FetchIfEmpty, "ignore_user_permissions": &f.IgnoreUserPermissions,
		"ignore_xss_filter": &f.IgnoreXSSFilter, "non_negative": &f.NonNegative, "is_virtual": &f.IsVirtual,
		"not_nullable": &f.NotNullable, "mask": &f.Mask, "in_list_view": &f.InListView,
		"translatable": &f.Translatable, "in_global_search": &f.InGlobalSearch, "is_custom_field": &f.IsCustomField,
	} {
		*to = p.PropInt(key) != 0
	}
	if f.Fieldtype == "" {
		f.Fieldtype = "Data"
	}
	ft, ok := LookupFieldtype(f.Fieldtype)
	if !ok {
		ft = fieldtypes["Data"]
	}
	f.Type = ft
	if f.Fieldtype == "Select" {
		f.Choices = strings.Split(f.Options, "\n")
	}
	return f
}

// parentColumns are the standard columns of a child table, side by side in this order.
var parentColumns = []string{"parent", "parentfield", "parenttype"}

// compile fills the derived parts.
func (dt *DocType) compile(legacy []Props) {
	dt.byName = make(map[string]*DocField, len(dt.Fields))
	dt.slots = make(map[string]int, len(dt.Fields)+16)
	dt.parentAt = -1
	for _, c := range standardColumns {
		dt.addColumn(Column{Name: c.name, Type: fieldtypes[c.fieldtype], Stored: true})
	}
	for _, f := range dt.Fields {
		dt.addField(f)
	}
	dt.joinFetches()
	for _, row := range legacy {
		ft, ok := LookupFieldtype(row.PropText("fieldtype"))
		if !ok {
			ft = fieldtypes["Data"]
		}
		if name := row.PropText("fieldname"); !dt.standsForParent(name) {
			dt.addColumn(Column{Name: name, Type: ft, Stored: true, Legacy: true, Default: row.PropText("default")})
		}
	}
	if dt.IsTable {
		dt.parentAt = len(dt.Columns)
		for _, name := range parentColumns {
			at := dt.addColumn(Column{Name: name, Type: fieldtypes["Data"], Stored: true})
			if f := dt.byName[name]; f != nil && f.Type.HasColumn() {
				f.Slot = at
			}
		}
	}
	dt.optionsAt = len(dt.Columns)
	if !dt.IsTable && !dt.IsSingle {
		for _, name := range []string{"_user_tags", "_comments", "_assign", "_liked_by"} {
			dt.addColumn(Column{Name: name, Type: fieldtypes["Text"], Stored: true, Optional: true})
		}
		if dt.TrackSeen {
			dt.addColumn(Column{Name: "_seen", Type: fieldtypes["Text"], Stored: true, Optional: true})
		}
	}
}

// addField gives a field its slot or table. The first of two fields of one name wins,
// and the standard columns of a child table keep their place whatever its fields are
// called.
func (dt *DocType) addField(f *DocField) {
	f.Slot, f.Table = -1, -1
	if f.Fieldname == "" {
		return
	}
	if _, dup := dt.byName[f.Fieldname]; dup {
		return
	}
	dt.byName[f.Fieldname] = f
	switch {
	case f.Type.Class == TableClass:
		f.Table = len(dt.Tables)
		dt.Tables = append(dt.Tables, f)
	case f.Type.HasColumn() && !dt.standsForParent(f.Fieldname):
		f.Slot = dt.addColumn(Column{Name: f.Fieldname, Field: f, Type: f.Type, Stored: !f.IsVirtual})
		if f.IsVirtual {
			dt.virtual = append(dt.virtual, f)
		}
		switch f.Fieldtype {
		case "Link", "Dynamic Link":
			dt.LinkFields = append(dt.LinkFields, f)
		case "Attach", "Attach Image":
			dt.AttachFields = append(dt.AttachFields, f)
		case "Text Editor":
			dt.EditorFields = append(dt.EditorFields, f)
		}
	}
}

// standsForParent reports whether a name is that of a child table's standard column.
func (dt *DocType) standsForParent(name string) bool {
	return dt.IsTable && slices.Contains(parentColumns, name)
}

func (dt *DocType) addColumn(c Column) int {
	if at, dup := dt.slots[c.Name]; dup {
		return at
	}
	dt.slots[c.Name] = len(dt.Columns)
	dt.Columns = append(dt.Columns, c)
	return len(dt.Columns) - 1
}

// Field returns the field of that name, or nil.
func (dt *DocType) Field(name string) *DocField { return dt.byName[name] }

// VirtualFields returns the fields that are computed instead of stored, in form order.
func (dt *DocType) VirtualFields() []*DocField { return dt.virtual }

// Slot returns the slot of a column; ok is false for unknown names and tables.
func (dt *DocType) Slot(name string) (slot int, ok bool) {
	slot, ok = dt.slots[name]
	return slot, ok
}

// Column returns the column of that name, or nil.
func (dt *DocType) Column(name string) *Column {
	if i, ok := dt.slots[name]; ok {
		return &dt.Columns[i]
	}
	return nil
}

// ParentSlot returns the slot of parent; parentfield and parenttype follow it. It
// is -1 unless the DocType is a child table.
func (dt *DocType) ParentSlot() int { return dt.parentAt }

// OptionalSlot returns the first slot of the optional columns (_user_tags…).
func (dt *DocType) OptionalSlot() int { return dt.optionsAt }

// Title returns the field that names documents to people: title_field, else a
// field called title, else name. Source: frappe/model/meta.py get_title_field.
func (dt *DocType) Title() string {
	if dt.TitleField != "" {
		return dt.TitleField
	}
	if dt.byName["title"] != nil {
		return "title"
	}
	return "name"
}

// Scrub turns a DocType's name into its module name: lower case, blanks and
// hyphens become underscores. Source: frappe/__init__.py scrub.
func Scrub(name string) string {
	return strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(name))
}

// Slug is the DocType's part of a desk URL. Source: frappe/desk/utils.py slug.
func Slug(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, " ", "-"))
}
