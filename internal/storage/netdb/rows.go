package netdb

import (
	"bytes"
	"errors"

	"freddo/internal/storage"
)

// Source is a result that arrives over a connection.
type Source interface {
	// Next reads a row; false at the end, or with an error.
	Next() (bool, error)
	// Raw returns column i of the row.
	Raw(i int) storage.Raw
	Len() int
	// Close reads what is left and frees the connection.
	Close() error
}

// Rows is a result. It is read from the connection row by row until the connection is
// needed for something else: then what is left of it is put aside in memory.
type Rows struct {
	src    Source
	n      int
	aside  []storage.Raw // what was put aside, row after row
	at     int           // the current row's place in aside
	stored bool
	err    error
	closed bool
	done   func()
}

// ErrEnded is the error of rows that outlive their transaction.
var ErrEnded = errors.New("netdb: the transaction of these rows has ended")

// NewRows returns the rows of a source; done is called once when the connection is
// free of them.
func NewRows(src Source, done func()) *Rows { return &Rows{src: src, n: src.Len(), done: done} }

// Next goes to the next row.
func (r *Rows) Next() bool {
	if r.closed || r.err != nil {
		return false
	}
	if r.stored {
		r.at += r.n
		return r.at < len(r.aside)
	}
	ok, err := r.src.Next()
	if err != nil {
		r.err = err
	}
	if !ok {
		_ = r.finish()
	}
	return ok
}

// Raw returns column i of the current row.
func (r *Rows) Raw(i int) storage.Raw {
	switch {
	case r.closed:
		return storage.Raw{}
	case !r.stored:
		return r.src.Raw(i)
	case r.at < 0 || r.at+i >= len(r.aside):
		return storage.Raw{}
	}
	return r.aside[r.at+i]
}

// Len is the number of columns.
func (r *Rows) Len() int { return r.n }

// Err is what ended the rows early.
func (r *Rows) Err() error { return r.err }

// Close frees the connection.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.finish()
}

// finish frees the connection once.
func (r *Rows) finish() error {
	if r.src == nil {
		return nil
	}
	err := r.src.Close()
	if !r.closed {
		r.stored, r.at = true, len(r.aside)
	}
	r.src = nil
	if r.done != nil {
		r.done()
	}
	return err
}

// PutAside copies the current row and reads the rest into memory, so that the
// connection is free. The current row stays readable.
func (r *Rows) PutAside() {
	if r.src == nil {
		return
	}
	r.keep()
	for r.err == nil {
		ok, err := r.src.Next()
		if err != nil {
			r.err = err
		}
		if !ok {
			break
		}
		r.keep()
	}
	_ = r.src.Close()
	r.src, r.stored, r.at = nil, true, 0
	if r.done != nil {
		r.done()
	}
}

func (r *Rows) keep() {
	for i := range r.n {
		v := r.src.Raw(i)
		v.Bytes = bytes.Clone(v.Bytes)
		r.aside = append(r.aside, v)
	}
}

// End makes the rows stop, since their transaction is over.
func (r *Rows) End() {
	if r.closed {
		return
	}
	_ = r.Close()
	r.err = ErrEnded
}
