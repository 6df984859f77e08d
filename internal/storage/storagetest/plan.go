package storagetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/query"
	"freddo/internal/storage"
)

func planTests() []test { return []test{{"common lists use indexes", testPlans}} }

// planRows is how many rows it takes for a scan to be the worse plan.
const planRows = 4000

// analyze lets the database count a table's rows.
func (s *site) analyze(t *testing.T, dt *doctype.DocType) {
	t.Helper()
	s.write(t, func(ctx context.Context, tx *storage.Tx) error { return Analyze(ctx, tx, dt.Name) })
}

// Analyze lets the database count the rows of a DocType's table.
func Analyze(ctx context.Context, tx *storage.Tx, name string) error {
	b := storage.NewBuilder(tx.Dialect()).SQL("ANALYZE ")
	if tx.Dialect().Name() == "mariadb" {
		b.SQL("TABLE ")
	}
	rows, err := tx.Query(ctx, b.Table(name))
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return rows.Close()
}

// testPlans asks the database how it runs the common lists: none may read the whole
// table, and a page in the order of modified must not be sorted.
func testPlans(t *testing.T, s *site) {
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		if _, err := tx.SyncTable(ctx, s.task, storage.SchemaOptions{IndexModified: true, More: map[string][]string{s.task.Name: {"notes"}}}); err != nil {
			return err
		}
		for i := range planRows {
			d := s.newTask(fmt.Sprintf("T%05d", i), "title", fmt.Sprintf("Title %d", i), "notes", fmt.Sprintf("/private/files/%d.txt", i), "code", fmt.Sprintf("C%d", i), "points", i%500)
			d.Set("modified", document.Text(fmt.Sprintf("2026-01-%02d %02d:%02d:00.000000", 1+i/144, i/6%24, i%6*10)))
			if err := tx.Insert(ctx, d, storage.WriteOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	s.analyze(t, s.task)
	field := func(name string) query.Field { return query.F(s.task, name) }
	text, number := document.Text, document.IntOf
	recent := query.Ge(field("modified"), text("2026-01-28 00:00:00.000000"))
	byModified := []query.Order{{Expr: &query.Expr{Field: field("modified")}, Desc: true}}
	for name, q := range map[string]*query.Select{
		"newest first":             {OrderBy: byModified},
		"modified since":           {Where: recent, OrderBy: byModified},
		"modified between":         {Where: query.Between(field("modified"), text("2026-01-02 00:00:00.000000"), text("2026-01-02 01:00:00.000000"))},
		"equality":                 {Where: query.Eq(field("points"), number(7))},
		"in":                       {Where: query.In(field("points"), number(7), number(8), number(9))},
		"names":                    {Where: query.In(field("name"), text("T00001"), text("t00002"))},
		"a unique field":           {Where: query.Eq(field("code"), text("c17"))},
		"equality and since":       {Where: query.And(query.Eq(field("points"), number(7)), recent)},
		"a text":                   {Where: query.Eq(field("notes"), text("/private/files/17.txt"))},
		"after a row of the order": {Where: query.Or(query.Lt(field("modified"), text("2026-01-02 00:00:00.000000")), query.And(query.Eq(field("modified"), text("2026-01-02 00:00:00.000000")), query.Lt(field("name"), text("T00100")))), OrderBy: byModified},
	} {
		q.DocType, q.Limit = s.task, 20
		for _, c := range []string{"name", "title", "price"} {
			q.Columns = append(q.Columns, query.Column{Expr: &query.Expr{Field: field(c)}, Label: c})
		}
		s.read(t, func(ctx context.Context, tx *storage.Tx) {
			plan, err := tx.Explain(ctx, q)
			noErr(t, err)
			if reason := Scans(tx.Dialect().Name(), plan); reason != "" {
				t.Errorf("%s: %s:\n%s", name, reason, plan)
			}
		})
	}
}

// Scans says what is wrong with a plan, in the words of each database: it reads the whole
// table, or sorts.
func Scans(database, plan string) string {
	for _, line := range strings.Split(strings.TrimSpace(plan), "\n") {
		switch {
		case database == "sqlite" && strings.Contains(line, "SCAN ") && !strings.Contains(line, "USING INDEX"),
			database == "postgres" && strings.Contains(line, "Seq Scan"),
			database == "mariadb" && strings.Contains(line, "\tALL\t"):
			return "reads the whole table"
		case strings.Contains(line, "USE TEMP B-TREE FOR ORDER BY") || strings.Contains(line, "filesort"):
			return "sorts"
		case database == "postgres" && strings.Contains(line, "Sort") && !strings.Contains(line, "Sort Key"):
			return "sorts"
		}
	}
	return ""
}
