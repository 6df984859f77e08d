package mariadb_test

import (
	"context"
	"testing"

	"freddo/internal/storage"
	"freddo/internal/storage/dbtest"
	"freddo/internal/storage/mariadb"
	"freddo/internal/storage/storagetest"
)

func TestStorage(t *testing.T) {
	t.Parallel()
	dbtest.Server(t, "mariadb")
	storagetest.Run(t, func(t *testing.T) *storage.DB {
		t.Helper()
		db, err := mariadb.Open(context.Background(), dbtest.Empty(t, "mariadb"), mariadb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return db
	})
}
