package sheet

import (
	"errors"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

type xlsxWriter struct {
	w    io.Writer
	f    *excelize.File
	s    *excelize.StreamWriter
	bold int
	n    int
}

// NewXLSX writes a workbook with one sheet whose first row is bold. Texts are never
// formulas. Rows go to a temporary file when they are many.
func NewXLSX(w io.Writer, name string) (Writer, error) {
	f := excelize.NewFile()
	name = sheetName(name)
	if err := f.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	s, err := f.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	return &xlsxWriter{w: w, f: f, s: s, bold: bold}, err
}

// sheetName is a name that spreadsheet programs take.
func sheetName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`\*?:/[]`, r) {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > excelize.MaxSheetNameLength {
		s = string(r[:excelize.MaxSheetNameLength])
	}
	if s = strings.Trim(s, " '"); s == "" {
		return "Sheet"
	}
	return s
}

func (x *xlsxWriter) Row(cells []any) error {
	x.n++
	at, err := excelize.CoordinatesToCellName(1, x.n)
	if err != nil {
		return err
	}
	if x.n > 1 {
		return x.s.SetRow(at, cells)
	}
	return x.s.SetRow(at, cells, excelize.RowOpts{StyleID: x.bold})
}

func (x *xlsxWriter) Close() error {
	err := x.s.Flush()
	if err == nil {
		err = x.f.Write(x.w)
	}
	return errors.Join(err, x.f.Close())
}
