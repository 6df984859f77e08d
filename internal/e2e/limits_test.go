package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestSmallBodiesThatGrow: bodies of a few megabytes that would take gigabytes in memory
// are refused at once, and nothing is stored.
func TestSmallBodiesThatGrow(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v15")
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Limit Row","module":"Core","custom":1,"istable":1,"fields":[{"fieldname":"a","fieldtype":"Data"}]}`)
	s.must(http.MethodPost, "/api/resource/DocType", `{"name":"Limit Doc","module":"Core","custom":1,"fields":[{"fieldname":"rows","fieldtype":"Table","options":"Limit Row"}],`+
		`"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`)
	for name, c := range map[string]struct {
		body, want string
		status     int
	}{
		"rows without values":    {`{"rows":[` + strings.Repeat("{},", 400_000) + `{}]}`, "Too many rows in rows", http.StatusExpectationFailed},
		"values beyond counting": {`{"x":[` + strings.Repeat("{},", 2_000_000) + `{}]}`, "Too Large", http.StatusRequestEntityTooLarge},
	} {
		code, text := s.do(http.MethodPost, "/api/resource/Limit%20Doc", c.body)
		if code != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %.300s", name, code, text)
		}
	}
	if n := len(s.list("Limit Doc").Get("data").List()); n != 0 {
		t.Errorf("%d documents are stored", n)
	}
}

// TestCommentMethod: add_comment is a method of documents that clients may call since
// v15. Source: frappe/model/document.py.
func TestCommentMethod(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]int{"v14": http.StatusForbidden, "v15": http.StatusOK, "v16": http.StatusOK} {
		s := newSite(t, "sqlite", release)
		name := s.must(http.MethodPost, "/api/resource/ToDo", `{"description":"x"}`).Get("data").Map().Str("name")
		code, text := s.do(http.MethodPost, "/api/method/run_doc_method", `{"dt":"ToDo","dn":"`+name+`","method":"add_comment","args":{"text":"hello"}}`)
		if code != want {
			t.Errorf("%s: %d %s, want %d", release, code, text, want)
		}
	}
}
