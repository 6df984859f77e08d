package storage

import (
	"bytes"
	"math"
	"strconv"

	"freddo/doctype"
)

// decimals are the digits behind the point that a column of a size keeps.
func decimals(s doctype.Size) int {
	if s == doctype.SizeRating {
		return 2
	}
	return 9
}

// decimalLimit is what a decimal column's values stay below.
func decimalLimit(s doctype.Size) float64 {
	if s == doctype.SizeRating {
		return 10
	}
	return 1e12
}

// roundDecimal rounds as MariaDB does when it stores a float in a decimal column: the
// shortest decimal form of the float is rounded, halves away from zero.
func roundDecimal(f float64, digits int) float64 {
	if f == math.Trunc(f) {
		return f // infinities too
	}
	var buf [64]byte
	text := strconv.AppendFloat(buf[:0], f, 'f', -1, 64)
	point := bytes.IndexByte(text, '.')
	if point < 0 || len(text)-point-1 <= digits || math.IsNaN(f) || math.IsInf(f, 0) {
		return f
	}
	up := text[point+1+digits] >= '5'
	kept := text[:point+1+digits]
	for i := len(kept) - 1; up && i >= 0; i-- {
		switch c := kept[i]; {
		case c == '9':
			kept[i] = '0'
		case c >= '0' && c < '9':
			kept[i]++
			up = false
		}
	}
	if up { // 9.99… became 0.00…: all digits carried over
		start := 0
		if kept[0] == '-' {
			start = 1
		}
		kept = append(kept[:start:start], append([]byte{'1'}, kept[start:]...)...)
	}
	r, err := strconv.ParseFloat(string(kept), 64)
	if err != nil {
		return f
	}
	return r
}
