package sqlite

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"freddo/doctype"
	"freddo/document"
	"freddo/internal/storage"
)

const benchJSON = `{"name": "Bench", "fields": [
	{"fieldname": "title", "fieldtype": "Data"}, {"fieldname": "customer", "fieldtype": "Link", "options": "Customer", "search_index": 1},
	{"fieldname": "status", "fieldtype": "Select"}, {"fieldname": "posted", "fieldtype": "Date"},
	{"fieldname": "total", "fieldtype": "Currency"}]}`

// benchDB is a table of 12 columns (17 with the optional ones) and rows rows.
func benchDB(b *testing.B, rows int, o Options) (*storage.DB, *doctype.DocType) {
	b.Helper()
	db := openTemp(b, o)
	b.Cleanup(func() { closeDB(b, db) })
	v, err := document.ParseJSON(benchJSON)
	check(b, err)
	dt := doctype.FromProps(v.Map())
	check(b, inTx(db, func(ctx context.Context, tx *storage.Tx) error {
		if _, err := tx.SyncTable(ctx, dt, storage.SchemaOptions{IndexModified: true}); err != nil {
			return err
		}
		for i := range rows {
			if err := tx.Insert(ctx, benchDoc(dt, i), storage.WriteOptions{}); err != nil {
				return err
			}
		}
		return nil
	}))
	return db, dt
}

func benchDoc(dt *doctype.DocType, i int) *document.Document {
	d := document.New(dt)
	d.SetName(fmt.Sprintf("BENCH-%07d", i))
	for field, v := range map[string]any{"owner": "test@example.com", "modified_by": "test@example.com",
		"creation": "2026-01-02 03:04:05.678900", "modified": "2026-01-02 03:04:05.678900", "title": "A title of usual length",
		"customer": fmt.Sprintf("Customer %d", i%100), "status": "Open", "posted": "2026-01-02", "total": 1234.5} {
		d.Set(field, document.From(v))
	}
	return d
}

func BenchmarkPointRead(b *testing.B) {
	const rows = 10000
	db, dt := benchDB(b, rows, Options{Unsafe: true})
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprintf("rows=%d/columns=17/parallel=%d", rows, workers), func(b *testing.B) {
			b.ReportAllocs()
			ctx := context.Background()
			spread(b, workers, func(i int) error {
				tx := db.Begin(ctx)
				defer tx.Rollback()
				_, err := tx.Load(ctx, dt, document.Text(fmt.Sprintf("BENCH-%07d", i*7919%rows)), storage.LoadOptions{})
				return err
			})
		})
	}
}

// BenchmarkList reads a page and prints it, newest first.
func BenchmarkList(b *testing.B) {
	const rows, page = 10000, 20
	db, dt := benchDB(b, rows, Options{Unsafe: true})
	fields := []string{"name", "owner", "creation", "modified", "docstatus", "title", "customer", "status", "posted", "total"}
	classes := make([]doctype.Class, len(fields))
	for i, f := range fields {
		classes[i] = dt.Column(f).Type.Class
	}
	b.Run(fmt.Sprintf("rows=%d/page=%d/fields=%d", rows, page, len(fields)), func(b *testing.B) {
		b.ReportAllocs()
		ctx := context.Background()
		var out []byte
		for range b.N {
			tx := db.Begin(ctx)
			q := storage.NewBuilder(tx.Dialect()).SQL("SELECT ")
			for i, f := range fields {
				if i > 0 {
					q.SQL(", ")
				}
				q.Ident(f)
			}
			q.SQL(" FROM ").Table(dt.Name).SQL(" ORDER BY ").Ident("modified").SQL(" DESC")
			tx.Dialect().Offset(q, page, 0)
			r, err := tx.Query(ctx, q)
			check(b, err)
			for out = out[:0]; r.Next(); {
				for i, c := range classes {
					out = append(storage.AppendRaw(out, document.Python, c, r.Raw(i)), ',')
				}
			}
			check(b, r.Close())
			tx.Rollback()
		}
	})
}

// BenchmarkInsert is one request per row, durable when answered.
func BenchmarkInsert(b *testing.B) {
	for _, workers := range []int{1, 16} {
		b.Run(fmt.Sprintf("parallel=%d/columns=17", workers), func(b *testing.B) {
			db, dt := benchDB(b, 0, Options{})
			ctx := context.Background()
			b.ReportAllocs()
			b.ResetTimer()
			spread(b, workers, func(i int) error {
				tx := db.Begin(ctx)
				defer tx.Rollback()
				if err := tx.Insert(ctx, benchDoc(dt, i), storage.WriteOptions{}); err != nil {
					return err
				}
				return tx.Commit(ctx)
			})
		})
	}
}

// spread runs fn b.N times on a number of goroutines.
func spread(b *testing.B, workers int, fn func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				i := int(next.Add(1))
				if i > b.N {
					return
				}
				if err := fn(i); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
}

func BenchmarkCompare(b *testing.B) {
	for name, pair := range map[string][2]string{"ascii=13": {"BENCH-0001234", "bench-0001235"}, "accents=13": {"Bénch-0001234", "bench-0001235"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			x, y := []byte(pair[0]), []byte(pair[1])
			for range b.N {
				compare(x, y)
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	b.Run("pattern=%usual%/text=23", func(b *testing.B) {
		b.ReportAllocs()
		p, t := []byte("%usual%"), []byte("A title of usual length")
		for range b.N {
			match(p, t, '\\')
		}
	})
}
