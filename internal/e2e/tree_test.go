package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"freddo/document"
)

// TestTreesStayRight moves nodes, adds many at once and deletes some; the numbers of the
// nested set must tell the same tree as the parents do.
func TestTreesStayRight(t *testing.T) {
	t.Parallel()
	eachDatabase(t, "v15", func(s *site) {
		s.define("Place", `"is_tree":1,"autoname":"prompt"`, field("title", "Data", ""))
		for _, p := range [][2]string{{"World", ""}, {"Asia", "World"}, {"Europe", "World"}, {"France", "Europe"}, {"Paris", "France"}, {"Japan", "Asia"}} {
			s.add("Place", p[0], `"is_group":1,"parent_place":"`+p[1]+`"`)
		}
		s.checkTree("Place", 6)
		s.must(http.MethodPut, resource("Place", "France"), `{"parent_place":"Asia"}`)
		s.checkTree("Place", 6)
		s.must(http.MethodPut, resource("Place", "Asia"), `{"parent_place":""}`)
		s.checkTree("Place", 6)
		s.must(http.MethodPut, resource("Place", "World"), `{"parent_place":"Asia"}`)
		s.checkTree("Place", 6)
		code, body := s.do(http.MethodPut, resource("Place", "Asia"), `{"parent_place":"Europe"}`)
		s.refused(code, body, "NestedSetRecursionError", "Item cannot be added to its own descendants")
		code, body = s.do(http.MethodDelete, resource("Place", "France"), "")
		s.refused(code, body, "NestedSetChildExistsError", "Cannot delete France as it has child nodes")
		code, body = s.do(http.MethodPut, resource("Place", "France"), `{"is_group":0}`)
		s.refused(code, body, "ValidationError", "cannot be a leaf node as it has children")
		s.checkTree("Place", 6)

		var wg sync.WaitGroup
		failed := make(chan string, 60)
		send := func(method, target, body string) {
			wg.Go(func() {
				if code, text := s.do(method, target, body); code >= 300 {
					failed <- fmt.Sprintf("%s %s: %d %s", method, target, code, text)
				}
			})
		}
		for i := range 20 {
			send(http.MethodPost, resource("Place"), fmt.Sprintf(`{"name":"N%d","parent_place":%q,"is_group":1}`, i, []string{"Europe", "Japan", ""}[i%3]))
		}
		for i := range 6 {
			send(http.MethodPut, resource("Place", "Paris"), fmt.Sprintf(`{"parent_place":%q,"title":"%d"}`, []string{"Japan", "Europe"}[i%2], i))
		}
		wg.Wait()
		close(failed)
		stale := 0
		for text := range failed {
			if stale++; stale > 5 {
				s.Error(text)
			}
		}
		s.checkTree("Place", 26)
		failed = make(chan string, 60) // who meets a node that has just been given a child is refused
		for i := range 10 {
			send(http.MethodDelete, resource("Place", fmt.Sprintf("N%d", i)), "")
			send(http.MethodPut, resource("Place", fmt.Sprintf("N%d", i+10)), fmt.Sprintf(`{"parent_place":%q}`, []string{"Paris", "World"}[i%2]))
		}
		wg.Wait()
		s.checkTree("Place", 16)
		s.rename("Place", "World", "Earth")
		s.checkTree("Place", 16)
	})
}

// checkTree compares lft and rgt of all nodes with the parents.
func (s *site) checkTree(doctype string, want int) {
	s.Helper()
	rows := s.list(doctype, "fields", `["name","lft","rgt","parent_place","old_parent"]`, "limit_page_length", "0", "order_by", "lft asc").Get("data").List()
	if len(rows) != want {
		s.Errorf("%d nodes, want %d", len(rows), want)
	}
	type node struct {
		name     string
		lft, rgt int64
	}
	var open []node // the nodes around the present one
	seen := map[int64]bool{}
	for _, r := range rows {
		m := r.Map()
		n := node{m.Str("name"), document.Cint(m.Get("lft")), document.Cint(m.Get("rgt"))}
		for len(open) > 0 && open[len(open)-1].rgt < n.lft {
			open = open[:len(open)-1]
		}
		parent := ""
		if len(open) > 0 {
			parent = open[len(open)-1].name
		}
		if parent != m.PropText("parent_place") || m.PropText("old_parent") != m.PropText("parent_place") {
			s.Errorf("%s [%d, %d] lies in %q, its parent is %q, the old one %q", n.name, n.lft, n.rgt, parent, m.PropText("parent_place"), m.PropText("old_parent"))
		}
		for _, x := range []int64{n.lft, n.rgt} {
			if seen[x] || x < 1 || x > int64(2*len(rows)) {
				s.Errorf("%s [%d, %d]: %d is taken or out of range", n.name, n.lft, n.rgt, x)
			}
			seen[x] = true
		}
		open = append(open, n)
	}
}
