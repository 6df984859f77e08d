package httpapi

import (
	"bytes"
	"errors"
	"net/http"
)

// recorder takes an answer in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	// most is how many bytes the body may have; 0 does not bound it.
	most int
	over bool
}

var errLongAnswer = errors.New("httpapi: answer is too long to be kept")

func newRecorder(most int) *recorder { return &recorder{header: http.Header{}, most: most} }

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if r.most > 0 && r.body.Len()+len(p) > r.most {
		r.over = true
		return 0, errLongAnswer
	}
	return r.body.Write(p)
}

// sendTo passes the answer on to the client of x; one that was never begun is not.
func (r *recorder) sendTo(x *exchange) {
	if r.status == 0 {
		return
	}
	h := x.w.Header()
	for k, v := range r.header {
		h[k] = v
	}
	x.w.WriteHeader(r.status)
	x.sendBody(r.body.Bytes())
}
