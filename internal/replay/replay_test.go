// Package replay holds the main proof: the recorded conversations with real Frappe
// servers, replayed in-process against the whole application, each area on a fresh
// site, for every release. It prints a table and guards the committed floor.
package replay

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"freddo"
	"freddo/conformance"
	"freddo/internal/site"
	"freddo/internal/sitetest"
	"freddo/internal/storage/dbtest"
	"freddo/internal/storage/netdb"
)

var (
	raise     = flag.Bool("raise", false, "raise the conformance floor to what passes now")
	areas     = flag.String("areas", "", "replay only these areas, comma separated")
	only      = flag.String("only", "", "replay only scenarios whose name contains this")
	version   = flag.Int("release", 0, "replay only this release: 14, 15 or 16")
	databases = flag.String("databases", "", "replay only on these databases: sqlite, mariadb, postgres, comma separated; default: all that the environment names")
	details   = flag.String("details", "", "write every difference to this file")
)

const (
	dir       = "../../conformance"
	floorFile = dir + "/floor.json"

	// hookWait is enough for what is sent within one process, and bounds what the
	// recordings of webhooks cost as long as nothing is sent at all.
	hookWait = 400 * time.Millisecond

	supportedFile = "../../SUPPORTED.md"
)

func TestMain(m *testing.M) { sitetest.Main(m) }

func TestConformance(t *testing.T) {
	all, err := conformance.LoadAll(os.DirFS(dir), "testdata")
	if err != nil {
		t.Fatal(err)
	}
	results := replayAll(t, all)
	report := conformance.Report{Results: results}
	var table strings.Builder
	if err := report.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	if *details != "" {
		writeDetails(t, report)
	}
	if *only != "" {
		return
	}
	floor, err := conformance.LoadFloor(floorFile)
	if err != nil {
		t.Fatal(err)
	}
	if *raise {
		if err := conformance.SaveFloor(floorFile, conformance.RaiseFloor(results, floor)); err != nil {
			t.Fatal(err)
		}
		if *areas == "" && *version == 0 {
			updateSupported(t, report)
		}
		return
	}
	for _, err := range conformance.CheckFloor(results, floor) {
		t.Error(err)
	}
}

// updateSupported replaces the table of figures in SUPPORTED.md.
func updateSupported(t *testing.T, report conformance.Report) {
	t.Helper()
	const begin, end = "<!-- conformance -->\n", "<!-- /conformance -->"
	old, err := os.ReadFile(supportedFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(old), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s lacks the marks %q and %q", supportedFile, begin, end)
	}
	var b strings.Builder
	b.WriteString(head + begin)
	if err := report.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	b.WriteString(end + tail)
	if err := os.WriteFile(supportedFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func writeDetails(t *testing.T, report conformance.Report) {
	t.Helper()
	f, err := os.Create(*details)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := report.WriteDifferences(f); err != nil {
		t.Fatal(err)
	}
}

// job is one area of one release on one database.
type job struct {
	area     *conformance.Area
	template template
	at       int
}

// replayAll runs every area for every release and database, several at a time (some
// wait for time to pass), each on a copy of a site that was created once per release.
func replayAll(t *testing.T, all []*conformance.Area) []conformance.AreaResult {
	t.Helper()
	var jobs []job
	for _, kind := range kinds() {
		templates := templateSites(t, kind)
		for _, a := range all {
			if *areas != "" && !strings.Contains(","+*areas+",", ","+a.Name+",") {
				continue
			}
			for _, s := range templates {
				jobs = append(jobs, job{a, s, len(jobs)})
			}
		}
	}
	results := make([]conformance.AreaResult, len(jobs))
	queue := make(chan job)
	var wg sync.WaitGroup
	for range 4 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for j := range queue {
				r, err := j.replay(t)
				if err != nil {
					t.Errorf("%s/%s v%d: %v", j.template.kind, j.area.Name, j.template.version, err)
				}
				results[j.at] = r
			}
		})
	}
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	wg.Wait()
	return results
}

// kinds are the databases to replay on: those that the environment names, or of them
// those of the flag.
func kinds() []string {
	var out []string
	for _, kind := range dbtest.Kinds() {
		if *databases == "" || strings.Contains(","+*databases+",", ","+kind+",") {
			out = append(out, kind)
		}
	}
	return out
}

func versions() []int {
	if *version != 0 {
		return []int{*version}
	}
	return []int{14, 15, 16}
}

// template is an empty site: its folder, and its database where that is on a server.
type template struct {
	kind     string
	version  int
	path     string
	database netdb.Address
}

// templateSites creates one empty site per release.
func templateSites(t *testing.T, kind string) []template {
	t.Helper()
	var out []template
	for _, v := range versions() {
		s := template{kind: kind, version: v, path: filepath.Join(t.TempDir(), fmt.Sprintf("v%d", v))}
		o := freddo.NewSiteOptions{AdminPassword: "admin", Compat: fmt.Sprintf("v%d", v), Config: map[string]any{"password_rounds": 29_000}}
		if kind != "sqlite" {
			s.database = dbtest.Name(t, dbtest.Server(t, kind))
			o.DB = s.database.URL()
		}
		if err := freddo.NewSite(context.Background(), s.path, o); err != nil {
			t.Fatalf("%s v%d: %v", kind, v, err)
		}
		if err := setUpstreamModes(s.path); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// setUpstreamModes turns off what is stricter than upstream by default
// (conformance/known_differences.md).
func setUpstreamModes(path string) error {
	folder, err := site.Open(path)
	if err != nil {
		return err
	}
	// The recorded chain of proxies (X-Forwarded-For: client, 10.1.1.1) is to be believed.
	return folder.Set(map[string]any{"permlevel_mode": "compat", "oauth_mode": "compat", "trusted_proxies": []any{"127.0.0.0/8", "10.0.0.0/8"}})
}

// copy copies the site into a folder; drop removes its database.
func (s template) copy(to string) (drop func() error, err error) {
	drop = func() error { return nil }
	if err := os.CopyFS(to, os.DirFS(s.path)); err != nil || s.kind == "sqlite" {
		return drop, err
	}
	a, err := dbtest.Copy(s.database)
	drop = func() error { return dbtest.Drop(a) }
	if err != nil {
		return drop, err
	}
	folder, err := site.Open(to)
	if err != nil {
		return drop, err
	}
	return drop, folder.Set(a.Values())
}

func (j job) replay(t *testing.T) (r conformance.AreaResult, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "site")
	drop, err := j.template.copy(path)
	defer func() { err = errors.Join(err, drop()) }()
	if err != nil {
		return r, err
	}
	app, err := freddo.New(freddo.Config{Site: path, Unsafe: true})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	watch := &watcher{next: app.Handler()}
	defer watch.checkSecrets(t, fmt.Sprintf("%s/%s v%d", j.template.kind, j.area.Name, j.template.version), path)
	return conformance.Run(context.Background(), conformance.Runner{
		Target: conformance.HandlerTarget{Handler: watch}, Version: j.template.version, Dialect: j.template.kind, Only: *only,
		SiteConfig: filepath.Join(path, site.ConfigFile), ConfigWait: 300 * time.Millisecond, HookWait: hookWait,
	}, j.area)
}
