package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// customize runs a method of Customize Form and returns the answered form.
func (s *site) customize(method string, form map[string]any) (answer map[string]any, code int, text string) {
	s.Helper()
	docs, err := json.Marshal(form)
	if err != nil {
		s.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"docs": string(docs), "method": method})
	if err != nil {
		s.Fatal(err)
	}
	code, text = s.do(http.MethodPost, "/api/method/run_doc_method", string(body))
	var out struct{ Docs []map[string]any }
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		s.Fatal(err)
	}
	if len(out.Docs) > 0 {
		answer = out.Docs[0]
	}
	return answer, code, text
}

func (s *site) customized(method string, form map[string]any) map[string]any {
	s.Helper()
	answer, code, text := s.customize(method, form)
	if code != http.StatusOK || answer == nil {
		s.Fatalf("%s: %d %s", method, code, text)
	}
	return answer
}

func formOf(doctype string) map[string]any {
	return map[string]any{"doctype": "Customize Form", "name": "Customize Form", "doc_type": doctype}
}

func formFields(form map[string]any) (names []string, by map[string]map[string]any) {
	by = map[string]map[string]any{}
	rows, _ := form["fields"].([]any)
	for _, r := range rows {
		m, _ := r.(map[string]any)
		n, _ := m["fieldname"].(string)
		names, by[n] = append(names, n), m
	}
	return names, by
}

// TestCustomizeForm changes a standard DocType that has documents.
func TestCustomizeForm(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.must(http.MethodPost, resource("ToDo"), `{"description":"one"}`)
		name := names(s.list("ToDo"))
		form := s.customized("fetch_to_customize", formOf("ToDo"))
		before, by := formFields(form)
		if len(before) < 10 || form["track_changes"] == nil {
			s.Fatalf("the form holds %v", before)
		}
		by["description"]["label"] = "What to do"
		by["date"]["reqd"] = 1
		rows := slices.Insert(form["fields"].([]any), 1, any(map[string]any{"doctype": "Customize Form Field", "fieldname": "weight", "label": "Weight", "fieldtype": "Int", "is_custom_field": 1, "default": "4"}))
		form["fields"], form["title_field"] = rows, "color"
		form = s.customized("save_customization", form)
		after, by := formFields(form)
		if after[1] != "weight" || by["description"]["label"] != "What to do" || form["title_field"] != "color" {
			s.Errorf("saved: %v, %v, %v", after, by["description"]["label"], form["title_field"])
		}
		s.wantValue("ToDo", name, "weight", "4")
		code, body := s.do(http.MethodPost, resource("ToDo"), `{"description":"x","date":""}`)
		if code != http.StatusOK { // date has a default, which an empty value does not take
			s.refused(code, body, "MandatoryError", "date")
		}

		for _, c := range []struct {
			what, want string
			change     func(form map[string]any, by map[string]map[string]any)
		}{
			{"a type of another group", "Fieldtype cannot be changed from Text Editor to Int in row", func(_ map[string]any, by map[string]map[string]any) { by["description"]["fieldtype"] = "Int" }},
			{"a mandatory standard field", "Not allowed to disable Mandatory for standard fields", func(_ map[string]any, by map[string]map[string]any) { by["description"]["reqd"] = 0 }},
			{"options of a Link", "You can't set 'Options' for field", func(_ map[string]any, by map[string]map[string]any) { by["role"]["options"] = "User" }},
			{"allow on submit", "Not allowed to enable Allow on Submit for standard fields", func(_ map[string]any, by map[string]map[string]any) { by["color"]["allow_on_submit"] = 1 }},
			{"autoincrement", "Cannot change to/from autoincrement autoname in Customize Form", func(f map[string]any, _ map[string]map[string]any) { f["autoname"] = "autoincrement" }},
			{"a title field that is none", "Title field must be a valid fieldname", func(f map[string]any, _ map[string]map[string]any) { f["title_field"] = "nothing" }},
		} {
			form := s.customized("fetch_to_customize", formOf("ToDo"))
			_, by := formFields(form)
			c.change(form, by)
			if _, _, text := s.customize("save_customization", form); !strings.Contains(text, c.want) {
				s.Errorf("%s: %s", c.what, text)
			}
		}
		for dt, want := range map[string]string{"User": "Core DocTypes cannot be customized.", "System Settings": "Single DocTypes cannot be customized."} {
			if _, code, text := s.customize("fetch_to_customize", formOf(dt)); code != http.StatusExpectationFailed || !strings.Contains(text, want) {
				s.Errorf("%s: %d %s", dt, code, text)
			}
		}

		form = s.customized("fetch_to_customize", formOf("ToDo"))
		_, by = formFields(form)
		links := append([]any{}, map[string]any{"doctype": "DocType Link", "link_doctype": "Note", "link_fieldname": "title", "group": "More", "custom": 1})
		form["links"], by["weight"]["fieldtype"], by["weight"]["label"] = links, "Int", "Heft"
		s.customized("save_customization", form)
		form = s.customized("fetch_to_customize", formOf("ToDo"))
		if l, _ := form["links"].([]any); len(l) != 1 {
			s.Errorf("links: %v", form["links"])
		}
		if _, by = formFields(form); by["weight"]["label"] != "Heft" {
			s.Errorf("label of the custom field: %v", by["weight"]["label"])
		}

		layout, _ := formFields(s.customized("reset_layout", formOf("ToDo")))
		if layout[1] != "weight" { // its insert_after still says so
			s.Errorf("after reset_layout: %v", layout)
		}
		form = s.customized("reset_to_defaults", formOf("ToDo"))
		reset, by := formFields(form)
		if !slices.Equal(reset, before) || by["description"]["label"] != "Description" || form["title_field"] == "color" {
			s.Errorf("after reset_to_defaults: %v", reset)
		}
		orphans := s.must(http.MethodGet, "/api/method/frappe.custom.doctype.customize_form.customize_form.get_orphaned_columns?doctype=ToDo", "").Get("message").List()
		if len(orphans) != 1 || orphans[0].Str() != "weight" {
			s.Errorf("orphaned columns: %v", orphans)
		}
		s.customized("trim_table", formOf("ToDo"))
		s.must(http.MethodPut, resource("ToDo", name), `{"description":"two"}`)
	})
}
