package files_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"freddo/internal/files"
	"freddo/internal/files/filestest"
)

// outage is a site whose store fails, with the files old, moved and gone.
type outage struct {
	*files.Manager
	store *filestest.Failing
	dir   string
}

var before = []string{"public/files/gone: gone", "public/files/moved: moved", "public/files/old: old"}
var after = []string{"private/files/moved: moved", "public/files/long: 2097152 bytes", "public/files/old: new", "public/files/short: short"}

func newOutage(t *testing.T) *outage {
	t.Helper()
	dir := t.TempDir()
	m, err := files.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	o := &outage{m, filestest.NewFailing(t, dir, m.Store), dir}
	m.Unsafe, m.Store = true, o.store
	for _, name := range []string{"old", "moved", "gone"} {
		s := m.NewStage()
		if err := errors.Join(s.Put(files.Key{Name: name}, m.Of([]byte(name))), s.Publish(), s.Finish()); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// stored lists what lies in the store, with its content.
func (o *outage) stored(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, d := range []string{"private/files", "public/files"} {
		err := filepath.WalkDir(filepath.Join(o.dir, d), func(p string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(p)
			text := string(data)
			if len(data) > 100 {
				text = fmt.Sprintf("%d bytes", len(data))
			}
			out = append(out, d+"/"+e.Name()+": "+text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// change is a transaction that does everything that can be done to files.
func (o *outage) change(s *files.Stage) error {
	key := func(name string) files.Key { return files.Key{Name: name} }
	if err := s.Put(key("short"), o.Of([]byte("short"))); err != nil {
		return err
	}
	if err := s.Put(key("long"), o.Of(bytes.Repeat([]byte("x"), 2<<20))); err != nil {
		return err
	}
	if err := s.Move(key("moved"), files.Key{Private: true, Name: "moved"}); err != nil {
		return err
	}
	if err := s.Replace(key("old"), o.Of([]byte("new"))); err != nil {
		return err
	}
	s.Remove(key("gone"))
	return s.Publish()
}

// TestAnOutageAtAnyCallLeavesAllOfATransactionOrNothing lets the store go down before
// every single call of a transaction. Once it answers again, its files are those of
// before, or those of after where the transaction committed.
func TestAnOutageAtAnyCallLeavesAllOfATransactionOrNothing(t *testing.T) {
	t.Parallel()
	for _, commits := range []bool{true, false} {
		refused, outages := true, 0
		for n := 0; refused; n++ {
			o := newOutage(t)
			o.store.Down(n)
			s, want := o.NewStage(), before
			err := o.change(s)
			if err == nil && commits {
				want = after
				_ = s.Finish()
			} else {
				if err != nil && !errors.Is(err, files.ErrUnavailable) {
					t.Errorf("down after %d calls: %v", n, err)
				}
				_ = s.Undo()
			}
			if err != nil {
				outages++
			}
			refused = o.store.Up()
			for range 3 { // what was left behind itself may leave something
				if err := o.PayDebts(nil); err != nil {
					t.Errorf("down after %d calls, up again: %v", n, err)
				}
			}
			if got := o.stored(t); !slices.Equal(got, want) {
				t.Errorf("commits %v, down after %d calls (%v):\ngot  %q\nwant %q", commits, n, err, got, want)
			}
			for _, k := range []files.Key{{Name: "new"}, {Private: true, Name: "x"}} {
				if free, err := o.NewStage().Free(k); !free || err != nil {
					t.Errorf("down after %d calls: %s is not free: %v", n, k.URL(), err)
				}
			}
		}
		if outages < 10 {
			t.Errorf("the store failed %d transactions only", outages)
		}
	}
}

func TestAStoreThatIsDownIsNeitherFreeNorMissing(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.store.Down(0)
	k, s := files.Key{Name: "old"}, o.NewStage()
	_, freeErr := s.Free(k)
	_, existsErr := s.Exists(k)
	_, openErr := s.Open(k)
	for name, err := range map[string]error{"free": freeErr, "exists": existsErr, "open": openErr, "put": s.Put(k, o.Of([]byte("x"))),
		"move": s.Move(k, files.Key{Name: "b"}), "replace": s.Replace(k, o.Of([]byte("x")))} {
		if !errors.Is(err, files.ErrUnavailable) || errors.Is(err, files.ErrNotExist) || errors.Is(err, files.ErrExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s = o.NewStage()
	s.Remove(k)
	if err := s.Publish(); !errors.Is(err, files.ErrUnavailable) {
		t.Errorf("a removal goes through: %v", err)
	}
	if err := s.Undo(); err != nil {
		t.Error(err)
	}
	o.store.Up()
	if got := o.stored(t); !slices.Equal(got, before) {
		t.Errorf("stored: %q", got)
	}
}

func TestWhatCouldNotBeDeletedGoesWithTheNextTransactionUnlessItIsNeededAgain(t *testing.T) {
	t.Parallel()
	for _, needed := range []bool{false, true} {
		o := newOutage(t)
		s := o.NewStage()
		s.Remove(files.Key{Name: "gone"})
		if err := s.Publish(); err != nil {
			t.Fatal(err)
		}
		o.store.Down(0) // between the commit and what follows it
		if err := s.Finish(); !errors.Is(err, files.ErrUnavailable) {
			t.Errorf("finish: %v", err)
		}
		o.store.Up()
		s = o.NewStage()
		s.Referenced = func(files.Key) (bool, error) { return needed, nil }
		if err := errors.Join(s.Put(files.Key{Name: "next"}, o.Of([]byte("x"))), s.Publish(), s.Finish()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(o.stored(t), " "), "gone"); got != needed {
			t.Errorf("needed %v, kept %v", needed, got)
		}
	}
}

func TestADiskThatCannotBeReadIsNotAMissingFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := files.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "public/files/a"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = d.Close() // every call fails from here on, for whoever runs the test
	k := files.Key{Name: "a"}
	_, openErr := d.Open(k)
	_, existsErr := d.Exists(k)
	for name, err := range map[string]error{"open": openErr, "exists": existsErr, "put": d.Put(k, filepath.Join(dir, "x")),
		"move": d.Move(k, files.Key{Name: "b"}), "remove": d.Remove(k)} {
		if !errors.Is(err, files.ErrUnavailable) || errors.Is(err, files.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
