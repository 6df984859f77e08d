package httpapi

import (
	"net/http"
	"time"

	"freddo/document"
	"freddo/internal/engine"
)

// streamPatience is how long a client may take for one part of a long list. The list's
// snapshot and its connection to the database are held meanwhile.
const streamPatience = 30 * time.Second

// streamPart sends a part of a list that is too long to be held in memory. The first one
// brings status, headers and the beginning of the body; a body of unknown length has no
// Content-Length.
func (x *exchange) streamPart(part []byte) ([]byte, error) {
	if !x.streaming {
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

func (x *exchange) begin200() {
	h := x.w.Header()
	h["Content-Type"] = contentJSON
	x.status = http.StatusOK
	x.headers(h, x.status)
	x.w.WriteHeader(x.status)
}

func (x *exchange) part(b []byte) error {
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(streamPatience)) // not every writer can
	_, err := x.w.Write(b)
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
