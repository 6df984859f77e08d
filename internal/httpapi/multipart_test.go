package httpapi

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"freddo/internal/files"
)

func newFiles(t testing.TB) (*files.Manager, string) {
	t.Helper()
	dir := t.TempDir()
	m, err := files.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m.Unsafe = true
	t.Cleanup(func() { _ = m.Close() })
	return m, filepath.Join(dir, "private", "uploads")
}

func TestManyShortFilesDoNotFillTheMemory(t *testing.T) {
	t.Parallel()
	m, dir := newFiles(t)
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	const n = 2 * maxHeld / files.InMemory
	for i := range n {
		f, err := w.CreateFormFile(fmt.Sprint("f", i), "a.txt")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(f, strings.Repeat("x", files.InMemory))
	}
	_ = w.WriteField("last", "field")
	_ = w.Close()
	r := httptest.NewRequest("POST", "/", &b)
	fields, parts, err := newUpload(m, 1<<30).readAll(r, w.Boundary())
	if err != nil || len(parts) != n || fields.Str("last") != "field" {
		t.Fatalf("%d parts, %v, %v", len(parts), fields.Keys(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != n/2 {
		t.Errorf("%d files on the disk: %v", len(entries), err)
	}
	for _, p := range parts {
		p.Data.Discard()
	}
	if entries, _ = os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("%d left behind", len(entries))
	}
}

func FuzzMultipart(f *testing.F) {
	f.Add("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nb\r\n--x--\r\n")
	f.Add("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--x\r\n")
	m, dir := newFiles(f)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		_, parts, err := newUpload(m, 4096).readAll(r, "x")
		if err != nil && len(parts) > 0 {
			t.Error("parts beside an error")
		}
		for _, p := range parts {
			p.Data.Discard()
		}
		if entries, _ := os.ReadDir(dir); len(entries) > 0 {
			t.Error("left behind")
		}
	})
}
