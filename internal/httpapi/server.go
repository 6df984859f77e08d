// Package httpapi owns the HTTP surface: it reads requests as upstream does, finds
// the route, lets the engine or a method do the work in one transaction, and prints
// the answer or the error in the form of the release. It knows no document logic.
// Start with Server.Handler, then exchange (exchange.go) and the routes (route.go).
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"freddo/internal/auth"
	"freddo/internal/engine"
	"freddo/internal/method"
	"freddo/internal/storage"
)

// Server answers HTTP requests for one site. Its exported fields are set at assembly.
type Server struct {
	Engine  *engine.Engine
	Methods *method.Registry
	Auth    *auth.Store
	// PrivateFile answers a path under /private/files/ through c.Response; nil
	// refuses all.
	PrivateFile func(ctx context.Context, c *engine.Call, path string) error
	// WellKnown answers a name under /.well-known/; handled is false for unknown ones.
	WellKnown func(ctx context.Context, c *engine.Call, name string) (handled bool, err error)
	// Pages answers website paths that Freddo has no page for; nil answers 404.
	Pages http.Handler

	// untrusted lets the log tell once of a proxy that is not trusted.
	untrusted sync.Once

	budget budget
	flying inFlight
	res    resources
}

// Handler returns the server as an http.Handler.
func (s *Server) Handler() http.Handler { return s }

// Close gives back what the server holds open.
func (s *Server) Close() error { return nil }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.begin(w, r)
	defer x.end()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // of the answer before
	x.pace()
	if r.Method == http.MethodOptions {
		if err := s.Auth.Preflight(r.Context(), x.c); err != nil {
			x.fail(r.Context(), err)
		} else {
			x.preflight()
		}
		return
	}
	if x.servePublic() {
		return
	}
	ctx := storage.WithTurn(r.Context(), x.turn)
	s.Engine.Watch.Look(ctx)
	switch err := x.attempt(ctx); {
	case err == nil:
	case x.once != nil:
		x.failOnce(ctx, err)
	default:
		x.fail(ctx, err)
	}
}

// overrides are the verbs that X-HTTP-Method-Override may name.
var overrides = map[string]bool{http.MethodGet: true, http.MethodPut: true, http.MethodPatch: true, http.MethodDelete: true}

// verb returns the request's verb. A POST may name another one in
// X-HTTP-Method-Override where the site's configuration says so; upstream ignores
// that header.
func (s *Server) verb(r *http.Request) string {
	if r.Method != http.MethodPost {
		return r.Method
	}
	if o := strings.ToUpper(r.Header.Get("X-Http-Method-Override")); o != "" && overrides[o] && s.Engine.Site.Config().Bool("http_method_override") {
		return o
	}
	return r.Method
}

// scheme is the scheme that the client used.
func scheme(r *http.Request, proxied bool) string {
	if r.TLS != nil || proxied && r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https"
	}
	return "http"
}

func (s *Server) log() *slog.Logger {
	if s.Engine.Log != nil {
		return s.Engine.Log
	}
	return slog.Default()
}
