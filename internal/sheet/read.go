package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
)

// The bounds of a file that is read.
const (
	maxUnzipped = 256 << 20
	maxInMemory = 32 << 20
	// maxStrings is how many shared strings a workbook may have, used or not.
	maxStrings = 300_000
	// MaxCells is how many cells a file may have.
	MaxCells = 5_000_000
)

// Errors of Read.
var (
	ErrTooBig  = errors.New("sheet: the file has too many cells")
	ErrInvalid = errors.New("sheet: the file cannot be read")
)

// ReadCSV reads CSV in UTF-8 or, if it is not that, in Windows-1250 or Windows-1252. Cells are trimmed;
// rows may differ in length. Source: frappe/utils/csvutils.py read_csv_content.
func ReadCSV(content []byte) ([][]string, error) {
	text := strings.TrimPrefix(string(content), "\uFEFF")
	if !utf8.ValidString(text) {
		text = decoded(text)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	var rows [][]string
	for cells := 0; ; {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		if cells += len(row); cells > MaxCells {
			return nil, ErrTooBig
		}
		out := make([]string, len(row))
		for i, s := range row {
			out[i] = strings.TrimSpace(strings.Clone(s))
		}
		rows = append(rows, out)
	}
}

// decoded reads text of the first code page that knows all of its bytes.
func decoded(text string) string {
	for _, page := range []*charmap.Charmap{charmap.Windows1250, charmap.Windows1252} {
		if s, err := page.NewDecoder().String(text); err == nil && !strings.ContainsRune(s, utf8.RuneError) {
			return s
		}
	}
	return strings.ToValidUTF8(text, string(utf8.RuneError))
}

// ReadXLSX reads the active sheet of a workbook. Dates are numbers of days (see Date).
// A workbook that unpacks to too much is refused; take is told how many bytes it unpacks
// to before they are read.
func ReadXLSX(content []byte, take func(n int64) error) (rows [][]string, err error) {
	n, err := unpacked(content)
	if err != nil {
		return nil, err
	}
	if err := take(n); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxInMemory})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	it, err := f.Rows(f.GetSheetName(f.GetActiveSheetIndex()))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	width, cells := 0, 0
	for it.Next() {
		row, err := it.Columns()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		width = max(width, len(row))
		if cells += len(row) + 1; cells > MaxCells {
			return nil, ErrTooBig
		}
		rows = append(rows, row)
	}
	if err := it.Error(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if width*len(rows) > 4*MaxCells {
		return nil, ErrTooBig
	}
	for i, row := range rows {
		for len(row) < width { // a sheet's rows are equally long
			row = append(row, "")
		}
		rows[i] = row
	}
	return rows, nil
}

// unpacked is how many bytes of XML a workbook holds. Its parts are unpacked but not kept,
// and what is counted is what is there, whatever the archive says. Errors: ErrInvalid,
// ErrTooBig, also for more shared strings than anybody needs: a small file can hold
// millions that no cell uses, and reading them takes half a minute.
func unpacked(content []byte) (int64, error) {
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	var total int64
	for _, f := range z.File {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))
		if !strings.HasSuffix(name, ".xml") && !strings.HasSuffix(name, ".rels") {
			continue
		}
		n, texts, err := measure(f, maxUnzipped-total)
		if err != nil {
			return 0, err
		}
		if total += n; strings.HasSuffix(name, "sharedstrings.xml") && texts > maxStrings {
			return 0, ErrTooBig
		}
	}
	return total, nil
}

// measure counts a part's bytes and the tags <si in it.
func measure(f *zip.File, most int64) (n int64, texts int, err error) {
	r, err := f.Open()
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	defer r.Close()
	buf, kept := make([]byte, 64<<10), 0
	for {
		got, err := r.Read(buf[kept:])
		if n += int64(got); n > most {
			return 0, 0, ErrTooBig
		}
		part := buf[:kept+got]
		texts += bytes.Count(part, []byte("<si")) + bytes.Count(part, []byte(":si"))
		kept = copy(buf, part[max(len(part)-2, 0):]) // a tag may be cut in two
		if errors.Is(err, io.EOF) {
			return n, texts, nil
		}
		if err != nil {
			return 0, 0, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
}

// Date turns a spreadsheet's number of days into a time; false for what is no such
// number.
func Date(cell string) (time.Time, bool) {
	days, err := strconv.ParseFloat(cell, 64)
	if err != nil || days < 1 || days > 2_958_466 { // the year 9999
		return time.Time{}, false
	}
	t, err := excelize.ExcelDateToTime(days, false)
	return t.Round(time.Second), err == nil
}
