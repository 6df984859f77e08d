package engine

import (
	"context"
	"errors"

	"freddo/exc"
)

var errUndo = errors.New("engine: part is undone")

// Trial runs fn, one request of several that share the call, and undoes what it wrote,
// as a safe verb does, unless fn asks to persist it.
func (c *Call) Trial(ctx context.Context, fn func() error) error {
	n := len(c.after)
	undo := func() {
		if len(c.after) > n {
			c.after = c.after[:n]
		}
	}
	if !c.Tx.Writing() {
		err := fn()
		if !c.Persist {
			undo()
			if c.Tx.Writing() {
				c.Tx.Restart()
			}
		}
		return err
	}
	var failed error
	err := c.Tx.Savepoint(ctx, func() error {
		if failed = fn(); failed == nil && c.Persist {
			return nil
		}
		undo()
		return errUndo
	})
	if failed != nil || errors.Is(err, errUndo) {
		return failed
	}
	return err
}

// errWhole is what code meets that commits in the middle of what must be one.
var errWhole = exc.ImplicitCommit.Throw("This request commits by itself and cannot be part of an atomic batch")
