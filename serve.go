package freddo

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"freddo/internal/inflight"
)

// Bounds of connections (docs/limits.md).
const (
	defaultConnections = 2048
	maxHeader          = 128 << 10
	headerTime         = 20 * time.Second
	idleTime           = 2 * time.Minute
)

// httpServer is the server that Run serves l with, and the listener that bounds its
// connections.
func (a *App) httpServer(l net.Listener) (*http.Server, net.Listener) {
	conf := a.engine.Site.Config()
	most := conf.Int("max_connections")
	if most <= 0 {
		most = defaultConnections
	}
	inflight.Apply(inflight.Limit(conf.Int("memory_limit") << 20))
	bounded := inflight.Listen(l, int(most))
	return &http.Server{Handler: a.Handler(), ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader, ConnState: bounded.OnState,
		ErrorLog: slog.NewLogLogger(quietHandler{a.log.Handler(), a.server}, slog.LevelWarn)}, bounded
}

// quietHandler logs what net/http says of its connections, which any client can make it
// say: one line a second of each kind.
type quietHandler struct {
	slog.Handler
	server interface {
		Mute(ctx context.Context, kind string, args ...any)
	}
}

// Handle implements slog.Handler. What a line is about ends at its first colon but one:
// after that come addresses and stacks.
func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	kind := []byte(r.Message)
	if i := bytes.IndexByte(kind, ':'); i >= 0 {
		if j := bytes.IndexAny(kind[i+1:], ":0123456789["); j >= 0 {
			kind = bytes.TrimRight(kind[:i+1+j], " :[")
		}
	}
	h.server.Mute(ctx, string(kind), "line", r.Message)
	return nil
}
