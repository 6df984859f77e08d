package httpapi

import (
	"context"
	"errors"
	"net/http"

	"freddo/document"
	"freddo/internal/engine"
)

// queueing is how a request stands to the gate that lets few long lists be made at once.
type queueing struct {
	// asked says that the list had to wait: the request begins anew when it is let in.
	asked bool
	// memory is what the request has to wait for until it begins anew.
	memory int64
	// inside says that it was let in, as user.
	inside bool
	user   string
}

// errQueued ends a list that has to wait. It never reaches a client.
var errQueued = errors.New("httpapi: the list has to wait for others")

// streamPart sends a part of a list that is too long to be held in memory. The first one
// brings status, headers and the beginning of the body; a body of unknown length has no
// Content-Length. Few long lists are made at a time: one that finds no room gives its
// place at the database back and begins anew later.
func (x *exchange) streamPart(part []byte) ([]byte, error) {
	if !x.streaming {
		if !x.enterLists() {
			return nil, errQueued
		}
		x.streaming = true
		x.begin200()
		m := open(nil, x.p.Body)
		for i := range x.c.Response.Keys.Len() {
			m.value(x.c.Response.Keys.At(i))
		}
		m.key(x.key)
		if err := x.part(m.dst); err != nil {
			return nil, err
		}
		x.c.Response.Keys = document.Object{}
	}
	return part[:0], x.part(part)
}

// enterLists reports whether the list may go on. A request that cannot begin anew always
// may.
func (x *exchange) enterLists() bool {
	if x.queue.inside || !x.mayQueue() {
		return true
	}
	if x.s.shared().lists.TryEnter(x.c.User) {
		x.queue = queueing{inside: true, user: x.c.User}
		return true
	}
	x.queue.asked = true
	return false
}

// await waits for what the request's queueing says. Nothing is held meanwhile. Errors:
// 503.
func (x *exchange) await(ctx context.Context) error {
	if n := x.queue.memory; n > 0 {
		x.held.waits++
		x.held.credit = x.held.memory.Held() - x.held.body
		x.queue.memory = 0
		if err := x.held.memory.Take(ctx, n); err != nil {
			return full(err)
		}
		x.held.credit += n
	}
	if !x.queue.asked {
		return nil
	}
	user := x.c.User
	if err := x.s.shared().lists.Enter(ctx, user); err != nil {
		return err
	}
	x.queue.asked, x.queue.inside, x.queue.user = false, true, user
	return nil
}

// leaveLists makes room for the next long list.
func (x *exchange) leaveLists() {
	if x.queue.inside {
		x.s.shared().lists.Leave(x.queue.user)
	}
	x.queue = queueing{}
}

func (x *exchange) begin200() {
	h := x.w.Header()
	h["Content-Type"] = contentJSON
	x.status = http.StatusOK
	x.headers(h, x.status)
	x.w.WriteHeader(x.status)
}

// part sends a part of the answer, without waiting for a client that is slow.
func (x *exchange) part(b []byte) error {
	if _, ok := x.w.(*recorder); ok {
		_, err := x.w.Write(b)
		return err
	}
	if x.out == nil {
		x.out = x.newOutlet(x.r.Context())
	}
	_, err := x.out.Write(b)
	return err
}

// endStream sends the rest of the list and what follows it.
func (x *exchange) endStream() error {
	rest, _ := x.value.(engine.JSON)
	m := &members{dst: rest, f: x.p.Body, begun: true}
	for i := range x.c.Response.Keys.Len() {
		m.value(x.c.Response.Keys.At(i))
	}
	if x.c.Request.V2 {
		x.appendLogsV2(m, nil)
	} else {
		x.appendLogsV1(m, nil)
	}
	return x.part(m.close())
}

// drain lets a slow client have the rest of its answer, with nothing held for it but a
// place on the disk.
func (x *exchange) drain() {
	x.leaveLists()
	if x.out == nil {
		x.held.close()
		return
	}
	x.out.end()
	x.value, x.body, x.c.Form, x.c.Response = nil, nil, nil, engine.Response{}
	x.c.Request.Body = nil
	x.held.memory.Close()
	if err := x.out.wait(); err != nil {
		x.s.shared().mute.note(x.r.Context(), "answers cut off: their clients are gone or too slow", "error", err, "path", x.path, "user", x.c.User)
		x.out = nil
		x.held.close()
		panic(http.ErrAbortHandler) // the answer is not whole
	}
	x.out = nil
	x.held.close()
}

// cut ends an answer in the middle.
func (x *exchange) cut() {
	x.leaveLists()
	if x.out != nil {
		x.out.abort()
		x.out = nil
	}
}
