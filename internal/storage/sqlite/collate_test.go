package sqlite

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

func TestCompareEqual(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"abc", "ABC", true}, {"abc", "abc  ", true}, {"", "  ", true}, {" a", "a", false},
		{"é", "e", true}, {"É", "e\u0301", true}, {"Ärger", "arger", true}, {"straße", "STRASSE", true}, {"ẞ", "ss", true},
		{"ﬁ", "fi", true}, {"Σίσυφος", "ΣΊΣΥΦΟΣ", true}, {"日本", "日本", true}, {"日本", "日木", false},
		{"ø", "o", false}, {"æ", "ae", false}, {"ł", "l", false}, {"a", "b", false}, {"a1", "a2", false},
		{"a\x00b", "ab", true}, {"a\u00a0", "a", true}, {"a\u00a0b", "a b", true}, {"a-b", "ab", false}, {"☃", "☄", false},
	} {
		if got := compare([]byte(c.a), []byte(c.b)) == 0; got != c.want {
			t.Errorf("%q = %q: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// TestCompareOrder: upstream's order of names, which is not that of the bytes. A tab
// comes before the end of a text, which counts as filled with blanks.
func TestCompareOrder(t *testing.T) {
	t.Parallel()
	sorted := []string{"\ta", "", " a", "_a", "-a", ".a", "(a)", "@a", "*a", "/a", "&a", "#a", "+a", "<a", "$a", "0", "1", "10", "2",
		"a\tb", "a", "a b", "a_b", "a-b", "a@b", "a1", "aa", "AB", "éa", "f", "Z", "ω", "日"}
	for i := range sorted {
		for j := range sorted {
			got := compare([]byte(sorted[i]), []byte(sorted[j]))
			if got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("compare(%q, %q) = %d, want the order of %d and %d", sorted[i], sorted[j], got, i, j)
			}
		}
	}
}

// FuzzCompare: an index is lost when its order is none, so the short ways must agree
// with the sort keys.
func FuzzCompare(f *testing.F) {
	for _, s := range []string{"", "a", "A ", "é", "e\u0301x", "ß", "a\tb", "a\x00", "\xff", "日本\u00a0"} {
		f.Add([]byte(s), []byte("ab "))
		f.Add([]byte("abc"), []byte(s))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if !utf8.Valid(a) || !utf8.Valid(b) {
			t.Skip("text in the database is always valid UTF-8")
		}
		got, back, want := sign(compare(a, b)), sign(compare(b, a)), sign(compareFolded(a, b))
		if got != want || got != -back || compare(a, a) != 0 {
			t.Errorf("compare(%q, %q) = %d, back %d, by keys %d", a, b, got, back, want)
		}
	})
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"%", "", true}, {"%%", "abc", true}, {"a", "A", true}, {"É", "e", true}, {"e", "É", true},
		{"_", "ß", true}, {"ss", "ß", false}, {"_", "日", true}, {"__", "日", false}, {"a%c", "abbbc", true}, {"a%c", "abbbd", false},
		{"%b%b%", "abab", true}, {"%b%b%", "aba", false}, {`100\%`, "100%", true}, {`100\%`, "1000", false}, {`a\_`, "a_", true},
		{`a\_`, "ab", false}, {`\\`, `\`, true}, {`\`, `\`, true}, {`\a`, "a", true}, {"a ", "a", false}, {"%a", "ba", true},
		{"%aab", "aaaab", true}, {"_%_", "a", false}, {"ﬁ", "ﬁ", true},
	} {
		if got := match([]byte(c.pattern), []byte(c.text), '\\'); got != c.want {
			t.Errorf("%q LIKE %q = %v, want %v", c.text, c.pattern, got, c.want)
		}
	}
	if !match([]byte("a!%"), []byte("a%"), '!') || match([]byte("a!%"), []byte("ab"), '!') {
		t.Error("another escape character is not honoured")
	}
	evil, long := []byte(strings.Repeat("%a", 200)+"b"), []byte(strings.Repeat("a", 20000))
	if match(evil, long, '\\') { // ends at once, or not at all
		t.Error("matched")
	}
}

// TestCollationInTable: names, unique fields and links compare as on MariaDB.
func TestCollationInTable(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	defer closeDB(t, db)
	dt := noteType(t, db)
	put := func(name string, title any) error {
		d := document.New(dt)
		d.SetName(name)
		d.Set("title", document.From(title))
		return inTx(db, func(ctx context.Context, tx *storage.Tx) error { return tx.Insert(ctx, d, storage.WriteOptions{}) })
	}
	check(t, put("Müller", "A"))
	for _, name := range []string{"muller", "MÜLLER ", "mu\u0308ller"} {
		if err := put(name, nil); !kindIs(err, storage.UniqueViolation) {
			t.Errorf("insert %q: %v, want a unique violation", name, err)
		}
		check(t, inTx(db, func(ctx context.Context, tx *storage.Tx) error {
			d, err := tx.Load(ctx, dt, document.Text(name), storage.LoadOptions{})
			if err == nil && d.Name() != "Müller" {
				t.Errorf("load %q = %q", name, d.Name())
			}
			return err
		}))
	}
	if err := put("other", "a"); !kindIs(err, storage.UniqueViolation) {
		t.Errorf("unique field: %v, want a unique violation", err)
	}
	check(t, inTx(db, func(ctx context.Context, tx *storage.Tx) error {
		b := storage.NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("docstatus").SQL(" LIKE 0, 12.5 LIKE '1%', NULL LIKE 'a', 'a%' LIKE 'ax%' ESCAPE 'x' FROM ").Table(dt.Name)
		var v [4]document.Value
		_, err := tx.QueryRow(ctx, b, &v[0], &v[1], &v[2], &v[3])
		if v[0].Int() != 1 || v[1].Int() != 1 || !v[2].IsNull() || v[3].Int() != 1 {
			t.Errorf("LIKE on numbers, null, another escape = %v", v)
		}
		return err
	}))
}

// noteType creates the table of a DocType with a unique and a plain field.
func noteType(t testing.TB, db *storage.DB) *doctype.DocType {
	t.Helper()
	v, err := document.ParseJSON(`{"name": "Note", "fields": [{"fieldname": "title", "fieldtype": "Data", "unique": 1}, {"fieldname": "body", "fieldtype": "Long Text"}]}`)
	check(t, err)
	dt := doctype.FromProps(v.Map())
	check(t, inTx(db, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.SyncTable(ctx, dt, storage.SchemaOptions{IndexModified: true})
		return err
	}))
	return dt
}

func inTx(db *storage.DB, fn func(ctx context.Context, tx *storage.Tx) error) error {
	ctx := context.Background()
	tx := db.Begin(ctx)
	defer tx.Rollback()
	if err := fn(ctx, tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

func kindIs(err error, kind storage.ErrorKind) bool {
	var e *storage.Error
	return errors.As(err, &e) && e.Kind == kind
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func closeDB(t testing.TB, db *storage.DB) {
	t.Helper()
	check(t, db.Close())
}
