package httpapi

import (
	"context"
	"errors"
	"net/http"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// together answers the items of an atomic batch in the batch's own transaction. The
// first failure undoes everything, and the batch answers with its status.
func (x *exchange) together(ctx context.Context, items []item) (any, error) {
	results, at, status, err := x.inOne(ctx, items)
	switch {
	case err != nil:
		return nil, err
	case at < len(items):
		return x.undoneAnswer(items, results, at, status), nil
	}
	return x.results(results), nil
}

// inOne answers the items one after the other up to the first that fails, whose place
// and status it tells. Errors: that the batch has to begin anew.
func (x *exchange) inOne(ctx context.Context, items []item) (done [][]byte, failed, status int, err error) {
	outer := keepFrame(x.c)
	x.c.Whole = true
	defer func() {
		x.c.Whole = false
		outer.restore(x.c)
	}()
	results, room := make([][]byte, len(items)), maxBatchAnswer
	for i, it := range items {
		(&frame{Request: outer.Request, Session: outer.Session}).restore(x.c)
		y := x.sub(it, x.c, room)
		run := func() error { return y.steps(ctx, (*exchange).finishPart) }
		var err error
		if y.unsafe() {
			err = run()
		} else {
			err = x.c.Trial(ctx, run)
		}
		if kind := kindOf(err); kind == storage.Deadlock || kind == storage.LockTimeout {
			return nil, 0, 0, err
		}
		if o := (*engine.Outside)(nil); errors.As(err, &o) {
			return nil, 0, 0, err
		}
		rec := y.recorded()
		if err := x.reserve(ctx, int64(rec.body.Len())*batchFactor); err != nil {
			return nil, 0, 0, err
		}
		room = max(room-rec.body.Len(), 1)
		results[i] = x.result(it, rec)
		if err == nil && rec.status < http.StatusBadRequest {
			continue
		}
		x.c.Rollback()
		return results, i, rec.status, nil
	}
	return results, len(items), 0, nil
}

// undoneAnswer is the answer of an atomic batch whose item at failed.
func (x *exchange) undoneAnswer(items []item, results [][]byte, at, status int) any {
	for i, it := range items {
		if i != at {
			results[i] = x.result(it, &recorder{status: notTried})
		}
	}
	x.failedPart = true
	x.c.Response.Status = status
	x.c.Response.Keys.Set("failed", document.IntOf(int64(at)))
	return x.results(results)
}

// finishFailed answers an atomic batch that was undone.
func (x *exchange) finishFailed(ctx context.Context) error {
	if x.once == nil {
		return x.answer()
	}
	return x.answerOnce(ctx, x.answer)
}

// finishPart answers an item without ending the transaction.
func (x *exchange) finishPart(context.Context) error {
	if x.streaming {
		return x.endStream()
	}
	if x.status != 0 {
		return nil
	}
	return x.answer()
}

// frame is what belongs to one request of several that share a call.
type frame struct {
	Request  *engine.Request
	Form     *document.Object
	Session  *engine.Session
	Response engine.Response
	call     engine.Call
}

func keepFrame(c *engine.Call) *frame {
	f := &frame{Request: c.Request, Form: c.Form, Session: c.Session, Response: c.Response}
	f.call.Messages, f.call.Debug, f.call.Stream, f.call.Persist = c.Messages, c.Debug, c.Stream, c.Persist
	return f
}

func (f *frame) restore(c *engine.Call) {
	c.Request, c.Form, c.Session, c.Response = f.Request, f.Form, f.Session, f.Response
	c.Messages, c.Debug, c.Stream, c.Persist = f.call.Messages, f.call.Debug, f.call.Stream, f.call.Persist
}
