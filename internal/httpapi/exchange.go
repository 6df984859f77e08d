package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/compat"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// exchange is one request on its way through the server.
type exchange struct {
	s       *Server
	w       http.ResponseWriter
	r       *http.Request
	c       *engine.Call
	p       *compat.Profile
	path    string
	verb    string
	started time.Time
	// target holds the path's arguments.
	target target
	// value is what the endpoint returned; it goes under key.
	value any
	key   string
	// nulls sends value even when it is nil.
	nulls bool
	// cookies says that the session's cookies belong to the answer.
	cookies bool
	// spent is what the site's budget says of this request.
	spent *spending
	// status is what was answered, 0 before that.
	status int
	// streaming says that parts of the answer are on their way (stream.go).
	streaming bool
	// body is the request's body once it was read.
	body     []byte
	bodyRead bool
	// login is what the login page says after its form was sent.
	login *loginAnswer
	// gaveUp says that the transaction was rolled back although the request is answered.
	gaveUp bool
	// readOnce says that the body went to files and cannot be read again.
	readOnce bool
	// failedPart says that a part of the request failed: it is answered and undone.
	failedPart bool
	// held is what the request has taken of the server's memory and disk.
	held *holding
	// prepared is what was done for the request outside its transactions.
	prepared *engine.Prepared
	// turn is the request's place among those that read from the database.
	turn *storage.Turn
	// known says whether the request's headers name a user, once that was asked.
	known *bool
	// paced is the request's body, nil without one.
	paced *pacedBody
	// out is an answer whose client is slower than the server (outlet.go).
	out *outlet
	// queue is how the request stands to the gate for long lists (stream.go).
	queue queueing
	// once is set for a request with an Idempotency-Key (idempotency.go).
	once *once
}

func (s *Server) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{s: s, w: w, r: r, p: s.Engine.Profile, path: r.URL.Path, verb: s.verb(r), started: time.Now(), key: "data", held: &holding{}, prepared: &engine.Prepared{},
		turn: &storage.Turn{Enter: s.shared().reads.Enter, Leave: s.shared().reads.Leave}}
	x.c = s.Engine.Begin(r.Context(), "Guest")
	ip, proxied := s.client(r)
	x.c.Request = &engine.Request{Method: x.verb, Path: x.path, Scheme: scheme(r, proxied), Host: r.Host, RemoteIP: ip, Query: r.URL.RawQuery,
		V2: x.p.V2 && strings.HasPrefix(x.path, "/api/v2"), Header: r.Header}
	x.lend(x.c)
	return x
}

// end closes the transaction, answers what panicked, writes the access log, and lets a
// slow client have its answer.
func (x *exchange) end() {
	ctx := x.r.Context()
	if v := recover(); v != nil {
		if v != http.ErrAbortHandler {
			x.s.log().ErrorContext(ctx, "request panicked", "panic", v, "stack", string(debug.Stack()), "method", x.verb, "path", x.path)
		}
		if v == http.ErrAbortHandler || x.streaming {
			x.c.Rollback()
			x.releaseKey()
			x.release()
			x.cut()
			x.prepared.Discard()
			x.held.close()
			panic(http.ErrAbortHandler)
		}
		if x.status == 0 {
			x.fail(ctx, errInternal)
		}
	}
	x.c.Rollback()
	x.releaseKey()
	x.release()
	x.s.budget.book(x.spent)
	x.prepared.Discard()
	x.paced.leave()
	x.drain()
	if l := x.s.log(); l.Enabled(ctx, slog.LevelDebug) {
		l.DebugContext(ctx, "request", "method", x.verb, "path", x.path, "status", x.status, "user", x.c.User,
			"duration", time.Since(x.started), "request_id", x.r.Header.Get("X-Frappe-Request-Id"))
	}
}

// release gives back the files that the request has brought and those that it was
// not answered with.
func (x *exchange) release() {
	for _, f := range x.c.Request.Files {
		f.Data.Discard()
	}
	if s := x.c.Response.Stream; s != nil {
		_ = s.Close()
	}
}

// handle runs the steps of a request in upstream's order. A step that fails ends it.
// Source: frappe/app.py application, init_request.
func (x *exchange) handle(ctx context.Context) error {
	for _, step := range [...]func(*exchange, context.Context) error{
		(*exchange).checkMaintenance,
		(*exchange).readForm,
		(*exchange).identify,
		(*exchange).checkBudget,
		(*exchange).authorize,
		(*exchange).checkReadOnly,
		(*exchange).claimKey,
		(*exchange).dispatch,
		(*exchange).finish,
	} {
		if err := step(x, ctx); err != nil {
			if err == errAnswered {
				return nil
			}
			return err
		}
	}
	return nil
}

// unsafe reports whether the verb may change something.
func (x *exchange) unsafe() bool {
	switch x.verb {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return true
	}
	return false
}

// checkMaintenance refuses everything while the site is being worked on.
// Source: frappe/app.py init_request, setup_read_only_mode.
func (x *exchange) checkMaintenance(context.Context) error {
	if !x.s.Engine.Site.Config().Bool("maintenance_mode") {
		return nil
	}
	if !x.s.Auth.ReadOnly() {
		return exc.SessionStopped.New("Session Stopped")
	}
	return nil
}

// checkReadOnly refuses writes while the site serves reads only. Upstream's database
// refuses them one by one; what a verb is for tells as much.
func (x *exchange) checkReadOnly(context.Context) error {
	if x.unsafe() && x.s.Auth.ReadOnly() {
		return x.readOnly()
	}
	return nil
}

func (x *exchange) readOnly() error {
	return exc.InReadOnlyMode.Throw(x.p.ReadOnlyText).WithTitle("In Read Only Mode")
}

// maxBody is the most bytes that the body may have.
// Source: frappe/app.py init_request (request.max_content_length).
func (x *exchange) maxBody() int64 {
	limit := x.s.Engine.Site.Config().Int("max_file_size")
	if strings.HasPrefix(x.path, "/api/method/upload_file") {
		if n := x.s.Auth.Current().MaxFileSize; n > 0 {
			limit = n
		}
	}
	if limit <= 0 {
		return defaultMaxBody
	}
	return limit
}

// readForm reads the arguments. What they take is charged before they are parsed.
// Errors: JSONDecodeError, ValidationError, 408, 413, 503.
func (x *exchange) readForm(ctx context.Context) error {
	limit, contentType := x.maxBody(), x.r.Header.Get("Content-Type")
	if boundary, ok := multipartBoundary(contentType); ok && x.r.Body != nil && x.s.Engine.Files != nil {
		return x.readParts(ctx, boundary, limit)
	}
	if !x.bodyRead {
		body, err := x.readBody(ctx, limit)
		if err != nil {
			return err
		}
		x.body, x.bodyRead = body, true
	}
	if err := x.weigh(ctx, contentType, x.body, nil); err != nil {
		return err
	}
	form, err := parseForm(x.p, x.r.URL.RawQuery, contentType, x.body)
	if err != nil {
		return err
	}
	x.c.Request.Body, x.c.Form = x.body, form
	if len(x.body) > 0 && isJSON(contentType) {
		return nil
	}
	return x.weigh(ctx, "", nil, form)
}

// readParts reads a multipart form.
func (x *exchange) readParts(ctx context.Context, boundary string, limit int64) error {
	if x.paced != nil {
		x.paced.arrived = func(n int64) error { return x.reserveSpace(ctx, n) }
	}
	u := newUpload(x.s.Engine.Files, limit)
	u.reserve = func(n int64) error { return x.reserve(ctx, n) }
	fields, parts, err := u.readAll(x.r, boundary)
	if err != nil {
		return err
	}
	x.readOnce, x.c.Prepared = true, nil
	x.c.Request.Files = parts
	if x.c.Form, err = mergeForm(x.r.URL.RawQuery, fields); err != nil {
		return err
	}
	return x.weigh(ctx, "", nil, x.c.Form)
}

// identify logs in, or finds the session that the request rides on.
// Source: frappe/auth.py HTTPRequest, LoginManager.
func (x *exchange) identify(ctx context.Context) error {
	var err error
	if x.path == "/api/method/login" || x.c.Form.Str("cmd") == "login" {
		if x.s.Auth.ReadOnly() {
			return x.readOnly()
		}
		err = x.s.Auth.Login(ctx, x.c)
	} else if x.isLoginForm() {
		err = x.formLogin(ctx)
	} else {
		err = x.s.Auth.Resume(ctx, x.c)
	}
	if err != nil {
		return err
	}
	if err := x.s.Auth.CheckCSRF(x.c); err != nil {
		return err
	}
	// Queued here: what fails later carries them, what failed before does not.
	x.cookies = x.login == nil || x.c.Response.NewSession != nil
	return nil
}

func (x *exchange) authorize(ctx context.Context) error {
	err := x.s.Auth.Authorize(ctx, x.c)
	x.turn.SetUser(x.c.User)
	return err
}

// dispatch finds who answers and lets it. Source: frappe/app.py application.
func (x *exchange) dispatch(ctx context.Context) error {
	if cmd := x.c.Form.Get("cmd"); cmd.Truthy() {
		x.c.Request.V2 = false // Frappe: cmd wins over any path and answers as v1
		x.target = target{method: cmd.Str()}
		return x.run(ctx, callMethod)
	}
	switch {
	case strings.HasPrefix(x.path, "/api/"):
		return x.api(ctx)
	case strings.HasPrefix(x.path, "/private/files/"):
		if x.s.PrivateFile == nil {
			return forbidden("You don't have permission to access this file")
		}
		if err := x.c.CheckScope("File", doctype.Read); err != nil {
			return err
		}
		return x.s.PrivateFile(ctx, x.c, x.path)
	case strings.HasPrefix(x.path, "/backups"):
		return forbidden("You need to be logged in and have System Manager Role to be able to access backups.")
	case strings.HasPrefix(x.path, "/.well-known/") && x.verb == http.MethodGet && x.s.WellKnown != nil:
		return x.wellKnown(ctx)
	}
	return x.page(ctx)
}

func (x *exchange) api(ctx context.Context) error {
	var err error
	if x.p.V2 {
		x.target, err = match(x.path, x.verb, x.p.CopyRoute)
	} else {
		x.target, err = matchOld(x.path, x.verb, x.c.Form.Has("run_method"))
	}
	if err != nil {
		return err
	}
	return x.run(ctx, x.target.run)
}

func (x *exchange) run(ctx context.Context, fn endpoint) error {
	if !x.unsafe() {
		x.c.Stream = x.streamPart
	}
	v, err := fn(x, ctx)
	if err == nil {
		v, err = x.readable(ctx, v)
	}
	x.value = v
	return err
}

// readable is what an endpoint or a method returned, without what its user may not read
// of documents.
func (x *exchange) readable(ctx context.Context, v any) (any, error) {
	switch t := v.(type) {
	case *document.Document:
		return x.c.Answer(ctx, t)
	case engine.WithNulls:
		d, err := x.c.Answer(ctx, t.Doc)
		return engine.WithNulls{Doc: d}, err
	case []*document.Document:
		out := make([]*document.Document, len(t))
		for i, d := range t {
			var err error
			if out[i], err = x.c.Answer(ctx, d); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// addDoc adds a document to the answer's docs.
func (x *exchange) addDoc(ctx context.Context, d *document.Document, noNulls bool) error {
	d, err := x.c.Answer(ctx, d)
	if err == nil {
		x.c.Response.Docs = append(x.c.Response.Docs, x.c.Encode(d, noNulls))
	}
	return err
}

func (x *exchange) wellKnown(ctx context.Context) error {
	handled, err := x.s.WellKnown(ctx, x.c, strings.TrimPrefix(x.path, "/.well-known/"))
	if err != nil || handled {
		return err
	}
	return websiteNotFound()
}

// finish ends the transaction and answers. Unsafe verbs commit; safe ones roll back,
// unless a method says that its writes must stay.
// Source: frappe/app.py sync_database.
func (x *exchange) finish(ctx context.Context) error {
	if x.failedPart {
		return x.finishFailed(ctx)
	}
	if x.once != nil && x.status == 0 {
		return x.finishOnce(ctx)
	}
	if (x.unsafe() || x.c.Persist) && !x.gaveUp {
		if err := x.c.Commit(ctx); err != nil {
			return err
		}
	} else {
		x.c.Rollback()
	}
	if x.streaming {
		return x.endStream()
	}
	if x.status != 0 {
		return nil // a page has been written already
	}
	return x.answer()
}

// htmlError is an error that is an HTML page whatever the client accepts.
func htmlError(class *exc.Class, text string) error {
	e := class.New(text)
	e.HTML = true
	return e
}

func forbidden(text string) error { return htmlError(exc.HTTP403, text) }

func websiteNotFound() error {
	return htmlError(exc.HTTP404, "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.")
}
