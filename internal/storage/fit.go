package storage

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"freddo/doctype"
	"freddo/document"
)

// Misfit says why a value does not go into a column.
type Misfit uint8

// The reasons. The first three are refused by upstream's MariaDB too; it would change
// the values that are Lost without a word.
const (
	Fits Misfit = iota
	// NotOne is text that is no number, no date or no JSON.
	NotOne
	// TooBig is a number beyond the column's range.
	TooBig
	// TooWide is text longer than the column.
	TooWide
	// Lost is a value that would come out as another one: 2.5 as a whole number, 007 as
	// a number, a time of day as a date.
	Lost
)

// Unfit is the refusal to change a column's type: a value of it that the new type does
// not hold. Nothing has been changed.
type Unfit struct {
	Table, Column string
	// Row is the name of the document, Value what it holds, cut to a line.
	Row, Value string
	Size       doctype.Size
	Why        Misfit
}

// Error tells which value.
func (u *Unfit) Error() string {
	return fmt.Sprintf("storage: %s.%s of %s would not hold %q", u.Table, u.Column, u.Row, u.Value)
}

// number is what MariaDB takes for a number when it retypes a column, less a fraction
// where there is none to keep.
var number = regexp.MustCompile(`^[+-]?([0-9]+)(?:\.([0-9]*))?$`)

// fit tells whether a value of a column would come out of a change of the column's type
// as it went in. Null always does; numbers then are their default.
func fit(v document.Value, s ColumnSpec, maxBytes int) Misfit {
	if v.IsNull() {
		return Fits
	}
	switch sizeOf(s) {
	case doctype.SizeInt, doctype.SizeCheck, doctype.SizeBigInt:
		return fitInteger(v, sizeOf(s))
	case doctype.SizeDecimal, doctype.SizeRating:
		return fitDecimal(v, s.Size)
	case doctype.SizeDate, doctype.SizeDatetime, doctype.SizeTime:
		return fitTime(v, s)
	case doctype.SizeJSON:
		if !json.Valid([]byte(document.ToText(v))) {
			return NotOne
		}
		return Fits
	}
	return fitText(document.ToText(v), s, maxBytes)
}

// sizeOf is the size of a column, names that are numbers included.
func sizeOf(s ColumnSpec) doctype.Size {
	if s.PrimaryKey && s.Integer {
		return doctype.SizeBigInt
	}
	return s.Size
}

// limit is how many characters a column holds; 0 when that is not limited.
func (s ColumnSpec) limit() int {
	switch {
	case s.Size != doctype.SizeVarchar:
		return 0
	case s.Length > 0:
		return s.Length
	}
	return 140
}

func fitText(text string, s ColumnSpec, maxBytes int) Misfit {
	if n := s.limit(); n > 0 && utf8.RuneCountInString(text) > n || maxBytes > 0 && len(text) > maxBytes {
		return TooWide
	}
	return Fits
}

func fitInteger(v document.Value, size doctype.Size) Misfit {
	n := int64(0)
	switch v.Kind() {
	case document.Int, document.Bool:
		n = v.Int()
	case document.Float:
		f := v.Float()
		switch {
		case !(math.Abs(f) < math.MaxInt64):
			return TooBig
		case f != math.Trunc(f):
			return Lost
		}
		n = int64(f)
	default:
		text := strings.TrimSpace(document.ToText(v))
		parts := number.FindStringSubmatch(text)
		switch {
		case isTime(text):
			return Lost
		case parts == nil || strings.Contains(text, "."):
			return NotOne
		case leadingZero(parts[1]):
			return Lost
		}
		var err error
		if n, err = strconv.ParseInt(text, 10, 64); err != nil {
			return TooBig
		}
	}
	switch {
	case size != doctype.SizeBigInt && n != int64(int32(n)):
		return TooBig
	case size == doctype.SizeCheck && n != 0 && n != 1:
		return Lost // not yet, but the next save of the document makes it 1
	}
	return Fits
}

// leadingZero tells a code that is written in digits from a number.
func leadingZero(digits string) bool { return len(digits) > 1 && digits[0] == '0' }

// dateShape and timeShape are dates and times that no database reads as anything else.
// MariaDB takes many more texts and numbers for one, 12 and 10:11:12 for dates among them.
var (
	dateShape = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T][0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,6})?)?)?$`)
	timeShape = regexp.MustCompile(`^-?[0-9]{1,3}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,6})?)?$`)
)

// isTime reports whether text is a date, a time or both, as columns of these keep them.
func isTime(text string) bool { return dateShape.MatchString(text) || timeShape.MatchString(text) }

func fitDecimal(v document.Value, size doctype.Size) Misfit {
	f := 0.0
	switch v.Kind() {
	case document.Int, document.Bool:
		f = float64(v.Int())
	case document.Float:
		f = v.Float()
	default:
		text := strings.TrimSpace(document.ToText(v))
		parts := number.FindStringSubmatch(text)
		switch {
		case isTime(text):
			return Lost
		case parts == nil:
			return NotOne
		case leadingZero(parts[1]):
			return Lost
		}
		f, _ = strconv.ParseFloat(text, 64)
		if math.Abs(f) < decimalLimit(size) && !keepsDigits(f, parts[1], parts[2]) {
			return Lost
		}
	}
	switch {
	case !(math.Abs(f) < decimalLimit(size)):
		return TooBig
	case roundDecimal(f, decimals(size)) != f:
		return Lost
	case size == doctype.SizeRating && (f < 0 || f > 1):
		return Lost // by the next save of the document
	}
	return Fits
}

// keepsDigits reports whether a float has all digits of the text that it was read from.
func keepsDigits(f float64, whole, fraction string) bool {
	w, fr, _ := strings.Cut(strconv.FormatFloat(math.Abs(f), 'f', -1, 64), ".")
	return w == whole && fr == strings.TrimRight(fraction, "0")
}

// fitTime judges dates and times. Numbers are none; 0, which a number is that nobody has
// set, becomes null (see blank). A date drops the time of day, as MariaDB has it, unless
// that could make two values of a unique column equal.
func fitTime(v document.Value, s ColumnSpec) Misfit {
	if k := v.Kind(); k != document.String {
		if document.Flt(v) == 0 {
			return Fits
		}
		return NotOne
	}
	text := strings.TrimSpace(v.Str())
	_, ok := stored(s.Size, text)
	shape := dateShape
	if s.Size == doctype.SizeTime {
		shape = timeShape
	}
	switch {
	case !shape.MatchString(text) && (ok || isTime(text)):
		return Lost
	case !ok:
		return NotOne
	case s.Size == doctype.SizeDate && s.Unique:
		date, _ := document.StoredDate(text)
		if whole, _ := document.StoredDatetime(text); whole != date+" 00:00:00.000000" {
			return Lost
		}
	}
	return Fits
}

// stored is text as a column of dates, times or JSON keeps it.
func stored(size doctype.Size, text string) (string, bool) {
	switch size {
	case doctype.SizeDate:
		return document.StoredDate(text)
	case doctype.SizeDatetime:
		return document.StoredDatetime(text)
	case doctype.SizeTime:
		return document.StoredTime(text)
	case doctype.SizeJSON:
		return text, json.Valid([]byte(text)) // without Python's NaN, as MariaDB's JSON_VALID
	}
	return text, true
}

// StoredAs is stored for drivers whose columns do not check what they hold: kind is one
// of StoredKinds.
func StoredAs(kind, text string) (string, bool) {
	for size, name := range storedKinds {
		if name == kind {
			return stored(size, text)
		}
	}
	return text, true
}

// storedKinds are the sizes that a column of text cannot tell apart; the names are what
// Dialect.WriteFunction knows where that is so.
var storedKinds = map[doctype.Size]string{doctype.SizeDate: "STORED_DATE", doctype.SizeDatetime: "STORED_DATETIME",
	doctype.SizeTime: "STORED_TIME", doctype.SizeJSON: "STORED_JSON"}
