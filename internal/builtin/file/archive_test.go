package file_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An archive holds each file once, however often it is named, and no more bytes than an
// archive may have.
func TestZipFilesIsBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	name := s.Answer(s.upload("Administrator", "a.txt", "some text", "is_private", "1")).Str("name")
	names := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%q,", name), 100), ",")
	w := s.Do("Administrator", "POST", "/api/method/frappe.core.api.file.zip_files", `{"files":[`+names+`]}`)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %.300s", w.Code, w.Body)
	}
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil || len(z.File) != 1 || z.File[0].Name != "a.txt" {
		t.Fatalf("archive of %d files: %v", len(z.File), err)
	}
	if err := os.Truncate(filepath.Join(s.Dir, "private", "files", "a.txt"), 2<<30); err != nil {
		t.Fatal(err)
	}
	w = s.Do("Administrator", "POST", "/api/method/frappe.core.api.file.zip_files", `{"files":[`+names+`]}`)
	if w.Code != http.StatusExpectationFailed || !strings.Contains(w.Body.String(), "Too much for one archive") {
		t.Errorf("two gigabytes: %d %.300s", w.Code, w.Body)
	}
}
