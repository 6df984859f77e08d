package e2e

import (
	"net/http"
	"strings"
	"testing"

	"freddo/document"
)

func TestListsWithChildrenCountsAndLinks(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.Helper()
		s.shop(5)
		got := s.list("Parcel", "fields", `["name","area"]`, "filters", `[["weight",">",0]]`, "order_by", "name asc", "limit_page_length", "2",
			"include", "children,count", "expand", `["area"]`)
		if n := document.Cint(got.Get("count")); n != 4 {
			s.Errorf("count = %d, want 4: all pages", n)
		}
		row := got.Get("data").List()[0].Map()
		if names(got) != "P01 P02" || row.Get("area").Map().Str("title") != "Area South" {
			s.Errorf("rows = %s", document.Python.Marshal(got.Get("data")))
		}
		pieces := row.Get("pieces").List()
		if len(pieces) != 2 || pieces[0].Map().Str("what") != "a1" || pieces[1].Map().Str("what") != "b1" {
			s.Errorf("pieces = %s", document.Python.Marshal(row.Get("pieces")))
		}
		if code, text := s.do(http.MethodGet, listURL("Parcel", "include", "everything"), ""); code != http.StatusExpectationFailed || !strings.Contains(text, "include knows children and count") {
			s.Errorf("unknown include: %d %s", code, text)
		}
	})
}

// TestExtrasKeepPermissions: what a user may not read stays out, whoever asks for it in
// what way.
func TestExtrasKeepPermissions(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.Helper()
		s.shop(3)
		all := []string{"fields", `["*"]`, "include", "children", "expand", "area", "order_by", "name asc"}
		porter := s.user("porter", "Porter").list("Parcel", all...).Get("data").List()[0].Map()
		if porter.Str("area") != "North" {
			s.Errorf("area of a user without right on Area = %s", document.Python.Marshal(porter.Get("area")))
		}
		clerk := s.user("clerk", "Clerk").list("Parcel", all...).Get("data").List()[0].Map()
		if a := clerk.Get("area").Map(); a.Str("title") != "Area North" || a.Has("budget") {
			s.Errorf("area at level 0 = %s", document.Python.Marshal(clerk.Get("area")))
		}
		if p := clerk.Get("pieces").List()[0].Map(); p.Str("what") != "a0" || p.Has("cost") {
			s.Errorf("piece at level 0 = %s", document.Python.Marshal(clerk.Get("pieces")))
		}
		auditor := s.user("auditor", "Auditor").list("Parcel", all...).Get("data").List()[0].Map()
		if document.Cint(auditor.Get("area").Map().Get("budget")) != 70 || document.Cint(auditor.Get("pieces").List()[0].Map().Get("cost")) != 3 {
			s.Errorf("row at level 1 = %s", document.Python.Marshal(document.MapOf(auditor)))
		}
	})
}

// TestCursor: pages by cursor hold every row once, in the list's order, with nulls and
// equal keys, and whatever is inserted before the cursor meanwhile.
func TestCursor(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.Helper()
		s.shop(23)
		for _, order := range []string{"", "due asc", "due desc, weight asc", "weight desc", "title asc, due desc", "name desc"} {
			args := []string{"limit_page_length", "100"}
			if order != "" {
				args = append(args, "order_by", strings.TrimSuffix(order+", name "+order[strings.LastIndex(order, " ")+1:], ", name "))
			}
			whole := names(s.list("Parcel", args...))
			var parts []string
			cursor := ""
			for range 10 {
				page := s.list("Parcel", "limit_page_length", "4", "order_by", order, "after", cursor)
				parts = append(parts, names(page))
				if cursor = page.Str("next_cursor"); cursor == "" {
					break
				}
			}
			if got := strings.Join(parts, " "); order != "" && got != whole {
				s.Errorf("order %q:\n got %s\nwant %s", order, got, whole)
			} else if len(strings.Fields(got)) != 23 {
				s.Errorf("without an order: %s", got)
			}
		}
		for _, bad := range []string{"x", "WyJhIl0", "e30", "W1tdLCJhIl0"} {
			if code, _ := s.do(http.MethodGet, listURL("Parcel", "after", bad), ""); code != http.StatusExpectationFailed {
				s.Errorf("cursor %q: %d", bad, code)
			}
		}
	})
}
