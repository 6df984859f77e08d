package freddo_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"freddo"
	"freddo/internal/storage"
	"freddo/internal/storage/sqlite"
)

// A site that an earlier release made lacks what Freddo has beyond Frappe.
func TestMigrateAddsAPIKeysAndKeptAnswers(t *testing.T) {
	t.Parallel()
	template, err := templates["v15"]()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "site")
	if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	db, err := sqlite.Open(filepath.Join(dir, "site.db"), sqlite.Options{Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	tx := db.Begin(ctx)
	for _, sql := range []string{"DROP TABLE `tabAPI Key`", "DROP TABLE `tabAPI Key Permission`", "DROP TABLE `__Idempotency`",
		"DELETE FROM tabDocType WHERE name LIKE 'API Key%'", "DELETE FROM tabDocField WHERE parent LIKE 'API Key%'"} {
		if _, err := tx.Exec(ctx, storage.NewBuilder(tx.Dialect()).SQL(sql)); err != nil {
			t.Fatal(sql, err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	app, err := freddo.New(freddo.Config{Site: dir, Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	key, secret, err := app.GenerateKeys(ctx, "Administrator")
	if err != nil {
		t.Fatal(err)
	}
	send := func(token, target, once string) int {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(`{"title":"k","description":"d"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", token)
		if once != "" {
			r.Header.Set("Idempotency-Key", once)
		}
		w := httptest.NewRecorder()
		app.Handler().ServeHTTP(w, r)
		return w.Code
	}
	token := "token " + key + ":" + secret
	if code := send("token unknown:secret", "/api/resource/ToDo", ""); code != 401 {
		t.Errorf("an unknown key before the migration: %d", code)
	}
	if code := send(token, "/api/resource/ToDo", "k"); code != 501 {
		t.Errorf("an Idempotency-Key before the migration: %d", code)
	}
	if err := app.Migrate(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if code := send(token, "/api/resource/API%20Key", "k"); code != 200 {
		t.Errorf("an API Key after the migration: %d", code)
	}
}
