package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// workbook is a spreadsheet with one cell and some shared strings.
func workbook(t *testing.T, shared string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name, text string) {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>`)
	add("_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	add("xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`)
	add("xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`)
	add("xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>`)
	add("xl/sharedStrings.xml", `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`+shared+`</sst>`)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func free(int64) error { return nil }

func TestReadXLSX(t *testing.T) {
	t.Parallel()
	good := workbook(t, `<si><t>Title</t></si>`)
	var taken int64
	rows, err := ReadXLSX(good, func(n int64) error { taken += n; return nil })
	if taken < 1000 {
		t.Errorf("a small workbook was told to unpack to %d bytes", taken)
	}
	if err != nil || len(rows) != 1 || rows[0][0] != "Title" {
		t.Errorf("rows %v, %v", rows, err)
	}
	for name, shared := range map[string]string{
		"strings":          strings.Repeat("<si/>", 3_000_000),
		"strings by names": strings.Repeat("<x:si/>", 3_000_000),
	} {
		bomb := workbook(t, shared)
		if _, err := ReadXLSX(bomb, free); !errors.Is(err, ErrTooBig) {
			t.Errorf("%s: %v in %d bytes", name, err, len(bomb))
		}
	}
	if _, err := ReadXLSX([]byte("no archive"), free); !errors.Is(err, ErrInvalid) {
		t.Errorf("no archive: %v", err)
	}
}
