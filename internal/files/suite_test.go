package files_test

import (
	"testing"

	"freddo/internal/files"
	"freddo/internal/files/filestest"
)

func TestTheDiskKeepsFiles(t *testing.T) {
	t.Parallel()
	filestest.Run(t, func(*testing.T) files.Store { return nil })
}
