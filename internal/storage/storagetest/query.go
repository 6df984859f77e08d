package storagetest

import (
	"context"
	"fmt"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/query"
	"freddo/internal/storage"
)

func queryTests() []test {
	return []test{
		{"row", testQueryRow}, {"same text twice at once", testSameText}, {"same text after the last row", testAfterLast},
		{"write while reading", testWriteWhileReading}, {"rows left open", testRowsLeftOpen}, {"error kinds", testKinds},
		{"page", testPage}, {"like", testLike}, {"text", testText}, {"append raw", testAppendRaw},
	}
}

func (s *site) selectTasks(tx *storage.Tx, fields ...string) *storage.Builder {
	b := storage.NewBuilder(tx.Dialect()).SQL("SELECT ")
	for i, f := range fields {
		if i > 0 {
			b.SQL(", ")
		}
		b.Ident(f)
	}
	return b.SQL(" FROM ").Table(s.task.Name)
}

func testQueryRow(t *testing.T, s *site) {
	s.insert(t, "T1", "title", "x", "points", 3)
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		var title, points document.Value
		found, err := tx.QueryRow(ctx, s.selectTasks(tx, "title", "points").SQL(" WHERE ").Ident("name").SQL(" = ").Str("T1"), &title, &points)
		noErr(t, err)
		if !found || title.Str() != "x" || document.Cint(points) != 3 {
			t.Errorf("row = %v, %v, %v", found, title, points)
		}
		found, err = tx.QueryRow(ctx, s.selectTasks(tx, "title").SQL(" WHERE ").Ident("name").SQL(" = ").Str("T2"), &title)
		noErr(t, err)
		if found {
			t.Error("found what is not there")
		}
	})
}

// byPoints opens the same statement with another argument each time.
func (s *site) byPoints(ctx context.Context, t *testing.T, tx *storage.Tx, n int64) storage.Rows {
	t.Helper()
	rows, err := tx.Query(ctx, s.selectTasks(tx, "name").SQL(" WHERE ").Ident("points").SQL(" = ").Int(n))
	noErr(t, err)
	return rows
}

func first(t *testing.T, rows storage.Rows) string {
	t.Helper()
	if !rows.Next() {
		t.Fatalf("no row: %v", rows.Err())
	}
	return document.ToText(rows.Raw(0).Natural())
}

// testSameText: two results of one statement must not share its arguments, whether
// or not the first has been read from.
func testSameText(t *testing.T, s *site) {
	for i := range 3 {
		s.insert(t, fmt.Sprintf("T%d", i), "points", i)
	}
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		a, b := s.byPoints(ctx, t, tx, 1), s.byPoints(ctx, t, tx, 2)
		sameNames(t, []string{first(t, a), first(t, b)}, "T1", "T2")
		c := s.byPoints(ctx, t, tx, 0)
		sameNames(t, []string{first(t, c)}, "T0")
		noErr(t, a.Close())
		noErr(t, b.Close())
		noErr(t, c.Close())
	})
}

func testAfterLast(t *testing.T, s *site) {
	s.insert(t, "T1", "points", 1)
	s.insert(t, "T2", "points", 2)
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		a := s.byPoints(ctx, t, tx, 1)
		defer a.Close()
		sameNames(t, []string{first(t, a)}, "T1")
		if a.Next() {
			t.Error("a second row")
		}
		b := s.byPoints(ctx, t, tx, 2)
		defer b.Close()
		sameNames(t, []string{first(t, b)}, "T2")
		noErr(t, a.Err())
	})
}

// testWriteWhileReading: reading on from a snapshot while writing is allowed.
func testWriteWhileReading(t *testing.T, s *site) {
	for i := range 5 {
		s.insert(t, fmt.Sprintf("T%d", i))
	}
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		rows, err := tx.Query(ctx, s.selectTasks(tx, "name").SQL(" ORDER BY ").Ident("name"))
		noErr(t, err)
		defer rows.Close()
		var got []string
		for rows.Next() {
			name := rows.Raw(0).Value(doctype.TextClass)
			got = append(got, name.Str())
			noErr(t, tx.SetColumns(ctx, s.task, name, []string{"title"}, []document.Value{document.Text("seen")}))
		}
		sameNames(t, got, "T0", "T1", "T2", "T3", "T4")
		return rows.Err()
	})
	same(t, "title", s.load(t, "T4").Get("title"), document.Text("seen"))
}

// testRowsLeftOpen: rows that outlive their transaction give no rows, and do not
// disturb whoever has the connection next.
func testRowsLeftOpen(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.insert(t, "T2")
	ctx := context.Background()
	for _, write := range []bool{false, true} {
		tx := s.db.Begin(ctx)
		if write {
			noErr(t, tx.StartWrite(ctx))
		}
		rows, err := tx.Query(ctx, s.selectTasks(tx, "name").SQL(" ORDER BY ").Ident("name"))
		noErr(t, err)
		sameNames(t, []string{first(t, rows)}, "T1")
		noErr(t, tx.Commit(ctx))
		for range 8 {
			sameNames(t, s.names(t), "T1", "T2")
		}
		s.insert(t, fmt.Sprint("U", write))
		if write && rows.Next() {
			t.Error("a row after the end of the writing transaction")
		}
		noErr(t, rows.Close())
		s.write(t, func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.Delete(ctx, s.task, document.Text(fmt.Sprint("U", write)))
			return err
		})
	}
}

func testKinds(t *testing.T, s *site) {
	b := func(tx *storage.Tx) *storage.Builder { return storage.NewBuilder(tx.Dialect()) }
	for name, c := range map[string]struct {
		kind  storage.ErrorKind
		build func(tx *storage.Tx) *storage.Builder
	}{
		"table":  {storage.NoTable, func(tx *storage.Tx) *storage.Builder { return b(tx).SQL("SELECT 1 FROM ").Table("Nope") }},
		"column": {storage.NoColumn, func(tx *storage.Tx) *storage.Builder { return s.selectTasks(tx, "nope") }},
		"syntax": {storage.Syntax, func(tx *storage.Tx) *storage.Builder { return b(tx).SQL("SELEC 1") }},
	} {
		s.read(t, func(ctx context.Context, tx *storage.Tx) {
			rows, err := tx.Query(ctx, c.build(tx))
			if err == nil {
				rows.Next()
				err = rows.Err()
				rows.Close()
			}
			if e := kindOf(err); e == nil || e.Kind != c.kind {
				t.Errorf("%s: %v, want kind %d", name, err, c.kind)
			}
		})
	}
}

func testPage(t *testing.T, s *site) {
	for i := range 5 {
		s.insert(t, fmt.Sprintf("T%d", i))
	}
	page := func(limit, offset int64) (out []string) {
		s.read(t, func(ctx context.Context, tx *storage.Tx) {
			b := s.selectTasks(tx, "name").SQL(" ORDER BY ").Ident("name")
			tx.Dialect().Offset(b, limit, offset)
			rows, err := tx.Query(ctx, b)
			noErr(t, err)
			defer rows.Close()
			for rows.Next() {
				out = append(out, document.ToText(rows.Raw(0).Natural()))
			}
			noErr(t, rows.Err())
		})
		return out
	}
	sameNames(t, page(2, 0), "T0", "T1")
	sameNames(t, page(2, 4), "T4")
	sameNames(t, page(-1, 3), "T3", "T4")
	sameNames(t, page(-1, 0), "T0", "T1", "T2", "T3", "T4")
	sameNames(t, page(0, 0))
}

func testLike(t *testing.T, s *site) {
	for i, title := range []string{"Alpha", "beta 100%", "GAMMA_x", `back\slash`, "Ärger"} {
		s.insert(t, fmt.Sprintf("T%d", i), "title", title)
	}
	for _, c := range []struct {
		pattern string
		not     bool
		want    []string
	}{
		{"alpha", false, []string{"T0"}}, {"%A%", false, []string{"T0", "T1", "T2", "T3", "T4"}}, {"a_pha", false, []string{"T0"}},
		{`%100\%`, false, []string{"T1"}}, {`%\_%`, false, []string{"T2"}}, {`%k\\s%`, false, []string{"T3"}},
		{"ärg%", false, []string{"T4"}}, {"A_ger", false, []string{"T4"}}, {"%á%x", false, []string{"T2"}}, {"%e%", true, []string{"T0", "T2", "T3"}},
		{"%a%", true, nil}, {"", false, nil},
	} {
		s.read(t, func(ctx context.Context, tx *storage.Tx) {
			b := s.selectTasks(tx, "name").SQL(" WHERE ")
			tx.Dialect().WriteLike(b, func() { b.Ident("title") }, document.Text(c.pattern), c.not)
			rows, err := tx.Query(ctx, b.SQL(" ORDER BY ").Ident("name"))
			noErr(t, err)
			defer rows.Close()
			var got []string
			for rows.Next() {
				got = append(got, document.ToText(rows.Raw(0).Natural()))
			}
			sameNames(t, got, c.want...)
		})
	}
}

func testAppendRaw(t *testing.T, s *site) {
	s.insert(t, "T1", "title", "a\"b", "done", 1, "points", 4, "price", 2, "due", "2026-01-02", "starts", "2026-01-02 03:04:05",
		"at", "1:02:03", "creation", "2026-01-02 03:04:05.600000")
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		fields := []string{"name", "title", "code", "done", "points", "price", "due", "starts", "at", "creation"}
		rows, err := tx.Query(ctx, s.selectTasks(tx, fields...))
		noErr(t, err)
		defer rows.Close()
		if !rows.Next() || rows.Len() != len(fields) {
			t.Fatalf("no row, or %d columns: %v", rows.Len(), rows.Err())
		}
		var out []byte
		for i, f := range fields {
			out = append(storage.AppendRaw(out, document.Python, s.task.Column(f).Type.Class, rows.Raw(i)), ' ')
		}
		want := `"T1" "a\"b" null 1 4 2.0 "2026-01-02" "2026-01-02 03:04:05" "1:02:03" "2026-01-02 03:04:05.600000" `
		if string(out) != want {
			t.Errorf("json = %s\nwant   %s", out, want)
		}
	})
}

// testText: text compares without regard to case and accents in conditions, groups,
// unique columns, joins and orders.
func testText(t *testing.T, s *site) {
	s.insert(t, "B", "title", "Ärger", "code", "Öl")
	s.insert(t, "a", "title", "ARGER")
	s.insert(t, "Ç", "title", "other")
	err := s.try(func(ctx context.Context, tx *storage.Tx) error {
		return tx.Insert(ctx, s.newTask("d", "code", "OL"), storage.WriteOptions{})
	})
	wantKind(t, err, storage.UniqueViolation, "code")
	title, name := query.F(s.task, "title"), []query.Column{{Expr: s.field("name"), Label: "name"}}
	byName := []query.Order{{Expr: s.field("name")}}
	for what, c := range map[string]struct {
		q    query.Select
		want string
	}{
		"=":       {query.Select{Where: query.Eq(title, document.Text("arger"))}, `[["a"],["B"]]`},
		"not in":  {query.Select{Where: query.NotIn(title, document.Text("arger"))}, `[["Ç"]]`},
		"<":       {query.Select{Where: query.Lt(query.F(s.task, "name"), document.Text("b"))}, `[["a"]]`},
		"between": {query.Select{Where: query.Between(query.F(s.task, "name"), document.Text("b"), document.Text("c"))}, `[["B"],["Ç"]]`},
		"group":   {query.Select{GroupBy: []*query.Expr{s.field("title")}}, `[["a"],["Ç"]]`},
	} {
		c.q.Columns, c.q.OrderBy = name, byName
		t.Log(what)
		sameJSON(t, s.list(t, &c.q), c.want)
	}
	same(t, "name", s.load(t, "A").NameValue(), document.Text("a"))
}
