package postgres

import (
	"context"
	"strconv"
	"unsafe"

	"freddo/internal/storage"
)

// The types that differ from text. Source: PostgreSQL's pg_type.dat.
const (
	oidBool      = 16
	oidInt8      = 20
	oidInt2      = 21
	oidInt4      = 23
	oidOID       = 26
	oidFloat4    = 700
	oidFloat8    = 701
	oidTime      = 1083
	oidTimestamp = 1114
	oidNumeric   = 1700
)

// source reads a result.
type source struct {
	l    *link
	ctx  context.Context //nolint:containedctx // Next takes none
	sql  string
	rr   answer
	oids []uint32
	row  [][]byte
	// first says that a row was read ahead.
	first, done bool
	buf         [][]byte // room for padded times, by column
}

// newSource reads ahead, since the server says at the first row what is wrong.
func newSource(ctx context.Context, l *link, sql string, rr answer) (*source, error) {
	s := &source{l: l, ctx: ctx, sql: sql, rr: rr}
	if rr.NextRow() {
		s.first, s.row = true, rr.Values()
	} else {
		s.done = true
		if _, err := rr.Close(); err != nil {
			return nil, l.translate(ctx, sql, err)
		}
	}
	fields := rr.FieldDescriptions()
	s.oids = make([]uint32, len(fields))
	for i := range fields {
		s.oids[i] = fields[i].DataTypeOID
	}
	return s, nil
}

func (s *source) Len() int { return len(s.oids) }

func (s *source) Next() (bool, error) {
	if s.first {
		s.first = false
		return true, nil
	}
	if s.done {
		return false, nil
	}
	if s.rr.NextRow() {
		s.row = s.rr.Values()
		return true, nil
	}
	return false, s.Close()
}

func (s *source) Close() error {
	if s.done {
		return nil
	}
	s.done = true
	if _, err := s.rr.Close(); err != nil {
		return s.l.translate(s.ctx, s.sql, err)
	}
	return nil
}

func (s *source) Raw(i int) storage.Raw {
	b := s.row[i]
	if b == nil {
		return storage.Raw{}
	}
	switch s.oids[i] {
	case oidInt8, oidInt2, oidInt4, oidOID:
		if n, err := strconv.ParseInt(view(b), 10, 64); err == nil {
			return storage.Raw{Class: storage.RawInt, Int: n}
		}
	case oidNumeric, oidFloat4, oidFloat8:
		if f, err := strconv.ParseFloat(view(b), 64); err == nil {
			return storage.Raw{Class: storage.RawFloat, Float: f}
		}
	case oidBool:
		if b[0] == 't' {
			return storage.Raw{Class: storage.RawInt, Int: 1}
		}
		return storage.Raw{Class: storage.RawInt}
	case oidTimestamp:
		b = s.padded(i, b, len("2006-01-02 15:04:05"))
	case oidTime:
		b = s.padded(i, b, len("15:04:05"))
	}
	return storage.Raw{Class: storage.RawText, Bytes: b}
}

// padded gives a time its six decimals: PostgreSQL leaves zeros out.
func (s *source) padded(i int, b []byte, n int) []byte {
	const zeros = ".000000"
	if len(b) >= n+len(zeros) || len(b) < n {
		return b
	}
	if s.buf == nil {
		s.buf = make([][]byte, len(s.oids))
	}
	out := append(s.buf[i][:0], b...)
	out = append(out, zeros[len(b)-n:]...)
	s.buf[i] = out
	return out
}

func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
