package file_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"freddo/internal/apptest"
)

// server adds uploads to an application.
type server struct{ *apptest.Server }

func TestMain(m *testing.M) { os.Exit(apptest.Main(m)) }

func newServer(t *testing.T, release string) *server {
	t.Helper()
	return &server{apptest.New(t, release)}
}

// form is a multipart body with one file. A filename is sent as it is.
func form(filename, content string, fields ...string) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", `form-data; name="file"; filename="`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(filename)+`"`)
	p, _ := w.CreatePart(h)
	_, _ = io.WriteString(p, content)
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

func (s *server) upload(user, filename, content string, fields ...string) *httptest.ResponseRecorder {
	s.T.Helper()
	body, ct := form(filename, content, fields...)
	r := httptest.NewRequest("POST", "/api/method/upload_file", strings.NewReader(body))
	r.Header.Set("Content-Type", ct)
	return s.Send(user, r)
}

// stored lists what lies among the site's files, uploads under way included.
func (s *server) stored() []string {
	s.T.Helper()
	var out []string
	for _, root := range []string{"public", "private"} {
		err := filepath.WalkDir(filepath.Join(s.Dir, root), func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				rel, _ := filepath.Rel(s.Dir, p)
				out = append(out, filepath.ToSlash(rel))
			}
			return err
		})
		if err != nil {
			s.T.Fatal(err)
		}
	}
	return out
}

func (s *server) wantStored(want ...string) {
	s.T.Helper()
	got := s.stored()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.T.Errorf("on disk: %q, want %q", got, want)
	}
}

func each(t *testing.T, fn func(t *testing.T, s *server)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) { fn(t, &server{s}) })
}

func TestHostileNamesNeverLeaveTheFolderOfFiles(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		names := []string{"../../evil.txt", `..\..\evil.txt`, "/etc/passwd", "..", ".", "...", "a\x00b.txt", "%2e%2e%2fevil.txt", "a%00.txt", "CON", "nul.txt", " ", "\t",
			strings.Repeat("x", 300) + ".txt", strings.Repeat("ü", 130) + ".txt", "e\u0301.txt", "é.txt", "\u202egnp.exe", "a\r\nX-Evil: 1.txt", ".htaccess", "-rf", "file:///x", "a?b#c.txt", `"quoted".txt`}
		for _, private := range []string{"0", "1"} {
			for i, name := range names {
				w := s.upload("Administrator", name, fmt.Sprintf("%s %d", private, i), "is_private", private)
				if w.Code != 200 {
					continue
				}
				u := s.Answer(w).Str("file_url")
				// v14 and v15 keep % and ? in URLs, which then do not name the file.
				want := fmt.Sprintf("%s %d", private, i)
				if got := s.Do("Administrator", "GET", (&urlPath{u}).String(), ""); got.Code != 200 || got.Body.String() != want {
					t.Errorf("%q stored as %q reads back as %d %q", name, u, got.Code, got.Body)
				}
				if h := w.Header().Get("X-Evil"); h != "" {
					t.Errorf("%q: a header was injected", name)
				}
			}
		}
		for _, f := range s.stored() {
			if d := filepath.Dir(f); d != "public/files" && d != "private/files" {
				t.Errorf("%q lies outside", f)
			}
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(s.Dir), "evil.txt")); err == nil {
			t.Error("a file left the site")
		}
	})
}

// urlPath prints a path with every special character escaped.
type urlPath struct{ path string }

func (u *urlPath) String() string {
	var b strings.Builder
	for i := 0; i < len(u.path); i++ {
		c := u.path[i]
		if c == '/' || c == '.' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func TestUploadsThatEndEarlyLeaveNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		body, ct := form("cut.txt", strings.Repeat("x", 300_000))
		for _, n := range []int{1, 100, 200, 5_000, 150_000, len(body) - 3, len(body) - 60} {
			for name, r := range map[string]io.Reader{"ends": strings.NewReader(body[:n]), "breaks": io.MultiReader(strings.NewReader(body[:n]), broken{})} {
				req := httptest.NewRequest("POST", "/api/method/upload_file", r)
				req.Header.Set("Content-Type", ct)
				if w := s.Send("Administrator", req); w.Code < 400 {
					t.Errorf("a body that %s after %d bytes: %d", name, n, w.Code)
				}
			}
		}
		s.wantStored()
		if got := s.Must("Administrator", "GET", `/api/resource/File?filters={"is_folder":0}`, "").Get("data"); len(got.List()) > 0 {
			t.Errorf("Files: %v", got)
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestARequestThatIsTooLargeIsRefusedUnread(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	r := httptest.NewRequest("POST", "/api/method/upload_file", unreadable{t})
	r.ContentLength = 26<<20 + 1
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if w := s.Send("Administrator", r); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", w.Code)
	}
	// A body that does not tell its length is cut off where it passes the limit.
	body, ct := form("big.txt", strings.Repeat("x", 27<<20))
	r = httptest.NewRequest("POST", "/api/method/upload_file", io.MultiReader(strings.NewReader(body)))
	r.ContentLength = -1
	r.Header.Set("Content-Type", ct)
	if w := s.Send("Administrator", r); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("without a length: %d", w.Code)
	}
	s.wantStored()
}

type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestWhatFailsAfterTheBytesWereTakenLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		long := strings.Repeat("y", 200_000)
		for name, w := range map[string]*httptest.ResponseRecorder{
			"a name beyond the column":   s.upload("Administrator", strings.Repeat("x", 180)+".txt", long),
			"a folder that is not there": s.upload("Administrator", "a.txt", long, "folder", "Home/Nowhere"),
			"a document without a name":  s.upload("Administrator", "a.txt", long, "doctype", "ToDo"),
			"a field with odd letters":   s.upload("Administrator", "a.txt", long, "doctype", "User", "docname", "Administrator", "fieldname", "a b"),
			"a guest":                    s.upload("", "a.txt", long),
			"no JPEG":                    s.upload("Administrator", "a.jpg", long),
		} {
			if w.Code < 400 {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
		body, ct := form("a.txt", long)
		r := httptest.NewRequest("GET", "/api/method/upload_file", strings.NewReader(body))
		r.Header.Set("Content-Type", ct)
		_ = s.Send("Administrator", r) // GET rolls back
		s.wantStored()
	})
}

func TestPrivateFilesAreForWhoMayReadThem(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		owner, other := s.User("owner@example.com"), s.User("other@example.com")
		u := s.Answer(s.upload(owner, "mine.txt", "secret", "is_private", "1")).Str("file_url")
		for user, want := range map[string]int{owner: 200, "Administrator": 200, other: 403, "": 403} {
			for _, target := range []string{u, "/api/method/download_file?file_url=" + u} {
				w := s.Do(user, "GET", target, "")
				if w.Code != want || want == 403 && strings.Contains(w.Body.String(), "secret") {
					t.Errorf("%s as %q: %d, want %d", target, user, w.Code, want)
				}
			}
		}
		if w := s.Do(owner, "GET", u+"?fid=nosuchfile", ""); w.Code != 403 {
			t.Errorf("by the name of another File: %d", w.Code)
		}
		// Naming the URL gives nobody the bytes: not by upload, not by REST, not by a field.
		for name, w := range map[string]*httptest.ResponseRecorder{
			"upload": s.Do(other, "POST", "/api/method/upload_file", fmt.Sprintf(`{"file_url":%q}`, u)),
			"rest":   s.Do(other, "POST", "/api/resource/File", fmt.Sprintf(`{"file_url":%q}`, u)),
		} {
			if w.Code != 403 {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		mine := s.Answer(s.upload(other, "own.txt", "own", "is_private", "1"))
		s.Do(other, "PUT", "/api/resource/File/"+mine.Str("name"), fmt.Sprintf(`{"file_url":%q}`, u))
		s.Do(other, "PUT", "/api/resource/File/"+mine.Str("name"), fmt.Sprintf(`{"file_url":%q,"is_private":0}`, u))
		if w := s.Do(other, "GET", u, ""); w.Code != 403 {
			t.Errorf("after all that: %d", w.Code)
		}
		s.wantStored("private/files/mine.txt", "private/files/own.txt")
	})
}

func TestURLsThatLeadOutAreRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		for _, u := range []string{"/private/files/../../site_config.json", "/files/../../site_config.json", "/private/files/%2e%2e/%2e%2e/site_config.json",
			"/files/..%2f..%2fsite_config.json", "/private/files/", "/files/.", "/private/files/../files/x"} {
			if w := s.Do("Administrator", "POST", "/api/method/upload_file", fmt.Sprintf(`{"file_url":%q,"is_private":1}`, u)); w.Code < 400 {
				t.Errorf("%s: %d", u, w.Code)
			}
			if w := s.Do("Administrator", "GET", strings.ReplaceAll(u, "%", "%25"), ""); w.Code < 400 {
				t.Errorf("GET %s: %d", u, w.Code)
			}
		}
		s.wantStored()
	})
}

func TestRangesAndConditionsAreHonoured(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		for _, private := range []string{"0", "1"} {
			u := s.Answer(s.upload("Administrator", "r.txt", "0123456789", "is_private", private)).Str("file_url")
			whole := s.Do("Administrator", "GET", u, "")
			tag := whole.Header().Get("ETag")
			if whole.Code != 200 || tag == "" || whole.Header().Get("Content-Length") != "10" {
				t.Errorf("%s: %d %v", u, whole.Code, whole.Header())
			}
			r := httptest.NewRequest("GET", u, nil)
			r.Header.Set("Range", "bytes=2-4")
			if w := s.Send("Administrator", r); w.Code != 206 || w.Body.String() != "234" {
				t.Errorf("%s range: %d %q", u, w.Code, w.Body)
			}
			r = httptest.NewRequest("GET", u, nil)
			r.Header.Set("If-None-Match", tag)
			if w := s.Send("Administrator", r); w.Code != 304 || w.Body.Len() > 0 {
				t.Errorf("%s unchanged: %d %q", u, w.Code, w.Body)
			}
		}
	})
}

func TestActiveContentIsOnlyDownloaded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		for _, name := range []string{"a.svg", "a.HTML", "a.htm", "a.xml", "a.shtml", "a.svgz", "a.mht", "a.hta", "a.xht", "a.eml"} {
			for _, private := range []string{"0", "1"} {
				u := s.Answer(s.upload("Administrator", name, "<script>alert("+private+")</script>"+name, "is_private", private)).Str("file_url")
				w := s.Do("Administrator", "GET", u, "")
				if d := w.Header().Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("%s: %v", u, w.Header())
				}
			}
		}
	})
}

func TestBytesLeaveWithTheLastFileThatHasThem(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		a := s.Answer(s.upload("Administrator", "a.txt", "same"))
		b := s.Answer(s.upload("Administrator", "b.txt", "same"))
		if a.Str("file_url") != b.Str("file_url") {
			t.Errorf("%s and %s", a.Str("file_url"), b.Str("file_url"))
		}
		s.Do("Administrator", "DELETE", "/api/resource/File/"+a.Str("name"), "")
		s.wantStored("public/files/a.txt")
		s.Do("Administrator", "DELETE", "/api/resource/File/"+b.Str("name"), "")
		s.wantStored()
	})
}

func TestDeletingADocumentDeletesItsFiles(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		todo := s.Must("Administrator", "POST", "/api/resource/ToDo", `{"description":"x"}`).Str("name")
		s.Answer(s.upload("Administrator", "a.txt", "x", "doctype", "ToDo", "docname", todo, "is_private", "1"))
		s.wantStored("private/files/a.txt")
		if w := s.Do("Administrator", "DELETE", "/api/resource/ToDo/"+todo, ""); w.Code != 202 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		s.wantStored()
	})
}

func TestUploadsOfOneNameAtTheSameTimeDoNotMeet(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	const n = 16
	var wg sync.WaitGroup
	urls := make([]string, n)
	for i := range n {
		wg.Go(func() {
			urls[i] = s.Answer(s.upload("Administrator", "one.txt", strings.Repeat(fmt.Sprint(i, " "), 50_000))).Str("file_url")
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for i, u := range urls {
		if seen[u] {
			t.Errorf("%s twice", u)
		}
		seen[u] = true
		if w := s.Do("", "GET", u, ""); w.Body.String() != strings.Repeat(fmt.Sprint(i, " "), 50_000) {
			t.Errorf("%s does not hold what was sent", u)
		}
	}
	if got := len(s.stored()); got != n {
		t.Errorf("%d files on disk", got)
	}
}

func TestFilesThatHangOnEachOtherEndSomewhere(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	other := s.User("other@example.com")
	a := s.Answer(s.upload("Administrator", "a.txt", "a", "is_private", "1")).Str("name")
	b := s.Answer(s.upload("Administrator", "b.txt", "b", "is_private", "1", "doctype", "File", "docname", a)).Str("name")
	s.Must("Administrator", "PUT", "/api/resource/File/"+a, fmt.Sprintf(`{"attached_to_doctype":"File","attached_to_name":%q}`, b))
	if w := s.Do(other, "GET", "/private/files/a.txt", ""); w.Code != 403 {
		t.Errorf("got %d", w.Code)
	}
}

func TestUnpackingIsForReadersAndKeepsWithinTheFolder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *server) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, name := range []string{"../../evil.txt", "dir/good.txt", ".hidden"} {
			f, _ := z.Create(name)
			_, _ = io.WriteString(f, name)
		}
		_ = z.Close()
		name := s.Answer(s.upload("Administrator", "pack.zip", b.String(), "is_private", "1")).Str("name")
		other := s.User("other@example.com")
		call := fmt.Sprintf(`{"name":%q}`, name)
		if w := s.Do(other, "POST", "/api/method/frappe.core.api.file.unzip_file", call); w.Code != 403 {
			t.Errorf("as another: %d", w.Code)
		}
		s.wantStored("private/files/pack.zip")
		if w := s.Do("Administrator", "POST", "/api/method/frappe.core.api.file.unzip_file", call); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		s.wantStored("private/files/evil.txt", "private/files/good.txt")
	})
}

func TestOptimisingAStoredPictureKeepsItsURL(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v15")
	f := s.Answer(s.upload("Administrator", "p.png", noisyPNG(t, 600, 500)))
	before := f.Get("file_size").Int()
	w := s.Do("Administrator", "POST", "/api/resource/File/"+f.Str("name")+"?run_method=optimize_file", "")
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	after := s.Must("Administrator", "GET", "/api/resource/File/"+f.Str("name"), "")
	got := s.Do("", "GET", "/files/p.png", "")
	if after.Get("file_size").Int() >= before || int64(got.Body.Len()) != after.Get("file_size").Int() || after.Str("file_url") != "/files/p.png" {
		t.Errorf("%d bytes, then %v, %d served", before, after.Get("file_size"), got.Body.Len())
	}
	s.wantStored("public/files/p.png")
}
