package storagetest

import (
	"context"
	"testing"

	"freddo/document"
	"freddo/internal/storage"
)

func tableTests() []test {
	return []test{
		{"base twice", testBaseTwice}, {"single", testSingle}, {"set a single's columns", testSetSingle}, {"series", testSeries},
		{"auth", testAuth}, {"rename auth", testRenameAuth},
	}
}

func testBaseTwice(t *testing.T, s *site) {
	s.write(t, func(ctx context.Context, tx *storage.Tx) error { return tx.SetSeries(ctx, "A", 3) })
	s.write(t, func(ctx context.Context, tx *storage.Tx) error { return tx.CreateBase(ctx) })
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		for _, table := range []string{"tabSingles", "tabSeries", "__Auth", "tabSessions", "__UserSettings", "__global_search"} {
			ok, err := tx.TableExists(ctx, table)
			noErr(t, err)
			if !ok {
				t.Errorf("%s is missing", table)
			}
		}
		n, _, err := tx.SeriesCurrent(ctx, "A")
		noErr(t, err)
		same(t, "series", document.IntOf(n), document.IntOf(3))
	})
}

func (s *site) loadSingle(t *testing.T) (d *document.Document, found bool) {
	t.Helper()
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		var err error
		d, found, err = tx.LoadSingle(ctx, s.settings)
		noErr(t, err)
	})
	return d, found
}

func testSingle(t *testing.T, s *site) {
	if _, found := s.loadSingle(t); found {
		t.Error("found before it was saved")
	}
	save := func(pairs ...any) {
		s.write(t, func(ctx context.Context, tx *storage.Tx) error {
			d := document.New(s.settings)
			d.SetName(s.settings.Name)
			set(d, pairs...)
			return tx.SaveSingle(ctx, d)
		})
	}
	save("title", "x", "on", 1, "limit", 12, "rate", 1.5, "since", "2026-01-02", "modified", "2026-01-02 03:04:05.123456")
	d, found := s.loadSingle(t)
	if !found {
		t.Fatal("not found")
	}
	for field, want := range map[string]any{"name": s.settings.Name, "title": "x", "on": 1, "limit": 12, "rate": 1.5, "since": "2026-01-02",
		"modified": "2026-01-02 03:04:05.123456"} {
		same(t, field, d.Get(field), document.From(want))
	}
	save("limit", 3)
	d, _ = s.loadSingle(t)
	same(t, "title", d.Get("title"), document.NullValue)
	same(t, "limit", d.Get("limit"), document.IntOf(3))
	same(t, "on", d.Get("on"), document.IntOf(0))
}

func testSetSingle(t *testing.T, s *site) {
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		return tx.SetColumns(ctx, s.settings, document.Text(s.settings.Name), []string{"limit", "title"}, []document.Value{document.IntOf(5), document.Text("y")})
	})
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		return tx.SetColumns(ctx, s.settings, document.Text(s.settings.Name), []string{"limit"}, []document.Value{document.IntOf(6)})
	})
	err := s.try(func(ctx context.Context, tx *storage.Tx) error {
		return tx.SetColumns(ctx, s.settings, document.Text(s.settings.Name), []string{"title", "limit"}, []document.Value{document.Text("z"), document.Text("/files/x")})
	})
	wantKind(t, err, storage.BadValue, "limit")
	d, found := s.loadSingle(t)
	if !found {
		t.Fatal("not found")
	}
	same(t, "limit", d.Get("limit"), document.IntOf(6))
	same(t, "title", d.Get("title"), document.Text("y"))
}

func testSeries(t *testing.T, s *site) {
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		_, ok, err := tx.SeriesCurrent(ctx, "INV-")
		if ok || err != nil {
			t.Errorf("current = %v, %v, want none", ok, err)
		}
		for want := int64(1); want <= 3; want++ {
			n, err := tx.NextSeries(ctx, "INV-")
			noErr(t, err)
			same(t, "next", document.IntOf(n), document.IntOf(want))
		}
		n, err := tx.NextSeries(ctx, "")
		noErr(t, err)
		same(t, "other key", document.IntOf(n), document.IntOf(1))
		noErr(t, tx.SetSeries(ctx, "INV-", 99))
		n, err = tx.NextSeries(ctx, "INV-")
		noErr(t, err)
		same(t, "after set", document.IntOf(n), document.IntOf(100))
		return nil
	})
}

func testAuth(t *testing.T, s *site) {
	get := func(field string) (secret string, encrypted, ok bool) {
		s.read(t, func(ctx context.Context, tx *storage.Tx) {
			var err error
			secret, encrypted, ok, err = tx.Auth(ctx, "User", "u", field)
			noErr(t, err)
		})
		return secret, encrypted, ok
	}
	put := func(field, secret string, encrypted bool) {
		s.write(t, func(ctx context.Context, tx *storage.Tx) error {
			return tx.SetAuth(ctx, "User", "u", field, secret, encrypted)
		})
	}
	if _, _, ok := get("password"); ok {
		t.Error("found before it was set")
	}
	put("password", "hash", false)
	put("api_secret", "token", true)
	put("password", "hash2", false)
	if secret, encrypted, ok := get("password"); secret != "hash2" || encrypted || !ok {
		t.Errorf("password = %q, %v, %v", secret, encrypted, ok)
	}
	if secret, encrypted, ok := get("api_secret"); secret != "token" || !encrypted || !ok {
		t.Errorf("api_secret = %q, %v, %v", secret, encrypted, ok)
	}
	s.write(t, func(ctx context.Context, tx *storage.Tx) error { return tx.DeleteAuth(ctx, "User", "u", "password") })
	if _, _, ok := get("password"); ok {
		t.Error("found after it was deleted")
	}
	s.write(t, func(ctx context.Context, tx *storage.Tx) error { return tx.DeleteAuth(ctx, "User", "u", "") })
	if _, _, ok := get("api_secret"); ok {
		t.Error("found after all were deleted")
	}
}

func testRenameAuth(t *testing.T, s *site) {
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		noErr(t, tx.SetAuth(ctx, "User", "a", "password", "h", false))
		noErr(t, tx.SetAuth(ctx, "User", "b", "password", "other", false))
		noErr(t, tx.SetAuth(ctx, "Email Account", "a", "password", "mail", true))
		noErr(t, tx.RenameAuth(ctx, "User", "a", "c"))
		secret, _, ok, err := tx.Auth(ctx, "User", "c", "password")
		noErr(t, err)
		if !ok || secret != "h" {
			t.Errorf("renamed = %q, %v", secret, ok)
		}
		_, _, ok, err = tx.Auth(ctx, "Email Account", "a", "password")
		noErr(t, err)
		if !ok {
			t.Error("another DocType's secret moved")
		}
		return nil
	})
}
