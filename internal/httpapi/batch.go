package httpapi

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// Bounds of a batch (docs/beyond.md).
const (
	maxBatch       = 100
	maxBatchAnswer = 32 << 20
)

// notTried is the status of requests that an atomic batch did not come to, or undid.
const notTried = http.StatusFailedDependency

// item is one request of a batch.
type item struct {
	id     document.Value
	verb   string
	target *url.URL
	body   []byte
	header http.Header
}

// batch answers several requests in one, as the same user: each in a transaction of its
// own, or, when the argument atomic is true, all in one that fails with the first
// failure. Errors: ValidationError for a batch that is malformed or too long.
func batch(x *exchange, ctx context.Context) (any, error) {
	if x.c.Request.Part {
		return nil, exc.Validation.Throw("A batch cannot be part of a batch")
	}
	items, err := x.items()
	if err != nil {
		return nil, err
	}
	leave, err := x.enterBatches(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if x.c.Form.Get("atomic").Truthy() && sbool(x.c.Form.Get("atomic")).Truthy() {
		return x.together(ctx, items)
	}
	if x.once == nil {
		if err := x.c.CommitNow(ctx); err != nil { // no snapshot is held meanwhile
			return nil, err
		}
	} else {
		return nil, exc.Validation.Throw("A batch with an Idempotency-Key must be atomic")
	}
	results, room := make([][]byte, len(items)), maxBatchAnswer
	for i, it := range items {
		rec := x.apart(ctx, it, room)
		if err := x.reserve(ctx, int64(rec.body.Len())*batchFactor); err != nil {
			return nil, err
		}
		room = max(room-rec.body.Len(), 1)
		results[i] = x.result(it, rec)
	}
	return x.results(results), nil
}

// batchFactor is how many bytes a byte of an item's answer takes: as it was recorded, in
// the list of results, in the batch's answer.
const batchFactor = 3

// enterBatches waits until the batch may run. Who has written already does not wait.
func (x *exchange) enterBatches(ctx context.Context) (leave func(), err error) {
	if x.c.Tx.Writing() {
		return func() {}, nil
	}
	user, gate := x.c.User, x.s.shared().batches
	if !gate.TryEnter(user) {
		if err := x.c.CommitNow(ctx); err != nil { // no snapshot is held meanwhile
			return nil, err
		}
		if err := gate.Enter(ctx, user); err != nil {
			return nil, err
		}
	}
	return func() { gate.Leave(user) }, nil
}

// results is a list of results.
func (x *exchange) results(list [][]byte) engine.JSON {
	size := 2
	for _, r := range list {
		size += len(r) + 2
	}
	out := append(make([]byte, 0, size), '[')
	for i, r := range list {
		if i > 0 {
			out = append(out, ',')
			if x.p.Body.Spaced {
				out = append(out, ' ')
			}
		}
		out = append(out, r...)
	}
	return append(out, ']')
}

// items reads the argument requests.
func (x *exchange) items() ([]item, error) {
	list := x.c.Form.Get("requests")
	if list.Kind() == document.String {
		list, _ = document.ParseJSON(list.Str())
	}
	if list.Kind() != document.List || len(list.List()) == 0 {
		return nil, exc.Validation.Throw("requests must be a list of {method, path, body or query}")
	}
	if n := len(list.List()); n > maxBatch {
		return nil, exc.Validation.Throwf("A batch has at most %d requests, not %d", maxBatch, n)
	}
	items := make([]item, 0, len(list.List()))
	for i, v := range list.List() {
		it, err := x.item(v.Map())
		if err != nil {
			return nil, exc.Validation.Throwf("Request %d: %s", i, err.Error())
		}
		items = append(items, it)
	}
	return items, nil
}

var batchVerbs = map[string]bool{"GET": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true}

// batchHeaders are the headers that an item may bring.
var batchHeaders = []string{"If-Match", "If-None-Match", "Prefer", "Accept"}

func (x *exchange) item(o *document.Object) (item, error) {
	if o == nil {
		return item{}, fmt.Errorf("not an object")
	}
	it := item{id: o.Get("id"), verb: strings.ToUpper(o.Str("method")), header: http.Header{}}
	if it.verb == "" {
		it.verb = http.MethodGet
	}
	if !batchVerbs[it.verb] {
		return it, fmt.Errorf("unknown method %q", o.Str("method"))
	}
	var err error
	if it.target, err = url.Parse(o.Str("path")); err != nil || it.target.Host != "" || it.target.Scheme != "" || !strings.HasPrefix(it.target.Path, "/api/") {
		return it, fmt.Errorf("path must begin with /api/")
	}
	switch strings.TrimSuffix(it.target.Path, "/") {
	case "/api/v2/batch", "/api/batch", "/api/method/login", "/api/method/logout", "/api/method/frappe.handler.logout", "/api/method/web_logout",
		"/api/method/frappe.handler.web_logout", "/api/v2/method/logout", "/api/v2/method/login":
		return it, fmt.Errorf("%s cannot be part of a batch", it.target.Path)
	}
	if q := o.Get("query").Map(); q != nil {
		it.target.RawQuery = joinQuery(it.target.RawQuery, q)
	}
	if b := o.Get("body"); !b.IsNull() {
		if b.Kind() != document.Map && b.Kind() != document.List {
			return it, fmt.Errorf("body must be an object or a list")
		}
		it.body = document.ORJSON.Append(nil, b)
		it.header.Set("Content-Type", "application/json")
	}
	given := o.Get("headers").Map()
	for _, name := range batchHeaders {
		if accept := x.r.Header.Get(name); name == "Accept" && accept != "" {
			it.header.Set(name, accept)
		}
		for i := range given.Len() {
			if k, v := given.At(i); strings.EqualFold(k, name) {
				it.header.Set(name, oneLine(v.Str()))
			}
		}
	}
	return it, nil
}

func joinQuery(raw string, q *document.Object) string {
	for i := range q.Len() {
		k, v := q.At(i)
		text := document.ToText(v)
		if v.Kind() == document.List || v.Kind() == document.Map {
			text = document.ORJSON.Marshal(v)
		}
		if raw != "" {
			raw += "&"
		}
		raw += url.QueryEscape(k) + "=" + url.QueryEscape(text)
	}
	return raw
}

// sub makes an item a request of its own, by a call that acts for the batch's user.
func (x *exchange) sub(it item, c *engine.Call, most int) *exchange {
	r := (&http.Request{Method: it.verb, URL: it.target, Header: it.header, Host: x.r.Host, RemoteAddr: x.r.RemoteAddr, Body: http.NoBody,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(x.r.Context())
	y := &exchange{s: x.s, w: newRecorder(most), r: r, c: c, p: x.p, path: it.target.Path, verb: it.verb, started: x.started, key: "data",
		body: it.body, bodyRead: true, held: x.held, known: x.known,
		prepared: x.prepared}
	c.Request = &engine.Request{Method: y.verb, Path: y.path, Scheme: x.c.Request.Scheme, Host: r.Host, RemoteIP: x.c.Request.RemoteIP,
		Part: true, Query: r.URL.RawQuery, V2: x.p.V2 && strings.HasPrefix(y.path, "/api/v2"), Header: r.Header}
	y.lend(c)
	return y
}

// apart answers an item in its own transaction, beginning anew where the database broke
// that off.
func (x *exchange) apart(ctx context.Context, it item, room int) *recorder {
	var prepared *engine.Prepared
	defer func() { prepared.Discard() }()
	for n := 1; ; n++ {
		y := x.sub(it, x.s.Engine.Begin(ctx, x.c.User), room)
		y.c.Session = x.c.Session
		y.c.SetLimits(x.c.Limits)
		y.prepared = &engine.Prepared{}
		if prepared != nil {
			y.prepared = prepared
		}
		prepared = y.prepared
		y.lend(y.c)
		err := y.steps(ctx, (*exchange).finish)
		y.c.Rollback()
		if o := (*engine.Outside)(nil); errors.As(err, &o) {
			if again, err := prepared.Do(ctx, y.c, o); again && err == nil {
				n--
				continue
			}
		}
		if kind := kindOf(err); n < tries && kind == storage.Deadlock && !y.c.Committed() {
			continue
		}
		return y.recorded()
	}
}

// steps runs what is left of a request whose user is known, ending with last. It
// reports the error that was answered, if any.
func (x *exchange) steps(ctx context.Context, last func(*exchange, context.Context) error) (failed error) {
	defer x.release()
	defer func() {
		switch v := recover(); {
		case v == nil:
		case v == http.ErrAbortHandler: // a list that was too long for the rest of the room
			failed = errLongAnswer
			x.w.(*recorder).over = true
		default:
			x.s.log().ErrorContext(ctx, "request of a batch panicked", "panic", v, "path", x.path)
			failed = errInternal
			x.w, x.streaming = newRecorder(0), false
			x.fail(ctx, errInternal)
		}
	}()
	for _, step := range []func(*exchange, context.Context) error{(*exchange).readForm, (*exchange).checkReadOnly, (*exchange).api, last} {
		if err := step(x, ctx); err != nil {
			if o := (*engine.Outside)(nil); !errors.As(err, &o) { // else the item begins anew
				x.fail(ctx, err)
			}
			return err
		}
	}
	return nil
}

func (x *exchange) recorded() *recorder {
	rec := x.w.(*recorder)
	if rec.over || rec.status == 0 {
		long := newRecorder(0)
		x.w, x.streaming, x.status = long, false, 0
		x.c.Response = engine.Response{}
		x.fail(x.r.Context(), exc.HTTP413.Throw("The answers of a batch are too long"))
		return long
	}
	return rec
}

// result is an item's answer as JSON: id, status, headers of interest, body.
func (x *exchange) result(it item, rec *recorder) []byte {
	m := open(make([]byte, 0, rec.body.Len()+128), x.p.Body)
	if !it.id.IsNull() {
		m.value("id", it.id)
	}
	m.value("status", document.IntOf(int64(rec.status)))
	headers := &document.Object{}
	for _, k := range []string{"Etag", "Location"} {
		if v := rec.header.Get(k); v != "" {
			headers.Set(k, document.Text(v))
		}
	}
	if headers.Len() > 0 {
		m.value("headers", document.MapOf(headers))
	}
	text := rec.body.Bytes()
	switch media, _, _ := mime.ParseMediaType(rec.header.Get("Content-Type")); {
	case len(text) == 0:
		m.value("body", document.NullValue)
	case isJSON(media):
		m.key("body")
		m.dst = append(m.dst, text...) // in the release's format already
	case utf8.Valid(text):
		m.text("body", string(text))
	default:
		m.value("body", document.MapOf(document.NewObject("base64", base64.StdEncoding.EncodeToString(text))))
	}
	return m.close()
}
