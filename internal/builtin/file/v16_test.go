package file_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	wholePDF  = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
	scriptPDF = "%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(x)>>>>endobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
)

// TestPDFsAreLookedInto: v16 takes whole PDFs without scripts, however they come.
func TestPDFsAreLookedInto(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		papers(s)
		closed := s.App.Compat() == "v16"
		for name, content := range map[string]string{"whole.pdf": wholePDF, "script.pdf": scriptPDF, "SCRIPT2.PDF": scriptPDF + " ", "broken.pdf": "no PDF", "script.txt": scriptPDF + "  "} {
			want := 200
			if closed && (strings.HasPrefix(strings.ToLower(name), "script") || name == "broken.pdf") && !strings.HasSuffix(name, ".txt") {
				want = 417
			}
			w := s.upload("Administrator", name, content)
			if w.Code != want || want == 417 && !strings.Contains(w.Body.String(), "This PDF cannot be uploaded") {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		doc := s.Must("Administrator", "POST", "/api/resource/Paper", `{}`).Str("name")
		for what, r := range map[string][2]string{
			"attach_file": {"/api/method/frappe.client.attach_file", `{"filename":"a.pdf","filedata":"x y","doctype":"Paper","docname":"` + doc + `"}`},
			"REST":        {"/api/resource/File", `{"file_name":"b.pdf","content":"x y z"}`},
		} {
			if w := s.Do("Administrator", "POST", r[0], r[1]); (w.Code == 417) != closed {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
	})
}

// TestPrivateFilesAreNamedAndKept: v16 names private files, and lets browsers keep them
// to ask again.
func TestPrivateFilesAreNamedAndKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		now := s.App.Compat() == "v16"
		for name, want := range map[string]string{
			"plain.txt": "inline; filename=plain.txt", "two words.txt": `inline; filename="two words.txt"`, "Ärger für €.txt": `inline; filename="Arger fur .txt"; filename*=UTF-8''%C3%84rger%20f%C3%BCr%20%E2%82%AC.txt`,
			"page.html": "attachment; filename=page.html", "pic.svg": "attachment; filename=pic.svg", "x.xml": "attachment; filename=x.xml",
		} {
			u := s.Answer(s.upload("Administrator", name, "content of "+name, "is_private", "1")).Str("file_url")
			w := s.Do("Administrator", "GET", strings.ReplaceAll(u, " ", "%20"), "")
			if !now && !strings.HasPrefix(want, "attachment") {
				want = ""
			}
			if got := w.Header().Get("Content-Disposition"); w.Code != 200 || got != want {
				t.Errorf("%s: %d %q, want %q", name, w.Code, got, want)
			}
			if got := w.Header().Get("Cache-Control"); now && got != "no-cache" {
				t.Errorf("%s: Cache-Control %q", name, got)
			}
			if !now {
				continue
			}
			for header, code := range map[string]int{"If-None-Match: " + w.Header().Get("ETag"): 304, "Range: bytes=0-3": 206, "Range: bytes=900-": 416} {
				r := httptest.NewRequest(http.MethodGet, strings.ReplaceAll(u, " ", "%20"), nil)
				k, v, _ := strings.Cut(header, ": ")
				r.Header.Set(k, v)
				if w := s.Send("Administrator", r); w.Code != code {
					t.Errorf("%s with %s: %d, want %d", name, header, w.Code, code)
				}
			}
			if w := s.Do("Administrator", "HEAD", strings.ReplaceAll(u, " ", "%20"), ""); w.Code != 200 || w.Body.Len() != 0 {
				t.Errorf("HEAD %s: %d %s", name, w.Code, w.Body)
			}
		}
	})
}

// TestPublicFilesCanBeKeptToManagers: System Settings' switch of v16.
func TestPublicFilesCanBeKeptToManagers(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v16")
	clerk, manager := s.User("clerk@example.com"), s.User("manager@example.com", "System Manager")
	mine := s.Answer(s.upload(clerk, "before.txt", "before", "is_private", "1")).Str("name")
	s.Must("Administrator", "PUT", "/api/resource/System%20Settings/System%20Settings", `{"only_allow_system_managers_to_upload_public_files":1}`)
	for _, c := range []struct {
		user, private string
		want          int
	}{{clerk, "0", 403}, {clerk, "1", 200}, {manager, "0", 200}, {"Administrator", "0", 200}} {
		if w := s.upload(c.user, "f.txt", "by "+c.user+c.private, "is_private", c.private); w.Code != c.want {
			t.Errorf("%s, private %s: %d %s", c.user, c.private, w.Code, w.Body)
		}
	}
	if w := s.Do(clerk, "PUT", "/api/resource/File/"+mine, `{"is_private":0}`); w.Code != 403 {
		t.Errorf("making a file public: %d %s", w.Code, w.Body)
	}
}

// TestUploadsOfURLs: v16 keeps is_private of remote files, and takes methods' paths.
func TestUploadsOfURLs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		now := s.App.Compat() == "v16"
		d := s.Must("Administrator", "POST", "/api/method/upload_file", `{"file_url":"https://example.com/a.txt","is_private":1}`)
		if got := d.Get("is_private").Int() == 1; got != now {
			t.Errorf("is_private: %v", d)
		}
		if w := s.Do("Administrator", "POST", "/api/method/upload_file", `{"file_url":"/api/method/some.file?x=1"}`); (w.Code == 200) != now {
			t.Errorf("a method's path: %d %s", w.Code, w.Body)
		}
	})
}
