package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"

	"freddo/document"
	"freddo/internal/storage"
)

// disk is the operating system's file system on a disk that loses power: what is left
// of a file is what it held when it was last synced, and of later writes some sectors,
// in no order. Tests that use one do not run beside others: it is registered for all.
type disk struct {
	vfs.VFSFilename
	mu      sync.Mutex // held by writes too, so that the power is lost at one moment
	durable map[string]content
	syncs   int
	// slow is how long a sync takes, gate (when not nil) what it waits for, and broken
	// makes it fail.
	slow   time.Duration
	gate   chan struct{}
	broken atomic.Bool
}

// content is what a file of some path has held, as the n-th sync found it.
type content struct {
	n     int
	bytes []byte
}

func useDisk(t *testing.T) *disk {
	t.Helper()
	under, _ := vfs.Find("os").(vfs.VFSFilename)
	d := &disk{VFSFilename: under, durable: map[string]content{}}
	vfs.Register(Disk, d)
	t.Cleanup(func() { vfs.Unregister(Disk) })
	return d
}

func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := d.VFSFilename.OpenFilename(name, flags)
	if err == nil && flags&(vfs.OPEN_WAL|vfs.OPEN_MAIN_DB) != 0 {
		f = &platter{File: f, disk: d, path: name.String()}
	}
	return f, flags, err
}

// platter is one file of a disk.
type platter struct {
	vfs.File
	disk *disk
	path string
}

func (p *platter) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(p.File) }

var errBroken = errors.New("the disk is broken")

func (p *platter) Sync(flags vfs.SyncFlag) error {
	if p.disk.broken.Load() {
		return errBroken
	}
	p.disk.mu.Lock()
	before, err := os.ReadFile(p.path) // what is written during the sync may be lost
	p.disk.syncs++
	n := p.disk.syncs
	p.disk.mu.Unlock()
	if err != nil {
		return err
	}
	time.Sleep(p.disk.slow)
	if p.disk.gate != nil {
		<-p.disk.gate
	}
	if err := p.File.Sync(flags); err != nil {
		return err
	}
	p.disk.mu.Lock()
	defer p.disk.mu.Unlock()
	if p.disk.durable[p.path].n < n {
		p.disk.durable[p.path] = content{n, before}
	}
	return nil
}

func (p *platter) WriteAt(b []byte, off int64) (int, error) {
	p.disk.mu.Lock()
	defer p.disk.mu.Unlock()
	return p.File.WriteAt(b, off)
}

func (p *platter) Truncate(size int64) error {
	p.disk.mu.Lock()
	defer p.disk.mu.Unlock()
	return p.File.Truncate(size)
}

const sector = 512

// losePower writes what is left into another folder: of the writes since the last sync
// one sector in keep.
func (d *disk) losePower(t *testing.T, dir string, keep int) string {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, c := range d.durable {
		now, err := os.ReadFile(path)
		check(t, err)
		left := make([]byte, max(len(c.bytes), len(now)))
		copy(left, c.bytes)
		for at := 0; at < len(now); at += sector {
			if rand.IntN(keep) == 0 {
				copy(left[at:], now[at:min(at+sector, len(now))])
			}
		}
		check(t, os.WriteFile(filepath.Join(dir, filepath.Base(path)), left, 0o600))
	}
	return filepath.Join(dir, "site.db")
}

// TestPowerLoss: whatever was acknowledged is there after the power was lost, at any
// moment, and the database is whole.
func TestPowerLoss(t *testing.T) {
	d := useDisk(t)
	d.slow = 300 * time.Microsecond
	driver, err := open(filepath.Join(t.TempDir(), "site.db"), Options{})
	check(t, err)
	check(t, driver.w.conn.run("PRAGMA wal_autocheckpoint = 50"))
	db := storage.NewDB(driver)
	defer closeDB(t, db)
	dt := noteType(t, db)
	var mu sync.Mutex
	var acknowledged []string
	var stop atomic.Bool
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; !stop.Load(); i++ {
				n := document.New(dt)
				n.SetName(fmt.Sprintf("W%d-%05d", w, i))
				n.Set("body", document.Text(strings.Repeat("body ", 200)))
				err := inTx(db, func(ctx context.Context, tx *storage.Tx) error { return tx.Insert(ctx, n, storage.WriteOptions{}) })
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, n.Name())
				mu.Unlock()
			}
		})
	}
	for round := range 24 {
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		names := append([]string(nil), acknowledged...)
		mu.Unlock()
		holds(t, d.losePower(t, t.TempDir(), 1<<(round%6)), names) // 1 keeps all, 32 little
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d rows acknowledged", len(acknowledged))
	if len(acknowledged) < 100 {
		t.Errorf("only %d rows were written", len(acknowledged))
	}
}

// holds checks that a database is whole and has the names.
func holds(t *testing.T, path string, names []string) {
	t.Helper()
	c, err := openConn(path, Options{})
	check(t, err)
	defer func() { _ = c.close() }()
	read := func(sql string) (out []string) {
		rows, err := c.query(context.Background(), sql, nil)
		check(t, err)
		for rows.Next() {
			out = append(out, string(rows.Raw(0).Bytes))
		}
		check(t, rows.Err())
		return out
	}
	if found := read("PRAGMA integrity_check"); len(found) != 1 || found[0] != "ok" {
		t.Errorf("integrity: %s", found)
	}
	stored := map[string]bool{}
	for _, n := range read(`SELECT name FROM "tabNote"`) {
		stored[n] = true
	}
	for _, n := range names {
		if !stored[n] {
			t.Errorf("%s was acknowledged and is lost", n)
		}
	}
}

// TestFillsMeanwhile: while one batch is being made durable, others fill the next.
func TestFillsMeanwhile(t *testing.T) {
	d := useDisk(t)
	b := newBench(t, Options{})
	b.w.hold = time.Minute // a slow machine is no slow holder
	b.insert(-1)           // the first sync of a log is never put off
	d.gate = make(chan struct{})
	var commits atomic.Int32
	b.w.conn.db.CommitHook(func() bool { commits.Add(1); return true })
	var wg sync.WaitGroup
	insert := func(n int64) { wg.Go(func() { b.insert(n) }) }
	insert(0)
	for b.w.syncing.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	for n := range 20 {
		insert(int64(n + 1))
	}
	end := time.Now().Add(20 * time.Second)
	for in := 0; in < 20 && time.Now().Before(end); time.Sleep(time.Millisecond) {
		x := b.begin()
		in = b.w.open.n
		x.Rollback()
	}
	close(d.gate)
	wg.Wait()
	if c := commits.Load(); c != 2 {
		t.Errorf("%d commits, want 2", c)
	}
	if got := b.count(); got != 22 {
		t.Errorf("rows = %d, want 22", got)
	}
}

func (b *bench) insert(n int64) {
	b.t.Helper()
	x, err := b.w.begin(context.Background())
	if err == nil {
		_, err = x.Exec(context.Background(), insertX, []document.Value{document.IntOf(n), document.NullValue})
	}
	if err == nil {
		err = x.Commit(context.Background())
	}
	if err != nil {
		b.t.Error(err)
	}
}

// TestBrokenDisk: when a sync fails, who waits for it is told, and nothing is written
// any more.
func TestBrokenDisk(t *testing.T) {
	d := useDisk(t)
	b := newBench(t, Options{})
	b.insert(1)
	d.broken.Store(true)
	x := b.begin()
	b.exec(x, insertX, document.IntOf(2), document.NullValue)
	if err := x.Commit(context.Background()); err == nil {
		t.Error("a commit that is not durable succeeded")
	}
	d.broken.Store(false)
	if x, err := b.w.begin(context.Background()); err == nil {
		x.Rollback()
		t.Error("writes after the disk has failed")
	}
	if got := b.count(); got < 1 {
		t.Errorf("rows = %d, want 1 at least", got)
	}
}

// TestLongJournal: a savepoint is undone whole when its journal outgrows memory, and
// leaves alone what others of the batch wrote.
func TestLongJournal(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	text := document.Text(strings.Repeat("x", 3000))
	x := b.begin()
	for n := range 3 * maxJournal / 4096 {
		b.exec(x, insertX, document.IntOf(int64(n)), text)
	}
	check(t, x.Commit(context.Background()))
	first := b.begin()
	b.exec(first, insertX, document.IntOf(-1), text)
	second := make(chan *turn)
	go func() { x, _ := b.w.begin(context.Background()); second <- x }()
	b.waiting(1)
	done := make(chan error)
	go func() { done <- first.Commit(context.Background()) }()
	s := <-second
	if !s.saved {
		t.Fatal("the second request is alone")
	}
	b.exec(s, "UPDATE x SET s = 'changed'")
	s.Rollback()
	check(t, <-done)
	r, err := b.Acquire(context.Background(), false)
	check(t, err)
	defer r.Rollback()
	rows, err := r.Query(context.Background(), "SELECT COUNT(*), SUM(s = 'changed') FROM x", nil)
	check(t, err)
	defer rows.Close()
	rows.Next()
	if n, changed := rows.Raw(0).Int, rows.Raw(1).Int; n != 3*maxJournal/4096+1 || changed != 0 {
		t.Errorf("%d rows, %d changed", n, changed)
	}
}
