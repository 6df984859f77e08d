package freddo

import (
	"context"
	"time"

	"freddo/internal/engine"
	"freddo/internal/perm"
)

// cleanUpEvery is how often Run calls CleanUp.
const cleanUpEvery = time.Hour

// CleanUp deletes expired sessions, used authorization codes and tokens that are of no
// use any more, and the files that a store did not delete while it did not answer. Run calls it at its start and every hour; who serves Handler by other
// means may call it as often. Each table is a transaction of its own.
func (a *App) CleanUp(ctx context.Context) error {
	if a.auth.ReadOnly() {
		return nil
	}
	for _, sweep := range []func(context.Context, *engine.Call) (int64, error){a.auth.Sweep, a.oauth.Sweep} {
		err := a.engine.Do(ctx, perm.Administrator, func(ctx context.Context, c *engine.Call) error {
			n, err := sweep(ctx, c)
			if err == nil && n > 0 {
				a.log.DebugContext(ctx, "cleaned up", "rows", n)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return a.engine.CleanFiles()
}

// cleanUpUntil cleans up at times until ctx ends.
func (a *App) cleanUpUntil(ctx context.Context) {
	t := time.NewTicker(cleanUpEvery)
	defer t.Stop()
	for {
		if err := a.CleanUp(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "cannot clean up", "error", err)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}
