package storagetest

import (
	"context"
	"errors"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

func kindOf(err error) *storage.Error {
	var e *storage.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

func documentTests() []test {
	return []test{
		{"values come back as stored", testValues}, {"empty document", testEmpty}, {"missing", testMissing}, {"NUL", testNUL},
		{"text columns take other kinds", testTextColumns}, {"bad values are refused", testBadValues},
		{"decimals keep nine digits", testDecimals},
		{"update", testUpdate}, {"optional columns", testOptional}, {"unique", testUnique}, {"set columns", testSetColumns},
		{"exists", testExists}, {"delete", testDelete}, {"autoincrement", testAutoincrement}, {"odd names", testOddNames},
	}
}

func testValues(t *testing.T, s *site) {
	s.insert(t, "T1", "title", "Ünïcode ☃ 'quoted' \"x\"", "notes", "line\nlineend", "done", 1, "points", -7,
		"price", 12.5, "took", 90.25, "due", "2026-2-3", "starts", "2026-02-03 04:05:06", "at", "7:08:09.5",
		"extra", document.NewObject("a", 1), "docstatus", 1, "idx", 3)
	d := s.load(t, "T1")
	if d == nil {
		t.Fatal("not found")
	}
	for field, want := range map[string]any{
		"name": "T1", "owner": "Administrator", "creation": "2026-01-02 03:04:05.678900", "modified_by": nil,
		"title": "Ünïcode ☃ 'quoted' \"x\"", "notes": "line\nlineend", "done": 1, "points": -7, "price": 12.5,
		"took": 90.25, "due": "2026-02-03", "starts": "2026-02-03 04:05:06", "at": "7:08:9.5",
		"extra": `{"a":1}`, "docstatus": 1, "idx": 3,
	} {
		if field == "at" {
			want = document.ShowTime("07:08:09.500000")
		}
		same(t, field, d.Get(field), document.From(want))
	}
}

// testNUL: PostgreSQL's text cannot hold the character, the others' can.
func testNUL(t *testing.T, s *site) {
	err := s.try(func(ctx context.Context, tx *storage.Tx) error {
		return tx.Insert(ctx, s.newTask("T1", "notes", "a\x00b"), storage.WriteOptions{})
	})
	if err != nil {
		wantKind(t, err, storage.BadValue, "")
		return
	}
	same(t, "notes", s.load(t, "T1").Get("notes"), document.Text("a\x00b"))
}

func testEmpty(t *testing.T, s *site) {
	s.insert(t, "T1")
	d := s.load(t, "T1")
	for field, want := range map[string]any{"title": nil, "code": nil, "done": 0, "points": 0, "price": 0.0,
		"took": nil, "due": nil, "at": nil, "extra": nil, "docstatus": 0, "idx": 0, "_assign": nil} {
		same(t, field, d.Get(field), document.From(want))
	}
	if rows := d.Rows("steps"); rows == nil || len(rows) != 0 {
		t.Errorf("rows = %v, want an empty table", rows)
	}
}

func testMissing(t *testing.T, s *site) {
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		for _, name := range []document.Value{document.Text("nope"), document.Text(""), document.NullValue, document.IntOf(1)} {
			_, err := tx.Load(ctx, s.task, name, storage.LoadOptions{})
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("load %s: %v, want ErrNotFound", document.Python.Marshal(name), err)
			}
		}
	})
}

func testTextColumns(t *testing.T, s *site) {
	s.insert(t, "T1", "title", 12, "code", true, "notes", 1.5)
	d := s.load(t, "T1")
	same(t, "int", d.Get("title"), document.Text("12"))
	same(t, "bool", d.Get("code"), document.Text("1"))
	same(t, "float", d.Get("notes"), document.Text("1.5"))
}

func testBadValues(t *testing.T, s *site) {
	for field, v := range map[string]any{"due": "tomorrow", "starts": "2026-13-01", "at": "25 past", "title": document.NewObject("a", 1), "extra": "{",
		"points": 1 << 31, "price": 1e12} {
		kind := storage.BadValue
		if field == "points" || field == "price" {
			kind = storage.OutOfRange
		}
		err := s.try(func(ctx context.Context, tx *storage.Tx) error {
			return tx.Insert(ctx, s.newTask("T1", field, v), storage.WriteOptions{})
		})
		wantKind(t, err, kind, field)
	}
	long := make([]byte, 141)
	for i := range long {
		long[i] = 'x'
	}
	err := s.try(func(ctx context.Context, tx *storage.Tx) error {
		return tx.Insert(ctx, s.newTask(string(long)), storage.WriteOptions{})
	})
	wantKind(t, err, storage.TooLong, "name")
	sameNames(t, s.names(t))
}

func testDecimals(t *testing.T, s *site) {
	s.insert(t, "T1", "price", 0.1234567895, "took", 1.0/3)
	d := s.load(t, "T1")
	same(t, "price", d.Get("price"), document.FloatOf(0.12345679))
	same(t, "took", d.Get("took"), document.FloatOf(0.333333333))
	s.insert(t, "T2", "price", -123456789012.1)
	same(t, "price", s.load(t, "T2").Get("price"), document.FloatOf(-123456789012.1))
}

func testUpdate(t *testing.T, s *site) {
	s.insert(t, "T1", "title", "old", "points", 5)
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		n, err := tx.Update(ctx, s.newTask("T1", "title", "new"), storage.WriteOptions{})
		if n != 1 {
			t.Errorf("affected = %d, want 1", n)
		}
		return err
	})
	d := s.load(t, "T1")
	same(t, "title", d.Get("title"), document.Text("new"))
	same(t, "points", d.Get("points"), document.IntOf(0))
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		n, err := tx.Update(ctx, s.newTask("T2"), storage.WriteOptions{})
		if n != 0 {
			t.Errorf("affected = %d, want 0", n)
		}
		return err
	})
}

func testOptional(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.SetColumns(ctx, s.task, document.Text("T1"), []string{"_assign"}, []document.Value{document.Text("[1]")}); err != nil {
			return err
		}
		_, err := tx.Update(ctx, s.newTask("T1", "title", "x"), storage.WriteOptions{})
		return err
	})
	same(t, "_assign", s.load(t, "T1").Get("_assign"), document.Text("[1]"))
}

func testUnique(t *testing.T, s *site) {
	s.insert(t, "T1", "code", "A")
	insert := func(name string, pairs ...any) error {
		return s.try(func(ctx context.Context, tx *storage.Tx) error {
			return tx.Insert(ctx, s.newTask(name, pairs...), storage.WriteOptions{})
		})
	}
	wantKind(t, insert("T1"), storage.UniqueViolation, "name")
	wantKind(t, insert("T2", "code", "A"), storage.UniqueViolation, "code")
	noErr(t, insert("T3", "code", " ")) // blanks of unique fields are null, and nulls do not clash
	noErr(t, insert("T4"))
	err := s.try(func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Update(ctx, s.newTask("T3", "code", "A"), storage.WriteOptions{})
		return err
	})
	wantKind(t, err, storage.UniqueViolation, "code")
}

func testSetColumns(t *testing.T, s *site) {
	s.insert(t, "T1", "title", "x")
	set := func(cols []string, vals ...any) error {
		list := make([]document.Value, len(vals))
		for i, v := range vals {
			list[i] = document.From(v)
		}
		return s.try(func(ctx context.Context, tx *storage.Tx) error {
			return tx.SetColumns(ctx, s.task, document.Text("T1"), cols, list)
		})
	}
	noErr(t, set([]string{"points"}, 42))
	for _, v := range []any{"/files/x.txt", "", "12 pieces", "0x10", "nan", "1_0", []document.Value{document.Text("x")}} {
		wantKind(t, set([]string{"points"}, v), storage.BadValue, "points")
	}
	wantKind(t, set([]string{"title", "points"}, "y", "many"), storage.BadValue, "points")
	for _, v := range []any{"7", " 7", 7, 7.0, "7.0", "7e0"} {
		noErr(t, set([]string{"points"}, 0))
		noErr(t, set([]string{"points"}, v))
		same(t, "points", s.load(t, "T1").Get("points"), document.IntOf(7))
	}
	noErr(t, set([]string{"points", "due", "name"}, "42", "2026-1-1", "T9"))
	d := s.load(t, "T9")
	same(t, "points", d.Get("points"), document.IntOf(42))
	same(t, "due", d.Get("due"), document.Text("2026-01-01"))
	same(t, "title", d.Get("title"), document.Text("x"))
	wantKind(t, set([]string{"nope"}, 1), storage.NoColumn, "nope")
	wantKind(t, set([]string{"due"}, "soon"), storage.BadValue, "due")
}

func testExists(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		stored, ok, err := tx.Exists(ctx, s.task, document.Text("T1"))
		noErr(t, err)
		same(t, "exists", document.BoolOf(ok), document.BoolOf(true))
		same(t, "stored", stored, document.Text("T1"))
		_, ok, err = tx.Exists(ctx, s.task, document.Text("T2"))
		noErr(t, err)
		same(t, "exists", document.BoolOf(ok), document.BoolOf(false))
	})
}

func testDelete(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.insert(t, "T2")
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		n, err := tx.Delete(ctx, s.task, document.Text("T1"))
		if n != 1 {
			t.Errorf("deleted = %d, want 1", n)
		}
		if err != nil {
			return err
		}
		n, err = tx.Delete(ctx, s.task, document.Text("T1"))
		if n != 0 {
			t.Errorf("deleted = %d, want 0", n)
		}
		return err
	})
	sameNames(t, s.names(t), "T2")
}

func testAutoincrement(t *testing.T, s *site) {
	insert := func() (n int64) {
		s.write(t, func(ctx context.Context, tx *storage.Tx) (err error) {
			if n, err = tx.NextSequence(ctx, s.log); err != nil {
				return err
			}
			d := document.New(s.log)
			d.SetAt(doctype.SlotName, document.IntOf(n))
			return tx.Insert(ctx, d, storage.WriteOptions{})
		})
		return n
	}
	if a, b := insert(), insert(); a != 1 || b != 2 {
		t.Errorf("names = %d, %d, want 1, 2", a, b)
	}
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		d, err := tx.Load(ctx, s.log, document.Text("2"), storage.LoadOptions{})
		noErr(t, err)
		same(t, "name", d.NameValue(), document.IntOf(2))
		_, err = tx.Load(ctx, s.log, document.Text("two"), storage.LoadOptions{})
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("load by text: %v, want ErrNotFound", err)
		}
	})
}

func testOddNames(t *testing.T, s *site) {
	for _, name := range []string{`a"b`, "a`b", "a'b", "a/b", "%", "_", `\`, "x; DROP TABLE y", "☃", "?", "$1"} {
		s.insert(t, name)
		if d := s.load(t, name); d == nil || d.Name() != name {
			t.Errorf("load %q = %v", name, d)
		}
	}
	if n := len(s.names(t)); n != 11 {
		t.Errorf("stored = %d, want 11", n)
	}
}
