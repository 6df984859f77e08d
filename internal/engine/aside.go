package engine

import (
	"context"
	"errors"
)

// Outside is an error that asks for work to be done while the call holds nothing of the
// database: it is rolled back, the work is done, and the call begins anew with the result
// (Call.Prepared). Whoever handles requests sees to that.
type Outside struct {
	key  string
	work func(ctx context.Context) (any, error)
}

// Error implements error.
func (o *Outside) Error() string {
	return "engine: " + o.key + " is to be prepared outside the transaction"
}

// ErrHolding says that work that takes long was not done since the call holds the right
// to write and cannot begin anew.
var ErrHolding = errors.New("engine: others wait for this transaction")

// Prepared is the work that was done outside transactions for one request, however often
// that begins anew. Discard it.
type Prepared struct {
	done  map[string]outcome
	tries int
}

type outcome struct {
	value any
	err   error
}

// maxOutside is how often a request begins anew for work outside its transaction.
const maxOutside = 3

// Do does the work that o asks for; the call must hold nothing. It reports whether the
// call may begin anew.
func (p *Prepared) Do(ctx context.Context, c *Call, o *Outside) (bool, error) {
	if p.tries++; p.tries > maxOutside {
		return false, nil
	}
	if p.done == nil {
		p.done = map[string]outcome{}
	}
	var out outcome
	err := c.heavy(ctx, func() error {
		out.value, out.err = o.work(ctx)
		return nil
	})
	p.drop(o.key)
	p.done[o.key] = out
	return err == nil, err
}

// More reports whether the call may still begin anew.
func (p *Prepared) More() bool { return p != nil && p.tries < maxOutside }

// Discard gives back what was not used.
func (p *Prepared) Discard() {
	if p == nil {
		return
	}
	for k := range p.done {
		p.drop(k)
	}
}

func (p *Prepared) drop(key string) {
	if d, ok := p.done[key].value.(interface{ Discard() }); ok {
		d.Discard()
	}
	delete(p.done, key)
}

// Prepare returns what work returns: work that reads nothing from the database and takes
// a processor or the disk for long. It is done before the call has written anything, or
// else outside its transaction, after which the call begins anew; key tells it from other
// work of the request. Errors: ErrHolding when neither is possible, *Outside, which goes
// up as it is, or the work's own.
func (c *Call) Prepare(ctx context.Context, key string, work func(ctx context.Context) (any, error)) (any, error) {
	if c.Prepared != nil {
		if out, ok := c.Prepared.done[key]; ok {
			return out.value, out.err
		}
	}
	switch {
	case !c.Tx.Writing():
		var v any
		err := c.Aside(ctx, func() (err error) {
			v, err = work(ctx)
			return err
		})
		return v, err
	case c.Request.Method == "": // a program that does its own
		return work(ctx)
	case !c.committed && c.Prepared.More():
		return nil, &Outside{key: key, work: work}
	}
	return nil, ErrHolding
}

// Aside does work that takes long. The call's snapshot is dropped before, so that nobody
// waits for it. Errors: ErrHolding for a call of a client that has begun to write.
func (c *Call) Aside(ctx context.Context, work func() error) error {
	if c.Tx.Writing() {
		if c.Request.Method == "" {
			return work()
		}
		return ErrHolding
	}
	if !c.Tx.Idle() {
		if err := c.Tx.CommitAndContinue(ctx); err != nil {
			return err
		}
	}
	return c.heavy(ctx, work)
}

func (c *Call) heavy(ctx context.Context, work func() error) error {
	if c.Heavy == nil {
		return work()
	}
	return c.Heavy(ctx, work)
}
