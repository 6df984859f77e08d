package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"freddo/document"
	"freddo/internal/storage"
)

// crashDir names the environment variable that turns the test binary into the writer
// of TestCrash.
const crashDir = "FREDDO_CRASH_DIR"

// TestCrashWriter is not a test of its own: TestCrash runs it in a process, and kills
// that. It prints each name once its insert is acknowledged.
func TestCrashWriter(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		return
	}
	db, err := Open(filepath.Join(dir, "site.db"), Options{})
	check(t, err)
	dt := noteType(t, db)
	var out sync.Mutex
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; ; i++ {
				d := document.New(dt)
				d.SetName(fmt.Sprintf("W%d-%06d", w, i))
				d.Set("body", document.Text(strings.Repeat("body ", 40)))
				err := inTx(db, func(ctx context.Context, tx *storage.Tx) error { return tx.Insert(ctx, d, storage.WriteOptions{}) })
				if err != nil {
					return
				}
				out.Lock()
				fmt.Println("ack", d.Name())
				out.Unlock()
			}
		}()
	}
	wg.Wait()
}

// TestCrash: whatever was acknowledged is there after the process was killed.
func TestCrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var acknowledged []string
	for round := range 3 {
		names := writeAndKill(t, filepath.Join(dir, fmt.Sprint(round)), 300*(round+1))
		acknowledged = append(acknowledged, names...)
	}
	t.Logf("%d rows acknowledged", len(acknowledged))
}

func writeAndKill(t *testing.T, dir string, after int) []string {
	t.Helper()
	check(t, os.Mkdir(dir, 0o700))
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashWriter$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	pipe, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	var names []string
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		name, ok := strings.CutPrefix(lines.Text(), "ack ")
		if !ok {
			continue
		}
		names = append(names, name)
		if len(names) == after {
			check(t, cmd.Process.Kill()) // SIGKILL; what is still in the pipe was acknowledged too
		}
	}
	if err := cmd.Wait(); err == nil || len(names) < after {
		t.Fatalf("the writer ended by itself after %d rows: %v", len(names), err)
	}
	db, err := Open(filepath.Join(dir, "site.db"), Options{})
	check(t, err)
	defer closeDB(t, db)
	dt := noteType(t, db)
	check(t, inTx(db, func(ctx context.Context, tx *storage.Tx) error {
		for _, name := range names {
			if _, ok, err := tx.Exists(ctx, dt, document.Text(name)); err != nil || !ok {
				t.Errorf("%s was acknowledged and is lost (%v)", name, err)
			}
		}
		var ok document.Value
		_, err := tx.QueryRow(ctx, storage.NewBuilder(tx.Dialect()).SQL("PRAGMA integrity_check"), &ok)
		if ok.Str() != "ok" {
			t.Errorf("integrity: %s", ok.Str())
		}
		return err
	}))
	return names
}

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "site.db")
	db, err := Open(path, Options{})
	check(t, err)
	dt := noteType(t, db)
	if _, err := Open(path, Options{}); !errors.Is(err, ErrLocked) {
		t.Fatalf("second open: %v, want ErrLocked", err)
	}
	shared, err := Open(path, Options{Shared: true})
	check(t, err)
	for i := range 20 { // both write, in turn
		d := document.New(dt)
		d.SetName(fmt.Sprint(i))
		check(t, inTx([]*storage.DB{db, shared}[i%2], func(ctx context.Context, tx *storage.Tx) error { return tx.Insert(ctx, d, storage.WriteOptions{}) }))
	}
	closeDB(t, shared)
	closeDB(t, db)
	db, err = Open(path, Options{})
	check(t, err)
	closeDB(t, db)
}
