package engine

import (
	"context"
	"errors"
	"log/slog"

	"freddo/document"
	"freddo/internal/files"
	"freddo/internal/perm"
	"freddo/internal/storage"
)

// Stage is where the call's changes of files gather: they show when it commits, and
// are gone when it does not.
func (c *Call) Stage() *files.Stage {
	if c.stage == nil {
		c.stage = c.Files.NewStage()
	}
	return c.stage
}

func (c *Call) publishFiles() error {
	if c.stage == nil {
		return nil
	}
	return c.stage.Publish()
}

func (c *Call) undoFiles() {
	if c.stage == nil {
		return
	}
	if err := c.stage.Undo(); err != nil {
		c.logFiles("files of a failed request are to be taken back", err)
	}
}

// finishFiles deletes the files that the committed call has removed, unless some File
// still names them: another request may have come to share the bytes.
func (c *Call) finishFiles() {
	if c.stage == nil {
		return
	}
	c.stage.Referenced = c.fileNamed
	if err := c.stage.Finish(); err != nil {
		c.logFiles("removed files are to be deleted", err)
	}
}

// logFiles tells of what the store of files did not do: while it does not answer that is
// only put off.
func (c *Call) logFiles(what string, err error) {
	level := slog.LevelError
	if errors.Is(err, files.ErrUnavailable) {
		level = slog.LevelWarn
	}
	c.Log.Log(context.Background(), level, what, "error", err)
}

// CleanFiles does what the store of files has not done while it did not answer.
func (e *Engine) CleanFiles() error { return e.Files.PayDebts(e.fileNamed) }

// fileNamed reports whether a stored File has the URL of a key.
func (e *Engine) fileNamed(k files.Key) (bool, error) {
	found := false
	err := e.Do(context.Background(), perm.Administrator, func(ctx context.Context, c *Call) error {
		var name document.Value
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table("File").SQL(" WHERE ").Ident("file_url").
			SQL(" = ").Arg(document.Text(k.URL())).SQL(" LIMIT 1")
		var err error
		found, err = c.Tx.QueryRow(ctx, b, &name)
		return err
	})
	return found, err
}
