package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func read(t *testing.T, data []byte, name string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			return string(text)
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

func TestCellsKeepTheirKindAndCannotBreakOut(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w, err := New(&b, `a/b:<c>&"d" and a name that is far too long`)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Row("Sr", "Title"); err != nil {
		t.Fatal(err)
	}
	if err := w.Row(int64(1), `=1+1</t><x>&"`+"\x00\x0b", nil, 1.5, true); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sheet := read(t, b.Bytes(), "xl/worksheets/sheet1.xml")
	for _, want := range []string{`<c s="1" t="inlineStr"><is><t xml:space="preserve">Title</t></is></c>`, `<c><v>1</v></c>`,
		`<t xml:space="preserve">=1+1&lt;/t&gt;&lt;x&gt;&amp;&#34;</t>`, `<c/>`, `<c><v>1.5</v></c>`, `<c t="b"><v>1</v></c>`} {
		if !strings.Contains(sheet, want) {
			t.Errorf("no %s in %s", want, sheet)
		}
	}
	if book := read(t, b.Bytes(), "xl/workbook.xml"); !strings.Contains(book, `name="a b &lt;c&gt;&amp;&#34;d&#34; and a name that is"`) {
		t.Errorf("sheet name: %s", book)
	}
	for _, part := range []string{"[Content_Types].xml", "_rels/.rels", "xl/_rels/workbook.xml.rels", "xl/styles.xml"} {
		read(t, b.Bytes(), part)
	}
}
