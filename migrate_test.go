package freddo_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"freddo"
)

// A site that an earlier release made lacks what Freddo has beyond Frappe.
func TestMigrateAddsAPIKeysAndKeptAnswers(t *testing.T) {
	t.Parallel()
	s := newShop(t, "v15")
	key, secret, err := s.app.GenerateKeys(context.Background(), "Administrator")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.app.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite3.Open(filepath.Join(s.dir, "site.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"DROP TABLE `tabAPI Key`", "DROP TABLE `tabAPI Key Permission`", "DROP TABLE `__Idempotency`",
		"DELETE FROM tabDocType WHERE name LIKE 'API Key%'", "DELETE FROM tabDocField WHERE parent LIKE 'API Key%'"} {
		if err := db.Exec(sql); err != nil {
			t.Fatal(sql, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	app, err := freddo.New(freddo.Config{Site: s.dir, Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
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
	if err := app.Migrate(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if code := send(token, "/api/resource/API%20Key", "k"); code != 200 {
		t.Errorf("an API Key after the migration: %d", code)
	}
}
