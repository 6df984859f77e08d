package files

import (
	"crypto/rand"
	"errors"
)

// Stage is what one transaction does to files. Its own view shows the changes at once;
// the store sees them when the transaction commits: Publish just before it, Finish
// after it, Undo when it fails. It is not safe for concurrent use.
type Stage struct {
	m       *Manager
	ops     []op
	view    map[Key]*Temp // what the transaction has put; nil: removed or moved away
	moved   map[Key]Key   // where the bytes of a moved key lie before Publish
	dropped []*Temp
	removed []Key
	// Referenced is asked before a key is deleted after the commit; true keeps it, an
	// error until it can be asked again. nil deletes all.
	Referenced func(k Key) (bool, error)
}

type op struct {
	temp     *Temp
	from, to Key
	done     bool
}

// NewStage returns an empty stage.
func (m *Manager) NewStage() *Stage {
	return &Stage{m: m, view: map[Key]*Temp{}, moved: map[Key]Key{}}
}

// Free reports whether nobody has a name, stored or on its way. Errors: ErrUnavailable.
func (s *Stage) Free(k Key) (bool, error) {
	if t, ok := s.view[k]; ok && t != nil {
		return false, nil
	}
	if _, ok := s.moved[k]; ok || !k.Valid() || s.m.reserved(k) {
		return false, nil
	}
	taken, err := s.m.Store.Exists(k)
	return err == nil && !taken, err
}

// Exists reports whether bytes lie under a key for this transaction. Errors:
// ErrUnavailable.
func (s *Stage) Exists(k Key) (bool, error) {
	if t, ok := s.view[k]; ok {
		return t != nil, nil
	}
	if _, ok := s.moved[k]; ok {
		return true, nil
	}
	return s.m.Store.Exists(k)
}

// Open opens what lies under a key for this transaction. Errors: ErrNotExist,
// ErrBadName, ErrUnavailable.
func (s *Stage) Open(k Key) (File, error) {
	if t, ok := s.view[k]; ok {
		if t == nil {
			return nil, pathError("open", k, ErrNotExist)
		}
		return t.Open()
	}
	if from, ok := s.moved[k]; ok {
		return s.m.Store.Open(from)
	}
	return s.m.Store.Open(k)
}

// Put stores content under a free name. Errors: ErrExist, ErrBadName, ErrUnavailable, or
// what the disk says. The stage owns t from now on, also when it refuses.
func (s *Stage) Put(k Key, t *Temp) error {
	s.dropped = append(s.dropped, t)
	if !k.Valid() {
		return pathError("create", k, ErrBadName)
	}
	if err := s.claim(k); err != nil {
		return pathError("create", k, err)
	}
	if err := t.Ready(); err != nil {
		s.m.release(k)
		return err
	}
	s.ops = append(s.ops, op{temp: t, to: k})
	s.view[k] = t
	return nil
}

// Move gives what lies under from another free name. Errors: ErrNotExist, ErrExist,
// ErrBadName, ErrUnavailable.
func (s *Stage) Move(from, to Key) error {
	switch there, err := s.Exists(from); {
	case err != nil:
		return pathError("rename", from, err)
	case !there:
		return pathError("rename", from, ErrNotExist)
	}
	if !to.Valid() {
		return pathError("rename", to, ErrBadName)
	}
	if err := s.claim(to); err != nil {
		return pathError("rename", to, err)
	}
	s.ops = append(s.ops, op{from: from, to: to})
	switch t, src := s.view[from], s.moved[from]; {
	case t != nil:
		s.view[to] = t
	case src != Key{}:
		s.moved[to] = src
	default:
		s.moved[to] = from
	}
	delete(s.moved, from)
	s.view[from] = nil
	return nil
}

// claim reserves a name that must be free. Errors: ErrExist, ErrUnavailable.
func (s *Stage) claim(k Key) error {
	taken, err := s.stored(k)
	if err == nil && (taken || !s.m.reserve(k)) {
		err = ErrExist
	}
	return err
}

// stored reports whether the store has something under a key that this transaction has
// not moved away.
func (s *Stage) stored(k Key) (bool, error) {
	for i := range s.ops {
		if s.ops[i].temp == nil && s.ops[i].from == k {
			return false, nil
		}
	}
	return s.m.Store.Exists(k)
}

// Replace stores content under a name that is in use; the old bytes go with the commit.
// Errors: ErrNotExist, or what the disk says. The stage owns t from now on.
func (s *Stage) Replace(k Key, t *Temp) error {
	old := Key{Private: true, Name: ".replaced-" + rand.Text()}
	if err := s.Move(k, old); err != nil {
		s.dropped = append(s.dropped, t)
		return err
	}
	s.Remove(old)
	return s.Put(k, t)
}

// Remove deletes what lies under a key once the transaction has committed.
func (s *Stage) Remove(k Key) {
	if t, ok := s.view[k]; !k.Valid() || ok && t == nil {
		return
	}
	s.view[k] = nil
	delete(s.moved, k)
	s.removed = append(s.removed, k)
}

// Publish makes the store show what was put and moved. Call it when nothing but the
// commit itself can fail any more. When it fails, Undo. Where there is only something to
// remove, it asks whether the store answers: documents are not deleted while their bytes
// cannot follow. Errors: ErrExist, ErrNotExist, ErrUnavailable, or what the disk says.
func (s *Stage) Publish() error {
	if len(s.ops) == 0 && len(s.removed) > 0 {
		if _, err := s.m.Store.Exists(s.removed[0]); err != nil {
			return pathError("remove", s.removed[0], err)
		}
	}
	for i := range s.ops {
		o := &s.ops[i]
		var err error
		if o.temp != nil {
			err = o.temp.publish(o.to)
		} else {
			err = s.m.Store.Move(o.from, o.to)
		}
		if errors.Is(err, ErrLeft) {
			s.m.owe(debt{key: o.to})
		}
		if err != nil {
			return pathError("publish", o.to, err)
		}
		o.done = true
	}
	return nil
}

// settle waits until the disk has the names that were published. It runs after the
// commit, when no lock is held, and before anybody is told of success.
func (s *Stage) settle() error {
	if s.m.Unsafe || !s.m.Local() {
		return nil
	}
	var changed [2]bool
	for i := range s.ops {
		o := &s.ops[i]
		changed[side(o.to)] = true
		if o.temp == nil {
			changed[side(o.from)] = true
		}
	}
	var errs []error
	for i, c := range changed {
		if c {
			errs = append(errs, s.m.disk.sync(i == 1))
		}
	}
	return errors.Join(errs...)
}

func side(k Key) int {
	if k.Private {
		return 1
	}
	return 0
}

// Finish makes the new names durable and deletes what the committed transaction has
// removed. What the store does not delete now is deleted later.
func (s *Stage) Finish() error {
	errs := []error{s.settle()}
	for _, k := range s.removed {
		if s.view[k] != nil {
			continue
		}
		errs = append(errs, s.m.pay(debt{key: k}, s.Referenced))
	}
	worked := len(s.ops)+len(s.removed) > 0
	s.reset()
	err := errors.Join(errs...)
	if err == nil && worked { // the store answers
		err = s.m.PayDebts(s.Referenced)
	}
	return err
}

// Undo takes back what Publish did and forgets all changes. What the store does not take
// back now is taken back later.
func (s *Stage) Undo() error {
	var errs []error
	for i := len(s.ops) - 1; i >= 0; i-- {
		switch o := &s.ops[i]; {
		case !o.done:
		case o.temp != nil:
			errs = append(errs, s.m.pay(debt{key: o.to}, nil))
		default:
			errs = append(errs, s.m.pay(debt{key: o.to, back: o.from}, nil))
		}
	}
	s.reset()
	return errors.Join(errs...)
}

// Mark returns a point to which Back can return.
func (s *Stage) Mark() int { return len(s.ops) }

// Back forgets what was put, moved and removed since a mark, as a savepoint's
// rollback does with rows. Removals since then are forgotten only with their puts.
func (s *Stage) Back(mark int) {
	for i := len(s.ops) - 1; i >= mark; i-- {
		o := s.ops[i]
		s.m.release(o.to)
		if o.temp == nil {
			if src, ok := s.moved[o.to]; ok && src != o.from {
				s.moved[o.from] = src
			}
			if t := s.view[o.to]; t != nil {
				s.view[o.from] = t
			} else {
				delete(s.view, o.from)
			}
			delete(s.moved, o.to)
		}
		delete(s.view, o.to)
	}
	s.ops = s.ops[:mark]
}

func (s *Stage) reset() {
	for i := range s.ops {
		s.m.release(s.ops[i].to)
	}
	for _, t := range s.dropped {
		t.Discard()
	}
	clear(s.view)
	clear(s.moved)
	s.ops, s.dropped, s.removed = nil, nil, nil
}
