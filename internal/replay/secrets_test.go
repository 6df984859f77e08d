package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	sqlite3 "github.com/ncruces/go-sqlite3"

	"freddo/document"
	"freddo/internal/auth"
	"freddo/internal/site"
	"freddo/internal/storage"
	"freddo/internal/storage/mariadb"
	"freddo/internal/storage/netdb"
	"freddo/internal/storage/postgres"
)

// watcher lets requests through and keeps what was answered, to be searched for secrets
// once the site can be asked what they are.
type watcher struct {
	next    http.Handler
	mu      sync.Mutex
	answers []heard
}

type heard struct {
	what string // verb and path
	sent string // the request's method: some may tell a secret, once
	text []byte // header and body
}

func (w *watcher) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	w.next.ServeHTTP(rec, r)
	for k, v := range rec.Header() {
		out.Header()[k] = v
	}
	out.WriteHeader(rec.Code)
	_, _ = out.Write(rec.Body.Bytes())
	var text bytes.Buffer
	_ = rec.Header().Write(&text)
	text.Write(rec.Body.Bytes())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers = append(w.answers, heard{r.Method + " " + r.URL.Path, r.URL.Path[strings.LastIndexByte(r.URL.Path, '.')+1:], text.Bytes()})
}

// secret is a text that no answer may hold.
type secret struct{ name, text string }

// tellers are methods that hand out a secret because they are asked to.
var tellers = map[string]bool{"generate_keys": true, "get_password": true}

// minSecret keeps short passwords from being found by chance.
const minSecret = 8

// stored matches the two forms in which secrets are stored.
var stored = regexp.MustCompile(`\$pbkdf2-sha256\$|\$argon2i?d?\$|gAAAAA[A-Za-z0-9_-]{20}`)

// leaks lists the answers that hold one of the secrets, or a stored form of any.
func (w *watcher) leaks(secrets []secret) []string {
	var out []string
	for _, h := range w.answers {
		if m := stored.Find(h.text); m != nil {
			out = append(out, fmt.Sprintf("%s answers a stored secret: %s…", h.what, m))
		}
		for _, s := range secrets {
			if bytes.Contains(h.text, []byte(s.text)) && !(tellers[h.sent] && s.name != "encryption_key") {
				out = append(out, fmt.Sprintf("%s answers %s", h.what, s.name))
			}
		}
	}
	return out
}

// secretsOf reads every secret of a site: its encryption_key, passwords and keys of
// documents, secrets of one-time passwords.
func secretsOf(dir string) (out []secret, err error) {
	s, err := site.Open(dir)
	if err != nil {
		return nil, err
	}
	vault := auth.NewVault(s)
	out = []secret{}
	if key := s.Config().Str("encryption_key"); key != "" {
		out = append(out, secret{"encryption_key", key})
	}
	for _, q := range []struct {
		sql       string
		encrypted bool
	}{
		{`SELECT name, fieldname, password FROM "__Auth" WHERE encrypted = 1`, true},
		{`SELECT name, fieldname, password FROM "__Auth" WHERE encrypted = 0`, false},
		{`SELECT parent, defkey, defvalue FROM "tabDefaultValue" WHERE parent = '__2fa'`, true},
	} {
		rows, err := texts(s, q.sql)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			text := row[2]
			if q.encrypted {
				if text, err = vault.Decrypt(text); err != nil {
					continue // of a key that the recording has changed, or no secret
				}
			}
			if len(text) >= minSecret {
				out = append(out, secret{row[0] + " " + row[1], text})
			}
		}
	}
	return out, nil
}

// texts runs a query for three texts on the database of a site that is being served.
func texts(s *site.Site, sql string) (out [][3]string, err error) {
	var db *storage.DB
	ctx, at := context.Background(), netdb.FromConfig(s.Config())
	switch s.Config().Str("db_type") {
	case "mariadb":
		sql = strings.ReplaceAll(sql, `"`, "`")
		db, err = mariadb.Open(ctx, at, mariadb.Options{})
	case "postgres":
		db, err = postgres.Open(ctx, at, postgres.Options{})
	default:
		return sqliteTexts(s.Path("site.db"), sql)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx := db.Begin(ctx)
	defer tx.Rollback()
	rows, err := tx.Query(ctx, storage.NewBuilder(tx.Dialect()).SQL(sql))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row [3]string
		for i := range row {
			row[i] = document.ToText(rows.Raw(i).Natural())
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// sqliteTexts is texts by a connection of its own: storage would refuse to open the
// file a second time.
func sqliteTexts(file, sql string) (out [][3]string, err error) {
	db, err := sqlite3.OpenFlags(file, sqlite3.OPEN_READONLY)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.CreateCollation("frappe", func(x, y []byte) int { return strings.Compare(string(x), string(y)) }); err != nil {
		return nil, err
	}
	stmt, _, err := db.Prepare(sql)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	for stmt.Step() {
		var row [3]string
		for i := range row {
			row[i] = stmt.ColumnText(i)
		}
		out = append(out, row)
	}
	return out, stmt.Err()
}

// checkSecrets reports the secrets that a replay's answers held.
func (w *watcher) checkSecrets(t *testing.T, area string, dir string) {
	t.Helper()
	secrets, err := secretsOf(dir)
	if err != nil {
		t.Errorf("%s: read the site's secrets: %v", area, err)
		return
	}
	if len(secrets) == 0 {
		t.Errorf("%s: the site holds no secret, so none can be looked for", area)
	}
	for _, leak := range w.leaks(secrets) {
		t.Errorf("%s: %s", area, leak)
	}
}

func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	w := &watcher{next: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		_, _ = out.Write([]byte(r.URL.Query().Get("say")))
	})}
	for _, path := range []string{"/clean?say=nothing", "/api/method/x.generate_keys?say=the-api-secret", "/api/resource/User?say=the-api-secret",
		"/hash?say=$pbkdf2-sha256$29000$abc", "/api/method/x.generate_keys?say=the-encryption-key"} {
		w.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
	}
	got := w.leaks([]secret{{"api_secret", "the-api-secret"}, {"encryption_key", "the-encryption-key"}})
	want := []string{"GET /api/resource/User answers api_secret", "GET /hash answers a stored secret: $pbkdf2-sha256$…",
		"GET /api/method/x.generate_keys answers encryption_key"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
