package sheet

import (
	"io"

	"freddo/internal/xlsx"
)

type xlsxWriter struct{ x *xlsx.Writer }

// NewXLSX writes a workbook with one sheet whose first row is bold. Texts are never
// formulas.
func NewXLSX(w io.Writer, name string) (Writer, error) {
	x, err := xlsx.New(w, name)
	return xlsxWriter{x}, err
}

func (x xlsxWriter) Row(cells []any) error { return x.x.Row(cells...) }
func (x xlsxWriter) Close() error          { return x.x.Close() }
