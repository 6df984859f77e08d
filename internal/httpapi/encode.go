package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/files"
)

// Header values that never change are shared; nobody appends to them.
var (
	contentJSON  = []string{"application/json"}
	contentHTML  = []string{"text/html; charset=utf-8"}
	contentPlain = []string{"text/plain; charset=utf-8"}
)

// bodies are buffers for answers.
var bodies = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}

// maxPooled keeps a rare large answer from staying in memory.
const maxPooled = 1 << 20

func withBody(fn func(buf []byte) []byte) {
	p := bodies.Get().(*[]byte)
	buf := fn((*p)[:0])
	if cap(buf) <= maxPooled {
		*p = buf[:0]
		bodies.Put(p)
	}
}

// members appends the members of a JSON object.
type members struct {
	dst   []byte
	f     document.Format
	begun bool
}

func open(dst []byte, f document.Format) *members { return &members{dst: append(dst, '{'), f: f} }

func (m *members) key(name string) {
	if m.begun {
		m.dst = append(m.dst, ',')
		if m.f.Spaced {
			m.dst = append(m.dst, ' ')
		}
	}
	m.begun = true
	m.dst = m.f.AppendKey(m.dst, name)
}

func (m *members) text(name, value string) {
	m.key(name)
	m.dst = m.f.AppendString(m.dst, value)
}

func (m *members) value(name string, v document.Value) {
	m.key(name)
	m.dst = m.f.Append(m.dst, v)
}

func (m *members) close() []byte { return append(m.dst, '}') }

// answer writes the answer of a request that succeeded.
func (x *exchange) answer() error {
	status := x.c.Response.Status
	if status == 0 {
		status = http.StatusOK
	}
	if status == http.StatusNotModified {
		x.headers(x.w.Header(), status)
		x.status = status
		x.w.WriteHeader(status)
		return nil
	}
	switch x.c.Response.Kind {
	case "redirect":
		x.redirect()
		return nil
	case "download", "raw":
		x.download(status)
		return nil
	case "csv", "txt", "pdf", "binary":
		x.typed(status)
		return nil
	case "page":
		x.send(status, contentHTML, page(x.c.Response.Title, string(x.c.Response.Content)))
		return nil
	}
	withBody(func(buf []byte) []byte {
		buf = x.appendBody(buf, nil)
		x.send(status, contentJSON, buf)
		return buf
	})
	return nil
}

// send writes status, headers and body.
func (x *exchange) send(status int, contentType []string, body []byte) {
	h := x.w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.headers(h, status)
	x.status = status
	x.w.WriteHeader(status)
	x.sendBody(body)
}

// longAnswer is how many bytes a client gets that may be slow without more ado: less than
// what the system takes for a connection.
const longAnswer = 64 << 10

// sendBody sends a body of known length. A long one goes by an outlet, so that it does
// not stay in memory for a client that is slow.
func (x *exchange) sendBody(body []byte) {
	if _, ok := x.w.(*recorder); ok || len(body) <= longAnswer {
		x.allow(int64(len(body)))
		_, _ = x.w.Write(body) // a client that is gone reads nothing
		return
	}
	x.out = x.newOutlet(x.r.Context())
	x.out.hold(body)
}

// appendBody appends the JSON body: documents, keys that code has set, the result,
// what an error says, then the logs.
// Source: frappe/utils/response.py as_json, make_logs.
func (x *exchange) appendBody(dst []byte, e *failure) []byte {
	m := open(dst, x.p.Body)
	if len(x.c.Response.Docs) > 0 {
		m.key("docs")
		m.dst = append(m.dst, '[')
		for i, d := range x.c.Response.Docs {
			if i > 0 {
				m.dst = append(m.dst, ',')
			}
			m.dst = append(m.dst, d...)
		}
		m.dst = append(m.dst, ']')
	}
	written := false
	hasValue := e == nil && (x.value != nil || x.nulls)
	for i := range x.c.Response.Keys.Len() {
		k, v := x.c.Response.Keys.At(i)
		switch {
		case hasValue && k == x.key:
			x.appendResult(m)
			written = true
		case e != nil && k == "exc_type":
		default:
			m.value(k, v)
		}
	}
	if hasValue && !written {
		x.appendResult(m)
	}
	if x.c.Request.V2 {
		x.appendLogsV2(m, e)
	} else {
		x.appendLogsV1(m, e)
	}
	return m.close()
}

func (x *exchange) appendResult(m *members) {
	m.key(x.key)
	m.dst = x.appendValue(m.dst, x.value)
}

// appendValue appends what an endpoint or a method returned.
func (x *exchange) appendValue(dst []byte, v any) []byte {
	o := document.JSONOptions{Format: x.p.Body, IndentJSON: x.p.IndentJSON}
	switch t := v.(type) {
	case engine.JSON:
		return append(dst, t...)
	case *document.Document:
		if t == nil {
			return append(dst, "null"...)
		}
		o.NoNulls = true
		return t.AppendJSON(dst, o)
	case engine.WithNulls:
		return t.Doc.AppendJSON(dst, o)
	case []*document.Document:
		dst = append(dst, '[')
		for i, d := range t {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.appendValue(dst, d)
		}
		return append(dst, ']')
	}
	return x.p.Body.Append(dst, document.From(v))
}

// appendLogsV1 appends v1's error keys and logs. JSON in them is text that holds
// JSON, printed as the release's own dumps does.
func (x *exchange) appendLogsV1(m *members, e *failure) {
	if e != nil {
		x.appendErrorV1(m, e)
	} else if x.showDebug() && x.p.DebugInExc {
		m.text("exc", x.p.Inner.Marshal(document.Texts(x.c.Debug))) // Frappe: v14 prints SQL to the error log
	}
	if len(x.c.Messages) > 0 {
		texts := make([]document.Value, len(x.c.Messages))
		for i, msg := range x.c.Messages {
			id := ""
			if e != nil && i == e.message {
				id = e.id
			}
			texts[i] = document.Text(string(x.appendMessage(nil, x.p.Inner, msg, id, false)))
		}
		m.text("_server_messages", x.p.Inner.Marshal(document.ListOf(texts...)))
	}
	if x.showDebug() && !x.p.DebugInExc {
		m.text("_debug_messages", x.p.Inner.Marshal(document.Texts(x.c.Debug)))
	}
	if e != nil && e.Hint != "" {
		m.text("_error_message", e.Hint)
	}
}

func (x *exchange) showDebug() bool {
	if len(x.c.Debug) == 0 {
		return false
	}
	if x.p.TracebackForSystemUsers && !x.mayTrace() {
		return false
	}
	return x.p.DebugInExc || !x.p.DebugNeedsLogging || x.s.Engine.Site.Config().Bool("logging")
}

// appendLogsV2 appends v2's error and logs as real JSON.
func (x *exchange) appendLogsV2(m *members, e *failure) {
	linked := -1
	if e != nil {
		linked = x.appendErrorV2(m, e)
	}
	n := 0
	for i, msg := range x.c.Messages {
		if i == linked {
			continue
		}
		if n == 0 {
			m.key("messages")
			m.dst = append(m.dst, '[')
		} else {
			m.dst = append(m.dst, ',')
		}
		n++
		m.dst = x.appendMessage(m.dst, x.p.Body, msg, "", false)
	}
	if n > 0 {
		m.dst = append(m.dst, ']')
	}
	if x.showDebug() {
		m.key("debug")
		m.dst = append(m.dst, '[')
		for i, line := range x.c.Debug {
			if i > 0 {
				m.dst = append(m.dst, ',')
			}
			d := open(m.dst, x.p.Body)
			d.text("message", line)
			m.dst = d.close()
		}
		m.dst = append(m.dst, ']')
	}
}

// appendMessage appends one entry of the message log. id is that of the exception it
// came with; other thrown messages get one of their own. merged prints the members
// only, without what links a message to its exception.
// Source: frappe/utils/messages.py msgprint.
func (x *exchange) appendMessage(dst []byte, f document.Format, msg exc.Message, id string, merged bool) []byte {
	m := open(dst, f)
	x.messageMembers(m, msg, id, merged)
	return m.close()
}

func (x *exchange) messageMembers(m *members, msg exc.Message, id string, merged bool) {
	x.messageText(m, msg)
	title := msg.Title
	if title == "" {
		title = "Message"
	}
	m.text("title", title)
	if msg.Indicator != "" {
		m.text("indicator", msg.Indicator)
	}
	if msg.Alert {
		m.value("alert", document.IntOf(1))
	}
	if msg.Raise && !merged {
		m.value("raise_exception", document.IntOf(1))
		if x.p.MessageID {
			if id == "" {
				id = engine.RandomHex(56)
			}
			m.text("__frappe_exc_id", id)
		}
	}
	if msg.Action != "" {
		m.key("primary_action")
		m.dst = append(m.dst, msg.Action...)
	}
}

// messageText appends the text and how it is meant: as text, a list or a table.
func (x *exchange) messageText(m *members, msg exc.Message) {
	yes, form := document.IntOf(1), ""
	if x.p.MessageForm {
		yes = document.BoolOf(true)
	}
	switch {
	case msg.List != nil:
		m.value("message", document.Texts(msg.List))
		form = "as_list"
	case msg.Table != nil:
		rows := make([]document.Value, len(msg.Table))
		for i, row := range msg.Table {
			rows[i] = document.Texts(row)
		}
		m.value("message", document.ListOf(rows...))
		form = "as_table"
	default:
		m.text("message", msg.Text)
	}
	switch {
	case form != "":
		m.value(form, yes)
	case x.p.MessageForm:
		m.value("as_table", document.BoolOf(false))
	}
}

// typed writes bytes of one of the types that upstream names.
// Source: frappe/utils/response.py as_csv, as_txt, as_pdf, as_binary.
func (x *exchange) typed(status int) {
	r := &x.c.Response
	switch r.Kind {
	case "csv":
		r.ContentType, r.Disposition = "text/csv; charset=utf-8", "attachment"
	case "txt":
		r.ContentType, r.Disposition = "text", "attachment" // Frappe: not text/plain
	case "pdf":
		r.ContentType, r.Disposition = "application/pdf", x.p.PDFDisposition
	case "binary":
		r.ContentType, r.Disposition = "application/octet-stream", x.p.BinaryDisposition
	}
	x.download(status)
}

// download writes bytes: a file, or a body of the code's own making.
func (x *exchange) download(status int) {
	r := &x.c.Response
	contentType := r.ContentType
	if contentType == "" {
		contentType = files.ContentType(r.Filename, "application/octet-stream")
	}
	d := disposition(r.Disposition, r.Filename)
	if r.Stream != nil {
		x.stream(r.Stream, oneLine(contentType), d)
		return
	}
	if d != "" {
		x.w.Header()["Content-Disposition"] = []string{d}
	}
	x.send(status, []string{oneLine(contentType)}, r.Content)
}

// disposition makes a Content-Disposition. A kind that names the file itself is taken
// as it is. Source: frappe/utils/response.py, werkzeug's dump_options_header.
func disposition(kind, filename string) string {
	if kind == "" && filename == "" || strings.Contains(kind, "filename") {
		return oneLine(kind)
	}
	if filename == "" {
		return oneLine(kind)
	}
	name := "filename=" + oneLine(filename)
	if !isToken(filename) {
		name = `filename="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oneLine(filename)) + `"`
	}
	if kind == "" {
		return name
	}
	return oneLine(kind) + "; " + name
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// oneLine keeps a value from breaking out of its header line.
func oneLine(s string) string {
	if strings.ContainsAny(s, "\r\n\x00") {
		return strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(s)
	}
	return s
}

// allow gives the client the time in which it must take n bytes.
func (x *exchange) allow(n int64) {
	patience, rate := x.s.slow()
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(patience + time.Duration(n/rate)*time.Second)) // not every writer can
}

// redirect answers 302 with a stub page.
func (x *exchange) redirect() {
	to := escapeLocation(x.c.Response.Location)
	x.w.Header()["Location"] = []string{to}
	status := x.c.Response.Status
	if status == 0 {
		status = http.StatusFound
	}
	x.send(status, contentHTML, plainPage("Redirecting...", `You should be redirected automatically to the target URL: <a href="`+escape(to)+`">`+escape(to)+`</a>. If not, click the link.`))
}

// escapeLocation percent-encodes what may not stand in a Location header, and leaves
// the rest of an address alone.
func escapeLocation(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"<>\^`+"`{|}", c) >= 0 {
			const digits = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
