package httpapi

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"freddo/exc"
	"freddo/internal/storage"
)

// tries is how often a request is begun that deadlocks; one that waited too long for a
// lock is begun twice.
const tries = 4

// attempt handles the request. Where the database breaks its transaction off for the
// sake of another one and nothing of it was committed or answered, it begins anew.
func (x *exchange) attempt(ctx context.Context) error {
	for n := 1; ; n++ {
		err := x.handle(ctx)
		if (x.queue.asked || x.queue.memory > 0) && err != nil && x.mayQueue() {
			if err := x.queueUp(ctx); err != nil {
				return err
			}
			n--
			continue
		}
		if err != nil {
			x.c.Rollback()
			again, werr := x.outside(ctx, x.c, err)
			if werr != nil {
				return werr
			}
			if again {
				x.releaseKey()
				x.again()
				n--
				continue
			}
		}
		if err == nil || !x.restarts(err, n) {
			return err
		}
		x.c.Rollback()
		x.releaseKey()
		x.s.log().DebugContext(ctx, "request begun anew", "error", err, "method", x.verb, "path", x.path)
		pause := time.NewTimer(time.Duration(n*5+rand.IntN(10*n)) * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
		x.prepared.Discard() // what the broken-off transaction has used
		x.again()
	}
}

// queueUp waits for the turn of a request that needs much, and makes it ready to begin
// anew.
func (x *exchange) queueUp(ctx context.Context) error {
	x.c.Rollback()
	x.releaseKey()
	if err := x.await(ctx); err != nil {
		return err
	}
	x.again()
	return nil
}

// again makes the request what it was before it was handled. It is not read again.
func (x *exchange) again() {
	y := x.s.begin(x.w, x.r)
	y.started, y.body, y.bodyRead, y.held, y.known, y.paced, y.queue, y.prepared, y.turn = x.started, x.body, x.bodyRead, x.held, x.known, x.paced, x.queue, x.prepared, x.turn
	*x = *y
	x.lend(x.c)
}

func (x *exchange) restarts(err error, n int) bool {
	if x.status != 0 || x.readOnce || x.c.Committed() {
		return false
	}
	switch kindOf(err) {
	case storage.Deadlock:
		return n < tries
	case storage.LockTimeout:
		return n < 2
	}
	return false
}

func kindOf(err error) storage.ErrorKind {
	var e *storage.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return storage.Other
}

// brokenOff is upstream's error for a transaction that was broken off, or nil.
// Source: frappe/database/database.py sql.
func brokenOff(err error) *exc.Error {
	switch kindOf(err) {
	case storage.Deadlock:
		return exc.QueryDeadlock.Wrap(err, "(1213, 'Deadlock found when trying to get lock; try restarting transaction')")
	case storage.LockTimeout:
		return exc.QueryTimeout.Wrap(err, "(1205, 'Lock wait timeout exceeded; try restarting transaction')")
	}
	return nil
}
