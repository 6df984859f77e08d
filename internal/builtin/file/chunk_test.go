package file_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func (s *server) sendChunk(user string, index, total int, offset int64, text string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.upload(user, "big.txt", text, "chunk_index", strconv.Itoa(index), "total_chunk_count", strconv.Itoa(total), "chunk_byte_offset", strconv.FormatInt(offset, 10), "is_private", "1")
}

func TestChunksBecomeOneFileWhereTheSiteSaysSo(t *testing.T) {
	t.Parallel()
	s := newServer(t, "v16")
	config := filepath.Join(s.Dir, "site_config.json")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(strings.Replace(string(text), "{", `{"chunked_uploads": 1, "max_file_size": 600000,`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.App.ReloadConfig()
	other := s.User("other@example.com")
	a, b := strings.Repeat("a", 200_000), strings.Repeat("b", 100_000)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"a middle one first": s.sendChunk("Administrator", 1, 3, 200_000, b),
		"an index too far":   s.sendChunk("Administrator", 3, 3, 200_000, b),
		"a negative offset":  s.sendChunk("Administrator", 1, 3, -1, b),
	} {
		if w.Code != 417 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := s.sendChunk("Administrator", 0, 3, 0, a); w.Code != 200 || w.Body.String() != "{}" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := s.sendChunk(other, 1, 3, 200_000, b); w.Code != 417 {
		t.Errorf("somebody else's upload went on: %d %s", w.Code, w.Body)
	}
	if w := s.sendChunk("Administrator", 1, 3, 200_001, b); w.Code != 417 || !strings.Contains(w.Body.String(), "begins at 200000") {
		t.Errorf("a gap: %d %s", w.Code, w.Body)
	}
	if w := s.sendChunk("Administrator", 1, 3, 200_000, b); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	f := s.Answer(s.sendChunk("Administrator", 2, 3, 300_000, a))
	if got := s.Do("Administrator", "GET", f.Str("file_url"), "").Body.String(); got != a+b+a {
		t.Errorf("%d bytes", len(got))
	}
	s.sendChunk("Administrator", 0, 3, 0, a)
	s.sendChunk("Administrator", 1, 3, 200_000, a)
	if w := s.sendChunk("Administrator", 2, 3, 400_000, a+"x"); w.Code != 417 || !strings.Contains(w.Body.String(), "MaxFileSizeReachedError") {
		t.Errorf("too large as a whole: %d %s", w.Code, w.Body)
	}
}
