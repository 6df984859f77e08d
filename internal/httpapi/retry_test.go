package httpapi

import (
	"context"
	"errors"
	"strings"
	"testing"

	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/storage"
)

// TestBrokenOffRequestsBeginAnew: a request whose transaction the database broke off
// begins anew with its whole body, unless it has committed something; one that never
// gets through ends with upstream's error.
func TestBrokenOffRequestsBeginAnew(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		kind     storage.ErrorKind
		failures int
		commits  bool
		calls    int
		status   int
		want     string
	}{
		{"a deadlock is tried again", storage.Deadlock, 2, false, 3, 200, `{"message":"hello"}`},
		{"a lock that is never free is tried twice", storage.LockTimeout, 9, false, 2, 500, "QueryTimeoutError"},
		{"a deadlock without an end is given up", storage.Deadlock, 9, false, 4, 500, "QueryDeadlockError"},
		{"what has committed is not done twice", storage.Deadlock, 1, true, 1, 500, "QueryDeadlockError"},
		{"another error is not tried again", storage.NoTable, 1, false, 1, 500, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newTestSite(t, "v15")
			calls := 0
			s.Methods.Add(method.Method{Name: "test.broken", Guest: true, Params: []method.Param{{Name: "word"}}, Fn: func(ctx context.Context, call *engine.Call, a method.Args) (any, error) {
				calls++
				if c.commits {
					if err := call.Tx.SetSeries(ctx, "X-", 1); err != nil {
						return nil, err
					}
					if err := call.CommitNow(ctx); err != nil {
						return nil, err
					}
				}
				if calls <= c.failures {
					return nil, storage.NewError(c.kind, "", "", errors.New("broken off"))
				}
				return a.Text("word"), nil
			}})
			w := s.do(request{method: "POST", target: "/api/method/test.broken", body: `{"word":"hello"}`})
			if w.Code != c.status || calls != c.calls || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("got %d %s after %d calls, want %d %s after %d", w.Code, w.Body, calls, c.status, c.want, c.calls)
			}
		})
	}
}
