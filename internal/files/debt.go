package files

import "errors"

// debt is what a store that did not answer has still to do: delete the bytes under key,
// or, with back set, move them back there.
type debt struct {
	key, back Key
	// clear says that bytes of our own lie under back, which go first.
	clear bool
}

// maxDebts bounds what is remembered; what is beyond stays in the store.
const maxDebts = 100_000

func (m *Manager) owe(d debt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.debts) >= maxDebts {
		return
	}
	m.debts = append(m.debts, d)
	if d.back != (Key{}) {
		m.taken[d.back]++ // the name is waited for
	}
}

// pay does what is owed; where the store does not answer, or nobody can say whether the
// bytes are needed, it stays owed.
func (m *Manager) pay(d debt, referenced func(Key) (bool, error)) error {
	var err error
	if d.back == (Key{}) {
		err = m.drop(d.key, referenced)
	} else {
		if d.clear {
			err = m.Store.Remove(d.back)
		}
		if err == nil {
			err = m.Store.Move(d.key, d.back)
			d.clear = errors.Is(err, ErrLeft)
		}
	}
	known := errors.Is(err, ErrNotExist) || errors.Is(err, ErrExist) || errors.Is(err, ErrBadName)
	if err != nil && (!known || d.clear) {
		m.owe(d)
	}
	return err
}

// drop deletes what lies under a key, unless it is needed.
func (m *Manager) drop(k Key, referenced func(Key) (bool, error)) error {
	if referenced != nil {
		if needed, err := referenced(k); needed || err != nil {
			return err
		}
	}
	return m.Store.Remove(k)
}

// PayDebts does what the store has not done while it did not answer, until it fails
// again. referenced is as Stage.Referenced. Errors: ErrUnavailable, or what referenced
// says.
func (m *Manager) PayDebts(referenced func(Key) (bool, error)) error {
	m.mu.Lock()
	debts := m.debts
	m.debts = nil
	m.mu.Unlock()
	for i, d := range debts {
		if d.back != (Key{}) {
			m.release(d.back)
		}
		if err := m.pay(d, referenced); err != nil {
			m.mu.Lock()
			m.debts = append(m.debts, debts[i+1:]...)
			m.mu.Unlock()
			return err
		}
	}
	return nil
}
