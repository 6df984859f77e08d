package document

import (
	"fmt"
	"testing"
)

// TestStored: what is stored already is taken as it is; what is no date is refused,
// whichever way it is read.
func TestStored(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, date, datetime string }{
		{"2026-11-29", "2026-11-29", "2026-11-29 00:00:00.000000"},
		{"2026-11-28 23:59:59.123456", "2026-11-28", "2026-11-28 23:59:59.123456"},
		{"2026-11-28 09:05:07", "2026-11-28", "2026-11-28 09:05:07.000000"},
		{"2026-1-2T3:4", "2026-01-02", "2026-01-02 03:04:00.000000"},
		{"2024-02-29 00:00:00.000000", "2024-02-29", "2024-02-29 00:00:00.000000"},
		{" 2026-11-28 ", "2026-11-28", "2026-11-28 00:00:00.000000"},
		{"2026-02-29", "", ""},
		{"2026-02-29 00:00:00.000000", "", ""},
		{"2026-00-10", "", ""},
		{"2026-13-10 00:00:00.000000", "", ""},
		{"2026-11-00", "", ""},
		{"2026-11-28 24:00:00.000000", "", ""},
		{"2026-11-28 00:60:00.000000", "", ""},
		{"2026-11-28 00:00:60.000000", "", ""},
		{"2026-11-28 00:00:00.00000x", "", ""},
		{"２026-11-2", "", ""},
		{"", "", ""},
	} {
		if got, ok := StoredDate(c.in); got != c.date || ok != (c.date != "") {
			t.Errorf("StoredDate(%q) = %q, %v, want %q", c.in, got, ok, c.date)
		}
		if got, ok := StoredDatetime(c.in); got != c.datetime || ok != (c.datetime != "") {
			t.Errorf("StoredDatetime(%q) = %q, %v, want %q", c.in, got, ok, c.datetime)
		}
	}
}

// TestStoredAlready: the short way agrees with the long one on every day it takes.
func TestStoredAlready(t *testing.T) {
	t.Parallel()
	for _, year := range []int{0, 1, 1999, 2000, 2024, 2100} {
		for month := range 14 {
			for day := range 33 {
				s := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
				if !storedAlready(s, "0000-00-00") {
					continue
				}
				if _, _, ok := cutDate(s); !ok {
					t.Errorf("%s is no date", s)
				}
			}
		}
	}
}
