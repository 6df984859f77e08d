package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"freddo/internal/files"
	"freddo/internal/files/filestest"
)

func newStore(t *testing.T, change ...func(*Config)) *Store {
	t.Helper()
	b := filestest.NewBucket(t)
	cfg := Config{Endpoint: b.Endpoint, Bucket: b.Name, Prefix: b.Prefix, AccessKey: b.AccessKey, SecretKey: b.SecretKey, PathStyle: true}
	for _, fn := range change {
		fn(&cfg)
	}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Store) list(t *testing.T) []string {
	t.Helper()
	var out []string
	for o := range s.core.Client.ListObjects(context.Background(), s.cfg.Bucket, minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		out = append(out, strings.TrimPrefix(o.Key, s.prefix))
	}
	return out
}

func TestABucketKeepsFiles(t *testing.T) {
	t.Parallel()
	filestest.Run(t, func(t *testing.T) files.Store { return newStore(t) })
}

func TestLongContentLeavesNothingBehindInTheBucket(t *testing.T) {
	t.Parallel()
	for name, commits := range map[string]bool{"public/files/a": true, "": false} {
		s := newStore(t)
		m, err := files.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		m.Store = s
		st := m.NewStage()
		if err := st.Put(files.Key{Name: "a"}, m.Of(make([]byte, partSize+5))); err != nil {
			t.Fatal(err)
		}
		if got := s.list(t); len(got) != 1 || !strings.HasPrefix(got[0], uploads) {
			t.Errorf("before the commit: %q", got)
		}
		err = errors.Join(st.Publish())
		if commits {
			err = errors.Join(err, st.Finish())
		} else {
			err = errors.Join(err, st.Undo())
		}
		if got := strings.Join(s.list(t), " "); err != nil || got != name {
			t.Errorf("in the bucket: %q, want %q: %v", got, name, err)
		}
		_ = m.Close()
	}
}

func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	good := Config{Endpoint: "https://s3.example.com", Bucket: "b", AccessKey: "a", SecretKey: "s"}
	for name, fn := range map[string]func(*Config){
		"no scheme": func(c *Config) { c.Endpoint = "s3.example.com" }, "a path": func(c *Config) { c.Endpoint += "/b" }, "no endpoint": func(c *Config) { c.Endpoint = "" },
		"no bucket": func(c *Config) { c.Bucket = "" }, "half a key": func(c *Config) { c.SecretKey = "" }, "ftp": func(c *Config) { c.Endpoint = "ftp://x" },
	} {
		c := good
		fn(&c)
		if _, err := Open(c); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(good); err != nil {
		t.Error(err)
	}
}

func TestABucketThatRefusesOrIsSilentIsUnavailable(t *testing.T) {
	t.Parallel()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the end of the connection goes unnoticed
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	for name, s := range map[string]*Store{
		"a wrong secret": newStore(t, func(c *Config) { c.SecretKey = "wrong" }),
		"no such bucket": newStore(t, func(c *Config) { c.Bucket = "nobody-s" }),
		"nobody there":   newStore(t, func(c *Config) { c.Endpoint, c.Timeout = "http://127.0.0.1:1", time.Second }),
		"silence":        newStore(t, func(c *Config) { c.Endpoint, c.Timeout = silent.URL, time.Second }),
	} {
		if err := s.Check(); !errors.Is(err, files.ErrUnavailable) {
			t.Errorf("%s: check: %v", name, err)
		}
		if _, err := s.Open(files.Key{Name: "a"}); name != "no such bucket" && !errors.Is(err, files.ErrUnavailable) {
			t.Errorf("%s: open: %v", name, err)
		}
		if _, err := s.Bring(fileOf("x")); !errors.Is(err, files.ErrUnavailable) {
			t.Errorf("%s: bring: %v", name, err)
		}
	}
	if err := newStore(t).Check(); err != nil {
		t.Error(err)
	}
}

type memory struct{ *bytes.Reader }

func (memory) Close() error       { return nil }
func (memory) ModTime() time.Time { return time.Time{} }
func fileOf(s string) files.File  { return memory{bytes.NewReader([]byte(s))} }

func TestALostAnswerDoesNotMakeAPutFail(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	if err := s.create(s.prefix+"a", strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	// The client sends a request again whose answer was lost: the name is taken then,
	// by itself.
	s.core.Client, _ = minio.New(s.core.EndpointURL().Host, &minio.Options{Creds: s.creds(), Region: s.cfg.Region, BucketLookup: minio.BucketLookupPath,
		Transport: &losing{RoundTripper: http.DefaultTransport}})
	if err := s.create(s.prefix+"b", strings.NewReader("x"), 1); err != nil {
		t.Errorf("put: %v", err)
	}
	if err := s.create(s.prefix+"a", strings.NewReader("y"), 1); !errors.Is(err, files.ErrExist) {
		t.Errorf("a name of others: %v", err)
	}
}

// losing loses the answer to the first PUT.
type losing struct {
	http.RoundTripper
	lost bool
}

func (l *losing) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err == nil && r.Method == http.MethodPut && !l.lost {
		l.lost = true
		_ = resp.Body.Close()
		return nil, io.ErrUnexpectedEOF
	}
	return resp, err
}

func TestLinksGiveTheFileForAWhile(t *testing.T) {
	t.Parallel()
	if link, err := newStore(t).Link(files.Key{Name: "a"}, "", ""); link != "" || err != nil {
		t.Errorf("not asked for: %q %v", link, err)
	}
	s := newStore(t, func(c *Config) { c.Redirect = time.Minute })
	if err := s.create(s.prefix+"private/files/a b.txt", strings.NewReader("text"), 4); err != nil {
		t.Fatal(err)
	}
	link, err := s.Link(files.Key{Private: true, Name: "a b.txt"}, "text/plain", `attachment; filename="x"`)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Get(link) //nolint:gosec // our own
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	if body, _ := io.ReadAll(r.Body); r.StatusCode != 200 || string(body) != "text" || r.Header.Get("Content-Type") != "text/plain" || r.Header.Get("Content-Disposition") != `attachment; filename="x"` {
		t.Errorf("%d %q %v", r.StatusCode, body, r.Header)
	}
}

func TestAnObjectThatWasReplacedWhileItIsReadFails(t *testing.T) {
	t.Parallel()
	s, k := newStore(t), files.Key{Name: "a"}
	write := func(text string) {
		if err := s.write(s.prefix+k.Path(), strings.NewReader(text), int64(len(text)), minio.PutObjectOptions{}, false); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	f, err := s.Open(k)
	if err != nil {
		t.Fatal(err)
	}
	write("two")
	if data, err := io.ReadAll(f); !errors.Is(err, files.ErrUnavailable) {
		t.Errorf("read %q: %v", data, err)
	}
}
