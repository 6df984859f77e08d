package storagetest

import (
	"context"
	"fmt"
	"testing"

	"freddo/document"
	"freddo/internal/storage"
)

func rowTests() []test {
	return []test{{"in order of idx", testRowOrder}, {"delete", testDeleteRows}, {"delete all of a parent", testDeleteAllRows},
		{"many at once", testManyRows}, {"one of many is refused", testRefusedRow}}
}

// insertRows stores n rows of a table of a parent, last first; names are
// parent-field-idx.
func (s *site) insertRows(t *testing.T, parent, field string, n int) {
	t.Helper()
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		for i := n; i > 0; i-- {
			d := document.New(s.step)
			d.SetName(fmt.Sprintf("%s-%s-%d", parent, field, i))
			set(d, "parent", parent, "parentfield", field, "parenttype", s.task.Name, "idx", i, "what", fmt.Sprint(i), "hours", float64(i)/2)
			if err := tx.Insert(ctx, d, storage.WriteOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
}

func testRowOrder(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.insertRows(t, "T1", "steps", 3)
	s.insertRows(t, "T2", "steps", 2)
	s.insertRows(t, "T1", "others", 1)
	d := s.load(t, "T1")
	var got []string
	for _, r := range d.Rows("steps") {
		got = append(got, r.Name())
		if r.Parent != d {
			t.Error("row without its parent")
		}
	}
	sameNames(t, got, "T1-steps-1", "T1-steps-2", "T1-steps-3")
	same(t, "hours", d.Rows("steps")[0].Get("hours"), document.FloatOf(0.5))
	if n := len(d.Rows("others")); n != 1 {
		t.Errorf("others = %d rows, want 1", n)
	}
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		rows, err := tx.LoadRows(ctx, s.step, s.task.Name, "steps", document.Text("nobody"))
		noErr(t, err)
		if rows == nil || len(rows) != 0 {
			t.Errorf("rows of nobody = %v, want an empty list", rows)
		}
	})
}

func testDeleteRows(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.insertRows(t, "T1", "steps", 3)
	s.insertRows(t, "T1", "others", 1)
	s.insertRows(t, "T2", "steps", 1)
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		return tx.DeleteChildren(ctx, s.step, s.task.Name, "steps", document.Text("T1"), []string{"T1-steps-2"})
	})
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		sameNames(t, names(ctx, t, tx, s.step), "T1-others-1", "T1-steps-2", "T2-steps-1")
	})
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		return tx.DeleteChildren(ctx, s.step, s.task.Name, "steps", document.Text("T1"), nil)
	})
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		sameNames(t, names(ctx, t, tx, s.step), "T1-others-1", "T2-steps-1")
	})
}

func testDeleteAllRows(t *testing.T, s *site) {
	s.insertRows(t, "T1", "steps", 2)
	s.insertRows(t, "T1", "others", 2)
	s.insertRows(t, "T2", "steps", 1)
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		return tx.DeleteChildren(ctx, s.step, s.task.Name, "", document.Text("T1"), nil)
	})
	s.read(t, func(ctx context.Context, tx *storage.Tx) { sameNames(t, names(ctx, t, tx, s.step), "T2-steps-1") })
}

func (s *site) newSteps(n int) (rows []*document.Document) {
	for i := range n {
		d := document.New(s.step)
		d.SetName(fmt.Sprintf("S%05d", i))
		set(d, "parent", "T1", "parentfield", "steps", "parenttype", s.task.Name, "idx", i+1, "what", "it's \\ "+fmt.Sprint(i))
		rows = append(rows, d)
	}
	return rows
}

func testManyRows(t *testing.T, s *site) {
	const n = 1500
	s.write(t, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.InsertRows(ctx, s.newSteps(n), storage.WriteOptions{})
		return err
	})
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		rows, err := tx.LoadRows(ctx, s.step, s.task.Name, "steps", document.Text("T1"))
		noErr(t, err)
		if len(rows) != n {
			t.Fatalf("%d rows, want %d", len(rows), n)
		}
		same(t, "what", rows[n-1].Get("what"), document.Text("it's \\ 1499"))
		same(t, "name", rows[1].NameValue(), document.Text("S00001"))
	})
}

// testRefusedRow: the row to blame is told, whether the database or we refuse it.
func testRefusedRow(t *testing.T, s *site) {
	for field, c := range map[string]struct {
		value any
		kind  storage.ErrorKind
	}{"name": {"S00000", storage.UniqueViolation}, "hours": {1e12, storage.OutOfRange}} {
		err := s.try(func(ctx context.Context, tx *storage.Tx) error {
			rows := s.newSteps(4)
			set(rows[2], field, c.value)
			at, err := tx.InsertRows(ctx, rows, storage.WriteOptions{})
			if at != 2 {
				t.Errorf("%s: row %d is to blame, want 2", field, at)
			}
			return err
		})
		wantKind(t, err, c.kind, field)
	}
}
