package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"freddo/doctype"
	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/files"
)

// internalError is what a client learns of a failure that is nobody's business.
var (
	internalError = &exc.Class{Name: "InternalServerError", Status: http.StatusInternalServerError}
	errInternal   = internalError.New("Internal Server Error")
	// unavailable is werkzeug's: something that the request needs does not answer.
	unavailable = &exc.Class{Name: "ServiceUnavailable", Status: http.StatusServiceUnavailable}
	errFiles    = unavailable.New("The files cannot be reached at the moment. Please try again later.")
)

// sourced is an error that knows where it came from, such as a Server Script.
type sourced interface{ ExcSource() string }

// failure is an error on its way to the client.
type failure struct {
	*exc.Error
	status int
	// trace says that the client may see the traceback.
	trace bool
	// source is _exc_source.
	source string
	// message is the place of the error's own message in the log, or -1; id links the
	// two.
	message int
	id      string
}

// fail rolls back and answers an error. What code put into the response before it
// stays. Source: frappe/app.py handle_exception.
func (x *exchange) fail(ctx context.Context, err error) {
	x.c.Rollback()
	if x.streaming {
		if ctx.Err() == nil {
			x.s.shared().mute.note(ctx, "answers cut off", "error", err, "method", x.verb, "path", x.path, "user", x.c.User)
		}
		panic(http.ErrAbortHandler) // the client sees that the answer is not whole
	}
	if errors.Is(err, context.Canceled) {
		x.status = 499
		return
	}
	e := exc.Of(err)
	if b := (*brokenBody)(nil); errors.As(err, &b) {
		x.s.shared().mute.note(ctx, "bodies broken off", "error", err, "method", x.verb, "path", x.path, "address", x.c.Request.RemoteIP)
		x.w.Header().Set("Connection", "close")
		e = b.answer()
	}
	if b := brokenOff(err); b != nil {
		e = b
	}
	if e == nil {
		x.s.log().ErrorContext(ctx, "request failed", "error", err, "method", x.verb, "path", x.path, "user", x.c.User)
		e = errInternal
		if errors.Is(err, files.ErrUnavailable) {
			e = errFiles
		}
	} else if e.Class.Status >= http.StatusInternalServerError && e.Unwrap() != nil {
		x.s.log().WarnContext(ctx, "request refused", "error", err, "cause", e.Unwrap(), "method", x.verb, "path", x.path)
	}
	if e.HTML && !x.wantsProblem() {
		x.failHTML(e)
		return
	}
	f := &failure{Error: e, status: e.Class.Status, message: -1}
	x.describe(ctx, f, err)
	if e.Class == exc.Authentication && x.cookies {
		x.c.Response.ClearCookies = true // Frappe: the exact class only
	}
	for _, h := range e.Headers {
		x.w.Header().Add(h[0], oneLine(h[1]))
	}
	if x.wantsProblem() {
		x.failProblem(f)
		return
	}
	if !x.wantsJSON() {
		x.failPage(f)
		return
	}
	withBody(func(buf []byte) []byte {
		buf = x.appendBody(buf, f)
		x.send(f.status, contentJSON, buf)
		return buf
	})
}

// describe completes the message log and decides what the client may know. It asks
// the database in a transaction of its own, the request's being over.
func (x *exchange) describe(ctx context.Context, f *failure, err error) {
	c := x.s.Engine.Begin(ctx, x.c.User)
	defer c.Rollback()
	c.Limits = x.c.Limits
	x.hideMissing(ctx, c, f)
	x.c.Messages = append(x.c.Messages, f.Plain...)
	if f.Thrown {
		f.message = len(x.c.Messages)
		if x.p.MessageID {
			f.id = engine.RandomHex(56)
		}
		x.c.Messages = append(x.c.Messages, exc.Message{Text: f.Text, Title: f.Title, Indicator: "red", Raise: true})
	}
	f.trace = x.traceback(ctx, c, f)
	var s sourced
	if x.p.ExcSource && errors.As(err, &s) {
		f.source = s.ExcSource()
	}
}

// hideMissing turns a missing document into a refusal for those who may not read its
// DocType (v16). Source: frappe/permissions.py handle_does_not_exist_error.
func (x *exchange) hideMissing(ctx context.Context, c *engine.Call, f *failure) {
	if !x.p.HideMissing || f.DocType == "" || !f.Class.Is(exc.DoesNotExist) {
		return
	}
	ok, err := c.HasPermission(ctx, f.DocType, doctype.Read, nil)
	if err != nil || ok {
		return
	}
	if e := exc.Of(c.NoDoctypePermission(ctx, f.DocType)); e != nil {
		f.Error, f.status = e, e.Class.Status
		x.c.Messages = c.Messages
	}
}

// traceback reports whether the client may see exception and exc.
// Source: frappe/utils/response.py report_error, allow_traceback.
func (x *exchange) traceback(ctx context.Context, c *engine.Call, f *failure) bool {
	if f.NoTraceback || !x.s.Auth.Current().Traceback {
		return false
	}
	if f.status == http.StatusNotFound && !x.s.Engine.Site.Config().Bool("logging") {
		return false
	}
	if !x.p.TracebackForSystemUsers {
		return true
	}
	u, err := c.Me(ctx)
	return err == nil && u.IsSystem()
}

// mayTrace reports whether an answer of success may tell how it was made.
// Source: frappe/utils/response.py is_traceback_allowed (v16).
func (x *exchange) mayTrace() bool {
	if !x.s.Auth.Current().Traceback {
		return false
	}
	u, err := x.c.Me(x.r.Context())
	return err == nil && u.IsSystem()
}

// lastLine is what a traceback ends with. There is nothing else in ours: a real one
// would tell of files and statements.
func (f *failure) lastLine() string {
	text := strings.TrimRight(f.Error.Error(), "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

func (f *failure) fullTrace() string {
	return "Traceback (most recent call last):\n" + f.Error.Error() + "\n"
}

func (x *exchange) appendErrorV1(m *members, e *failure) {
	kind := ""
	switch {
	case x.p.ExcTypeAlways || e.Thrown && !e.Untyped:
		kind = e.Class.Name
	default:
		kind = x.c.Response.Keys.Str("exc_type") // Frappe: left behind by an error before
	}
	if kind != "" && x.p.ExcTypeFirst {
		m.text("exc_type", kind)
	}
	if e.trace {
		m.text("exception", e.lastLine())
	}
	if kind != "" && !x.p.ExcTypeFirst {
		m.text("exc_type", kind)
	}
	if e.source != "" && e.trace {
		m.text("_exc_source", e.source)
	}
	if e.trace {
		m.text("exc", x.p.Inner.Marshal(document.ListOf(document.Text(e.fullTrace()))))
	}
}

// appendErrorV2 appends the one entry of errors and returns the place of the message
// merged into it, or -1: the error's own, or, for an error that brought none, the
// first that no error brought.
// Source: frappe/utils/response.py _link_error_with_message_log.
func (x *exchange) appendErrorV2(m *members, e *failure) int {
	m.key("errors")
	m.dst = append(m.dst, '[')
	o := open(m.dst, x.p.Body)
	o.text("type", e.Class.Name)
	if e.trace {
		o.text("exception", e.fullTrace())
	}
	linked := e.message
	if linked < 0 {
		for i, msg := range x.c.Messages {
			if !msg.Raise {
				linked = i
				break
			}
		}
	}
	if linked >= 0 {
		x.messageMembers(o, x.c.Messages[linked], "", true)
	}
	m.dst = append(o.close(), ']')
	return linked
}

// wantsJSON reports whether an error goes out as JSON.
// Source: frappe/app.py handle_exception.
func (x *exchange) wantsJSON() bool {
	accept := x.r.Header.Get("Accept")
	ajax := x.r.Header.Get("X-Requested-With") == "XMLHttpRequest"
	if accept != "" && (ajax || strings.Contains(accept, "application/json")) {
		return true
	}
	return strings.HasPrefix(x.path, "/api/") && !strings.HasPrefix(accept, "text")
}

// failHTML answers as upstream's web library does, past the framework: before v16
// without cookies and headers of its own.
func (x *exchange) failHTML(e *exc.Error) {
	for _, h := range e.Headers {
		x.w.Header()[h[0]] = []string{oneLine(h[1])}
	}
	x.cookies = x.cookies && x.p.HTTPErrorCookies
	status := e.Class.Status
	x.send(status, contentHTML, plainPage(statusTitle(status), escape(e.Text)))
}

func statusTitle(status int) string {
	title := http.StatusText(status)
	if status == http.StatusRequestEntityTooLarge {
		title = "Request Entity Too Large"
	}
	return strings.TrimSpace(httpCode(status) + " " + title)
}

// failPage answers an error to a browser.
func (x *exchange) failPage(f *failure) {
	title, text := "Server Error", "Something went wrong."
	switch f.status {
	case http.StatusServiceUnavailable:
		if f.Class == exc.SessionStopped {
			title, text = "Updating", "The system is being updated. Please refresh again after a few moments."
		}
	case http.StatusUnauthorized:
		title, text = "Session Expired", "Your session has expired, please login again to continue."
	case http.StatusForbidden:
		title, text = "Not Permitted", "You do not have enough permissions to complete the action"
	case http.StatusNotFound:
		title, text = "Not Found", "The resource you are looking for is not available"
	case http.StatusTooManyRequests:
		if f.Class == exc.TooManyRequests {
			x.send(f.status, contentPlain, []byte("Too Many Requests"))
			return
		}
	}
	body := "<p>" + escape(text) + "</p>"
	if x.c.User == "Guest" && (f.status == http.StatusUnauthorized || f.status == http.StatusForbidden) {
		body += `<p><a href="` + escape("/login?redirect-to="+escapeQuery(x.r.URL.RequestURI())) + `">Log in</a></p>`
	}
	x.send(f.status, contentHTML, page(title, body))
}
