package account

import (
	"context"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/auth"
	"freddo/internal/builtin/arg"
	"freddo/internal/engine"
	"freddo/internal/method"
)

// registerSessions adds the methods by which users see and end sessions. Upstream has
// clear_session alone, and shows the list in User's active_sessions; the methods under
// freddo.sessions are ours.
func (s *Service) registerSessions(h *engine.Hooks, r *method.Registry, p Profile) {
	h.VirtualRows("User", "active_sessions", s.activeSessions)
	post := []string{"POST"}
	r.Add(
		method.Method{Name: "freddo.sessions.list", Params: []method.Param{arg.Opt("user", method.Str|method.None, nil)}, Fn: s.listSessions},
		method.Method{Name: "freddo.sessions.end", Verbs: post, Params: []method.Param{arg.Req("id", method.Str), arg.Opt("user", method.Str|method.None, nil)}, Fn: s.endSession},
		method.Method{Name: "freddo.sessions.end_all", Verbs: post, Params: []method.Param{arg.Opt("user", method.Str|method.None, nil), arg.Opt("keep_current", method.Int, 1)},
			Fn: s.endSessions},
	)
	if p.ClearSession {
		r.Add(method.Method{Name: userModule + "clear_session", Verbs: post, Params: []method.Param{arg.Req("sid_hash", method.Str)},
			Limit: &method.Limit{Count: 10, Window: time.Hour}, Fn: s.clearSession})
	}
}

// activeSessions are the rows of User's table of that name: the reader's own sessions,
// of others none. Their names are what clear_session takes.
// Source: user.py active_sessions.
func (s *Service) activeSessions(ctx context.Context, c *engine.Call, d *document.Document) ([]*document.Object, error) {
	if d.Name() != c.User || d.New {
		return nil, nil
	}
	all, err := s.auth.ActiveSessions(ctx, c, c.User)
	if err != nil {
		return nil, err
	}
	out := make([]*document.Object, len(all))
	for i, e := range all {
		out[i] = document.NewObject("name", e.ID, "owner", c.User, "modified_by", c.User, "id", e.ID[:4]+"**********", "ip_address", e.IP,
			"last_updated", e.LastUsed, "is_current", current(e), "session_created", e.Created, "user_agent", orNull(e.UserAgent))
	}
	return out, nil
}

func current(e auth.ActiveSession) int {
	if e.Current {
		return 1
	}
	return 0
}

func orNull(s string) document.Value {
	if s == "" {
		return document.NullValue
	}
	return document.Text(s)
}

// whose is the user whose sessions are meant: the caller, or anybody for a System Manager.
func whose(ctx context.Context, c *engine.Call, a method.Args) (string, error) {
	user := a.Text("user")
	if user == "" || user == c.User {
		return c.User, nil
	}
	return user, c.OnlyFor(ctx, "System Manager")
}

func (s *Service) listSessions(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	user, err := whose(ctx, c, a)
	if err != nil {
		return nil, err
	}
	all, err := s.auth.ActiveSessions(ctx, c, user)
	if err != nil {
		return nil, err
	}
	out := make([]document.Value, len(all))
	for i, e := range all {
		out[i] = document.MapOf(document.NewObject("id", e.ID, "ip_address", e.IP, "user_agent", e.UserAgent, "session_created", e.Created,
			"last_updated", e.LastUsed, "is_current", current(e)))
	}
	return document.ListOf(out...), nil
}

func (s *Service) endSession(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	user, err := whose(ctx, c, a)
	if err != nil {
		return nil, err
	}
	ok, err := s.auth.EndSession(ctx, c, user, a.Text("id"))
	if err == nil && !ok {
		err = exc.DoesNotExist.Throw("There is no such session")
	}
	return nil, err
}

func (s *Service) endSessions(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	user, err := whose(ctx, c, a)
	if err != nil {
		return nil, err
	}
	keep := ""
	if a.Int("keep_current") != 0 {
		keep = c.Session.SID
	}
	return nil, s.auth.EndSessions(ctx, c, user, keep)
}

// clearSession ends one of the caller's sessions; an unknown one is no error.
// Source: user.py clear_session.
func (s *Service) clearSession(ctx context.Context, c *engine.Call, a method.Args) (any, error) {
	ok, err := s.auth.EndSession(ctx, c, c.User, a.Text("sid_hash"))
	if ok && err == nil {
		c.Msgprint(exc.Message{Text: "Successfully signed out", Alert: true})
	}
	return nil, err
}
