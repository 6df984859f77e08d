package freddo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"freddo"
	"freddo/document"
	"freddo/exc"
)

// as runs fn as Administrator and fails the test on an error.
func (s *shop) as(t *testing.T, fn func(ctx context.Context, c *freddo.Call) error) {
	t.Helper()
	if err := s.app.Do(context.Background(), "Administrator", fn); err != nil {
		t.Fatal(err)
	}
}

// doctype installs a DocType given by its fields.
func (s *shop) doctype(t *testing.T, name, props, fields string) {
	t.Helper()
	text := fmt.Sprintf(`{"doctype": "DocType", "name": %q, "module": "Custom", %s, "fields": [%s], "permissions": [
		{"role": "System Manager", "read": 1, "write": 1, "create": 1, "delete": 1, "submit": 1, "cancel": 1}]}`, name, props, fields)
	if err := s.app.DocTypes(fstest.MapFS{"d.json": {Data: []byte(text)}}); err != nil {
		t.Fatal(err)
	}
}

// add inserts a document and returns its name.
func (s *shop) add(t *testing.T, doctype string, values map[string]any) string {
	t.Helper()
	name := ""
	s.as(t, func(ctx context.Context, c *freddo.Call) error {
		d, err := c.New(ctx, doctype)
		if err != nil {
			return err
		}
		for k, v := range values {
			d.Set(k, document.From(v))
		}
		err = c.Insert(ctx, d)
		name = d.Name()
		return err
	})
	return name
}

func (s *shop) value(t *testing.T, doctype, name, field string) string {
	t.Helper()
	out := ""
	s.as(t, func(ctx context.Context, c *freddo.Call) error {
		v, err := c.Value(ctx, doctype, name, field)
		out = document.ToText(v)
		return err
	})
	return out
}

func TestNamesFollowTheAutonameProperty(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		release, autoname string
		doc               map[string]any
		want              string
	}{
		{"v15", "T-.branch.-.##", map[string]any{"branch": "NY"}, "T-NY-01"},
		{"v15", "T-.{branch}.-.##", map[string]any{"branch": "NY"}, "T-NY-01"},
		{"v15", "field:branch", map[string]any{"branch": " NY "}, "NY"},
		{"v15", "format:{branch}-{###}-{##}", map[string]any{"branch": "NY"}, "NY-001-01"},
		{"v14", "format:{branch} x-{###}", map[string]any{"branch": "NY"}, "NY x-001"},
		{"v16", "format:{}-{branch}-{#}", map[string]any{"branch": "NY"}, "{}-NY-1"},
		{"v15", "Prompt", map[string]any{"name": "Mine"}, "Mine"},
		{"v15", "autoincrement", nil, "1"},
		{"v16", "UUID", map[string]any{"name": "0198a7c6-1111-7abc-8def-0123456789ab"}, "0198a7c6-1111-7abc-8def-0123456789ab"},
	} {
		t.Run(tc.release+" "+tc.autoname, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, tc.release)
			s.doctype(t, "Named", fmt.Sprintf(`"autoname": %q`, tc.autoname), `{"fieldname": "branch", "fieldtype": "Data", "label": "Branch"}`)
			if got := s.add(t, "Named", tc.doc); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestDeletingTheLastOfASeriesGivesItsNumberBack(t *testing.T) {
	t.Parallel()
	s := newShop(t, "v15")
	s.doctype(t, "Front", `"autoname": "F-.###"`, `{"fieldname": "n", "fieldtype": "Int", "label": "N"}`)
	s.doctype(t, "Middle", `"autoname": "M-.###.-x"`, `{"fieldname": "n", "fieldtype": "Int", "label": "N"}`)
	for _, tc := range []struct{ doctype, last, next string }{{"Front", "F-002", "F-002"}, {"Middle", "M-002-x", "M-002-x"}} {
		first := s.add(t, tc.doctype, nil)
		if got := s.add(t, tc.doctype, nil); got != tc.last {
			t.Fatalf("second: got %s, want %s", got, tc.last)
		}
		s.as(t, func(ctx context.Context, c *freddo.Call) error { return c.Delete(ctx, tc.doctype, tc.last) })
		if got := s.add(t, tc.doctype, nil); got != tc.next {
			t.Errorf("after the last was deleted: got %s, want %s", got, tc.next)
		}
		s.as(t, func(ctx context.Context, c *freddo.Call) error { return c.Delete(ctx, tc.doctype, first) })
		if got := s.add(t, tc.doctype, nil); !strings.Contains(got, "003") {
			t.Errorf("after the first was deleted: got %s, want number 003", got)
		}
	}
}

func TestMergingMovesLinksAndDeletesWhatWasMerged(t *testing.T) {
	t.Parallel()
	s := newShop(t, "v15")
	s.doctype(t, "Person", `"autoname": "Prompt", "allow_rename": 1`, `{"fieldname": "note", "fieldtype": "Data", "label": "Note"}`)
	s.doctype(t, "Visit", `"autoname": "Prompt"`, `{"fieldname": "who", "fieldtype": "Link", "label": "Who", "options": "Person"},
		{"fieldname": "about_type", "fieldtype": "Link", "label": "About Type", "options": "DocType"},
		{"fieldname": "about", "fieldtype": "Dynamic Link", "label": "About", "options": "about_type"}`)
	s.add(t, "Person", map[string]any{"name": "Bob", "note": "old"})
	s.add(t, "Person", map[string]any{"name": "Robert", "note": "stays"})
	s.add(t, "Visit", map[string]any{"name": "V", "who": "Bob", "about_type": "Person", "about": "Bob"})
	s.as(t, func(ctx context.Context, c *freddo.Call) error {
		_, err := c.Rename(ctx, "Person", "Bob", "Robert", true)
		return err
	})
	for _, tc := range []struct{ doctype, name, field, want string }{
		{"Visit", "V", "who", "Robert"}, {"Visit", "V", "about", "Robert"}, {"Person", "Robert", "note", "stays"}, {"Person", "Bob", "name", ""},
	} {
		if got := s.value(t, tc.doctype, tc.name, tc.field); got != tc.want {
			t.Errorf("%s %s %s: got %q, want %q", tc.doctype, tc.name, tc.field, got, tc.want)
		}
	}
	s.as(t, func(ctx context.Context, c *freddo.Call) error {
		rows, err := c.Rows(ctx, "Deleted Document", []string{"deleted_name"}, document.NewObject("deleted_doctype", "Person"), "")
		if len(rows) != 1 || rows[0].Str("deleted_name") != "Bob" {
			t.Errorf("deleted documents: got %d, want Bob", len(rows))
		}
		return err
	})
}

func TestBackLinksHoldDocumentsBack(t *testing.T) {
	t.Parallel()
	s := newShop(t, "v15")
	s.doctype(t, "Thing", `"autoname": "Prompt", "is_submittable": 1`, `{"fieldname": "note", "fieldtype": "Data", "label": "Note"}`)
	s.doctype(t, "Use", `"autoname": "Prompt", "is_submittable": 1`, `{"fieldname": "thing", "fieldtype": "Link", "label": "Thing", "options": "Thing"},
		{"fieldname": "kind", "fieldtype": "Link", "label": "Kind", "options": "DocType"},
		{"fieldname": "any", "fieldtype": "Dynamic Link", "label": "Any", "options": "kind"}`)
	s.doctype(t, "Pick", `"issingle": 1`, `{"fieldname": "kind", "fieldtype": "Link", "label": "Kind", "options": "DocType"},
		{"fieldname": "any", "fieldtype": "Dynamic Link", "label": "Any", "options": "kind"}`)
	for _, n := range []string{"linked", "dynamic", "chosen", "free"} {
		s.add(t, "Thing", map[string]any{"name": n})
	}
	s.add(t, "Use", map[string]any{"name": "U1", "thing": "linked"})
	s.add(t, "Use", map[string]any{"name": "U2", "kind": "Thing", "any": "dynamic"})
	s.as(t, func(ctx context.Context, c *freddo.Call) error {
		d, err := c.Get(ctx, "Pick", "Pick", true)
		if err != nil {
			return err
		}
		d.Set("kind", document.Text("Thing"))
		d.Set("any", document.Text("chosen"))
		return c.Save(ctx, d)
	})
	for name, held := range map[string]bool{"linked": true, "dynamic": true, "chosen": true, "free": false} {
		err := s.app.Do(context.Background(), "Administrator", func(ctx context.Context, c *freddo.Call) error { return c.Delete(ctx, "Thing", name) })
		if held != exc.Is(err, exc.LinkExists) || !held && err != nil {
			t.Errorf("delete %s: got %v, want held back: %v", name, err, held)
		}
	}
}

// request sends a JSON request as a user with an API key and returns status and body.
func (s *shop) request(t *testing.T, auth, path string, body map[string]any) (int, map[string]any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(data))
	req.Header.Set("Authorization", auth)
	req.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.app.Handler().ServeHTTP(w, req)
	out := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s: %v: %s", path, err, w.Body)
	}
	return w.Code, out
}

// workflowShop has a DocType Ticket with a workflow Open → Waiting → Done.
func workflowShop(t *testing.T, release string) (s *shop, auth string) {
	t.Helper()
	s = newShop(t, release)
	s.doctype(t, "Ticket", `"autoname": "Prompt", "is_submittable": 1`, `{"fieldname": "amount", "fieldtype": "Int", "label": "Amount"},
		{"fieldname": "due", "fieldtype": "Date", "label": "Due"}, {"fieldname": "stamp", "fieldtype": "Data", "label": "Stamp"}`)
	for _, n := range []string{"Open", "Waiting", "Done"} {
		s.add(t, "Workflow State", map[string]any{"workflow_state_name": n})
	}
	for _, n := range []string{"Send", "Finish"} {
		s.add(t, "Workflow Action Master", map[string]any{"workflow_action_name": n})
	}
	s.as(t, func(ctx context.Context, c *freddo.Call) error {
		d, err := c.New(ctx, "Workflow")
		if err != nil {
			return err
		}
		for k, v := range map[string]any{"workflow_name": "Flow", "document_type": "Ticket", "is_active": 1, "workflow_state_field": "workflow_state"} {
			d.Set(k, document.From(v))
		}
		for _, st := range [][3]string{{"Open", "0", ""}, {"Waiting", "0", "sent"}, {"Done", "1", ""}} {
			row, err := c.AppendRow(ctx, d, "states")
			if err != nil {
				return err
			}
			row.New = true
			row.Set("state", document.Text(st[0]))
			row.Set("doc_status", document.Text(st[1]))
			row.Set("allow_edit", document.Text("System Manager"))
			if st[2] != "" {
				row.Set("update_field", document.Text("stamp"))
				row.Set("update_value", document.Text(st[2]))
			}
		}
		for _, tr := range [][4]string{{"Open", "Send", "Waiting", "doc.amount > 10 and doc.get('due') and doc.due.year >= 2024"},
			{"Waiting", "Finish", "Done", "frappe.db.get_value('Ticket', doc.name, 'stamp') == 'sent'"}} {
			row, err := c.AppendRow(ctx, d, "transitions")
			if err != nil {
				return err
			}
			row.New = true
			for i, f := range []string{"state", "action", "next_state", "condition"} {
				row.Set(f, document.Text(tr[i]))
			}
			row.Set("allowed", document.Text("System Manager"))
		}
		return c.Insert(ctx, d)
	})
	key, secret, err := s.app.GenerateKeys(context.Background(), "Administrator")
	if err != nil {
		t.Fatal(err)
	}
	return s, "token " + key + ":" + secret
}

func TestWorkflowConditionsSeeTheStoredDocument(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s, auth := workflowShop(t, release)
			s.add(t, "Ticket", map[string]any{"name": "small", "amount": 5, "due": "2024-05-01"})
			s.add(t, "Ticket", map[string]any{"name": "old", "amount": 50, "due": "2023-05-01"})
			s.add(t, "Ticket", map[string]any{"name": "good", "amount": 50, "due": "2024-05-01"})
			for _, tc := range []struct {
				name, action string
				status       int
				state        string
			}{
				{"small", "Send", 417, "Open"}, {"old", "Send", 417, "Open"}, {"good", "Finish", 417, "Open"},
				{"good", "Send", 200, "Waiting"}, {"good", "Finish", 200, "Done"}, {"good", "Send", 417, "Done"},
			} {
				code, body := s.request(t, auth, "/api/method/frappe.model.workflow.apply_workflow",
					map[string]any{"doc": map[string]any{"doctype": "Ticket", "name": tc.name}, "action": tc.action})
				if code != tc.status {
					t.Errorf("%s %s: got %d, want %d: %v", tc.name, tc.action, code, tc.status, body)
				}
				if got := s.value(t, "Ticket", tc.name, "workflow_state"); got != tc.state {
					t.Errorf("%s after %s: got state %s, want %s", tc.name, tc.action, got, tc.state)
				}
			}
			if got := s.value(t, "Ticket", "good", "docstatus"); got != "1" {
				t.Errorf("the last transition submits: got docstatus %s, want 1", got)
			}
		})
	}
}

func TestBulkApprovalDoesWhatItCan(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 25} { // within the request, and after it
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			s, auth := workflowShop(t, "v15")
			var names []string
			for i := range n {
				names = append(names, s.add(t, "Ticket", map[string]any{"name": fmt.Sprintf("T%02d", i), "amount": 9 + i, "due": "2024-05-01"}))
			}
			list, err := json.Marshal(names)
			if err != nil {
				t.Fatal(err)
			}
			code, body := s.request(t, auth, "/api/method/frappe.model.workflow.bulk_workflow_approval",
				map[string]any{"docnames": string(list), "doctype": "Ticket", "action": "Send"})
			if code != http.StatusOK {
				t.Fatalf("got %d: %v", code, body)
			}
			for i, name := range names {
				want := "Waiting"
				if i < 2 {
					want = "Open" // the condition refuses amounts up to 10
				}
				if got := s.value(t, "Ticket", name, "workflow_state"); got != want {
					t.Errorf("%s: got %s, want %s", name, got, want)
				}
			}
		})
	}
}

func TestWorkflowActionsOpenForTheRolesThatActNext(t *testing.T) {
	t.Parallel()
	s, auth := workflowShop(t, "v15")
	s.add(t, "Ticket", map[string]any{"name": "T", "amount": 50, "due": "2024-05-01"})
	s.request(t, auth, "/api/method/frappe.model.workflow.apply_workflow", map[string]any{"doc": `{"doctype": "Ticket", "name": "T"}`, "action": "Send"})
	s.as(t, func(ctx context.Context, c *freddo.Call) error {
		rows, err := c.Rows(ctx, "Workflow Action", []string{"workflow_state", "status"}, document.NewObject("reference_name", "T"), "creation asc")
		if err != nil {
			return err
		}
		got := ""
		for _, r := range rows {
			got += r.Str("workflow_state") + "=" + r.Str("status") + " "
		}
		if want := "Open=Completed Waiting=Open "; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return nil
	})
}

func TestANewWorkflowIsHeardAtOnceAndAfterItsDeletionNoMore(t *testing.T) {
	t.Parallel()
	s, _ := workflowShop(t, "v15")
	bad := func() error {
		return s.app.Do(context.Background(), "Administrator", func(ctx context.Context, c *freddo.Call) error {
			d, err := c.New(ctx, "Ticket")
			if err != nil {
				return err
			}
			d.Set("name", document.Text("X"))
			d.Set("workflow_state", document.Text("Done"))
			return c.Insert(ctx, d)
		})
	}
	if err := bad(); !exc.Is(err, exc.WorkflowPermission) {
		t.Errorf("with the workflow: got %v, want WorkflowPermissionError", err)
	}
	s.as(t, func(ctx context.Context, c *freddo.Call) error { return c.Delete(ctx, "Workflow", "Flow") })
	if err := bad(); err != nil {
		t.Errorf("without the workflow: got %v", err)
	}
}

func TestSeriesAreShownAndMoved(t *testing.T) {
	t.Parallel()
	s := newShop(t, "v15")
	s.doctype(t, "Bill", `"autoname": "naming_series:"`, `{"fieldname": "naming_series", "fieldtype": "Select", "label": "Series", "options": "B-.kind.-.###"},
		{"fieldname": "kind", "fieldtype": "Data", "label": "Kind"}`)
	s.add(t, "Bill", map[string]any{"kind": "x"})
	key, secret, err := s.app.GenerateKeys(context.Background(), "Administrator")
	if err != nil {
		t.Fatal(err)
	}
	run := func(method string, values map[string]any) map[string]any {
		s.as(t, func(ctx context.Context, c *freddo.Call) error {
			d, err := c.Get(ctx, "Document Naming Settings", "Document Naming Settings", true)
			if err != nil {
				return err
			}
			for k, v := range values {
				d.Set(k, document.From(v))
			}
			return c.Save(ctx, d)
		})
		code, body := s.request(t, "token "+key+":"+secret, "/api/method/run_doc_method",
			map[string]any{"dt": "Document Naming Settings", "dn": "Document Naming Settings", "method": method})
		if code != http.StatusOK {
			t.Fatalf("%s: %d %v", method, code, body)
		}
		return body
	}
	if got, want := run("preview_series", map[string]any{"transaction_type": "Bill", "try_naming_series": "B-.kind.-.###"})["message"], "B-x-001\nB-x-002\nB-x-003"; got != want {
		t.Errorf("preview: got %q, want %q", got, want)
	}
	run("update_series_start", map[string]any{"prefix": "B-x-", "current_value": 41})
	if got, want := s.add(t, "Bill", map[string]any{"kind": "x"}), "B-x-042"; got != want {
		t.Errorf("after the counter was moved: got %s, want %s", got, want)
	}
}
