package sitetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"freddo"
	"freddo/internal/site"
	"freddo/internal/storage/dbtest"
	"freddo/internal/storage/netdb"
)

// template is an empty site that others are copied from: its folder, and its database
// where that is on a server.
type template struct {
	path     string
	database netdb.Address
}

var templates struct {
	sync.Mutex
	root string
	made map[string]*template
}

// Main runs the tests of a package and removes the templates.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a TestMain that has more to do.
func Run(m *testing.M) int {
	code := m.Run()
	for _, t := range templates.made {
		if t.database.Name == "" {
			continue
		}
		if err := dbtest.Drop(t.database); err != nil {
			fmt.Fprintln(os.Stderr, "drop a template:", err)
			code = max(code, 1)
		}
	}
	if templates.root != "" {
		_ = os.RemoveAll(templates.root)
	}
	return code
}

// templateOf creates the empty site of a release on a kind of database, once.
func templateOf(t testing.TB, kind, release string) *template {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	if templates.root == "" {
		root, err := os.MkdirTemp("", "freddo-sitetest")
		if err != nil {
			t.Fatal(err)
		}
		templates.root, templates.made = root, map[string]*template{}
	}
	key := kind + "-" + release
	if made := templates.made[key]; made != nil {
		return made
	}
	made := &template{path: filepath.Join(templates.root, key)}
	// Tests log in and make users all the time: passwords cost what upstream's do.
	o := freddo.NewSiteOptions{AdminPassword: AdminPassword, Compat: release, Config: map[string]any{"password_rounds": 29_000}}
	if kind != "sqlite" {
		made.database = dbtest.Server(t, kind)
		made.database.Name = dbtest.FreeName()
		o.DB = made.database.URL()
	}
	if err := freddo.NewSite(context.Background(), made.path, o); err != nil {
		t.Fatalf("%s %s: %v", kind, release, err)
	}
	templates.made[key] = made
	return made
}

// Folder makes a fresh site of a release on a kind of database (sqlite, mariadb,
// postgres) and returns its folder; config goes into its site_config.json. It is gone
// with the test. The package's TestMain calls Main.
func Folder(t testing.TB, kind, release string, config map[string]any) string {
	t.Helper()
	from := templateOf(t, kind, release)
	dir := filepath.Join(t.TempDir(), "site")
	if err := os.CopyFS(dir, os.DirFS(from.path)); err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if kind != "sqlite" {
		to, err := dbtest.Copy(from.database)
		t.Cleanup(func() {
			if err := dbtest.Drop(to); err != nil {
				t.Errorf("drop %s: %v", to.Name, err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		values = to.Values()
	}
	for k, v := range config {
		values[k] = v
	}
	if len(values) == 0 {
		return dir
	}
	folder, err := site.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Set(values); err != nil {
		t.Fatal(err)
	}
	return dir
}
