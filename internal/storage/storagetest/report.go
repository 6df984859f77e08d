package storagetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"freddo/document"
	"freddo/internal/storage"
)

func reportTests() []test {
	return []test{{"reads with names of columns", testReport}, {"cannot write", testReportWrites}, {"ends in time", testReportTime}}
}

// report runs a query and returns its columns and its first cells, joined.
func (s *site) report(limit time.Duration, fill func(b *storage.Builder)) (columns, cells string, err error) {
	b := storage.NewBuilder(s.db.Dialect())
	fill(b)
	err = s.db.Report(context.Background(), b, storage.ReportRules{Limit: limit}, func(names []string, row storage.Rows) error {
		columns = strings.Join(names, " ")
		if row != nil {
			cells += document.ToText(row.Raw(0).Natural()) + " "
		}
		return nil
	})
	return columns, strings.TrimSpace(cells), err
}

func testReport(t *testing.T, s *site) {
	s.insert(t, "T1", "points", 5)
	s.insert(t, "T2", "points", 7)
	columns, cells, err := s.report(time.Minute, func(b *storage.Builder) {
		b.SQL("SELECT ").Ident("name").SQL(" AS ").Ident("Task:Link").SQL(", 1 AS one FROM ").Table(s.task.Name).SQL(" WHERE ").Ident("points").SQL(" > ").Int(5)
	})
	noErr(t, err)
	if columns != "Task:Link one" || cells != "T2" {
		t.Errorf("report = %q %q", columns, cells)
	}
	columns, cells, err = s.report(time.Minute, func(b *storage.Builder) { b.SQL("SELECT 1 AS one WHERE 1 = 0") })
	if err != nil || columns != "one" || cells != "" {
		t.Errorf("no rows = %q %q %v", columns, cells, err)
	}
}

func testReportWrites(t *testing.T, s *site) {
	s.insert(t, "T1")
	for _, verb := range []string{"DELETE FROM ", "TRUNCATE TABLE ", "DROP TABLE "} {
		if _, _, err := s.report(time.Minute, func(b *storage.Builder) { b.SQL(verb).Table(s.task.Name) }); err == nil {
			t.Errorf("%s was not refused", verb)
		}
	}
	sameNames(t, s.names(t), "T1")
}

func testReportTime(t *testing.T, s *site) {
	start := time.Now()
	_, _, err := s.report(300*time.Millisecond, func(b *storage.Builder) {
		b.SQL("WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 900) SELECT count(*) FROM x a, x b, x c, x d WHERE a.n + b.n + c.n + d.n > 0")
	})
	var e *storage.Error
	if !errors.As(err, &e) || e.Kind != storage.Interrupted {
		t.Errorf("endless query: %v", err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}
