package bench

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	sqlite3 "github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"freddo/internal/storage/sqlite"
)

// conn is the bare connection to SQLite, on which these benchmarks run.
func (s *site) conn() *sqlite3.Conn { return s.bare.(sqliteBare).Conn }

// prepare prepares a statement on the bare connection.
func (s *site) prepare(b *testing.B, sql string) *sqlite3.Stmt {
	b.Helper()
	stmt, _, err := s.conn().Prepare(sql)
	if err != nil {
		b.Fatalf("%s: %v", sql, err)
	}
	b.Cleanup(func() { _ = stmt.Close() })
	return stmt
}

// read steps through a SELECT with one argument and touches every cell.
func read(b *testing.B, stmt *sqlite3.Stmt, arg string) {
	_ = stmt.BindText(1, arg)
	for stmt.Step() {
		for i := range stmt.ColumnCount() {
			_ = stmt.ColumnRawText(i)
		}
	}
	if err := stmt.Reset(); err != nil {
		b.Fatal(err)
	}
}

// bareWrite is the SQL that a save of an order needs at least: the stored order and its
// rows are read, the order and the five rows are written, durably.
func (s *site) bareWrite(b *testing.B, set string) func(name string) {
	order := s.prepare(b, `SELECT * FROM "tabSales Order" WHERE name = ?`)
	items := s.prepare(b, `SELECT * FROM "tabSales Order Item" WHERE parent = ? ORDER BY idx`)
	update := s.prepare(b, `UPDATE "tabSales Order" SET `+set+` WHERE name = ?`)
	rows := s.prepare(b, `UPDATE "tabSales Order Item" SET modified = modified || '' WHERE parent = ?`)
	return func(name string) {
		if err := s.conn().Exec("BEGIN IMMEDIATE"); err != nil {
			b.Fatal(err)
		}
		read(b, order, name)
		read(b, items, name)
		for _, stmt := range []*sqlite3.Stmt{update, rows} {
			_ = stmt.BindText(1, name)
			if err := stmt.Exec(); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.conn().Exec("COMMIT"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSave saves an order with five rows by PUT.
func BenchmarkSave(b *testing.B) {
	b.Run("children=5", func(b *testing.B) {
		s := open(b, "sqlite")
		ours, theirs := s.order(b), s.order(b)
		limit := s.bareWrite(b, `remarks = 'x', modified = modified || ''`)
		n := 0
		compare(b, func() {
			n++
			s.do(b, http.MethodPut, "/api/resource/Sales%20Order/"+ours, fmt.Sprintf(`{"discount_percentage": %d}`, n%50))
		}, func() { limit(theirs) })
	})
}

// BenchmarkSubmit submits drafts with five rows; making the drafts is not measured.
func BenchmarkSubmit(b *testing.B) {
	b.Run("children=5", func(b *testing.B) {
		s := open(b, "sqlite")
		limit := s.bareWrite(b, `docstatus = 1, status = 'To Deliver', modified = modified || ''`)
		var a, z time.Duration
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			ours, theirs := s.order(b), s.order(b)
			b.StartTimer()
			start := time.Now()
			s.do(b, http.MethodPut, "/api/resource/Sales%20Order/"+ours, `{"docstatus": 1}`)
			middle := time.Now()
			limit(theirs)
			a += middle.Sub(start)
			z += time.Since(middle)
		}
		b.ReportMetric(float64(a.Nanoseconds())/float64(b.N), "ns/freddo")
		b.ReportMetric(float64(z.Nanoseconds())/float64(b.N), "ns/limit")
		b.ReportMetric(float64(a)/float64(z), "x-limit")
	})
}

// slowDisk is the operating system's file system on a disk that takes longer to sync
// the write-ahead log.
type slowDisk struct {
	vfs.VFSFilename
	more time.Duration
}

func (d slowDisk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := d.VFSFilename.OpenFilename(name, flags)
	if err == nil && flags&vfs.OPEN_WAL != 0 {
		f = slowLog{f, d.more}
	}
	return f, flags, err
}

type slowLog struct {
	vfs.File
	more time.Duration
}

func (f slowLog) Sync(flags vfs.SyncFlag) error {
	time.Sleep(f.more)
	return f.File.Sync(flags)
}

// BenchmarkInsertParallel inserts orders from sixteen clients at once and from one, the
// same number each, and reports what an insert costs in either case. Commits that are
// waited for together are shared, so sixteen clients should be several times quicker:
// the more so the longer the disk takes to sync. What sharing is worth at most is shown
// by the bare driver (x-bare), when one client commits sixteen orders at a time.
func BenchmarkInsertParallel(b *testing.B) {
	b.Run("fsync=disk", func(b *testing.B) { b.ReportMetric(bareSharing(b, insertParallel(b)), "x-bare") })
	for _, more := range []time.Duration{time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond} {
		b.Run("fsync=disk+"+more.String(), func(b *testing.B) {
			under, _ := vfs.Find("os").(vfs.VFSFilename)
			vfs.Register(sqlite.Disk, slowDisk{under, more})
			defer vfs.Unregister(sqlite.Disk)
			insertParallel(b)
		})
	}
}

// bareSharing is how much cheaper the rows of an order are for the bare driver when a
// commit is for sixteen orders.
func bareSharing(b *testing.B, s *site) float64 {
	const orders, rows = 16, 6
	name := s.order(b)
	row := s.bare.texts(b, `SELECT name FROM "tabSales Order Item" WHERE parent = '`+name+`'`)[0]
	insert := s.bare.inserter(b, s.copyRow(b, "tabSales Order", name), s.copyRow(b, "tabSales Order Item", row))
	n := 0
	var together, alone time.Duration
	for range 20 {
		start := time.Now()
		insert(&n, orders*rows-1)
		middle := time.Now()
		for range orders {
			insert(&n, rows-1)
		}
		together += middle.Sub(start)
		alone += time.Since(middle)
	}
	return float64(alone) / float64(together)
}

func insertParallel(b *testing.B) *site {
	const clients, each = 16, 25
	s := open(b, "sqlite")
	s.order(b)
	var many, one time.Duration
	for b.Loop() {
		start := time.Now()
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for range each {
					s.order(b)
				}
			})
		}
		wg.Wait()
		middle := time.Now()
		for range clients * each {
			s.order(b)
		}
		many += middle.Sub(start)
		one += time.Since(middle)
	}
	n := float64(b.N * clients * each)
	b.ReportMetric(float64(many.Nanoseconds())/n, "ns/insert-of-16")
	b.ReportMetric(float64(one.Nanoseconds())/n, "ns/insert-of-1")
	b.ReportMetric(float64(one)/float64(many), "x-faster")
	return s
}
