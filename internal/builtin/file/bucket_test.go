package file_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"freddo"
	"freddo/internal/apptest"
	"freddo/internal/files/filestest"
)

// inBucket moves an application's files into a bucket and opens it again.
func inBucket(t *testing.T, s *server, change map[string]any) {
	t.Helper()
	b := filestest.NewBucket(t)
	path := filepath.Join(s.Dir, "site_config.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := json.Unmarshal(data, &values); err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]any{"s3_endpoint": b.Endpoint, "s3_bucket": b.Name, "s3_prefix": b.Prefix, "s3_access_key": b.AccessKey, "s3_secret_key": b.SecretKey, "s3_path_style": 1} {
		values[k] = v
	}
	for k, v := range change {
		values[k] = v
	}
	data, _ = json.Marshal(values)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = s.App.Close()
	if s.App, err = freddo.New(freddo.Config{Site: s.Dir, Unsafe: true}); err != nil {
		t.Fatal(err)
	}
}

func (s *server) get(user, url string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", url, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.Send(user, r)
}

func TestFilesInABucketBehaveAsOnTheDisk(t *testing.T) {
	t.Parallel()
	s := &server{apptest.New(t, "v15")}
	inBucket(t, s, nil)
	other := s.User("other@example.com")
	for _, n := range []int{1000, 2 << 20} {
		text := strings.Repeat("0123456789", n/10)
		for _, private := range []string{"0", "1"} {
			f := s.Answer(s.upload("Administrator", "a.txt", text, "is_private", private))
			u := f.Str("file_url")
			w := s.get("Administrator", u)
			tag := w.Header().Get("ETag")
			if w.Code != 200 || w.Body.String() != text || tag == "" {
				t.Fatalf("%s: %d, %d bytes, ETag %q", u, w.Code, w.Body.Len(), tag)
			}
			if w := s.get("Administrator", u, "Range", "bytes=15-19"); w.Code != http.StatusPartialContent || w.Body.String() != "56789" {
				t.Errorf("%s: range: %d %q", u, w.Code, w.Body)
			}
			if w := s.get("Administrator", u, "If-None-Match", tag); w.Code != http.StatusNotModified {
				t.Errorf("%s: not modified: %d", u, w.Code)
			}
			if w := s.get(other, u); (w.Code == 200) != (private == "0") {
				t.Errorf("%s: another user: %d", u, w.Code)
			}
			s.Must("Administrator", "PUT", "/api/resource/File/"+f.Str("name"), `{"is_private":`+string('1'-private[0]+'0')+`}`)
			if w := s.get("Administrator", u); w.Code == 200 {
				t.Errorf("%s: still there after its move", u)
			}
			s.Must("Administrator", "DELETE", "/api/resource/File/"+f.Str("name"), "")
		}
	}
	s.wantStored()
}

func TestABucketThatDoesNotAnswerIsToldWithoutInternals(t *testing.T) {
	t.Parallel()
	s := &server{apptest.New(t, "v15")}
	inBucket(t, s, map[string]any{"s3_endpoint": "http://127.0.0.1:1", "s3_timeout": 1})
	for name, w := range map[string]*httptest.ResponseRecorder{
		"upload": s.upload("Administrator", "a.txt", "x"), "public file": s.get("", "/files/a.txt"),
	} {
		if body := w.Body.String(); w.Code != http.StatusServiceUnavailable || strings.Contains(body, "127.0.0.1") || strings.Contains(body, "test/") {
			t.Errorf("%s: %d %s", name, w.Code, body)
		}
	}
	s.wantStored()
}

func TestDownloadsAreRedirectedToTheBucketWhereAsked(t *testing.T) {
	t.Parallel()
	s := &server{apptest.New(t, "v15")}
	inBucket(t, s, map[string]any{"s3_redirect": 60})
	other := s.User("other@example.com")
	for _, private := range []string{"0", "1"} {
		u := s.Answer(s.upload("Administrator", "a.txt", "text"+private, "is_private", private)).Str("file_url")
		w := s.get("Administrator", u)
		if w.Code != http.StatusFound {
			t.Fatalf("%s: %d %s", u, w.Code, w.Body)
		}
		r, err := http.Get(w.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if r.StatusCode != 200 || r.ContentLength != 5 {
			t.Errorf("%s: the link answers %d, %d bytes", u, r.StatusCode, r.ContentLength)
		}
		if w := s.get(other, u); private == "1" && (w.Code != http.StatusForbidden || w.Header().Get("Location") != "") {
			t.Errorf("%s: another user: %d", u, w.Code)
		}
	}
}
