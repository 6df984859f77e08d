package e2e

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"freddo"
	"freddo/document"
	"freddo/exc"
)

// TestFailuresLeaveDocTypeAndTableTogether lets requests fail after the table has been
// made, changed or renamed. MariaDB has committed that by then, and it must be undone.
func TestFailuresLeaveDocTypeAndTableTogether(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		var fail atomic.Bool
		for _, e := range []freddo.Event{freddo.OnChange, freddo.AfterRename} {
			s.app.On("DocType", e, func(context.Context, *freddo.Call, *document.Document) error {
				if fail.Load() {
					return exc.Validation.Throw("enough")
				}
				return nil
			})
		}
		title := field("title", "Data", "")
		failing := func(method, target, body string) {
			s.Helper()
			fail.Store(true)
			code, answer := s.do(method, target, body)
			fail.Store(false)
			s.refused(code, answer, "ValidationError", "enough")
		}
		failing(http.MethodPost, "/api/resource/DocType", `{"name":"Frail","module":"Core","custom":1,"autoname":"prompt","permissions":[{"role":"System Manager"}],"fields":[`+title+`]}`)
		if code, _ := s.do(http.MethodGet, resource("DocType", "Frail"), ""); code != http.StatusNotFound {
			s.Errorf("the DocType that failed: %d", code)
		}
		if err := s.tableMissing("tabFrail"); err != nil {
			s.Error(err)
		}
		s.define("Frail", "", title, field("n", "Data", ""))
		s.add("Frail", "a", `"title":"A","n":"7"`)

		failing(http.MethodPut, resource("DocType", "Frail"), `{"fields":[`+title+`,`+field("n", "Int", "")+`,`+field("more", "Data", `"unique":1`)+`]}`)
		s.wantValue("Frail", "a", "n", "7")
		s.must(http.MethodPut, resource("Frail", "a"), `{"n":"seven"}`) // the column is text still
		s.wantValue("Frail", "a", "n", "seven")

		failing(http.MethodPost, "/api/method/frappe.client.rename_doc", `{"doctype":"DocType","old_name":"Frail","new_name":"Sturdy"}`)
		s.wantValue("Frail", "a", "title", "A")
		s.rename("DocType", "Frail", "Sturdy")
		s.wantValue("Sturdy", "a", "title", "A")
		failing(http.MethodDelete, resource("DocType", "Sturdy"), "")
		s.wantValue("Sturdy", "a", "n", "seven")
	})
}

// tableMissing asks with the database's eyes: a DocType of that name can be made anew and
// finds no rows of an older table.
func (s *site) tableMissing(table string) error {
	return s.app.Do(context.Background(), "Administrator", func(ctx context.Context, c *freddo.Call) error {
		_, err := c.Rows(ctx, table[len("tab"):], []string{"name"}, nil, "")
		if err == nil {
			return exc.Validation.Errorf("%s is there", table)
		}
		return nil
	})
}
