package engine

import (
	"context"

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
		c.Log.Error("files of a failed request are left behind", "error", err)
	}
}

// finishFiles deletes the files that the committed call has removed, unless some File
// still names them: another request may have come to share the bytes.
func (c *Call) finishFiles() {
	if c.stage == nil {
		return
	}
	c.stage.Referenced = func(k files.Key) bool { return c.fileNamed(k.URL()) }
	if err := c.stage.Finish(); err != nil {
		c.Log.Error("removed files are left behind", "error", err)
	}
}

// fileNamed reports whether a stored File has a URL; when in doubt it does.
func (c *Call) fileNamed(url string) bool {
	found := true
	err := c.Do(context.Background(), perm.Administrator, func(ctx context.Context, c *Call) error {
		var name document.Value
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name").SQL(" FROM ").Table("File").SQL(" WHERE ").Ident("file_url").
			SQL(" = ").Arg(document.Text(url)).SQL(" LIMIT 1")
		var err error
		found, err = c.Tx.QueryRow(ctx, b, &name)
		return err
	})
	return err != nil || found
}
