package doctypes

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/builtin/quirk"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// Props is a property bag that can be changed: a row of a DocType that is being saved
// or of merged metadata.
type Props interface {
	PropText(key string) string
	PropInt(key string) int
	Set(key string, v document.Value)
}

// Subject is what field checks look at: a DocType being saved, or the merged metadata
// of one that gets a Custom Field.
type Subject struct {
	Name   string
	Props  Props
	Fields []Props
	// IsNew says of a row that it is not stored yet.
	IsNew func(p Props) bool
}

func (s *Subject) on(key string) bool { return s.Props.PropInt(key) != 0 }

// field returns the first field of that name, or nil.
func (s *Subject) field(name string) Props {
	for _, f := range s.Fields {
		if f.PropText("fieldname") == name {
			return f
		}
	}
	return nil
}

// named prints a property for a message; Python prints None for an empty one.
func named(f Props, key string) string {
	if v := f.PropText(key); v != "" {
		return v
	}
	return "None"
}

func checkOwnFields(ctx context.Context, c *engine.Call, d *document.Document) error {
	s := &Subject{Name: d.Name(), Props: d, IsNew: func(p Props) bool {
		row, ok := p.(*document.Document)
		return ok && row.New
	}}
	for _, f := range d.Rows("fields") {
		s.Fields = append(s.Fields, f)
	}
	return CheckFields(ctx, c, s)
}

// CheckMerged runs the field checks over a DocType as it is with its Custom Fields.
// Source: doctype.py validate_fields_for_doctype.
func CheckMerged(ctx context.Context, c *engine.Call, name string) error {
	o, err := c.Meta.Object(ctx, c.Tx, name)
	if err != nil {
		return err
	}
	s := &Subject{Name: name, Props: o, IsNew: func(Props) bool { return false }}
	for _, v := range o.Get("fields").List() {
		if m := v.Map(); m != nil {
			s.Fields = append(s.Fields, m)
		}
	}
	return CheckFields(ctx, c, s)
}

// fieldCheck is one check of one field.
type fieldCheck func(ctx context.Context, c *engine.Call, s *Subject, f Props) error

// CheckFields checks every field, then the properties that name fields.
// Source: doctype.py validate_fields.
func CheckFields(ctx context.Context, c *engine.Call, s *Subject) error {
	for _, f := range s.Fields {
		if !isTable(f.PropText("fieldtype")) {
			f.Set("allow_bulk_edit", document.IntOf(0))
		}
		for _, check := range []fieldCheck{
			checkCharacters, checkReserved, checkDuplicate, checkLength, checkHiddenMandatory, checkUnique, checkMultiSelect,
			scrubSelect, checkFetchFrom, checkDataOptions, checkLinkOptions, checkDynamicLink, checkInLists, checkDefault,
			checkMandatoryBreak, checkChildTable, checkDependsOn, checkRating, checkMaxHeight,
		} {
			if err := check(ctx, c, s, f); err != nil {
				return err
			}
		}
	}
	return checkProperties(s)
}

var special = regexp.MustCompile(`[^\p{L}\p{N}_]`)

// checkCharacters: letters, digits and underscores of any script.
// Source: frappe/database/schema.py validate_column_name.
func checkCharacters(_ context.Context, _ *engine.Call, _ *Subject, f Props) error {
	name := f.PropText("fieldname")
	bad := special.FindAllString(name, -1)
	if len(bad) == 0 {
		return nil
	}
	for i, ch := range bad {
		bad[i] = `"` + ch + `"`
	}
	return exc.InvalidColumnName.Throwf("Fieldname %s cannot have special characters like %s", engine.Bold(name), strings.Join(bad, ", "))
}

// reserved are attributes of documents. Source: base_document.py _reserved_keywords.
var reserved = map[string]bool{"doctype": true, "meta": true, "flags": true, "parent_doc": true, "_table_fields": true,
	"_valid_columns": true, "_doc_before_save": true, "_table_fieldnames": true, "_reserved_keywords": true,
	"permitted_fieldnames": true, "dont_update_if_missing": true, "_parent_doc": true}

func checkReserved(_ context.Context, c *engine.Call, s *Subject, f Props) error {
	name := f.PropText("fieldname")
	if q := quirk.Of(c.Profile); name == "autoname" && q.AutonameReserved && s.Name != "DocType" {
		return exc.Validation.Throwf("%s: fieldname cannot be set to reserved field %s in DocType", engine.Bold(s.Name), engine.Bold(name)).WithTitle("Invalid Fieldname")
	} else if reserved[name] && !(name == "meta" && q.AutonameReserved) {
		return exc.Validation.Throwf("%s: fieldname cannot be set to reserved keyword %s", engine.Bold(s.Name), engine.Bold(name)).WithTitle("Invalid Fieldname")
	}
	return nil
}

func checkDuplicate(_ context.Context, _ *engine.Call, s *Subject, f Props) error {
	name := f.PropText("fieldname")
	var rows []string
	for _, g := range s.Fields {
		if g.PropText("fieldname") == name {
			rows = append(rows, fmt.Sprint(g.PropInt("idx")))
		}
	}
	if len(rows) > 1 {
		return exc.UniqueFieldname.Throwf("%s: Fieldname %s appears multiple times in rows %s", s.Name, name, strings.Join(rows, ", "))
	}
	return nil
}

func checkLength(_ context.Context, _ *engine.Call, _ *Subject, f Props) error {
	const max = 64
	if name := f.PropText("fieldname"); len([]rune(name)) > max {
		return exc.Validation.Throwf("Fieldname is limited to %d characters (%s)", max, name)
	}
	return nil
}

func checkHiddenMandatory(_ context.Context, _ *engine.Call, s *Subject, f Props) error {
	if f.PropInt("hidden") != 0 && f.PropInt("reqd") != 0 && f.PropText("default") == "" {
		return exc.HiddenAndMandatoryWithoutDefault.Throwf("%s: Field %s in row %d cannot be hidden and mandatory without default", s.Name, named(f, "label"), f.PropInt("idx"))
	}
	return nil
}

var (
	canBeUnique   = map[string]bool{"Data": true, "Link": true, "Read Only": true, "Int": true}
	cannotIndexed = map[string]bool{"Text": true, "Long Text": true, "Small Text": true, "Code": true, "Text Editor": true}
)

// checkUnique: which fields can be unique or indexed, and whether the data allows it.
// Source: doctype.py check_unique_and_text.
func checkUnique(ctx context.Context, c *engine.Call, s *Subject, f Props) error {
	if s.on("issingle") {
		f.Set("unique", document.IntOf(0))
		f.Set("search_index", document.IntOf(0))
		return nil
	}
	kind := f.PropText("fieldtype")
	if f.PropInt("unique") != 0 {
		if !canBeUnique[kind] {
			return exc.NonUnique.Throwf("%s: Fieldtype %s for %s cannot be unique", s.Name, kind, named(f, "label"))
		}
		if !s.IsNew(f) {
			twice, err := hasDuplicates(ctx, c, s.Name, f.PropText("fieldname"))
			if err != nil {
				return err
			}
			if twice {
				return exc.NonUnique.Throwf("%s: Field '%s' cannot be set as Unique as it has non-unique values", s.Name, named(f, "label"))
			}
		}
	}
	if f.PropInt("search_index") != 0 && cannotIndexed[kind] {
		return exc.CannotIndexed.Throwf("%s:Fieldtype %s for %s cannot be indexed", s.Name, kind, named(f, "label"))
	}
	return nil
}

// hasDuplicates looks for a value that stands twice in a column that is there.
func hasDuplicates(ctx context.Context, c *engine.Call, dt, field string) (bool, error) {
	stored, err := c.DocType(ctx, dt)
	if exc.Is(err, exc.DoesNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	col := stored.Column(field)
	if col == nil || !col.Stored || stored.IsSingle || stored.IsVirtual {
		return false, nil
	}
	there, err := c.Tx.TableExists(ctx, "tab"+dt)
	if err != nil || !there {
		return false, err
	}
	b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident(field).SQL(" FROM ").Table(dt)
	if col.Type.IsText() {
		b.SQL(" WHERE ").Ident(field).SQL(" <> ").Str("")
	} else {
		b.SQL(" WHERE ").Ident(field).SQL(" IS NOT NULL")
	}
	b.SQL(" GROUP BY ").Ident(field).SQL(" HAVING COUNT(*) > 1")
	c.Tx.Dialect().Offset(b, 1, 0)
	var v document.Value
	found, err := c.Tx.PeekRow(ctx, b, &v)
	return found && v.Truthy(), err
}

func checkMultiSelect(ctx context.Context, c *engine.Call, _ *Subject, f Props) error {
	target := f.PropText("options")
	if f.PropText("fieldtype") != "Table MultiSelect" || target == "" {
		return nil
	}
	dt, err := c.DocType(ctx, target)
	if err != nil {
		return err
	}
	for _, g := range dt.Fields {
		if g.Fieldtype == "Link" {
			return nil
		}
	}
	// Frappe: this message alone is bold in plain HTML.
	return exc.Validation.Throwf("DocType <b>%s</b> provided for the field <b>%s</b> must have atleast one Link field", target, f.PropText("fieldname"))
}

// scrubSelect trims the lines of a Select and drops blank ones but the first.
func scrubSelect(_ context.Context, _ *engine.Call, _ *Subject, f Props) error {
	options := f.PropText("options")
	if f.PropText("fieldtype") != "Select" || options == "" {
		return nil
	}
	var lines []string
	for i, line := range strings.Split(options, "\n") {
		if line = strings.TrimSpace(line); i == 0 || line != "" {
			lines = append(lines, line)
		}
	}
	f.Set("options", document.Text(strings.Join(lines, "\n")))
	return nil
}

func checkFetchFrom(_ context.Context, _ *engine.Call, _ *Subject, f Props) error {
	from := f.PropText("fetch_from")
	if from == "" {
		return nil
	}
	from = strings.TrimSpace(from)
	f.Set("fetch_from", document.Text(from))
	if source, _, dotted := strings.Cut(from, "."); dotted && source == f.PropText("fieldname") {
		return exc.Validation.Throwf("%s contains an invalid Fetch From expression, Fetch From can't be self-referential.", named(f, "label")).WithTitle("Recursive Fetch From")
	}
	return nil
}

var dataOptions = []string{"Email", "Name", "Phone", "URL", "Barcode", "IBAN"}

// checkDataOptions only has a word about options that mean nothing.
func checkDataOptions(_ context.Context, c *engine.Call, _ *Subject, f Props) error {
	options, old := f.PropText("options"), f.PropText("oldfieldtype")
	if f.PropInt("is_virtual") != 0 || f.PropText("fieldtype") != "Data" || options == "" || old != "" && old != "Data" {
		return nil
	}
	known := dataOptions
	if !c.Profile.IBAN {
		known = known[:len(known)-1]
	}
	for _, o := range known {
		if options == o {
			return nil
		}
	}
	text := engine.Bold(named(f, "label")) + " is an invalid Data field.<br><br>Only Options allowed for Data field are:<br><ul><li>" +
		strings.Join(known, "</li><li>") + "</ul>" // Frappe: the last item is not closed.
	c.Msgprint(exc.Message{Text: text, Title: "Invalid Data Field", Alert: true})
	return nil
}

// checkLinkOptions: a link or table must name a DocType as it is spelled.
// Source: doctype.py check_link_table_options.
func checkLinkOptions(ctx context.Context, c *engine.Call, s *Subject, f Props) error {
	kind, target := f.PropText("fieldtype"), f.PropText("options")
	if kind != "Link" && !isTable(kind) {
		return nil
	}
	if target == "" {
		return exc.DoctypeLink.Throwf("%s: Options required for Link or Table type field %s in row %d", s.Name, named(f, "label"), f.PropInt("idx"))
	}
	if target == "[Select]" || target == s.Name {
		return nil
	}
	stored, ok, err := c.Exists(ctx, "DocType", target)
	if err != nil {
		return err
	}
	if !ok {
		return exc.WrongOptionsDoctypeLink.Throwf("%s: Options must be a valid DocType for field %s in row %d", s.Name, named(f, "label"), f.PropInt("idx"))
	}
	if stored != target {
		return exc.DoctypeLink.Throwf("%s: Options %s must be the same as doctype name %s for the field %s", s.Name, target, stored, named(f, "label"))
	}
	return nil
}

func checkDynamicLink(_ context.Context, _ *engine.Call, s *Subject, f Props) error {
	if f.PropText("fieldtype") != "Dynamic Link" {
		return nil
	}
	if p := s.field(f.PropText("options")); p != nil {
		kind := p.PropText("fieldtype")
		if kind == "Select" || kind == "Link" && p.PropText("options") == "DocType" {
			return nil
		}
	}
	return exc.Validation.Throw("Options 'Dynamic Link' type of field must point to another Link Field with options as 'DocType'")
}

func checkInLists(_ context.Context, _ *engine.Call, s *Subject, f Props) error {
	kind := f.PropText("fieldtype")
	if f.PropInt("in_list_view") != 0 && hiddenFromLists(kind, s.on("istable")) {
		where := "In List View"
		if s.on("istable") {
			where = "In Grid View"
		}
		return exc.Validation.Throwf("'%s' not allowed for type %s in row %d", where, kind, f.PropInt("idx"))
	}
	if f.PropInt("in_global_search") != 0 && noValue[kind] {
		return exc.Validation.Throwf("'In Global Search' not allowed for type %s in row %d", kind, f.PropInt("idx"))
	}
	return nil
}

// checkDefault: defaults of Check and Select. Source: doctype.py check_illegal_default.
func checkDefault(_ context.Context, _ *engine.Call, _ *Subject, f Props) error {
	def, name := f.PropText("default"), engine.Bold(f.PropText("fieldname"))
	switch f.PropText("fieldtype") {
	case "Check":
		if def == "" {
			f.Set("default", document.Text("0"))
		}
		if n := document.Cint(document.Text(def)); n != 0 && n != 1 {
			return exc.Validation.Throwf("Default for 'Check' type of field %s must be either '0' or '1'", name)
		}
	case "Select":
		if def == "" {
			return nil
		}
		options := f.PropText("options")
		if options == "" {
			return exc.Validation.Throwf("Options for %s must be set before setting the default value.", name)
		}
		for _, line := range strings.Split(options, "\n") {
			if line == def {
				return nil
			}
		}
		return exc.Validation.Throwf("Default value for %s must be in the list of options.", name)
	}
	return nil
}

func checkMandatoryBreak(_ context.Context, _ *engine.Call, s *Subject, f Props) error {
	kind := f.PropText("fieldtype")
	if noValue[kind] && !isTable(kind) && f.PropInt("reqd") != 0 {
		return exc.IllegalMandatory.Throwf("%s: Field %s of type %s cannot be mandatory", s.Name, named(f, "label"), kind)
	}
	return nil
}

func checkChildTable(ctx context.Context, c *engine.Call, s *Subject, f Props) error {
	target := f.PropText("options")
	if !isTable(f.PropText("fieldtype")) || target == s.Name {
		return nil
	}
	dt, err := c.DocType(ctx, target)
	if err != nil {
		return err
	}
	if !dt.IsTable {
		return exc.Validation.Throwf("Option %s for field %s is not a child table", engine.Bold(target), engine.Bold(f.PropText("fieldname"))).WithTitle("Invalid Option")
	}
	if virtual := s.on("is_virtual"); virtual != dt.IsVirtual {
		ending := "cannot be virtual."
		if virtual {
			ending = "should be virtual."
		}
		return exc.Validation.Throwf("Child Table %s for field %s %s", engine.Bold(target), engine.Bold(f.PropText("fieldname")), ending).WithTitle("Invalid Option")
	}
	return nil
}

var assignment = regexp.MustCompile(`^[\w.:]+\s*=\s*[\w.@'"]+`)

// checkDependsOn refuses conditions that look like assignments.
func checkDependsOn(_ context.Context, _ *engine.Call, _ *Subject, f Props) error {
	for _, key := range []string{"depends_on", "collapsible_depends_on", "mandatory_depends_on", "read_only_depends_on"} {
		if assignment.MatchString(f.PropText(key)) {
			return exc.Validation.Throwf("Invalid %s condition", unscrub(key))
		}
	}
	return nil
}

// unscrub turns a fieldname into words. Source: frappe/__init__.py unscrub.
func unscrub(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

func checkRating(_ context.Context, _ *engine.Call, _ *Subject, f Props) error {
	options := f.PropText("options")
	if f.PropText("fieldtype") != "Rating" || options == "" {
		return nil
	}
	if n := document.Cint(document.Text(options)); n < 3 || n > 10 {
		return exc.Validation.Throw("Options for Rating field can range from 3 to 10")
	}
	return nil
}

func checkMaxHeight(_ context.Context, _ *engine.Call, _ *Subject, f Props) error {
	h := f.PropText("max_height")
	if h == "" || strings.HasSuffix(h, "px") || strings.HasSuffix(h, "em") {
		return nil
	}
	return exc.Validation.Throwf("Max for %s height must be in px, em, rem", engine.Bold(f.PropText("fieldname")))
}

// fetches returns the fields of a DocType that fetch through a link: field, link and
// source. Source: frappe/model/meta.py get_fields_to_fetch.
func fetches(dt *doctype.DocType) [][3]string {
	var out [][3]string
	for _, f := range dt.Fields {
		if link, source, ok := strings.Cut(f.FetchFrom, "."); ok && source != "" && f.HasColumn() {
			out = append(out, [3]string{f.Fieldname, link, source})
		}
	}
	return out
}
