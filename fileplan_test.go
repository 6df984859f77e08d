package freddo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/perm"
	"freddo/internal/storage"
	"freddo/internal/storage/dbtest"
	"freddo/internal/storage/storagetest"
)

// planFiles is how many Files it takes for a scan to be the worse plan.
const planFiles = 3000

// byURL is a statement that looks for Files by their URL.
var byURL = regexp.MustCompile("(?s)tabFile.* WHERE .*file_url[`\"] = ")

// TestFilesAreFoundByTheirURLWithAnIndex asks the database how it runs what requests
// really ask when they download, adopt and delete files.
func TestFilesAreFoundByTheirURLWithAnIndex(t *testing.T) {
	t.Parallel()
	for _, kind := range dbtest.Kinds() {
		for _, release := range []string{"v14", "v16"} {
			t.Run(kind+" "+release, func(t *testing.T) {
				t.Parallel()
				testFilePlans(t, kind, release)
			})
		}
	}
}

func testFilePlans(t *testing.T, kind, release string) {
	o := newSiteOn(t, kind, release)
	var mu sync.Mutex
	plans := map[string]string{}
	explained := o.app.engine.DB.Explained(func(sql, plan string) {
		mu.Lock()
		defer mu.Unlock()
		if byURL.MatchString(sql) {
			plans[sql] = plan
		}
	})
	u := o.file("a.txt", "text").Str("file_url")
	o.manyFiles()
	plain := o.app.engine.DB
	o.app.engine.DB = explained
	for name, send := range map[string]func() int{
		"a private download": func() int { return o.send("GET", u, "", "").Code },
		"download_file":      func() int { return o.send("GET", "/api/method/frappe.handler.download_file?file_url="+u, "", "").Code },
		"a File of a URL": func() int {
			return o.json("POST", "/api/resource/File", map[string]any{"file_url": u, "is_private": 1}).Code
		},
		"a missing file": func() int {
			return o.send("GET", "/private/files/none.txt", "", "").Code - http.StatusForbidden + http.StatusOK
		},
	} {
		clear(plans)
		if code := send(); code != http.StatusOK {
			t.Fatalf("%s: %d", name, code)
		}
		if len(plans) == 0 {
			t.Errorf("%s looks for no URL", name)
		}
		for sql, plan := range plans {
			if !strings.Contains(plan, "tabFile_file_url_index") {
				t.Errorf("%s: no index of file_url:\n%s\n%s", name, sql, plan)
			}
		}
	}
	o.app.engine.DB = plain
}

// newSiteOn is a site on a database of its own.
func newSiteOn(t *testing.T, kind, release string) *outage {
	t.Helper()
	dir, opts := filepath.Join(t.TempDir(), "site"), NewSiteOptions{AdminPassword: "admin", Compat: release, fast: true}
	if kind != "sqlite" {
		opts.DB = dbtest.Name(t, dbtest.Server(t, kind)).URL()
	}
	if err := NewSite(context.Background(), dir, opts); err != nil {
		t.Fatal(err)
	}
	app, err := New(Config{Site: dir, Unsafe: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	return newOutageOf(t, app)
}

// manyFiles stores Files of one hash, folder and owner, so that nothing but the URL
// tells them apart.
func (o *outage) manyFiles() {
	o.t.Helper()
	err := o.app.engine.Do(context.Background(), perm.Administrator, func(ctx context.Context, c *engine.Call) error {
		dt, err := c.DocType(ctx, "File")
		if err != nil {
			return err
		}
		for i := range planFiles {
			d := document.New(dt)
			d.SetName(fmt.Sprintf("f%06d", i))
			for field, v := range map[string]string{"owner": "Administrator", "creation": c.Stamp(), "modified": c.Stamp(), "modified_by": "Administrator",
				"file_name": "a.txt", "file_url": fmt.Sprintf("/private/files/a%d.txt", i), "is_private": "1", "folder": "Home"} {
				d.Set(field, document.Text(v))
			}
			if err := c.Tx.Insert(ctx, d, storage.WriteOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = o.app.engine.Do(context.Background(), perm.Administrator, func(ctx context.Context, c *engine.Call) error {
			if err := c.Tx.StartWrite(ctx); err != nil {
				return err
			}
			return storagetest.Analyze(ctx, c.Tx, "File")
		})
	}
	if err != nil {
		o.t.Fatal(err)
	}
}
