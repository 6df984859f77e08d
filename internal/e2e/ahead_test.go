package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"freddo"
	"freddo/document"
)

// TestFetchedIsStored: on SQLite, what an insert fetches through a link is what the
// linked document holds when the insert is written, however many write at once. The
// insert reads it before its turn to write comes.
func TestFetchedIsStored(t *testing.T) {
	t.Parallel()
	s := newSite(t, "sqlite", "v16")
	var mu sync.Mutex
	seen := map[int64]bool{}
	s.app.On("Fetch Target", freddo.AfterInsert, func(ctx context.Context, c *freddo.Call, d *document.Document) error {
		v, err := c.Value(ctx, "Fetch Source", d.Text("source"), "value")
		if err != nil {
			return err
		}
		mu.Lock()
		seen[document.Cint(v)] = true
		mu.Unlock()
		if d.Int("copied") != document.Cint(v) || d.Text("kept") != document.ToText(v) {
			t.Errorf("fetched %d and %s, stored is %s", d.Int("copied"), d.Text("kept"), document.ToText(v))
		}
		return nil
	})
	for _, dt := range []string{
		`{"name":"Fetch Source","module":"Core","custom":1,"autoname":"prompt","fields":[{"fieldname":"value","fieldtype":"Int"}],"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`,
		`{"name":"Fetch Target","module":"Core","custom":1,"fields":[{"fieldname":"source","fieldtype":"Link","options":"Fetch Source"},` +
			`{"fieldname":"copied","fieldtype":"Int","fetch_from":"source.value"},{"fieldname":"kept","fieldtype":"Data","fetch_from":"source.value","fetch_if_empty":1}],` +
			`"permissions":[{"role":"System Manager","read":1,"write":1,"create":1}]}`,
	} {
		s.must(http.MethodPost, "/api/resource/DocType", dt)
	}
	s.must(http.MethodPost, "/api/resource/Fetch%20Source", `{"name":"S","value":1}`)
	var wg sync.WaitGroup
	var done atomic.Int32
	for range 4 {
		wg.Go(func() {
			for range 50 {
				if code, body := s.do(http.MethodPost, "/api/resource/Fetch%20Target", `{"source":"S"}`); code != http.StatusOK {
					t.Errorf("%d %s", code, body)
				}
			}
			done.Add(1)
		})
	}
	for w := range 2 {
		wg.Go(func() {
			for n := w; done.Load() < 4; n += 2 {
				if code, body := s.do(http.MethodPut, "/api/resource/Fetch%20Source/S", fmt.Sprintf(`{"value":%d}`, n)); code != http.StatusOK {
					t.Errorf("%d %s", code, body)
				}
			}
		})
	}
	wg.Wait()
	s.must(http.MethodPost, "/api/resource/Fetch%20Source", `{"name":"Gone","value":1}`)
	s.must(http.MethodPost, "/api/resource/Fetch%20Target", `{"source":"gone"}`)
	for _, row := range s.list("Fetch Target", "filters", `{"source":"Gone"}`).Get("data").List() {
		s.must(http.MethodDelete, "/api/resource/Fetch%20Target/"+row.Map().Str("name"), "")
	}
	s.must(http.MethodDelete, "/api/resource/Fetch%20Source/Gone", "")
	if code, body := s.do(http.MethodPost, "/api/resource/Fetch%20Target", `{"source":"gone"}`); code != http.StatusExpectationFailed || !strings.Contains(body, "Could not find") {
		t.Errorf("a link to what was deleted: %d %s", code, body)
	}
	if len(seen) < 2 {
		t.Errorf("%d values were seen: nothing was written beside the inserts", len(seen))
	}
}
