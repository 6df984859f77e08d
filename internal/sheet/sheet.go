// Package sheet owns tables as files: rows written as CSV, as Python's csv module
// writes it, or as a spreadsheet, and rows read from both. It knows nothing of
// documents. Start with Writer and Read.
package sheet

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Writer takes rows one by one. Cells are nil, bool, int64, float64 or string. Close it.
type Writer interface {
	Row(cells []any) error
	Close() error
}

// Quoting is when CSV fields stand in quotes; the numbers are those of Python's csv.
type Quoting int

// The ways of quoting.
const (
	QuoteMinimal Quoting = iota
	QuoteAll
	QuoteNonNumeric
	QuoteNone
)

type csvWriter struct {
	w         *bufio.Writer
	delimiter string
	quoting   Quoting
}

// NewCSV writes CSV lines that end in CR LF. An empty delimiter is a comma; of a longer
// one the first character counts.
func NewCSV(w io.Writer, delimiter string, q Quoting) Writer {
	if delimiter == "" {
		delimiter = ","
	}
	_, n := utf8.DecodeRuneInString(delimiter)
	return &csvWriter{w: bufio.NewWriter(w), delimiter: delimiter[:n], quoting: q}
}

func (c *csvWriter) Row(cells []any) error {
	for i, v := range cells {
		if i > 0 {
			_, _ = c.w.WriteString(c.delimiter) // errors stay with the buffer
		}
		_, _ = c.w.WriteString(c.field(v))
	}
	_, err := c.w.WriteString("\r\n")
	return err
}

func (c *csvWriter) field(v any) string {
	text, numeric := Text(v), false
	switch v.(type) {
	case bool, int64, float64:
		numeric = true
	}
	switch c.quoting {
	case QuoteAll:
	case QuoteNonNumeric:
		if numeric {
			return text
		}
	case QuoteNone:
		return strings.NewReplacer(c.delimiter, "", "\r", "", "\n", "", `"`, "").Replace(text)
	default:
		if !strings.ContainsAny(text, "\"\r\n"+c.delimiter) {
			return text
		}
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

func (c *csvWriter) Close() error { return c.w.Flush() }

// Text is a cell as Python's str prints it; nil is nothing.
func Text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		if x {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		s := strconv.FormatFloat(x, 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		return s
	}
	return fmt.Sprint(v)
}
