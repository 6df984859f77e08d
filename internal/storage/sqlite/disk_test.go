package sqlite

import (
	"context"
	"errors"
	"fmt"
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
// of a file is what it held when it was last synced. Tests that use one do not run
// beside others: it is registered for all.
type disk struct {
	vfs.VFSFilename
	mu      sync.Mutex
	durable map[string][]byte // by the end of the file's name
	// slow is how long a sync takes, gate (when not nil) what it waits for, and broken
	// makes it fail.
	slow   time.Duration
	gate   chan struct{}
	broken atomic.Bool
}

func useDisk(t *testing.T) *disk {
	t.Helper()
	under, _ := vfs.Find("os").(vfs.VFSFilename)
	d := &disk{VFSFilename: under, durable: map[string][]byte{}}
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
	before, err := os.ReadFile(p.path) // what is written during the sync may be lost
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
	p.disk.durable[strings.TrimPrefix(p.path[strings.LastIndex(p.path, "site.db"):], "site.db")] = before
	return nil
}

// losePower writes what is left into another folder.
func (d *disk) losePower(t *testing.T, dir string) string {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	path := filepath.Join(dir, "site.db")
	for end, content := range d.durable {
		check(t, os.WriteFile(path+end, content, 0o600))
	}
	return path
}

// TestPowerLoss: whatever was acknowledged is there after the power was lost, at any
// moment, and the database is whole.
func TestPowerLoss(t *testing.T) {
	d := useDisk(t)
	d.slow = 300 * time.Microsecond
	db := openTemp(t, Options{})
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
	for range 12 {
		time.Sleep(40 * time.Millisecond)
		mu.Lock()
		names := append([]string(nil), acknowledged...)
		mu.Unlock()
		holds(t, d.losePower(t, t.TempDir()), names)
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
	stored := map[string]bool{}
	for _, sql := range []string{"PRAGMA integrity_check", `SELECT name FROM "tabNote"`} {
		rows, err := c.query(context.Background(), sql, nil)
		check(t, err)
		for rows.Next() {
			stored[string(rows.Raw(0).Bytes)] = true
		}
		check(t, rows.Err())
	}
	if !stored["ok"] {
		t.Errorf("integrity: %v", stored)
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
	b.insert(-1) // the first sync of a log is never put off
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
	for in := 0; in < 20; time.Sleep(time.Millisecond) {
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
