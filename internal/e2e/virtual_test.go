package e2e

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"freddo"
	"freddo/document"
)

// shelf keeps documents in memory.
type shelf struct {
	mu   sync.Mutex
	docs map[string]*document.Object
}

func (s *shelf) Load(_ context.Context, _ *freddo.Call, name string) (*document.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.docs[name], nil
}

func (s *shelf) List(_ context.Context, _ *freddo.Call, q freddo.VirtualQuery) ([]*document.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for n := range s.docs {
		names = append(names, n)
	}
	slices.Sort(names)
	if q.OrderBy == "name desc" {
		slices.Reverse(names)
	}
	names = names[min(int(q.Start), len(names)):]
	if q.Limit >= 0 {
		names = names[:min(int(q.Limit), len(names))]
	}
	var out []*document.Object
	for _, n := range names {
		out = append(out, s.docs[n])
	}
	return out, nil
}

func (s *shelf) Count(context.Context, *freddo.Call, freddo.VirtualQuery) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.docs)), nil
}

func (s *shelf) put(d *document.Document) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.docs[d.Name()] = d.ToObject(document.JSONOptions{})
	return nil
}

func (s *shelf) Insert(_ context.Context, _ *freddo.Call, d *document.Document) error {
	return s.put(d)
}
func (s *shelf) Update(_ context.Context, _ *freddo.Call, d *document.Document) error {
	return s.put(d)
}

func (s *shelf) Delete(_ context.Context, _ *freddo.Call, d *document.Document) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.docs, d.Name())
	return nil
}

const bookType = `{"doctype":"DocType","name":"Shelf Book","module":"Core","is_virtual":1,"autoname":"field:title","fields":[
	{"fieldname":"title","fieldtype":"Data","label":"Title","reqd":1},{"fieldname":"pages","fieldtype":"Int","label":"Pages","non_negative":1},
	{"fieldname":"secret","fieldtype":"Data","label":"Secret","permlevel":1}],
	"permissions":[{"role":"System Manager","read":1,"write":1,"create":1,"delete":1},{"role":"System Manager","read":1,"permlevel":2}]}`

// TestVirtualDocTypes serves documents that Go code keeps.
func TestVirtualDocTypes(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "sqlite", release)
			s.app.Virtual("Shelf Book", &shelf{docs: map[string]*document.Object{}})
			if err := s.app.DocTypes(fstest.MapFS{"shelf_book.json": {Data: []byte(bookType)}}); err != nil {
				t.Fatal(err)
			}
			s.define("Loan", "", field("book", "Link", `"options":"Shelf Book"`))
			for _, title := range []string{"A", "B", "C"} {
				s.must(http.MethodPost, resource("Shelf Book"), `{"title":"`+title+`","pages":"12","secret":"x"}`)
			}
			s.wantValue("Shelf Book", "B", "pages", "12")
			if got := s.body(resource("Shelf Book") + `?fields=["name","pages"]&limit_start=1&limit_page_length=2`); !strings.Contains(strings.ReplaceAll(got, " ", ""), `[{"name":"B","pages":12},{"name":"C","pages":12}]`) {
				t.Errorf("list: %s", got)
			}
			if got := s.body("/api/method/frappe.client.get_count?doctype=Shelf+Book"); !strings.Contains(got, "3") {
				t.Errorf("count: %s", got)
			}
			s.must(http.MethodPut, resource("Shelf Book", "B"), `{"pages":13}`)
			s.wantValue("Shelf Book", "B", "pages", "13")
			code, body := s.do(http.MethodPut, resource("Shelf Book", "B"), `{"pages":-1}`)
			s.refused(code, body, "NonNegativeError", "")
			code, body = s.do(http.MethodPost, resource("Shelf Book"), `{"pages":1}`)
			s.refused(code, body, "", "title")
			s.add("Loan", "l", `"book":"B"`)
			if code, body := s.do(http.MethodPost, resource("Loan"), `{"name":"m","book":"Z"}`); code < 400 {
				t.Errorf("a link to a book that is not there: %d %s", code, body)
			}
			clerk := s.user("clerk")
			if code, _ := clerk.do(http.MethodGet, resource("Shelf Book", "B"), ""); code != http.StatusForbidden {
				t.Errorf("a user without rights reads: %d", code)
			}
			if code, _ := clerk.do(http.MethodGet, resource("Shelf Book"), ""); code != http.StatusForbidden {
				t.Errorf("a user without rights lists: %d", code)
			}
			s.must(http.MethodDelete, resource("Shelf Book", "A"), "")
			if code, _ := s.do(http.MethodGet, resource("Shelf Book", "A"), ""); code != http.StatusNotFound {
				t.Errorf("the deleted book: %d", code)
			}
		})
	}
}
