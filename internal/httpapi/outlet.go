package httpapi

import (
	"context"
	"net/http"
	"os"
	"sync"
	"time"
)

// outlet sends a long answer beside the request that makes it. What the client does not
// take at once waits: a little in memory, the rest in a temporary file. So neither a
// snapshot of the database nor memory is held for a client that reads slowly. Write, end
// and abort belong to one goroutine; another one sends.
type outlet struct {
	w        http.ResponseWriter
	conn     *http.ResponseController
	patience time.Duration
	rate     int64
	// scratch makes the file, reserve takes n bytes of the disk for it.
	scratch func() (*os.File, error)
	reserve func(n int64) error

	mu   sync.Mutex
	cond sync.Cond
	// waiting are bytes in memory; they come before those of the file.
	waiting []byte
	file    *os.File
	// read and written are places in the file; what lies between them waits.
	read, written int64
	reserved      int64
	ended         bool
	err           error
	done          chan struct{}
}

const (
	// maxWaiting is how many bytes of an answer wait in memory.
	maxWaiting = 256 << 10
	// maxSpooled is how many bytes of an answer wait on the disk; after that its making
	// waits for the client.
	maxSpooled = 1 << 30
	// sendStep is how many bytes are handed to the connection at a time.
	sendStep = 32 << 10
	// unhurried is how long an answer that is complete stays in memory.
	unhurried = time.Second
)

// newOutlet returns an outlet to the request's client.
func (x *exchange) newOutlet(ctx context.Context) *outlet {
	o := &outlet{w: x.w, conn: http.NewResponseController(x.w), scratch: x.s.scratch, done: make(chan struct{})}
	o.reserve = func(n int64) error { return x.reserveSpace(ctx, n) }
	o.patience, o.rate = x.s.slow()
	o.cond.L = &o.mu
	go o.send()
	return o
}

// Write takes a part of the answer. Errors: that the client is gone or too slow, or what
// the disk says.
func (o *outlet) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && o.written-o.read > maxSpooled {
		o.cond.Wait()
	}
	if o.err != nil {
		return 0, o.err
	}
	if o.written == o.read && len(o.waiting)+len(p) <= maxWaiting {
		o.waiting = append(o.waiting, p...)
		o.cond.Broadcast()
		return len(p), nil
	}
	if err := o.spill(); err != nil {
		return 0, err
	}
	return len(p), o.put(p)
}

// spill puts what waits in memory into the file.
func (o *outlet) spill() error {
	if len(o.waiting) == 0 {
		return nil
	}
	p := o.waiting
	o.waiting = nil
	return o.put(p)
}

func (o *outlet) put(p []byte) error {
	if o.file == nil {
		f, err := o.scratch()
		if err != nil {
			o.fail(err)
			return err
		}
		o.file = f
	}
	if need := o.written + int64(len(p)) - o.reserved; need > 0 {
		if err := o.reserve(need); err != nil {
			o.fail(err)
			return err
		}
		o.reserved += need
	}
	if _, err := o.file.WriteAt(p, o.written); err != nil {
		o.fail(err)
		return err
	}
	o.written += int64(len(p))
	o.cond.Broadcast()
	return nil
}

func (o *outlet) fail(err error) {
	if o.err == nil {
		o.err = err
	}
	o.cond.Broadcast()
}

// next takes the next bytes to be sent; 0 at the end.
func (o *outlet) next(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && !o.ended && len(o.waiting) == 0 && o.written == o.read {
		o.cond.Wait()
	}
	switch {
	case o.err != nil:
		return 0, o.err
	case len(o.waiting) > 0:
		n := copy(p, o.waiting)
		if o.waiting = o.waiting[n:]; len(o.waiting) == 0 {
			o.waiting = nil
		}
		return n, nil
	case o.written > o.read:
		n, err := o.file.ReadAt(p[:min(int64(len(p)), o.written-o.read)], o.read)
		if o.read += int64(n); o.read == o.written {
			o.read, o.written = 0, 0 // the file begins anew
		}
		o.cond.Broadcast()
		return n, err
	}
	return 0, nil
}

// send hands the answer to the connection until it ends.
func (o *outlet) send() {
	defer close(o.done)
	buf := make([]byte, sendStep)
	started, sent := time.Now(), int64(0)
	var until time.Time
	for {
		n, err := o.next(buf)
		if err == nil && n == 0 {
			return
		}
		if err == nil {
			// A client that takes nothing for patience, or less than the rate, is cut off.
			now := time.Now()
			latest := started.Add(o.patience + time.Duration(sent/o.rate)*time.Second)
			if t := now.Add(o.patience); t.Before(latest) {
				latest = t
			}
			if d := latest.Sub(until); d > time.Second || d < -time.Second || until.IsZero() {
				until = latest
				_ = o.conn.SetWriteDeadline(until) // not every writer can
			}
			_, err = o.w.Write(buf[:n])
			sent += int64(n)
		}
		if err != nil {
			o.mu.Lock()
			o.fail(err)
			o.mu.Unlock()
			return
		}
	}
}

// end says that the answer is complete, and has what memory it still takes freed soon.
func (o *outlet) end() {
	o.mu.Lock()
	o.ended = true
	o.cond.Broadcast()
	o.mu.Unlock()
	timer := time.NewTimer(unhurried)
	defer timer.Stop()
	select {
	case <-o.done:
	case <-timer.C:
		o.mu.Lock()
		if o.err == nil && o.written == o.read {
			_ = o.spill() // a failure ends the sending
		}
		o.mu.Unlock()
	}
}

// wait waits until the client has the answer. Errors: why it has not.
func (o *outlet) wait() error {
	<-o.done
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = nil
	if o.file != nil {
		_ = o.file.Close()
		o.file = nil
	}
	_ = o.conn.SetWriteDeadline(time.Time{})
	return o.err
}

// abort ends the sending in the middle.
func (o *outlet) abort() {
	o.mu.Lock()
	o.fail(http.ErrAbortHandler)
	o.mu.Unlock()
	_ = o.conn.SetWriteDeadline(time.Now())
	_ = o.wait()
}

// promptly is how long the sending of a body may take before it goes to the disk.
const promptly = 200 * time.Millisecond

// hold sends a body that lies in memory: from there while the client is quick, else from
// the disk. The body belongs to the caller again afterwards.
func (o *outlet) hold(body []byte) {
	o.mu.Lock()
	o.waiting, o.ended = body, true
	o.cond.Broadcast()
	o.mu.Unlock()
	timer := time.NewTimer(promptly)
	defer timer.Stop()
	select {
	case <-o.done:
	case <-timer.C:
		o.mu.Lock()
		if o.err == nil {
			_ = o.spill() // a failure ends the sending
		}
		o.mu.Unlock()
	}
}
