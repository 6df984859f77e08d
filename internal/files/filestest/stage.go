package filestest

import (
	"errors"
	"io"
	"testing"

	"freddo/internal/files"
)

func testPublish(t *testing.T, s suite) {
	m := s.manager(t)
	for name, n := range sizes {
		k := files.Key{Private: true, Name: name}
		st := m.NewStage()
		noErr(t, st.Put(k, m.Of(bytesOf(n))))
		gone(t, m, k)
		f, err := st.Open(k)
		noErr(t, err)
		if got, err := io.ReadAll(f); err != nil || len(got) != n {
			t.Errorf("%s: the transaction reads %d bytes: %v", name, len(got), err)
		}
		noErr(t, f.Close())
		if !there(t, st, k) || free(t, m, k) {
			t.Errorf("%s: not seen by its own transaction, or free for others", name)
		}
		noErr(t, st.Publish())
		want(t, m, k, bytesOf(n))
		noErr(t, st.Finish())
		want(t, m, k, bytesOf(n))
	}
}

func testUndo(t *testing.T, s suite) {
	m := s.manager(t)
	for name, n := range sizes {
		for _, published := range []bool{false, true} {
			k, kept, moved := files.Key{Name: name}, files.Key{Name: "kept " + name}, files.Key{Private: true, Name: "moved " + name}
			if !there(t, m.Store, kept) {
				keep(t, m, kept, bytesOf(n))
			}
			st := m.NewStage()
			noErr(t, st.Put(k, m.Of(bytesOf(n))), st.Move(kept, moved))
			if published {
				noErr(t, st.Publish())
				gone(t, m, kept)
			}
			noErr(t, st.Undo())
			gone(t, m, k)
			gone(t, m, moved)
			want(t, m, kept, bytesOf(n))
			if !free(t, m, k) {
				t.Errorf("%s: the name stays reserved", name)
			}
		}
	}
}

func testReplace(t *testing.T, s suite) {
	m := s.manager(t)
	for name, n := range sizes {
		k := files.Key{Name: name}
		keep(t, m, k, []byte("old"))
		st := m.NewStage()
		noErr(t, st.Replace(k, m.Of(bytesOf(n))), st.Publish())
		want(t, m, k, bytesOf(n))
		noErr(t, st.Undo())
		want(t, m, k, []byte("old"))
		noErr(t, st.Replace(k, m.Of(bytesOf(n))), st.Publish(), st.Finish())
		want(t, m, k, bytesOf(n))
	}
}

func testRemove(t *testing.T, s suite) {
	m, k := s.manager(t), files.Key{Name: "a.bin"}
	keep(t, m, k, bytesOf(10))
	st := m.NewStage()
	st.Remove(k)
	if f, err := st.Open(k); !errors.Is(err, files.ErrNotExist) {
		t.Errorf("the transaction still reads it: %v %v", f, err)
	}
	want(t, m, k, bytesOf(10))
	noErr(t, st.Undo())
	want(t, m, k, bytesOf(10))
	st.Remove(k)
	noErr(t, st.Publish(), st.Finish())
	gone(t, m, k)
}
