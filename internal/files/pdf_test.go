package files

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// pdf makes a file of objects, with the parts that make it whole.
func pdf(trailer string, objects ...string) string {
	var b strings.Builder
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	for i, o := range objects {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	b.WriteString("xref\n0 1\n0000000000 65535 f \ntrailer\n<<" + trailer + ">>\nstartxref\n9\n%%EOF\n")
	return b.String()
}

func packed(objects string) string {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write([]byte(objects))
	_ = w.Close()
	return fmt.Sprintf("<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\r\n%s\nendstream", z.Len(), z.String())
}

func TestPDFHasScript(t *testing.T) {
	t.Parallel()
	const catalog = "<</Type/Catalog/Pages 2 0 R>>"
	plain := pdf("/Root 1 0 R", catalog, "<</Type/Pages/Kids[]/Count 0>>")
	for _, c := range []struct {
		name, data string
		script     bool
		broken     bool
	}{
		{"plain", plain, false, false},
		{"an action of the catalog", pdf("/Root 1 0 R", "<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>"), true, false},
		{"another object", pdf("/Root 1 0 R", catalog, "<</S /JavaScript /JS 3 0 R>>"), true, false},
		{"an escaped name", pdf("/Root 1 0 R", "<</Type/Catalog/AA<</J#53 (x)>>>>"), true, false},
		{"a packed object", pdf("/Root 1 0 R", catalog, packed("3 0 <</S/JavaScript/JS(x)>>")), true, false},
		{"packed objects without scripts", pdf("/Root 1 0 R", catalog, packed("3 0 <</S/GoTo>>")), false, false},
		{"packed objects that are encrypted", pdf("/Root 1 0 R/Encrypt 9 0 R", catalog, "<</Type/ObjStm/Filter/FlateDecode>>stream\nnoise\nendstream"), false, false},
		{"packed objects that are noise", pdf("/Root 1 0 R", catalog, "<</Type/ObjStm/Filter/FlateDecode>>stream\nnoise\nendstream"), false, true},
		{"the word in a text, a stream, a comment and a longer name", pdf("/Root 1 0 R",
			"<</Type/Catalog/Title(/JS (\\) /JavaScript))/JSON 1/X<2F4A53>>>%/JS\n", "<</Length 20>>stream\n/JS /JavaScript x\nendstream"), false, false},
		{"no PDF", "web user .pdf", false, true},
		{"nothing", "", false, true},
		{"without startxref", strings.Replace(plain, "startxref\n9\n", "", 1), false, true},
		{"without an end", strings.Replace(plain, "%%EOF", "", 1), false, true},
		{"without a root", pdf("/Size 1", catalog), false, true},
		{"cut off in a stream", plain[:20] + "1 0 obj <</Root 1 0 R>> stream\nabc startxref %%EOF", false, true},
		{"cut off in a text", plain + "(abc", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			script, err := PDFHasScript(strings.NewReader(c.data))
			if (err != nil) != c.broken || err != nil && !errors.Is(err, ErrBrokenPDF) || !c.broken && script != c.script {
				t.Errorf("script %v, error %v; want %v, broken %v", script, err, c.script, c.broken)
			}
		})
	}
}

// TestPackedObjectsAreBounded: what unpacks without end is not read to its end.
func TestPackedObjectsAreBounded(t *testing.T) {
	t.Parallel()
	data := pdf("/Root 1 0 R", "<<>>", packed(strings.Repeat("0", maxObjects+1)))
	if _, err := PDFHasScript(strings.NewReader(data)); !errors.Is(err, ErrBrokenPDF) {
		t.Errorf("got %v", err)
	}
}
