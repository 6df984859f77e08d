package doctypes

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// checkProperties checks the DocType's properties that name fields.
// Source: doctype.py validate_fields, its last part.
func checkProperties(s *Subject) error {
	for _, check := range []func(*Subject) error{
		checkFold, checkSearchFields, checkTitleField, checkTimelineField, checkPublishedField, checkWebsiteSearchField,
		checkSortField, checkImageField,
	} {
		if err := check(s); err != nil {
			return err
		}
	}
	return nil
}

func checkFold(s *Subject) error {
	seen := false
	for i, f := range s.Fields {
		if f.PropText("fieldtype") != "Fold" {
			continue
		}
		switch {
		case seen:
			return exc.Validation.Throw("There can be only one Fold in a form")
		case i == len(s.Fields)-1:
			return exc.Validation.Throw("Fold can not be at the end of the form")
		case s.Fields[i+1].PropText("fieldtype") != "Section Break":
			return exc.Validation.Throw("Fold must come before a Section Break")
		}
		seen = true
	}
	return nil
}

func checkSearchFields(s *Subject) error {
	list := s.Props.PropText("search_fields")
	if list == "" {
		return nil
	}
	for _, name := range strings.Split(list, ",") {
		name = strings.TrimSpace(name)
		if f := s.field(name); f == nil || noValue[f.PropText("fieldtype")] {
			return exc.Validation.Throwf("Search field %s is not valid", name)
		}
	}
	return nil
}

var pattern = regexp.MustCompile(`\{(.*?)\}`)

func checkTitleField(s *Subject) error {
	name := s.Props.PropText("title_field")
	if name == "" {
		return nil
	}
	f := s.field(name)
	if f == nil {
		return exc.InvalidFieldName.Throw("Title field must be a valid fieldname")
	}
	for _, key := range []string{"options", "default"} {
		for _, m := range pattern.FindAllStringSubmatch(f.PropText(key), -1) {
			if !strings.HasPrefix(m[1], "{") && s.field(m[1]) == nil {
				return exc.InvalidFieldName.Throwf("{%s} is not a valid fieldname pattern. It should be {field_name}.", m[1])
			}
		}
	}
	return nil
}

func checkTimelineField(s *Subject) error {
	name := s.Props.PropText("timeline_field")
	if name == "" {
		return nil
	}
	f := s.field(name)
	if f == nil {
		return exc.InvalidFieldName.Throw("Timeline field must be a valid fieldname")
	}
	if kind := f.PropText("fieldtype"); kind != "Link" && kind != "Dynamic Link" {
		return exc.InvalidFieldName.Throw("Timeline field must be a Link or Dynamic Link")
	}
	return nil
}

func checkPublishedField(s *Subject) error {
	if name := s.Props.PropText("is_published_field"); name != "" && s.field(name) == nil {
		return exc.InvalidFieldName.Throw("Is Published Field must be a valid fieldname")
	}
	return nil
}

func checkWebsiteSearchField(s *Subject) error {
	if name := s.Props.PropText("website_search_field"); name != "" && s.field(name) == nil {
		return exc.InvalidFieldName.Throw("Website Search Field must be a valid fieldname")
	}
	return nil
}

func checkSortField(s *Subject) error {
	text := s.Props.PropText("sort_field")
	if text == "" {
		return nil
	}
	names := []string{text}
	if strings.Contains(text, ",") {
		names = nil
		for _, part := range strings.Split(text, ",") {
			if words := strings.Fields(part); len(words) > 0 {
				names = append(names, words[0])
			}
		}
	}
	for _, name := range names {
		if s.field(name) == nil && doctype.StandardLabel(name) == "" {
			return exc.InvalidFieldName.Throwf("Sort field %s must be a valid fieldname", name)
		}
	}
	return nil
}

func checkImageField(s *Subject) error {
	name := s.Props.PropText("image_field")
	if name == "" {
		return nil
	}
	f := s.field(name)
	if f == nil {
		return exc.InvalidFieldName.Throw("Image field must be a valid fieldname")
	}
	if f.PropText("fieldtype") != "Attach Image" {
		return exc.InvalidFieldName.Throw("Image field must be of type Attach Image")
	}
	return nil
}

func checkWebsite(_ context.Context, _ *engine.Call, d *document.Document) error {
	if on(d, "has_web_view") && fieldNamed(d, "route") == nil {
		return exc.Validation.Throw(`Field "route" is mandatory for Web Views`).WithTitle("Missing Field")
	}
	return nil
}

// raiseAttachmentLimit keeps max_attachments above the number of Attach fields.
func raiseAttachmentLimit(_ context.Context, c *engine.Call, d *document.Document) error {
	limit := d.Int("max_attachments")
	if limit == 0 {
		return nil
	}
	n := int64(0)
	for _, f := range d.Rows("fields") {
		if kind := f.Text("fieldtype"); kind == "Attach" || kind == "Attach Image" {
			n++
		}
	}
	if n > limit {
		set(d, "max_attachments", n)
		c.Msgprint(exc.Message{Text: fmt.Sprintf("Number of attachment fields are more than %s, limit updated to %d.", engine.Bold("Max Attachments"), n),
			Title: "Insufficient attachment limit", Alert: true})
	}
	return nil
}

// checkLinks checks the rows of Document Links.
// Source: doctype.py validate_links_table_fieldnames.
func checkLinks(ctx context.Context, c *engine.Call, d *document.Document) error {
	for i, row := range d.Rows("links") {
		n := i + 1
		if err := probeLink(ctx, c, row, n); err != nil {
			return err
		}
		if !on(row, "is_child_table") {
			continue
		}
		parent, table := row.Text("parent_doctype"), row.Text("table_fieldname")
		if parent == "" {
			return exc.Validation.Throwf("Document Links Row #%d: Parent DocType is mandatory for internal links", n).WithTitle("Parent Missing")
		}
		if table == "" {
			return exc.Validation.Throwf("Document Links Row #%d: Table Fieldname is mandatory for internal links", n).WithTitle("Table Fieldname Missing")
		}
		exists := fieldNamed(d, table) != nil
		if parent != d.Name() {
			dt, err := c.DocType(ctx, parent)
			if err != nil {
				return err
			}
			exists = dt.Field(table) != nil
		}
		if !exists {
			return exc.Validation.Throwf("Document Links Row #%d: Could not find field %s in %s DocType", n, engine.Bold(table), engine.Bold(d.Name())).WithTitle("Invalid Table Fieldname")
		}
	}
	return nil
}

// probeLink refuses a row whose DocType or field cannot be queried.
func probeLink(ctx context.Context, c *engine.Call, row *document.Document, n int) error {
	cause := ""
	dt, err := c.DocType(ctx, row.Text("link_doctype"))
	field := row.Text("link_fieldname")
	switch {
	case exc.Is(err, exc.DoesNotExist):
		cause = exc.Of(err).Text
	case err != nil:
		return err
	default:
		col := dt.Column(field)
		if col != nil && col.Stored || dt.Field(field) != nil && dt.Field(field).Table >= 0 {
			return nil
		}
		cause = fmt.Sprintf(`(1054, "Unknown column 'tab%s.%s' in 'WHERE'")`, dt.Name, field)
	}
	return exc.InvalidFieldName.Throwf("Document Links Row #%d: Invalid doctype or fieldname.<br>%s", n, cause)
}

var subjectTypes = map[string]bool{"Data": true, "Text": true, "Long Text": true, "Small Text": true, "Text Editor": true}

// CheckEmail checks the fields that take an incoming mail.
// Source: doctype.py check_email_append_to.
func CheckEmail(_ context.Context, _ *engine.Call, d *document.Document) error {
	if !on(d, "email_append_to") {
		return nil
	}
	subject := fieldNamed(d, d.Text("subject_field"))
	if d.Text("subject_field") != "" && subject == nil {
		return exc.Validation.Throw("Select a valid Subject field for creating documents from Email")
	}
	if subject != nil && !subjectTypes[subject.Text("fieldtype")] {
		return exc.Validation.Throw("Subject Field type should be Data, Text, Long Text, Small Text, Text Editor")
	}
	sender := fieldNamed(d, d.Text("sender_field"))
	if sender == nil {
		return exc.Validation.Throw("Select a valid Sender Field for creating documents from Email")
	}
	if sender.Text("options") != "Email" {
		return exc.Validation.Throw("Sender Field should have Email in options")
	}
	return nil
}

// documentMethods are attributes of upstream's documents that a field of a stored
// DocType must not shadow. Source: doctype.py DocType.validate_field_name_conflicts.
var documentMethods = map[string]bool{"save": true, "insert": true, "delete": true, "submit": true, "cancel": true, "discard": true,
	"get": true, "set": true, "update": true, "append": true, "extend": true, "remove": true, "reload": true, "rename": true,
	"lock": true, "unlock": true, "copy": true, "hook": true, "db_set": true, "db_get": true, "db_insert": true, "db_update": true,
	"as_dict": true, "as_json": true, "is_new": true, "get_url": true, "run_method": true, "add_comment": true, "add_seen": true,
	"add_viewed": true, "add_tag": true, "get_tags": true, "get_title": true, "notify_update": true, "set_onload": true,
	"get_onload": true, "queue_action": true, "check_permission": true, "has_permission": true, "load_from_db": true,
	"get_signature": true, "has_value_changed": true, "precision": true, "get_password": true, "get_formatted": true}

func checkConflicts(_ context.Context, _ *engine.Call, d *document.Document) error {
	if d.New || d.Before == nil {
		return nil
	}
	for _, f := range d.Rows("fields") {
		if name := f.Text("fieldname"); documentMethods[name] {
			return exc.Validation.Throwf("Fieldname '%s' conflicting with a controller method of the name %s in %s", f.Text("label"), name, d.Name())
		}
	}
	return nil
}
