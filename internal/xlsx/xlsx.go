// Package xlsx owns the writing of spreadsheets: one sheet of plain cells, row by row,
// in constant memory. It reads nothing and knows no styles beyond a bold first row.
// (The libraries for it cost every start of the program several milliseconds.) Start
// with New.
package xlsx

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// MaxRows is how many rows a sheet holds.
const MaxRows = 1 << 20

const maxCell = 32767 // characters, the format's own limit

// Writer writes one sheet. Close it.
type Writer struct {
	zip  *zip.Writer
	w    *bufio.Writer
	rows int
}

// The parts of a workbook that do not change.
const (
	contentTypes = xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`
	rootRels     = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	bookRels     = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`
	styles       = xml.Header + `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>`
	workbook     = xml.Header + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="%s" sheetId="1" r:id="rId1"/></sheets></workbook>`
	sheetHead    = xml.Header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	sheetFoot    = `</sheetData></worksheet>`
)

// New begins a workbook with one sheet of that name.
func New(w io.Writer, sheet string) (*Writer, error) {
	z := zip.NewWriter(w)
	for _, part := range [][2]string{{"[Content_Types].xml", contentTypes}, {"_rels/.rels", rootRels}, {"xl/_rels/workbook.xml.rels", bookRels},
		{"xl/styles.xml", styles}, {"xl/workbook.xml", fmt.Sprintf(workbook, escape(sheetName(sheet)))}} {
		f, err := z.Create(part[0])
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(f, part[1]); err != nil {
			return nil, err
		}
	}
	f, err := z.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, err
	}
	x := &Writer{zip: z, w: bufio.NewWriter(f)}
	_, err = x.w.WriteString(sheetHead)
	return x, err
}

// sheetName is a name that spreadsheet programs take: at most 31 characters, none of
// those with a meaning in formulas.
func sheetName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`\*?:/[]`, r) {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 31 {
		s = strings.TrimRight(string(r[:31]), " ")
	}
	if strings.Trim(s, " '") == "" {
		return "Sheet"
	}
	return s
}

// Row appends a row. Cells are nil, bool, int64, float64 or text; texts are never
// formulas. Rows beyond MaxRows are an error.
func (x *Writer) Row(cells ...any) error {
	if x.rows >= MaxRows {
		return fmt.Errorf("xlsx: more than %d rows", MaxRows)
	}
	x.rows++
	style := ""
	if x.rows == 1 {
		style = ` s="1"`
	}
	_, _ = x.w.WriteString("<row>") // errors stay with the buffer
	for _, c := range cells {
		x.cell(c, style)
	}
	_, err := x.w.WriteString("</row>")
	return err
}

func (x *Writer) cell(c any, style string) {
	switch v := c.(type) {
	case nil:
		_, _ = x.w.WriteString("<c" + style + "/>")
	case bool:
		n := "0"
		if v {
			n = "1"
		}
		_, _ = x.w.WriteString("<c" + style + ` t="b"><v>` + n + "</v></c>")
	case int64:
		_, _ = x.w.WriteString("<c" + style + "><v>" + strconv.FormatInt(v, 10) + "</v></c>")
	case float64:
		_, _ = x.w.WriteString("<c" + style + "><v>" + strconv.FormatFloat(v, 'g', -1, 64) + "</v></c>")
	default:
		_, _ = x.w.WriteString("<c" + style + ` t="inlineStr"><is><t xml:space="preserve">` + escape(cut(fmt.Sprint(v))) + "</t></is></c>")
	}
}

func cut(s string) string {
	if len(s) <= maxCell {
		return s
	}
	if r := []rune(s); len(r) > maxCell {
		return string(r[:maxCell])
	}
	return s
}

// escape makes text safe for XML; what XML cannot hold is left out.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

// Close ends the workbook.
func (x *Writer) Close() error {
	if _, err := x.w.WriteString(sheetFoot); err != nil {
		return err
	}
	if err := x.w.Flush(); err != nil {
		return err
	}
	return x.zip.Close()
}
