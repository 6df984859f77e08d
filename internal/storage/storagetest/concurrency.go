package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"freddo/document"
	"freddo/internal/storage"
)

func concurrencyTests() []test {
	return []test{
		{"series", testSeriesRace}, {"failures stay alone", testMixed}, {"readers and a writer", testReaders},
		{"transactions inside transactions", testManyOpen}, {"schema change under readers", testSchemaUnderReaders},
		{"deadlocks are told", testDeadlock}, {"a single saved at once", testSingleRace},
	}
}

// together runs fn n times at once and returns the errors.
func together(n int, fn func(i int) error) error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs[i] = fn(i)
		}()
	}
	wg.Wait()
	return errors.Join(errs...)
}

func testSeriesRace(t *testing.T, s *site) {
	const workers, each = 16, 20
	var mu sync.Mutex
	seen := map[int64]bool{}
	noErr(t, together(workers, func(int) error {
		for range each {
			var n int64
			err := s.try(func(ctx context.Context, tx *storage.Tx) (err error) {
				n, err = tx.NextSeries(ctx, "S-")
				return err
			})
			if err != nil {
				return err
			}
			mu.Lock()
			if seen[n] {
				err = fmt.Errorf("%d was given twice", n)
			}
			seen[n] = true
			mu.Unlock()
			if err != nil {
				return err
			}
		}
		return nil
	}))
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		n, _, err := tx.SeriesCurrent(ctx, "S-")
		noErr(t, err)
		if n != workers*each || len(seen) != workers*each {
			t.Errorf("counter = %d, given = %d, want %d", n, len(seen), workers*each)
		}
	})
}

// testMixed: requests that fail, in a statement or by their own will, take nobody
// with them and leave nothing.
func testMixed(t *testing.T, s *site) {
	s.insert(t, "clash")
	noErr(t, together(24, func(i int) error {
		name := fmt.Sprintf("T%02d", i)
		err := s.try(func(ctx context.Context, tx *storage.Tx) error {
			if err := tx.Insert(ctx, s.newTask(name), storage.WriteOptions{}); err != nil {
				return err
			}
			switch i % 3 {
			case 1:
				return errOops
			case 2:
				return tx.Insert(ctx, s.newTask("clash"), storage.WriteOptions{})
			}
			return nil
		})
		switch e := kindOf(err); {
		case i%3 == 0:
			return err
		case i%3 == 1 && errors.Is(err, errOops), i%3 == 2 && e != nil && e.Kind == storage.UniqueViolation:
			return nil
		}
		return fmt.Errorf("%s: %w", name, err)
	}))
	sameNames(t, s.names(t), "clash", "T00", "T03", "T06", "T09", "T12", "T15", "T18", "T21")
}

// testReaders: a reader sees a document and its rows as one commit left them.
func testReaders(t *testing.T, s *site) {
	s.insert(t, "T1", "points", 0)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	writer := func() error {
		defer cancel()
		for i := 1; i <= 40; i++ {
			err := s.try(func(ctx context.Context, tx *storage.Tx) error {
				row := document.New(s.step)
				row.SetName(fmt.Sprintf("r%d", i))
				set(row, "parent", "T1", "parentfield", "steps", "parenttype", s.task.Name, "idx", i)
				if err := tx.Insert(ctx, row, storage.WriteOptions{}); err != nil {
					return err
				}
				return tx.SetColumns(ctx, s.task, document.Text("T1"), []string{"points"}, []document.Value{document.IntOf(int64(i))})
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	noErr(t, together(9, func(i int) error {
		if i == 0 {
			return writer()
		}
		for ctx.Err() == nil {
			tx := s.db.Begin(context.Background())
			d, err := tx.Load(context.Background(), s.task, document.Text("T1"), storage.LoadOptions{Resolve: s.resolve})
			tx.Rollback()
			if err != nil {
				return err
			}
			if n := len(d.Rows("steps")); int64(n) != d.Int("points") {
				return fmt.Errorf("points %d, rows %d", d.Int("points"), n)
			}
		}
		return nil
	}))
}

// testManyOpen: a request that reads may open another transaction, however many do
// so at once.
func testManyOpen(t *testing.T, s *site) {
	s.insert(t, "T1")
	const n = 24
	var reached sync.Mutex
	held := 0
	noErr(t, together(n, func(int) error {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		outer := s.db.Begin(ctx)
		defer outer.Rollback()
		if _, err := outer.Load(ctx, s.task, document.Text("T1"), storage.LoadOptions{}); err != nil {
			return fmt.Errorf("outer: %w", err)
		}
		reached.Lock()
		held++
		reached.Unlock()
		inner := s.db.Begin(ctx)
		defer inner.Rollback()
		if _, err := inner.Load(ctx, s.task, document.Text("T1"), storage.LoadOptions{}); err != nil {
			return fmt.Errorf("inner: %w", err)
		}
		return nil
	}))
	if held != n {
		t.Errorf("%d of %d transactions got a connection", held, n)
	}
}

// testSchemaUnderReaders: statements that other connections keep must survive a
// change of their tables.
func testSchemaUnderReaders(t *testing.T, s *site) {
	s.insert(t, "T1", "title", "x")
	wide := parse(t, `{"name": "Suite Task", "fields": [{"fieldname": "title", "fieldtype": "Data"}, {"fieldname": "later", "fieldtype": "Int"}]}`)
	noErr(t, together(8, func(i int) error {
		for j := range 20 {
			if i == 0 && j == 10 {
				err := s.try(func(ctx context.Context, tx *storage.Tx) error {
					_, err := tx.SyncTable(ctx, wide, storage.SchemaOptions{})
					return err
				})
				if err != nil {
					return err
				}
			}
			ctx := context.Background()
			tx := s.db.Begin(ctx)
			d, err := tx.Load(ctx, s.task, document.Text("T1"), storage.LoadOptions{Resolve: s.resolve})
			tx.Rollback()
			if err != nil {
				return err
			}
			if d.Text("title") != "x" {
				return fmt.Errorf("title = %q", d.Text("title"))
			}
		}
		return nil
	}))
}

// testDeadlock: of transactions that wait for each other one is told of a deadlock, and
// gets through when it is begun anew. A database with one writer has none.
func testDeadlock(t *testing.T, s *site) {
	s.insert(t, "T1")
	s.insert(t, "T2")
	order := [2][2]string{{"T1", "T2"}, {"T2", "T1"}}
	var locked sync.WaitGroup
	locked.Add(2)
	noErr(t, together(2, func(i int) error {
		var once sync.Once
		first := func() { once.Do(locked.Done) }
		defer first()
		for try := 0; ; try++ {
			err := s.try(func(ctx context.Context, tx *storage.Tx) error {
				for _, name := range order[i] {
					if _, err := tx.Load(ctx, s.task, document.Text(name), storage.LoadOptions{ForUpdate: true}); err != nil {
						return err
					}
					first()
					if try == 0 {
						wait(&locked, 300*time.Millisecond)
					}
				}
				return tx.SetColumns(ctx, s.task, document.Text("T1"), []string{"title"}, []document.Value{document.Text("seen")})
			})
			if e := kindOf(err); e == nil || e.Kind != storage.Deadlock || try > 5 {
				return err
			}
		}
	}))
	same(t, "title", s.load(t, "T1").Get("title"), document.Text("seen"))
}

// wait waits for the group, but not for ever.
func wait(g *sync.WaitGroup, most time.Duration) {
	done := make(chan struct{})
	go func() { g.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(most):
	}
}

// testSingleRace: a Single that many save at the same time has each field once.
func testSingleRace(t *testing.T, s *site) {
	save := func(i int) error {
		return s.try(func(ctx context.Context, tx *storage.Tx) error {
			d := document.New(s.settings)
			d.SetName(s.settings.Name)
			set(d, "title", fmt.Sprint(i), "limit", i)
			return tx.SaveSingle(ctx, d)
		})
	}
	noErr(t, save(0))
	noErr(t, together(8, save))
	s.read(t, func(ctx context.Context, tx *storage.Tx) {
		var n document.Value
		b := storage.NewBuilder(tx.Dialect()).SQL("SELECT COUNT(*) FROM ").Ident("tabSingles").SQL(" WHERE ").Ident("field").SQL(" = ").Str("title")
		_, err := tx.QueryRow(ctx, b, &n)
		noErr(t, err)
		same(t, "rows of title", n, document.IntOf(1))
	})
}
