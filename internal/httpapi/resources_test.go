package httpapi

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// When the memory of Guests is taken they wait, then get 503 and a time to come again;
// users have memory of their own, and short bodies need none.
func TestBusy(t *testing.T) {
	t.Parallel()
	s := newTestSite(t, "v15")
	r := s.shared()
	r.guests.Patience, r.users.Patience = time.Millisecond, time.Millisecond
	holder := r.guests.Open()
	if err := holder.Take(t.Context(), 1<<40); err != nil {
		t.Fatal(err)
	}
	send := func(body string) *httptest.ResponseRecorder {
		q := httptest.NewRequest("POST", "/api/method/ping", strings.NewReader(body))
		q.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, q)
		return w
	}
	long := `{"x":"` + strings.Repeat("x", freeBody) + `"}`
	if w := send(long); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("a long body of a Guest: %d %v %.200s, want 503", w.Code, w.Header(), w.Body)
	}
	if w := send(`{"x":"short"}`); w.Code != 200 {
		t.Errorf("a short body of a Guest: %d %.200s", w.Code, w.Body)
	}
	holder.Close()
	if w := send(long); w.Code != 200 {
		t.Errorf("a long body of a Guest later: %d %.200s", w.Code, w.Body)
	}
	for name, p := range map[string]interface{ Used() (int64, int64) }{"guests": r.guests, "users": r.users, "space": r.space} {
		if now, _ := p.Used(); now != 0 {
			t.Errorf("%s: %d bytes were not given back", name, now)
		}
	}
}
