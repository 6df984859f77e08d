package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestWhatClientsMet: answers that published clients and mobile apps rely on, in each release.
func TestWhatClientsMet(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			for _, path := range []string{"/api/resource/No%20Such%20Type/x", "/api/v2/document/No%20Such%20Type/x"} {
				if release == "v14" && strings.Contains(path, "v2") {
					continue
				}
				if code, text := s.do(http.MethodDelete, path, ""); code != http.StatusNotFound || !strings.Contains(text, "DoesNotExistError") {
					t.Errorf("DELETE %s: %d %s", path, code, text)
				}
			}
			if code, text := s.do(http.MethodGet, "/api/method/frappe.desk.desktop.get_workspace_sidebar_items", ""); code != http.StatusOK {
				t.Errorf("get_workspace_sidebar_items: %d %s", code, text)
			}
			s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Shown","module":"Core","custom":1,"autoname":"prompt","track_changes":1,"fields":[{"fieldname":"d","fieldtype":"Duration"},{"fieldname":"t","fieldtype":"Time"}],"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`)
			s.must(http.MethodPost, "/api/resource/Shown", `{"name":"x","d":60,"t":"1:00:00"}`)
			s.must(http.MethodPut, "/api/resource/Shown/x", `{"d":3661,"t":"3:04:05"}`)
			rows := s.list("Version", "fields", `["data"]`, "filters", `{"docname":"x"}`).Get("data").List()
			if len(rows) != 1 {
				t.Fatalf("%d versions", len(rows))
			}
			for _, want := range []string{`["d","1m","1h 1m 1s"]`, `["t","01:00:00","03:04:05"]`} {
				if text := strings.NewReplacer(" \"", "\"", "\n", "").Replace(rows[0].Map().PropText("data")); !strings.Contains(strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(want, " ", "")) {
					t.Errorf("Version lacks %s: %s", want, text)
				}
			}
		})
	}
}
