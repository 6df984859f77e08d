package postgres_test

import (
	"context"
	"testing"

	"freddo/internal/storage"
	"freddo/internal/storage/dbtest"
	"freddo/internal/storage/postgres"
	"freddo/internal/storage/storagetest"
)

func TestStorage(t *testing.T) {
	t.Parallel()
	dbtest.Server(t, "postgres")
	storagetest.Run(t, func(t *testing.T) *storage.DB {
		t.Helper()
		db, err := postgres.Open(context.Background(), dbtest.Empty(t, "postgres"), postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return db
	})
}
