package sqlite

import (
	"path/filepath"
	"testing"

	"freddo/internal/storage"
	"freddo/internal/storage/storagetest"
)

// openTemp opens a database in a folder of the test's own.
func openTemp(t testing.TB, o Options) *storage.DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "site.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestStorage(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) *storage.DB { return openTemp(t, Options{}) })
}

func TestClosingTwiceIsClosingOnce(t *testing.T) {
	t.Parallel()
	db, err := Open(filepath.Join(t.TempDir(), "site.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
